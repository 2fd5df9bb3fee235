//! The random text that makes every exchange another one.

use core::{fmt, str};

use base64::{Engine, engine::general_purpose::STANDARD};

/// Octets of a nonce; 24 come from [`Nonce::from_random`].
const MAX: usize = 64;

/// A nonce: 1 to 64 characters of printable ASCII, without a comma (`c-nonce`, RFC 5802 7).
///
/// It has to be random and new for every exchange: whoever has seen an exchange with the same nonce
/// can play the server's part of it again.
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

/// Why a text is no nonce: it is empty, too long, or holds what is not printable, a space or a comma.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NonceError;

impl Nonce {
    /// A nonce from 18 random octets.
    #[must_use]
    pub fn from_random(octets: [u8; 18]) -> Self {
        let mut text = [0; MAX];
        // 24 characters always fit.
        let length = STANDARD.encode_slice(octets, &mut text).unwrap_or_default();
        Self { text, length }
    }

    /// A nonce that the caller has made.
    ///
    /// # Errors
    /// [`NonceError`] for what is no nonce.
    pub fn new(nonce: &str) -> Result<Self, NonceError> {
        let mut text = [0; MAX];
        let space = text.get_mut(..nonce.len()).ok_or(NonceError)?;
        if nonce.is_empty() || !nonce.bytes().all(is_nonce_octet) {
            return Err(NonceError);
        }
        space.copy_from_slice(nonce.as_bytes());
        Ok(Self { text, length: nonce.len() })
    }

    /// Its characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.text[..self.length]).unwrap_or_default()
    }
}

/// `printable = %x21-2B / %x2D-7E` (RFC 5802 7).
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
