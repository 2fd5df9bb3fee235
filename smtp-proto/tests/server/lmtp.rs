//! LMTP (RFC 2033): another greeting, and an answer for each recipient.

use smtp_proto::server::{Answer, BufferSizes, Config, End, Event, Limits, Protocol, Server};
use smtp_test_support::server::{Peer, config_with_chunks, policy};

const HELLO: &str = "LHLO c.example\r\n";
const OPEN: &str = "LHLO c.example\r\nMAIL FROM:<a@c.example>\r\nRCPT TO:<b@mx.example>\r\n\
    RCPT TO:<nobody@mx.example>\r\nRCPT TO:<full@mx.example>\r\n";
const VERDICTS: &str = "250 2.0.0 OK\r\n450 4.2.0 Mailbox unavailable, try again\r\n";

fn config() -> Config {
    config_with_chunks().with_protocol(Protocol::Lmtp)
}

/// Two recipients are accepted; the second's mailbox is busy.
fn open() -> Peer {
    let mut peer = Peer::after(config(), OPEN);
    peer.policy = |event| match event {
        Event::ContentEnd { recipient: Some(1), .. } => Some(Answer::MAILBOX_BUSY),
        event => policy(event),
    };
    peer
}

#[test]
fn only_lhlo_opens_a_session() {
    let mut peer = Peer::new(config());
    for said in ["EHLO c.example\r\n", "HELO c.example\r\n"] {
        assert_eq!(peer.say(said), "500 5.5.1 Command unrecognised\r\n");
    }
    assert!(peer.say("MAIL FROM:<>\r\n").starts_with("503 "));
    assert!(peer.say(HELLO).starts_with("250-mx.example\r\n250-PIPELINING\r\n"));
    assert_eq!(peer.events, ["connected", "hello c.example true"]);
}

#[test]
fn each_accepted_recipient_has_its_answer_in_one_write() {
    let mut peer = open();
    peer.say("DATA\r\n");
    let writes = peer.writes;
    assert_eq!(peer.say("x\r\n.\r\n"), VERDICTS);
    assert_eq!(peer.writes, writes + 1);
    assert_eq!(peer.events, ["data", "end 3 for 0", "end 3 for 1"]);
    assert!(peer.say("MAIL FROM:<>\r\n").starts_with("250 "), "the transaction is over");
}

#[test]
fn the_last_chunk_has_an_answer_for_each_recipient() {
    let mut peer = open();
    assert_eq!(peer.say("BDAT 1\r\nx"), "250 2.0.0 1 octets received\r\n");
    assert_eq!(peer.say("BDAT 1 LAST\r\ny"), VERDICTS);
    assert_eq!(peer.events, ["end 2 for 0", "end 2 for 1"]);
}

#[test]
fn refused_content_is_refused_for_each_recipient() {
    let bare = "550 5.5.2 Bare CR or LF in content\r\n";
    let mut peer = open();
    peer.say("DATA\r\n");
    assert_eq!(peer.say("a\nb\r\n.\r\n"), bare.repeat(2));
    assert_eq!(peer.events, ["data", "refused BareNewline"]);
    let mut peer = open();
    assert_eq!(peer.say("BDAT 3\r\na\nb"), bare);
    assert_eq!(peer.say("BDAT 0 LAST\r\n"), bare.repeat(2));
    assert_eq!(peer.events, ["refused BareNewline"]);
}

#[test]
fn content_without_a_recipient_is_503() {
    let no_recipients = "503 5.5.1 No valid recipients\r\n";
    for said in ["DATA\r\n", "BDAT 6\r\nQUIT\r\n", "BDAT 6 LAST\r\nQUIT\r\n"] {
        let mut peer = Peer::after(config(), &format!("{HELLO}MAIL FROM:<>\r\n"));
        assert_eq!(peer.say(said), no_recipients, "{said}");
        assert_eq!(peer.say("NOOP\r\n"), "250 2.0.0 OK\r\n");
    }
}

#[test]
fn a_421_is_the_last_answer() {
    let mut peer = open();
    peer.policy = |event| matches!(event, Event::ContentEnd { .. }).then_some(Answer::CLOSING);
    let answer = peer.say("BDAT 0 LAST\r\nNOOP\r\n");
    assert_eq!(answer, "421 4.3.2 Service not available, closing\r\n");
    assert_eq!((peer.server.end(), peer.is_over()), (Some(End::ServiceClosing), true));
}

#[test]
fn more_answers_than_fit_the_buffer_all_leave() {
    let config = config().with_limits(Limits::DEFAULT.with_recipients(500));
    let sizes = BufferSizes::DEFAULT.with_transmit(1024);
    for said in ["a\r\n.\r\n", "a\nb\r\n.\r\n"] {
        let mut peer = Peer::with_server(Server::with_sizes(config, sizes));
        peer.say(format!("{HELLO}MAIL FROM:<>\r\n{}DATA\r\n", "RCPT TO:<b@x>\r\n".repeat(500)));
        let answer = peer.say(format!("{said}NOOP\r\n"));
        assert_eq!(answer.lines().count(), 501, "{said}");
    }
}
