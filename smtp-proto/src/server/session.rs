//! The client's progress so far: greeting, TLS, authentication, transaction.

use super::{
    answer::Answer,
    config::Protocol,
    content::Content,
    rules::{is_verb, needs_mail},
};

/// The command by which the client introduced itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Greeted {
    #[default]
    No,
    Helo,
    Ehlo,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Session {
    /// TLS is on.
    secure: bool,
    greeted: Greeted,
    authenticated: bool,
    /// The connection was refused: only QUIT is obeyed (RFC 5321 3.1).
    refused: bool,
    /// MAIL commands so far, also those that were refused.
    mails: u32,
    /// MAIL was refused or has yet to be answered, and all since is what a client sends in the same
    /// group.
    mail_refused: bool,
    transaction: Option<Transaction>,
}

/// MAIL was accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Transaction {
    pub(super) smtp_utf8: bool,
    /// BODY=BINARYMIME.
    pub(super) binary: bool,
    /// Recipients that were accepted.
    pub(super) recipients: u32,
    pub(super) transfer: Transfer,
}

/// The commands by which a transaction's content comes. DATA and BDAT do not mix (RFC 3030 2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Transfer {
    #[default]
    Open,
    /// DATA was said; where it was refused it may be said again.
    Data,
    /// BDAT was said.
    Chunks,
    /// A chunk was refused, and so are all others until RSET.
    Failed(Answer<'static>),
}

impl Session {
    pub(super) const fn is_secure(&self) -> bool {
        self.secure
    }

    pub(super) const fn greeted(&self) -> Greeted {
        self.greeted
    }

    pub(super) const fn is_authenticated(&self) -> bool {
        self.authenticated
    }

    pub(super) const fn is_refused(&self) -> bool {
        self.refused
    }

    pub(super) const fn mails(&self) -> u32 {
        self.mails
    }

    pub(super) const fn transaction(&self) -> Option<Transaction> {
        self.transaction
    }

    /// Returns whether this refusal is that of a bad command. What a client sent behind MAIL before it knew of the
    /// refusal is none (RFC 2920 3.1).
    pub(super) fn is_bad_command(&self, refusal: Answer<'_>) -> bool {
        !(self.mail_refused && refusal == Answer::BAD_SEQUENCE)
    }

    /// The number of final replies to the content: one, or in LMTP one for each recipient (RFC 2033 4.2).
    pub(super) fn final_replies(&self, protocol: Protocol) -> u32 {
        let recipients = self.transaction.map_or(0, |transaction| transaction.recipients);
        match protocol {
            Protocol::Smtp => 1,
            Protocol::Lmtp => recipients,
        }
    }

    // --- lines ---

    /// A line has come, which is judged next.
    pub(super) fn before_line(&mut self, line: &[u8]) {
        self.mail_refused &= needs_mail(line);
        self.mails = self.mails.saturating_add(is_verb(line, *b"MAIL").into());
    }

    /// MAIL has been judged, and the application asked if need be.
    pub(super) const fn after_mail(&mut self) {
        self.mail_refused |= self.transaction.is_none();
    }

    // --- answers of the application ---

    pub(super) const fn on_connection(&mut self, accepted: bool) {
        self.refused = !accepted;
    }

    /// EHLO was accepted: it resets like RSET.
    pub(super) const fn on_hello(&mut self, extended: bool) {
        self.transaction = None;
        self.greeted = if extended { Greeted::Ehlo } else { Greeted::Helo };
    }

    pub(super) const fn on_credentials(&mut self, accepted: bool) {
        self.authenticated = accepted;
    }

    pub(super) fn on_mail(&mut self, accepted: bool, smtp_utf8: bool, binary: bool) {
        self.mail_refused = !accepted;
        let transfer = Transfer::Open;
        self.transaction =
            accepted.then_some(Transaction { smtp_utf8, binary, recipients: 0, transfer });
    }

    pub(super) fn on_recipient(&mut self, accepted: bool) {
        if let Some(transaction) = self.transaction.as_mut().filter(|_| accepted) {
            transaction.recipients += 1;
        }
    }

    /// DATA was answered; a refusal leaves the transaction open, until RSET.
    pub(super) const fn on_data(&mut self) {
        if let Some(transaction) = &mut self.transaction {
            transaction.transfer = Transfer::Data;
        }
    }

    /// A chunk of a transaction comes; returns new content if it is the first.
    pub(super) fn on_chunk(&mut self) -> Option<Content> {
        let transaction = self.transaction.as_mut()?;
        let is_first = transaction.transfer != Transfer::Chunks;
        transaction.transfer = Transfer::Chunks;
        is_first.then(|| Content::new(transaction.binary))
    }

    pub(super) const fn refuse_chunks(&mut self, refusal: Answer<'static>) {
        if let Some(transaction) = &mut self.transaction {
            transaction.transfer = Transfer::Failed(refusal);
        }
    }

    pub(super) const fn end_transaction(&mut self) {
        self.transaction = None;
    }

    /// Forgets everything that the client said in the clear (RFC 3207 4.2).
    pub(super) fn on_handshake(&mut self) {
        *self = Self { secure: true, ..Self::default() };
    }
}
