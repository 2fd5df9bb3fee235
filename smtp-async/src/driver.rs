//! The pump: moves octets between core and stream until it is the caller's turn.

use std::{io, sync::Arc};

use smtp_adapter::Failure;
use smtp_proto::client::Wants;
use tokio::io::AsyncReadExt;

use crate::{
    Error,
    client::Client,
    stream::Stream,
    tls::{Moved, Transport},
};

impl<S: Stream> Client<S> {
    /// Does what the core wants until it wants something of the caller.
    pub(crate) async fn pump(&mut self) -> Result<Wants, Error> {
        loop {
            match self.step().await? {
                Some(Wants::Nothing) => return Err(self.ended()),
                Some(wants) => return Ok(wants),
                None => {}
            }
        }
    }

    /// Does one thing that the core wants, or says what it wants of the caller.
    pub(crate) async fn step(&mut self) -> Result<Option<Wants>, Error> {
        match self.session.proto.wants() {
            Wants::Event => self.session.take_events(),
            Wants::Write => self.write().await?,
            Wants::Flush => self.flush().await?,
            Wants::Read => self.read().await?,
            Wants::Tls => self.shake_hands().await?,
            wants => return Ok(Some(wants)),
        }
        Ok(None)
    }

    async fn write(&mut self) -> Result<(), Error> {
        self.arm_to_send()?;
        let (octets, space) = self.session.proto.transmit_and_read_buf();
        match self.deadline.within(self.transport.write_or_read(octets, space)).await {
            Ok(moved) => self.moved(moved),
            Err(error) => self.transmit_failed(error),
        }
    }

    async fn flush(&mut self) -> Result<(), Error> {
        self.arm()?;
        let flush = self.transport.flush_or_read(self.session.proto.read_buf());
        match self.deadline.within(flush).await {
            Ok(moved) => self.moved(moved),
            Err(error) => self.transmit_failed(error),
        }
    }

    /// Takes note of what was done, in the same poll: a future that is dropped loses nothing.
    fn moved(&mut self, moved: Moved) -> Result<(), Error> {
        self.deadline.moved(if let Moved::Written(n) = moved { n } else { 0 });
        match moved {
            Moved::Read(n) => self.session.proto.received(n)?,
            Moved::Written(0) => return Err(self.fail_with(io::ErrorKind::WriteZero.into())),
            Moved::Written(n) => self.session.transmitted(n)?,
            Moved::Flushed => self.session.proto.flushed(),
        }
        Ok(())
    }

    async fn read(&mut self) -> Result<(), Error> {
        self.arm()?;
        self.receive().await?;
        self.deadline.moved(0);
        Ok(())
    }

    /// One read, within the time limit that was set.
    pub(crate) async fn receive(&mut self) -> Result<(), Error> {
        let read = self.transport.read(self.session.proto.read_buf());
        match self.deadline.within(read).await.map_err(|error| self.judge(error)) {
            Ok(n) => Ok(self.session.proto.received(n)?),
            Err(Failure::Retry) => Ok(()),
            Err(Failure::Gone) => Ok(self.session.proto.received(0)?),
            Err(Failure::Broken(error)) => Err(self.fail_with(error)),
        }
    }

    /// That the time limit is over is for `arm` to tell. A stream that says the same of itself before
    /// has given up: nothing would make the next call wait.
    fn judge(&self, error: io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::TimedOut if self.deadline.has_time() => Failure::Gone,
            io::ErrorKind::WouldBlock => Failure::Broken(error),
            _ => Failure::from(error),
        }
    }

    /// A peer that is gone may have said why.
    fn transmit_failed(&mut self, error: io::Error) -> Result<(), Error> {
        match self.judge(error) {
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
        if self.deadline.arm(patience, sends) { Ok(()) } else { Err(self.time_is_over()) }
    }

    pub(crate) fn time_is_over(&mut self) -> Error {
        let (phase, _) = self.session.proto.patience();
        self.fail(Error::Timeout(phase))
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
