//! What the server takes at once (LIMITS, RFC 9422), and what this client can tell apart.

use crate::hello::{Extension, ServerLimits};

use super::{AsEnvelope, Client, Storage, config::Protocol, error::Refusal};

impl<B: Storage> Client<B> {
    /// The limits that the server announced.
    pub(super) fn server_limits(&self) -> ServerLimits {
        if self.offered.offers(Extension::Limits) {
            self.capabilities().limits()
        } else {
            ServerLimits::default()
        }
    }

    pub(super) fn check_limits(
        &self,
        envelope: &(impl AsEnvelope + ?Sized),
        recipients: usize,
    ) -> Result<(), Refusal> {
        let limits = self.server_limits();
        self.check_transactions(limits)?;
        let limit = self.max_recipients(limits);
        if recipients > limit {
            return Err(Refusal::TooManyRecipients { limit });
        }
        match limits.recipient_domains().map(|limit| limit as usize) {
            Some(limit) if has_more_domains(envelope, recipients, limit) => {
                Err(Refusal::TooManyDomains { limit })
            }
            _ => Ok(()),
        }
    }

    /// MAIL counts whether it is refused or not (RFC 9422 4.1).
    pub(super) const fn check_transactions(&self, limits: ServerLimits) -> Result<(), Refusal> {
        match limits.mails() {
            Some(limit) if self.answering.begun() >= limit => {
                Err(Refusal::TooManyTransactions { limit })
            }
            _ => Ok(()),
        }
    }

    fn max_recipients(&self, limits: ServerLimits) -> usize {
        let announced = limits.recipients().map_or(usize::MAX, |limit| limit as usize);
        match self.config.protocol {
            Protocol::Lmtp => announced.min(self.accepted.capacity()),
            Protocol::Smtp => announced,
        }
    }
}

/// Domains are compared each with each, for there is no place to keep names; a server that limits
/// them and gets more recipients than this at once has to say so itself.
const MAX_COMPARED: usize = 1000;

/// Whether the recipients, `count` of them, are known to be in more than `limit` domains.
fn has_more_domains(envelope: &(impl AsEnvelope + ?Sized), count: usize, limit: usize) -> bool {
    if count <= limit || count > MAX_COMPARED {
        return false;
    }
    let domains = || (0..count).map_while(|index| envelope.recipient(index)).map(|to| to.domain());
    let is_new = |(index, name): &(usize, &str)| {
        !domains().take(*index).any(|before| before.eq_ignore_ascii_case(name))
    };
    domains().enumerate().filter(is_new).take(limit + 1).count() > limit
}
