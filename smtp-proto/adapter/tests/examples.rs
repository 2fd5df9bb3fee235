//! The example ends well; what it shows, it asserts itself.
#![allow(clippy::std_instead_of_core, reason = "a test has std")]

use std::process::Command;

#[test]
fn a_message_is_sent_over_the_traits_of_futures_io() {
    let test = std::env::current_exe().expect("a path");
    // Cargo builds the examples for `cargo test`, beside the directory of the tests.
    let examples = test.parent().and_then(|deps| deps.parent()).expect("a profile's directory");
    let name = format!("futures_io{}", std::env::consts::EXE_SUFFIX);
    let output = Command::new(examples.join("examples").join(name)).output().expect("the example");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("C: MAIL FROM:<alice@example.org>"));
}
