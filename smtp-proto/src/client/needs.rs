//! What a message needs and whether the server has it: checked before anything is written.

use crate::{
    command::{Mail, Recipient},
    hello::{Extension, Extensions},
    parameter::{Body, ByMode, DeliverBy, Hold},
    stuffing::Stuffer,
};

use super::{
    AsEnvelope, Client, Storage,
    begun::Begun,
    config::Chunking,
    error::Refusal,
    transaction::{Sending, Step, Transfer},
};

impl<B: Storage> Client<B> {
    /// Checks a message whose content is there as a whole: what [`begin`](Self::begin) would refuse, and what
    /// [`content`](Self::content) would only find once a part of it was written, a `NUL` for instance.
    ///
    /// How many recipients a transaction may have is not looked at, for a message may go in
    /// [several](crate::envelope::Delivery). The whole content is read once.
    ///
    /// # Errors
    /// Those of `begin`, and [`Refusal::Content`]. The session stays as it was.
    pub fn check(
        &self,
        envelope: &(impl AsEnvelope + ?Sized),
        content: &[u8],
    ) -> Result<(), Refusal> {
        self.check_ready()?;
        let (transfer, recipients) = self.check_message(envelope)?;
        let size = match transfer {
            Transfer::Binary => content.len() as u64,
            _ => self.check_content(transfer == Transfer::EightBit, content)?,
        };
        Begun::new(&envelope.mail(), recipients).check_whole(size)
    }

    /// The size of content that can be sent.
    fn check_content(&self, eight_bit: bool, content: &[u8]) -> Result<u64, Refusal> {
        // Dots that are doubled do not count.
        let mut stuffer = Stuffer::for_chunks(self.config.newlines, eight_bit);
        let mut size = 0;
        for piece in stuffer.pieces(content) {
            size += piece.map_err(Refusal::Content)?.len() as u64;
        }
        loop {
            let end = stuffer.finish(&mut [0; 64]).map_err(Refusal::Content)?;
            size += end.produced as u64;
            if end.done {
                return Ok(size);
            }
        }
    }

    /// Checks all that can be known before anything is written; returns what the content may hold and the number of
    /// recipients.
    pub(super) fn check_envelope(
        &self,
        envelope: &(impl AsEnvelope + ?Sized),
    ) -> Result<(Transfer, usize), Refusal> {
        let (transfer, count) = self.check_message(envelope)?;
        self.check_limits(envelope, count)?;
        Ok((transfer, count))
    }

    /// The same but for the limits on recipients and transactions.
    fn check_message(
        &self,
        envelope: &(impl AsEnvelope + ?Sized),
    ) -> Result<(Transfer, usize), Refusal> {
        let mail = envelope.mail();
        let mut needs = mail.needs();
        if !mail.is_tls_mandatory() {
            needs.remove(Extension::RequireTls);
        }
        let mut longest = self.adapted(mail).max_encoded_len();
        if envelope.recipient(0).is_none() {
            return Err(Refusal::NoRecipients);
        }
        let mut count = 0;
        let mut extra = !mail.extra().is_empty();
        for recipient in (0..).map_while(|index| envelope.recipient(index)) {
            count += 1;
            needs = needs.union(recipient.needs());
            longest = longest.max(self.adapted_recipient(recipient).max_encoded_len());
            extra |= !recipient.extra().is_empty();
        }
        if extra && self.offered.extensions().is_empty() && self.capabilities.is_empty() {
            return Err(Refusal::NoExtensions);
        }
        let limit = self.outbox.capacity();
        if longest > limit {
            return Err(Refusal::CommandTooLong { limit });
        }
        self.check_offers(needs)?;
        self.check_size(mail)?;
        self.check_times(mail)?;
        Ok((self.check_body(mail)?, count))
    }

    /// Whatever changes the meaning of a message has to be offered.
    fn check_offers(&self, needs: Extensions) -> Result<(), Refusal> {
        if needs.contains(Extension::RequireTls) && !self.secure {
            return Err(Refusal::InsecureSession);
        }
        let mut missing = needs.difference(self.offered.extensions());
        // SIZE is a courtesy, and the body has rules of its own.
        missing.remove(Extension::Size);
        missing.remove(Extension::EightBitMime);
        missing.remove(Extension::BinaryMime);
        if self.config.optional_dsn {
            missing.remove(Extension::Dsn);
        }
        missing.iter().next().map_or(Ok(()), |extension| Err(Refusal::NotOffered(extension)))
    }

    fn check_size(&self, mail: Mail<'_>) -> Result<(), Refusal> {
        match (mail.size(), self.offered.size_limit()) {
            (Some(size), Some(limit)) if size > limit => {
                Err(Refusal::MessageTooLarge { size, limit })
            }
            _ => Ok(()),
        }
    }

    /// A time to deliver by or to hold has to be within what the server announced.
    fn check_times(&self, mail: Mail<'_>) -> Result<(), Refusal> {
        if mail.deliver_by().is_some_and(|by| self.is_too_soon(by)) {
            return Err(Refusal::OutsideLimit(DeliverBy::EXTENSION));
        }
        if mail.hold().is_some_and(|hold| self.is_too_long(hold)) {
            return Err(Refusal::OutsideLimit(Hold::EXTENSION));
        }
        Ok(())
    }

    /// The minimum is one of mode R (RFC 2852 3).
    fn is_too_soon(&self, by: DeliverBy) -> bool {
        let min = self.capabilities().min_deliver_by().unwrap_or_default();
        by.mode() == ByMode::Return && i64::from(by.seconds()) < i64::from(min)
    }

    fn is_too_long(&self, hold: Hold) -> bool {
        let limits = self.capabilities().hold_limits();
        let beyond = |length: Option<u32>| length > limits.seconds && limits.seconds.is_some();
        beyond(hold.length()) || limits.until.is_some_and(|last| hold.end() > Some(last))
    }

    fn check_body(&self, mail: Mail<'_>) -> Result<Transfer, Refusal> {
        let eight_bit = self.offered.offers(Extension::EightBitMime);
        let binary = self.offered.offers(Extension::BinaryMime) && self.chunking() != Chunking::Off;
        match mail.body() {
            Some(Body::BinaryMime) if binary => Ok(Transfer::Binary),
            Some(Body::BinaryMime) => Err(Refusal::NotOffered(Extension::BinaryMime)),
            Some(Body::EightBitMime) if !eight_bit => {
                Err(Refusal::NotOffered(Extension::EightBitMime))
            }
            None | Some(Body::EightBitMime) if eight_bit => Ok(Transfer::EightBit),
            _ => Ok(Transfer::SevenBit),
        }
    }

    /// MAIL with the parameters that this server understands.
    pub(super) fn adapted<'m>(&self, mail: Mail<'m>) -> Mail<'m> {
        let size = mail.size().filter(|_| self.offered.offers(Extension::Size));
        let eight_bit = self.offered.offers(Extension::EightBitMime);
        let body = match mail.body() {
            // What goes without saying.
            Some(Body::SevenBit) => None,
            Some(Body::BinaryMime) => Some(Body::BinaryMime),
            body if eight_bit => body.or(Some(Body::EightBitMime)),
            _ => None,
        };
        let mail = mail.adapted(size, body);
        let mail = if self.says_require_tls(mail) { mail } else { mail.without_require_tls() };
        if self.offered.offers(Extension::Dsn) { mail } else { mail.without_dsn() }
    }

    /// Returns whether MAIL has REQUIRETLS: where it is not mandatory, only inside TLS and to a server that
    /// offers it (RFC 8689 2).
    fn says_require_tls(&self, mail: Mail<'_>) -> bool {
        mail.is_tls_mandatory() || (self.secure && self.offered.offers(Extension::RequireTls))
    }

    /// RCPT with the parameters that this server understands.
    #[inline]
    pub(super) fn adapted_recipient<'r>(&self, recipient: Recipient<'r>) -> Recipient<'r> {
        if self.offered.offers(Extension::Dsn) { recipient } else { recipient.without_dsn() }
    }

    /// Whether no SMTPUTF8 is needed; decided once, for MAIL.
    pub(super) fn is_ascii(&self, envelope: &(impl AsEnvelope + ?Sized)) -> bool {
        // Only MAIL says SMTPUTF8; behind it there is nothing to decide.
        let Sending::Envelope { step: Step::Start | Step::Mail, .. } = self.sending else {
            return true;
        };
        // A sender beyond ASCII brings it along.
        let mail = envelope.mail();
        let mut recipients = (0..).map_while(|index| envelope.recipient(index));
        !mail.smtp_utf8() && recipients.all(|recipient| recipient.address().is_ascii())
    }
}
