//! Reactions of the client's parts to a reply.

use crate::reply::{Code, Reply};

use super::{
    error::{End, PeerError},
    event::{Event, Phase, Transaction},
};

/// The event for the caller, and the consequence for the session. A part returns it; the client carries it out.
#[derive(Clone, Copy)]
pub(super) struct Reaction {
    pub(super) told: Told,
    pub(super) then: Then,
}

/// The consequence for the session.
#[derive(Clone, Copy)]
pub(super) enum Then {
    GoOn,
    /// Say QUIT: the session cannot go on, or the caller wants it to end.
    Quit(End),
    /// End at once.
    Close(End),
}

impl Then {
    /// The code makes no sense as a reply to this.
    pub(super) const fn unexpected(phase: Phase, code: Code) -> Self {
        Then::Close(End::Peer(PeerError::UnexpectedCode { phase, code }))
    }
}

/// An event without its reply, which is lent when all that follows from it is done.
#[derive(Clone, Copy)]
pub(super) enum Told {
    Answer(Phase),
    Mail(Transaction),
    Recipient(Transaction, u32),
    Data(Transaction, Phase),
    Final(Transaction, Option<u32>, Phase),
    Closing(Phase),
}

impl Told {
    pub(super) const fn then(self, then: Then) -> Reaction {
        Reaction { told: self, then }
    }

    pub(super) const fn with(self, reply: Reply<'_>) -> Event<'_> {
        match self {
            Told::Answer(phase) => Event::Answer { phase, reply },
            Told::Mail(transaction) => Event::Mail { transaction, reply },
            Told::Recipient(transaction, index) => Event::Recipient { transaction, index, reply },
            Told::Data(transaction, phase) => Event::Data { transaction, phase, reply },
            Told::Final(transaction, recipient, phase) => {
                Event::Final { transaction, recipient, phase, reply }
            }
            Told::Closing(phase) => Event::Closing { phase, reply },
        }
    }
}
