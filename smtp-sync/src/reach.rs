//! How an address is found and connected to, as far as both adapters do the same.

use core::{net::IpAddr, time::Duration};
use std::{
    io,
    net::{SocketAddr, ToSocketAddrs},
    thread,
};

#[cfg(unix)]
use socket2::{Domain, SockAddr, Socket, Type};
use socket2::{SockRef, TcpKeepalive};

/// How long to wait for one address before the next is tried too (RFC 8305 5).
const DELAY: Duration = Duration::from_millis(250);

/// How many addresses are tried; a name with more is not better reached by trying all.
const MAX_ADDRESSES: usize = 16;

/// How long a connection may be idle before the system asks the other side whether it is there. Routers forget
/// connections that are silent for four to six minutes: a session that is idle in a pool, or whose server takes ten
/// minutes to reply to the final dot, would then wait for what cannot come.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// No socket takes a limit of zero.
#[cfg(unix)]
const SHORTEST: Duration = Duration::from_millis(1);

/// Sets what every TCP connection of a client has: small writes leave at once, and a peer that is gone is noticed.
///
/// # Errors
/// Those of the socket.
pub fn prepare<'a>(socket: impl Into<SockRef<'a>>) -> io::Result<()> {
    let socket = socket.into();
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE))
}

/// How long to wait for one address before the next is tried too, where there are so many and this is the limit for all:
/// each gets its share.
#[must_use]
pub fn delay(addresses: usize, limit: Duration) -> Duration {
    let addresses = u32::try_from(addresses).unwrap_or(u32::MAX).max(1);
    DELAY.min(limit / addresses)
}

/// Families in turn, that of the resolver's first address first, each in the resolver's order (RFC
/// 8305 4); only the source's family where there is one.
#[must_use]
pub fn in_turns(addresses: Vec<SocketAddr>, source: Option<IpAddr>) -> Vec<SocketAddr> {
    let fits = |address: &SocketAddr| source.is_none_or(|s| s.is_ipv4() == address.is_ipv4());
    let addresses: Vec<_> = addresses.into_iter().filter(fits).collect();
    let first_is_v4 = addresses.first().is_some_and(SocketAddr::is_ipv4);
    let (mut one, mut other): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv4() == first_is_v4);
    let mut turns = Vec::new();
    let (mut one, mut other) = (one.drain(..), other.drain(..));
    while turns.len() < MAX_ADDRESSES {
        let pair = [one.next(), other.next()];
        if pair == [None, None] {
            break;
        }
        turns.extend(pair.into_iter().flatten());
    }
    turns.truncate(MAX_ADDRESSES);
    turns
}

/// Tells the addresses of a host; what is an address itself is not looked up.
///
/// The system's resolver has no time limit that a caller could set, and cannot be interrupted. So it is asked in a
/// thread of its own, which whoever has no more time leaves alone: it ends when the resolver gives up (by default after
/// some ten seconds for each of its servers), and what it then tells is heard by nobody.
///
/// # Errors
/// There is no thread to be had.
pub fn look_up(
    host: &str,
    port: u16,
    tell: impl FnOnce(io::Result<Vec<SocketAddr>>) + Send + 'static,
) -> io::Result<()> {
    if let Ok(address) = host.parse::<IpAddr>() {
        tell(Ok(vec![SocketAddr::new(address, port)]));
        return Ok(());
    }
    let host = host.to_owned();
    ask(move || Ok((host.as_str(), port).to_socket_addrs()?.collect()), tell)
}

/// Asks in a thread of its own.
fn ask<T: 'static>(
    question: impl FnOnce() -> T + Send + 'static,
    tell: impl FnOnce(T) + Send + 'static,
) -> io::Result<()> {
    let thread = thread::Builder::new().name("smtp-lookup".into());
    thread.spawn(move || tell(question())).map(drop)
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
    use super::{DELAY, SockRef, ask, delay, prepare};
    use core::time::Duration;
    use std::sync::mpsc;

    #[test]
    fn every_address_has_its_share_of_the_limit() {
        assert_eq!(delay(2, Duration::from_secs(300)), DELAY);
        assert_eq!(delay(4, Duration::from_millis(400)), Duration::from_millis(100));
        assert_eq!(delay(0, Duration::from_millis(100)), Duration::from_millis(100));
    }

    #[test]
    fn connections_are_kept_alive_and_small_writes_leave_at_once() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let stream = std::net::TcpStream::connect(address).expect("a listener");
        prepare(&stream).expect("a socket");
        let socket = SockRef::from(&stream);
        assert!(socket.keepalive().expect("a socket") && socket.tcp_nodelay().expect("a socket"));
    }

    #[test]
    fn a_resolver_that_does_not_answer_is_not_waited_for() {
        let (answer, question) = mpsc::channel::<&str>();
        let (tell, told) = mpsc::channel();
        ask(move || question.recv(), move |answer| tell.send(answer).unwrap_or_default())
            .expect("a thread");
        assert_eq!(
            told.recv_timeout(Duration::from_millis(1)),
            Err(mpsc::RecvTimeoutError::Timeout)
        );
        answer.send("late").expect("a question");
        assert_eq!(told.recv(), Ok(Ok("late")));
    }
}
