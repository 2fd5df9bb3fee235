//! Checks of credentials, and names with escapes (`saslname`).

use core::fmt;

use super::CannotAnswer;

/// A function that receives the pieces of a message in order.
pub(super) type Sink<'s> = dyn FnMut(&[u8]) + 's;

/// Returns whether a text is not empty and has no ASCII control character. `SASLprep` prohibits these (RFC 4013 2.3),
/// and some mechanisms separate fields with them.
pub(super) fn is_clean(text: &str) -> bool {
    !text.is_empty() && !text.bytes().any(|octet| octet.is_ascii_control())
}

/// Returns `Ok` if the mechanism can carry the credentials.
pub(super) fn can_carry(can: bool) -> Result<(), CannotAnswer> {
    if can { Ok(()) } else { Err(CannotAnswer::Stop) }
}

/// Returns whether none of the texts has a NUL. It separates fields in `PLAIN`, and many servers stop reading at a
/// NUL in any mechanism, so they would compare only a part of the password.
pub(super) fn have_no_nul(texts: &[&str]) -> bool {
    !texts.iter().any(|text| text.contains('\0'))
}

/// Writes a name as `saslname` (RFC 5802 7), with `=` and `,` escaped.
pub(super) fn push_name(name: &str, sink: &mut Sink<'_>) {
    for piece in name.split_inclusive([',', '=']) {
        let plain = piece.trim_end_matches([',', '=']);
        sink(plain.as_bytes());
        match &piece[plain.len()..] {
            "," => sink(b"=2C"),
            "=" => sink(b"=3D"),
            _ => {}
        }
    }
}

/// A name as it arrived in a message, with `=2C` for `,` and `=3D` for `=` (`saslname`, RFC 5802 7).
///
/// [`Display`](fmt::Display) and [`matches`](Self::matches) use the decoded name. The peer chose it: escape it before
/// you show it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SaslName<'a>(&'a str);

impl<'a> SaslName<'a> {
    /// Validates a `saslname`: not empty, without control characters and commas, and with `=` only in the two
    /// escapes. Returns `None` otherwise.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut behind = text.split('=').skip(1);
        let escaped = behind.all(|text| text.starts_with("2C") || text.starts_with("3D"));
        (is_clean(text) && !text.contains(',') && escaped).then_some(Self(text))
    }

    /// The name as it arrived, with escapes.
    #[must_use]
    pub const fn as_escaped(self) -> &'a str {
        self.0
    }

    /// Returns whether the decoded name is `name`.
    #[must_use]
    pub fn matches(self, name: &str) -> bool {
        self.chars().eq(name.chars())
    }

    /// Iterates over the characters of the decoded name.
    pub fn chars(self) -> impl Iterator<Item = char> + 'a {
        let mut rest = self.0.chars();
        core::iter::from_fn(move || match rest.next()? {
            '=' => {
                let comma = rest.next() == Some('2');
                rest.next();
                Some(if comma { ',' } else { '=' })
            }
            other => Some(other),
        })
    }
}

impl fmt::Display for SaslName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.chars().try_for_each(|c| fmt::Write::write_char(f, c))
    }
}

impl fmt::Debug for SaslName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SaslName({:?})", self.0)
    }
}

#[cfg(test)]
mod tests {
    extern crate alloc;

    use alloc::{string::ToString, vec::Vec};

    use super::{SaslName, push_name};

    fn escaped(name: &str) -> Vec<u8> {
        let mut text = Vec::new();
        push_name(name, &mut |piece| text.extend_from_slice(piece));
        text
    }

    #[test]
    fn names_come_back_as_they_went() {
        for name in ["user", "a=b,c", "=", ",,", "=2C", "\u{e9}=,", "x="] {
            let text = escaped(name);
            let text = core::str::from_utf8(&text).unwrap();
            let read = SaslName::parse(text).unwrap();
            assert_eq!(read.to_string(), name);
            assert!(read.matches(name) && !read.matches("other"));
        }
        assert_eq!(escaped("a=b,c"), b"a=3Db=2Cc");
    }

    #[test]
    fn other_escapes_are_refused() {
        for text in ["", "a,b", "a=", "a=2c", "a=2", "a==3D", "a\0", "=41"] {
            assert_eq!(SaslName::parse(text), None, "{text:?}");
        }
    }
}
