//! The pump: moves octets between core and stream until it is the caller's turn.

use std::{
    io::{self, Read, Write},
    sync::Arc,
};

use smtp_proto::client::{End, Phase, Wants};

use crate::{
    client::Client,
    error::Error,
    stream::{Failure, Stream},
    tls::Transport,
    trace,
};

impl<S: Stream> Client<S> {
    /// Does what the core wants until it wants something of the caller.
    pub(crate) fn pump(&mut self) -> Result<Wants, Error> {
        loop {
            match self.step()? {
                Some(Wants::Nothing) => return Err(self.ended()),
                Some(wants) => return Ok(wants),
                None => {}
            }
        }
    }

    /// Does one thing that the core wants, or says what it wants of the caller.
    pub(crate) fn step(&mut self) -> Result<Option<Wants>, Error> {
        match self.proto.wants() {
            Wants::Event => self.take_events(),
            Wants::Write => self.write()?,
            Wants::Flush => self.flush()?,
            Wants::Read => self.read()?,
            Wants::Tls => self.shake_hands()?,
            wants => return Ok(Some(wants)),
        }
        Ok(None)
    }

    /// A peer's error is told by the core's `end` as well.
    fn take_events(&mut self) {
        while let Ok(Some(event)) = self.proto.poll_event() {
            self.journal.record(&event);
            if let (Some(log), Some(reply)) = (&mut self.log, event.reply()) {
                log.received(reply);
            }
        }
    }

    fn write(&mut self) -> Result<(), Error> {
        self.arm()?;
        match self.transport.write(self.proto.transmit()) {
            Ok(0) => Err(self.fail_with(io::ErrorKind::WriteZero.into())),
            Ok(n) => {
                if let Some(log) = &mut self.log {
                    self.proto.transmit_spans(n).for_each(|span| log.sent(span));
                }
                Ok(self.proto.transmitted(n)?)
            }
            Err(error) => self.transmit_failed(error),
        }
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.arm()?;
        match self.transport.flush() {
            Ok(()) => {
                self.proto.flushed();
                Ok(())
            }
            Err(error) => self.transmit_failed(error),
        }
    }

    fn read(&mut self) -> Result<(), Error> {
        self.arm()?;
        self.receive()
    }

    /// One read, within the time limit that was set.
    pub(crate) fn receive(&mut self) -> Result<(), Error> {
        match self.transport.read(self.proto.read_buf()).map_err(Failure::from) {
            Ok(n) => Ok(self.proto.received(n)?),
            Err(Failure::Retry) => Ok(()),
            Err(Failure::Gone) => Ok(self.proto.received(0)?),
            Err(Failure::Broken(error)) => Err(self.fail_with(error)),
        }
    }

    /// A peer that is gone may have said why.
    fn transmit_failed(&mut self, error: io::Error) -> Result<(), Error> {
        match Failure::from(error) {
            Failure::Retry => Ok(()),
            Failure::Gone => {
                self.proto.transmit_failed();
                Ok(())
            }
            Failure::Broken(error) => Err(self.fail_with(error)),
        }
    }

    /// Keeps the clock for the wait at hand.
    pub(crate) fn arm(&mut self) -> Result<(), Error> {
        let patience = self.proto.patience();
        match self.deadline.arm(patience, &mut self.transport) {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.fail(Error::Timeout(patience.0))),
            Err(error) => Err(self.fail_with(error)),
        }
    }

    fn fail_with(&mut self, error: io::Error) -> Error {
        let phase: Phase = self.proto.patience().0;
        self.fail(Error::Io { phase, error: Arc::new(error) })
    }

    /// Gives the session up; nobody can tell any more what the next reply would belong to.
    pub(crate) fn fail(&mut self, error: Error) -> Error {
        self.proto.abort();
        self.take_events();
        self.transport = Transport::Gone;
        trace::failed(&error);
        self.failure.get_or_insert(error).clone()
    }

    /// Why nothing can be done any more.
    pub(crate) fn ended(&mut self) -> Error {
        let end = self.proto.end().unwrap_or_else(|| self.proto.abort());
        if self.proto.is_closed() {
            self.transport.hang_up();
        }
        if let Some(failure) = &self.failure {
            return failure.clone();
        }
        let error = Error::Ended { end, reply: self.journal.last_words(end).cloned() };
        if end != End::Quit {
            trace::failed(&error);
        }
        self.failure.insert(error).clone()
    }
}
