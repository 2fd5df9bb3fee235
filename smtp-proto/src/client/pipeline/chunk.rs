//! Chunks (RFC 3030). A chunk is filled behind room for its command, which is written when its size is known: so a
//! chunk, its command and what is before it leave in one write, and no octet of it is copied again.

use crate::command::Command;

use super::{MAX_ENDING, Pipeline, Slot, Storage, Verb};

/// Room for the command of a chunk: `BDAT`, a size of up to ten digits, `LAST`, CRLF.
pub(super) const CHUNK_COMMAND: usize = 22;

impl<B: Storage> Pipeline<B> {
    /// The octets of the chunk that is being filled.
    pub(in crate::client) const fn chunk_len(&self) -> usize {
        match self.chunk {
            Some(length) => length,
            None => 0,
        }
    }

    /// Returns whether the end of a content fits the chunk that is being filled, or a new one.
    pub(in crate::client) fn has_room_for_last_chunk(&self) -> bool {
        let command = if self.chunk.is_some() { 0 } else { CHUNK_COMMAND };
        self.room() >= command + MAX_ENDING
    }

    /// Lets `write` add octets to the chunk that is being filled, or to a new one.
    pub(in crate::client) fn push_chunk(&mut self, write: impl FnOnce(&mut [u8]) -> Option<usize>) {
        if self.chunk.is_none() {
            if self.room() <= CHUNK_COMMAND {
                return;
            }
            self.octets.free();
            self.octets.fill(CHUNK_COMMAND);
            self.chunk = Some(0);
        }
        let written = write(self.free()).unwrap_or(0);
        self.octets.fill(written);
        self.chunk = self.chunk.map(|length| length + written);
    }

    /// Puts the command before the chunk that was filled; both are held back.
    pub(in crate::client) fn close_chunk(&mut self, last: bool) {
        let Some(length) = self.chunk.take() else { return };
        let mut command = [0; CHUNK_COMMAND];
        let bdat = Command::Bdat { size: length as u64, last };
        let Some(written) = bdat.encode(&mut command) else { return };
        let start = self.octets.len() - length - CHUNK_COMMAND;
        let unused = CHUNK_COMMAND - written;
        let octets = self.octets.held_mut();
        // The room that the command does not need is closed from the side where less is to be moved.
        if start <= length {
            octets[start + unused..][..written].copy_from_slice(&command[..written]);
            octets.copy_within(..start, unused);
            self.octets.drop_front(unused);
        } else {
            octets[start..][..written].copy_from_slice(&command[..written]);
            octets.copy_within(start + CHUNK_COMMAND.., start + written);
            self.octets.truncate(start + written + length);
        }
        let verb = if last { Verb::LastChunk } else { Verb::Chunk };
        self.slots.push(Slot::chunk(verb, written, length));
    }
}
