//! A client, and a server of ours that answers it in memory.

use core::hint::black_box;

use smtp_proto::{
    client::{
        AsEnvelope, BufferSizes, Chunking, Client, Config, Journal, Outcome, Protocol, TlsPolicy,
        Wants,
    },
    envelope::Envelope,
    hello::EhloName,
    reply::Code,
    server::{self, Answer, Event},
    transcript::Lines,
};

/// How the server answers RCPT.
#[derive(Clone, Copy)]
pub(super) enum Rcpt {
    Accept,
    /// There are too many.
    TooMany,
    Refuse,
}

pub(super) struct Session {
    client: Client<Box<[u8]>>,
    far: Far,
    journal: Journal,
    lines: Lines,
}

struct Far {
    server: server::Server<Box<[u8]>>,
    rcpt: Rcpt,
    content: usize,
    /// What has come, and how much of it the server has.
    inbox: Vec<u8>,
    read: usize,
}

impl Session {
    pub(super) fn open(sizes: BufferSizes, chunking: Chunking) -> Self {
        Self::with(sizes, config().with_chunking(chunking), Rcpt::Accept)
    }

    /// LMTP where the configuration says so.
    pub(super) fn with(sizes: BufferSizes, config: Config, rcpt: Rcpt) -> Self {
        Self::over(sizes, config, rcpt, server::Protocol::Smtp)
    }

    pub(super) fn lmtp(sizes: BufferSizes) -> Self {
        let config = config().with_protocol(Protocol::Lmtp);
        Self::over(sizes, config, Rcpt::Accept, server::Protocol::Lmtp)
    }

    fn over(sizes: BufferSizes, config: Config, rcpt: Rcpt, protocol: server::Protocol) -> Self {
        let limits = server::Limits::DEFAULT.with_recipients(u32::MAX).with_content(u64::MAX);
        let name = EhloName::parse("mx.example").expect("a name");
        let accepting = server::Config::new(name)
            .with_protocol(protocol)
            .with_extensions(server::Config::SUPPORTED)
            .with_limits(limits);
        let far = Far {
            server: server::Server::new(accepting),
            rcpt,
            content: 0,
            inbox: Vec::new(),
            read: 0,
        };
        let client = Client::with_sizes(config, sizes);
        let mut session = Self {
            client,
            far,
            journal: Journal::new(),
            lines: Lines::new(|line: &str| _ = black_box(line.len())),
        };
        assert_eq!(session.pump(), Wants::Command, "greeted");
        session
    }

    /// Sends to one recipient; returns how many octets have come.
    pub(super) fn send_one(&mut self, content: &[u8]) -> usize {
        let envelope = Envelope::new("").and_then(|to| to.to("b@example.net")).expect("addresses");
        self.far.content = 0;
        let outcome = self.send(&envelope, content);
        self.far.content + usize::from(outcome.is_delivered())
    }

    pub(super) fn send(&mut self, envelope: &Envelope, mut content: &[u8]) -> Outcome {
        let transaction = self.client.begin(envelope).expect("nothing is missing");
        self.journal.begin(transaction, envelope.recipient_count());
        loop {
            match self.pump() {
                Wants::Envelope => self.client.continue_envelope(envelope).expect("wanted"),
                Wants::Content if content.is_empty() => self.client.finish().expect("can be sent"),
                Wants::Content => {
                    let taken = self.client.content(content).expect("can be sent");
                    content = &content[taken..];
                }
                _ => break,
            }
        }
        self.journal.take_outcome(self.client.end()).expect("an outcome")
    }

    fn pump(&mut self) -> Wants {
        let client = &mut self.client;
        loop {
            match client.wants() {
                Wants::Event => {
                    while let Some(event) = client.poll_event().expect("a sane server") {
                        self.journal.record(&event);
                        if let Some(reply) = event.reply() {
                            self.lines.received(reply);
                        }
                    }
                }
                Wants::Write => {
                    let n = client.transmit().len();
                    client.transmit_spans(n).for_each(|span| self.lines.sent(span));
                    self.far.take(client.transmit());
                    client.transmitted(n).expect("in bounds");
                }
                Wants::Flush => client.flushed(),
                Wants::Read => {
                    let length = self.far.give(client.read_buf());
                    client.received(length).expect("in bounds");
                }
                wants => return wants,
            }
        }
    }
}

impl Far {
    fn take(&mut self, octets: &[u8]) {
        self.inbox.extend_from_slice(octets);
        self.feed();
    }

    /// Gives the server what it has room for: replies may have to leave first.
    fn feed(&mut self) {
        loop {
            self.pump();
            let space = self.server.read_buf();
            let length = space.len().min(self.inbox.len() - self.read);
            if length == 0 {
                break;
            }
            space[..length].copy_from_slice(&self.inbox[self.read..][..length]);
            self.read += length;
            self.server.received(length).expect("wanted");
        }
        if self.read == self.inbox.len() {
            self.inbox.clear();
            self.read = 0;
        }
    }

    fn give(&mut self, space: &mut [u8]) -> usize {
        self.feed();
        let octets = self.server.transmit();
        let length = octets.len().min(space.len());
        space[..length].copy_from_slice(&octets[..length]);
        self.server.transmitted(length).expect("in bounds");
        length
    }

    /// Answers until the server waits for the client.
    fn pump(&mut self) {
        loop {
            match self.server.wants() {
                server::Wants::Event => match self.server.poll_event().expect("a sane client") {
                    Some(Event::Content(octets)) => self.content += octets.len(),
                    Some(Event::Recipient(_)) => self.answer_recipient(),
                    _ => {}
                },
                server::Wants::Answer => self.server.accept().expect("asked"),
                server::Wants::Flush => self.server.flushed(),
                _ => return,
            }
        }
    }

    fn answer_recipient(&mut self) {
        let answer = |code, text| Answer::new(Code::new(code).expect("a code"), None, text);
        let answer = match self.rcpt {
            Rcpt::Accept => answer(250, "ok"),
            Rcpt::TooMany => answer(452, "too many"),
            Rcpt::Refuse => answer(550, "nobody"),
        };
        self.server.answer(answer.expect("an answer")).expect("asked");
    }
}

/// A client that asks for nothing of the kind.
pub(super) fn config() -> Config {
    Config::new(EhloName::LOCALHOST).with_tls(TlsPolicy::None)
}
