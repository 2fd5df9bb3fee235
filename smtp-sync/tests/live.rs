//! Real servers: Postfix and aiosmtpd, see `live/README.md`. Where one is not installed its tests say `SKIPPED` and pass,
//! unless the environment variable CI is set.
//!
//! The tests share a server of each kind; each test has recipients of its own.
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

use std::{
    collections::HashSet,
    io::{self, BufReader, Read},
    net::TcpStream,
};

use dialogue::Dialogue;
use envelope::{envelope, fates};
use message::{Message, assert_same};
use rcgen::{CertificateParams, KeyPair};
use server::{Kind, Server};
use smtp_sync::{
    Client, Connector, Error, Inquiry, Outcome, Status, TlsConfig, TlsError, TlsPolicy, Verdict,
    proto::{
        client::{Authentication, End, Phase, Refusal},
        sasl::{Login, Mechanism, Plain},
    },
};

const USER: &str = "alice";
const PASSWORD: &str = "s3cret";
const FIVE_MIB: usize = 5 * 1024 * 1024;

// --- content ---

/// Sends a large message to `user`, and to somebody whom the server does not know.
fn send_large(client: &mut Client, user: &str) -> Message {
    let message = Message::large(&format!("a large one for {user}"), FIVE_MIB);
    let content = message.careless();
    let envelope = envelope(USER, &["nouser", user]).describing(&content);
    let outcome = client.send(&envelope, &content[..]).expect("an outcome");
    let nobody = (Status::Rejected, Phase::Rcpt, Some(550));
    assert_eq!(fates(&outcome), [nobody, (Status::Accepted, Phase::Final, Some(250))]);
    assert_eq!(outcome.verdict(), Verdict::Partial);
    message
}

/// A session for each mechanism, and a recipient for each.
fn with_each_mechanism(connector: impl Fn() -> Connector, test: impl Fn(&mut Client, &str)) {
    let (mut plain, mut login) = (Plain::new(USER, PASSWORD), Login::new(USER, PASSWORD));
    let mechanisms: [(&str, &mut dyn Mechanism); 2] = [("alice", &mut plain), ("bob", &mut login)];
    for (user, mechanism) in mechanisms {
        let mut client = connector().connect().expect("a session");
        assert!(client.is_secure());
        client.authenticate(&mut [mechanism][..]).expect("to be let in");
        test(&mut client, user);
        client.quit().expect("an end");
    }
}

#[test]
fn postfix_behind_starttls_and_auth_stores_every_octet() {
    let Some(server) = Kind::Postfix.shared() else { return };
    with_each_mechanism(
        || server.connector("submission"),
        |client, user| {
            let message = send_large(client, user);
            let stored = server.stored(user);
            assert_eq!(stored.len(), 1);
            assert_same(
                behind_trace(&stored[0]),
                &message.with_newlines(Kind::Postfix.newline()),
                user,
            );
        },
    );
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

#[test]
fn aiosmtpd_behind_implicit_tls_and_auth_stores_every_octet() {
    let Some(server) = Kind::Aiosmtpd.shared() else { return };
    with_each_mechanism(
        || server.connector("smtps"),
        |client, user| {
            let message = send_large(client, user);
            let stored = server.envelopes(user);
            assert_eq!(stored.len(), 1);
            let (record, content) = &stored[0];
            assert_same(content, &message.with_newlines(Kind::Aiosmtpd.newline()), user);
            assert_eq!((&record["tls"], &record["login"]), (&true.into(), &USER.into()));
        },
    );
}

#[test]
fn an_address_in_utf8_is_taken_under_smtputf8() {
    for kind in Kind::ALL {
        let Some(server) = kind.shared() else { continue };
        let (connector, dialogue) = Dialogue::of(server.connector("plain"));
        let mut client = connector.connect().expect("a session");
        let message = Message::small("Δοκιμή");
        let envelope = envelope(USER, &["δοκιμή"]);
        let outcome = client.send(&envelope, &message.careless()[..]).expect("an outcome");
        assert!(outcome.is_delivered(), "{outcome:?}");
        // The servers would take it without as well.
        assert_eq!(dialogue.count(" SMTPUTF8"), 1, "{}", dialogue.text());
        let stored = server.stored("δοκιμή");
        assert_eq!(stored.len(), 1, "{kind:?}");
        assert!(stored[0].ends_with(&message.with_newlines(kind.newline())), "{kind:?}");
    }
}

// --- many messages over one connection ---

/// Sends twenty messages to `user`, every third from `third`.
fn send_twenty(client: &mut Client, user: &str, third: &str) -> (Vec<Message>, Vec<Outcome>) {
    let messages: Vec<_> = (0..20).map(|n| Message::small(&format!("number {n} of 20"))).collect();
    let contents: Vec<_> = messages.iter().map(Message::careless).collect();
    let sender = |number| if number % 3 == 1 { third } else { USER };
    let envelopes = (0..20).map(|number| envelope(sender(number), &[user]));
    let outcomes = client.send_all(envelopes.zip(contents.iter().map(Vec::as_slice)));
    (messages, outcomes.into_iter().map(|outcome| outcome.expect("an outcome")).collect())
}

/// What Postfix calls the message that it has taken.
fn queue_id(outcome: &Outcome) -> String {
    let text = outcome.reply().map(|reply| reply.text()).unwrap_or_default().concat();
    text.split_once("queued as ").expect("a queue id").1.to_owned()
}

/// Each that was delivered is stored once, under the queue id that its own outcome has; nothing
/// else is.
fn assert_stored_by_id(server: &Server, user: &str, messages: &[Message], outcomes: &[Outcome]) {
    let mut stored = server.stored(user);
    let taken = || messages.iter().zip(outcomes).filter(|(_, outcome)| outcome.is_delivered());
    let ids: HashSet<_> = taken().map(|(_, outcome)| queue_id(outcome)).collect();
    assert_eq!((ids.len(), stored.len()), (taken().count(), taken().count()));
    for (message, outcome) in taken() {
        let id = format!(" id {}", queue_id(outcome));
        let holds = |text: &Vec<u8>| text.windows(id.len()).any(|part| part == id.as_bytes());
        let mine = stored.iter().position(holds).expect("the message of this queue id");
        assert_same(
            behind_trace(&stored.remove(mine)),
            &message.with_newlines(Kind::Postfix.newline()),
            &id,
        );
    }
}

/// A session with Postfix, and what is said in it.
fn postfix_session(server: &Server, run_ahead: bool) -> (Client, Dialogue) {
    let connector = server.connector("plain");
    let connector = connector.configure(|config| config.with_run_ahead(run_ahead));
    let (connector, dialogue) = Dialogue::of(connector);
    (connector.connect().expect("a session"), dialogue)
}

/// How often an envelope left right behind the end of a content.
const RAN_AHEAD: &str = "C: .\nC: RSET\nC: MAIL";

#[test]
fn twenty_messages_arrive_once_each_and_in_order() {
    let Some(server) = Kind::Postfix.shared() else { return };
    for (user, run_ahead) in [("u1", false), ("u2", true)] {
        let (mut client, dialogue) = postfix_session(server, run_ahead);
        let (messages, outcomes) = send_twenty(&mut client, user, USER);
        assert!(outcomes.iter().all(Outcome::is_delivered), "{}", dialogue.text());
        assert_stored_by_id(server, user, &messages, &outcomes);
        assert_eq!(dialogue.count(RAN_AHEAD), if run_ahead { 19 } else { 0 });
        client.quit().expect("an end");
    }
}

#[test]
fn twenty_messages_arrive_one_by_one_without_pipelining() {
    let Some(server) = Kind::Aiosmtpd.shared() else { return };
    let mut client = server.connector("plain").connect().expect("a session");
    let (messages, outcomes) = send_twenty(&mut client, "u1", USER);
    assert!(outcomes.iter().all(Outcome::is_delivered));
    let stored = server.stored("u1");
    assert_eq!(stored.len(), messages.len());
    for (number, (stored, message)) in stored.iter().zip(&messages).enumerate() {
        assert_same(
            stored,
            &message.with_newlines(Kind::Aiosmtpd.newline()),
            &format!("message {number}"),
        );
    }
}

/// Every third was refused after its content, the others were not.
fn assert_third_refused(outcomes: &[Outcome], dialogue: &Dialogue) {
    let refused = (Status::Rejected, Phase::Final, Some(554));
    let taken = (Status::Accepted, Phase::Final, Some(250));
    for (number, outcome) in outcomes.iter().enumerate() {
        let expected = if number % 3 == 1 { refused } else { taken };
        assert_eq!(fates(outcome), [expected], "message {number} of\n{}", dialogue.text());
    }
}

#[test]
fn a_refused_content_does_not_harm_the_messages_around_it() {
    let Some(server) = Kind::Postfix.shared() else { return };
    for (user, run_ahead) in [("u3", false), ("u4", true)] {
        let (mut client, dialogue) = postfix_session(server, run_ahead);
        let (messages, outcomes) = send_twenty(&mut client, user, "reject");
        assert_third_refused(&outcomes, &dialogue);
        assert_stored_by_id(server, user, &messages, &outcomes);
        // Postfix keeps the transaction open after such a refusal; behind the seventh nothing comes.
        assert_eq!(dialogue.count("C: RSET"), if run_ahead { 19 } else { 6 });
        assert_eq!(dialogue.count(RAN_AHEAD), if run_ahead { 19 } else { 0 });
    }
}

#[test]
fn a_refused_content_does_no_harm_without_pipelining() {
    let Some(server) = Kind::Aiosmtpd.shared() else { return };
    let (connector, dialogue) = Dialogue::of(server.connector("plain"));
    let mut client = connector.connect().expect("a session");
    let (messages, outcomes) = send_twenty(&mut client, "u3", "reject");
    assert_third_refused(&outcomes, &dialogue);
    let taken = messages.iter().enumerate().filter(|(number, _)| number % 3 != 1);
    let stored = server.stored("u3");
    assert_eq!(stored.len(), taken.clone().count());
    for (stored, (number, message)) in stored.iter().zip(taken) {
        assert_same(
            stored,
            &message.with_newlines(Kind::Aiosmtpd.newline()),
            &format!("message {number}"),
        );
    }
}

// --- refusals ---

#[test]
fn refused_for_now_and_refused_for_good_are_told_apart() {
    for kind in Kind::ALL {
        let Some(server) = kind.shared() else { continue };
        let mut client = server.connector("plain").connect().expect("a session");
        let (taken, now, ever) = (
            (Status::Accepted, Phase::Final, Some(250)),
            (Status::Deferred, Phase::Rcpt, Some(450)),
            (Status::Rejected, Phase::Rcpt, Some(550)),
        );
        for (recipients, expected, verdict) in [
            (&["temp"][..], &[now][..], Verdict::Deferred),
            (&["perm"], &[ever], Verdict::Rejected),
            (&["perm", "u5", "temp"], &[ever, taken, now], Verdict::Partial),
        ] {
            let content = Message::small("refusals").careless();
            let outcome = client.send(&envelope(USER, recipients), &content[..]);
            let outcome = outcome.expect("an outcome");
            assert_eq!((&fates(&outcome)[..], outcome.verdict()), (expected, verdict), "{kind:?}");
        }
        assert_eq!(server.stored("u5").len(), 1);
    }
}

#[test]
fn a_421_to_a_recipient_ends_the_session_and_nothing_is_sent() {
    for kind in Kind::ALL {
        let Some(server) = kind.shared() else { continue };
        let mut client = server.connector("plain").connect().expect("a session");
        let content = Message::small("421").careless();
        let envelope = envelope(USER, &["u6", "go421", "u7"]);
        let outcome = client.send(&envelope, &content[..]).expect("an outcome");
        assert!(outcome.recipients().all(|to| to.status() == Status::NotAttempted), "{outcome:?}");
        assert_eq!(outcome.verdict(), Verdict::Failed);
        let closing = Some(End::ServiceClosing(Phase::Rcpt));
        assert_eq!(outcome.end(), closing);
        let error = client.send(&envelope, &content[..]).expect_err("no session");
        assert_eq!(error.end(), closing);
        assert_eq!(error.reply().map(|reply| reply.code().value()), Some(421));
        assert_eq!(server.stored("u6").len(), 0, "{kind:?}");
    }
}

/// Stops the server in the middle of a message.
struct Stopping<'a> {
    content: &'a [u8],
    at: usize,
    server: Option<Server>,
}

impl Read for Stopping<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.content.len() < self.at {
            self.server = None;
        }
        self.content.read(buffer)
    }
}

#[test]
fn a_server_that_stops_in_the_middle_of_a_message_has_not_got_it() {
    for kind in Kind::ALL {
        let Some(server) = kind.start() else { continue };
        let mut client = server.connector("plain").connect().expect("a session");
        let content = Message::large("cut", FIVE_MIB).careless();
        let stopping = Stopping { content: &content, at: FIVE_MIB / 2, server: Some(server) };
        let outcome = client.send(&envelope(USER, &["u8"]), BufReader::new(stopping));
        let outcome = outcome.expect("an outcome");
        assert_eq!(fates(&outcome), [(Status::NotAttempted, Phase::Content, None)], "{kind:?}");
        assert_eq!(outcome.end(), Some(End::Lost(Phase::Content)));
        assert!(!client.is_reusable());
    }
}

#[test]
fn nothing_of_a_server_is_left_when_its_tests_are_over() {
    for (kind, port) in [
        (Kind::Postfix, "plain"),
        (Kind::Aiosmtpd, "plain"),
        (Kind::Dovecot, "lmtp"),
        (Kind::Sink, "plain"),
    ] {
        let Some(server) = kind.start() else { continue };
        let (directory, port) = (server.directory().to_owned(), server.port(port));
        assert!(directory.exists());
        drop(server);
        assert!(!directory.exists(), "{}", directory.display());
        TcpStream::connect(("127.0.0.1", port)).expect_err("nobody listens");
    }
}

// --- AUTH and TLS ---

#[test]
fn a_wrong_password_is_refused_and_the_session_goes_on() {
    for kind in Kind::ALL {
        let Some(server) = kind.shared() else { continue };
        let mut client = server.connector("smtps").connect().expect("a session");
        let error = client.login(USER, "wrong").expect_err("refused");
        let Error::Authentication { verdict: Authentication::Refused(code), .. } = error else {
            panic!("{error}");
        };
        assert_eq!(code.value(), 535);
        assert!(client.is_reusable());
        client.login(USER, PASSWORD).expect("to be let in");
        assert!(client.quit().expect("an end").is_some());
    }
}

#[test]
fn credentials_do_not_leave_in_the_clear_although_the_server_would_take_them() {
    for kind in Kind::ALL {
        let Some(server) = kind.shared() else { continue };
        let connector = server.connector("plain").with_tls(TlsPolicy::None);
        let (connector, dialogue) = Dialogue::of(connector);
        let mut client = connector.connect().expect("a session");
        assert!(client.capabilities().offers_mechanism("PLAIN"));
        let error = client.login(USER, PASSWORD).expect_err("in the clear");
        assert!(matches!(error, Error::Refused(Refusal::PlaintextAuth)), "{error}");
        client.inquire(Inquiry::Noop).expect("an answer");
        assert_eq!(dialogue.count("C: AUTH"), 0);
    }
}

#[test]
fn no_transcript_has_a_password_in_it() {
    for kind in Kind::ALL {
        let Some(server) = kind.shared() else { continue };
        for mechanism in
            [&mut Plain::new(USER, PASSWORD) as &mut dyn Mechanism, &mut Login::new(USER, PASSWORD)]
        {
            let (connector, dialogue) = Dialogue::of(server.connector("smtps"));
            let mut client = connector.connect().expect("a session");
            client.authenticate(&mut [mechanism][..]).expect("to be let in");
            client.quit().expect("an end");
            let text = dialogue.text();
            assert!(text.contains("***") && text.contains("S: 235"), "{text}");
            // The password; in base64; the same with PLAIN's "\0alice\0" before it.
            for secret in [PASSWORD, "czNjcmV0", "HMzY3JldA"] {
                assert!(!text.contains(secret), "{text}");
            }
        }
    }
}

/// An authority that no server here has a certificate from.
fn stranger() -> TlsConfig {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec![]).expect("no names");
    let certificate = params.self_signed(&key).expect("a certificate");
    TlsConfig::with_anchors([certificate.der().clone()]).expect("an anchor")
}

/// Connects to `port` as to a host of this name; the error, and the last that was said.
fn refused_handshake(server: &Server, port: &str, name: &str, tls: TlsConfig) -> (Error, String) {
    let stream = TcpStream::connect(("127.0.0.1", server.port(port))).expect("a connection");
    let policy = if port == "smtps" { TlsPolicy::Implicit } else { TlsPolicy::Required };
    let connector = Connector::new(name, 0).with_tls(policy).with_tls_config(tls);
    let (connector, dialogue) = Dialogue::of(connector);
    let error = connector.over(stream).open().expect_err("no session");
    let said = dialogue.text();
    let last = said.lines().rfind(|line| line.starts_with("C: "));
    (error, last.unwrap_or_default().to_owned())
}

#[test]
fn nothing_is_said_to_a_server_whose_certificate_is_not_right() {
    for kind in Kind::ALL {
        let Some(server) = kind.shared() else { continue };
        for (port, last) in [("plain", "C: STARTTLS"), ("smtps", "")] {
            for (name, tls, reason) in [
                ("mx.lab.test", stranger(), "UnknownIssuer"),
                ("mx.example.net", server.trust(), "NotValidForName"),
            ] {
                let (error, said) = refused_handshake(server, port, name, tls);
                let Error::Tls(TlsError::Rustls(rustls::Error::InvalidCertificate(why))) = &error
                else {
                    panic!("{kind:?}, {port}: {error}");
                };
                assert!(format!("{why:?}").contains(reason), "{kind:?}, {port}: {why:?}");
                assert_eq!(said, last, "{kind:?}, {port}");
            }
        }
    }
}

#[test]
fn a_server_is_verified_by_the_name_that_was_asked_for() {
    for kind in Kind::ALL {
        let Some(server) = kind.shared() else { continue };
        for name in ["mx.lab.test", "localhost", "127.0.0.1", "::1"] {
            let stream =
                TcpStream::connect(("127.0.0.1", server.port("plain"))).expect("a connection");
            let connector = Connector::new(name, 0).with_tls_config(server.trust());
            let mut client = connector.over(stream);
            client.open().expect("a session");
            assert!(client.is_secure());
        }
    }
}
