//! The errors of a SCRAM exchange.

use core::fmt;

/// The reason for which a SCRAM exchange failed on the client's side.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ScramError {
    /// The user, the password or the identity is empty or has a control character, or the channel binding has no
    /// data. Nothing was sent.
    Credentials,
    /// The nonce was used in an earlier exchange; see [`Scram::renew`](super::Scram::renew). Nothing was sent.
    NonceUsed,
    /// The message of the server is not a SCRAM message, or not the one that comes next.
    Malformed,
    /// The message of the server has a mandatory extension (`m=`), which this crate does not know.
    Extension,
    /// The nonce of the server does not begin with that of the client: its message does not belong to this exchange.
    Nonce,
    /// The server asks for fewer iterations than the client accepts. It may be an attacker who wants a proof from
    /// which the password is cheap to guess.
    TooFewIterations {
        /// The number that the server asks for.
        count: u32,
        /// The least number that the client accepts.
        limit: u32,
    },
    /// The server asks for more iterations than the client accepts; see
    /// [`Password::with_iterations`](crate::sasl::Password::with_iterations).
    TooManyIterations {
        /// The number that the server asks for, or `u32::MAX` if it is greater.
        count: u32,
        /// The greatest number that the client accepts.
        limit: u32,
    },
    /// The signature of the server is wrong: it does not know the password.
    Signature,
    /// The server reports an error.
    Server(ServerError),
}

impl fmt::Display for ScramError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credentials => f.write_str(
                "SCRAM cannot carry the credentials: they are empty or have a control character",
            ),
            Self::NonceUsed => f.write_str("the nonce has been used before: set a new one"),
            Self::Malformed => f.write_str("the server's message is not a valid SCRAM message"),
            Self::Extension => f.write_str("the server requires an unknown SCRAM extension"),
            Self::Nonce => f.write_str("the server's nonce does not belong to this exchange"),
            Self::TooFewIterations { count, limit } => {
                write!(f, "the server asks for {count} iterations of SCRAM, fewer than {limit}")
            }
            Self::TooManyIterations { count, limit } => {
                write!(f, "the server asks for {count} iterations of SCRAM, more than {limit}")
            }
            Self::Signature => {
                f.write_str("the server's signature is wrong: it does not know the password")
            }
            Self::Server(error) => write!(f, "the server reports a SCRAM error: {error}"),
        }
    }
}

impl core::error::Error for ScramError {}

/// An error that a SCRAM server reports: `server-error-value` (RFC 5802 7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ServerError {
    /// The message is not a SCRAM message.
    InvalidEncoding,
    /// The message has a mandatory extension (`m=`) that the server does not know.
    ExtensionsNotSupported,
    /// The password is wrong.
    InvalidProof,
    /// Client and server are in different TLS sessions: an attacker is in the middle.
    ChannelBindingsDontMatch,
    /// The client believes that the server does not support channel binding, but it does: an attacker has removed its
    /// offer.
    ServerDoesSupportChannelBinding,
    /// The server does not support channel binding.
    ChannelBindingNotSupported,
    /// The server does not support this type of channel binding.
    UnsupportedChannelBindingType,
    /// There is no such user.
    UnknownUser,
    /// The user name has octets or escapes that are not allowed.
    InvalidUsernameEncoding,
    /// The server lacks resources.
    NoResources,
    /// Another error.
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

    /// The value that follows `e=` in a message.
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

    /// Parses a value. An unknown value becomes [`Other`](Self::Other), as RFC 5802 7 requires.
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
