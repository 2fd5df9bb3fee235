//! Hexadecimal digits, for xtext, the Unicode escapes of DSN, CRAM-MD5 and the search for echoed secrets.

/// Returns the octet that two hexadecimal digits of any case stand for.
pub(crate) fn octet(pair: &[u8]) -> Option<u8> {
    let &[high, low] = pair else { return None };
    Some(digit(high)? << 4 | digit(low)?)
}

/// Returns the octet that two upper case hexadecimal digits stand for.
pub(crate) fn upper_octet(high: u8, low: u8) -> Option<u8> {
    Some(upper_digit(high)? << 4 | upper_digit(low)?)
}

/// Returns the value of an upper case hexadecimal digit. RFC 3461 and RFC 6533 forbid lower case.
pub(crate) fn upper_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// Writes `octet` as two upper case digits.
pub(crate) fn upper(octet: u8) -> [u8; 2] {
    [UPPER[usize::from(octet >> 4)], UPPER[usize::from(octet & 15)]]
}

/// Writes `octet` as two lower case digits.
#[cfg(feature = "cram-md5")]
pub(crate) fn lower(octet: u8) -> [u8; 2] {
    let mut digits = upper(octet);
    digits.make_ascii_lowercase();
    digits
}

/// The upper case digits, by their value.
pub(crate) const UPPER: &[u8; 16] = b"0123456789ABCDEF";

fn digit(digit: u8) -> Option<u8> {
    upper_digit(digit.to_ascii_uppercase())
}
