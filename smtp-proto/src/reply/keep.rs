//! How much of a reply is kept where not all of it has room.

/// Room through which passes what is not kept: the start of a line, and what is read next.
const PASSAGE: usize = 48;

/// Octets that are kept of every line that is kept: code, separator and the longest enhanced code.
const SHORTEST: usize = 16;

/// How much of a reply is kept. What is kept depends on the reply alone, not on how it arrives.
///
/// A line that is longer than it may be is cut, and keeps its LF. From the first on that has no room,
/// lines are passed over up to the last, of which [`SHORTEST`] octets are kept: what is kept is always
/// a reply, with the code and the last line of the one that came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Keep {
    /// Octets of a line with its line end.
    line: usize,
    /// Octets of the whole reply. The last line, and the LF of the one that is cut here, may be beyond.
    reply: usize,
}

impl Keep {
    /// Everything.
    pub(crate) const ALL: Keep = Keep { line: usize::MAX, reply: usize::MAX };

    /// What fits storage of this size. `None` where that is too small to pass anything through: a
    /// reply has to fit it whole.
    pub(crate) const fn within(line: usize, storage: usize) -> Option<Keep> {
        if storage < 2 * PASSAGE {
            return None;
        }
        let line = if line < SHORTEST { SHORTEST } else { line };
        Some(Keep { line, reply: storage - PASSAGE })
    }

    /// Whether a line from `start` to `end` has room, and is kept whole.
    #[inline]
    pub(crate) const fn has_whole(self, start: usize, end: usize) -> bool {
        end - start <= self.line && end <= self.reply && self.has_room(start)
    }

    /// Whether a line that starts here has room, be it the last or not.
    #[inline]
    pub(crate) const fn has_room(self, start: usize) -> bool {
        start + SHORTEST <= self.reply
    }

    /// Octets that are kept of a line that starts here and is not kept whole.
    pub(crate) const fn line(self, start: usize) -> usize {
        let room = if self.has_room(start) { self.reply - start } else { SHORTEST };
        if room < self.line { room } else { self.line }
    }
}
