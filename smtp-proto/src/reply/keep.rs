//! The part of a reply that a session keeps if the reply is longer than its limits or its storage.

/// Room for octets that are not kept: the start of a line, and those that are read next.
const PASSAGE: usize = 48;

/// The octets that are kept of every kept line: code, separator and the longest enhanced code.
const SHORTEST: usize = 16;

/// The part of a reply that is kept. It depends only on the reply, the limits and the storage, not on the way the
/// reply is cut into reads.
///
/// A line over the limit is cut, and keeps its LF. From the first line without room on, lines are dropped up to the
/// last one, of which [`SHORTEST`] octets are kept. So the kept part is always a valid reply, with the code and the
/// last line of the original.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Keep {
    /// The greatest number of octets of a line, with its line end.
    line: usize,
    /// The greatest number of octets of the reply. The last line, and the LF of a cut line, may exceed it.
    reply: usize,
}

impl Keep {
    /// No limit.
    pub(crate) const ALL: Keep = Keep { line: usize::MAX, reply: usize::MAX };

    /// The part that fits into storage of this size. Returns `None` if the storage is too small to cut replies, and
    /// only holds whole ones.
    pub(crate) const fn within(line: usize, storage: usize) -> Option<Keep> {
        if storage < 2 * PASSAGE {
            return None;
        }
        let line = if line < SHORTEST { SHORTEST } else { line };
        Some(Keep { line, reply: storage - PASSAGE })
    }

    /// Returns whether the line from `start` to `end` has room, so it is kept whole.
    #[inline]
    pub(crate) const fn has_whole(self, start: usize, end: usize) -> bool {
        end - start <= self.line && end <= self.reply && self.has_room(start)
    }

    /// Returns whether a line that starts here is kept even if it is not the last one.
    #[inline]
    pub(crate) const fn has_room(self, start: usize) -> bool {
        start + SHORTEST <= self.reply
    }

    /// The greatest number of octets, without the LF, that are kept of a line that starts here.
    pub(crate) const fn line(self, start: usize) -> usize {
        let room = if self.has_room(start) { self.reply - start } else { SHORTEST };
        if room < self.line { room } else { self.line }
    }
}
