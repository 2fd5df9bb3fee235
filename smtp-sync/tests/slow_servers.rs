//! Servers that do everything within each limit, and never end: what holds then is the pace of content, and the
//! caller's deadline for a whole call.
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

mod support;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use smtp_sync::{
    Client, Connector, Delivery, Error, Inquiry, Outcome, Status, Timeouts, TlsPolicy,
    proto::client::Chunking,
};
use support::envelope;

/// How long a server takes for everything.
const PAUSE: Duration = Duration::from_millis(20);

/// Far more than that.
const LIMIT: Duration = Duration::from_secs(20);

/// Serves one client; the port.
fn serve(session: impl FnOnce(TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || session(listener.accept().expect("a client").0));
    port
}

/// A server that replies to each line after a pause, until nobody is there.
fn slow(stream: TcpStream) {
    let mut lines = BufReader::new(stream.try_clone().expect("a socket")).lines();
    let (mut stream, mut reply) = (stream, "220 mx\r\n");
    loop {
        thread::sleep(PAUSE);
        if stream.write_all(reply.as_bytes()).is_err() {
            return;
        }
        let Some(Ok(line)) = lines.next() else { return };
        reply = match &line[..4] {
            "EHLO" => "250-mx\r\n250 LIMITS RCPTMAX=1\r\n",
            "DATA" => "354 go\r\n",
            _ => "250 ok\r\n",
        };
        if line == "DATA" {
            // The content ends at once, and gets its reply.
            stream.write_all(reply.as_bytes()).ok();
            lines.by_ref().find(|line| line.as_ref().map_or(true, |line| line == "."));
            reply = "250 ok\r\n";
        }
    }
}

fn connector(port: u16) -> Connector {
    Connector::new("127.0.0.1", port)
        .with_tls(TlsPolicy::None)
        .with_timeouts(Timeouts::uniform(LIMIT))
}

/// A session with the slow server that will soon have to be over.
fn slow_client() -> Client {
    let mut client = connector(serve(slow)).connect().expect("a session");
    client.set_deadline(Some(Instant::now() + 10 * PAUSE));
    client
}

fn is_out_of_time(client: &Client) -> bool {
    matches!(client.failure(), Some(Error::Timeout(_)))
}

#[test]
fn a_deadline_is_one_for_any_number_of_calls() {
    let mut client = slow_client();
    let error = (0..1000).find_map(|_| client.inquire(Inquiry::Noop).err());
    assert!(matches!(error, Some(Error::Timeout(_))), "{error:?}");
}

#[test]
fn a_deadline_is_one_for_a_whole_call() {
    let to: Vec<_> = (0..1000).map(|number| format!("{number}@example.net")).collect();
    let many = envelope(&to.iter().map(String::as_str).collect::<Vec<_>>());
    let mut client = slow_client();
    let mut delivery = Delivery::new(&many, client.capabilities().limits());
    client.deliver(&mut delivery, || &b"x"[..]).ok();
    assert!(is_out_of_time(&client), "{client:?}");

    let mut client = slow_client();
    let outcomes = client.send_all(vec![(envelope(&["b@example.net"]), &b"x"[..]); 1000]);
    assert!(is_out_of_time(&client), "{client:?}");
    let is_delivered =
        |result: &Result<Outcome, _>| result.as_ref().is_ok_and(Outcome::is_delivered);
    assert!(!outcomes.last().is_some_and(is_delivered));
}

#[test]
fn a_deadline_counts_from_the_first_address_on() {
    let soon = Instant::now() + PAUSE / 2;
    let error = connector(serve(slow)).with_deadline(soon).connect();
    // On a busy machine it is over before there is a connection.
    assert!(matches!(error, Err(Error::Timeout(_) | Error::Connect(_))), "{error:?}");
}

#[test]
fn a_deadline_that_was_taken_back_ends_nothing() {
    let mut client = slow_client();
    client.set_deadline(None);
    for _ in 0..15 {
        client.inquire(Inquiry::Noop).expect("a reply");
    }
}

/// Takes 64 KiB after each pause, and does not ask for more.
fn takes_a_little(mut stream: TcpStream) {
    let mut lines = BufReader::new(stream.try_clone().expect("a socket")).lines();
    stream.write_all(b"220 mx\r\n").ok();
    while let Some(Ok(line)) = lines.next() {
        let reply: &[u8] = match &line[..4] {
            "EHLO" => b"250-mx\r\n250-CHUNKING\r\n250 PIPELINING\r\n",
            "DATA" => b"354 go\r\n",
            "BDAT" => break,
            _ => b"250 ok\r\n",
        };
        stream.write_all(reply).ok();
        if line == "DATA" {
            break;
        }
    }
    let mut space = vec![0; 64 * 1024];
    while matches!(stream.read(&mut space), Ok(1..)) {
        thread::sleep(PAUSE);
    }
}

#[test]
fn a_server_that_takes_a_little_within_each_limit_is_given_up() {
    for chunking in [Chunking::Off, Chunking::InFlight] {
        let mut limits = Timeouts::uniform(LIMIT);
        limits.content = 10 * PAUSE;
        // A hundred times what it takes.
        limits.least_rate = 400 * 1024 * 1024;
        let mut client = connector(serve(takes_a_little))
            .with_timeouts(limits)
            .configure(|config| config.with_chunking(chunking))
            .connect()
            .expect("a session");
        let endless = BufReader::new(std::io::repeat(b'x'));
        let outcome = client.send(&envelope(&["b@example.net"]), endless).expect("an outcome");
        assert_eq!(outcome.recipient(0).map(|to| to.status()), Some(Status::NotAttempted));
        assert!(is_out_of_time(&client), "{client:?}");
    }
}
