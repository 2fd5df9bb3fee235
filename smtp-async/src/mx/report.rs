//! What became of each recipient, at which host.

use core::{fmt, net::IpAddr};
use std::sync::Arc;

use smtp_proto::{
    client::{Fate, Phase, RecipientOutcome, Retry, Status, When},
    envelope::Envelope,
    reply::{EnhancedCode, OwnedReply},
    route::RouteError,
};

use crate::{Error, mx::LookupError};

/// Why no host answered for a recipient.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum MxError {
    /// There is no host to go to.
    Route(RouteError),
    /// The DNS could not say where to go.
    Lookup(LookupError),
    /// The host failed.
    Host(Error),
    /// [`HostTls`](super::HostTls) would have nothing to do with the host.
    Shunned,
}

impl MxError {
    /// When the same may be tried again: not at once, for all hosts were tried. That TLS cannot be
    /// had is for now (RFC 7672 2.2, RFC 8461 5).
    #[must_use]
    pub fn retry(&self) -> When {
        match self {
            MxError::Route(error) => error.retry(),
            MxError::Lookup(LookupError::NoSuchDomain) => When::Never,
            MxError::Lookup(LookupError::Temporary(_)) | MxError::Shunned => When::Later,
            MxError::Host(error) => match error.retry() {
                When::Never if !is_of_tls(error) => When::Never,
                _ => When::Later,
            },
        }
    }

    /// The status code for reports (RFC 3463): the host's own, or that of what is wrong with it.
    #[must_use]
    pub fn enhanced(&self) -> Option<EnhancedCode> {
        match self {
            MxError::Route(error) => error.enhanced(),
            MxError::Lookup(LookupError::NoSuchDomain) => RouteError::NoSuchDomain.enhanced(),
            MxError::Lookup(LookupError::Temporary(_)) => RouteError::DnsFailure.enhanced(),
            MxError::Host(error) => error.reply().and_then(OwnedReply::enhanced),
            MxError::Shunned => EnhancedCode::new(4, 7, 5),
        }
    }
}

fn is_of_tls(error: &Error) -> bool {
    matches!(error.phase(), Some(Phase::StartTls | Phase::Tls))
}

impl fmt::Display for MxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MxError::Route(error) => error.fmt(f),
            MxError::Lookup(error) => write!(f, "dns: {error}"),
            MxError::Host(error) => error.fmt(f),
            MxError::Shunned => f.write_str("the host must not be used"),
        }
    }
}

impl core::error::Error for MxError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            MxError::Route(error) => Some(error),
            MxError::Lookup(error) => Some(error),
            MxError::Host(error) => Some(error),
            MxError::Shunned => None,
        }
    }
}

/// What became of one recipient.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MxRecipient {
    /// Its address, as it stands in the envelope.
    pub address: String,
    /// The host whose word this is: that answered, or that failed; an address literal's address.
    pub host: Option<Arc<str>>,
    /// What became of it. [`Fate::Rejected`] and [`Fate::Deferred`] are what a host said, or what the DNS
    /// said of the domain; hosts that fail leave [`Fate::NotAttempted`].
    pub fate: Fate,
    /// What decided it, where a session came that far.
    pub phase: Option<Phase>,
    /// The host's words.
    pub reply: Option<OwnedReply>,
    /// Why there is no answer.
    pub error: Option<MxError>,
}

impl MxRecipient {
    /// The kind of [`fate`](Self::fate).
    #[must_use]
    pub const fn status(&self) -> Status {
        self.fate.status()
    }

    /// The advice on another try; `None` where the recipient is accepted.
    #[must_use]
    pub const fn retry(&self) -> Option<Retry> {
        self.fate.retry()
    }

    /// The status code for reports (RFC 3463).
    #[must_use]
    pub fn enhanced(&self) -> Option<EnhancedCode> {
        let said = self.reply.as_ref().and_then(OwnedReply::enhanced);
        said.or_else(|| self.error.as_ref()?.enhanced())
    }

    fn waiting(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            host: None,
            fate: Fate::NotAttempted(When::NewConnectionNow),
            phase: None,
            reply: None,
            error: None,
        }
    }

    pub(super) fn answer(&mut self, host: &Arc<str>, outcome: &RecipientOutcome<'_>) {
        self.host = Some(Arc::clone(host));
        self.fate = match outcome.fate {
            // The connection is not kept.
            Fate::Deferred(When::SameConnection) => Fate::Deferred(When::NewConnectionNow),
            fate => fate,
        };
        self.phase = Some(outcome.phase);
        self.reply = outcome.reply.map(Into::into);
        self.error = None;
    }

    /// Of several failures the first counts that time may heal, else the first.
    pub(super) fn fail(&mut self, host: Option<&Arc<str>>, error: &MxError) {
        let retry = error.retry();
        let better = self.retry() == Some(Retry::Never) && retry != When::Never;
        if self.host.is_some() && !better {
            return;
        }
        self.host = host.map(Arc::clone);
        self.fate = match error {
            MxError::Route(_) | MxError::Lookup(_) if retry == When::Never => Fate::Rejected,
            MxError::Route(_) | MxError::Lookup(_) => Fate::Deferred(retry),
            _ => Fate::NotAttempted(retry),
        };
        self.phase = match error {
            MxError::Host(error) => error.phase(),
            _ => None,
        };
        self.reply = match error {
            MxError::Host(error) => error.reply().cloned(),
            _ => None,
        };
        self.error = Some(error.clone());
    }
}

/// One host that was tried and failed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HostFailure {
    /// Its name.
    pub host: Arc<str>,
    /// The address, where there was one.
    pub address: Option<IpAddr>,
    /// How it failed.
    pub error: MxError,
}

/// What became of a message.
#[derive(Clone, Debug)]
#[must_use = "a message may be refused for some or all recipients"]
pub struct MxReport {
    pub(super) recipients: Vec<MxRecipient>,
    pub(super) failures: Vec<HostFailure>,
}

impl MxReport {
    pub(super) fn new(envelope: &Envelope) -> Self {
        let recipients = envelope.recipients().map(MxRecipient::waiting).collect();
        Self { recipients, failures: Vec::new() }
    }

    /// Every recipient's fate, in the order of the envelope.
    #[must_use]
    pub fn recipients(&self) -> &[MxRecipient] {
        &self.recipients
    }

    /// The hosts that failed, in the order they were tried, those behind which another took the
    /// message too.
    #[must_use]
    pub fn failures(&self) -> &[HostFailure] {
        &self.failures
    }

    /// Whether every recipient is accepted.
    #[must_use]
    pub fn is_delivered(&self) -> bool {
        self.recipients.iter().all(|recipient| recipient.fate == Fate::Accepted)
    }
}
