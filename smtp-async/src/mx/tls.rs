//! The TLS policy and the trust anchors for each host.

use core::future::{Future, ready};

use smtp_proto::{client::TlsPolicy, command::Mail, route::RouteError};

#[cfg(feature = "tls")]
use crate::TlsConfig;

/// The encryption of the sessions with one host.
#[derive(Clone, Debug)]
pub struct Security {
    /// The TLS policy.
    pub policy: TlsPolicy,
    /// The trust anchors. If `None`, every certificate is accepted with [`TlsPolicy::Opportunistic`], and the
    /// platform's authorities are trusted with every other policy. A configuration that is set also holds for a message
    /// that requires TLS (RFC 8689), unless it [verifies nothing](TlsConfig::is_verifying).
    #[cfg(feature = "tls")]
    pub config: Option<TlsConfig>,
    /// The host's name is authenticated: the MX record is secure (DNSSEC), or the domain's MTA-STS policy
    /// names the host. Otherwise anybody may have forged the record, and no message that requires TLS
    /// goes there (RFC 8689 4.2.1). It makes no difference where the domain is its own host.
    pub authenticated_name: bool,
}

impl Security {
    /// Sets this policy, with its default trust anchors.
    #[must_use]
    pub const fn new(policy: TlsPolicy) -> Self {
        Self {
            policy,
            #[cfg(feature = "tls")]
            config: None,
            authenticated_name: false,
        }
    }

    /// Says that the host's name is [authenticated](Self::authenticated_name).
    #[must_use]
    pub fn with_authenticated_name(self) -> Self {
        Self { authenticated_name: true, ..self }
    }

    /// Sets who is trusted.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn with_config(self, config: TlsConfig) -> Self {
        Self { config: Some(config), ..self }
    }

    /// Returns whether a session with TLS under these settings has a verified certificate.
    pub(super) fn is_verified(&self) -> bool {
        #[cfg(feature = "tls")]
        if let Some(config) = &self.config {
            return config.is_verifying();
        }
        self.policy != TlsPolicy::Opportunistic
    }

    /// The settings for one message. Where TLS is mandatory, opportunistic TLS is not enough, and a host
    /// that is named `by_mx` has to have an authenticated name (RFC 8689 4.2.1).
    pub(super) fn for_message(mut self, mail: Mail<'_>, by_mx: bool) -> Result<Self, RouteError> {
        if !mail.is_tls_mandatory() {
            return Ok(self);
        }
        if by_mx && !self.authenticated_name {
            return Err(RouteError::UnauthenticatedMx);
        }
        if matches!(self.policy, TlsPolicy::Opportunistic | TlsPolicy::None) {
            self.policy = TlsPolicy::Required;
        }
        #[cfg(feature = "tls")]
        if !self.is_verified() {
            self.config = None;
        }
        Ok(self)
    }
}

/// Says how the session with a host is encrypted: where DANE and MTA-STS come in.
///
/// With DANE (RFC 7672) that is [`TlsPolicy::Required`] with a verifier of the host's TLSA records,
/// where it has some; with MTA-STS (RFC 8461) [`TlsPolicy::Required`] for hosts that the domain's
/// policy names, and `None` for those that it does not. Both may have to ask the network first, and
/// both may [authenticate the host's name](Security::with_authenticated_name).
///
/// ```
/// use smtp_async::{TlsPolicy, mx::{HostTls, Security}};
///
/// /// One partner's hosts have to prove who they are.
/// struct Partner;
///
/// impl HostTls for Partner {
///     async fn security(&self, domain: &str, host: &str) -> Option<Security> {
///         match domain {
///             "partner.example" if !host.ends_with(".partner.example") => None,
///             "partner.example" => Some(Security::new(TlsPolicy::Required)),
///             _ => Some(Security::new(TlsPolicy::Opportunistic)),
///         }
///     }
/// }
/// ```
pub trait HostTls: Sync {
    /// Returns the settings for mail to `domain` by way of `host`; with `None` the next host is tried.
    ///
    /// Both names are in the one form of a [`DomainName`](smtp_proto::address::DomainName): A-labels,
    /// lower case, no dot at the end. Names to compare with have to be in that form too. The host of
    /// an address literal is the canonical address, without brackets and tag.
    fn security(&self, domain: &str, host: &str) -> impl Future<Output = Option<Security>> + Send;
}

/// Uses TLS without verification where a host offers it, and no TLS otherwise (RFC 7435).
///
/// This protects against passive eavesdroppers, but not against those who can change the traffic: most mail hosts have
/// no certificate that can be verified, and to refuse theirs would mean to send in the clear.
#[derive(Clone, Copy, Debug, Default)]
pub struct Opportunistic;

impl HostTls for Opportunistic {
    fn security(&self, _: &str, _: &str) -> impl Future<Output = Option<Security>> + Send {
        let policy = if cfg!(feature = "tls") { TlsPolicy::Opportunistic } else { TlsPolicy::None };
        ready(Some(Security::new(policy)))
    }
}
