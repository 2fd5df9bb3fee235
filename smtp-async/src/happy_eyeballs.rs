//! Several addresses of one host, tried side by side (RFC 8305): one that does not respond costs a quarter of a second,
//! not a time-out.

use core::{
    future::{Future, poll_fn},
    net::{IpAddr, SocketAddr},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use std::io;

use smtp_adapter::{delay, in_turns};
use tokio::{
    net::{TcpSocket, TcpStream},
    time::{Sleep, sleep},
};

type Attempt = Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>>;

/// The first connection that one of the addresses takes; the others are given up. Whoever waits for it does so for no
/// longer than `limit`.
pub(crate) async fn connect(
    addresses: Vec<SocketAddr>,
    source: Option<IpAddr>,
    limit: Duration,
) -> io::Result<TcpStream> {
    let mut race = Race::new(in_turns(addresses, source), source, limit);
    poll_fn(|context| race.poll(context)).await
}

struct Race {
    waiting: std::vec::IntoIter<SocketAddr>,
    source: Option<IpAddr>,
    running: Vec<Attempt>,
    /// The time to wait before the next address is tried too.
    delay: Duration,
    /// The timer that runs until the next address is tried.
    next: Option<Pin<Box<Sleep>>>,
    last: io::Error,
}

impl Race {
    fn new(addresses: Vec<SocketAddr>, source: Option<IpAddr>, limit: Duration) -> Self {
        Self {
            delay: delay(addresses.len(), limit),
            waiting: addresses.into_iter(),
            source,
            running: Vec::new(),
            next: None,
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
                    self.next = None;
                }
                Poll::Pending => at += 1,
            }
        }
        None
    }

    /// Returns whether to try the next address, or whether nothing is left to wait for.
    fn is_time(&mut self, context: &mut Context<'_>) -> bool {
        if self.waiting.len() == 0 {
            return self.running.is_empty();
        }
        self.next.as_mut().is_none_or(|next| next.as_mut().poll(context).is_ready())
    }

    fn start_next(&mut self) -> bool {
        let Some(address) = self.waiting.next() else { return false };
        self.running.push(Box::pin(attempt(address, self.source)));
        self.next = Some(Box::pin(sleep(self.delay)));
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
