//! D27: with LMTP the i-th verdict is that of the i-th recipient that was accepted.

use proptest::{collection::vec, prelude::*};
use smtp_proto::client::{Journal, Protocol, Status, Wants};

use smtp_test_support::session::{Session, envelope, plain_config};

fn status(code: u16) -> Status {
    match code {
        200..=299 => Status::Accepted,
        400..=499 => Status::Deferred,
        _ => Status::Rejected,
    }
}

fn code() -> impl Strategy<Value = u16> {
    prop_oneof![2 => Just(250), 1 => Just(251), 1 => Just(450), 1 => Just(452), 1 => Just(550)]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn d27_each_accepted_recipient_has_the_verdict_at_its_place(
        recipients in vec((code(), code()), 1..12),
        answered in 0_usize..12,
    ) {
        let names: Vec<_> = (0..recipients.len()).map(|at| format!("r{at}@example.net")).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let config = plain_config().with_protocol(Protocol::Lmtp);
        let mut session = Session::new(config, "S: 220 lmtp\nC: LHLO client.example\nS: 250-lmtp\nS: 250 PIPELINING");
        session.journal = Some(Journal::new());
        prop_assert_eq!(session.pump(), Wants::Command);
        session.peer.deaf = true;
        let envelope = envelope("a@b", &names);
        let transaction = session.client.begin(&envelope).unwrap();
        session.journal.as_mut().unwrap().begin(transaction, names.len());
        session.pump();

        let line = |code: &u16| format!("{code} x\r\n");
        let rcpt: String = recipients.iter().map(|(rcpt, _)| line(rcpt)).collect();
        let wanted: Vec<_> = recipients.iter().filter(|(rcpt, _)| status(*rcpt) == Status::Accepted).collect();
        let go = if wanted.is_empty() { "503 nobody\r\n" } else { "354 go\r\n" };
        session.hear(format!("250 ok\r\n{rcpt}{go}").as_bytes());
        session.hand_over(&envelope, b"hi\r\n");
        session.pump();
        let finals: String = wanted.iter().take(answered).map(|(_, last)| line(last)).collect();
        session.hear(finals.as_bytes());
        if answered < wanted.len() {
            session.hear_end();
        }

        let end = session.end();
        let outcome = session.journal.as_mut().unwrap().take_outcome(end).unwrap();
        let mut heard = 0;
        for (&(rcpt, last), found) in recipients.iter().zip(outcome.recipients()) {
            let expected = match status(rcpt) {
                Status::Accepted => {
                    heard += 1;
                    if heard <= answered { status(last) } else { Status::Unknown }
                }
                refused => refused,
            };
            prop_assert_eq!(found.status(), expected);
        }
    }
}
