//! Whom the caller's own anchors make trusted, and when that is found out.
#![cfg(feature = "tls")]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

#[cfg(target_os = "linux")]
#[path = "support/platform.rs"]
mod platform;
mod support;

use std::{
    io::ErrorKind,
    net::{TcpListener, TcpStream},
    sync::Arc,
};

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd,
};
use rustls::{
    CertificateError, ServerConfig,
    crypto::ring,
    pki_types::PrivateKeyDer,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use smtp_sync::{
    Connector, Envelope, Error, TlsConfig, TlsError, TlsPolicy,
    proto::{
        client,
        hello::EhloName,
        server::{Config, TlsPolicy as ServerTls},
    },
    server::{Server, Store},
};
use support::{connector, peer};

/// What a mail bridge makes for itself, with these years.
fn bridge(from: i32, to: i32, is_ca: IsCa) -> (Certificate, KeyPair) {
    let mut params = CertificateParams::new(["bridge.example".to_owned()]).expect("a name");
    params.is_ca = is_ca;
    (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(to, 1, 1));
    let key = KeyPair::generate().expect("a key");
    (params.self_signed(&key).expect("a certificate"), key)
}

fn authority() -> IsCa {
    IsCa::Ca(BasicConstraints::Unconstrained)
}

/// Shows this certificate, be its key the right one or not.
#[derive(Debug)]
struct Shown(Arc<CertifiedKey>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

fn server(certificate: &Certificate, key: &KeyPair) -> Server {
    let provider = Arc::new(ring::default_provider());
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let key = provider.key_provider.load_private_key(key).expect("a key");
    let shown = CertifiedKey::new(vec![certificate.der().clone()], key);
    let tls = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Shown(Arc::new(shown))));
    let config = Config::new(EhloName::LOCALHOST).with_tls(ServerTls::Required);
    Server::bind(Server::builder().with_config(config).with_tls(Arc::new(tls)), Store::new())
        .expect("a port")
}

/// Connects to a server with this certificate; says how the handshake failed.
fn connect(shown: (&Certificate, &KeyPair), anchor: &Certificate, name: &str) -> Option<TlsError> {
    let trust = TlsConfig::with_anchors([anchor.der().clone()]).expect("an anchor");
    connect_trusting(shown, trust, name)
}

fn connect_trusting(
    (certificate, key): (&Certificate, &KeyPair),
    trust: TlsConfig,
    name: &str,
) -> Option<TlsError> {
    let server = server(certificate, key);
    let connector = Connector::new("127.0.0.1", server.address().port());
    match connector.with_tls_name(name).with_tls_config(trust).connect() {
        Ok(client) => {
            client.quit().expect("a session");
            None
        }
        Err(Error::Tls(error)) => Some(error),
        Err(error) => panic!("{error:?}"),
    }
}

/// Why a certificate is not believed.
fn reason(error: Option<TlsError>) -> CertificateError {
    match error {
        Some(TlsError::Rustls(rustls::Error::InvalidCertificate(reason))) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn c82_an_authoritys_certificate_that_is_the_callers_anchor_is_trusted_whatever_its_dates() {
    for (from, to) in [(2020, 4000), (2001, 2002), (3999, 4000)] {
        let (own, key) = bridge(from, to, authority());
        let refused = connect((&own, &key), &own, "bridge.example");
        assert!(refused.is_none(), "{from} to {to}: {refused:?}");
    }
}

#[test]
fn c82_its_name_and_its_key_are_checked_all_the_same() {
    let (own, key) = bridge(2001, 2002, authority());
    let other_name = reason(connect((&own, &key), &own, "elsewhere.example"));
    assert!(
        matches!(other_name, CertificateError::NotValidForNameContext { .. }),
        "{other_name:?}"
    );
    let (_, other_key) = bridge(2001, 2002, authority());
    let unproved = reason(connect((&own, &other_key), &own, "bridge.example"));
    assert_eq!(unproved, CertificateError::BadSignature);
}

#[test]
fn c82_only_what_is_the_anchor_octet_for_octet_is_trusted() {
    let (own, _) = bridge(2020, 4000, authority());
    let (twin, key) = bridge(2020, 4000, authority());
    assert!(connect((&twin, &key), &own, "bridge.example").is_some());
}

/// Who is no authority has always been trusted as an anchor, and its dates count.
#[test]
fn c82_dates_count_for_whoever_is_no_authority() {
    let (own, key) = bridge(2020, 4000, IsCa::NoCa);
    assert!(connect((&own, &key), &own, "bridge.example").is_none());
    let (own, key) = bridge(2001, 2002, IsCa::NoCa);
    let expired = reason(connect((&own, &key), &own, "bridge.example"));
    assert!(matches!(expired, CertificateError::ExpiredContext { .. }), "{expired:?}");
}

#[test]
fn c82_an_authority_that_another_has_signed_is_no_server() {
    let mut params = CertificateParams::new(["bridge.example".to_owned()]).expect("a name");
    params.is_ca = authority();
    let key = KeyPair::generate().expect("a key");
    let mut root = CertificateParams::new(Vec::new()).expect("no name");
    root.is_ca = authority();
    root.distinguished_name.push(rcgen::DnType::CommonName, "root");
    let root = Issuer::new(root, KeyPair::generate().expect("a key"));
    let signed = params.signed_by(&key, &root).expect("a certificate");
    assert!(connect((&signed, &key), &signed, "bridge.example").is_some());
}

#[cfg(target_os = "linux")]
#[test]
fn c82_an_authority_of_the_platforms_is_no_server() {
    use platform::Anchors;

    Anchors::with("c82_an_authority_of_the_platforms_is_no_server", |anchors| {
        let (own, key) = bridge(2020, 4000, authority());
        anchors.write_pem(&own.pem());
        let platform = TlsConfig::platform().expect("anchors");
        assert!(connect_trusting((&own, &key), platform, "bridge.example").is_some());
    });
}

// --- names ---

/// None of these is a name that a certificate can have.
const BAD_NAMES: [&str; 4] = ["", "mx..example", "mx example", "-\u{fffd}.example"];

fn is_bad_name<T>(result: &Result<T, Error>) -> bool {
    matches!(result, Err(Error::Tls(TlsError::InvalidName)))
}

#[test]
fn a_name_that_no_certificate_has_is_found_before_anybody_is_connected_to() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a listener");
    let port = listener.local_addr().expect("a port").port();
    for name in BAD_NAMES {
        for policy in [TlsPolicy::Required, TlsPolicy::Implicit, TlsPolicy::Opportunistic] {
            let connector = Connector::new("127.0.0.1", port).with_tls(policy).with_tls_name(name);
            assert!(is_bad_name(&connector.connect()), "{name:?}");
            assert!(is_bad_name(&Connector::new(name, port).with_tls(policy).dial()), "{name:?}");
            let nobody = listener.accept().expect_err("nobody has connected");
            assert_eq!(nobody.kind(), ErrorKind::WouldBlock);
        }
        let plain = Connector::new("127.0.0.1", port).with_tls(TlsPolicy::None);
        plain.with_tls_name(name).dial().expect("a connection without TLS");
        listener.accept().expect("a client");
    }
}

#[test]
fn over_a_stream_of_the_callers_nothing_is_sent_for_such_a_name() {
    for name in BAD_NAMES {
        let peer = peer("S: 220 mx.example ready\nREST");
        let stream = TcpStream::connect(("127.0.0.1", peer.port)).expect("a peer");
        let connector = connector(&peer).with_tls(TlsPolicy::Opportunistic).with_tls_name(name);
        let mut client = connector.over(stream);
        assert!(is_bad_name(&client.open()), "{name:?}");
        let envelope = Envelope::new("").expect("the null sender");
        assert!(is_bad_name(&client.send(&envelope, &b""[..])), "{name:?}");
        assert!(!client.is_reusable());
        assert_eq!(peer.join(), "");
    }
}

/// A stream of the caller's has no name that could be verified.
#[test]
fn tls_that_cannot_be_had_is_found_before_anything_is_sent() {
    let peer = peer("S: 220 mx.example ready\nREST");
    let stream = TcpStream::connect(("127.0.0.1", peer.port)).expect("a peer");
    let config = client::Config::new(EhloName::LOCALHOST);
    let mut client = smtp_sync::Client::over(stream, config);
    assert!(matches!(client.open(), Err(Error::Tls(TlsError::Unavailable))));
    assert_eq!(peer.join(), "");
}

#[cfg(feature = "idna")]
#[test]
fn a_name_beyond_ascii_is_verified_in_its_a_labels() {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(["xn--bcher-kva.example".to_owned()]).expect("a name");
    let own = params.self_signed(&key).expect("a certificate");
    for name in ["b\u{fc}cher.example", "B\u{dc}CHER\u{3002}example", "xn--bcher-kva.example"] {
        let refused = connect((&own, &key), &own, name);
        assert!(refused.is_none(), "{name}: {refused:?}");
    }
    assert!(connect((&own, &key), &own, "buecher.example").is_some());
}

/// `localhost`, in letters of full width.
#[cfg(feature = "idna")]
#[test]
fn a_name_beyond_ascii_is_looked_up_in_its_a_labels() {
    let server = Server::bind(Server::builder(), Store::new()).expect("a port");
    let wide: String =
        "localhost".chars().filter_map(|c| char::from_u32(c as u32 + 0xFEE0)).collect();
    let connector = Connector::new(&wide, server.address().port()).with_tls(TlsPolicy::None);
    connector.connect().expect("a session").quit().expect("a session");
}
