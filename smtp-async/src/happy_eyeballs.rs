//! Several addresses of one host, tried side by side (RFC 8305): one that does not answer costs a
//! quarter of a second, not a time-out.

use core::{
    future::{Future, poll_fn},
    net::{IpAddr, SocketAddr},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use std::io;

use tokio::{
    net::{TcpSocket, TcpStream},
    time::{Sleep, sleep},
};

/// How long to wait for one address before the next is tried too (RFC 8305 5).
const DELAY: Duration = Duration::from_millis(250);

/// How many addresses are tried; a name with more is not better reached by trying all.
const MAX_ADDRESSES: usize = 16;

type Attempt = Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>>;

/// The first connection that one of the addresses takes; the others are given up.
pub(crate) async fn connect(
    addresses: Vec<SocketAddr>,
    source: Option<IpAddr>,
) -> io::Result<TcpStream> {
    let mut race = Race::new(interleaved(addresses, source), source);
    poll_fn(|context| race.poll(context)).await
}

/// Families in turn, that of the resolver's first address first, each in the resolver's order (RFC
/// 8305 4); only the source's family where there is one.
fn interleaved(addresses: Vec<SocketAddr>, source: Option<IpAddr>) -> Vec<SocketAddr> {
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

struct Race {
    waiting: std::vec::IntoIter<SocketAddr>,
    source: Option<IpAddr>,
    running: Vec<Attempt>,
    /// Until the next address is tried too.
    delay: Option<Pin<Box<Sleep>>>,
    last: io::Error,
}

impl Race {
    fn new(addresses: Vec<SocketAddr>, source: Option<IpAddr>) -> Self {
        Self {
            waiting: addresses.into_iter(),
            source,
            running: Vec::new(),
            delay: None,
            last: io::Error::new(io::ErrorKind::NotFound, "the host has no address"),
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<io::Result<TcpStream>> {
        loop {
            if let Some(stream) = self.poll_running(context) {
                return Poll::Ready(Ok(stream));
            }
            if !self.is_time(context) {
                return Poll::Pending;
            }
            if !self.start_next() && self.running.is_empty() {
                let none = io::ErrorKind::NotFound.into();
                return Poll::Ready(Err(core::mem::replace(&mut self.last, none)));
            }
        }
    }

    fn poll_running(&mut self, context: &mut Context<'_>) -> Option<TcpStream> {
        let mut at = 0;
        while at < self.running.len() {
            match self.running[at].as_mut().poll(context) {
                Poll::Ready(Ok(stream)) => return Some(stream),
                Poll::Ready(Err(error)) => {
                    self.last = error;
                    drop(self.running.swap_remove(at));
                    // A failure need not be waited out.
                    self.delay = None;
                }
                Poll::Pending => at += 1,
            }
        }
        None
    }

    /// Whether the next address is to be tried, or there is nothing left to wait for.
    fn is_time(&mut self, context: &mut Context<'_>) -> bool {
        if self.waiting.len() == 0 {
            return self.running.is_empty();
        }
        self.delay.as_mut().is_none_or(|delay| delay.as_mut().poll(context).is_ready())
    }

    fn start_next(&mut self) -> bool {
        let Some(address) = self.waiting.next() else { return false };
        self.running.push(Box::pin(attempt(address, self.source)));
        self.delay = Some(Box::pin(sleep(DELAY)));
        true
    }
}

async fn attempt(address: SocketAddr, source: Option<IpAddr>) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    if let Some(source) = source {
        socket.bind(SocketAddr::new(source, 0))?;
    }
    socket.connect(address).await
}
