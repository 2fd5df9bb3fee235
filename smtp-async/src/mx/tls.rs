//! Which hosts get TLS, and whom to believe.

use core::future::{Future, ready};

use smtp_proto::client::TlsPolicy;

#[cfg(feature = "tls")]
use crate::TlsConfig;

/// How a session with one host is encrypted.
#[derive(Clone, Debug)]
pub struct Security {
    /// Whether.
    pub policy: TlsPolicy,
    /// Who is trusted. Unless set that is, with [`TlsPolicy::Opportunistic`], everybody, and the
    /// platform's authorities with every other policy. What is set holds too for a message that
    /// requires TLS (RFC 8689), so it must not be one that believes everybody.
    #[cfg(feature = "tls")]
    pub config: Option<TlsConfig>,
}

impl Security {
    /// This policy, and who is trusted by it unless told otherwise.
    #[must_use]
    pub const fn new(policy: TlsPolicy) -> Self {
        Self {
            policy,
            #[cfg(feature = "tls")]
            config: None,
        }
    }

    /// Sets who is trusted.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn with_config(self, config: TlsConfig) -> Self {
        Self { config: Some(config), ..self }
    }
}

/// Says how the session with a host is encrypted: where DANE and MTA-STS come in.
///
/// With DANE (RFC 7672) that is [`TlsPolicy::Required`] with a verifier of the host's TLSA records,
/// where it has some; with MTA-STS (RFC 8461) [`TlsPolicy::Required`] for hosts that the domain's
/// policy names, and `None` for those that it does not. Both may have to ask the network first.
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
    /// How to talk to `host` about mail for `domain`, both in lower case; `None` is not at all, and
    /// the next host is tried. An address literal has itself as its host, without brackets.
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
