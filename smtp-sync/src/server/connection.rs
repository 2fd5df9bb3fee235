//! One connection: moves octets between socket, core and handler.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    time::Duration,
};

use smtp_proto::server::{Answer, Event, Misuse, Server as Core, Wants};

use super::{
    ServerBuilder,
    handler::{Handler, Peer},
    stream::{Security, Stream},
    transcript::Transcript,
};

pub(super) struct Connection {
    socket: TcpStream,
    timeout: Duration,
    core: Core<Box<[u8]>>,
    security: Security,
    transcript: Transcript,
    peer: Peer,
}

impl Connection {
    pub(super) fn new(builder: &ServerBuilder, socket: TcpStream, peer: Peer) -> Self {
        Self {
            socket,
            timeout: builder.timeout,
            core: Core::new(builder.config),
            security: builder.security.clone(),
            transcript: Transcript::new(builder.transcript.clone(), peer.number()),
            peer,
        }
    }

    /// Runs the session to its end.
    pub(super) fn serve(self, mut handler: impl Handler) {
        let Self { socket, timeout, core, security, transcript, peer } = self;
        let Ok(stream) = Stream::new(socket, timeout) else { return };
        let mut driver = Driver { stream, core, security, transcript, peer };
        let outcome = driver.run(&mut handler);
        handler.reset();
        handler.ended(outcome.ok().and_then(|()| driver.core.end()));
        driver.stream.close();
    }
}

struct Driver {
    stream: Stream,
    core: Core<Box<[u8]>>,
    security: Security,
    transcript: Transcript,
    peer: Peer,
}

impl Driver {
    fn run(&mut self, handler: &mut impl Handler) -> io::Result<()> {
        loop {
            match self.core.wants() {
                Wants::Event => self.take_event(handler)?,
                Wants::Write => self.write()?,
                Wants::Flush => {
                    self.stream.flush()?;
                    self.core.flushed();
                }
                Wants::Read => self.read()?,
                Wants::Tls => {
                    self.stream.secure(&self.security)?;
                    self.core.tls_established().map_err(io::Error::other)?;
                    handler.secured();
                }
                // Events are answered as they come, so that nothing else can be wanted.
                _ => return Ok(()),
            }
        }
    }

    fn write(&mut self) -> io::Result<()> {
        let replies = self.core.transmit();
        self.transcript.sent(replies);
        self.stream.write_all(replies)?;
        self.core.transmitted(replies.len()).map_err(io::Error::other)
    }

    fn read(&mut self) -> io::Result<()> {
        let n = match self.stream.read(self.core.read_buf()) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            // TLS that ends without saying so is an end all the same; the core knows what it cut.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => 0,
            outcome => outcome?,
        };
        self.core.received(n).map_err(io::Error::other)
    }

    fn take_event(&mut self, handler: &mut impl Handler) -> io::Result<()> {
        self.transcript.received(self.core.pending_line());
        let Some(event) = self.core.poll_event().map_err(io::Error::other)? else {
            return Ok(());
        };
        note_content(&mut self.transcript, &event);
        let is_hello = matches!(event, Event::Hello { .. });
        let answer = tell(handler, &event, self.peer);
        if self.core.wants() != Wants::Answer {
            return Ok(());
        }
        let resets = is_hello && answer.is_none_or(|answer| answer.code().is_completion());
        self.answer(answer)?;
        if resets {
            handler.reset();
        }
        Ok(())
    }

    fn answer(&mut self, answer: Option<Answer<'_>>) -> io::Result<()> {
        let answered = match answer {
            Some(answer) => self.core.answer(answer),
            None => self.core.accept(),
        };
        let answered = match answered {
            Err(Misuse::WrongClass) => self.core.answer(Answer::LOCAL_ERROR),
            answered => answered,
        };
        answered.map_err(io::Error::other)
    }
}

fn note_content(transcript: &mut Transcript, event: &Event<'_>) {
    match event {
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
        Event::ContentEnd { octets, .. } => handler.message(octets),
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
