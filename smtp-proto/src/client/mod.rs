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
//! Every transition stands in `state.rs`. A driver moves octets until it is the caller's turn, in one of two loops.
//!
//! # A blocking transport, or one whose calls can be dropped
//!
//! ```
//! use std::{collections::VecDeque, io::{self, Read, Write}};
//! use smtp_proto::{client::{Client, Config, TlsPolicy, Wants}, hello::EhloName};
//!
//! fn pump(client: &mut Client<Box<[u8]>>, io: &mut (impl Read + Write)) -> io::Result<Wants> {
//!     loop {
//!         match client.wants() {
//!             // An error of the peer is told by `end` as well.
//!             Wants::Event => while let Ok(Some(event)) = client.poll_event() { println!("{event:?}") },
//!             Wants::Write => {
//!                 let n = io.write(client.transmit())?;
//!                 client.transmitted(n).map_err(io::Error::other)?;
//!             }
//!             Wants::Flush => { io.flush()?; client.flushed(); }
//!             Wants::Read => {
//!                 let n = io.read(client.read_buf())?;
//!                 client.received(n).map_err(io::Error::other)?;
//!             }
//!             // `Wants::Tls`: shake hands, then say `tls_established`. Everything else is the caller's turn.
//!             other => return Ok(other),
//!         }
//!     }
//! }
//! # struct Lines(VecDeque<&'static [u8]>);
//! # impl Read for Lines {
//! #     fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
//! #         self.0.pop_front().map_or(Ok(0), |line| { space[..line.len()].copy_from_slice(line); Ok(line.len()) })
//! #     }
//! # }
//! # impl Write for Lines {
//! #     fn write(&mut self, octets: &[u8]) -> io::Result<usize> { Ok(octets.len()) }
//! #     fn flush(&mut self) -> io::Result<()> { Ok(()) }
//! # }
//! let mut io = Lines(VecDeque::from([&b"220 mx.example ready\r\n"[..], b"250 mx.example\r\n"]));
//! let config = Config::new(EhloName::parse("client.example")?).with_tls(TlsPolicy::None);
//! assert_eq!(pump(&mut Client::new(config), &mut io)?, Wants::Command);
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! A blocking write cannot be read beside: the client never has more in flight than the replies that fit a socket's
//! buffers, so it and the server do not wait for each other.
//!
//! # A non-blocking socket
//!
//! Whenever a write would block, what has come is read: a server that refuses the content before it is complete says
//! so then, and may take nothing more until it is read. A loop that reads only when [`Wants::Read`] is wanted hears of
//! the refusal when its time limit is over.
//!
//! ```
//! use std::io::{self, ErrorKind::WouldBlock, Read, Write};
//! use smtp_proto::client::{Client, Wants};
//! # use smtp_proto::{client::{Config, TlsPolicy}, hello::EhloName};
//!
//! /// Returns whether anything was read.
//! fn read(client: &mut Client<Box<[u8]>>, io: &mut impl Read) -> io::Result<bool> {
//!     match io.read(client.read_buf()) {
//!         Ok(n) => client.received(n).map(|()| true).map_err(io::Error::other),
//!         Err(error) if error.kind() == WouldBlock => Ok(false),
//!         Err(error) => Err(error),
//!     }
//! }
//!
//! /// Returns what the client wants of its caller, or [`Wants::Read`] and [`Wants::Write`] when the socket has to be
//! /// waited for: for `Write` until it can be read *or* written.
//! fn pump(client: &mut Client<Box<[u8]>>, io: &mut (impl Read + Write)) -> io::Result<Wants> {
//!     loop {
//!         match client.wants() {
//!             Wants::Event => while let Ok(Some(event)) = client.poll_event() { println!("{event:?}") },
//!             Wants::Write => match io.write(client.transmit()) {
//!                 Ok(n) => client.transmitted(n).map_err(io::Error::other)?,
//!                 Err(error) if error.kind() == WouldBlock => {
//!                     if !read(client, io)? {
//!                         return Ok(Wants::Write);
//!                     }
//!                 }
//!                 // Broken: the server may have said why.
//!                 Err(_) => client.transmit_failed(),
//!             },
//!             Wants::Flush => { io.flush()?; client.flushed(); }
//!             Wants::Read => if !read(client, io)? { return Ok(Wants::Read); },
//!             other => return Ok(other),
//!         }
//!     }
//! }
//! # /// A socket that takes nothing and has said 554.
//! # struct Full(&'static [u8]);
//! # impl Read for Full {
//! #     fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
//! #         if self.0.is_empty() { return Err(WouldBlock.into()); }
//! #         space[..self.0.len()].copy_from_slice(self.0);
//! #         Ok(std::mem::take(&mut self.0).len())
//! #     }
//! # }
//! # impl Write for Full {
//! #     fn write(&mut self, _: &[u8]) -> io::Result<usize> { Err(WouldBlock.into()) }
//! #     fn flush(&mut self) -> io::Result<()> { Ok(()) }
//! # }
//! # let mut client = Client::new(Config::new(EhloName::LOCALHOST).with_tls(TlsPolicy::None));
//! # let greeting = b"220 mx.example ready\r\n";
//! # client.read_buf()[..greeting.len()].copy_from_slice(greeting);
//! # client.received(greeting.len())?;
//! # while client.poll_event()?.is_some() {}
//! # // The EHLO cannot leave, and the 421 that comes in its place is read all the same.
//! # assert_eq!(pump(&mut client, &mut Full(b"421 4.3.2 bye\r\n"))?, Wants::Nothing);
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! Octets stay in the client until `transmitted` says that they left, so a write that is cut short
//! or a future that is dropped loses nothing.

mod accepted;
mod advice;
mod answering;
mod auth;
mod begun;
mod chunking;
mod config;
mod error;
mod event;
mod fate;
mod inbound;
mod inquiry;
#[cfg(feature = "alloc")]
mod journal;
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
    advice::Hint,
    config::{Buffers, Chunking, Config, HelloCommand, Limits, Protocol, Timeouts, TlsPolicy},
    error::{End, Misuse, PeerError, Refusal},
    event::{Authentication, Event, Phase, Transaction, TransactionEnd, Wants},
    fate::{Fate, Retry, Status, When},
    inquiry::Inquiry,
    spans::{Span, SpanKind},
    transaction::AsEnvelope,
};
#[cfg(feature = "alloc")]
pub use self::{
    config::BufferSizes,
    journal::Journal,
    outcome::{Outcome, RecipientOutcome, Verdict},
};
pub use crate::buffer::Storage;

use self::{
    accepted::Accepted,
    answering::Answering,
    auth::Auth,
    begun::Begun,
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
    begun: Begun,
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
            begun: Begun::default(),
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

    /// The phase in which the session ends if it ends now.
    ///
    /// Differs from [`phase`](Self::phase) if the server has replied to everything that left, but the opening, a login
    /// or a message has to go on: then it is the phase of the next command. The result is the same whether the server's
    /// next octets are read before that command leaves or after. A message whose MAIL has not left is still `Idle`.
    fn standing(&self) -> Phase {
        let phase = self.phase();
        if phase != Phase::Idle {
            return phase;
        }
        match self.queue.next() {
            Some(verb) if verb.is_midway() => verb.phase(),
            _ if self.stage == Stage::Opening => Phase::Hello,
            _ if self.sending.wants_content() => Phase::Content,
            _ => Phase::Idle,
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

    /// Extensions used in this session, as a [`Hint`] needs them: PIPELINING and CHUNKING, which some servers offer and
    /// do not master, STARTTLS for TLS of any kind, and AUTH once it has succeeded.
    #[must_use]
    pub fn used(&self) -> Extensions {
        [
            (Extension::Pipelining, self.pipelining()),
            (Extension::Chunking, self.chunking() != Chunking::Off),
            (Extension::StartTls, self.secure),
            (Extension::Auth, matches!(self.auth.verdict(), Authentication::Done(_))),
        ]
        .into_iter()
        .filter(|(_, is_used)| *is_used)
        .fold(Extensions::EMPTY, |used, (extension, _)| used.union(extension.into()))
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
