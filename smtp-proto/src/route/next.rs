//! The decision after an attempt with one host: try the next one, or not.

use crate::{
    client::{End, Fate, RecipientOutcome, Refusal, When},
    reply::Code,
};

/// The decision whether to try the next host for a recipient, after one that did not accept it.
///
/// If a host fails, the next one is tried. A reply about a recipient or a message holds for the domain, and another
/// of its hosts would give the same. If it is unknown whether the message was accepted, a second host could deliver
/// it twice.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Next {
    /// The host failed: try the next one now.
    Host,
    /// The result is final: do not try another host.
    Nothing,
}

impl Next {
    /// Decides after a transaction. The code 421 is about the host, after whatever command it comes, and nothing was
    /// accepted then.
    #[must_use]
    pub fn after_outcome(outcome: &RecipientOutcome<'_>) -> Self {
        let closing = || outcome.reply.is_some_and(|reply| reply.code() == Code::SERVICE_CLOSING);
        match outcome.fate {
            // The message is the reason, not the host.
            Fate::NotAttempted(When::Never) => Next::Nothing,
            Fate::NotAttempted(_) => Next::Host,
            Fate::Deferred(_) if closing() => Next::Host,
            Fate::Accepted | Fate::Rejected | Fate::Deferred(_) | Fate::Unknown => Next::Nothing,
        }
    }

    /// Decides after a session that ended before the content was sent: the host has failed, unless the content was
    /// the reason.
    #[must_use]
    pub const fn after_end(end: End) -> Self {
        if matches!(end, End::BadContent(_) | End::ContentFailed) {
            Next::Nothing
        } else {
            Next::Host
        }
    }

    /// Decides after the client refused a message without sending it. If this host lacks an extension that the
    /// message needs, another one may offer it (RFC 8689 4.2.1).
    #[must_use]
    pub fn after_refusal(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotOffered(_) | Refusal::InsecureSession | Refusal::NoExtensions => Next::Host,
            _ if refusal.retry() == When::NewConnectionNow => Next::Host,
            _ => Next::Nothing,
        }
    }
}
