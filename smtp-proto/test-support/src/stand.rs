//! Sessions and events in a form short enough for tables.

use smtp_proto::client::{End, Event, PeerError, Phase};

use crate::session::Session;

/// The state of a session, in a form short enough for tables.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "as the ends of sessions in the client")]
pub enum Stand {
    /// The session goes on.
    Usable,
    Quit,
    Closing(Phase),
    Refused(Phase, u16),
    Unexpected(Phase, u16),
    Malformed(Phase),
    Unsolicited,
    Injected,
    TooManyChallenges,
    GoAheadAfterRefusal,
    Lost(Phase),
    TlsUnavailable,
    Other,
}

impl Stand {
    /// The state of this session.
    pub fn of(session: &Session) -> Self {
        let Some(end) = session.end() else { return Stand::Usable };
        match end {
            End::Quit => Stand::Quit,
            End::ServiceClosing(phase) => Stand::Closing(phase),
            End::Refused { phase, code } => Stand::Refused(phase, code.value()),
            End::Lost(phase) => Stand::Lost(phase),
            End::TlsUnavailable => Stand::TlsUnavailable,
            End::Peer(PeerError::UnexpectedCode { phase, code }) => {
                Stand::Unexpected(phase, code.value())
            }
            End::Peer(PeerError::Malformed { phase, .. }) => Stand::Malformed(phase),
            End::Peer(PeerError::Unsolicited) => Stand::Unsolicited,
            End::Peer(PeerError::PlaintextBehindStartTls) => Stand::Injected,
            End::Peer(PeerError::TooManyChallenges) => Stand::TooManyChallenges,
            End::Peer(PeerError::GoAheadAfterRefusal) => Stand::GoAheadAfterRefusal,
            _ => Stand::Other,
        }
    }
}

/// An event in short, with the code of its reply.
pub fn describe(event: &Event<'_>) -> String {
    match event {
        Event::Answer { phase, reply } => format!("{phase} {}", reply.code()),
        Event::Mail { transaction, reply } => {
            format!("mail[{}] {}", transaction.index(), reply.code())
        }
        Event::Recipient { transaction, index, reply } => {
            format!("rcpt[{}.{index}] {}", transaction.index(), reply.code())
        }
        Event::Data { transaction, reply, .. } => {
            format!("data[{}] {}", transaction.index(), reply.code())
        }
        Event::Final { transaction, recipient, phase, reply } => {
            let recipient = recipient.map(|index| format!(".{index}")).unwrap_or_default();
            format!("{phase}[{}{recipient}] {}", transaction.index(), reply.code())
        }
        Event::Ended { transaction, end } => format!("ended[{}] {end:?}", transaction.index()),
        Event::Closing { phase, reply } => format!("closing {phase} {}", reply.code()),
        _ => format!("{event:?}"),
    }
}
