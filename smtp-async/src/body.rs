//! Envelope and content of a message, given to the core piece by piece.

use std::io;

use smtp_proto::client::{AsEnvelope, Wants};
use tokio::io::{AsyncBufRead, AsyncBufReadExt};

use crate::{Error, client::Client, stream::Stream};

impl<S: Stream> Client<S> {
    /// Hands the message over until its end is on its way, or until the server has refused it.
    pub(crate) async fn hand_over(
        &mut self,
        envelope: &(impl AsEnvelope + ?Sized),
        content: &mut (impl AsyncBufRead + Unpin),
    ) -> Result<(), Error> {
        self.deadline.begin_content();
        loop {
            match self.pump().await? {
                Wants::Envelope => self.session.proto.continue_envelope(envelope)?,
                Wants::Content => {
                    if !self.hand_over_chunk(content).await? {
                        return self.session.finish();
                    }
                }
                _ => return Ok(()),
            }
        }
    }

    /// From the reader's buffer into the core's, without one in between; says whether there was more.
    async fn hand_over_chunk(
        &mut self,
        content: &mut (impl AsyncBufRead + Unpin),
    ) -> Result<bool, Error> {
        let Some(read) = self.deadline.before_deadline(content.fill_buf()).await else {
            return Err(self.time_is_over());
        };
        let chunk = match read {
            Ok([]) => return Ok(false),
            Ok(chunk) => chunk,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(true),
            Err(error) => return Err(self.session.content_failed(error)),
        };
        let taken = self.session.proto.content(chunk)?;
        // The reader's own time is not the server's.
        self.deadline.restart();
        content.consume(taken);
        Ok(true)
    }
}
