//! The transaction whose replies are being read, and what they have said so far.

use crate::{
    client::{
        error::End,
        event::{Phase, Transaction, TransactionEnd},
    },
    reply::Code,
};

/// The transaction whose replies are being read, and the number of those behind it.
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Current {
    begun: u32,
    ended: u32,
    end: Option<TransactionEnd>,
    /// A transaction was told that the session ended in it.
    blamed: bool,
    /// MAIL has a reply, whatever it means.
    mail_answered: bool,
    mail_accepted: bool,
    mail_refused: bool,
    recipients: u32,
    accepted: u32,
}

impl Current {
    /// Transactions begun and not ended.
    pub(super) const fn in_flight(&self) -> u32 {
        self.begun.wrapping_sub(self.ended)
    }

    /// Transactions begun since the session's start.
    pub(super) const fn begun(&self) -> u32 {
        self.begun
    }

    pub(super) const fn transaction(&self) -> Transaction {
        Transaction::new(self.ended)
    }

    pub(super) fn begin(&mut self) -> Transaction {
        self.begun = self.begun.wrapping_add(1);
        Transaction::new(self.begun.wrapping_sub(1))
    }

    /// Takes note that there is a reply to MAIL, whatever it means.
    pub(super) const fn on_mail_answered(&mut self) {
        self.mail_answered = true;
    }

    /// Takes note of the reply to MAIL.
    pub(super) const fn on_mail(&mut self, code: Code) {
        self.mail_accepted = code.is_completion() && code.value() != Code::SERVICE_READY.value();
        self.mail_refused = code.is_refusal();
    }

    pub(super) const fn is_mail_accepted(&self) -> bool {
        self.mail_accepted
    }

    pub(super) const fn is_mail_refused(&self) -> bool {
        self.mail_refused
    }

    /// Counts the reply to one RCPT; returns the recipient's position.
    pub(super) const fn next_recipient(&mut self, accepted: bool) -> u32 {
        self.accepted += accepted as u32;
        self.recipients += 1;
        self.recipients - 1
    }

    /// Returns whether `MAIL` and at least one `RCPT` were accepted.
    pub(super) const fn is_wanted(&self) -> bool {
        self.mail_accepted && self.accepted > 0
    }

    /// Returns whether MAIL has its reply.
    pub(super) const fn is_mail_answered(&self) -> bool {
        self.mail_answered
    }

    pub(super) const fn end(&mut self, end: TransactionEnd) {
        self.end = Some(end);
    }

    /// Returns whether the transaction has ended and that is still to be told.
    pub(super) const fn has_ended(&self) -> bool {
        self.end.is_some()
    }

    pub(super) const fn has_open_transactions(&self) -> bool {
        self.end.is_some() || self.begun != self.ended
    }

    /// The session is over: ends the transaction, unless it has ended already.
    ///
    /// The session ended in the transaction whose replies were being read, or, where a message's own
    /// content is to blame, in the last that was begun.
    pub(super) fn end_with_session(&mut self, end: End, handed_over: bool) {
        let is_last = self.in_flight() == 1;
        let is_own = match end {
            End::BadContent(_) | End::ContentFailed => is_last,
            _ => self.mail_answered || (!self.blamed && matches!(end.phase(), Phase::Mail)),
        };
        self.blamed |= is_own;
        let conclusion = match (handed_over, is_own) {
            (true, _) => TransactionEnd::Unknown,
            (false, true) if self.mail_refused && !end.proves_shift() => TransactionEnd::Refused,
            (false, true) => TransactionEnd::NotSent,
            (false, false) => TransactionEnd::NotReached,
        };
        self.end.get_or_insert(conclusion);
    }

    /// The transaction that has ended, once; the next one's replies follow.
    pub(super) fn take_ended(&mut self) -> Option<(Transaction, TransactionEnd)> {
        let end = self.end.take()?;
        let transaction = self.transaction();
        let Self { begun, ended, blamed, .. } = *self;
        *self = Self { begun, ended: ended.wrapping_add(1), blamed, ..Self::default() };
        Some((transaction, end))
    }
}
