//! The commands of a message: RSET where one is due, MAIL, a RCPT for each recipient, DATA.

use crate::{
    client::{
        Refusal, Storage,
        config::{Chunking, Protocol},
        error::Misuse,
        event::Transaction,
        pipeline::{Pipeline, Verb},
        terms::{Terms, Transfer},
    },
    command::{Command, Mail, Recipient},
};

use super::{Declared, Sending, Transactions, may_ask_more};

/// The sender and the recipients of a message, by position: the arguments of `MAIL` and `RCPT`.
///
/// The client asks for recipients as its buffers have room; the same envelope has to be given until
/// the transaction has ended.
pub trait AsEnvelope {
    /// Sender and message parameters.
    fn mail(&self) -> Mail<'_>;

    /// The recipient at this position, `None` behind the last.
    fn recipient(&self, index: usize) -> Option<Recipient<'_>>;

    /// The number of recipients.
    fn recipient_count(&self) -> usize {
        let mut count = 0;
        while self.recipient(count).is_some() {
            count += 1;
        }
        count
    }
}

impl<E: AsEnvelope + ?Sized> AsEnvelope for &E {
    fn mail(&self) -> Mail<'_> {
        (**self).mail()
    }

    fn recipient(&self, index: usize) -> Option<Recipient<'_>> {
        (**self).recipient(index)
    }

    fn recipient_count(&self) -> usize {
        (**self).recipient_count()
    }
}

impl AsEnvelope for (Mail<'_>, &[Recipient<'_>]) {
    fn mail(&self) -> Mail<'_> {
        self.0
    }

    fn recipient(&self, index: usize) -> Option<Recipient<'_>> {
        self.1.get(index).copied()
    }
}

/// The next command of an envelope.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NextCommand {
    /// RSET, if one is due.
    Reset,
    Mail,
    Rcpt(usize),
}

impl NextCommand {
    const fn following(self) -> NextCommand {
        match self {
            NextCommand::Reset => NextCommand::Mail,
            NextCommand::Mail => NextCommand::Rcpt(0),
            NextCommand::Rcpt(index) => NextCommand::Rcpt(index + 1),
        }
    }
}

impl<B: Storage> Transactions<B> {
    /// Begins a message, and queues its commands as far as there is room.
    pub(in crate::client) fn begin(
        &mut self,
        envelope: &(impl AsEnvelope + ?Sized),
        terms: &Terms<'_>,
        out: &mut Pipeline<B>,
    ) -> Result<Transaction, Refusal> {
        let checked = terms.check_message(envelope, out.capacity())?;
        terms.check_transactions(self.current.begun())?;
        let limit = self.max_recipients(terms);
        if checked.recipients > limit {
            return Err(Refusal::TooManyRecipients { limit });
        }
        checked.domains?;
        self.declared = Declared::new(&envelope.mail(), checked.recipients);
        out.forget_secret();
        self.sending = Sending::Envelope {
            next: NextCommand::Reset,
            transfer: checked.transfer,
            smtp_utf8: checked.smtp_utf8,
            blocked: false,
        };
        let transaction = self.current.begin();
        self.fill(envelope, terms, out);
        Ok(transaction)
    }

    fn max_recipients(&self, terms: &Terms<'_>) -> usize {
        let announced = terms.server_limits().recipients();
        let announced = announced.map_or(usize::MAX, |limit| limit as usize);
        match terms.config.protocol {
            Protocol::Lmtp => announced.min(self.accepted.capacity()),
            Protocol::Smtp => announced,
        }
    }

    /// Queues what is left of the envelope, as far as there is room.
    pub(in crate::client) fn continue_envelope(
        &mut self,
        envelope: &(impl AsEnvelope + ?Sized),
        terms: &Terms<'_>,
        out: &mut Pipeline<B>,
    ) -> Result<(), Misuse> {
        if !matches!(self.sending, Sending::Envelope { .. }) {
            return Err(Misuse::NotWanted);
        }
        if !self.declared.is_of(envelope) {
            return Err(Misuse::OtherEnvelope);
        }
        self.fill(envelope, terms, out);
        Ok(())
    }

    /// Queues the envelope from where it stands until there is no room or no more.
    fn fill(
        &mut self,
        envelope: &(impl AsEnvelope + ?Sized),
        terms: &Terms<'_>,
        out: &mut Pipeline<B>,
    ) {
        while self.wants_envelope(terms, out) {
            let Sending::Envelope { next, transfer, smtp_utf8, .. } = self.sending else { return };
            let queued = match next {
                NextCommand::Reset if self.reset_is_due(out) => {
                    out.push(&Command::Rset, Verb::Rset)
                }
                NextCommand::Reset => Ok(()),
                NextCommand::Mail => {
                    let mail = terms.adapted(envelope.mail());
                    let mail = if smtp_utf8 { mail.with_smtp_utf8() } else { mail };
                    out.push(&Command::Mail(mail), Verb::Mail)
                }
                NextCommand::Rcpt(index) => match envelope.recipient(index) {
                    Some(recipient) => {
                        let recipient = terms.adapted_recipient(recipient);
                        out.push(&Command::Rcpt(recipient), Verb::Rcpt)
                    }
                    None => match self.end_envelope(transfer, terms, out) {
                        Ok(()) => return,
                        full => full,
                    },
                },
            };
            if let Sending::Envelope { next, blocked, .. } = &mut self.sending {
                match queued {
                    Ok(()) => *next = next.following(),
                    Err(_) => *blocked = true,
                }
            }
        }
    }

    /// Returns whether commands of an envelope can be queued; the first only where it may start.
    pub(in crate::client) fn wants_envelope(&self, terms: &Terms<'_>, out: &Pipeline<B>) -> bool {
        let Sending::Envelope { next, blocked: false, .. } = self.sending else { return false };
        may_ask_more(out) && (next != NextCommand::Reset || self.may_start(terms, out))
    }

    /// Returns whether an envelope may be started: by default only when all before it is answered, for then
    /// it is known whether RSET is due.
    fn may_start(&self, terms: &Terms<'_>, out: &Pipeline<B>) -> bool {
        let window = terms.window();
        out.is_empty() || (window > 1 && self.current.in_flight() <= window)
    }

    /// Returns whether the server may still be in a transaction. Postfix keeps one open after it has
    /// refused the content, so an envelope that runs ahead of a final reply has to start afresh.
    fn reset_is_due(&self, out: &Pipeline<B>) -> bool {
        self.reset_needed || !out.is_empty()
    }

    /// All recipients are queued: DATA, or the content itself.
    fn end_envelope(
        &mut self,
        transfer: Transfer,
        terms: &Terms<'_>,
        out: &mut Pipeline<B>,
    ) -> Result<(), Refusal> {
        match terms.chunking() {
            Chunking::Off if out.is_empty() && !self.current.is_wanted() => {
                // All was answered before there was room for DATA: it need not be said.
                self.sending = Sending::Cancelled;
                self.end_cancelled(out);
            }
            Chunking::Off => {
                out.push(&Command::Data, Verb::Data)?;
                self.sending = Sending::AwaitingGoAhead(transfer);
            }
            Chunking::AfterRecipients => {
                self.sending = Sending::AwaitingGoAhead(transfer);
                self.chunks_if_answered(terms, out);
            }
            Chunking::InFlight => self.start_chunks(transfer, terms),
        }
        Ok(())
    }

    /// The transaction is refused: takes back what has not left; what has left is still to be
    /// answered. Once the last of it has been released, its own reply ends the transaction.
    ///
    /// Only what was begun last is being sent: with chunks in flight that may be a message
    /// behind the one whose replies are being read, and it has a fate of its own.
    pub(super) fn cancel_envelope(&mut self, out: &mut Pipeline<B>) {
        let is_held = matches!(
            self.sending,
            Sending::Envelope { .. }
                | Sending::AwaitingGoAhead(_)
                | Sending::Chunks(_)
                | Sending::EndingChunks(_)
        );
        if is_held && self.current.in_flight() <= 1 {
            out.cancel_held();
            self.sending = Sending::Cancelled;
        }
    }

    /// Ends a transaction that was cancelled, once all that had left is answered.
    pub(super) fn end_cancelled(&mut self, out: &Pipeline<B>) {
        if matches!(self.sending, Sending::Cancelled) && out.is_empty() {
            self.sending = Sending::Idle;
            self.end_refused();
        }
    }
}
