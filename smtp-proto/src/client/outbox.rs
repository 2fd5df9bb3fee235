//! Octets on their way to the server, and what kind they are.

use memchr::memchr_iter;
use zeroize::Zeroize;

use crate::buffer::{Buffer, Storage};

/// What a stretch of outgoing octets is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum SpanKind {
    /// Command text.
    Command,
    /// A credential or an answer in an AUTH dialogue: not to be shown or kept.
    Secret,
    /// Message content.
    Content,
    /// The end of the content: the CRLF that was missing, if any, and the lone dot.
    EndOfContent,
}

/// A stretch of outgoing octets for a transcript; a secret shows none of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Span<'a> {
    /// What it is.
    pub kind: SpanKind,
    /// The octets; empty for a secret.
    pub octets: &'a [u8],
    /// How many octets it is, secret or not.
    pub length: usize,
    /// Whether the stretch ends here; else a later span goes on with it.
    pub complete: bool,
}

/// At most this many stretches of different kinds wait at once. Without chunks in flight there are
/// never more than five: the parts of an AUTH line, or end of content, next envelope.
const MAX_SPANS: usize = 8;

#[derive(Debug)]
pub(super) struct Outbox<B: Storage> {
    buffer: Buffer<B>,
    /// Octets at the buffer's start that may leave.
    released: usize,
    spans: [(SpanKind, usize); MAX_SPANS],
    span_count: usize,
    /// Octets that have left since the start.
    sent: u64,
}

/// What left with a write.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Left {
    pub(super) commands: usize,
    pub(super) contents: usize,
}

impl<B: Storage> Outbox<B> {
    pub(super) const fn new(storage: B) -> Self {
        let spans = [(SpanKind::Command, 0); MAX_SPANS];
        Self { buffer: Buffer::new(storage), released: 0, spans, span_count: 0, sent: 0 }
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

    pub(super) fn room(&self) -> usize {
        if self.span_count == MAX_SPANS { 0 } else { self.buffer.room() }
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
        let written = write(self.buffer.free())?;
        self.buffer.fill(written);
        self.record(kind, written);
        Some(written)
    }

    /// Lets the next command line leave.
    pub(super) fn release_line(&mut self) {
        let held = &self.buffer.filled()[self.released..];
        self.released += memchr::memchr(b'\n', held).map_or(held.len(), |at| at + 1);
    }

    /// Lets all leave.
    pub(super) fn release_all(&mut self) {
        self.released = self.buffer.len();
    }

    /// Takes back what has not been released.
    pub(super) fn cancel_unreleased(&mut self) {
        self.truncate(self.released);
    }

    /// Keeps the first `length` octets.
    pub(super) fn truncate(&mut self, length: usize) {
        let mut excess = self.buffer.len().saturating_sub(length);
        let kept = self.buffer.len() - excess;
        self.buffer.filled_mut()[kept..].zeroize();
        self.buffer.truncate(length);
        self.released = self.released.min(length);
        while excess > 0 && self.span_count > 0 {
            let last = &mut self.spans[self.span_count - 1].1;
            let cut = excess.min(*last);
            (*last, excess) = (*last - cut, excess - cut);
            if *last == 0 {
                self.span_count -= 1;
            }
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.buffer.len()
    }

    /// The first `n` octets as stretches of one kind.
    pub(super) fn spans(&self, n: usize) -> impl Iterator<Item = Span<'_>> {
        let mut rest = &self.ready()[..n.min(self.released)];
        self.spans[..self.span_count].iter().map_while(move |&(kind, length)| {
            let (octets, behind) = rest.split_at_checked(length).unwrap_or((rest, &[]));
            rest = behind;
            let shown = if kind == SpanKind::Secret { &[] } else { octets };
            let complete = octets.len() == length;
            (!octets.is_empty()).then_some(Span {
                kind,
                octets: shown,
                length: octets.len(),
                complete,
            })
        })
    }

    /// The first `n` octets have left: forgets them, and wipes them where they were secret.
    pub(super) fn transmitted(&mut self, n: usize) -> Left {
        let mut left = Left::default();
        let mut rest = n;
        while rest > 0 && self.span_count > 0 {
            let (kind, length) = self.spans[0];
            let taken = rest.min(length);
            self.take(kind, taken, taken == length, &mut left);
            rest -= taken;
        }
        self.released -= n;
        self.sent += n as u64;
        left
    }

    fn take(&mut self, kind: SpanKind, taken: usize, whole: bool, left: &mut Left) {
        let octets = &mut self.buffer.filled_mut()[..taken];
        match kind {
            SpanKind::Command => left.commands += memchr_iter(b'\n', octets).count(),
            SpanKind::Secret => octets.zeroize(),
            SpanKind::Content => {}
            SpanKind::EndOfContent => left.contents += usize::from(whole),
        }
        self.buffer.consume(taken);
        if whole {
            self.spans.copy_within(1..self.span_count, 0);
            self.span_count -= 1;
        } else {
            self.spans[0].1 -= taken;
        }
    }

    fn record(&mut self, kind: SpanKind, length: usize) {
        if length == 0 {
            return;
        }
        match self.spans[..self.span_count].last_mut() {
            Some((last, total)) if *last == kind => *total += length,
            _ => {
                self.spans[self.span_count] = (kind, length);
                self.span_count += 1;
            }
        }
    }
}

impl<B: Storage> Drop for Outbox<B> {
    fn drop(&mut self) {
        self.buffer.filled_mut().zeroize();
    }
}
