//! Whose replies are being read, and what they have said so far.

use super::event::{Fate, Transaction};

/// The transaction whose replies are being read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Answering {
    begun: u32,
    ended: u32,
    fate: Option<Fate>,
    /// MAIL has an answer, whatever it means.
    pub(super) mail_answered: bool,
    pub(super) mail_accepted: bool,
    pub(super) mail_refused: bool,
    recipients: u32,
    accepted: u32,
}

impl Answering {
    /// Transactions begun and not ended.
    pub(super) const fn in_flight(&self) -> u32 {
        self.begun.wrapping_sub(self.ended)
    }

    /// Transactions begun since the session's start.
    pub(super) const fn begun(&self) -> u32 {
        self.begun
    }

    pub(super) const fn current(&self) -> Transaction {
        Transaction(self.ended)
    }

    pub(super) fn begin(&mut self) -> Transaction {
        self.begun = self.begun.wrapping_add(1);
        Transaction(self.begun.wrapping_sub(1))
    }

    /// Counts the answer to one RCPT.
    pub(super) const fn next_recipient(&mut self, accepted: bool) -> u32 {
        self.accepted += accepted as u32;
        self.recipients += 1;
        self.recipients - 1
    }

    /// Whether somebody is to get the content.
    pub(super) const fn is_wanted(&self) -> bool {
        self.mail_accepted && self.accepted > 0
    }

    /// Whether MAIL has its answer.
    pub(super) const fn is_answered(&self) -> bool {
        self.mail_answered
    }

    pub(super) const fn end(&mut self, fate: Fate) {
        self.fate = Some(fate);
    }

    pub(super) const fn has_fate(&self) -> bool {
        self.fate.is_some()
    }

    pub(super) const fn has_open_transactions(&self) -> bool {
        self.fate.is_some() || self.begun != self.ended
    }

    /// The session is over: a transaction that has no fate yet gets one.
    pub(super) fn end_if_open(&mut self, unknown: bool) {
        self.fate.get_or_insert(match (unknown, self.mail_refused) {
            (true, _) => Fate::Unknown,
            (false, true) => Fate::Refused,
            (false, false) => Fate::NotSent,
        });
    }

    /// The transaction that has ended, once; the next one's replies follow.
    pub(super) fn take_ended(&mut self) -> Option<(Transaction, Fate)> {
        let fate = self.fate.take()?;
        let transaction = self.current();
        *self = Self { begun: self.begun, ended: self.ended.wrapping_add(1), ..Self::default() };
        Some((transaction, fate))
    }
}
