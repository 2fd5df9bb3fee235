//! Servers that do everything within each limit, and never end: what holds then is the pace of content, and the
//! caller's deadline for a whole call. The clock is tokio's, and stands still unless everybody waits.
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

mod support;

use std::time::Duration;

use smtp_async::{
    Client, Connector, Delivery, Error, Inquiry, Outcome, Status, Timeouts, TlsPolicy,
    proto::client::{Chunking, Phase},
};
use support::envelope;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex},
    time::{Instant, sleep, timeout},
};

const LIMIT: Duration = Duration::from_secs(100);

/// Reads up to the line that starts so.
async fn hear(far: &mut BufReader<DuplexStream>, command: &str) {
    let mut line = String::new();
    while !line.starts_with(command) {
        line.clear();
        far.read_line(&mut line).await.expect("a line");
    }
}

fn connector() -> Connector {
    Connector::new("localhost", 0)
        .with_tls(TlsPolicy::None)
        .configure(|config| config.with_plaintext_auth(true))
}

/// It has taken so long, on the clock of the test.
fn assert_took(start: Instant, limit: Duration, what: &str) {
    // Timers are rounded up to milliseconds.
    let over = start.elapsed().checked_sub(limit);
    assert!(
        over.is_some_and(|over| over < Duration::from_millis(2)),
        "{what}: {:?}",
        start.elapsed()
    );
}

fn is_unsent(outcome: &Outcome) -> bool {
    outcome.recipients().all(|recipient| recipient.status() == Status::NotAttempted)
}

/// A server that takes so many octets of content at a time, and waits so long before each.
fn takes(octets: usize, pause: Duration, chunks: bool) -> DuplexStream {
    let (near, far) = duplex(octets);
    tokio::spawn(async move {
        let mut far = BufReader::with_capacity(octets, far);
        let hello =
            if chunks { "250-mx\r\n250-PIPELINING\r\n250 CHUNKING\r\n" } else { "250 mx\r\n" };
        for (command, reply) in
            [("", "220 mx\r\n"), ("EHLO", hello), ("MAIL", "250 ok\r\n"), ("RCPT", "250 ok\r\n")]
        {
            hear(&mut far, command).await;
            far.write_all(reply.as_bytes()).await.expect("a client");
        }
        if !chunks {
            hear(&mut far, "DATA").await;
            far.write_all(b"354 go\r\n").await.expect("a client");
        }
        let mut content = Vec::new();
        while !content.ends_with(b"\r\n.\r\n") {
            sleep(pause).await;
            let some = far.fill_buf().await.expect("content");
            content.extend_from_slice(some);
            let length = some.len();
            far.consume(length);
            if length == 0 {
                return;
            }
        }
        far.write_all(b"250 ok\r\n").await.expect("a client");
    });
    near
}

#[tokio::test(start_paused = true)]
async fn content_that_is_taken_fast_enough_has_no_other_limit() {
    // As slow as may be, and in pieces that are a quarter of an hour apart.
    for (octets, pause, rate) in [(1000, 2, 500), (5000, 10, 500), (1000, 170, 5), (1000, 170, 0)] {
        let mut limits = Timeouts::RFC_5321;
        limits.least_rate = rate;
        let stream = takes(octets, Duration::from_secs(pause), false);
        let mut client = connector().with_timeouts(limits).over(stream);
        let content = b"0123456789\r\n".repeat(20_000);
        let start = Instant::now();
        let outcome = client.send(&envelope(&["b@example.net"]), &content[..]).await;
        assert!(outcome.expect("an outcome").is_delivered(), "{octets} in {pause} s");
        assert!(start.elapsed() > Duration::from_secs(460));
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_takes_a_little_within_each_limit_is_given_up() {
    for chunking in [Chunking::Off, Chunking::AfterRecipients, Chunking::InFlight] {
        for (octets, pause) in [(1000, 170), (1, 1), (80_000, 170)] {
            let stream = takes(octets, Duration::from_secs(pause), chunking != Chunking::Off);
            let mut client =
                connector().configure(|config| config.with_chunking(chunking)).over(stream);
            client.open().await.expect("a session");
            let content = b"0123456789\r\n".repeat(2_000_000);
            let start = Instant::now();
            let outcome = client.send(&envelope(&["b@example.net"]), &content[..]).await;
            // Three minutes, and what the octets that it took are worth.
            let took = start.elapsed();
            assert!(took < Duration::from_secs(7200), "{chunking:?}, {octets}: {took:?}");
            assert!(is_unsent(&outcome.expect("an outcome")), "{chunking:?}, {octets}");
            assert!(matches!(client.failure(), Some(Error::Timeout(_))), "{:?}", client.failure());
        }
    }
}

/// A server that replies to each line after 40 seconds, and takes content at once.
fn slow() -> DuplexStream {
    let (near, far) = duplex(4096);
    tokio::spawn(async move {
        let mut far = BufReader::new(far);
        let (mut reply, mut line) = ("220 mx\r\n", String::new());
        loop {
            sleep(Duration::from_secs(40)).await;
            if far.write_all(reply.as_bytes()).await.is_err() {
                return;
            }
            loop {
                let ends = reply.starts_with("354") && line == ".\r\n";
                line.clear();
                if ends || far.read_line(&mut line).await.unwrap_or_default() == 0 {
                    return;
                }
                if !reply.starts_with("354") {
                    break;
                }
            }
            reply = match &line[..4] {
                "EHLO" => "250-mx\r\n250-AUTH PLAIN\r\n250 LIMITS RCPTMAX=1\r\n",
                "AUTH" => "235 ok\r\n",
                "DATA" => "354 go\r\n",
                _ => "250 ok\r\n",
            };
        }
    });
    near
}

async fn slow_client() -> Client<DuplexStream> {
    let mut client = connector().over(slow());
    client.open().await.expect("a session");
    client.set_deadline(Some(Instant::now() + LIMIT));
    client
}

#[tokio::test(start_paused = true)]
async fn a_deadline_is_one_for_a_whole_call() {
    let many = envelope(&["b@example.net", "c@example.net", "d@example.net", "e@example.net"]);

    let deadline = Instant::now() + LIMIT;
    let error = connector().with_deadline(deadline).over(slow()).login("u", "p").await;
    assert_took(deadline - LIMIT, LIMIT, "login");
    assert!(matches!(error, Err(Error::Timeout(Phase::Auth))), "{error:?}");

    let (mut client, start) = (slow_client().await, Instant::now());
    let outcome = client.send(&envelope(&["b@example.net"]), &b"x"[..]).await.expect("an outcome");
    assert_took(start, LIMIT, "send");
    assert!(is_unsent(&outcome), "{outcome:?}");
    assert!(matches!(client.failure(), Some(Error::Timeout(Phase::Data))), "{client:?}");
    let again = client.inquire(Inquiry::Noop).await.expect_err("no session");
    assert!(matches!(again, Error::Timeout(Phase::Data)), "{again}");

    let (mut client, start) = (slow_client().await, Instant::now());
    let mut delivery = Delivery::new(&many, client.capabilities().limits());
    client.deliver(&mut delivery, || &b"x"[..]).await.ok();
    assert_took(start, LIMIT, "deliver");

    let (mut client, start) = (slow_client().await, Instant::now());
    let messages = vec![(envelope(&["b@example.net"]), &b"x"[..]); 3];
    let outcomes = client.send_all(messages).await;
    assert_took(start, LIMIT, "send_all");
    assert!(outcomes.iter().flatten().all(is_unsent), "{outcomes:?}");

    let (mut client, start) = (slow_client().await, Instant::now());
    for _ in 0..2 {
        client.inquire(Inquiry::Noop).await.expect("a reply");
    }
    let error = client.inquire(Inquiry::Noop).await.expect_err("no time");
    assert_took(start, LIMIT, "three inquiries");
    assert!(matches!(error, Error::Timeout(Phase::Noop)), "{error}");

    let (mut client, start) = (slow_client().await, Instant::now());
    client.set_deadline(Some(start + Duration::from_secs(3)));
    assert_eq!(client.quit().await.expect("an end"), None);
    assert_took(start, Duration::from_secs(3), "quit");
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_a_content_that_does_not_come() {
    let mut client = connector().over(takes(1000, Duration::ZERO, false));
    let start = Instant::now();
    client.set_deadline(Some(start + LIMIT));
    let (reader, _writer) = duplex(64);
    let envelope = envelope(&["b@example.net"]);
    let sending = client.send(&envelope, BufReader::new(reader));
    let outcome = timeout(2 * LIMIT, sending).await.expect("an end").expect("an outcome");
    assert_took(start, LIMIT, "the content");
    assert!(is_unsent(&outcome), "{outcome:?}");
    assert!(matches!(client.failure(), Some(Error::Timeout(Phase::Content))), "{client:?}");
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_was_taken_back_ends_nothing() {
    let mut client = slow_client().await;
    client.inquire(Inquiry::Noop).await.expect("a reply");
    client.set_deadline(None);
    for _ in 0..5 {
        client.inquire(Inquiry::Noop).await.expect("a reply");
    }
}
