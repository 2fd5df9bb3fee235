//! The result for each recipient, and the host that gave it.

use core::{fmt, net::IpAddr};
use std::sync::Arc;

use smtp_proto::{
    client::{Fate, Phase, RecipientOutcome, Refusal, Retry, Status, When},
    envelope::Envelope,
    hello::Extension,
    reply::{EnhancedCode, OwnedReply},
    route::RouteError,
};

use crate::{Error, mx::LookupError};

/// The reason why no host replied for a recipient.
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
    /// The time for the whole delivery was over before.
    OutOfTime,
}

impl MxError {
    /// Returns when to try the same message again: not immediately, because all hosts were tried. TLS failures are
    /// temporary (RFC 7672 2.2, RFC 8461 5). A refusal before the transaction began is temporary too, even with 554: it
    /// concerns the host, not the message.
    #[must_use]
    pub fn retry(&self) -> When {
        match self {
            MxError::Route(error) => error.retry(),
            MxError::Lookup(LookupError::NoSuchDomain) => When::Never,
            MxError::Lookup(LookupError::Temporary(_)) | MxError::Shunned | MxError::OutOfTime => {
                When::Later
            }
            MxError::Host(error) => match error.retry() {
                When::Never if !is_before_the_message(error) => When::Never,
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
            // RFC 8689 4.2.1.
            MxError::Host(Error::Refused(Refusal::NotOffered(Extension::RequireTls))) => {
                EnhancedCode::new(5, 7, 30)
            }
            MxError::Host(error) => error.reply().and_then(OwnedReply::enhanced),
            MxError::Shunned => EnhancedCode::new(4, 7, 5),
            MxError::OutOfTime => None,
        }
    }
}

fn is_before_the_message(error: &Error) -> bool {
    let opening = [Phase::Greeting, Phase::Hello, Phase::StartTls, Phase::Tls];
    error.phase().is_some_and(|phase| opening.contains(&phase))
}

impl fmt::Display for MxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MxError::Route(error) => error.fmt(f),
            MxError::Lookup(error) => write!(f, "dns: {error}"),
            MxError::Host(error) => error.fmt(f),
            MxError::Shunned => f.write_str("the host must not be used"),
            MxError::OutOfTime => f.write_str("no time was left for it"),
        }
    }
}

impl core::error::Error for MxError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            MxError::Route(error) => Some(error),
            MxError::Lookup(error) => Some(error),
            MxError::Host(error) => Some(error),
            MxError::Shunned | MxError::OutOfTime => None,
        }
    }
}

/// The encryption of a session with a host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Encryption {
    /// None.
    Clear,
    /// TLS.
    Tls {
        /// The certificate was verified against the host's name, or by the caller's own verifier.
        verified: bool,
        /// The version, as `TLSv1_3`.
        version: Option<&'static str>,
        /// The cipher suite, as `TLS13_AES_128_GCM_SHA256`.
        cipher: Option<&'static str>,
    },
}

impl Encryption {
    /// Returns whether there was TLS.
    #[must_use]
    pub const fn is_tls(self) -> bool {
        matches!(self, Self::Tls { .. })
    }

    /// Returns whether there was TLS with a verified certificate.
    #[must_use]
    pub const fn is_verified(self) -> bool {
        matches!(self, Self::Tls { verified: true, .. })
    }
}

/// A host, and the session with it.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) host: &'a Arc<str>,
    /// `None` if there was no session.
    pub(super) encryption: Option<Encryption>,
}

/// The result for one recipient.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MxRecipient {
    /// Its address, as it stands in the envelope.
    pub address: String,
    /// The host that replied or failed; the address, for an address literal.
    pub host: Option<Arc<str>>,
    /// The encryption of the session with that host; `None` if there was no session.
    pub encryption: Option<Encryption>,
    /// The fate of the recipient. [`Fate::Rejected`] and [`Fate::Deferred`] come from a host's reply, or from the DNS
    /// records of the domain; hosts that fail leave [`Fate::NotAttempted`].
    pub fate: Fate,
    /// The phase that decided the fate, if a session reached it.
    pub phase: Option<Phase>,
    /// The host's reply, if there was one.
    pub reply: Option<OwnedReply>,
    /// The reason why no host replied, if none did.
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
            encryption: None,
            fate: Fate::NotAttempted(When::NewConnectionNow),
            phase: None,
            reply: None,
            error: None,
        }
    }

    /// Records the host of a session that ended without a reply for this recipient and without an error.
    pub(super) fn leave(&mut self, at: At<'_>) {
        if self.host.is_none() {
            self.be_at(at);
        }
    }

    fn be_at(&mut self, at: At<'_>) {
        self.host = Some(Arc::clone(at.host));
        self.encryption = at.encryption;
    }

    pub(super) fn answer(&mut self, at: At<'_>, outcome: &RecipientOutcome<'_>) {
        self.be_at(at);
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
    pub(super) fn fail(&mut self, at: Option<At<'_>>, error: &MxError) {
        let retry = error.retry();
        let better = self.retry() == Some(Retry::Never) && retry != When::Never;
        if self.host.is_some() && !better {
            return;
        }
        self.host = at.map(|at| Arc::clone(at.host));
        self.encryption = at.and_then(|at| at.encryption);
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
    /// The encryption of the session; `None` if there was no session.
    pub encryption: Option<Encryption>,
    /// The reason of the failure.
    pub error: MxError,
}

/// The result of a message, for all its recipients.
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

    /// Returns whether every recipient was accepted.
    #[must_use]
    pub fn is_delivered(&self) -> bool {
        self.recipients.iter().all(|recipient| recipient.fate == Fate::Accepted)
    }
}
