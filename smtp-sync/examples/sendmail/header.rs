//! Addresses that stand in the header of a message (RFC 5322 2.2, 3.4).

use core::{iter::Peekable, str::Chars};

/// The addresses of the fields with these names, in the order of the message, not yet checked.
pub(crate) fn addresses(message: &[u8], names: &[&str]) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    for field in fields(message).filter(|field| names.iter().any(|name| is(field, name))) {
        let text = String::from_utf8_lossy(field);
        let (name, value) = text.split_once(':').unwrap_or_default();
        let list = List { rest: value.chars().peekable(), text: String::new() };
        found.extend(list.read().map_err(|problem| format!("{}: {problem}", name.trim()))?);
    }
    Ok(found)
}

/// The message without its Bcc fields.
pub(crate) fn without_bcc(message: &[u8]) -> Vec<u8> {
    let header: usize = fields(message).map(<[u8]>::len).sum();
    let kept = fields(message).filter(|field| !is(field, "Bcc")).flatten();
    kept.chain(&message[header..]).copied().collect()
}

fn is(field: &[u8], name: &str) -> bool {
    let end = field.iter().position(|&octet| octet == b':').unwrap_or_default();
    field[..end].trim_ascii_end().eq_ignore_ascii_case(name.as_bytes())
}

/// The fields of the header, each with its folded lines and line ends, up to the empty line.
fn fields(message: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = message;
    core::iter::from_fn(move || {
        let mut lines = rest.split_inclusive(|&octet| octet == b'\n');
        let first = lines.next().filter(|line| !line.trim_ascii_end().is_empty())?;
        let folded = lines.take_while(|line| matches!(line[0], b' ' | b'\t'));
        let (field, behind) = rest.split_at(first.len() + folded.map(<[u8]>::len).sum::<usize>());
        rest = behind;
        Some(field)
    })
}

/// Reads a list of addresses: comments dropped, quotes kept, names of people and groups left out.
struct List<'a> {
    rest: Peekable<Chars<'a>>,
    /// What stands outside angle brackets: the address itself, where there are none.
    text: String,
}

impl List<'_> {
    fn read(mut self) -> Result<Vec<String>, String> {
        let mut found = Vec::new();
        let mut angle = None;
        loop {
            match self.rest.next() {
                None | Some(',' | ';') => {
                    let address = angle.take().unwrap_or_else(|| self.text.trim().to_owned());
                    found.extend((!address.is_empty()).then_some(address));
                    self.text.clear();
                    if self.rest.peek().is_none() {
                        return Ok(found);
                    }
                }
                // What came before is the name of a group.
                Some(':') => self.text.clear(),
                Some('<') if angle.is_none() => angle = Some(self.angle()?),
                Some(other) => self.token(other)?,
            }
        }
    }

    /// One octet of text, or a whole comment, quoted string or literal.
    fn token(&mut self, first: char) -> Result<(), String> {
        match first {
            '(' => self.comment(),
            '"' => self.delimited('"', '"'),
            '[' => self.delimited('[', ']'),
            '>' | '<' => Err(format!("{first} where there should be none")),
            space if space.is_whitespace() => {
                self.text.push(' ');
                Ok(())
            }
            other => {
                self.text.push(other);
                Ok(())
            }
        }
    }

    fn angle(&mut self) -> Result<String, String> {
        let name = core::mem::take(&mut self.text);
        loop {
            match self.rest.next().ok_or("< without >")? {
                '>' => break,
                other => self.token(other)?,
            }
        }
        Ok(core::mem::replace(&mut self.text, name).trim().to_owned())
    }

    /// Kept with its delimiters; folded lines in it are joined.
    fn delimited(&mut self, open: char, close: char) -> Result<(), String> {
        self.text.push(open);
        loop {
            match self.rest.next().ok_or_else(|| format!("{open} without {close}"))? {
                '\\' => self.text.extend(['\\'].into_iter().chain(self.rest.next())),
                '\r' | '\n' => {}
                other => {
                    self.text.push(other);
                    if other == close {
                        return Ok(());
                    }
                }
            }
        }
    }

    fn comment(&mut self) -> Result<(), String> {
        let mut depth = 1;
        while depth > 0 {
            match self.rest.next().ok_or("( without )")? {
                '(' => depth += 1,
                ')' => depth -= 1,
                '\\' => drop(self.rest.next()),
                _ => {}
            }
        }
        Ok(())
    }
}
