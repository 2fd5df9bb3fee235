//! Content by BDAT (RFC 3030): chunks of declared size, nothing stuffed.

use crate::{
    client::{
        Storage,
        config::Chunking,
        pipeline::{MAX_ENDING, Pipeline},
        terms::{Terms, Transfer},
    },
    stuffing::{ContentError, Stuffer},
};

use super::{Sending, Transactions, content::can_end, is_chunk_full, may_ask_more};

/// Turns content into chunks.
#[derive(Clone, Debug)]
pub(super) struct Chunks {
    /// None for binary content, which leaves as it is.
    stuffer: Option<Stuffer>,
    /// Octets of binary content.
    copied: u64,
}

impl Chunks {
    /// The size of the content, if it ended here.
    pub(super) fn size(&self) -> u64 {
        self.stuffer.as_ref().map_or(self.copied, Stuffer::size)
    }

    /// Checks that the content can end here.
    pub(super) fn can_end(&self) -> Result<(), ContentError> {
        self.stuffer.as_ref().map_or(Ok(()), can_end)
    }

    /// Takes content into the chunk that is being filled; returns the number of octets taken.
    pub(super) fn take<B: Storage>(
        &mut self,
        octets: &[u8],
        terms: &Terms<'_>,
        out: &mut Pipeline<B>,
    ) -> Result<usize, ContentError> {
        let left = terms.config.chunk_size.saturating_sub(out.chunk_len());
        let mut result = Ok(0);
        out.push_chunk(|output| {
            let room = output.len().min(left);
            let filled = self.fill(octets, &mut output[..room]);
            result = filled.map(|(taken, _)| taken);
            filled.ok().map(|(_, written)| written)
        });
        result
    }

    /// Puts octets into a chunk; returns how many were taken and how many written.
    fn fill(&mut self, octets: &[u8], output: &mut [u8]) -> Result<(usize, usize), ContentError> {
        if let Some(stuffer) = &mut self.stuffer {
            return stuffer.stuff(octets, output).map(|done| (done.consumed, done.produced));
        }
        let n = octets.len().min(output.len());
        output[..n].copy_from_slice(&octets[..n]);
        self.copied += n as u64;
        Ok((n, n))
    }

    /// Writes lines that the content ends with, see [`Stuffer::finish_lines`]; returns whether that was all.
    fn finish_lines(&mut self, output: &mut [u8]) -> (usize, bool) {
        self.stuffer.as_mut().map_or((0, true), |stuffer| {
            let written = stuffer.finish_lines(output);
            (written, !stuffer.owes())
        })
    }

    /// Ends the last line.
    fn finish(&mut self, output: &mut [u8]) -> Option<usize> {
        match &mut self.stuffer {
            Some(stuffer) => stuffer.finish(output).ok().map(|end| end.produced),
            None => Some(0),
        }
    }
}

impl<B: Storage> Transactions<B> {
    /// Starts the content once all recipients are answered, if anyone is to get it.
    pub(super) fn chunks_if_answered(&mut self, terms: &Terms<'_>, out: &mut Pipeline<B>) {
        let Sending::AwaitingGoAhead(transfer) = self.sending else { return };
        if terms.chunking() != Chunking::AfterRecipients || !out.is_empty() {
            return;
        }
        if self.current.is_wanted() {
            self.start_chunks(transfer, terms);
        } else {
            self.cancel_envelope(out);
            self.end_cancelled(out);
        }
    }

    pub(super) fn start_chunks(&mut self, transfer: Transfer, terms: &Terms<'_>) {
        let newlines = terms.config.newlines;
        let stuffer = match transfer {
            Transfer::SevenBit => Some(Stuffer::for_chunks(newlines, false)),
            Transfer::EightBit => Some(Stuffer::for_chunks(newlines, true)),
            Transfer::Binary => None,
        };
        self.sending = Sending::Chunks(Chunks { stuffer, copied: 0 });
    }

    /// Closes the chunk that is full, or the last one, as far as there is room to do so.
    pub(super) fn write_chunks(&mut self, terms: &Terms<'_>, out: &mut Pipeline<B>) {
        if !out.has_room() {
            return;
        }
        match &mut self.sending {
            Sending::Chunks(_) if is_chunk_full(terms, out) => out.close_chunk(false),
            Sending::EndingChunks(_) if out.has_room_for_last_chunk() => {
                self.end_chunks(terms, out);
            }
            _ => {}
        }
    }

    /// Writes the last chunk. CRs at the end of the content are lines, and may need chunks before it: not very many that
    /// nobody has answered.
    fn end_chunks(&mut self, terms: &Terms<'_>, out: &mut Pipeline<B>) {
        let Sending::EndingChunks(chunks) = &mut self.sending else { return };
        let left = terms.config.chunk_size.saturating_sub(out.chunk_len()).max(MAX_ENDING);
        let (_, mut complete) = chunks.finish_lines(&mut []);
        if !complete && !may_ask_more(out) {
            return;
        }
        out.push_chunk(|output| {
            let room = output.len().min(left);
            let written;
            (written, complete) = chunks.finish_lines(&mut output[..room]);
            Some(written)
        });
        let is_last = complete && out.has_room_for_last_chunk();
        if is_last {
            out.push_chunk(|output| chunks.finish(output));
            self.sending = Sending::Idle;
        }
        out.close_chunk(is_last);
    }
}
