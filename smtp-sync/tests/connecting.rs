//! Where from, where to, and as whom.
#![cfg(feature = "tls")]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

use std::{
    io::{Read, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener},
    sync::{Arc, Mutex},
    thread,
};

use rcgen::{CertificateParams, CertifiedIssuer, KeyPair};
use rustls::{
    RootCertStore, ServerConfig, ServerConnection,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::WebPkiClientVerifier,
};
use smtp_sync::{
    Client, Connector, Error, TlsConfig, TlsError, TlsPolicy, Url,
    proto::{
        hello::EhloName,
        server::{Answer, Config, TlsPolicy as ServerTls},
    },
    server::{Handler, Peer, Server, Store},
};

/// Remembers where clients come from.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<SocketAddr>>>);

impl Handler for Seen {
    fn connected(&mut self, peer: Peer) -> Option<Answer<'_>> {
        self.0.lock().expect("a lock").push(peer.address());
        None
    }
}

#[test]
fn the_source_address_is_the_callers_choice() {
    let seen = Seen::default();
    let server = Server::bind(Server::builder(), seen.clone()).expect("a port");
    let source = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 9));
    let connector =
        || Connector::new("127.0.0.1", server.address().port()).with_tls(TlsPolicy::None);
    connector().with_source(source).connect().expect("a session").quit().expect("a session");
    let addresses = seen.0.lock().expect("a lock").clone();
    assert_eq!(addresses.iter().map(SocketAddr::ip).collect::<Vec<_>>(), [source]);
    // An address of another family cannot reach it.
    let other = "::1".parse().expect("an address");
    assert!(matches!(connector().with_source(other).connect(), Err(Error::Connect(_))));
}

#[test]
fn a_url_says_all_of_it() {
    let server = Server::bind(Server::builder(), Store::new()).expect("a port");
    let url = format!("smtp://127.0.0.1:{}/client.example?tls=none", server.address().port());
    let url: Url = url.parse().expect("a URL");
    Connector::from_url(&url).connect().expect("a session").quit().expect("a session");
}

/// An authority and what it has issued.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        Self { issuer: CertifiedIssuer::self_signed(params, key).expect("an authority") }
    }

    fn issue(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new([name.to_owned()]).expect("parameters");
        (params.signed_by(&key, &self.issuer).expect("a certificate"), key)
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).expect("an anchor");
        roots
    }

    /// A server that wants to see a certificate of this authority's.
    fn server(&self) -> Server {
        let provider = Arc::new(ring::default_provider());
        let roots = Arc::new(self.roots());
        let clients = WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(&provider));
        let (certificate, key) = self.issue("mx.example");
        let tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_client_cert_verifier(clients.build().expect("a verifier"))
            .with_single_cert(vec![certificate.der().clone()], private(&key))
            .expect("a certificate");
        let name = EhloName::parse("mx.example").expect("a name");
        let config = Config::new(name).with_tls(ServerTls::Required);
        let builder = Server::builder().with_config(config).with_tls(Arc::new(tls));
        Server::bind(builder, Store::new()).expect("a port")
    }

    fn connect(
        &self,
        server: &Server,
        change: impl Fn(TlsConfig) -> TlsConfig,
    ) -> Result<Client, Error> {
        let trust: CertificateDer<'_> = self.issuer.der().clone();
        Connector::new("127.0.0.1", server.address().port())
            .with_tls_name("mx.example")
            .with_tls_config(change(TlsConfig::with_anchors([trust]).expect("trust")))
            .connect()
    }
}

fn private(key: &KeyPair) -> PrivateKeyDer<'static> {
    PrivateKeyDer::try_from(key.serialize_der()).expect("a key")
}

#[test]
fn a_client_certificate_is_shown_and_the_servers_name_is_the_callers() {
    let authority = Authority::new();
    let server = authority.server();
    let (certificate, key) = authority.issue("client.example");
    let with_certificate = |config: TlsConfig| {
        let (chain, key) = (certificate.pem(), key.serialize_pem());
        config.with_client_certificate(chain.as_bytes(), key.as_bytes()).expect("a certificate")
    };
    let client = authority.connect(&server, with_certificate).expect("a session");
    assert!(client.is_secure());
    client.quit().expect("a session");
    assert!(authority.connect(&server, |config| config).is_err());
}

#[test]
fn a_client_certificate_has_to_be_one() {
    let authority = Authority::new();
    let config = TlsConfig::with_anchors([authority.issuer.der().clone()]).expect("trust");
    let (certificate, _) = authority.issue("a");
    let (_, other_key) = authority.issue("b");
    let (chain, key) = (certificate.pem(), other_key.serialize_pem());
    for (chain, key) in [("", key.as_str()), (&chain, ""), (&chain, &key)] {
        let tried = config.clone().with_client_certificate(chain.as_bytes(), key.as_bytes());
        assert!(tried.is_err());
    }
}

#[test]
fn a_session_that_is_over_says_so_inside_tls() {
    let authority = Authority::new();
    let (certificate, key) = authority.issue("mx.example");
    let provider = Arc::new(ring::default_provider());
    let tls = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private(&key))
        .expect("a certificate");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("a port").port();
    let server = thread::spawn(move || {
        let (mut socket, _) = listener.accept().expect("a client");
        let mut session = ServerConnection::new(Arc::new(tls)).expect("a session");
        let mut stream = rustls::Stream::new(&mut session, &mut socket);
        let mut heard = [0; 100];
        for said in ["220 mx.example\r\n", "250 mx.example\r\n", "221 bye\r\n"] {
            stream.write_all(said.as_bytes()).expect("a client");
            if stream.read(&mut heard)? == 0 {
                break;
            }
        }
        stream.read(&mut heard)
    });
    let client = Connector::new("127.0.0.1", port)
        .with_tls(TlsPolicy::Implicit)
        .with_tls_name("mx.example")
        .with_tls_config(TlsConfig::with_anchors([authority.issuer.der().clone()]).expect("trust"))
        .connect()
        .expect("a session");
    client.quit().expect("a session");
    // Without the last record this is an error: an end that anybody can make.
    assert_eq!(server.join().expect("an end").expect("close_notify"), 0);
}

/// What a server that has nothing newer than TLS 1.1 (RFC 8996) says to a `ClientHello`.
const SERVER_HELLO_1_1: &[u8] = &[
    0x16, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2, // ServerHello, version 3.2
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26,
    27, 28, 29, 30, 31, 32, 0, // random, no session
    0xC0, 0x13, 0, // TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, no compression
];

#[test]
fn tls_older_than_1_2_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("a port").port();
    let server = thread::spawn(move || {
        let (mut socket, _) = listener.accept().expect("a client");
        let mut hello = [0; 2048];
        let n = socket.read(&mut hello).expect("a ClientHello");
        socket.write_all(SERVER_HELLO_1_1).expect("a client");
        let mut said = Vec::new();
        socket.read_to_end(&mut said).ok();
        (n, said)
    });
    let authority = Authority::new();
    let trust = TlsConfig::with_anchors([authority.issuer.der().clone()]).expect("trust");
    let connected = Connector::new("127.0.0.1", port)
        .with_tls(TlsPolicy::Implicit)
        .with_tls_config(trust)
        .connect();
    let Err(error) = connected else { panic!("a session over TLS 1.1") };
    assert!(matches!(&error, Error::Tls(TlsError::Rustls(_))), "{error:?}");
    let (_, said) = server.join().expect("an end");
    // An alert (21), fatal (2), protocol_version (70), and nothing of SMTP.
    assert_eq!((said[0], &said[5..]), (21, &[2, 70][..]), "{said:?}");
}
