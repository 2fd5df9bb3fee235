//! Why an address was refused.

use core::fmt;

use super::DomainError;

/// Why an address was refused. Offsets count octets of the text that was given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum AddressError {
    /// No text at all.
    Empty,
    /// Nothing before the `@`; a source route (`@a,@b:c@d`) is refused so too.
    NoLocalPart,
    /// No `@` behind the local part.
    NoAt,
    /// A dot at an end of the local part, or two in a row.
    Dot {
        /// Where an atom should be.
        offset: usize,
    },
    /// An octet that cannot stand where it does.
    Octet {
        /// The octet.
        octet: u8,
        /// Where it is.
        offset: usize,
    },
    /// A character beyond ASCII that may be taken for a line end: C1, U+2028 or U+2029.
    Character {
        /// The character.
        character: char,
        /// Where it begins.
        offset: usize,
    },
    /// Octets that are not UTF-8.
    NotUtf8 {
        /// Where UTF-8 ends.
        offset: usize,
    },
    /// A quoted string without its closing quote.
    UnclosedQuote,
    /// A local part that is too long.
    LocalPartTooLong {
        /// The most octets that it may have: 64, or 255 for a lenient constructor.
        limit: usize,
    },
    /// What stands behind the `@` is neither a domain nor an address literal.
    Domain(DomainError),
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("address is empty"),
            Self::NoLocalPart => f.write_str("address has no local part"),
            Self::NoAt => f.write_str("address has no @ behind its local part"),
            Self::Dot { offset } => write!(f, "misplaced dot in the local part, offset {offset}"),
            Self::Octet { octet, offset } => {
                write!(f, "octet 0x{octet:02X} at offset {offset} is not allowed in a local part")
            }
            Self::Character { character, offset } => {
                let code = u32::from(*character);
                write!(f, "U+{code:04X} at offset {offset} is not allowed in an address")
            }
            Self::NotUtf8 { offset } => write!(f, "address is not UTF-8 at offset {offset}"),
            Self::UnclosedQuote => f.write_str("quoted local part does not end"),
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
