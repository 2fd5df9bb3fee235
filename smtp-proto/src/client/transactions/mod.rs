//! Transactions: MAIL, RCPT, DATA or BDAT, the content and its end; and the replies to them.
//!
//! One message is being sent, while the replies to the same or to an earlier one are read:
//!
//! | file           | holds |
//! |----------------|-------|
//! | `envelope.rs`  | the commands of a message, as far as there is room |
//! | `content.rs`   | content behind DATA, and the end of all content |
//! | `chunks.rs`    | content by BDAT |
//! | `replies.rs`   | what each reply changes |
//! | `current.rs`   | the transaction whose replies are read, by counting |
//! | `accepted.rs`  | its recipients that were accepted, for LMTP |
//! | `declared.rs`  | what the caller declared of the message that is being sent |

mod accepted;
mod chunks;
mod content;
mod current;
mod declared;
mod envelope;
mod replies;

use crate::stuffing::Stuffer;

use super::{
    Storage,
    error::End,
    event::Event,
    pipeline::Pipeline,
    terms::{Terms, Transfer},
};

pub(super) use self::declared::Declared;
pub use self::envelope::AsEnvelope;

use self::{accepted::Accepted, chunks::Chunks, current::Current, envelope::NextCommand};

/// Replies that fit every socket buffer, which has 64 KiB at least: RFC 5321 4.5.3.1.5 gives them 512 octets a line.
const MOST_UNREAD: usize = 128;

#[derive(Clone, Debug)]
pub(super) struct Transactions<B> {
    sending: Sending,
    declared: Declared,
    current: Current,
    accepted: Accepted<B>,
    /// A transaction left the server in the middle of one: RSET before the next.
    reset_needed: bool,
}

/// The progress of the message that is being sent.
#[derive(Clone, Debug)]
enum Sending {
    Idle,
    /// The envelope is being queued; `blocked` until there is room again.
    Envelope {
        next: NextCommand,
        transfer: Transfer,
        smtp_utf8: bool,
        blocked: bool,
    },
    /// The envelope is queued. The reply to DATA is awaited, or, with BDAT, those to RCPT.
    AwaitingGoAhead(Transfer),
    /// Content leaves behind DATA.
    Content(Stuffer),
    /// The content is complete; its end waits for room.
    Ending(Stuffer),
    /// Content leaves by BDAT.
    Chunks(Chunks),
    /// The content is complete; the last chunk waits for room.
    EndingChunks(Chunks),
    /// Refused before the content left; what had left is still to be answered.
    Cancelled,
}

impl<B: Storage> Transactions<B> {
    pub(super) fn new(recipients: B) -> Self {
        Self {
            sending: Sending::Idle,
            declared: Declared::default(),
            current: Current::default(),
            accepted: Accepted::new(recipients),
            reset_needed: false,
        }
    }

    /// Returns whether no message is being sent: another may begin.
    pub(super) const fn is_idle(&self) -> bool {
        matches!(self.sending, Sending::Idle)
    }

    /// Returns whether a message is being sent that has not been refused.
    pub(super) const fn is_sending(&self) -> bool {
        !matches!(self.sending, Sending::Idle | Sending::Cancelled)
    }

    pub(super) const fn wants_content(&self) -> bool {
        matches!(self.sending, Sending::Content(_) | Sending::Chunks(_))
    }

    /// Returns whether a useful amount of content can be taken: not while a whole chunk waits for its command
    /// to have a place among those in flight, nor behind very many that are unanswered.
    pub(super) fn has_room_for_content(&self, terms: &Terms<'_>, out: &Pipeline<B>) -> bool {
        self.wants_content()
            && out.room() > out.capacity() / 2
            && may_ask_more(out)
            && (out.has_room() || !is_chunk_full(terms, out))
    }

    /// The number of transactions begun since the session's start.
    pub(super) const fn begun(&self) -> u32 {
        self.current.begun()
    }

    /// Returns whether a transaction has ended and the caller has yet to be told.
    pub(super) const fn has_ended(&self) -> bool {
        self.current.has_ended()
    }

    /// Returns whether the caller has yet to be told the end of a transaction, ended or not.
    pub(super) const fn has_open(&self) -> bool {
        self.current.has_open_transactions()
    }

    /// The transaction that has ended, once.
    pub(super) fn take_ended(&mut self) -> Option<Event<'static>> {
        let (transaction, end) = self.current.take_ended()?;
        self.accepted.clear();
        Some(Event::Ended { transaction, end })
    }

    /// Ends the oldest transaction, for the session is over.
    pub(super) fn end_with_session(&mut self, end: End, out: &mut Pipeline<B>) {
        if self.has_open() {
            let content_left = out.drop_transaction(self.current.is_mail_answered());
            self.current.end_with_session(end, content_left);
        }
    }

    /// The session is over: nothing of a message leaves any more.
    pub(super) fn stop_sending(&mut self) {
        self.sending = Sending::Idle;
    }

    /// Ends the message before its content is complete. Returns whether QUIT can be said behind it, so that messages
    /// before it get their replies: behind whole chunks it can, inside DATA it would be content.
    pub(super) fn abandon_content(&mut self, out: &mut Pipeline<B>) -> bool {
        let is_behind_chunks =
            matches!(self.sending, Sending::Chunks(_) | Sending::EndingChunks(_));
        if is_behind_chunks {
            out.cancel_held();
            self.sending = Sending::Idle;
        }
        is_behind_chunks
    }

    /// Writes what had no room before, as far as there is room now.
    pub(super) fn make_progress(&mut self, terms: &Terms<'_>, out: &mut Pipeline<B>) {
        match &mut self.sending {
            Sending::Envelope { blocked, .. } => *blocked = false,
            Sending::Ending(_) => self.write_ending(out),
            Sending::Chunks(_) | Sending::EndingChunks(_) => self.write_chunks(terms, out),
            Sending::Idle
            | Sending::AwaitingGoAhead(_)
            | Sending::Content(_)
            | Sending::Cancelled => {}
        }
    }

    #[cfg(feature = "model")]
    pub(super) fn facts(&self, out: &mut impl core::fmt::Write) -> core::fmt::Result {
        let Self { sending, declared, current, accepted, reset_needed } = self;
        write!(out, " {sending:?} {declared:?} {current:?} {reset_needed}")?;
        accepted.facts(out)
    }
}

/// Returns whether not very much is unanswered: a driver that cannot read while it writes would wait for a server that
/// waits for its replies to be read, and nobody would hear of a refusal.
fn may_ask_more<B: Storage>(out: &Pipeline<B>) -> bool {
    out.outstanding() <= MOST_UNREAD
}

/// Returns whether the chunk that is being filled has to be closed.
fn is_chunk_full<B: Storage>(terms: &Terms<'_>, out: &Pipeline<B>) -> bool {
    let length = out.chunk_len();
    let no_room = out.room() <= out.capacity() / 2;
    length > 0 && (no_room || length >= terms.config.chunk_size)
}
