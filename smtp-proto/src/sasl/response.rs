//! The response of a mechanism: base64 into the transmit buffer, without a copy in between.

use core::fmt;

use crate::writer::Writer;

use super::base64::Encoder;

/// Encodes the octets of a response, in any pieces, into the transmit buffer.
///
/// The client creates it for [`Mechanism::respond`](super::Mechanism::respond). Tests of a mechanism create their
/// own:
///
/// ```
/// use smtp_proto::sasl::Response;
/// let mut text = [0; 16];
/// let mut response = Response::new(&mut text);
/// response.push(b"al");
/// response.push(b"ice");
/// assert_eq!(response.finish(), Some(8));
/// assert_eq!(&text[..8], b"YWxpY2U=");
/// ```
pub struct Response<'a> {
    writer: Writer<'a>,
    encoder: Encoder,
}

impl<'a> Response<'a> {
    /// Creates a response that is encoded into `output`.
    pub const fn new(output: &'a mut [u8]) -> Self {
        Self { writer: Writer::new(output), encoder: Encoder::new() }
    }

    /// Appends octets to the response.
    pub fn push(&mut self, octets: &[u8]) {
        self.encoder.push(octets, &mut |text| self.writer.push(text));
    }

    /// Returns the length in base64, or `None` if the response did not fit. In that case `output` is wiped.
    #[must_use]
    pub fn finish(mut self) -> Option<usize> {
        self.encoder.finish(&mut |text| self.writer.push(text));
        self.writer.finish_or_wipe()
    }
}

impl fmt::Debug for Response<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Response(***)")
    }
}
