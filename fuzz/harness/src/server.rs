//! The server by octets in any cut.

use arbitrary::Arbitrary;
use smtp_proto::{
    reply::{Framer, ReplyLimits},
    sasl::server::{Accounts, Exchange, exchange},
    server::{Answer, BufferSizes, Config, Event, Server, TlsPolicy, Wants},
};

use crate::cuts::{Sizes, cut};

/// A client's octets, and how they arrive.
#[derive(Arbitrary, Debug)]
pub struct Case<'a> {
    config: Config,
    sizes: BufferSizes,
    /// Of reads and writes.
    cuts: &'a [u8],
    /// What the application says; accepts behind the last.
    answers: &'a [u8],
    /// The stream ends.
    ends: bool,
    pub(crate) octets: &'a [u8],
}

/// Feeds a server whole and in pieces.
///
/// # Panics
/// When the two differ, something is no reply, or there are more replies than lines.
pub fn check(case: &Case<'_>) {
    let case = &Case { octets: up_to_starttls(case.octets), ..*case };
    let whole = Run::new(case, &[]).finish(case);
    let cut = Run::new(case, case.cuts).finish(case);
    assert_eq!(cut.output, whole.output, "other replies");
    assert_eq!(cut.events, whole.events, "other events");
    assert_eq!(cut.content, whole.content, "other content");
    assert_eq!(cut.server.end(), whole.server.end(), "another end");
    let replies = count_replies(&whole.output);
    // The greeting and one for each line; LMTP answers for each recipient, and 421 may come at any time.
    let lines = case.octets.split(|&octet| octet == b'\n').count();
    let most = 2 + lines + whole.verdicts;
    assert!(replies <= most, "{replies} replies, {most} at most");
    assert!(whole.content.len() <= case.octets.len());
}

/// What comes behind STARTTLS before the handshake is heard with it or after the 220, by how it is cut.
fn up_to_starttls(octets: &[u8]) -> &[u8] {
    let mut end = 0;
    for line in octets.split_inclusive(|&octet| octet == b'\n') {
        end += line.len();
        if line.trim_ascii_start().to_ascii_uppercase().starts_with(b"STARTTLS") {
            break;
        }
    }
    &octets[..end]
}

fn count_replies(mut output: &[u8]) -> usize {
    assert!(
        output.is_ascii() && !output.iter().any(|octet| matches!(octet, 0..=9 | 11 | 12 | 14..=31))
    );
    let mut count = 0;
    while let Some(length) =
        Framer::new().frame(output, &ReplyLimits::DEFAULT).expect("replies of ours")
    {
        assert!(output[..length].ends_with(b"\r\n"));
        output = &output[length..];
        count += 1;
    }
    assert!(output.is_empty(), "half a reply");
    count
}

struct Run<'a> {
    server: Server<Box<[u8]>>,
    implicit: bool,
    sizes: Sizes<'a>,
    answers: core::slice::Iter<'a, u8>,
    exchange: Option<Box<dyn Exchange + Send>>,
    output: Vec<u8>,
    /// Events but content, as `Debug` shows them.
    events: Vec<String>,
    content: Vec<u8>,
    /// So much of it has ended.
    complete: usize,
    /// Questions for a verdict.
    verdicts: usize,
}

impl<'a> Run<'a> {
    fn new(case: &'a Case<'_>, cuts: &'a [u8]) -> Self {
        let mut run = Self {
            server: Server::with_sizes(case.config, case.sizes),
            implicit: case.config.tls() == TlsPolicy::Implicit,
            sizes: Sizes::new(cuts),
            answers: case.answers.iter(),
            exchange: None,
            output: Vec::new(),
            events: Vec::new(),
            content: Vec::new(),
            complete: 0,
            verdicts: 0,
        };
        run.pump();
        for piece in cut(case.octets, cuts) {
            run.feed(piece);
        }
        run
    }

    fn finish(mut self, case: &Case<'_>) -> Self {
        if case.ends && self.server.wants() != Wants::Nothing {
            self.server.received(0).expect("in bounds");
            self.pump();
            assert_eq!(self.server.wants(), Wants::Nothing, "goes on behind the end of the stream");
            assert!(self.server.end().is_some());
        }
        self.content.truncate(self.complete);
        self
    }

    fn feed(&mut self, mut piece: &[u8]) {
        while !piece.is_empty() && self.server.wants() != Wants::Nothing {
            let space = self.server.read_buf();
            let n = space.len().min(piece.len());
            assert!(n > 0, "no room to read");
            space[..n].copy_from_slice(&piece[..n]);
            self.server.received(n).expect("in bounds");
            piece = &piece[n..];
            self.pump();
        }
    }

    fn pump(&mut self) {
        // Each step takes an octet, a line or an event, or sends something.
        for _ in 0..1_000_000 {
            match self.server.wants() {
                Wants::Event => self.take_event(),
                Wants::Write => {
                    let n = self.server.transmit().len().min(self.sizes.next());
                    self.output.extend_from_slice(&self.server.transmit()[..n]);
                    self.server.transmitted(n).expect("in bounds");
                }
                Wants::Flush => self.server.flushed(),
                // After STARTTLS nobody shakes hands: what stands behind it comes too early, in whatever cut.
                Wants::Tls if self.implicit => self.server.tls_established().expect("wanted"),
                Wants::Tls | Wants::Read | Wants::Nothing => return,
                other => panic!("{other:?} behind an answer"),
            }
        }
        panic!("no progress");
    }

    fn take_event(&mut self) {
        let line = self.server.pending_line().map(<[u8]>::to_vec);
        self.events.extend(line.map(|line| line.escape_ascii().to_string()));
        let answered = match self.server.poll_event() {
            Ok(Some(Event::Content(piece))) => return self.content.extend_from_slice(piece),
            Ok(Some(Event::Exchange { mechanism, begins })) => {
                if begins {
                    self.exchange = exchange(mechanism, Nobody, &[7; 32], Some(&[8; 32]));
                }
                self.events.push(mechanism.into());
                let exchange = self.exchange.as_mut().expect("a mechanism that is offered");
                self.server.authenticate(&mut **exchange)
            }
            Ok(Some(event)) => {
                let verdict = matches!(event, Event::ContentEnd { .. } | Event::ContentRefused(_));
                // Of content that is refused, or never ends, as much is told as was there before that was known.
                match event {
                    Event::ContentEnd { .. } => self.complete = self.content.len(),
                    Event::ContentRefused(_) => self.content.truncate(self.complete),
                    _ => {}
                }
                self.verdicts += usize::from(verdict);
                self.events.push(format!("{event:?}"));
                self.answer()
            }
            Ok(None) => return,
            Err(error) => return self.events.push(format!("{error}")),
        };
        answered.expect("an answer that fits");
    }

    fn answer(&mut self) -> Result<(), smtp_proto::server::Misuse> {
        if self.server.wants() != Wants::Answer {
            return Ok(());
        }
        match self.answers.next() {
            Some(1) => self.server.answer(Answer::NO_SUCH_MAILBOX),
            Some(2) => self.server.answer(Answer::LOCAL_ERROR),
            Some(3) => self.server.answer(Answer::CLOSING),
            _ => self.server.accept(),
        }
    }
}

/// Nobody may come in by an exchange.
struct Nobody;

impl Accounts for Nobody {}
