//! One connection: moves octets between socket and conversation.

use core::{future::Future, time::Duration};
use std::io;

use smtp_sync::shared::Listening;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{sleep, timeout},
};

use crate::{Conversation, Handler, Turn, stream::BoxedStream};

/// How long the client has to close after the last reply, and how much of what it still says is
/// read: closing over unread octets would make its last reply vanish.
const LINGER: Duration = Duration::from_millis(500);
const LINGER_READS: usize = 64;

pub(super) struct Connection<H> {
    stream: BoxedStream,
    settings: Listening,
    conversation: Conversation<H>,
}

impl<H: Handler> Connection<H> {
    pub(super) fn new(
        stream: BoxedStream,
        settings: &Listening,
        conversation: Conversation<H>,
    ) -> Self {
        Self { stream, settings: settings.clone(), conversation }
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
        let limit = self.settings.timeout;
        loop {
            match self.conversation.turn() {
                Turn::Write => {
                    let replies = self.conversation.replies();
                    within(limit, self.stream.write_all(replies)).await?;
                    self.conversation.written();
                }
                Turn::Flush => {
                    within(limit, self.stream.flush()).await?;
                    self.conversation.flushed();
                }
                Turn::Read => self.read().await?,
                Turn::Tls => self.shake_hands().await?,
                Turn::Pause(time) => sleep(time).await,
                last @ (Turn::Close | Turn::Drop) => return Ok(last),
            }
        }
    }

    async fn read(&mut self) -> io::Result<()> {
        let read = self.stream.read(self.conversation.space());
        let n = match within(self.settings.timeout, read).await {
            // TLS that ends without saying so is an end all the same; the core knows what it cut.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => 0,
            outcome => outcome?,
        };
        self.conversation.received(n);
        Ok(())
    }

    #[cfg(feature = "tls")]
    async fn shake_hands(&mut self) -> io::Result<()> {
        let config = self.settings.tls.clone().ok_or(io::ErrorKind::Unsupported)?;
        let gone: BoxedStream = Box::new(tokio::io::join(tokio::io::empty(), tokio::io::sink()));
        let stream = core::mem::replace(&mut self.stream, gone);
        let acceptor = tokio_rustls::TlsAcceptor::from(config);
        let stream = within(self.settings.timeout, acceptor.accept(stream)).await?;
        self.conversation.secured(smtp_sync::shared::exporter(stream.get_ref().1));
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

async fn within<T>(limit: Duration, io: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(limit, io).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}
