//! What to do about a failure: when to try again, and what to change.
//!
//! Judged by codes and enhanced codes. Text is looked at in one place, since 530 alone does not tell
//! STARTTLS from AUTH.

use core::fmt;

use super::{
    error::{End, Misuse, Refusal},
    event::Phase,
};
use crate::{
    hello::{Extension, Extensions},
    reply::{Class, Code, EnhancedCode, Reply},
};

/// When the same message may be tried again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Retry {
    /// At once, over this connection, in a transaction of its own.
    SameConnection,
    /// At once, over a new connection: nothing was said against the message.
    NewConnectionNow,
    /// After a while.
    Later,
    /// Not as it is: refused for good, or there is nothing left to try.
    Never,
    /// The content was handed over and nobody knows what became of it: a second try may duplicate.
    MayDuplicate,
}

impl Retry {
    /// The advice in lower case, as logs and the `sendmail` command show it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Retry::SameConnection => "same_connection",
            Retry::NewConnectionNow => "new_connection_now",
            Retry::Later => "later",
            Retry::Never => "never",
            Retry::MayDuplicate => "may_duplicate",
        }
    }

    /// What a reply code says: 4yz is for now, all else does not change by itself.
    #[must_use]
    pub const fn of_code(code: Code) -> Self {
        if matches!(code.class(), Class::Transient) { Retry::Later } else { Retry::Never }
    }
}

impl fmt::Display for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What to change before the next try.
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

    /// What a refusal suggests to a session that made use of the extensions `used`.
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
        if !reply.code().is_refusal() {
            return None;
        }
        match reply.code() {
            _ if is_too_many(phase, reply) => Some(Hint::RetryRemainingInNewTransaction),
            _ if wants_tls(phase, reply) => Some(Hint::TlsRequired),
            Code::AUTH_REQUIRED => Some(Hint::AuthenticationRequired),
            code if used.contains(Extension::Chunking)
                && (refuses_chunk(phase, code) || stumbles_over_chunk(phase, reply)) =>
            {
                Some(Hint::RetryWithoutChunking)
            }
            _ => None,
        }
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl End {
    /// When a message may be tried again that was begun and not answered, or not begun at all.
    #[must_use]
    pub fn retry(self) -> Retry {
        match self {
            End::Lost(Phase::Final) | End::Aborted(Phase::Final) => Retry::MayDuplicate,
            End::Peer(error) if error.phase() == Phase::Final => Retry::MayDuplicate,
            End::TlsUnavailable | End::BadContent(_) => Retry::Never,
            End::Quit | End::Refused { phase: Phase::Rset, .. } | End::Aborted(Phase::Idle) => {
                Retry::NewConnectionNow
            }
            End::Refused { code, .. } | End::ContentRefused(code) => Retry::of_code(code),
            End::Lost(phase) | End::ServiceClosing(phase) if is_between_messages(phase) => {
                Retry::NewConnectionNow
            }
            // Who breaks the protocol today may be mended, or another host, tomorrow.
            End::Peer(_) | End::Lost(_) | End::ServiceClosing(_) | End::Aborted(_) => Retry::Later,
        }
    }

    /// What the end of a session suggests that made use of the extensions `used`.
    #[must_use]
    pub fn hint(self, used: Extensions) -> Option<Hint> {
        let chunking = used.contains(Extension::Chunking);
        let pipelining = used.contains(Extension::Pipelining);
        match self {
            End::TlsUnavailable => Some(Hint::TlsRequired),
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
    /// When the same call may succeed.
    #[must_use]
    pub const fn retry(self) -> Retry {
        match self {
            Refusal::Misuse(Misuse::NotOpen) | Refusal::TooManyTransactions { .. } => {
                Retry::NewConnectionNow
            }
            Refusal::Misuse(Misuse::Busy) => Retry::SameConnection,
            _ => Retry::Never,
        }
    }

    /// What the refusal suggests.
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
    /// Whether the server says that there are more recipients than it takes in one transaction: any
    /// refusal with X.5.3 (RFC 3463 3.6), be it 452, 552, 450, 451 or 431.
    ///
    /// 452 and 552 without an enhanced code say so too where they answer RCPT (RFC 5321 4.5.3.1.10);
    /// that is for who knows what was asked.
    #[must_use]
    pub fn is_too_many_recipients(&self) -> bool {
        self.code().is_refusal() && self.enhanced().is_some_and(|enhanced| is(enhanced, 5, 3))
    }
}

/// The same where it is known what was asked.
pub(super) fn is_too_many(phase: Phase, reply: &Reply<'_>) -> bool {
    let bare = matches!(reply.code(), Code::INSUFFICIENT_STORAGE | Code::EXCEEDED_STORAGE)
        && reply.enhanced().is_none();
    phase == Phase::Rcpt && (bare || reply.is_too_many_recipients())
}

/// Nothing of a message was under way, or only MAIL; a server that closes then had enough of the
/// connection.
const fn is_between_messages(phase: Phase) -> bool {
    matches!(phase, Phase::Idle | Phase::Rset | Phase::Noop | Phase::Mail)
}

/// 538 (RFC 4954), 523 (RFC 5248), X.7.10, X.7.11; 530 to AUTH, or with words about TLS (RFC 3207 4).
fn wants_tls(phase: Phase, reply: &Reply<'_>) -> bool {
    let enhanced = |detail| reply.enhanced().is_some_and(|enhanced| is(enhanced, 7, detail));
    match reply.code() {
        Code::ENCRYPTION_REQUIRED => true,
        // 523 5.3.4 says that the message is too large.
        Code::ENCRYPTION_NEEDED => reply.enhanced().is_none() || enhanced(10) || enhanced(11),
        Code::AUTH_REQUIRED if phase == Phase::Auth || names_tls(reply) => true,
        _ => enhanced(10) || enhanced(11),
    }
}

fn names_tls(reply: &Reply<'_>) -> bool {
    let names = |line: &[u8]| line.windows(3).any(|word| word.eq_ignore_ascii_case(b"TLS"));
    reply.lines().any(names)
}

/// Refusals of the command, of BDAT in the middle for whatever reason, of its end as a bad command.
fn refuses_chunk(phase: Phase, code: Code) -> bool {
    match phase {
        Phase::Content => code.class() == Class::Permanent,
        Phase::Final => matches!(code.value(), 500..=504),
        _ => false,
    }
}

/// 552 5.3.4 to the last chunk: Office 365 says that of messages it takes by DATA.
fn stumbles_over_chunk(phase: Phase, reply: &Reply<'_>) -> bool {
    let too_big = reply.enhanced().is_some_and(|enhanced| is(enhanced, 3, 4));
    phase == Phase::Final && reply.code() == Code::EXCEEDED_STORAGE && too_big
}

fn is(enhanced: EnhancedCode, subject: u16, detail: u16) -> bool {
    (enhanced.subject(), enhanced.detail()) == (subject, detail)
}
