//! The steps of a script.

use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::fmt;

/// A step of the peer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Step {
    Say(Vec<u8>),
    Hear(Vec<u8>),
    HearStart(Vec<u8>),
    Content,
    Quiet,
    Tls,
    Rest(Rest),
    Close,
}

/// The use of all octets that arrive until the client closes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Rest {
    Kept,
    Forgotten,
    Unterminated,
}

/// A line of a script that is not a step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScriptError {
    line: String,
}

impl ScriptError {
    /// The line.
    #[must_use]
    pub fn line(&self) -> &str {
        &self.line
    }
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a step of a script: {:?}", self.line)
    }
}

impl core::error::Error for ScriptError {}

/// Parses the steps of a script. Space around a line is ignored.
pub(super) fn steps(script: &str) -> impl Iterator<Item = Result<Step, ScriptError>> {
    let lines = script.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| step(line).ok_or_else(|| ScriptError { line: line.to_owned() }))
}

fn step(line: &str) -> Option<Step> {
    let (sign, text) = line.split_at_checked(2).unwrap_or((line, ""));
    let text = text.strip_prefix(' ').unwrap_or(text);
    Some(match sign {
        "S:" => Step::Say([text.as_bytes(), b"\r\n"].concat()),
        "S+" => Step::Say(unescaped(text)?),
        "C:" => Step::Hear([text.as_bytes(), b"\r\n"].concat()),
        "C+" => Step::Hear(unescaped(text)?),
        "C?" => Step::HearStart(text.into()),
        _ => match line {
            "CONTENT" => Step::Content,
            "QUIET" => Step::Quiet,
            "TLS" => Step::Tls,
            "REST" => Step::Rest(Rest::Kept),
            "WAIT" => Step::Rest(Rest::Forgotten),
            "UNTERMINATED" => Step::Rest(Rest::Unterminated),
            "CLOSE" => Step::Close,
            _ => return None,
        },
    })
}

/// Replaces `\r`, `\n`, `\t`, `\\` and `\xNN` in `text`. Returns `None` for another escape.
fn unescaped(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&octet, behind)) = rest.split_first() {
        rest = behind;
        if octet != b'\\' {
            octets.push(octet);
            continue;
        }
        let (&escaped, behind) = rest.split_first()?;
        rest = behind;
        octets.push(match escaped {
            b'r' => b'\r',
            b'n' => b'\n',
            b't' => b'\t',
            b'\\' => b'\\',
            b'x' => {
                let (digits, behind) = rest.split_at_checked(2)?;
                rest = behind;
                u8::from_str_radix(core::str::from_utf8(digits).ok()?, 16).ok()?
            }
            _ => return None,
        });
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::{Step, step, steps, unescaped};

    #[test]
    fn text_may_be_empty_and_may_begin_with_space() {
        assert_eq!(step("C:"), Some(Step::Hear(b"\r\n".into())));
        assert_eq!(step("C:  a"), Some(Step::Hear(b" a\r\n".into())));
    }

    #[test]
    fn escapes_are_read_and_others_refused() {
        assert_eq!(unescaped(r"a\r\n\x00\\"), Some(b"a\r\n\0\\".to_vec()));
        for wrong in [r"\", r"\q", r"\x1", r"\xzz"] {
            assert_eq!(unescaped(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_no_step_is_named() {
        let error = steps("S: 220 x\n# remark\n\nD: what").find_map(Result::err).expect("an error");
        assert_eq!(error.line(), "D: what");
    }
}
