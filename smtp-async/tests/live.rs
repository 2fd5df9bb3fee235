//! Real servers: Postfix and aiosmtpd, started by the scripts of the blocking adapter's tests, see
//! their `live/README.md`. Where one is not installed its tests say `SKIPPED` and pass, unless the
//! environment variable CI is set.
#![cfg(all(unix, feature = "tls"))]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

#[path = "../../smtp-sync/tests/live/envelope.rs"]
mod envelope;
#[path = "../../smtp-sync/tests/live/message.rs"]
mod message;
#[allow(dead_code, reason = "shared with the other live tests")]
#[path = "../../smtp-sync/tests/live/server.rs"]
mod server;
mod support;

use std::time::Duration;

use envelope::{envelope, fates};
use message::{Message, assert_same};
use server::{Kind, Server};
use smtp_async::{
    Connector, Error, Outcome, Status, Timeouts, TlsPolicy, Verdict,
    proto::{
        client::{Authentication, Chunking, End, Phase},
        sasl::{Login, Mechanism, Plain},
    },
};
use support::Lines;

const USER: &str = "alice";
const PASSWORD: &str = "s3cret";
const FIVE_MIB: usize = 5 * 1024 * 1024;

/// TLS by STARTTLS, but from the start on `smtps`, trusting the server's authority alone.
fn connector(server: &Server, port: &str) -> Connector {
    let tls = if port == "smtps" { TlsPolicy::Implicit } else { TlsPolicy::Required };
    Connector::new("127.0.0.1", server.port(port))
        .with_timeouts(Timeouts::uniform(Duration::from_secs(120)))
        .with_tls(tls)
        .with_tls_config(server.trust())
}

/// Skips the fields that Postfix puts before a message.
fn behind_trace(stored: &[u8]) -> &[u8] {
    const TRACE: [&[u8]; 5] =
        [b"Return-Path:", b"X-Original-To:", b"Delivered-To:", b"Received:", b"\t"];
    let lines = stored.split_inclusive(|&octet| octet == b'\n');
    let trace = lines.take_while(|line| TRACE.iter().any(|field| line.starts_with(field)));
    let length = trace.map(<[u8]>::len).sum();
    &stored[length..]
}

/// The one message that `user` has is this, octet for octet.
fn assert_stored(server: &Server, kind: Kind, user: &str, message: &Message) {
    let stored = server.stored(user);
    assert_eq!(stored.len(), 1, "{kind:?}, {user}");
    let stored = if kind == Kind::Postfix { behind_trace(&stored[0]) } else { &stored[0] };
    assert_same(stored, &message.with_newlines(kind.newline()), user);
}

#[tokio::test]
async fn starttls_auth_and_implicit_tls_carry_every_octet() {
    for kind in Kind::ALL {
        let Some(server) = kind.shared() else { continue };
        let (mut plain, mut login) = (Plain::new(USER, PASSWORD), Login::new(USER, PASSWORD));
        let ways: [(&str, &str, &mut dyn Mechanism); 2] =
            [("submission", "alice", &mut plain), ("smtps", "bob", &mut login)];
        for (port, user, mechanism) in ways {
            // aiosmtpd has no port of that name.
            let port = if kind == Kind::Aiosmtpd && port == "submission" { "plain" } else { port };
            let mut client = connector(server, port).connect().await.expect("a session");
            assert!(client.is_secure());
            client.authenticate(&mut [mechanism][..]).await.expect("to be let in");
            let message = Message::large(&format!("a large one for {user}"), FIVE_MIB);
            let content = message.careless();
            let envelope = envelope(USER, &["nouser", user]).describing(&content);
            let outcome = client.send(&envelope, &content[..]).await.expect("an outcome");
            let nobody = (Status::Rejected, Phase::Rcpt, Some(550));
            assert_eq!(fates(&outcome), [nobody, (Status::Accepted, Phase::Final, Some(250))]);
            assert_eq!(outcome.verdict(), Verdict::Partial);
            client.quit().await.expect("an end");
            assert_stored(server, kind, user, &message);
        }
    }
}

/// As a Unix file has it, from a file and as one slice: the work was once as its square.
#[tokio::test]
async fn sixteen_mib_with_lf_alone_arrive_whole_however_they_are_handed_over() {
    for kind in Kind::ALL {
        let Some(server) = kind.shared() else { continue };
        let message = Message::large("lines of a Unix file", 16 * 1024 * 1024);
        let content = message.with_newlines("\n");
        let (mut writer, reader) = tokio::io::duplex(1 << 16);
        let mut client = connector(server, "plain").connect().await.expect("a session");
        let envelopes = [envelope(USER, &["u11"]), envelope(USER, &["u12"]).describing(&content)];
        let feed = async {
            tokio::io::AsyncWriteExt::write_all(&mut writer, &content).await.expect("a reader");
            drop(writer);
        };
        let sent = client.send(&envelopes[0], tokio::io::BufReader::new(reader));
        let (sent, ()) = tokio::join!(sent, feed);
        assert!(sent.expect("an outcome").is_delivered(), "{kind:?}");
        let sent = client.send(&envelopes[1], &content[..]).await;
        assert!(sent.expect("an outcome").is_delivered(), "{kind:?}");
        assert_stored(server, kind, "u11", &message);
        assert_stored(server, kind, "u12", &message);
    }
}

#[tokio::test]
async fn chunks_in_flight_arrive_whole() {
    let Some(server) = Kind::Postfix.shared() else { return };
    let lines = Lines::default();
    let mut client = connector(server, "plain")
        .configure(|config| config.with_chunking(Chunking::InFlight))
        .with_transcript(lines.sink())
        .connect()
        .await
        .expect("a session");
    let message = Message::large("in chunks", FIVE_MIB / 5);
    let content = message.careless();
    let outcome = client.send(&envelope(USER, &["u9"]), &content[..]).await;
    assert!(outcome.expect("an outcome").is_delivered(), "{}", lines.text());
    client.quit().await.expect("an end");
    // Nothing was waited for between the sender and the first chunk.
    assert!(lines.text().contains("C: RCPT TO:<u9@lab.test>\nC: BDAT "), "{}", lines.text());
    assert_stored(server, Kind::Postfix, "u9", &message);
}

#[tokio::test]
async fn twenty_messages_arrive_once_each() {
    for kind in Kind::ALL {
        let Some(server) = kind.shared() else { continue };
        for (user, run_ahead) in [("u1", false), ("u2", true)] {
            // Without PIPELINING nothing runs ahead.
            let connector = connector(server, "plain");
            let connector = connector.configure(|config| config.with_run_ahead(run_ahead));
            let mut client = connector.connect().await.expect("a session");
            let messages: Vec<_> = (0..20).map(|n| Message::small(&format!("{n} of 20"))).collect();
            let contents: Vec<_> = messages.iter().map(Message::careless).collect();
            let envelopes = (0..20).map(|_| envelope(USER, &[user]));
            let outcomes = client.send_all(envelopes.zip(contents.iter().map(Vec::as_slice))).await;
            assert!(outcomes.iter().flatten().all(Outcome::is_delivered));
            assert_eq!(outcomes.len(), messages.len());
            client.quit().await.expect("an end");
            let stored = server.stored(user);
            assert_eq!(stored.len(), messages.len(), "{kind:?}");
            for message in &messages {
                let wanted = message.with_newlines(kind.newline());
                let copies = stored.iter().filter(|stored| stored.ends_with(&wanted)).count();
                assert_eq!(copies, 1, "{kind:?}: {}", wanted.escape_ascii());
            }
        }
    }
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_the_session_goes_on() {
    for kind in Kind::ALL {
        let Some(server) = kind.shared() else { continue };
        let mut client = connector(server, "smtps").connect().await.expect("a session");
        let error = client.login(USER, "wrong").await.expect_err("refused");
        let Error::Authentication { verdict: Authentication::Refused(code), .. } = error else {
            panic!("{error}");
        };
        assert_eq!(code.value(), 535);
        client.login(USER, PASSWORD).await.expect("to be let in");
        assert!(client.quit().await.expect("an end").is_some());
    }
}

#[tokio::test]
async fn a_421_to_a_recipient_ends_the_session_and_nothing_is_sent() {
    for kind in Kind::ALL {
        let Some(server) = kind.shared() else { continue };
        let mut client = connector(server, "plain").connect().await.expect("a session");
        let content = Message::small("421").careless();
        let envelope = envelope(USER, &["u6", "go421", "u7"]);
        let outcome = client.send(&envelope, &content[..]).await.expect("an outcome");
        assert!(outcome.recipients().all(|to| to.status() == Status::NotAttempted), "{outcome:?}");
        let closing = Some(End::ServiceClosing(Phase::Rcpt));
        assert_eq!(outcome.end(), closing);
        let error = client.send(&envelope, &content[..]).await.expect_err("no session");
        assert_eq!(error.end(), closing);
        assert_eq!(server.stored("u6").len(), 0, "{kind:?}");
    }
}

/// A future that is dropped in the middle of a large message leaves nothing at the server.
#[tokio::test]
async fn a_message_that_was_given_up_half_way_is_not_stored() {
    for kind in Kind::ALL {
        let Some(server) = kind.shared() else { continue };
        let mut client = connector(server, "plain").connect().await.expect("a session");
        let content = Message::large("given up", FIVE_MIB).careless();
        // The second half never comes.
        let half = &content[..FIVE_MIB / 2];
        let (reader, mut writer) = tokio::io::duplex(1 << 16);
        let envelope = envelope(USER, &["u10"]);
        {
            let reader = tokio::io::BufReader::new(reader);
            let send = client.send(&envelope, reader);
            let feed = async {
                tokio::io::AsyncWriteExt::write_all(&mut writer, half).await.expect("a reader");
            };
            tokio::select! {
                outcome = send => panic!("{outcome:?}"),
                () = feed => {}
            }
        }
        let error = client.send(&envelope, &content[..]).await.expect_err("no session");
        assert!(matches!(error.end(), Some(End::Aborted(Phase::Content))), "{error}");
        drop(client);
        assert_eq!(server.stored("u10").len(), 0, "{kind:?}");
    }
}
