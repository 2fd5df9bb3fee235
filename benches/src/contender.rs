//! One way to do the job of a row.

use core::fmt;
use core::hint::black_box;

/// What a contender stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// This library. The first of a row is the one that is held to its goals.
    Ours,
    /// A minimal kernel for the same job, written by hand.
    NearLimit,
    /// Another library.
    Peer,
    /// What does less than the job, such as memcpy: for scale.
    Reference,
}

impl Role {
    /// As results show it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::NearLimit => "near limit",
            Self::Peer => "peer",
            Self::Reference => "reference",
        }
    }
}

/// One way to do the job of a row.
pub struct Contender {
    name: &'static str,
    role: Role,
    run: Box<dyn FnMut(usize) -> usize>,
}

impl Contender {
    /// A contender; `run` does the job once and returns something that depends on all of its work.
    pub fn new(name: &'static str, role: Role, mut run: impl FnMut() -> usize + 'static) -> Self {
        // The loop is in here, so that a job of nanoseconds pays for no indirect call.
        let repeated =
            move |times| (0..times).fold(0, |sum: usize, _| sum.wrapping_add(black_box(run())));
        Self::repeated(name, role, repeated)
    }

    /// A contender that does the job as often as it is told in one go: where starting costs, as with a runtime.
    pub fn repeated(
        name: &'static str,
        role: Role,
        run: impl FnMut(usize) -> usize + 'static,
    ) -> Self {
        Self { name, role, run: Box::new(run) }
    }

    /// What it is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What it stands for.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Does the job `times` times.
    pub fn run(&mut self, times: usize) -> usize {
        (self.run)(times)
    }
}

impl fmt::Debug for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contender").field("name", &self.name).finish_non_exhaustive()
    }
}
