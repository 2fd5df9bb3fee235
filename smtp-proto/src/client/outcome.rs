//! Events gathered: what became of each recipient, and the server's words worth keeping.

use alloc::{collections::VecDeque, vec::Vec};

use crate::hello::Extensions;
use crate::reply::{Class, Code, OwnedReply, Reply};

use super::{
    advice::{self, Hint, Retry},
    error::{End, PeerError},
    event::{Event, Fate, Phase, Transaction},
};

/// What became of one recipient.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Status {
    /// The server took the message for this recipient and answers for it.
    Accepted,
    /// Refused for good (5yz).
    Rejected,
    /// Refused for now (4yz): the same may succeed later.
    Deferred,
    /// The content was handed over and no answer came. A second try may duplicate.
    Unknown,
    /// The message never got that far: safe to try again.
    NotAttempted,
}

impl Status {
    fn of(reply: Reply<'_>) -> Self {
        match reply.code().class() {
            Class::Completion => Status::Accepted,
            Class::Intermediate | Class::Permanent => Status::Rejected,
            Class::Transient => Status::Deferred,
        }
    }
}

/// What became of one recipient, and who said so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RecipientOutcome<'a> {
    /// Its fate.
    pub status: Status,
    /// The answer to what decided it.
    pub phase: Phase,
    /// The server's words; none for [`Status::Unknown`] and [`Status::NotAttempted`].
    pub reply: Option<Reply<'a>>,
    /// When it may be tried again; [`Retry::Never`] where it is accepted.
    pub retry: Retry,
}

impl RecipientOutcome<'_> {
    /// Whether the server took as many recipients as it takes at once, and this was one more: X.5.3,
    /// or 452 or 552 to RCPT without an enhanced code (RFC 5321 4.5.3.1.10).
    #[must_use]
    pub fn is_too_many_recipients(&self) -> bool {
        self.reply.is_some_and(|reply| advice::is_too_many(self.phase, &reply))
    }
}

/// What became of a message as a whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// Every recipient is accepted.
    Delivered,
    /// Some are accepted, some are not.
    Partial,
    /// Nobody is accepted, everybody refused for good.
    Rejected,
    /// Nobody is accepted, somebody was refused for now.
    Deferred,
    /// The content was handed over and no answer came.
    Unknown,
    /// The session broke before the content was handed over.
    Failed,
}

/// What became of every recipient of one message.
#[derive(Clone, Debug)]
#[must_use = "a message may be refused for some or all recipients"]
pub struct Outcome {
    transaction: Transaction,
    mail: Option<OwnedReply>,
    recipients: Vec<Rcpt>,
    data: Option<OwnedReply>,
    last: Option<(Phase, OwnedReply)>,
    fate: Option<Fate>,
    end: Option<End>,
    last_words: Option<OwnedReply>,
}

/// The answer to one RCPT. What accepted it need not be kept: the final verdict counts.
#[derive(Clone, Debug)]
enum Rcpt {
    Unanswered,
    Accepted,
    Refused(OwnedReply),
    /// The verdict on the content for this recipient (LMTP).
    Final(OwnedReply),
}

impl Rcpt {
    const fn is_accepted(&self) -> bool {
        matches!(self, Rcpt::Accepted)
    }
}

impl Outcome {
    fn new(transaction: Transaction, recipients: usize) -> Self {
        Self {
            transaction,
            mail: None,
            recipients: alloc::vec![Rcpt::Unanswered; recipients],
            data: None,
            last: None,
            fate: None,
            end: None,
            last_words: None,
        }
    }

    /// Which transaction it was.
    #[must_use]
    pub const fn transaction(&self) -> Transaction {
        self.transaction
    }

    /// How many recipients there were.
    #[must_use]
    pub fn recipient_count(&self) -> usize {
        self.recipients.len()
    }

    /// What became of the recipient at this position of the envelope.
    ///
    /// The first cause counts: where MAIL was refused, that is every recipient's refusal, whatever
    /// RCPT and DATA were answered.
    #[must_use]
    pub fn recipient(&self, index: usize) -> Option<RecipientOutcome<'_>> {
        let rcpt = self.recipients.get(index)?;
        let refused_mail = self.mail.as_ref().filter(|reply| reply.code().is_refusal());
        Some(match (refused_mail, rcpt) {
            (Some(reply), _) => decided(Phase::Mail, reply),
            (None, Rcpt::Refused(reply)) => self.refused_recipient(decided(Phase::Rcpt, reply)),
            // It has left whole ahead of the answers (BDAT): the server may have taken it.
            (None, Rcpt::Unanswered) if self.fate == Some(Fate::Unknown) => unknown(),
            (None, Rcpt::Unanswered) => self.not_attempted(self.phase_of_end(Phase::Rcpt)),
            (None, Rcpt::Final(reply)) => decided(Phase::Final, reply),
            (None, Rcpt::Accepted) => self.verdict_of_accepted(),
        })
    }

    /// One too many is tried again as soon as the message got through to others; without any of
    /// them there would be no end to it.
    fn refused_recipient<'a>(&self, refused: RecipientOutcome<'a>) -> RecipientOutcome<'a> {
        if !refused.is_too_many_recipients() {
            return refused;
        }
        let others = self.verdict_of_accepted();
        let retry = match others.status {
            _ if !self.recipients.iter().any(Rcpt::is_accepted) => Retry::Later,
            Status::Accepted => Retry::SameConnection,
            Status::Unknown => Retry::NewConnectionNow,
            _ => others.retry,
        };
        RecipientOutcome { retry, ..refused }
    }

    /// Where the session broke; a break behind the content was one of the message before.
    fn phase_of_end(&self, otherwise: Phase) -> Phase {
        match self.end.map(End::phase) {
            Some(phase @ (Phase::Idle | Phase::Mail | Phase::Rcpt | Phase::Data)) => phase,
            _ => otherwise,
        }
    }

    fn not_attempted(&self, phase: Phase) -> RecipientOutcome<'_> {
        let retry = match self.end.map(End::retry) {
            None => Retry::SameConnection,
            // What may have been delivered is the message before.
            Some(Retry::MayDuplicate) => Retry::NewConnectionNow,
            Some(retry) => retry,
        };
        undecided(Status::NotAttempted, phase, retry)
    }

    fn verdict_of_accepted(&self) -> RecipientOutcome<'_> {
        let decisive = match self.fate {
            Some(Fate::Answered) => self.last.as_ref().map(|(phase, reply)| (*phase, reply)),
            Some(Fate::Refused) => self.data.as_ref().map(|reply| (Phase::Data, reply)),
            Some(Fate::Unknown) => return unknown(),
            Some(Fate::NotSent) | None => None,
        };
        match decisive {
            Some((phase, reply)) => decided(phase, reply),
            None => self.not_attempted(self.phase_of_end(Phase::Content)),
        }
    }

    /// Every recipient's outcome, in the order of the envelope.
    pub fn recipients(&self) -> impl Iterator<Item = RecipientOutcome<'_>> {
        (0..self.recipients.len()).filter_map(|index| self.recipient(index))
    }

    /// The answer that decided the message as a whole: to the content, else to DATA, else to MAIL;
    /// else the words with which the server closed. Its text often holds the server's queue id.
    #[must_use]
    pub fn reply(&self) -> Option<&OwnedReply> {
        let refused_mail = self.mail.as_ref().filter(|reply| reply.code().is_refusal());
        let last = self.last.as_ref().map(|(_, reply)| reply);
        let refused_data = self.data.as_ref().filter(|reply| reply.code().is_refusal());
        refused_mail.or(last).or(refused_data).or(self.last_words.as_ref())
    }

    /// Why the session ended, if it did before the message was answered.
    #[must_use]
    pub const fn end(&self) -> Option<End> {
        self.end
    }

    /// What became of the message as a whole.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let has = |status| self.recipients().any(|recipient| recipient.status == status);
        let accepted = has(Status::Accepted);
        if accepted && self.recipients().all(|recipient| recipient.status == Status::Accepted) {
            Verdict::Delivered
        } else if has(Status::Unknown) {
            Verdict::Unknown
        } else if accepted {
            Verdict::Partial
        } else if has(Status::NotAttempted) {
            Verdict::Failed
        } else if has(Status::Deferred) {
            Verdict::Deferred
        } else {
            Verdict::Rejected
        }
    }

    /// What to change before those are tried again that are not accepted, for a session that made
    /// use of the extensions `used`: the hint of the first of them that has one, else that of the
    /// session's end.
    #[must_use]
    pub fn hint(&self, used: Extensions) -> Option<Hint> {
        let of_recipient = |fate: RecipientOutcome<'_>| {
            let hint = Hint::of_reply(fate.phase, &fate.reply?, used)?;
            let too_many = hint == Hint::RetryRemainingInNewTransaction;
            let at_once = matches!(fate.retry, Retry::SameConnection | Retry::NewConnectionNow);
            (!too_many || at_once).then_some(hint)
        };
        let of_end = || self.end.and_then(|end| end.hint(used));
        self.recipients().find_map(of_recipient).or_else(of_end)
    }

    /// Whether nothing of the message was committed and nothing said against it, so that all of it may
    /// be sent at once over a new connection: the server had closed before it was there.
    #[must_use]
    pub fn came_too_late(&self) -> bool {
        self.recipients().all(|recipient| {
            recipient.status == Status::NotAttempted && recipient.retry == Retry::NewConnectionNow
        })
    }

    /// Whether every recipient is accepted.
    #[must_use]
    pub fn is_delivered(&self) -> bool {
        self.verdict() == Verdict::Delivered
    }

    fn record(&mut self, event: &Event<'_>) {
        match *event {
            Event::Mail { reply, .. } => self.mail = Some(reply.into()),
            Event::Recipient { index, reply, .. } => {
                if let Some(rcpt) = self.recipients.get_mut(index as usize) {
                    *rcpt = match reply.code().class() {
                        Class::Completion => Rcpt::Accepted,
                        // Makes no sense, so it is no verdict.
                        Class::Intermediate => Rcpt::Unanswered,
                        Class::Transient | Class::Permanent => Rcpt::Refused(reply.into()),
                    };
                }
            }
            Event::Data { reply, .. } => self.data = Some(reply.into()),
            Event::Final { recipient, phase, reply, .. } => {
                let rcpt = recipient.and_then(|index| self.recipients.get_mut(index as usize));
                // 3yz makes no sense, so it is no verdict, and nobody knows.
                let decides = reply.code().class() != Class::Intermediate;
                if let Some(rcpt) = rcpt.filter(|_| decides) {
                    *rcpt = Rcpt::Final(reply.into());
                }
                self.last = Some((phase, reply.into()));
            }
            Event::Ended { fate, .. } => self.fate = Some(fate),
            Event::Answer { .. } | Event::Closing { .. } => {}
        }
    }
}

fn decided(phase: Phase, reply: &OwnedReply) -> RecipientOutcome<'_> {
    let reply = reply.as_reply();
    let retry = Retry::of_code(reply.code());
    RecipientOutcome { status: Status::of(reply), phase, reply: Some(reply), retry }
}

const fn unknown() -> RecipientOutcome<'static> {
    undecided(Status::Unknown, Phase::Final, Retry::MayDuplicate)
}

const fn undecided(status: Status, phase: Phase, retry: Retry) -> RecipientOutcome<'static> {
    RecipientOutcome { status, phase, reply: None, retry }
}

/// An answer in a transaction that ends the session: 421, or a code that makes no sense there.
fn ending_answer(event: &Event<'_>) -> Option<(Phase, OwnedReply)> {
    let (phase, reply) = match *event {
        Event::Mail { reply, .. } => (Phase::Mail, reply),
        Event::Recipient { reply, .. } => (Phase::Rcpt, reply),
        Event::Data { phase, reply, .. } | Event::Final { phase, reply, .. } => (phase, reply),
        _ => return None,
    };
    let code = reply.code();
    let goes_on = code != Code::SERVICE_CLOSING
        && match event {
            Event::Data { phase: Phase::Data, .. } => {
                code.is_refusal() || code == Code::START_CONTENT
            }
            Event::Final { phase: Phase::Content, .. } => code.is_refusal(),
            _ => code.class() != Class::Intermediate,
        };
    (!goes_on).then(|| (phase, reply.into()))
}

/// Gathers a session's events, so that both adapters report the same.
#[derive(Debug, Default)]
pub struct Journal {
    greeting: Option<OwnedReply>,
    last: Option<(Phase, OwnedReply)>,
    farewell: Option<OwnedReply>,
    open: VecDeque<Outcome>,
    ended: VecDeque<Outcome>,
}

impl Journal {
    /// An empty journal.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            greeting: None,
            last: None,
            farewell: None,
            open: VecDeque::new(),
            ended: VecDeque::new(),
        }
    }

    /// A transaction with this many recipients has begun.
    pub fn begin(&mut self, transaction: Transaction, recipients: usize) {
        self.open.push_back(Outcome::new(transaction, recipients));
    }

    /// Takes note of an event; to be called with each.
    pub fn record(&mut self, event: &Event<'_>) {
        match *event {
            Event::Answer { phase: Phase::Quit, reply } => self.farewell = Some(reply.into()),
            Event::Answer { phase, reply } | Event::Closing { phase, reply } => {
                if phase == Phase::Greeting {
                    self.greeting = Some(reply.into());
                }
                self.last = Some((phase, reply.into()));
            }
            _ => {
                if let Some(answer) = ending_answer(event) {
                    self.last = Some(answer);
                }
                self.record_in_transaction(event);
            }
        }
    }

    /// Events belong to the oldest open transaction: replies come in order.
    fn record_in_transaction(&mut self, event: &Event<'_>) {
        if let Some(outcome) = self.open.front_mut() {
            outcome.record(event);
        }
        if matches!(event, Event::Ended { .. }) {
            self.ended.extend(self.open.pop_front());
        }
    }

    /// The outcome of this transaction; `end` is that of the session, if it has ended. Outcomes of
    /// earlier ones are forgotten: whoever began them is not there any more to take them.
    pub fn take_outcome_of(
        &mut self,
        transaction: Transaction,
        end: Option<End>,
    ) -> Option<Outcome> {
        while self.ended.front().is_some_and(|outcome| outcome.transaction < transaction) {
            self.ended.pop_front();
        }
        let is_next = self.ended.front().is_some_and(|next| next.transaction == transaction);
        if is_next { self.take_outcome(end) } else { None }
    }

    /// The oldest outcome not yet taken; `end` is that of the session, if it has ended.
    pub fn take_outcome(&mut self, end: Option<End>) -> Option<Outcome> {
        let mut outcome = self.ended.pop_front()?;
        if matches!(outcome.fate, Some(Fate::NotSent | Fate::Unknown)) {
            outcome.end = end;
            outcome.last_words = end.and_then(|end| self.last_words(end)).cloned();
        }
        Some(outcome)
    }

    /// The server's greeting.
    #[must_use]
    pub const fn greeting(&self) -> Option<&OwnedReply> {
        self.greeting.as_ref()
    }

    /// The server's words that ended the session so: a refusal, a 421, an answer that makes no sense.
    #[must_use]
    pub fn last_words(&self, end: End) -> Option<&OwnedReply> {
        let code = match end {
            End::ServiceClosing(_) => Code::SERVICE_CLOSING,
            End::Refused { code, .. } | End::Peer(PeerError::UnexpectedCode { code, .. }) => code,
            _ => return None,
        };
        let (phase, reply) = self.last_answer()?;
        (phase == end.phase() && reply.code() == code).then_some(reply)
    }

    /// The answer to QUIT.
    #[must_use]
    pub const fn farewell(&self) -> Option<&OwnedReply> {
        self.farewell.as_ref()
    }

    /// The last answer outside a transaction but that to QUIT, or the answer in one that ended the session.
    #[must_use]
    pub fn last_answer(&self) -> Option<(Phase, &OwnedReply)> {
        self.last.as_ref().map(|(phase, reply)| (*phase, reply))
    }
}
