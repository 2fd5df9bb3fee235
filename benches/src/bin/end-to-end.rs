//! Clients against one sink on loopback, end to end:
//! `cargo run --release --manifest-path benches/Cargo.toml --bin end-to-end [-- [--quick] [part of a name]]`.
//!
//! What is measured, and how, is told in [`smtp_benches::load`].

use std::process::ExitCode;

fn main() -> ExitCode {
    smtp_benches::load::main()
}
