//! STARTTLS and implicit TLS (RFC 3207, RFC 8314).

use smtp_proto::server::{AuthPolicy, End, PeerError, Server, TlsPolicy, Wants};
use smtp_test_support::server::{Peer, config, config_with_tls};

const HELLO: &str = "EHLO c.example\r\n";
const INJECTED: Option<PeerError> = Some(PeerError::PlaintextBehindStartTls);

#[test]
fn starttls_refuses_injected_plaintext() {
    for injected in ["STARTTLS\r\nEHLO evil\r\n", "NOOP\r\nSTARTTLS\r\nX", "STARTTLS\r\n\0"] {
        let mut peer = Peer::after(config_with_tls(), HELLO);
        let answer = peer.say(injected);
        assert!(!answer.contains("220"), "{answer}");
        assert_eq!((peer.error, peer.handshakes), (INJECTED, 0));
        assert!(peer.is_over());
        assert_eq!(peer.server.poll_event(), Err(PeerError::PlaintextBehindStartTls));
    }
}

#[test]
fn octets_before_the_handshake_are_an_attack_too() {
    let mut server = Server::new(config().with_tls(TlsPolicy::Implicit));
    assert_eq!(server.wants(), Wants::Tls);
    assert_eq!(server.received(1), Ok(()));
    assert_eq!(server.end(), Some(End::Peer(PeerError::PlaintextBehindStartTls)));
    assert_eq!(server.wants(), Wants::Nothing);
}

#[test]
fn a_connection_lost_in_the_handshake_is_no_attack() {
    let mut server = Server::new(config().with_tls(TlsPolicy::Implicit));
    assert_eq!(server.received(0), Ok(()));
    assert_eq!((server.wants(), server.poll_event()), (Wants::Event, Ok(None)));
    assert_eq!((server.wants(), server.end()), (Wants::Nothing, Some(End::Lost)));
}

#[test]
fn all_is_forgotten_after_the_handshake() {
    let mut peer = Peer::after(config_with_tls(), HELLO);
    assert!(!peer.server.is_secure());
    assert_eq!(peer.say("STARTTLS\r\n"), "220 2.0.0 Start TLS\r\n");
    assert!(peer.server.is_secure());
    assert!(peer.say("MAIL FROM:<>\r\n").starts_with("503 "));
    assert!(!peer.say(HELLO).contains("STARTTLS"));
    assert!(peer.say("MAIL FROM:<>\r\n").starts_with("250 "));
}

#[test]
fn authentication_is_forgotten_after_the_handshake() {
    let config = config_with_tls().with_plaintext_auth(true);
    let mut peer = Peer::after(config, &format!("{HELLO}AUTH PLAIN AGFsaWNlAHMzY3JldA==\r\n"));
    assert!(peer.server.is_authenticated());
    peer.say("STARTTLS\r\n");
    assert!(!peer.server.is_authenticated());
}

#[test]
fn starttls_is_refused_where_it_makes_no_sense() {
    let mut peer = Peer::new(config_with_tls());
    assert!(peer.say("STARTTLS\r\n").starts_with("503 "), "before EHLO");
    peer.say(HELLO);
    assert!(peer.say("STARTTLS now\r\n").starts_with("501 "), "with an argument");
    peer.say("MAIL FROM:<>\r\n");
    assert!(peer.say("STARTTLS\r\n").starts_with("503 "), "in a transaction");
    peer.say("RSET\r\n");
    peer.say("STARTTLS\r\n");
    peer.say(HELLO);
    assert!(peer.say("STARTTLS\r\n").starts_with("503 "), "inside TLS");
    assert_eq!(peer.handshakes, 1);
}

#[test]
fn mechanisms_that_bind_to_the_channel_need_one() {
    let config = config_with_tls().with_mechanisms(&["PLAIN", "SCRAM-SHA-1-PLUS"]);
    let mut peer = Peer::after(config, HELLO);
    assert!(!peer.server.offers_channel_binding());
    peer.say("STARTTLS\r\n");
    assert!(peer.server.offers_channel_binding());
    assert!(peer.say(HELLO).contains("AUTH PLAIN SCRAM-SHA-1-PLUS"));
}

#[test]
fn mail_may_need_tls() {
    let config = config_with_tls().with_tls(TlsPolicy::Required).with_auth(AuthPolicy::Required);
    let mut peer = Peer::after(config.with_plaintext_auth(true), HELLO);
    let answer = peer.say("MAIL FROM:<>\r\n");
    assert_eq!(answer, "530 5.7.0 Must issue a STARTTLS command first\r\n");
    assert!(peer.say("AUTH PLAIN\r\n").starts_with("538 "));
}

#[test]
fn implicit_tls_greets_after_the_handshake() {
    let mut peer = Peer::with_server(Server::new(config().with_tls(TlsPolicy::Implicit)));
    assert!(peer.say("").starts_with("220 mx.example"));
    assert_eq!((peer.handshakes, peer.server.is_secure()), (1, true));
    assert!(!peer.say(HELLO).contains("STARTTLS"));
}

#[test]
fn the_go_ahead_leaves_before_the_handshake() {
    let mut server = Peer::after(config_with_tls(), HELLO).server;
    let line = b"STARTTLS\r\n";
    server.read_buf()[..line.len()].copy_from_slice(line);
    server.received(line.len()).expect("in bounds");
    let mut wanted = Vec::new();
    while wanted.last() != Some(&Wants::Tls) && wanted.len() < 9 {
        wanted.push(server.wants());
        match server.wants() {
            Wants::Event => assert_eq!(server.poll_event(), Ok(None)),
            Wants::Write => server.transmitted(server.transmit().len()).expect("in bounds"),
            Wants::Flush => server.flushed(),
            _ => {}
        }
    }
    let order = [Wants::Event, Wants::Event, Wants::Write, Wants::Flush, Wants::Tls];
    assert_eq!(wanted, order);
}
