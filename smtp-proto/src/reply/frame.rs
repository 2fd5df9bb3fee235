//! Framing of replies: finds the end of a reply, in bounded memory, and continues where it stopped.
//!
//! Octets arrive in any cut. The framer remembers how far it has looked, so it looks at each octet once. It reports
//! the first octet that no valid reply can have, at the same offset for every cut.

use core::{fmt, ops::Range};

use memchr::memchr;

use super::{Keep, Reply};

/// Limits of one reply. A line may be as long as the reply.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct ReplyLimits {
    /// The greatest number of octets in a reply.
    pub reply: usize,
    /// The greatest number of lines in a reply.
    pub lines: usize,
}

impl ReplyLimits {
    /// 64 KiB and 256 lines.
    pub const DEFAULT: ReplyLimits = ReplyLimits { reply: 64 * 1024, lines: 256 };
}

impl Default for ReplyLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Octets that are not a reply: the kind of error, and the offset of the first wrong octet from the start of the
/// reply.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReplyError {
    kind: ReplyErrorKind,
    offset: usize,
    octet: Option<u8>,
}

impl ReplyError {
    /// The kind of error.
    #[must_use]
    pub const fn kind(self) -> ReplyErrorKind {
        self.kind
    }

    /// The offset of the wrong octet from the start of the reply.
    #[must_use]
    pub const fn offset(self) -> usize {
        self.offset
    }

    /// The protocol that the peer seems to speak, if the first octet is the wrong one: `TLS`, `HTTP`, `SSH`, `IMAP`
    /// or `POP3`.
    ///
    /// Only the first octet counts, so the result is the same for every cut of the stream.
    #[must_use]
    pub const fn looks_like(self) -> Option<&'static str> {
        match (self.offset, self.octet) {
            (0, Some(0x15 | 0x16)) => Some("TLS"),
            (0, Some(b'H')) => Some("HTTP"),
            (0, Some(b'S')) => Some("SSH"),
            (0, Some(b'*')) => Some("IMAP"),
            (0, Some(b'+')) => Some("POP3"),
            _ => None,
        }
    }
}

impl fmt::Display for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            ReplyErrorKind::BadCode => "invalid reply code",
            ReplyErrorKind::BadSeparator => "no space or hyphen after the reply code",
            ReplyErrorKind::CodesDiffer => "line with another code than the first line",
            ReplyErrorKind::ReplyTooLong => "reply is longer than the limit",
            ReplyErrorKind::TooManyLines => "reply has more lines than the limit",
        };
        write!(f, "{what} at octet {}", self.offset)?;
        match self.looks_like() {
            Some(protocol) => write!(f, " (the peer seems to speak {protocol})"),
            None => Ok(()),
        }
    }
}

impl core::error::Error for ReplyError {}

/// The kinds of [`ReplyError`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ReplyErrorKind {
    /// An octet that is not allowed at this place in a reply code. The first digit is 2 to 5.
    BadCode,
    /// The code is not followed by SP, `-` or a line end.
    BadSeparator,
    /// A later line of the reply has another code.
    CodesDiffer,
    /// The reply does not end within [`ReplyLimits::reply`].
    ReplyTooLong,
    /// The reply has more lines than [`ReplyLimits::lines`].
    TooManyLines,
}

/// Finds the ends of successive replies in a stream of octets.
///
/// Use it to read replies from a transport by hand; a client session has one inside. It guarantees that each octet is
/// looked at once, however the stream is cut, and that a reply over the [limits](ReplyLimits) is an error. It copies
/// and keeps no octets: the caller keeps them until the reply is whole. [`Reply`] then gives access to the parts.
///
/// ```
/// use smtp_proto::reply::{Framer, ReplyLimits};
/// let mut framer = Framer::new();
/// let limits = ReplyLimits::DEFAULT;
/// assert_eq!(framer.frame(b"250-mx.exam", &limits), Ok(None));
/// assert_eq!(framer.frame(b"250-mx.example\r\n250 ", &limits), Ok(None));
/// assert_eq!(framer.frame(b"250-mx.example\r\n250 SIZE\r\n221 Bye", &limits), Ok(Some(26)));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Framer {
    /// The start of the current line.
    line: usize,
    /// The offset up to which there is no further line end.
    scanned: usize,
    /// The number of octets at the start of the current line that are checked.
    checked: usize,
    /// The number of whole lines.
    lines: usize,
    /// The number of octets of the reply that were removed.
    passed: usize,
}

/// The result of a search for a reply at the start of some octets.
pub(crate) enum Found {
    /// A part of a reply.
    Part,
    /// A reply of this length.
    Reply(usize),
    /// A part of a reply, of which these octets do not fit the storage. The caller has to remove them and call again;
    /// the framer counts them as removed.
    Surplus(Range<usize>),
}

/// The length below which a loop is faster than a call of `memchr`.
const SHORT: usize = 16;

impl Framer {
    /// Creates a framer at the start of a reply.
    #[must_use]
    pub const fn new() -> Self {
        Self { line: 0, scanned: 0, checked: 0, lines: 0, passed: 0 }
    }

    /// Returns the length of the reply at the start of `input`, or `None` if it is incomplete.
    ///
    /// `input` has to hold all octets since the start of the reply: those of the last call and those that have
    /// arrived since. After `Some(n)` the framer is at the start of the next reply, `input[n..]`.
    ///
    /// # Errors
    /// [`ReplyError`] for the first octet that no valid reply can have. The stream cannot be read after that.
    pub fn frame(
        &mut self,
        input: &[u8],
        limits: &ReplyLimits,
    ) -> Result<Option<usize>, ReplyError> {
        match self.find(input, limits, Keep::ALL)? {
            Found::Reply(length) => Ok(Some(length)),
            Found::Part | Found::Surplus(_) => Ok(None),
        }
    }

    /// Returns the reply at the start of `input`, and its length. Otherwise like [`frame`](Self::frame).
    ///
    /// # Errors
    /// The errors of [`frame`](Self::frame).
    pub fn reply<'a>(
        &mut self,
        input: &'a [u8],
        limits: &ReplyLimits,
    ) -> Result<Option<(Reply<'a>, usize)>, ReplyError> {
        let length = self.frame(input, limits)?;
        Ok(length.map(|length| (Reply::from_frame(&input[..length]), length)))
    }

    /// Returns whether no octet of a reply has been seen.
    pub(crate) const fn is_at_start(&self) -> bool {
        self.scanned == 0
    }

    /// Looks for the reply at the start of `input`, and for octets of it for which `keep` has no room.
    ///
    /// `input` has to hold all octets since the start of the reply, except those that were removed.
    #[inline]
    pub(crate) fn find(
        &mut self,
        input: &[u8],
        limits: &ReplyLimits,
        keep: Keep,
    ) -> Result<Found, ReplyError> {
        if self.goes_on(input, limits, keep) {
            return Ok(Found::Part);
        }
        while self.line < input.len() {
            let limit = self.limit(limits)?;
            let seen = &input[..input.len().min(limit)];
            if self.checked > 0 || !self.starts_well(seen) {
                self.check_start(seen)?;
            }
            let end = self.line_end(seen);
            if end.is_none() && input.len() >= limit {
                return Err(error(ReplyErrorKind::ReplyTooLong, limits.reply, None));
            }
            if !keep.has_whole(self.line, end.unwrap_or(seen.len())) {
                if let Some(surplus) = self.pass(seen, end, keep) {
                    return Ok(Found::Surplus(surplus));
                }
            }
            let Some(end) = end else { return Ok(Found::Part) };
            let last = seen[self.line + 3] != b'-';
            if last {
                *self = Self::new();
                return Ok(Found::Reply(end));
            }
            *self = Self {
                line: end,
                scanned: end,
                checked: 0,
                lines: self.lines + 1,
                passed: self.passed,
            };
        }
        if self.line > 0 {
            // A limit that is reached between two lines leaves no room for the next octet.
            self.limit(limits)?;
        }
        Ok(Found::Part)
    }

    /// Returns whether a few octets have arrived in the middle of a line: a fast path for callers that read octet by
    /// octet.
    #[inline]
    fn goes_on(&mut self, input: &[u8], limits: &ReplyLimits, keep: Keep) -> bool {
        let Some(fresh) = input.get(self.scanned..) else { return false };
        let goes_on = self.checked > 4
            && fresh.len() < SHORT
            && self.passed + input.len() < limits.reply
            && keep.has_whole(self.line, input.len())
            && !fresh.contains(&b'\n');
        if goes_on {
            self.scanned = input.len();
        }
        goes_on
    }

    /// The offset by which the reply has to end.
    fn limit(&self, limits: &ReplyLimits) -> Result<usize, ReplyError> {
        if self.lines >= limits.lines {
            return Err(error(ReplyErrorKind::TooManyLines, self.passed + self.line, None));
        }
        // Removed octets were within the limit.
        let limit = limits.reply - self.passed;
        if self.line >= limit {
            return Err(error(ReplyErrorKind::ReplyTooLong, limits.reply, None));
        }
        Ok(limit)
    }

    /// The octets that are not kept, of a line that is too long or has no room. `None` if there are none.
    #[cold]
    fn pass(&mut self, seen: &[u8], end: Option<usize>, keep: Keep) -> Option<Range<usize>> {
        let last = seen.get(self.line + 3) != Some(&b'-');
        let surplus = match end {
            Some(end) if !last && !keep.has_room(self.line) => {
                (self.scanned, self.checked, self.lines) = (self.line, 0, self.lines + 1);
                self.line..end
            }
            _ => {
                // The LF stays, or is still to come.
                let kept = self.line + keep.line(self.line);
                self.scanned = kept.min(seen.len());
                kept..end.map_or(seen.len(), |end| end - 1)
            }
        };
        self.passed += surplus.len();
        (!surplus.is_empty()).then_some(surplus)
    }

    /// Returns whether the line starts with a valid code and separator in the common form: a fast path.
    fn starts_well(&mut self, seen: &[u8]) -> bool {
        let Some(start) = seen[self.line..].first_chunk() else { return false };
        let [b'2'..=b'5', b'0'..=b'9', b'0'..=b'9', b' ' | b'-'] = start else { return false };
        if self.lines > 0 && start[..3] != seen[..3] {
            return false;
        }
        self.checked = 5;
        self.scanned = self.line + start.len();
        true
    }

    /// Checks those octets of code and separator that have arrived, each once.
    fn check_start(&mut self, seen: &[u8]) -> Result<(), ReplyError> {
        while self.checked < 5 {
            let at = self.line + self.checked;
            let Some(&octet) = seen.get(at) else { return Ok(()) };
            match self.start_error(seen, octet) {
                None => self.checked += 1,
                Some(kind) => return Err(error(kind, self.passed + at, Some(octet))),
            }
            if octet == b'\n' {
                self.checked = 5;
            }
        }
        Ok(())
    }

    fn start_error(&self, seen: &[u8], octet: u8) -> Option<ReplyErrorKind> {
        match self.checked {
            0 if !matches!(octet, b'2'..=b'5') => Some(ReplyErrorKind::BadCode),
            1 | 2 if !octet.is_ascii_digit() => Some(ReplyErrorKind::BadCode),
            0..=2 if self.lines > 0 && octet != seen[self.checked] => {
                Some(ReplyErrorKind::CodesDiffer)
            }
            3 if !matches!(octet, b' ' | b'-' | b'\r' | b'\n') => {
                Some(ReplyErrorKind::BadSeparator)
            }
            4 if seen[self.line + 3] == b'\r' && octet != b'\n' => {
                Some(ReplyErrorKind::BadSeparator)
            }
            _ => None,
        }
    }

    /// The offset after the LF of the current line.
    fn line_end(&mut self, seen: &[u8]) -> Option<usize> {
        let fresh = seen.get(self.scanned..)?;
        let found = if fresh.len() < SHORT {
            fresh.iter().position(|&octet| octet == b'\n')
        } else {
            memchr(b'\n', fresh)
        };
        let end = found.map(|at| self.scanned + at + 1);
        self.scanned = end.unwrap_or(seen.len());
        end
    }
}

const fn error(kind: ReplyErrorKind, offset: usize, octet: Option<u8>) -> ReplyError {
    ReplyError { kind, offset, octet }
}
