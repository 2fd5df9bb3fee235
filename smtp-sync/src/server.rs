//! A server on the loopback interface, for tests and examples: a thread for each connection.
//!
//! What is said and when is decided in the core; what is accepted, in a [`Handler`]. Here is only
//! what moves octets and ends threads.
#![allow(
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    reason = "this crate is made of std; what need not be stands in the core"
)]

mod accounts;
mod connection;
mod conversation;
mod faults;
mod handler;
mod injector;
mod registry;
mod socket;
mod store;
mod stream;
mod transcript;

use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use smtp_proto::{hello::EhloName, server::Config};

pub use self::{
    conversation::{Conversation, Turn},
    faults::{At, Faults},
    handler::{Handler, Peer},
    store::{Message, Store},
};

use self::{
    connection::Connection,
    registry::Registry,
    socket::{Listener, Place},
    stream::Security,
    transcript::Sink,
};

/// How long a silent client is waited for (RFC 5321 4.5.3.2.7).
const TIMEOUT: Duration = Duration::from_secs(300);

/// How long a session may take, apart from what the server itself takes: a client that says NOOP every four minutes would
/// keep its place for ever.
const SESSION: Duration = Duration::from_secs(60 * 60);

/// Connections at a time; each has a thread and less than 64 KiB of buffers.
const CONNECTIONS: usize = 64;

/// How long to wait when no connection could be accepted, as when descriptors have run out.
const RETRY: Duration = Duration::from_millis(20);

/// A server that runs until it is dropped.
///
/// Dropping it ends the connections that are open, whatever they wait for, and waits for their threads: a [`Handler`]
/// must not block for ever.
///
/// ```
/// use std::{io::{BufRead, BufReader}, net::TcpStream};
/// use smtp_sync::{Server, Store};
///
/// let store = Store::new();
/// let server = Server::builder().bind(store.clone())?;
/// let mut greeting = String::new();
/// BufReader::new(TcpStream::connect(server.address())?).read_line(&mut greeting)?;
/// assert!(greeting.starts_with("220 "));
/// assert!(store.messages().is_empty());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Server {
    place: Place,
    registry: Arc<Registry>,
    listener: Option<JoinHandle<()>>,
}

impl Server {
    /// A server that can still be configured: as it is, on a free port of 127.0.0.1, without TLS and
    /// AUTH.
    #[must_use]
    pub fn builder() -> ServerBuilder {
        ServerBuilder::default()
    }

    /// Where it listens; unspecified, `0.0.0.0:0`, for a Unix socket.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.place.address()
    }

    /// The Unix socket it listens on, if it is one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match &self.place {
            Place::Tcp(_) => None,
            Place::Unix(path) => Some(path),
        }
    }

    /// How many connections are open.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.registry.len()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.registry.stop();
        let _waker = self.place.wake();
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
        self.place.leave();
    }
}

/// What a [`Server`] is made of.
#[derive(Clone)]
pub struct ServerBuilder {
    address: SocketAddr,
    config: Config,
    security: Security,
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
            security: Security::default(),
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

    /// Sets what the core is told: name, extensions, policies, limits.
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
        self.security = Security::new(config);
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

    /// Sets what gets the dialogue: the number of the connection, from 0, and one line, `C: ` or
    /// `S: ` and what was said. Of content only its length is told, and of secrets nothing.
    #[must_use]
    pub fn with_transcript(mut self, sink: impl Fn(u64, &str) + Send + Sync + 'static) -> Self {
        self.transcript = Some(Arc::new(sink));
        self
    }

    /// Sets what goes wrong on purpose; nothing unless set.
    #[must_use]
    pub fn with_faults(mut self, faults: Faults) -> Self {
        self.faults = Arc::new(faults);
        self
    }

    /// One session, to be driven over a transport of the caller's; it is told the number of the
    /// connection and the client's address.
    pub fn conversation<H: Handler>(
        &self,
        handler: H,
        number: u64,
        address: SocketAddr,
    ) -> Conversation<H> {
        Conversation::new(self, handler, Peer::new(number, address))
    }

    /// Starts listening; each connection gets a clone of `handler`.
    ///
    /// # Errors
    /// Those of binding; [`io::ErrorKind::InvalidInput`] when the core is told to use TLS and
    /// `with_tls` was not called.
    pub fn bind<H: Handler + Clone + 'static>(self, handler: H) -> io::Result<Server> {
        let listener = TcpListener::bind(self.address)?;
        let place = Place::Tcp(listener.local_addr()?);
        self.start(Listener::Tcp(listener), place, handler)
    }

    /// Starts listening on a Unix socket, whose name must not be taken; it is removed when the server
    /// is dropped.
    ///
    /// # Errors
    /// Those of [`bind`](Self::bind).
    #[cfg(unix)]
    pub fn bind_unix<H: Handler + Clone + 'static>(
        self,
        path: impl AsRef<Path>,
        handler: H,
    ) -> io::Result<Server> {
        let listener = std::os::unix::net::UnixListener::bind(&path)?;
        let place = Place::Unix(path.as_ref().to_owned());
        self.start(Listener::Unix(listener), place, handler)
    }

    /// What a listener has to know that is not this crate's.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] when the core is told to use TLS and `with_tls` was not called.
    #[doc(hidden)]
    pub fn listening(&self) -> io::Result<Listening> {
        if self.config.tls().is_used() && !self.security.is_configured() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "TLS is not configured"));
        }
        Ok(Listening {
            address: self.address,
            connections: self.connections,
            #[cfg(feature = "tls")]
            tls: self.security.config(),
        })
    }

    fn start<H: Handler + Clone + 'static>(
        self,
        listener: Listener,
        place: Place,
        handler: H,
    ) -> io::Result<Server> {
        if let Err(error) = self.listening() {
            place.leave();
            return Err(error);
        }
        let registry = Arc::new(Registry::new(self.connections));
        let shared = Arc::clone(&registry);
        let run = move || listen(&listener, &self, &shared, &handler);
        let listener = thread::Builder::new().name("smtp-listener".into()).spawn(run)?;
        Ok(Server { place, registry, listener: Some(listener) })
    }
}

/// What a listener has to know.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct Listening {
    pub address: SocketAddr,
    pub connections: usize,
    #[cfg(feature = "tls")]
    pub tls: Option<Arc<rustls::ServerConfig>>,
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

/// Accepts clients until the server stops, then waits for their threads.
fn listen<H: Handler + Clone + 'static>(
    listener: &Listener,
    builder: &ServerBuilder,
    registry: &Arc<Registry>,
    handler: &H,
) {
    let mut threads: Vec<JoinHandle<()>> = Vec::new();
    while registry.wait_for_room() {
        let Ok((stream, address)) = listener.accept() else {
            thread::sleep(RETRY);
            continue;
        };
        let Some(place) = registry.enter(&stream) else { continue };
        let handler = handler.clone();
        let peer = Peer::new(place.number(), address);
        let connection = Connection::new(builder, stream, peer, handler);
        let run = move || connection.serve(&place);
        threads.retain(|thread| !thread.is_finished());
        threads.extend(thread::Builder::new().name("smtp-connection".into()).spawn(run));
    }
    for thread in threads {
        let _ = thread.join();
    }
}
