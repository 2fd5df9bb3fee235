//! RRVS: since when the recipient has owned its mailbox (RFC 7293 5.1).

use super::Timestamp;
use crate::hello::Extension;
use crate::writer::Writer;

/// What is to happen where the next server does not know RRVS.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Unsupported {
    /// `C`: the message goes on without it.
    Continue,
    /// `R`: the recipient is refused.
    Reject,
}

/// Deliver only if the mailbox has not changed hands since then (RFC 7293 5.1).
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
    /// What a server has to offer.
    pub const EXTENSION: Extension = Extension::Rrvs;

    /// Octets of a value at most.
    pub(crate) const LENGTH: usize = Timestamp::LENGTH + 2;

    /// A mailbox that its owner had then.
    #[must_use]
    pub const fn new(since: Timestamp) -> Self {
        Self { since, unsupported: None }
    }

    /// Says what is to happen where the next server does not know RRVS.
    #[must_use]
    pub const fn with_unsupported(self, unsupported: Unsupported) -> Self {
        Self { unsupported: Some(unsupported), ..self }
    }

    /// The time.
    #[must_use]
    pub const fn since(self) -> Timestamp {
        self.since
    }

    /// What is to happen where the next server does not know RRVS, if that was said.
    #[must_use]
    pub const fn unsupported(self) -> Option<Unsupported> {
        self.unsupported
    }

    /// What `value` asks for.
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
