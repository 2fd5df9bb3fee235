//! The fate of a recipient, with the advice on another try: one type, of which status and advice are views.

use core::fmt;

use crate::reply::{Class, Code};

/// The fate of one recipient of one message.
///
/// [`status`](Self::status) and [`retry`](Self::retry) are views of it, so they cannot contradict each other.
///
/// ```
/// use smtp_proto::client::{Fate, Retry, Status, When};
/// let fate = Fate::NotAttempted(When::NewConnectionNow);
/// assert_eq!(fate.status(), Status::NotAttempted);
/// assert_eq!(fate.retry(), Some(Retry::NewConnectionNow));
/// assert_eq!(Fate::Accepted.retry(), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Fate {
    /// The server took the message for this recipient and answers for it.
    Accepted,
    /// Refused for good (5yz).
    Rejected,
    /// Refused for now (4yz): the same may succeed then. Never [`When::Never`].
    Deferred(When),
    /// The content was transmitted whole and no final reply came: delivered or not, nobody knows. A second try may
    /// duplicate the message.
    Unknown,
    /// The message did not get as far as a reply about this recipient: another try cannot duplicate it.
    /// [`When::Never`] only for content that cannot be sent as it is.
    NotAttempted(When),
}

impl Fate {
    /// The fate that a reply about the recipient decides.
    #[cfg(feature = "alloc")]
    pub(super) const fn of_code(code: Code) -> Self {
        match code.class() {
            Class::Completion => Fate::Accepted,
            Class::Permanent => Fate::Rejected,
            // Makes no sense as a verdict.
            Class::Intermediate => Fate::Unknown,
            Class::Transient => Fate::Deferred(When::Later),
        }
    }

    /// The fate without its advice.
    #[must_use]
    pub const fn status(self) -> Status {
        match self {
            Fate::Accepted => Status::Accepted,
            Fate::Rejected => Status::Rejected,
            Fate::Deferred(_) => Status::Deferred,
            Fate::Unknown => Status::Unknown,
            Fate::NotAttempted(_) => Status::NotAttempted,
        }
    }

    /// The advice on another try; `None` where the recipient is accepted and there is nothing to try again.
    #[must_use]
    pub const fn retry(self) -> Option<Retry> {
        match self {
            Fate::Accepted => None,
            Fate::Rejected => Some(Retry::Never),
            Fate::Unknown => Some(Retry::MayDuplicate),
            Fate::Deferred(when) | Fate::NotAttempted(when) => Some(when.as_retry()),
        }
    }

    /// Returns whether the recipient may be tried again at once, over this connection or a new one, without the risk
    /// of a duplicate.
    #[must_use]
    pub const fn may_be_tried_at_once(self) -> bool {
        matches!(
            self,
            Fate::Deferred(When::SameConnection | When::NewConnectionNow)
                | Fate::NotAttempted(When::SameConnection | When::NewConnectionNow)
        )
    }
}

/// The time at which something that was not done may be tried again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum When {
    /// At once, over this connection, in a transaction of its own.
    SameConnection,
    /// At once, over a new connection: nothing was said against the message.
    NewConnectionNow,
    /// After a while.
    Later,
    /// Not as it is.
    Never,
}

impl When {
    /// The same in lower case, as logs and the `sendmail` command show it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.as_retry().as_str()
    }

    /// The advice of a reply code: 4yz may change, all else does not change by itself.
    #[must_use]
    pub const fn of_code(code: Code) -> Self {
        if matches!(code.class(), Class::Transient) { When::Later } else { When::Never }
    }

    const fn as_retry(self) -> Retry {
        match self {
            When::SameConnection => Retry::SameConnection,
            When::NewConnectionNow => Retry::NewConnectionNow,
            When::Later => Retry::Later,
            When::Never => Retry::Never,
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The kinds of [`Fate`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Status {
    /// [`Fate::Accepted`].
    Accepted,
    /// [`Fate::Rejected`].
    Rejected,
    /// [`Fate::Deferred`].
    Deferred,
    /// [`Fate::Unknown`].
    Unknown,
    /// [`Fate::NotAttempted`].
    NotAttempted,
}

impl Status {
    /// The status in lower case, as logs and the `sendmail` command show it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Status::Accepted => "accepted",
            Status::Rejected => "rejected",
            Status::Deferred => "deferred",
            Status::Unknown => "unknown",
            Status::NotAttempted => "not_attempted",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The advice on another try for a recipient that is not accepted: a view of its [`Fate`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Retry {
    /// [`When::SameConnection`].
    SameConnection,
    /// [`When::NewConnectionNow`].
    NewConnectionNow,
    /// [`When::Later`].
    Later,
    /// Refused for good, or [`When::Never`].
    Never,
    /// [`Fate::Unknown`]: a second try may duplicate the message.
    MayDuplicate,
}

impl Retry {
    /// The advice in lower case, as logs and the `sendmail` command show it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Retry::SameConnection => "same_connection",
            Retry::NewConnectionNow => "new_connection_now",
            Retry::Later => "later",
            Retry::Never => "never",
            Retry::MayDuplicate => "may_duplicate",
        }
    }
}

impl fmt::Display for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
