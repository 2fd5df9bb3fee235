//! Octets from the client: command lines and content, lent to the application one line or piece at a time.

use zeroize::Zeroize;

use crate::{buffer::Octets, transport::Incoming};

use super::line::{Found, LineFramer};

/// Octets that have come and are not taken yet.
#[derive(Debug)]
pub(super) struct Intake<B: Octets> {
    octets: Incoming<B>,
    framer: LineFramer,
    /// The line at the front, if there is one.
    found: Found,
}

impl<B: Octets> Intake<B> {
    pub(super) fn new(storage: B) -> Self {
        Self {
            octets: Incoming::new(storage),
            framer: LineFramer::default(),
            found: Found::Incomplete,
        }
    }

    // --- transport ---

    /// Free storage to read into; empty while something is lent.
    pub(super) fn free(&mut self) -> &mut [u8] {
        self.octets.free()
    }

    /// Octets were read into [`free`](Self::free); none are the end of the stream.
    pub(super) fn fill(&mut self, n: usize) {
        self.octets.fill(n);
        if n == 0 {
            self.octets.end();
        }
    }

    pub(super) const fn has_ended(&self) -> bool {
        self.octets.has_ended()
    }

    /// Returns whether nothing is held, neither lent nor unread.
    pub(super) const fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    /// Returns whether octets have come behind what is lent.
    pub(super) fn has_unread(&self) -> bool {
        !self.octets.unread().is_empty()
    }

    /// Drops everything: the session is over.
    pub(super) fn clear(&mut self) {
        self.octets.clear();
    }

    // --- lines ---

    /// Looks for the end of the next line, and drops what has come of one that is too long.
    pub(super) fn look(&mut self, limit: usize) {
        if self.has_line() || self.octets.has_lent() {
            return;
        }
        let limit = limit.min(self.octets.capacity());
        self.found = self.framer.frame(self.octets.held(), limit);
        if let Found::Excess(length) = self.found {
            self.octets.remove(0..length);
        }
    }

    /// Returns whether a line stands at the front, or the end of one that was too long.
    pub(super) const fn has_line(&self) -> bool {
        matches!(self.found, Found::Line(_) | Found::EndOfExcess(_))
    }

    /// The line at the front with its line end, before it is taken; `None` where there is none.
    pub(super) fn pending_line(&self) -> Option<&[u8]> {
        let Found::Line(length) = self.found else { return None };
        self.octets.held().get(..length)
    }

    /// Lends the line at the front, or the end of one that was too long.
    pub(super) fn take_line(&mut self) -> Found {
        let found = core::mem::replace(&mut self.found, Found::Incomplete);
        if let Found::Line(length) | Found::EndOfExcess(length) = found {
            self.octets.lend(length);
        }
        found
    }

    /// The line that is lent, without its CRLF; `None` when it has only LF.
    pub(super) fn line(&self) -> Option<&[u8]> {
        self.octets.lent().strip_suffix(b"\r\n")
    }

    // --- content ---

    /// All that is held, of which nothing is lent while content comes.
    pub(super) fn held(&self) -> &[u8] {
        self.octets.held()
    }

    /// Lends the first `n` octets.
    pub(super) const fn lend(&mut self, n: usize) {
        self.octets.lend(n);
    }

    pub(super) fn lent(&self) -> &[u8] {
        self.octets.lent()
    }

    pub(super) fn lent_mut(&mut self) -> &mut [u8] {
        self.octets.lent_mut()
    }

    pub(super) const fn has_lent(&self) -> bool {
        self.octets.has_lent()
    }

    pub(super) fn drop_lent(&mut self) {
        self.octets.drop_lent();
    }

    /// Wipes what is lent, and what buffering has left of it elsewhere.
    pub(super) fn wipe_lent(&mut self) {
        self.octets.lent_mut().zeroize();
        self.octets.unused().zeroize();
    }
}

impl<B: Octets> Drop for Intake<B> {
    /// Wipes what may hold credentials.
    fn drop(&mut self) {
        self.octets.held_mut().zeroize();
        self.octets.unused().zeroize();
    }
}
