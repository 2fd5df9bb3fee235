//! TCP and Unix sockets as one.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    time::Duration,
};

#[cfg(unix)]
use std::os::unix::net::{UnixListener, UnixStream};

use socket2::{SockAddr, Type};

use crate::stream::Stream;

/// The address of what has none.
const NOWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// The place at which a server listens.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Tcp(SocketAddr),
    #[cfg_attr(not(unix), allow(dead_code, reason = "there is none"))]
    Unix(PathBuf),
}

impl Place {
    pub(super) const fn address(&self) -> SocketAddr {
        match self {
            Self::Tcp(address) => *address,
            Self::Unix(_) => NOWHERE,
        }
    }

    /// Begins a connection that wakes a listener which waits for a client. Where its queue is full, so that this one
    /// would have to wait, it does not wait for clients either. To be kept until the listener has ended.
    pub(super) fn wake(&self) -> Option<socket2::Socket> {
        let address = match self {
            Self::Tcp(address) => (*address).into(),
            Self::Unix(path) => SockAddr::unix(path).ok()?,
        };
        let client = socket2::Socket::new(address.domain(), Type::STREAM, None).ok()?;
        client.set_nonblocking(true).ok()?;
        // "In progress" is what it says then.
        client.connect(&address).ok();
        Some(client)
    }

    /// Takes the name of a Unix socket away.
    pub(super) fn leave(&self) {
        if let Self::Unix(path) = self {
            let _ = std::fs::remove_file(path);
        }
    }
}

#[derive(Debug)]
pub(super) enum Listener {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
}

impl Listener {
    pub(super) fn accept(&self) -> io::Result<(Socket, SocketAddr)> {
        match self {
            Self::Tcp(listener) => {
                listener.accept().map(|(stream, address)| (Socket::Tcp(stream), address))
            }
            #[cfg(unix)]
            Self::Unix(listener) => {
                listener.accept().map(|(stream, _)| (Socket::Unix(stream), NOWHERE))
            }
        }
    }
}

#[derive(Debug)]
pub(super) enum Socket {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Socket {
    pub(super) fn try_clone(&self) -> io::Result<Self> {
        match self {
            Self::Tcp(stream) => stream.try_clone().map(Self::Tcp),
            #[cfg(unix)]
            Self::Unix(stream) => stream.try_clone().map(Self::Unix),
        }
    }

    pub(super) fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.shutdown(how),
            #[cfg(unix)]
            Self::Unix(stream) => stream.shutdown(how),
        }
    }

    pub(super) fn set_nodelay(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_nodelay(true),
            #[cfg(unix)]
            Self::Unix(_) => Ok(()),
        }
    }
}

impl Stream for Socket {
    fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_timeout(timeout),
            #[cfg(unix)]
            Self::Unix(stream) => stream.set_timeout(timeout),
        }
    }
}

impl Read for Socket {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(space),
            #[cfg(unix)]
            Self::Unix(stream) => stream.read(space),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(octets),
            #[cfg(unix)]
            Self::Unix(stream) => stream.write(octets),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
