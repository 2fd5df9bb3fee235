//! The peer that follows a script, in memory.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use smtp_proto::testing::{Mismatch, Peer, PeerWants};

const DIALOGUE: &str = "
    # What a client says that sends one message.
    S: 220 mx
    C? EHLO
    S: 250-mx
    S: 250 PIPELINING
    C: MAIL FROM:<a@b>
    C: RCPT TO:<c@d>
    C: DATA
    S+ 250 ok\\r\\n250 ok\\r\\n354 go\\r\\n
    CONTENT
    S: 250 \u{fc}
    C+ QUIT\\r\\x0a
    S: 221 bye
    CLOSE";

const SAID: [&[u8]; 4] = [
    b"EHLO client.example\r\n",
    b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n",
    b"one\r\n..\r\n.\r\n",
    b"QUIT\r\n",
];

/// All that the peer has to say now.
fn said(peer: &mut Peer) -> Vec<u8> {
    let octets = peer.say().to_vec();
    peer.said(octets.len());
    octets
}

fn after(script: &str, client: &[u8]) -> Result<Peer, Mismatch> {
    let mut peer = Peer::new(script).unwrap();
    said(&mut peer);
    peer.hear(client).map(|()| peer)
}

#[test]
fn a_dialogue_is_followed_in_any_cut() {
    for cut in 1..40 {
        let mut peer = Peer::new(DIALOGUE).unwrap();
        let mut heard = said(&mut peer);
        for octets in SAID {
            for piece in octets.chunks(cut) {
                assert_eq!(peer.wants(), PeerWants::Hear);
                peer.hear(piece).unwrap();
            }
            assert_eq!(peer.wants(), PeerWants::Say, "{}", octets.escape_ascii());
            heard.extend(said(&mut peer));
        }
        assert_eq!(peer.wants(), PeerWants::Close);
        assert!(peer.is_done());
        assert_eq!(peer.heard(), SAID.concat());
        let answers = "220 mx\r\n250-mx\r\n250 PIPELINING\r\n250 ok\r\n250 ok\r\n354 go\r\n250 \u{fc}\r\n221 bye\r\n";
        assert_eq!(heard, answers.as_bytes());
    }
}

#[test]
fn what_is_against_the_script_is_told() {
    let told = |script, client: &[u8]| after(script, client).unwrap_err().to_string();
    assert_eq!(
        told("C: EHLO a\nC: NOOP", b"EHLO a\r\nQUIT\r\n"),
        r#"received "QUIT\x0d\x0a" instead of "NOOP\x0d\x0a", after "EHLO a\x0d\x0a""#
    );
    assert!(told("C? EHLO a", b"EHLO b").contains(r#"instead of "EHLO a""#));
    assert!(told("C: a\nS: 250 ok\nC: b", b"a\r\nb\r\n").contains("waiting for"), "too early");
    assert!(told("QUIET\nC: a", b"a\r\n").contains("silence"));
    assert!(told("TLS", b"a").contains("a TLS handshake"));
}

#[test]
fn a_patient_peer_takes_what_comes_early() {
    let mut peer = Peer::new("C: a\nS: 250 ok\nC: b\nS: 250 ok").unwrap().patient();
    peer.hear(b"a\r\nb\r\n").unwrap();
    assert_eq!(said(&mut peer), b"250 ok\r\n250 ok\r\n");
    assert!(peer.is_done());
}

#[test]
fn what_comes_behind_the_end_leaves_it_undone() {
    assert!(after("C: a", b"a\r\n").unwrap().is_done());
    assert!(!after("C: a", b"a\r\nb").unwrap().is_done());
    assert!(!after("C: a\nCLOSE", b"a\r\nb").unwrap().is_done());
}

#[test]
fn a_client_that_closes_has_to_have_said_all() {
    for script in ["C: a", "C? a", "CONTENT"] {
        assert!(Peer::new(script).unwrap().hear_end().is_err(), "{script}");
    }
    for script in ["REST", "WAIT", "UNTERMINATED", "QUIET", "", "CLOSE"] {
        let mut peer = Peer::new(script).unwrap();
        peer.hear_end().unwrap();
        assert!(peer.is_done(), "{script}");
    }
}

#[test]
fn the_rest_is_kept_or_forgotten_or_has_no_end() {
    let rest = |script, octets: &[u8]| {
        let mut peer = after(script, octets).unwrap();
        peer.hear_end().map(|()| peer.heard().to_vec())
    };
    assert_eq!(rest("REST", b"x\r\n.\r\n"), Ok(b"x\r\n.\r\n".to_vec()));
    assert_eq!(rest("WAIT", b"x\r\n.\r\n"), Ok(Vec::new()));
    assert_eq!(rest("UNTERMINATED", b"x\r\n"), Ok(Vec::new()));
    assert!(rest("UNTERMINATED", b"x\r\n.\r\n").is_err());
}

#[test]
fn a_handshake_and_silence_are_for_the_driver_to_tell() {
    let mut peer = Peer::new("TLS\nQUIET\nS: 220 mx").unwrap();
    assert_eq!(peer.wants(), PeerWants::Tls);
    peer.quiet();
    peer.tls_established();
    assert_eq!(peer.wants(), PeerWants::Quiet);
    peer.quiet();
    assert_eq!(said(&mut peer), b"220 mx\r\n");
    assert_eq!(peer.wants(), PeerWants::Nothing);
}

#[test]
fn content_may_be_empty() {
    assert!(after("CONTENT", b".\r\n").unwrap().is_done());
    assert!(after("CONTENT\nC: a", b".\r\na\r\n").unwrap().is_done());
}

#[test]
fn a_line_that_is_no_step_is_shown() {
    let error = Peer::new("S: 220 mx\nX: a").unwrap_err();
    assert_eq!(error.to_string(), r#"not a step of a script: "X: a""#);
}

#[test]
fn a_tab_may_be_written_as_an_escape() {
    assert!(after(r"C+ a\tb\r\n", b"a\tb\r\n").unwrap().is_done());
}
