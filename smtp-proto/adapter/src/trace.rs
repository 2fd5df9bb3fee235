//! Spans and events of `tracing`, where the feature is on, and nothing where it is not.
//!
//! | what | level | fields |
//! |---|---|---|
//! | span `smtp.send` | INFO | `recipients` |
//! | event in it: what became of the message | INFO, WARN | `verdict`, `accepted`, `reply` |
//! | event: the session is over before its time | WARN | `error` |
//! | target `smtp::dialogue`: a line of the transcript, secrets as `***` | TRACE | |
//!
//! None of them contains a part of a message's content or a secret; text from a server is escaped.

use smtp_proto::client::Outcome;

use crate::Error;

/// Gets the lines of a transcript.
pub type Sink = Box<dyn FnMut(&str) + Send>;

#[cfg(feature = "tracing")]
mod events {
    use smtp_proto::client::Status;
    use tracing::{Level, Span, enabled, info, info_span, trace, warn};

    use super::{Error, Outcome, Sink};

    /// Around one message.
    #[must_use]
    pub fn sending(recipients: usize) -> Span {
        info_span!("smtp.send", recipients)
    }

    /// Records the result of one message.
    pub fn sent(result: &Result<Outcome, Error>) {
        match result {
            Ok(outcome) => {
                let took = |status| outcome.recipients().filter(move |to| to.status() == status);
                let accepted = took(Status::Accepted).count();
                let reply = outcome.reply().map(tracing::field::display);
                let verdict = outcome.verdict();
                if outcome.is_delivered() {
                    info!(?verdict, accepted, reply, "sent");
                } else {
                    warn!(?verdict, accepted, reply, "not sent to everyone");
                }
            }
            Err(error) => warn!(%error, "not sent"),
        }
    }

    /// The session is over before its time.
    pub fn failed(error: &Error) {
        warn!(%error, "the session is over");
    }

    /// A sink that records the transcript, and passes it on.
    #[must_use]
    pub fn dialogue(sink: Option<Sink>) -> Option<Sink> {
        if !enabled!(target: "smtp::dialogue", Level::TRACE) {
            return sink;
        }
        let mut sink = sink;
        Some(Box::new(move |line| {
            trace!(target: "smtp::dialogue", "{line}");
            if let Some(sink) = &mut sink {
                sink(line);
            }
        }))
    }

    pub use tracing::Instrument;
}

#[cfg(not(feature = "tracing"))]
mod events {
    use super::{Error, Outcome, Sink};

    /// Nothing.
    #[derive(Debug)]
    pub struct Span;

    impl Span {
        /// Nothing.
        #[must_use]
        pub const fn entered(self) -> Self {
            self
        }
    }

    /// Nothing.
    pub trait Instrument: Sized {
        /// Itself.
        #[must_use]
        fn instrument(self, _: Span) -> Self {
            self
        }
    }

    impl<F: Future> Instrument for F {}

    #[must_use]
    /// Does nothing without the feature `tracing`.
    pub const fn sending(_recipients: usize) -> Span {
        Span
    }

    /// Does nothing without the feature `tracing`.
    pub const fn sent(_: &Result<Outcome, Error>) {}

    /// Does nothing without the feature `tracing`.
    pub const fn failed(_: &Error) {}

    #[must_use]
    /// Returns the sink as it is.
    pub fn dialogue(sink: Option<Sink>) -> Option<Sink> {
        sink
    }
}

pub use events::{Instrument, dialogue, failed, sending, sent};
