//! For tests: a server on loopback that follows a script (feature `test-kit`).
//!
//! [`smtp_proto::testing`] says how a script is written. The server knows nothing of the client that it talks to, so
//! the tests of any client can use it, blocking or not. For one that answers by itself, and fails on purpose, see
//! [`Server`](crate::server::Server) and [`Faults`](crate::server::Faults).
//!
//! ```
//! use smtp_sync::{Connector, TlsPolicy, testing::ScriptedServer};
//!
//! let server = ScriptedServer::start(
//!     "S: 220 mx.example ready
//!      C: EHLO client.example
//!      S: 250 mx.example
//!      C: QUIT
//!      S: 221 bye",
//! )?;
//! let connector = Connector::new("127.0.0.1", server.port()).with_tls(TlsPolicy::None);
//! let client = connector.with_name("client.example".parse()?).connect()?;
//! client.quit()?;
//! assert_eq!(server.finish()?, "EHLO client.example\r\nQUIT\r\n");
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```

use core::{net::SocketAddr, time::Duration};
use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver, Sender},
    },
    thread::{self, JoinHandle},
};

use smtp_proto::testing::{Peer, PeerWants};
use socket2::{Domain, Socket, Type};

/// The time limit for each wait for the client, which can be slow.
const PATIENCE: Duration = Duration::from_secs(20);
/// The time during which the client must send nothing for `QUIET`.
const QUIET: Duration = Duration::from_millis(100);

/// A server that follows a script with one client, in a thread of its own.
///
/// [`finish`](Self::finish) tells whether the client did what the script says. A server that is dropped without it
/// panics where that is not so, unless the test panics already: a broken script fails the test either way.
#[derive(Debug)]
pub struct ScriptedServer {
    address: SocketAddr,
    /// Hears that the client has come.
    came: Receiver<()>,
    /// The address of the connection that ends the wait for a client.
    waker: Waker,
    /// Until the end is known.
    thread: Option<JoinHandle<io::Result<String>>>,
}

type Waker = Arc<Mutex<Option<SocketAddr>>>;

trait Duplex: Read + Write + Send {}
impl<T: Read + Write + Send> Duplex for T {}

/// Makes the server's side of TLS of a stream.
type Accept = Box<dyn FnMut(Box<dyn Duplex>) -> io::Result<Box<dyn Duplex>> + Send>;

impl ScriptedServer {
    /// Starts a server for one client, on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// A line that is no step, `TLS`, which needs [`start_with_tls`](Self::start_with_tls), and those of the
    /// listener.
    pub fn start(script: &str) -> io::Result<Self> {
        Self::run(script, Box::new(|_| Err(io::Error::other("a script with TLS, and no TLS"))))
    }

    /// The same, with what it shakes hands with.
    ///
    /// # Errors
    /// Those of [`start`](Self::start).
    #[cfg(feature = "tls")]
    pub fn start_with_tls(script: &str, config: Arc<rustls::ServerConfig>) -> io::Result<Self> {
        let accept = move |stream| -> io::Result<Box<dyn Duplex>> {
            let server = rustls::ServerConnection::new(Arc::clone(&config));
            let server = server.map_err(io::Error::other)?;
            // The handshake happens with the first octets.
            Ok(Box::new(rustls::StreamOwned::new(server, stream)))
        };
        Self::run(script, Box::new(accept))
    }

    fn run(script: &str, accept: Accept) -> io::Result<Self> {
        let peer = Peer::new(script).map_err(io::Error::other)?.patient();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let (tell, came) = mpsc::channel();
        let waker = Waker::default();
        let play = Arc::clone(&waker);
        let thread = thread::spawn(move || {
            let socket = client(&listener, &play, &tell)?;
            drop(listener);
            Play { stream: Some(Box::new(socket.try_clone()?)), socket, peer, accept }.run()
        });
        Ok(Self { address, came, waker, thread: Some(thread) })
    }

    /// Returns the port at which the server listens.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.address.port()
    }

    /// Waits for the end of the script, and returns the octets that the client has sent, as text.
    ///
    /// # Errors
    /// The client sent something that the script does not expect, sent too little within twenty seconds (the limit for
    /// each wait), or did not connect.
    pub fn finish(mut self) -> io::Result<String> {
        self.end(PATIENCE).unwrap_or_else(|| Ok(String::new()))
    }

    /// The end, once, with so much time for a client to come.
    fn end(&mut self, patience: Duration) -> Option<io::Result<String>> {
        let thread = self.thread.take()?;
        if self.came.recv_timeout(patience).is_err() {
            self.wake();
        }
        Some(thread.join().unwrap_or_else(|_| Err(io::Error::other("the server has panicked"))))
    }

    /// Ends the wait for a client, where it goes on.
    fn wake(&self) -> Option<()> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).ok()?;
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).ok()?;
        let own = socket.local_addr().ok()?.as_socket();
        *self.waker.lock().unwrap_or_else(PoisonError::into_inner) = own;
        // It fails where the client has come after all: nobody listens any more.
        socket.connect(&self.address.into()).ok()
    }
}

impl Drop for ScriptedServer {
    fn drop(&mut self) {
        if thread::panicking() {
            return;
        }
        if let Some(Err(error)) = self.end(Duration::ZERO) {
            panic!("the script was not followed: {error}");
        }
    }
}

/// The first client that comes.
fn client(listener: &TcpListener, waker: &Waker, tell: &Sender<()>) -> io::Result<TcpStream> {
    let (socket, address) = listener.accept()?;
    if *waker.lock().unwrap_or_else(PoisonError::into_inner) == Some(address) {
        return Err(io::Error::new(io::ErrorKind::TimedOut, "no client came"));
    }
    tell.send(()).ok();
    socket.set_nodelay(true)?;
    Ok(socket)
}

struct Play {
    /// To set time limits on, whatever stands above it.
    socket: TcpStream,
    stream: Option<Box<dyn Duplex>>,
    peer: Peer,
    accept: Accept,
}

impl Play {
    fn run(mut self) -> io::Result<String> {
        loop {
            match self.peer.wants() {
                PeerWants::Say => self.say(),
                PeerWants::Hear => self.hear(PATIENCE)?,
                PeerWants::Quiet => match self.hear(QUIET) {
                    Err(error) if is_timeout(&error) => self.peer.quiet(),
                    heard => heard?,
                },
                PeerWants::Tls => {
                    self.stream = self.stream.take().map(&mut self.accept).transpose()?;
                    self.peer.tls_established();
                }
                PeerWants::Close | PeerWants::Nothing => {
                    return Ok(String::from_utf8_lossy(self.peer.heard()).into_owned());
                }
            }
        }
    }

    /// A client that is gone hears nothing.
    fn say(&mut self) {
        let octets = self.peer.say();
        // The first write inside TLS also reads: it performs the handshake.
        self.socket.set_read_timeout(Some(PATIENCE)).ok();
        self.socket.set_write_timeout(Some(PATIENCE)).ok();
        if let Some(stream) = &mut self.stream {
            stream.write_all(octets).and_then(|()| stream.flush()).ok();
        }
        let said = octets.len();
        self.peer.said(said);
    }

    fn hear(&mut self, patience: Duration) -> io::Result<()> {
        self.socket.set_read_timeout(Some(patience))?;
        let mut octets = [0; 4096];
        let Some(stream) = &mut self.stream else { return Ok(()) };
        let said = match stream.read(&mut octets) {
            Ok(0) => self.peer.hear_end(),
            Ok(n) => self.peer.hear(&octets[..n]),
            Err(error) if is_timeout(&error) => return Err(error),
            // It is gone, and did not say goodbye.
            Err(_) => self.peer.hear_end(),
        };
        said.map_err(io::Error::other)
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

#[cfg(test)]
mod tests {
    use super::{Duration, ScriptedServer};

    #[test]
    fn a_client_that_does_not_come_is_not_waited_for_beyond_the_limit() {
        let mut server = ScriptedServer::start("S: 220 mx").expect("a port");
        let end = server.end(Duration::from_millis(1)).expect("the first");
        assert_eq!(end.expect_err("nobody").to_string(), "no client came");
    }
}
