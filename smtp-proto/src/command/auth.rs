//! `AUTH`: starts a SASL authentication (RFC 4954 4).

use core::fmt;

use crate::writer::Writer;

/// The command `AUTH mechanism [initial-response]`, which starts a SASL authentication.
///
/// The client session writes it for the mechanism that it chose (see [`sasl`](crate::sasl)). Construct one only to
/// write the command yourself.
///
/// ```text
/// sasl-mech        = 1*20 ( ALPHA / DIGIT / "-" / "_" )     ; RFC 4422 3.1, in any case here
/// initial-response = base64 / "="                           ; "=" is the empty one
/// ```
///
/// `Debug` does not show the response, which may hold a password.
///
/// ```
/// use smtp_proto::command::{Auth, Command};
///
/// let auth = Auth::new("PLAIN", Some(b"AGEAYg=="))?;
/// assert!(!format!("{auth:?}").contains("AGEA"));
///
/// let mut out = [0; 64];
/// let n = Command::Auth(auth).encode(&mut out).unwrap();
/// assert_eq!(&out[..n], b"AUTH PLAIN AGEAYg==\r\n");
/// # Ok::<(), smtp_proto::command::AuthError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Auth<'a> {
    mechanism: &'a str,
    initial_response: Option<&'a [u8]>,
}

impl<'a> Auth<'a> {
    /// The longest mechanism name in octets.
    pub const MAX_MECHANISM: usize = 20;

    /// Validates a mechanism name, and an initial response that is base64 already. Empty text is the empty response,
    /// which is sent as `=`.
    ///
    /// # Errors
    /// [`AuthError`] if the name or the base64 is not valid.
    pub fn new(mechanism: &'a str, initial_response: Option<&'a [u8]>) -> Result<Self, AuthError> {
        check_mechanism(mechanism.as_bytes())?;
        initial_response.map_or(Ok(()), check_base64)?;
        Ok(Self { mechanism, initial_response })
    }

    /// The name of the mechanism, in the case in which it was given.
    #[must_use]
    pub const fn mechanism(&self) -> &'a str {
        self.mechanism
    }

    /// The initial response as base64 text. `Some(b"")` is the empty response.
    #[must_use]
    pub const fn initial_response(&self) -> Option<&'a [u8]> {
        self.initial_response
    }

    pub(super) fn write(&self, out: &mut Writer<'_>) {
        out.push(b"AUTH ");
        out.push(self.mechanism.as_bytes());
        if let Some(response) = self.initial_response {
            out.push(b" ");
            out.push(if response.is_empty() { b"=" } else { response });
        }
    }
}

impl fmt::Debug for Auth<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth")
            .field("mechanism", &self.mechanism)
            .field("initial_response", &self.initial_response.map(|_| Redacted))
            .finish()
    }
}

/// Takes the place of a secret in `Debug`.
struct Redacted;

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Reports an `AUTH` command that does not follow the grammar. It never contains an octet of the response, which may
/// be part of a secret.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum AuthError {
    /// The mechanism name is empty or has more than 20 octets.
    MechanismLength,
    /// An octet that is not allowed in a mechanism name.
    Mechanism {
        /// The octet.
        octet: u8,
        /// The offset of the octet in the name.
        offset: usize,
    },
    /// The initial response is not base64.
    InitialResponse,
}

impl fmt::Display for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MechanismLength => {
                write!(f, "mechanism name must have 1 to {} octets", Auth::MAX_MECHANISM)
            }
            Self::Mechanism { octet, offset } => {
                write!(
                    f,
                    "octet 0x{octet:02X} at offset {offset} is not allowed in a mechanism name"
                )
            }
            Self::InitialResponse => f.write_str("initial response is not base64"),
        }
    }
}

impl core::error::Error for AuthError {}

fn check_mechanism(name: &[u8]) -> Result<(), AuthError> {
    let allowed = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
    if let Some(offset) = name.iter().position(|octet| !allowed(octet)) {
        return Err(AuthError::Mechanism { octet: name[offset], offset });
    }
    let fits = (1..=Auth::MAX_MECHANISM).contains(&name.len());
    if fits { Ok(()) } else { Err(AuthError::MechanismLength) }
}

/// Checks for groups of four characters, the last of them padded with one or two `=`.
fn check_base64(text: &[u8]) -> Result<(), AuthError> {
    let unpadded = text.strip_suffix(b"==").or_else(|| text.strip_suffix(b"="));
    let digits = unpadded.unwrap_or(text);
    let allowed = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/');
    let whole = text.len() % 4 == 0 && digits.iter().all(allowed);
    if whole { Ok(()) } else { Err(AuthError::InitialResponse) }
}

#[cfg(test)]
mod tests {
    use super::{Auth, AuthError};

    #[test]
    fn responses_are_base64() {
        for good in ["", "AA==", "AAA=", "AAAA", "+/+/AAA="] {
            assert!(Auth::new("PLAIN", Some(good.as_bytes())).is_ok(), "{good}");
        }
        for bad in ["=", "==", "A", "A===", "====", "AA=A", "AAAA\r\n\r\n", "AA A", "AAA_"] {
            let error = Err(AuthError::InitialResponse);
            assert_eq!(Auth::new("PLAIN", Some(bad.as_bytes())), error, "{bad}");
        }
    }

    #[test]
    fn mechanisms_are_short_words() {
        assert!(Auth::new("SCRAM-SHA-256-PLUS_1", None).is_ok());
        assert_eq!(Auth::new("SCRAM-SHA-256-PLUS-12", None), Err(AuthError::MechanismLength));
        assert_eq!(Auth::new("", None), Err(AuthError::MechanismLength));
        let space = AuthError::Mechanism { octet: b' ', offset: 1 };
        assert_eq!(Auth::new("A B", None), Err(space));
    }
}
