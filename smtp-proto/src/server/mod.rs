//! The server: one polled state machine for a whole session, the mirror of the client.
//!
//! ```text
//!  implicit TLS
//!       |
//!  [Handshake] --> [Connecting] --220--> [Commands] --QUIT, 421--> [Closing] --> [Closed]
//!       ^                                 ^   |   |
//!       |                                 |   |   +-- AUTH --> [Dialogue]: 334, line, .., 235
//!       +------------- STARTTLS --220-----+---+
//!                                             +------ DATA --> [Content]: 354, content, dot, 250
//!                                             +------ BDAT --> [Chunk]: octets, 250, again or LAST
//! ```
//!
//! Every transition stands in `state.rs`. The driver's loop is this, the same for every transport:
//!
//! ```text
//! loop {
//!     match server.wants() {
//!         Wants::Event  => if let Some(event) = server.poll_event()? { .. },
//!         Wants::Answer => server.accept()?, // or `answer`; may also be done right at the event
//!         Wants::Write  => { let n = io.write(server.transmit())?; server.transmitted(n)?; }
//!         Wants::Flush  => { io.flush()?; server.flushed(); }
//!         Wants::Read   => { let n = io.read(server.read_buf())?; server.received(n)?; }
//!         Wants::Tls    => { /* shake hands */ server.tls_established()?; }
//!         Wants::Nothing => return Ok(()),   // close the transport
//!     }
//! }
//! ```
//!
//! The server is strict: what a client may not say is refused (RFC 5321 4.2.4, 4.3), and only CRLF
//! ends a line of content. It answers by itself what needs no decision. Replies to a group of
//! commands leave together (RFC 2920 3.2), and no command is taken while there is no room for its
//! reply.

mod answer;
mod auth;
mod buffers;
mod chunk;
mod config;
mod content;
mod error;
mod event;
mod exchange;
mod line;
mod poll;
mod reply;
mod sequence;
mod state;
mod verdict;

use core::fmt;

use zeroize::Zeroize;

use crate::buffer::Buffer;

#[cfg(feature = "alloc")]
pub use self::buffers::BufferSizes;
pub use self::{
    answer::{Answer, AnswerError},
    buffers::Buffers,
    config::{AuthPolicy, Config, Limits, Protocol, TlsPolicy},
    error::{End, Misuse, PeerError},
    event::{ContentFault, Credentials, Event, Mechanism, Wants},
};
pub use crate::buffer::Storage;

use self::{
    auth::Dialogue,
    content::Content,
    line::{Found, LineFramer},
    state::{Question, Session, Stage},
};

/// An SMTP server without IO.
///
/// * Getters: [`wants`](Self::wants), [`end`](Self::end), [`is_secure`](Self::is_secure) and the
///   other `&self` methods. They change nothing.
/// * Transport: [`transmit`](Self::transmit) and [`transmitted`](Self::transmitted),
///   [`flushed`](Self::flushed), [`read_buf`](Self::read_buf) and [`received`](Self::received),
///   [`tls_established`](Self::tls_established), [`abort`](Self::abort). Called when
///   [`wants`](Self::wants) says so, the last at any time.
/// * Verbs: [`accept`](Self::accept), [`answer`](Self::answer), [`authenticate`](Self::authenticate).
///   They answer the last event.
///   [`decline`](Self::decline) answers a command before it becomes one.
/// * Polls: [`poll_event`](Self::poll_event).
///
/// No call panics in any order; one that does not fit the state says so and changes nothing.
///
/// ```
/// use smtp_proto::{hello::EhloName, server::{Config, Event, Server, Wants}};
/// let mut server = Server::new(Config::new(EhloName::parse("mx.example")?));
/// assert_eq!(server.poll_event()?, Some(Event::Connected));
/// server.accept()?;
/// assert_eq!(server.wants(), Wants::Write);
/// assert_eq!(server.transmit(), b"220 mx.example ESMTP ready\r\n");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is an independent fact about the connection, not a hidden state machine"
)]
pub struct Server<B: Storage> {
    config: Config,
    stage: Stage,
    /// TLS is on.
    secure: bool,
    session: Session,
    /// What the application has to answer.
    asked: Option<Question>,
    receive: Buffer<B>,
    framer: LineFramer,
    /// What stands at the front of `receive`, where that is a line.
    found: Found,
    /// Octets at the front of `receive` that the last event borrows, or that are done with.
    lent: usize,
    end_of_stream: bool,
    transmit: Buffer<B>,
    /// What is queued has to leave before the next command is taken.
    urgent: bool,
    unflushed: bool,
    dialogue: Dialogue,
    content: Content,
    bad_commands: u32,
    end: Option<End>,
}

#[cfg(feature = "alloc")]
impl Server<alloc::boxed::Box<[u8]>> {
    /// A server with owned buffers of the default sizes, for a client that has just connected.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self::with_sizes(config, BufferSizes::default())
    }

    /// A server with owned buffers of these sizes.
    #[must_use]
    pub fn with_sizes(config: Config, sizes: BufferSizes) -> Self {
        Self::with_buffers(config, sizes.allocate())
    }
}

impl<B: Storage> Server<B> {
    /// A server that lives in storage handed in, and needs no allocator.
    #[must_use]
    pub fn with_buffers(config: Config, buffers: Buffers<B>) -> Self {
        Self {
            stage: Stage::opening(config.tls),
            config,
            secure: false,
            session: Session::default(),
            asked: None,
            receive: Buffer::new(buffers.receive),
            framer: LineFramer::default(),
            found: Found::Incomplete,
            lent: 0,
            end_of_stream: false,
            transmit: Buffer::new(buffers.transmit),
            urgent: false,
            unflushed: false,
            dialogue: Dialogue::new(),
            content: Content::default(),
            bad_commands: 0,
            end: None,
        }
    }

    /// What the driver has to do next.
    #[must_use]
    pub fn wants(&self) -> Wants {
        if self.has_event() {
            Wants::Event
        } else if self.stage == Stage::Closed {
            Wants::Nothing
        } else if self.asked.is_some() {
            Wants::Answer
        } else if !self.transmit.is_empty() {
            Wants::Write
        } else if self.unflushed {
            Wants::Flush
        } else if matches!(self.stage, Stage::Handshake { .. }) {
            Wants::Tls
        } else {
            Wants::Read
        }
    }

    /// Why the session is over, or will be once the last reply has left; `None` while it goes on.
    #[must_use]
    pub const fn end(&self) -> Option<End> {
        self.end
    }

    /// Whether TLS is on.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    /// Whether the client has authenticated.
    #[must_use]
    pub const fn is_authenticated(&self) -> bool {
        self.session.authenticated
    }

    /// Whether mechanisms that bind to the TLS session (`-PLUS`) are offered now.
    #[must_use]
    pub fn offers_channel_binding(&self) -> bool {
        self.config.mechanisms(self.secure).any(|name| name.ends_with("-PLUS"))
    }

    /// Returns whether the next octets are content, of `DATA` or of a `BDAT` chunk, and not a command line.
    ///
    /// A driver can give content more time than a command.
    #[must_use]
    pub const fn is_receiving_content(&self) -> bool {
        matches!(self.stage, Stage::Content | Stage::Chunk(_))
    }

    /// The line that the next [`poll_event`](Self::poll_event) takes, for a transcript: without its
    /// line end and without what follows the mechanism of AUTH. `***` stands for a line that belongs
    /// to an AUTH dialogue or is no command: it may be a secret.
    #[must_use]
    pub fn pending_line(&self) -> Option<&[u8]> {
        let Found::Line(length) = self.found else { return None };
        let line = self.receive.filled().get(..length)?.trim_ascii_end();
        Some(match self.stage {
            Stage::Dialogue(_) if line == b"*" => line,
            Stage::Dialogue(_) => b"***",
            _ => sequence::without_secrets(line, |name| self.method(name).is_some()),
        })
    }

    // --- transport ---

    /// Octets to be written; not empty when [`Wants::Write`] is wanted.
    #[must_use]
    pub fn transmit(&self) -> &[u8] {
        self.transmit.filled()
    }

    /// The transport has taken the first `n` octets of [`transmit`](Self::transmit).
    ///
    /// # Errors
    /// [`Misuse::OutOfBounds`] when there were fewer; nothing is changed then.
    pub fn transmitted(&mut self, n: usize) -> Result<(), Misuse> {
        if n > self.transmit.len() {
            return Err(Misuse::OutOfBounds);
        }
        self.transmit.consume(n);
        self.unflushed |= n > 0;
        self.urgent &= !self.transmit.is_empty();
        self.close_if_done();
        Ok(())
    }

    /// The transport has flushed.
    pub fn flushed(&mut self) {
        self.unflushed = false;
        self.close_if_done();
    }

    /// Where the driver reads into. Empty while events wait to be taken or answered.
    pub fn read_buf(&mut self) -> &mut [u8] {
        if self.lent > 0 { &mut [] } else { self.receive.free() }
    }

    /// The driver has read `n` octets into [`read_buf`](Self::read_buf); 0 is the end of the stream.
    ///
    /// May be called at any time, not only when a read is wanted.
    ///
    /// # Errors
    /// [`Misuse::OutOfBounds`] when that many do not fit; nothing is changed then.
    pub fn received(&mut self, n: usize) -> Result<(), Misuse> {
        if n > self.read_buf().len() {
            return Err(Misuse::OutOfBounds);
        }
        if self.stage.is_over() {
            return Ok(());
        }
        self.receive.fill(n);
        self.end_of_stream |= n == 0;
        if n > 0 && matches!(self.stage, Stage::Handshake { .. }) {
            self.close(End::Peer(PeerError::PlaintextBehindStartTls));
        }
        self.look();
        Ok(())
    }

    /// The handshake is done: all that the client said before is forgotten (RFC 3207 4.2).
    ///
    /// # Errors
    /// [`Misuse::NotWanted`] unless [`Wants::Tls`] is wanted.
    pub fn tls_established(&mut self) -> Result<(), Misuse> {
        if self.wants() != Wants::Tls {
            return Err(Misuse::NotWanted);
        }
        self.after_handshake();
        Ok(())
    }

    /// The driver gives up: a time limit, a broken transport, a failed handshake. Returns the end of
    /// the session, which is an earlier one if there was one.
    pub fn abort(&mut self) -> End {
        self.close(End::Aborted);
        self.end.unwrap_or(End::Aborted)
    }

    // --- verbs ---

    /// Answers the last event in the affirmative; VRFY and EXPN as a server that tells nothing.
    ///
    /// # Errors
    /// [`Misuse::NoQuestion`] unless an event waits for its answer.
    pub fn accept(&mut self) -> Result<(), Misuse> {
        let question = self.asked.ok_or(Misuse::NoQuestion)?;
        self.answer(question.consent())
    }

    /// Answers the last event: 2yz accepts, and 354 for DATA; 4yz and 5yz refuse; 421 closes the
    /// session. In the greeting, and in the answers to EHLO and HELO, the host's name stands before
    /// the text.
    ///
    /// # Errors
    /// [`Misuse::NoQuestion`] unless an event waits for its answer, [`Misuse::WrongClass`] for an
    /// answer that is neither yes nor no.
    pub fn answer(&mut self, answer: Answer<'_>) -> Result<(), Misuse> {
        let question = self.asked.ok_or(Misuse::NoQuestion)?;
        if !question.admits(answer.code()) {
            return Err(Misuse::WrongClass);
        }
        self.on_answer(question, answer);
        self.drop_lent();
        Ok(())
    }

    /// Refuses the command that [`pending_line`](Self::pending_line) shows instead of taking it, as
    /// for STARTTLS while there is no certificate: nothing comes of it but the answer.
    ///
    /// # Errors
    /// [`Misuse::NotWanted`] where no command waits to be taken, and for BDAT, whose octets have to
    /// be taken; [`Misuse::WrongClass`] for an answer that is no refusal.
    pub fn decline(&mut self, answer: Answer<'_>) -> Result<(), Misuse> {
        if !answer.code().is_refusal() {
            return Err(Misuse::WrongClass);
        }
        if self.decline_line(answer) { Ok(()) } else { Err(Misuse::NotWanted) }
    }

    // --- polls ---

    /// Takes the next line or piece of content, and says what it means for the application: `None`
    /// when that is nothing. [`wants`](Self::wants) tells whether there is more to take. What an
    /// event borrows stays until the next call.
    ///
    /// # Errors
    /// The peer broke the protocol. The session is over, and every further call says the same.
    pub fn poll_event(&mut self) -> Result<Option<Event<'_>>, PeerError> {
        if self.lent > 0 && self.asked.is_none() {
            self.drop_lent();
            // The line behind it is shown by `pending_line` before it is taken.
            if self.has_line() {
                return Ok(None);
            }
        }
        let told = if self.has_step() { self.step() } else { None };
        match self.end {
            Some(End::Peer(error)) => Err(error),
            _ => Ok(told.and_then(|told| self.tell(told))),
        }
    }
}

impl<B: Storage> Drop for Server<B> {
    /// Wipes what may hold credentials.
    fn drop(&mut self) {
        self.receive.filled_mut().zeroize();
        self.receive.free().zeroize();
    }
}

impl<B: Storage> fmt::Debug for Server<B> {
    /// Shows where the session stands and none of its octets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("stage", &self.stage)
            .field("secure", &self.secure)
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}
