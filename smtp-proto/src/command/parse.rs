//! The grammar of command lines (RFC 5321 4.1.1). It parses one whole line without its CRLF.

use nom::{
    IResult, Parser as _,
    branch::alt,
    bytes::complete::{tag_no_case, take_while, take_while1},
    character::complete::{alpha1, u64},
    combinator::{eof, opt, peek, rest},
    sequence::{preceded, terminated},
};

use crate::{
    address::{AddressError, ForwardPath, ReversePath, split_path},
    hello::EhloName,
    parameter::{ParameterError, Parameters},
};

use super::{
    Argument, ArgumentError, Auth, CommandError,
    received::{Received, ReceivedMail, ReceivedRecipient},
};

type Input<'a> = &'a [u8];

/// The result of a nom parser. The rest of the input gives the place of an error, so nom's own error is `()`.
type Parsed<'a, T> = IResult<Input<'a>, T, ()>;

type Result<T> = core::result::Result<T, CommandError>;

type Production = for<'a> fn(Tail<'a>) -> Result<Received<'a>>;

const VERBS: [(&str, Production); 15] = [
    ("MAIL", mail),
    ("RCPT", rcpt),
    ("DATA", |tail| tail.over().map(|()| Received::Data)),
    ("BDAT", bdat),
    ("EHLO", |tail| tail.name().map(Received::Ehlo)),
    ("HELO", |tail| tail.name().map(Received::Helo)),
    ("LHLO", |tail| tail.name().map(Received::Lhlo)),
    ("STARTTLS", |tail| tail.over().map(|()| Received::StartTls)),
    ("AUTH", auth),
    ("RSET", |tail| tail.over().map(|()| Received::Rset)),
    ("NOOP", |tail| tail.argument().map(|_| Received::Noop)),
    ("QUIT", |tail| tail.over().map(|()| Received::Quit)),
    ("VRFY", |tail| tail.without_smtp_utf8().needed_argument().map(Received::Vrfy)),
    ("EXPN", |tail| tail.without_smtp_utf8().needed_argument().map(Received::Expn)),
    ("HELP", |tail| tail.argument().map(Received::Help)),
];

/// Parses one command.
pub(super) fn command(line: Input<'_>) -> Result<Received<'_>> {
    let line = trim_end(line);
    let (after_verb, verb) = verb(line).map_err(|_| CommandError::UnknownVerb)?;
    let (_, production) = VERBS
        .iter()
        .find(|(known, _)| known.as_bytes().eq_ignore_ascii_case(verb))
        .ok_or(CommandError::UnknownVerb)?;
    production(Tail { line, after_verb })
}

/// The part of a line after the verb: nothing, or a space and more.
#[derive(Clone, Copy)]
struct Tail<'a> {
    line: Input<'a>,
    after_verb: Input<'a>,
}

impl<'a> Tail<'a> {
    /// The offset in the line of `part`, which is a suffix of the line.
    fn offset(&self, part: Input<'_>) -> usize {
        self.line.len() - part.len()
    }

    /// The argument, without the spaces before it.
    fn text(&self) -> Input<'a> {
        spaces(self.after_verb).map_or(self.after_verb, |(text, _)| text)
    }

    fn needed_text(&self) -> Result<Input<'a>> {
        Some(self.text()).filter(|text| !text.is_empty()).ok_or(CommandError::NoArgument)
    }

    /// Removes the `SMTPUTF8` that follows UTF-8 text at the end of the line (RFC 6531 3.7.4.2).
    fn without_smtp_utf8(self) -> Self {
        let Some(end) = self.after_verb.len().checked_sub(super::SMTP_UTF8.len()) else {
            return self;
        };
        let (before, last) = self.after_verb.split_at(end);
        if before.is_ascii() || !last.eq_ignore_ascii_case(super::SMTP_UTF8) {
            return self;
        }
        let line = &self.line[..self.line.len() - last.len()];
        Self { line, after_verb: before }
    }

    /// Succeeds if the line ends here.
    fn over(&self) -> Result<()> {
        match self.text() {
            [] => Ok(()),
            text @ [octet, ..] => {
                Err(CommandError::Unexpected { octet: *octet, offset: self.offset(text) })
            }
        }
    }

    fn name(&self) -> Result<EhloName> {
        let text = self.needed_text()?;
        EhloName::from_octets(text)
            .map_err(|error| CommandError::Name { offset: self.offset(text), error })
    }

    fn argument(&self) -> Result<Option<Argument<'a>>> {
        if self.text().is_empty() { Ok(None) } else { self.needed_argument().map(Some) }
    }

    fn needed_argument(&self) -> Result<Argument<'a>> {
        let text = self.needed_text()?;
        core::str::from_utf8(text)
            .map_err(|error| ArgumentError::NotUtf8 { offset: error.valid_up_to() })
            .and_then(Argument::new)
            .map_err(|error| CommandError::Argument { offset: self.offset(text), error })
    }

    /// Parses the path after `keyword`. Returns the rest of the line and the path.
    fn path(&self, keyword: &str) -> Result<(Input<'a>, Path<'a>)> {
        let no_path = CommandError::NoPath { offset: self.offset(self.text()) };
        let (after, path) = preceded(tag_no_case(keyword.as_bytes()), path)
            .parse(self.text())
            .map_err(|_| no_path)?;
        let offset = self.offset(after) - path.len() - 1;
        let text = core::str::from_utf8(path).map_err(|error| {
            let error = AddressError::NotUtf8 { offset: error.valid_up_to() };
            CommandError::Path { offset, error }
        })?;
        Ok((after, Path { text, offset }))
    }

    /// Parses the rest of the line as parameters.
    fn parameters(&self, text: Input<'a>) -> Result<Parameters<'a>> {
        if let Some(&octet) = text.first().filter(|&&octet| octet != b' ') {
            return Err(CommandError::Unexpected { octet, offset: self.offset(text) });
        }
        let (valid, octet) = utf8_prefix(text);
        if let Some(octet) = octet {
            let offset = self.offset(text) + valid.len();
            return Err(CommandError::Unexpected { octet, offset });
        }
        Parameters::parse_located(valid)
            .map_err(|(offset, error)| self.refused_parameter(text, offset, error))
    }

    /// Converts an `error` of the parameter that begins `offset` octets into `text`, the rest of the line.
    fn refused_parameter(
        &self,
        text: Input<'_>,
        offset: usize,
        error: ParameterError,
    ) -> CommandError {
        CommandError::Parameter { offset: self.offset(text) + offset, error }
    }
}

/// The text between angle brackets, with its offset in the line.
struct Path<'a> {
    text: &'a str,
    offset: usize,
}

impl Path<'_> {
    fn refused(&self, error: AddressError) -> CommandError {
        CommandError::Path { offset: self.offset, error }
    }
}

/// `mail = "MAIL FROM:" Reverse-path [SP Mail-parameters]`
fn mail(tail: Tail<'_>) -> Result<Received<'_>> {
    let (after, path) = tail.path("FROM:")?;
    let from = ReversePath::parse(path.text).map_err(|error| path.refused(error))?;
    let parameters = tail.parameters(after)?;
    ReceivedMail::new(from, parameters)
        .map(Received::Mail)
        .map_err(|(offset, error)| tail.refused_parameter(after, offset, error))
}

/// `rcpt = "RCPT TO:" ( "<Postmaster>" / Forward-path ) [SP Rcpt-parameters]`
fn rcpt(tail: Tail<'_>) -> Result<Received<'_>> {
    let (after, path) = tail.path("TO:")?;
    let to = ForwardPath::parse(path.text).map_err(|error| path.refused(error))?;
    let parameters = tail.parameters(after)?;
    ReceivedRecipient::new(to, parameters)
        .map(Received::Rcpt)
        .map_err(|(offset, error)| tail.refused_parameter(after, offset, error))
}

/// `bdat-cmd = "BDAT" SP chunk-size [SP end-marker]`, `chunk-size = 1*DIGIT`, `end-marker = "LAST"`
fn bdat(tail: Tail<'_>) -> Result<Received<'_>> {
    let text = tail.needed_text()?;
    let chunk_size = CommandError::ChunkSize { offset: tail.offset(text) };
    let (after, size) = terminated(u64, peek(alt((spaces, eof))))
        .parse(text)
        .map_err(|_: nom::Err<()>| chunk_size)?;
    let marker = spaces(after).map_or(after, |(marker, _)| marker);
    let last = marker.eq_ignore_ascii_case(b"LAST");
    match marker.first() {
        Some(&octet) if !last => {
            Err(CommandError::Unexpected { octet, offset: tail.offset(marker) })
        }
        _ => Ok(Received::Bdat { size, last }),
    }
}

/// `AUTH SP sasl-mech [SP initial-response]`
fn auth(tail: Tail<'_>) -> Result<Received<'_>> {
    let text = tail.needed_text()?;
    let offset = tail.offset(text);
    let (_, (mechanism, response)) =
        mechanism_and_response(text).map_err(|_| CommandError::NoArgument)?;
    let (mechanism, octet) = utf8_prefix(mechanism);
    if let Some(octet) = octet {
        return Err(CommandError::Unexpected { octet, offset: offset + mechanism.len() });
    }
    let response = response.map(|text| if text == b"=" { b"" } else { text });
    Auth::new(mechanism, response)
        .map(Received::Auth)
        .map_err(|error| CommandError::Auth { offset, error })
}

fn verb(line: Input<'_>) -> Parsed<'_, Input<'_>> {
    terminated(alpha1, peek(alt((spaces, eof)))).parse(line)
}

fn path(input: Input<'_>) -> Parsed<'_, Input<'_>> {
    split_path(input).map(|(path, after)| (after, path)).ok_or(nom::Err::Error(()))
}

fn mechanism_and_response(input: Input<'_>) -> Parsed<'_, (Input<'_>, Option<Input<'_>>)> {
    (take_while(|octet| octet != b' '), opt(preceded(spaces, rest))).parse(input)
}

fn spaces(input: Input<'_>) -> Parsed<'_, Input<'_>> {
    take_while1(|octet| octet == b' ').parse(input)
}

/// Splits off the longest prefix of `text` that is UTF-8. Returns it, and the first octet that is not.
fn utf8_prefix(text: Input<'_>) -> (&str, Option<u8>) {
    match core::str::from_utf8(text) {
        Ok(text) => (text, None),
        Err(error) => {
            let (valid, invalid) = text.split_at(error.valid_up_to());
            (core::str::from_utf8(valid).unwrap_or_default(), invalid.first().copied())
        }
    }
}

fn trim_end(line: Input<'_>) -> Input<'_> {
    let end = line.iter().rposition(|&octet| octet != b' ').map_or(0, |last| last + 1);
    &line[..end]
}
