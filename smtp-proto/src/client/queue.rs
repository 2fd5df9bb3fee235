//! What has been asked and not yet answered: the k-th reply belongs to the k-th entry.

use super::event::Phase;
use crate::buffer::Storage;

/// One entry: a command, or a part of the dialogue that the server answers like one.
///
/// An entry takes one octet of storage. Which transaction and which recipient a reply belongs to
/// follows from counting, so nothing else is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Verb {
    Greeting,
    Ehlo,
    Helo,
    StartTls,
    Auth,
    Cancel,
    Mail,
    Rcpt,
    Data,
    /// A chunk that is not the last (BDAT).
    Chunk,
    /// Content, or its last chunk, is on its way; a reply now is an early refusal.
    Content,
    /// The end of the content has been handed over.
    Final,
    /// The lone dot behind a 354 that came although no recipient was accepted.
    LoneDot,
    Rset,
    Noop,
    Vrfy,
    Expn,
    Help,
    XClient,
    XForward,
    Quit,
}

impl Verb {
    const ALL: [Verb; 21] = [
        Verb::Greeting,
        Verb::Ehlo,
        Verb::Helo,
        Verb::StartTls,
        Verb::Auth,
        Verb::Cancel,
        Verb::Mail,
        Verb::Rcpt,
        Verb::Data,
        Verb::Chunk,
        Verb::Content,
        Verb::Final,
        Verb::LoneDot,
        Verb::Rset,
        Verb::Noop,
        Verb::Vrfy,
        Verb::Expn,
        Verb::Help,
        Verb::XClient,
        Verb::XForward,
        Verb::Quit,
    ];

    fn from_octet(octet: u8) -> Verb {
        Self::ALL[usize::from(octet) % Self::ALL.len()]
    }

    /// Whether other commands may follow in the same group (RFC 2920 3.1).
    pub(super) const fn may_be_followed(self, run_ahead: bool) -> bool {
        match self {
            Verb::Mail | Verb::Rcpt | Verb::Rset | Verb::Chunk => true,
            Verb::Content | Verb::Final => run_ahead,
            _ => false,
        }
    }

    /// Returns whether it continues something that has begun: the opening, a login or a message.
    pub(super) const fn is_midway(self) -> bool {
        matches!(
            self.phase(),
            Phase::Hello
                | Phase::StartTls
                | Phase::Auth
                | Phase::Rcpt
                | Phase::Data
                | Phase::Content
                | Phase::Final
        )
    }

    pub(super) const fn phase(self) -> Phase {
        match self {
            Verb::Greeting => Phase::Greeting,
            Verb::Ehlo | Verb::Helo => Phase::Hello,
            Verb::StartTls => Phase::StartTls,
            Verb::Auth | Verb::Cancel => Phase::Auth,
            Verb::Mail => Phase::Mail,
            Verb::Rcpt => Phase::Rcpt,
            Verb::Data => Phase::Data,
            Verb::Chunk | Verb::Content => Phase::Content,
            Verb::Final | Verb::LoneDot => Phase::Final,
            Verb::Rset => Phase::Rset,
            Verb::Noop => Phase::Noop,
            Verb::Vrfy => Phase::Vrfy,
            Verb::Expn => Phase::Expn,
            Verb::Help => Phase::Help,
            Verb::XClient => Phase::XClient,
            Verb::XForward => Phase::XForward,
            Verb::Quit => Phase::Quit,
        }
    }
}

/// The entries in order: `sent` wholly on their way, then `released` to be written, then held back.
#[derive(Clone, Debug)]
pub(super) struct Queue<B> {
    ring: B,
    head: usize,
    sent: usize,
    released: usize,
    len: usize,
}

impl<B: Storage> Queue<B> {
    pub(super) const fn new(ring: B) -> Self {
        Self { ring, head: 0, sent: 0, released: 0, len: 0 }
    }

    pub(super) fn has_room(&self) -> bool {
        self.len < self.ring.as_ref().len()
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Entries that the server may answer now.
    pub(super) const fn outstanding(&self) -> usize {
        self.sent
    }

    /// Adds an entry that is held back until it is released; the caller has checked the room.
    pub(super) fn push(&mut self, verb: Verb) {
        let at = self.slot(self.len);
        if let Some(slot) = self.ring.as_mut().get_mut(at) {
            *slot = verb as u8;
            self.len += 1;
        }
    }

    /// Adds an entry that waits for the server without a command having to leave first.
    pub(super) fn push_outstanding(&mut self, verb: Verb) {
        self.push(verb);
        (self.sent, self.released) = (self.len, self.len);
    }

    /// The entry that the next reply belongs to.
    pub(super) fn front(&self) -> Option<Verb> {
        (self.sent > 0).then(|| self.at(0))
    }

    /// The first entry, even if it has not left.
    pub(super) fn next(&self) -> Option<Verb> {
        (self.len > 0).then(|| self.at(0))
    }

    pub(super) fn pop(&mut self) -> Option<Verb> {
        let verb = self.front()?;
        self.head = self.slot(1);
        (self.sent, self.released, self.len) = (self.sent - 1, self.released - 1, self.len - 1);
        Some(verb)
    }

    /// Whether the first entry held back may leave now.
    ///
    /// Alone: only when nothing is unanswered. In a group: unless the entry before it ends one.
    pub(super) fn may_release(&self, pipelining: bool, run_ahead: bool) -> bool {
        if self.released == self.len {
            return false;
        }
        self.released == 0 || (pipelining && self.at(self.released - 1).may_be_followed(run_ahead))
    }

    pub(super) fn release(&mut self) {
        self.released += 1;
    }

    /// The next `n` released entries have left.
    pub(super) fn mark_sent(&mut self, n: usize) {
        self.sent = (self.sent + n).min(self.released);
    }

    /// Takes back all that has not been released.
    pub(super) fn cancel_unreleased(&mut self) {
        self.len = self.released;
    }

    /// The end of the first content that was on its way has left.
    pub(super) fn content_ended(&mut self) {
        if let Some(at) = (0..self.len).find(|&at| self.at(at) == Verb::Content) {
            let at = self.slot(at);
            self.ring.as_mut()[at] = Verb::Final as u8;
        }
    }

    /// Whether an entry of this kind waits for its reply.
    pub(super) fn contains(&self, verb: Verb) -> bool {
        (0..self.len).any(|at| self.at(at) == verb)
    }

    /// The server has more to say to the entry that was just taken.
    pub(super) fn push_front(&mut self, verb: Verb) {
        if self.has_room() {
            self.head = self.slot(self.ring.as_ref().len() - 1);
            self.ring.as_mut()[self.head] = verb as u8;
            self.sent += 1;
            self.released += 1;
            self.len += 1;
        }
    }

    /// Whether the transaction at the front, whose MAIL was answered, has a recipient that was not.
    pub(super) fn front_has_recipient(&self) -> bool {
        self.front_transaction().any(|verb| verb == Verb::Rcpt)
    }

    /// Whether the transaction at the front, whose MAIL was answered, has chunks that are not answered.
    pub(super) fn front_has_content(&self) -> bool {
        self.front_transaction()
            .any(|verb| matches!(verb, Verb::Chunk | Verb::Content | Verb::Final))
    }

    fn front_transaction(&self) -> impl Iterator<Item = Verb> + use<'_, B> {
        let is_of_it = |verb: &Verb| !matches!(verb, Verb::Mail | Verb::Rset);
        (0..self.len).map(|at| self.at(at)).take_while(is_of_it)
    }

    /// Drops the entries of one transaction, the oldest; says whether all its content had left.
    ///
    /// `begun`: its MAIL has been answered and is not there any more.
    pub(super) fn drop_transaction(&mut self, begun: bool) -> bool {
        let mut mail_seen = begun;
        let mut handed_over = false;
        while self.len > 0 {
            match self.at(0) {
                Verb::Mail | Verb::Rset if mail_seen => break,
                Verb::Mail => mail_seen = true,
                Verb::Final => handed_over |= self.sent > 0,
                _ => {}
            }
            self.head = self.slot(1);
            self.sent = self.sent.saturating_sub(1);
            self.released = self.released.saturating_sub(1);
            self.len -= 1;
        }
        handed_over
    }

    /// Where in the ring the entries stand makes no difference.
    #[cfg(feature = "model")]
    pub(super) fn facts(&self, out: &mut impl core::fmt::Write) -> core::fmt::Result {
        let Self { ring: _, head: _, sent, released, len } = self;
        write!(out, "?{sent} {released} {len}")?;
        (0..*len).try_for_each(|at| write!(out, " {:?}", self.at(at)))
    }

    fn at(&self, index: usize) -> Verb {
        Verb::from_octet(self.ring.as_ref()[self.slot(index)])
    }

    fn slot(&self, index: usize) -> usize {
        // Neither is longer than the ring.
        let (at, length) = (self.head + index, self.ring.as_ref().len());
        if at < length { at } else { at - length }
    }
}
