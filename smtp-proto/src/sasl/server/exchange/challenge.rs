//! The challenge of an exchange, as octets.

use core::fmt;

use crate::sasl::Response;

/// Encodes the octets of a challenge, in any pieces, into the transmit buffer.
///
/// The server creates it for [`Exchange::respond`](super::Exchange::respond). Tests of an exchange create their own:
///
/// ```
/// use smtp_proto::sasl::server::ServerChallenge;
/// let mut text = [0; 16];
/// let mut challenge = ServerChallenge::new(&mut text);
/// challenge.push(b"alice");
/// assert_eq!(challenge.finish(), Some(8));
/// assert_eq!(&text[..8], b"YWxpY2U=");
/// ```
#[derive(Debug)]
pub struct ServerChallenge<'a>(Response<'a>);

impl<'a> ServerChallenge<'a> {
    /// Creates a challenge that is encoded into `output`.
    pub const fn new(output: &'a mut [u8]) -> Self {
        Self(Response::new(output))
    }

    /// Appends octets to the challenge.
    pub fn push(&mut self, octets: &[u8]) {
        self.0.push(octets);
    }

    /// Returns the length in base64, or `None` if the challenge did not fit.
    #[must_use]
    pub fn finish(self) -> Option<usize> {
        self.0.finish()
    }
}

impl fmt::Write for ServerChallenge<'_> {
    /// Appends text. Never fails; [`finish`](Self::finish) reports whether the text has fitted.
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text.as_bytes());
        Ok(())
    }
}
