//! A test server without its transport: settings, what the application decides, one session, faults on purpose.
//!
//! An adapter's `Server` listens and makes a [`Conversation`] of each connection, whose octets it moves.
#![allow(
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    reason = "this crate is made of std; what need not be stands in the core"
)]

mod accounts;
mod conversation;
mod faults;
mod handler;
mod injector;
mod store;
mod transcript;

use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use smtp_proto::{hello::EhloName, server::Config};

pub use self::{
    conversation::{Conversation, Turn},
    faults::{At, Faults},
    handler::{Handler, Peer},
    store::{Message, Store},
};

use self::transcript::Sink;

/// The time that the server waits for a silent client (RFC 5321 4.5.3.2.7).
const TIMEOUT: Duration = Duration::from_secs(300);

/// The time limit of a session, apart from the time that the server itself takes. Without it, a client that sends
/// `NOOP` every four minutes would keep its connection for ever.
const SESSION: Duration = Duration::from_secs(60 * 60);

/// Connections at a time; each has a thread and less than 64 KiB of buffers.
const CONNECTIONS: usize = 64;

/// Settings of a test server: as it is, on a free port of 127.0.0.1, without TLS and AUTH.
#[derive(Clone)]
pub struct ServerBuilder {
    address: SocketAddr,
    config: Config,
    #[cfg(feature = "tls")]
    tls: Option<Arc<rustls::ServerConfig>>,
    timeout: Duration,
    session_limit: Duration,
    connections: usize,
    transcript: Option<Arc<Sink>>,
    faults: Arc<Faults>,
}

impl Default for ServerBuilder {
    fn default() -> Self {
        Self {
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            config: Config::new(EhloName::LOCALHOST),
            #[cfg(feature = "tls")]
            tls: None,
            timeout: TIMEOUT,
            session_limit: SESSION,
            connections: CONNECTIONS,
            transcript: None,
            faults: Arc::default(),
        }
    }
}

impl ServerBuilder {
    /// Sets where to listen.
    #[must_use]
    pub fn with_address(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// Sets the configuration of the core: name, extensions, policies, limits.
    #[must_use]
    #[allow(clippy::large_types_passed_by_value, reason = "given once, and kept")]
    pub fn with_config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Sets how TLS is done where the core's configuration has it: STARTTLS or implicit.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn with_tls(mut self, config: Arc<rustls::ServerConfig>) -> Self {
        self.tls = Some(config);
        self
    }

    /// Sets how long a client may take for a command, from its first octet to its last, for the TLS handshake, and to take
    /// the replies to what it has said; 5 minutes unless set. At least a millisecond. Content may take longer where its
    /// octets come at 500 a second.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.max(Duration::from_millis(1));
        self
    }

    /// Sets how long a client may be waited for in a whole session, be it idle or busy; an hour unless set.
    #[must_use]
    pub const fn with_session_limit(mut self, limit: Duration) -> Self {
        self.session_limit = limit;
        self
    }

    /// Sets how many connections may be open; 64 unless set. Further clients wait to be accepted.
    #[must_use]
    pub fn with_connections(mut self, connections: usize) -> Self {
        self.connections = connections.max(1);
        self
    }

    /// Sets the function that gets the transcript, line by line: the number of the connection, from 0, and the line
    /// after `C: ` or `S: `. Content appears only by its length, and secrets not at all.
    #[must_use]
    pub fn with_transcript(mut self, sink: impl Fn(u64, &str) + Send + Sync + 'static) -> Self {
        self.transcript = Some(Arc::new(sink));
        self
    }

    /// Sets the faults that the server makes on purpose; none unless set.
    #[must_use]
    pub fn with_faults(mut self, faults: Faults) -> Self {
        self.faults = Arc::new(faults);
        self
    }

    /// Makes one session, to be driven over a transport of the caller's. The handler gets the number of the connection
    /// and the client's address.
    pub fn conversation<H: Handler>(
        &self,
        handler: H,
        number: u64,
        address: SocketAddr,
    ) -> Conversation<H> {
        Conversation::new(self, handler, Peer::new(number, address))
    }

    // --- for the adapter ---

    /// Returns the address to listen at.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The number of connections that may be open.
    #[must_use]
    pub const fn connections(&self) -> usize {
        self.connections
    }

    /// Returns the TLS configuration, if the server has one.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(&self) -> Option<Arc<rustls::ServerConfig>> {
        self.tls.clone()
    }

    /// Checks that TLS is configured if the core's configuration uses it.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] when `with_tls` was not called.
    pub fn check(&self) -> io::Result<()> {
        #[cfg(feature = "tls")]
        let has_tls = self.tls.is_some();
        #[cfg(not(feature = "tls"))]
        let has_tls = false;
        if self.config.tls().is_used() && !has_tls {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "TLS is not configured"));
        }
        Ok(())
    }
}

impl fmt::Debug for ServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerBuilder")
            .field("address", &self.address)
            .field("config", &self.config)
            .field("timeout", &self.timeout)
            .field("connections", &self.connections)
            .finish_non_exhaustive()
    }
}
