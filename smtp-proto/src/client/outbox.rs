//! Octets on their way to the server, and what kind they are.

use memchr::{memchr, memchr_iter};
use zeroize::Zeroize;

use crate::buffer::{Buffer, Storage};

use super::{
    secret::Secret,
    spans::{Span, SpanKind, Spans},
};

#[derive(Clone, Debug)]
pub(super) struct Outbox<B: Storage> {
    buffer: Buffer<B>,
    secret: Secret,
    /// Octets at the buffer's start that may leave.
    released: usize,
    spans: Spans,
    /// Octets at the buffer's end of a chunk whose size is not known yet, with the room for its
    /// command before them; they belong to no span.
    chunk: Option<usize>,
    /// Octets that have left since the start.
    sent: u64,
    /// The transport takes no more; what the server has said is still to be read.
    closed: bool,
}

/// What left with a write.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Left {
    pub(super) commands: usize,
    pub(super) contents: usize,
}

/// Room for the command of a chunk: `BDAT`, a size of up to ten digits, `LAST`, CRLF.
const CHUNK_COMMAND: usize = 22;

impl<B: Storage> Outbox<B> {
    pub(super) const fn new(storage: B) -> Self {
        Self {
            buffer: Buffer::new(storage),
            secret: Secret::NONE,
            released: 0,
            spans: Spans::new(),
            chunk: None,
            sent: 0,
            closed: false,
        }
    }

    /// Octets that may be written now.
    pub(super) fn ready(&self) -> &[u8] {
        &self.buffer.filled()[..self.released]
    }

    pub(super) const fn has_ready(&self) -> bool {
        self.released > 0
    }

    pub(super) fn capacity(&self) -> usize {
        self.buffer.capacity()
    }

    pub(super) const fn len(&self) -> usize {
        self.buffer.len()
    }

    /// Octets that still fit.
    pub(super) fn room(&self) -> usize {
        if self.spans.have_room() { self.buffer.room() } else { 0 }
    }

    pub(super) const fn sent(&self) -> u64 {
        self.sent
    }

    /// Lets `write` put octets of one kind behind what is there; they are held back.
    ///
    /// `write` says how many it wrote, or `None` when they did not fit; then nothing counts.
    pub(super) fn push(
        &mut self,
        kind: SpanKind,
        write: impl FnOnce(&mut [u8]) -> Option<usize>,
    ) -> Option<usize> {
        if self.room() == 0 {
            return None;
        }
        let Some(written) = write(self.buffer.free()) else {
            // The attempt may have overwritten a part of it.
            self.forget_secret();
            return None;
        };
        let start = self.buffer.end();
        self.buffer.fill(written);
        self.secret.make_room(self.buffer.storage(), start + written);
        if kind == SpanKind::Secret {
            self.secret.say(start..start + written);
        }
        self.spans.push(kind, written);
        Some(written)
    }

    /// Lets the next command line leave, and the chunk that it announces.
    pub(super) fn release_line(&mut self) {
        let held = &self.buffer.filled()[self.released..];
        self.released += memchr(b'\n', held).map_or(held.len(), |at| at + 1);
        self.released = self.spans.end_of_content_at(self.released);
    }

    /// Lets all leave.
    pub(super) fn release_all(&mut self) {
        self.released = self.buffer.len();
    }

    /// Takes back what has not been released.
    pub(super) fn cancel_unreleased(&mut self) {
        self.truncate(self.released);
    }

    /// Keeps the first `length` octets, and wipes the others: there may be secrets in them. A chunk
    /// that is being filled stands behind all else, and goes.
    pub(super) fn truncate(&mut self, length: usize) {
        self.chunk = None;
        let length = length.min(self.buffer.len());
        self.buffer.filled_mut()[length..].zeroize();
        if length < self.buffer.len() {
            self.buffer.truncate(length);
            self.secret.cut(self.buffer.end());
        }
        self.released = self.released.min(length);
        self.spans.truncate(length);
    }

    /// The first `n` octets as stretches of one kind.
    pub(super) fn spans(&self, n: usize) -> impl Iterator<Item = Span<'_>> {
        self.spans.of(&self.ready()[..n.min(self.released)])
    }

    /// The first `n` octets have left: forgets them. Secrets are kept aside.
    pub(super) fn transmitted(&mut self, n: usize) -> Left {
        let mut left = Left::default();
        let mut rest = n;
        while let (Some((kind, length)), true) = (self.spans.first(), rest > 0) {
            let taken = rest.min(length);
            self.take(kind, taken, taken == length, &mut left);
            rest -= taken;
        }
        self.released -= n;
        self.sent += n as u64;
        if self.buffer.is_empty() {
            self.secret.keep(self.buffer.storage());
        }
        left
    }

    fn take(&mut self, kind: SpanKind, taken: usize, whole: bool, left: &mut Left) {
        let octets = &mut self.buffer.filled_mut()[..taken];
        match kind {
            SpanKind::Command => left.commands += memchr_iter(b'\n', octets).count(),
            SpanKind::Secret | SpanKind::Content => {}
            SpanKind::EndOfContent | SpanKind::LastChunk => left.contents += usize::from(whole),
        }
        self.buffer.consume(taken);
        self.spans.consume(taken);
    }

    /// The transport takes no more: drops what is held. The server may still repeat what has left.
    pub(super) fn close(&mut self) {
        self.truncate(0);
        self.secret.keep(self.buffer.storage());
        self.closed = true;
    }

    pub(super) const fn is_closed(&self) -> bool {
        self.closed
    }

    /// There are credentials that a server may repeat.
    pub(super) fn has_secret(&self) -> bool {
        !self.secret.is_none()
    }

    /// The credentials that a server may repeat. A response that has not left whole cannot leave after
    /// this.
    pub(super) fn secret(&mut self) -> &[u8] {
        self.secret.keep(self.buffer.storage());
        self.secret.kept(self.buffer.storage())
    }

    pub(super) fn forget_secret(&mut self) {
        self.secret.forget(self.buffer.storage());
    }

    /// How much has left since the start is only counted, for a driver's time limits.
    #[cfg(feature = "model")]
    pub(super) fn facts(&self, out: &mut impl core::fmt::Write) -> core::fmt::Result {
        let Self { buffer, secret, released, spans, chunk, sent: _, closed } = self;
        let (before, open) = buffer.filled().split_at(buffer.len() - chunk.unwrap_or(0));
        // What is left in the room for a command that is not written yet means nothing.
        let unwritten = chunk.map_or(0, |_| CHUNK_COMMAND);
        let before = before[..before.len() - unwritten].escape_ascii();
        write!(out, ">{before} {} {released} {chunk:?} {closed}", open.escape_ascii())?;
        // Its octets are always those of the caller's mechanism.
        write!(out, " {secret:?}")?;
        spans.facts(out)
    }

    // --- chunks (RFC 3030) ---

    /// Whether so many octets more fit into the chunk that is being filled, or into a new one.
    pub(super) fn has_room_for_chunk(&self, octets: usize) -> bool {
        let command = if self.chunk.is_some() { 0 } else { CHUNK_COMMAND };
        self.room() >= command + octets
    }

    /// Octets of the chunk that is being filled.
    pub(super) const fn chunk_len(&self) -> usize {
        match self.chunk {
            Some(length) => length,
            None => 0,
        }
    }

    /// Lets `write` add octets to the chunk that is being filled, or to a new one.
    pub(super) fn push_chunk(&mut self, write: impl FnOnce(&mut [u8]) -> Option<usize>) -> bool {
        if self.chunk.is_none() {
            if self.room() <= CHUNK_COMMAND {
                return false;
            }
            self.buffer.free();
            self.buffer.fill(CHUNK_COMMAND);
            self.chunk = Some(0);
        }
        let written = write(self.buffer.free());
        self.buffer.fill(written.unwrap_or(0));
        self.chunk = self.chunk.map(|length| length + written.unwrap_or(0));
        written.is_some()
    }

    /// Puts the command before the chunk that was filled; both are held back. Says how long the chunk is.
    pub(super) fn close_chunk(
        &mut self,
        last: bool,
        encode: impl FnOnce(u64, &mut [u8]) -> Option<usize>,
    ) -> Option<usize> {
        let length = self.chunk.take()?;
        let mut command = [0; CHUNK_COMMAND];
        let written = encode(length as u64, &mut command)?;
        let start = self.buffer.len() - length - CHUNK_COMMAND;
        let unused = CHUNK_COMMAND - written;
        let octets = self.buffer.filled_mut();
        // The room that the command does not need is closed from the side where less is to be moved.
        if start <= length {
            octets[start + unused..][..written].copy_from_slice(&command[..written]);
            octets.copy_within(..start, unused);
            self.buffer.consume(unused);
        } else {
            octets[start..][..written].copy_from_slice(&command[..written]);
            octets.copy_within(start + CHUNK_COMMAND.., start + written);
            self.buffer.truncate(start + written + length);
        }
        self.spans.push(SpanKind::Command, written);
        let kind = if last { SpanKind::LastChunk } else { SpanKind::Content };
        self.spans.push(kind, length);
        Some(length)
    }
}

impl<B: Storage> Drop for Outbox<B> {
    fn drop(&mut self) {
        self.buffer.filled_mut().zeroize();
        self.forget_secret();
    }
}
