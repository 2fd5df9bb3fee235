//! A password or a token, and the strongest mechanism for it that the server offers.
#![cfg(all(feature = "tls", feature = "scram"))]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

use std::sync::{Arc, Mutex};

use smtp_sync::{
    Client, Connector, Error, TlsConfig, TlsPolicy,
    proto::{
        hello::EhloName,
        sasl::server::{Exchange, MECHANISMS, ServerChallenge, Step},
        server::{AuthPolicy, Config, TlsPolicy as ServerTls},
    },
    server::{Handler, Server, Store},
};

/// A server with TLS by STARTTLS, a client that trusts it, and the mechanisms that were tried.
struct Pair {
    _server: Server,
    client: Client,
    tried: Arc<Mutex<Vec<String>>>,
}

impl Pair {
    fn new(mechanisms: &'static [&'static str], tls: TlsPolicy) -> Self {
        let key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a key");
        let config = Config::new(EhloName::parse("mx.example").expect("a name"))
            .with_auth(AuthPolicy::Offered)
            .with_plaintext_auth(true)
            .with_tls(ServerTls::Offered)
            .with_mechanisms(mechanisms);
        let server = Server::bind(
            Server::builder().with_config(config).with_tls(Arc::new(server_tls(&key))),
            Store::new().with_user("alice", "s3cret").with_token("alice", "t0ken"),
        )
        .expect("a port");
        let tried = Arc::new(Mutex::new(Vec::new()));
        let lines = Arc::clone(&tried);
        let client = Connector::new("localhost", server.address().port())
            .with_tls(tls)
            .with_tls_config(TlsConfig::with_anchors([key.cert.der().clone()]).expect("trust"))
            .configure(|config| config.with_plaintext_auth(true))
            .with_transcript(move |line| {
                if let Some(auth) = line.strip_prefix("C: AUTH ") {
                    let name = auth.split(' ').next().unwrap_or_default();
                    lines.lock().expect("a lock").push(name.to_owned());
                }
            })
            .connect()
            .expect("a session");
        Self { _server: server, client, tried }
    }

    fn tried(&self) -> Vec<String> {
        self.tried.lock().expect("a lock").clone()
    }
}

fn server_tls(key: &rcgen::CertifiedKey<rcgen::KeyPair>) -> rustls::ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let private = rustls::pki_types::PrivateKeyDer::try_from(key.signing_key.serialize_der());
    rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![key.cert.der().clone()], private.expect("a key"))
        .expect("a certificate")
}

#[test]
fn the_strongest_mechanism_is_bound_to_the_tls_session() {
    let mut pair = Pair::new(MECHANISMS, TlsPolicy::Required);
    pair.client.login("alice", "s3cret").expect("a login");
    assert_eq!(pair.tried(), ["SCRAM-SHA-256-PLUS"]);
}

#[test]
fn without_tls_there_is_nothing_to_bind_to() {
    let mut pair = Pair::new(MECHANISMS, TlsPolicy::None);
    assert_eq!(pair.client.channel_binding(), None);
    pair.client.login("alice", "s3cret").expect("a login");
    assert_eq!(pair.tried(), ["SCRAM-SHA-256"]);
}

#[test]
fn what_is_offered_decides() {
    for (offered, expected) in [
        (&["PLAIN", "LOGIN"][..], "PLAIN"),
        (&["LOGIN"], "LOGIN"),
        (&["LOGIN", "SCRAM-SHA-1"], "SCRAM-SHA-1"),
        (&["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"], "SCRAM-SHA-1-PLUS"),
    ] {
        let mut pair = Pair::new(offered, TlsPolicy::Required);
        pair.client.login("alice", "s3cret").expect("a login");
        assert_eq!(pair.tried(), [expected], "{offered:?}");
    }
}

#[test]
fn a_wrong_password_is_not_tried_with_a_weaker_mechanism() {
    let mut pair = Pair::new(MECHANISMS, TlsPolicy::Required);
    let error = pair.client.login("alice", "wrong").expect_err("a refusal");
    assert!(matches!(error, Error::Authentication { .. }), "{error}");
    assert_eq!(pair.tried(), ["SCRAM-SHA-256-PLUS"]);
}

#[test]
fn a_refused_token_says_why() {
    let mut pair = Pair::new(MECHANISMS, TlsPolicy::Required);
    let error = pair.client.login_with_token("alice", "wrong").expect_err("a refusal");
    let Error::Authentication { details: Some(details), .. } = &error else {
        panic!("{error:?}");
    };
    assert!(details.contains("status"), "{details}");
    assert!(error.to_string().contains(details.as_str()));
    assert!(!format!("{error:?} {error}").contains("wrong"));
    pair.client.login_with_token("alice", "t0ken").expect("a login");
    assert_eq!(pair.tried(), ["OAUTHBEARER", "OAUTHBEARER"]);
}

/// A server that asks for 600,000 iterations of SCRAM.
#[derive(Clone)]
struct Demanding;

impl Handler for Demanding {
    fn exchange(&mut self, _: &str, _: Option<&[u8; 32]>) -> Option<Box<dyn Exchange + Send>> {
        Some(Box::new(Demanding))
    }
}

impl Exchange for Demanding {
    fn respond(&mut self, response: Option<&[u8]>, challenge: &mut ServerChallenge<'_>) -> Step {
        let said = String::from_utf8_lossy(response.unwrap_or_default());
        let (_, nonce) = said.split_once("r=").expect("a client's first message");
        challenge.push(format!("r={nonce}more,s=QSXCR+Q6sek8bf92,i=600000").as_bytes());
        Step::Challenge
    }

    fn user(&self) -> &'static str {
        ""
    }
}

#[test]
fn a_server_that_asks_for_too_many_iterations_is_told_with_the_limit() {
    let config = Config::new(EhloName::parse("mx.example").expect("a name"))
        .with_auth(AuthPolicy::Offered)
        .with_plaintext_auth(true)
        .with_mechanisms(&["SCRAM-SHA-256", "PLAIN"]);
    let server = Server::bind(Server::builder().with_config(config), Demanding).expect("a port");
    let connector = Connector::new("127.0.0.1", server.address().port()).with_tls(TlsPolicy::None);
    let connector = connector.configure(|config| config.with_plaintext_auth(true));
    let mut client = connector.connect().expect("a session");
    let error = client.login("alice", "s3cret").expect_err("too many");
    assert_eq!(
        error.to_string(),
        "auth: the server's challenge cannot be answered: \
         the server asks for 600000 iterations of SCRAM, more than 100000"
    );
    assert!(client.is_reusable());
}
