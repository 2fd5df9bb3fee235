//! The errors of a session, and the side that causes each.

use core::fmt;
use std::{io, sync::Arc};

use smtp_proto::{
    client::{Authentication, End, Hint, Misuse, Phase, Refusal, When},
    hello::Extensions,
    reply::{Code, Escaped, OwnedReply},
};

use crate::{MailError, TlsError};

/// The reason why a call failed. Cheap to clone: a session that is over returns the same error from every call.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Error {
    /// The server could not be reached.
    Connect(Arc<io::Error>),
    /// The stream broke.
    Io {
        /// The phase of the session in which the stream broke.
        phase: Phase,
        /// The error of the stream.
        error: Arc<io::Error>,
    },
    /// The time limit of this phase has passed.
    Timeout(Phase),
    /// TLS failed.
    Tls(TlsError),
    /// The message's content could not be read; it was left unterminated.
    Content(Arc<io::Error>),
    /// The session is over.
    Ended {
        /// The reason.
        end: End,
        /// The reply that ended it, where one did.
        reply: Option<OwnedReply>,
        /// The start of a reply that the server did not complete, control characters escaped: a diagnosis, no
        /// verdict.
        unfinished: Option<String>,
    },
    /// Refused here, before anything was written.
    Refused(Refusal),
    /// The server did not take the credentials.
    Authentication {
        /// The result of the authentication exchange.
        verdict: Authentication,
        /// The server's last reply.
        reply: Option<OwnedReply>,
        /// More about the failure, control characters escaped: the server's text about a token (JSON, RFC 7628 3.2.2),
        /// or the error in its SCRAM messages.
        details: Option<String>,
    },
    /// The system has no random numbers.
    Random(Arc<io::Error>),
    /// A builder's message that cannot be sent as it is; nothing was written.
    Mail(Arc<MailError>),
    /// The connection pool is closed.
    Closed,
}

impl Error {
    /// Returns the way in which the session ended, if the core knows it.
    #[must_use]
    pub const fn end(&self) -> Option<End> {
        match self {
            Error::Ended { end, .. } => Some(*end),
            Error::Io { phase, .. } | Error::Timeout(phase) => Some(End::Aborted(*phase)),
            Error::Tls(_) => Some(End::Aborted(Phase::Tls)),
            Error::Content(_) => Some(End::ContentFailed),
            Error::Connect(_)
            | Error::Refused(_)
            | Error::Authentication { .. }
            | Error::Random(_)
            | Error::Mail(_)
            | Error::Closed => None,
        }
    }

    /// Returns the phase of the session in which the error occurred, if it is known.
    #[must_use]
    pub const fn phase(&self) -> Option<Phase> {
        match self {
            Error::Authentication { .. } => Some(Phase::Auth),
            _ => match self.end() {
                Some(end) => Some(end.phase()),
                None => None,
            },
        }
    }

    /// Returns when the call that failed may be tried again.
    ///
    /// A call on a session that was already over may be tried again over a new connection: nothing of its message was
    /// sent. Advice on the message that ended the session is in that message's
    /// [`Outcome`](smtp_proto::client::Outcome).
    #[must_use]
    pub fn retry(&self) -> When {
        match self {
            Error::Connect(_) | Error::Tls(_) | Error::Random(_) | Error::Closed => When::Later,
            Error::Mail(_) => When::Never,
            Error::Refused(refusal) => refusal.retry(),
            Error::Content(_) => End::ContentFailed.retry(),
            Error::Ended { end, .. } => end.retry(),
            Error::Io { phase, .. } | Error::Timeout(phase) => End::Aborted(*phase).retry(),
            Error::Authentication { verdict: Authentication::Refused(code), .. } => {
                When::of_code(*code)
            }
            Error::Authentication { reply, .. } => {
                When::of_code(reply.as_ref().map_or(Code::BAD_CREDENTIALS, OwnedReply::code))
            }
        }
    }

    /// Returns the change to make before the next attempt, if there is one, for a session that used the extensions
    /// [`used`](smtp_proto::client::Client::used).
    #[must_use]
    pub fn hint(&self, used: Extensions) -> Option<Hint> {
        let said = |reply: &OwnedReply| Hint::of_reply(self.phase()?, &reply.as_reply(), used);
        match self {
            Error::Refused(refusal) => refusal.hint(),
            _ => self.reply().and_then(said).or_else(|| self.end()?.hint(used)),
        }
    }

    /// Adds the text that the server sent within an `AUTH` exchange, as a mechanism has kept it.
    #[must_use]
    pub fn with_details(mut self, said: Option<&[u8]>) -> Self {
        if let Error::Authentication { details, .. } = &mut self {
            *details = said.map(|octets| Escaped(octets).to_string());
        }
        self
    }

    /// Adds the reason for which a mechanism has cancelled an `AUTH` exchange.
    #[must_use]
    pub fn with_reason(mut self, reason: Option<impl fmt::Display>) -> Self {
        if let (Error::Authentication { details, .. }, Some(reason)) = (&mut self, reason) {
            *details = Some(reason.to_string());
        }
        self
    }

    /// Returns the server's reply that caused the error, if there was one.
    #[must_use]
    pub const fn reply(&self) -> Option<&OwnedReply> {
        match self {
            Error::Ended { reply, .. } | Error::Authentication { reply, .. } => reply.as_ref(),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Connect(error) => write!(f, "cannot connect: {error}"),
            Error::Io { phase, error } => write!(f, "{phase}: {error}"),
            Error::Timeout(phase) => write!(f, "{phase}: timed out"),
            Error::Tls(error) => write!(f, "tls: {error}"),
            Error::Content(error) => write!(f, "the content cannot be read: {error}"),
            Error::Ended { end, reply: Some(reply), .. } => write!(f, "{end}: {reply}"),
            Error::Ended { end, unfinished: Some(text), .. } => {
                write!(f, "{end} behind \"{text}\"")
            }
            Error::Ended { end, .. } => end.fmt(f),
            Error::Refused(refusal) => refusal.fmt(f),
            // The server's reply to the cancellation does not say why the dialogue was cancelled.
            Error::Authentication { verdict: Authentication::BadChallenge, details, .. } => {
                let separator = if details.is_some() { ": " } else { "" };
                let details = details.as_deref().unwrap_or_default();
                write!(f, "auth: the server's challenge cannot be answered{separator}{details}")
            }
            Error::Authentication { reply: Some(reply), details: Some(details), .. } => {
                write!(f, "auth: the server answered {reply} ({details})")
            }
            Error::Authentication { reply: Some(reply), .. } => {
                write!(f, "auth: the server answered {reply}")
            }
            Error::Authentication { reply: None, .. } => f.write_str("auth: not authenticated"),
            Error::Random(error) => write!(f, "no random numbers: {error}"),
            Error::Mail(error) => error.fmt(f),
            Error::Closed => f.write_str("the pool is closed"),
        }
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Error::Connect(error)
            | Error::Io { error, .. }
            | Error::Content(error)
            | Error::Random(error) => Some(error),
            Error::Tls(error) => Some(error),
            Error::Mail(error) => Some(error),
            Error::Ended { end, .. } => Some(end),
            Error::Refused(refusal) => Some(refusal),
            Error::Timeout(_) | Error::Authentication { .. } | Error::Closed => None,
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Error::Refused(refusal)
    }
}

impl From<Misuse> for Error {
    fn from(misuse: Misuse) -> Self {
        Error::Refused(misuse.into())
    }
}

/// The effect of a failed read or write on the connection.
#[derive(Debug)]
pub enum Failure {
    /// Nothing: the deadline decides whether to go on.
    Retry,
    /// The other side is gone.
    Gone,
    /// The stream is broken in some other way.
    Broken(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind as K;
        match error.kind() {
            K::Interrupted | K::WouldBlock | K::TimedOut => Failure::Retry,
            // A TLS peer that closes without saying so is at the end of its stream, too: SMTP has
            // its own framing, and a reply that is cut short is none.
            K::BrokenPipe | K::ConnectionReset | K::ConnectionAborted | K::UnexpectedEof => {
                Failure::Gone
            }
            _ => Failure::Broken(error),
        }
    }
}
