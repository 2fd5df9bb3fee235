//! The recipients of the current transaction that were accepted: in LMTP, each gets a final reply of its own.

use crate::buffer::Octets;

/// One bit for each recipient.
#[derive(Clone, Debug)]
pub(super) struct Accepted<B> {
    bits: B,
    /// No octet before this one has a bit set, so that none is looked at for each recipient.
    first: usize,
}

impl<B: Octets> Accepted<B> {
    pub(super) const fn new(bits: B) -> Self {
        Self { bits, first: 0 }
    }

    /// The number of recipients that can be told apart.
    pub(super) fn capacity(&self) -> usize {
        self.bits.as_ref().len() * 8
    }

    pub(super) fn clear(&mut self) {
        self.bits.as_mut().fill(0);
        self.first = 0;
    }

    pub(super) fn set(&mut self, recipient: u32) {
        let at = recipient as usize / 8;
        if let Some(octet) = self.bits.as_mut().get_mut(at) {
            *octet |= 1 << (recipient % 8);
            self.first = self.first.min(at);
        }
    }

    /// The first accepted recipient, who is one no more.
    pub(super) fn take_first(&mut self) -> Option<u32> {
        let bits = self.bits.as_mut();
        let at = self.first + bits[self.first..].iter().position(|&octet| octet != 0)?;
        self.first = at;
        let bit = bits[at].trailing_zeros();
        bits[at] &= bits[at] - 1;
        u32::try_from(at * 8).ok().map(|first| first + bit)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bits.as_ref()[self.first..].iter().all(|&octet| octet == 0)
    }

    #[cfg(feature = "model")]
    pub(super) fn facts(&self, out: &mut impl core::fmt::Write) -> core::fmt::Result {
        // Where the first bit is looked for makes no difference.
        let Self { bits, first: _ } = self;
        write!(out, "!{:?}", bits.as_ref())
    }
}
