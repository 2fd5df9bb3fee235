//! The two directions of a connection, as client and server have them: octets that have come and octets that leave.

use core::ops::Range;

use crate::buffer::{Buffer, Octets};

/// Octets from the peer: what stands at the front is lent to the caller, then dropped.
#[derive(Clone, Debug)]
pub(crate) struct Incoming<B> {
    octets: Buffer<B>,
    /// Octets at the front that the last event borrows.
    lent: usize,
    ended: bool,
}

impl<B: Octets> Incoming<B> {
    pub(crate) const fn new(storage: B) -> Self {
        Self { octets: Buffer::new(storage), lent: 0, ended: false }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.octets.capacity()
    }

    /// Returns whether nothing is held, neither lent nor unread.
    pub(crate) const fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    /// Free storage to read into; empty while something is lent, for that must not move.
    pub(crate) fn free(&mut self) -> &mut [u8] {
        if self.lent > 0 { &mut [] } else { self.octets.free() }
    }

    pub(crate) fn fill(&mut self, n: usize) {
        self.octets.fill(n);
    }

    /// Takes note that the stream has ended.
    pub(crate) const fn end(&mut self) {
        self.ended = true;
    }

    pub(crate) const fn has_ended(&self) -> bool {
        self.ended
    }

    /// All that is held, lent and unread.
    pub(crate) fn held(&self) -> &[u8] {
        self.octets.filled()
    }

    pub(crate) fn held_mut(&mut self) -> &mut [u8] {
        self.octets.filled_mut()
    }

    /// Takes octets out of what is held.
    pub(crate) fn remove(&mut self, range: Range<usize>) {
        self.octets.remove(range);
    }

    /// Drops everything.
    pub(crate) fn clear(&mut self) {
        self.octets.consume(usize::MAX);
        self.lent = 0;
    }

    pub(crate) const fn lend(&mut self, n: usize) {
        self.lent = n;
    }

    pub(crate) const fn has_lent(&self) -> bool {
        self.lent > 0
    }

    pub(crate) fn lent(&self) -> &[u8] {
        &self.octets.filled()[..self.lent]
    }

    pub(crate) fn lent_mut(&mut self) -> &mut [u8] {
        &mut self.octets.filled_mut()[..self.lent]
    }

    pub(crate) fn drop_lent(&mut self) {
        self.octets.consume(self.lent);
        self.lent = 0;
    }

    /// Octets behind what is lent.
    pub(crate) fn unread(&self) -> &[u8] {
        &self.octets.filled()[self.lent..]
    }

    pub(crate) fn unread_mut(&mut self) -> &mut [u8] {
        &mut self.octets.filled_mut()[self.lent..]
    }

    /// The storage that holds nothing, wherever something is lent: for wiping what was there.
    pub(crate) fn unused(&mut self) -> &mut [u8] {
        self.octets.free()
    }
}

/// Octets to the peer. They stay here until the transport has taken them.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing<B> {
    octets: Buffer<B>,
    /// Octets at the front that may leave; those behind them are held back.
    ready: usize,
    unflushed: bool,
    /// Octets that have left since the start.
    sent: u64,
}

impl<B: Octets> Outgoing<B> {
    pub(crate) const fn new(storage: B) -> Self {
        Self { octets: Buffer::new(storage), ready: 0, unflushed: false, sent: 0 }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.octets.capacity()
    }

    pub(crate) const fn len(&self) -> usize {
        self.octets.len()
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    /// Octets that still fit.
    pub(crate) fn room(&self) -> usize {
        self.octets.room()
    }

    /// Free storage behind what is there.
    pub(crate) fn free(&mut self) -> &mut [u8] {
        self.octets.free()
    }

    /// Adds `n` octets that stand in [`free`](Self::free) already; they are held back.
    pub(crate) fn fill(&mut self, n: usize) {
        self.octets.fill(n);
    }

    /// Lets the next `n` octets leave.
    pub(crate) fn release(&mut self, n: usize) {
        self.ready = (self.ready + n).min(self.octets.len());
    }

    /// Octets that may leave now.
    pub(crate) fn ready(&self) -> &[u8] {
        &self.octets.filled()[..self.ready]
    }

    pub(crate) const fn has_ready(&self) -> bool {
        self.ready > 0
    }

    /// Forgets the first `n` octets, which have left; no more than are ready.
    pub(crate) fn transmitted(&mut self, n: usize) {
        self.octets.consume(n);
        self.ready -= n;
        self.sent += n as u64;
        self.unflushed |= n > 0;
    }

    pub(crate) const fn sent(&self) -> u64 {
        self.sent
    }

    pub(crate) const fn flushed(&mut self) {
        self.unflushed = false;
    }

    pub(crate) const fn is_unflushed(&self) -> bool {
        self.unflushed
    }

    /// Octets that may leave and those that are held back.
    #[cfg(feature = "model")]
    pub(crate) fn held(&self) -> &[u8] {
        self.octets.filled()
    }

    pub(crate) fn held_mut(&mut self) -> &mut [u8] {
        self.octets.filled_mut()
    }

    /// Drops the first `n` octets, which are held back.
    pub(crate) fn drop_front(&mut self, n: usize) {
        self.octets.consume(n);
    }

    /// Keeps the first `n` octets.
    pub(crate) fn truncate(&mut self, n: usize) {
        self.octets.truncate(n);
        self.ready = self.ready.min(n);
    }

    /// The index in the storage that the next octet gets.
    pub(crate) const fn end(&self) -> usize {
        self.octets.end()
    }

    /// The index in the storage of the first octet.
    pub(crate) const fn start(&self) -> usize {
        self.octets.start()
    }

    /// All the storage, whether anything is held there or not.
    pub(crate) fn storage(&mut self) -> &mut [u8] {
        self.octets.storage()
    }
}
