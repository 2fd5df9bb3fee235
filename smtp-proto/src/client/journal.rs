//! Events gathered: the outcomes of messages, and the server's replies worth keeping.

use alloc::collections::VecDeque;

use crate::reply::{Class, Code, OwnedReply};

use super::{
    error::{End, PeerError},
    event::{Event, Phase, Transaction},
    outcome::{Outcome, kept},
};

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
    (!goes_on).then(|| (phase, kept(reply)))
}

/// Gathers a session's events, so that both adapters report the same.
#[derive(Debug, Default)]
pub struct Journal {
    greeting: Option<OwnedReply>,
    answers: u64,
    answer: Option<(Phase, OwnedReply)>,
    closing: Option<(Phase, OwnedReply)>,
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
            answers: 0,
            answer: None,
            closing: None,
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
            Event::Answer { phase: Phase::Quit, reply } => self.farewell = Some(kept(reply)),
            Event::Answer { phase, reply } => {
                if phase == Phase::Greeting {
                    self.greeting = Some(kept(reply));
                }
                self.answers += 1;
                self.answer = Some((phase, kept(reply)));
            }
            Event::Closing { phase, reply } => self.closing = Some((phase, kept(reply))),
            _ => {
                if let Some(answer) = ending_answer(event) {
                    self.closing = Some(answer);
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
        while self.ended.front().is_some_and(|outcome| outcome.transaction() < transaction) {
            self.ended.pop_front();
        }
        let is_next = self.ended.front().is_some_and(|next| next.transaction() == transaction);
        if is_next { self.take_outcome(end) } else { None }
    }

    /// The oldest outcome not yet taken; `end` is that of the session, if it has ended.
    pub fn take_outcome(&mut self, end: Option<End>) -> Option<Outcome> {
        let mut outcome = self.ended.pop_front()?;
        let is_latest = !self.ended.iter().chain(&self.open).any(Outcome::has_replies);
        outcome.conclude(end, self.closing.as_ref(), is_latest);
        Some(outcome)
    }

    /// The server's greeting.
    #[must_use]
    pub const fn greeting(&self) -> Option<&OwnedReply> {
        self.greeting.as_ref()
    }

    /// The reply that ended the session so: a refusal, a 421, one that makes no sense.
    #[must_use]
    pub fn last_words(&self, end: End) -> Option<&OwnedReply> {
        let (phase, reply) = match end {
            End::Refused { .. } => self.answer.as_ref()?,
            End::ServiceClosing(_)
            | End::Peer(PeerError::UnexpectedCode { .. } | PeerError::Unsolicited) => {
                self.closing.as_ref().or(self.answer.as_ref())?
            }
            _ => return None,
        };
        (*phase == end.phase()).then_some(reply)
    }

    /// The reply to QUIT.
    #[must_use]
    pub const fn farewell(&self) -> Option<&OwnedReply> {
        self.farewell.as_ref()
    }

    /// The last reply to anything outside a transaction but QUIT.
    #[must_use]
    pub fn last_answer(&self) -> Option<(Phase, &OwnedReply)> {
        self.answer.as_ref().map(|(phase, reply)| (*phase, reply))
    }

    /// The number of replies that [`last_answer`](Self::last_answer) was the last of: one more tells that a question
    /// was answered, whatever ended the session behind it.
    #[must_use]
    pub const fn answer_count(&self) -> u64 {
        self.answers
    }
}
