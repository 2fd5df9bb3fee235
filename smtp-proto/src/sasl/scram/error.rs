//! What ends an exchange.

use core::fmt;

/// Why an exchange did not succeed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ScramError {
    /// The caller's user, password or identity is empty or has a control character, or the channel
    /// binding has no data. Nothing was said.
    Credentials,
    /// The nonce has served an exchange already, see [`Scram::renew`](super::Scram::renew). Nothing
    /// was said.
    NonceUsed,
    /// The server's message is no message of SCRAM, or one that has no place here.
    Malformed,
    /// The server's message has an extension that must be understood (`m=`).
    Extension,
    /// The server's nonce is not the client's with more behind it: its message is not for this
    /// exchange.
    Nonce,
    /// Fewer iterations than the client accepts: the server, or somebody in the middle, wants a
    /// proof that is cheap to guess the password from.
    TooFewIterations {
        /// The number that the server asks for.
        count: u32,
        /// The fewest that the client accepts.
        limit: u32,
    },
    /// More iterations than the client accepts, see
    /// [`Password::with_iterations`](crate::sasl::Password::with_iterations).
    TooManyIterations {
        /// The number that the server asks for; `u32::MAX` also for what is beyond that.
        count: u32,
        /// The most that the client accepts.
        limit: u32,
    },
    /// The server's signature is wrong: it does not know the password.
    Signature,
    /// The server says what is wrong.
    Server(ServerError),
}

impl fmt::Display for ScramError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credentials => f.write_str("credentials that SCRAM cannot carry"),
            Self::NonceUsed => f.write_str("the nonce has been used before"),
            Self::Malformed => f.write_str("the server's message is no message of SCRAM"),
            Self::Extension => f.write_str("the server demands an unknown extension of SCRAM"),
            Self::Nonce => f.write_str("the server's nonce does not belong to this exchange"),
            Self::TooFewIterations { count, limit } => {
                write!(f, "the server asks for {count} iterations of SCRAM, fewer than {limit}")
            }
            Self::TooManyIterations { count, limit } => {
                write!(f, "the server asks for {count} iterations of SCRAM, more than {limit}")
            }
            Self::Signature => f.write_str("the server's signature is wrong"),
            Self::Server(error) => write!(f, "the server says: {error}"),
        }
    }
}

impl core::error::Error for ScramError {}

/// `server-error-value` (RFC 5802 7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ServerError {
    /// The message is no message of SCRAM.
    InvalidEncoding,
    /// An `m=` that is not known.
    ExtensionsNotSupported,
    /// The password is wrong.
    InvalidProof,
    /// The two sides are in different TLS sessions: somebody is in the middle.
    ChannelBindingsDontMatch,
    /// The client believes that the server cannot bind, but it can: its offer was changed.
    ServerDoesSupportChannelBinding,
    /// The server cannot bind.
    ChannelBindingNotSupported,
    /// The server cannot bind in this way.
    UnsupportedChannelBindingType,
    /// No such user.
    UnknownUser,
    /// The user's name has octets or escapes that it may not have.
    InvalidUsernameEncoding,
    /// The server lacks resources.
    NoResources,
    /// Anything else.
    Other,
}

impl ServerError {
    const ALL: [ServerError; 11] = [
        Self::InvalidEncoding,
        Self::ExtensionsNotSupported,
        Self::InvalidProof,
        Self::ChannelBindingsDontMatch,
        Self::ServerDoesSupportChannelBinding,
        Self::ChannelBindingNotSupported,
        Self::UnsupportedChannelBindingType,
        Self::UnknownUser,
        Self::InvalidUsernameEncoding,
        Self::NoResources,
        Self::Other,
    ];

    /// The value as it stands behind `e=`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidEncoding => "invalid-encoding",
            Self::ExtensionsNotSupported => "extensions-not-supported",
            Self::InvalidProof => "invalid-proof",
            Self::ChannelBindingsDontMatch => "channel-bindings-dont-match",
            Self::ServerDoesSupportChannelBinding => "server-does-support-channel-binding",
            Self::ChannelBindingNotSupported => "channel-binding-not-supported",
            Self::UnsupportedChannelBindingType => "unsupported-channel-binding-type",
            Self::UnknownUser => "unknown-user",
            Self::InvalidUsernameEncoding => "invalid-username-encoding",
            Self::NoResources => "no-resources",
            Self::Other => "other-error",
        }
    }

    /// Reads the value; what is unknown is [`Other`](Self::Other), as RFC 5802 7 has it.
    #[must_use]
    pub fn parse(value: &str) -> Self {
        let known = Self::ALL.into_iter().find(|error| error.as_str() == value);
        known.unwrap_or(Self::Other)
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl core::error::Error for ServerError {}
