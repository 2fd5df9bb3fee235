//! The commands and the content on their way, and the replies that they wait for.
//!
//! Octets and entries stand in the same order, and are added, released and dropped together here, nowhere else:
//!
//! ```text
//!            | answered | left, no reply yet | may leave      | held back       |
//!   entries  |  gone    | MAIL  RCPT  RCPT   | DATA           | ...             |
//!   octets   |  gone    | gone               | "DATA\r\n"     | "..."           |
//! ```
//!
//! The k-th reply belongs to the k-th entry. Which transaction and which recipient it is follows from counting, so
//! nothing else is kept. Which entries may leave is a question of RFC 2920 alone: [`Pipeline::may_release`].

mod chunk;
mod line;
mod secret;
mod slots;
mod spans;
mod verb;

use zeroize::Zeroize;

use crate::{command::Command, transport::Outgoing};

use super::{Refusal, Storage, error::Misuse};

pub(super) use self::{line::Line, verb::Verb};
pub use self::{
    slots::Slot,
    spans::{Span, SpanKind},
};

use self::{secret::Secret, slots::Slots, spans::Marks};

/// At most this many octets are held, however large the storage is: an entry counts them in 16 bits. No socket takes
/// much more in one write.
const MAX_HELD: usize = u16::MAX as usize;

/// CRLF, dot, CRLF.
pub(super) const MAX_ENDING: usize = 5;

/// The rules by which commands leave.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grouping {
    /// The server takes commands in groups (RFC 2920).
    pub(super) pipelining: bool,
    /// A message may follow the end of the one before in the same group.
    pub(super) run_ahead: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Pipeline<B: Storage> {
    octets: Outgoing<B>,
    slots: Slots<B::Slots>,
    secret: Secret,
    /// Octets of the chunk that is being filled. They stand behind all others, and behind room for their command.
    chunk: Option<usize>,
    /// Octets of the end of content, while it is held: of one content, for `DATA` ends a group.
    ending: usize,
    /// The transport takes no more; what the server has said is still to be read.
    closed: bool,
}

impl<B: Storage> Pipeline<B> {
    pub(super) const fn new(octets: B, slots: B::Slots) -> Self {
        Self {
            octets: Outgoing::new(octets),
            slots: Slots::new(slots),
            secret: Secret::NONE,
            chunk: None,
            ending: 0,
            closed: false,
        }
    }

    // --- octets ---

    pub(super) fn capacity(&self) -> usize {
        self.octets.capacity().min(MAX_HELD)
    }

    /// Octets that still fit.
    pub(super) fn room(&self) -> usize {
        self.capacity() - self.octets.len()
    }

    /// Octets that may be written now.
    pub(super) fn ready(&self) -> &[u8] {
        self.octets.ready()
    }

    pub(super) const fn has_ready(&self) -> bool {
        self.octets.has_ready()
    }

    /// The first `n` octets that may be written now, by kind.
    pub(super) fn spans(&self, n: usize) -> impl Iterator<Item = Span<'_>> {
        let ready = self.octets.ready();
        let leaving = self.slots.iter().skip(self.first_leaving());
        let marks = Marks { secret: self.secret.place(self.octets.start()), ending: self.ending };
        spans::spans(&ready[..n.min(ready.len())], leaving, marks)
    }

    /// The first `n` octets have left: forgets them. A secret is kept aside.
    pub(super) fn transmitted(&mut self, n: usize) {
        self.octets.transmitted(n);
        let mut rest = n;
        while rest > 0 {
            let at = self.first_leaving();
            let ending = self.ending;
            let Some(slot) = self.slots.get_mut(at) else { break };
            rest -= slot.take(rest);
            if slot.length > 0 {
                break;
            }
            match slot.verb {
                // Its end has yet to come.
                Verb::Content if ending == 0 => break,
                Verb::Content | Verb::LastChunk => slot.verb = Verb::Final,
                _ => {}
            }
            self.leave();
        }
        if self.octets.is_empty() {
            self.secret.keep(self.octets.storage());
        }
    }

    /// The entry whose octets leave next has left.
    fn leave(&mut self) {
        match self.slots.get(self.slots.left()).map(|slot| slot.verb) {
            Some(Verb::AnsweredChunk) => drop(self.slots.pop()),
            Some(Verb::Final) => {
                self.ending = 0;
                self.slots.leave();
            }
            _ => self.slots.leave(),
        }
    }

    /// The index of the entry that the first octet belongs to.
    const fn first_leaving(&self) -> usize {
        self.slots.left()
    }

    /// The number of octets that have left since the start.
    pub(super) const fn sent(&self) -> u64 {
        self.octets.sent()
    }

    pub(super) const fn flushed(&mut self) {
        self.octets.flushed();
    }

    pub(super) const fn is_unflushed(&self) -> bool {
        self.octets.is_unflushed()
    }

    /// The transport takes no more: drops what is held. The server may still repeat what has left.
    pub(super) fn close(&mut self) {
        self.clear();
        self.secret.keep(self.octets.storage());
        self.closed = true;
    }

    pub(super) const fn is_closed(&self) -> bool {
        self.closed
    }

    /// Drops all octets: none of them leaves. What has left still has its entries.
    pub(super) fn clear(&mut self) {
        self.truncate(0);
    }

    /// Keeps the first `length` octets, and wipes the others: there may be secrets in them. A chunk that is being
    /// filled stands behind all else, and goes.
    fn truncate(&mut self, length: usize) {
        self.chunk = None;
        let length = length.min(self.octets.len());
        self.octets.held_mut()[length..].zeroize();
        if length < self.octets.len() {
            self.octets.truncate(length);
            self.secret.cut(self.octets.end());
        }
    }

    /// Free storage behind what is held.
    fn free(&mut self) -> &mut [u8] {
        let room = self.room();
        &mut self.octets.free()[..room]
    }

    /// Lets `write` put octets behind what is held; returns their number, or `None` when they do not fit.
    fn write(&mut self, write: impl FnOnce(&mut [u8]) -> Option<usize>) -> Option<usize> {
        if self.room() == 0 {
            return None;
        }
        let Some(written) = write(self.free()) else {
            // The attempt may have overwritten a part of it.
            self.forget_secret();
            return None;
        };
        self.octets.fill(written);
        let end = self.octets.end();
        self.secret.make_room(self.octets.storage(), end);
        Some(written)
    }

    // --- entries ---

    /// Returns whether every command has its reply.
    pub(super) fn is_empty(&self) -> bool {
        self.slots.len() == self.answered()
    }

    /// Returns whether one more command can be in flight.
    pub(super) fn has_room(&self) -> bool {
        self.slots.has_room()
    }

    /// The entries at the front that have their reply, and are only there since octets of theirs have yet to leave.
    fn answered(&self) -> usize {
        let first = self.slots.get(0);
        usize::from(first.is_some_and(|slot| slot.verb == Verb::AnsweredChunk))
    }

    /// The number of entries that the server may reply to now.
    pub(super) fn outstanding(&self) -> usize {
        let left = self.slots.left();
        let leaving = self.slots.get(left).filter(|_| left < self.slots.released());
        left + usize::from(leaving.is_some_and(Slot::may_be_answered))
    }

    /// The entry that the next reply belongs to.
    pub(super) fn front(&self) -> Option<Verb> {
        let first = self.slots.get(0)?;
        (self.slots.left() > 0 || (self.slots.released() > 0 && first.may_be_answered()))
            .then_some(first.verb)
    }

    /// The first entry without a reply, even if it has not left.
    pub(super) fn next(&self) -> Option<Verb> {
        self.slots.get(self.answered()).map(|slot| slot.verb)
    }

    /// Takes the entry that the next reply belongs to.
    pub(super) fn pop(&mut self) -> Option<Verb> {
        let verb = self.front()?;
        match self.slots.get_mut(0) {
            Some(slot) if verb == Verb::Chunk && slot.length > 0 => slot.verb = Verb::AnsweredChunk,
            _ => drop(self.slots.pop()),
        }
        Some(verb)
    }

    /// Puts an entry before all others: the server has more to say to the one that was just taken.
    pub(super) fn push_front(&mut self, verb: Verb) {
        self.slots.push_front(Slot::new(verb, 0));
    }

    /// Adds an entry that the server replies to without a command.
    pub(super) fn expect(&mut self, verb: Verb) {
        self.slots.push(Slot::new(verb, 0));
        self.slots.release();
        self.slots.leave();
    }

    /// Returns whether an entry of this kind waits for its reply.
    pub(super) fn contains(&self, verb: Verb) -> bool {
        self.slots.iter().any(|slot| slot.verb == verb)
    }

    /// Returns whether the transaction at the front, whose MAIL was answered, has a recipient that was not.
    pub(super) fn front_has_recipient(&self) -> bool {
        self.front_transaction().any(|verb| verb == Verb::Rcpt)
    }

    /// Returns whether the transaction at the front, whose MAIL was answered, has content that was not.
    pub(super) fn front_has_content(&self) -> bool {
        self.front_transaction()
            .any(|verb| matches!(verb, Verb::Chunk | Verb::Content | Verb::LastChunk | Verb::Final))
    }

    fn front_transaction(&self) -> impl Iterator<Item = Verb> + use<'_, B> {
        let is_of_it = |verb: &Verb| !matches!(verb, Verb::Mail | Verb::Rset);
        self.slots.iter().map(|slot| slot.verb).take_while(is_of_it)
    }

    /// Drops the entries of the oldest transaction; returns whether all its content had left.
    ///
    /// `mail_answered`: its MAIL is not there any more.
    pub(super) fn drop_transaction(&mut self, mail_answered: bool) -> bool {
        let (mut mail_seen, mut content_left) = (mail_answered, false);
        while let Some(slot) = self.slots.get(0) {
            match slot.verb {
                Verb::Mail | Verb::Rset if mail_seen => break,
                Verb::Mail => mail_seen = true,
                Verb::Final => content_left |= self.slots.left() > 0,
                _ => {}
            }
            self.slots.pop();
        }
        content_left
    }

    // --- commands and content ---

    /// Adds a command, which is held back until it is released.
    pub(super) fn push(&mut self, command: &Command<'_>, verb: Verb) -> Result<(), Refusal> {
        self.push_with(verb, |output| command.encode(output))
    }

    /// Adds a lone dot in place of content that nobody is to get.
    pub(super) fn push_lone_dot(&mut self) {
        // There is room: DATA ended its group, so nothing else is held.
        let _ = self.push_with(Verb::LoneDot, |output| {
            output.get_mut(..3)?.copy_from_slice(b".\r\n");
            Some(3)
        });
    }

    fn push_with(
        &mut self,
        verb: Verb,
        encode: impl FnOnce(&mut [u8]) -> Option<usize>,
    ) -> Result<(), Refusal> {
        if !self.slots.has_room() {
            return Err(Misuse::Busy.into());
        }
        let limit = self.capacity();
        let written = self.write(encode).ok_or(Refusal::CommandTooLong { limit })?;
        self.slots.push(Slot::new(verb, written));
        Ok(())
    }

    /// Begins the content behind `DATA`, which leaves as it comes. The server may reply from now on.
    pub(super) fn begin_content(&mut self) {
        self.slots.push(Slot::new(Verb::Content, 0));
        self.slots.release();
    }

    /// Adds octets to the content, which is the last entry.
    pub(super) fn push_content(&mut self, write: impl FnOnce(&mut [u8]) -> Option<usize>) {
        let Some(written) = self.write(write) else { return };
        let last = self.slots.len().wrapping_sub(1);
        if let Some(slot) = self.slots.get_mut(last) {
            #[allow(clippy::cast_possible_truncation, reason = "bounded by MAX_HELD")]
            {
                slot.length += written as u16;
            }
        }
        self.octets.release(written);
    }

    /// Adds the end of the content; the caller has checked that there is room for [`MAX_ENDING`] octets.
    pub(super) fn end_content(&mut self, write: impl FnOnce(&mut [u8]) -> Option<usize>) {
        let before = self.octets.len();
        self.push_content(write);
        self.ending = self.octets.len() - before;
    }

    // --- release (RFC 2920) ---

    /// Returns whether the first entry held back may leave now.
    ///
    /// Alone: only when nothing is unanswered. In a group: unless the entry before it ends one.
    pub(super) fn may_release(&self, grouping: Grouping) -> bool {
        let released = self.slots.released();
        let Some(last) = released.checked_sub(1).and_then(|last| self.slots.get(last)) else {
            return self.slots.len() > 0;
        };
        let follows = || grouping.pipelining && last.verb.may_be_followed(grouping.run_ahead);
        released < self.slots.len() && (released == self.answered() || follows())
    }

    /// Lets the entries leave that may leave now.
    pub(super) fn release(&mut self, grouping: Grouping) {
        while self.may_release(grouping) {
            let next = self.slots.get(self.slots.released());
            self.octets.release(next.map_or(0, |slot| usize::from(slot.length)));
            self.slots.release();
        }
    }

    /// Takes back what is held back.
    pub(super) fn cancel_held(&mut self) {
        self.truncate(self.octets.ready().len());
        self.slots.drop_held();
    }

    // --- secrets ---

    /// Returns whether there are credentials that a server may repeat.
    pub(super) fn has_secret(&self) -> bool {
        !self.secret.is_none()
    }

    /// The credentials that a server may repeat. A response that has not left whole cannot leave after this.
    pub(super) fn secret(&mut self) -> &[u8] {
        self.secret.keep(self.octets.storage());
        self.secret.kept(self.octets.storage())
    }

    pub(super) fn forget_secret(&mut self) {
        self.secret.forget(self.octets.storage());
    }

    #[cfg(feature = "model")]
    pub(super) fn facts(&self, out: &mut impl core::fmt::Write) -> core::fmt::Result {
        let Self { octets, slots, secret, chunk, ending, closed } = self;
        let (before, open) = octets.held().split_at(octets.len() - chunk.unwrap_or(0));
        // What is left in the room for a command that is not written yet means nothing.
        let unwritten = chunk.map_or(0, |_| chunk::CHUNK_COMMAND);
        let before = before[..before.len() - unwritten].escape_ascii();
        let (ready, flushed) = (octets.ready().len(), !octets.is_unflushed());
        write!(out, ">{before} {} {ready} {flushed} {chunk:?} {ending}", open.escape_ascii())?;
        // The octets of a secret are always those of the caller's mechanism. Where in the ring the entries stand makes no
        // difference, and how much has left since the start is only counted, for a driver's time limits.
        write!(out, " {secret:?} {closed} ?{} {}", slots.left(), slots.released())?;
        slots.iter().try_for_each(|slot| write!(out, " {slot:?}"))
    }
}

impl<B: Storage> Drop for Pipeline<B> {
    fn drop(&mut self) {
        self.octets.held_mut().zeroize();
        self.forget_secret();
    }
}
