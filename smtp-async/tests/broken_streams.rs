//! Streams whose calls fail: the session ends, at once, whatever they call it.
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

use std::{
    io::{self, ErrorKind},
    pin::Pin,
    task::{Context, Poll},
};

use smtp_async::{
    Client, Error, TlsPolicy,
    proto::client::{Config, End},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Greets, and then fails: when it is written to, or as soon as it is read.
struct Broken {
    greeting: &'static [u8],
    error: ErrorKind,
    writes: bool,
    calls: usize,
}

impl Broken {
    fn fail(&mut self) -> io::Error {
        self.calls += 1;
        assert!(self.calls < 10, "it is asked again and again");
        self.error.into()
    }
}

impl AsyncRead for Broken {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        space: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.greeting.is_empty() {
            space.put_slice(std::mem::take(&mut self.greeting));
            return Poll::Ready(Ok(()));
        }
        // With a write that fails, nothing is there to be read before it.
        if self.writes && self.calls == 0 { Poll::Pending } else { Poll::Ready(Err(self.fail())) }
    }
}

impl AsyncWrite for Broken {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        _octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.error == ErrorKind::WriteZero {
            return Poll::Ready(Ok(0));
        }
        Poll::Ready(Err(self.fail()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Err(self.fail()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// The clock stands still: a time limit would never come.
async fn opened(error: ErrorKind, writes: bool) -> Error {
    let stream = Broken { greeting: b"220 mx\r\n", error, writes, calls: 0 };
    let config = Config::new("client.example".parse().expect("a name")).with_tls(TlsPolicy::None);
    let mut client = Client::over(stream, config);
    let error = client.open().await.expect_err("no session");
    assert!(!client.is_reusable());
    assert_eq!(client.open().await.expect_err("no session").to_string(), error.to_string());
    error
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_is_gone_ends_the_session() {
    use ErrorKind as K;
    // The system calls it a time-out when a peer has not answered for long.
    let kinds = [K::BrokenPipe, K::ConnectionReset, K::ConnectionAborted, K::UnexpectedEof];
    for kind in kinds.into_iter().chain([K::TimedOut]) {
        for writes in [false, true] {
            let error = opened(kind, writes).await;
            assert!(matches!(error.end(), Some(End::Lost(_))), "{kind:?}: {error}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn any_other_failure_is_told_as_it_is() {
    for kind in [ErrorKind::Other, ErrorKind::InvalidData, ErrorKind::WouldBlock] {
        for writes in [false, true] {
            let error = opened(kind, writes).await;
            let Error::Io { error, .. } = &error else { panic!("{error}") };
            assert_eq!(error.kind(), kind);
        }
    }
    let error = opened(ErrorKind::WriteZero, true).await;
    assert!(matches!(&error, Error::Io { error, .. } if error.kind() == ErrorKind::WriteZero));
}
