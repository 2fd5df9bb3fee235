//! Octets from the server: held, framed into replies, lent to the caller one reply at a time.

use crate::{
    buffer::{Buffer, Storage},
    reply::{Found, Framer, Keep, Reply, ReplyError, ReplyLimits, text},
};

/// The text of a challenge that is not to be shown.
const VEIL: &[u8; 5] = b"***\r\n";

/// Code and separator.
pub(super) const TEXT: usize = 4;

/// What stands at the front is first a part of a reply, then a reply that is known, then one that is
/// lent, then gone. What is too long of it is taken out as it arrives, so that there is always room to
/// read into.
#[derive(Clone, Debug)]
pub(super) struct Inbound<B> {
    buffer: Buffer<B>,
    framer: Framer,
    /// The part that is kept of the reply at the front.
    keep: Keep,
    /// What stands at the front, where that is known and not yet taken.
    framed: Option<Result<usize, ReplyError>>,
    /// Octets at the front that the last event borrows.
    lent: usize,
    /// The octets of the lent challenge that the veil stands in place of.
    veiled: Option<[u8; VEIL.len()]>,
    ended: bool,
}

impl<B: Storage> Inbound<B> {
    pub(super) const fn new(storage: B) -> Self {
        let buffer = Buffer::new(storage);
        let framer = Framer::new();
        Self { buffer, framer, keep: Keep::ALL, framed: None, lent: 0, veiled: None, ended: false }
    }

    pub(super) fn capacity(&self) -> usize {
        self.buffer.capacity()
    }

    /// Whether nothing is held, neither lent nor unread.
    pub(super) const fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Whether the stream has ended.
    pub(super) const fn has_ended(&self) -> bool {
        self.ended
    }

    /// Where to read into; empty while a reply is lent.
    pub(super) fn free(&mut self) -> &mut [u8] {
        if self.lent > 0 { &mut [] } else { self.buffer.free() }
    }

    /// Octets were read into [`free`](Self::free). None are the end of the stream, unless there may
    /// have been no room to read into; the next read tells then.
    pub(super) fn fill(&mut self, n: usize) {
        let had_room = !self.has_front();
        self.buffer.fill(n);
        self.ended |= n == 0 && had_room;
    }

    /// Whether a reply stands at the front, taken or not: nothing may leave before it is read.
    pub(super) const fn has_front(&self) -> bool {
        self.lent > 0 || self.framed.is_some()
    }

    /// Whether there are octets whose meaning is to be found out.
    pub(super) const fn is_unframed(&self) -> bool {
        !self.has_front() && !self.buffer.is_empty()
    }

    /// Looks for the end of the next reply, and drops from it what is not kept.
    pub(super) fn frame(&mut self, limits: &ReplyLimits, keep: Keep) {
        if self.framer.is_at_start() {
            self.keep = keep;
        }
        while self.is_unframed() {
            match self.framer.find(self.buffer.filled(), limits, self.keep) {
                Ok(Found::Part) => return,
                Ok(Found::Surplus(octets)) => self.buffer.remove(octets),
                Ok(Found::Reply(length)) => self.framed = Some(Ok(length)),
                Err(error) => self.framed = Some(Err(error)),
            }
        }
    }

    /// The reply at the front, by its length, or why there is none; `None` while it is incomplete.
    pub(super) const fn framed(&self) -> Option<Result<usize, ReplyError>> {
        self.framed
    }

    /// Lends the reply of this length at the front.
    pub(super) fn lend(&mut self, length: usize) -> Reply<'_> {
        self.framed = None;
        self.lent = length;
        let shown = if self.veiled.is_some() { TEXT + VEIL.len() } else { length };
        Reply::from_frame(&self.buffer.filled()[..shown])
    }

    /// Shows `***` in place of the lent reply's text until [`unveil`](Self::unveil).
    pub(super) fn veil(&mut self) {
        if let Some(start) = self.lent_mut().get_mut(TEXT..TEXT + VEIL.len()) {
            let mut octets = *VEIL;
            start.swap_with_slice(&mut octets);
            self.veiled = Some(octets);
        }
    }

    /// Restores the text behind the veil, if there is one.
    pub(super) fn unveil(&mut self) {
        if let Some(octets) = self.veiled.take() {
            self.lent_mut()[TEXT..TEXT + VEIL.len()].copy_from_slice(&octets);
        }
    }

    /// The octets that are lent.
    pub(super) fn lent(&self) -> &[u8] {
        &self.buffer.filled()[..self.lent]
    }

    /// The text of each line of the lent reply; `None` for a line that was cut.
    pub(super) fn texts(&self) -> impl Iterator<Item = Option<&[u8]>> {
        let (keep, mut end) = (self.keep, 0);
        Reply::from_frame(self.lent()).whole_lines().map(move |line| {
            let start = end;
            end += line.len();
            (line.len() <= keep.line(start)).then(|| text(line))
        })
    }

    pub(super) fn lent_mut(&mut self) -> &mut [u8] {
        &mut self.buffer.filled_mut()[..self.lent]
    }

    pub(super) const fn has_lent(&self) -> bool {
        self.lent > 0
    }

    pub(super) fn drop_lent(&mut self) {
        self.buffer.consume(self.lent);
        (self.lent, self.veiled) = (0, None);
    }

    /// What is held behind the reply that is lent.
    pub(super) fn unread(&self) -> &[u8] {
        &self.buffer.filled()[self.lent..]
    }

    pub(super) fn unread_mut(&mut self) -> &mut [u8] {
        &mut self.buffer.filled_mut()[self.lent..]
    }

    /// Whether the reply of which a part has come may start with these digits.
    pub(super) fn may_be(&self, digits: &[u8]) -> bool {
        self.unread().iter().zip(digits).all(|(octet, digit)| octet == digit)
    }

    #[cfg(feature = "model")]
    pub(super) fn facts(&self, out: &mut impl core::fmt::Write) -> core::fmt::Result {
        let Self { buffer, framer, keep, framed, lent, veiled, ended } = self;
        let octets = buffer.filled().escape_ascii();
        write!(out, "<{octets} {framer:?} {keep:?} {framed:?} {lent} {veiled:?} {ended}")
    }
}
