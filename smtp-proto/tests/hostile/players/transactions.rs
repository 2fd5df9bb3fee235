//! RCPT, DATA, content, BDAT, LMTP, and what comes between transactions.

use smtp_proto::{
    client::{
        Chunking, Config, End, Event, Journal, PeerError, Phase, Protocol, Status, TransactionEnd,
        Wants,
    },
    envelope::Envelope,
    reply::EnhancedCode,
};

use super::{Row, Taken, peer_error};
use smtp_test_support::session::{Session, envelope, plain_config};

const GROUP: &str = "C: MAIL FROM:<alice@example.org>
    C: RCPT TO:<a@example.net>
    C: RCPT TO:<b@example.net>
    C: RCPT TO:<c@example.net>
    C: DATA";

fn three() -> Envelope {
    envelope("alice@example.org", &["a@example.net", "b@example.net", "c@example.net"])
}

/// A pipelined envelope for three, all of it sent and nothing answered.
fn group_sent() -> Session {
    let mut session = Session::open(plain_config(), "PIPELINING").then(GROUP);
    let mut journal = Journal::new();
    journal.begin(session.client.begin(&three()).unwrap(), 3);
    session.journal = Some(journal);
    assert_eq!(session.pump(), Wants::Read);
    assert!(session.peer.is_done());
    session
}

/// Nothing of the content, not even the dot, left behind DATA.
fn assert_no_content(row: &Row, session: &Session) {
    assert!(session.peer.heard.ends_with(b"DATA\r\n"), "{}", row.name);
}

fn statuses(session: &mut Session) -> Vec<Status> {
    let end = session.end();
    let outcome = session.journal.as_mut().and_then(|journal| journal.take_outcome(end));
    outcome.expect("the transaction has ended").recipients().map(|fate| fate.status()).collect()
}

/// Code and enhanced code of the answer to RCPT.
fn enhanced(session: &mut Session, octets: &[u8]) -> (u16, Option<EnhancedCode>) {
    session.client.read_buf()[..octets.len()].copy_from_slice(octets);
    session.client.received(octets.len()).unwrap();
    match session.client.poll_event() {
        Ok(Some(Event::Recipient { reply, .. })) => (reply.code().value(), reply.enhanced()),
        event => panic!("{event:?}"),
    }
}

pub fn recipient(row: &Row) -> Taken {
    let mut session = group_sent();
    assert_eq!(session.hear(b"250 ok\r\n"), Wants::Read);
    let code = match row.name.as_str() {
        "rcpt-251" => 251,
        "esc-class-mismatch" => 250,
        "esc-huge" => 550,
        _ => row.unknown(),
    };
    // Of another class, or no number: no enhanced code.
    assert_eq!(enhanced(&mut session, &row.octets), (code, None), "{}", row.name);
    assert_eq!(session.hear(b"550 b\r\n550 c\r\n"), Wants::Read);
    // The code decides: content goes out for an accepted one only.
    let go = session.hear(b"354 go\r\n");
    assert_eq!(go == Wants::Content, code / 100 == 2, "{}", row.name);
    Taken::Accepted
}

pub fn second_recipient(row: &Row) -> Taken {
    let mut session = group_sent();
    assert_eq!(session.hear(b"250 ok\r\n"), Wants::Read);
    let end = row.octets.iter().position(|octet| *octet == b'\n').unwrap() + 1;
    let (first, second) = row.octets.split_at(end);
    let code = EnhancedCode::new(2, 1, 5);
    assert_eq!(enhanced(&mut session, first), (250, code));
    assert_eq!(session.pump(), Wants::Read);
    assert_eq!(enhanced(&mut session, second), (550, None), "none is left over");
    Taken::Accepted
}

/// A success came before all of the content had left: no verdict, and nothing that makes sense.
fn assert_answers_content(session: &Session) {
    let error = peer_error(session);
    let fits = matches!(error, Some(PeerError::UnexpectedCode { phase: Phase::Content, .. }));
    assert!(fits, "{error:?}");
}

pub fn go_ahead(row: &Row) -> Taken {
    let mut session = group_sent();
    assert_eq!(session.hear(b"250 ok\r\n250 a\r\n250 b\r\n250 c\r\n"), Wants::Read);
    let wants = session.hear(&row.octets);
    assert_no_content(row, &session);
    match row.name.as_str() {
        "esc-354" => {
            assert_eq!(wants, Wants::Content);
            return Taken::Accepted;
        }
        "data-250" => {
            let error = peer_error(&session);
            let fits = matches!(error, Some(PeerError::UnexpectedCode { phase: Phase::Data, .. }));
            assert!(fits, "{error:?}");
        }
        "data-354-and-250" => assert_answers_content(&session),
        _ => row.unknown(),
    }
    assert_eq!(wants, Wants::Nothing, "{}", row.name);
    assert_eq!(statuses(&mut session), [Status::NotAttempted; 3], "{}", row.name);
    Taken::Refused
}

pub fn group(row: &Row) -> Taken {
    let mut session = group_sent();
    assert_eq!(session.hear(&row.octets), Wants::Nothing, "{}", row.name);
    assert_no_content(row, &session);
    let statuses = statuses(&mut session);
    match row.name.as_str() {
        // The 451 is read as the answer to DATA; what is behind it was not asked for.
        "pipe-extra-one" => {
            assert_eq!(peer_error(&session), Some(PeerError::Unsolicited));
            assert_eq!(
                session.events[4..],
                ["data[0] 451", "ended[0] Refused", "closing idle 354", "error Unsolicited"]
            );
            // Nobody was told of the refusals yet, and they may have been somebody else's (C87).
            assert_eq!(statuses, [Status::NotAttempted; 3]);
        }
        "pipe-garbage-middle" => {
            let error = peer_error(&session);
            assert!(matches!(error, Some(PeerError::Malformed { phase: Phase::Rcpt, .. })));
            assert_eq!(statuses, [Status::NotAttempted; 3]);
        }
        _ => row.unknown(),
    }
    Taken::Refused
}

/// The content of a message is handed over, and no verdict is there.
fn dot_sent(config: Config, offers: &str, recipients: usize) -> Session {
    let mut session = Session::open(config, offers);
    session.peer.deaf = true;
    let all = ["a@example.net", "b@example.net", "c@example.net"];
    let envelope = envelope("", &all[..recipients]);
    let mut journal = Journal::new();
    journal.begin(session.client.begin(&envelope).unwrap(), recipients);
    session.journal = Some(journal);
    assert_eq!(session.pump(), Wants::Read);
    session.hear(&b"250 ok\r\n".repeat(1 + recipients));
    assert_eq!(session.hear(b"354 go\r\n"), Wants::Content);
    session.client.finish().unwrap();
    assert_eq!(session.pump(), Wants::Read);
    assert!(session.peer.heard.ends_with(b"DATA\r\n.\r\n"));
    session
}

pub fn verdict(row: &Row) -> Taken {
    let mut session = dot_sent(plain_config(), "PIPELINING", 2);
    let wants = session.hear(&row.octets);
    match row.name.as_str() {
        "dot-550-250" => {
            assert_eq!(wants, Wants::Nothing);
            assert_eq!(peer_error(&session), Some(PeerError::Unsolicited));
            assert_eq!(statuses(&mut session), [Status::Rejected; 2], "the 550 stands");
        }
        "dot-multiline-cut" | "dot-partial" => {
            assert_eq!(wants, Wants::Read, "{}", row.name);
            assert_eq!(session.hear_end(), Wants::Nothing);
            assert_eq!(session.end(), Some(End::Lost(Phase::Final)));
            assert_eq!(session.client.unfinished_reply(), row.octets);
            assert_eq!(statuses(&mut session), [Status::Unknown; 2], "{}", row.name);
        }
        _ => row.unknown(),
    }
    Taken::Refused
}

/// A positive answer to a chunk of which a part has left is an answer to nothing.
pub fn early_answer_to_a_chunk(row: &Row) -> Taken {
    let config = plain_config().with_chunking(Chunking::AfterRecipients);
    let mut session = Session::open(config, "CHUNKING");
    session.peer.deaf = true;
    session.client.begin(&envelope("", &["b@c"])).unwrap();
    assert_eq!(session.pump(), Wants::Read);
    assert_eq!(session.hear(b"250 ok\r\n"), Wants::Read);
    assert_eq!(session.hear(b"250 ok\r\n"), Wants::Content);
    let content = [b'x'; 98];
    assert_eq!(session.client.content(&content).unwrap(), 98);
    session.client.finish().unwrap();
    assert!(session.client.transmit().starts_with(b"BDAT 100 LAST\r\n"));
    session.client.transmitted(b"BDAT 100 LAST\r\n".len() + 40).unwrap();
    assert_eq!(session.hear(&row.octets), Wants::Nothing);
    assert_answers_content(&session);
    assert!(session.events.contains(&format!("ended[0] {:?}", TransactionEnd::NotSent)));
    assert_eq!(session.client.transmit(), b"", "no octet of the chunk leaves any more");
    Taken::Refused
}

/// With everything in flight the chunk is sent whole, although the recipient is refused: otherwise
/// a server would take the next commands for its octets, or its octets for commands.
pub fn chunk_behind_a_refused_recipient(row: &Row) -> Taken {
    let config = plain_config().with_chunking(Chunking::InFlight).with_swallowed_chunks(true);
    let mut session = Session::open(config, "PIPELINING CHUNKING")
        .then("C: MAIL FROM:<>\nC: RCPT TO:<b@c>\nC: BDAT 4 LAST\nC: hi");
    let mut journal = Journal::new();
    let envelope = envelope("", &["b@c"]);
    journal.begin(session.client.begin(&envelope).unwrap(), 1);
    session.journal = Some(journal);
    session.hand_over(&envelope, b"hi");
    assert_eq!(session.pump(), Wants::Read);
    assert!(session.peer.is_done(), "the chunk left with its envelope");
    assert_eq!(session.hear(&row.octets), Wants::Command);
    assert_eq!(session.events[..3], ["mail[0] 250", "rcpt[0.0] 550", "data[0] 503"]);
    assert_eq!(statuses(&mut session), [Status::Rejected], "by the 550, not by the 503");
    Taken::Accepted
}

fn lmtp(recipients: usize) -> Session {
    let config = plain_config().with_protocol(Protocol::Lmtp);
    let mut session = Session::new(config, "S: 220 lmtp\nC: LHLO client.example\nS: 250 lmtp");
    assert_eq!(session.pump(), Wants::Command);
    session.peer.deaf = true;
    let all = ["a@example.net", "b@example.net", "c@example.net"];
    let envelope = envelope("", &all[..recipients]);
    let mut journal = Journal::new();
    journal.begin(session.client.begin(&envelope).unwrap(), recipients);
    session.journal = Some(journal);
    assert_eq!(session.pump(), Wants::Read);
    for _ in 0..=recipients {
        assert_eq!(session.hear(b"250 ok\r\n"), Wants::Read);
    }
    assert_eq!(session.hear(b"354 go\r\n"), Wants::Content);
    session.client.finish().unwrap();
    assert_eq!(session.pump(), Wants::Read);
    session
}

pub fn two_verdicts(row: &Row) -> Taken {
    let mut session = lmtp(2);
    assert_eq!(session.hear(&row.octets), Wants::Nothing, "{}", row.name);
    assert_eq!(peer_error(&session), Some(PeerError::Unsolicited), "the third");
    assert_eq!(statuses(&mut session), [Status::Accepted, Status::Rejected], "both stand");
    Taken::Refused
}

pub fn three_verdicts(row: &Row) -> Taken {
    let mut session = lmtp(3);
    assert_eq!(session.hear(&row.octets), Wants::Read, "{}", row.name);
    assert_eq!(session.hear_end(), Wants::Nothing);
    assert_eq!(session.end(), Some(End::Lost(Phase::Final)));
    let fates = [Status::Accepted, Status::Unknown, Status::Unknown];
    assert_eq!(statuses(&mut session), fates);
    Taken::Refused
}

pub fn unasked(row: &Row) -> Taken {
    let mut session = Session::open(plain_config(), "");
    assert_eq!(session.hear(&row.octets), Wants::Nothing, "{}", row.name);
    assert!(!session.client.is_reusable());
    assert!(session.client.begin(&envelope("", &["a@example.net"])).is_err());
    match row.name.as_str() {
        "unsolicited-250-idle" => {
            assert_eq!(session.end(), Some(End::Peer(PeerError::Unsolicited)));
            Taken::Refused
        }
        "unsolicited-421-idle" => {
            assert_eq!(session.end(), Some(End::ServiceClosing(Phase::Idle)));
            session.expect_events(&["closing idle 421"]);
            Taken::Accepted
        }
        _ => row.unknown(),
    }
}

/// The verdict on the message before is final; what is said to QUIT does not change it.
pub fn answer_to_quit(row: &Row) -> Taken {
    let mut session = dot_sent(plain_config(), "PIPELINING", 1);
    assert_eq!(session.hear(b"250 queued\r\n"), Wants::Command);
    assert_eq!(session.quit(), Wants::Read);
    session.hear(&row.octets);
    session.hear_end();
    assert_eq!(session.pump(), Wants::Nothing, "{}", row.name);
    assert_eq!(session.end(), Some(End::Quit), "{}", row.name);
    assert_eq!(statuses(&mut session), [Status::Accepted], "{}", row.name);
    Taken::Accepted
}
