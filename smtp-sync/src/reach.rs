//! Sockets of a client: what every TCP connection has, and those in the file system.

use core::time::Duration;
use std::io;

#[cfg(unix)]
use socket2::{Domain, SockAddr, Socket, Type};
use socket2::{SockRef, TcpKeepalive};

/// The time that a connection can be idle before the system sends a keep-alive probe. Routers forget connections that
/// are silent for four to six minutes: a session that is idle in a pool, or whose server takes ten minutes to reply to
/// the final dot, would then wait for octets that cannot arrive.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// No socket takes a limit of zero.
#[cfg(unix)]
const SHORTEST: Duration = Duration::from_millis(1);

/// Sets what every TCP connection of a client has: small writes leave at once, and a peer that is gone is noticed.
///
/// # Errors
/// Those of the socket.
pub(crate) fn prepare<'a>(socket: impl Into<SockRef<'a>>) -> io::Result<()> {
    let socket = socket.into();
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE))
}

/// Connects to a socket in the file system, whose listener may have its queue full.
///
/// # Errors
/// Those of the system; [`io::ErrorKind::TimedOut`] when there was no room in time.
#[cfg(unix)]
pub(crate) fn connect_unix(
    path: &std::path::Path,
    limit: Duration,
) -> io::Result<std::os::unix::net::UnixStream> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    // Where the queue is full Linux waits as long as a write may take. Other systems refuse at once.
    socket.set_write_timeout(Some(limit.max(SHORTEST)))?;
    match socket.connect(&SockAddr::unix(path)?) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            Err(io::ErrorKind::TimedOut.into())
        }
        connected => connected.map(|()| std::os::fd::OwnedFd::from(socket).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::{SockRef, prepare};

    #[test]
    fn connections_are_kept_alive_and_small_writes_leave_at_once() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let stream = std::net::TcpStream::connect(address).expect("a listener");
        prepare(&stream).expect("a socket");
        let socket = SockRef::from(&stream);
        assert!(socket.keepalive().expect("a socket") && socket.tcp_nodelay().expect("a socket"));
    }
}
