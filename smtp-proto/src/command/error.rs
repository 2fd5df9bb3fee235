//! Why a command line was refused.

use core::fmt;

use super::{ArgumentError, AuthError};
use crate::address::{AddressError, DomainError};
use crate::parameter::ParameterError;

/// Why a command line was refused. `offset` is where the part in question begins in the line; an
/// error inside has offsets within that part.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum CommandError {
    /// The line does not begin with a verb that is known here.
    UnknownVerb,
    /// The verb needs an argument.
    NoArgument,
    /// The command is over, or goes on in another way.
    Unexpected {
        /// The octet.
        octet: u8,
        /// Where it is.
        offset: usize,
    },
    /// No `FROM:` or `TO:` with a path in angle brackets behind it.
    NoPath {
        /// Where it should be.
        offset: usize,
    },
    /// What stands between the angle brackets is no path.
    Path {
        /// Where the path begins, behind its bracket.
        offset: usize,
        /// What is wrong with it.
        error: AddressError,
    },
    /// The client's name is neither a domain nor an address literal.
    Name {
        /// Where the name begins.
        offset: usize,
        /// What is wrong with it.
        error: DomainError,
    },
    /// A parameter is malformed, there already, or has a value it cannot have.
    Parameter {
        /// Where the parameter begins.
        offset: usize,
        /// What is wrong with it.
        error: ParameterError,
    },
    /// The argument is no text.
    Argument {
        /// Where the argument begins.
        offset: usize,
        /// What is wrong with it.
        error: ArgumentError,
    },
    /// The size of a chunk is no number, or one that 64 bits cannot hold.
    ChunkSize {
        /// Where the size begins.
        offset: usize,
    },
    /// The argument of AUTH is malformed.
    Auth {
        /// Where the argument begins.
        offset: usize,
        /// What is wrong with it.
        error: AuthError,
    },
}

impl CommandError {
    /// The reply code that fits (RFC 5321 4.2.2): 500 for a verb that is not known, else 501. A
    /// parameter that is well formed but not known is no error here; a server answers it with 555.
    #[must_use]
    pub const fn reply_code(&self) -> u16 {
        match self {
            Self::UnknownVerb => 500,
            _ => 501,
        }
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownVerb => f.write_str("unknown command"),
            Self::NoArgument => f.write_str("command needs an argument"),
            Self::Unexpected { octet, offset } => {
                write!(f, "unexpected octet 0x{octet:02X} at offset {offset}")
            }
            Self::NoPath { offset } => write!(f, "no path at offset {offset}"),
            Self::Path { offset, error } => write!(f, "path at offset {offset}: {error}"),
            Self::Name { offset, error } => write!(f, "name at offset {offset}: {error}"),
            Self::Parameter { offset, error } => {
                write!(f, "parameter at offset {offset}: {error}")
            }
            Self::Argument { offset, error } => write!(f, "argument at offset {offset}: {error}"),
            Self::ChunkSize { offset } => write!(f, "no size of a chunk at offset {offset}"),
            Self::Auth { offset, error } => write!(f, "argument at offset {offset}: {error}"),
        }
    }
}

impl core::error::Error for CommandError {}
