//! Extensions against real servers: BDAT, many messages in flight, LMTP, XCLIENT, XFORWARD. See
//! `live/README.md`; where a server is not installed its tests say `SKIPPED` and pass, unless the
//! variable CI is set.
#![cfg(all(unix, feature = "tls"))]

#[path = "live/dialogue.rs"]
mod dialogue;
#[allow(dead_code, reason = "shared with the other live tests")]
#[path = "live/message.rs"]
mod message;
#[allow(dead_code, reason = "shared with the other live tests")]
#[path = "live/server.rs"]
mod server;

use std::{
    fs,
    io::{self, Read, Write},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use dialogue::Dialogue;
use message::{Message, assert_same};
use server::{Kind, Server};
use smtp_sync::{
    Client, Connector, Envelope, Error, Outcome, Status, Stream, TlsPolicy,
    proto::{
        client::{Chunking, Inquiry, Phase, Protocol, Refusal},
        command::{Argument, Attribute, AttributeName},
        hello::Extension,
    },
};

fn envelope(to: &[&str]) -> Envelope {
    let add = |envelope: Envelope, to: &&str| envelope.to(&format!("{to}@lab.test"));
    to.iter().try_fold(Envelope::new("alice@lab.test").unwrap(), add).unwrap()
}

fn plain(server: &Server, port: &str) -> Connector {
    server.connector(port).with_tls(TlsPolicy::None)
}

/// Counts how often the client waits for the server: reads that follow a write.
struct Counted {
    stream: TcpStream,
    has_written: bool,
    round_trips: Arc<AtomicUsize>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let waits = core::mem::take(&mut self.has_written);
        self.round_trips.fetch_add(usize::from(waits), Ordering::Relaxed);
        self.stream.read(buffer)
    }
}

impl Write for Counted {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.has_written = true;
        self.stream.write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl Stream for Counted {
    fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.stream.set_timeout(timeout)
    }
}

/// Skips the fields that Postfix puts before a message, up to its own Subject.
fn behind_trace<'a>(stored: &'a [u8], first: &[u8]) -> &'a [u8] {
    let start = stored.windows(first.len()).position(|window| window == first);
    &stored[start.expect("the message's first field")..]
}

#[test]
fn bdat_and_data_deliver_the_same_octets() {
    let Some(server) = Kind::Postfix.shared() else { return };
    let message = Message::large("by two ways", 300_000);
    let content = message.careless();
    for (chunking, user) in [(Chunking::Off, "u150"), (Chunking::AfterRecipients, "u151")] {
        let mut client = plain(server, "plain")
            .configure(|config| config.with_chunking(chunking).with_chunk_size(10_000))
            .connect()
            .expect("a session");
        let to = envelope(&["nouser", user]).describing(&content);
        let outcome = client.send(&to, &content[..]).expect("an outcome");
        let fates: Vec<Status> = outcome.recipients().map(|to| to.status()).collect();
        assert_eq!(fates, [Status::Rejected, Status::Accepted], "{chunking:?}");
        client.quit().expect("an end");
        let expected = message.with_newlines("\n");
        let first = expected.split(|&octet| octet == b'\n').next().expect("a field");
        assert_same(behind_trace(&server.stored(user)[0], first), &expected, user);
    }
}

#[test]
fn ten_messages_in_flight_take_at_most_two_round_trips() {
    let Some(server) = Kind::Postfix.shared() else { return };
    let round_trips = Arc::new(AtomicUsize::new(0));
    let stream = TcpStream::connect(("127.0.0.1", server.port("plain"))).expect("a server");
    stream.set_nodelay(true).expect("a socket");
    let counted = Counted { stream, has_written: false, round_trips: Arc::clone(&round_trips) };
    let mut client = plain(server, "plain")
        .configure(|config| config.with_chunking(Chunking::InFlight))
        .over(counted);
    client.open().expect("a session");
    let before = round_trips.load(Ordering::Relaxed);
    let text = format!("Subject: in flight\r\n\r\n{}", "0123456789abcde\r\n".repeat(60));
    let messages = (0..10).map(|_| (envelope(&["u152"]), text.as_bytes()));
    let outcomes = client.send_all(messages);
    assert!(outcomes.iter().all(|outcome| outcome.as_ref().is_ok_and(Outcome::is_delivered)));
    let taken = round_trips.load(Ordering::Relaxed) - before;
    assert!(taken <= 2, "{taken} round trips");
    client.quit().expect("an end");
    assert_eq!(server.stored("u152").len(), 10);
}

#[test]
fn lmtp_has_a_verdict_for_each_recipient() {
    let Some(server) = Kind::Aiosmtpd.shared() else { return };
    let mut client = plain(server, "lmtp")
        .configure(|config| config.with_protocol(Protocol::Lmtp))
        .connect()
        .expect("a session");
    for _ in 0..2 {
        let to = envelope(&["carol", "nouser", "full"]);
        let outcome = client.send(&to, &b"Subject: lmtp\r\n\r\nhi\r\n"[..]).expect("an outcome");
        let fates: Vec<_> = outcome.recipients().map(|to| (to.status(), to.phase)).collect();
        let expected = [
            (Status::Accepted, Phase::Final),
            (Status::Rejected, Phase::Rcpt),
            (Status::Deferred, Phase::Final),
        ];
        assert_eq!(fates, expected);
    }
    client.quit().expect("an end");
}

// --- XCLIENT, XFORWARD ---

fn attribute(name: AttributeName, value: &str) -> Attribute<'_> {
    Attribute::new(name, Argument::new(value).expect("a value"))
}

/// Sends a message; as which client Postfix has received it.
fn received(client: &mut Client, server: &Server, user: &str) -> String {
    let content = Message::small("for another").careless();
    let outcome = client.send(&envelope(&[user]), &content[..]).expect("an outcome");
    assert!(outcome.is_delivered(), "{outcome:?}");
    let stored = server.stored(user).pop().expect("a message");
    let stored = String::from_utf8(stored).expect("text");
    let trace = stored.lines().find(|line| line.starts_with("Received: "));
    trace.expect("a trace").to_owned()
}

#[test]
fn a_client_that_speaks_for_another_is_received_as_the_other() {
    let Some(server) = Kind::Postfix.shared() else { return };
    let in_clear = plain(server, "trusted");
    for (connector, user) in [(in_clear, "u153"), (server.connector("trusted"), "u154")] {
        let (connector, dialogue) = Dialogue::of(connector);
        let mut client = connector.connect().expect("a session");
        let (hellos, secure) = (dialogue.count("C: EHLO "), client.is_secure());
        client.inquire(Inquiry::Noop).expect("an answer");
        let attributes = [
            attribute(AttributeName::Name, "client.example"),
            attribute(AttributeName::Addr, "192.0.2.7"),
            attribute(AttributeName::Helo, "a+b=c.example"),
        ];
        let answer = client.inquire(Inquiry::XClient(&attributes)).expect("a new session");
        assert!(answer.code().is_completion(), "{answer:?}");
        let text = dialogue.text();
        let said = "C: XCLIENT NAME=client.example ADDR=192.0.2.7 HELO=a+2Bb+3Dc.example\nS: 220 mx.lab.test";
        let (_, anew) = text.split_once(said).unwrap_or_else(|| panic!("{text}"));
        // Greeted and introduced anew; TLS stays.
        assert!(anew.lines().nth(1).is_some_and(|line| line.starts_with("C: EHLO ")), "{text}");
        assert_eq!(dialogue.count("C: EHLO "), hellos + 1, "{text}");
        assert_eq!(client.is_secure(), secure, "{text}");
        // To one that is somebody else now Postfix does not offer it again.
        assert!(!client.capabilities().offers(Extension::XClient), "{text}");
        let trace = received(&mut client, server, user);
        assert!(trace.ends_with(" (client.example [192.0.2.7])"), "{trace}");
        client.quit().expect("an end");
    }
}

#[test]
fn a_client_without_a_name_is_unknown_and_one_without_an_address_is_refused() {
    let Some(server) = Kind::Postfix.shared() else { return };
    let (connector, dialogue) = Dialogue::of(plain(server, "trusted"));
    let mut client = connector.connect().expect("a session");
    let name = Attribute::unavailable(AttributeName::Name);
    let nowhere = [name, attribute(AttributeName::Addr, "nowhere")];
    let answer = client.inquire(Inquiry::XClient(&nowhere)).expect("an answer");
    assert_eq!(answer.code().value(), 501, "{}", dialogue.text());
    // The session is as it was: no EHLO, and the same can be asked again.
    let somewhere = [name, attribute(AttributeName::Addr, "192.0.2.8")];
    assert_eq!(dialogue.count("C: EHLO "), 1, "{}", dialogue.text());
    client.inquire(Inquiry::XClient(&somewhere)).expect("a new session");
    assert_eq!(dialogue.count("C: EHLO "), 2, "{}", dialogue.text());
    let trace = received(&mut client, server, "u155");
    assert!(trace.ends_with(" (unknown [192.0.2.8])"), "{trace}");
    client.quit().expect("an end");
}

#[test]
fn where_a_message_came_from_is_forwarded_and_the_session_goes_on() {
    let Some(server) = Kind::Postfix.shared() else { return };
    let (connector, dialogue) = Dialogue::of(plain(server, "trusted"));
    let mut client = connector.connect().expect("a session");
    let attributes = [
        attribute(AttributeName::Name, "forwarded.example"),
        attribute(AttributeName::Addr, "192.0.2.9"),
        attribute(AttributeName::Ident, "an+id"),
    ];
    let answer = client.inquire(Inquiry::XForward(&attributes)).expect("an answer");
    assert_eq!(answer.code().value(), 250, "{}", dialogue.text());
    // It is for Postfix's log and filters; the message still comes from here.
    let trace = received(&mut client, server, "u156");
    assert!(trace.ends_with("[127.0.0.1])"), "{trace}");
    assert_eq!(dialogue.count("C: EHLO "), 1, "{}", dialogue.text());
    client.quit().expect("an end");
    let log = server.directory().join("log");
    let noted = ", orig_queue_id=an+id, orig_client=forwarded.example[192.0.2.9]";
    // A process of its own writes the log.
    let mut tries = 0..1000;
    while !fs::read_to_string(&log).expect("a log").contains(noted) {
        assert!(tries.next().is_some(), "Postfix has not noted{noted}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn what_the_server_does_not_want_to_know_of_another_is_not_said() {
    let Some(server) = Kind::Postfix.shared() else { return };
    let ident = [attribute(AttributeName::Addr, "192.0.2.7"), attribute(AttributeName::Ident, "1")];
    let login = [attribute(AttributeName::Addr, "192.0.2.7"), attribute(AttributeName::Login, "a")];
    let addr = [attribute(AttributeName::Addr, "192.0.2.7")];
    let (x_client, x_forward) = (Extension::XClient, Extension::XForward);
    for (port, inquiry, extension) in [
        ("trusted", Inquiry::XClient(&ident), x_client),
        ("trusted", Inquiry::XForward(&login), x_forward),
        ("trusted", Inquiry::XForward(&[]), x_forward),
        // Offers neither.
        ("plain", Inquiry::XClient(&addr), x_client),
        ("plain", Inquiry::XForward(&addr), x_forward),
    ] {
        let (connector, dialogue) = Dialogue::of(plain(server, port));
        let mut client = connector.connect().expect("a session");
        let error = client.inquire(inquiry).expect_err("not offered");
        let Error::Refused(refusal) = error else { panic!("{port}, {inquiry:?}: {error:?}") };
        assert_eq!(refusal, Refusal::NotOffered(extension));
        assert_eq!(dialogue.count("C: X"), 0, "{}", dialogue.text());
        let trace = received(&mut client, server, "u157");
        assert!(trace.ends_with("[127.0.0.1])"), "{trace}");
        client.quit().expect("an end");
    }
}
