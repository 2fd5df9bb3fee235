//! A job, and who does it.

use core::fmt;

use crate::{
    contender::Contender,
    goal::Goal,
    measure::{self, Result},
};

/// A job: its input, its contenders, its goals.
pub struct Row {
    /// What it is called.
    pub name: String,
    /// Octets of input.
    pub octets: usize,
    /// What the input is divided into when time is given for each.
    pub items: Items,
    /// What is asked of ours.
    pub goals: &'static [Goal],
    contend: Box<dyn Fn() -> Vec<Contender>>,
}

/// What a job consists of.
#[derive(Debug, Clone, Copy)]
pub struct Items {
    /// How many there are.
    pub count: usize,
    /// What one is called.
    pub name: &'static str,
}

impl Row {
    /// A row. `contend` makes its contenders, and checks their results, when it is run.
    pub fn new(
        name: impl Into<String>,
        (octets, items): (usize, Items),
        goals: &'static [Goal],
        contend: impl Fn() -> Vec<Contender> + 'static,
    ) -> Self {
        Self { name: name.into(), octets, items, goals, contend: Box::new(contend) }
    }

    /// The contenders, checked.
    #[must_use]
    pub fn contenders(&self) -> Vec<Contender> {
        (self.contend)()
    }

    /// All contenders, interleaved.
    #[must_use]
    pub fn measure(&self) -> Result {
        measure::interleaved(self, &mut self.contenders())
    }
}

impl Items {
    /// So many of these.
    #[must_use]
    pub const fn new(count: usize, name: &'static str) -> Self {
        Self { count, name }
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row").field("name", &self.name).finish_non_exhaustive()
    }
}
