//! BDAT (RFC 3030): content in chunks of declared size, nothing stuffed.
//!
//! A chunk is filled in the transmit buffer behind room for its command, which is written when the
//! size is known. So a chunk, its command and what is before it leave in one write.

use crate::{
    command::Command,
    hello::Extension,
    reply::Code,
    stuffing::{ContentError, Stuffer},
};

use super::{
    Client, Storage,
    config::Chunking,
    error::{End, Refusal},
    event::{Phase, TransactionEnd},
    queue::Verb,
    transaction::{MAX_ENDING, Sending, Transfer, ended},
};

/// How content becomes chunks.
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

    /// Whether the content can end here.
    pub(super) fn ended(&self) -> Result<(), ContentError> {
        self.stuffer.as_ref().map_or(Ok(()), ended)
    }

    /// Puts octets into a chunk; says how many were taken and how many written.
    fn fill(&mut self, octets: &[u8], output: &mut [u8]) -> Result<(usize, usize), ContentError> {
        if let Some(stuffer) = &mut self.stuffer {
            return stuffer.stuff(octets, output).map(|done| (done.consumed, done.produced));
        }
        let n = octets.len().min(output.len());
        output[..n].copy_from_slice(&octets[..n]);
        self.copied += n as u64;
        Ok((n, n))
    }

    /// Writes lines that the content ends with, see [`Stuffer::finish_lines`]; says whether that was all.
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

impl<B: Storage> Client<B> {
    /// Whether, and how, content leaves by BDAT in this session.
    pub(super) fn chunking(&self) -> Chunking {
        match self.config.chunking {
            _ if !self.offered.offers(Extension::Chunking) => Chunking::Off,
            Chunking::InFlight if !self.pipelining() => Chunking::AfterRecipients,
            chunking => chunking,
        }
    }

    /// Ends the session where content is on its way that nobody is to get any more.
    ///
    /// Servers that do not swallow such a chunk take its octets for commands (go-smtp), and their replies would pass
    /// for verdicts on the messages behind it.
    pub(super) fn check_nothing_in_flight(&mut self, phase: Phase, code: Code) {
        let is_for_nobody =
            self.answering.mail_refused || !(self.answering.is_wanted() || self.awaits_recipient());
        if is_for_nobody && self.expects_unread_chunks() && self.queue.front_has_content() {
            self.answering.end(TransactionEnd::Refused);
            self.close(End::RefusedInFlight { phase, code });
        }
    }

    /// Whether chunks leave ahead of replies to a server that may not swallow those it has no use for.
    pub(super) fn expects_unread_chunks(&self) -> bool {
        self.chunking() == Chunking::InFlight && !self.config.swallowed_chunks
    }

    /// Whether a recipient of the transaction whose replies are being read has no reply yet.
    fn awaits_recipient(&self) -> bool {
        let is_being_queued =
            self.answering.in_flight() == 1 && matches!(self.sending, Sending::Envelope { .. });
        is_being_queued || self.queue.front_has_recipient()
    }

    /// Starts the content once all recipients are answered, if anyone is to get it.
    pub(super) fn chunks_if_answered(&mut self) {
        let Sending::AwaitingGoAhead(transfer) = self.sending else { return };
        if self.chunking() != Chunking::AfterRecipients || !self.queue.is_empty() {
            return;
        }
        if self.answering.is_wanted() {
            self.start_chunks(transfer);
        } else {
            self.cancel_envelope();
            self.end_cancelled();
        }
    }

    pub(super) fn start_chunks(&mut self, transfer: Transfer) {
        let newlines = self.config.newlines;
        let stuffer = match transfer {
            Transfer::SevenBit => Some(Stuffer::for_chunks(newlines, false)),
            Transfer::EightBit => Some(Stuffer::for_chunks(newlines, true)),
            Transfer::Binary => None,
        };
        self.sending = Sending::Chunks(Chunks { stuffer, copied: 0 });
    }

    /// Takes content into the chunk at hand, and closes it when it is full.
    pub(super) fn chunk(&mut self, octets: &[u8]) -> Result<usize, Refusal> {
        let left = self.config.chunk_size.saturating_sub(self.outbox.chunk_len());
        let Sending::Chunks(chunks) = &mut self.sending else { return Ok(0) };
        let mut result = Ok(0);
        self.outbox.push_chunk(|output| {
            let room = output.len().min(left);
            let filled = chunks.fill(octets, &mut output[..room]);
            result = filled.map(|(taken, _)| taken);
            filled.ok().map(|(_, written)| written)
        });
        self.make_progress();
        result.map_err(|error| self.bad_content(error))
    }

    /// Closes the chunk that is full, or the last one, as far as there is room to do so.
    pub(super) fn write_chunks(&mut self) {
        if !self.queue.has_room() {
            return;
        }
        let full = self.is_chunk_full();
        match &mut self.sending {
            Sending::Chunks(_) if full => self.close_chunk(),
            Sending::EndingChunks(_) if self.outbox.has_room_for_chunk(MAX_ENDING) => {
                self.end_chunks();
            }
            _ => {}
        }
    }

    /// Writes the last chunk. CRs at the end of the content are lines, and may need chunks before it: not very many that
    /// nobody has answered.
    fn end_chunks(&mut self) {
        let left = self.config.chunk_size.saturating_sub(self.outbox.chunk_len()).max(MAX_ENDING);
        let may_ask_more = self.may_ask_more();
        let Sending::EndingChunks(chunks) = &mut self.sending else { return };
        let (_, mut complete) = chunks.finish_lines(&mut []);
        if !complete && !may_ask_more {
            return;
        }
        self.outbox.push_chunk(|output| {
            let room = output.len().min(left);
            let written;
            (written, complete) = chunks.finish_lines(&mut output[..room]);
            Some(written)
        });
        if complete && self.outbox.has_room_for_chunk(MAX_ENDING) {
            self.outbox.push_chunk(|output| chunks.finish(output));
            self.close_last_chunk();
        } else {
            self.close_chunk();
        }
    }

    fn close_chunk(&mut self) {
        if self.outbox.close_chunk(false, |size, out| encode(size, false, out)).is_some() {
            self.queue.push(Verb::Chunk);
        }
    }

    fn close_last_chunk(&mut self) {
        let closed = self.outbox.close_chunk(true, |size, out| encode(size, true, out));
        let Some(length) = closed else { return };
        // Nothing of an empty chunk can still be on its way when its command has left.
        self.queue.push(if length == 0 { Verb::Final } else { Verb::Content });
        self.sending = Sending::Idle;
    }

    pub(super) fn is_chunk_full(&self) -> bool {
        let length = self.outbox.chunk_len();
        let no_room = self.outbox.room() <= self.outbox.capacity() / 2;
        length > 0 && (no_room || length >= self.config.chunk_size)
    }
}

fn encode(size: u64, last: bool, output: &mut [u8]) -> Option<usize> {
    Command::Bdat { size, last }.encode(output)
}
