//! A server with accounts, and a client that authenticates to it, in memory.
#![allow(clippy::large_types_passed_by_value, reason = "as the server takes it")]

use core::fmt;

use smtp_proto::{
    client::{self, Authentication, BufferSizes, Client},
    hello::EhloName,
    sasl::{
        Mechanism,
        server::{Accounts, AnonymousExchange, Exchange, ExternalExchange, exchange},
    },
    server::{Answer, AuthPolicy, Config, Event, Limits, Server, TlsPolicy, Wants},
};

/// The exporter value of the TLS session, the same at both ends (RFC 9266).
pub const TLS_EXPORTER: [u8; 32] = [9; 32];

/// Octets that stand for random ones.
const RANDOM: [u8; 32] = *b"0123456789abcdefghijklmnopqrstuv";

/// Names of the mechanisms that the server offers.
pub const MECHANISMS: &[&str] = &[
    "PLAIN",
    "LOGIN",
    "CRAM-MD5",
    "SCRAM-SHA-1",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-256",
    "SCRAM-SHA-256-PLUS",
    "XOAUTH2",
    "OAUTHBEARER",
    "EXTERNAL",
    "ANONYMOUS",
];

/// User, password, token.
pub const USERS: [[&str; 3]; 2] = [["alice", "s3cret", "t0ken"], ["a=b,\u{e9}", "p w", "other"]];

/// The accounts of [`USERS`].
#[derive(Debug)]
pub struct Directory;

impl Accounts for Directory {
    fn password(&self, user: &str) -> Option<&str> {
        USERS.iter().find(|[name, ..]| *name == user).map(|[_, password, _]| *password)
    }

    fn user_of_token(&self, token: &str) -> Option<&str> {
        USERS.iter().find(|[.., known]| *known == token).map(|[name, ..]| *name)
    }
}

/// A server inside TLS that offers every mechanism.
pub fn config() -> Config {
    Config::new(EhloName::parse("mx.example").expect("a name"))
        .with_tls(TlsPolicy::Implicit)
        .with_auth(AuthPolicy::Required)
        .with_mechanisms(MECHANISMS)
        .with_limits(Limits::DEFAULT.with_bad_commands(100))
}

/// A server, and what its application keeps.
pub struct Host {
    /// The server.
    pub server: Server<Box<[u8]>>,
    /// The exchange that is going on.
    pub exchange: Option<Box<dyn Exchange + Send>>,
    /// The user who has authenticated.
    pub user: Option<String>,
    /// Octets written by the server since the last command.
    pub output: Vec<u8>,
    /// At most this much leaves in one write.
    size: usize,
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("server", &self.server).finish_non_exhaustive()
    }
}

impl Host {
    /// Runs the server; at most `size` octets leave in one write.
    pub fn new(server: Server<Box<[u8]>>, size: usize) -> Self {
        let mut host = Self { server, exchange: None, user: None, output: Vec::new(), size };
        host.pump();
        host
    }

    /// A server that has received EHLO.
    pub fn greeted(config: Config) -> Self {
        let mut host = Self::new(Server::new(config), usize::MAX);
        host.say("EHLO c.example");
        host
    }

    /// The reply to a command line.
    pub fn say(&mut self, line: &str) -> String {
        self.output.clear();
        self.feed(format!("{line}\r\n").as_bytes());
        String::from_utf8(self.output.clone()).expect("ASCII")
    }

    /// Gives the server these octets, as many at a time as it has room for.
    pub fn feed(&mut self, mut input: &[u8]) {
        while !input.is_empty() && self.server.wants() != Wants::Nothing {
            let space = self.server.read_buf();
            let n = space.len().min(input.len());
            space[..n].copy_from_slice(&input[..n]);
            self.server.received(n).expect("in bounds");
            input = &input[n..];
            self.pump();
        }
    }

    fn pump(&mut self) {
        loop {
            match self.server.wants() {
                Wants::Event => self.take_event(),
                Wants::Write => self.write(),
                Wants::Flush => self.server.flushed(),
                Wants::Tls => self.server.tls_established().expect("wanted"),
                _ => return,
            }
        }
    }

    fn write(&mut self) {
        let n = self.server.transmit().len().min(self.size);
        self.output.extend_from_slice(&self.server.transmit()[..n]);
        self.server.transmitted(n).expect("in bounds");
    }

    fn take_event(&mut self) {
        match self.server.poll_event().expect("a sane client") {
            Some(Event::Exchange { mechanism, begins }) => self.authenticate(mechanism, begins),
            Some(Event::Authenticate(credentials)) => {
                let user = credentials.user().to_owned();
                let password = Directory.password(&user);
                if password.is_some_and(|password| credentials.are(&user, password)) {
                    self.user = Some(user);
                    return self.server.accept().expect("a question");
                }
                self.server.answer(Answer::BAD_CREDENTIALS).expect("a question");
            }
            _ => self.accept(),
        }
    }

    fn accept(&mut self) {
        if self.server.wants() == Wants::Answer {
            self.server.accept().expect("a question");
        }
    }

    fn authenticate(&mut self, mechanism: &str, begins: bool) {
        if begins {
            self.exchange = match mechanism {
                "EXTERNAL" => Some(Box::new(ExternalExchange::new("alice"))),
                "ANONYMOUS" => Some(Box::new(AnonymousExchange)),
                name => exchange(name, Directory, &RANDOM, Some(&TLS_EXPORTER)),
            };
        }
        let Some(exchange) = &mut self.exchange else {
            return self.server.accept().expect("a question");
        };
        self.server.authenticate(&mut **exchange).expect("a question");
        if self.server.is_authenticated() {
            self.user = Some(exchange.user().to_owned());
        }
    }
}

/// A client and a server, joined.
#[derive(Debug)]
pub struct Pair {
    client: Client<Box<[u8]>>,
    /// The server's end.
    pub host: Host,
    /// At most this much is read or written at once.
    size: usize,
    /// Lines of the AUTH dialogue, `C: ` or `S: ` before each.
    pub said: Vec<String>,
}

impl Pair {
    /// A client and a server inside TLS; at most `size` octets pass at once.
    pub fn new(size: usize) -> Self {
        let name = EhloName::parse("client.example").expect("a name");
        let asking = client::Config::new(name).with_tls(client::TlsPolicy::Implicit);
        Self {
            client: Client::with_sizes(asking, BufferSizes::LARGE),
            host: Host::new(Server::new(config()), size),
            size,
            said: Vec::new(),
        }
    }

    /// Authenticates with this mechanism, and returns the result for the client.
    pub fn authenticate(&mut self, mechanism: &mut dyn Mechanism) -> Authentication {
        assert_eq!(self.run(), client::Wants::Command);
        self.said.clear();
        let list: &mut [&mut dyn Mechanism] = &mut [mechanism];
        self.client.authenticate(list).expect("offered");
        while self.run() == client::Wants::Credentials {
            self.client.authenticate(list).expect("the same mechanism");
        }
        self.client.authentication()
    }

    fn run(&mut self) -> client::Wants {
        loop {
            match self.client.wants() {
                client::Wants::Event => drop(self.client.poll_event().expect("a sane server")),
                client::Wants::Write => self.write(),
                client::Wants::Flush => self.client.flushed(),
                client::Wants::Read => self.read(),
                client::Wants::Tls => self.client.tls_established().expect("wanted"),
                other => return other,
            }
        }
    }

    fn write(&mut self) {
        let n = self.client.transmit().len().min(self.size);
        let octets = self.client.transmit()[..n].to_vec();
        self.client.transmitted(n).expect("in bounds");
        note(&mut self.said, "C: ", &octets);
        self.host.feed(&octets);
    }

    fn read(&mut self) {
        let space = self.client.read_buf();
        let n = space.len().min(self.host.output.len()).min(self.size);
        assert!(n > 0, "both wait");
        space[..n].copy_from_slice(&self.host.output[..n]);
        let octets: Vec<_> = self.host.output.drain(..n).collect();
        note(&mut self.said, "S: ", &octets);
        self.client.received(n).expect("in bounds");
    }
}

/// Adds octets to lines, in whatever pieces they come.
fn note(said: &mut Vec<String>, who: &str, octets: &[u8]) {
    let text = core::str::from_utf8(octets).expect("ASCII");
    for piece in text.split_inclusive('\n') {
        match said.last_mut().filter(|line| !line.ends_with('\n')) {
            Some(line) => line.push_str(piece),
            None => said.push(format!("{who}{piece}")),
        }
    }
}
