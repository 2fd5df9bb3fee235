//! Replies of a server: framing, codes, text (RFC 5321 4.2).
//!
//! A reply is one or more lines with the same three-digit code. [`Framer`] finds its end in a stream of octets, and
//! [`Reply`] gives access to its parts. A line ends at LF, and the CR before it is optional. The text may hold any
//! octets, which are kept.

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

/// One whole reply of a server. It borrows the octets in which it arrived.
///
/// Every octet came from the server: do not show [`lines`](Self::lines) to people or write them to logs without
/// [`Escaped`]; `Display` and [`text`](Self::text) escape them. To keep a reply longer than its buffer, convert it
/// into an [`OwnedReply`].
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
    /// Parses the reply at the start of `input`. Returns it and its length, or `None` if it is incomplete.
    ///
    /// For input that arrives in pieces use a [`Framer`], which looks at each octet once.
    ///
    /// # Errors
    /// [`ReplyError`] for the first octet that no valid reply within [`ReplyLimits::DEFAULT`] can have.
    pub fn parse(input: &'a [u8]) -> Result<Option<(Self, usize)>, ReplyError> {
        Framer::new().reply(input, &ReplyLimits::DEFAULT)
    }

    /// Wraps a reply whose end a [`Framer`] has found.
    #[must_use]
    pub(crate) fn from_frame(octets: &'a [u8]) -> Self {
        // The framer has checked the three digits, so the fallback is never used.
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

    /// The enhanced status code, as `5.1.1`: that of the first line whose enhanced code has the class of the reply
    /// code.
    ///
    /// It is parsed at each call, because most callers need only the code.
    #[must_use]
    pub fn enhanced(&self) -> Option<EnhancedCode> {
        self.raw_lines().find_map(|text| self.enhanced_of(text)).map(|(_, enhanced)| enhanced)
    }

    /// The text of each line, without code, enhanced code and line end. There is at least one line. The text may hold
    /// any octets.
    pub fn lines(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let reply = *self;
        self.raw_lines().map(move |text| reply.enhanced_of(text).map_or(text, |(rest, _)| rest))
    }

    /// The text of each line as it came, with its enhanced code if there is one.
    pub fn raw_lines(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.whole_lines().map(text)
    }

    /// The lines as they came, with their line ends.
    pub(crate) fn whole_lines(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        Lines { rest: self.octets }
    }

    /// The text of each line like [`lines`](Self::lines), with control characters and octets that are not UTF-8
    /// escaped.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn text(&self) -> alloc::vec::Vec<alloc::string::String> {
        use alloc::string::ToString;
        self.lines().map(|line| Escaped(line).to_string()).collect()
    }

    /// The octets of the reply as they came, with line ends. A client keeps only a part of a very long reply; see
    /// [`Limits`](crate::client::Limits).
    #[must_use]
    pub const fn octets(&self) -> &'a [u8] {
        self.octets
    }

    fn enhanced_of(&self, text: &'a [u8]) -> Option<(&'a [u8], EnhancedCode)> {
        // Fast path: the second octet rules out most lines.
        if text.get(1) != Some(&b'.') {
            return None;
        }
        let (rest, enhanced) = parse::enhanced_code(text).ok()?;
        enhanced.fits(self.code).then_some((rest, enhanced))
    }
}

impl fmt::Display for Reply<'_> {
    /// Writes code, enhanced code and text on one line, with ` / ` between lines and control characters escaped.
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

/// Iterates over the lines of a framed reply.
struct Lines<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        // The framer has checked that each line has three digits, that a separator precedes text, and that only the
        // last line has no `-`.
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
