//! Octets of a peer, made safe for a terminal or a log.

use core::{fmt, str};

/// Formats octets from a peer as text that cannot control a terminal or forge a log line.
///
/// UTF-8 stays as it is, except characters that control, reorder or are invisible: C0, DEL, C1, line separators,
/// bidirectional controls, zero-width characters, tags, fillers and variation selectors. Those, and octets that are
/// not UTF-8, become `\xNN` for each octet.
///
/// ```
/// use smtp_proto::reply::Escaped;
/// assert_eq!(Escaped(b"user\x1b[2J \xe2\x82\xac \xff").to_string(), r"user\x1b[2J € \xff");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Escaped<'a>(pub &'a [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            write_escaped(f, chunk.valid())?;
            write_octets(f, chunk.invalid())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

fn write_escaped(f: &mut fmt::Formatter<'_>, mut text: &str) -> fmt::Result {
    while let Some((at, control)) = text.char_indices().find(|&(_, c)| is_unsafe(c)) {
        f.write_str(&text[..at])?;
        write_octets(f, control.encode_utf8(&mut [0; 4]).as_bytes())?;
        text = &text[at + control.len_utf8()..];
    }
    f.write_str(text)
}

fn write_octets(f: &mut fmt::Formatter<'_>, octets: &[u8]) -> fmt::Result {
    octets.iter().try_for_each(|octet| write!(f, "\\x{octet:02x}"))
}

/// Returns whether a character controls, reorders or breaks text, or is invisible: the
/// `Default_Ignorable_Code_Point`s of Unicode 16, and interlinear annotations.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{34f}' | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}
