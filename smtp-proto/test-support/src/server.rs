//! A server in memory, driven by the octets that a client would send.

#![allow(clippy::large_types_passed_by_value, reason = "as the server takes it")]

use core::fmt::Write as _;

use smtp_proto::{
    hello::EhloName,
    server::{Answer, AuthPolicy, Config, Event, PeerError, Server, TlsPolicy, Wants},
};

/// The application's reply to an event; `None` accepts.
pub type Policy = fn(&Event<'_>) -> Option<Answer<'static>>;

/// Accepts `alice` with `s3cret`, and refuses recipients at `nobody@`.
pub fn policy(event: &Event<'_>) -> Option<Answer<'static>> {
    match event {
        Event::Authenticate(credentials) if !credentials.are("alice", "s3cret") => {
            Some(Answer::BAD_CREDENTIALS)
        }
        Event::Recipient(recipient) if recipient.address().as_str().starts_with("nobody@") => {
            Some(Answer::NO_SUCH_MAILBOX)
        }
        _ => None,
    }
}

/// A server named `mx.example`.
pub fn config() -> Config {
    Config::new(EhloName::parse("mx.example").expect("a name"))
}

/// A server that offers AUTH in the clear.
pub fn config_with_auth() -> Config {
    config().with_auth(AuthPolicy::Offered).with_plaintext_auth(true)
}

/// A server that offers STARTTLS, and AUTH behind it.
pub fn config_with_tls() -> Config {
    config().with_tls(TlsPolicy::Offered).with_auth(AuthPolicy::Offered)
}

/// A server with CHUNKING, BINARYMIME and every other extension that can be switched on.
pub fn config_with_chunks() -> Config {
    config().with_extensions(Config::SUPPORTED)
}

/// A server, its output and its events.
#[derive(Debug)]
pub struct Peer {
    /// The server.
    pub server: Server<Box<[u8]>>,
    /// The replies that the application gives.
    pub policy: Policy,
    /// Octets written by the server.
    pub output: Vec<u8>,
    /// Number of writes so far.
    pub writes: usize,
    /// At most this much leaves in one write.
    pub write_size: usize,
    /// Events as text, pieces of content joined.
    pub events: Vec<String>,
    /// Content received.
    pub content: Vec<u8>,
    /// TLS handshakes done.
    pub handshakes: usize,
    /// The error that `poll_event` returned last.
    pub error: Option<PeerError>,
    /// The lines taken, as a transcript shows them.
    pub lines: Vec<String>,
    /// Events as `Debug` shows them.
    pub debug: String,
    shown: usize,
}

impl Peer {
    /// A server that has sent its greeting.
    pub fn new(config: Config) -> Self {
        let mut peer = Self::with_server(Server::new(config));
        peer.pump();
        peer
    }

    /// A server that has received these lines.
    pub fn after(config: Config, lines: &str) -> Self {
        let mut peer = Self::new(config);
        for line in lines.split_inclusive('\n') {
            peer.say(line);
        }
        peer.events.clear();
        peer
    }

    /// A server that has not run yet.
    pub fn with_server(server: Server<Box<[u8]>>) -> Self {
        Self {
            server,
            policy,
            output: Vec::new(),
            writes: 0,
            write_size: usize::MAX,
            events: Vec::new(),
            content: Vec::new(),
            handshakes: 0,
            error: None,
            lines: Vec::new(),
            debug: String::new(),
            shown: 0,
        }
    }

    /// Gives the server `input` and returns its replies.
    pub fn say(&mut self, input: impl AsRef<[u8]>) -> String {
        self.shown = self.output.len();
        self.feed(input.as_ref());
        self.reply()
    }

    /// Octets written since the last `say`.
    pub fn reply(&mut self) -> String {
        String::from_utf8(self.output[self.shown..].to_vec()).expect("ASCII")
    }

    /// Gives the server these octets, as many at a time as it has room for.
    pub fn feed(&mut self, mut input: &[u8]) {
        self.pump();
        while !input.is_empty() && !self.is_over() {
            let space = self.server.read_buf();
            let n = space.len().min(input.len());
            assert!(n > 0, "no room to read");
            space[..n].copy_from_slice(&input[..n]);
            self.server.received(n).expect("in bounds");
            input = &input[n..];
            self.pump();
        }
    }

    /// Ends the stream from the client.
    pub fn hang_up(&mut self) {
        self.server.received(0).expect("in bounds");
        self.pump();
    }

    /// Returns whether the session is over.
    pub fn is_over(&self) -> bool {
        self.server.wants() == Wants::Nothing
    }

    /// Does what the server wants until it wants to read or is done.
    pub fn pump(&mut self) {
        loop {
            match self.server.wants() {
                Wants::Event => self.take_event(),
                Wants::Write => self.write(),
                Wants::Flush => self.server.flushed(),
                Wants::Tls => {
                    self.handshakes += 1;
                    self.server.tls_established().expect("wanted");
                }
                Wants::Read | Wants::Nothing => return,
                other => panic!("{other:?}"),
            }
        }
    }

    fn take_event(&mut self) {
        let line =
            self.server.pending_line().map(|line| String::from_utf8_lossy(line).into_owned());
        self.lines.extend(line);
        let event = match self.server.poll_event() {
            Ok(Some(event)) => event,
            Ok(None) => return,
            Err(error) => return self.error = Some(error),
        };
        if let Event::Content(piece) = event {
            assert!(!piece.is_empty(), "an event that says nothing");
            return self.content.extend_from_slice(piece);
        }
        let answer = (self.policy)(&event);
        write!(self.debug, "{event:?}").expect("a string");
        self.events.push(describe(&event));
        if self.server.wants() == Wants::Answer {
            let answered = match answer {
                Some(answer) => self.server.answer(answer),
                None => self.server.accept(),
            };
            answered.expect("an answer that fits");
        }
    }

    fn write(&mut self) {
        let octets = self.server.transmit();
        let n = octets.len().min(self.write_size);
        assert!(n > 0, "nothing to write");
        self.output.extend_from_slice(&octets[..n]);
        self.server.transmitted(n).expect("in bounds");
        self.writes += 1;
    }
}

fn describe(event: &Event<'_>) -> String {
    match event {
        Event::Hello { name, extended } => format!("hello {name} {extended}"),
        Event::Authenticate(c) => {
            format!(
                "auth {} {:?} {} {}",
                c.mechanism().as_str(),
                c.identity(),
                c.user(),
                c.password()
            )
        }
        Event::Mail(mail) => format!("mail {} {:?}", mail.from(), mail.size()),
        Event::Recipient(recipient) => format!("rcpt {}", recipient.address()),
        Event::ContentEnd { octets, recipient: None } => format!("end {octets}"),
        Event::ContentEnd { octets, recipient: Some(recipient) } => {
            format!("end {octets} for {recipient}")
        }
        Event::Verify(text) => format!("verify {text}"),
        Event::Expand(text) => format!("expand {text}"),
        Event::ContentRefused(fault) => format!("refused {fault:?}"),
        other => format!("{other:?}").to_lowercase(),
    }
}
