//! The server's end in memory: the core's server, TLS where it has it, and what it has stored.

use std::{
    collections::VecDeque,
    io::{Read, Write},
    sync::Arc,
};

use rustls::{ServerConfig, ServerConnection};
use smtp_async::proto::{
    reply::Code,
    server::{Answer, Config, Event, Server, Wants},
};

/// A message as it came.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Message {
    pub from: String,
    pub to: Vec<String>,
    pub content: Vec<u8>,
}

/// The server, and what is on its way from it and to it.
pub struct Far {
    server: Server<Box<[u8]>>,
    tls_config: Arc<ServerConfig>,
    tls: Option<ServerConnection>,
    pub to_server: VecDeque<u8>,
    pub to_client: VecDeque<u8>,
    message: Message,
    pub stored: Vec<Message>,
    /// The commands that it took.
    pub lines: Vec<String>,
    pub closed: bool,
}

impl Far {
    #[allow(clippy::large_types_passed_by_value, reason = "as the server takes it")]
    pub fn new(config: Config, tls_config: Arc<ServerConfig>) -> Self {
        Self {
            server: Server::new(config),
            tls_config,
            tls: None,
            to_server: VecDeque::new(),
            to_client: VecDeque::new(),
            message: Message::default(),
            stored: Vec::new(),
            lines: Vec::new(),
            closed: false,
        }
    }

    pub fn is_authenticated(&self) -> bool {
        self.server.is_authenticated()
    }

    /// Goes on as far as what has come allows.
    pub fn run(&mut self) {
        loop {
            let goes_on = match self.server.wants() {
                Wants::Event => self.take_event(),
                Wants::Write => self.write(),
                Wants::Flush => {
                    self.server.flushed();
                    true
                }
                Wants::Read => self.read(),
                Wants::Tls => self.shake_hands(),
                _ => {
                    self.closed = true;
                    false
                }
            };
            if !goes_on {
                return;
            }
        }
    }

    fn take_event(&mut self) -> bool {
        if let Some(line) = self.server.pending_line() {
            self.lines.push(String::from_utf8_lossy(line).into_owned());
        }
        let event = self.server.poll_event().expect("a sane client");
        let Some((code, text)) = event.and_then(|event| react(event, &mut self.message)) else {
            return true;
        };
        if text.starts_with("stored") {
            let message = std::mem::take(&mut self.message);
            self.stored.push(message);
        }
        let answer = Answer::new(code, None, &text).expect("a text");
        self.server.answer(answer).expect("a question");
        true
    }

    fn write(&mut self) -> bool {
        let text = self.server.transmit();
        // Nothing that a client says after it was interrupted is out of place.
        let complaint = text.split(|&octet| octet == b'\n').any(|line| line.starts_with(b"50"));
        assert!(!complaint, "{}", String::from_utf8_lossy(text));
        match &mut self.tls {
            Some(tls) => {
                tls.writer().write_all(text).expect("room");
                while tls.wants_write() {
                    tls.write_tls(&mut self.to_client).expect("room");
                }
            }
            None => self.to_client.extend(text),
        }
        let length = text.len();
        self.server.transmitted(length).expect("in bounds");
        true
    }

    fn read(&mut self) -> bool {
        let space = self.server.read_buf();
        let n = match &mut self.tls {
            None => self.to_server.read(space).expect("octets"),
            Some(tls) => {
                while !self.to_server.is_empty() {
                    tls.read_tls(&mut self.to_server).expect("octets");
                    tls.process_new_packets().expect("records");
                }
                // No room for what has not come is no end.
                tls.reader().read(space).unwrap_or(0)
            }
        };
        if n > 0 {
            self.server.received(n).expect("in bounds");
        }
        n > 0
    }

    fn shake_hands(&mut self) -> bool {
        let config = &self.tls_config;
        let tls = self
            .tls
            .get_or_insert_with(|| ServerConnection::new(Arc::clone(config)).expect("a server"));
        while tls.is_handshaking() && !self.to_server.is_empty() {
            tls.read_tls(&mut self.to_server).expect("octets");
            tls.process_new_packets().expect("a handshake");
        }
        while tls.wants_write() {
            tls.write_tls(&mut self.to_client).expect("room");
        }
        if tls.is_handshaking() {
            return false;
        }
        self.server.tls_established().expect("wanted");
        true
    }
}

/// What is answered, each time with words of its own: whoever gets another's reply is found out.
fn react(event: Event<'_>, message: &mut Message) -> Option<(Code, String)> {
    match event {
        Event::Mail(mail) => {
            *message = Message { from: mail.from().to_string(), ..Message::default() };
            Some((Code::OK, format!("from {}", mail.from())))
        }
        Event::Recipient(to) if to.address().to_string().contains("nobody") => {
            Some((Code::MAILBOX_UNAVAILABLE, format!("no {}", to.address())))
        }
        Event::Recipient(to) => {
            message.to.push(to.address().to_string());
            Some((Code::OK, format!("to {}", to.address())))
        }
        Event::Content(octets) => {
            message.content.extend_from_slice(octets);
            None
        }
        Event::ContentEnd { .. } => Some((Code::OK, format!("stored {}", message.from))),
        Event::Authenticate(credentials) if credentials.are("user", "s3cret") => {
            Some((Code::AUTHENTICATED, "welcome".to_owned()))
        }
        Event::Verify(who) => Some((Code::CANNOT_VERIFY, format!("about {}", who.as_str()))),
        Event::Data => Some((Code::START_CONTENT, "go".to_owned())),
        Event::Connected => Some((Code::SERVICE_READY, "here".to_owned())),
        Event::Hello { .. } => Some((Code::OK, "hello".to_owned())),
        Event::Reset | Event::Quit => None,
        other => panic!("{other:?}"),
    }
}
