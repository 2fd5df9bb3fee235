//! `AUTH` as a parameter of `MAIL`: the user who submitted the message (RFC 4954 5).

use core::fmt;

use crate::{address::Address, hello::Extension, writer::Writer};

use super::{
    ParameterError,
    coded::{Coded, Coding, MAX_ENCODED},
};

/// The parameter `AUTH` of `MAIL`: the mailbox of the user who submitted the message, as far as the client knows it
/// and trusts its source.
///
/// ```text
/// auth-param = "AUTH=" ( "<>" / xtext )    ; the xtext stands for a Mailbox, at most 500 octets
/// ```
///
/// ```
/// use smtp_proto::{address::Address, parameter::Submitter};
///
/// let submitter = Submitter::mailbox(Address::parse("e=mc2@example.com")?)?;
/// assert_eq!(Submitter::from_value("e+3Dmc2@example.com"), Ok(submitter));
/// assert_eq!(Submitter::from_value("<>"), Ok(Submitter::UNKNOWN));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Submitter<'a>(pub(crate) Option<Coded<&'a str>>);

impl<'a> Submitter<'a> {
    /// The extension that a server has to offer for this parameter.
    pub const EXTENSION: Extension = Extension::Auth;

    /// `<>`: the submitter is unknown, or its source is not trusted.
    pub const UNKNOWN: Self = Self(None);

    /// The owner of this mailbox.
    ///
    /// # Errors
    /// [`ParameterError::TooLong`] if the encoded value is too long.
    pub fn mailbox(address: Address<'a>) -> Result<Self, ParameterError> {
        let coded = Coded::unchecked(address.as_str(), Coding::Xtext);
        if coded.encoded_len() > MAX_ENCODED {
            return Err(ParameterError::TooLong { max: MAX_ENCODED });
        }
        Ok(Self(Some(coded)))
    }

    /// Validates a mailbox in plain text. The empty text and `<>` give [`UNKNOWN`](Self::UNKNOWN).
    ///
    /// # Errors
    /// [`ParameterError`] if `text` is no mailbox, or too long when encoded.
    pub fn parse(text: &'a str) -> Result<Self, ParameterError> {
        match text {
            "" | "<>" => Ok(Self::UNKNOWN),
            _ => Self::mailbox(Address::parse(text).map_err(|_| ParameterError::Meaning)?),
        }
    }

    /// Parses a value as it was received in a command.
    ///
    /// # Errors
    /// [`ParameterError`] if the value is not xtext, or does not decode to a mailbox.
    pub fn from_value(value: &'a str) -> Result<Self, ParameterError> {
        if value == "<>" {
            return Ok(Self::UNKNOWN);
        }
        let coded = Coded::received(value, Coding::Xtext, MAX_ENCODED)?;
        let mut plain = [0; MAX_ENCODED];
        let length = plain.iter_mut().zip(coded.octets()).map(|(to, from)| *to = from).count();
        let text = core::str::from_utf8(&plain[..length]);
        let is_mailbox = text.is_ok_and(|text| Address::parse(text).is_ok());
        if is_mailbox { Ok(Self(Some(coded))) } else { Err(ParameterError::Meaning) }
    }

    /// Returns whether there is a mailbox, so the submitter is known.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        self.0.is_some()
    }

    /// The decoded octets of the mailbox. None if the submitter is unknown.
    pub fn octets(&self) -> impl Iterator<Item = u8> + use<'a> {
        self.0.into_iter().flat_map(Coded::octets)
    }

    pub(crate) fn encoded_len(&self) -> usize {
        self.0.map_or(2, Coded::encoded_len)
    }

    pub(crate) fn write(&self, out: &mut Writer<'_>) {
        match self.0 {
            None => out.push(b"<>"),
            Some(coded) => coded.write(out),
        }
    }
}

impl fmt::Display for Submitter<'_> {
    /// Writes the decoded mailbox, or `<>`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("<>"),
            Some(coded) => coded.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ParameterError, Submitter};

    #[test]
    fn only_mailboxes_are_submitters() {
        for (value, error) in [
            ("", ParameterError::NoValue),
            ("a", ParameterError::Meaning),
            ("<a@b>", ParameterError::Meaning),
            ("a@b+0D+0A", ParameterError::Value { octet: b'+', offset: 3 }),
            ("a+C3@b", ParameterError::Meaning),
            ("a+C2+85@b", ParameterError::Meaning),
        ] {
            assert_eq!(Submitter::from_value(value), Err(error), "{value}");
        }
        let josé = Submitter::parse("josé@b");
        assert!(josé.is_ok() && Submitter::from_value("jos+C3+A9@b") == josé);
    }
}
