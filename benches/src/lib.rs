//! What the benchmarks share: inputs, contenders, kernels to compare with, and an interleaved measurement.
//!
//! | module | holds |
//! |---|---|
//! | [`contender`] | one way to do a job: ours, a peer's, or the near limit |
//! | [`row`] | a job: its input, its contenders, its goals |
//! | [`measure`] | all contenders of a row in turn, as ratios |
//! | [`goal`] | what is asked of ours |
//! | [`allocations`] | an allocator that counts |
//! | [`memory`] | a transport in memory, for peers that cannot be had without one |
//! | [`replies`], [`capabilities`], [`stuffing`], [`commands`], [`session`] | the rows |
//! | [`load`] | end to end: clients, a sink and a slow line, each a process of its own |
//! | [`paths`] | our hot paths, one by one, for instruction counts |
//! | [`growth`] | work that must be linear, for a size and twice that |
//! | [`table`] | results as text, and as lines of tab-separated values |
//! | [`report`] | the page and the plot that are made of those |
//!
//! Absolute times of a shared machine say little, so what counts is the ratio of contenders in the same round.

pub mod allocations;
pub mod capabilities;
pub mod commands;
pub mod contender;
pub mod goal;
pub mod growth;
pub mod load;
mod machine;
pub mod measure;
pub mod memory;
pub mod paths;
pub mod replies;
pub mod report;
pub mod row;
pub mod session;
pub mod stuffing;
pub mod table;

pub use contender::{Contender, Role};
pub use goal::Goal;
pub use row::Row;

/// Every row there is.
#[must_use]
pub fn rows() -> Vec<Row> {
    [replies::rows(), capabilities::rows(), stuffing::rows(), commands::rows(), session::rows()]
        .into_iter()
        .flatten()
        .collect()
}

/// Measures every row whose name contains `filter`, says what it finds, and returns it as a file.
#[must_use]
pub fn measure_all(filter: &str) -> String {
    let mut file = machine::facts(COMMAND) + table::HEAD;
    for row in rows().iter().filter(|row| row.name.contains(filter)) {
        let result = row.measure();
        print!("{}", table::text(&result, row.goals));
        file += &table::lines(&result, row.goals);
    }
    file
}

const COMMAND: &str =
    "cargo run --release --manifest-path benches/Cargo.toml --bin results -- --micro";

/// Inputs live as long as the process, so that contenders need no lifetime.
fn keep(octets: Vec<u8>) -> &'static [u8] {
    octets.leak()
}
