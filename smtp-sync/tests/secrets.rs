//! AUTH, STARTTLS and what must not be seen.
#![cfg(feature = "tls")]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

mod support;

use smtp_sync::{
    Connector, Error, Inquiry, TlsConfig, TlsError, TlsPolicy,
    proto::{
        client::{End, PeerError, Phase, Refusal},
        sasl::Login,
    },
};
use support::{Lines, Peer, connector, opening, peer, tls::trusting};

const STARTTLS: &str = "C: STARTTLS\n S: 220 go\n TLS\n C: EHLO client.example\n";
/// user, password.
const USER: &str = "dXNlcg==";
const PASSWORD: &str = "czNjcmV0";
const PLAIN: &str = "AHVzZXIAczNjcmV0";

/// A connector by name; the peer's certificate is for that name.
fn secure(peer: &Peer) -> Connector {
    Connector::new("localhost", peer.port)
        .with_name("client.example".parse().expect("a name"))
        .with_tls_config(trusting())
}

#[test]
fn starttls_forgets_the_clear_and_asks_again() {
    let peer = peer(&format!(
        "{}{STARTTLS} S: 250-mx.example\n S: 250 SIZE 2\n C: NOOP\n S: 250 ok\n C: QUIT\n S: 221 bye",
        opening(&["STARTTLS", "SIZE 1", "AUTH LOGIN"])
    ));
    let mut client = secure(&peer).connect().expect("a session");
    assert!(client.is_secure());
    assert_eq!(client.capabilities().size_limit(), Some(2));
    assert!(!client.capabilities().offers_mechanism("LOGIN"));
    client.inquire(Inquiry::Noop).expect("an answer");
    client.quit().expect("an end");
    peer.join();
}

#[test]
fn implicit_tls_comes_before_the_greeting_and_takes_large_content() {
    let peer = peer(&format!(
        "TLS\n {} C? MAIL\n S: 250 ok\n C? RCPT\n S: 250 ok\n C: DATA\n S: 354 go\n CONTENT\n S: 250 ok",
        opening(&[])
    ));
    let mut client = secure(&peer).with_tls(TlsPolicy::Implicit).connect().expect("a session");
    let content = b"0123456789\r\n".repeat(100_000);
    let outcome = client.send(&support::envelope(&["b@example.net"]), &content[..]);
    assert!(outcome.expect("an outcome").is_delivered());
    drop(client);
    assert!(peer.join().len() > content.len());
}

#[test]
fn an_address_is_a_name_that_a_certificate_may_have() {
    let script = format!("{}{STARTTLS} S: 250 mx.example\n", opening(&["STARTTLS"]));
    let peer = peer(&script);
    let connector = connector(&peer).with_tls(TlsPolicy::Required).with_tls_config(trusting());
    assert!(connector.connect().expect("a session").is_secure());
    peer.join();
}

fn refusing(script: &str, connector: impl FnOnce(&Peer) -> Connector) -> Error {
    let peer = peer(script);
    let error = connector(&peer).connect().expect_err("no session");
    peer.join();
    error
}

#[test]
fn a_certificate_for_another_name_is_refused() {
    let script = format!("{} C: STARTTLS\n S: 220 go\n TLS\n WAIT\n", opening(&["STARTTLS"]));
    let error = refusing(&script, |peer| {
        // The same server, under a name that is not in its certificate.
        Connector::new("127.0.0.1", peer.port)
            .with_name("client.example".parse().expect("a name"))
            .with_tls_name("127.0.0.2")
            .with_tls_config(trusting())
    });
    let Error::Tls(TlsError::Rustls(rustls::Error::InvalidCertificate(reason))) = &error else {
        panic!("{error}");
    };
    assert!(format!("{reason:?}").contains("NotValidForName"), "{reason:?}");
}

#[test]
fn a_certificate_of_an_unknown_authority_is_refused() {
    let script = format!("{} C: STARTTLS\n S: 220 go\n TLS\n WAIT\n", opening(&["STARTTLS"]));
    let error = refusing(&script, |peer| {
        Connector::new("localhost", peer.port).with_name("client.example".parse().expect("a name"))
    });
    assert!(matches!(error, Error::Tls(TlsError::Rustls(_))), "{error}");
}

#[test]
fn a_dangerous_client_believes_any_certificate() {
    let peer = peer(&format!("{}{STARTTLS} S: 250 mx.example\n", opening(&["STARTTLS"])));
    let config = TlsConfig::dangerous_accept_any_certificate().expect("a setting");
    let connector = Connector::new("127.0.0.1", peer.port)
        .with_name("client.example".parse().expect("a name"))
        .with_tls_config(config);
    assert!(connector.connect().expect("a session").is_secure());
    peer.join();
}

#[test]
fn plaintext_behind_the_220_is_refused() {
    let script =
        format!("{} C: STARTTLS\n S+ 220 go\\r\\n250 evil\\r\\n\n WAIT", opening(&["STARTTLS"]));
    let error = refusing(&script, secure);
    assert_eq!(error.end(), Some(End::Peer(PeerError::PlaintextBehindStartTls)));
}

#[test]
fn required_tls_that_is_not_offered_ends_the_session() {
    let script = format!("{} C: QUIT\n S: 221 bye", opening(&["AUTH PLAIN"]));
    assert_eq!(refusing(&script, secure).end(), Some(End::TlsUnavailable));
}

#[test]
fn a_server_that_closes_in_the_handshake_is_a_tls_error() {
    let script = format!("{} C: STARTTLS\n S: 220 go\n CLOSE", opening(&["STARTTLS"]));
    let error = refusing(&script, secure);
    assert!(matches!(error, Error::Tls(TlsError::Transport(_))), "{error}");
    assert_eq!(error.phase(), Some(Phase::Tls));
}

#[test]
fn credentials_do_not_leave_in_the_clear() {
    let peer = peer(&format!("{} C: QUIT\n S: 221 bye", opening(&["AUTH PLAIN LOGIN"])));
    let mut client = connector(&peer).connect().expect("a session");
    let error = client.login("user", "s3cret").expect_err("in the clear");
    assert!(matches!(error, Error::Refused(Refusal::PlaintextAuth)), "{error}");
    client.quit().expect("an end");
    peer.join();
}

#[test]
fn plain_and_login_authenticate_inside_tls() {
    for (offer, dialogue) in [
        ("AUTH LOGIN PLAIN", format!("C: AUTH PLAIN {PLAIN}\n S: 235 ok")),
        (
            "AUTH LOGIN",
            format!(
                "C: AUTH LOGIN\n S: 334 VXNlcg==\n C: {USER}\n S: 334\n C: {PASSWORD}\n S: 235 ok"
            ),
        ),
    ] {
        let peer = peer(&format!(
            "{}{STARTTLS} S: 250-mx\n S: 250 {offer}\n {dialogue}\n",
            opening(&["STARTTLS"])
        ));
        secure(&peer).connect().expect("a session").login("user", "s3cret").expect("to be let in");
        peer.join();
    }
}

#[test]
fn refused_credentials_leave_the_session_usable() {
    let peer = peer(&format!(
        "{} C: AUTH PLAIN {PLAIN}\n S: 535 5.7.8 bad\n C: QUIT\n S: 221 bye",
        opening(&["AUTH PLAIN LOGIN"])
    ));
    let connector = connector(&peer).configure(|config| config.with_plaintext_auth(true));
    let mut client = connector.connect().expect("a session");
    let error = client.login("user", "s3cret").expect_err("refused");
    assert_eq!(error.reply().map(|reply| reply.code().value()), Some(535));
    assert!(client.is_reusable());
    client.quit().expect("an end");
    peer.join();
}

#[test]
fn no_secret_is_shown() {
    let peer = peer(&format!(
        "{} C: AUTH LOGIN\n S: 334 VXNlcg==\n C: {USER}\n S: 334\n C: {PASSWORD}\n S: 535 no",
        opening(&["AUTH PLAIN LOGIN"])
    ));
    let lines = Lines::default();
    let connector = connector(&peer)
        .configure(|config| config.with_plaintext_auth(true))
        .with_transcript(lines.sink());
    let mut client = connector.connect().expect("a session");
    let mut login = Login::new("user", "s3cret");
    let error = client.authenticate(&mut login).expect_err("refused");
    let shown = format!("{}{error}{error:?}{client:?}{login:?}", lines.text());
    assert!(!["s3cret", PASSWORD, PLAIN].iter().any(|secret| shown.contains(secret)), "{shown}");
    assert!(
        lines
            .text()
            .contains("C: AUTH LOGIN\nS: 334 VXNlcg==\nC: ***\nS: 334\nC: ***\nS: 535 no\n"),
        "{shown}"
    );
    peer.join();
}

/// In the clear where TLS was to begin: which port it is, or that STARTTLS is wanted, is what to look at.
#[test]
fn a_server_that_greets_in_the_clear_on_a_tls_port_is_named() {
    let peer = peer("S: 220 mx.example ready\n WAIT");
    let error = secure(&peer).with_tls(TlsPolicy::Implicit).connect().expect_err("no session");
    assert!(matches!(error, Error::Tls(TlsError::NotTls)), "{error:?}");
    assert_eq!(
        error.to_string(),
        "tls: the server does not speak TLS here: use STARTTLS if it greets in the clear"
    );
    peer.join();
}

#[test]
fn a_server_that_speaks_tls_where_it_should_greet_is_named() {
    for record in ["\\x15\\x03\\x01\\x00\\x02\\x02\\x46", "\\x16\\x03\\x03\\x00\\x7a"] {
        let peer = peer(&format!("S+ {record}\n WAIT"));
        let error = secure(&peer).connect().expect_err("no session");
        assert_eq!(
            error.to_string(),
            "greeting: the server expects TLS from the first octet (implicit TLS)"
        );
        peer.join();
    }
}

/// Neither in a refusal nor in what comes behind it, be it cut off (C81).
#[test]
fn what_a_server_repeats_of_credentials_is_not_shown() {
    for said in [
        format!("S: 500 5.5.1 unrecognised: AUTH PLAIN {PLAIN}"),
        format!("S: 535-5.7.8 no\n S: 535 5.7.8 {PLAIN} is user and s3cret"),
        format!("S+ 535 5.7.8 no\\r\\n421 4.7.0 AUTH PLAIN {PLAIN}\\r\\n"),
        format!("S: 421 4.7.0 AUTH PLAIN {PLAIN}"),
        format!("S+ 535 5.7.8 {PLAIN}\n CLOSE"),
        format!("S: 334 {PLAIN}\n C: *\n S: 501 5.7.0 cancelled"),
    ] {
        let peer =
            peer(&format!("{} C: AUTH PLAIN {PLAIN}\n {said}\n", opening(&["AUTH PLAIN LOGIN"])));
        let lines = Lines::default();
        let connector = connector(&peer)
            .configure(|config| config.with_plaintext_auth(true))
            .with_transcript(lines.sink());
        let mut client = connector.connect().expect("a session");
        let error = client.login("user", "s3cret").expect_err("refused");
        let shown = format!(
            "{}{error}{error:?}{client:?}{:?}{:?}",
            lines.text(),
            client.last_answer(),
            client.failure()
        );
        assert!(
            !["s3cret", PASSWORD, PLAIN].iter().any(|secret| shown.contains(secret)),
            "{shown}"
        );
        peer.join();
    }
}

#[test]
fn a_password_that_cannot_be_said_does_not_leave() {
    let peer = peer(&format!("{} C: QUIT\n S: 221 bye", opening(&["AUTH PLAIN LOGIN CRAM-MD5"])));
    let connector = connector(&peer).configure(|config| config.with_plaintext_auth(true));
    let mut client = connector.connect().expect("a session");
    let error = client.login("user", "s3c\0ret").expect_err("a NUL");
    assert!(matches!(error, Error::Refused(Refusal::Credentials)), "{error}");
    client.quit().expect("an end");
    peer.join();
}
