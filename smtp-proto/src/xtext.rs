//! `xtext`: the encoding of the parameters `ENVID`, `ORCPT` and `AUTH`, which makes any octets printable ASCII
//! without spaces (RFC 3461 4).
//!
//! ```text
//! xtext   = *( xchar / hexchar )
//! xchar   = any ASCII CHAR between "!" (33) and "~" (126) inclusive, except for "+" and "="
//! hexchar = ASCII "+" immediately followed by two upper case hexadecimal digits
//! ```

use core::fmt;

use crate::{
    hex,
    octets::{self, XCHAR},
    writer::Writer,
};

/// Encodes `plain` as xtext into `out`. Returns the length, at most three times that of `plain`, or `None` if it does
/// not fit.
///
/// Every octet can be encoded. The types of the parameters decide which octets a value may hold.
///
/// ```
/// use smtp_proto::xtext;
///
/// let mut out = [0; 16];
/// let n = xtext::encode(b"a+b=c", &mut out).unwrap();
/// assert_eq!(&out[..n], b"a+2Bb+3Dc");
/// ```
#[must_use]
pub fn encode(plain: &[u8], out: &mut [u8]) -> Option<usize> {
    let mut writer = Writer::new(out);
    write(plain, &mut writer);
    writer.finish()
}

pub(crate) fn write(plain: &[u8], out: &mut Writer<'_>) {
    for &octet in plain {
        encode_octet(octet, out);
    }
}

/// The length of `plain` as xtext, in octets.
#[must_use]
pub fn encoded_len(plain: &[u8]) -> usize {
    plain.iter().map(|&octet| if octets::is(octet, XCHAR) { 1 } else { 3 }).sum()
}

/// A borrowed text that is valid xtext.
///
/// It decodes to octets, which may be UTF-8 or not.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Xtext<'a>(&'a [u8]);

impl<'a> Xtext<'a> {
    /// Validates `text`. Refuses lower-case hexadecimal digits, as the grammar does.
    ///
    /// # Errors
    /// [`XtextError`] with the first octet that is not xtext.
    pub fn parse(text: &'a [u8]) -> Result<Self, XtextError> {
        let mut next = 0;
        loop {
            next = octets::run(text, next, XCHAR);
            match text.get(next..) {
                Some([]) | None => return Ok(Self(text)),
                Some([b'+', high, low, ..]) if hex::upper_octet(*high, *low).is_some() => next += 3,
                Some([octet, ..]) => return Err(XtextError { octet: *octet, offset: next }),
            }
        }
    }

    /// The encoded text, as it was given.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.0
    }

    /// Iterates over the decoded octets.
    #[must_use]
    pub const fn decode(&self) -> Decoded<'a> {
        Decoded(self.0)
    }
}

/// The decoded octets of an [`Xtext`].
#[derive(Clone, Debug)]
pub struct Decoded<'a>(&'a [u8]);

impl Iterator for Decoded<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        let (octet, rest) = decode_octet(self.0)?;
        self.0 = rest;
        Some(octet)
    }
}

/// An octet that is not xtext: neither an `xchar`, nor a `+` followed by two upper-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct XtextError {
    octet: u8,
    offset: usize,
}

impl XtextError {
    /// The octet.
    #[must_use]
    pub const fn octet(&self) -> u8 {
        self.octet
    }

    /// The offset of the octet.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }
}

impl fmt::Display for XtextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "octet 0x{:02X} at offset {} is not xtext", self.octet, self.offset)
    }
}

impl core::error::Error for XtextError {}

pub(crate) fn encode_octet(octet: u8, out: &mut Writer<'_>) {
    if octets::is(octet, XCHAR) {
        out.push(&[octet]);
    } else {
        let [high, low] = hex::upper(octet);
        out.push(&[b'+', high, low]);
    }
}

/// Decodes the first octet of `text`. Returns it and the rest, or `None` if the text does not begin with xtext.
pub(crate) fn decode_octet(text: &[u8]) -> Option<(u8, &[u8])> {
    match text {
        [b'+', high, low, rest @ ..] => Some((hex::upper_octet(*high, *low)?, rest)),
        [octet, rest @ ..] if octets::is(*octet, XCHAR) => Some((*octet, rest)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Xtext, XtextError, encode, encoded_len};

    #[test]
    fn every_octet_comes_back() {
        for octet in 0..=u8::MAX {
            let mut out = [0; 3];
            let length = encode(&[octet], &mut out);
            assert_eq!(length, Some(encoded_len(&[octet])));
            let xtext = Xtext::parse(&out[..length.unwrap_or(0)]);
            assert!(xtext.is_ok_and(|x| x.decode().eq([octet])), "{octet}");
        }
    }

    #[test]
    fn what_is_not_xtext_is_named() {
        for (text, octet, offset) in [
            ("a=b", b'=', 1),
            ("a b", b' ', 1),
            ("a+", b'+', 1),
            ("a+2", b'+', 1),
            ("a+2b", b'+', 1),
            ("+0D\r", b'\r', 3),
            ("é", 0xC3, 0),
        ] {
            assert_eq!(Xtext::parse(text.as_bytes()), Err(XtextError { octet, offset }), "{text}");
        }
    }

    #[test]
    fn output_that_does_not_fit_is_none() {
        assert_eq!(encode(b"a=", &mut [0; 3]), None);
        assert_eq!(encode(b"a=", &mut [0; 4]), Some(4));
        assert_eq!(encoded_len(b"a="), 4);
    }
}
