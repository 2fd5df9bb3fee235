//! For the model in `smtp-proto/model`: copies of a client, and all that its behaviour depends on.
//!
//! Two clients of one configuration and one set of buffer sizes whose [`facts`](Client::facts) are
//! the same text behave the same from there on. What is left out says so; the patterns name every
//! field, so that a new one has to be thought about here.

use core::fmt::{self, Write};

use super::{Client, Storage};

impl<B: Storage + Clone> Client<B> {
    /// The same session once more. Only one of the two can go on in earnest.
    #[doc(hidden)]
    #[must_use]
    pub fn fork(&self) -> Self {
        Self {
            inbound: self.inbound.clone(),
            outbox: self.outbox.clone(),
            queue: self.queue.clone(),
            capabilities: self.capabilities.clone(),
            sending: self.sending.clone(),
            accepted: self.accepted.clone(),
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
            stage,
            secure,
            starttls_refused,
            inbound,
            outbox,
            queue,
            unflushed,
            capabilities,
            offered,
            auth,
            sending,
            begun,
            answering,
            accepted,
            reset_needed,
            end,
            // Only counted, for a driver's time limits.
            waits: _,
        } = self;
        inbound.facts(out)?;
        outbox.facts(out)?;
        queue.facts(out)?;
        let flags = (secure, starttls_refused, unflushed, reset_needed);
        write!(out, "{stage:?} {flags:?} {end:?} {auth:?} {sending:?} {begun:?} {answering:?}")?;
        accepted.facts(out)?;
        write!(out, " {} {offered:?}", capabilities.filled().escape_ascii())
    }
}
