//! Questions to the application, and the answers that make sense.

use crate::reply::{Class, Code};

use super::{answer::Answer, auth::Turn};

/// A question that the application has to answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Question {
    Connection,
    Hello { extended: bool },
    Credentials,
    Exchange(Turn),
    Mail { smtp_utf8: bool, binary: bool },
    Recipient,
    Data,
    ContentEnd { recipient: u32 },
    Verify,
    Expand,
}

impl Question {
    /// The answer of an application that has nothing against it.
    pub(super) const fn consent(self) -> Answer<'static> {
        match self {
            Self::Connection => Answer::READY,
            Self::Hello { .. } => Answer::HELLO,
            Self::Credentials => Answer::AUTHENTICATED,
            Self::Exchange(_) => Answer::NO_MECHANISM,
            Self::Mail { .. } => Answer::SENDER_OK,
            Self::Recipient => Answer::RECIPIENT_OK,
            Self::Data => Answer::START_CONTENT,
            Self::ContentEnd { .. } => Answer::OK,
            Self::Verify => Answer::CANNOT_VERIFY,
            Self::Expand => Answer::NOT_IMPLEMENTED,
        }
    }

    /// Returns whether an answer with this code makes sense.
    pub(super) fn admits(self, code: Code) -> bool {
        match code.class() {
            Class::Completion => !matches!(self, Self::Data | Self::Exchange(_)),
            Class::Intermediate => self == Self::Data && code == Code::START_CONTENT,
            Class::Transient | Class::Permanent => true,
        }
    }

    /// Returns whether the answer may wait for those to the commands behind it (RFC 2920 3.2).
    pub(super) const fn may_wait(self) -> bool {
        matches!(self, Self::Mail { .. } | Self::Recipient | Self::ContentEnd { .. })
    }
}
