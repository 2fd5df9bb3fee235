//! Why a parameter was refused.

use core::fmt;

use super::Parameters;

/// Why a parameter, or a list of them, was refused. Offsets count octets of the keyword or of the
/// value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ParameterError {
    /// No keyword.
    NoKeyword,
    /// An octet that cannot stand where it does in a keyword.
    Keyword {
        /// The octet.
        octet: u8,
        /// Where it is in the keyword.
        offset: usize,
    },
    /// A `=` with nothing behind it.
    NoValue,
    /// An octet that no value can have.
    Value {
        /// The octet.
        octet: u8,
        /// Where it is in the value.
        offset: usize,
    },
    /// A value longer than its parameter may have.
    TooLong {
        /// The most octets, encoded.
        max: usize,
    },
    /// More parameters than a command may have here.
    TooMany,
    /// A keyword that is there already.
    Repeated,
    /// A keyword among the caller's own parameters that the command has a method for.
    Typed,
    /// A known keyword with a value it cannot have: `SIZE=x`, `BODY=9BIT`, `SMTPUTF8=1`.
    Meaning,
}

impl ParameterError {
    /// The same error of a value that begins `by` octets later.
    pub(super) const fn shifted(self, by: usize) -> Self {
        match self {
            Self::Value { octet, offset } => Self::Value { octet, offset: offset + by },
            other => other,
        }
    }
}

impl fmt::Display for ParameterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoKeyword => f.write_str("parameter has no keyword"),
            Self::Keyword { octet, offset } => write!(
                f,
                "octet 0x{octet:02X} at offset {offset} is not allowed in a parameter's keyword"
            ),
            Self::NoValue => f.write_str("parameter has no value behind its ="),
            Self::Value { octet, offset } => write!(
                f,
                "octet 0x{octet:02X} at offset {offset} is not allowed in a parameter's value"
            ),
            Self::TooLong { max } => write!(f, "parameter's value is longer than {max} octets"),
            Self::TooMany => write!(f, "more than {} parameters", Parameters::MAX),
            Self::Repeated => f.write_str("parameter is there already"),
            Self::Typed => f.write_str("parameter has a method of its own"),
            Self::Meaning => f.write_str("parameter cannot have this value"),
        }
    }
}

impl core::error::Error for ParameterError {}
