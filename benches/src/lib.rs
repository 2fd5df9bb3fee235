//! What the benchmarks share: inputs, kernels to compare with, and an interleaved measurement.
//!
//! Absolute times of a shared machine say little. So [`measure_interleaved`] runs all contenders of a row in turn,
//! round after round in one process, and [`print_table`] shows the median time of each and the median of its
//! ratio to the first in the same round.

extern crate alloc;

use core::hint::black_box;
use core::time::Duration;
use std::time::Instant;

pub mod load;
pub mod replies;
pub mod stuffing;

/// One way to do the job of a row.
pub struct Contender<'a> {
    name: &'static str,
    run: Box<dyn FnMut() -> usize + 'a>,
}

impl<'a> Contender<'a> {
    /// What it is called.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Does the job once.
    pub fn run(&mut self) -> usize {
        (self.run)()
    }

    /// A contender; `run` does the job once and returns something that depends on all of its work.
    pub fn new(name: &'static str, run: impl FnMut() -> usize + 'a) -> Self {
        Self { name, run: Box::new(run) }
    }
}

impl core::fmt::Debug for Contender<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Contender").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What was measured of one contender.
#[derive(Debug, Clone)]
pub struct Measured {
    /// The contender.
    pub name: &'static str,
    /// Median time of one run.
    pub median: Duration,
    /// Median over the rounds of its time divided by that of each contender, by position.
    pub ratios: Vec<f64>,
}

/// Runs every contender once per round, in turn.
pub fn measure_interleaved(rounds: usize, contenders: &mut [Contender<'_>]) -> Vec<Measured> {
    for contender in &mut *contenders {
        black_box((contender.run)());
    }
    let times: Vec<Vec<f64>> = (0..rounds)
        .map(|_| contenders.iter_mut().map(|contender| time(&mut contender.run)).collect())
        .collect();
    let column = |i: usize| times.iter().map(move |round| round[i]);
    let ratio = |i: usize, j: usize| median(column(i).zip(column(j)).map(|(a, b)| a / b).collect());
    (0..contenders.len())
        .map(|i| Measured {
            name: contenders[i].name,
            median: Duration::from_secs_f64(median(column(i).collect())),
            ratios: (0..contenders.len()).map(|j| ratio(i, j)).collect(),
        })
        .collect()
}

/// Prints a row's contenders: time, throughput, and ratio to each of the first `references`.
pub fn print_table(title: &str, bytes: usize, references: usize, measured: &[Measured]) {
    println!("\n{title} ({bytes} octets)");
    print!("  {:<26}{:>10}{:>8}", "", "us", "GB/s");
    for reference in &measured[..references] {
        print!("  x {:<14}", reference.name);
    }
    println!();
    for row in measured {
        let seconds = row.median.as_secs_f64();
        let speed = f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / seconds / 1e9;
        print!("  {:<26}{:>10.2}{speed:>8.2}", row.name, seconds * 1e6);
        for ratio in &row.ratios[..references] {
            print!("  {ratio:<16.2}");
        }
        println!();
    }
}

fn time(run: &mut dyn FnMut() -> usize) -> f64 {
    let start = Instant::now();
    black_box(run());
    start.elapsed().as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
