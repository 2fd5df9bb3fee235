//! The free text of `VRFY`, `EXPN` and `HELP`.

use core::fmt;

use crate::octets::{self, TEXT};

/// One line of text for `VRFY`, `EXPN` or `HELP`: printable ASCII or UTF-8, 1 to 400 octets, no space at either end,
/// no line end.
///
/// It is the `String` of RFC 5321 4.1.2, widened to UTF-8 (RFC 6531 3.7.4.2). [`Attribute`](super::Attribute) uses it
/// for values, too.
///
/// ```
/// use smtp_proto::command::Argument;
///
/// assert_eq!(Argument::new("ada lovelace")?.as_str(), "ada lovelace");
/// assert!(Argument::new("ada\r\nDATA").is_err());
/// # Ok::<(), smtp_proto::command::ArgumentError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Argument<'a>(&'a str);

impl<'a> Argument<'a> {
    /// The longest text in octets. A command line has at most 512 (RFC 5321 4.5.3.1.4), and the verb takes some of
    /// them.
    pub const MAX: usize = 400;

    /// Validates `text`.
    ///
    /// # Errors
    /// [`ArgumentError`] names the octet or character that is not allowed, and its offset.
    pub fn new(text: &'a str) -> Result<Self, ArgumentError> {
        check_octets(text.as_bytes())?;
        match octets::line_breaker(text) {
            Some((offset, character)) => Err(ArgumentError::Character { character, offset }),
            None => Ok(Self(text)),
        }
    }

    /// The text as it was given.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        self.0
    }

    /// Returns whether the text is ASCII. `VRFY` and `EXPN` send the parameter `SMTPUTF8` after other text (RFC 6531
    /// 3.7.4.2).
    #[must_use]
    pub const fn is_ascii(&self) -> bool {
        self.0.is_ascii()
    }

    pub(super) const fn as_bytes(&self) -> &'a [u8] {
        self.0.as_bytes()
    }
}

impl fmt::Display for Argument<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Reports a text that cannot be sent on one line. Offsets count octets from the start of the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ArgumentError {
    /// The text is empty.
    Empty,
    /// The text has more than 400 octets.
    TooLong,
    /// A control character, or a space at one end.
    Octet {
        /// The octet.
        octet: u8,
        /// The offset of the octet.
        offset: usize,
    },
    /// A character beyond ASCII that some readers take for a line end: a C1 control, U+2028 or U+2029.
    Character {
        /// The character.
        character: char,
        /// The offset at which the character begins.
        offset: usize,
    },
    /// The octets are not UTF-8.
    NotUtf8 {
        /// The offset of the first octet that is not UTF-8.
        offset: usize,
    },
}

impl fmt::Display for ArgumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("text is empty"),
            Self::TooLong => write!(f, "text is longer than {} octets", Argument::MAX),
            Self::Octet { octet, offset } => {
                write!(f, "octet 0x{octet:02X} at offset {offset} is not allowed in a text")
            }
            Self::Character { character, offset } => {
                let code = u32::from(*character);
                write!(f, "U+{code:04X} at offset {offset} is not allowed in a text")
            }
            Self::NotUtf8 { offset } => write!(f, "text is not UTF-8 at offset {offset}"),
        }
    }
}

impl core::error::Error for ArgumentError {}

/// Refuses a space at either end: servers trim commands, so it would be lost.
fn check_octets(text: &[u8]) -> Result<(), ArgumentError> {
    let end = octets::run(text, 0, TEXT);
    match text {
        [] => Err(ArgumentError::Empty),
        _ if text.len() > Argument::MAX => Err(ArgumentError::TooLong),
        [b' ', ..] => Err(ArgumentError::Octet { octet: b' ', offset: 0 }),
        [.., b' '] => Err(ArgumentError::Octet { octet: b' ', offset: text.len() - 1 }),
        _ => {
            text.get(end).map_or(Ok(()), |&octet| Err(ArgumentError::Octet { octet, offset: end }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Argument, ArgumentError};

    #[test]
    fn texts_are_lines() {
        for (text, error) in [
            ("", ArgumentError::Empty),
            (" a", ArgumentError::Octet { octet: b' ', offset: 0 }),
            ("a ", ArgumentError::Octet { octet: b' ', offset: 1 }),
            ("a\tb", ArgumentError::Octet { octet: b'\t', offset: 1 }),
            ("a\n", ArgumentError::Octet { octet: b'\n', offset: 1 }),
            ("é\u{2028}", ArgumentError::Character { character: '\u{2028}', offset: 2 }),
        ] {
            assert_eq!(Argument::new(text), Err(error), "{text:?}");
        }
        assert_eq!(Argument::new("José <j@b>").map(|a| a.as_str()), Ok("José <j@b>"));
    }

    #[test]
    fn four_hundred_octets_are_the_limit() {
        let text = [b'a'; 401];
        let text = core::str::from_utf8(&text).unwrap_or_default();
        assert!(Argument::new(&text[1..]).is_ok());
        assert_eq!(Argument::new(text), Err(ArgumentError::TooLong));
    }
}
