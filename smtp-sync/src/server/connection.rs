//! One connection: moves octets between socket, core and handler.

use std::{
    io::{self, Read, Write},
    time::Duration,
};

use smtp_proto::{
    sasl::server::Exchange,
    server::{Answer, Event, Misuse, Server as Core, Wants},
};

use super::{
    ServerBuilder,
    handler::{Handler, Peer},
    injector::{Dropped, Injector},
    socket::Socket,
    stream::{Security, Stream},
    transcript::Transcript,
};

pub(super) struct Connection {
    socket: Socket,
    timeout: Duration,
    core: Core<Box<[u8]>>,
    security: Security,
    transcript: Transcript,
    injector: Injector,
    peer: Peer,
}

impl Connection {
    pub(super) fn new(builder: &ServerBuilder, socket: Socket, peer: Peer) -> Self {
        Self {
            socket,
            timeout: builder.timeout,
            core: Core::new(builder.config),
            security: builder.security.clone(),
            transcript: Transcript::new(builder.transcript.clone(), peer.number()),
            injector: Injector::new(&builder.faults, peer.number()),
            peer,
        }
    }

    /// Runs the session to its end.
    pub(super) fn serve(self, mut handler: impl Handler) {
        let Self { socket, timeout, core, security, transcript, injector, peer } = self;
        let Ok(stream) = Stream::new(socket, timeout) else { return };
        let exchange = None;
        let mut driver = Driver { stream, core, security, transcript, injector, peer, exchange };
        let outcome = driver.run(&mut handler);
        handler.reset();
        match outcome {
            Err(Stop::Dropped) => {
                handler.ended(None);
                driver.stream.cut();
            }
            outcome => {
                handler.ended(outcome.ok().and_then(|()| driver.core.end()));
                driver.stream.close();
            }
        }
    }
}

/// Why a session stops before its end.
#[derive(Debug)]
enum Stop {
    Failed,
    Dropped,
}

impl From<io::Error> for Stop {
    fn from(_: io::Error) -> Self {
        Self::Failed
    }
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

struct Driver {
    stream: Stream,
    core: Core<Box<[u8]>>,
    security: Security,
    transcript: Transcript,
    injector: Injector,
    peer: Peer,
    /// The exchange at hand.
    exchange: Option<Box<dyn Exchange + Send>>,
}

impl Driver {
    fn run(&mut self, handler: &mut impl Handler) -> Result<(), Stop> {
        loop {
            match self.core.wants() {
                Wants::Event => self.step(handler)?,
                Wants::Write => self.write()?,
                Wants::Flush => {
                    self.stream.flush()?;
                    self.core.flushed();
                    if self.injector.is_closing() {
                        return Ok(());
                    }
                }
                Wants::Read => self.read()?,
                Wants::Tls => {
                    self.stream.secure(&self.security)?;
                    self.core.tls_established()?;
                    handler.secured();
                }
                // Events are answered as they come, so that nothing else can be wanted.
                _ => return Ok(()),
            }
        }
    }

    fn write(&mut self) -> Result<(), Stop> {
        let replies = self.injector.take();
        self.transcript.sent(&replies);
        self.stream.write_all(&replies)?;
        Ok(self.core.transmitted(self.core.transmit().len())?)
    }

    fn read(&mut self) -> Result<(), Stop> {
        let space = self.core.read_buf();
        let room = self.injector.room(space.len())?;
        let n = match self.stream.read(&mut space[..room]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            // TLS that ends without saying so is an end all the same; the core knows what it cut.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => 0,
            outcome => outcome?,
        };
        self.injector.came(n);
        Ok(self.core.received(n)?)
    }

    /// Takes one event, and what the core replies to it.
    fn step(&mut self, handler: &mut impl Handler) -> Result<(), Stop> {
        let before = self.core.transmit().len();
        let taken = self.take_event(handler);
        if matches!(taken, Err(Stop::Dropped)) {
            self.write()?;
            self.stream.flush()?;
        }
        taken?;
        self.injector.replied(self.core.transmit().get(before..).unwrap_or_default());
        Ok(())
    }

    fn take_event(&mut self, handler: &mut impl Handler) -> Result<(), Stop> {
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
            return Ok(self.authenticate(handler, mechanism, begins)?);
        }
        let is_hello = matches!(event, Event::Hello { .. });
        let answer = match refusal {
            Some(_) => refuse(handler, &event),
            None => tell(handler, &event, self.peer),
        };
        if self.core.wants() != Wants::Answer {
            return Ok(());
        }
        let answer = refusal.or(answer);
        let resets = is_hello && answer.is_none_or(|answer| answer.code().is_completion());
        self.answer(answer)?;
        if resets {
            handler.reset();
        }
        Ok(())
    }

    /// Goes on with an exchange.
    fn authenticate(
        &mut self,
        handler: &mut impl Handler,
        mechanism: &str,
        begins: bool,
    ) -> Result<(), Misuse> {
        if begins {
            let channel = self.stream.tls_exporter().filter(|_| self.core.offers_channel_binding());
            self.exchange = handler.exchange(mechanism, channel.as_ref());
        }
        let Some(exchange) = &mut self.exchange else { return self.core.accept() };
        self.core.authenticate(&mut **exchange)?;
        if self.core.is_authenticated() {
            handler.authenticated(exchange.user());
            self.exchange = None;
        }
        Ok(())
    }

    fn answer(&mut self, answer: Option<Answer<'_>>) -> Result<(), Misuse> {
        let answered = match answer {
            Some(answer) => self.core.answer(answer),
            None => self.core.accept(),
        };
        match answered {
            Err(Misuse::WrongClass) => self.core.answer(Answer::LOCAL_ERROR),
            answered => answered,
        }
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

/// What a handler hears of an event that is refused without asking it.
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
