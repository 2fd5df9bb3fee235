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
    /// The hosts of the domain have only addresses of this machine (loopback, unspecified), or the
    /// recipient's address literal is one.
    LocalAddress,
    /// The message requires TLS all the way, and the MX records that name the host are not authenticated
    /// (RFC 8689 4.2.1).
    UnauthenticatedMx,
    /// The domain, or what its MX records name, has no [`DomainName`](crate::address::DomainName) and
    /// cannot be looked up here. Temporary: the limit is ours.
    UnusableName,
    /// None of the hosts that were looked up has an address, and the domain has more hosts.
    NoHostSoFar,
    /// The DNS gave no usable answer: SERVFAIL, a time-out, an answer that makes no sense.
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
            RouteError::MailLoop | RouteError::LocalAddress => (5, 4, 6),
            RouteError::UnauthenticatedMx => (5, 7, 30),
            RouteError::UnusableName | RouteError::NoHostSoFar => (4, 4, 4),
            RouteError::DnsFailure => (4, 4, 3),
        };
        EnhancedCode::new(class, subject, detail)
    }

    /// Returns [`When::Never`] for what the DNS has said, and [`When::Later`] for what it could not say
    /// or could not be asked.
    #[must_use]
    pub const fn retry(self) -> When {
        match self {
            RouteError::DnsFailure | RouteError::UnusableName | RouteError::NoHostSoFar => {
                When::Later
            }
            _ => When::Never,
        }
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
            RouteError::MailLoop => "the domain's preferred mail host is this host (mail loop)",
            RouteError::LocalAddress => {
                "the host has no addresses but those of this machine (loopback or unspecified)"
            }
            RouteError::UnauthenticatedMx => {
                "the message requires TLS, and the domain's MX records are not authenticated"
            }
            RouteError::UnusableName => "the name cannot be looked up in the DNS",
            RouteError::NoHostSoFar => "no host of the domain was found to have an address",
            RouteError::DnsFailure => "the DNS gave no answer for the domain",
        })
    }
}

impl core::error::Error for RouteError {}
