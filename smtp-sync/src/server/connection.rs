//! One connection: moves octets between socket and conversation.

use std::{
    io::{self, Read, Write},
    thread,
    time::Duration,
};

use super::{
    ServerBuilder,
    conversation::{Conversation, Turn},
    handler::{Handler, Peer},
    socket::Socket,
    stream::{Security, Stream},
};

pub(super) struct Connection<H> {
    socket: Socket,
    timeout: Duration,
    security: Security,
    conversation: Conversation<H>,
}

impl<H: Handler> Connection<H> {
    pub(super) fn new(builder: &ServerBuilder, socket: Socket, peer: Peer, handler: H) -> Self {
        Self {
            socket,
            timeout: builder.timeout,
            security: builder.security.clone(),
            conversation: Conversation::new(builder, handler, peer),
        }
    }

    /// Runs the session to its end.
    pub(super) fn serve(self) {
        let Self { socket, timeout, security, conversation } = self;
        let Ok(stream) = Stream::new(socket, timeout) else { return };
        let mut driver = Driver { stream, security, conversation };
        let last = driver.run();
        driver.conversation.ended(last.is_err());
        match last {
            Ok(Turn::Drop) => driver.stream.cut(),
            _ => driver.stream.close(),
        }
    }
}

struct Driver<H> {
    stream: Stream,
    security: Security,
    conversation: Conversation<H>,
}

impl<H: Handler> Driver<H> {
    /// Does what the conversation needs, to its last turn.
    fn run(&mut self) -> io::Result<Turn> {
        loop {
            match self.conversation.turn() {
                Turn::Write => {
                    self.stream.write_all(self.conversation.replies())?;
                    self.conversation.written();
                }
                Turn::Flush => {
                    self.stream.flush()?;
                    self.conversation.flushed();
                }
                Turn::Read => self.read()?,
                Turn::Tls => {
                    self.stream.secure(&self.security)?;
                    self.conversation.secured(self.stream.tls_exporter());
                }
                Turn::Pause(time) => thread::sleep(time),
                last @ (Turn::Close | Turn::Drop) => return Ok(last),
            }
        }
    }

    fn read(&mut self) -> io::Result<()> {
        let n = match self.stream.read(self.conversation.space()) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            // TLS that ends without saying so is an end all the same; the core knows what it cut.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => 0,
            outcome => outcome?,
        };
        self.conversation.received(n);
        Ok(())
    }
}
