//! The needs of a message, checked against the server's offers before anything is written.

use crate::{
    client::{Refusal, config::Chunking, transactions::AsEnvelope},
    command::{Mail, Recipient},
    hello::{Extension, Extensions},
    parameter::{Body, ByMode, DeliverBy, Hold},
    stuffing::Stuffer,
};

use super::{Terms, limits::Domains};

/// The octets that the content may hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::client) enum Transfer {
    SevenBit,
    EightBit,
    /// Anything, octet for octet (BINARYMIME, RFC 3030 3).
    Binary,
}

/// A message that the server can take.
#[derive(Clone, Copy, Debug)]
pub(in crate::client) struct Checked {
    pub(in crate::client) transfer: Transfer,
    pub(in crate::client) recipients: usize,
    /// An address is beyond ASCII, or the caller says so.
    pub(in crate::client) smtp_utf8: bool,
    /// There are not too many domains for one transaction.
    pub(in crate::client) domains: Result<(), Refusal>,
}

impl Terms<'_> {
    /// Checks what can be known of a message before anything is written. `longest` is the number of octets that a
    /// command may have.
    ///
    /// This walks the recipients once; they are walked a second time when they are written, for nothing may leave
    /// before all are known to be fine.
    pub(in crate::client) fn check_message(
        &self,
        envelope: &(impl AsEnvelope + ?Sized),
        limit: usize,
    ) -> Result<Checked, Refusal> {
        let mail = envelope.mail();
        let mut needs = mail.needs();
        if !mail.is_tls_mandatory() {
            needs.remove(Extension::RequireTls);
        }
        let mut longest = self.adapted(mail).max_encoded_len();
        let mut extra = !mail.extra().is_empty();
        let mut domains = Domains::new(self.server_limits());
        let mut count = 0;
        for recipient in (0..).map_while(|index| envelope.recipient(index)) {
            count += 1;
            needs = needs.union(recipient.needs());
            longest = longest.max(self.adapted_recipient(recipient).max_encoded_len());
            extra |= !recipient.extra().is_empty();
            if let Some(domains) = &mut domains {
                domains.observe(recipient.domain());
            }
        }
        if count == 0 {
            return Err(Refusal::NoRecipients);
        }
        if extra && self.offers_nothing() {
            return Err(Refusal::NoExtensions);
        }
        if longest > limit {
            return Err(Refusal::CommandTooLong { limit });
        }
        self.check_offers(needs)?;
        self.check_size(mail)?;
        self.check_times(mail)?;
        Ok(Checked {
            transfer: self.check_body(mail)?,
            recipients: count,
            smtp_utf8: needs.contains(Extension::SmtpUtf8),
            domains: domains.map_or(Ok(()), |domains| domains.check()),
        })
    }

    /// Checks content that is there as a whole; returns its size.
    pub(in crate::client) fn check_content(
        &self,
        transfer: Transfer,
        content: &[u8],
    ) -> Result<u64, Refusal> {
        let eight_bit = match transfer {
            Transfer::Binary => return Ok(content.len() as u64),
            Transfer::EightBit => true,
            Transfer::SevenBit => false,
        };
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

    /// Returns whether the server offers no extensions at all, known or not.
    fn offers_nothing(&self) -> bool {
        self.capabilities.offered().extensions().is_empty()
            && self.capabilities.lines().next().is_none()
    }

    /// Checks that the server offers whatever changes the meaning of a message.
    fn check_offers(&self, needs: Extensions) -> Result<(), Refusal> {
        if needs.contains(Extension::RequireTls) && !self.secure {
            return Err(Refusal::InsecureSession);
        }
        let mut missing = needs.difference(self.capabilities.offered().extensions());
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
        match (mail.size(), self.capabilities.size_limit()) {
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
        let min = self.capabilities.min_deliver_by().unwrap_or_default();
        by.mode() == ByMode::Return && i64::from(by.seconds()) < i64::from(min)
    }

    fn is_too_long(&self, hold: Hold) -> bool {
        let limits = self.capabilities.hold_limits();
        let beyond = |length: Option<u32>| length > limits.seconds && limits.seconds.is_some();
        beyond(hold.length()) || limits.until.is_some_and(|last| hold.end() > Some(last))
    }

    fn check_body(&self, mail: Mail<'_>) -> Result<Transfer, Refusal> {
        let eight_bit = self.offers(Extension::EightBitMime);
        let binary = self.offers(Extension::BinaryMime) && self.chunking() != Chunking::Off;
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
    pub(in crate::client) fn adapted<'m>(&self, mail: Mail<'m>) -> Mail<'m> {
        let size = mail.size().filter(|_| self.offers(Extension::Size));
        let eight_bit = self.offers(Extension::EightBitMime);
        let body = match mail.body() {
            // The default (RFC 6152 3).
            Some(Body::SevenBit) => None,
            Some(Body::BinaryMime) => Some(Body::BinaryMime),
            body if eight_bit => body.or(Some(Body::EightBitMime)),
            _ => None,
        };
        let mail = mail.adapted(size, body);
        let mail = if self.says_require_tls(mail) { mail } else { mail.without_require_tls() };
        if self.offers(Extension::Dsn) { mail } else { mail.without_dsn() }
    }

    /// Returns whether MAIL has REQUIRETLS: where it is not mandatory, only inside TLS and to a server that
    /// offers it (RFC 8689 2).
    fn says_require_tls(&self, mail: Mail<'_>) -> bool {
        mail.is_tls_mandatory() || (self.secure && self.offers(Extension::RequireTls))
    }

    /// RCPT with the parameters that this server understands.
    #[inline]
    pub(in crate::client) fn adapted_recipient<'r>(
        &self,
        recipient: Recipient<'r>,
    ) -> Recipient<'r> {
        if self.offers(Extension::Dsn) { recipient } else { recipient.without_dsn() }
    }
}
