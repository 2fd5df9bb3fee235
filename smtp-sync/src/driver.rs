//! The pump: moves octets between core and stream until it is the caller's turn.

use std::{
    io::{self, Read, Write},
    sync::Arc,
};

use smtp_adapter::{Error, Failure};
use smtp_proto::client::Wants;

use crate::{client::Client, stream::Stream, tls::Transport};

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
        match self.session.proto.wants() {
            Wants::Event => self.session.take_events(),
            Wants::Write => self.write()?,
            Wants::Flush => self.flush()?,
            Wants::Read => self.read()?,
            Wants::Tls => self.shake_hands()?,
            wants => return Ok(Some(wants)),
        }
        Ok(None)
    }

    fn write(&mut self) -> Result<(), Error> {
        self.arm_to_send()?;
        match self.transport.write(self.session.proto.transmit()) {
            Ok(0) => Err(self.fail_with(io::ErrorKind::WriteZero.into())),
            Ok(n) => {
                self.deadline.moved(n);
                self.session.transmitted(n)
            }
            Err(error) => self.transmit_failed(error),
        }
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.arm()?;
        match self.transport.flush() {
            Ok(()) => {
                self.session.proto.flushed();
                Ok(())
            }
            Err(error) => self.transmit_failed(error),
        }
    }

    fn read(&mut self) -> Result<(), Error> {
        self.arm()?;
        self.receive()?;
        self.deadline.moved(0);
        Ok(())
    }

    /// One read, within the time limit that was set.
    pub(crate) fn receive(&mut self) -> Result<(), Error> {
        match self.transport.read(self.session.proto.read_buf()).map_err(Failure::from) {
            Ok(n) => Ok(self.session.proto.received(n)?),
            Err(Failure::Retry) => Ok(()),
            Err(Failure::Gone) => Ok(self.session.proto.received(0)?),
            Err(Failure::Broken(error)) => Err(self.fail_with(error)),
        }
    }

    /// A peer that is gone may have said why.
    fn transmit_failed(&mut self, error: io::Error) -> Result<(), Error> {
        match Failure::from(error) {
            Failure::Retry => Ok(()),
            Failure::Gone => {
                self.session.proto.transmit_failed();
                Ok(())
            }
            Failure::Broken(error) => Err(self.fail_with(error)),
        }
    }

    /// Keeps the clock for the current wait.
    pub(crate) fn arm(&mut self) -> Result<(), Error> {
        self.arm_for(false)
    }

    /// The same, and the pace at which octets have to leave.
    fn arm_to_send(&mut self) -> Result<(), Error> {
        self.arm_for(true)
    }

    fn arm_for(&mut self, sends: bool) -> Result<(), Error> {
        let patience = self.session.proto.patience();
        match self.deadline.arm(patience, sends, &mut self.transport) {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.fail(Error::Timeout(patience.0))),
            Err(error) => Err(self.fail_with(error)),
        }
    }

    fn fail_with(&mut self, error: io::Error) -> Error {
        let (phase, _) = self.session.proto.patience();
        self.fail(Error::Io { phase, error: Arc::new(error) })
    }

    /// Gives the session up, and closes.
    pub(crate) fn fail(&mut self, error: Error) -> Error {
        self.transport = Transport::Gone;
        self.session.fail(error)
    }

    /// Ends the session if it is still open, and returns the error that ended it.
    pub(crate) fn ended(&mut self) -> Error {
        let error = self.session.ended();
        if self.session.proto.is_closed() {
            self.transport.hang_up();
        }
        error
    }
}
