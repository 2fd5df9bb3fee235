//! End to end: many clients, one sink, loopback.
//!
//! ```text
//!  end-to-end                       rounds, medians, ratios, results/end-to-end.tsv
//!      |-- end-to-end sink          one process a run: answers whole groups, counts what it gets
//!      |-- end-to-end client ..     one process a run: connects, warms up, then runs against the clock
//!      '-- a delay between them     where the row asks for it: 10 ms each way
//! ```
//!
//! Sink and client are processes of their own, so that time, memory and system calls of a client are its own.
//! A client's clock starts when all of its connections are open and each has sent one small message.
//! A run counts only if the sink got exactly the messages, recipients and octets that were asked for.
//!
//! * Speed is the median over the rounds, and so is its ratio to the best peer of the same round. Contenders take
//!   turns, so what else the machine does meets all of them.
//! * Those that leave Nagle's algorithm on (lettre, mail-send) wait 45 ms with each message and are given fewer;
//!   all figures are for one message, or one second.
//! * System calls are counted by strace in runs of their own: a long one less a short one.
//! * Round trips are time over that of the delay, connecting left out (but not for smtp-source, nor its QUIT).
//! * Peers get the content as they take it: lent where they borrow, cloned where they own, read where they read.

mod client;
mod contender;
mod content;
mod delay;
mod job;
mod measure;
mod results;
mod row;
mod sink;
mod strace;
mod suite;
mod usage;

use std::process::ExitCode;

/// What can go wrong in a benchmark: anything, and it is only told.
pub(crate) type Failure = Box<dyn core::error::Error + Send + Sync>;

/// Runs what the command line asks for: the benchmark, or one of the processes that it starts.
#[must_use]
pub fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        ["sink"] => sink::main(),
        ["client", name, address, ref job @ ..] => client::main(name, address, job),
        _ => suite::main(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}
