//! Servers that do not answer, or only an octet every ten seconds: each wait ends when RFC 5321
//! 4.5.3.2 says. The clock is tokio's, and stands still unless everybody waits.
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

mod support;

use std::{io, time::Duration};

use smtp_async::{
    Client, Connector, Error, Inquiry, Outcome, Status, Timeouts, TlsPolicy, proto::client::Phase,
};
use support::envelope;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, duplex},
    time::{Instant, sleep},
};

/// What is waited for before a reply, and the reply.
type Step = (&'static str, &'static str);

const STEPS: [Step; 7] = [
    ("", "220 mx.example\r\n"),
    ("EHLO", "250-mx.example\r\n250 AUTH PLAIN\r\n"),
    ("AUTH", "235 ok\r\n"),
    ("MAIL", "250 ok\r\n"),
    ("RCPT", "250 ok\r\n"),
    ("DATA", "354 go\r\n"),
    (".\r\n", "250 ok\r\n"),
];

/// What a server does when it is tired of answering.
#[derive(Clone, Copy, Debug)]
enum Then {
    Silence,
    /// An octet every ten seconds; the last is repeated.
    Drip(&'static [u8]),
}

/// A server that does these steps, waits for `last`, and then does not answer it.
fn serve(steps: &[Step], last: &'static str, then: Then) -> DuplexStream {
    let (near, far) = duplex(4096);
    let steps = steps.to_vec();
    tokio::spawn(async move {
        let mut far = BufReader::new(far);
        for (command, reply) in steps {
            hear(&mut far, command).await;
            far.write_all(reply.as_bytes()).await.expect("a client");
        }
        hear(&mut far, last).await;
        let Then::Drip(octets) = then else { return std::future::pending().await };
        for place in 0.. {
            sleep(Duration::from_secs(10)).await;
            let octet = octets.get(place).or(octets.last()).expect("an octet");
            if far.write_all(&[*octet]).await.is_err() {
                return;
            }
        }
    });
    near
}

/// Reads up to the line that starts so.
async fn hear(far: &mut BufReader<DuplexStream>, command: &str) {
    let mut line = String::new();
    while !line.starts_with(command) {
        line.clear();
        far.read_line(&mut line).await.expect("a line");
    }
}

fn connector(tls: TlsPolicy) -> Connector {
    Connector::new("localhost", 0)
        .with_tls(tls)
        .configure(|config| config.with_plaintext_auth(true))
}

/// It has taken so long, on the clock of the test.
fn assert_took(start: Instant, limit: Duration, what: impl std::fmt::Debug) {
    // Timers are rounded up to milliseconds.
    let over = start.elapsed().checked_sub(limit).expect("not before its time");
    assert!(over < Duration::from_millis(2), "{what:?}: {over:?} too late");
}

/// The session is over, and everybody is told so at once.
async fn assert_over(client: &mut Client<DuplexStream>, phase: Phase) {
    let start = Instant::now();
    assert!(!client.is_reusable());
    let error = client.inquire(Inquiry::Noop).await.expect_err("no session");
    assert!(matches!(error, Error::Timeout(at) if at == phase), "{error}");
    let sent = client.send(&envelope(&["b@example.net"]), &b"x"[..]).await;
    assert_eq!(sent.expect_err("no session").to_string(), error.to_string());
    assert_took(start, Duration::ZERO, phase);
}

async fn whole_session(client: &mut Client<DuplexStream>) -> Result<Outcome, Error> {
    client.login("user", "s3cret").await?;
    client.send(&envelope(&["b@example.net"]), &b"x\r\n"[..]).await
}

#[tokio::test(start_paused = true)]
async fn each_reply_has_the_time_that_the_rfc_gives_it() {
    for (step, phase, seconds, drip) in [
        (0, Phase::Greeting, 300, "220-"),
        (1, Phase::Hello, 300, "250-"),
        (2, Phase::Auth, 300, "334 "),
        (3, Phase::Mail, 300, "250-"),
        (4, Phase::Rcpt, 300, "250-"),
        (5, Phase::Data, 120, "354-"),
        (6, Phase::Final, 600, "250-"),
    ] {
        for then in [Then::Silence, Then::Drip(drip.as_bytes())] {
            let stream = serve(&STEPS[..step], STEPS[step].0, then);
            let mut client = connector(TlsPolicy::None).over(stream);
            let start = Instant::now();
            let result = whole_session(&mut client).await;
            assert_took(start, Duration::from_secs(seconds), (phase, then));
            if step > 2 {
                // What a message came to stands in its outcome.
                let outcome = result.expect("an outcome");
                let status = outcome.recipient(0).expect("a recipient").status();
                let known = if step == 6 { Status::Unknown } else { Status::NotAttempted };
                assert_eq!(status, known, "{phase}");
            } else {
                let error = result.expect_err("no session");
                assert!(matches!(error, Error::Timeout(at) if at == phase), "{error}");
            }
            assert_over(&mut client, phase).await;
        }
    }
}

#[cfg(feature = "tls")]
#[tokio::test(start_paused = true)]
async fn starttls_and_each_handshake_have_the_time_of_a_command() {
    const CLEAR: [Step; 3] =
        [STEPS[0], ("EHLO", "250-mx\r\n250 STARTTLS\r\n"), ("STARTTLS", "220 go\r\n")];
    // The start of a record that never becomes whole.
    let record = Then::Drip(b"\x16\x03\x03\x40\x00\x02\x00");
    for (tls, steps, last, phase, drip) in [
        (TlsPolicy::Required, &CLEAR[..2], "STARTTLS", Phase::StartTls, Then::Drip(b"220-")),
        (TlsPolicy::Required, &CLEAR[..], "", Phase::Tls, record),
        (TlsPolicy::Implicit, &[], "", Phase::Tls, record),
    ] {
        for then in [Then::Silence, drip] {
            let trust = support::tls::trusting();
            let stream = serve(steps, last, then);
            let mut client = connector(tls).with_tls_config(trust).over(stream);
            let start = Instant::now();
            let error = client.open().await.expect_err("no session");
            assert!(matches!(error, Error::Timeout(at) if at == phase), "{error}");
            assert_took(start, Duration::from_secs(300), (phase, then));
            assert_over(&mut client, phase).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn content_that_nobody_takes_is_given_up_after_three_minutes() {
    let mut client = connector(TlsPolicy::None).over(serve(&STEPS[..6], "", Then::Silence));
    client.login("user", "s3cret").await.expect("to be let in");
    let content = b"0123456789\r\n".repeat(10_000);
    let start = Instant::now();
    let outcome = client.send(&envelope(&["b@example.net"]), &content[..]).await;
    assert_took(start, Duration::from_secs(180), Phase::Content);
    let outcome = outcome.expect("an outcome");
    assert_eq!(outcome.recipient(0).expect("a recipient").status(), Status::NotAttempted);
    assert_over(&mut client, Phase::Content).await;
}

#[tokio::test(start_paused = true)]
async fn the_callers_own_time_is_not_counted() {
    const OPENING: [Step; 2] = [STEPS[0], ("EHLO", "250 mx\r\n")];
    let steps = [&OPENING[..], &STEPS[3..]].concat();
    let mut client = connector(TlsPolicy::None).over(serve(&steps, "", Then::Silence));
    client.open().await.expect("a session");
    sleep(Duration::from_secs(1000)).await;
    let (reader, mut writer) = duplex(64);
    tokio::spawn(async move {
        for _ in 0..5 {
            sleep(Duration::from_secs(1000)).await;
            writer.write_all(b"slowly\r\n").await.expect("a reader");
        }
    });
    let outcome = client.send(&envelope(&["b@example.net"]), BufReader::new(reader)).await;
    assert!(outcome.expect("an outcome").is_delivered());
}

#[tokio::test(start_paused = true)]
async fn quit_waits_ten_seconds_and_is_no_error() {
    for then in [Then::Silence, Then::Drip(b"221-")] {
        let opening = [STEPS[0], ("EHLO", "250 mx\r\n")];
        let client = connector(TlsPolicy::None).over(serve(&opening, "QUIT", then));
        let start = Instant::now();
        assert_eq!(client.quit().await.expect("an end"), None);
        assert_took(start, Duration::from_secs(10), then);
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_lasts_as_long_as_it_is_told() {
    let steps = [STEPS[0], ("EHLO", "250 mx\r\n"), ("NOOP", "250 ok\r\n")];
    let mut client = connector(TlsPolicy::None).over(serve(&steps, "NOOP", Then::Silence));
    let start = Instant::now();
    client.watch(Duration::from_secs(1000)).await.expect("a session");
    assert_took(start, Duration::from_secs(1000), "the watch");
    client.inquire(Inquiry::Noop).await.expect("an answer");
    client.watch(Duration::from_secs(5)).await.expect("a session");
    // What follows has its own time, not what the watch had left.
    let start = Instant::now();
    client.inquire(Inquiry::Noop).await.expect_err("silence");
    assert_took(start, Duration::from_secs(300), Phase::Noop);
    assert_over(&mut client, Phase::Noop).await;
}

#[tokio::test(start_paused = true)]
async fn a_watch_hears_a_421_however_slowly_it_comes() {
    const CLOSING: &[u8] = b"421 bye\r\n";
    let opening = [STEPS[0], ("EHLO", "250 mx\r\n")];
    let mut client = connector(TlsPolicy::None).over(serve(&opening, "", Then::Drip(CLOSING)));
    let start = Instant::now();
    // A part of it is not reason enough to end, nor to stay longer.
    client.watch(Duration::from_secs(35)).await.expect("a session");
    assert_took(start, Duration::from_secs(35), "the watch");
    assert!(!client.is_reusable());
    let error = client.watch(Duration::from_secs(1000)).await.expect_err("the 421");
    assert_took(start, Duration::from_secs(90), "the 421");
    assert_eq!(error.reply().map(|reply| reply.code().value()), Some(421));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_takes_no_connection_is_given_up() {
    let full = support::full_listener();
    for (timeouts, limit) in [
        (Timeouts::RFC_5321, Duration::from_secs(300)),
        (Timeouts::uniform(Duration::from_secs(7)), Duration::from_secs(7)),
    ] {
        let connector = Connector::new("127.0.0.1", full.address.port()).with_timeouts(timeouts);
        let start = Instant::now();
        let error = connector.connect().await.expect_err("no connection");
        let Error::Connect(reason) = &error else { panic!("{error}") };
        assert_eq!(reason.kind(), io::ErrorKind::TimedOut);
        assert_took(start, limit, "connecting");
    }
}
