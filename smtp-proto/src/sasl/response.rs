//! The response of a mechanism: base64 into the transmit buffer, without a copy in between.

use core::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroize;

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
    output: &'a mut [u8],
    written: usize,
    /// Octets that do not fill a group of three yet.
    carry: [u8; 3],
    carried: usize,
    overflow: bool,
}

impl<'a> Response<'a> {
    /// Creates a response that is encoded into `output`.
    pub const fn new(output: &'a mut [u8]) -> Self {
        Self { output, written: 0, carry: [0; 3], carried: 0, overflow: false }
    }

    /// Appends octets to the response.
    pub fn push(&mut self, mut octets: &[u8]) {
        while self.carried > 0 && !octets.is_empty() {
            self.carry[self.carried] = octets[0];
            self.carried = (self.carried + 1) % 3;
            octets = &octets[1..];
            if self.carried == 0 {
                let group = self.carry;
                self.encode(&group);
            }
        }
        let whole = octets.len() / 3 * 3;
        self.encode(&octets[..whole]);
        for &octet in &octets[whole..] {
            self.carry[self.carried] = octet;
            self.carried += 1;
        }
    }

    /// Returns the length in base64, or `None` if the response did not fit. In that case `output` is wiped.
    #[must_use]
    pub fn finish(mut self) -> Option<usize> {
        let (rest, carried) = (self.carry, self.carried);
        self.encode(&rest[..carried]);
        if self.overflow {
            // The caller does not know of these octets, so it cannot wipe them.
            self.output.zeroize();
        }
        (!self.overflow).then_some(self.written)
    }

    fn encode(&mut self, octets: &[u8]) {
        match STANDARD.encode_slice(octets, &mut self.output[self.written..]) {
            Ok(written) => self.written += written,
            Err(_) => self.overflow = true,
        }
    }
}

impl Drop for Response<'_> {
    fn drop(&mut self) {
        self.carry.zeroize();
    }
}

impl fmt::Debug for Response<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Response(***)")
    }
}
