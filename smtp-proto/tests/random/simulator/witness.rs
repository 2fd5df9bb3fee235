//! Whoever sits at the client's end of the wire, sees each octet as it leaves and comes, and knows
//! from that alone what became of each recipient.
//!
//! Here stands the rule, as plainly as it can be written: the k-th reply belongs to the k-th command
//! (D23), what makes no sense ends the session and is no success (D24), content leaves when it is wanted (D25), and a
//! recipient's fate follows from four replies and one fact, that the end of the content has left (D26, D27). It
//! shares no code with the client but that which finds where a reply ends.
//!
//! Here are the octets that leave; those that come are in `replies.rs`, and what follows from them in `told.rs`.

use std::collections::VecDeque;

use smtp_proto::client::{Status, TlsPolicy};

use super::{
    plan::{Plan, number},
    told::{Recipient, Told},
    wire::{canonical, stuffed},
};

pub(crate) type Found = Result<(), String>;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verb {
    Greeting,
    Ehlo,
    Helo,
    StartTls,
    Auth,
    Cancel,
    Mail,
    Rcpt(usize),
    Data,
    Chunk,
    /// The content by DATA, or its last chunk.
    Content,
    LoneDot,
    Rset,
    Noop,
    Quit,
}

/// A command that is not answered, and the transaction that was the last to begin before it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) verb: Verb,
    pub(super) transaction: usize,
}

/// What the next octet from the client belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
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

#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own about the session")]
pub(crate) struct Witness<'p> {
    pub(super) plan: &'p Plan,
    /// The messages that were begun, in this order.
    begun: Vec<usize>,
    pub(super) place: Place,
    line: Vec<u8>,
    pub(super) reply: Vec<u8>,
    pub(super) asked: VecDeque<Asked>,
    pub(super) told: Vec<Told>,
    secure: bool,
    pub(super) pipelining: bool,
    /// The server waits for an answer to its challenge.
    pub(super) challenged: bool,
    /// Nothing but QUIT may leave.
    pub(super) stopped: bool,
    pub(super) over: bool,
    /// The client ends the session for a content that it cannot send: nothing that follows is the cause.
    pub(super) gave_up: bool,
}

impl<'p> Witness<'p> {
    pub(crate) fn new(plan: &'p Plan) -> Self {
        let implicit = plan.tls == TlsPolicy::Implicit;
        Self {
            plan,
            begun: Vec::new(),
            place: if implicit { Place::Handshake } else { Place::Commands },
            line: Vec::new(),
            reply: Vec::new(),
            asked: VecDeque::from([Asked { verb: Verb::Greeting, transaction: 0 }]),
            told: Vec::new(),
            secure: false,
            pipelining: false,
            challenged: false,
            stopped: false,
            over: false,
            gave_up: false,
        }
    }

    pub(crate) fn begun(&mut self, message: usize) {
        self.begun.push(message);
    }

    /// D12: not where anything stood behind the 220.
    pub(crate) fn shook_hands(&mut self) -> Found {
        (self.place, self.secure, self.pipelining) = (Place::Commands, true, false);
        if self.over { Err("a handshake behind the end".into()) } else { Ok(()) }
    }

    /// The stream has ended, or the driver has given up.
    pub(crate) const fn ended(&mut self) {
        self.over = true;
    }

    // --- octets from the client ---

    pub(crate) fn sent(&mut self, mut octets: &[u8]) -> Found {
        while !octets.is_empty() {
            if self.over {
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
            return Err(format!("{:?} came before an answer: {:?}", octets[0] as char, self.asked));
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
        let Some(last) = self.asked.back() else { return true };
        let groups = match last.verb {
            Verb::Mail | Verb::Rcpt(_) | Verb::Rset | Verb::Chunk => true,
            Verb::Content => self.plan.runs_ahead(),
            _ => false,
        };
        groups && self.pipelining
    }

    fn command(&mut self, line: &str) -> Found {
        if std::mem::take(&mut self.challenged) {
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

    /// Whether STARTTLS is due where it is offered.
    pub(super) fn wants_tls(&self) -> bool {
        !self.secure && self.plan.tls != TlsPolicy::None
    }

    /// D13, and that a session which cannot be opened ends with QUIT.
    fn check_secrecy(&self, verb: &str) -> Found {
        let must = matches!(self.plan.tls, TlsPolicy::Required | TlsPolicy::Implicit);
        if must && !self.secure && !matches!(verb, "EHLO" | "LHLO" | "STARTTLS" | "QUIT") {
            return Err(format!("{verb} in the clear"));
        }
        let allowed = !self.stopped || verb == "QUIT";
        if allowed { Ok(()) } else { Err(format!("{verb} in a session that cannot be")) }
    }

    fn ask(&mut self, verb: Verb) -> Found {
        self.asked.push_back(Asked { verb, transaction: self.told.len().saturating_sub(1) });
        let most = self.plan.sizes.in_flight;
        if self.asked.len() > most { Err(format!("more than {most} in flight")) } else { Ok(()) }
    }

    fn mail(&mut self, argument: &str) -> Found {
        let message = number(argument.strip_prefix("FROM:<").unwrap_or_default());
        let expected = self.begun.get(self.told.len()).copied();
        if message.is_none() || message != expected {
            return Err(format!("MAIL {argument} where message {expected:?} is due"));
        }
        let message = message.unwrap_or_default();
        let content = canonical(&self.plan.messages[message].content);
        let stuffed = stuffed(&content);
        self.told.push(Told { message, content, stuffed, ..Told::default() });
        self.ask(Verb::Mail)
    }

    fn rcpt(&mut self, argument: &str) -> Found {
        let told = self.told.last_mut().ok_or("RCPT without MAIL")?;
        let recipient = number(argument.strip_prefix("TO:<").unwrap_or_default());
        let next = told.recipients.len();
        if recipient != Some(next) {
            return Err(format!("RCPT {argument} where recipient {next} is due"));
        }
        told.recipients.push(Recipient::default());
        self.ask(Verb::Rcpt(next))
    }

    /// With DATA there is a 354; with BDAT, unless it is known to be in flight, somebody who wants it.
    fn bdat(&mut self, argument: &str) -> Found {
        use smtp_proto::client::Chunking::InFlight;
        let (size, last) = match argument.strip_suffix(" LAST") {
            Some(size) => (size, true),
            None => (argument, false),
        };
        let left = size.parse().map_err(|_| format!("BDAT {argument}"))?;
        let in_flight = self.plan.chunking == InFlight && self.pipelining;
        let told = self.told.last().ok_or("BDAT without MAIL")?;
        let answered = told.recipients.iter().all(|recipient| recipient.reply.is_some());
        let is_due = answered && told.is_wanted();
        if !(in_flight || is_due) {
            return Err("a chunk for nobody".into());
        }
        self.ask(if last { Verb::Content } else { Verb::Chunk })?;
        self.place = Place::Chunk { left, last };
        if left == 0 { self.end_chunk(last) } else { Ok(()) }
    }

    fn sent_of_content(&mut self, at: usize, octets: &[u8]) -> Result<usize, String> {
        let Some(told) = self.told.last_mut() else { return Err("content of nothing".into()) };
        let rest = &told.stuffed[at..];
        let n = rest.len().min(octets.len());
        if octets[..n] != rest[..n] {
            return Err(format!("content changed behind octet {at} of message {}", told.message));
        }
        told.handed_over = n == rest.len();
        self.place = if told.handed_over { Place::Commands } else { Place::Content(at + n) };
        Ok(n)
    }

    fn sent_of_chunk(&mut self, left: usize, last: bool, octets: &[u8]) -> Result<usize, String> {
        let Some(told) = self.told.last_mut() else { return Err("a chunk of nothing".into()) };
        let n = left.min(octets.len());
        if told.content.get(told.chunked..told.chunked + n) != Some(&octets[..n]) {
            return Err(format!("a chunk of message {} is changed", told.message));
        }
        told.chunked += n;
        self.place = Place::Chunk { left: left - n, last };
        if left == n {
            self.end_chunk(last)?;
        }
        Ok(n)
    }

    fn end_chunk(&mut self, last: bool) -> Found {
        self.place = Place::Commands;
        let Some(told) = self.told.last_mut() else { return Ok(()) };
        told.handed_over = last;
        let whole = told.content.len();
        if last && told.chunked != whole {
            return Err(format!("the last chunk ends at {} of {whole}", told.chunked));
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

    pub(crate) fn mail_reply(&self, transaction: u32) -> Option<u16> {
        self.told.get(transaction as usize)?.mail
    }

    pub(crate) fn recipient_reply(&self, transaction: u32, recipient: u32) -> Option<u16> {
        self.told.get(transaction as usize)?.recipients.get(recipient as usize)?.reply
    }

    pub(crate) fn has_handed_over(&self, transaction: u32) -> bool {
        self.told.get(transaction as usize).is_some_and(|told| told.handed_over)
    }

    /// What has to become of each of `count` recipients.
    pub(crate) fn statuses(&self, transaction: u32, count: usize) -> Vec<Status> {
        let nothing = Told::default();
        let told = self.told.get(transaction as usize).unwrap_or(&nothing);
        (0..count).map(|at| told.status(at)).collect()
    }

    /// What may have become of each of them in place of that, where the refusals were not told in time.
    pub(crate) fn doubtful_statuses(&self, transaction: u32, count: usize) -> Option<Vec<Status>> {
        let told = self.told.get(transaction as usize).filter(|told| told.doubted)?;
        let told = Told { shifted: true, ..told.clone() };
        Some((0..count).map(|at| told.status(at)).collect())
    }
}
