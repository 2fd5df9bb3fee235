//! The client: one polled state machine for a whole session.
//!
//! ```text
//!  implicit TLS                      STARTTLS offered and wanted
//!       |                         +-----------------------------+
//!  [Handshake] --> [Greeting] --> [EHLO] --(refused)--> [HELO]  |
//!                                 ^  |                     |    v
//!                                 |  v                     v  [STARTTLS] --220--> [Handshake]
//!                                 |  [Ready] <-------------+                          |
//!                                 +---------------------------------------------------+
//!
//!  [Ready]  AUTH:         begin -> challenge -> answer -> ... -> verdict
//!           transaction:  MAIL, RCPT x n, DATA -> 354 -> content, dot -> verdict
//!           RSET NOOP VRFY EXPN HELP
//!           QUIT --> [Closed]
//! ```
//!
//! Every transition stands in `state.rs`. The driver's loop is this, the same for every transport:
//!
//! ```text
//! loop {
//!     match client.wants() {
//!         Wants::Event => while let Some(event) = client.poll_event()? { .. },
//!         Wants::Write => { let n = io.write(client.transmit())?; client.transmitted(n)?; }
//!         Wants::Flush => { io.flush()?; client.flushed(); }
//!         Wants::Read  => { let n = io.read(client.read_buf())?; client.received(n)?; }
//!         Wants::Tls   => { /* shake hands */ client.tls_established()?; }
//!         other        => return Ok(other), // the caller's turn
//!     }
//! }
//! ```
//!
//! Octets stay in the client until `transmitted` says that they left, so a write that is cut short
//! or a future that is dropped loses nothing.

mod accepted;
mod advice;
mod auth;
mod chunking;
mod config;
mod error;
mod event;
mod needs;
mod opening;
mod outbox;
#[cfg(feature = "alloc")]
mod outcome;
mod queue;
mod spans;
mod state;
mod transaction;

use core::fmt;

use crate::{
    buffer::Buffer,
    hello::{Capabilities, Extension, Extensions, Offered},
    reply::{Framer, Reply, ReplyError},
};

pub use self::{
    advice::{Hint, Retry},
    config::{Buffers, Chunking, Config, HelloCommand, Limits, Protocol, Timeouts, TlsPolicy},
    error::{End, Misuse, PeerError, Refusal},
    event::{Authentication, Event, Fate, Phase, Transaction, Wants},
    spans::{Span, SpanKind},
    transaction::{AsEnvelope, Inquiry},
};
#[cfg(feature = "alloc")]
pub use self::{
    config::BufferSizes,
    outcome::{Journal, Outcome, RecipientOutcome, Status, Verdict},
};
pub use crate::buffer::Storage;

use self::{
    accepted::Accepted,
    auth::Auth,
    outbox::Outbox,
    queue::{Queue, Verb},
    state::Stage,
    transaction::{Answering, Sending},
};

/// An SMTP client without IO.
///
/// * Getters: [`wants`](Self::wants), [`patience`](Self::patience), [`end`](Self::end),
///   [`capabilities`](Self::capabilities) and the other `&self` methods. They change nothing.
/// * Transport: [`transmit`](Self::transmit) and [`transmitted`](Self::transmitted),
///   [`flushed`](Self::flushed), [`read_buf`](Self::read_buf) and [`received`](Self::received),
///   [`tls_established`](Self::tls_established), [`transmit_failed`](Self::transmit_failed),
///   [`abort`](Self::abort). Called when [`wants`](Self::wants) says so, the last two at any time.
/// * Verbs: [`begin`](Self::begin), [`continue_envelope`](Self::continue_envelope),
///   [`content`](Self::content), [`finish`](Self::finish), [`authenticate`](Self::authenticate),
///   [`inquire`](Self::inquire), [`quit`](Self::quit). They queue; the pump sends.
/// * Polls: [`poll_event`](Self::poll_event).
///
/// Pipelining is decided inside: the calls are the same with and without it. No call panics in any
/// order; one that does not fit the state says so and changes nothing.
///
/// The first command leaves when the greeting is there:
///
/// ```
/// use smtp_proto::{client::{Client, Config, TlsPolicy, Wants}, hello::EhloName};
/// let config = Config::new(EhloName::parse("client.example")?).with_tls(TlsPolicy::None);
/// let mut client = Client::new(config);
/// assert_eq!(client.wants(), Wants::Read);
/// let greeting = b"220 mx.example ready\r\n";
/// client.read_buf()[..greeting.len()].copy_from_slice(greeting);
/// client.received(greeting.len())?;
/// while let Some(event) = client.poll_event()? {
///     println!("{event:?}");
/// }
/// assert_eq!(client.wants(), Wants::Write);
/// assert_eq!(client.transmit(), b"EHLO client.example\r\n");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is an independent fact about the connection, not a hidden state machine"
)]
pub struct Client<B: Storage> {
    config: Config,
    stage: Stage,
    /// TLS is on.
    secure: bool,
    starttls_refused: bool,
    receive: Buffer<B>,
    framer: Framer,
    /// What stands at the front of `receive`, where that is known.
    framed: Option<Result<usize, ReplyError>>,
    /// Octets at the front of `receive` that the last event borrows.
    lent: usize,
    end_of_stream: bool,
    outbox: Outbox<B>,
    queue: Queue<B>,
    unflushed: bool,
    /// The transport takes no more octets; what the server has said is still to be read.
    deaf: bool,
    capabilities: Buffer<B>,
    offered: Offered,
    auth: Auth,
    sending: Sending,
    answering: Answering,
    accepted: Accepted<B>,
    /// A transaction left the server in the middle of one: RSET before the next.
    reset_needed: bool,
    end: Option<End>,
    /// Waits that have ended: replies taken and handshakes done.
    waits: u64,
}

#[cfg(feature = "alloc")]
impl Client<alloc::boxed::Box<[u8]>> {
    /// A client with owned buffers of the default sizes, which stands before the greeting.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self::with_sizes(config, BufferSizes::default())
    }

    /// A client with owned buffers of these sizes.
    #[must_use]
    pub fn with_sizes(config: Config, sizes: BufferSizes) -> Self {
        Self::with_buffers(config, sizes.allocate())
    }
}

impl<B: Storage> Client<B> {
    /// A client that lives in storage handed in, and needs no allocator.
    ///
    /// Every reply has to fit `receive`, every command `transmit` (at least 512 octets make sense);
    /// `in_flight` has to hold at least one octet.
    #[must_use]
    pub fn with_buffers(config: Config, buffers: Buffers<B>) -> Self {
        let mut client = Self {
            stage: Stage::opening(config.tls),
            config,
            secure: false,
            starttls_refused: false,
            receive: Buffer::new(buffers.receive),
            framer: Framer::new(),
            framed: None,
            lent: 0,
            end_of_stream: false,
            outbox: Outbox::new(buffers.transmit),
            queue: Queue::new(buffers.in_flight),
            unflushed: false,
            deaf: false,
            capabilities: Buffer::new(buffers.capabilities),
            offered: Offered::default(),
            auth: Auth::default(),
            sending: Sending::Idle,
            answering: Answering::default(),
            accepted: Accepted::new(buffers.recipients),
            reset_needed: false,
            end: None,
            waits: 0,
        };
        if client.stage == Stage::Opening {
            client.queue.push_outstanding(Verb::Greeting);
        }
        client
    }

    /// What the driver has to do next.
    #[must_use]
    pub fn wants(&self) -> Wants {
        if self.has_event() {
            return Wants::Event;
        }
        match self.stage {
            Stage::Stopped | Stage::Closed => Wants::Nothing,
            Stage::Handshake { .. } => Wants::Tls,
            Stage::Opening | Stage::Ready | Stage::Quitting => self.wants_of_dialogue(),
        }
    }

    fn wants_of_dialogue(&self) -> Wants {
        if self.deaf {
            Wants::Read
        } else if self.auth.wants_credentials() {
            Wants::Credentials
        } else if self.sending.wants_envelope(self.may_start()) {
            Wants::Envelope
        } else if self.sending.wants_content() && self.outbox.room() > self.outbox.capacity() / 2 {
            Wants::Content
        } else if self.outbox.has_ready() {
            Wants::Write
        } else if self.queue.is_empty() {
            Wants::Command
        } else if self.unflushed {
            Wants::Flush
        } else {
            Wants::Read
        }
    }

    /// What is waited for, and a number that changes whenever the wait begins anew.
    ///
    /// A driver starts the time limit for the phase when it sees a new number, and keeps it running
    /// across reads and writes until the number changes: a limit holds for a whole reply.
    #[must_use]
    pub fn patience(&self) -> (Phase, u64) {
        (self.phase(), self.waits + self.outbox.sent())
    }

    /// Where in the dialogue the client stands: what the server has to answer next, or the
    /// handshake.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match self.stage {
            Stage::Handshake { .. } => Phase::Tls,
            _ => self.queue.front().map_or(Phase::Idle, Verb::phase),
        }
    }

    /// Why the session is over, or will be once it has said QUIT; `None` while it is usable.
    #[must_use]
    pub const fn end(&self) -> Option<End> {
        self.end
    }

    /// Whether a transaction can be started now: open, nothing left half done, nothing unread.
    #[must_use]
    pub fn is_reusable(&self) -> bool {
        self.can_begin() && self.wants() == Wants::Command && self.receive.is_empty()
    }

    /// Whether [`begin`](Self::begin) would be heard: the message before is handed over whole, even
    /// if its verdict is still to come.
    #[must_use]
    pub fn can_begin(&self) -> bool {
        self.check_ready().is_ok()
    }

    /// What the server offered in its last EHLO reply, less what the caller masked.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities<'_> {
        Capabilities::with_offered(self.capabilities.filled(), self.offered)
    }

    /// The extensions in use that some servers offer and cannot stand, for a [`Hint`].
    #[must_use]
    pub fn used(&self) -> Extensions {
        if self.pipelining() { Extension::Pipelining.into() } else { Extensions::EMPTY }
    }

    /// Whether TLS is on.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    /// How the last AUTH dialogue ended.
    #[must_use]
    pub const fn authentication(&self) -> Authentication {
        self.auth.verdict()
    }

    /// The start of a reply that never became whole, for diagnosis after the session has ended.
    #[must_use]
    pub fn unfinished_reply(&self) -> &[u8] {
        &self.receive.filled()[self.lent..]
    }

    // --- transport ---

    /// Octets to be written; empty unless [`Wants::Write`] is wanted.
    #[must_use]
    pub fn transmit(&self) -> &[u8] {
        self.outbox.ready()
    }

    /// The first `n` octets of [`transmit`](Self::transmit) by kind, for a transcript.
    pub fn transmit_spans(&self, n: usize) -> impl Iterator<Item = Span<'_>> {
        self.outbox.spans(n)
    }

    /// The transport has taken the first `n` octets of [`transmit`](Self::transmit).
    ///
    /// # Errors
    /// [`Misuse::OutOfBounds`] when there were fewer; nothing is changed then.
    pub fn transmitted(&mut self, n: usize) -> Result<(), Misuse> {
        if n > self.outbox.ready().len() {
            return Err(Misuse::OutOfBounds);
        }
        let left = self.outbox.transmitted(n);
        self.queue.mark_sent(left.commands);
        for _ in 0..left.contents {
            self.queue.content_ended();
        }
        self.unflushed |= n > 0;
        self.make_progress();
        Ok(())
    }

    /// The transport has flushed.
    pub fn flushed(&mut self) {
        self.unflushed = false;
    }

    /// Where the driver reads into. Empty only while events wait to be taken.
    pub fn read_buf(&mut self) -> &mut [u8] {
        if self.lent > 0 { &mut [] } else { self.receive.free() }
    }

    /// The driver has read `n` octets into [`read_buf`](Self::read_buf); 0 is the end of the stream,
    /// unless there was no room to read into.
    ///
    /// May be called at any time, not only when a read is wanted: a server may speak unasked.
    ///
    /// # Errors
    /// [`Misuse::OutOfBounds`] when that many do not fit; nothing is changed then.
    pub fn received(&mut self, n: usize) -> Result<(), Misuse> {
        if n > self.read_buf().len() {
            return Err(Misuse::OutOfBounds);
        }
        // A read into no room gives 0 too; the next one tells whether the stream has ended.
        let had_room = self.lent == 0 && self.framed.is_none();
        self.receive.fill(n);
        self.end_of_stream |= n == 0 && had_room;
        self.frame();
        Ok(())
    }

    /// The handshake is done: all that was learned before is forgotten (RFC 3207 4.2).
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

    /// The transport takes no more octets. What is held is dropped, and what the server has said is
    /// read first: it often says why.
    pub fn transmit_failed(&mut self) {
        self.outbox.truncate(0);
        self.auth.abandon();
        self.deaf = true;
    }

    /// The driver gives up: a time limit, a broken transport, a failed handshake.
    ///
    /// Returns the end of the session, which is an earlier one if there was one. Events that tell
    /// each open transaction's fate follow.
    pub fn abort(&mut self) -> End {
        let end = End::Aborted(self.phase());
        self.close(end)
    }

    // --- polls ---

    /// The next event. Call until it says `None`; replies are borrowed until the next call.
    ///
    /// # Errors
    /// The peer broke the protocol. The session is over, and every further call says the same, after
    /// the events that tell each open transaction's fate.
    pub fn poll_event(&mut self) -> Result<Option<Event<'_>>, PeerError> {
        self.drop_lent();
        loop {
            if let Some(ended) = self.next_ended() {
                return Ok(Some(ended));
            }
            if self.stage == Stage::Closed {
                return self.closing_words();
            }
            self.frame();
            match self.framed {
                Some(Ok(length)) => {
                    if let Some(told) = self.take_reply(length) {
                        return Ok(Some(told.with(self.lend(length))));
                    }
                }
                Some(Err(error)) => self.fail_malformed(error),
                None if self.end_of_stream => self.lose(),
                None if self.stage == Stage::Closed => {}
                None => {
                    self.make_progress();
                    if self.stage != Stage::Closed {
                        return Ok(None);
                    }
                }
            }
        }
    }

    fn closing_words(&self) -> Result<Option<Event<'_>>, PeerError> {
        match self.end {
            Some(End::Peer(error)) => Err(error),
            _ => Ok(None),
        }
    }

    fn lend(&mut self, length: usize) -> Reply<'_> {
        self.lent = length;
        Reply::from_frame(&self.receive.filled()[..length])
    }

    /// Whether [`poll_event`](Self::poll_event) would do or say something.
    fn has_event(&self) -> bool {
        if self.stage == Stage::Closed {
            return self.answering.has_open_transactions();
        }
        (self.lent > 0 && !self.auth.holds_challenge())
            || self.framed.is_some()
            || self.end_of_stream
            || self.answering.has_fate()
    }

    /// Forgets the reply that the last event borrowed, unless a mechanism has yet to read it.
    fn drop_lent(&mut self) {
        if !self.auth.holds_challenge() {
            self.receive.consume(self.lent);
            self.lent = 0;
        }
    }

    /// Looks for the end of the next reply.
    fn frame(&mut self) {
        if self.framed.is_some() || self.lent > 0 || self.receive.is_empty() {
            return;
        }
        if matches!(self.stage, Stage::Handshake { .. }) {
            let behind_220 = End::Peer(PeerError::PlaintextBehindStartTls);
            self.close(behind_220);
            return;
        }
        let limits = self.config.limits.reply(self.phase(), self.receive.capacity());
        self.framed = self.framer.frame(self.receive.filled(), &limits).transpose();
    }

    /// Lets commands leave that may, and writes what had no room before.
    fn make_progress(&mut self) {
        self.sending.unblock();
        self.write_ending();
        self.write_chunks();
        self.release();
    }

    /// Whether the reply of which a part has come may be a 421.
    fn may_be_closing(&self) -> bool {
        self.receive.filled().iter().zip(b"421").all(|(octet, digit)| octet == digit)
    }

    /// Lets the commands leave that may leave now.
    fn release(&mut self) {
        if self.deaf || self.lent > 0 || self.framed.is_some() {
            return;
        }
        let (pipelining, run_ahead) = (self.pipelining(), self.window() > 1);
        while self.queue.may_release(pipelining, run_ahead) {
            if self.queue.outstanding() == 0 && !self.receive.is_empty() {
                // The start of a reply to something that has not been asked: only 421 may be.
                if !self.may_be_closing() {
                    self.close(End::Peer(PeerError::Unsolicited));
                }
                return;
            }
            self.outbox.release_line();
            self.queue.release();
        }
    }
}

impl<B: Storage> fmt::Debug for Client<B> {
    /// Shows where the session stands and none of its octets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("stage", &self.stage)
            .field("phase", &self.phase())
            .field("secure", &self.secure)
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}
