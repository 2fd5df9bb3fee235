//! A check, without `NOOP`, that an idle session can be used again.

use core::{
    pin::Pin,
    task::{Context, Waker},
};

use tokio::io::{AsyncRead, ReadBuf};

use crate::{client::Client, stream::Stream};

impl<S: Stream> Client<S> {
    /// Returns whether the next message can be sent over this session, as far as is known without waiting. Notices
    /// octets that an idle server has sent meanwhile, and a connection that it has closed.
    pub fn is_alive(&mut self) -> bool {
        if self.session.failure().is_some() || !self.session.proto.is_reusable() {
            return false;
        }
        let mut space = ReadBuf::new(self.session.proto.read_buf());
        let mut context = Context::from_waker(Waker::noop());
        let read = Pin::new(&mut self.transport).poll_read(&mut context, &mut space);
        let n = space.filled().len();
        if read.is_ready() && self.session.proto.received(n).is_ok() {
            self.session.take_events();
        }
        self.session.proto.is_reusable()
    }
}
