//! One session of a server, without IO: core, handler, transcript, and what goes wrong on purpose.

use std::time::Duration;

use smtp_proto::{
    pace::{LEAST_RATE, Pace},
    sasl::server::{Exchange, TlsExporter},
    server::{Answer, Event, Misuse, Server as Core, Wants},
};

use super::{
    ServerBuilder,
    handler::{Handler, Peer},
    injector::{Dropped, Injector},
    transcript::Transcript,
};

/// The next action of the driver of a [`Conversation`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    /// Write all of `replies`, then call `written`.
    Write,
    /// Flush, then call `flushed`.
    Flush,
    /// Read into `space`, then call `received` with the number of octets; 0 for the end of the stream.
    Read,
    /// Do the TLS handshake, then call `secured`.
    Tls,
    /// Wait, then ask again.
    Pause(Duration),
    /// It is over: close, after the client has been given time to do so.
    Close,
    /// It is over: drop the connection as it is.
    Drop,
}

/// One session of a server, made by [`ServerBuilder::conversation`], to be driven over any transport.
///
/// It has no clock: the driver waits no longer than its [`patience`](Self::patience), and reports how long it
/// [`waited`](Self::waited).
///
/// ```
/// use smtp_adapter::server::{ServerBuilder, Store, Turn};
/// let mut session = ServerBuilder::default().conversation(Store::new(), 0, ([127, 0, 0, 1], 25).into());
/// assert_eq!(session.turn(), Turn::Write);
/// assert_eq!(session.replies(), b"220 [127.0.0.1] ESMTP ready\r\n");
/// session.written();
/// assert_eq!(session.turn(), Turn::Flush);
/// session.flushed();
/// assert_eq!(session.turn(), Turn::Read);
/// session.space()[..6].copy_from_slice(b"QUIT\r\n");
/// session.received(6);
/// assert_eq!(session.turn(), Turn::Write);
/// assert_eq!(session.replies(), b"221 2.0.0 Bye\r\n");
/// ```
pub struct Conversation<H> {
    core: Core<Box<[u8]>>,
    handler: H,
    transcript: Transcript,
    injector: Injector,
    peer: Peer,
    /// The current authentication exchange.
    exchange: Option<Box<dyn Exchange + Send>>,
    exporter: Option<TlsExporter>,
    /// Replies that are being written.
    replies: Vec<u8>,
    stage: Stage,
    /// The time that the client has for what it does next.
    pace: Pace,
    /// The time that it has for everything.
    session_left: Duration,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Open,
    /// The connection is dropped as soon as earlier replies have left.
    Dropping,
    Dropped,
    Closed,
}

/// The reason why a session stops before its end.
#[derive(Debug)]
enum Stop {
    Failed,
    Dropped,
}

impl From<Misuse> for Stop {
    fn from(_: Misuse) -> Self {
        Self::Failed
    }
}

impl From<Dropped> for Stop {
    fn from(_: Dropped) -> Self {
        Self::Dropped
    }
}

impl<H: Handler> Conversation<H> {
    pub(super) fn new(builder: &ServerBuilder, handler: H, peer: Peer) -> Self {
        Self {
            core: Core::new(builder.config),
            handler,
            transcript: Transcript::new(builder.transcript.clone(), peer.number()),
            injector: Injector::new(&builder.faults, peer.number()),
            peer,
            exchange: None,
            exporter: None,
            replies: Vec::new(),
            stage: Stage::Open,
            pace: Pace::new(builder.timeout, LEAST_RATE),
            session_left: builder.session_limit,
        }
    }

    /// Continues as far as possible without IO, and returns the next action of the driver.
    pub fn turn(&mut self) -> Turn {
        loop {
            if let Some(pause) = self.injector.take_pause() {
                return Turn::Pause(pause);
            }
            if !self.replies.is_empty() {
                return Turn::Write;
            }
            match self.stage {
                Stage::Open => {}
                Stage::Dropping => return Turn::Flush,
                Stage::Dropped => return Turn::Drop,
                Stage::Closed => return Turn::Close,
            }
            if let Some(turn) = self.turn_of_core() {
                return turn;
            }
        }
    }

    fn turn_of_core(&mut self) -> Option<Turn> {
        match self.core.wants() {
            Wants::Event => self.step(),
            Wants::Write => self.take_replies(),
            Wants::Flush => return Some(Turn::Flush),
            Wants::Read if self.injector.room(1).is_err() => self.stage = Stage::Dropped,
            Wants::Read => return Some(Turn::Read),
            Wants::Tls => return Some(Turn::Tls),
            // Events are answered as they come, so that nothing else can be wanted.
            _ => self.stage = Stage::Closed,
        }
        None
    }

    /// Gives the client its whole time again: a new command follows a reply.
    fn take_replies(&mut self) {
        self.pace.restart();
        self.replies = self.injector.take();
        self.transcript.sent(&self.replies);
        let replied = self.core.transmit().len();
        if self.core.transmitted(replied).is_err() {
            self.stage = Stage::Closed;
        }
    }

    /// Returns the octets to write.
    #[must_use]
    pub fn replies(&self) -> &[u8] {
        &self.replies
    }

    /// All of [`replies`](Self::replies) is written.
    pub fn written(&mut self) {
        self.replies.clear();
    }

    /// The transport has flushed.
    pub fn flushed(&mut self) {
        self.core.flushed();
        if self.stage == Stage::Dropping {
            self.stage = Stage::Dropped;
        } else if self.injector.is_closing() {
            self.stage = Stage::Closed;
        }
    }

    /// Returns the buffer to read into.
    pub fn space(&mut self) -> &mut [u8] {
        let space = self.core.read_buf();
        let room = self.injector.room(space.len()).unwrap_or_default();
        &mut space[..room]
    }

    /// So many octets were read; 0 is the end of the stream.
    pub fn received(&mut self, n: usize) {
        // The limit of a line holds however slowly it arrives. Content that arrives fast enough may take longer.
        if self.core.is_receiving_content() {
            self.pace.moved(Duration::ZERO, n);
        }
        self.injector.came(n);
        if self.core.received(n).is_err() {
            self.stage = Stage::Closed;
        }
    }

    /// The handshake is done; `exporter` is what names this TLS session (RFC 9266), where that is
    /// known.
    pub fn secured(&mut self, exporter: Option<TlsExporter>) {
        self.pace.restart();
        self.exporter = exporter;
        match self.core.tls_established() {
            Ok(()) => self.handler.secured(),
            Err(_) => self.stage = Stage::Closed,
        }
    }

    /// Returns the time that is left for what [`turn`](Self::turn) asks for; zero ends the session.
    ///
    /// It has [so much](ServerBuilder::with_timeout) for each command, for content beyond what its octets take at 500 a
    /// second, for a handshake, and for taking replies; and [so much](ServerBuilder::with_session_limit) for all of
    /// them.
    #[must_use]
    pub fn patience(&self) -> Duration {
        self.pace.left().min(self.session_left)
    }

    /// The client was waited for, so long, in reading, writing or shaking hands.
    pub fn waited(&mut self, time: Duration) {
        self.pace.moved(time, 0);
        self.session_left = self.session_left.saturating_sub(time);
    }

    /// Ends the session, whatever [`turn`](Self::turn) would return; `failed` if the transport has failed.
    pub fn ended(mut self, failed: bool) {
        self.handler.reset();
        let clean = !failed && self.stage == Stage::Closed;
        self.handler.ended(if clean { self.core.end() } else { None });
    }

    /// Takes one event, and what the core replies to it.
    fn step(&mut self) {
        let before = self.core.transmit().len();
        match self.take_event() {
            Ok(()) => {
                let said = self.core.transmit().get(before..).unwrap_or_default();
                self.injector.replied(said);
            }
            Err(Stop::Dropped) => {
                self.take_replies();
                self.stage = Stage::Dropping;
            }
            Err(Stop::Failed) => self.stage = Stage::Closed,
        }
    }

    fn take_event(&mut self) -> Result<(), Stop> {
        self.transcript.received(self.core.pending_line());
        if let Some(line) = self.core.pending_line() {
            self.injector.line(line)?;
            let refusal = self.injector.refusal();
            if refusal.is_some_and(|refusal| self.core.decline(refusal).is_ok()) {
                return Ok(());
            }
        }
        let Some(event) = self.core.poll_event().map_err(|_| Stop::Failed)? else {
            return Ok(());
        };
        note_content(&mut self.transcript, &event);
        note_unsaid(&mut self.injector, &event)?;
        let refusal = self.injector.refusal();
        if let (Event::Exchange { mechanism, begins }, None) = (event, refusal) {
            return Ok(self.authenticate(mechanism, begins)?);
        }
        let is_hello = matches!(event, Event::Hello { .. });
        let answer = match refusal {
            Some(_) => refuse(&mut self.handler, &event),
            None => tell(&mut self.handler, &event, self.peer),
        };
        if self.core.wants() != Wants::Answer {
            return Ok(());
        }
        let answer = refusal.or(answer);
        let resets = is_hello && answer.is_none_or(|answer| answer.code().is_completion());
        say(&mut self.core, answer)?;
        if resets {
            self.handler.reset();
        }
        Ok(())
    }

    /// Goes on with an exchange.
    fn authenticate(&mut self, mechanism: &str, begins: bool) -> Result<(), Misuse> {
        if begins {
            let channel = self.exporter.filter(|_| self.core.offers_channel_binding());
            self.exchange = self.handler.exchange(mechanism, channel.as_ref());
        }
        let Some(exchange) = &mut self.exchange else { return self.core.accept() };
        self.core.authenticate(&mut **exchange)?;
        if self.core.is_authenticated() {
            self.handler.authenticated(exchange.user());
            self.exchange = None;
        }
        Ok(())
    }
}

/// Replies with the answer, or accepts with the usual reply; an answer that makes no sense becomes 451.
fn say(core: &mut Core<Box<[u8]>>, answer: Option<Answer<'_>>) -> Result<(), Misuse> {
    let answered = match answer {
        Some(answer) => core.answer(answer),
        None => core.accept(),
    };
    match answered {
        Err(Misuse::WrongClass) => core.answer(Answer::LOCAL_ERROR),
        answered => answered,
    }
}

/// Tells of what no line of the client announces.
fn note_unsaid(injector: &mut Injector, event: &Event<'_>) -> Result<(), Dropped> {
    match event {
        Event::Connected => injector.at("CONNECT"),
        Event::ContentEnd { .. } | Event::ContentRefused(_) => injector.at("."),
        _ => Ok(()),
    }
}

/// Reports an event to the handler that an injected fault refuses. The handler does not decide the reply.
fn refuse<'h>(handler: &'h mut impl Handler, event: &Event<'_>) -> Option<Answer<'h>> {
    match event {
        Event::Content(piece) => handler.content(piece),
        Event::ContentEnd { recipient: None, .. } | Event::ContentRefused(_) => handler.reset(),
        Event::ContentEnd { recipient: Some(recipient), octets } => {
            let _ = handler.message_for(*recipient, *octets);
        }
        _ => {}
    }
    None
}

fn note_content(transcript: &mut Transcript, event: &Event<'_>) {
    match event {
        Event::Data => transcript.data(),
        Event::Content(piece) => transcript.content(piece.len()),
        Event::ContentEnd { .. } | Event::ContentRefused(_) => transcript.end_of_content(),
        _ => {}
    }
}

fn tell<'h>(handler: &'h mut impl Handler, event: &Event<'_>, peer: Peer) -> Option<Answer<'h>> {
    match *event {
        Event::Connected => handler.connected(peer),
        Event::Hello { name, extended } => handler.hello(name, extended),
        Event::Authenticate(credentials) => handler.authenticate(credentials),
        Event::Mail(mail) => handler.mail(mail),
        Event::Recipient(recipient) => handler.recipient(recipient),
        Event::Data => handler.data(),
        Event::ContentEnd { octets, recipient: None } => handler.message(octets),
        Event::ContentEnd { octets, recipient: Some(recipient) } => {
            handler.message_for(recipient, octets)
        }
        Event::Verify(text) => handler.verify(text),
        Event::Expand(text) => handler.expand(text),
        Event::Content(piece) => {
            handler.content(piece);
            None
        }
        Event::ContentRefused(_) | Event::Reset => {
            handler.reset();
            None
        }
        _ => None,
    }
}

impl<H> core::fmt::Debug for Conversation<H> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Conversation")
            .field("peer", &self.peer)
            .field("stage", &self.stage)
            .finish_non_exhaustive()
    }
}
