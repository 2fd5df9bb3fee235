//! The addresses of one field (RFC 5322 3.4, 4.4).
//!
//! mail-parser reads the list. It takes nearly anything and leaves out what it cannot use, so it is shown a text without
//! comments, obsolete routes and obsolete blanks, in which each octet that is not structure is a letter to it. What it
//! gives is compared with what was there: an address is read whole, or the field is refused.

use std::collections::HashSet;

use mail_parser::{HeaderValue, parsers::MessageStream};
use smtp_sync::proto::address::Address;

/// Where octets of ASCII are moved to: characters for private use, in a plane of their own.
const MASKED: u32 = 0xF_0000;

const NO_LIST: &str = "no list of addresses with a comma between them";

/// The characters that a list of addresses is made of, beside its words.
const STRUCTURE: [char; 7] = ['<', '>', ',', ';', ':', '.', '@'];

/// Reads the unfolded value of a field: mailboxes and groups, in their order.
pub(crate) fn read(value: &[u8]) -> Result<Vec<String>, String> {
    let text = Cleaner::clean(&String::from_utf8_lossy(value))?;
    let text = without_routes(&text)?;
    check_structure(&text)?;
    let found = parse(&format!("{text}\n"))?;
    let words = text.split(|c| " <>,;:".contains(c)).filter(|word| word.contains('@'));
    let words: HashSet<String> = words.map(unmasked).collect();
    if words == found.iter().cloned().collect() { Ok(found) } else { Err(NO_LIST.to_owned()) }
}

fn parse(text: &str) -> Result<Vec<String>, String> {
    let HeaderValue::Address(list) = MessageStream::new(text.as_bytes()).parse_address() else {
        return Ok(Vec::new());
    };
    let address = |found: &mail_parser::Addr<'_>| match (&found.address, &found.name) {
        (Some(address), _) => checked(unmasked(address)),
        (None, name) => {
            let name = name.as_deref().map(unmasked).unwrap_or_default();
            Err(format!("{name:?} is no address"))
        }
    };
    list.iter().map(address).collect()
}

/// The replacement character stands for octets that were not UTF-8: whose address that was, nobody knows.
fn checked(address: String) -> Result<String, String> {
    if address.contains(char::REPLACEMENT_CHARACTER) {
        return Err(format!("{address:?} is not UTF-8"));
    }
    match Address::parse(&address) {
        Ok(_) => Ok(address),
        Err(error) => Err(format!("{address:?}: {error}")),
    }
}

/// Refuses what mail-parser would read past.
fn check_structure(text: &str) -> Result<(), String> {
    let behind_brackets = text.split('>').skip(1);
    let mut behind_brackets = behind_brackets.map(|rest| rest.chars().next());
    let mut groups = text.split(':').skip(1);
    let problem = match () {
        () if text.contains("<>") => "<> is no address",
        () if text.matches('<').count() != text.matches('>').count() => "< and > are no pair",
        () if behind_brackets.any(|next| !matches!(next, None | Some(',' | ';'))) => {
            "text between > and the next address"
        }
        () if groups.any(|group| !group.contains(';')) => "a group without ; at its end",
        () => return Ok(()),
    };
    Err(problem.to_owned())
}

/// Drops source routes: `<@a.example,@b.example:c@d.example>` is `<c@d.example>`.
fn without_routes(text: &str) -> Result<String, String> {
    let mut parts = text.split('<');
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let address = match part.trim_start_matches(',') {
            routed if routed.starts_with('@') => behind_route(routed)?,
            _ => part,
        };
        kept.extend(["<", address]);
    }
    Ok(kept)
}

fn behind_route(text: &str) -> Result<&str, String> {
    let (route, address) = text.split_once(':').ok_or("a route without an address")?;
    for domain in route.split(',').filter(|domain| !domain.is_empty()) {
        checked(format!("route{}", unmasked(domain)))?;
    }
    Ok(address)
}

fn masked(c: char) -> char {
    let is_word = c.is_ascii_alphanumeric() || !c.is_ascii();
    if is_word { c } else { char::from_u32(MASKED + u32::from(c)).unwrap_or(c) }
}

fn unmasked(text: &str) -> String {
    let octet =
        |c: char| u32::from(c).checked_sub(MASKED).and_then(|octet| u8::try_from(octet).ok());
    text.chars().map(|c| octet(c).map_or(c, char::from)).collect()
}

/// Makes a text of words and structure, with one blank between words and none beside structure.
struct Cleaner<'a> {
    rest: core::str::Chars<'a>,
    text: String,
    /// A blank or a comment has come behind the last word.
    has_blank: bool,
}

impl<'a> Cleaner<'a> {
    fn clean(value: &'a str) -> Result<String, String> {
        if value.chars().any(|c| u32::from(c) >= MASKED) {
            return Err("characters for private use".to_owned());
        }
        let mut cleaner = Self { rest: value.chars(), text: String::new(), has_blank: false };
        while let Some(c) = cleaner.rest.next() {
            cleaner.take(c)?;
        }
        Ok(cleaner.text)
    }

    /// One character, or a whole comment, quoted string or literal.
    fn take(&mut self, c: char) -> Result<(), String> {
        match c {
            ' ' | '\t' => self.has_blank = true,
            '(' => self.skip_comment()?,
            '"' => self.quote('"', '"')?,
            '[' => self.quote('[', ']')?,
            c if STRUCTURE.contains(&c) => {
                self.text.push(c);
                self.has_blank = false;
            }
            c => self.push(c),
        }
        Ok(())
    }

    /// A character of a word.
    fn push(&mut self, c: char) {
        if self.has_blank && !self.text.is_empty() && !self.text.ends_with(STRUCTURE) {
            self.text.push(' ');
        }
        self.has_blank = false;
        self.text.push(masked(c));
    }

    /// Keeps what is quoted, with its delimiters.
    fn quote(&mut self, open: char, close: char) -> Result<(), String> {
        self.push(open);
        loop {
            let c = self.rest.next().ok_or_else(|| format!("{open} without {close}"))?;
            self.push(c);
            match c {
                '\\' => self.rest.next().into_iter().for_each(|c| self.push(c)),
                c if c == close => return Ok(()),
                _ => {}
            }
        }
    }

    /// Comments nest, and separate words as blanks do.
    fn skip_comment(&mut self) -> Result<(), String> {
        let mut depth = 1_usize;
        while depth > 0 {
            match self.rest.next().ok_or("( without )")? {
                '(' => depth += 1,
                ')' => depth -= 1,
                '\\' => drop(self.rest.next()),
                _ => {}
            }
        }
        self.has_blank = true;
        Ok(())
    }
}
