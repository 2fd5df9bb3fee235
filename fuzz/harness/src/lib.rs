//! Harness code of the fuzz targets: each `check` panics where a property does not hold.
//!
//! Apart from the targets, so that `cargo test` runs it on the seeds and on what once failed.

pub mod client;
pub mod command;
mod cuts;
pub mod hello;
pub mod login;
mod pair;
pub mod reply;
pub mod sasl;
pub mod secrets;
pub mod seeds;
pub mod server;
pub mod session;
pub mod stuffing;

use arbitrary::{Arbitrary, Unstructured};

/// A target and what it runs.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// As `cargo fuzz` calls it.
    pub name: &'static str,
    /// Runs the target on octets as libFuzzer hands them over.
    pub run: fn(&[u8]),
}

/// All targets.
pub const TARGETS: [Target; 10] = [
    Target { name: "client", run: |octets| typed(octets, client::check) },
    Target { name: "command", run: |octets| typed(octets, command::check) },
    Target { name: "hello", run: |octets| typed(octets, hello::check) },
    Target { name: "login", run: |octets| typed(octets, login::check) },
    Target { name: "reply", run: reply::check },
    Target { name: "sasl", run: |octets| typed(octets, sasl::check) },
    Target { name: "secrets", run: |octets| typed(octets, secrets::check) },
    Target { name: "server", run: |octets| typed(octets, server::check) },
    Target { name: "session", run: |octets| typed(octets, session::check) },
    Target { name: "stuffing", run: |octets| typed(octets, stuffing::check) },
];

/// As `fuzz_target!` does it: octets that make no value are passed over.
fn typed<'a, T: Arbitrary<'a>>(octets: &'a [u8], check: impl FnOnce(&T)) {
    if let Ok(input) = T::arbitrary_take_rest(Unstructured::new(octets)) {
        check(&input);
    }
}
