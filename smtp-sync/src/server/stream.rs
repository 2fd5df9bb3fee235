//! The transport: a socket, with TLS or without.

use std::{
    io::{self, Read, Write},
    net::Shutdown,
    time::Duration,
};

#[cfg(feature = "tls")]
use std::sync::Arc;

use smtp_proto::sasl::server::TlsExporter;

use super::socket::Socket;

/// How long the client has to close after the last reply, and how much of what it still says is
/// read: closing over unread octets would make its last reply vanish.
const LINGER: Duration = Duration::from_millis(500);
const LINGER_READS: usize = 64;

/// How TLS is done.
#[derive(Clone, Default)]
pub(super) struct Security {
    #[cfg(feature = "tls")]
    config: Option<Arc<rustls::ServerConfig>>,
}

impl Security {
    #[cfg(feature = "tls")]
    pub(super) const fn new(config: Arc<rustls::ServerConfig>) -> Self {
        Self { config: Some(config) }
    }

    #[cfg(feature = "tls")]
    pub(super) fn config(&self) -> Option<Arc<rustls::ServerConfig>> {
        self.config.clone()
    }

    #[cfg(feature = "tls")]
    pub(super) const fn is_configured(&self) -> bool {
        self.config.is_some()
    }

    #[cfg(not(feature = "tls"))]
    #[allow(clippy::unused_self, reason = "the same call as with TLS")]
    pub(super) const fn is_configured(&self) -> bool {
        false
    }
}

/// A socket, with TLS once it was shaken.
pub(super) struct Stream {
    socket: Socket,
    #[cfg(feature = "tls")]
    tls: Option<Box<rustls::ServerConnection>>,
}

impl Stream {
    pub(super) fn new(socket: Socket, timeout: Duration) -> io::Result<Self> {
        socket.set_nodelay()?;
        socket.set_timeout(timeout)?;
        Ok(Self {
            socket,
            #[cfg(feature = "tls")]
            tls: None,
        })
    }

    /// Shakes hands.
    #[cfg(feature = "tls")]
    pub(super) fn secure(&mut self, security: &Security) -> io::Result<()> {
        let config = security.config.clone().ok_or(io::ErrorKind::Unsupported)?;
        let tls = rustls::ServerConnection::new(config).map_err(io::Error::other)?;
        let tls = self.tls.insert(Box::new(tls));
        while tls.is_handshaking() {
            tls.complete_io(&mut self.socket)?;
        }
        Ok(())
    }

    #[cfg(not(feature = "tls"))]
    #[allow(clippy::unused_self, reason = "the same call as with TLS")]
    pub(super) fn secure(&mut self, _: &Security) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// The name of the TLS session (RFC 9266 3), which one of TLS 1.2 may not have.
    #[cfg(feature = "tls")]
    pub(super) fn tls_exporter(&self) -> Option<TlsExporter> {
        self.tls.as_deref().and_then(|tls| crate::tls::exporter(tls))
    }

    #[cfg(not(feature = "tls"))]
    #[allow(clippy::unused_self, reason = "the same call as with TLS")]
    pub(super) const fn tls_exporter(&self) -> Option<TlsExporter> {
        None
    }

    /// Says that nothing more comes, and waits a little for the client to do the same.
    pub(super) fn close(mut self) {
        self.say_goodbye();
        let _ = self.socket.shutdown(Shutdown::Write);
        let _ = self.socket.set_timeout(LINGER);
        let mut rest = [0; 1024];
        for _ in 0..LINGER_READS {
            if !matches!(self.socket.read(&mut rest), Ok(1..)) {
                return;
            }
        }
    }

    /// Ends in the middle, without a word.
    pub(super) fn cut(self) {
        let _ = self.socket.shutdown(Shutdown::Both);
    }

    #[cfg(feature = "tls")]
    fn say_goodbye(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
            let _ = tls.write_tls(&mut self.socket);
        }
    }

    #[cfg(not(feature = "tls"))]
    #[allow(clippy::unused_self, reason = "the same call as with TLS")]
    fn say_goodbye(&mut self) {}
}

impl Read for Stream {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        #[cfg(feature = "tls")]
        if let Some(tls) = &mut self.tls {
            return rustls::Stream::new(&mut **tls, &mut self.socket).read(space);
        }
        self.socket.read(space)
    }
}

impl Write for Stream {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        #[cfg(feature = "tls")]
        if let Some(tls) = &mut self.tls {
            return rustls::Stream::new(&mut **tls, &mut self.socket).write(octets);
        }
        self.socket.write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        #[cfg(feature = "tls")]
        if let Some(tls) = &mut self.tls {
            return rustls::Stream::new(&mut **tls, &mut self.socket).flush();
        }
        self.socket.flush()
    }
}
