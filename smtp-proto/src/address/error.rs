//! The error of parsing an address.

use core::fmt;

use super::DomainError;

/// Reports the part of an address that does not follow the grammar.
///
/// Offsets count octets from the start of the text that was given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum AddressError {
    /// The text is empty.
    Empty,
    /// The local part is missing. A source route (`@a,@b:c@d`) is refused with this error too.
    NoLocalPart,
    /// No `@` follows the local part.
    NoAt,
    /// The local part has a dot at one end, or two dots in a row.
    Dot {
        /// The offset at which an atom should begin.
        offset: usize,
    },
    /// An octet that the grammar does not allow at this place.
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
    /// A quoted string without its closing quote.
    UnclosedQuote,
    /// A local part that is too long.
    LocalPartTooLong {
        /// The greatest length in octets: 64, or 255 for a lenient constructor.
        limit: usize,
    },
    /// The text after the `@` is neither a domain nor an address literal.
    Domain(DomainError),
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("address is empty"),
            Self::NoLocalPart => f.write_str("address has no local part"),
            Self::NoAt => f.write_str("address has no @ after its local part"),
            Self::Dot { offset } => {
                write!(f, "misplaced dot in the local part: no atom at offset {offset}")
            }
            Self::Octet { octet, offset } => {
                write!(f, "octet 0x{octet:02X} at offset {offset} is not allowed in a local part")
            }
            Self::Character { character, offset } => {
                let code = u32::from(*character);
                write!(f, "U+{code:04X} at offset {offset} is not allowed in an address")
            }
            Self::NotUtf8 { offset } => write!(f, "address is not UTF-8 at offset {offset}"),
            Self::UnclosedQuote => f.write_str("quoted local part has no closing quote"),
            Self::LocalPartTooLong { limit } => {
                write!(f, "local part is longer than {limit} octets")
            }
            Self::Domain(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for AddressError {}

impl From<DomainError> for AddressError {
    fn from(error: DomainError) -> Self {
        Self::Domain(error)
    }
}
