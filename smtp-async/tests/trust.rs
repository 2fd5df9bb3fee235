//! When it is found out that a name cannot be verified; whom anchors make trusted is tested in smtp-sync.
#![cfg(feature = "tls")]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

mod support;

use std::{io::ErrorKind, net::TcpListener};

use smtp_async::{Connector, Envelope, Error, TlsError, TlsPolicy, proto};
use support::{connector, peer};
use tokio::net::TcpStream;

/// None of these is a name that a certificate can have.
const BAD_NAMES: [&str; 4] = ["", "mx..example", "mx example", "-\u{fffd}.example"];

fn is_bad_name<T>(result: &Result<T, Error>) -> bool {
    matches!(result, Err(Error::Tls(TlsError::InvalidName)))
}

#[tokio::test]
async fn a_name_that_no_certificate_has_is_found_before_anybody_is_connected_to() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a listener");
    let port = listener.local_addr().expect("a port").port();
    for name in BAD_NAMES {
        for policy in [TlsPolicy::Required, TlsPolicy::Implicit, TlsPolicy::Opportunistic] {
            let connector = Connector::new("127.0.0.1", port).with_tls(policy).with_tls_name(name);
            assert!(is_bad_name(&connector.connect().await), "{name:?}");
            let dialled = Connector::new(name, port).with_tls(policy).dial().await;
            assert!(is_bad_name(&dialled), "{name:?}");
            let nobody = listener.accept().expect_err("nobody has connected");
            assert_eq!(nobody.kind(), ErrorKind::WouldBlock);
        }
        let plain = Connector::new("127.0.0.1", port).with_tls(TlsPolicy::None);
        plain.with_tls_name(name).dial().await.expect("a connection without TLS");
        listener.accept().expect("a client");
    }
}

#[tokio::test]
async fn over_a_stream_of_the_callers_nothing_is_sent_for_such_a_name() {
    for name in BAD_NAMES {
        let peer = peer("S: 220 mx.example ready\nREST");
        let stream = TcpStream::connect(("127.0.0.1", peer.port)).await.expect("a peer");
        let connector = connector(&peer).with_tls(TlsPolicy::Opportunistic).with_tls_name(name);
        let mut client = connector.over(stream);
        assert!(is_bad_name(&client.open().await), "{name:?}");
        let envelope = Envelope::new("").expect("the null sender");
        assert!(is_bad_name(&client.send(&envelope, &b""[..]).await), "{name:?}");
        assert!(!client.is_reusable());
        assert_eq!(peer.join(), "");
    }
}

/// A stream of the caller's has no name that could be verified.
#[tokio::test]
async fn tls_that_cannot_be_had_is_found_before_anything_is_sent() {
    let peer = peer("S: 220 mx.example ready\nREST");
    let stream = TcpStream::connect(("127.0.0.1", peer.port)).await.expect("a peer");
    let config = proto::client::Config::new(proto::hello::EhloName::LOCALHOST);
    let mut client = smtp_async::Client::over(stream, config);
    assert!(matches!(client.open().await, Err(Error::Tls(TlsError::Unavailable))));
    assert_eq!(peer.join(), "");
}

/// `localhost`, in letters of full width.
#[cfg(feature = "idna")]
#[tokio::test]
async fn a_name_beyond_ascii_is_looked_up_and_verified_in_its_a_labels() {
    let peer = peer(
        "S: 220 mx.example ready\nC: EHLO client.example\nS: 250-mx.example\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\nTLS\nC: EHLO client.example\nS: 250 mx.example\nC: QUIT\nS: 221 bye",
    );
    let wide: String =
        "localhost".chars().filter_map(|c| char::from_u32(c as u32 + 0xFEE0)).collect();
    let connector = Connector::new(&wide, peer.port).with_tls_config(support::tls::trusting());
    let connector = connector.with_name("client.example".parse().expect("a name"));
    connector.connect().await.expect("a session").quit().await.expect("a session");
    peer.join();
}
