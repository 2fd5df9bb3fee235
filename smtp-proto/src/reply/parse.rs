//! The grammar of the codes in a reply, over whole lines (RFC 5321 4.2, RFC 2034).

use nom::{
    IResult, Parser,
    branch::alt,
    bytes::complete::{take, take_while_m_n},
    character::complete::{char, one_of},
    combinator::{eof, map, map_opt, peek},
    error::{ErrorKind::Verify, make_error},
    sequence::preceded,
};

use super::{Code, EnhancedCode};

/// Parses `Reply-code = %x32-35 2DIGIT`. Accepts a second digit beyond 5.
pub(super) fn code(input: &[u8]) -> IResult<&[u8], Code> {
    map_opt(take(3usize), |digits: &[u8]| {
        let &[a @ b'2'..=b'5', b @ b'0'..=b'9', c @ b'0'..=b'9'] = digits else { return None };
        Some(Code::from_digits([a, b, c]))
    })
    .parse(input)
}

/// Parses `class "." subject "." detail`, followed by a space, which is consumed, or by the end of the text.
pub(super) fn enhanced_code(input: &[u8]) -> IResult<&[u8], EnhancedCode> {
    let (rest, class) = map(one_of("245"), |digit| digit as u16 - u16::from(b'0')).parse(input)?;
    let (rest, subject) = preceded(char('.'), number).parse(rest)?;
    let (rest, detail) = preceded(char('.'), number).parse(rest)?;
    let (rest, ()) = alt((map(char(' '), |_| ()), map(peek(eof), |_| ()))).parse(rest)?;
    let code = EnhancedCode::new(class, subject, detail);
    code.map(|code| (rest, code)).ok_or_else(|| nom::Err::Error(make_error(input, Verify)))
}

/// Parses one to three digits.
fn number(input: &[u8]) -> IResult<&[u8], u16> {
    let value =
        |digits: &[u8]| digits.iter().fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
    map(take_while_m_n(1, 3, |octet: u8| octet.is_ascii_digit()), value).parse(input)
}
