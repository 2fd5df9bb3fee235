//! `RRVS`: delivers only if the mailbox has had the same owner since a time (RFC 7293 5.1).

use crate::{hello::Extension, writer::Writer};

use super::Timestamp;

/// The action if the next server does not offer the extension `RRVS`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Unsupported {
    /// `C`: relay the message without the parameter.
    Continue,
    /// `R`: refuse the recipient.
    Reject,
}

/// The parameter `RRVS`: deliver only if the mailbox has had the same owner since this time (RFC 7293 5.1).
///
/// It protects mail for an old owner of an address that a provider has given to somebody else.
///
/// ```text
/// rrvs-param = "RRVS=" date-time [ ";" ( "C" / "R" ) ]
/// ```
///
/// ```
/// use smtp_proto::parameter::{Timestamp, Unsupported, ValidSince};
///
/// let since = ValidSince::new(Timestamp::parse("2014-04-03T23:01:00Z").unwrap());
/// let since = since.with_unsupported(Unsupported::Reject);
/// assert_eq!(ValidSince::from_value("2014-04-03T23:01:00Z;R"), Some(since));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ValidSince {
    since: Timestamp,
    unsupported: Option<Unsupported>,
}

impl ValidSince {
    /// The extension that a server has to offer for this parameter.
    pub const EXTENSION: Extension = Extension::Rrvs;

    /// The greatest length in octets of a value.
    pub(crate) const LENGTH: usize = Timestamp::LENGTH + 2;

    /// Requires that the mailbox has had the same owner since this time.
    #[must_use]
    pub const fn new(since: Timestamp) -> Self {
        Self { since, unsupported: None }
    }

    /// Sets the action if the next server does not offer `RRVS`.
    #[must_use]
    pub const fn with_unsupported(self, unsupported: Unsupported) -> Self {
        Self { unsupported: Some(unsupported), ..self }
    }

    /// The time.
    #[must_use]
    pub const fn since(self) -> Timestamp {
        self.since
    }

    /// The action if the next server does not offer `RRVS`. `None` if it was not set.
    #[must_use]
    pub const fn unsupported(self) -> Option<Unsupported> {
        self.unsupported
    }

    /// Parses a value of `RRVS`. Returns `None` if it is malformed.
    #[must_use]
    pub fn from_value(value: &str) -> Option<Self> {
        let (time, action) = match value.split_once(';') {
            None => (value, None),
            Some((time, "C" | "c")) => (time, Some(Unsupported::Continue)),
            Some((time, "R" | "r")) => (time, Some(Unsupported::Reject)),
            Some(_) => return None,
        };
        Some(Self { since: Timestamp::parse(time)?, unsupported: action })
    }

    pub(crate) fn write(self, out: &mut Writer<'_>) {
        self.since.write(out);
        out.push(match self.unsupported {
            None => b"",
            Some(Unsupported::Continue) => b";C",
            Some(Unsupported::Reject) => b";R",
        });
    }
}
