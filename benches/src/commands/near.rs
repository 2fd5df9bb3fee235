//! The near limits: copies into a slice that may be too short, and one pass over an address.

/// Which octets may stand in an address: a bit for a local part, one for a domain.
static KINDS: [u8; 256] = kinds();
const LOCAL: u8 = 1;
const DOMAIN: u8 = 2;

const fn kinds() -> [u8; 256] {
    let mut kinds = [0; 256];
    let mut octet = 0;
    while octet < 128 {
        #[allow(clippy::cast_possible_truncation, reason = "below 128")]
        let character = octet as u8;
        if character.is_ascii_alphanumeric() || matches!(character, b'-' | b'.') {
            kinds[octet] = LOCAL | DOMAIN;
        } else if character.is_ascii_graphic() && !matches!(character, b'(' | b')' | b'<' | b'>') {
            kinds[octet] =
                if matches!(character, b'@' | b'"' | b',' | b':' | b';' | b'[' | b'\\' | b']') {
                    0
                } else {
                    LOCAL
                };
        }
        octet += 1;
    }
    kinds
}

/// Atoms and labels of sane length, no quoted strings, no literals.
pub(super) fn is_address(address: &str) -> bool {
    let octets = address.as_bytes();
    let Some(at) = memchr::memchr(b'@', octets) else { return false };
    is_dotted(&octets[..at], LOCAL, 64) && is_dotted(&octets[at + 1..], DOMAIN, 63)
}

fn is_dotted(octets: &[u8], kind: u8, most: usize) -> bool {
    let mut length = 0;
    for &octet in octets {
        if KINDS[usize::from(octet)] & kind == 0 || (octet == b'.' && length == 0) {
            return false;
        }
        length = if octet == b'.' { 0 } else { length + 1 };
        if length > most {
            return false;
        }
    }
    length > 0
}

pub(super) fn rcpt(address: &str, out: &mut [u8]) -> Option<usize> {
    let out = put(out, b"RCPT TO:<")?;
    let out = put(out, address.as_bytes())?;
    put(out, b">\r\n")?;
    Some(12 + address.len())
}

pub(super) fn mail(address: &str, size: u64, out: &mut [u8]) -> Option<usize> {
    let before = out.len();
    let out = put(out, b"MAIL FROM:<")?;
    let out = put(out, address.as_bytes())?;
    let out = put(out, b"> SIZE=")?;
    let mut digits = [0; 20];
    let out = put(out, decimal(size, &mut digits))?;
    let out = put(out, b" BODY=8BITMIME\r\n")?;
    Some(before - out.len())
}

fn put<'o>(out: &'o mut [u8], octets: &[u8]) -> Option<&'o mut [u8]> {
    let (space, rest) = out.split_at_mut_checked(octets.len())?;
    space.copy_from_slice(octets);
    Some(rest)
}

fn decimal(mut number: u64, digits: &mut [u8; 20]) -> &[u8] {
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
        if number == 0 {
            return &digits[start..];
        }
    }
}
