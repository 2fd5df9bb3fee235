//! The loopback server: sockets, threads, TLS.

extern crate alloc;

use alloc::sync::Arc;
use core::time::Duration;
use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::Mutex,
    thread,
};

use smtp_sync::{
    proto::{
        command::ReceivedRecipient,
        hello::EhloName,
        server::{Answer, AuthPolicy, Config, End, TlsPolicy},
    },
    server::{Handler, Server, Store},
};

/// Whatever can be read and written.
trait Transport: Read + Write {}
impl<T: Read + Write> Transport for T {}

/// A client that says what it is told to.
struct Client<T> {
    transport: T,
}

impl Client<TcpStream> {
    fn connect(server: &Server) -> Self {
        let transport = TcpStream::connect(server.address()).expect("a listener");
        transport.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket");
        Self { transport }
    }
}

impl<T: Transport> Client<T> {
    /// One reply, octet by octet.
    fn reply(&mut self) -> String {
        let mut reply = Vec::new();
        loop {
            let mut octet = [0];
            self.transport.read_exact(&mut octet).expect("a reply");
            reply.push(octet[0]);
            let line = reply.rsplit(|&octet| octet == b'\n').nth(1).unwrap_or_default();
            if octet == *b"\n" && line.get(3) != Some(&b'-') {
                return String::from_utf8(reply).expect("ASCII");
            }
        }
    }

    fn say(&mut self, line: &str) -> String {
        self.transport.write_all(format!("{line}\r\n").as_bytes()).expect("a connection");
        self.reply()
    }

    fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        let _ = self.transport.read_to_end(&mut rest);
        rest.is_empty()
    }
}

fn config() -> Config {
    Config::new(EhloName::parse("mx.example").expect("a name"))
}

#[test]
fn a_message_is_stored_with_its_envelope() {
    let refusal = Answer::NO_SUCH_MAILBOX;
    let store = Store::new().with_refusal("nobody@mx.example", refusal);
    let server =
        Server::bind(Server::builder().with_config(config()), store.clone()).expect("a port");
    let mut client = Client::connect(&server);
    assert_eq!(client.reply(), "220 mx.example ESMTP ready\r\n");
    client.say("EHLO c.example");
    client.say("MAIL FROM:<a@c.example>");
    assert!(client.say("RCPT TO:<nobody@mx.example>").starts_with("550 5.1.1"));
    client.say("RCPT TO:<b@mx.example>");
    client.say("DATA");
    assert!(client.say("..dot\r\nend\r\n.").starts_with("250"));
    let messages = store.messages();
    assert!(client.say("QUIT").starts_with("221"));
    assert!(client.is_closed());
    let [message] = &messages[..] else { panic!("{messages:?}") };
    assert_eq!(message.from, "a@c.example");
    assert_eq!(message.recipients, ["b@mx.example"]);
    assert_eq!(message.content, b".dot\r\nend\r\n");
    assert_eq!((message.hello.as_str(), message.tls, &message.user), ("c.example", false, &None));
}

#[test]
fn what_came_to_nothing_is_not_stored() {
    let store = Store::new();
    let server =
        Server::bind(Server::builder().with_config(config()), store.clone()).expect("a port");
    let mut client = Client::connect(&server);
    client.reply();
    client.say("EHLO c.example");
    for end in ["RSET", "EHLO c.example"] {
        client.say("MAIL FROM:<a@c.example>");
        client.say("RCPT TO:<forgotten@mx.example>");
        client.say(end);
    }
    client.say("MAIL FROM:<>");
    client.say("RCPT TO:<b@mx.example>");
    client.say("DATA");
    assert!(client.say("bare\nnewline\r\n.").starts_with("550 5.5.2"));
    client.say("MAIL FROM:<>");
    client.say("RCPT TO:<b@mx.example>");
    client.say("DATA");
    client.say("good\r\n.");
    let messages = store.take();
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].recipients, ["b@mx.example"]);
    assert_eq!(messages[0].content, b"good\r\n");
    assert!(store.messages().is_empty());
}

#[test]
fn dropping_the_server_ends_its_connections() {
    let server = Server::bind(Server::builder(), Store::new()).expect("a port");
    let mut clients: Vec<_> = (0..4).map(|_| Client::connect(&server)).collect();
    for client in &mut clients {
        client.reply();
    }
    assert_eq!(server.connections(), 4);
    let address = server.address();
    drop(server);
    assert!(clients.iter_mut().all(Client::is_closed));
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn clients_beyond_the_limit_wait_for_a_place() {
    let server = Server::bind(Server::builder().with_connections(1), Store::new()).expect("a port");
    let mut first = Client::connect(&server);
    first.reply();
    let mut second = Client::connect(&server);
    second.transport.set_read_timeout(Some(Duration::from_millis(100))).expect("a socket");
    assert!(second.transport.read(&mut [0]).is_err(), "no greeting yet");
    first.say("QUIT");
    drop(first);
    second.transport.set_read_timeout(None).expect("a socket");
    assert!(second.reply().starts_with("220"));
}

#[test]
fn a_full_server_stops_too() {
    let server = Server::bind(Server::builder().with_connections(1), Store::new()).expect("a port");
    let mut first = Client::connect(&server);
    first.reply();
    let _waiting = Client::connect(&server);
    drop(server);
    assert!(first.is_closed());
}

#[test]
fn a_silent_client_is_given_up() {
    let timeout = Duration::from_millis(100);
    let server =
        Server::bind(Server::builder().with_timeout(timeout), Store::new()).expect("a port");
    let mut client = Client::connect(&server);
    client.reply();
    assert!(client.is_closed());
}

/// Tells how its session ended, and panics at one recipient.
#[derive(Clone)]
struct Reporter(Arc<Mutex<Vec<Option<End>>>>);

impl Handler for Reporter {
    fn recipient(&mut self, recipient: ReceivedRecipient<'_>) -> Option<Answer<'_>> {
        assert_ne!(recipient.address().as_str(), "panic@mx.example");
        Some(Answer::START_CONTENT)
    }

    fn ended(&mut self, end: Option<End>) {
        self.0.lock().expect("no panic here").push(end);
    }
}

#[test]
fn a_handler_that_fails_harms_only_its_session() {
    let ends = Arc::default();
    let server = Server::bind(Server::builder(), Reporter(Arc::clone(&ends))).expect("a port");
    let mut client = Client::connect(&server);
    client.reply();
    client.say("EHLO c.example");
    client.say("MAIL FROM:<>");
    assert!(client.say("RCPT TO:<b@mx.example>").starts_with("451 "), "an answer of nonsense");
    let _ = client.transport.write_all(b"RCPT TO:<panic@mx.example>\r\n");
    assert!(client.is_closed());
    let mut client = Client::connect(&server);
    client.reply();
    client.say("QUIT");
    drop(server);
    assert_eq!(*ends.lock().expect("no panic"), [Some(End::Quit)]);
}

#[test]
fn the_transcript_shows_the_dialogue_without_secrets() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&lines);
    let config = config().with_auth(AuthPolicy::Offered).with_plaintext_auth(true);
    let server = Server::bind(
        Server::builder()
            .with_config(config.with_extensions([].into_iter().collect()))
            .with_transcript(move |number, line| {
                sink.lock().expect("no panic").push(format!("{number} {line}"));
            }),
        Store::new().with_user("alice", "s3cret"),
    )
    .expect("a port");
    let mut client = Client::connect(&server);
    client.reply();
    client.say("EHLO c.example");
    client.say("AUTH PLAIN AGFsaWNlAHdyb25n");
    client.say("AUTH LOGIN");
    client.say("YWxpY2U=");
    client.say("czNjcmV0");
    client.say("MAIL FROM:<a@c.example>\r\nRCPT TO:<b@mx.example>\r\nDATA");
    client.reply();
    client.reply();
    client.say("x\r\n.");
    client.say("QUIT");
    drop(server);
    let lines = lines.lock().expect("no panic");
    let shown = [
        "0 S: 220 mx.example ESMTP ready",
        "0 C: EHLO c.example",
        "0 S: 250-mx.example",
        "0 S: 250 AUTH PLAIN LOGIN",
        "0 C: AUTH PLAIN",
        "0 S: 535 Authentication credentials invalid",
        "0 C: AUTH LOGIN",
        "0 S: 334 VXNlcm5hbWU6",
        "0 C: ***",
        "0 S: 334 UGFzc3dvcmQ6",
        "0 C: ***",
        "0 S: 235 Authentication successful",
        "0 C: MAIL FROM:<a@c.example>",
        "0 C: RCPT TO:<b@mx.example>",
        "0 C: DATA",
        "0 S: 250 Sender OK",
        "0 S: 250 Recipient OK",
        "0 S: 354 End with <CRLF>.<CRLF>",
        "0 C: (3 octets of content)",
        "0 C: .",
        "0 S: 250 OK",
        "0 C: QUIT",
        "0 S: 221 Bye",
    ];
    assert_eq!(*lines, shown);
}

#[test]
fn tls_that_is_not_configured_is_an_error() {
    let config = config().with_tls(TlsPolicy::Offered);
    assert!(Server::bind(Server::builder().with_config(config), Store::new()).is_err());
}

#[test]
fn many_clients_are_served_at_once() {
    let store = Store::new();
    let server =
        Server::bind(Server::builder().with_connections(4), store.clone()).expect("a port");
    thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| {
                let mut client = Client::connect(&server);
                client.reply();
                client.say("EHLO c.example");
                client.say("MAIL FROM:<>");
                client.say("RCPT TO:<b@mx.example>");
                client.say("DATA");
                client.say("x\r\n.");
                client.say("QUIT");
            });
        }
    });
    assert_eq!(store.messages().len(), 12);
}

#[cfg(feature = "tls")]
mod tls {
    use std::net::TcpStream;

    use rustls::{
        ClientConfig, ClientConnection, RootCertStore, ServerConfig, StreamOwned,
        crypto::ring,
        pki_types::{PrivatePkcs8KeyDer, ServerName},
    };

    use super::*;

    /// Both sides of a certificate for `mx.example`.
    fn configs() -> (Arc<ServerConfig>, Arc<ClientConfig>) {
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
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        (Arc::new(server), Arc::new(client))
    }

    fn secure(
        client: Client<TcpStream>,
        config: Arc<ClientConfig>,
    ) -> Client<StreamOwned<ClientConnection, TcpStream>> {
        let name = ServerName::try_from("mx.example").expect("a name");
        let tls = ClientConnection::new(config, name).expect("a configuration");
        Client { transport: StreamOwned::new(tls, client.transport) }
    }

    fn send_with_auth<T: Transport>(client: &mut Client<T>, store: &Store) {
        assert!(client.say("EHLO c.example").contains("AUTH PLAIN LOGIN"));
        assert!(client.say("AUTH PLAIN AGFsaWNlAHMzY3JldA==").starts_with("235 "));
        client.say("MAIL FROM:<>");
        client.say("RCPT TO:<b@mx.example>");
        client.say("DATA");
        client.say(&format!("{}\r\n.", "long line ".repeat(5000)));
        let message = store.take().pop().expect("a message");
        assert!(message.tls);
        assert_eq!(message.user.as_deref(), Some("alice"));
        assert_eq!(message.hello, "c.example");
        assert_eq!(message.content.len(), 50_002);
        assert!(client.say("QUIT").starts_with("221 "));
        let closed = client.transport.read(&mut [0]);
        assert!(matches!(closed, Ok(0)), "a close that TLS can tell from a cut: {closed:?}");
    }

    #[test]
    fn starttls_secures_the_session() {
        let (server_config, client_config) = configs();
        let store = Store::new().with_user("alice", "s3cret");
        let server = Server::bind(
            Server::builder()
                .with_config(config().with_tls(TlsPolicy::Required).with_auth(AuthPolicy::Required))
                .with_tls(server_config),
            store.clone(),
        )
        .expect("a port");
        let mut client = Client::connect(&server);
        client.reply();
        assert!(client.say("EHLO plain.example").contains("STARTTLS"));
        assert!(client.say("MAIL FROM:<>").starts_with("530 5.7.0"));
        assert!(client.say("STARTTLS").starts_with("220 "));
        send_with_auth(&mut secure(client, client_config), &store);
    }

    #[test]
    fn implicit_tls_comes_before_the_greeting() {
        let (server_config, client_config) = configs();
        let store = Store::new().with_user("alice", "s3cret");
        let server = Server::bind(
            Server::builder()
                .with_config(config().with_tls(TlsPolicy::Implicit).with_auth(AuthPolicy::Required))
                .with_tls(server_config),
            store.clone(),
        )
        .expect("a port");
        let mut client = secure(Client::connect(&server), client_config);
        assert!(client.reply().starts_with("220 "));
        send_with_auth(&mut client, &store);
    }

    #[test]
    fn octets_behind_starttls_end_the_connection() {
        let (server_config, _) = configs();
        let server = Server::bind(
            Server::builder()
                .with_config(config().with_tls(TlsPolicy::Offered))
                .with_tls(server_config),
            Store::new(),
        )
        .expect("a port");
        let mut client = Client::connect(&server);
        client.reply();
        client.say("EHLO c.example");
        client.transport.write_all(b"STARTTLS\r\nMAIL FROM:<evil@x>\r\n").expect("a connection");
        assert!(client.is_closed());
    }
}
