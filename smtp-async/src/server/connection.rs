//! One connection: moves octets between socket and conversation.

use core::{future::Future, time::Duration};
use std::io;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{Instant, sleep, timeout},
};

use crate::stream::BoxedStream;

use super::{Conversation, Handler, ServerBuilder, Turn};

/// The time that the client has to close the connection after the last reply. Up to `LINGER_READS` reads take the
/// octets that it still sends: to close a socket with unread octets would lose the last reply.
const LINGER: Duration = Duration::from_millis(500);
const LINGER_READS: usize = 64;

pub(super) struct Connection<H> {
    stream: BoxedStream,
    #[cfg(feature = "tls")]
    tls: Option<std::sync::Arc<rustls::ServerConfig>>,
    conversation: Conversation<H>,
}

impl<H: Handler> Connection<H> {
    pub(super) fn new(
        stream: BoxedStream,
        #[cfg_attr(not(feature = "tls"), allow(unused_variables, reason = "there is no TLS"))]
        builder: &ServerBuilder,
        conversation: Conversation<H>,
    ) -> Self {
        Self {
            stream,
            #[cfg(feature = "tls")]
            tls: builder.tls(),
            conversation,
        }
    }

    /// Runs the session to its end.
    pub(super) async fn serve(mut self) {
        let last = self.run().await;
        self.conversation.ended(last.is_err());
        if !matches!(last, Ok(Turn::Drop)) {
            close(self.stream).await;
        }
    }

    /// Does what the conversation needs, to its last turn.
    async fn run(&mut self) -> io::Result<Turn> {
        loop {
            match self.conversation.turn() {
                Turn::Write => self.write().await?,
                Turn::Flush => self.flush().await?,
                Turn::Read => self.read().await?,
                Turn::Tls => self.shake_hands().await?,
                Turn::Pause(time) => sleep(time).await,
                last @ (Turn::Close | Turn::Drop) => return Ok(last),
            }
        }
    }

    async fn write(&mut self) -> io::Result<()> {
        let wait = Wait::new(self.conversation.patience());
        wait.within(self.stream.write_all(self.conversation.replies())).await?;
        self.conversation.waited(wait.begun.elapsed());
        self.conversation.written();
        Ok(())
    }

    async fn flush(&mut self) -> io::Result<()> {
        let wait = Wait::new(self.conversation.patience());
        wait.within(self.stream.flush()).await?;
        self.conversation.waited(wait.begun.elapsed());
        self.conversation.flushed();
        Ok(())
    }

    async fn read(&mut self) -> io::Result<()> {
        let wait = Wait::new(self.conversation.patience());
        let n = match wait.within(self.stream.read(self.conversation.space())).await {
            // TLS that ends without saying so is an end all the same; the core knows what it cut.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => 0,
            outcome => outcome?,
        };
        self.conversation.waited(wait.begun.elapsed());
        self.conversation.received(n);
        Ok(())
    }

    #[cfg(feature = "tls")]
    async fn shake_hands(&mut self) -> io::Result<()> {
        let config = self.tls.clone().ok_or(io::ErrorKind::Unsupported)?;
        let gone: BoxedStream = Box::new(tokio::io::join(tokio::io::empty(), tokio::io::sink()));
        let stream = core::mem::replace(&mut self.stream, gone);
        let acceptor = tokio_rustls::TlsAcceptor::from(config);
        let wait = Wait::new(self.conversation.patience());
        let stream = wait.within(acceptor.accept(stream)).await?;
        self.conversation.waited(wait.begun.elapsed());
        self.conversation.secured(smtp_adapter::exporter(stream.get_ref().1));
        self.stream = Box::new(stream);
        Ok(())
    }

    #[cfg(not(feature = "tls"))]
    #[allow(clippy::unused_async, clippy::unused_self, reason = "the same call as with TLS")]
    async fn shake_hands(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Says that nothing more comes, and waits a little for the client to do the same.
async fn close(mut stream: BoxedStream) {
    let goodbye = async {
        stream.shutdown().await.ok();
        let mut rest = [0; 1024];
        for _ in 0..LINGER_READS {
            if !matches!(stream.read(&mut rest).await, Ok(1..)) {
                return;
            }
        }
    };
    timeout(LINGER, goodbye).await.ok();
}

/// One wait for the client.
struct Wait {
    begun: Instant,
    limit: Duration,
}

impl Wait {
    fn new(limit: Duration) -> Self {
        Self { begun: Instant::now(), limit }
    }

    async fn within<T>(&self, io: impl Future<Output = io::Result<T>>) -> io::Result<T> {
        if self.limit.is_zero() {
            // `timeout` polls the stream first, which is always ready if the client never stops sending.
            return Err(io::ErrorKind::TimedOut.into());
        }
        timeout(self.limit, io).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }
}
