//! The nonce, random text that makes each exchange unique.

use core::{fmt, str};

use base64::{Engine, engine::general_purpose::STANDARD};

/// The greatest length of a nonce in octets. [`Nonce::from_random`] makes 24.
const MAX: usize = 64;

/// A nonce: 1 to 64 characters of printable ASCII, without a comma (`c-nonce`, RFC 5802 7).
///
/// It has to be random, and new for each exchange: an attacker who has seen an exchange with the same nonce can
/// replay the server's messages.
///
/// ```
/// use smtp_proto::sasl::Nonce;
/// let random = [7; 18]; // from the operating system
/// assert_eq!(Nonce::from_random(random).as_str().len(), 24);
/// assert!(Nonce::new("fyko+d2lbbFgONRv9qkxdawL").is_ok());
/// assert!(Nonce::new("a,b").is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Nonce {
    text: [u8; MAX],
    length: usize,
}

/// A text that is not a nonce: it is empty, too long, or holds a comma, a space or a character that is not printable
/// ASCII.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NonceError;

impl Nonce {
    /// Creates a nonce from 18 random octets.
    #[must_use]
    pub fn from_random(octets: [u8; 18]) -> Self {
        let mut text = [0; MAX];
        // The text has 24 characters, so it always fits.
        let length = STANDARD.encode_slice(octets, &mut text).unwrap_or_default();
        Self { text, length }
    }

    /// Creates a nonce from text of the caller.
    ///
    /// # Errors
    /// [`NonceError`] if the text is not a nonce.
    pub fn new(nonce: &str) -> Result<Self, NonceError> {
        let mut text = [0; MAX];
        let space = text.get_mut(..nonce.len()).ok_or(NonceError)?;
        if nonce.is_empty() || !nonce.bytes().all(is_nonce_octet) {
            return Err(NonceError);
        }
        space.copy_from_slice(nonce.as_bytes());
        Ok(Self { text, length: nonce.len() })
    }

    /// The characters of the nonce.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.text[..self.length]).unwrap_or_default()
    }
}

/// Returns whether an octet is `printable = %x21-2B / %x2D-7E` (RFC 5802 7).
pub(crate) fn is_nonce_octet(octet: u8) -> bool {
    octet.is_ascii_graphic() && octet != b','
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonce(***)")
    }
}

impl fmt::Display for NonceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a nonce is 1 to 64 characters of printable ASCII without a comma")
    }
}

impl core::error::Error for NonceError {}
