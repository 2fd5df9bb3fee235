//! A small adapter for every runtime whose streams have the traits of `futures-io`: smol, async-std, glommio and others.
//!
//! Only the driver is its own: [`Client::pump`] moves octets between the stream and the session until the session wants
//! something of the caller. `main` sends a message through it to a server that has no socket either.
//!
//! A complete adapter adds three things: connecting, TLS where the session wants it (`Wants::Tls`), and the time limits, for which
//! `session.proto.patience()` names the wait.

use core::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};
use std::{io, sync::Arc};

use futures_io::{AsyncRead, AsyncWrite};
use smtp_adapter::{
    Error, Session, Settings,
    proto::{
        client::{Outcome, TlsPolicy, Wants},
        envelope::Envelope,
    },
    server::{Conversation, ServerBuilder, Store, Turn},
};

/// A session over a stream.
struct Client<S> {
    session: Session,
    stream: S,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    fn over(settings: Settings, stream: S) -> Self {
        let (session, _tls) = settings.introduced(None).into_session();
        Self { session, stream }
    }

    /// Sends one message.
    async fn send(&mut self, envelope: &Envelope, mut content: &[u8]) -> Result<Outcome, Error> {
        self.pump().await?;
        let transaction = self.session.begin(envelope)?;
        loop {
            match self.pump().await {
                Ok(Wants::Envelope) => self.session.proto.continue_envelope(envelope)?,
                Ok(Wants::Content) if content.is_empty() => self.session.finish()?,
                Ok(Wants::Content) => content = &content[self.session.proto.content(content)?..],
                // What became of the message is told below, whatever broke.
                _ => break,
            }
        }
        self.session.take_outcome(transaction).ok_or(Error::Closed)
    }

    async fn quit(mut self) -> Result<(), Error> {
        self.session.proto.quit()?;
        // Delivered stays delivered, whatever is said to QUIT.
        self.pump().await.map_or(Ok(()), |_| Ok(()))
    }

    /// Does what the session wants until it wants something of the caller.
    async fn pump(&mut self) -> Result<Wants, Error> {
        loop {
            match self.session.proto.wants() {
                Wants::Event => self.session.take_events(),
                Wants::Write => {
                    let written = self.write().await;
                    let n = self.check(written)?;
                    self.session.transmitted(n)?;
                }
                Wants::Flush => {
                    let flushed = poll_fn(|cx| Pin::new(&mut self.stream).poll_flush(cx)).await;
                    self.check(flushed)?;
                    self.session.proto.flushed();
                }
                Wants::Read => {
                    let read = self.read().await;
                    let n = self.check(read)?;
                    self.session.proto.received(n)?;
                }
                Wants::Nothing => return Err(self.session.ended()),
                other => return Ok(other),
            }
        }
    }

    async fn write(&mut self) -> io::Result<usize> {
        let Self { session, stream } = self;
        poll_fn(|cx| Pin::new(&mut *stream).poll_write(cx, session.proto.transmit())).await
    }

    async fn read(&mut self) -> io::Result<usize> {
        let Self { session, stream } = self;
        poll_fn(|cx| Pin::new(&mut *stream).poll_read(cx, session.proto.read_buf())).await
    }

    /// A stream that fails ends the session.
    fn check<T>(&mut self, result: io::Result<T>) -> Result<T, Error> {
        result.map_err(|error| {
            let phase = self.session.proto.phase();
            self.session.fail(Error::Io { phase, error: Arc::new(error) })
        })
    }
}

/// A server at the other end of a stream that is nowhere but in memory.
struct InMemory {
    server: Conversation<Store>,
    said: Vec<u8>,
}

impl AsyncWrite for InMemory {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.said.extend_from_slice(octets);
        Poll::Ready(Ok(octets.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for InMemory {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        space: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let Self { server, said } = &mut *self;
        loop {
            match server.turn() {
                Turn::Write => {
                    // The client's buffer is larger than any reply of this server.
                    let n = server.replies().len().min(space.len());
                    space[..n].copy_from_slice(&server.replies()[..n]);
                    server.written();
                    return Poll::Ready(Ok(n));
                }
                Turn::Flush => server.flushed(),
                Turn::Read => {
                    let n = said.len().min(server.space().len());
                    server.space()[..n].copy_from_slice(&said[..n]);
                    server.received(n);
                    said.drain(..n);
                }
                _ => return Poll::Ready(Ok(0)),
            }
        }
    }
}

/// Runs a future that never has to wait.
fn run<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return done;
        }
    }
}

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let store = Store::new();
    let peer = ([127, 0, 0, 1], 25).into();
    let server = ServerBuilder::default().conversation(store.clone(), 0, peer);
    let settings = Settings::new("in-memory.example", 25)
        .with_tls(TlsPolicy::None)
        .with_transcript(|line| println!("{line}"));
    let mut client = Client::over(settings, InMemory { server, said: Vec::new() });

    let envelope = Envelope::new("alice@example.org")?.to("bob@example.net")?;
    let outcome = run(client.send(&envelope, b"Subject: Hi\r\n\r\nHello Bob.\r\n"))?;
    assert!(outcome.is_delivered());
    run(client.quit())?;
    assert_eq!(store.messages()[0].content, b"Subject: Hi\r\n\r\nHello Bob.\r\n");
    Ok(())
}

#[test]
fn it_runs() {
    main().unwrap();
}
