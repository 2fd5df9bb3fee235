//! The journal of a session: the reply that ended it, and outcomes.

use smtp_proto::client::{Journal, Phase, Status, Wants};
use smtp_test_support::session::{Session, envelope, plain_config};

#[test]
fn last_words_are_those_of_the_phase_that_ended() {
    let mut session = Session::new(plain_config(), "S: 220 mx\nC: EHLO client.example\nS: 250 mx");
    let mut journal = Journal::new();
    let mut begun = false;
    loop {
        match session.client.wants() {
            Wants::Event => {
                while let Ok(Some(event)) = session.client.poll_event() {
                    journal.record(&event);
                }
            }
            Wants::Command if !begun => {
                begun = true;
                session.peer.extend("C: MAIL FROM:<alice@example.org>\nS: 250 a\nC: RCPT TO:<bob@example.net>\nS: 250 b\nC: DATA\nS: 250 what");
                let transaction = session
                    .client
                    .begin(&envelope("alice@example.org", &["bob@example.net"]))
                    .unwrap();
                journal.begin(transaction, 1);
            }
            Wants::Nothing => break,
            _ => session.pump_once(),
        }
    }
    let end = session.end().unwrap();
    assert_eq!(end.phase(), Phase::Data);
    let words = journal.last_words(end).map(|reply| reply.as_reply().to_string());
    assert_eq!(words.as_deref(), Some("250 what"));
}

#[test]
fn an_answer_of_no_sense_is_no_verdict_on_a_recipient() {
    let mut session = Session::open(plain_config(), "");
    let mut journal = Journal::new();
    session.peer.extend(
        "C: MAIL FROM:<alice@example.org>\nS: 250 a\nC: RCPT TO:<bob@example.net>\nS: 354 what",
    );
    journal.begin(
        session.client.begin(&envelope("alice@example.org", &["bob@example.net"])).unwrap(),
        1,
    );
    loop {
        match session.client.wants() {
            Wants::Event => {
                while let Ok(Some(event)) = session.client.poll_event() {
                    journal.record(&event);
                }
            }
            Wants::Nothing => break,
            _ => session.pump_once(),
        }
    }
    let outcome = journal.take_outcome(session.end()).unwrap();
    assert_eq!(outcome.recipient(0).unwrap().status(), Status::NotAttempted);
}
