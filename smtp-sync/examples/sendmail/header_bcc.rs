//! The message as `-t` sends it on: no Bcc leaves.

use super::{End, Field, Header, name_of, text_of, unfolded};

const BLIND: [&str; 2] = ["Bcc", "Resent-Bcc"];

impl Header<'_> {
    /// The message without its Bcc fields, with an empty line behind the header. The lines of the header end in CRLF: what
    /// is left must not grow together where a field was.
    pub(crate) fn without_bcc(&self) -> Result<Vec<u8>, String> {
        if self.hides_bcc() {
            return Err("a line that is no Bcc field reads like one, and would be sent".to_owned());
        }
        let mut kept = Vec::new();
        for field in self.fields.iter().filter(|field| !field.is_one_of(&BLIND)) {
            for line in &field.lines {
                kept.extend_from_slice(line.text);
                kept.extend_from_slice(b"\r\n");
            }
        }
        if !matches!(self.end, End::Message) {
            kept.extend_from_slice(b"\r\n");
        }
        kept.extend_from_slice(self.body);
        Ok(kept)
    }

    /// Refuses a header in which a line ends in something else than CRLF.
    pub(crate) fn check_newlines(&self) -> Result<(), String> {
        let mut lines: Vec<_> = self.fields.iter().flat_map(|field| &field.lines).collect();
        if let End::EmptyLine(line) = &self.end {
            lines.push(line);
        }
        let is_fit = lines.iter().all(|line| matches!(line.end, b"\r\n" | b""));
        let problem = || "the header has a line that does not end in CRLF".to_owned();
        is_fit.then_some(()).ok_or_else(problem)
    }

    /// Returns whether a line that is no Bcc field by the grammar was meant as one.
    fn hides_bcc(&self) -> bool {
        self.fields.iter().any(has_odd_bcc_name)
            || match self.end {
                End::Message => false,
                // Half of an end of a line, LF CR or two CR, if other lines end in LF: the header may go on behind it.
                End::EmptyLine(line) => line.end == b"\r" && self.has_lf() && has_bcc(self.body),
                End::OtherLine => {
                    begins_like_bcc(self.body) || begins_blank(self.body) && has_bcc(self.body)
                }
            }
    }

    fn has_lf(&self) -> bool {
        let ends_in_lf =
            |field: &Field<'_>| field.lines.iter().any(|line| line.end.ends_with(b"\n"));
        self.body.contains(&b'\n') || self.fields.iter().any(ends_in_lf)
    }
}

/// Returns whether one of the lines is a Bcc field.
fn has_bcc(octets: &[u8]) -> bool {
    let is_blind = |name: &str| BLIND.iter().any(|blind| name.eq_ignore_ascii_case(blind));
    let mut lines = octets.split(|octet| matches!(octet, b'\r' | b'\n'));
    lines.any(|line| name_of(line).is_some_and(is_blind))
}

/// Returns whether nobody sees that the first line is not empty.
fn begins_blank(octets: &[u8]) -> bool {
    let is_blank = |c: char| {
        let is_unseen = matches!(c, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}');
        c.is_whitespace() || c.is_control() || is_unseen
    };
    String::from_utf8_lossy(&text_of(&unfolded(octets).0)).chars().all(is_blank)
}

/// A name that the grammar allows and nobody uses: `Bcc(x)`, `"Bcc"`, `B.c.c`.
fn has_odd_bcc_name(field: &Field<'_>) -> bool {
    let is_usual = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
    !field.name.bytes().all(is_usual) && reads_like_bcc(field.name.as_bytes())
}

/// Returns whether the first line reads like a Bcc field, with a colon or without one.
fn begins_like_bcc(octets: &[u8]) -> bool {
    let text = text_of(&unfolded(octets).0);
    match text.iter().rposition(|octet| *octet == b':') {
        Some(colon) => reads_like_bcc(&text[..colon]),
        None => letters_begin_like_bcc(&text),
    }
}

fn reads_like_bcc(name: &[u8]) -> bool {
    let mut words = name.split(|octet| !octet.is_ascii_alphabetic());
    letters_begin_like_bcc(name) || words.any(|word| word.eq_ignore_ascii_case(b"bcc"))
}

/// Looks at letters alone: blanks, controls, quotes and what is beyond ASCII may stand between them.
fn letters_begin_like_bcc(text: &[u8]) -> bool {
    let letters = text.iter().filter(|octet| octet.is_ascii_alphabetic());
    let start: Vec<u8> = letters.take(9).map(u8::to_ascii_lowercase).collect();
    start.starts_with(b"bcc") || start == b"resentbcc"
}
