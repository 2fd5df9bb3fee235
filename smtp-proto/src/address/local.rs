//! Validation of the local part, the text before the `@` (RFC 5321 4.1.2):
//!
//! ```text
//! Local-part    = Dot-string / Quoted-string
//! Dot-string    = Atom *("."  Atom)
//! Quoted-string = DQUOTE *( qtextSMTP / "\" %d32-126 ) DQUOTE
//! ```

use crate::octets::{self, ATEXT, QTEXT};

use super::{Address, AddressError};

/// Validates the local part at the start of `octets`, and returns the offset of its `@`.
#[inline]
pub(super) fn check(octets: &[u8]) -> Result<usize, AddressError> {
    check_with(octets, dot_string, Address::MAX_LOCAL_PART)
}

/// Validates a local part like [`check`], but accepts dots anywhere and up to 255 octets.
pub(super) fn check_lenient(octets: &[u8]) -> Result<usize, AddressError> {
    check_with(octets, atoms_and_dots, Address::MAX_LENIENT_LOCAL_PART)
}

#[inline]
fn check_with(
    octets: &[u8],
    unquoted: fn(&[u8]) -> Result<usize, AddressError>,
    limit: usize,
) -> Result<usize, AddressError> {
    let at = match octets.first() {
        None => Err(AddressError::Empty),
        Some(b'@') => Err(AddressError::NoLocalPart),
        Some(b'"') => quoted_string(octets),
        Some(_) => unquoted(octets),
    }?;
    if at > limit { Err(AddressError::LocalPartTooLong { limit }) } else { Ok(at) }
}

fn atoms_and_dots(octets: &[u8]) -> Result<usize, AddressError> {
    let mut end = 0;
    loop {
        end = octets::run(octets, end, ATEXT);
        match octets.get(end) {
            Some(b'@') => return Ok(end),
            Some(b'.') => end += 1,
            Some(&octet) => return Err(AddressError::Octet { octet, offset: end }),
            None => return Err(AddressError::NoAt),
        }
    }
}

#[inline]
fn dot_string(octets: &[u8]) -> Result<usize, AddressError> {
    let mut start = 0;
    loop {
        let end = octets::run(octets, start, ATEXT);
        match octets.get(end) {
            Some(b'@' | b'.') | None if end == start => {
                return Err(AddressError::Dot { offset: start });
            }
            Some(b'@') => return Ok(end),
            Some(b'.') => start = end + 1,
            Some(&octet) => return Err(AddressError::Octet { octet, offset: end }),
            None => return Err(AddressError::NoAt),
        }
    }
}

fn quoted_string(octets: &[u8]) -> Result<usize, AddressError> {
    let mut next = 1;
    loop {
        next = octets::run(octets, next, QTEXT);
        match octets.get(next) {
            Some(b'"') => return at_sign(octets, next + 1),
            Some(b'\\') => next = quoted_pair(octets, next + 1)?,
            Some(&octet) => return Err(AddressError::Octet { octet, offset: next }),
            None => return Err(AddressError::UnclosedQuote),
        }
    }
}

/// Accepts only printable ASCII after a backslash: quoting does not make a line end safe.
fn quoted_pair(octets: &[u8], offset: usize) -> Result<usize, AddressError> {
    match octets.get(offset) {
        Some(b' '..=b'~') => Ok(offset + 1),
        Some(&octet) => Err(AddressError::Octet { octet, offset }),
        None => Err(AddressError::UnclosedQuote),
    }
}

fn at_sign(octets: &[u8], offset: usize) -> Result<usize, AddressError> {
    match octets.get(offset) {
        Some(b'@') => Ok(offset),
        Some(&octet) => Err(AddressError::Octet { octet, offset }),
        None => Err(AddressError::NoAt),
    }
}

#[cfg(test)]
mod tests {
    use super::{AddressError, check};

    #[test]
    fn sixty_four_octets_are_the_limit() {
        let mut octets = [b'a'; 67];
        octets[64] = b'@';
        assert_eq!(check(&octets), Ok(64));
        octets[64] = b'a';
        octets[65] = b'@';
        assert_eq!(check(&octets), Err(AddressError::LocalPartTooLong { limit: 64 }));
    }
}
