//! Extensions against real servers: BDAT, many messages in flight, LMTP. See `live/README.md`; where
//! a server is not installed its tests say `SKIPPED` and pass, unless the variable CI is set.
#![cfg(all(unix, feature = "tls"))]

#[allow(dead_code, reason = "shared with the other live tests")]
#[path = "live/message.rs"]
mod message;
#[allow(dead_code, reason = "shared with the other live tests")]
#[path = "live/server.rs"]
mod server;

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use message::{Message, assert_same};
use server::{Kind, Server};
use smtp_sync::{
    Connector, Envelope, Outcome, Status, Stream, TlsPolicy,
    proto::client::{Chunking, Phase, Protocol},
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
        let fates: Vec<Status> = outcome.recipients().map(|to| to.status).collect();
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
        let fates: Vec<_> = outcome.recipients().map(|to| (to.status, to.phase)).collect();
        let expected = [
            (Status::Accepted, Phase::Final),
            (Status::Rejected, Phase::Rcpt),
            (Status::Deferred, Phase::Final),
        ];
        assert_eq!(fates, expected);
    }
    client.quit().expect("an end");
}
