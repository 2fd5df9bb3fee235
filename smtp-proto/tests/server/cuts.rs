//! A full session, cut anywhere: the same events, the same content, the same replies.

use smtp_proto::server::{Answer, Config, Event, Limits, Protocol};
use smtp_test_support::server::{Peer, config_with_auth, config_with_chunks, policy};

const SESSION: &str = "EHLO c.example\r\nAUTH LOGIN\r\nYWxpY2U=\r\nczNjcmV0\r\n\
    MAIL FROM:<a@c.example> SIZE=30\r\nRCPT TO:<b@mx.example>\r\nRCPT TO:<nobody@mx.example>\r\n\
    DATA\r\n..one\r\n.\rtwo\r\n.\r\nFOO\r\nNOOP\nMAIL FROM:<>\r\nRCPT TO:<c@mx.example>\r\nDATA\r\n\
    ..dot\r\n...\r\n\r\nend\r\n.\r\nVRFY b\r\nRSET\r\nQUIT\r\n";

/// Chunks of every kind: taken, empty, refused, over the limit, and one that looks like commands.
const CHUNKS: &str = "EHLO c.example\r\nMAIL FROM:<a@c.example>\r\nRCPT TO:<b@mx.example>\r\n\
    BDAT 6\r\n.one\r\nBDAT 3\r\n..\rBDAT 1\r\n\nBDAT 0 LAST\r\n\
    BDAT 6 LAST\r\nQUIT\r\n\
    MAIL FROM:<>\r\nRCPT TO:<b@mx.example>\r\nBDAT 4\r\na\rb\0BDAT 3 LAST\r\nend\
    MAIL FROM:<>\r\nRCPT TO:<nobody@mx.example>\r\nBDAT 6\r\nRSET\r\nRCPT TO:<b@mx.example>\r\nRSET\r\n\
    MAIL FROM:<> BODY=BINARYMIME\r\nRCPT TO:<b@mx.example>\r\nDATA\r\nBDAT 5 LAST\r\n\r\0\n\n.\
    MAIL FROM:<>\r\nRCPT TO:<b@mx.example>\r\nBDAT 20\r\n01234567890123456789\
    BDAT 30 LAST\r\n012345678901234567890123456789NOOP\r\nQUIT\r\n";

/// Two messages, one of them refused by the server itself, and chunks.
const LMTP: &str = "LHLO c.example\r\nMAIL FROM:<>\r\nRCPT TO:<b@mx.example>\r\n\
    RCPT TO:<nobody@mx.example>\r\nRCPT TO:<full@mx.example>\r\nDATA\r\nx\r\n.\r\n\
    MAIL FROM:<>\r\nRCPT TO:<b@mx.example>\r\nRCPT TO:<c@mx.example>\r\nDATA\r\na\nb\r\n.\r\n\
    MAIL FROM:<>\r\nRCPT TO:<b@mx.example>\r\nRCPT TO:<c@mx.example>\r\nBDAT 1\r\nxBDAT 1 LAST\r\ny\
    MAIL FROM:<>\r\nRCPT TO:<nobody@mx.example>\r\nDATA\r\nBDAT 2 LAST\r\nxyQUIT\r\n";

/// One of the sessions, with what its server is told.
type Script = (&'static str, fn() -> Config);

const SCRIPTS: [Script; 3] = [
    (SESSION, config_with_auth),
    (CHUNKS, || config_with_chunks().with_limits(Limits::DEFAULT.with_content(40))),
    (LMTP, || config_with_chunks().with_protocol(Protocol::Lmtp)),
];

fn session(config: Config, pieces: &[&[u8]], write_size: usize) -> Peer {
    let mut peer = Peer::new(config);
    peer.policy = |event| match event {
        Event::ContentEnd { recipient: Some(1), .. } => Some(Answer::MAILBOX_BUSY),
        event => policy(event),
    };
    peer.write_size = write_size;
    for piece in pieces {
        peer.feed(piece);
    }
    peer
}

fn assert_same(cut: &Peer, whole: &Peer, how: &str) {
    assert_eq!(cut.output, whole.output, "{how}");
    assert_eq!(cut.events, whole.events, "{how}");
    assert_eq!(cut.lines, whole.lines, "{how}");
    assert_eq!(cut.server.end(), whole.server.end(), "{how}");
}

fn whole(script: &str, config: Config) -> Peer {
    session(config, &[script.as_bytes()], usize::MAX)
}

fn codes(peer: &Peer) -> Vec<&str> {
    let output = core::str::from_utf8(&peer.output).expect("ASCII");
    output.lines().filter(|line| line.as_bytes()[3] == b' ').map(|line| &line[..3]).collect()
}

#[test]
fn every_cut_in_two_gives_the_same_session() {
    for (script, config) in SCRIPTS {
        let whole = whole(script, config());
        for at in 1..script.len() {
            let (head, tail) = script.as_bytes().split_at(at);
            let cut = session(config(), &[head, tail], usize::MAX);
            assert_same(&cut, &whole, &format!("cut at {at}"));
        }
    }
}

#[test]
fn reads_and_writes_of_any_size_give_the_same_session() {
    for (script, config) in SCRIPTS {
        let whole = whole(script, config());
        for size in 1..40 {
            let pieces: Vec<_> = script.as_bytes().chunks(size).collect();
            let cut = session(config(), &pieces, size);
            assert_same(&cut, &whole, &format!("pieces of {size}"));
        }
    }
}

#[test]
fn the_sessions_are_what_they_seem() {
    let whole_session = whole(SESSION, config_with_auth());
    assert_eq!(whole_session.events.len(), 15, "{:?}", whole_session.events);
    assert!(whole_session.content.ends_with(b".dot\r\n..\r\n\r\nend\r\n"));

    let chunks = whole(CHUNKS, SCRIPTS[1].1());
    let expected = "220 250 250 250 250 250 250 250 503 250 250 550 550 250 550 554 503 250 \
                    250 250 503 250 250 250 250 552 250 221";
    assert_eq!(codes(&chunks).join(" "), expected);
    assert!(chunks.content.starts_with(b".one\r\n..\r\n"), "{:?}", chunks.content);

    let lmtp = whole(LMTP, SCRIPTS[2].1());
    let expected = "220 250 250 250 550 250 354 250 450 250 250 250 354 550 550 \
                    250 250 250 250 250 450 250 550 503 503 221";
    assert_eq!(codes(&lmtp).join(" "), expected);
}
