//! The error of parsing a command line.

use core::fmt;

use crate::{
    address::{AddressError, DomainError},
    parameter::ParameterError,
};

use super::{ArgumentError, AuthError};

/// Reports the part of a command line that a server cannot accept.
///
/// `offset` counts octets from the start of the line to the part in question. An error inside has offsets that count
/// from the start of that part. [`reply_code`](Self::reply_code) gives the code of the reply.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum CommandError {
    /// The line does not begin with a verb that this crate knows.
    UnknownVerb,
    /// The verb needs an argument, and there is none.
    NoArgument,
    /// An octet where the command should end, or should go on in another way.
    Unexpected {
        /// The octet.
        octet: u8,
        /// The offset of the octet.
        offset: usize,
    },
    /// `FROM:` or `TO:`, followed by a path in angle brackets, is missing.
    NoPath {
        /// The offset at which it should be.
        offset: usize,
    },
    /// The text between the angle brackets is not a path.
    Path {
        /// The offset at which the path begins, after its bracket.
        offset: usize,
        /// The reason.
        error: AddressError,
    },
    /// The client's name in `EHLO`, `HELO` or `LHLO` is neither a domain nor an address literal.
    Name {
        /// The offset at which the name begins.
        offset: usize,
        /// The reason.
        error: DomainError,
    },
    /// A parameter is malformed, is present twice, or has a value that is not allowed.
    Parameter {
        /// The offset at which the parameter begins.
        offset: usize,
        /// The reason.
        error: ParameterError,
    },
    /// The argument of `VRFY`, `EXPN`, `HELP` or `NOOP` is not valid text.
    Argument {
        /// The offset at which the argument begins.
        offset: usize,
        /// The reason.
        error: ArgumentError,
    },
    /// The size of a chunk is not a number, or needs more than 64 bits.
    ChunkSize {
        /// The offset at which the size begins.
        offset: usize,
    },
    /// The argument of `AUTH` is malformed.
    Auth {
        /// The offset at which the argument begins.
        offset: usize,
        /// The reason.
        error: AuthError,
    },
}

impl CommandError {
    /// The code of the reply that fits (RFC 5321 4.2.2): 500 for an unknown verb, otherwise 501.
    ///
    /// A well-formed parameter that the server does not know is no error here; the server replies 555 to it.
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
            Self::NoPath { offset } => {
                write!(f, "no FROM: or TO: with a path in angle brackets at offset {offset}")
            }
            Self::Path { offset, error } => write!(f, "path at offset {offset}: {error}"),
            Self::Name { offset, error } => write!(f, "name at offset {offset}: {error}"),
            Self::Parameter { offset, error } => {
                write!(f, "parameter at offset {offset}: {error}")
            }
            Self::Argument { offset, error } => write!(f, "argument at offset {offset}: {error}"),
            Self::ChunkSize { offset } => {
                write!(f, "chunk size at offset {offset} is not a number of 64 bits")
            }
            Self::Auth { offset, error } => write!(f, "argument at offset {offset}: {error}"),
        }
    }
}

impl core::error::Error for CommandError {}
