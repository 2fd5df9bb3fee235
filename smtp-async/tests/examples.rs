//! Each example ends well; what it shows, it asserts itself.
#![allow(clippy::std_instead_of_core, reason = "a test has std")]

use std::process::Command;

#[test]
fn every_example_ends_well() {
    let test = std::env::current_exe().expect("a path");
    // Cargo builds the examples for `cargo test`, beside the directory of the tests.
    let examples = test.parent().and_then(|deps| deps.parent()).expect("a profile's directory");
    let program = format!("socks_proxy{}", std::env::consts::EXE_SUFFIX);
    let output = Command::new(examples.join("examples").join(program)).output();
    let output = output.expect("the example, built");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
