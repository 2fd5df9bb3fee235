//! Each example ends well; what it shows, it asserts itself.
#![cfg(feature = "tls")]
#![allow(clippy::std_instead_of_core, reason = "a test has std")]

use std::process::Command;

#[test]
fn every_example_ends_well() {
    let test = std::env::current_exe().expect("a path");
    // Cargo builds the examples for `cargo test`, beside the directory of the tests.
    let examples = test.parent().and_then(|deps| deps.parent()).expect("a profile's directory");
    for name in [
        "first_message",
        "oauth_submission",
        "relay",
        "lmtp_delivery",
        "dsn",
        "custom_mechanism",
        "custom_transport",
        #[cfg(feature = "mail-builder")]
        "html_with_attachment",
        #[cfg(feature = "lettre")]
        "lettre_message",
    ] {
        let program =
            examples.join("examples").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        let output = Command::new(program).output().expect("the example, built");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {told}");
    }
}
