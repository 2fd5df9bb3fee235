//! Whether a session that was idle can be used again, without a NOOP.

use core::{
    pin::Pin,
    task::{Context, Waker},
};

use tokio::io::{AsyncRead, ReadBuf};

use crate::{client::Client, stream::Stream};

impl<S: Stream> Client<S> {
    /// Whether the next message can be sent over this session, as far as can be told without waiting:
    /// what an idle server has said meanwhile, or that it has closed, is noticed.
    pub fn is_alive(&mut self) -> bool {
        if self.dialogue.failure().is_some() || !self.dialogue.proto.is_reusable() {
            return false;
        }
        let mut space = ReadBuf::new(self.dialogue.proto.read_buf());
        let mut context = Context::from_waker(Waker::noop());
        let read = Pin::new(&mut self.transport).poll_read(&mut context, &mut space);
        let n = space.filled().len();
        if read.is_ready() && self.dialogue.proto.received(n).is_ok() {
            self.dialogue.take_events();
        }
        self.dialogue.proto.is_reusable()
    }
}
