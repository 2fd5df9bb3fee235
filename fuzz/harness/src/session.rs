//! Client and server joined: what is said to be delivered is stored, and nothing else.

use std::collections::BTreeMap;

use arbitrary::Arbitrary;
use smtp_proto::{
    client::{self, BufferSizes, Chunking, Client, Inquiry, Outcome, Status, Transaction, Wants},
    envelope::Envelope,
    hello::{EhloName, Extensions},
    server::{self, Answer, Event, Server},
};

use smtp_test_support::oracle::{Ending, Evidence, Rules, Truth, Wire};

use crate::pair::{Application, Pair, Reaction};

/// A session.
#[derive(Arbitrary, Debug)]
pub struct Case<'a> {
    lmtp: bool,
    chunking: Chunking,
    run_ahead: bool,
    window: u8,
    chunk_size: u8,
    client_sizes: Sizes,
    server_sizes: server::BufferSizes,
    extensions: Extensions,
    limits: server::Limits,
    /// Of reads and writes.
    cuts: &'a [u8],
    /// The connection breaks when the server has said so much.
    patience: Option<u16>,
    steps: Vec<Step<'a>>,
}

/// The client's buffers: a session that is of use needs some room.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Sizes {
    Small,
    Large,
    Tight(u8, u8),
}

/// What the client's caller does.
#[derive(Arbitrary, Debug)]
enum Step<'a> {
    Send(Message<'a>),
    Noop,
    Rset,
}

/// A message, and what the server's application says of it.
#[derive(Arbitrary, Debug)]
struct Message<'a> {
    mail: Opinion,
    /// For each recipient: of it, and with LMTP of the content for it.
    recipients: Vec<(Opinion, Opinion)>,
    data: Opinion,
    content: &'a [u8],
    verdict: Opinion,
}

#[derive(Arbitrary, Clone, Copy, PartialEq, Eq, Debug)]
enum Opinion {
    Yes,
    No,
    NotNow,
}

impl Opinion {
    fn reaction(self) -> Reaction {
        match self {
            Self::Yes => Reaction::Accept,
            Self::No => Reaction::Answer(Answer::NO_SUCH_MAILBOX),
            Self::NotNow => Reaction::Answer(Answer::MAILBOX_BUSY),
        }
    }
}

/// Runs the session.
///
/// # Panics
/// When the two ends do not agree about what was delivered to whom.
pub fn check(case: &Case<'_>) {
    let mut caller = Caller { sent: Vec::new(), pair: open(case) };
    caller.pair.run();
    for (number, step) in case.steps.iter().take(12).enumerate() {
        match step {
            Step::Send(message) => caller.send(number, message),
            Step::Noop => _ = caller.pair.client.inquire(Inquiry::Noop),
            Step::Rset => _ = caller.pair.client.inquire(Inquiry::Rset),
        }
    }
    caller.pair.run();
    // A message that could not be handed over whole is left alone.
    caller.pair.client.abort();
    caller.pair.run();
    // The server reads on what has left.
    while caller.pair.serve() {}
    caller.compare(case);
}

fn open<'a>(case: &'a Case<'_>) -> Pair<'a, Store<'a>> {
    let sizes = match case.client_sizes {
        Sizes::Small => BufferSizes::SMALL,
        Sizes::Large => BufferSizes::LARGE,
        Sizes::Tight(transmit, in_flight) => BufferSizes::SMALL
            .with_transmit(64 + usize::from(transmit))
            .with_in_flight(1 + usize::from(in_flight)),
    };
    let (mut config, mut offers) = (
        client::Config::new(EhloName::LOCALHOST)
            .with_tls(client::TlsPolicy::None)
            .with_chunking(case.chunking)
            .with_chunk_size(1 + usize::from(case.chunk_size))
            .with_window(case.window.into())
            .with_run_ahead(case.run_ahead),
        server::Config::new(EhloName::LOCALHOST)
            .with_extensions(case.extensions)
            .with_limits(case.limits.with_line(2048)),
    );
    if case.lmtp {
        config = config.with_protocol(client::Protocol::Lmtp);
        offers = offers.with_protocol(server::Protocol::Lmtp);
    }
    let store = Store {
        steps: &case.steps,
        message: 0,
        recipients: Vec::new(),
        read: Vec::new(),
        stored: BTreeMap::new(),
    };
    let (client, server) =
        (Client::with_sizes(config, sizes), Server::with_sizes(offers, case.server_sizes));
    let patience = case.patience.map_or(usize::MAX, usize::from);
    let mut pair = Pair::new(client, server, store, case.cuts).breaking_after(patience);
    pair.wire = Some(Wire::new(Rules {
        lmtp: case.lmtp,
        starttls: false,
        in_flight: case.chunking == Chunking::InFlight,
        swallows: false,
    }));
    pair
}

struct Caller<'a> {
    pair: Pair<'a, Store<'a>>,
    /// What was begun: the step and its transaction.
    sent: Vec<(usize, Transaction)>,
}

impl Caller<'_> {
    fn send(&mut self, number: usize, message: &Message<'_>) {
        let envelope = envelope(number, message.recipients.len());
        if !self.pair.client.can_begin() {
            self.pair.run();
        }
        let Ok(transaction) = self.pair.client.begin(&envelope) else { return };
        self.pair.journal.begin(transaction, envelope.len());
        self.sent.push((number, transaction));
        self.pair.wire.iter_mut().for_each(|wire| wire.begun(envelope.len()));
        let mut rest = message.content;
        loop {
            let done = match self.pair.run() {
                Wants::Envelope => self.pair.client.continue_envelope(&envelope).is_err(),
                Wants::Content if rest.is_empty() => {
                    _ = self.pair.client.finish();
                    true
                }
                Wants::Content => match self.pair.client.content(rest) {
                    Ok(taken) => {
                        rest = &rest[taken..];
                        false
                    }
                    Err(_) => self.give_up(),
                },
                _ => true,
            };
            if done {
                return;
            }
        }
    }

    /// The content cannot be sent: true, for that is the end of the message.
    fn give_up(&mut self) -> bool {
        self.pair.wire.iter_mut().for_each(Wire::gave_up);
        true
    }

    /// Every transaction has one outcome, and it is what the server has done.
    fn compare(&mut self, case: &Case<'_>) {
        let end = self.pair.client.end();
        for (number, transaction) in core::mem::take(&mut self.sent) {
            let outcome = self.pair.journal.take_outcome(end).expect("every transaction ends");
            assert_eq!(outcome.transaction(), transaction);
            let Step::Send(message) = &case.steps[number] else {
                unreachable!("begun by a message")
            };
            self.compare_one(number, message, &outcome);
            self.judge(message, &outcome);
        }
        assert!(self.pair.journal.take_outcome(end).is_none(), "an outcome of nothing");
    }

    /// Holds the outcome against what the wire has shown.
    fn judge(&self, message: &Message<'_>, outcome: &Outcome) {
        let wire = self.pair.wire.as_ref().expect("set when the pair was joined");
        let number = outcome.transaction().index() as usize;
        let evidence = wire.oracle().evidence(number).cloned().unwrap_or_default();
        evidence_allows(&evidence, message.recipients.len(), outcome, self.pair.client.end());
    }

    fn compare_one(&self, number: usize, message: &Message<'_>, outcome: &Outcome) {
        for index in 0..message.recipients.len() {
            let status = outcome.recipient(index).expect("one for each").status();
            let stored = self.pair.application.stored.get(&(number, index));
            match status {
                Status::Accepted => assert!(stored.is_some(), "accepted and not stored"),
                // The session broke between the content and its verdict.
                Status::Unknown => {}
                _ => assert!(stored.is_none(), "{status:?} and stored"),
            }
            assert!(stored.is_none_or(|content| *content == canonical(message.content)));
        }
    }
}

fn evidence_allows(
    evidence: &Evidence,
    recipients: usize,
    outcome: &Outcome,
    end: Option<client::End>,
) {
    let reported = outcome.recipients().map(|recipient| recipient.status());
    let reported: Vec<_> = reported.map(Truth::reported).collect();
    let truths = evidence.truths(recipients);
    let is_true =
        reported == truths || evidence.doubtful_truths(recipients) == Some(reported.clone());
    assert!(is_true, "{reported:?} where {truths:?} is true: {evidence:?}");
    let ending = Ending::reported(end);
    for (recipient, truth) in outcome.recipients().zip(reported) {
        let advice = recipient.retry();
        assert!(evidence.allows(truth, advice, ending), "{recipient:?} at {end:?}: {evidence:?}");
    }
}

fn envelope(number: usize, recipients: usize) -> Envelope {
    let mut envelope = Envelope::new(&format!("{number}@client.example")).expect("an address");
    for index in 0..recipients {
        envelope.push(&format!("{index}@mx.example")).expect("an address");
    }
    envelope
}

/// What follows CR* LF, where that is next.
fn after_line_end(content: &[u8]) -> Option<&[u8]> {
    let crs = content.iter().take_while(|&&octet| octet == b'\r').count();
    content[crs..].strip_prefix(b"\n")
}

/// The content with every line ended by CRLF: CR* LF is one line end, every other CR is one, too.
fn canonical(content: &[u8]) -> Vec<u8> {
    let mut lines = Vec::new();
    let mut rest = content;
    while let Some((&octet, behind)) = rest.split_first() {
        rest = behind;
        match octet {
            b'\r' => {
                rest = after_line_end(rest).unwrap_or(rest);
                lines.extend_from_slice(b"\r\n");
            }
            b'\n' => lines.extend_from_slice(b"\r\n"),
            _ => lines.push(octet),
        }
    }
    if !lines.is_empty() && !lines.ends_with(b"\r\n") {
        lines.extend_from_slice(b"\r\n");
    }
    lines
}

/// What the server has stored: by message and recipient, the content.
struct Store<'a> {
    steps: &'a [Step<'a>],
    message: usize,
    /// Those accepted, by their position in the envelope.
    recipients: Vec<usize>,
    read: Vec<u8>,
    stored: BTreeMap<(usize, usize), Vec<u8>>,
}

impl Store<'_> {
    fn opinions(&self) -> &Message<'_> {
        let Some(Step::Send(message)) = self.steps.get(self.message) else {
            panic!("mail that nobody has sent")
        };
        message
    }

    fn store(&mut self, recipients: &[usize]) {
        for index in recipients {
            let before = self.stored.insert((self.message, *index), self.read.clone());
            assert!(before.is_none(), "delivered twice");
        }
    }

    fn end(&mut self, octets: u64, recipient: Option<u32>) -> Opinion {
        assert_eq!(octets, self.read.len() as u64);
        let (opinion, recipients) = match recipient {
            None => (self.opinions().verdict, self.recipients.clone()),
            Some(nth) => {
                let index = self.recipients[nth as usize];
                (self.opinions().recipients[index].1, vec![index])
            }
        };
        if opinion == Opinion::Yes {
            self.store(&recipients);
        }
        opinion
    }
}

/// The number that an address begins with.
fn number(address: &str) -> usize {
    let digits = address.split('@').next().unwrap_or_default();
    digits.parse().expect("an address of ours")
}

impl Application for Store<'_> {
    fn react(&mut self, event: &Event<'_>) -> Reaction {
        let opinion = match event {
            Event::Mail(mail) => {
                self.message = number(mail.from().as_str());
                self.recipients.clear();
                self.read.clear();
                self.opinions().mail
            }
            Event::Recipient(recipient) => {
                let index = number(recipient.address().as_str());
                let opinion = self.opinions().recipients[index].0;
                if opinion == Opinion::Yes {
                    self.recipients.push(index);
                }
                opinion
            }
            Event::Data => self.opinions().data,
            Event::Content(piece) => {
                self.read.extend_from_slice(piece);
                Opinion::Yes
            }
            Event::ContentEnd { octets, recipient } => self.end(*octets, *recipient),
            _ => Opinion::Yes,
        };
        opinion.reaction()
    }
}
