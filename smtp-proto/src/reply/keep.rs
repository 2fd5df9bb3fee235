//! The part of a reply that is kept when the reply is longer than its limits or its storage.

/// Room for what is not kept: the start of a line, and the octets that are read next.
const PASSAGE: usize = 48;

/// Octets that are kept of every line that is kept: code, separator and the longest enhanced code.
const SHORTEST: usize = 16;

/// The part of a reply that is kept. It depends on the reply, the limits and the storage alone, not on
/// how the reply is cut into reads.
///
/// A line over the limit is cut, and keeps its LF. From the first line on that has no room, lines are
/// dropped up to the last, of which [`SHORTEST`] octets are kept. So the kept part is always a reply,
/// with the code and the last line of the one that came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Keep {
    /// Octets of a line with its line end.
    line: usize,
    /// Octets of the whole reply. The last line, and the LF of a line that is cut here, may be beyond.
    reply: usize,
}

impl Keep {
    /// Everything.
    pub(crate) const ALL: Keep = Keep { line: usize::MAX, reply: usize::MAX };

    /// The part that fits storage of this size; `None` if the storage is too small for more than a
    /// whole reply.
    pub(crate) const fn within(line: usize, storage: usize) -> Option<Keep> {
        if storage < 2 * PASSAGE {
            return None;
        }
        let line = if line < SHORTEST { SHORTEST } else { line };
        Some(Keep { line, reply: storage - PASSAGE })
    }

    /// Returns whether a line from `start` to `end` has room and is kept whole.
    #[inline]
    pub(crate) const fn has_whole(self, start: usize, end: usize) -> bool {
        end - start <= self.line && end <= self.reply && self.has_room(start)
    }

    /// Returns whether a line that starts here is kept even if it is not the last.
    #[inline]
    pub(crate) const fn has_room(self, start: usize) -> bool {
        start + SHORTEST <= self.reply
    }

    /// Octets that are kept at most, besides the LF, of a line that starts here.
    pub(crate) const fn line(self, start: usize) -> usize {
        let room = if self.has_room(start) { self.reply - start } else { SHORTEST };
        if room < self.line { room } else { self.line }
    }
}
