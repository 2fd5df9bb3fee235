//! Header fields that stay what they are: none that ends its line and begins another, or the body.

/// Octets that a value may not hold: a line end, or what some take for one; and what no message may hold.
const LINE_BREAKERS: [char; 3] = ['\r', '\n', '\0'];

/// Returns whether a text contains no line break.
pub(super) fn is_text(text: &str) -> bool {
    !text.contains(LINE_BREAKERS)
}

/// Returns whether a text is the name of a header field: `1*ftext`, printable ASCII except the colon (RFC 5322 2.2).
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_graphic() && octet != b':')
}

/// As [`is_text`], but for line ends that only fold: CRLF with a space or tab behind it, and something else on the new line
/// (RFC 5322 2.2.3).
pub(super) fn is_folded_text(text: &str) -> bool {
    let mut lines = text.split("\r\n");
    let first = lines.next().unwrap_or_default();
    is_text(first)
        && lines.all(|line| line.starts_with([' ', '\t']) && is_text(line) && !is_blank(line))
}

fn is_blank(line: &str) -> bool {
    line.bytes().all(|octet| matches!(octet, b' ' | b'\t'))
}

#[cfg(test)]
mod tests {
    use super::{is_folded_text, is_name, is_text};

    #[test]
    fn line_ends_and_nuls_are_no_text() {
        for text in ["", "Hi", "a:b\u{fc}\t c", "\u{2028}"] {
            assert!(is_text(text) && is_folded_text(text), "{text:?}");
        }
        for text in
            ["a\rb", "a\nb", "a\r\nb", "a\0b", "\n", "a\n b", "a\r b", "a\r\n", "a\r\n\r\n b"]
        {
            assert!(!is_text(text) && !is_folded_text(text), "{text:?}");
        }
    }

    #[test]
    fn only_whole_lines_fold() {
        for text in ["a\r\n b", "a\r\n\tb\r\n  c", " \r\n b"] {
            assert!(!is_text(text) && is_folded_text(text), "{text:?}");
        }
        for text in ["a\r\n \r\n b", "a\r\n\t", "a\r\n b\r\nc", "a\r\n b\nc"] {
            assert!(!is_folded_text(text), "{text:?}");
        }
    }

    #[test]
    fn a_name_is_printable_and_has_no_colon() {
        assert!(is_name("X-Own_1") && is_name("!"));
        for name in ["", "X:", "X Y", "X\r\nBcc", "Bcc ", "\u{fc}", "X\0", "X\u{7f}"] {
            assert!(!is_name(name), "{name:?}");
        }
    }
}
