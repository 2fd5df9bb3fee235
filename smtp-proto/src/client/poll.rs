//! One step at a time: the next reply and what it means, and which commands may leave now.

use super::{
    Client, Storage,
    error::{End, PeerError},
    event::Event,
    state::Stage,
};

/// The starts of what idle servers say before they close: 421 (RFC 5321 3.8), and 451 or 221 in its place.
const FAREWELLS: [&[u8]; 2] = [b"4", b"221"];

impl<B: Storage> Client<B> {
    /// The next event. Call until it says `None`; replies are borrowed until the next call.
    ///
    /// # Errors
    /// The peer broke the protocol. The session is over, and every further call says the same, after
    /// the events that tell the end of each open transaction.
    pub fn poll_event(&mut self) -> Result<Option<Event<'_>>, PeerError> {
        self.drop_lent();
        loop {
            if let Some(ended) = self.next_ended() {
                return Ok(Some(ended));
            }
            if self.stage == Stage::Closed {
                return self.closing_words();
            }
            if self.auth.has_succeeded() {
                // The mechanism decides first: what comes behind the 235 must not hide that there was one.
                return Ok(None);
            }
            self.frame();
            match self.inbound.framed() {
                Some(Ok(length)) => {
                    let told = self.take_reply(length);
                    return Ok(Some(told.with(self.inbound.lend(length))));
                }
                Some(Err(error)) => self.fail_malformed(error),
                None if self.inbound.has_ended() => self.lose(),
                None => {
                    self.make_progress();
                    if self.stage != Stage::Closed {
                        return Ok(None);
                    }
                }
            }
        }
    }

    fn closing_words(&self) -> Result<Option<Event<'_>>, PeerError> {
        match self.end {
            Some(End::Peer(error)) => Err(error),
            _ => Ok(None),
        }
    }

    /// Whether [`poll_event`](Self::poll_event) would do or say something.
    pub(super) fn has_event(&self) -> bool {
        if self.stage == Stage::Closed {
            return self.answering.has_open_transactions();
        }
        if self.auth.has_succeeded() {
            return self.inbound.has_lent();
        }
        (self.inbound.has_lent() && !self.auth.holds_challenge())
            || self.inbound.framed().is_some()
            || self.inbound.has_ended()
            || self.answering.has_ended()
    }

    /// Forgets the reply that the last event borrowed, unless a mechanism has yet to read it.
    pub(super) fn drop_lent(&mut self) {
        if !self.auth.holds_challenge() {
            self.inbound.drop_lent();
        }
    }

    /// Looks for the end of the next reply.
    pub(super) fn frame(&mut self) {
        if !self.inbound.is_unframed() {
            return;
        }
        if matches!(self.stage, Stage::Handshake { .. }) {
            self.close(End::Peer(PeerError::PlaintextBehindStartTls));
            return;
        }
        let (limits, keep) = self.config.limits.reply(self.phase(), self.inbound.capacity());
        self.inbound.frame(&limits, keep);
    }

    /// Lets commands leave that may, and writes what had no room before.
    pub(super) fn make_progress(&mut self) {
        self.sending.unblock();
        self.write_ending();
        self.write_chunks();
        self.release();
    }

    /// Lets the commands leave that may leave now.
    pub(super) fn release(&mut self) {
        if self.outbox.is_closed() || self.inbound.has_front() {
            return;
        }
        let (pipelining, run_ahead) = (self.pipelining(), self.window() > 1);
        while self.queue.may_release(pipelining, run_ahead) {
            if self.queue.outstanding() == 0 && !self.inbound.is_empty() {
                // The start of a reply to something that has not been asked: only farewells may be.
                if !FAREWELLS.iter().any(|code| self.inbound.may_be(code)) {
                    self.close(End::Peer(PeerError::Unsolicited));
                }
                return;
            }
            self.outbox.release_line();
            self.queue.release();
        }
    }
}
