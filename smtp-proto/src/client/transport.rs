//! What a driver does for the transport: octets out, octets in, handshake, failure.

use super::{
    Client, Storage,
    error::{End, Misuse},
    event::Wants,
    spans::Span,
};

impl<B: Storage> Client<B> {
    /// Octets to be written; empty unless [`Wants::Write`] is wanted.
    #[must_use]
    pub fn transmit(&self) -> &[u8] {
        self.outbox.ready()
    }

    /// The first `n` octets of [`transmit`](Self::transmit) by kind, for a transcript.
    pub fn transmit_spans(&self, n: usize) -> impl Iterator<Item = Span<'_>> {
        self.outbox.spans(n)
    }

    /// The transport has taken the first `n` octets of [`transmit`](Self::transmit).
    ///
    /// # Errors
    /// [`Misuse::OutOfBounds`] when there were fewer; nothing is changed then.
    pub fn transmitted(&mut self, n: usize) -> Result<(), Misuse> {
        if n > self.outbox.ready().len() {
            return Err(Misuse::OutOfBounds);
        }
        let left = self.outbox.transmitted(n);
        self.queue.mark_sent(left.commands);
        for _ in 0..left.contents {
            self.queue.content_ended();
        }
        self.unflushed |= n > 0;
        self.make_progress();
        Ok(())
    }

    /// The transport has flushed.
    pub fn flushed(&mut self) {
        self.unflushed = false;
    }

    /// Where the driver reads into. Empty only while events wait to be taken.
    pub fn read_buf(&mut self) -> &mut [u8] {
        self.inbound.free()
    }

    /// [`transmit`](Self::transmit) and [`read_buf`](Self::read_buf) at once, for a driver that reads
    /// while it writes: a server may refuse content before it is complete.
    pub fn transmit_and_read_buf(&mut self) -> (&[u8], &mut [u8]) {
        (self.outbox.ready(), self.inbound.free())
    }

    /// The driver has read `n` octets into [`read_buf`](Self::read_buf); 0 is the end of the stream,
    /// unless there was no room to read into.
    ///
    /// May be called at any time, not only when a read is wanted: a server may speak unasked.
    ///
    /// # Errors
    /// [`Misuse::OutOfBounds`] when that many do not fit; nothing is changed then.
    pub fn received(&mut self, n: usize) -> Result<(), Misuse> {
        if n > self.read_buf().len() {
            return Err(Misuse::OutOfBounds);
        }
        self.inbound.fill(n);
        self.frame();
        Ok(())
    }

    /// The handshake is done: all that was learned before is forgotten (RFC 3207 4.2).
    ///
    /// # Errors
    /// [`Misuse::NotWanted`] unless [`Wants::Tls`] is wanted.
    pub fn tls_established(&mut self) -> Result<(), Misuse> {
        if self.wants() != Wants::Tls {
            return Err(Misuse::NotWanted);
        }
        self.after_handshake();
        Ok(())
    }

    /// The transport takes no more octets. What is held is dropped, and what the server has said is
    /// read first: it often says why.
    pub fn transmit_failed(&mut self) {
        self.outbox.close();
        self.auth.abandon();
    }

    /// The driver gives up: a time limit, a broken transport, a failed handshake.
    ///
    /// Returns the end of the session, which is an earlier one if there was one. Events that tell
    /// each open transaction's fate follow.
    pub fn abort(&mut self) -> End {
        let end = End::Aborted(self.phase());
        self.close(end)
    }
}
