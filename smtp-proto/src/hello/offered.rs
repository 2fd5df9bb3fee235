//! The part of an `EHLO` reply that a session keeps.

use super::{Extension, Extensions, extension::leading};

/// The extensions that a server offers, and its size limit.
///
/// It is small and `Copy`, and needs none of the lines. For parameters and mechanisms, see
/// [`Capabilities`](super::Capabilities).
///
/// Pass the lines of an `EHLO` reply to [`observe`](Self::observe) as they arrive. No line is an error: unknown and
/// malformed ones are ignored.
///
/// ```
/// use smtp_proto::hello::{Extension, Offered};
///
/// let mut offered = Offered::default();
/// for line in ["PIPELINING", "SIZE 35882577", "auth=PLAIN LOGIN"] {
///     offered.observe(line.as_bytes());
/// }
/// assert!(offered.offers(Extension::Pipelining) && offered.offers(Extension::Auth));
/// assert_eq!(offered.size_limit(), Some(35_882_577));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Offered {
    extensions: Extensions,
    size_limit: Option<u64>,
}

impl Offered {
    /// Adds one line of an `EHLO` reply: the text after `250-`, without its line end. Do not pass the first line,
    /// which names the server.
    ///
    /// If there are several `SIZE` lines, the first with a limit counts.
    #[inline]
    pub fn observe(&mut self, line: &[u8]) {
        let Some((extension, rest)) = leading(trim_start(line)) else { return };
        let (None | Some(b' ' | b'\t' | b'=')) = rest.first() else { return };
        self.extensions.insert(extension);
        if extension == Extension::Size && self.size_limit.is_none() {
            self.size_limit = limit(rest.get(1..).unwrap_or_default());
        }
    }

    /// Removes the extensions in `mask`, for servers that offer extensions that do not work.
    pub fn apply_mask(&mut self, mask: Extensions) {
        self.extensions = self.extensions.difference(mask);
        if mask.contains(Extension::Size) {
            self.size_limit = None;
        }
    }

    /// Returns whether the server offers `extension`.
    #[must_use]
    pub const fn offers(&self, extension: Extension) -> bool {
        self.extensions.contains(extension)
    }

    /// All extensions that the server offers.
    #[must_use]
    pub const fn extensions(&self) -> Extensions {
        self.extensions
    }

    /// The size limit for a message in octets (RFC 1870 4). `None` if the server gave no limit, zero, or no number of
    /// 64 bits.
    #[must_use]
    pub const fn size_limit(&self) -> Option<u64> {
        self.size_limit
    }
}

/// Splits a line into keyword and parameters, at SP, TAB or the `=` of the legacy `AUTH=`.
#[inline]
pub(super) fn split(line: &[u8]) -> (&[u8], &[u8]) {
    let line = trim_start(line);
    let end = line.iter().position(|o| matches!(o, b' ' | b'\t' | b'=')).unwrap_or(line.len());
    let (keyword, rest) = line.split_at(end);
    (keyword, rest.get(1..).unwrap_or_default())
}

#[inline]
fn trim_start(line: &[u8]) -> &[u8] {
    let start = line.iter().position(|o| !matches!(o, b' ' | b'\t')).unwrap_or(line.len());
    &line[start..]
}

/// Parses digits and nothing else: `+10`, `-1` and `1 2 3` are no limit.
fn limit(parameters: &[u8]) -> Option<u64> {
    parameters
        .trim_ascii()
        .iter()
        .try_fold(0_u64, |number, &octet| {
            let digit = octet.is_ascii_digit().then(|| u64::from(octet - b'0'))?;
            number.checked_mul(10)?.checked_add(digit)
        })
        .filter(|&number| number > 0)
}

#[cfg(test)]
mod tests {
    use super::{Extension, Extensions, Offered, split};

    fn observed(lines: &[&str]) -> Offered {
        let mut offered = Offered::default();
        for line in lines {
            offered.observe(line.as_bytes());
        }
        offered
    }

    #[test]
    fn keywords_end_at_space_tab_or_equals_sign() {
        for line in ["AUTH PLAIN", "AUTH\tPLAIN", "AUTH=PLAIN", " \tAUTH PLAIN"] {
            assert_eq!(split(line.as_bytes()), (&b"AUTH"[..], &b"PLAIN"[..]));
        }
        assert_eq!(split(b" "), (&b""[..], &b""[..]));
    }

    #[test]
    fn limits_are_positive_numbers_of_64_bits() {
        for (line, limit) in [
            ("SIZE 10", Some(10)),
            ("size 010 ", Some(10)),
            ("SIZE=10", Some(10)),
            ("SIZE  18446744073709551615", Some(u64::MAX)),
            ("SIZE 18446744073709551616", None),
            ("SIZE", None),
            ("SIZE ", None),
            ("SIZE 0", None),
            ("SIZE +10", None),
            ("SIZE -1", None),
            ("SIZE unlimited", None),
            ("SIZE 1 2 3", None),
        ] {
            let offered = observed(&[line]);
            assert_eq!((offered.size_limit(), offered.offers(Extension::Size)), (limit, true));
        }
    }

    #[test]
    fn the_first_limit_wins() {
        assert_eq!(observed(&["SIZE 0", "SIZE 10", "SIZE 20"]).size_limit(), Some(10));
    }

    #[test]
    fn unknown_and_blank_lines_offer_nothing() {
        assert_eq!(observed(&["", " ", "=", "X-EXPS NTLM", "AUTH\u{1}PLAIN"]), Offered::default());
    }

    #[test]
    fn masked_offers_are_gone() {
        let mut offered = observed(&["SIZE 10", "CHUNKING", "STARTTLS now"]);
        offered.apply_mask([Extension::Size, Extension::Chunking].into_iter().collect());
        assert_eq!(offered.extensions(), Extensions::from(Extension::StartTls));
        assert_eq!(offered.size_limit(), None);
    }
}
