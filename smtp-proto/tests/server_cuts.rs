//! A full session, cut anywhere: the same events, the same content, the same replies.

mod server_support;

use server_support::{Peer, config_with_auth};

const SESSION: &str = "EHLO c.example\r\nAUTH LOGIN\r\nYWxpY2U=\r\nczNjcmV0\r\n\
    MAIL FROM:<a@c.example> SIZE=30\r\nRCPT TO:<b@mx.example>\r\nRCPT TO:<nobody@mx.example>\r\n\
    DATA\r\n..one\r\n.\rtwo\r\n.\r\nFOO\r\nNOOP\nMAIL FROM:<>\r\nRCPT TO:<c@mx.example>\r\nDATA\r\n\
    ..dot\r\n...\r\n\r\nend\r\n.\r\nVRFY b\r\nRSET\r\nQUIT\r\n";

fn session(pieces: &[&[u8]], write_size: usize) -> Peer {
    let mut peer = Peer::new(config_with_auth());
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

#[test]
fn every_cut_in_two_gives_the_same_session() {
    let octets = SESSION.as_bytes();
    let whole = session(&[octets], usize::MAX);
    assert_eq!(whole.events.len(), 14, "{:?}", whole.events);
    assert!(whole.content.ends_with(b".dot\r\n..\r\n\r\nend\r\n"));
    for at in 1..octets.len() {
        let (head, tail) = octets.split_at(at);
        assert_same(&session(&[head, tail], usize::MAX), &whole, &format!("cut at {at}"));
    }
}

#[test]
fn reads_and_writes_of_any_size_give_the_same_session() {
    let octets = SESSION.as_bytes();
    let whole = session(&[octets], usize::MAX);
    for size in 1..40 {
        let pieces: Vec<_> = octets.chunks(size).collect();
        assert_same(&session(&pieces, size), &whole, &format!("pieces of {size}"));
    }
}
