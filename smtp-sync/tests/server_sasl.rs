//! Every mechanism between the client and the server of this crate, over the loopback interface.
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

use std::sync::{Arc, Mutex};

#[cfg(feature = "cram-md5")]
use smtp_sync::proto::sasl::CramMd5;
#[cfg(feature = "scram")]
use smtp_sync::proto::sasl::{Nonce, ScramSha1, ScramSha256};
use smtp_sync::{
    Client, Connector, Envelope, Error, TlsPolicy,
    proto::{
        client::Authentication,
        hello::EhloName,
        sasl::{Login, Mechanism, OAuthBearer, Plain, XOAuth2, server::MECHANISMS},
        server::{AuthPolicy, Config},
    },
    server::{Server, Store},
};

/// User, password, token.
type Secrets = [&'static str; 3];

const ALICE: Secrets = ["alice", "s3cret", "t0ken"];
const WRONG: [Secrets; 2] = [["alice", "wrong", "wrong"], ["nobody", "s3cret", "t0ken"]];

fn config() -> Config {
    Config::new(EhloName::parse("mx.example").expect("a name"))
        .with_auth(AuthPolicy::Required)
        .with_plaintext_auth(true)
        .with_mechanisms(MECHANISMS)
}

fn store() -> Store {
    Store::new().with_user("alice", "s3cret").with_token("alice", "t0ken")
}

fn connect(server: &Server) -> Client {
    Connector::new("127.0.0.1", server.address().port())
        .with_name("client.example".parse().expect("a name"))
        .with_tls(TlsPolicy::None)
        .configure(|config| config.with_plaintext_auth(true))
        .connect()
        .expect("a session")
}

/// All that the client has and that needs no TLS session, by name.
fn mechanisms([user, password, token]: Secrets) -> Vec<Box<dyn Mechanism>> {
    #[cfg(feature = "scram")]
    let nonce = || Nonce::new("client").expect("a nonce");
    vec![
        Box::new(Plain::new(user, password)),
        Box::new(Login::new(user, password)),
        #[cfg(feature = "cram-md5")]
        Box::new(CramMd5::new(user, password)),
        #[cfg(feature = "scram")]
        Box::new(ScramSha1::new(user, password, nonce())),
        #[cfg(feature = "scram")]
        Box::new(ScramSha256::new(user, password, nonce())),
        Box::new(XOAuth2::new(user, token)),
        Box::new(OAuthBearer::new(token).with_user(user)),
    ]
}

fn authenticate(client: &mut Client, mechanism: &mut dyn Mechanism) -> Result<usize, Error> {
    let list: &mut [&mut dyn Mechanism] = &mut [mechanism];
    client.authenticate(list)
}

#[test]
fn every_mechanism_lets_its_user_send() {
    let store = store();
    let server =
        Server::bind(Server::builder().with_config(config()), store.clone()).expect("a port");
    let envelope = Envelope::new("a@example.org").and_then(|e| e.to("b@mx.example")).expect("one");
    for mut mechanism in mechanisms(ALICE) {
        let mut client = connect(&server);
        let done = authenticate(&mut client, &mut *mechanism);
        assert!(matches!(done, Ok(0)), "{}: {done:?}", mechanism.name());
        let outcome = client.send(&envelope, &b"x\r\n"[..]).expect("an outcome");
        assert!(outcome.is_delivered());
        let message = store.take().pop().expect("a message");
        assert_eq!(message.user.as_deref(), Some("alice"), "{}", mechanism.name());
        client.quit().expect("an end");
    }
}

#[test]
fn no_mechanism_lets_anybody_else_in() {
    let server = Server::bind(Server::builder().with_config(config()), store()).expect("a port");
    for mut mechanism in WRONG.into_iter().flat_map(mechanisms) {
        let mut client = connect(&server);
        let refused = authenticate(&mut client, &mut *mechanism).expect_err("refused");
        let Error::Authentication { verdict: Authentication::Refused(code), .. } = refused else {
            panic!("{}: {refused:?}", mechanism.name())
        };
        assert_eq!(code.value(), 535, "{}", mechanism.name());
        client.quit().expect("a session that goes on");
    }
}

/// All mechanisms that can name whom a client wants to act as (the `authzid`), naming this one.
fn acting_as(identity: &'static str) -> Vec<Box<dyn Mechanism>> {
    let [user, password, token] = ALICE;
    #[cfg(feature = "scram")]
    let nonce = || Nonce::new("client").expect("a nonce");
    vec![
        Box::new(Plain::new(user, password).with_authorization(identity)),
        #[cfg(feature = "scram")]
        Box::new(ScramSha1::new(user, password, nonce()).with_authorization(identity)),
        #[cfg(feature = "scram")]
        Box::new(ScramSha256::new(user, password, nonce()).with_authorization(identity)),
        Box::new(XOAuth2::new(identity, token)),
        Box::new(OAuthBearer::new(token).with_user(identity)),
    ]
}

#[test]
fn nobody_acts_as_another_user() {
    let store = store().with_user("bob", "other");
    let server = Server::bind(Server::builder().with_config(config()), store).expect("a port");
    for (identity, lets_in) in [("alice", true), ("bob", false), ("nobody", false)] {
        for mut mechanism in acting_as(identity) {
            let done = authenticate(&mut connect(&server), &mut *mechanism);
            assert_eq!(done.is_ok(), lets_in, "{} as {identity}: {done:?}", mechanism.name());
        }
    }
}

#[test]
fn a_refused_token_is_explained_and_not_shown() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&lines);
    let server = Server::bind(
        Server::builder()
            .with_config(config())
            .with_transcript(move |_, line| sink.lock().expect("no panic").push(line.to_owned())),
        store(),
    )
    .expect("a port");
    let mut bearer = OAuthBearer::new("wrong");
    let mut client = connect(&server);
    authenticate(&mut client, &mut bearer).expect_err("refused");
    assert_eq!(bearer.error(), Some(&br#"{"status":"invalid_token"}"#[..]));
    client.quit().expect("an end");
    drop(server);
    let lines = lines.lock().expect("no panic");
    let dialogue = [
        "C: AUTH OAUTHBEARER",
        "S: 334 eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIn0=",
        "C: ***",
        "S: 535 5.7.8 Authentication credentials invalid",
    ];
    assert!(lines.windows(4).any(|said| said == dialogue), "{lines:?}");
}

#[test]
fn a_handler_without_mechanisms_says_504() {
    #[derive(Clone)]
    struct Nobody;
    impl smtp_sync::server::Handler for Nobody {}

    let server = Server::bind(Server::builder().with_config(config()), Nobody).expect("a port");
    let mut client = connect(&server);
    let refused = authenticate(&mut client, &mut XOAuth2::new("alice", "t0ken"));
    assert_eq!(refused.expect_err("refused").reply().map(|r| r.code().value()), Some(504));
}

/// Sees nothing of what the server offers: somebody between them has stripped it.
#[cfg(all(feature = "scram", feature = "tls"))]
struct Stripped<'a>(&'a mut dyn Mechanism);

#[cfg(all(feature = "scram", feature = "tls"))]
impl Mechanism for Stripped<'_> {
    fn name(&self) -> &str {
        self.0.name()
    }
    fn initial_response(&self) -> smtp_sync::proto::sasl::InitialResponse {
        self.0.initial_response()
    }
    fn restart(&mut self) {
        self.0.restart();
    }
    fn respond(
        &mut self,
        challenge: smtp_sync::proto::sasl::Challenge<'_>,
        response: &mut smtp_sync::proto::sasl::Response<'_>,
    ) -> Result<(), smtp_sync::proto::sasl::CannotAnswer> {
        self.0.respond(challenge, response)
    }
    fn is_satisfied(&self) -> bool {
        self.0.is_satisfied()
    }
}

#[cfg(all(feature = "tls", feature = "scram"))]
mod tls {
    use std::{
        io::{Read, Write},
        net::TcpStream,
    };

    use rustls::{
        ClientConfig, ClientConnection, RootCertStore, ServerConfig, StreamOwned,
        crypto::ring,
        pki_types::{PrivatePkcs8KeyDer, ServerName},
    };
    use smtp_sync::proto::{
        client::{self, Client as Core, Wants},
        sasl::ChannelBinding,
        server::TlsPolicy,
    };

    use super::*;

    type Version = &'static rustls::SupportedProtocolVersion;
    type Transport = StreamOwned<ClientConnection, TcpStream>;

    /// A server, and a TLS session with it.
    fn start(version: Version) -> (Server, Transport) {
        let provider = Arc::new(ring::default_provider());
        let made = rcgen::generate_simple_self_signed(["mx.example".to_owned()]).expect("a name");
        let certificate = made.cert.der().clone();
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key.into())
            .expect("a key");
        let mut roots = RootCertStore::empty();
        roots.add(certificate).expect("a certificate");
        let client = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .expect("a version")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let server = Server::bind(
            Server::builder()
                .with_config(config().with_tls(TlsPolicy::Implicit))
                .with_tls(Arc::new(server)),
            store(),
        )
        .expect("a port");
        let name = ServerName::try_from("mx.example").expect("a name");
        let mut tls = ClientConnection::new(Arc::new(client), name).expect("a configuration");
        let mut socket = TcpStream::connect(server.address()).expect("a listener");
        while tls.is_handshaking() {
            tls.complete_io(&mut socket).expect("a handshake");
        }
        (server, StreamOwned::new(tls, socket))
    }

    fn exporter(transport: &Transport) -> [u8; 32] {
        let label = b"EXPORTER-Channel-Binding";
        transport.conn.export_keying_material([0; 32], label, Some(b"")).expect("a name")
    }

    /// Moves octets until the client wants something else.
    fn pump(core: &mut Core<Box<[u8]>>, transport: &mut Transport) -> Wants {
        loop {
            match core.wants() {
                Wants::Event => drop(core.poll_event().expect("a sane server")),
                Wants::Tls => core.tls_established().expect("wanted"),
                Wants::Write => {
                    let n = transport.write(core.transmit()).expect("a connection");
                    core.transmitted(n).expect("in bounds");
                }
                Wants::Flush => {
                    transport.flush().expect("a connection");
                    core.flushed();
                }
                Wants::Read => {
                    let n = transport.read(core.read_buf()).expect("a connection");
                    core.received(n).expect("in bounds");
                }
                wants => return wants,
            }
        }
    }

    fn verdict(mechanism: &mut dyn Mechanism, transport: &mut Transport) -> Authentication {
        let config = client::Config::new(EhloName::LOCALHOST).with_tls(client::TlsPolicy::Implicit);
        let mut core = Core::new(config);
        let list: &mut [&mut dyn Mechanism] = &mut [mechanism];
        assert_eq!(pump(&mut core, transport), Wants::Command);
        core.authenticate(list).expect("offered");
        while pump(&mut core, transport) == Wants::Credentials {
            core.authenticate(list).expect("the same");
        }
        core.authentication()
    }

    fn scram(password: &str) -> ScramSha256<'_> {
        ScramSha256::new("alice", password, Nonce::new("client").expect("a nonce"))
    }

    #[test]
    fn scram_is_bound_to_the_tls_session() {
        for (password, expected) in [("s3cret", 0), ("wrong", 535)] {
            let (_server, mut transport) = start(&rustls::version::TLS13);
            let name = exporter(&transport);
            let mut plus = scram(password).with_channel_binding(ChannelBinding::TlsExporter(&name));
            assert_eq!(code(verdict(&mut plus, &mut transport)), expected);
        }
        let (_server, mut transport) = start(&rustls::version::TLS13);
        let (_other, other) = start(&rustls::version::TLS13);
        let name = exporter(&other);
        let mut plus = scram("s3cret").with_channel_binding(ChannelBinding::TlsExporter(&name));
        assert_eq!(code(verdict(&mut plus, &mut transport)), 535, "somebody in the middle");
    }

    #[test]
    fn a_client_that_was_told_of_no_binding_is_refused() {
        let (_server, mut transport) = start(&rustls::version::TLS13);
        let mut unoffered = scram("s3cret").with_channel_binding_unoffered();
        let stripped = &mut Stripped(&mut unoffered);
        assert_eq!(code(verdict(stripped, &mut transport)), 535);
    }

    #[test]
    fn a_session_without_a_name_cannot_be_bound_to() {
        let (_server, mut transport) = start(&rustls::version::TLS12);
        let name = exporter(&transport);
        let mut plus = scram("s3cret").with_channel_binding(ChannelBinding::TlsExporter(&name));
        assert_eq!(code(verdict(&mut plus, &mut transport)), 504);
        let (_server, mut transport) = start(&rustls::version::TLS12);
        assert_eq!(code(verdict(&mut scram("s3cret"), &mut transport)), 0);
    }

    /// 0 for success.
    fn code(verdict: Authentication) -> u16 {
        match verdict {
            Authentication::Done(_) => 0,
            Authentication::Refused(code) => code.value(),
            other => panic!("{other:?}"),
        }
    }
}
