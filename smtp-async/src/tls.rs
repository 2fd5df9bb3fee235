//! TLS by rustls, over whatever stream the session has.

use core::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, Waker},
};
use std::io;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::{Error, client::Client, stream::Stream};

#[cfg(feature = "tls")]
use crate::TlsConfig;
#[cfg(not(feature = "tls"))]
use crate::TlsError;

/// The stream, in the clear or encrypted.
#[derive(Debug)]
pub(crate) enum Transport<S> {
    Plain(S),
    #[cfg(feature = "tls")]
    Tls(Box<tokio_rustls::client::TlsStream<S>>),
    /// Closed, since the session is over, or taken out for a handshake that was never completed.
    Gone,
}

/// The progress of one step.
#[derive(Clone, Copy)]
pub(crate) enum Moved {
    Written(usize),
    Flushed,
    Read(usize),
}

impl<S: Stream> Transport<S> {
    /// Drops the stream. Inside TLS, sends `close_notify` to the server if that is possible without waiting.
    pub(crate) fn hang_up(&mut self) {
        let mut context = Context::from_waker(Waker::noop());
        _ = Pin::new(&mut *self).poll_shutdown(&mut context);
        *self = Transport::Gone;
    }

    /// Reads what has come, else writes: a server may refuse content before it is complete, and may
    /// wait for its replies to be read before it reads on.
    pub(crate) async fn write_or_read(
        &mut self,
        octets: &[u8],
        space: &mut [u8],
    ) -> io::Result<Moved> {
        let mut space = ReadBuf::new(space);
        poll_fn(|context| {
            if space.remaining() > 0 && self.poll_part(context, &mut space)?.is_ready() {
                return Poll::Ready(Ok(Moved::Read(space.filled().len())));
            }
            Pin::new(&mut *self).poll_write(context, octets).map_ok(Moved::Written)
        })
        .await
    }

    /// Flushes, and reads while that has to wait: what is buffered on the way, as by TLS, may be more
    /// than a server takes before its replies are read.
    pub(crate) async fn flush_or_read(&mut self, space: &mut [u8]) -> io::Result<Moved> {
        let mut space = ReadBuf::new(space);
        poll_fn(|context| {
            if Pin::new(&mut *self).poll_flush(context)?.is_ready() {
                return Poll::Ready(Ok(Moved::Flushed));
            }
            if space.remaining() > 0 && self.poll_part(context, &mut space)?.is_ready() {
                return Poll::Ready(Ok(Moved::Read(space.filled().len())));
            }
            Poll::Pending
        })
        .await
    }

    fn poll_part(
        &mut self,
        context: &mut Context<'_>,
        space: &mut ReadBuf<'_>,
    ) -> io::Result<Poll<()>> {
        match Pin::new(self).poll_read(context, space) {
            Poll::Ready(done) => done.map(Poll::Ready),
            Poll::Pending => Ok(Poll::Pending),
        }
    }

    #[cfg(feature = "scram")]
    pub(crate) fn channel_binding(&self) -> Option<[u8; 32]> {
        match self {
            #[cfg(feature = "tls")]
            Transport::Tls(stream) => smtp_adapter::exporter(stream.get_ref().1),
            _ => None,
        }
    }
}

impl<S: Stream> AsyncRead for Transport<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        space: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Transport::Plain(stream) => Pin::new(stream).poll_read(context, space),
            #[cfg(feature = "tls")]
            Transport::Tls(stream) => Pin::new(stream).poll_read(context, space),
            Transport::Gone => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }
}

impl<S: Stream> AsyncWrite for Transport<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Transport::Plain(stream) => Pin::new(stream).poll_write(context, octets),
            #[cfg(feature = "tls")]
            Transport::Tls(stream) => Pin::new(stream).poll_write(context, octets),
            Transport::Gone => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Transport::Plain(stream) => Pin::new(stream).poll_flush(context),
            #[cfg(feature = "tls")]
            Transport::Tls(stream) => Pin::new(stream).poll_flush(context),
            Transport::Gone => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Transport::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            #[cfg(feature = "tls")]
            Transport::Tls(stream) => Pin::new(stream).poll_shutdown(context),
            Transport::Gone => Poll::Ready(Ok(())),
        }
    }
}

#[cfg(not(feature = "tls"))]
impl<S: Stream> Client<S> {
    #[allow(clippy::unused_async, reason = "the same call as with TLS")]
    pub(crate) async fn shake_hands(&mut self) -> Result<(), Error> {
        Err(self.fail(Error::Tls(TlsError::Unavailable)))
    }
}

#[cfg(feature = "tls")]
impl<S: Stream> Client<S> {
    /// Shakes hands to completion within the time limit; nothing of the clear stream is kept.
    pub(crate) async fn shake_hands(&mut self) -> Result<(), Error> {
        self.arm()?;
        let name = self.tls.server_name().map_err(|error| self.fail(Error::Tls(error)))?;
        let connector = tokio_rustls::TlsConnector::from(self.trust().await?.into_inner());
        let transport = core::mem::replace(&mut self.transport, Transport::Gone);
        let Transport::Plain(stream) = transport else {
            // The future of an earlier call was dropped in its handshake.
            return Err(self.ended());
        };
        let stream = self.deadline.within(connector.connect(name, stream)).await;
        let stream = stream.map_err(|error| self.handshake_failed(error))?;
        self.transport = Transport::Tls(Box::new(stream));
        self.deadline.restart();
        Ok(self.session.proto.tls_established()?)
    }

    /// Returns the caller's configuration, or else the platform's authorities. The first call for these reads files, in
    /// a thread that can block.
    async fn trust(&mut self) -> Result<TlsConfig, Error> {
        if let Some(config) = self.tls.config().or_else(TlsConfig::platform_if_read) {
            return Ok(config);
        }
        let reading = tokio::task::spawn_blocking(TlsConfig::platform);
        let read = self.deadline.within(async { Ok(reading.await?) }).await;
        let config = read.map_err(|error| self.handshake_failed(error))?;
        config.map_err(|error| self.fail(Error::Tls(error)))
    }

    fn handshake_failed(&mut self, error: io::Error) -> Error {
        if error.kind() != io::ErrorKind::TimedOut {
            return self.fail(Error::Tls(error.into()));
        }
        let (phase, _) = self.session.proto.patience();
        self.fail(Error::Timeout(phase))
    }
}
