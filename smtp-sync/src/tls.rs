//! TLS by rustls, over whatever stream the session has.

#[cfg(feature = "tls")]
mod session;

use core::time::Duration;
use std::io::{self, Read, Write};

use smtp_adapter::{Error, TlsError};

use crate::{client::Client, stream::Stream};

#[cfg(feature = "tls")]
pub(crate) use self::session::Session;

/// The stream, in the clear or encrypted.
#[derive(Debug)]
pub(crate) enum Transport<S> {
    Plain(S),
    #[cfg(feature = "tls")]
    Tls(Box<Session<rustls::ClientConnection, S>>),
    /// Closed, since the session is over, or taken out for a handshake that was never completed.
    Gone,
}

impl<S: Stream> Transport<S> {
    /// Drops the stream. Inside TLS, sends `close_notify` to the server if that is possible without waiting.
    pub(crate) fn hang_up(&mut self) {
        #[cfg(feature = "tls")]
        if let Transport::Tls(session) = self {
            session.say_goodbye();
        }
        *self = Transport::Gone;
    }

    #[cfg(feature = "scram")]
    pub(crate) fn channel_binding(&self) -> Option<[u8; 32]> {
        match self {
            #[cfg(feature = "tls")]
            Transport::Tls(session) => session.exporter(),
            _ => None,
        }
    }
}

impl<S: Stream> Read for Transport<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Transport::Plain(stream) => stream.read(buffer),
            #[cfg(feature = "tls")]
            Transport::Tls(session) => session.read(buffer),
            Transport::Gone => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

impl<S: Stream> Write for Transport<S> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Transport::Plain(stream) => stream.write(octets),
            #[cfg(feature = "tls")]
            Transport::Tls(session) => session.write(octets),
            Transport::Gone => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Transport::Plain(stream) => stream.flush(),
            #[cfg(feature = "tls")]
            Transport::Tls(session) => session.flush(),
            Transport::Gone => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

impl<S: Stream> Stream for Transport<S> {
    fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        match self {
            Transport::Plain(stream) => stream.set_timeout(timeout),
            #[cfg(feature = "tls")]
            Transport::Tls(session) => session.set_timeout(timeout),
            Transport::Gone => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

#[cfg(not(feature = "tls"))]
impl<S: Stream> Client<S> {
    pub(crate) fn shake_hands(&mut self) -> Result<(), Error> {
        Err(self.fail(Error::Tls(TlsError::Unavailable)))
    }
}

#[cfg(feature = "tls")]
impl<S: Stream> Client<S> {
    /// Shakes hands to completion within the time limit; nothing of the clear stream is kept.
    pub(crate) fn shake_hands(&mut self) -> Result<(), Error> {
        self.start_tls().map_err(|error| self.fail(Error::Tls(error)))?;
        while self.is_shaking_hands() {
            self.arm()?;
            self.shake_hands_on().map_err(|error| self.fail(Error::Tls(error)))?;
        }
        self.deadline.restart();
        Ok(self.session.proto.tls_established()?)
    }

    fn start_tls(&mut self) -> Result<(), TlsError> {
        let name = self.tls.server_name()?;
        let config = self.tls.config().map_or_else(smtp_adapter::TlsConfig::platform, Ok)?;
        let connection = config.connection(name)?;
        self.transport = match core::mem::replace(&mut self.transport, Transport::Gone) {
            Transport::Plain(stream) => Transport::Tls(Box::new(Session::new(connection, stream))),
            other => other,
        };
        Ok(())
    }

    fn is_shaking_hands(&self) -> bool {
        matches!(&self.transport, Transport::Tls(session) if session.is_shaking_hands())
    }

    fn shake_hands_on(&mut self) -> Result<(), TlsError> {
        match &mut self.transport {
            Transport::Tls(session) => session.shake_hands_on(),
            _ => Ok(()),
        }
    }
}
