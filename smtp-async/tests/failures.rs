//! Lost connections, time limits, broken readers: what is known then, and that nothing follows.
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

mod support;

use std::{
    future::{Future, poll_fn},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    task::{Context, Poll},
    time::Duration,
};

use smtp_async::{
    Error, Inquiry, Status, Timeouts, Verdict,
    proto::{
        client::{End, Phase},
        reply::OwnedReply,
    },
};
use tokio::io::{AsyncRead, AsyncReadExt, BufReader, ReadBuf};

use support::{client, connector, envelope, opening, peer};

/// Long enough for all that a server does at once, on a busy machine too.
const LIMIT: Duration = Duration::from_secs(2);

const STEPS: [&str; 7] = [
    "S: 220 mx.example ready",
    "C: EHLO client.example\n S: 250 mx.example",
    "C: MAIL FROM:<a@example.org>\n S: 250 ok",
    "C: RCPT TO:<b@example.net>\n S: 250 ok",
    "C: DATA\n S: 354 go",
    "CONTENT",
    "S: 250 ok",
];

/// Lets the server close after so many steps, in the middle of its next reply.
async fn lost_after(steps: usize) -> Result<smtp_async::Outcome, Error> {
    let next = STEPS.get(steps).and_then(|step| step.lines().next());
    let heard = next.filter(|step| step.starts_with('C')).unwrap_or_default();
    let peer = peer(&format!("{}\n {heard}\n S+ 25\n", STEPS[..steps].join("\n")));
    let outcome = client(&peer).await.send(&envelope(&["b@example.net"]), &b"x\r\n"[..]).await;
    peer.join();
    outcome
}

#[tokio::test]
async fn a_session_lost_while_it_opens_sends_nothing() {
    for (steps, phase) in [(0, Phase::Greeting), (1, Phase::Hello)] {
        let error = lost_after(steps).await.expect_err("no session");
        assert_eq!(error.end(), Some(End::Lost(phase)), "{error}");
    }
}

#[tokio::test]
async fn a_connection_lost_before_the_content_is_complete_can_be_tried_again() {
    for steps in 2..5 {
        let outcome = lost_after(steps).await.expect("an outcome");
        assert_eq!(outcome.verdict(), Verdict::Failed, "after {steps} steps");
        assert_eq!(outcome.recipient(0).map(|r| r.status()), Some(Status::NotAttempted));
        assert!(matches!(outcome.end(), Some(End::Lost(_))));
    }
}

#[tokio::test]
async fn a_connection_lost_behind_the_dot_leaves_the_message_unknown() {
    let outcome = lost_after(6).await.expect("an outcome");
    assert_eq!(outcome.verdict(), Verdict::Unknown);
    assert_eq!(outcome.end(), Some(End::Lost(Phase::Final)));
}

#[tokio::test]
async fn a_verdict_stays_when_the_connection_is_lost_after_it() {
    assert_eq!(lost_after(7).await.expect("an outcome").verdict(), Verdict::Delivered);
}

#[tokio::test]
async fn a_silent_server_is_given_up_and_the_session_with_it() {
    let peer = peer(&format!("{} C: NOOP\n WAIT", opening(&[])));
    let limit = Timeouts::uniform(LIMIT);
    let mut client = connector(&peer).with_timeouts(limit).connect().await.expect("a session");
    for _ in 0..2 {
        let error = client.inquire(Inquiry::Noop).await.expect_err("silence");
        assert!(matches!(error, Error::Timeout(Phase::Noop)), "{error}");
    }
    let error =
        client.send(&envelope(&["b@example.net"]), &b"x"[..]).await.expect_err("no session");
    assert!(matches!(error, Error::Timeout(Phase::Noop)), "{error}");
    assert_eq!(error.end(), Some(End::Aborted(Phase::Noop)));
    assert!(!client.is_reusable());
    drop(client);
    peer.join();
}

#[tokio::test]
async fn a_time_limit_is_one_for_the_whole_reply() {
    let drip: String = (0..40).map(|_| "S+ 2\n QUIET\n").collect();
    let peer = peer(&format!("{} C: NOOP\n S+ 250-\n{drip}", opening(&[])));
    let limit = Timeouts::uniform(LIMIT);
    let mut client = connector(&peer).with_timeouts(limit).connect().await.expect("a session");
    let error = client.inquire(Inquiry::Noop).await.expect_err("a reply without end");
    assert!(matches!(error, Error::Timeout(Phase::Noop)), "{error}");
    // The server goes on dripping and finds nobody.
    drop(client);
}

#[tokio::test]
async fn a_time_out_behind_the_dot_leaves_the_message_unknown() {
    let peer = peer(&format!("{}\n WAIT", STEPS[..6].join("\n")));
    let limit = Timeouts::uniform(LIMIT);
    let mut client = connector(&peer).with_timeouts(limit).connect().await.expect("a session");
    let outcome = client.send(&envelope(&["b@example.net"]), &b"x"[..]).await.expect("an outcome");
    assert_eq!(outcome.verdict(), Verdict::Unknown);
    assert!(matches!(client.failure(), Some(Error::Timeout(Phase::Final))));
    drop(client);
    peer.join();
}

/// Ends neither well nor soon.
struct Endless;

impl AsyncRead for Endless {
    fn poll_read(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let space = buffer.initialize_unfilled();
        space.fill(b'x');
        let length = space.len();
        buffer.advance(length);
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn a_refusal_in_the_middle_of_the_content_is_heard_although_the_server_closed() {
    let peer = peer(&format!("{}\n C? xxx\n S: 552 5.3.4 too big\n CLOSE", STEPS[..5].join("\n")));
    let content = BufReader::new((&b"xxx\r\n"[..]).chain(Endless));
    let mut client = client(&peer).await;
    let outcome = client.send(&envelope(&["b@example.net"]), content).await.expect("an outcome");
    assert_eq!(outcome.verdict(), Verdict::Rejected);
    let reply = outcome.reply().expect("the server's words");
    assert_eq!((reply.code().value(), reply.text()), (552, vec!["too big".to_owned()]));
    assert!(!client.is_reusable());
    assert!(matches!(client.failure().and_then(Error::end), Some(End::ContentRefused(_))));
    peer.join();
}

struct Failing;

impl AsyncRead for Failing {
    fn poll_read(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        _buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Ready(Err(io::Error::other("the disk is gone")))
    }
}

#[tokio::test]
async fn content_that_cannot_be_read_stays_unterminated() {
    let peer = peer(&format!("{}\n C: x\n UNTERMINATED", STEPS[..5].join("\n")));
    let mut client = client(&peer).await;
    let lines = b"x\r\n".repeat(100_000);
    let content = BufReader::new(lines.as_slice().chain(Failing));
    let outcome = client.send(&envelope(&["b@example.net"]), content).await.expect("an outcome");
    assert_eq!(outcome.verdict(), Verdict::Failed);
    let error = client.inquire(Inquiry::Noop).await.expect_err("no session");
    assert_eq!(error.to_string(), "the content cannot be read: the disk is gone");
    drop(client);
    peer.join();
}

#[tokio::test]
async fn content_that_cannot_be_sent_stays_unterminated() {
    let peer = peer(&format!("{}\n UNTERMINATED", STEPS[..5].join("\n")));
    let mut client = client(&peer).await;
    let outcome =
        client.send(&envelope(&["b@example.net"]), &b"x\0y"[..]).await.expect("an outcome");
    assert_eq!(outcome.verdict(), Verdict::Failed);
    assert!(matches!(outcome.end(), Some(End::BadContent(_))));
    drop(client);
    peer.join();
}

#[tokio::test]
async fn a_refused_greeting_is_answered_with_quit() {
    let peer = peer("S: 554 5.7.1 not you\n C: QUIT\n S: 221 bye");
    let mut client = client(&peer).await;
    for _ in 0..2 {
        let error = client.open().await.expect_err("no session");
        assert_eq!(error.phase(), Some(Phase::Greeting));
        assert_eq!(error.reply().map(OwnedReply::text), Some(vec!["not you".to_owned()]));
    }
    peer.join();
}

#[tokio::test]
async fn a_server_that_closes_an_idle_session_is_noticed() {
    let peer = peer(&format!("{} S: 421 4.4.2 idle too long", opening(&[])));
    let mut client = client(&peer).await;
    let error = client.watch(Duration::from_secs(20)).await.expect_err("no session");
    assert_eq!(error.end(), Some(End::ServiceClosing(Phase::Idle)));
    assert!(!client.is_reusable());
    peer.join();
}

#[tokio::test]
async fn an_idle_session_stays_usable_after_it_was_watched() {
    let peer = peer(&format!("{} C: NOOP\n S: 250 ok", opening(&[])));
    let mut client = client(&peer).await;
    client.watch(Duration::from_millis(50)).await.expect("a session");
    assert_eq!(client.inquire(Inquiry::Noop).await.expect("an answer").code().value(), 250);
    peer.join();
}

#[tokio::test]
async fn quit_without_an_answer_is_no_error() {
    let peer = peer(&format!("{} C: QUIT", opening(&[])));
    assert_eq!(client(&peer).await.quit().await.expect("an end"), None);
    peer.join();
}

/// Panics where it should read.
struct Panicking;

impl AsyncRead for Panicking {
    fn poll_read(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        _buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        std::panic::panic_any("no content")
    }
}

#[tokio::test]
async fn a_message_left_half_done_is_never_completed() {
    let peer = peer(&format!("{}\n UNTERMINATED", STEPS[..5].join("\n")));
    let mut client = client(&peer).await;
    let lines = b"x\r\n".repeat(10_000);
    let content = BufReader::new(lines.as_slice().chain(Panicking));
    let envelope = envelope(&["b@example.net"]);
    {
        let mut send = pin!(client.send(&envelope, content));
        let mut poll = |context: &mut Context<'_>| match catch_unwind(AssertUnwindSafe(|| {
            send.as_mut().poll(context)
        })) {
            Ok(polled) => polled.map(|_| "an outcome"),
            Err(_) => Poll::Ready("a panic"),
        };
        assert_eq!(poll_fn(&mut poll).await, "a panic");
    }
    for _ in 0..2 {
        let error = client.inquire(Inquiry::Noop).await.expect_err("no session");
        assert_eq!(error.end(), Some(End::Aborted(Phase::Content)), "{error}");
    }
    drop(client);
    peer.join();
}

#[tokio::test]
async fn a_watch_that_the_deadline_cuts_short_says_so() {
    let peer = peer(&format!("{} WAIT", opening(&[])));
    let mut client = client(&peer).await;
    client.open().await.ok();
    client.set_deadline(tokio::time::Instant::now().checked_add(Duration::from_millis(50)));
    let error = client.watch(Duration::from_secs(20)).await.expect_err("no time");
    assert!(matches!(error, Error::Timeout(_)), "{error}");
}
