//! The transport: a socket, with TLS or without.

use std::{
    io::{self, Read, Write},
    net::Shutdown,
    time::{Duration, Instant},
};

#[cfg(feature = "tls")]
use std::sync::Arc;

use smtp_proto::sasl::server::TlsExporter;

use super::{ServerBuilder, socket::Socket};
use crate::stream::Stream as _;
#[cfg(feature = "tls")]
use crate::tls::Session;

/// The time that the client has to close the connection after the last reply. Up to `LINGER_READS` reads take the
/// octets that it still sends: to close a socket with unread octets would lose the last reply.
const LINGER: Duration = Duration::from_millis(500);
const LINGER_READS: usize = 64;

/// The TLS settings of a server.
#[derive(Clone, Default)]
pub(super) struct Security {
    #[cfg(feature = "tls")]
    config: Option<Arc<rustls::ServerConfig>>,
}

impl Security {
    #[cfg_attr(not(feature = "tls"), allow(unused_variables, reason = "there is no TLS"))]
    pub(super) fn of(builder: &ServerBuilder) -> Self {
        Self {
            #[cfg(feature = "tls")]
            config: builder.tls(),
        }
    }
}

/// A socket, with TLS once hands were shaken. Each call reads or writes once: see [`Session`].
pub(super) struct Stream {
    socket: Socket,
    #[cfg(feature = "tls")]
    tls: Option<Box<rustls::ServerConnection>>,
}

impl Stream {
    pub(super) fn new(socket: Socket) -> io::Result<Self> {
        socket.set_nodelay()?;
        Ok(Self {
            socket,
            #[cfg(feature = "tls")]
            tls: None,
        })
    }

    /// Ends in the middle, without a word.
    pub(super) fn cut(self) {
        let _ = self.socket.shutdown(Shutdown::Both);
    }

    /// Says that nothing more comes, and waits a little for the client to do the same.
    pub(super) fn close(mut self) {
        self.say_goodbye();
        let _ = self.socket.shutdown(Shutdown::Write);
        let (begun, mut rest) = (Instant::now(), [0; 1024]);
        for _ in 0..LINGER_READS {
            let left = LINGER.saturating_sub(begun.elapsed());
            if left.is_zero() || self.socket.set_timeout(left).is_err() {
                return;
            }
            if !matches!(self.socket.read(&mut rest), Ok(1..)) {
                return;
            }
        }
    }
}

#[cfg(feature = "tls")]
impl Stream {
    /// Begins to shake hands.
    pub(super) fn begin_tls(&mut self, security: &Security) -> io::Result<()> {
        let config = security.config.clone().ok_or(io::ErrorKind::Unsupported)?;
        let tls = rustls::ServerConnection::new(config).map_err(io::Error::other)?;
        self.tls = Some(Box::new(tls));
        Ok(())
    }

    pub(super) fn is_shaking_hands(&mut self) -> bool {
        self.session().is_some_and(|session| session.is_shaking_hands())
    }

    /// Takes one step of the handshake.
    pub(super) fn shake_hands_on(&mut self) -> io::Result<()> {
        let step = self.session().map(|mut session| session.shake_hands_on());
        step.unwrap_or(Ok(())).map_err(io::Error::other)
    }

    /// The name of the TLS session (RFC 9266 3), which one of TLS 1.2 may not have.
    pub(super) fn tls_exporter(&mut self) -> Option<TlsExporter> {
        self.session().and_then(|session| session.exporter())
    }

    fn say_goodbye(&mut self) {
        if let Some(mut session) = self.session() {
            session.say_goodbye();
        }
    }

    fn session(&mut self) -> Option<Session<&mut ServerSide, &mut Socket>> {
        let tls = self.tls.as_deref_mut()?;
        Some(Session::new(&mut **tls, &mut self.socket))
    }
}

#[cfg(feature = "tls")]
type ServerSide = rustls::ConnectionCommon<rustls::server::ServerConnectionData>;

#[cfg(not(feature = "tls"))]
#[allow(clippy::unused_self, reason = "the same calls as with TLS")]
impl Stream {
    pub(super) fn begin_tls(&mut self, _: &Security) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) const fn is_shaking_hands(&self) -> bool {
        false
    }

    #[allow(clippy::unnecessary_wraps, reason = "the same call as with TLS")]
    pub(super) const fn shake_hands_on(&self) -> io::Result<()> {
        Ok(())
    }

    pub(super) const fn tls_exporter(&self) -> Option<TlsExporter> {
        None
    }

    const fn say_goodbye(&self) {}
}

impl crate::stream::Stream for Stream {
    fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.socket.set_timeout(timeout)
    }
}

impl Read for Stream {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        #[cfg(feature = "tls")]
        if let Some(mut session) = self.session() {
            return session.read(space);
        }
        self.socket.read(space)
    }
}

impl Write for Stream {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        #[cfg(feature = "tls")]
        if let Some(mut session) = self.session() {
            return session.write(octets);
        }
        self.socket.write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        #[cfg(feature = "tls")]
        if let Some(mut session) = self.session() {
            return session.flush();
        }
        self.socket.flush()
    }
}
