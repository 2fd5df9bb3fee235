//! After one host: on to the next, or not.

use crate::{
    client::{End, Fate, RecipientOutcome, Refusal, When},
    reply::Code,
};

/// Whether a recipient is tried at the next host after one that did not accept it.
///
/// A host that fails is none, so the next is tried. What a host says about a recipient or a message
/// is said for the domain, and another of its hosts would be asked the same. And where nobody knows
/// whether the message was taken, a second host might deliver it twice.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Next {
    /// The host failed: try the next one now.
    Host,
    /// That is the answer.
    Nothing,
}

impl Next {
    /// After a transaction. 421 is said of the host, wherever it stands, and nothing was taken then.
    #[must_use]
    pub fn after_outcome(outcome: &RecipientOutcome<'_>) -> Self {
        let closing = || outcome.reply.is_some_and(|reply| reply.code() == Code::SERVICE_CLOSING);
        match outcome.fate {
            // The message is to blame.
            Fate::NotAttempted(When::Never) => Next::Nothing,
            Fate::NotAttempted(_) => Next::Host,
            Fate::Deferred(_) if closing() => Next::Host,
            Fate::Accepted | Fate::Rejected | Fate::Deferred(_) | Fate::Unknown => Next::Nothing,
        }
    }

    /// After a session that ended before the content was handed over: whatever it was, the host
    /// failed, unless it was the content.
    #[must_use]
    pub const fn after_end(end: End) -> Self {
        if matches!(end, End::BadContent(_) | End::ContentFailed) {
            Next::Nothing
        } else {
            Next::Host
        }
    }

    /// After a message that the core refused: where this host lacks what the message needs, another
    /// may have it (RFC 8689 4.2.1).
    #[must_use]
    pub fn after_refusal(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotOffered(_) | Refusal::InsecureSession | Refusal::NoExtensions => Next::Host,
            _ if refusal.retry() == When::NewConnectionNow => Next::Host,
            _ => Next::Nothing,
        }
    }
}
