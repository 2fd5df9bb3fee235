//! Stuffing without copying: slices of the message.

use core::iter::FusedIterator;

use super::stuff::{ContentError, Step, Stuffer};

/// The octets that [`Stuffer::stuff`] would write, as slices of the input and of constants. Nothing is copied.
///
/// Use it for vectored writes. If dots are dense the slices are short: a caller whose list of slices fills up should
/// copy instead.
///
/// Each slice counts as sent when it is yielded. If the iterator is dropped early, [`Pieces::rest`] is still to be
/// sent.
#[derive(Debug)]
pub struct Pieces<'a, 's> {
    stuffer: &'s mut Stuffer,
    rest: &'a [u8],
    failed: bool,
}

impl Stuffer {
    /// Returns the next octets of the message as slices. Afterwards, call it with more input, or call
    /// [`Stuffer::finish`].
    ///
    /// If an octet cannot be sent, the iterator yields the octets before it, then the error, then nothing. No slice
    /// is empty.
    ///
    /// ```
    /// use smtp_proto::stuffing::{Newlines, Stuffer};
    ///
    /// let mut stuffer = Stuffer::new(Newlines::Normalise, false);
    /// let pieces: Result<Vec<_>, _> = stuffer.pieces(b"Hi\r\n.hidden\r\n").collect();
    /// assert_eq!(pieces?, [&b"Hi\r\n"[..], b"..", b"hidden\r\n"]);
    /// # Ok::<(), smtp_proto::stuffing::ContentError>(())
    /// ```
    pub const fn pieces<'a, 's>(&'s mut self, input: &'a [u8]) -> Pieces<'a, 's> {
        Pieces { stuffer: self, rest: input, failed: false }
    }
}

impl<'a> Pieces<'a, '_> {
    /// The input that has not been yielded yet.
    #[must_use]
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    fn next_piece(&mut self) -> Result<Option<&'a [u8]>, ContentError> {
        self.stuffer.check_open(self.rest)?;
        loop {
            let owed = self.stuffer.take_owed();
            if !owed.is_empty() {
                return Ok(Some(owed));
            }
            let clean = self.stuffer.take_clean(self.rest);
            if !clean.is_empty() {
                self.rest = &self.rest[clean.len()..];
                return Ok(Some(clean));
            }
            let Some((octet, after)) = self.rest.split_first() else { return Ok(None) };
            match self.stuffer.step(*octet)? {
                Step::Wait => {}
                Step::Absorb => self.rest = after,
                Step::Copy => {
                    self.rest = after;
                    return Ok(Some(core::slice::from_ref(octet)));
                }
            }
        }
    }
}

impl<'a> Iterator for Pieces<'a, '_> {
    type Item = Result<&'a [u8], ContentError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let piece = self.next_piece();
        self.failed = piece.is_err();
        piece.transpose()
    }
}

impl FusedIterator for Pieces<'_, '_> {}
