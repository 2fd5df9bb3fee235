//! Errors of the peer, of the caller, and ends that are nobody's fault.

use core::fmt;

use crate::{
    hello::Extension,
    reply::{Code, ReplyError},
    stuffing::ContentError,
};

use super::event::Phase;

/// The peer broke the protocol. The session is over and cannot be used again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum PeerError {
    /// Octets that are no reply, or a reply beyond the limits.
    Malformed {
        /// The command whose reply was awaited.
        phase: Phase,
        /// The fault, and its place.
        error: ReplyError,
    },
    /// A reply whose code says nothing sensible here, such as 250 to DATA.
    UnexpectedCode {
        /// The command that was replied to.
        phase: Phase,
        /// With this code.
        code: Code,
    },
    /// A reply, or a part of one, when nothing had been asked.
    Unsolicited,
    /// Octets behind the 220 to STARTTLS, before the handshake: somebody injects plaintext.
    PlaintextBehindStartTls,
    /// A go-ahead for content after MAIL was refused, or, with LMTP, after every recipient was; a lone
    /// dot would store an empty message, or get no answer.
    GoAheadAfterRefusal,
    /// More challenges than [`Limits::auth_rounds`](super::Limits::auth_rounds), or one after the
    /// dialogue was cancelled.
    TooManyChallenges,
    /// The server took the credentials and did not prove that it knows them, which the mechanism
    /// wants (SCRAM, RFC 5802 3): somebody else may sit there.
    Unproven,
}

impl PeerError {
    /// Returns the phase in which it happened.
    #[must_use]
    pub const fn phase(self) -> Phase {
        match self {
            PeerError::Malformed { phase, .. } | PeerError::UnexpectedCode { phase, .. } => phase,
            PeerError::Unsolicited => Phase::Idle,
            PeerError::PlaintextBehindStartTls => Phase::StartTls,
            PeerError::GoAheadAfterRefusal => Phase::Data,
            PeerError::TooManyChallenges | PeerError::Unproven => Phase::Auth,
        }
    }
}

impl fmt::Display for PeerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PeerError::Malformed { phase: Phase::Greeting, error }
                if error.looks_like() == Some("TLS") =>
            {
                f.write_str("greeting: the server expects TLS from the first octet (implicit TLS)")
            }
            PeerError::Malformed { phase, error } => write!(f, "{phase}: the server sent {error}"),
            PeerError::UnexpectedCode { phase, code } => {
                write!(f, "{phase}: the server answered {code}, which makes no sense there")
            }
            PeerError::Unsolicited => f.write_str("the server spoke without being asked"),
            PeerError::PlaintextBehindStartTls => f.write_str(
                "plaintext behind the answer to STARTTLS: the connection is tampered with",
            ),
            PeerError::GoAheadAfterRefusal => {
                f.write_str("the server asked for content although it had refused the envelope")
            }
            PeerError::TooManyChallenges => {
                f.write_str("the server does not end its AUTH dialogue")
            }
            PeerError::Unproven => {
                f.write_str("the server took the credentials and did not prove that it knows them")
            }
        }
    }
}

impl core::error::Error for PeerError {}

/// The cause for which a session is over, or will be once it has said QUIT.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum End {
    /// The client said QUIT.
    Quit,
    /// The peer broke the protocol.
    Peer(PeerError),
    /// The stream ended while this was waited for.
    Lost(Phase),
    /// The server said 421, or, unasked, 221 or any 4yz.
    ServiceClosing(Phase),
    /// The server refused something the session cannot go on without: greeting, EHLO and HELO,
    /// STARTTLS where it is required, RSET.
    Refused {
        /// The command that was refused.
        phase: Phase,
        /// With this code.
        code: Code,
    },
    /// TLS is required and not offered, or EHLO was refused so that it cannot be.
    TlsUnavailable,
    /// The server refused the content before it was complete; the rest was not sent.
    ContentRefused(Code),
    /// The server refused a message while its content was on its way by BDAT, and may take the octets for commands:
    /// see [`Chunking::InFlight`](super::Chunking::InFlight).
    RefusedInFlight {
        /// The command that was refused.
        phase: Phase,
        /// With this code.
        code: Code,
    },
    /// The caller's content cannot be sent; the message was left unterminated.
    BadContent(ContentError),
    /// The caller could not give the rest of the content, see
    /// [`content_failed`](super::Client::content_failed); the message was left unterminated.
    ContentFailed,
    /// The driver gave up while this was waited for: a time limit, a broken transport, a failed
    /// handshake.
    Aborted(Phase),
}

impl End {
    /// Returns the phase in which the session ended.
    #[must_use]
    pub const fn phase(self) -> Phase {
        match self {
            End::Quit => Phase::Quit,
            End::Peer(error) => error.phase(),
            End::Lost(phase)
            | End::ServiceClosing(phase)
            | End::Aborted(phase)
            | End::Refused { phase, .. }
            | End::RefusedInFlight { phase, .. } => phase,
            End::TlsUnavailable => Phase::StartTls,
            End::ContentRefused(_) | End::BadContent(_) | End::ContentFailed => Phase::Content,
        }
    }

    /// Returns whether replies and commands no longer belong together: the server has said more than was asked, or
    /// what cannot be a reply to what was. A refusal of the same transaction may then be somebody else's.
    pub(super) const fn proves_shift(self) -> bool {
        matches!(self, End::Peer(PeerError::Unsolicited | PeerError::UnexpectedCode { .. }))
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Quit => f.write_str("the session was closed"),
            End::Peer(error) => error.fmt(f),
            End::Lost(phase) => write!(f, "{phase}: the server closed the connection"),
            End::ServiceClosing(phase) => write!(f, "{phase}: the server closes the session"),
            End::Refused { phase, code } => write!(f, "{phase}: the server refused with {code}"),
            End::TlsUnavailable => f.write_str("TLS is required and the server does not offer it"),
            End::ContentRefused(code) => {
                write!(f, "content: the server refused with {code} before it was complete")
            }
            End::RefusedInFlight { phase, code } => {
                write!(
                    f,
                    "{phase}: the server refused with {code} a message whose content was on its way"
                )
            }
            End::BadContent(error) => write!(f, "content: {error}"),
            End::ContentFailed => f.write_str("content: the rest of it could not be read"),
            End::Aborted(phase) => write!(f, "{phase}: given up"),
        }
    }
}

impl core::error::Error for End {}

/// The caller broke the driver's contract; nothing was changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Misuse {
    /// The session is not open for this: the opening is not complete, or the session has ended.
    NotOpen,
    /// A transaction is not yet handed over whole, or an AUTH dialogue is under way.
    Busy,
    /// No content, no envelope or no handshake is wanted now.
    NotWanted,
    /// More octets reported than were lent.
    OutOfBounds,
    /// AUTH after authentication (RFC 4954 4: only once a session).
    AlreadyAuthenticated,
    /// `continue_envelope` with another envelope than the one that was begun.
    OtherEnvelope,
    /// `finish` although `content` had not taken all octets of its last call: they have to be passed again.
    ContentLeft,
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Misuse::NotOpen => "the session is not open",
            Misuse::Busy => "a transaction or an AUTH dialogue is not finished",
            Misuse::NotWanted => "nothing of the kind is wanted now",
            Misuse::OutOfBounds => "more octets than were lent",
            Misuse::AlreadyAuthenticated => "the session is authenticated already",
            Misuse::OtherEnvelope => "this is not the envelope that was begun",
            Misuse::ContentLeft => "octets of the content were not taken and not passed again",
        })
    }
}

impl core::error::Error for Misuse {}

/// Refused here, before anything was written; the session is as it was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Refusal {
    /// The call does not fit the state of the session.
    Misuse(Misuse),
    /// An envelope without recipients.
    NoRecipients,
    /// More recipients than the server takes in one transaction (RCPTMAX, RFC 9422), or, with LMTP,
    /// than [`Buffers::recipients`](super::Buffers::recipients) can tell apart.
    TooManyRecipients {
        /// The number that one transaction may have.
        limit: usize,
    },
    /// Recipients in more domains than the server takes in one transaction (RCPTDOMAINMAX, RFC 9422).
    TooManyDomains {
        /// The number that one transaction may have.
        limit: usize,
    },
    /// The session has had all the transactions that the server takes in one (MAILMAX, RFC 9422).
    TooManyTransactions {
        /// The number that one session may have.
        limit: u32,
    },
    /// A parameter of the caller's own for a server that offers no extensions at all.
    NoExtensions,
    /// The message needs what the server does not offer: SMTPUTF8 for a non-ASCII address,
    /// 8BITMIME for 8-bit content, DSN for NOTIFY.
    NotOffered(Extension),
    /// REQUIRETLS (RFC 8689 4.2.1) in a session without TLS.
    InsecureSession,
    /// A time beyond what the server announced with this extension: too short to deliver by
    /// ([`min_deliver_by`](crate::hello::Capabilities::min_deliver_by)), or too long to hold
    /// ([`hold_limits`](crate::hello::Capabilities::hold_limits)).
    OutsideLimit(Extension),
    /// The message is larger than the server takes (RFC 1870).
    MessageTooLarge {
        /// Octets of the message.
        size: u64,
        /// Octets that the server takes.
        limit: u64,
    },
    /// `finish` before the content has as many octets as its envelope declares (RFC 1870): it was cut short. More can
    /// be passed to `content`; else the session has to be given up.
    ContentTooShort {
        /// Octets that the envelope declares.
        declared: u64,
        /// Octets that there were, every line end counted as two.
        size: u64,
    },
    /// A command that does not fit the transmit buffer of this many octets.
    CommandTooLong {
        /// Octets of the buffer.
        limit: usize,
    },
    /// Credentials would leave in the clear, which the caller did not allow.
    PlaintextAuth,
    /// The server offers none of the caller's mechanisms.
    NoMechanism,
    /// The mechanism cannot carry the caller's credentials: user, password, token or identity have a
    /// NUL, for some mechanisms another control character, or are empty where there has to be
    /// something. A mechanism of SCRAM says more by its `error`.
    Credentials,
    /// Content that cannot be sent. From [`content`](super::Client::content) it comes when a part was written already:
    /// the session has ended, the message unterminated. From [`check`](super::Client::check) nothing was written.
    Content(ContentError),
}

impl From<Misuse> for Refusal {
    fn from(misuse: Misuse) -> Self {
        Refusal::Misuse(misuse)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Misuse(misuse) => misuse.fmt(f),
            Refusal::NoRecipients => f.write_str("no recipients"),
            Refusal::TooManyRecipients { limit } => {
                write!(f, "more than {limit} recipients in one transaction")
            }
            Refusal::TooManyDomains { limit } => {
                write!(f, "recipients in more than {limit} domains in one transaction")
            }
            Refusal::TooManyTransactions { limit } => {
                write!(f, "the server takes {limit} transactions in a session")
            }
            Refusal::NoExtensions => f.write_str("a parameter for a server without extensions"),
            Refusal::NotOffered(extension) => {
                write!(
                    f,
                    "the message needs {}, which the server does not offer",
                    extension.keyword()
                )
            }
            Refusal::InsecureSession => {
                f.write_str("the message requires TLS, which the session does not have")
            }
            Refusal::OutsideLimit(extension) => {
                write!(f, "the time is outside what the server allows for {extension}")
            }
            Refusal::MessageTooLarge { size, limit } => {
                write!(f, "the message has {size} octets, the server takes {limit}")
            }
            Refusal::ContentTooShort { declared, size } => {
                write!(f, "the content has {size} octets, its envelope declares {declared}")
            }
            Refusal::CommandTooLong { limit } => {
                write!(f, "a command does not fit the buffer of {limit} octets")
            }
            Refusal::PlaintextAuth => f.write_str("credentials would leave without TLS"),
            Refusal::NoMechanism => f.write_str("the server offers no mechanism that can be used"),
            Refusal::Credentials => f.write_str(
                "the credentials are empty or have a character that the mechanism cannot carry",
            ),
            Refusal::Content(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Refusal {}
