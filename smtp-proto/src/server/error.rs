//! Errors of the peer, of the caller, and ends that are nobody's fault.

use core::fmt;

/// The peer broke the protocol so that no reply can mend it. The session is over.
///
/// All else that a client does wrong is answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum PeerError {
    /// Octets behind STARTTLS, before the handshake: somebody injects plaintext (RFC 3207 6).
    PlaintextBehindStartTls,
}

impl fmt::Display for PeerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PeerError::PlaintextBehindStartTls => {
                f.write_str("plaintext behind STARTTLS: the connection is tampered with")
            }
        }
    }
}

impl core::error::Error for PeerError {}

/// A call that does not fit the state. Nothing was changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Misuse {
    /// More octets than were there, or than fit.
    OutOfBounds,
    /// The call was not wanted, see [`Server::wants`](super::Server::wants).
    NotWanted,
    /// No event waits for an answer.
    NoQuestion,
    /// The code of the answer makes no sense here: 354 is for DATA alone, DATA has no 2yz, and neither
    /// has an exchange, where success is for [`Server::authenticate`](super::Server::authenticate) to
    /// say.
    WrongClass,
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Misuse::OutOfBounds => "more octets than there are or fit",
            Misuse::NotWanted => "the call does not fit what the server wants",
            Misuse::NoQuestion => "there is nothing to answer",
            Misuse::WrongClass => "the code makes no sense as an answer to this",
        })
    }
}

impl core::error::Error for Misuse {}

/// The cause for which a session is over, or will be once its last reply has left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum End {
    /// The client said QUIT.
    Quit,
    /// The peer broke the protocol.
    Peer(PeerError),
    /// The stream ended without QUIT; what was not answered was not taken.
    Lost,
    /// The application answered 421.
    ServiceClosing,
    /// More bad commands than [`Limits::bad_commands`](super::Limits::bad_commands).
    TooManyBadCommands,
    /// More MAIL commands than [`Limits::mails`](super::Limits::mails).
    TooManyMails,
    /// A BDAT whose size cannot be read: content could be taken for commands.
    ChunkSize,
    /// A reply did not fit the transmit buffer, which has less than 1,024 octets.
    NoRoom,
    /// The driver gave up: a time limit, a broken transport, a failed handshake.
    Aborted,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Quit => f.write_str("the client said QUIT"),
            End::Peer(error) => error.fmt(f),
            End::Lost => f.write_str("the connection ended without QUIT"),
            End::ServiceClosing => f.write_str("the server closed the session"),
            End::TooManyBadCommands => f.write_str("the client sent too many bad commands"),
            End::TooManyMails => f.write_str("the client sent too many messages"),
            End::ChunkSize => f.write_str("the client sent a chunk of unknown size"),
            End::NoRoom => f.write_str("a reply did not fit the buffer"),
            End::Aborted => f.write_str("the session was given up"),
        }
    }
}
