//! `ORCPT`: the address to which the sender originally sent (RFC 3461 4.2, RFC 6533 3).

use core::fmt;

use crate::{
    address::Address,
    hello::Extension,
    octets::{self, ATEXT, VALUE},
    writer::Writer,
};

use super::{
    ParameterError,
    coded::{Coded, Coding, MAX_ENCODED},
};

const RFC822: &str = "rfc822";
const UTF8: &str = "utf-8";

/// The parameter `ORCPT`: the address to which the sender originally sent. Notifications report it, also after the
/// recipient has been forwarded or expanded to others.
///
/// ```text
/// original-recipient-address = addr-type ";" ( xtext / utf-8-addr-xtext )   ; at most 500 octets
/// addr-type                  = atom
/// utf-8-addr-xtext           = 1*( QCHAR / "\x{" HEXPOINT "}" )             ; type utf-8 only
/// ```
///
/// A `utf-8` address is always written in ASCII, which servers without `SMTPUTF8` accept, too.
///
/// ```
/// use smtp_proto::{address::Address, parameter::OriginalRecipient};
///
/// let josé = OriginalRecipient::of(Address::parse("josé@example.org")?)?;
/// assert_eq!(OriginalRecipient::from_value(r"utf-8;jos\x{E9}@example.org"), Ok(josé));
///
/// let plain = OriginalRecipient::parse("rfc822;b+c@example.org")?;
/// assert_eq!(OriginalRecipient::from_value("rfc822;b+2Bc@example.org"), Ok(plain));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OriginalRecipient<'a> {
    pub(crate) kind: &'a str,
    pub(crate) address: Coded<&'a str>,
}

impl<'a> OriginalRecipient<'a> {
    /// The extension that a server has to offer for this parameter.
    pub const EXTENSION: Extension = Extension::Dsn;

    /// The longest encoded value in octets.
    pub const MAX: usize = MAX_ENCODED;

    /// A mailbox, with the type `rfc822`, or `utf-8` if it is not ASCII.
    ///
    /// # Errors
    /// [`ParameterError::TooLong`] if the encoded value is too long.
    pub fn of(address: Address<'a>) -> Result<Self, ParameterError> {
        let kind = if address.is_ascii() { RFC822 } else { UTF8 };
        Self::new(kind, address.as_str())
    }

    /// An address of any type, in plain text.
    ///
    /// # Errors
    /// [`ParameterError`] if the type is not an atom, or the address is empty, too long, or not printable. An address
    /// beyond ASCII needs the type `utf-8`.
    pub fn new(kind: &'a str, address: &'a str) -> Result<Self, ParameterError> {
        let room = check_kind(kind)?;
        let address = Coded::plain(address, coding(kind), room)?;
        Ok(Self { kind, address })
    }

    /// Parses `type;address`, in plain text.
    ///
    /// # Errors
    /// [`ParameterError::Meaning`] if there is no `;`, and the errors of [`new`](Self::new).
    pub fn parse(text: &'a str) -> Result<Self, ParameterError> {
        let (kind, address) = text.split_once(';').ok_or(ParameterError::Meaning)?;
        Self::new(kind, address)
    }

    /// Parses a value as it was received in a command.
    ///
    /// # Errors
    /// [`ParameterError`] if there is no `;`, if the type is not an atom, or if the address is not encoded as its
    /// type requires.
    pub fn from_value(value: &'a str) -> Result<Self, ParameterError> {
        let (kind, address) = value.split_once(';').ok_or(ParameterError::Meaning)?;
        let (room, coding) = (check_kind(kind)?, coding(kind));
        let address = Coded::received(address, coding, room)
            .map_err(|error| error.shifted(kind.len() + 1))?;
        if coding == Coding::Xtext {
            super::check_ascii(address)?;
        }
        Ok(Self { kind, address })
    }

    /// The type of the address.
    #[must_use]
    pub const fn kind(&self) -> &'a str {
        self.kind
    }

    /// The decoded octets of the address, which are UTF-8.
    pub fn octets(&self) -> impl Iterator<Item = u8> + use<'a> {
        self.address.octets()
    }

    pub(crate) fn encoded_len(&self) -> usize {
        self.kind.len() + 1 + self.address.encoded_len()
    }

    pub(crate) fn write(&self, out: &mut Writer<'_>) {
        out.push(self.kind.as_bytes());
        out.push(b";");
        self.address.write(out);
    }
}

impl fmt::Display for OriginalRecipient<'_> {
    /// Writes `type;address`, decoded.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{};{}", self.kind, self.address)
    }
}

fn coding(kind: &str) -> Coding {
    if kind.eq_ignore_ascii_case(UTF8) { Coding::Utf8 } else { Coding::Xtext }
}

/// Checks the type. Returns the number of octets that are left for the address.
fn check_kind(kind: &str) -> Result<usize, ParameterError> {
    let atom = |octet: u8| octet.is_ascii() && octets::is(octet, ATEXT) && octets::is(octet, VALUE);
    match kind.bytes().enumerate().find(|&(_, octet)| !atom(octet)) {
        Some((offset, octet)) => Err(ParameterError::Value { octet, offset }),
        None if kind.is_empty() => Err(ParameterError::Meaning),
        None => MAX_ENCODED
            .checked_sub(kind.len() + 1)
            .ok_or(ParameterError::TooLong { max: MAX_ENCODED }),
    }
}

#[cfg(test)]
mod tests {
    use super::{OriginalRecipient, ParameterError};

    #[test]
    fn values_are_a_type_and_an_address() {
        for (value, error) in [
            ("a@b", ParameterError::Meaning),
            (";a@b", ParameterError::Meaning),
            ("rfc822;", ParameterError::NoValue),
            ("rfc(822;a@b", ParameterError::Value { octet: b'(', offset: 3 }),
            ("rfc822;a+", ParameterError::Value { octet: b'+', offset: 8 }),
            ("rfc822;a+C3+A9", ParameterError::Meaning),
            ("utf-8;a+2B", ParameterError::Value { octet: b'+', offset: 7 }),
        ] {
            assert_eq!(OriginalRecipient::from_value(value), Err(error), "{value}");
        }
    }

    #[test]
    fn a_character_beyond_ascii_needs_the_utf8_type() {
        let refused = ParameterError::Value { octet: 0xC3, offset: 0 };
        assert_eq!(OriginalRecipient::new("rfc822", "é@b"), Err(refused));
        assert!(OriginalRecipient::new("UTF-8", "é@b").is_ok());
    }

    #[test]
    fn five_hundred_octets_are_the_limit() {
        let text = [b'a'; 494];
        let text = core::str::from_utf8(&text).unwrap_or_default();
        assert!(OriginalRecipient::new("rfc822", &text[1..]).is_ok());
        let long = Err(ParameterError::TooLong { max: 493 });
        assert_eq!(OriginalRecipient::new("rfc822", text), long);
    }
}
