//! The outcome of a message for each recipient, gathered from the events of its transaction.

use alloc::vec::Vec;

use crate::hello::Extensions;
use crate::reply::{Class, Code, OwnedReply, Reply};

use super::{
    advice::{self, Hint},
    error::End,
    event::{Event, Phase, Transaction, TransactionEnd},
    fate::{Fate, Retry, Status, When},
};

/// The fate of one recipient, and the reply that decided it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RecipientOutcome<'a> {
    /// Its fate, with the advice on another try.
    pub fate: Fate,
    /// The command that decided it, or at which the session ended.
    pub phase: Phase,
    /// The reply to that command; its text may be cut, see [`Outcome`]. `None` for [`Fate::Unknown`], and for
    /// [`Fate::NotAttempted`] unless the server closed with 421.
    pub reply: Option<Reply<'a>>,
}

impl RecipientOutcome<'_> {
    /// The kind of [`fate`](Self::fate).
    #[must_use]
    pub const fn status(&self) -> Status {
        self.fate.status()
    }

    /// The advice on another try; `None` where the recipient is accepted.
    #[must_use]
    pub const fn retry(&self) -> Option<Retry> {
        self.fate.retry()
    }
}

/// The outcome of a message as a whole.
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
    /// For somebody the content was transmitted and no reply came.
    Unknown,
    /// Nobody is accepted, and somebody was not attempted.
    Failed,
}

impl Verdict {
    /// The verdict on a message whose recipients have these statuses.
    ///
    /// ```
    /// use smtp_proto::client::{Status, Verdict};
    /// assert_eq!(Verdict::of([Status::Accepted, Status::Rejected]), Verdict::Partial);
    /// assert_eq!(Verdict::of([Status::Accepted, Status::Unknown]), Verdict::Unknown);
    /// ```
    #[must_use]
    pub fn of(statuses: impl IntoIterator<Item = Status>) -> Self {
        let mut seen = [false; 5];
        statuses.into_iter().for_each(|status| seen[status as usize] = true);
        let has = |status: Status| seen[status as usize];
        if has(Status::Unknown) {
            Verdict::Unknown
        } else if has(Status::Accepted) {
            let all = seen.iter().filter(|seen| **seen).count() == 1;
            if all { Verdict::Delivered } else { Verdict::Partial }
        } else if has(Status::NotAttempted) {
            Verdict::Failed
        } else if has(Status::Deferred) {
            Verdict::Deferred
        } else {
            Verdict::Rejected
        }
    }

    /// The status of the recipients that the verdict is named after.
    #[must_use]
    pub const fn status(self) -> Status {
        match self {
            Verdict::Delivered | Verdict::Partial => Status::Accepted,
            Verdict::Rejected => Status::Rejected,
            Verdict::Deferred => Status::Deferred,
            Verdict::Unknown => Status::Unknown,
            Verdict::Failed => Status::NotAttempted,
        }
    }
}

/// Octets kept of one reply. The longest that real servers give a reason in have two or three thousand, of which the
/// first lines say it.
const KEPT_OF_REPLY: usize = 1024;
/// Octets kept of all replies to RCPT of a transaction before the rest is cut to its codes: 10,000 recipients refused
/// at length would take megabytes.
const KEPT_OF_ALL: usize = 256 * 1024;
/// Octets kept of a reply then: code, enhanced code and a few words.
const KEPT_OF_REST: usize = 48;

/// The outcome of one message for every recipient.
///
/// Replies are kept with the first 1,024 octets of their text, and, once those to `RCPT` have taken 256 KiB, with 48.
#[derive(Clone, Debug)]
#[must_use = "a message may be refused for some or all recipients"]
pub struct Outcome {
    transaction: Transaction,
    recipients: Vec<Rcpt>,
    /// Recipients accepted by RCPT.
    accepted: usize,
    /// Octets of the replies in `recipients`.
    kept: usize,
    mail: Option<OwnedReply>,
    data: Option<(Phase, OwnedReply)>,
    last: Option<(Phase, OwnedReply)>,
    conclusion: Option<TransactionEnd>,
    end: Option<End>,
    /// No later transaction had a reply.
    is_latest: bool,
    /// The 421 that the session ended with.
    closing: Option<(Phase, OwnedReply)>,
}

/// The reply to one RCPT. That which accepted it need not be kept: the final verdict counts.
#[derive(Clone, Debug)]
enum Rcpt {
    Unanswered,
    Accepted,
    Refused(OwnedReply),
    /// Refused since there are more than the server takes at once.
    TooMany(OwnedReply),
    /// The verdict on the content for this recipient (LMTP).
    Final(OwnedReply),
}

impl Outcome {
    pub(super) fn new(transaction: Transaction, recipients: usize) -> Self {
        Self {
            transaction,
            recipients: alloc::vec![Rcpt::Unanswered; recipients],
            accepted: 0,
            kept: 0,
            mail: None,
            data: None,
            last: None,
            conclusion: None,
            end: None,
            is_latest: true,
            closing: None,
        }
    }

    /// The transaction that it is the outcome of.
    #[must_use]
    pub const fn transaction(&self) -> Transaction {
        self.transaction
    }

    /// The number of recipients.
    #[must_use]
    pub fn recipient_count(&self) -> usize {
        self.recipients.len()
    }

    /// The outcome of the recipient at this position of the envelope.
    ///
    /// The first cause counts: where MAIL was refused, that is every recipient's refusal, whatever
    /// the replies to RCPT and DATA.
    #[must_use]
    pub fn recipient(&self, index: usize) -> Option<RecipientOutcome<'_>> {
        let rcpt = self.recipients.get(index)?;
        Some(match (&self.mail, rcpt) {
            (_, Rcpt::Final(reply)) if reply.code().is_completion() => decided(Phase::Final, reply),
            (_, Rcpt::Accepted) if self.is_shifted() && !self.is_taken() => {
                self.undecided(Phase::Content)
            }
            (_, Rcpt::Refused(_) | Rcpt::TooMany(_) | Rcpt::Unanswered | Rcpt::Final(_))
                if self.is_shifted() =>
            {
                self.undecided(Phase::Rcpt)
            }
            (Some(reply), _) if reply.code().is_refusal() => decided(Phase::Mail, reply),
            (_, Rcpt::Refused(reply)) => decided(Phase::Rcpt, reply),
            // Where nobody is accepted there would be no end to it.
            (_, Rcpt::TooMany(reply)) if self.accepted == 0 => decided(Phase::Rcpt, reply),
            (_, Rcpt::TooMany(reply)) => {
                let fate = Fate::Deferred(self.retry_of_too_many());
                RecipientOutcome { fate, ..decided(Phase::Rcpt, reply) }
            }
            (_, Rcpt::Unanswered) => self.undecided(Phase::Rcpt),
            (_, Rcpt::Final(reply)) => decided(Phase::Final, reply),
            (_, Rcpt::Accepted) => self.of_accepted(),
        })
    }

    /// The outcomes of all recipients, in the order of the envelope.
    pub fn recipients(&self) -> impl Iterator<Item = RecipientOutcome<'_>> {
        (0..self.recipients.len()).filter_map(|index| self.recipient(index))
    }

    /// Returns the outcome of the message as a whole.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        Verdict::of(self.recipients().map(|recipient| recipient.status()))
    }

    /// Returns whether every recipient is accepted.
    #[must_use]
    pub fn is_delivered(&self) -> bool {
        self.verdict() == Verdict::Delivered
    }

    /// The outcome of the first recipient that the [`verdict`](Self::verdict) is named after: phase and reply that
    /// stand for the message as a whole.
    #[must_use]
    pub fn deciding(&self) -> Option<RecipientOutcome<'_>> {
        let status = self.verdict().status();
        self.recipients().find(|recipient| recipient.status() == status)
    }

    /// The reply that decided the message as a whole, that of [`deciding`](Self::deciding). Where somebody is
    /// accepted its text often holds the server's queue id.
    #[must_use]
    pub fn reply(&self) -> Option<Reply<'_>> {
        self.deciding()?.reply
    }

    /// Returns the end of the session, if it ended before the message was answered.
    #[must_use]
    pub const fn end(&self) -> Option<End> {
        match self.conclusion {
            Some(TransactionEnd::Answered | TransactionEnd::Refused) => None,
            _ => self.end,
        }
    }

    /// The change to make before those are tried again that are not accepted, for a session that made use of the
    /// extensions [`used`](super::Client::used): the hint of the first refusal that has one. Where nobody was
    /// refused, that of the session's end, if it ended in this transaction.
    #[must_use]
    pub fn hint(&self, used: Extensions) -> Option<Hint> {
        let mut refused = false;
        for recipient in self.recipients() {
            let reply = recipient.reply.filter(|reply| reply.code().is_refusal());
            let Some(reply) = reply else { continue };
            refused = true;
            let hint = match recipient.fate {
                Fate::Deferred(When::SameConnection | When::NewConnectionNow) => {
                    Some(Hint::RetryRemainingInNewTransaction)
                }
                _ => Hint::of_reply(recipient.phase, &reply, used),
            };
            if hint.is_some() {
                return hint;
            }
        }
        let is_own = self.conclusion == Some(TransactionEnd::NotSent);
        self.end.filter(|_| is_own && !refused)?.hint(used)
    }

    /// Returns whether nothing of the message was committed and nothing said against it, so that all of it may
    /// be sent at once over a new connection: the server had closed before it was there.
    #[must_use]
    pub fn came_too_late(&self) -> bool {
        let too_late = Fate::NotAttempted(When::NewConnectionNow);
        self.recipients().all(|recipient| recipient.fate == too_late)
    }

    /// Returns whether a connection that was idle before this message may have been idle for too long: the message
    /// [came too late](Self::came_too_late), or the reply to `MAIL` is 451. Exchange sends 451 in place of 421 after a
    /// timeout (`451 4.7.0 Timeout waiting for client input`).
    ///
    /// Then send the message once more over a new connection, at once. On a new connection a 451 is the server's
    /// own temporary refusal.
    #[must_use]
    pub fn may_have_been_idle_too_long(&self) -> bool {
        let timed_out = |reply: &OwnedReply| reply.code() == Code::LOCAL_ERROR;
        self.came_too_late() || self.mail.as_ref().is_some_and(timed_out)
    }

    /// Returns whether a refusal of this transaction may have been somebody else's: before anybody was told of it, the server
    /// said what cannot have been a reply to what was asked. Behind a 354 to DATA, which is a reply to nothing else,
    /// replies and commands had belonged together.
    fn is_shifted(&self) -> bool {
        let was_in_step = self.data.as_ref().is_some_and(|(phase, reply)| {
            *phase == Phase::Data && reply.code() == Code::START_CONTENT
        });
        self.is_latest && !was_in_step && self.end.is_some_and(End::proves_shift)
    }

    /// Returns whether the content was transmitted whole: also for nobody, in a last chunk that was in flight.
    const fn was_transmitted(&self) -> bool {
        matches!(self.conclusion, Some(TransactionEnd::Unknown | TransactionEnd::Answered))
            || matches!(self.data, Some((Phase::Final, _)))
    }

    /// Returns whether the content was accepted.
    fn is_taken(&self) -> bool {
        let last = self.last.as_ref().filter(|_| self.conclusion == Some(TransactionEnd::Answered));
        last.is_some_and(|(_, reply)| reply.code().is_completion())
    }

    fn of_accepted(&self) -> RecipientOutcome<'_> {
        let decisive = match self.conclusion {
            Some(TransactionEnd::Answered) => &self.last,
            Some(TransactionEnd::Refused) => &self.data,
            _ => &None,
        };
        match decisive {
            Some((phase, reply)) => decided(*phase, reply),
            None => self.undecided(Phase::Content),
        }
    }

    /// Of one too many: at once as soon as the message got through to others, for then there is an end to it.
    fn retry_of_too_many(&self) -> When {
        match self.of_accepted().fate {
            Fate::Accepted | Fate::Rejected if self.end.is_none() => When::SameConnection,
            Fate::Accepted
            | Fate::Rejected
            | Fate::Unknown
            | Fate::NotAttempted(When::NewConnectionNow) => When::NewConnectionNow,
            Fate::Deferred(_) | Fate::NotAttempted(_) => When::Later,
        }
    }

    /// Of a recipient that no reply was about.
    fn undecided(&self, phase: Phase) -> RecipientOutcome<'_> {
        let when = match (self.conclusion, self.end) {
            // What was transmitted whole may have been taken.
            _ if self.was_transmitted() => {
                return RecipientOutcome { fate: Fate::Unknown, phase: Phase::Final, reply: None };
            }
            (_, None) => When::SameConnection,
            (Some(TransactionEnd::NotReached), _) => When::NewConnectionNow,
            (_, Some(end)) => end.retry_of_unfinished(),
        };
        let fate = Fate::NotAttempted(when);
        match &self.closing {
            Some((phase, reply)) => {
                RecipientOutcome { fate, phase: *phase, reply: Some(reply.as_reply()) }
            }
            None => RecipientOutcome { fate, phase: self.phase_of_end(phase), reply: None },
        }
    }

    /// The phase in which the session broke for this message; a break behind the content was one of another.
    fn phase_of_end(&self, otherwise: Phase) -> Phase {
        match self.end.map(End::phase) {
            _ if self.conclusion == Some(TransactionEnd::NotReached) => Phase::Mail,
            Some(
                phase @ (Phase::Idle | Phase::Mail | Phase::Rcpt | Phase::Data | Phase::Content),
            ) => phase,
            _ => otherwise,
        }
    }

    pub(super) fn record(&mut self, event: &Event<'_>) {
        match *event {
            Event::Mail { reply, .. } => self.mail = Some(kept(reply)),
            Event::Recipient { index, reply, .. } => self.record_recipient(index as usize, reply),
            Event::Data { phase, reply, .. } => self.data = Some((phase, kept(reply))),
            Event::Final { recipient, phase, reply, .. } => {
                let rcpt = recipient.and_then(|index| self.recipients.get_mut(index as usize));
                // 3yz makes no sense, so it is no verdict, and nobody knows.
                let decides = reply.code().class() != Class::Intermediate;
                if let Some(rcpt) = rcpt.filter(|_| decides) {
                    *rcpt = Rcpt::Final(kept(reply));
                }
                self.last = Some((phase, kept(reply)));
            }
            Event::Ended { end, .. } => self.conclusion = Some(end),
            Event::Answer { .. } | Event::Closing { .. } => {}
        }
    }

    /// Returns whether the message has had a reply.
    pub(super) const fn has_replies(&self) -> bool {
        self.mail.is_some()
    }

    fn record_recipient(&mut self, index: usize, reply: Reply<'_>) {
        let Some(rcpt) = self.recipients.get_mut(index) else { return };
        match reply.code().class() {
            Class::Completion => {
                *rcpt = Rcpt::Accepted;
                self.accepted += 1;
            }
            // Makes no sense, so it is no verdict.
            Class::Intermediate => {}
            Class::Transient | Class::Permanent => {
                let limit = if self.kept < KEPT_OF_ALL { KEPT_OF_REPLY } else { KEPT_OF_REST };
                let owned = OwnedReply::truncated(reply, limit);
                self.kept += owned.as_reply().octets().len();
                *rcpt = if advice::is_too_many(&reply, self.accepted) {
                    Rcpt::TooMany(owned)
                } else {
                    Rcpt::Refused(owned)
                };
            }
        }
    }

    /// Takes note of how the session stands, or ended, when the outcome is taken.
    pub(super) fn conclude(
        &mut self,
        end: Option<End>,
        closing: Option<&(Phase, OwnedReply)>,
        is_latest: bool,
    ) {
        self.end = end;
        self.is_latest = is_latest;
        if matches!(end, Some(End::ServiceClosing(_))) {
            self.closing = closing.cloned();
        }
    }
}

fn decided(phase: Phase, reply: &OwnedReply) -> RecipientOutcome<'_> {
    let reply = reply.as_reply();
    RecipientOutcome { fate: Fate::of_code(reply.code()), phase, reply: Some(reply) }
}

/// A reply with what is kept of its text.
pub(super) fn kept(reply: Reply<'_>) -> OwnedReply {
    OwnedReply::truncated(reply, KEPT_OF_REPLY)
}
