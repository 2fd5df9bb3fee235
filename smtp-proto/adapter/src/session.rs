//! The state that a client keeps besides its stream: the core, the events it has reported, its transcript, and the
//! error that ended it. Nothing here reads, writes or waits, so it is the same for every runtime.

use core::fmt;
use std::{io, sync::Arc};

use smtp_proto::{
    client::{
        AsEnvelope, Authentication, BufferSizes, Client, Config, End, Journal, Outcome, Phase,
        Refusal, Transaction, Wants,
    },
    reply::{Escaped, OwnedReply},
    transcript::Lines,
};

use crate::{Error, trace};

/// A session without its transport.
pub struct Session {
    /// The state machine, whose octets the driver moves.
    pub proto: Client<Box<[u8]>>,
    /// The server's replies, and the outcomes of messages.
    pub journal: Journal,
    log: Option<Lines>,
    failure: Option<Error>,
}

impl Session {
    /// A session that has yet to begin; `sink` is shown its transcript.
    #[must_use]
    pub fn new(config: Config, sizes: BufferSizes, sink: Option<trace::Sink>) -> Self {
        Self {
            proto: Client::with_sizes(config, sizes),
            journal: Journal::new(),
            log: trace::dialogue(sink).map(Lines::new),
            failure: None,
        }
    }

    /// Returns the error that ended the session, if one did.
    #[must_use]
    pub const fn failure(&self) -> Option<&Error> {
        self.failure.as_ref()
    }

    /// Returns an error if the session has failed.
    ///
    /// # Errors
    /// The error that ended the session.
    pub fn check(&self) -> Result<(), Error> {
        self.failure.clone().map_or(Ok(()), Err)
    }

    /// Records all events. The core's `end` reports an error of the peer as well.
    pub fn take_events(&mut self) {
        while let Ok(Some(event)) = self.proto.poll_event() {
            self.journal.record(&event);
            if let (Some(log), Some(reply)) = (&mut self.log, event.reply()) {
                log.received(reply);
            }
        }
    }

    /// Takes note that so many octets have left.
    ///
    /// # Errors
    /// There were not so many.
    pub fn transmitted(&mut self, n: usize) -> Result<(), Error> {
        if let Some(log) = &mut self.log {
            self.proto.transmit_spans(n).for_each(|span| log.sent(span));
        }
        Ok(self.proto.transmitted(n)?)
    }

    /// Begins a message.
    ///
    /// # Errors
    /// The core's; nothing of the message was written.
    pub fn begin(&mut self, envelope: &(impl AsEnvelope + ?Sized)) -> Result<Transaction, Error> {
        let transaction = self.proto.begin(envelope)?;
        self.journal.begin(transaction, envelope.recipient_count());
        Ok(transaction)
    }

    /// Takes the outcome of a message. Each message that began has an outcome.
    pub fn take_outcome(&mut self, transaction: Transaction) -> Option<Outcome> {
        self.journal.take_outcome_of(transaction, self.proto.end())
    }

    /// Ends the content. If it is shorter than its envelope declares, the session is aborted, because the rest does not
    /// exist.
    ///
    /// # Errors
    /// The core's.
    pub fn finish(&mut self) -> Result<(), Error> {
        let done = self.proto.finish();
        if let Err(Refusal::ContentTooShort { .. }) = done {
            self.proto.content_failed().ok();
        }
        Ok(done?)
    }

    /// Takes note that the content cannot be read; what it is the error of.
    pub fn content_failed(&mut self, error: io::Error) -> Error {
        self.proto.content_failed().ok();
        let error = Error::Content(Arc::new(error));
        trace::failed(&error);
        self.failure.get_or_insert(error).clone()
    }

    /// The place of the mechanism that the server has taken in the caller's list. A verdict counts whatever ended the
    /// session behind it, as `done` says.
    ///
    /// # Errors
    /// [`Error::Authentication`]: none was taken; why the session ended before that was known.
    pub fn authenticated(&self, done: Result<Wants, Error>) -> Result<usize, Error> {
        match self.proto.authentication() {
            Authentication::Done(index) => Ok(index),
            Authentication::None | Authentication::Unproven if done.is_err() => done.map(|_| 0),
            verdict => Err(Error::Authentication {
                verdict,
                reply: self.journal.last_answer().map(|(_, reply)| reply.clone()),
                details: None,
            }),
        }
    }

    /// Returns the reply to a command outside a message. A reply that has arrived counts, even if the session has ended
    /// after it with the error in `done`. For an accepted `XCLIENT`, it is the reply that opens the session anew.
    ///
    /// # Errors
    /// The error that ended the session before the reply arrived.
    pub fn answered(&self, before: u64, done: Result<(), Error>) -> Result<OwnedReply, Error> {
        let answer = self.journal.last_answer().filter(|_| self.journal.answer_count() > before);
        match (answer, done) {
            (Some((phase, reply)), Err(error)) if !is_last_word(phase, reply) => Err(error),
            (Some((_, reply)), _) => Ok(reply.clone()),
            (None, done) => Err(done.err().unwrap_or(Error::Closed)),
        }
    }

    /// Aborts the session, because it is unknown which command the next reply would belong to. Returns the first error
    /// that ended the session.
    pub fn fail(&mut self, error: Error) -> Error {
        self.proto.abort();
        self.take_events();
        trace::failed(&error);
        self.failure.get_or_insert(error).clone()
    }

    /// Ends the session if it is still open, and returns the error that ended it.
    pub fn ended(&mut self) -> Error {
        let end = self.proto.end().unwrap_or_else(|| self.proto.abort());
        if let Some(failure) = &self.failure {
            return failure.clone();
        }
        let error = Error::Ended {
            end,
            reply: self.journal.last_words(end).cloned(),
            unfinished: self.unfinished(end),
        };
        if end != End::Quit {
            trace::failed(&error);
        }
        self.failure.insert(error).clone()
    }
}

impl Session {
    /// Returns the start of the reply that was incomplete when the stream ended.
    fn unfinished(&self, end: End) -> Option<String> {
        let octets = self.proto.unfinished_reply();
        let was_cut = matches!(end, End::Lost(_)) && !octets.is_empty();
        was_cut.then(|| Escaped(octets.trim_ascii_end()).to_string())
    }
}

/// Returns whether no further reply belongs to the same command.
fn is_last_word(phase: Phase, reply: &OwnedReply) -> bool {
    let opens = matches!(phase, Phase::XClient | Phase::Hello | Phase::Greeting);
    !opens || reply.code().is_refusal()
}

impl fmt::Debug for Session {
    /// Shows where the session stands and none of its octets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("proto", &self.proto)
            .field("failure", &self.failure)
            .finish_non_exhaustive()
    }
}
