//! A session in readable form: one line for each command (`C: `) and reply (`S: `), with `***` for secrets.

use core::fmt::{self, Write};

use crate::{
    client::{Span, SpanKind},
    reply::{Escaped, Reply},
};

/// Writes the commands and replies of a client session as text, while they pass.
///
/// Use it for logs and error reports. Feed it each [`Span`] that was written to the transport, and each [`Reply`]
/// that was read. [`Lines`] does the same, and calls a function with each line.
///
/// A secret never gets here: the session marks its octets when it creates them, and they appear as `***`. Of content,
/// only the length appears. If a server repeats a secret in a reply, the session has replaced it by `*` before, and a
/// challenge that repeats one is `***` as a whole.
///
/// ```
/// use smtp_proto::{reply::Reply, transcript::Transcript};
/// let mut text = String::new();
/// let (reply, _) = Reply::parse(b"220-mx.example\r\n220 ready\r\n")?.unwrap();
/// Transcript::new().received(&mut text, reply).unwrap();
/// assert_eq!(text, "S: 220-mx.example\nS: 220 ready\n");
/// # Ok::<(), smtp_proto::reply::ReplyError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    line: Line,
}

/// The state of the current line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Line {
    #[default]
    Empty,
    Text,
    /// A secret, for which `***` was written.
    Stars,
    /// Content of this many octets, not written yet.
    Content(u64),
}

impl Transcript {
    /// An empty transcript.
    #[must_use]
    pub const fn new() -> Self {
        Self { line: Line::Empty }
    }

    /// Writes octets that were sent. Spans may be cut anywhere.
    ///
    /// # Errors
    /// The errors of `out`.
    pub fn sent(&mut self, out: &mut dyn Write, span: Span<'_>) -> fmt::Result {
        match span.kind {
            SpanKind::Secret => self.secret(out),
            SpanKind::Content => {
                self.count_content(span.length as u64);
                Ok(())
            }
            SpanKind::LastChunk => {
                self.count_content(span.length as u64);
                if span.complete { self.show_content(out) } else { Ok(()) }
            }
            SpanKind::EndOfContent => self.end_of_content(out, span.complete),
            SpanKind::Command => self.command(out, span.octets),
        }
    }

    /// Writes a reply, one line for each of its lines.
    ///
    /// # Errors
    /// The errors of `out`.
    pub fn received(&mut self, out: &mut dyn Write, reply: Reply<'_>) -> fmt::Result {
        lines(reply.octets()).try_for_each(|(line, _)| writeln!(out, "S: {}", Escaped(line)))
    }

    fn command(&mut self, out: &mut dyn Write, octets: &[u8]) -> fmt::Result {
        self.show_content(out)?;
        for (line, is_whole) in lines(octets) {
            self.open(out)?;
            write!(out, "{}", Escaped(line))?;
            self.line = Line::Text;
            if is_whole {
                out.write_char('\n')?;
                self.line = Line::Empty;
            }
        }
        Ok(())
    }

    fn secret(&mut self, out: &mut dyn Write) -> fmt::Result {
        if self.line != Line::Stars {
            self.open(out)?;
            out.write_str("***")?;
            self.line = Line::Stars;
        }
        Ok(())
    }

    fn count_content(&mut self, length: u64) {
        let before = if let Line::Content(before) = self.line { before } else { 0 };
        self.line = Line::Content(before + length);
    }

    /// Writes the length of the content since the last line, if there was any.
    fn show_content(&mut self, out: &mut dyn Write) -> fmt::Result {
        let Line::Content(length) = self.line else { return Ok(()) };
        self.line = Line::Empty;
        writeln!(out, "C: ({length} octets of content)")
    }

    fn end_of_content(&mut self, out: &mut dyn Write, complete: bool) -> fmt::Result {
        self.show_content(out)?;
        if complete { writeln!(out, "C: .") } else { Ok(()) }
    }

    fn open(&mut self, out: &mut dyn Write) -> fmt::Result {
        if self.line == Line::Empty { out.write_str("C: ") } else { Ok(()) }
    }
}

/// Splits octets into lines. Yields each without its line end, and whether it had one.
fn lines(octets: &[u8]) -> impl Iterator<Item = (&[u8], bool)> {
    octets.split_inclusive(|&octet| octet == b'\n').map(|line| {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        (text.strip_suffix(b"\r").unwrap_or(text), text.len() < line.len())
    })
}

/// Calls a function with each line of a [`Transcript`], without line ends.
///
/// ```
/// use smtp_proto::{reply::Reply, transcript::Lines};
/// let mut lines = Lines::new(|line| println!("{line}"));
/// let (reply, _) = Reply::parse(b"220 ready\r\n")?.unwrap();
/// lines.received(reply);
/// # Ok::<(), smtp_proto::reply::ReplyError>(())
/// ```
#[cfg(feature = "alloc")]
pub struct Lines {
    transcript: Transcript,
    pieces: Pieces,
}

#[cfg(feature = "alloc")]
struct Pieces {
    line: alloc::string::String,
    sink: Sink,
}

#[cfg(feature = "alloc")]
type Sink = alloc::boxed::Box<dyn FnMut(&str) + Send>;

#[cfg(feature = "alloc")]
impl Lines {
    /// Creates a transcript that calls `sink` with each complete line.
    pub fn new(sink: impl FnMut(&str) + Send + 'static) -> Self {
        let line = alloc::string::String::new();
        let pieces = Pieces { line, sink: alloc::boxed::Box::new(sink) };
        Self { transcript: Transcript::new(), pieces }
    }

    /// Adds octets that were sent.
    pub fn sent(&mut self, span: Span<'_>) {
        // `Pieces` accepts all text, so there is no error to report.
        self.transcript.sent(&mut self.pieces, span).unwrap_or_default();
    }

    /// Adds a reply that was received.
    pub fn received(&mut self, reply: Reply<'_>) {
        self.transcript.received(&mut self.pieces, reply).unwrap_or_default();
    }
}

#[cfg(feature = "alloc")]
impl Write for Pieces {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for piece in text.split_inclusive('\n') {
            self.line.push_str(piece);
            if let Some(line) = self.line.strip_suffix('\n') {
                (self.sink)(line);
                self.line.clear();
            }
        }
        Ok(())
    }
}

#[cfg(feature = "alloc")]
impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.transcript.fmt(f)
    }
}
