//! A validated address that owns its text.

use alloc::boxed::Box;

use crate::address::Address;

/// A validated address that owns its text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Mailbox {
    text: Box<str>,
    at: usize,
}

impl Mailbox {
    pub(super) fn address(&self) -> Address<'_> {
        Address::validated(&self.text, self.at)
    }
}

impl From<Address<'_>> for Mailbox {
    fn from(address: Address<'_>) -> Self {
        Self { text: address.as_str().into(), at: address.at() }
    }
}
