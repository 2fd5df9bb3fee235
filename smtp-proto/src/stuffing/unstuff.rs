//! Unstuffing: received octets to content.

use core::fmt;

use memchr::memchr;

use super::scan::{self, CR, DOT, LF, Octets};

/// The half of a CRLF that was found without the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BareNewlineKind {
    /// A CR without an LF after it.
    Cr,
    /// An LF without a CR before it.
    Lf,
}

/// A CR or LF in received content that is not part of a CRLF (RFC 5321 2.3.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct BareNewline {
    /// The half that was found.
    pub kind: BareNewlineKind,
    /// The number of received octets of content before it, doubled dots included.
    pub offset: u64,
}

/// The result of one call of [`Unstuffer::feed`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[must_use]
pub struct Unstuffed<'a> {
    /// The number of input octets that were consumed. Do not pass them again.
    pub consumed: usize,
    /// The content in these octets, without added dots. It can be empty.
    pub content: &'a [u8],
    /// These octets end the content. The next command follows.
    pub end: bool,
}

/// Decodes content that is received after `DATA`: removes added dots, and finds the end.
///
/// A server session has one inside; use it to receive content by hand. It is the inverse of
/// [`Stuffer`](super::Stuffer).
///
/// It copies and buffers nothing: content is returned as slices of the input, each line with its CRLF. NULs and
/// octets of 0x80 and more are accepted. The end is CRLF `.` CRLF, or `.` CRLF at the very start, and nothing else:
/// not LF `.` LF, not LF `.` CRLF, not CR `.` CR.
///
/// A bare CR or LF is an error, which is reported once. The server then has to refuse the message with `550 5.5.2`,
/// but only after its end. So continue to call [`feed`](Self::feed), beginning with the same octets, which yield no
/// more content, until `end` is true. [`spoilt`](Self::spoilt) returns the error until then.
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

/// The position of the next octet in its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    LineStart,
    Middle,
    AfterCr,
    /// After a dot at the start of a line: an added dot, or the end.
    Dot,
    DotCr,
    End,
}

impl Unstuffer {
    /// Creates an unstuffer at the start of content.
    #[must_use]
    pub const fn new() -> Self {
        Self { at: At::LineStart, offset: 0, spoilt: None }
    }

    /// Consumes octets from the start of `input`: at least one, unless it is empty or the content has ended. Call it
    /// again with the rest.
    ///
    /// # Errors
    ///
    /// [`BareNewline`] for the first bare CR or LF, once. Nothing is consumed then: pass the same octets again to
    /// find the end.
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

    /// The first bare CR or LF in the content. `None` if there was none.
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

    /// Consumes a dot at the start of a line, and the CRLF that makes it the end.
    fn take_dot(&mut self, input: &[u8]) -> usize {
        for (taken, &octet) in input.iter().enumerate() {
            self.at = match (self.at, octet) {
                (At::LineStart, DOT) => At::Dot,
                (At::Dot, CR) => At::DotCr,
                (At::DotCr, LF) => At::End,
                (at, _) => {
                    // The octet after an added dot is content, even if it is a dot. The octet after the end is not.
                    self.at = if at == At::Dot { At::Middle } else { at };
                    return taken;
                }
            };
        }
        input.len()
    }

    /// Consumes content up to the next dot that is not content, or bare newline.
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

    /// Looks only for the end.
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

    /// Records the bare newline that the next octet, `octet`, reveals.
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
    /// The position after this octet. Only CRLF starts a line.
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
