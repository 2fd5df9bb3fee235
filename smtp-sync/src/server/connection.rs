//! One connection: moves octets between socket and conversation.

use std::{
    io::{
        self,
        ErrorKind::{Interrupted, TimedOut, WouldBlock},
        Read, Write,
    },
    time::Instant,
};

use super::{
    Conversation, Handler, ServerBuilder, Turn,
    registry::Place,
    socket::Socket,
    stream::{Security, Stream},
};
use crate::stream::Told;

pub(super) struct Connection<H> {
    socket: Socket,
    security: Security,
    conversation: Conversation<H>,
}

impl<H: Handler> Connection<H> {
    pub(super) fn new(
        builder: &ServerBuilder,
        socket: Socket,
        conversation: Conversation<H>,
    ) -> Self {
        Self { socket, security: Security::of(builder), conversation }
    }

    /// Runs the session to its end.
    pub(super) fn serve(self, place: &Place) {
        let Self { socket, security, conversation } = self;
        let Ok(stream) = Stream::new(socket) else { return };
        let mut driver = Driver { stream, told: Told::NOTHING, security, conversation, place };
        let last = driver.run();
        driver.conversation.ended(last.is_err());
        match last {
            Ok(Turn::Drop) => driver.stream.cut(),
            _ => driver.stream.close(),
        }
    }
}

struct Driver<'a, H> {
    stream: Stream,
    told: Told,
    security: Security,
    conversation: Conversation<H>,
    place: &'a Place,
}

impl<H: Handler> Driver<'_, H> {
    /// Does what the conversation needs, to its last turn.
    fn run(&mut self) -> io::Result<Turn> {
        loop {
            match self.conversation.turn() {
                Turn::Write => self.write()?,
                Turn::Flush => self.flush()?,
                Turn::Read => self.read()?,
                Turn::Tls => self.shake_hands()?,
                Turn::Pause(time) => self.place.pause(time),
                last @ (Turn::Close | Turn::Drop) => return Ok(last),
            }
        }
    }

    fn write(&mut self) -> io::Result<()> {
        let mut written = 0;
        while written < self.conversation.replies().len() {
            match self.timed(|stream, session| stream.write(&session.replies()[written..]))? {
                Some(0) => return Err(io::ErrorKind::WriteZero.into()),
                n => written += n.unwrap_or_default(),
            }
        }
        self.conversation.written();
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.timed(|stream, _| stream.flush())?.is_some() {
            self.conversation.flushed();
        }
        Ok(())
    }

    fn read(&mut self) -> io::Result<()> {
        let n = match self.timed(|stream, session| stream.read(session.space())) {
            // TLS that ends without saying so is an end all the same; the core knows what it cut.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Some(0),
            outcome => outcome?,
        };
        if let Some(n) = n {
            self.conversation.received(n);
        }
        Ok(())
    }

    fn shake_hands(&mut self) -> io::Result<()> {
        self.stream.begin_tls(&self.security)?;
        while self.stream.is_shaking_hands() {
            self.timed(|stream, _| stream.shake_hands_on())?;
        }
        self.conversation.secured(self.stream.tls_exporter());
        Ok(())
    }

    /// One call of the stream's, within the time that the client has left; `None` where it was in vain.
    fn timed<T>(
        &mut self,
        call: impl FnOnce(&mut Stream, &mut Conversation<H>) -> io::Result<T>,
    ) -> io::Result<Option<T>> {
        let patience = self.conversation.patience();
        if patience.is_zero() {
            return Err(TimedOut.into());
        }
        self.told.tell(&mut self.stream, patience)?;
        let begun = Instant::now();
        let outcome = call(&mut self.stream, &mut self.conversation);
        self.conversation.waited(begun.elapsed());
        match outcome.map_err(|error| (error.kind(), error)) {
            Ok(done) => Ok(Some(done)),
            Err((Interrupted | WouldBlock | TimedOut, _)) => Ok(None),
            Err((_, error)) => Err(error),
        }
    }
}
