//! Advice about a failure: the time of another try, and the change to make before it.
//!
//! Judged by codes and enhanced codes. Text is looked at where these do not tell: 530 and 523 may ask for TLS or for
//! something else, and 552 may be about the size of the message or of its header alone.

use core::fmt;

use super::{
    error::{End, Misuse, Refusal},
    event::Phase,
    fate::When,
};
use crate::{
    hello::{Extension, Extensions},
    reply::{Class, Code, EnhancedCode, Reply},
};

/// A change to make before the next try.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[non_exhaustive]
pub enum Hint {
    /// Authenticate first.
    AuthenticationRequired,
    /// Use TLS.
    TlsRequired,
    /// Some recipients are beyond what the server takes at once: send to the
    /// [rest](crate::envelope::Envelope::remaining) in a transaction of their own.
    RetryRemainingInNewTransaction,
    /// Use DATA: several servers refuse BDAT or stall on it although they offer it.
    RetryWithoutChunking,
    /// Send one command at a time: several servers stall or drop although they offer PIPELINING.
    RetryWithoutPipelining,
}

impl Hint {
    /// The hint in lower case, as logs and the `sendmail` command show it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Hint::AuthenticationRequired => "authentication_required",
            Hint::TlsRequired => "tls_required",
            Hint::RetryRemainingInNewTransaction => "retry_remaining_in_new_transaction",
            Hint::RetryWithoutChunking => "retry_without_chunking",
            Hint::RetryWithoutPipelining => "retry_without_pipelining",
        }
    }

    /// The change that a refusal suggests to a session that made use of the extensions
    /// [`used`](super::Client::used). `None` where nothing is known that could help: what the session has already
    /// is not suggested again.
    ///
    /// ```
    /// use smtp_proto::{client::{Hint, Phase}, hello::Extensions, reply::Reply};
    /// let (reply, _) = Reply::parse(b"530 5.7.0 Must issue a STARTTLS command first\r\n")?.unwrap();
    /// let hint = Hint::of_reply(Phase::Mail, &reply, Extensions::EMPTY);
    /// assert_eq!(hint, Some(Hint::TlsRequired));
    /// # Ok::<(), smtp_proto::reply::ReplyError>(())
    /// ```
    #[must_use]
    pub fn of_reply(phase: Phase, reply: &Reply<'_>, used: Extensions) -> Option<Self> {
        let code = reply.code();
        if !code.is_refusal() {
            None
        } else if wants_tls(phase, reply) {
            (!used.contains(Extension::StartTls)).then_some(Hint::TlsRequired)
        } else if code == Code::AUTH_REQUIRED {
            (!used.contains(Extension::Auth)).then_some(Hint::AuthenticationRequired)
        } else {
            let helps = used.contains(Extension::Chunking) && stumbles_over_chunk(phase, reply);
            helps.then_some(Hint::RetryWithoutChunking)
        }
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl End {
    /// Returns when a message may be tried again that the session had not begun when it ended so.
    ///
    /// Whatever ended the session was said of something else: once it was open, a new connection will do. Where it
    /// could not be opened, the next is likely to fare the same for a while.
    #[must_use]
    pub const fn retry(self) -> When {
        match self.phase() {
            Phase::Greeting | Phase::Hello | Phase::StartTls | Phase::Tls | Phase::Auth => {
                When::Later
            }
            _ => When::NewConnectionNow,
        }
    }

    /// The time at which the message may be tried again in whose transaction the session ended so, before its content was
    /// transmitted.
    #[cfg(feature = "alloc")]
    pub(super) const fn retry_of_unfinished(self) -> When {
        match self {
            End::BadContent(_) => When::Never,
            // The server had enough of the connection, not of the message.
            End::Lost(Phase::Idle | Phase::Mail)
            | End::ServiceClosing(Phase::Idle | Phase::Mail) => When::NewConnectionNow,
            // Who breaks the protocol today may be mended, or another host, tomorrow.
            _ => When::Later,
        }
    }

    /// The change that the end of a session suggests which made use of the extensions [`used`](super::Client::used).
    #[must_use]
    pub fn hint(self, used: Extensions) -> Option<Hint> {
        let chunking = used.contains(Extension::Chunking);
        let pipelining = used.contains(Extension::Pipelining);
        match self {
            End::TlsUnavailable => Some(Hint::TlsRequired),
            End::RefusedInFlight { .. } => Some(Hint::RetryWithoutChunking),
            End::ContentRefused(code) if chunking && refuses_chunk(Phase::Content, code) => {
                Some(Hint::RetryWithoutChunking)
            }
            End::Lost(phase) | End::Aborted(phase) => match phase {
                Phase::Content if chunking => Some(Hint::RetryWithoutChunking),
                Phase::Mail | Phase::Rcpt | Phase::Data if pipelining => {
                    Some(Hint::RetryWithoutPipelining)
                }
                // Some send their 354 and stall when content follows an envelope in one piece.
                Phase::Content if pipelining && matches!(self, End::Aborted(_)) => {
                    Some(Hint::RetryWithoutPipelining)
                }
                _ => None,
            },
            _ => None,
        }
    }
}

impl Refusal {
    /// Returns when the same call may succeed.
    #[must_use]
    pub const fn retry(self) -> When {
        match self {
            Refusal::Misuse(Misuse::NotOpen) | Refusal::TooManyTransactions { .. } => {
                When::NewConnectionNow
            }
            Refusal::Misuse(Misuse::Busy) => When::SameConnection,
            _ => When::Never,
        }
    }

    /// The change that the refusal suggests.
    #[must_use]
    pub const fn hint(self) -> Option<Hint> {
        match self {
            Refusal::InsecureSession | Refusal::PlaintextAuth => Some(Hint::TlsRequired),
            Refusal::TooManyRecipients { .. } | Refusal::TooManyDomains { .. } => {
                Some(Hint::RetryRemainingInNewTransaction)
            }
            _ => None,
        }
    }
}

impl Reply<'_> {
    /// Returns whether the server says that there are more recipients than it takes in one transaction: any
    /// refusal with X.5.3 (RFC 3463 3.6), be it 452, 552, 450, 451 or 431.
    ///
    /// 452 and 552 without an enhanced code say so too where they answer RCPT (RFC 5321 4.5.3.1.10);
    /// that is for who knows what was asked.
    #[must_use]
    pub fn is_too_many_recipients(&self) -> bool {
        self.code().is_refusal() && self.enhanced().is_some_and(|enhanced| is(enhanced, 5, 3))
    }
}

/// Recipients that a server has to take in one transaction (RFC 5321 4.5.3.1.8). Only a 552 behind so many may mean
/// that there are too many.
#[cfg(feature = "alloc")]
const LEAST_RECIPIENTS: usize = 100;

/// Returns whether a refusal of RCPT says that there are more recipients than the server takes in one transaction, of whom it
/// has accepted so many: X.5.3 (RFC 3463 3.6), or without an enhanced code 452 (RFC 5321 4.5.3.1.10), 431 (Courier),
/// or 552 (RFC 821) behind as many as every server takes.
#[cfg(feature = "alloc")]
pub(super) fn is_too_many(reply: &Reply<'_>, accepted: usize) -> bool {
    let is_bare = || match reply.code() {
        Code::INSUFFICIENT_STORAGE => true,
        Code::EXCEEDED_STORAGE => accepted >= LEAST_RECIPIENTS,
        code => code.value() == 431,
    };
    reply.is_too_many_recipients() || (reply.enhanced().is_none() && is_bare())
}

/// 538 (RFC 4954), X.7.10, X.7.11; 530 to AUTH; 530 and 523 (RFC 5248) with words about TLS (RFC 3207 4).
fn wants_tls(phase: Phase, reply: &Reply<'_>) -> bool {
    let enhanced = |detail| reply.enhanced().is_some_and(|enhanced| is(enhanced, 7, detail));
    match reply.code() {
        Code::ENCRYPTION_REQUIRED => true,
        Code::AUTH_REQUIRED if phase == Phase::Auth => true,
        Code::AUTH_REQUIRED if names(reply, b"TLS") => true,
        // Courier says 523 of messages that are too large.
        Code::ENCRYPTION_NEEDED if reply.enhanced().is_none() => {
            names(reply, b"TLS") || names(reply, b"encrypt")
        }
        _ => enhanced(10) || enhanced(11),
    }
}

/// Returns whether the text has this word in it, in any case.
fn names(reply: &Reply<'_>, word: &[u8]) -> bool {
    let has_it = |line: &[u8]| line.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word));
    reply.lines().any(has_it)
}

/// Returns whether a refusal may be one of BDAT and not of the message.
fn stumbles_over_chunk(phase: Phase, reply: &Reply<'_>) -> bool {
    if is_about_size(reply) {
        // Office 365 says that of messages it takes by DATA.
        return phase == Phase::Final && names(reply, b"header size");
    }
    refuses_chunk(phase, reply.code())
}

/// 552 (RFC 1870 6.3), X.3.4 (RFC 3463 3.4), 523 of Courier.
fn is_about_size(reply: &Reply<'_>) -> bool {
    let is_too_big = reply.enhanced().is_some_and(|enhanced| is(enhanced, 3, 4));
    matches!(reply.code(), Code::EXCEEDED_STORAGE | Code::ENCRYPTION_NEEDED) || is_too_big
}

/// Refusals of the command, of BDAT in the middle for whatever reason but the size, of its end as a bad command.
fn refuses_chunk(phase: Phase, code: Code) -> bool {
    match phase {
        Phase::Content => code.class() == Class::Permanent && code != Code::EXCEEDED_STORAGE,
        Phase::Final => matches!(code.value(), 500..=504),
        _ => false,
    }
}

fn is(enhanced: EnhancedCode, subject: u16, detail: u16) -> bool {
    (enhanced.subject(), enhanced.detail()) == (subject, detail)
}
