//! The error of finding a host for a domain.

use core::fmt;

use crate::{client::When, reply::EnhancedCode};

/// Reports that there is no host to which mail for a domain can be sent.
///
/// [`enhanced`](Self::enhanced) gives the status code for reports, and [`retry`](Self::retry) tells whether another
/// attempt makes sense.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[non_exhaustive]
pub enum RouteError {
    /// The recipient has no domain: it is the bare `<Postmaster>`, a local recipient.
    NoDomain,
    /// The address literal is neither IPv4 nor IPv6 (RFC 5321 4.1.3).
    UnknownLiteral,
    /// The domain does not exist: NXDOMAIN.
    NoSuchDomain,
    /// The domain accepts no mail, and publishes a null MX record (RFC 7505).
    NullMx,
    /// The domain exists, but has neither MX records nor an address.
    NoAddress,
    /// There are MX records, but none names a host that has an address.
    NoUsableMx,
    /// The most preferred host is this host: it would send the mail to itself.
    MailLoop,
    /// The hosts of the domain have only addresses of this machine (loopback or unspecified), or the recipient's
    /// address literal is one.
    LocalAddress,
    /// The message requires TLS on every hop, and the MX records that name the host are not authenticated (RFC 8689
    /// 4.2.1).
    UnauthenticatedMx,
    /// The domain, or the host that an MX record names, has no [`DomainName`](crate::address::DomainName), so it
    /// cannot be looked up. The error is temporary, because another build of this crate may support the name.
    UnusableName,
    /// None of the hosts that were looked up has an address, but the domain has more hosts.
    NoHostSoFar,
    /// The DNS gave no usable response: SERVFAIL, a time-out, or a malformed message.
    DnsFailure,
}

impl RouteError {
    /// The enhanced status code for reports (RFC 3463, RFC 7505 6).
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

    /// The time for another attempt: [`When::Never`] if the DNS gave a definite response, [`When::Later`] if it did
    /// not, or could not be asked.
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
            RouteError::NoUsableMx => "no MX record of the domain names a host that has an address",
            RouteError::MailLoop => "the domain's preferred mail host is this host (mail loop)",
            RouteError::LocalAddress => {
                "the host has no addresses but those of this machine (loopback or unspecified)"
            }
            RouteError::UnauthenticatedMx => {
                "the message requires TLS, and the domain's MX records are not authenticated"
            }
            RouteError::UnusableName => {
                "the name of the domain or of its mail host cannot be looked up in the DNS"
            }
            RouteError::NoHostSoFar => "none of the hosts looked up for the domain has an address",
            RouteError::DnsFailure => "the DNS gave no usable response for the domain",
        })
    }
}

impl core::error::Error for RouteError {}
