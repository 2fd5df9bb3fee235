//! The content of a message: stuffed dots removed, limits kept, the end found.

use memchr::memchr;

use crate::stuffing::Unstuffer;

use super::{chunk::LineEnds, config::Config, event::ContentFault};

/// The content at hand. Once something is wrong with it, it is dropped as it comes.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    unstuffer: Unstuffer,
    line_ends: LineEnds,
    octets: u64,
    has_nul: bool,
    /// Every octet is fine (RFC 3030 3).
    binary: bool,
}

/// A piece of content that one look at the input found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) consumed: usize,
    /// The offset of acceptable content in what is consumed; it reaches to the end of that.
    pub(super) content: Option<usize>,
    pub(super) end: bool,
}

impl Content {
    pub(super) fn new(binary: bool) -> Self {
        Self { binary, ..Self::default() }
    }

    pub(super) const fn octets(&self) -> u64 {
        self.octets
    }

    /// The fault of the content so far. The first of several does not depend on how the
    /// content was cut.
    pub(super) fn fault(&self, config: &Config) -> Option<ContentFault> {
        if self.unstuffer.spoilt().is_some() || self.line_ends.are_bare() {
            Some(ContentFault::BareNewline)
        } else if self.has_nul {
            Some(ContentFault::Nul)
        } else {
            config.is_too_large(self.octets).then_some(ContentFault::TooLarge)
        }
    }

    pub(super) fn take(&mut self, input: &[u8], config: &Config) -> Piece {
        // An error is said once, at the first bare newline; then the same octets go in again.
        let found = self.unstuffer.feed(input).unwrap_or_default();
        self.octets = self.octets.saturating_add(found.content.len() as u64);
        self.has_nul |= memchr(0, found.content).is_some();
        let wanted = !found.content.is_empty() && self.fault(config).is_none();
        let content = wanted.then(|| found.consumed - found.content.len());
        Piece { consumed: found.consumed, content, end: found.end }
    }

    /// A chunk of so many octets comes. They count at once: none is worth telling of a chunk that
    /// is too large.
    pub(super) const fn announce(&mut self, octets: u64) {
        self.octets = self.octets.saturating_add(octets);
    }

    /// Takes a piece of a chunk, and says whether it is acceptable.
    pub(super) fn take_chunk(&mut self, piece: &[u8], config: &Config) -> bool {
        if !self.binary {
            self.line_ends.feed(piece);
            self.has_nul |= memchr(0, piece).is_some();
        }
        self.fault(config).is_none()
    }

    /// The last chunk has come.
    pub(super) const fn end_chunks(&mut self) {
        self.line_ends.end();
    }
}
