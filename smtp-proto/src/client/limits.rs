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

/// So many domains are compared, for they are kept on the stack. A server that allows as many or more has to say so itself
/// when there are too many; those that limit domains at all (RFC 9422 4.3) take one at a time, or a few.
const MAX_COMPARED: usize = 64;

/// Whether the recipients, `count` of them, are known to be in more than `limit` domains.
fn has_more_domains(envelope: &(impl AsEnvelope + ?Sized), count: usize, limit: usize) -> bool {
    let mut known = [""; MAX_COMPARED];
    if count <= limit || limit >= known.len() {
        return false;
    }
    let mut domains = 0;
    for to in (0..count).map_while(|index| envelope.recipient(index)) {
        let name = to.domain();
        if !known[..domains].iter().any(|before| before.eq_ignore_ascii_case(name)) {
            known[domains] = name;
            domains += 1;
        }
        if domains > limit {
            return true;
        }
    }
    false
}
