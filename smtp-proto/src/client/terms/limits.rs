//! Limits that the server announced (LIMITS, RFC 9422).

use crate::hello::{Extension, ServerLimits};

use super::{Refusal, Terms};

impl Terms<'_> {
    /// The limits that the server announced.
    pub(in crate::client) fn server_limits(&self) -> ServerLimits {
        if self.offers(Extension::Limits) {
            self.capabilities.limits()
        } else {
            ServerLimits::default()
        }
    }

    /// Checks that one transaction more may begin, of which there were so many. MAIL counts whether it is refused or
    /// not (RFC 9422 4.1).
    pub(in crate::client) fn check_transactions(&self, begun: u32) -> Result<(), Refusal> {
        match self.server_limits().mails() {
            Some(limit) if begun >= limit => Err(Refusal::TooManyTransactions { limit }),
            _ => Ok(()),
        }
    }
}

/// The domains of a message's recipients, counted up to the server's limit.
#[derive(Debug)]
pub(super) struct Domains<'e> {
    limit: usize,
    count: usize,
    known: [&'e str; MAX_COMPARED],
}

/// So many domains are compared, for they are kept on the stack. A server that allows as many or more has to say so
/// itself when there are too many; those that limit domains at all (RFC 9422 4.3) take one at a time, or a few.
const MAX_COMPARED: usize = 64;

impl<'e> Domains<'e> {
    /// `None` where the server announced no limit, or one beyond what is compared.
    pub(super) fn new(limits: ServerLimits) -> Option<Self> {
        let limit = limits.recipient_domains()? as usize;
        (limit < MAX_COMPARED).then_some(Self { limit, count: 0, known: [""; MAX_COMPARED] })
    }

    pub(super) fn observe(&mut self, name: &'e str) {
        let known = &self.known[..self.count.min(MAX_COMPARED)];
        let is_new = !known.iter().any(|before| before.eq_ignore_ascii_case(name));
        if is_new && self.count <= self.limit {
            self.known[self.count] = name;
            self.count += 1;
        }
    }

    pub(super) const fn check(&self) -> Result<(), Refusal> {
        if self.count > self.limit {
            return Err(Refusal::TooManyDomains { limit: self.limit });
        }
        Ok(())
    }
}
