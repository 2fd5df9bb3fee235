//! Envelopes.

use ::arbitrary::{Arbitrary, Error, Result, Unstructured};

use crate::{
    address::{ForwardPath, ReversePath},
    envelope::{Envelope, OwnedRecipient},
};

use super::with;

impl<'a> Arbitrary<'a> for OwnedRecipient {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let path = ForwardPath::arbitrary(u)?;
        let recipient = Self::new(path.as_str()).map_err(|_| Error::IncorrectFormat)?;
        let recipient = with(u, recipient, Self::with_notify)?;
        let recipient = with(u, recipient, Self::with_orcpt)?;
        with(u, recipient, Self::with_valid_since)
    }
}

impl<'a> Arbitrary<'a> for Envelope {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let from = ReversePath::arbitrary(u)?;
        let envelope = Self::new(from.as_str()).map_err(|_| Error::IncorrectFormat)?;
        let envelope = with(u, envelope, |envelope, size: u64| envelope.with_size(Some(size)))?;
        let envelope = with(u, envelope, Self::with_body)?;
        let envelope = with(u, envelope, Self::with_ret)?;
        let envelope = with(u, envelope, Self::with_envid)?;
        let envelope = with(u, envelope, Self::with_auth)?;
        let envelope = with(u, envelope, Self::with_deliver_by)?;
        let envelope = with(u, envelope, Self::with_priority)?;
        let envelope = with(u, envelope, Self::with_hold)?;
        let envelope = with(u, envelope, |envelope, ()| envelope.with_smtp_utf8())?;
        let mut envelope = with(u, envelope, |envelope, ()| envelope.with_require_tls())?;
        for recipient in u.arbitrary_iter()? {
            envelope.push_recipient(recipient?);
        }
        Ok(envelope)
    }
}
