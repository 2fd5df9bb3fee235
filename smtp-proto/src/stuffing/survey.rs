//! Size and kind of whole content, before it is sent.

use memchr::memmem;

use super::scan::{CR, LF};

/// Size and kind of content as it will be sent, with CRLF at the end of each line; see
/// [`Newlines::Normalise`](super::Newlines::Normalise).
///
/// Use it to declare `SIZE` and `BODY` for content that is in memory as a whole.
///
/// ```
/// use smtp_proto::stuffing::Survey;
/// let survey = Survey::of("Grüße\n.\nEnde".as_bytes());
/// assert_eq!((survey.size, survey.eight_bit), (7 + 2 + 1 + 2 + 4 + 2, true));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Survey {
    /// The size in octets for `SIZE` (RFC 1870 5): CRLF counts as two, added dots and the final dot do not count.
    pub size: u64,
    /// The content has an octet of 0x80 or above, so it needs `8BITMIME` (RFC 6152).
    pub eight_bit: bool,
}

impl Survey {
    /// Scans the whole content.
    #[must_use]
    pub fn of(content: &[u8]) -> Self {
        let size = lines(content) - folded(content) + last(content);
        Self { size, eight_bit: !content.is_ascii() }
    }
}

/// The number of octets if each lone CR or LF is sent as CRLF.
fn lines(content: &[u8]) -> u64 {
    let (mut size, mut before) = (content.len() as u64, 0);
    for &octet in content {
        size += u64::from((octet == LF) != (before == CR));
        before = octet;
    }
    size
}

/// The number of octets in [`lines`] that are not sent, because a run of CRs and an LF is one line end. Such runs are
/// rare.
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

/// The number of octets that end the last line.
fn last(content: &[u8]) -> u64 {
    match content.last() {
        None | Some(&LF) => 0,
        Some(&CR) => 1,
        Some(_) => 2,
    }
}
