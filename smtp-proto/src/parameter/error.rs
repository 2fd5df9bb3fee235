//! The error of parsing a parameter.

use core::fmt;

use super::Parameters;

/// Reports a parameter, or a list of them, that cannot be used.
///
/// Offsets count octets from the start of the keyword or of the value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ParameterError {
    /// The keyword is missing.
    NoKeyword,
    /// An octet that is not allowed at this place in a keyword.
    Keyword {
        /// The octet.
        octet: u8,
        /// The offset of the octet in the keyword.
        offset: usize,
    },
    /// Nothing follows the `=`.
    NoValue,
    /// An octet that is not allowed in the value.
    Value {
        /// The octet.
        octet: u8,
        /// The offset of the octet in the value.
        offset: usize,
    },
    /// The value is longer than its parameter allows.
    TooLong {
        /// The greatest length in octets, encoded.
        max: usize,
    },
    /// There are more parameters than a command may have.
    TooMany,
    /// The keyword is present already.
    Repeated,
    /// One of the caller's own parameters has a keyword for which the command has a method.
    Typed,
    /// A known keyword with a value that it does not allow: `SIZE=x`, `BODY=9BIT`, `SMTPUTF8=1`.
    Meaning,
}

impl ParameterError {
    /// Moves the offset of an error in a value by `by` octets, because the value begins later.
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
            Self::NoValue => f.write_str("parameter has no value after its ="),
            Self::Value { octet, offset } => write!(
                f,
                "octet 0x{octet:02X} at offset {offset} is not allowed in a parameter's value"
            ),
            Self::TooLong { max } => write!(f, "parameter's value is longer than {max} octets"),
            Self::TooMany => write!(f, "command has more than {} parameters", Parameters::MAX),
            Self::Repeated => f.write_str("parameter is present twice"),
            Self::Typed => f.write_str("parameter has a method of its own: use that instead"),
            Self::Meaning => f.write_str("parameter does not allow this value"),
        }
    }
}

impl core::error::Error for ParameterError {}
