//! The near limit: code, enhanced code, texts of the lines and whether the reply is whole, resumable, and no more.
//!
//! It knows no limits and says nothing of where an error stands.

use memchr::memchr;

/// One whole reply.
#[derive(Debug, Clone, Copy)]
pub struct NearReply<'a> {
    octets: &'a [u8],
    /// The code, as three digits.
    pub code: [u8; 3],
    /// The enhanced code of the first line that has one.
    pub enhanced: Option<[u16; 3]>,
}

/// Finds one reply after the other.
#[derive(Debug, Default)]
pub struct NearFramer {
    line: usize,
    scanned: usize,
    enhanced: Option<[u16; 3]>,
}

impl NearFramer {
    /// The reply that `input` starts with, `None` while it is incomplete or when it is none.
    #[inline]
    pub fn reply<'a>(&mut self, input: &'a [u8]) -> Option<NearReply<'a>> {
        while let Some(at) = memchr(b'\n', &input[self.scanned..]) {
            let end = self.scanned + at + 1;
            let line = &input[self.line..end];
            (self.line, self.scanned) = (end, end);
            let (code, last) = start(line)?;
            if code != input[..3] {
                return None;
            }
            if self.enhanced.is_none() && code[0] != b'3' {
                self.enhanced = enhanced(&line[4..]).map(|(code, _)| code);
            }
            if last {
                let reply = NearReply { octets: &input[..end], code, enhanced: self.enhanced };
                *self = Self::default();
                return Some(reply);
            }
        }
        self.scanned = input.len();
        None
    }
}

impl<'a> NearReply<'a> {
    /// Its length with line ends.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.octets.len()
    }

    /// Never: there is a code.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    /// The code as a number.
    #[must_use]
    pub fn number(&self) -> usize {
        self.code.iter().fold(0, |number, digit| 10 * number + usize::from(digit - b'0'))
    }

    /// The text of each line, without codes and line end.
    #[inline]
    pub fn lines(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let coded = self.enhanced.is_some();
        let mut rest = self.octets;
        core::iter::from_fn(move || {
            let end = memchr(b'\n', rest)?;
            let text = rest[4..end].strip_suffix(b"\r").unwrap_or_default();
            rest = &rest[end + 1..];
            Some(if coded {
                enhanced(text).map_or(text, |(_, length)| &text[length..])
            } else {
                text
            })
        })
    }
}

/// The code of a line, and whether the line is the last.
#[inline]
fn start(line: &[u8]) -> Option<([u8; 3], bool)> {
    match *line {
        [a @ b'2'..=b'5', b @ b'0'..=b'9', c @ b'0'..=b'9', separator @ (b' ' | b'-'), ..] => {
            Some(([a, b, c], separator == b' '))
        }
        _ => None,
    }
}

/// The enhanced code that a text starts with, and how long it is with the space behind it.
#[inline]
fn enhanced(text: &[u8]) -> Option<([u16; 3], usize)> {
    let [class @ (b'2' | b'4' | b'5'), b'.', rest @ ..] = text else { return None };
    let (subject, used) = number(rest)?;
    let rest = rest[used..].strip_prefix(b".")?;
    let (detail, more) = number(rest)?;
    let space = usize::from(*rest.get(more)? == b' ');
    Some(([u16::from(class - b'0'), subject, detail], 3 + used + more + space))
}

/// One to three digits, and how many.
#[inline]
fn number(text: &[u8]) -> Option<(u16, usize)> {
    let digits = text.iter().take(3).take_while(|octet| octet.is_ascii_digit());
    let (value, count) =
        digits.fold((0, 0), |(value, n), digit| (10 * value + u16::from(digit - b'0'), n + 1));
    (count > 0).then_some((value, count))
}
