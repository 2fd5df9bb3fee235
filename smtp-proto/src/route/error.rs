//! Why there is no host to go to.

use core::fmt;

use crate::{client::When, reply::EnhancedCode};

/// Why there is no host to go to for a domain.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[non_exhaustive]
pub enum RouteError {
    /// A recipient without a domain: the bare `<Postmaster>`, who is the local one.
    NoDomain,
    /// An address literal of neither IPv4 nor IPv6 (RFC 5321 4.1.3).
    UnknownLiteral,
    /// The domain does not exist: NXDOMAIN.
    NoSuchDomain,
    /// The domain takes no mail and says so (RFC 7505).
    NullMx,
    /// The domain exists and has neither MX records nor an address.
    NoAddress,
    /// There are MX records and none of them names a host that has an address.
    NoUsableMx,
    /// The best host left is the one that asks: mail would come back to it.
    MailLoop,
    /// The DNS could not say, for now: SERVFAIL, no answer in time.
    DnsFailure,
}

impl RouteError {
    /// The status code for reports (RFC 3463, RFC 7505 6).
    #[must_use]
    pub fn enhanced(self) -> Option<EnhancedCode> {
        let (class, subject, detail) = match self {
            RouteError::NoDomain | RouteError::UnknownLiteral | RouteError::NoSuchDomain => {
                (5, 1, 2)
            }
            RouteError::NullMx => (5, 1, 10),
            RouteError::NoAddress | RouteError::NoUsableMx => (5, 4, 4),
            RouteError::MailLoop => (5, 4, 6),
            RouteError::DnsFailure => (4, 4, 3),
        };
        EnhancedCode::new(class, subject, detail)
    }

    /// Only what the DNS could not say may be otherwise later; all else is reported at once.
    #[must_use]
    pub const fn retry(self) -> When {
        if matches!(self, RouteError::DnsFailure) { When::Later } else { When::Never }
    }
}

impl fmt::Display for RouteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RouteError::NoDomain => "the recipient has no domain",
            RouteError::UnknownLiteral => "the address literal is neither IPv4 nor IPv6",
            RouteError::NoSuchDomain => "the domain does not exist",
            RouteError::NullMx => "the domain accepts no mail (null MX)",
            RouteError::NoAddress => "the domain has neither MX records nor an address",
            RouteError::NoUsableMx => "no MX record of the domain leads to an address",
            RouteError::MailLoop => "mail for the domain loops back to myself",
            RouteError::DnsFailure => "the DNS gave no answer for the domain",
        })
    }
}

impl core::error::Error for RouteError {}
