//! Classes of octets that the grammars of addresses, names and parameters share.
//!
//! All of them use one table and one loop: a grammar asks how far a class reaches, then looks at the octet that ended
//! it.

/// `atext` of RFC 5322 3.2.3, and the octets of UTF-8 (RFC 6531 3.3).
pub(crate) const ATEXT: u8 = 1;
/// The octets of a domain label: `Let-dig`, `-`, `_` and UTF-8.
pub(crate) const LABEL: u8 = 1 << 1;
/// `qtextSMTP`: printable ASCII and SP except `"` and `\`, and the octets of UTF-8.
pub(crate) const QTEXT: u8 = 1 << 2;
/// `dcontent` of an address literal, except `<`, `>` and `"`, which would end a path or hide its end.
pub(crate) const DCONTENT: u8 = 1 << 3;
/// The octets that may follow the first one of an `esmtp-keyword`.
pub(crate) const KEYWORD: u8 = 1 << 4;
/// `esmtp-value`: printable ASCII except `=` and SP.
pub(crate) const VALUE: u8 = 1 << 5;
/// `xchar` of RFC 3461 4: printable ASCII except `+`, `=` and SP.
pub(crate) const XCHAR: u8 = 1 << 6;
/// Text: printable ASCII, SP, and the octets of UTF-8.
pub(crate) const TEXT: u8 = 1 << 7;

static CLASSES: [u8; 256] = table();

/// Returns whether `octet` belongs to `class`.
#[inline]
pub(crate) fn is(octet: u8, class: u8) -> bool {
    CLASSES[usize::from(octet)] & class != 0
}

/// Returns the offset of the first octet at or after `from` that is not in `class`, or the length if all are.
#[inline]
pub(crate) fn run(octets: &[u8], from: usize, class: u8) -> usize {
    let rest = octets.get(from..).unwrap_or_default();
    from + rest.iter().position(|&octet| !is(octet, class)).unwrap_or(rest.len())
}

/// Parses `1*9DIGIT`. Returns `None` if `text` is anything else.
pub(crate) fn nine_digits(text: &str) -> Option<u32> {
    let valid = matches!(text.len(), 1..=9) && text.bytes().all(|octet| octet.is_ascii_digit());
    valid.then(|| text.parse().ok())?
}

/// Finds the first character beyond ASCII that some readers take for a line end: a C1 control, U+2028 or U+2029.
/// Returns its offset and the character.
pub(crate) fn line_breaker(text: &str) -> Option<(usize, char)> {
    text.char_indices().find(|&(_, c)| matches!(c, '\u{80}'..='\u{9f}' | '\u{2028}' | '\u{2029}'))
}

const fn table() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut octet: u8 = 0;
    loop {
        classes[octet as usize] = classify(octet);
        if octet == u8::MAX {
            return classes;
        }
        octet += 1;
    }
}

const fn classify(octet: u8) -> u8 {
    match octet {
        0..=31 | 127 => 0,
        128.. => ATEXT | LABEL | QTEXT | TEXT,
        b' ' => QTEXT | TEXT,
        _ => TEXT | quoted(octet) | literal(octet) | parameter(octet) | word(octet),
    }
}

const fn quoted(octet: u8) -> u8 {
    if matches!(octet, b'"' | b'\\') { 0 } else { QTEXT }
}

const fn literal(octet: u8) -> u8 {
    if matches!(octet, b'"' | b'<' | b'>' | b'[' | b'\\' | b']') { 0 } else { DCONTENT }
}

const fn parameter(octet: u8) -> u8 {
    match octet {
        b'=' => 0,
        b'+' => VALUE,
        _ => VALUE | XCHAR,
    }
}

const fn word(octet: u8) -> u8 {
    match octet {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' => ATEXT | LABEL | KEYWORD,
        b'_' => ATEXT | LABEL,
        b'!' | b'#'..=b'\'' | b'*' | b'+' | b'/' | b'=' | b'?' | b'^' | b'`' | b'{'..=b'~' => ATEXT,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::{
        ATEXT, DCONTENT, KEYWORD, LABEL, QTEXT, TEXT, VALUE, XCHAR, is, line_breaker, run,
    };

    fn members(class: u8) -> impl Iterator<Item = u8> {
        (0..128).filter(move |&octet| is(octet, class))
    }

    #[test]
    fn classes_are_those_of_the_rfcs() {
        let atext = |o: &u8| o.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(o);
        assert!(members(ATEXT).eq((0..128).filter(atext)));
        let printable = |o: &u8| (32..127).contains(o);
        assert!(members(TEXT).eq((0..128).filter(printable)));
        assert!(members(QTEXT).eq((32..127).filter(|o| !b"\"\\".contains(o))));
        assert!(members(VALUE).eq((33..127).filter(|&o| o != b'=')));
        assert!(members(XCHAR).eq((33..127).filter(|o| !b"+=".contains(o))));
        assert!(members(DCONTENT).eq((33..127).filter(|o| !b"\"<>[\\]".contains(o))));
        assert!(
            members(KEYWORD).eq((0..128).filter(|&o: &u8| o.is_ascii_alphanumeric() || o == b'-'))
        );
        assert!(
            members(LABEL)
                .eq((0..128).filter(|o: &u8| o.is_ascii_alphanumeric() || b"-_".contains(o)))
        );
    }

    #[test]
    fn octets_of_utf8_are_text_and_never_part_of_a_parameter() {
        for octet in 128..=255 {
            let classes = [ATEXT, LABEL, QTEXT, TEXT, DCONTENT, KEYWORD, VALUE, XCHAR];
            let found = classes.map(|class| is(octet, class));
            assert_eq!(found, [true, true, true, true, false, false, false, false], "{octet}");
        }
    }

    #[test]
    fn a_run_ends_at_the_first_other_octet() {
        assert_eq!(run(b"ab.c", 0, ATEXT), 2);
        assert_eq!(run(b"ab.c", 3, ATEXT), 4);
        assert_eq!(run(b"ab.c", 9, ATEXT), 9);
    }

    #[test]
    fn line_breakers_beyond_ascii_are_found() {
        assert_eq!(line_breaker("a\u{85}b"), Some((1, '\u{85}')));
        assert_eq!(line_breaker("\u{2028}"), Some((0, '\u{2028}')));
        assert_eq!(line_breaker("\u{760d}\u{760a}\u{a0}"), None);
    }
}
