//! A server on the loopback interface, for tests and examples: a thread for each connection.
//!
//! The core decides what to send and when; a [`Handler`] decides what to accept. This module only moves octets and ends
//! threads.
#![allow(
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    reason = "this crate is made of std; what need not be stands in the core"
)]

mod connection;
mod registry;
mod socket;
mod stream;

use std::{
    io,
    net::{SocketAddr, TcpListener},
    path::Path,
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

pub use smtp_adapter::server::{
    At, Conversation, Faults, Handler, Message, Peer, ServerBuilder, Store, Turn,
};

use self::{
    connection::Connection,
    registry::Registry,
    socket::{Listener, Place},
};

/// The pause after a connection could not be accepted, for example because file descriptors have run out.
const RETRY: Duration = Duration::from_millis(20);

/// A server that runs until it is dropped.
///
/// Dropping it ends the connections that are open, whatever they wait for, and waits for their threads: a [`Handler`]
/// must not block for ever.
///
/// ```
/// use std::{io::{BufRead, BufReader}, net::TcpStream};
/// use smtp_sync::server::{Server, Store};
///
/// let store = Store::new();
/// let server = Server::bind(Server::builder(), store.clone())?;
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

    /// Starts listening; each connection gets a clone of `handler`.
    ///
    /// # Errors
    /// Those of binding; [`io::ErrorKind::InvalidInput`] if the core's configuration uses TLS and
    /// [`ServerBuilder::with_tls`] was not called.
    pub fn bind<H: Handler + Clone + 'static>(
        builder: ServerBuilder,
        handler: H,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(builder.address())?;
        let place = Place::Tcp(listener.local_addr()?);
        Self::start(builder, Listener::Tcp(listener), place, handler)
    }

    /// Starts listening on a Unix socket, whose name must not be taken; it is removed when the server
    /// is dropped.
    ///
    /// # Errors
    /// Those of [`bind`](Self::bind).
    #[cfg(unix)]
    pub fn bind_unix<H: Handler + Clone + 'static>(
        builder: ServerBuilder,
        path: impl AsRef<Path>,
        handler: H,
    ) -> io::Result<Self> {
        let listener = std::os::unix::net::UnixListener::bind(&path)?;
        let place = Place::Unix(path.as_ref().to_owned());
        Self::start(builder, Listener::Unix(listener), place, handler)
    }

    fn start<H: Handler + Clone + 'static>(
        builder: ServerBuilder,
        listener: Listener,
        place: Place,
        handler: H,
    ) -> io::Result<Self> {
        if let Err(error) = builder.check() {
            place.leave();
            return Err(error);
        }
        let registry = Arc::new(Registry::new(builder.connections()));
        let shared = Arc::clone(&registry);
        let run = move || listen(&listener, &builder, &shared, &handler);
        let listener = thread::Builder::new().name("smtp-listener".into()).spawn(run)?;
        Ok(Self { place, registry, listener: Some(listener) })
    }

    /// Returns the address at which the server listens; unspecified, `0.0.0.0:0`, for a Unix socket.
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

    /// Returns the number of open connections.
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
        let conversation = builder.conversation(handler.clone(), place.number(), address);
        let connection = Connection::new(builder, stream, conversation);
        let run = move || connection.serve(&place);
        threads.retain(|thread| !thread.is_finished());
        threads.extend(thread::Builder::new().name("smtp-connection".into()).spawn(run));
    }
    for thread in threads {
        let _ = thread.join();
    }
}
