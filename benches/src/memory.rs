//! A transport in memory, for peers that cannot be had without one.
//!
//! It is always ready, so a future over it is ready at its first poll, and what is measured is the peer.

use core::fmt::Debug;
use core::hint::black_box;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::{io, net::SocketAddr};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What takes written octets.
pub trait Sink: Debug + Default + Send + Sync + Unpin {
    /// Takes them.
    fn take(&mut self, octets: &[u8]);

    /// How many it has taken.
    fn taken(&self) -> usize;

    /// Forgets them.
    fn clear(&mut self);
}

impl Sink for Vec<u8> {
    fn take(&mut self, octets: &[u8]) {
        self.extend_from_slice(octets);
    }

    fn taken(&self) -> usize {
        self.len()
    }

    fn clear(&mut self) {
        Self::clear(self);
    }
}

/// Counts and forgets.
#[derive(Debug, Default)]
pub struct Counter(usize);

impl Sink for Counter {
    fn take(&mut self, octets: &[u8]) {
        self.0 += black_box(octets).len();
    }

    fn taken(&self) -> usize {
        self.0
    }

    fn clear(&mut self) {
        self.0 = 0;
    }
}

impl io::Write for Counter {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.take(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Gives canned replies, one for each read, over and over.
#[derive(Debug)]
pub struct Canned<S> {
    /// Said once, before the rest.
    opening: &'static [&'static [u8]],
    replies: Vec<&'static [u8]>,
    next: usize,
    /// What is left of the reply at hand, where it did not fit a read.
    rest: &'static [u8],
    /// What was written.
    pub written: S,
}

impl<S> Canned<S> {
    /// Replies to the first reads, replies to all others, and what takes the writes.
    pub fn new(opening: &'static [&'static [u8]], replies: Vec<&'static [u8]>, written: S) -> Self {
        Self { opening, replies, next: 0, rest: &[], written }
    }

    /// The octets of the next read.
    pub fn read(&mut self, most: usize) -> &'static [u8] {
        if self.rest.is_empty() {
            self.rest = self.next_reply();
        }
        let (now, later) = self.rest.split_at(most.min(self.rest.len()));
        self.rest = later;
        now
    }

    fn next_reply(&mut self) -> &'static [u8] {
        if let Some((first, later)) = self.opening.split_first() {
            self.opening = later;
            return first;
        }
        let reply = self.replies[self.next];
        self.next = (self.next + 1) % self.replies.len();
        reply
    }
}

impl<S: Unpin> AsyncRead for Canned<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let octets = self.read(buffer.remaining());
        buffer.put_slice(octets);
        Poll::Ready(Ok(()))
    }
}

impl<S: Sink> AsyncWrite for Canned<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.written.take(octets);
        Poll::Ready(Ok(octets.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl<S: Sink> AsyncTokioStream for Canned<S> {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// A runtime on this thread, with a clock for the peers that set timers.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime")
}
