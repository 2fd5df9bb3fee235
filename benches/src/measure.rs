//! All contenders of a row in turn, round after round in one process.

use core::hint::black_box;
use core::time::Duration;
use std::time::Instant;

use crate::{
    allocations,
    contender::{Contender, Role},
    row::{Items, Row},
};

/// What all rounds of a row may take together.
const BUDGET: Duration = Duration::from_millis(1500);
/// Jobs are repeated until a run is as long as this, so that the clock is not what is measured.
const LEAST_RUN: Duration = Duration::from_micros(100);
const MOST_ROUNDS: usize = 201;
const LEAST_ROUNDS: usize = 7;

/// What was measured in a row.
#[derive(Debug, Clone)]
pub struct Result {
    /// The row.
    pub name: String,
    /// Octets of input.
    pub octets: usize,
    /// What the input is divided into.
    pub items: Items,
    /// In the row's order.
    pub contenders: Vec<Measured>,
}

/// What was measured of one contender.
#[derive(Debug, Clone)]
pub struct Measured {
    /// The contender.
    pub name: &'static str,
    /// What it stands for.
    pub role: Role,
    /// Median seconds of a job.
    pub seconds: f64,
    /// Median of its time divided by that of ours in the same round.
    pub per_ours: f64,
    /// Allocations of a job.
    pub allocations: f64,
}

impl Result {
    /// Nanoseconds for each item.
    #[must_use]
    pub fn per_item(&self, contender: &Measured) -> f64 {
        contender.seconds * 1e9 / float(self.items.count)
    }

    /// Octets of input per nanosecond.
    #[must_use]
    pub fn speed(&self, contender: &Measured) -> f64 {
        float(self.octets) / contender.seconds / 1e9
    }
}

/// Runs every contender once per round.
pub fn interleaved(row: &Row, contenders: &mut [Contender]) -> Result {
    let repeats: Vec<usize> = contenders.iter_mut().map(repeats).collect();
    let once: f64 = contenders.iter_mut().zip(&repeats).map(|(c, &times)| time(c, times)).sum();
    let rounds = rounds(once);
    let times: Vec<Vec<f64>> = (0..rounds)
        .map(|_| {
            let round = contenders.iter_mut().zip(&repeats);
            round.map(|(contender, &times)| time(contender, times) / float(times)).collect()
        })
        .collect();
    let ours = contenders.iter().position(|c| c.role() == Role::Ours).unwrap_or(0);
    let measured = contenders.iter_mut().enumerate().map(|(i, contender)| Measured {
        name: contender.name(),
        role: contender.role(),
        seconds: median(times.iter().map(|round| round[i])),
        per_ours: median(times.iter().map(|round| round[i] / round[ours])),
        allocations: allocations_of(contender),
    });
    Result {
        name: row.name.clone(),
        octets: row.octets,
        items: row.items,
        contenders: measured.collect(),
    }
}

fn rounds(once: f64) -> usize {
    let most = (BUDGET.as_secs_f64() / once).min(float(MOST_ROUNDS));
    (1..=MOST_ROUNDS).rev().find(|&rounds| float(rounds) <= most).unwrap_or(1).max(LEAST_ROUNDS)
}

/// How often the job is to be done in one run; warms up on the way.
fn repeats(contender: &mut Contender) -> usize {
    let mut times = 1;
    while time(contender, times) < LEAST_RUN.as_secs_f64() {
        times *= 2;
    }
    times
}

fn allocations_of(contender: &mut Contender) -> f64 {
    const JOBS: usize = 16;
    let before = allocations::count();
    black_box(contender.run(JOBS));
    float(allocations::count() - before) / float(JOBS)
}

/// What ran before has filled the caches: each does the job once before it is timed.
fn time(contender: &mut Contender, times: usize) -> f64 {
    black_box(contender.run(1));
    let start = Instant::now();
    black_box(contender.run(times));
    start.elapsed().as_secs_f64()
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Counts here are far below what a float holds exactly.
#[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub(crate) fn float(count: usize) -> f64 {
    count as f64
}
