//! For the model in `smtp-proto/model`: copies of a client, and all that its behaviour depends on.
//!
//! Two clients of one configuration and one set of buffer sizes whose [`facts`](Client::facts) are
//! the same text behave the same from there on. What is left out says so; the patterns name every
//! field, so that a new one has to be thought about here.

use core::fmt::{self, Write};

use super::{Client, Storage};

impl<B: Storage + Clone> Client<B>
where
    B::Slots: Clone,
{
    /// The same session once more. Only one of the two can go on in earnest.
    #[doc(hidden)]
    #[must_use]
    pub fn fork(&self) -> Self {
        Self {
            session: self.session.clone(),
            transactions: self.transactions.clone(),
            inbox: self.inbox.clone(),
            pipeline: self.pipeline.clone(),
            ..*self
        }
    }
}

impl<B: Storage> Client<B> {
    /// Writes all that the client's further behaviour depends on.
    #[doc(hidden)]
    pub fn facts(&self, out: &mut impl Write) -> fmt::Result {
        let Self {
            // Never changes.
            config: _,
            session,
            auth,
            transactions,
            inbox,
            pipeline,
            end,
            // Only counted, for a driver's time limits.
            waits: _,
        } = self;
        inbox.facts(out)?;
        pipeline.facts(out)?;
        session.facts(out)?;
        transactions.facts(out)?;
        write!(out, " {auth:?} {end:?}")
    }
}
