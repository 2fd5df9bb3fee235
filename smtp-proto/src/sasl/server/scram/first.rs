//! The first message of a client.

use core::str;

use crate::sasl::{
    scram::{ScramError, ServerError, attribute, check_extensions, is_nonce_octet},
    text::SaslName,
};

use super::binding::{ClientBinding, read_flag};

/// The first message of a SCRAM client: its user name, nonce and channel binding.
#[derive(Clone, Copy, Debug)]
pub struct ClientFirst<'a> {
    pub(super) binding: ClientBinding<'a>,
    authorization: Option<SaslName<'a>>,
    user: SaslName<'a>,
    pub(super) nonce: &'a str,
    pub(super) header: &'a str,
    pub(super) bare: &'a str,
}

impl<'a> ClientFirst<'a> {
    /// Parses `client-first-message` (RFC 5802 7).
    ///
    /// # Errors
    /// [`ServerError`], which the server can send after `e=`, or replace by a 535 alone.
    pub fn parse(octets: &'a [u8]) -> Result<Self, ServerError> {
        let text = str::from_utf8(octets).map_err(|_| ServerError::InvalidEncoding)?;
        let (flag, rest) = text.split_once(',').ok_or(ServerError::InvalidEncoding)?;
        let (identity, bare) = rest.split_once(',').ok_or(ServerError::InvalidEncoding)?;
        let mut attributes = bare.split(',');
        let user = required(attributes.next(), "n=")?;
        let nonce = required(attributes.next(), "r=")?;
        ignore_extensions(attributes)?;
        let authorization = match identity {
            "" => None,
            identity => Some(name(required(Some(identity), "a=")?)?),
        };
        if !nonce.bytes().all(is_nonce_octet) {
            return Err(ServerError::InvalidEncoding);
        }
        let header = &text[..text.len() - bare.len()];
        let (binding, user) = (read_flag(flag)?, name(user)?);
        Ok(Self { binding, authorization, user, nonce, header, bare })
    }

    /// The user name that the client claims.
    #[must_use]
    pub const fn user(&self) -> SaslName<'a> {
        self.user
    }

    /// The identity as which the client wants to act, if it names one. The caller decides whether that is allowed.
    #[must_use]
    pub const fn authorization(&self) -> Option<SaslName<'a>> {
        self.authorization
    }

    /// The channel binding of the client.
    #[must_use]
    pub const fn binding(&self) -> ClientBinding<'a> {
        self.binding
    }
}

/// Returns the value of a mandatory attribute.
pub(super) fn required<'a>(text: Option<&'a str>, key: &str) -> Result<&'a str, ServerError> {
    match text {
        Some(text) if text.starts_with("m=") => Err(ServerError::ExtensionsNotSupported),
        Some(text) => attribute(text, key).ok_or(ServerError::InvalidEncoding),
        None => Err(ServerError::InvalidEncoding),
    }
}

/// Ignores extensions, except a mandatory one, which is an error.
pub(super) fn ignore_extensions<'a>(
    extensions: impl Iterator<Item = &'a str>,
) -> Result<(), ServerError> {
    check_extensions(extensions).map_err(|error| match error {
        ScramError::Extension => ServerError::ExtensionsNotSupported,
        _ => ServerError::InvalidEncoding,
    })
}

fn name(text: &str) -> Result<SaslName<'_>, ServerError> {
    SaslName::parse(text).ok_or(ServerError::InvalidUsernameEncoding)
}
