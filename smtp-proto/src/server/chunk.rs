//! Content in chunks (RFC 3030): BDAT, that many octets, a reply.
//!
//! Whatever is wrong with a chunk, exactly its octets are swallowed before it is answered, so that
//! none of them is ever taken for a command. A refused chunk spoils its transaction until RSET: the
//! chunks behind it, which may be on their way already, get the same answer.

use memchr::memchr2;

use super::answer::Answer;

/// The chunk at hand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Chunk {
    pub(super) size: u64,
    /// Octets that have yet to come.
    left: u64,
    pub(super) last: bool,
    /// The answer with which it is refused, if it is.
    pub(super) refusal: Option<Answer<'static>>,
}

impl Chunk {
    pub(super) const fn new(size: u64, last: bool, refusal: Option<Answer<'static>>) -> Self {
        Self { size, left: size, last, refusal }
    }

    pub(super) const fn is_whole(self) -> bool {
        self.left == 0
    }

    /// Takes as many of the octets that are `there` as belong to it; returns their number.
    pub(super) fn take(&mut self, there: usize) -> usize {
        let taken = usize::try_from(self.left).map_or(there, |left| left.min(there));
        self.left -= taken as u64;
        taken
    }
}

/// Looks for a CR or LF that stands alone, in pieces.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LineEnds {
    after_cr: bool,
    bare: bool,
}

impl LineEnds {
    pub(super) const fn are_bare(self) -> bool {
        self.bare
    }

    pub(super) fn feed(&mut self, mut octets: &[u8]) {
        if self.after_cr && !octets.is_empty() {
            self.after_cr = false;
            match octets.strip_prefix(b"\n") {
                Some(rest) => octets = rest,
                None => self.bare = true,
            }
        }
        while let Some(at) = memchr2(b'\r', b'\n', octets) {
            match octets[at..] {
                [b'\r'] => return self.after_cr = true,
                [b'\r', b'\n', ..] => octets = &octets[at + 2..],
                _ => return self.bare = true,
            }
        }
    }

    /// Nothing follows.
    pub(super) const fn end(&mut self) {
        self.bare |= self.after_cr;
    }
}

#[cfg(test)]
mod tests {
    use super::LineEnds;

    fn are_bare(pieces: &[&[u8]]) -> bool {
        let mut ends = LineEnds::default();
        for piece in pieces {
            ends.feed(piece);
        }
        ends.end();
        ends.are_bare()
    }

    #[test]
    fn a_half_newline_is_bare_in_every_cut() {
        for text in ["", "a", "a\r\nb\r\n", "\r\n\r\n", "\n", "\r", "a\r\n\rb", "\r\r\n", "\r\n\n"]
        {
            let naive = text.replace("\r\n", "").contains(['\r', '\n']);
            for at in 0..=text.len() {
                let (head, tail) = text.as_bytes().split_at(at);
                assert_eq!(are_bare(&[head, &[], tail]), naive, "{text:?} cut at {at}");
            }
        }
    }
}
