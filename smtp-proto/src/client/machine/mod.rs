//! The client: routes octets, replies and calls to its parts, and closes the session.

#[cfg(feature = "model")]
mod model;

use core::fmt;

use crate::{
    hello::{Capabilities, Extension, Extensions},
    reply::{Class, Code, ReplyError},
    sasl::Mechanisms,
};

#[cfg(feature = "alloc")]
use super::BufferSizes;
use super::{
    AsEnvelope, Authentication, Buffers, Chunking, Config, End, Event, Inquiry, Misuse, PeerError,
    Phase, Refusal, Span, Storage, Transaction, Wants,
    auth::Auth,
    inbox::Inbox,
    pipeline::{Pipeline, Verb},
    reaction::{Reaction, Then, Told},
    session::{Session, Stage},
    terms::Terms,
    transactions::{Declared, Transactions},
};

/// The starts of what idle servers say before they close: 421 (RFC 5321 3.8), and 451 or 221 in its place.
const FAREWELLS: [&[u8]; 2] = [b"4", b"221"];

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
pub struct Client<B: Storage> {
    config: Config,
    session: Session<B>,
    auth: Auth,
    transactions: Transactions<B>,
    inbox: Inbox<B>,
    pipeline: Pipeline<B>,
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
    /// A client that lives in storage passed in, and needs no allocator.
    ///
    /// Every reply has to fit `receive`, every command `transmit` (at least 512 octets make sense);
    /// `in_flight` has to hold at least one slot.
    #[must_use]
    pub fn with_buffers(config: Config, buffers: Buffers<B>) -> Self {
        let mut client = Self {
            session: Session::new(config.tls, buffers.capabilities),
            auth: Auth::default(),
            transactions: Transactions::new(buffers.recipients),
            inbox: Inbox::new(buffers.receive),
            pipeline: Pipeline::new(buffers.transmit, buffers.in_flight),
            config,
            end: None,
            waits: 0,
        };
        if client.session.stage() == Stage::Opening {
            client.pipeline.expect(Verb::Greeting);
        }
        client
    }

    // --- getters ---

    /// Returns the driver's next task.
    #[must_use]
    pub fn wants(&self) -> Wants {
        if self.has_event() {
            return Wants::Event;
        }
        match self.session.stage() {
            Stage::Closed => Wants::Nothing,
            Stage::Handshake { .. } => Wants::Tls,
            Stage::Opening | Stage::Ready | Stage::Quitting => self.wants_of_open_session(),
        }
    }

    fn wants_of_open_session(&self) -> Wants {
        let terms = self.terms();
        if self.pipeline.is_closed() {
            Wants::Read
        } else if self.auth.wants_credentials() {
            Wants::Credentials
        } else if self.transactions.wants_envelope(&terms, &self.pipeline) {
            Wants::Envelope
        } else if self.transactions.has_room_for_content(&terms, &self.pipeline) {
            Wants::Content
        } else if self.pipeline.has_ready() {
            Wants::Write
        } else if self.pipeline.is_empty() {
            Wants::Command
        } else if self.pipeline.is_unflushed() {
            Wants::Flush
        } else {
            Wants::Read
        }
    }

    /// The phase that is waited for, and a number that changes whenever the wait begins anew.
    ///
    /// A driver starts the time limit for the phase when it sees a new number, and keeps it running
    /// across reads and writes until the number changes: a limit holds for a whole reply.
    #[must_use]
    pub fn patience(&self) -> (Phase, u64) {
        (self.phase(), self.waits + self.pipeline.sent())
    }

    /// The phase of the session: the command that the server has to reply to next, or the handshake.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match self.session.stage() {
            Stage::Handshake { .. } => Phase::Tls,
            _ => self.pipeline.front().map_or(Phase::Idle, Verb::phase),
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
        match self.pipeline.next() {
            Some(verb) if verb.is_midway() => verb.phase(),
            _ if self.session.stage() == Stage::Opening => Phase::Hello,
            _ if self.transactions.wants_content() => Phase::Content,
            _ => Phase::Idle,
        }
    }

    /// Returns the cause for which the session is over, or will be once it has said QUIT; `None` while it is usable.
    #[must_use]
    pub const fn end(&self) -> Option<End> {
        self.end
    }

    /// Returns whether the session is over: nothing is written or read any more, and the connection can go.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.session.is_closed()
    }

    /// Returns whether a transaction can be started now: open, nothing left half done, nothing unread, and
    /// no more had than the server takes in one session.
    #[must_use]
    pub fn is_reusable(&self) -> bool {
        self.can_begin()
            && self.wants() == Wants::Command
            && self.inbox.is_empty()
            && self.terms().check_transactions(self.transactions.begun()).is_ok()
    }

    /// Returns whether [`begin`](Self::begin) can be called: the message before is complete, even
    /// if its final reply is still to come.
    #[must_use]
    pub fn can_begin(&self) -> bool {
        self.check_ready().is_ok()
    }

    /// The extensions that the server offered in its last EHLO reply, less what the caller masked.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities<'_> {
        self.session.capabilities()
    }

    /// Extensions used in this session that are known to misbehave on some servers, as a [`Hint`](super::Hint) needs
    /// them: PIPELINING, CHUNKING, STARTTLS for TLS of any kind, and AUTH once it has succeeded.
    #[must_use]
    pub fn used(&self) -> Extensions {
        let terms = self.terms();
        [
            (Extension::Pipelining, terms.pipelining()),
            (Extension::Chunking, terms.chunking() != Chunking::Off),
            (Extension::StartTls, terms.secure),
            (Extension::Auth, matches!(self.auth.verdict(), Authentication::Done(_))),
        ]
        .into_iter()
        .filter(|(_, is_used)| *is_used)
        .fold(Extensions::EMPTY, |used, (extension, _)| used.union(extension.into()))
    }

    /// Returns whether TLS is on.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.session.is_secure()
    }

    /// The end of the last AUTH exchange.
    #[must_use]
    pub const fn authentication(&self) -> Authentication {
        self.auth.verdict()
    }

    /// The start of a reply that never became whole, for diagnosis after the session has ended.
    #[must_use]
    pub fn unfinished_reply(&self) -> &[u8] {
        self.inbox.unread()
    }

    fn terms(&self) -> Terms<'_> {
        self.session.terms(&self.config)
    }

    // --- transport ---

    /// Octets to be written; empty unless [`Wants::Write`] is wanted.
    #[must_use]
    pub fn transmit(&self) -> &[u8] {
        self.pipeline.ready()
    }

    /// The first `n` octets of [`transmit`](Self::transmit) by kind, for a transcript.
    pub fn transmit_spans(&self, n: usize) -> impl Iterator<Item = Span<'_>> {
        self.pipeline.spans(n)
    }

    /// The transport has taken the first `n` octets of [`transmit`](Self::transmit).
    ///
    /// # Errors
    /// [`Misuse::OutOfBounds`] when there were fewer; nothing is changed then.
    pub fn transmitted(&mut self, n: usize) -> Result<(), Misuse> {
        if n > self.pipeline.ready().len() {
            return Err(Misuse::OutOfBounds);
        }
        self.pipeline.transmitted(n);
        self.make_progress();
        Ok(())
    }

    /// The transport has flushed.
    pub fn flushed(&mut self) {
        self.pipeline.flushed();
    }

    /// Free storage that the driver reads into. Empty only while events wait to be taken.
    pub fn read_buf(&mut self) -> &mut [u8] {
        self.inbox.free()
    }

    /// [`transmit`](Self::transmit) and [`read_buf`](Self::read_buf) at once, for a driver that reads
    /// while it writes: a server may refuse content before it is complete.
    pub fn transmit_and_read_buf(&mut self) -> (&[u8], &mut [u8]) {
        (self.pipeline.ready(), self.inbox.free())
    }

    /// The driver has read `n` octets into [`read_buf`](Self::read_buf); 0 is the end of the stream,
    /// unless there was no room to read into.
    ///
    /// May be called at any time, not only when a read is wanted: a server may speak unasked.
    ///
    /// # Errors
    /// [`Misuse::OutOfBounds`] when that many do not fit; nothing is changed then.
    pub fn received(&mut self, n: usize) -> Result<(), Misuse> {
        if n > self.inbox.free().len() {
            return Err(Misuse::OutOfBounds);
        }
        self.inbox.fill(n);
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
        self.waits += 1;
        let then = self.session.on_handshake(&self.config, &mut self.pipeline);
        self.carry_out(then);
        self.release();
        Ok(())
    }

    /// The transport takes no more octets. What is held is dropped, and what the server has said is
    /// read first: it often says why.
    pub fn transmit_failed(&mut self) {
        self.pipeline.close();
        self.auth.abandon();
    }

    /// The driver gives up: a time limit, a broken transport, a failed handshake.
    ///
    /// Returns the end of the session, which is an earlier one if there was one. Events that tell
    /// each open transaction's fate follow.
    pub fn abort(&mut self) -> End {
        self.close(End::Aborted(self.phase()))
    }

    // --- verbs ---

    /// Starts a transaction: queues MAIL, a RCPT for each recipient, and DATA, as far as there is
    /// room; the rest when [`Wants::Envelope`] is wanted.
    ///
    /// May be called as soon as the content of the one before is complete: by default the
    /// commands wait for its final reply, with [`run_ahead`](Config::with_run_ahead) they leave
    /// with its end.
    ///
    /// A parameter leaves only where the server offers its extension. SIZE is left out where it is
    /// not offered, DSN parameters too if [so configured](Config::with_optional_dsn); whatever
    /// else the message needs has to be offered. Content without a declared body type is declared
    /// 8BITMIME where the server offers that, and has to be 7-bit where it does not.
    ///
    /// # Errors
    /// Nothing is written and the session is as it was: [`Refusal::NoRecipients`],
    /// [`Refusal::NotOffered`], [`Refusal::InsecureSession`], [`Refusal::OutsideLimit`],
    /// [`Refusal::MessageTooLarge`], [`Refusal::CommandTooLong`], or a [`Misuse`].
    pub fn begin(&mut self, envelope: &(impl AsEnvelope + ?Sized)) -> Result<Transaction, Refusal> {
        self.check_ready()?;
        let terms = self.session.terms(&self.config);
        let transaction = self.transactions.begin(envelope, &terms, &mut self.pipeline)?;
        self.release();
        Ok(transaction)
    }

    /// Queues what is left of the envelope, as far as there is room.
    ///
    /// # Errors
    /// [`Misuse::NotWanted`] unless an envelope is being queued; [`Misuse::OtherEnvelope`] for one with another MAIL
    /// or another number of recipients than the one that was begun, which changes nothing.
    pub fn continue_envelope(
        &mut self,
        envelope: &(impl AsEnvelope + ?Sized),
    ) -> Result<(), Misuse> {
        let terms = self.session.terms(&self.config);
        self.transactions.continue_envelope(envelope, &terms, &mut self.pipeline)?;
        self.release();
        Ok(())
    }

    /// Checks a message whose content is there as a whole: what [`begin`](Self::begin) would refuse, and what
    /// [`content`](Self::content) would only find once a part of it was written, a `NUL` for instance.
    ///
    /// The number of recipients that a transaction may have is not looked at, for a message may go in
    /// [several](crate::envelope::Delivery). The whole content is read once.
    ///
    /// # Errors
    /// Those of `begin`, and [`Refusal::Content`]. The session stays as it was.
    pub fn check(
        &self,
        envelope: &(impl AsEnvelope + ?Sized),
        content: &[u8],
    ) -> Result<(), Refusal> {
        self.check_ready()?;
        let terms = self.terms();
        let checked = terms.check_message(envelope, self.pipeline.capacity())?;
        let size = terms.check_content(checked.transfer, content)?;
        Declared::new(&envelope.mail(), checked.recipients).check_whole(size)
    }

    /// Takes octets of the content, as a message is stored: lines, no dot-stuffing. Returns the number of octets
    /// taken, which may be none while the transmit buffer is full: the rest has to be passed again.
    ///
    /// # Errors
    /// [`Refusal::Content`] for octets that cannot be sent; the session is over then, the message
    /// unterminated. [`Misuse::NotWanted`] when no content is wanted: a server may refuse early.
    pub fn content(&mut self, octets: &[u8]) -> Result<usize, Refusal> {
        if self.pipeline.is_closed() {
            return Err(Misuse::NotWanted.into());
        }
        let terms = self.session.terms(&self.config);
        let taken = self.transactions.content(octets, &terms, &mut self.pipeline);
        if let Err(Refusal::Content(error)) = taken {
            self.end_unfinished(End::BadContent(error));
        } else {
            self.make_progress();
        }
        taken
    }

    /// Ends the content: its end, the lone dot, leaves with what is still held.
    ///
    /// # Errors
    /// [`Refusal::Content`] when the content cannot end like this, [`Misuse::NotWanted`] when no
    /// content is wanted. Nothing is changed by [`Misuse::ContentLeft`], where the last call of
    /// [`content`](Self::content) did not take all, and by [`Refusal::ContentTooShort`].
    pub fn finish(&mut self) -> Result<(), Refusal> {
        if self.pipeline.is_closed() {
            return Err(Misuse::NotWanted.into());
        }
        let finished = self.transactions.finish();
        match finished {
            Ok(()) => self.make_progress(),
            Err(Refusal::Content(error)) => self.end_unfinished(End::BadContent(error)),
            Err(_) => {}
        }
        finished
    }

    /// Ends the session since the caller cannot give the rest of the content; the message is left unterminated.
    ///
    /// Messages that were transmitted before it over BDAT are still answered.
    ///
    /// # Errors
    /// [`Misuse::NotWanted`] unless a message is being sent.
    pub fn content_failed(&mut self) -> Result<(), Misuse> {
        if !self.transactions.is_sending() {
            return Err(Misuse::NotWanted);
        }
        self.end_unfinished(End::ContentFailed);
        Ok(())
    }

    /// Starts AUTH with the first of the caller's mechanisms that the server offers, or, when
    /// [`Wants::Credentials`] is wanted, goes on with the exchange. The
    /// same mechanisms have to be given until it is over; [`authentication`](Self::authentication)
    /// then says how it ended. Credentials are not kept here.
    ///
    /// # Errors
    /// Nothing is written: [`Refusal::PlaintextAuth`] without TLS unless that is allowed,
    /// [`Refusal::NoMechanism`], [`Refusal::Credentials`], [`Refusal::CommandTooLong`], or a
    /// [`Misuse`].
    pub fn authenticate<M: Mechanisms + ?Sized>(
        &mut self,
        mechanisms: &mut M,
    ) -> Result<(), Refusal> {
        if self.auth.is_active() {
            return self.go_on_with_auth(mechanisms);
        }
        self.check_ready()?;
        let terms = self.session.terms(&self.config);
        self.auth.start(mechanisms, &terms, &mut self.pipeline)?;
        self.release();
        Ok(())
    }

    fn go_on_with_auth<M: Mechanisms + ?Sized>(
        &mut self,
        mechanisms: &mut M,
    ) -> Result<(), Refusal> {
        if self.session.stage() != Stage::Ready || self.pipeline.is_closed() {
            return Err(Misuse::NotOpen.into());
        }
        let terms = self.session.terms(&self.config);
        let then = self.auth.go_on(mechanisms, &terms, &mut self.inbox, &mut self.pipeline)?;
        self.carry_out(then);
        // The challenge is read; what came behind it, or behind a 235, was not looked at until now.
        self.drop_lent();
        self.frame();
        self.release();
        Ok(())
    }

    /// Sends a command outside transactions.
    ///
    /// # Errors
    /// A [`Misuse`] unless no message is being sent; [`Refusal::NotOffered`] for
    /// XCLIENT and XFORWARD with attributes that the server does not take, and for text beyond ASCII
    /// without SMTPUTF8;
    /// [`Refusal::CommandTooLong`].
    pub fn inquire(&mut self, inquiry: Inquiry<'_>) -> Result<(), Refusal> {
        self.check_ready()?;
        self.terms().check_inquiry(inquiry)?;
        let (command, verb) = inquiry.command();
        self.session.command(&command, verb, &mut self.pipeline)?;
        self.release();
        Ok(())
    }

    /// Says QUIT once all else is answered. Delivered stays delivered whatever the server answers. Where the
    /// opening fails, QUIT is said unasked.
    ///
    /// # Errors
    /// [`Misuse::NotOpen`] while the session opens, when it is over or nothing can be sent, [`Misuse::Busy`] while a
    /// message is being sent.
    pub fn quit(&mut self) -> Result<(), Misuse> {
        self.check_ready()?;
        self.session.quit(&mut self.pipeline)?;
        self.release();
        Ok(())
    }

    fn check_ready(&self) -> Result<(), Misuse> {
        if self.session.stage() != Stage::Ready || self.pipeline.is_closed() {
            Err(Misuse::NotOpen)
        } else if self.auth.is_active() || !self.transactions.is_idle() {
            Err(Misuse::Busy)
        } else {
            Ok(())
        }
    }

    // --- polls ---

    /// The next event. Call until it says `None`; replies are borrowed until the next call.
    ///
    /// # Errors
    /// The peer broke the protocol. The session is over, and every further call says the same, after
    /// the events that tell the end of each open transaction.
    pub fn poll_event(&mut self) -> Result<Option<Event<'_>>, PeerError> {
        self.drop_lent();
        loop {
            if let Some(ended) = self.next_ended() {
                return Ok(Some(ended));
            }
            if self.session.is_closed() {
                return match self.end {
                    Some(End::Peer(error)) => Err(error),
                    _ => Ok(None),
                };
            }
            if self.auth.has_succeeded() {
                // The mechanism decides first: what comes behind the 235 must not hide that there was one.
                return Ok(None);
            }
            self.frame();
            match self.inbox.framed() {
                Some(Ok(length)) => {
                    let code = self.inbox.lend(length);
                    let told = self.take_reply(code);
                    return Ok(Some(told.with(self.inbox.reply(code))));
                }
                Some(Err(error)) => self.fail_malformed(error),
                None if self.inbox.has_ended() => self.lose(),
                None => {
                    self.make_progress();
                    if !self.session.is_closed() {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Returns whether [`poll_event`](Self::poll_event) would do or say something.
    fn has_event(&self) -> bool {
        if self.session.is_closed() {
            return self.transactions.has_open();
        }
        if self.auth.has_succeeded() {
            return self.inbox.has_lent();
        }
        (self.inbox.has_lent() && !self.auth.holds_challenge())
            || self.inbox.framed().is_some()
            || self.inbox.has_ended()
            || self.transactions.has_ended()
    }

    /// The end of a transaction that has to be told next.
    fn next_ended(&mut self) -> Option<Event<'static>> {
        if let (true, Some(end)) = (self.session.is_closed(), self.end) {
            self.transactions.end_with_session(end, &mut self.pipeline);
        }
        self.transactions.take_ended()
    }

    // --- replies ---

    /// Forgets the reply that the last event borrowed, unless a mechanism has yet to read it.
    fn drop_lent(&mut self) {
        if !self.auth.holds_challenge() {
            self.inbox.drop_lent();
        }
    }

    /// Looks for the end of the next reply.
    fn frame(&mut self) {
        if !self.inbox.is_unframed() {
            return;
        }
        if matches!(self.session.stage(), Stage::Handshake { .. }) {
            self.close(End::Peer(PeerError::PlaintextBehindStartTls));
            return;
        }
        let (limits, keep) = self.config.limits.reply(self.phase(), self.inbox.capacity());
        self.inbox.frame(&limits, keep);
    }

    /// Takes the reply that is lent to the part that it belongs to.
    fn take_reply(&mut self, code: Code) -> Told {
        self.waits += 1;
        if self.pipeline.has_secret() {
            self.inbox.hide(self.pipeline.secret(), code);
        }
        let Some(verb) = self.pipeline.pop() else { return self.on_unsolicited(code) };
        let is_final = self.transactions.note_reply(verb);
        let is_farewell = code == Code::SERVICE_CLOSING || is_late_farewell(verb, code);
        if is_farewell && !is_final && verb != Verb::Quit {
            self.close(End::ServiceClosing(verb.phase()));
            return Told::Closing(verb.phase());
        }
        let Reaction { told, then } = self.route(verb, code);
        self.carry_out(then);
        if self.pipeline.is_closed() {
            self.auth.abandon();
        }
        let terms = self.session.terms(&self.config);
        self.transactions.settle(&terms, &mut self.pipeline);
        told
    }

    fn route(&mut self, verb: Verb, code: Code) -> Reaction {
        let (config, out) = (&self.config, &mut self.pipeline);
        match verb {
            Verb::Mail
            | Verb::Rcpt
            | Verb::Data
            | Verb::Content
            | Verb::Chunk
            | Verb::AnsweredChunk
            | Verb::LastChunk
            | Verb::Final
            | Verb::LoneDot
            | Verb::Rset => {
                self.transactions.on_reply(verb, code, &self.session.terms(config), out)
            }
            Verb::Auth | Verb::Cancel => self.auth.on_reply(verb, code, config.limits.auth_rounds),
            _ => {
                if verb == Verb::XClient && code == Code::SERVICE_READY {
                    // Greeted anew, as somebody else.
                    self.auth = Auth::default();
                }
                self.session.on_reply((verb, code), self.inbox.texts(), config, out)
            }
        }
    }

    /// Only 421 may come unasked (RFC 5321 3.8). Servers that have waited long enough say 451 or 221 in its place
    /// (Exchange); anything else was meant for somebody else.
    fn on_unsolicited(&mut self, code: Code) -> Told {
        let is_farewell = code.class() == Class::Transient || code == Code::CLOSING;
        let phase = self.standing();
        self.close(if is_farewell {
            End::ServiceClosing(phase)
        } else {
            End::Peer(PeerError::Unsolicited)
        });
        Told::Closing(phase)
    }

    fn fail_malformed(&mut self, error: ReplyError) {
        self.close(match self.phase() {
            Phase::Quit => End::Quit,
            Phase::Idle => End::Peer(PeerError::Unsolicited),
            phase => End::Peer(PeerError::Malformed { phase, error }),
        });
    }

    /// The stream has ended.
    fn lose(&mut self) {
        let end = match self.standing() {
            Phase::Quit => End::Quit,
            phase => End::Lost(phase),
        };
        self.close(end);
    }

    // --- progress and ends ---

    /// Writes what had no room before, and lets the commands leave that may.
    fn make_progress(&mut self) {
        let terms = self.session.terms(&self.config);
        self.transactions.make_progress(&terms, &mut self.pipeline);
        self.release();
    }

    /// Lets the commands leave that may leave now.
    fn release(&mut self) {
        let grouping = self.terms().grouping();
        if self.pipeline.is_closed()
            || self.inbox.has_front()
            || !self.pipeline.may_release(grouping)
        {
            return;
        }
        if self.pipeline.outstanding() > 0 || self.inbox.is_empty() {
            self.pipeline.release(grouping);
        } else if !FAREWELLS.iter().any(|code| self.inbox.may_be(code)) {
            // The start of a reply to something that has not been asked: only farewells may be.
            self.close(End::Peer(PeerError::Unsolicited));
        }
    }

    /// Ends the session before the content of the last message is complete.
    fn end_unfinished(&mut self, end: End) {
        if self.transactions.abandon_content(&mut self.pipeline) {
            self.carry_out(Then::Quit(end));
            self.release();
        } else {
            self.close(end);
        }
    }

    fn carry_out(&mut self, then: Then) {
        match then {
            Then::GoOn => {}
            Then::Quit(end) => {
                self.end.get_or_insert(end);
                if let Then::Close(end) = self.session.give_up(&mut self.pipeline) {
                    self.close(end);
                }
            }
            Then::Close(end) => drop(self.close(end)),
        }
    }

    /// The session is over; the first cause stays.
    fn close(&mut self, end: End) -> End {
        self.session.close();
        self.transactions.stop_sending();
        if self.pipeline.has_secret() {
            self.inbox.hide_in_unread(self.pipeline.secret());
            self.pipeline.forget_secret();
        }
        self.pipeline.clear();
        *self.end.get_or_insert(end)
    }
}

impl<B: Storage> fmt::Debug for Client<B> {
    /// Shows how far the session has come and none of its octets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("stage", &self.session.stage())
            .field("phase", &self.phase())
            .field("secure", &self.session.is_secure())
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}

/// Returns whether a 221 is the farewell of an idle server (in place of 421) that crossed with the command.
const fn is_late_farewell(verb: Verb, code: Code) -> bool {
    matches!(verb, Verb::Mail | Verb::Rcpt) && code.value() == Code::CLOSING.value()
}
