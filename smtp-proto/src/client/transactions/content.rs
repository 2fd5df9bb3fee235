//! Content behind DATA: lines with their dots doubled, then a lone dot (RFC 5321 4.5.2).

use crate::{
    client::{
        Refusal, Storage,
        error::Misuse,
        pipeline::{MAX_ENDING, Pipeline},
        terms::{Terms, Transfer},
    },
    stuffing::{ContentError, Stuffer},
};

use super::{Sending, Transactions};

impl<B: Storage> Transactions<B> {
    /// Begins the content that the server has asked for.
    pub(super) fn start_content(&mut self, terms: &Terms<'_>, out: &mut Pipeline<B>) {
        if let Sending::AwaitingGoAhead(transfer) = self.sending {
            let eight_bit = transfer != Transfer::SevenBit;
            self.sending = Sending::Content(Stuffer::new(terms.config.newlines, eight_bit));
            out.begin_content();
        }
    }

    /// Takes octets of the content; returns the number of those taken. [`Refusal::Content`] is the only error that
    /// changes something: a part of them may be on its way.
    pub(in crate::client) fn content(
        &mut self,
        octets: &[u8],
        terms: &Terms<'_>,
        out: &mut Pipeline<B>,
    ) -> Result<usize, Refusal> {
        let taken = match &mut self.sending {
            Sending::Content(stuffer) => stuff(stuffer, octets, out),
            Sending::Chunks(chunks) => chunks.take(octets, terms, out),
            _ => return Err(Misuse::NotWanted.into()),
        };
        let taken = taken.map_err(Refusal::Content)?;
        self.declared.took(taken, octets.len());
        Ok(taken)
    }

    /// The content is complete. [`Refusal::Content`] is the only error that ends the message.
    pub(in crate::client) fn finish(&mut self) -> Result<(), Refusal> {
        // Tried on a copy: an error has to come from this call.
        let (size, tried, ending) = match &self.sending {
            Sending::Content(stuffer) => {
                (stuffer.size(), can_end(stuffer), Sending::Ending(stuffer.clone()))
            }
            Sending::Chunks(chunks) => {
                (chunks.size(), chunks.can_end(), Sending::EndingChunks(chunks.clone()))
            }
            _ => return Err(Misuse::NotWanted.into()),
        };
        self.declared.check_whole(size)?;
        tried.map_err(Refusal::Content)?;
        self.sending = ending;
        Ok(())
    }

    /// Puts the end of the content behind the content as soon as there is room for all of it.
    pub(super) fn write_ending(&mut self, out: &mut Pipeline<B>) {
        if out.room() < MAX_ENDING {
            return;
        }
        let Sending::Ending(stuffer) = &mut self.sending else { return };
        // CRs at the end of the content are lines, and may need more room than there is.
        out.push_content(|output| Some(stuffer.finish_lines(output)));
        if out.room() >= MAX_ENDING {
            out.end_content(|output| stuffer.finish(output).ok().map(|end| end.produced));
            self.sending = Sending::Idle;
        }
    }
}

fn stuff<B: Storage>(
    stuffer: &mut Stuffer,
    octets: &[u8],
    out: &mut Pipeline<B>,
) -> Result<usize, ContentError> {
    let mut result = Ok(0);
    out.push_content(|output| {
        let progress = stuffer.stuff(octets, output);
        result = progress.map(|progress| progress.consumed);
        progress.ok().map(|progress| progress.produced)
    });
    result
}

/// Checks that the content can end here.
pub(super) fn can_end(stuffer: &Stuffer) -> Result<(), ContentError> {
    stuffer.clone().finish(&mut [0; MAX_ENDING]).map(|_| ())
}
