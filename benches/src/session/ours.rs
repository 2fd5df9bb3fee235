//! Ours: the core's client, with canned replies or with the core's server.

use core::hint::black_box;

use smtp_proto::{
    address::Address,
    client::{Client, Config, TlsPolicy, Wants},
    command::{Mail, Recipient},
    hello::EhloName,
    server::{self, Event},
};

use super::{END, ENVELOPE, OPENING};
use crate::commands::{RECIPIENT, SENDER};

type Owned = Client<Box<[u8]>>;

/// What the client talks to.
trait Far {
    /// Takes what was written.
    fn take(&mut self, octets: &[u8]);
    /// Gives what is to be read; returns how much.
    fn give(&mut self, space: &mut [u8]) -> usize;
}

/// A client that has said EHLO, and canned replies.
pub struct Session {
    client: Owned,
    far: Canned,
}

impl Session {
    /// Greets and says EHLO.
    #[must_use]
    pub fn open() -> Self {
        let mut far = Canned { replies: OPENING, next: 0, written: 0 };
        let client = open(&mut far);
        far.replies = &[ENVELOPE, END];
        far.next = 0;
        Self { client, far }
    }

    /// Sends a message; returns how many octets were written.
    pub fn send(&mut self, message: &[u8]) -> usize {
        self.far.written = 0;
        send(&mut self.client, &mut self.far, message);
        self.far.written
    }
}

struct Canned {
    replies: &'static [&'static [u8]],
    next: usize,
    written: usize,
}

impl Far for Canned {
    fn take(&mut self, octets: &[u8]) {
        self.written += black_box(octets).len();
    }

    fn give(&mut self, space: &mut [u8]) -> usize {
        let octets = black_box(self.replies[self.next]);
        self.next = (self.next + 1) % self.replies.len();
        space[..octets.len()].copy_from_slice(octets);
        octets.len()
    }
}

/// A client that has said EHLO, and a server that accepts all.
pub struct Server {
    client: Owned,
    far: Accepting,
}

impl Server {
    /// Greets and says EHLO.
    ///
    /// # Panics
    /// When our server has no name.
    #[must_use]
    pub fn open() -> Self {
        let name = EhloName::parse("mx.example").expect("a name");
        let mut far =
            Accepting { server: server::Server::new(server::Config::new(name)), content: 0 };
        Self { client: open(&mut far), far }
    }

    /// Sends a message; returns how many octets of content the server has.
    pub fn send(&mut self, message: &[u8]) -> usize {
        self.far.content = 0;
        send(&mut self.client, &mut self.far, message);
        self.far.content
    }
}

struct Accepting {
    server: server::Server<Box<[u8]>>,
    content: usize,
}

impl Accepting {
    /// Answers until the server waits for the client.
    fn pump(&mut self) {
        loop {
            match self.server.wants() {
                server::Wants::Event => {
                    let event = self.server.poll_event().expect("a sane client");
                    if let Some(Event::Content(octets)) = event {
                        self.content += black_box(octets).len();
                    }
                }
                server::Wants::Answer => self.server.accept().expect("asked"),
                server::Wants::Flush => self.server.flushed(),
                _ => return,
            }
        }
    }
}

impl Far for Accepting {
    fn take(&mut self, mut octets: &[u8]) {
        while !octets.is_empty() {
            self.pump();
            let space = self.server.read_buf();
            let length = space.len().min(octets.len());
            space[..length].copy_from_slice(&octets[..length]);
            self.server.received(length).expect("wanted");
            octets = &octets[length..];
        }
        self.pump();
    }

    fn give(&mut self, space: &mut [u8]) -> usize {
        self.pump();
        let octets = self.server.transmit();
        let length = octets.len().min(space.len());
        space[..length].copy_from_slice(&octets[..length]);
        self.server.transmitted(length).expect("in bounds");
        self.pump();
        length
    }
}

fn open(far: &mut impl Far) -> Owned {
    let config = Config::new(EhloName::LOCALHOST).with_tls(TlsPolicy::None);
    let mut client = Client::new(config);
    assert_eq!(pump(&mut client, far), Wants::Command, "greeted");
    client
}

fn send(client: &mut Owned, far: &mut impl Far, mut message: &[u8]) {
    let mail = Mail::new(Address::parse(SENDER).expect("an address").into());
    let recipient = Recipient::new(Address::parse(RECIPIENT).expect("an address").into());
    client.begin(&(mail, &[recipient][..])).expect("nothing is missing");
    assert_eq!(pump(client, far), Wants::Content, "accepted");
    while !message.is_empty() {
        let taken = client.content(message).expect("can be sent");
        message = &message[taken..];
    }
    client.finish().expect("can be sent");
    assert_eq!(pump(client, far), Wants::Command, "accepted");
}

/// Carries out what the client wants until it is the caller's turn.
fn pump(client: &mut Owned, far: &mut impl Far) -> Wants {
    loop {
        match client.wants() {
            Wants::Event => while client.poll_event().expect("a sane server").is_some() {},
            Wants::Write => {
                far.take(client.transmit());
                client.transmitted(client.transmit().len()).expect("in bounds");
            }
            Wants::Flush => client.flushed(),
            Wants::Read => {
                let length = far.give(client.read_buf());
                client.received(length).expect("in bounds");
            }
            wants => return wants,
        }
    }
}
