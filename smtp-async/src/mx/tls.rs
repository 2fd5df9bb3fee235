//! Which hosts get TLS, and whom to believe.

use core::future::{Future, ready};

use smtp_proto::{client::TlsPolicy, command::Mail, route::RouteError};

#[cfg(feature = "tls")]
use crate::TlsConfig;

/// How a session with one host is encrypted.
#[derive(Clone, Debug)]
pub struct Security {
    /// Whether.
    pub policy: TlsPolicy,
    /// Who is trusted. Unless set that is, with [`TlsPolicy::Opportunistic`], everybody, and the
    /// platform's authorities with every other policy. What is set holds too for a message that
    /// requires TLS (RFC 8689), unless it [verifies nothing](TlsConfig::is_verifying).
    #[cfg(feature = "tls")]
    pub config: Option<TlsConfig>,
    /// The host's name is authenticated, and not only claimed by an MX record that anybody may have
    /// forged: the record is secure (DNSSEC), or the domain's MTA-STS policy names the host. Without it,
    /// no message that requires TLS goes to a host that an MX record names (RFC 8689 4.2.1).
    pub authenticated_name: bool,
}

impl Security {
    /// This policy, and who is trusted by it unless told otherwise.
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

    /// Whether the host of a session with TLS is who it says it is.
    pub(super) fn is_verified(&self) -> bool {
        #[cfg(feature = "tls")]
        if let Some(config) = &self.config {
            return config.is_verifying();
        }
        self.policy != TlsPolicy::Opportunistic
    }

    /// What this comes to for one message: opportunity is not enough where TLS is mandatory, and the
    /// host has to be who the domain means, whether an MX record has `named` it or not (RFC 8689
    /// 4.2.1).
    pub(super) fn for_message(mut self, mail: Mail<'_>, named: bool) -> Result<Self, RouteError> {
        if !mail.is_tls_mandatory() {
            return Ok(self);
        }
        if named && !self.authenticated_name {
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
    /// How to talk to `host` about mail for `domain`; `None` is not at all, and the next host is tried.
    ///
    /// Both are in the one form of a [`DomainName`](smtp_proto::address::DomainName): A-labels, lower
    /// case, no dot behind them; what a caller knows of domains has to be in that form too. An address
    /// literal is in lower case and canonical, and has itself as its host, without brackets and tag.
    fn security(&self, domain: &str, host: &str) -> impl Future<Output = Option<Security>> + Send;
}

/// TLS where it is offered, with whoever answers, and in the clear otherwise (RFC 7435).
///
/// This keeps out who only listens, and nobody who can change what is sent: most hosts that mail
/// goes to have no certificate that could be verified, and to refuse theirs would mean to send in
/// the clear.
#[derive(Clone, Copy, Debug, Default)]
pub struct Opportunistic;

impl HostTls for Opportunistic {
    fn security(&self, _: &str, _: &str) -> impl Future<Output = Option<Security>> + Send {
        let policy = if cfg!(feature = "tls") { TlsPolicy::Opportunistic } else { TlsPolicy::None };
        ready(Some(Security::new(policy)))
    }
}
