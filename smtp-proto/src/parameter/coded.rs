//! Parameter values that are encoded as xtext (RFC 3461 4) or as utf-8-addr-xtext (RFC 6533 3).

use core::fmt;

use crate::{
    hex,
    octets::{self, TEXT, XCHAR},
    writer::Writer,
    xtext,
};

use super::ParameterError;

/// The longest encoded value in octets: that of `ORCPT` (RFC 3461 5.4) and `AUTH` (RFC 4954 3).
pub(crate) const MAX_ENCODED: usize = 500;

/// The encoding that turns a text into printable ASCII without `=` and space.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Coding {
    /// `+` and two hexadecimal digits for each octet.
    Xtext,
    /// `\x{...}` for each character.
    Utf8,
}

/// A text, either plain or encoded as it was received.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Coded<T> {
    text: T,
    coding: Coding,
    encoded: bool,
}

impl<'a> Coded<&'a str> {
    /// Validates a plain text, which [`write`](Self::write) will encode into at most `max` octets.
    pub(crate) fn plain(text: &'a str, coding: Coding, max: usize) -> Result<Self, ParameterError> {
        check_text(text, coding)?;
        Self::unchecked(text, coding).bounded(max)
    }

    /// Wraps a plain text that the caller has validated.
    pub(crate) const fn unchecked(text: &'a str, coding: Coding) -> Self {
        Self { text, coding, encoded: false }
    }

    /// Validates a value as it was received in a command.
    pub(crate) fn received(
        text: &'a str,
        coding: Coding,
        max: usize,
    ) -> Result<Self, ParameterError> {
        let coded = Self { text, coding, encoded: true }.bounded(max)?;
        let mut rest = text.as_bytes();
        while let [octet, ..] = *rest {
            let offset = text.len() - rest.len();
            let refused = ParameterError::Value { octet, offset };
            let (unit, behind) = decode(rest, coding).ok_or(refused)?;
            // Octets beyond ASCII in xtext, as in the mailbox of `AUTH`, are left to the parameter's type.
            if unit.character().is_some_and(|c| !is_text(c)) {
                return Err(refused);
            }
            rest = behind;
        }
        Ok(coded)
    }

    fn bounded(self, max: usize) -> Result<Self, ParameterError> {
        match self.encoded_len() {
            0 => Err(ParameterError::NoValue),
            length if length > max => Err(ParameterError::TooLong { max }),
            _ => Ok(self),
        }
    }

    /// The decoded octets.
    pub(crate) fn octets(self) -> impl Iterator<Item = u8> + use<'a> {
        let mut rest = self.text.as_bytes();
        core::iter::from_fn(move || {
            let (unit, behind) = match (self.encoded, rest) {
                (true, _) => decode(rest, self.coding)?,
                (false, [octet, behind @ ..]) => (Unit::octet(*octet), behind),
                (false, []) => return None,
            };
            rest = behind;
            Some(unit)
        })
        .flat_map(|unit| unit.octets.into_iter().take(unit.length))
    }

    /// The length in octets of the encoded value.
    pub(crate) fn encoded_len(self) -> usize {
        match (self.encoded, self.coding) {
            (true, _) => self.text.len(),
            (false, Coding::Xtext) => xtext::encoded_len(self.text.as_bytes()),
            (false, Coding::Utf8) => self.text.chars().map(embedded_len).sum(),
        }
    }

    pub(crate) fn write(self, out: &mut Writer<'_>) {
        match (self.encoded, self.coding) {
            (true, _) => out.push(self.text.as_bytes()),
            (false, Coding::Xtext) => {
                self.text.bytes().for_each(|octet| xtext::encode_octet(octet, out));
            }
            (false, Coding::Utf8) => self.text.chars().for_each(|c| embed(c, out)),
        }
    }

    #[cfg(feature = "alloc")]
    pub(crate) fn to_owned(self) -> Coded<alloc::boxed::Box<str>> {
        Coded { text: self.text.into(), coding: self.coding, encoded: self.encoded }
    }
}

#[cfg(feature = "alloc")]
impl Coded<alloc::boxed::Box<str>> {
    pub(crate) fn borrow(&self) -> Coded<&str> {
        Coded { text: &self.text, coding: self.coding, encoded: self.encoded }
    }
}

/// Two values are equal if their decoded octets are.
impl PartialEq for Coded<&str> {
    fn eq(&self, other: &Self) -> bool {
        self.octets().eq(other.octets())
    }
}

impl Eq for Coded<&str> {}

#[cfg(feature = "alloc")]
impl PartialEq for Coded<alloc::boxed::Box<str>> {
    fn eq(&self, other: &Self) -> bool {
        self.borrow() == other.borrow()
    }
}

#[cfg(feature = "alloc")]
impl Eq for Coded<alloc::boxed::Box<str>> {}

impl fmt::Display for Coded<&str> {
    /// Writes the decoded text. Octets that are not UTF-8 are left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut plain = [0; MAX_ENCODED];
        let length = plain.iter_mut().zip(self.octets()).map(|(to, from)| *to = from).count();
        plain[..length].utf8_chunks().try_for_each(|chunk| f.write_str(chunk.valid()))
    }
}

/// The octets of one decoded unit: an octet in xtext, a character in utf-8-addr-xtext.
struct Unit {
    octets: [u8; 4],
    length: usize,
}

impl Unit {
    const fn octet(octet: u8) -> Self {
        Self { octets: [octet, 0, 0, 0], length: 1 }
    }

    fn of(character: char) -> Self {
        let mut octets = [0; 4];
        let length = character.encode_utf8(&mut octets).len();
        Self { octets, length }
    }

    /// The character, unless the unit is an octet of a longer one.
    fn character(&self) -> Option<char> {
        core::str::from_utf8(&self.octets[..self.length]).ok()?.chars().next()
    }
}

fn decode(text: &[u8], coding: Coding) -> Option<(Unit, &[u8])> {
    match coding {
        Coding::Xtext => {
            xtext::decode_octet(text).map(|(octet, behind)| (Unit::octet(octet), behind))
        }
        Coding::Utf8 => match text {
            [octet, behind @ ..] if is_qchar(*octet) => Some((Unit::octet(*octet), behind)),
            _ => embedded(text).map(|(character, behind)| (Unit::of(character), behind)),
        },
    }
}

/// Decodes `EmbeddedUnicodeChar = %x5C.78 "{" HEXPOINT "}"`. Accepts upper-case digits only, no needless leading
/// zero, and no character that could stand for itself.
fn embedded(text: &[u8]) -> Option<(char, &[u8])> {
    let digits = text.strip_prefix(br"\x{")?;
    let end = digits.iter().take(7).position(|&octet| octet == b'}')?;
    let (digits, behind) = (&digits[..end], &digits[end + 1..]);
    let number = digits.iter().try_fold(0, |number: u32, &digit| {
        Some(number << 4 | u32::from(hex::upper_digit(digit)?))
    })?;
    let character = char::from_u32(number)?;
    let canonical = digits.len() == hex_len(character) && !is_qchar_character(character);
    canonical.then_some((character, behind))
}

fn embed(character: char, out: &mut Writer<'_>) {
    if is_qchar_character(character) {
        return out.push(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
    out.push(br"\x{");
    for place in (0..hex_len(character)).rev() {
        out.push(&[hex::UPPER[u32::from(character) as usize >> (4 * place) & 15]]);
    }
    out.push(b"}");
}

fn embedded_len(character: char) -> usize {
    if is_qchar_character(character) { 1 } else { r"\x{}".len() + hex_len(character) }
}

/// The number of digits of a HEXPOINT: at least two, without needless leading zeros.
fn hex_len(character: char) -> usize {
    match u32::from(character) {
        0..0x100 => 2,
        0x100..0x1000 => 3,
        0x1000..0x1_0000 => 4,
        0x1_0000..0x10_0000 => 5,
        _ => 6,
    }
}

/// `QCHAR`: printable ASCII except SP, `+`, `=` and `\`.
fn is_qchar(octet: u8) -> bool {
    octets::is(octet, XCHAR) && octet != b'\\'
}

fn is_qchar_character(character: char) -> bool {
    u8::try_from(character).is_ok_and(is_qchar)
}

/// Returns whether a character is printable: ASCII, SP, or a character that no reader takes for a line end.
fn is_text(character: char) -> bool {
    match u8::try_from(character) {
        Ok(octet) if octet.is_ascii() => octets::is(octet, TEXT),
        _ => octets::line_breaker(character.encode_utf8(&mut [0; 4])).is_none(),
    }
}

fn check_text(text: &str, coding: Coding) -> Result<(), ParameterError> {
    let allowed = |c: char| is_text(c) && (coding == Coding::Utf8 || c.is_ascii());
    let refused = text.char_indices().find(|&(_, character)| !allowed(character));
    refused.map_or(Ok(()), |(offset, _)| {
        Err(ParameterError::Value { octet: text.as_bytes()[offset], offset })
    })
}

#[cfg(test)]
mod tests {
    use crate::writer::Writer;

    use super::{Coded, Coding, MAX_ENCODED, ParameterError};

    fn written(coded: Coded<&str>, out: &mut [u8]) -> usize {
        let mut writer = Writer::new(out);
        coded.write(&mut writer);
        writer.finish().unwrap_or_default()
    }

    #[test]
    fn characters_come_back() {
        for coding in [Coding::Xtext, Coding::Utf8] {
            for character in ('\0'..'\u{3000}').chain(['\u{fffd}', '\u{1f600}', '\u{10ffff}']) {
                let mut text = [0; 4];
                let text: &str = character.encode_utf8(&mut text);
                let Ok(plain) = Coded::plain(text, coding, MAX_ENCODED) else {
                    assert!(
                        character.is_control()
                            || matches!(character, '\u{2028}' | '\u{2029}')
                            || coding == Coding::Xtext && !text.is_ascii(),
                        "{character:?}"
                    );
                    continue;
                };
                let mut out = [0; 12];
                let length = written(plain, &mut out);
                assert_eq!(length, plain.encoded_len());
                let value = core::str::from_utf8(&out[..length]).unwrap_or_default();
                assert_eq!(Coded::received(value, coding, MAX_ENCODED), Ok(plain), "{value}");
            }
        }
    }

    #[test]
    fn what_is_not_encoded_properly_is_named() {
        for (value, coding, octet, offset) in [
            ("a=b", Coding::Xtext, b'=', 1),
            ("a+0D", Coding::Xtext, b'+', 1),
            ("a+2b", Coding::Xtext, b'+', 1),
            ("a+2Bb", Coding::Utf8, b'+', 1),
            (r"a\x{e9}", Coding::Utf8, b'\\', 1),
            (r"\x{0E9}", Coding::Utf8, b'\\', 0),
            (r"\x{41}", Coding::Utf8, b'\\', 0),
            (r"\x{D800}", Coding::Utf8, b'\\', 0),
            (r"\x{110000}", Coding::Utf8, b'\\', 0),
            (r"\x{85}", Coding::Utf8, b'\\', 0),
            (r"\x{0D}", Coding::Utf8, b'\\', 0),
            (r"\x{E9", Coding::Utf8, b'\\', 0),
            (r"\", Coding::Utf8, b'\\', 0),
        ] {
            let error = ParameterError::Value { octet, offset };
            assert_eq!(Coded::received(value, coding, MAX_ENCODED), Err(error), "{value}");
        }
    }

    #[test]
    fn lengths_are_those_of_the_encoded_value() {
        assert!(Coded::plain("a+b", Coding::Xtext, 5).is_ok());
        let long = Err(ParameterError::TooLong { max: 4 });
        assert_eq!(Coded::plain("a+b", Coding::Xtext, 4), long);
        assert_eq!(Coded::received("a+2Bb", Coding::Xtext, 4), long);
        assert_eq!(Coded::plain("", Coding::Xtext, 4), Err(ParameterError::NoValue));
    }
}
