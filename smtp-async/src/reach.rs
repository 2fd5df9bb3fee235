//! Sockets of a client: what every TCP connection has, and those in the file system.

use core::time::Duration;
use std::io;

use socket2::{SockRef, TcpKeepalive};

/// The time that a connection can be idle before the system sends a keep-alive probe. Routers forget connections that
/// are silent for four to six minutes: a session that is idle in a pool, or whose server takes ten minutes to reply to
/// the final dot, would then wait for octets that cannot arrive.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// Sets what every TCP connection of a client has: small writes leave at once, and a peer that is gone is noticed.
pub(crate) fn prepare<'a>(socket: impl Into<SockRef<'a>>) -> io::Result<()> {
    let socket = socket.into();
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE))
}

/// The pause before another try if a listener's queue is full: the system does not report when there is room.
#[cfg(unix)]
const RETRY: Duration = Duration::from_millis(20);

#[cfg(unix)]
pub(crate) async fn connect_unix(path: &std::path::Path) -> io::Result<tokio::net::UnixStream> {
    loop {
        match tokio::net::UnixStream::connect(path).await {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                tokio::time::sleep(RETRY).await;
            }
            connected => return connected,
        }
    }
}
