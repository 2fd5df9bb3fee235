//! The client and the server of this crate, joined in memory.

use alloc::collections::VecDeque;

use smtp_proto::{
    client::{self, Authentication, Client, Event, Journal, TlsPolicy},
    envelope::Envelope,
    hello::EhloName,
    sasl::Plain,
    server::{AuthPolicy, End, Server, TlsPolicy as ServerTls},
};
use smtp_test_support::server::{Peer, config};

const MESSAGE: &[u8] = b".starts with a dot\r\n..\r\n.\r\nends with one\r\n.\r\n";

/// Both ends and what is on its way between them.
struct Pair {
    client: Client<Box<[u8]>>,
    peer: Peer,
    to_client: VecDeque<u8>,
    /// At most this much is read or written at once.
    size: usize,
    handshakes: usize,
    replies: Vec<String>,
    journal: Journal,
}

impl Pair {
    fn new(tls: TlsPolicy, server: ServerTls, size: usize) -> Self {
        let name = EhloName::parse("client.example").expect("a name");
        let config = config().with_tls(server).with_auth(AuthPolicy::Required);
        let mut peer = Peer::with_server(Server::new(config));
        peer.write_size = size;
        Self {
            client: Client::new(client::Config::new(name).with_tls(tls)),
            peer,
            to_client: VecDeque::new(),
            size,
            handshakes: 0,
            replies: Vec::new(),
            journal: Journal::default(),
        }
    }

    /// Drives both until it is the application's turn.
    fn run(&mut self) -> client::Wants {
        loop {
            match self.client.wants() {
                client::Wants::Event => self.take_event(),
                client::Wants::Write => self.write(),
                client::Wants::Flush => self.client.flushed(),
                client::Wants::Read => self.read(),
                client::Wants::Tls => {
                    self.handshakes += 1;
                    self.client.tls_established().expect("wanted");
                }
                other => return other,
            }
        }
    }

    fn take_event(&mut self) {
        let Some(event) = self.client.poll_event().expect("a sane server") else { return };
        self.journal.record(&event);
        if let Some(reply) = Event::reply(&event) {
            self.replies.push(reply.to_string());
        }
    }

    fn write(&mut self) {
        let octets = self.client.transmit();
        let n = octets.len().min(self.size);
        let octets = octets[..n].to_vec();
        self.client.transmitted(n).expect("in bounds");
        self.peer.feed(&octets);
    }

    fn read(&mut self) {
        self.peer.pump();
        self.to_client.extend(self.peer.output.drain(..));
        let space = self.client.read_buf();
        let n = space.len().min(self.to_client.len()).min(self.size);
        for (slot, octet) in space.iter_mut().zip(self.to_client.drain(..n)) {
            *slot = octet;
        }
        // Nothing left to read: the server has closed.
        assert!(n > 0 || self.peer.is_over(), "both wait");
        self.client.received(n).expect("in bounds");
    }

    fn log_in(&mut self, user: &str, password: &str) {
        let mut plain = Plain::new(user, password);
        self.client.authenticate(&mut plain).expect("offered");
        while self.run() == client::Wants::Credentials {
            self.client.authenticate(&mut plain).expect("the same mechanism");
        }
    }

    fn send(&mut self, envelope: &Envelope, mut message: &[u8]) {
        let transaction = self.client.begin(envelope).expect("an envelope that fits");
        self.journal.begin(transaction, envelope.len());
        loop {
            match self.run() {
                client::Wants::Envelope => {
                    self.client.continue_envelope(envelope).expect("wanted");
                }
                client::Wants::Content if message.is_empty() => {
                    self.client.finish().expect("content that fits");
                }
                client::Wants::Content => {
                    let n = message.len().min(self.size);
                    let taken = self.client.content(&message[..n]).expect("content that fits");
                    message = &message[taken..];
                }
                _ => return,
            }
        }
    }
}

fn whole_session(size: usize) -> Pair {
    let mut pair = Pair::new(TlsPolicy::Required, ServerTls::Required, size);
    assert_eq!(pair.run(), client::Wants::Command);
    pair.log_in("alice", "s3cret");
    assert_eq!(pair.client.authentication(), Authentication::Done(0));
    let envelope = Envelope::new("alice@client.example")
        .and_then(|envelope| envelope.to("bob@mx.example"))
        .and_then(|envelope| envelope.to("nobody@mx.example"))
        .expect("addresses");
    pair.send(&envelope, MESSAGE);
    pair.send(&envelope, b"again\r\n");
    pair.client.quit().expect("idle");
    assert_eq!(pair.run(), client::Wants::Nothing);
    pair
}

fn assert_delivered(pair: &Pair) {
    assert_eq!((pair.handshakes, pair.peer.handshakes), (1, 1));
    assert_eq!(pair.client.end(), Some(client::End::Quit));
    assert_eq!(pair.peer.server.end(), Some(End::Quit));
    assert_eq!(pair.peer.content, [MESSAGE, b"again\r\n"].concat());
    let told: Vec<_> = pair.peer.events.iter().map(|event| event.split(' ').next()).collect();
    let message = ["mail", "rcpt", "rcpt", "data", "end"];
    let expected = ["connected", "hello", "hello", "auth"].into_iter();
    let expected = expected.chain(message).chain(message).chain(["quit"]);
    assert!(told.into_iter().eq(expected.map(Some)), "{:?}", pair.peer.events);
}

#[test]
fn a_whole_session_over_tls_with_auth_and_a_refused_recipient() {
    let pair = whole_session(usize::MAX);
    assert_delivered(&pair);
    assert!(pair.replies.contains(&"550 5.1.1 No such mailbox".to_owned()), "{:?}", pair.replies);
}

#[test]
fn the_same_octet_by_octet() {
    let (whole, trickled) = (whole_session(usize::MAX), whole_session(1));
    assert_delivered(&trickled);
    assert_eq!(trickled.replies, whole.replies);
    assert_eq!(trickled.peer.events, whole.peer.events);
}

#[test]
fn implicit_tls_and_bad_credentials() {
    let mut pair = Pair::new(TlsPolicy::Implicit, ServerTls::Implicit, usize::MAX);
    assert_eq!(pair.run(), client::Wants::Command);
    pair.log_in("alice", "wrong");
    assert!(matches!(pair.client.authentication(), Authentication::Refused(_)));
    let envelope = Envelope::new("a@b").and_then(|envelope| envelope.to("c@d")).expect("addresses");
    pair.send(&envelope, MESSAGE);
    assert!(pair.replies.contains(&"530 5.7.0 Authentication required".to_owned()));
    assert!(pair.peer.content.is_empty());
}
