//! Which recipients of the transaction at hand were accepted: with LMTP, each gets a verdict.

use crate::buffer::Storage;

/// One bit for each recipient.
#[derive(Clone, Debug)]
pub(super) struct Accepted<B> {
    bits: B,
}

impl<B: Storage> Accepted<B> {
    pub(super) const fn new(bits: B) -> Self {
        Self { bits }
    }

    /// How many recipients can be told apart.
    pub(super) fn capacity(&self) -> usize {
        self.bits.as_ref().len() * 8
    }

    pub(super) fn clear(&mut self) {
        self.bits.as_mut().fill(0);
    }

    pub(super) fn set(&mut self, recipient: u32) {
        if let Some(octet) = self.bits.as_mut().get_mut(recipient as usize / 8) {
            *octet |= 1 << (recipient % 8);
        }
    }

    /// The first accepted recipient, who is one no more.
    pub(super) fn take_first(&mut self) -> Option<u32> {
        let bits = self.bits.as_mut();
        let at = bits.iter().position(|&octet| octet != 0)?;
        let bit = bits[at].trailing_zeros();
        bits[at] &= bits[at] - 1;
        u32::try_from(at * 8).ok().map(|first| first + bit)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bits.as_ref().iter().all(|&octet| octet == 0)
    }

    #[cfg(feature = "model")]
    pub(super) fn facts(&self, out: &mut impl core::fmt::Write) -> core::fmt::Result {
        write!(out, "!{:?}", self.bits.as_ref())
    }
}
