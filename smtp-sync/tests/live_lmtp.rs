//! LMTP and submission with Dovecot, LMTP with aiosmtpd. See `live/README.md`; where a server is not
//! installed its tests say `SKIPPED` and pass, unless the variable CI is set.
#![cfg(all(unix, feature = "tls"))]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

#[path = "live/dialogue.rs"]
mod dialogue;
#[path = "live/envelope.rs"]
mod envelope;
#[path = "live/message.rs"]
mod message;
#[allow(dead_code, reason = "shared with the other live tests")]
#[path = "live/server.rs"]
mod server;

use dialogue::Dialogue;
use envelope::{envelope, fates};
use message::{Message, assert_same};
use server::{Kind, Server};
use smtp_sync::{
    Client, Connector, Outcome, Retry, Status, TlsPolicy, Verdict,
    proto::client::{Chunking, Phase, Protocol},
};

const TAKEN: (Status, Phase, Option<u16>) = (Status::Accepted, Phase::Final, Some(250));
const UNKNOWN: (Status, Phase, Option<u16>) = (Status::Rejected, Phase::Rcpt, Some(550));

fn lmtp(server: &Server, change: impl FnOnce(Connector) -> Connector) -> (Client, Dialogue) {
    let connector = server.connector("lmtp").with_tls(TlsPolicy::None);
    let connector = connector.configure(|config| config.with_protocol(Protocol::Lmtp));
    let (connector, dialogue) = Dialogue::of(change(connector));
    (connector.connect().expect("a session"), dialogue)
}

/// With DATA, with small chunks, with chunks larger than the message.
const WAYS: [(Chunking, usize); 3] =
    [(Chunking::Off, 1), (Chunking::AfterRecipients, 10_000), (Chunking::InFlight, 1_000_000)];

fn by(chunking: Chunking, size: usize) -> impl FnOnce(Connector) -> Connector {
    move |connector| {
        connector.configure(|config| {
            // Dovecot and Postfix do.
            let config = config.with_swallowed_chunks(true);
            config.with_chunking(chunking).with_chunk_size(size)
        })
    }
}

/// Somebody the server does not know, one who gets it, one whose mailbox is full, another who gets it.
fn send_to_four(client: &mut Client, content: &[u8]) -> Outcome {
    let envelope = envelope("alice", &["nouser", "alice", "full", "bob"]).describing(content);
    client.send(&envelope, content).expect("an outcome")
}

/// The last message of this user, behind what the server puts before it.
fn last_stored(server: &Server, user: &str, first: &[u8]) -> Vec<u8> {
    let mut stored = server.stored(user).into_iter();
    let mine = stored.find(|text| text.windows(first.len()).any(|window| window == first));
    let mine = mine.unwrap_or_else(|| panic!("{user} has got it"));
    let start = mine.windows(5).position(|window| window == b"From:");
    mine[start.expect("the first field")..].to_vec()
}

#[test]
fn dovecot_has_a_verdict_for_each_recipient_by_data_and_by_bdat() {
    let Some(server) = Kind::Dovecot.shared() else { return };
    for (chunking, size) in WAYS {
        let (mut client, dialogue) = lmtp(server, by(chunking, size));
        let subject = format!("by {chunking:?}");
        let message = Message::large(&subject, 100_000);
        let outcome = send_to_four(&mut client, &message.careless());
        let full = (Status::Rejected, Phase::Final, Some(552));
        assert_eq!(fates(&outcome), [UNKNOWN, TAKEN, full, TAKEN], "{}", dialogue.text());
        assert_eq!((outcome.verdict(), outcome.end()), (Verdict::Partial, None));
        assert!(
            outcome
                .recipients()
                .all(|to| to.retry() == (to.status() == Status::Rejected).then_some(Retry::Never))
        );
        assert_eq!(dialogue.count("C: DATA") > 0, chunking == Chunking::Off);
        for user in ["alice", "bob"] {
            let stored = last_stored(server, user, subject.as_bytes());
            assert_same(&stored, &message.with_newlines("\n"), user);
        }
        assert!(server.stored("full").is_empty());
        assert!(client.quit().expect("an end").is_some());
    }
}

/// Chunks end in the middle of a newline too; there are never more than may be in flight.
#[test]
fn a_chunk_may_end_anywhere() {
    for kind in [Kind::Dovecot, Kind::Postfix] {
        let Some(server) = kind.shared() else { continue };
        let port = if kind == Kind::Dovecot { "lmtp" } else { "plain" };
        for size in 1..=17 {
            let connector = server.connector(port).with_tls(TlsPolicy::None);
            let connector = by(Chunking::AfterRecipients, size)(connector);
            let connector = connector.configure(|config| {
                let lmtp = kind == Kind::Dovecot;
                config.with_protocol(if lmtp { Protocol::Lmtp } else { Protocol::Smtp })
            });
            let mut client = connector.connect().expect("a session");
            let subject = format!("in chunks of {size} octets");
            let message = Message::small(&subject);
            let outcome = client.send(&envelope("alice", &["bob"]), &message.careless()[..]);
            assert_eq!(fates(&outcome.expect("an outcome")), [TAKEN], "{kind:?}: {subject}");
            let stored = last_stored(server, "bob", subject.as_bytes());
            assert_same(&stored, &message.with_newlines("\n"), &subject);
        }
    }
}

#[test]
fn several_messages_follow_one_another_whatever_became_of_the_one_before() {
    let Some(server) = Kind::Dovecot.shared() else { return };
    for (chunking, size) in WAYS {
        let (mut client, dialogue) = lmtp(server, by(chunking, size));
        let full = (Status::Rejected, Phase::Final, Some(552));
        for (to, fate) in [("full", full), ("nouser", UNKNOWN), ("carol", TAKEN), ("full", full)] {
            let content = Message::small("one of several").careless();
            let outcome = client.send(&envelope("alice", &[to]), &content[..]);
            let outcome = outcome.expect("an outcome");
            assert_eq!(fates(&outcome), [fate], "{chunking:?}: {}", dialogue.text());
        }
    }
    assert_eq!(server.stored("carol").len(), WAYS.len());
}

#[test]
fn lmtp_may_be_secured_too() {
    let Some(server) = Kind::Dovecot.shared() else { return };
    let (client, dialogue) = lmtp(server, |connector| connector.with_tls(TlsPolicy::Required));
    assert!(client.is_secure());
    assert_eq!(dialogue.count("C: LHLO"), 2, "{}", dialogue.text());
}

#[test]
fn aiosmtpd_gets_every_octet_by_lmtp() {
    let Some(server) = Kind::Aiosmtpd.shared() else { return };
    let (mut client, _) = lmtp(server, |connector| connector);
    let message = Message::large("by lmtp", 100_000);
    let outcome = send_to_four(&mut client, &message.careless());
    let full = (Status::Deferred, Phase::Final, Some(452));
    assert_eq!(fates(&outcome), [UNKNOWN, TAKEN, full, TAKEN]);
    let stored = server.stored("alice");
    assert_eq!(stored.len(), 1);
    assert_same(&stored[0], &message.with_newlines("\r\n"), "alice");
}

#[test]
fn dovecot_relays_every_octet_that_was_submitted() {
    let Some(server) = Kind::Dovecot.shared() else { return };
    for (chunking, size) in WAYS {
        let connector = by(chunking, size)(server.connector("submission"));
        let (connector, dialogue) = Dialogue::of(connector);
        let mut client = connector.connect().expect("a session");
        client.login("alice", "s3cret").expect("to be let in");
        let subject = format!("submitted by {chunking:?}");
        let message = Message::large(&subject, 100_000);
        let content = message.careless();
        let envelope = envelope("alice", &["dave", "erin"]).describing(&content);
        let outcome = client.send(&envelope, &content[..]).expect("an outcome");
        assert_eq!(fates(&outcome), [TAKEN, TAKEN], "{}", dialogue.text());
        let holds =
            |text: &Vec<u8>| text.windows(subject.len()).any(|window| window == subject.as_bytes());
        let relayed: Vec<_> = server.texts("relayed", "").filter(holds).collect();
        assert_eq!(relayed.len(), 1, "{}", dialogue.text());
        let first = relayed[0].windows(6).position(|window| window == b"\nFrom:");
        // smtp-sink puts an empty line behind each message.
        let expected = [message.with_newlines("\n"), b"\n".to_vec()].concat();
        assert_same(&relayed[0][first.expect("its first field") + 1..], &expected, &subject);
    }
}
