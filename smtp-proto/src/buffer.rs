//! A fixed buffer that fills at its end and drains at its start.

use core::ops::Range;

/// Storage for octets that the caller owns: an array, a slice, a box. Their number must not change.
pub trait Octets: AsRef<[u8]> + AsMut<[u8]> {}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Octets for B {}

/// A buffer in caller-owned storage. It never grows.
#[derive(Clone, Debug)]
pub(crate) struct Buffer<B> {
    storage: B,
    start: usize,
    end: usize,
}

impl<B: Octets> Buffer<B> {
    pub(crate) const fn new(storage: B) -> Self {
        Self { storage, start: 0, end: 0 }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.storage.as_ref().len()
    }

    pub(crate) const fn len(&self) -> usize {
        self.end - self.start
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// The number of octets that still fit.
    pub(crate) fn room(&self) -> usize {
        self.capacity() - self.len()
    }

    pub(crate) fn filled(&self) -> &[u8] {
        &self.storage.as_ref()[self.start..self.end]
    }

    pub(crate) fn filled_mut(&mut self) -> &mut [u8] {
        &mut self.storage.as_mut()[self.start..self.end]
    }

    /// The index in the storage of the first octet.
    pub(crate) const fn start(&self) -> usize {
        self.start
    }

    /// The index in the storage at which the next octet will be written.
    pub(crate) const fn end(&self) -> usize {
        self.end
    }

    /// The whole storage, filled or free.
    pub(crate) fn storage(&mut self) -> &mut [u8] {
        self.storage.as_mut()
    }

    /// Returns all free storage in one piece. Moves the filled octets to the front first if they do not begin there.
    pub(crate) fn free(&mut self) -> &mut [u8] {
        if self.start > 0 {
            self.storage.as_mut().copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        &mut self.storage.as_mut()[self.end..]
    }

    /// Counts the first `n` octets of [`free`](Self::free) as filled. Values beyond the free space count as all of
    /// it.
    pub(crate) fn fill(&mut self, n: usize) {
        self.end = (self.end + n).min(self.capacity());
    }

    /// Drops the first `n` octets, or all if there are fewer.
    pub(crate) fn consume(&mut self, n: usize) {
        self.start += n.min(self.len());
        if self.is_empty() {
            (self.start, self.end) = (0, 0);
        }
    }

    /// Removes the octets of `range`. Moves the shorter of the two parts around them.
    pub(crate) fn remove(&mut self, range: Range<usize>) {
        let behind = self.len() - range.end;
        let octets = self.filled_mut();
        if range.start < behind {
            octets.copy_within(..range.start, range.len());
            self.start += range.len();
        } else {
            octets.copy_within(range.end.., range.start);
            self.end -= range.len();
        }
    }

    /// Drops everything after the first `n` octets.
    pub(crate) fn truncate(&mut self, n: usize) {
        self.end = self.end.min(self.start + n);
    }
}
