//! The rules for this session: the server's offers, and the caller's choices.

mod limits;
mod message;

use crate::{
    command::Attribute,
    hello::{Capabilities, Extension},
};

use super::{
    Refusal,
    config::{Chunking, Config},
    inquiry::Inquiry,
    pipeline::Grouping,
};

pub(super) use self::message::Transfer;

/// A view of the configuration and of what the server offered last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms<'s> {
    pub(super) config: &'s Config,
    pub(super) capabilities: Capabilities<'s>,
    /// TLS is on.
    pub(super) secure: bool,
    pub(super) starttls_refused: bool,
}

impl Terms<'_> {
    fn offers(&self, extension: Extension) -> bool {
        self.capabilities.offers(extension)
    }

    pub(super) fn pipelining(&self) -> bool {
        self.offers(Extension::Pipelining)
    }

    /// Returns the use that the session makes of `BDAT`.
    pub(super) fn chunking(&self) -> Chunking {
        match self.config.chunking {
            _ if !self.offers(Extension::Chunking) => Chunking::Off,
            Chunking::InFlight if !self.pipelining() => Chunking::AfterRecipients,
            chunking => chunking,
        }
    }

    /// The number of messages that may be on their way before the first of them has its final reply.
    pub(super) fn window(&self) -> u32 {
        match self.chunking() {
            Chunking::InFlight => self.config.window,
            _ if self.config.run_ahead && self.pipelining() => 2,
            _ => 1,
        }
    }

    pub(super) fn grouping(&self) -> Grouping {
        Grouping { pipelining: self.pipelining(), run_ahead: self.window() > 1 }
    }

    /// Returns whether chunks leave ahead of replies to a server that may not swallow those it has no use for.
    pub(super) fn expects_unread_chunks(&self) -> bool {
        self.chunking() == Chunking::InFlight && !self.config.swallowed_chunks
    }

    /// Checks that credentials may leave.
    pub(super) const fn check_auth(&self) -> Result<(), Refusal> {
        if !self.secure && (!self.config.plaintext_auth || self.starttls_refused) {
            return Err(Refusal::PlaintextAuth);
        }
        Ok(())
    }

    pub(super) fn may_use_mechanism(&self, name: &str) -> bool {
        self.config.unoffered_auth || self.capabilities.offers_mechanism(name)
    }

    /// Checks that the server takes a command outside transactions.
    pub(super) fn check_inquiry(&self, inquiry: Inquiry<'_>) -> Result<(), Refusal> {
        let needed = match inquiry {
            Inquiry::XClient(attributes) => {
                (!self.takes(Extension::XClient, attributes)).then_some(Extension::XClient)
            }
            Inquiry::XForward(attributes) => {
                (!self.takes(Extension::XForward, attributes)).then_some(Extension::XForward)
            }
            Inquiry::Vrfy(text) | Inquiry::Expn(text) | Inquiry::Help(Some(text)) => {
                let is_sayable = text.is_ascii() || self.offers(Extension::SmtpUtf8);
                (!is_sayable).then_some(Extension::SmtpUtf8)
            }
            _ => None,
        };
        needed.map_or(Ok(()), |extension| Err(Refusal::NotOffered(extension)))
    }

    /// Returns whether the server takes these attributes, which it names behind the extension's keyword.
    fn takes(&self, extension: Extension, attributes: &[Attribute<'_>]) -> bool {
        let taken = self.capabilities.parameters(extension.keyword()).unwrap_or_default();
        let is_taken = |attribute: &Attribute<'_>| {
            let name = attribute.name().as_str().as_bytes();
            taken.split(u8::is_ascii_whitespace).any(|word| word.eq_ignore_ascii_case(name))
        };
        !attributes.is_empty() && attributes.iter().all(is_taken)
    }
}
