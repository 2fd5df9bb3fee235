//! Octets from the server: each reply belongs to the oldest command that has none (D23).

use std::collections::VecDeque;

use smtp_proto::reply::{Reply, ReplyLimits};

use super::evidence::{Evidence, Recipient, is_no};

/// Commands, and what else has a reply.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the names are those of the RFC's commands")]
pub enum Verb {
    Greeting,
    Ehlo,
    Helo,
    StartTls,
    /// AUTH, or a response to a challenge.
    Auth,
    /// The `*` that cancels AUTH.
    Cancel,
    Mail,
    /// RCPT for the recipient at this place of the envelope.
    Rcpt(usize),
    Data,
    /// A chunk that is not the last.
    Chunk,
    /// The content by DATA, or its last chunk.
    Content,
    LoneDot,
    Rset,
    Noop,
    Quit,
}

/// A command without a reply.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// The command.
    pub verb: Verb,
    /// The message that was the last to begin before it.
    pub message: usize,
}

/// The client's choices on which the meaning of replies depends.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct Rules {
    /// The protocol is LMTP.
    pub lmtp: bool,
    /// The client uses STARTTLS where it is offered.
    pub starttls: bool,
    /// The client sends chunks together with the envelope where PIPELINING is offered.
    pub in_flight: bool,
    /// The server is known to discard chunks that it has no use for.
    pub swallows: bool,
}

/// The next step that the last reply asks of the client.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    /// Content, which somebody is to get.
    Content,
    /// A lone dot, for nobody is to get the content.
    LoneDot,
    /// The TLS handshake.
    Handshake,
}

/// The observer of one session.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own about the session")]
pub struct Oracle {
    rules: Rules,
    /// Octets of a reply that is not complete.
    reply: Vec<u8>,
    asked: VecDeque<Asked>,
    messages: Vec<Message>,
    turn: Option<Turn>,
    in_handshake: bool,
    is_secure: bool,
    pipelining: bool,
    challenged: bool,
    stopped: bool,
    over: bool,
    gave_up: bool,
}

#[derive(Clone, Debug)]
struct Message {
    evidence: Evidence,
    /// Recipients of its envelope.
    count: usize,
}

impl Oracle {
    /// A session that has not begun. With implicit TLS, [`expect_handshake`](Self::expect_handshake) has to follow.
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            reply: Vec::new(),
            asked: VecDeque::from([Asked { verb: Verb::Greeting, message: 0 }]),
            messages: Vec::new(),
            turn: None,
            in_handshake: false,
            is_secure: false,
            pipelining: false,
            challenged: false,
            stopped: false,
            over: false,
            gave_up: false,
        }
    }

    // --- what the client does ---

    /// The session begins with the TLS handshake.
    pub const fn expect_handshake(&mut self) {
        self.in_handshake = true;
    }

    /// The client speaks LMTP.
    pub const fn speaks_lmtp(&mut self) {
        self.rules.lmtp = true;
    }

    /// The TLS handshake is done.
    pub const fn shook_hands(&mut self) {
        (self.in_handshake, self.is_secure, self.pipelining) = (false, true, false);
    }

    /// The stream has ended, or the driver has given up.
    pub const fn ended(&mut self) {
        self.over = true;
    }

    /// The client ends the session, for its caller's content cannot be sent: what follows is not the cause.
    pub const fn gave_up(&mut self) {
        self.gave_up = true;
    }

    /// MAIL has left, of an envelope with so many recipients.
    pub fn sent_mail(&mut self, count: usize) {
        self.messages.push(Message { evidence: Evidence::default(), count });
        self.sent(Verb::Mail);
    }

    /// RCPT has left; returns its place in the envelope, or `None` where no MAIL came before.
    pub fn sent_recipient(&mut self) -> Option<usize> {
        let recipients = &mut self.messages.last_mut()?.evidence.recipients;
        let next = recipients.len();
        recipients.push(Recipient::default());
        self.sent(Verb::Rcpt(next));
        Some(next)
    }

    /// Any other command has left.
    pub fn sent(&mut self, verb: Verb) {
        self.challenged = false;
        let message = self.messages.len().saturating_sub(1);
        self.asked.push_back(Asked { verb, message });
    }

    /// The content of the last message has left whole, with its end.
    pub fn sent_content(&mut self) {
        if let Some(message) = self.messages.last_mut() {
            message.evidence.is_sent = true;
        }
    }

    // --- what is known ---

    /// Commands without a reply, the oldest first.
    pub const fn asked(&self) -> &VecDeque<Asked> {
        &self.asked
    }

    /// The number of messages whose MAIL has left.
    pub fn messages(&self) -> usize {
        self.messages.len()
    }

    /// The evidence about the message with this number.
    pub fn evidence(&self, message: usize) -> Option<&Evidence> {
        self.messages.get(message).map(|message| &message.evidence)
    }

    /// The evidence about the message whose MAIL was the last to leave.
    pub fn latest(&self) -> Option<&Evidence> {
        self.messages.last().map(|message| &message.evidence)
    }

    /// Returns whether TLS is on.
    pub const fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// Returns whether PIPELINING is offered.
    pub const fn pipelining(&self) -> bool {
        self.pipelining
    }

    /// Returns whether the next line is the response to a challenge.
    pub const fn is_challenged(&self) -> bool {
        self.challenged
    }

    /// Returns whether nothing but QUIT may leave.
    pub const fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Returns whether the session is over.
    pub const fn is_over(&self) -> bool {
        self.over
    }

    /// Takes what the replies since the last call ask of the client.
    pub const fn take_turn(&mut self) -> Option<Turn> {
        self.turn.take()
    }

    // --- what the server says ---

    /// These octets have arrived.
    pub fn received(&mut self, octets: &[u8]) {
        self.over |= self.in_handshake;
        self.reply.extend_from_slice(octets);
        while !self.over {
            let buffer = std::mem::take(&mut self.reply);
            match Reply::parse(&buffer) {
                Ok(Some((reply, used))) => {
                    self.on_reply(&reply);
                    self.reply = buffer[used..].to_vec();
                    // Octets behind the 220 to STARTTLS were said by somebody else (D12).
                    self.over |= self.in_handshake && !self.reply.is_empty();
                }
                Ok(None) => {
                    // The start of what nobody asked for may be enough for the client.
                    self.doubt(self.asked.is_empty() && !buffer.is_empty());
                    self.over = buffer.len() >= ReplyLimits::DEFAULT.reply;
                    self.reply = buffer;
                    return;
                }
                Err(_) if self.asked.is_empty() => self.on_unsolicited(999),
                Err(_) => self.over = true,
            }
        }
    }

    fn on_reply(&mut self, reply: &Reply<'_>) {
        let code = reply.code().value();
        let Some(asked) = self.asked.pop_front() else {
            return self.on_unsolicited(code);
        };
        self.over |= code == 421 && asked.verb != Verb::Quit;
        match asked.verb {
            Verb::Greeting => self.opens(code, 220),
            Verb::Ehlo => {
                self.over |= code != 250 && code < 400;
                self.stopped |= code / 100 == 4 && self.rules.starttls && !self.is_secure;
                self.pipelining = code == 250 && offers_pipelining(reply);
            }
            Verb::Helo => self.opens(code, 250),
            Verb::StartTls if code == 220 => {
                (self.in_handshake, self.turn) = (true, Some(Turn::Handshake));
            }
            Verb::StartTls | Verb::Cancel => self.over |= code < 400,
            Verb::Auth => {
                self.challenged = code == 334;
                self.over |= code < 400 && code != 334 && code != 235;
            }
            Verb::Rset => {
                self.over |= code / 100 != 2 || code == 220;
                self.doubt(code == 220 || code / 100 == 3);
            }
            Verb::LoneDot | Verb::Noop => {
                self.over |= code / 100 == 3;
                self.doubt(code / 100 == 3);
            }
            Verb::Quit => self.over = true,
            _ => self.on_reply_in_transaction(asked, code),
        }
    }

    /// A farewell (421, and what some say in its place), or a proof that replies and commands do not belong together.
    fn on_unsolicited(&mut self, code: u16) {
        self.over = true;
        if code / 100 == 4 || code == 221 || self.gave_up {
            return;
        }
        if let Some(Message { evidence, count }) = self.messages.last_mut() {
            evidence.is_shifted = !evidence.is_complete(*count);
            evidence.is_doubted = true;
        }
    }

    /// Marks the latest message with a reply to MAIL as doubtful, if that `is_proven`: its refusals may have been those of
    /// another command.
    fn doubt(&mut self, is_proven: bool) {
        let evidence = self.messages.iter_mut().map(|message| &mut message.evidence);
        if let Some(evidence) = evidence.rev().find(|evidence| evidence.mail.is_some()) {
            evidence.is_doubted |= is_proven;
        }
    }

    const fn opens(&mut self, code: u16, expected: u16) {
        self.over |= code != expected && code < 400;
        self.stopped |= code >= 400;
    }

    fn on_reply_in_transaction(&mut self, asked: Asked, code: u16) {
        let Some(Message { evidence, .. }) = self.messages.get_mut(asked.message) else { return };
        match asked.verb {
            // 421 is no verdict on what it answers, but for content that has left whole.
            _ if code == 421 && !(asked.verb == Verb::Content && evidence.is_sent) => {}
            Verb::Mail => {
                evidence.mail = Some(code);
                self.on_envelope(asked, code);
            }
            Verb::Rcpt(at) => {
                evidence.recipients[at].reply = Some(code);
                self.on_envelope(asked, code);
            }
            Verb::Data => self.on_data(asked.message, code),
            Verb::Chunk if code >= 400 && evidence.is_wanted() => self.refused_early(asked, code),
            Verb::Chunk => self.unless(asked, code / 100 != 3),
            _ if evidence.is_sent => self.on_verdict(asked, code),
            _ => self.refused_early(asked, code),
        }
    }

    fn on_envelope(&mut self, asked: Asked, code: u16) {
        self.unless(asked, code / 100 != 3);
        self.check_swallowed(asked, code);
    }

    /// A reply that makes no sense ends the session: it cannot have been one to this command.
    fn unless(&mut self, asked: Asked, makes_sense: bool) {
        self.doubt(!makes_sense);
        self.over |= !makes_sense;
        self.messages[asked.message].evidence.is_shifted |= !makes_sense && !self.gave_up;
    }

    /// Chunks of a message that nobody is to get may be run as commands (C80).
    fn check_swallowed(&mut self, asked: Asked, code: u16) {
        let evidence = &self.messages[asked.message].evidence;
        let mut waiting = self.asked.iter().filter(|other| other.message == asked.message);
        let of_recipients = |other: &&Asked| matches!(other.verb, Verb::Rcpt(_));
        let is_for_nobody = code >= 400
            && (is_no(evidence.mail)
                || !(evidence.is_wanted() || waiting.clone().any(|other| of_recipients(&other))));
        let in_flight = waiting.any(|other| matches!(other.verb, Verb::Chunk | Verb::Content));
        self.over |= is_for_nobody && in_flight && !self.rules.swallows;
    }

    fn on_data(&mut self, message: usize, code: u16) {
        let evidence = &mut self.messages[message].evidence;
        evidence.data = Some(code);
        match code {
            354 if evidence.is_wanted() => {
                self.turn = Some(Turn::Content);
                self.asked.push_back(Asked { verb: Verb::Content, message });
            }
            // A lone dot would store an empty message, or, with LMTP, get no reply.
            354 if is_no(evidence.mail) || self.rules.lmtp => self.over = true,
            354 => self.turn = Some(Turn::LoneDot),
            _ if code < 400 => (self.over, evidence.is_shifted) = (true, true),
            _ => {}
        }
    }

    /// A reply while the content is on its way: a refusal, or nonsense.
    fn refused_early(&mut self, asked: Asked, code: u16) {
        self.over = true;
        let evidence = &mut self.messages[asked.message].evidence;
        evidence.is_shifted |= code < 400;
        if code >= 400 {
            evidence.waiting().for_each(|recipient| recipient.verdict = Some(code));
        }
    }

    fn on_verdict(&mut self, asked: Asked, code: u16) {
        let rules = self.rules;
        let evidence = &mut self.messages[asked.message].evidence;
        self.over |= code / 100 == 3;
        if !evidence.is_wanted() {
            return;
        }
        evidence.is_shifted |= code / 100 == 3;
        let for_whom = if rules.lmtp { 1 } else { usize::MAX };
        evidence.waiting().take(for_whom).for_each(|recipient| recipient.verdict = Some(code));
        if evidence.waiting().next().is_some() {
            self.asked.push_front(asked);
        } else {
            let refuses_command = matches!(code, 500..=504);
            let by_data = evidence.data == Some(354);
            let in_flight = rules.in_flight && self.pipelining && !by_data;
            self.over |= refuses_command && in_flight && !rules.swallows;
        }
    }
}

fn offers_pipelining(reply: &Reply<'_>) -> bool {
    reply.raw_lines().skip(1).any(|line| line.trim_ascii().eq_ignore_ascii_case(b"PIPELINING"))
}
