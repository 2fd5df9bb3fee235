//! A server on the loopback interface, for tests and examples: a task for each connection.
//!
//! [`Conversation`] runs the session; this module only moves octets and ends tasks.

mod connection;

use core::net::SocketAddr;
use std::{io, sync::Arc, time::Duration};

use tokio::{
    net::TcpListener,
    sync::{OwnedSemaphorePermit, Semaphore},
    task::{JoinHandle, JoinSet},
    time::sleep,
};

use crate::stream::BoxedStream;

pub use smtp_adapter::server::{
    At, Conversation, Faults, Handler, Message, Peer, ServerBuilder, Store, Turn,
};

use self::connection::Connection;

/// The pause after a connection could not be accepted, for example because file descriptors have run out.
const RETRY: Duration = Duration::from_millis(20);

/// A server that runs until it is dropped, which ends the connections that are open.
///
/// ```
/// use smtp_async::{Connector, Envelope, TlsPolicy, server::{Server, Store}};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn core::error::Error>> {
/// let store = Store::new();
/// let server = Server::bind(Server::builder(), store.clone()).await?;
/// let mut client = Connector::new("127.0.0.1", server.address().port())
///     .with_tls(TlsPolicy::None)
///     .connect()
///     .await?;
/// let envelope = Envelope::new("alice@example.org")?.to("bob@example.net")?;
/// assert!(client.send(&envelope, &b"Hello.\r\n"[..]).await?.is_delivered());
/// assert_eq!(store.messages().len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    /// Connections that may still be opened.
    room: Arc<Semaphore>,
    limit: usize,
    listener: JoinHandle<()>,
}

impl Server {
    /// Returns a builder. By default the server listens on a free port of 127.0.0.1, without TLS and `AUTH`.
    #[must_use]
    pub fn builder() -> ServerBuilder {
        ServerBuilder::default()
    }

    /// Starts listening; each connection gets a clone of `handler`, whose calls must not block for
    /// long.
    ///
    /// # Errors
    /// Those of binding; [`io::ErrorKind::InvalidInput`] if the core's configuration uses TLS and
    /// [`ServerBuilder::with_tls`] was not called.
    pub async fn bind<H: Handler + Clone + Sync + 'static>(
        builder: ServerBuilder,
        handler: H,
    ) -> io::Result<Self> {
        builder.check()?;
        let listener = TcpListener::bind(builder.address()).await?;
        let (address, limit) = (listener.local_addr()?, builder.connections());
        let room = Arc::new(Semaphore::new(limit));
        let open = Arc::clone(&room);
        let run = listen(listener, builder, open, handler);
        Ok(Self { address, room, limit, listener: tokio::spawn(run) })
    }

    /// Returns the address at which the server listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the number of open connections.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.limit.saturating_sub(self.room.available_permits())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

/// Accepts clients until the task is aborted, which aborts those of the connections too.
async fn listen<H: Handler + Clone + Sync + 'static>(
    listener: TcpListener,
    builder: ServerBuilder,
    room: Arc<Semaphore>,
    handler: H,
) {
    let mut connections = JoinSet::new();
    for number in 0.. {
        // Nobody else takes places: there still is one when a client has come.
        drop(room.acquire().await);
        let (stream, address) = accept(&listener).await;
        let Ok(place) = Arc::clone(&room).try_acquire_owned() else { return };
        let conversation = builder.conversation(handler.clone(), number, address);
        let connection = Connection::new(stream, &builder, conversation);
        connections.spawn(serve(connection, place));
        while connections.try_join_next().is_some() {}
    }
}

async fn serve<H: Handler>(connection: Connection<H>, place: OwnedSemaphorePermit) {
    connection.serve().await;
    drop(place);
}

async fn accept(listener: &TcpListener) -> (BoxedStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, address)) => {
                stream.set_nodelay(true).ok();
                return (Box::new(stream), address);
            }
            Err(_) => sleep(RETRY).await,
        }
    }
}
