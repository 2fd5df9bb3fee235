//! The content of a message: stuffed dots removed, limits kept, the end found.

use memchr::memchr;

use crate::stuffing::Unstuffer;

use super::{Server, Storage, config::Config, event::ContentFault, poll::Told, state::Question};

/// The content at hand. Once something is wrong with it, it is dropped as it comes.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    unstuffer: Unstuffer,
    octets: u64,
    has_nul: bool,
}

/// What one look at the input found.
#[derive(Clone, Copy, Debug)]
struct Piece {
    consumed: usize,
    /// Where acceptable content begins in what is consumed, which it reaches to the end of.
    content: Option<usize>,
    end: bool,
}

impl Content {
    pub(super) const fn octets(&self) -> u64 {
        self.octets
    }

    /// What makes the content unacceptable so far. Which comes first does not depend on how the
    /// content was cut.
    fn fault(&self, config: &Config) -> Option<ContentFault> {
        if self.unstuffer.spoilt().is_some() {
            Some(ContentFault::BareNewline)
        } else if self.has_nul {
            Some(ContentFault::Nul)
        } else {
            config.is_too_large(self.octets).then_some(ContentFault::TooLarge)
        }
    }

    fn take(&mut self, input: &[u8], config: &Config) -> Piece {
        // An error is said once, at the first bare newline; then the same octets go in again.
        let found = self.unstuffer.feed(input).unwrap_or_default();
        self.octets = self.octets.saturating_add(found.content.len() as u64);
        self.has_nul |= memchr(0, found.content).is_some();
        let wanted = !found.content.is_empty() && self.fault(config).is_none();
        let content = wanted.then(|| found.consumed - found.content.len());
        Piece { consumed: found.consumed, content, end: found.end }
    }
}

impl<B: Storage> Server<B> {
    /// Takes what has come of the content.
    pub(super) fn take_content(&mut self) -> Option<Told> {
        let config = self.config;
        let piece = self.content.take(self.receive.filled(), &config);
        self.lent = piece.consumed;
        if piece.end {
            return Some(self.content_ended());
        }
        piece.content.map(Told::Content)
    }

    fn content_ended(&mut self) -> Told {
        match self.content.fault(&self.config) {
            Some(fault) => {
                self.refuse_content(fault);
                Told::ContentRefused(fault)
            }
            None => self.ask(Question::ContentEnd),
        }
    }
}
