//! BDAT (RFC 3030): chunks, their replies, and what is swallowed.

use smtp_proto::{
    hello::Extension,
    server::{Config, End, Event, Limits},
};
use smtp_test_support::server::{Peer, config, config_with_chunks};

const OPEN: &str = "EHLO c.example\r\nMAIL FROM:<a@c.example>\r\nRCPT TO:<b@mx.example>\r\n";
const TAKEN: &str = "250 2.0.0 OK\r\n";
const BAD_SEQUENCE: &str = "503 5.5.1 Bad sequence of commands\r\n";

fn open() -> Peer {
    Peer::after(config_with_chunks(), OPEN)
}

fn small(content: u64) -> Config {
    config_with_chunks().with_limits(Limits::DEFAULT.with_content(content))
}

#[test]
fn each_chunk_is_answered_and_the_last_ends_the_content() {
    let mut peer = open();
    assert_eq!(peer.say("BDAT 5\r\n.on\r\n"), "250 2.0.0 5 octets received\r\n");
    assert_eq!(peer.say("BDAT 0\r\n"), "250 2.0.0 0 octets received\r\n");
    assert_eq!(peer.say("BDAT 3 LAST\r\n.\r\n"), TAKEN);
    assert_eq!(peer.events, ["end 8"]);
    assert_eq!(peer.content, b".on\r\n.\r\n");
}

#[test]
fn what_has_come_of_a_chunk_is_told_in_one_piece() {
    let mut server = open().server;
    let said = b"BDAT 9\r\nchunk";
    server.read_buf()[..said.len()].copy_from_slice(said);
    assert_eq!(server.received(said.len()), Ok(()));
    assert_eq!(server.poll_event(), Ok(None));
    assert_eq!(server.poll_event(), Ok(Some(Event::Content(b"chunk"))));
}

#[test]
fn chunks_may_stand_in_a_group() {
    let mut peer = Peer::after(config_with_chunks(), "EHLO c.example\r\n");
    let group = "MAIL FROM:<>\r\nRCPT TO:<b@mx.example>\r\nBDAT 2\r\nxyBDAT 1 LAST\r\nz";
    let writes = peer.writes;
    assert_eq!(peer.say(group.repeat(2)).lines().count(), 8);
    assert_eq!(peer.writes, writes + 1);
}

#[test]
fn a_chunk_that_may_not_come_is_swallowed() {
    let hello = "EHLO c.example\r\n";
    let refused = &OPEN.replace("<b@", "<nobody@");
    let recipients = "554 5.5.1 No valid recipients\r\n";
    for (before, answer) in [
        ("", BAD_SEQUENCE),
        (hello, BAD_SEQUENCE),
        (refused, recipients),
        (&OPEN.replace("EHLO", "HELO"), BAD_SEQUENCE),
        (&format!("{OPEN}DATA\r\n.\r\n"), BAD_SEQUENCE),
        (&format!("{OPEN}BDAT 0 LAST\r\n"), BAD_SEQUENCE),
    ] {
        for last in ["", " LAST"] {
            let mut peer = Peer::after(config_with_chunks(), before);
            let said = format!("BDAT 12{last}\r\nRSET\r\nQUIT\r\n");
            assert_eq!(peer.say(said), answer, "{before}{last}");
            assert!(peer.events.is_empty() && peer.content.is_empty(), "{before}{last}");
            assert_eq!(peer.say("NOOP\r\n"), TAKEN);
        }
    }
}

#[test]
fn a_chunk_is_swallowed_where_it_is_not_offered() {
    let mut peer = Peer::after(config(), OPEN);
    let answer = peer.say("BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n");
    assert_eq!(answer, format!("502 5.5.1 Command not implemented\r\n{TAKEN}"));
}

#[test]
fn data_and_recipients_do_not_follow_a_chunk() {
    let mut peer = open();
    peer.say("BDAT 1\r\nx");
    for said in ["DATA\r\n", "RCPT TO:<c@mx.example>\r\n", "MAIL FROM:<>\r\n"] {
        assert_eq!(peer.say(said), BAD_SEQUENCE, "{said}");
    }
    assert_eq!(peer.say("BDAT 1 LAST\r\ny"), TAKEN);
    assert_eq!(peer.content, b"xy");
}

#[test]
fn no_chunk_follows_a_data_that_was_refused() {
    let mut peer = open();
    peer.policy =
        |event| matches!(event, Event::Data).then_some(smtp_proto::server::Answer::LOCAL_ERROR);
    assert!(peer.say("DATA\r\n").starts_with("451 "));
    assert_eq!(peer.say("BDAT 1 LAST\r\nx"), BAD_SEQUENCE);
}

#[test]
fn a_refused_chunk_spoils_its_transaction_until_rset() {
    let mut peer = Peer::after(config_with_chunks(), &OPEN.replace("<b@", "<nobody@"));
    assert!(peer.say("BDAT 5\r\nfirst").starts_with("554 "));
    assert!(peer.say("RCPT TO:<b@mx.example>\r\n").starts_with("503 "));
    assert!(peer.say("BDAT 6\r\nsecond").starts_with("554 "), "half a message");
    assert_eq!(peer.say("RSET\r\n"), TAKEN);
    for line in OPEN.lines().skip(1) {
        peer.say(format!("{line}\r\n"));
    }
    assert_eq!(peer.say("BDAT 1 LAST\r\nx"), TAKEN);
}

#[test]
fn rset_between_chunks_forgets_them() {
    let mut peer = open();
    peer.say("BDAT 3\r\nold");
    assert_eq!(peer.say("RSET\r\n"), TAKEN);
    for line in OPEN.lines().skip(1) {
        peer.say(format!("{line}\r\n"));
    }
    peer.content.clear();
    assert_eq!(peer.say("BDAT 5 LAST\r\nnew\r\n"), TAKEN);
    assert_eq!(peer.events, ["reset", "mail <a@c.example> None", "rcpt <b@mx.example>", "end 5"]);
    assert_eq!(peer.content, b"new\r\n");
}

#[test]
fn the_size_limit_counts_over_chunks() {
    let too_large = "552 5.3.4 Message too large\r\n";
    let mut peer = Peer::after(small(10), OPEN);
    assert!(peer.say("BDAT 10\r\n0123456789").starts_with("250 "));
    assert_eq!(peer.say("BDAT 6\r\nQUIT\r\n"), too_large);
    assert_eq!(peer.say("BDAT 6 LAST\r\nQUIT\r\n"), too_large);
    assert_eq!(peer.events, ["refused TooLarge"]);
    assert!(peer.say("MAIL FROM:<>\r\n").starts_with("250 "), "the transaction is over");
    let mut peer = Peer::after(small(10), OPEN);
    peer.say("BDAT 10\r\n0123456789");
    assert_eq!(peer.say("BDAT 0 LAST\r\n"), TAKEN);
}

#[test]
fn nothing_is_told_of_a_chunk_that_is_too_large() {
    let mut peer = Peer::after(small(10), OPEN);
    assert_eq!(peer.say("BDAT 11 LAST\r\n01234"), "");
    assert_eq!(peer.say("567890"), "552 5.3.4 Message too large\r\n");
    assert_eq!((peer.content.len(), &peer.events[..]), (0, &["refused TooLarge".to_owned()][..]));
}

#[test]
fn chunks_are_text_unless_they_are_said_to_be_binary() {
    let bare = "550 5.5.2 Bare CR or LF in content\r\n";
    for (chunks, answer) in [
        ("BDAT 3 LAST\r\na\nb", bare),
        ("BDAT 3 LAST\r\na\rb", bare),
        ("BDAT 2 LAST\r\na\r", bare),
        ("BDAT 3 LAST\r\na\0b", "550 5.6.0 NUL in content\r\n"),
        ("BDAT 3 LAST\r\na\r\n", TAKEN),
    ] {
        assert_eq!(open().say(chunks), answer, "{chunks:?}");
        let binary = OPEN.replace("c.example>\r", "c.example> BODY=BINARYMIME\r");
        let mut peer = Peer::after(config_with_chunks(), &binary);
        assert_eq!(peer.say(chunks), TAKEN, "{chunks:?}");
        assert_eq!(peer.content, chunks.split_once("\r\n").expect("a line").1.as_bytes());
    }
}

#[test]
fn a_newline_may_be_cut_between_chunks() {
    let mut peer = open();
    assert!(peer.say("BDAT 2\r\na\r").starts_with("250 "));
    assert_eq!(peer.say("BDAT 1 LAST\r\n\n"), TAKEN);
    let mut peer = open();
    peer.say("BDAT 2\r\na\r");
    assert!(peer.say("BDAT 1 LAST\r\nb").starts_with("550 5.5.2"));
}

#[test]
fn binary_content_does_not_come_by_data() {
    let binary = OPEN.replace("c.example>\r", "c.example> BODY=BINARYMIME\r");
    let mut peer = Peer::after(config_with_chunks(), &binary);
    assert_eq!(peer.say("DATA\r\n"), BAD_SEQUENCE);
}

#[test]
fn binarymime_is_offered_only_with_chunking() {
    let mut extensions = Config::SUPPORTED;
    extensions.remove(Extension::Chunking);
    let mut peer = Peer::new(config().with_extensions(extensions));
    let offers = peer.say("EHLO c.example\r\n");
    assert!(!offers.contains("CHUNKING") && !offers.contains("BINARYMIME"), "{offers}");
    assert!(peer.say("MAIL FROM:<> BODY=BINARYMIME\r\n").starts_with("555 "));
    let offers = Peer::new(config_with_chunks()).say("EHLO c.example\r\n");
    assert!(offers.contains("250-CHUNKING\r\n250-BINARYMIME\r\n"), "{offers}");
}

#[test]
fn a_chunk_of_unknown_size_ends_the_session() {
    for line in ["BDAT", "BDAT x", "BDAT 1 END", "bdat 99999999999999999999", "BDAT 1\0"] {
        let mut peer = open();
        let answer = peer.say(format!("{line}\r\nRSET\r\n"));
        assert_eq!(answer, "421 4.5.4 Chunk of unknown size, closing\r\n", "{line}");
        assert_eq!((peer.server.end(), peer.is_over()), (Some(End::ChunkSize), true));
    }
    assert!(open().say("BDAT 1\n").starts_with("421 "));
}

#[test]
fn a_connection_lost_in_a_chunk_is_no_message() {
    let mut peer = open();
    peer.say("BDAT 9 LAST\r\nhalf");
    peer.hang_up();
    assert!(peer.events.is_empty());
    assert_eq!((peer.server.end(), peer.is_over()), (Some(End::Lost), true));
}
