//! The messages of a SCRAM server (RFC 5802 7).

use core::str;

use super::{
    error::{ScramError, ServerError},
    nonce::is_nonce_octet,
};

/// `server-first-message = nonce "," salt "," iteration-count ["," extensions]`.
pub(super) struct ServerFirst<'a> {
    /// The nonce: the client's part, then the server's.
    pub(super) nonce: &'a str,
    /// The salt, in base64.
    pub(super) salt: &'a str,
    /// The number of iterations, or `u32::MAX` if it is greater.
    pub(super) iterations: u32,
}

impl<'a> ServerFirst<'a> {
    pub(super) fn parse(octets: &'a [u8]) -> Result<Self, ScramError> {
        let text = read_text(octets)?;
        let mut attributes = text.split(',');
        let mut required = |name| {
            let value = attributes.next().and_then(|text| attribute(text, name));
            value.ok_or(ScramError::Malformed)
        };
        let (nonce, salt, count) = (required("r=")?, required("s=")?, required("i=")?);
        check_extensions(attributes)?;
        Ok(Self { nonce, salt, iterations: read_count(count)? })
    }

    /// Returns whether the nonce is that of the client, followed by one or more characters.
    pub(super) fn continues(&self, client_nonce: &str) -> bool {
        let more = self.nonce.strip_prefix(client_nonce);
        more.is_some_and(|more| !more.is_empty() && more.bytes().all(is_nonce_octet))
    }
}

/// Returns the text after `v=` in `server-final-message = verifier ["," extensions]`.
pub(super) fn server_signature(octets: &[u8]) -> Result<&str, ScramError> {
    let mut attributes = read_text(octets)?.split(',');
    let verifier = attributes.next().and_then(|text| attribute(text, "v="));
    check_extensions(attributes)?;
    verifier.ok_or(ScramError::Malformed)
}

/// Returns the message as text, unless it is an error or starts with a mandatory extension.
fn read_text(octets: &[u8]) -> Result<&str, ScramError> {
    let text = str::from_utf8(octets).map_err(|_| ScramError::Malformed)?;
    if text.starts_with("m=") {
        return Err(ScramError::Extension);
    }
    match text.strip_prefix("e=") {
        Some(error) => {
            let value = error.split(',').next().unwrap_or_default();
            Err(ScramError::Server(ServerError::parse(value)))
        }
        None => Ok(text),
    }
}

/// Returns the value after a name. A value is never empty.
pub(crate) fn attribute<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.strip_prefix(name).filter(|value| !value.is_empty())
}

/// Checks `extensions = attr-val *("," attr-val)`. All are ignored, except the mandatory one, which is an error.
pub(crate) fn check_extensions<'a>(
    mut extensions: impl Iterator<Item = &'a str>,
) -> Result<(), ScramError> {
    extensions.try_for_each(|extension| match extension.as_bytes() {
        [b'm', b'=', ..] => Err(ScramError::Extension),
        [name, b'=', _, ..] if name.is_ascii_alphabetic() => Ok(()),
        _ => Err(ScramError::Malformed),
    })
}

/// Parses `posit-number = %x31-39 *DIGIT`. Returns `u32::MAX` for a greater number.
fn read_count(text: &str) -> Result<u32, ScramError> {
    if text.starts_with('0') || !text.bytes().all(|octet| octet.is_ascii_digit()) {
        return Err(ScramError::Malformed);
    }
    Ok(text.parse().unwrap_or(u32::MAX))
}
