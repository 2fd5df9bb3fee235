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
mod answering;
mod auth;
mod chunking;
mod config;
mod error;
mod event;
mod inbound;
mod inquiry;
mod limits;
#[cfg(feature = "model")]
mod model;
mod needs;
mod opening;
mod outbox;
#[cfg(feature = "alloc")]
mod outcome;
mod poll;
mod queue;
mod secret;
mod spans;
mod state;
mod transaction;
mod transport;

use core::fmt;

use crate::{
    buffer::Buffer,
    hello::{Capabilities, Extension, Extensions, Offered},
};

pub use self::{
    advice::{Hint, Retry},
    config::{Buffers, Chunking, Config, HelloCommand, Limits, Protocol, Timeouts, TlsPolicy},
    error::{End, Misuse, PeerError, Refusal},
    event::{Authentication, Event, Fate, Phase, Transaction, Wants},
    inquiry::Inquiry,
    spans::{Span, SpanKind},
    transaction::AsEnvelope,
};
#[cfg(feature = "alloc")]
pub use self::{
    config::BufferSizes,
    outcome::{Journal, Outcome, RecipientOutcome, Status, Verdict},
};
pub use crate::buffer::Storage;

use self::{
    accepted::Accepted,
    answering::Answering,
    auth::Auth,
    inbound::Inbound,
    outbox::Outbox,
    queue::{Queue, Verb},
    state::Stage,
    transaction::Sending,
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
    inbound: Inbound<B>,
    outbox: Outbox<B>,
    queue: Queue<B>,
    unflushed: bool,
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
            inbound: Inbound::new(buffers.receive),
            outbox: Outbox::new(buffers.transmit),
            queue: Queue::new(buffers.in_flight),
            unflushed: false,
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
            Stage::Closed => Wants::Nothing,
            Stage::Handshake { .. } => Wants::Tls,
            Stage::Opening | Stage::Ready | Stage::Quitting => self.wants_of_dialogue(),
        }
    }

    fn wants_of_dialogue(&self) -> Wants {
        if self.outbox.is_closed() {
            Wants::Read
        } else if self.auth.wants_credentials() {
            Wants::Credentials
        } else if self.wants_envelope() {
            Wants::Envelope
        } else if self.sending.wants_content() && self.has_room_for_content() {
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

    /// Whether a useful amount of content can be taken: not while a whole chunk waits for its command
    /// to have a place among those in flight, nor behind very many that are unanswered.
    fn has_room_for_content(&self) -> bool {
        self.outbox.room() > self.outbox.capacity() / 2
            && self.may_ask_more()
            && (self.queue.has_room() || !self.is_chunk_full())
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

    /// Whether all is over: nothing is written or read any more, and the connection can go.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        matches!(self.stage, Stage::Closed)
    }

    /// Whether a transaction can be started now: open, nothing left half done, nothing unread, and
    /// no more had than the server takes in one session.
    #[must_use]
    pub fn is_reusable(&self) -> bool {
        self.can_begin()
            && self.wants() == Wants::Command
            && self.inbound.is_empty()
            && self.check_transactions(self.server_limits()).is_ok()
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
        let mut used = Extensions::EMPTY;
        if self.pipelining() {
            used.insert(Extension::Pipelining);
        }
        if self.chunking() != Chunking::Off {
            used.insert(Extension::Chunking);
        }
        used
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
        self.inbound.unread()
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
