//! A ring of entries, one for each command that leaves or waits for its reply.

use super::verb::Verb;

/// The place of one command in flight, in [`Buffers::in_flight`](crate::client::Buffers::in_flight).
///
/// It takes four octets. A program without an allocator makes an array of them:
///
/// ```
/// use smtp_proto::client::Slot;
/// let in_flight = [Slot::EMPTY; 16];
/// # assert_eq!(size_of_val(&in_flight), 64);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Slot {
    pub(super) verb: Verb,
    /// Octets of a `BDAT` command that have yet to leave, in front of its chunk.
    pub(super) command: u8,
    /// Octets that have yet to leave.
    pub(super) length: u16,
}

impl Slot {
    /// A place that holds nothing.
    pub const EMPTY: Slot = Slot::new(Verb::Greeting, 0);

    /// A command, or content, of this many octets.
    pub(super) const fn new(verb: Verb, length: usize) -> Self {
        Self::chunk(verb, 0, length)
    }

    /// A chunk whose command has `command` octets.
    pub(super) const fn chunk(verb: Verb, command: usize, chunk: usize) -> Self {
        #[allow(clippy::cast_possible_truncation, reason = "bounded by MAX_HELD and CHUNK_COMMAND")]
        Self { verb, command: command as u8, length: (command + chunk) as u16 }
    }

    /// Returns whether the server may reply although octets have yet to leave.
    pub(super) const fn may_be_answered(self) -> bool {
        matches!(self.verb, Verb::Content | Verb::Chunk | Verb::LastChunk) && self.command == 0
    }

    /// Takes note that octets have left, at most `n`; returns their number.
    pub(super) fn take(&mut self, n: usize) -> usize {
        let taken = n.min(usize::from(self.length));
        #[allow(clippy::cast_possible_truncation, reason = "no more than `length`")]
        {
            self.length -= taken as u16;
        }
        self.command = u8::try_from(taken).map_or(0, |taken| self.command.saturating_sub(taken));
        taken
    }
}

impl Default for Slot {
    fn default() -> Self {
        Self::EMPTY
    }
}

/// The entries in order: the first `left` have left, the first `released` may, the others are held back.
#[derive(Clone, Debug)]
pub(super) struct Slots<S> {
    ring: S,
    head: usize,
    left: usize,
    released: usize,
    len: usize,
}

impl<S: AsRef<[Slot]> + AsMut<[Slot]>> Slots<S> {
    pub(super) const fn new(ring: S) -> Self {
        Self { ring, head: 0, left: 0, released: 0, len: 0 }
    }

    pub(super) fn has_room(&self) -> bool {
        self.len < self.ring.as_ref().len()
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) const fn left(&self) -> usize {
        self.left
    }

    pub(super) const fn released(&self) -> usize {
        self.released
    }

    pub(super) fn get(&self, index: usize) -> Option<Slot> {
        (index < self.len).then(|| self.ring.as_ref()[self.place(index)])
    }

    pub(super) fn get_mut(&mut self, index: usize) -> Option<&mut Slot> {
        let place = self.place(index);
        if index < self.len { self.ring.as_mut().get_mut(place) } else { None }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Slot> + '_ {
        (0..self.len).map(|index| self.ring.as_ref()[self.place(index)])
    }

    /// Adds an entry that is held back; the caller has checked the room.
    pub(super) fn push(&mut self, slot: Slot) {
        let place = self.place(self.len);
        if let Some(free) = self.ring.as_mut().get_mut(place) {
            *free = slot;
            self.len += 1;
        }
    }

    /// Puts an entry that has left before all others; `false` where there is no room.
    pub(super) fn push_front(&mut self, slot: Slot) -> bool {
        let has_room = self.has_room();
        if has_room {
            self.head = self.place(self.ring.as_ref().len() - 1);
            self.ring.as_mut()[self.head] = slot;
            (self.left, self.released, self.len) = (self.left + 1, self.released + 1, self.len + 1);
        }
        has_room
    }

    /// Takes the first entry out; it counts as left and released no more, if it did.
    pub(super) fn pop(&mut self) -> Option<Slot> {
        let slot = self.get(0)?;
        self.head = self.place(1);
        self.left = self.left.saturating_sub(1);
        self.released = self.released.saturating_sub(1);
        self.len -= 1;
        Some(slot)
    }

    /// Lets the next entry leave.
    pub(super) fn release(&mut self) {
        self.released += 1;
    }

    /// Takes note that the next entry has left.
    pub(super) fn leave(&mut self) {
        self.left += 1;
    }

    /// Drops the entries that are held back.
    pub(super) fn drop_held(&mut self) {
        self.len = self.released;
    }

    fn place(&self, index: usize) -> usize {
        // Neither is longer than the ring.
        let (place, length) = (self.head + index, self.ring.as_ref().len());
        if place < length { place } else { place - length }
    }
}
