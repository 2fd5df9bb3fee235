//! What the report says of one recipient.

use serde::Serialize;
use smtp_sync::{
    Error, Fate, Retry, Status,
    proto::{
        address::Address,
        client::{End, RecipientOutcome},
        reply::{Escaped, OwnedReply, Reply},
    },
};

use crate::{failure::Failure, secrets::looks_like_credentials};

#[derive(Serialize, Debug)]
pub(crate) struct Words {
    pub(crate) code: u16,
    pub(crate) enhanced: Option<String>,
    pub(crate) text: Vec<String>,
}

impl From<Reply<'_>> for Words {
    fn from(reply: Reply<'_>) -> Self {
        Self {
            code: reply.code().value(),
            enhanced: reply.enhanced().map(|enhanced| enhanced.to_string()),
            text: reply.lines().map(|line| Escaped(line).to_string()).collect(),
        }
    }
}

/// One recipient.
#[derive(Serialize, Debug)]
pub(crate) struct Row {
    pub(crate) address: String,
    pub(crate) status: &'static str,
    pub(crate) phase: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry: Option<&'static str>,
    #[serde(flatten)]
    pub(crate) reply: Option<Words>,
    /// With `--mx`, who said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) host: Option<String>,
    /// With `--mx`, whether that was said within TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tls: Option<bool>,
    /// With `--mx`, whether the host's certificate was verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) verified: Option<bool>,
    /// With `--mx`, why nobody did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<&'static str>,
    #[serde(skip)]
    pub(crate) fate: Fate,
}

impl Row {
    pub(crate) fn new(address: &str, fate: Fate, phase: &'static str) -> Self {
        Row {
            address: shown(address),
            status: fate.status().as_str(),
            phase,
            retry: fate.retry().map(Retry::as_str),
            reply: None,
            host: None,
            tls: None,
            verified: None,
            kind: None,
            fate,
        }
    }

    /// What a transaction made of it.
    pub(crate) fn of(outcome: &RecipientOutcome<'_>, address: &str) -> Self {
        let row = Self::new(address, outcome.fate, outcome.phase.as_str());
        Row { reply: outcome.reply.map(Words::from), ..row }
    }

    /// No transaction has begun for it, because of this.
    pub(crate) fn not_attempted(address: &str, error: &Error, failure: &Failure) -> Self {
        let row = Self::new(address, Fate::NotAttempted(error.retry()), failure.phase);
        Row { reply: closing(error).map(|reply| reply.as_reply().into()), ..row }
    }
}

/// The 421 that ended the session.
pub(crate) fn closing(error: &Error) -> Option<&OwnedReply> {
    error.reply().filter(|_| matches!(error.end(), Some(End::ServiceClosing(_))))
}

/// The advice for those of a message that are not accepted: that of the first of the worst.
pub(crate) fn advice(rows: &[Row]) -> Option<&'static str> {
    let worst = [Status::Unknown, Status::NotAttempted, Status::Deferred, Status::Rejected];
    let first = |status| rows.iter().find(|row| row.fate.status() == status);
    worst.into_iter().find_map(first)?.retry
}

/// Nothing that may hold a password.
fn shown(address: &str) -> String {
    let hidden = Address::parse(address).is_err() && looks_like_credentials(address);
    if hidden { "(not shown)".to_owned() } else { address.to_owned() }
}
