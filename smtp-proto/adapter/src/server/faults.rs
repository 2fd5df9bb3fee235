//! Faults that a server makes on purpose.

use std::time::Duration;

/// The point at which a fault happens: a verb in any case, its n-th time (from 1), or the n-th line from the client
/// (from 1).
///
/// `CONNECT` stands for the greeting, `.` for the reply to complete content, of which LMTP has one for each recipient.
///
/// ```
/// use smtp_adapter::server::At;
/// let (every, second, line) = (At::from("rcpt"), At::from(("RCPT", 2)), At::from(4));
/// # let _ = (every, second, line);
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct At(Place);

#[derive(Clone, PartialEq, Eq, Debug)]
enum Place {
    Verb { verb: String, time: Option<usize> },
    Line(usize),
}

impl At {
    /// Returns whether the fault happens here: at this verb in capitals, at its `time`-th use, at this line of the
    /// client.
    pub(super) fn is(&self, verb: &str, time: usize, line: usize) -> bool {
        match &self.0 {
            Place::Verb { verb: wanted, time: when } => {
                wanted == verb && when.is_none_or(|when| when == time)
            }
            Place::Line(number) => verb != "." && *number == line,
        }
    }
}

impl From<&str> for At {
    fn from(verb: &str) -> Self {
        Self(Place::Verb { verb: verb.to_ascii_uppercase(), time: None })
    }
}

impl From<(&str, usize)> for At {
    fn from((verb, time): (&str, usize)) -> Self {
        Self(Place::Verb { verb: verb.to_ascii_uppercase(), time: Some(time) })
    }
}

impl From<usize> for At {
    fn from(line: usize) -> Self {
        Self(Place::Line(line))
    }
}

/// One thing that goes wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Fault {
    Reply(Vec<u8>),
    Behind(Vec<u8>),
    Delay(Duration),
    Drop,
}

/// Faults that a server makes on purpose, for tests of clients.
///
/// A fault changes only the replies that the client sees; the core runs the session as always. Where possible, the core
/// also gets a refusal that replaces a reply, so that nothing is delivered to a refused recipient. In two cases only
/// the client sees the refusal: a chunk that is not the last, and LMTP's replies to content. For the latter, use
/// [`Store::with_verdict_for`](super::Store::with_verdict_for).
///
/// ```
/// use smtp_adapter::server::{Faults, ServerBuilder, Store, Turn};
///
/// let faults = Faults::new()
///     .with_reply(("RCPT", 2), "450 4.2.0 Busy")
///     .without_keyword("PIPELINING")
///     .with_keyword("X-ODD =")
///     .with_drop("DATA");
/// let builder = ServerBuilder::default().with_faults(faults);
/// let mut session = builder.conversation(Store::new(), 0, ([127, 0, 0, 1], 25).into());
///
/// let mut said: &[u8] =
///     b"EHLO c.example\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n";
/// let mut replies = String::new();
/// loop {
///     match session.turn() {
///         Turn::Write => {
///             replies += core::str::from_utf8(session.replies())?;
///             session.written();
///         }
///         Turn::Flush => session.flushed(),
///         Turn::Read => {
///             let n = session.space().len().min(said.len());
///             session.space()[..n].copy_from_slice(&said[..n]);
///             session.received(n);
///             said = &said[n..];
///         }
///         _ => break,
///     }
/// }
/// assert!(!replies.contains("PIPELINING"));
/// assert!(replies.contains("\r\n250 X-ODD =\r\n"));
/// assert!(replies.ends_with("250 2.1.5 Recipient OK\r\n450 4.2.0 Busy\r\n"));
/// # Ok::<(), core::str::Utf8Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Faults {
    pub(super) rules: Vec<(At, Fault)>,
    pub(super) hidden: Vec<String>,
    pub(super) added: Vec<String>,
    pub(super) octets: Option<u64>,
    connections: Option<u64>,
}

impl Faults {
    /// None.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends this text instead of the reply. A CRLF is added if the text has no line end; for an empty text nothing is
    /// sent. 421 also closes the session.
    #[must_use]
    pub fn with_reply(self, at: impl Into<At>, reply: impl AsRef<[u8]>) -> Self {
        let mut reply = reply.as_ref().to_owned();
        if !reply.is_empty() && !reply.ends_with(b"\n") {
            reply.extend_from_slice(b"\r\n");
        }
        self.with(at, Fault::Reply(reply))
    }

    /// Replies 421 and closes the connection.
    #[must_use]
    pub fn with_close(self, at: impl Into<At>) -> Self {
        self.with_reply(at, "421 4.3.2 Service not available, closing")
    }

    /// Greets with these octets, as they are.
    #[must_use]
    pub fn with_greeting(self, octets: impl AsRef<[u8]>) -> Self {
        self.with("CONNECT", Fault::Reply(octets.as_ref().to_owned()))
    }

    /// Sends these octets too, unchanged, in the same write as the reply and directly after it.
    #[must_use]
    pub fn with_octets_behind(self, at: impl Into<At>, octets: impl AsRef<[u8]>) -> Self {
        self.with(at, Fault::Behind(octets.as_ref().to_owned()))
    }

    /// Waits before the reply, and before replies that have not left yet.
    #[must_use]
    pub fn with_delay(self, at: impl Into<At>, delay: Duration) -> Self {
        self.with(at, Fault::Delay(delay))
    }

    /// Drops the connection instead of a reply; those before it leave.
    #[must_use]
    pub fn with_drop(self, at: impl Into<At>) -> Self {
        self.with(at, Fault::Drop)
    }

    /// Drops the connection once so many octets have come from the client.
    #[must_use]
    pub fn with_drop_after(mut self, octets: u64) -> Self {
        self.octets = Some(octets);
        self
    }

    /// Removes the lines with this keyword from the reply to `EHLO` and `LHLO`. The client can still use the extension.
    #[must_use]
    pub fn without_keyword(mut self, keyword: &str) -> Self {
        self.hidden.push(keyword.to_owned());
        self
    }

    /// Adds a line, unchanged, to the reply to `EHLO` and `LHLO`.
    #[must_use]
    pub fn with_keyword(mut self, line: &str) -> Self {
        self.added.push(line.to_owned());
        self
    }

    /// Does all that only to the first connections, so many of them.
    #[must_use]
    pub const fn with_connections(mut self, connections: u64) -> Self {
        self.connections = Some(connections);
        self
    }

    fn with(mut self, at: impl Into<At>, fault: Fault) -> Self {
        self.rules.push((at.into(), fault));
        self
    }

    /// Returns whether the connection with this number, counted from 0, has these faults.
    pub(super) fn concern(&self, connection: u64) -> bool {
        self.connections.is_none_or(|connections| connection < connections)
    }
}
