//! EXTERNAL (RFC 4422 A) and ANONYMOUS (RFC 4505).

use smtp_proto::{
    client::Authentication,
    sasl::{Anonymous, CannotAnswer, External, Mechanism},
};
use smtp_test_support::auth_script::{answer, play};

#[test]
fn external_without_an_identity_says_equals() {
    let session = play("EXTERNAL", &mut External::new(), "C: AUTH EXTERNAL =\nS: 235 ok");
    assert_eq!(session.client.authentication(), Authentication::Done(0));
}

#[test]
fn external_names_another_identity() {
    let mut external = External::new().with_authorization("bob@example.org");
    let text = "C: AUTH EXTERNAL <bob@example.org>\nS: 235 ok";
    let session = play("EXTERNAL", &mut external, text);
    assert_eq!(session.client.authentication(), Authentication::Done(0));
    assert_eq!(answer(&mut external, b""), Err(CannotAnswer::Stop), "nothing to say twice");
    let mut evil = External::new().with_authorization("a\0b");
    assert_eq!(answer(&mut evil, b""), Err(CannotAnswer::Stop));
}

#[test]
fn anonymous_leaves_a_trace() {
    let mut anonymous = Anonymous::new("sirhc");
    let session = play("ANONYMOUS", &mut anonymous, "C: AUTH ANONYMOUS c2lyaGM=\nS: 235 ok");
    assert_eq!(session.client.authentication(), Authentication::Done(0));
    play("ANONYMOUS", &mut Anonymous::new(""), "C: AUTH ANONYMOUS =\nS: 235 ok");
}

#[test]
fn a_trace_has_at_most_255_characters_and_no_control_among_them() {
    let (longest, longer) = ("\u{e9}".repeat(255), "x".repeat(256));
    assert_eq!(answer(&mut Anonymous::new(&longest), b"").unwrap(), longest.as_bytes());
    for trace in [longer.as_str(), "a\nb", "\0"] {
        assert_eq!(answer(&mut Anonymous::new(trace), b""), Err(CannotAnswer::Stop));
    }
}

#[test]
fn a_restart_lets_them_answer_again() {
    let (mut external, mut anonymous) = (External::new(), Anonymous::new("a"));
    for mechanism in [&mut external as &mut dyn Mechanism, &mut anonymous] {
        answer(mechanism, b"").unwrap();
        assert!(answer(mechanism, b"").is_err());
        mechanism.restart();
        assert!(answer(mechanism, b"").is_ok());
    }
}
