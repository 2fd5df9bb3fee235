//! Whoever sits at the client's end of the wire, sees each octet as it leaves and comes, and knows
//! from that alone what became of each recipient.
//!
//! The rule stands in [`smtp_test_support::oracle`], which shares no code with the client but that which finds where a
//! reply ends. Here is what this simulator asks beyond it: which octets may leave when, and that they are those of the
//! message (D12, D13, D21, D25).

use smtp_proto::client::{Chunking, Status, TlsPolicy};
use smtp_test_support::oracle::{Evidence, Oracle, Rules, Truth, Turn, Verb};

use super::{
    plan::{Plan, number},
    wire::{canonical, stuffed},
};

pub(crate) type Found = Result<(), String>;

/// What the next octet from the client belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    Commands,
    /// Of the current transaction, at this octet of what has to be on the wire.
    Content(usize),
    Chunk {
        left: usize,
        last: bool,
    },
    LoneDot,
    /// Nothing may pass.
    Handshake,
}

/// The content of one message as it has to leave: lines in chunks, lines with dots doubled behind DATA.
#[derive(Debug)]
struct Leaving {
    message: usize,
    content: Vec<u8>,
    stuffed: Vec<u8>,
    /// Octets of its content that have left in chunks.
    chunked: usize,
}

#[derive(Debug)]
pub(crate) struct Witness<'p> {
    plan: &'p Plan,
    pub(crate) oracle: Oracle,
    /// The messages that were begun, in this order.
    begun: Vec<usize>,
    place: Place,
    line: Vec<u8>,
    leaving: Option<Leaving>,
}

impl<'p> Witness<'p> {
    pub(crate) fn new(plan: &'p Plan) -> Self {
        let implicit = plan.tls == TlsPolicy::Implicit;
        let mut oracle = Oracle::new(Rules {
            lmtp: plan.is_lmtp(),
            starttls: plan.tls != TlsPolicy::None,
            in_flight: plan.chunking == Chunking::InFlight,
            swallows: plan.swallows,
        });
        if implicit {
            oracle.expect_handshake();
        }
        Self {
            plan,
            oracle,
            begun: Vec::new(),
            place: if implicit { Place::Handshake } else { Place::Commands },
            line: Vec::new(),
            leaving: None,
        }
    }

    pub(crate) fn begun(&mut self, message: usize) {
        self.begun.push(message);
    }

    /// D12: not where anything stood behind the 220.
    pub(crate) fn shook_hands(&mut self) -> Found {
        self.place = Place::Commands;
        self.oracle.shook_hands();
        if self.oracle.is_over() { Err("a handshake behind the end".into()) } else { Ok(()) }
    }

    // --- octets from the server ---

    pub(crate) fn received(&mut self, octets: &[u8]) {
        self.oracle.received(octets);
        self.place = match self.oracle.take_turn() {
            Some(Turn::Content) => Place::Content(0),
            Some(Turn::LoneDot) => Place::LoneDot,
            Some(Turn::Handshake) => Place::Handshake,
            None => self.place,
        };
    }

    // --- octets from the client ---

    pub(crate) fn sent(&mut self, mut octets: &[u8]) -> Found {
        while !octets.is_empty() {
            if self.oracle.is_over() {
                return Err(format!("octets behind the end: {}", octets.escape_ascii()));
            }
            let n = match self.place {
                Place::Commands => self.sent_of_line(octets)?,
                Place::Content(at) => self.sent_of_content(at, octets)?,
                Place::Chunk { left, last } => self.sent_of_chunk(left, last, octets)?,
                Place::LoneDot => self.sent_of_dot(octets)?,
                Place::Handshake => return Err("octets before the handshake".into()),
            };
            octets = &octets[n..];
        }
        Ok(())
    }

    fn sent_of_line(&mut self, octets: &[u8]) -> Result<usize, String> {
        if self.line.is_empty() && !self.may_speak() {
            return Err(format!(
                "{:?} came before an answer: {:?}",
                octets[0] as char,
                self.oracle.asked()
            ));
        }
        let end = octets.iter().position(|&octet| octet == b'\n');
        let n = end.map_or(octets.len(), |end| end + 1);
        self.line.extend_from_slice(&octets[..n]);
        if end.is_some() {
            let line = std::mem::take(&mut self.line);
            let text = line.strip_suffix(b"\r\n").and_then(|line| std::str::from_utf8(line).ok());
            self.command(text.ok_or_else(|| format!("no line: {}", line.escape_ascii()))?)?;
        }
        Ok(n)
    }

    /// Whether a command may come now: in a group, or when all is answered (RFC 2920 3.1).
    fn may_speak(&self) -> bool {
        let Some(last) = self.oracle.asked().back() else { return true };
        let groups = match last.verb {
            Verb::Mail | Verb::Rcpt(_) | Verb::Rset | Verb::Chunk => true,
            Verb::Content => self.plan.runs_ahead(),
            _ => false,
        };
        groups && self.oracle.pipelining()
    }

    fn command(&mut self, line: &str) -> Found {
        if self.oracle.is_challenged() {
            return self.ask(if line == "*" { Verb::Cancel } else { Verb::Auth });
        }
        let (verb, argument) = line.split_once(' ').unwrap_or((line, ""));
        self.check_secrecy(verb)?;
        match verb {
            "EHLO" | "LHLO" => self.ask(Verb::Ehlo),
            "HELO" => self.ask(Verb::Helo),
            "STARTTLS" => self.ask(Verb::StartTls),
            "AUTH" => self.ask(Verb::Auth),
            "MAIL" => self.mail(argument),
            "RCPT" => self.rcpt(argument),
            "DATA" => self.ask(Verb::Data),
            "BDAT" => self.bdat(argument),
            "RSET" => self.ask(Verb::Rset),
            "NOOP" => self.ask(Verb::Noop),
            "QUIT" => self.ask(Verb::Quit),
            _ => Err(format!("no command of this client's: {line:?}")),
        }
    }

    /// D13, and that a session which cannot be opened ends with QUIT.
    fn check_secrecy(&self, verb: &str) -> Found {
        let must = matches!(self.plan.tls, TlsPolicy::Required | TlsPolicy::Implicit);
        if must
            && !self.oracle.is_secure()
            && !matches!(verb, "EHLO" | "LHLO" | "STARTTLS" | "QUIT")
        {
            return Err(format!("{verb} in the clear"));
        }
        let allowed = !self.oracle.is_stopped() || verb == "QUIT";
        if allowed { Ok(()) } else { Err(format!("{verb} in a session that cannot be")) }
    }

    fn ask(&mut self, verb: Verb) -> Found {
        self.oracle.sent(verb);
        self.check_in_flight()
    }

    fn check_in_flight(&self) -> Found {
        let most = self.plan.sizes.in_flight;
        let in_flight = self.oracle.asked().len();
        if in_flight > most { Err(format!("more than {most} in flight")) } else { Ok(()) }
    }

    fn mail(&mut self, argument: &str) -> Found {
        let message = number(argument.strip_prefix("FROM:<").unwrap_or_default());
        let expected = self.begun.get(self.oracle.messages()).copied();
        if message.is_none() || message != expected {
            return Err(format!("MAIL {argument} where message {expected:?} is due"));
        }
        let message = message.unwrap_or_default();
        let content = canonical(&self.plan.messages[message].content);
        let stuffed = stuffed(&content);
        self.leaving = Some(Leaving { message, content, stuffed, chunked: 0 });
        self.oracle.sent_mail(self.plan.messages[message].recipients.len());
        self.check_in_flight()
    }

    fn rcpt(&mut self, argument: &str) -> Found {
        let recipient = number(argument.strip_prefix("TO:<").unwrap_or_default());
        let next = self.oracle.sent_recipient().ok_or("RCPT without MAIL")?;
        if recipient != Some(next) {
            return Err(format!("RCPT {argument} where recipient {next} is due"));
        }
        self.check_in_flight()
    }

    /// With DATA there is a 354; with BDAT, unless it is known to be in flight, somebody who wants it.
    fn bdat(&mut self, argument: &str) -> Found {
        let (size, last) = match argument.strip_suffix(" LAST") {
            Some(size) => (size, true),
            None => (argument, false),
        };
        let left = size.parse().map_err(|_| format!("BDAT {argument}"))?;
        let in_flight = self.plan.chunking == Chunking::InFlight && self.oracle.pipelining();
        let evidence = self.oracle.latest().ok_or("BDAT without MAIL")?;
        let is_due = evidence.is_answered() && evidence.is_wanted();
        if !(in_flight || is_due) {
            return Err("a chunk for nobody".into());
        }
        self.ask(if last { Verb::Content } else { Verb::Chunk })?;
        self.place = Place::Chunk { left, last };
        if left == 0 { self.end_chunk(last) } else { Ok(()) }
    }

    fn sent_of_content(&mut self, at: usize, octets: &[u8]) -> Result<usize, String> {
        let Some(leaving) = &self.leaving else { return Err("content of nothing".into()) };
        let rest = &leaving.stuffed[at..];
        let n = rest.len().min(octets.len());
        if octets[..n] != rest[..n] {
            return Err(format!(
                "content changed behind octet {at} of message {}",
                leaving.message
            ));
        }
        self.place = Place::Content(at + n);
        if n == rest.len() {
            self.place = Place::Commands;
            self.oracle.sent_content();
        }
        Ok(n)
    }

    fn sent_of_chunk(&mut self, left: usize, last: bool, octets: &[u8]) -> Result<usize, String> {
        let Some(leaving) = &mut self.leaving else { return Err("a chunk of nothing".into()) };
        let n = left.min(octets.len());
        if leaving.content.get(leaving.chunked..leaving.chunked + n) != Some(&octets[..n]) {
            return Err(format!("a chunk of message {} is changed", leaving.message));
        }
        leaving.chunked += n;
        self.place = Place::Chunk { left: left - n, last };
        if left == n {
            self.end_chunk(last)?;
        }
        Ok(n)
    }

    fn end_chunk(&mut self, last: bool) -> Found {
        self.place = Place::Commands;
        let Some(leaving) = &self.leaving else { return Ok(()) };
        if last {
            self.oracle.sent_content();
        }
        let (chunked, whole) = (leaving.chunked, leaving.content.len());
        if last && chunked != whole {
            return Err(format!("the last chunk ends at {chunked} of {whole}"));
        }
        Ok(())
    }

    /// Nobody is to get the content; the only thing that may leave is its end.
    fn sent_of_dot(&mut self, octets: &[u8]) -> Result<usize, String> {
        let n = octets.len().min(3 - self.line.len());
        self.line.extend_from_slice(&octets[..n]);
        if !b".\r\n".starts_with(&self.line) {
            return Err("content for nobody".into());
        }
        if self.line.len() == 3 {
            self.line.clear();
            self.place = Place::Commands;
            self.ask(Verb::LoneDot)?;
        }
        Ok(n)
    }

    // --- what it all means ---

    /// The transaction that has this number, by its message.
    pub(crate) fn message(&self, transaction: u32) -> Option<usize> {
        self.begun.get(transaction as usize).copied()
    }

    /// The facts that the wire has shown of the transaction with this number; empty where its MAIL has not left.
    pub(crate) fn evidence(&self, transaction: u32) -> Evidence {
        self.oracle.evidence(transaction as usize).cloned().unwrap_or_default()
    }

    pub(crate) fn mail_reply(&self, transaction: u32) -> Option<u16> {
        self.oracle.evidence(transaction as usize)?.mail
    }

    pub(crate) fn recipient_reply(&self, transaction: u32, recipient: u32) -> Option<u16> {
        self.oracle.evidence(transaction as usize)?.recipients.get(recipient as usize)?.reply
    }
}

/// The statuses by which the client has to report these truths.
pub(crate) fn statuses(truths: &[Truth]) -> Vec<Status> {
    truths.iter().map(|truth| truth.status()).collect()
}
