//! Delivery status notifications: the parameters `RET`, `ENVID` and `NOTIFY` (RFC 3461 4).

use core::fmt;

use crate::{hello::Extension, writer::Writer};

use super::{
    ParameterError,
    coded::{Coded, Coding},
};

/// The parameter `RET`: the amount of the message that a failure notification returns (RFC 3461 4.3).
///
/// ```text
/// ret-value = "FULL" / "HDRS"
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Ret {
    /// `FULL`: the whole message.
    Full,
    /// `HDRS`: the headers only.
    Headers,
}

impl Ret {
    /// The extension that a server has to offer for this parameter.
    pub const EXTENSION: Extension = Extension::Dsn;

    /// The value as it is sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "FULL",
            Self::Headers => "HDRS",
        }
    }

    /// Parses a value of `RET`, in any case. Returns `None` if it is unknown.
    #[must_use]
    pub fn from_value(value: &str) -> Option<Self> {
        [Self::Full, Self::Headers].into_iter().find(|ret| ret.as_str().eq_ignore_ascii_case(value))
    }
}

/// The parameter `ENVID`: an identifier for one sending of a message, which notifications repeat (RFC 3461 4.4).
///
/// Use it to match a notification to the message that it is about.
///
/// ```text
/// envid-parameter = "ENVID=" xtext    ; at most 100 octets, printable ASCII and SP before encoding
/// ```
///
/// ```
/// use smtp_proto::parameter::EnvelopeId;
///
/// let id = EnvelopeId::new("a=b c")?;
/// assert_eq!(EnvelopeId::from_value("a+3Db+20c"), Ok(id));
/// assert_eq!(id.to_string(), "a=b c");
/// assert!(EnvelopeId::new("a\r\nDATA").is_err());
/// # Ok::<(), smtp_proto::parameter::ParameterError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EnvelopeId<'a>(pub(crate) Coded<&'a str>);

impl<'a> EnvelopeId<'a> {
    /// The extension that a server has to offer for this parameter.
    pub const EXTENSION: Extension = Extension::Dsn;

    /// The longest encoded value in octets.
    pub const MAX: usize = 100;

    /// Validates an identifier in plain text.
    ///
    /// # Errors
    /// [`ParameterError`] if the text is empty or too long, or has an octet that is neither printable ASCII nor SP.
    pub fn new(text: &'a str) -> Result<Self, ParameterError> {
        Coded::plain(text, Coding::Xtext, Self::MAX).map(Self)
    }

    /// Parses a value as it was received in a command.
    ///
    /// # Errors
    /// [`ParameterError`] if the value is not xtext, or decodes to other octets than printable ASCII and SP.
    pub fn from_value(value: &'a str) -> Result<Self, ParameterError> {
        let coded = Coded::received(value, Coding::Xtext, Self::MAX)?;
        super::check_ascii(coded).map(|()| Self(coded))
    }

    /// The decoded octets of the identifier.
    pub fn octets(&self) -> impl Iterator<Item = u8> + use<'a> {
        self.0.octets()
    }
}

impl fmt::Display for EnvelopeId<'_> {
    /// Writes the decoded identifier.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The parameter `NOTIFY`: the events about which to notify the sender, for one recipient (RFC 3461 4.1). Either
/// never, or a set of success, failure and delay.
///
/// ```text
/// notify-esmtp-value = "NEVER" / 1#( "SUCCESS" / "FAILURE" / "DELAY" )
/// ```
///
/// ```
/// use smtp_proto::parameter::Notify;
///
/// let notify = Notify::SUCCESS.or(Notify::DELAY);
/// assert_eq!(notify.to_string(), "SUCCESS,DELAY");
/// assert_eq!(Notify::from_value("delay,success"), Some(notify));
/// assert_eq!(Notify::from_value("NEVER,DELAY"), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Notify(u8);

impl Notify {
    /// The extension that a server has to offer for this parameter.
    pub const EXTENSION: Extension = Extension::Dsn;

    /// No notification.
    pub const NEVER: Self = Self(0);
    /// A notification when the message is delivered.
    pub const SUCCESS: Self = Self(1);
    /// A notification when the message cannot be delivered.
    pub const FAILURE: Self = Self(1 << 1);
    /// A notification when delivery is delayed.
    pub const DELAY: Self = Self(1 << 2);

    const NAMES: [(Self, &str); 3] =
        [(Self::SUCCESS, "SUCCESS"), (Self::FAILURE, "FAILURE"), (Self::DELAY, "DELAY")];

    /// The events of either. `NEVER` adds none.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns whether the sender is notified of all events of `other`.
    #[must_use]
    pub const fn includes(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Parses a value of `NOTIFY`, in any case. Returns `None` if it is malformed.
    #[must_use]
    pub fn from_value(value: &str) -> Option<Self> {
        if value.eq_ignore_ascii_case("NEVER") {
            return Some(Self::NEVER);
        }
        value.split(',').try_fold(Self::NEVER, |notify, word| {
            let named = |(_, name): &(Self, &str)| name.eq_ignore_ascii_case(word);
            Some(notify.or(Self::NAMES.into_iter().find(named)?.0))
        })
    }

    fn words(self) -> impl Iterator<Item = &'static str> {
        let never = (self == Self::NEVER).then_some("NEVER");
        let named = Self::NAMES.into_iter().filter(move |(case, _)| self.includes(*case));
        never.into_iter().chain(named.map(|(_, name)| name))
    }

    pub(crate) fn write(self, out: &mut Writer<'_>) {
        for (index, word) in self.words().enumerate() {
            out.push(if index > 0 { b"," } else { b"" });
            out.push(word.as_bytes());
        }
    }
}

impl fmt::Display for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.words().enumerate().try_for_each(|(index, word)| {
            f.write_str(if index > 0 { "," } else { "" })?;
            f.write_str(word)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{EnvelopeId, Notify, ParameterError, Ret};

    #[test]
    fn returned_parts_have_names() {
        assert_eq!(Ret::from_value("hdrs"), Some(Ret::Headers));
        assert_eq!(Ret::from_value("FULL"), Some(Ret::Full));
        assert_eq!(Ret::from_value("FULL,HDRS"), None);
    }

    #[test]
    fn an_envelope_id_has_at_most_a_hundred_octets_encoded() {
        let text = [b'+'; 34];
        let text = core::str::from_utf8(&text).unwrap_or_default();
        assert!(EnvelopeId::new(&text[1..]).is_ok());
        assert_eq!(EnvelopeId::new(text), Err(ParameterError::TooLong { max: 100 }));
        assert_eq!(EnvelopeId::new(""), Err(ParameterError::NoValue));
    }

    #[test]
    fn an_envelope_id_is_ascii() {
        let refused = |octet, offset| Err(ParameterError::Value { octet, offset });
        assert_eq!(EnvelopeId::new("aé"), refused(0xC3, 1));
        assert_eq!(EnvelopeId::new("a\n"), refused(b'\n', 1));
        assert_eq!(EnvelopeId::from_value("a+C3+A9"), Err(ParameterError::Meaning));
        assert_eq!(EnvelopeId::from_value("a+0A"), refused(b'+', 1));
    }

    #[test]
    fn never_stands_alone() {
        assert_eq!(Notify::from_value("never"), Some(Notify::NEVER));
        for bad in ["", ",", "SUCCESS,", "NEVER,FAILURE", "ALWAYS", "SUCCESS FAILURE"] {
            assert_eq!(Notify::from_value(bad), None, "{bad}");
        }
        assert_eq!(Notify::from_value("FAILURE,FAILURE"), Some(Notify::FAILURE));
        assert!(Notify::SUCCESS.or(Notify::DELAY).includes(Notify::DELAY));
        assert!(!Notify::NEVER.includes(Notify::DELAY));
    }
}
