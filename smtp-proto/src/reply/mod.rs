//! Replies: framing, codes, text (RFC 5321 4.2).
//!
//! [`Framer`] finds where a reply ends, [`Reply`] reads what is whole. A line ends at LF, the CR
//! before it is optional; any octet may stand in the text and is kept.

mod code;
mod frame;
mod keep;
#[cfg(feature = "alloc")]
mod owned;
mod parse;
mod text;

use core::fmt;

use memchr::memchr;

#[cfg(feature = "alloc")]
pub use self::owned::OwnedReply;
pub use self::{
    code::{Class, Code, EnhancedCode},
    frame::{Framer, ReplyError, ReplyErrorKind, ReplyLimits},
    text::Escaped,
};
pub(crate) use self::{frame::Found, keep::Keep};

/// One whole reply, borrowed from the octets it came in.
///
/// ```
/// use smtp_proto::reply::{Code, Reply};
/// let octets = b"550-5.1.1 No such user\r\n550 5.1.1 Try another\r\n";
/// let (reply, length) = Reply::parse(octets)?.expect("complete");
/// assert_eq!(reply.code(), Code::MAILBOX_UNAVAILABLE);
/// assert_eq!(reply.enhanced().unwrap().to_string(), "5.1.1");
/// assert_eq!(reply.lines().next(), Some(&b"No such user"[..]));
/// assert_eq!(length, octets.len());
/// # Ok::<(), smtp_proto::reply::ReplyError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Reply<'a> {
    octets: &'a [u8],
    code: Code,
}

impl<'a> Reply<'a> {
    /// The reply that `input` starts with and its length, `None` while it is incomplete.
    ///
    /// For input that arrives in pieces use a [`Framer`], which does not look at an octet twice.
    ///
    /// # Errors
    /// The first octet that no valid reply can have, with [`ReplyLimits::DEFAULT`].
    pub fn parse(input: &'a [u8]) -> Result<Option<(Self, usize)>, ReplyError> {
        Framer::new().reply(input, &ReplyLimits::DEFAULT)
    }

    /// Reads a reply that a [`Framer`] has found whole.
    #[must_use]
    pub(crate) fn from_frame(octets: &'a [u8]) -> Self {
        // The framer has seen three digits.
        let code = parse::code(octets).map_or(Code::TRANSACTION_FAILED, |(_, code)| code);
        Self { octets, code }
    }

    /// A reply that a [`Framer`] has found whole, and whose code was read.
    pub(crate) const fn with_code(octets: &'a [u8], code: Code) -> Self {
        Self { octets, code }
    }

    /// The reply code, the same on every line.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The enhanced status code of the first line that has one whose class fits the reply code.
    ///
    /// Looked for at each call: most replies are only asked for their code.
    #[must_use]
    pub fn enhanced(&self) -> Option<EnhancedCode> {
        self.raw_lines().find_map(|text| self.enhanced_of(text)).map(|(_, enhanced)| enhanced)
    }

    /// The text of each line, without code, enhanced code and line end. At least one, any octets.
    pub fn lines(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let reply = *self;
        self.raw_lines().map(move |text| reply.enhanced_of(text).map_or(text, |(rest, _)| rest))
    }

    /// The text of each line with its enhanced code, if any, as it came.
    pub fn raw_lines(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.whole_lines().map(text)
    }

    /// Each line as it came, line end included.
    pub(crate) fn whole_lines(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        Lines { rest: self.octets }
    }

    /// The text of each line as [`lines`](Self::lines) gives it, controls and non-UTF-8 octets escaped.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn text(&self) -> alloc::vec::Vec<alloc::string::String> {
        use alloc::string::ToString;
        self.lines().map(|line| Escaped(line).to_string()).collect()
    }

    /// The octets of the reply as they came, line ends included. A client keeps only a part of a very
    /// long reply, see [`Limits`](crate::client::Limits).
    #[must_use]
    pub const fn octets(&self) -> &'a [u8] {
        self.octets
    }

    fn enhanced_of(&self, text: &'a [u8]) -> Option<(&'a [u8], EnhancedCode)> {
        // Most lines are told apart by their second octet.
        if text.get(1) != Some(&b'.') {
            return None;
        }
        let (rest, enhanced) = parse::enhanced_code(text).ok()?;
        enhanced.fits(self.code).then_some((rest, enhanced))
    }
}

impl fmt::Display for Reply<'_> {
    /// Code, enhanced code and text on one line, lines joined by ` / `, controls escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some(enhanced) = self.enhanced() {
            write!(f, " {enhanced}")?;
        }
        let mut separator = " ";
        for line in self.lines() {
            write!(f, "{separator}{}", Escaped(line))?;
            separator = " / ";
        }
        Ok(())
    }
}

impl fmt::Debug for Reply<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({self})")
    }
}

/// Cuts a framed reply into its lines.
struct Lines<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        // The framer has seen three digits, a separator where there is text, and that only the last line has no `-`.
        let (line, rest) = match self.rest.get(3)? {
            b'-' => self.rest.split_at(memchr(b'\n', self.rest)? + 1),
            _ => (self.rest, &[][..]),
        };
        self.rest = rest;
        Some(line)
    }
}

/// The text of a line, without code, separator and line end.
pub(crate) fn text(line: &[u8]) -> &[u8] {
    match line.get(4..) {
        Some([text @ .., b'\r', b'\n'] | [text @ .., b'\n']) => text,
        _ => &[],
    }
}
