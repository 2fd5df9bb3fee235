//! A challenge on its way to the wire.

use core::fmt;

use crate::sasl::Response;

/// Takes the octets of a challenge in any pieces and encodes them into the transmit buffer.
///
/// The server makes one where it is needed; tests of own exchanges make theirs:
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
    /// A challenge that is encoded into `output`.
    pub const fn new(output: &'a mut [u8]) -> Self {
        Self(Response::new(output))
    }

    /// Adds octets to the challenge.
    pub fn push(&mut self, octets: &[u8]) {
        self.0.push(octets);
    }

    /// The length in base64, or `None` when the challenge did not fit.
    #[must_use]
    pub fn finish(self) -> Option<usize> {
        self.0.finish()
    }
}

impl fmt::Write for ServerChallenge<'_> {
    /// Adds text; whether it fits is known at the end.
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text.as_bytes());
        Ok(())
    }
}
