//! LMTP: LHLO, and a verdict on the content for each accepted recipient.

use smtp_proto::{
    client::{
        BufferSizes, Client, Config, End, Journal, Outcome, Protocol, Refusal, Retry, Status, Wants,
    },
    envelope::Envelope,
};
use smtp_test_support::session::{Session, envelope, plain_config};

fn config() -> Config {
    plain_config().with_protocol(Protocol::Lmtp)
}

fn open(script: &str) -> Session {
    let opening = "S: 220 lmtp\nC: LHLO client.example\nS+ 250-lmtp\\r\\n250 PIPELINING\\r\\n\n";
    let mut session = Session::new(config(), &format!("{opening}{script}"));
    assert_eq!(session.pump(), Wants::Command);
    session.events.clear();
    session
}

fn three() -> Envelope {
    envelope("a@example.org", &["b@example.net", "c@example.net", "d@example.net"])
}

const GROUP: &str = "C: MAIL FROM:<a@example.org>\nC: RCPT TO:<b@example.net>\nC: RCPT TO:<c@example.net>\nC: RCPT TO:<d@example.net>\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 550 no\nS: 250 ok\nS: 354 go\nC: hi\nC: .\n";

#[test]
fn each_accepted_recipient_has_its_own_verdict() {
    let mut session = open(&format!("{GROUP}S: 250 stored\nS: 552 full"));
    assert_eq!(session.send(&three(), b"hi"), Wants::Command);
    assert!(session.peer.is_done());
    session.expect_events(&[
        "mail[0] 250",
        "rcpt[0.0] 250",
        "rcpt[0.1] 550",
        "rcpt[0.2] 250",
        "data[0] 354",
        "final[0.0] 250",
        "final[0.2] 552",
        "ended[0] Answered",
    ]);
    assert!(session.client.is_reusable());
}

#[test]
fn a_connection_that_ends_between_verdicts_leaves_the_rest_unknown() {
    let mut session = open(&format!("{GROUP}S: 250 stored\nCLOSE"));
    assert_eq!(session.send(&three(), b"hi"), Wants::Nothing);
    let ended = ["final[0.0] 250", "ended[0] Unknown"];
    assert_eq!(session.events[5..], ended);
}

#[test]
fn a_verdict_too_many_is_unsolicited() {
    let mut session = open(&format!("{GROUP}S: 250 stored\nS: 250 stored\nS: 250 stored"));
    assert_eq!(session.send(&three(), b"hi"), Wants::Nothing);
    assert!(matches!(session.end(), Some(End::Peer(_))));
    assert_eq!(session.events[7], "ended[0] Answered");
}

/// What became of the three when the server's verdicts are these.
fn outcome(verdicts: &str) -> Outcome {
    let mut session = open(&format!("{GROUP}{verdicts}"));
    let mut journal = Journal::new();
    journal.begin(session.client.begin(&three()).unwrap(), 3);
    session.journal = Some(journal);
    session.hand_over(&three(), b"hi");
    session.pump();
    let end = session.end();
    session.journal.take().unwrap().take_outcome(end).unwrap()
}

fn statuses(outcome: &Outcome) -> Vec<Status> {
    outcome.recipients().map(|recipient| recipient.status()).collect()
}

#[test]
fn outcomes_tell_recipients_apart() {
    let outcome = outcome("S: 250 stored\nS: 452 full\nCLOSE");
    assert_eq!(statuses(&outcome), [Status::Accepted, Status::Rejected, Status::Deferred]);
}

#[test]
fn several_transactions_share_a_connection() {
    let again = GROUP.replace("S: 550 no", "S: 250 ok");
    let script = format!("{GROUP}S: 250 b\nS: 250 d\n{again}S: 250 b\nS: 450 c\nS: 250 d");
    let mut session = open(&script);
    assert_eq!(session.send(&three(), b"hi"), Wants::Command);
    session.events.clear();
    assert_eq!(session.send(&three(), b"hi"), Wants::Command);
    assert_eq!(session.events[5..8], ["final[1.0] 250", "final[1.1] 450", "final[1.2] 250"]);
    assert!(session.peer.is_done());
}

#[test]
fn who_was_accepted_before_gets_no_verdict_of_the_next_message() {
    let refused = GROUP.split("S: 354").next().unwrap();
    let next = GROUP.replacen("S: 250 ok\nS: 250 ok", "S: 250 ok\nS: 550 no", 1);
    let next = next.replacen("C: DATA\n", "C: DATA\nS: 250 reset\n", 1);
    let script = format!("{refused}S: 451 later\nC: RSET\n{next}S: 250 d");
    let mut session = open(&script);
    assert_eq!(session.send(&three(), b"hi"), Wants::Command);
    session.events.clear();
    assert_eq!(session.send(&three(), b"hi"), Wants::Command);
    assert_eq!(session.events[6..], ["final[1.2] 250", "ended[1] Answered"]);
}

#[test]
fn verdicts_are_told_apart_from_what_runs_ahead_behind_them() {
    let hello = "S: 220 lmtp\nC: LHLO client.example\nS+ 250-lmtp\\r\\n250 PIPELINING\\r\\n\n";
    let (envelope, go) = GROUP.split_at(GROUP.find("S: 250").unwrap());
    let script = format!(
        "{hello}{GROUP}C: RSET\n{envelope}S: 250 b\nS: 552 d\nS: 250 reset\n{go}S: 250 b\nS: 450 d"
    );
    let mut session = Session::new(config().with_run_ahead(true), &script);
    assert_eq!(session.pump(), Wants::Command);
    for _ in 0..2 {
        session.client.begin(&three()).unwrap();
        session.hand_over(&three(), b"hi");
    }
    assert_eq!(session.pump(), Wants::Command);
    let about = |word: &str| -> Vec<_> {
        session.events.iter().filter(|event| event.starts_with(word)).collect()
    };
    let verdicts = ["final[0.0] 250", "final[0.2] 552", "final[1.0] 250", "final[1.2] 450"];
    assert_eq!(about("final"), verdicts);
    assert_eq!(about("ended"), ["ended[0] Answered", "ended[1] Answered"]);
    assert!(session.peer.is_done());
}

#[test]
fn refused_lhlo_is_never_followed_by_helo() {
    let mut session =
        Session::new(config(), "S: 220 x\nC: LHLO client.example\nS: 500 what\nC: QUIT");
    assert_eq!(session.pump(), Wants::Read);
    assert!(matches!(session.end(), Some(End::Refused { .. })));
    assert!(session.peer.is_done());
}

#[test]
fn a_go_ahead_for_nobody_closes_for_the_lone_dot_has_no_answer() {
    let script = "C: MAIL FROM:<a@example.org>\nC: RCPT TO:<b@example.net>\nC: DATA\nS: 250 ok\nS: 550 no\nS: 354 go";
    let mut session = open(script);
    assert_eq!(session.send(&envelope("a@example.org", &["b@example.net"]), b"x"), Wants::Nothing);
    assert!(session.peer.is_done());
}

#[test]
fn more_recipients_than_can_be_told_apart_are_refused_here() {
    let sizes = BufferSizes::SMALL;
    let opening = "S: 220 lmtp\nC: LHLO client.example\nS: 250 lmtp";
    let mut session = Session::with_client(Client::with_sizes(config(), sizes), opening);
    assert_eq!(session.pump(), Wants::Command);
    let many = vec!["b@example.net"; 1025];
    let refused = session.client.begin(&envelope("", &many));
    assert_eq!(refused, Err(Refusal::TooManyRecipients { limit: 1024 }));
    assert_eq!(session.client.transmit(), b"");
}

#[test]
fn a_recipient_named_twice_has_two_verdicts() {
    let twice = envelope("a@example.org", &["b@example.net", "b@example.net"]);
    let script = "C: MAIL FROM:<a@example.org>\nC: RCPT TO:<b@example.net>\nC: RCPT TO:<b@example.net>\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: hi\nC: .\nS: 250 stored\nS: 452 full";
    let mut session = open(script);
    assert_eq!(session.send(&twice, b"hi"), Wants::Command);
    assert_eq!(session.events[4..], ["final[0.0] 250", "final[0.1] 452", "ended[0] Answered"]);
}

#[test]
fn a_verdict_that_makes_no_sense_leaves_its_recipient_unknown() {
    let last = outcome("S: 250 stored\nS: 354 what");
    assert_eq!(statuses(&last), [Status::Accepted, Status::Rejected, Status::Unknown]);
    assert_eq!(last.recipient(2).unwrap().retry(), Some(Retry::MayDuplicate));
    let first = outcome("S: 354 what");
    assert_eq!(statuses(&first), [Status::Unknown, Status::Rejected, Status::Unknown]);
}
