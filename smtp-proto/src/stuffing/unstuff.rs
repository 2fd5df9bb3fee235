//! Wire to message.

use core::fmt;

use memchr::memchr;

use super::scan::{self, CR, DOT, LF, Octets};

/// Which half of a CRLF stands alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BareNewlineKind {
    /// A CR that no LF follows.
    Cr,
    /// An LF that follows no CR.
    Lf,
}

/// A newline that is none, in content received (RFC 5321 2.3.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct BareNewline {
    /// Which it is.
    pub kind: BareNewlineKind,
    /// Octets of content on the wire before it, doubled dots included.
    pub offset: u64,
}

/// What one call of [`Unstuffer::feed`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[must_use]
pub struct Unstuffed<'a> {
    /// Octets of the input that need not be handed in again.
    pub consumed: usize,
    /// The content among them, with stuffed dots removed; may be empty.
    pub content: &'a [u8],
    /// Whether they end the content. What follows them is the next command.
    pub end: bool,
}

/// Takes content from the wire after DATA: stuffed dots removed, the end found.
///
/// Copies nothing and holds nothing: content comes back as slices of the input, each line with its CRLF. NULs and
/// octets of 0x80 and more pass. The end is CRLF `.` CRLF, or `.` CRLF at the very start, and nothing
/// else: not LF `.` LF, not LF `.` CRLF, not CR `.` CR.
///
/// A bare CR or LF is an error, reported once. The message is then spoilt, and the server answers 550 5.5.2: but
/// only after its end. So go on feeding, from the same octets on: they yield no content any more, until
/// `end` is true. [`Unstuffer::spoilt`] tells what to answer.
///
/// ```
/// use smtp_proto::stuffing::Unstuffer;
///
/// let mut wire: &[u8] = b"Hi\r\n..hidden\r\n.\r\nQUIT\r\n";
/// let (mut unstuffer, mut message) = (Unstuffer::new(), Vec::new());
/// loop {
///     let found = unstuffer.feed(wire)?;
///     message.extend_from_slice(found.content);
///     wire = &wire[found.consumed..];
///     if found.end {
///         break;
///     }
/// }
/// assert_eq!(message, b"Hi\r\n.hidden\r\n");
/// assert_eq!(wire, b"QUIT\r\n");
/// # Ok::<(), smtp_proto::stuffing::BareNewline>(())
/// ```
#[derive(Debug, Clone)]
pub struct Unstuffer {
    at: At,
    offset: u64,
    spoilt: Option<BareNewline>,
}

/// Where on the wire the next octet stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    LineStart,
    Middle,
    AfterCr,
    /// After a dot at a line's start: stuffed, or the end.
    Dot,
    DotCr,
    End,
}

impl Unstuffer {
    /// An unstuffer at the start of content.
    #[must_use]
    pub const fn new() -> Self {
        Self { at: At::LineStart, offset: 0, spoilt: None }
    }

    /// Takes octets from the start of `input`: at least one, if there is one and the content has not ended.
    /// Call again with the rest.
    ///
    /// # Errors
    ///
    /// The first bare CR or LF, once. Nothing is consumed then: feed the same octets again to find the end.
    pub fn feed<'a>(&mut self, input: &'a [u8]) -> Result<Unstuffed<'a>, BareNewline> {
        let found = if self.at == At::End {
            Unstuffed { end: true, ..Unstuffed::default() }
        } else if self.spoilt.is_some() {
            self.swallow(input)
        } else {
            self.take(input)?
        };
        self.offset += found.consumed as u64;
        Ok(found)
    }

    /// The bare newline that made the content unacceptable, if there was one.
    #[must_use]
    pub const fn spoilt(&self) -> Option<BareNewline> {
        self.spoilt
    }

    fn take<'a>(&mut self, input: &'a [u8]) -> Result<Unstuffed<'a>, BareNewline> {
        let start = self.take_dot(input);
        if self.at == At::End {
            return Ok(Unstuffed { consumed: start, content: &[], end: true });
        }
        let content = self.take_content(&input[start..]);
        let consumed = start + content.len();
        if consumed == 0 && !input.is_empty() {
            return Err(self.spoil(input[0]));
        }
        Ok(Unstuffed { consumed, content, end: false })
    }

    /// Takes a dot at a line's start, and the CRLF that makes it the end.
    fn take_dot(&mut self, input: &[u8]) -> usize {
        for (taken, &octet) in input.iter().enumerate() {
            self.at = match (self.at, octet) {
                (At::LineStart, DOT) => At::Dot,
                (At::Dot, CR) => At::DotCr,
                (At::DotCr, LF) => At::End,
                (at, _) => {
                    // The octet after a stuffed dot is content, even a dot; behind the end it is none.
                    self.at = if at == At::Dot { At::Middle } else { at };
                    return taken;
                }
            };
        }
        input.len()
    }

    /// Takes what is content up to the next dot that is not, or bare newline.
    fn take_content<'a>(&mut self, input: &'a [u8]) -> &'a [u8] {
        let newline = usize::from(self.at == At::AfterCr && input.first() == Some(&LF));
        if newline == 0 && matches!(self.at, At::AfterCr | At::Dot | At::DotCr) {
            return &[];
        }
        let line_start = newline == 1 || self.at == At::LineStart;
        let mut end = newline + scan::exact_prefix(&input[newline..], line_start, Octets::ANY);
        if input[end..] == [CR] {
            end += 1;
        }
        self.at = match input[..end].last() {
            None => self.at,
            Some(&LF) => At::LineStart,
            Some(&CR) => At::AfterCr,
            Some(_) => At::Middle,
        };
        &input[..end]
    }

    /// Looks for the end alone.
    fn swallow<'a>(&mut self, input: &'a [u8]) -> Unstuffed<'a> {
        let mut consumed = 0;
        while let Some(&octet) = input.get(consumed) {
            consumed += 1;
            self.at = self.at.after(octet);
            if self.at == At::End {
                break;
            }
            if self.at == At::Middle {
                let rest = &input[consumed..];
                consumed += memchr(CR, rest).unwrap_or(rest.len());
            }
        }
        scan::looked_at(&input[..consumed]);
        Unstuffed { consumed, content: &[], end: self.at == At::End }
    }

    /// Records the offence that `octet`, the next one, brings to light.
    const fn spoil(&mut self, octet: u8) -> BareNewline {
        let (kind, offset) = match self.at {
            At::AfterCr | At::DotCr => (BareNewlineKind::Cr, self.offset - 1),
            _ if octet == LF => (BareNewlineKind::Lf, self.offset),
            _ => (BareNewlineKind::Cr, self.offset),
        };
        let bare = BareNewline { kind, offset };
        self.spoilt = Some(bare);
        bare
    }
}

impl Default for Unstuffer {
    fn default() -> Self {
        Self::new()
    }
}

impl At {
    /// Where the octet after this one stands. Only CRLF starts a line.
    const fn after(self, octet: u8) -> Self {
        match (self, octet) {
            (Self::DotCr, LF) | (Self::End, _) => Self::End,
            (Self::AfterCr, LF) => Self::LineStart,
            (Self::LineStart, DOT) => Self::Dot,
            (Self::Dot, CR) => Self::DotCr,
            (_, CR) => Self::AfterCr,
            _ => Self::Middle,
        }
    }
}

impl fmt::Display for BareNewline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            BareNewlineKind::Cr => "CR without LF",
            BareNewlineKind::Lf => "LF without CR",
        };
        write!(f, "{what} in content at octet {}", self.offset)
    }
}

impl core::error::Error for BareNewline {}
