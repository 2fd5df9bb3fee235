//! Size and kind of content before it is sent, where it is there as a whole.

use memchr::memmem;

use super::scan::{CR, LF};

/// Size and kind of content in the form in which it leaves: every line with CRLF, see
/// [`Newlines::Normalise`](super::Newlines::Normalise).
///
/// ```
/// use smtp_proto::stuffing::Survey;
/// let survey = Survey::of("Grüße\n.\nEnde".as_bytes());
/// assert_eq!((survey.size, survey.eight_bit), (7 + 2 + 1 + 2 + 4 + 2, true));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Survey {
    /// Octets for SIZE (RFC 1870 5): CRLF counts as two, doubled dots and the final dot not at all.
    pub size: u64,
    /// Whether an octet of 0x80 or above is in it, so that 8BITMIME is needed (RFC 6152).
    pub eight_bit: bool,
}

impl Survey {
    /// Looks at the whole content.
    #[must_use]
    pub fn of(content: &[u8]) -> Self {
        let size = lines(content) - folded(content) + last(content);
        Self { size, eight_bit: !content.is_ascii() }
    }
}

/// Octets when a lone CR or LF leaves as both.
fn lines(content: &[u8]) -> u64 {
    let (mut size, mut before) = (content.len() as u64, 0);
    for &octet in content {
        size += u64::from((octet == LF) != (before == CR));
        before = octet;
    }
    size
}

/// Octets of [`lines`] that do not leave, because an LF makes one line end of a run of CRs. Such runs are rare.
fn folded(content: &[u8]) -> u64 {
    let (mut size, mut crs) = (0, 0);
    for &octet in &content[memmem::find(content, b"\r\r").unwrap_or(content.len())..] {
        if octet == LF && crs > 1 {
            size += 2 * (crs - 1);
        }
        crs = if octet == CR { crs + 1 } else { 0 };
    }
    size
}

/// Octets that end the last line.
fn last(content: &[u8]) -> u64 {
    match content.last() {
        None | Some(&LF) => 0,
        Some(&CR) => 1,
        Some(_) => 2,
    }
}
