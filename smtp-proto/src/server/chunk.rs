//! Content in chunks (RFC 3030): BDAT, that many octets, a reply.
//!
//! Whatever is wrong with a chunk, exactly its octets are swallowed before it is answered, so that
//! none of them is ever taken for a command. A refused chunk spoils its transaction until RSET: the
//! chunks behind it, which may be on their way already, get the same answer.

use memchr::memchr2;

use super::{
    Server, Storage,
    answer::Answer,
    error::End,
    poll::Told,
    state::{Stage, Transfer},
};

/// The chunk at hand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Chunk {
    size: u64,
    /// Octets that have yet to come.
    left: u64,
    last: bool,
    /// Why it is not taken.
    refusal: Option<Answer<'static>>,
}

impl Chunk {
    pub(super) const fn new(size: u64, last: bool, refusal: Option<Answer<'static>>) -> Self {
        Self { size, left: size, last, refusal }
    }

    pub(super) const fn is_whole(self) -> bool {
        self.left == 0
    }

    /// How many of the octets that are `there` belong to it.
    fn share(self, there: usize) -> usize {
        usize::try_from(self.left).map_or(there, |left| left.min(there))
    }
}

impl<B: Storage> Server<B> {
    /// BDAT, which is judged already.
    pub(super) fn begin_chunk(&mut self, chunk: Chunk) {
        self.stage = Stage::Chunk(chunk);
        if chunk.refusal.is_some() {
            return;
        }
        let Some(transaction) = &mut self.session.transaction else { return };
        if transaction.transfer != Transfer::Chunks {
            self.content = transaction.new_content();
        }
        transaction.transfer = Transfer::Chunks;
        self.content.announce(chunk.size);
    }

    /// Takes what has come of the chunk, or answers when that was all.
    pub(super) fn take_chunk(&mut self, chunk: Chunk) -> Option<Told> {
        if chunk.is_whole() {
            return self.end_chunk(chunk);
        }
        self.lent = chunk.share(self.receive.len());
        self.stage = Stage::Chunk(Chunk { left: chunk.left - self.lent as u64, ..chunk });
        let config = self.config;
        let octets = &self.receive.filled()[..self.lent];
        let wanted = chunk.refusal.is_none() && self.content.take_chunk(octets, &config);
        wanted.then_some(Told::Content(0))
    }

    fn end_chunk(&mut self, chunk: Chunk) -> Option<Told> {
        if let Some(refusal) = chunk.refusal {
            return self.refuse_chunk(chunk, refusal);
        }
        if chunk.last {
            self.content.end_chunks();
        }
        match self.content.fault(&self.config) {
            Some(fault) => {
                self.refuse_chunk(chunk, fault.answer());
                Some(Told::ContentRefused(fault))
            }
            None if chunk.last => self.conclude(None),
            None => {
                self.await_command();
                self.say_octets(chunk.size);
                None
            }
        }
    }

    fn refuse_chunk(&mut self, chunk: Chunk, refusal: Answer<'static>) -> Option<Told> {
        if chunk.last {
            return self.conclude(Some(refusal));
        }
        if let Some(transaction) = &mut self.session.transaction {
            transaction.transfer = Transfer::Failed(refusal);
        }
        self.await_command();
        self.say_refusal(refusal);
        None
    }

    /// A BDAT that cannot be read: nobody knows which of the octets behind it are commands.
    pub(super) fn lose_framing(&mut self) {
        self.say(Answer::BAD_CHUNK);
        self.finish(End::ChunkSize);
    }

    fn await_command(&mut self) {
        self.stage = Stage::Commands;
        self.look();
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
