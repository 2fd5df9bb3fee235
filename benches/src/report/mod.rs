//! The page and the plot that are made of results.

mod goals;
mod page;
mod plot;

use crate::Role;

pub use self::{page::page, plot::plot};

/// A file of results: `# key: value`, a head line, then row, contender, metric, value, unit.
#[derive(Debug, Default)]
pub struct Results {
    /// What the file says of itself: machine, date, compiler, command.
    pub facts: Vec<(String, String)>,
    /// In the order of the file.
    pub rows: Vec<Row>,
}

/// The results of a row.
#[derive(Debug)]
pub struct Row {
    /// What it is called.
    pub name: String,
    /// In the order of the file.
    pub contenders: Vec<Contender>,
    /// Goals that the file itself holds against ours.
    pub goals: Vec<Metric>,
}

/// The results of a contender.
#[derive(Debug)]
pub struct Contender {
    /// What it is called.
    pub name: String,
    /// In the order of the file.
    pub metrics: Vec<Metric>,
}

/// One figure.
#[derive(Debug, Clone)]
pub struct Metric {
    /// What is measured.
    pub name: String,
    /// How much of it.
    pub value: String,
    /// In which unit; of a goal: `met` or `missed`.
    pub unit: String,
}

impl Results {
    /// Reads a file. Lines that have not five columns are left out.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut results = Self::default();
        for line in text.lines() {
            if let Some((key, value)) = line.strip_prefix("# ").and_then(|f| f.split_once(": ")) {
                results.facts.push((key.to_owned(), value.to_owned()));
            } else if let [row, contender, name, value, unit] =
                line.split('\t').map(str::to_owned).collect::<Vec<_>>().as_slice()
            {
                let metric =
                    Metric { name: name.clone(), value: value.clone(), unit: unit.clone() };
                results.push(row, contender, metric);
            }
        }
        results
    }

    fn push(&mut self, row: &str, contender: &str, metric: Metric) {
        match contender {
            // The head line.
            "contender" => {}
            "goal" => self.row(row).goals.push(metric),
            _ => self.row(row).contender(contender).metrics.push(metric),
        }
    }

    fn row(&mut self, name: &str) -> &mut Row {
        let new = || Row { name: name.to_owned(), contenders: Vec::new(), goals: Vec::new() };
        find_or_push(&mut self.rows, |row| row.name == name, new)
    }
}

impl Row {
    fn contender(&mut self, name: &str) -> &mut Contender {
        let new = || Contender { name: name.to_owned(), metrics: Vec::new() };
        find_or_push(&mut self.contenders, |contender| contender.name == name, new)
    }

    /// The one of ours that stands for it.
    fn ours(&self) -> Option<&Contender> {
        self.contenders.iter().find(|contender| contender.role() == Role::Ours)
    }

    /// How many times as fast as `contender` ours is.
    fn ours_per(&self, contender: &Contender) -> Option<f64> {
        if let Some(time) = contender.number("time per ours") {
            return Some(time);
        }
        Some(self.ours()?.number("ratio")? / contender.number("ratio")?)
    }

    /// The first near limit and what ours is to it: of several, the one that does as much as ours by default.
    fn near(&self) -> Option<(&Contender, f64)> {
        let near = self.contenders.iter().find(|contender| contender.role() == Role::NearLimit)?;
        Some((near, self.ours_per(near)?))
    }

    /// All of a role with what ours is to them, the best first.
    fn compared(&self, role: Role) -> Vec<(&Contender, f64)> {
        let of_role = self.contenders.iter().filter(|contender| contender.role() == role);
        let mut all: Vec<_> =
            of_role.filter_map(|contender| Some((contender, self.ours_per(contender)?))).collect();
        all.sort_by(|(_, a), (_, b)| a.total_cmp(b));
        all
    }
}

impl Contender {
    fn metric(&self, name: &str) -> Option<&Metric> {
        self.metrics.iter().find(|metric| metric.name == name)
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.metric(name)?.value.parse().ok()
    }

    /// What the file says, or else the name.
    fn role(&self) -> Role {
        let told = self.metric("role").map_or("", |metric| &metric.value);
        let roles = [Role::Ours, Role::NearLimit, Role::Peer, Role::Reference];
        roles.into_iter().find(|role| role.name() == told).unwrap_or_else(|| match &self.name {
            name if name.starts_with("smtp-sync") || name.starts_with("smtp-async") => Role::Ours,
            name if name.starts_with("near limit") => Role::NearLimit,
            _ => Role::Peer,
        })
    }
}

fn find_or_push<T>(all: &mut Vec<T>, is: impl Fn(&T) -> bool, new: impl FnOnce() -> T) -> &mut T {
    let index = all.iter().position(is).unwrap_or_else(|| {
        all.push(new());
        all.len() - 1
    });
    &mut all[index]
}
