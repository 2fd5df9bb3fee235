//! What can be said of content before it is sent, where it is there as a whole.

/// Size and kind of content in the form in which it leaves: every line with CRLF.
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
        let mut size = content.len() as u64;
        let mut before = 0;
        for &octet in content {
            // A lone CR or LF leaves as both.
            size += u64::from((octet == b'\n') != (before == b'\r'));
            before = octet;
        }
        size += match before {
            _ if content.is_empty() => 0,
            b'\n' => 0,
            b'\r' => 1,
            _ => 2,
        };
        Self { size, eight_bit: !content.is_ascii() }
    }
}
