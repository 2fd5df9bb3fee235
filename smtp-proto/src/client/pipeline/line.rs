//! A command line that is written in parts, of which some are secret.

use super::{Pipeline, Slot, Storage, Verb};

/// A line behind what is held. It counts once it is [committed](Self::commit); else it is taken back and wiped.
pub(in crate::client) struct Line<'p, B: Storage> {
    pipeline: &'p mut Pipeline<B>,
    start: usize,
}

impl<B: Storage> Pipeline<B> {
    /// Begins a line.
    pub(in crate::client) fn line(&mut self) -> Line<'_, B> {
        let start = self.octets.len();
        Line { pipeline: self, start }
    }
}

impl<B: Storage> Line<'_, B> {
    /// The number of octets so far.
    pub(in crate::client) const fn len(&self) -> usize {
        self.pipeline.octets.len() - self.start
    }

    /// Adds octets; `false` when they do not fit.
    pub(in crate::client) fn push(&mut self, octets: &[u8]) -> bool {
        let written = self.pipeline.write(|output| {
            output.get_mut(..octets.len())?.copy_from_slice(octets);
            Some(octets.len())
        });
        written.is_some()
    }

    /// Lets `write` add octets that are a secret; `false` when it has not.
    pub(in crate::client) fn push_secret(
        &mut self,
        write: impl FnOnce(&mut [u8]) -> Option<usize>,
    ) -> bool {
        let Some(written) = self.pipeline.write(write) else { return false };
        let end = self.pipeline.octets.end();
        self.pipeline.secret.say(end - written..end);
        true
    }

    /// Takes octets back, all but the first `length`.
    pub(in crate::client) fn truncate(&mut self, length: usize) {
        self.pipeline.truncate(self.start + length);
    }

    /// Makes it a command, which is held back until it is released; `false` where no more can be in flight.
    pub(in crate::client) fn commit(mut self, verb: Verb) -> bool {
        if !self.pipeline.slots.has_room() {
            return false;
        }
        self.pipeline.slots.push(Slot::new(verb, self.len()));
        self.start = self.pipeline.octets.len();
        true
    }
}

impl<B: Storage> Drop for Line<'_, B> {
    fn drop(&mut self) {
        if self.len() > 0 {
            self.truncate(0);
        }
    }
}
