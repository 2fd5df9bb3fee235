//! TLS by rustls, over whatever stream the session has.

use core::{
    future::poll_fn,
    hash::{Hash, Hasher},
    pin::Pin,
    task::{Context, Poll, Waker},
};
use std::io;
#[cfg(feature = "tls")]
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::{Error, TlsError, client::Client, stream::Stream};

#[cfg(feature = "tls")]
use crate::TlsConfig;

/// What is needed to shake hands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tls {
    /// The name that the caller gave, for the certificate; none for a stream of the caller's own.
    #[cfg(feature = "tls")]
    name: Option<String>,
    #[cfg(feature = "tls")]
    config: Option<TlsConfig>,
}

impl Tls {
    #[cfg(feature = "tls")]
    pub(crate) fn new(name: &str) -> Self {
        Self { name: Some(name.to_owned()), config: None }
    }

    #[cfg(not(feature = "tls"))]
    pub(crate) const fn new(_name: &str) -> Self {
        Self {}
    }

    #[cfg(feature = "tls")]
    pub(crate) fn set_name(&mut self, name: &str) {
        self.name = Some(name.to_owned());
    }

    #[cfg(feature = "tls")]
    pub(crate) fn set_config(&mut self, config: TlsConfig) {
        self.config = Some(config);
    }
}

/// The same name and the same trust: two settings that are alike, and were made twice, are not the same.
impl PartialEq for Tls {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for Tls {}

impl Hash for Tls {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

impl Tls {
    /// What it consists of, trust by where it is in memory: nothing else can be there as long as this is.
    #[cfg(feature = "tls")]
    fn parts(&self) -> (Option<String>, Option<*const rustls::ClientConfig>) {
        let config = self.config.clone().map(|config| Arc::as_ptr(&config.into_inner()));
        (self.name.as_deref().map(str::to_ascii_lowercase), config)
    }

    #[cfg(not(feature = "tls"))]
    const fn parts(&self) {}
}

/// The stream, in the clear or encrypted.
#[derive(Debug)]
pub(crate) enum Transport<S> {
    Plain(S),
    #[cfg(feature = "tls")]
    Tls(Box<tokio_rustls::client::TlsStream<S>>),
    /// Closed, since the session is over, or taken out for a handshake that was never completed.
    Gone,
}

/// What one step has moved.
#[derive(Clone, Copy)]
pub(crate) enum Moved {
    Written(usize),
    Flushed,
    Read(usize),
}

impl<S: Stream> Transport<S> {
    /// Lets go of the stream; inside TLS the server is told so, as far as that goes without waiting.
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
            Transport::Tls(stream) => smtp_sync::shared::exporter(stream.get_ref().1),
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
        let (name, connector) = self.tls.connector().map_err(|e| self.fail(Error::Tls(e)))?;
        let transport = core::mem::replace(&mut self.transport, Transport::Gone);
        let Transport::Plain(stream) = transport else {
            // The future of an earlier call was dropped in its handshake.
            return Err(self.ended());
        };
        let stream = self.deadline.within(connector.connect(name, stream)).await;
        match stream {
            Ok(stream) => self.transport = Transport::Tls(Box::new(stream)),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                let (phase, _) = self.dialogue.proto.patience();
                return Err(self.fail(Error::Timeout(phase)));
            }
            Err(error) => return Err(self.fail(Error::Tls(error.into()))),
        }
        self.deadline.restart();
        Ok(self.dialogue.proto.tls_established()?)
    }
}

#[cfg(feature = "tls")]
impl Tls {
    fn connector(
        &self,
    ) -> Result<(rustls::pki_types::ServerName<'static>, tokio_rustls::TlsConnector), TlsError>
    {
        let name = self.name.as_deref().ok_or(TlsError::Unavailable)?;
        let config = match &self.config {
            Some(config) => config.clone(),
            None => TlsConfig::platform()?,
        };
        let name = rustls::pki_types::ServerName::try_from(name);
        let name = name.map_err(|_| TlsError::InvalidName)?.to_owned();
        Ok((name, config.into_inner().into()))
    }
}
