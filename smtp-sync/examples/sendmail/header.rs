//! The header of a message, read as it will leave, and what `-t` takes from it and out of it (RFC 5322 2.2, 3.6, 4.5).

use crate::addresses;

#[path = "header_bcc.rs"]
mod header_bcc;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The message without what editors and mailboxes put before its header: byte order marks, and the `From ` line of an mbox.
pub(crate) fn without_preamble(message: &[u8]) -> &[u8] {
    let message = without_marks(message);
    // With blanks before its colon, `From` is a field.
    match Line::first(message) {
        Some((line, rest))
            if line.text.starts_with(b"From ") && Field::first(message).is_none() =>
        {
            without_marks(rest)
        }
        _ => message,
    }
}

fn without_marks(mut message: &[u8]) -> &[u8] {
    while let Some(rest) = message.strip_prefix(BYTE_ORDER_MARK) {
        message = rest;
    }
    message
}

/// A line and the octets that end it, by the rule that content leaves by: CR* LF, a CR alone and an LF alone end a line.
#[derive(Clone, Copy)]
struct Line<'a> {
    text: &'a [u8],
    end: &'a [u8],
}

impl<'a> Line<'a> {
    /// The first line, and what stands behind it.
    fn first(octets: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let ends = |octet: &u8| matches!(octet, b'\r' | b'\n');
        let (text, rest) = octets.split_at(octets.iter().position(ends).unwrap_or(octets.len()));
        let returns = rest.iter().take_while(|octet| **octet == b'\r').count();
        let end = if rest.get(returns) == Some(&b'\n') { returns + 1 } else { returns.min(1) };
        let (end, rest) = rest.split_at(end);
        (!octets.is_empty()).then_some((Self { text, end }, rest))
    }

    fn is_continuation(&self) -> bool {
        matches!(self.text.first(), Some(b' ' | b'\t'))
    }
}

/// A field with its folded lines.
struct Field<'a> {
    name: String,
    /// What stands behind the colon, unfolded.
    value: Vec<u8>,
    lines: Vec<Line<'a>>,
}

impl<'a> Field<'a> {
    /// The field at the start of the octets, and what stands behind it.
    fn first(octets: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (lines, rest) = unfolded(octets);
        let text = text_of(&lines);
        let name = name_of(&text)?.to_owned();
        let colon = text.iter().position(|octet| *octet == b':')?;
        Some((Self { name, value: text[colon + 1..].to_vec(), lines }, rest))
    }

    fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    fn is_one_of(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.is(name))
    }

    fn is_resent(&self) -> bool {
        self.name.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("Resent-"))
    }

    fn addresses(&self) -> Result<Vec<String>, String> {
        addresses::read(&self.value).map_err(|problem| format!("{}: {problem}", self.name))
    }
}

/// A line with the lines that continue it, and what stands behind them.
fn unfolded(octets: &[u8]) -> (Vec<Line<'_>>, &[u8]) {
    let (mut lines, mut rest) = (Vec::new(), octets);
    while let Some((line, behind)) = Line::first(rest) {
        if !lines.is_empty() && !line.is_continuation() {
            break;
        }
        lines.push(line);
        rest = behind;
    }
    (lines, rest)
}

/// The text of folded lines in one.
fn text_of(lines: &[Line<'_>]) -> Vec<u8> {
    lines.iter().flat_map(|line| line.text).copied().collect()
}

/// The name of a field: `1*ftext`, then blanks and a colon (RFC 5322 2.2, 4.5.8).
fn name_of(text: &[u8]) -> Option<&str> {
    let colon = text.iter().position(|octet| *octet == b':')?;
    let name = text[..colon].trim_ascii_end();
    let is_name = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    core::str::from_utf8(name).ok().filter(|_| is_name)
}

const DESTINATIONS: [&str; 6] = ["To", "Cc", "Bcc", "Resent-To", "Resent-Cc", "Resent-Bcc"];

/// The end of a header.
enum End<'a> {
    /// The message ends with it.
    Message,
    EmptyLine(Line<'a>),
    /// A line that is neither field nor continuation. It belongs to the body.
    OtherLine,
}

/// The fields of a message, and all that stands behind them.
pub(crate) struct Header<'a> {
    fields: Vec<Field<'a>>,
    end: End<'a>,
    body: &'a [u8],
}

impl<'a> Header<'a> {
    /// Reads the fields up to the first line that is neither field nor continuation.
    pub(crate) fn read(message: &'a [u8]) -> Self {
        let (mut fields, mut rest) = (Vec::new(), message);
        loop {
            if let Some((field, behind)) = Field::first(rest) {
                fields.push(field);
                rest = behind;
                continue;
            }
            let (end, body) = match Line::first(rest) {
                None => (End::Message, rest),
                Some((line, behind)) if line.text.is_empty() => (End::EmptyLine(line), behind),
                Some(_) => (End::OtherLine, rest),
            };
            return Self { fields, end, body };
        }
    }

    /// The addresses of To, Cc and Bcc, in the order of the message; where there are Resent- fields, those of the first
    /// block of them.
    pub(crate) fn recipients(&self) -> Result<Vec<String>, String> {
        let resent = self.resent();
        let fields = if resent.is_empty() { self.fields.iter().collect() } else { resent };
        let fields = fields.into_iter().filter(|field| field.is_one_of(&DESTINATIONS));
        Ok(fields.map(Field::addresses).collect::<Result<Vec<_>, _>>()?.concat())
    }

    /// The first address of Resent-Sender or Resent-From of the first block, else that of Sender or From.
    pub(crate) fn sender(&self) -> Result<Option<String>, String> {
        let resent = self.resent();
        let find = |name| resent.iter().copied().find(|field: &&Field<'_>| field.is(name));
        let field = ["Resent-Sender", "Resent-From"].into_iter().find_map(find);
        let find = |name| self.fields.iter().find(|field| field.is(name));
        match field.or_else(|| ["Sender", "From"].into_iter().find_map(find)) {
            Some(field) => Ok(field.addresses()?.into_iter().next()),
            None => Ok(None),
        }
    }

    /// The first block of Resent- fields, which is that of the last time that the message was sent again (RFC 5322 3.6.6).
    /// It ends where the trace of an earlier time begins, or a field that a block has once comes again. To, Cc and Bcc
    /// may be repeated (4.5.3).
    fn resent(&self) -> Vec<&Field<'a>> {
        let once = ["Resent-From", "Resent-Sender", "Resent-Date", "Resent-Message-ID"];
        let mut block: Vec<&Field<'a>> = Vec::new();
        for field in &self.fields {
            let is_trace = field.is_one_of(&["Received", "Return-Path"]);
            let is_again = || block.iter().any(|known| known.is(&field.name));
            if !block.is_empty() && is_trace || field.is_one_of(&once) && is_again() {
                break;
            }
            if field.is_resent() {
                block.push(field);
            }
        }
        block
    }
}
