//! Octets from the server: held, framed into replies, lent to the caller one reply at a time.

use crate::{
    buffer::Octets,
    reply::{Code, Found, Framer, Keep, Reply, ReplyError, ReplyLimits, text},
    sasl::echo,
    transport::Incoming,
};

/// Shown in place of a challenge's text.
const VEIL: &[u8; 5] = b"***\r\n";

/// Code and separator.
pub(super) const TEXT: usize = 4;

/// The replies. What stands at the front is first a part of a reply, then a reply that is known, then one that is
/// lent, then gone. What is too long of it is taken out as it arrives, so that there is always room to read into.
#[derive(Clone, Debug)]
pub(super) struct Inbox<B> {
    octets: Incoming<B>,
    framer: Framer,
    /// The part that is kept of the reply at the front.
    keep: Keep,
    /// The reply at the front, or its fault, where that is known and not yet taken.
    framed: Option<Result<usize, ReplyError>>,
    /// The octets of the lent challenge that the veil stands in place of.
    veiled: Option<[u8; VEIL.len()]>,
}

impl<B: Octets> Inbox<B> {
    pub(super) const fn new(storage: B) -> Self {
        let octets = Incoming::new(storage);
        Self { octets, framer: Framer::new(), keep: Keep::ALL, framed: None, veiled: None }
    }

    pub(super) fn capacity(&self) -> usize {
        self.octets.capacity()
    }

    /// Returns whether nothing is held, neither lent nor unread.
    pub(super) const fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    /// Returns whether the stream has ended.
    pub(super) const fn has_ended(&self) -> bool {
        self.octets.has_ended()
    }

    /// Free storage to read into; empty while a reply is lent.
    pub(super) fn free(&mut self) -> &mut [u8] {
        self.octets.free()
    }

    /// Octets were read into [`free`](Self::free). None are the end of the stream, unless there may
    /// have been no room to read into; the next read tells then.
    pub(super) fn fill(&mut self, n: usize) {
        if n == 0 && !self.has_front() {
            self.octets.end();
        }
        self.octets.fill(n);
    }

    /// Returns whether a reply stands at the front, taken or not: nothing may leave before it is read.
    pub(super) const fn has_front(&self) -> bool {
        self.octets.has_lent() || self.framed.is_some()
    }

    /// Returns whether there are octets whose meaning is not known yet.
    pub(super) const fn is_unframed(&self) -> bool {
        !self.has_front() && !self.octets.is_empty()
    }

    /// Looks for the end of the next reply, and drops from it what is not kept.
    pub(super) fn frame(&mut self, limits: &ReplyLimits, keep: Keep) {
        if self.framer.is_at_start() {
            self.keep = keep;
        }
        while self.is_unframed() {
            match self.framer.find(self.octets.held(), limits, self.keep) {
                Ok(Found::Part) => return,
                Ok(Found::Surplus(octets)) => self.octets.remove(octets),
                Ok(Found::Reply(length)) => self.framed = Some(Ok(length)),
                Err(error) => self.framed = Some(Err(error)),
            }
        }
    }

    /// The reply at the front, by its length, or why there is none; `None` while it is incomplete.
    pub(super) const fn framed(&self) -> Option<Result<usize, ReplyError>> {
        self.framed
    }

    /// Lends the reply of this length at the front, and reads its code.
    pub(super) fn lend(&mut self, length: usize) -> Code {
        self.framed = None;
        self.octets.lend(length);
        Reply::from_frame(self.octets.lent()).code()
    }

    /// The reply that is lent, whose code is `code`.
    pub(super) fn reply(&self, code: Code) -> Reply<'_> {
        let lent = self.octets.lent();
        let shown = if self.veiled.is_some() { TEXT + VEIL.len() } else { lent.len() };
        Reply::with_code(&lent[..shown], code)
    }

    /// Overwrites credentials that the lent reply repeats. A challenge is veiled as a whole instead, because the
    /// mechanism has to read it unchanged.
    pub(super) fn hide(&mut self, secret: &[u8], code: Code) {
        let lines = self.octets.lent_mut().split_inclusive_mut(|&octet| octet == b'\n');
        let mut texts = lines.filter_map(|line| line.get_mut(TEXT..));
        if code != Code::AUTH_CHALLENGE {
            texts.for_each(|text| echo::hide(text, secret));
        } else if texts.any(|text| echo::repeats(text, secret)) {
            self.veil();
        }
    }

    /// Overwrites credentials that what is unread repeats.
    pub(super) fn hide_in_unread(&mut self, secret: &[u8]) {
        echo::hide(self.octets.unread_mut(), secret);
    }

    /// Shows `***` in place of the lent reply's text until [`unveil`](Self::unveil).
    fn veil(&mut self) {
        if let Some(start) = self.octets.lent_mut().get_mut(TEXT..TEXT + VEIL.len()) {
            let mut octets = *VEIL;
            start.swap_with_slice(&mut octets);
            self.veiled = Some(octets);
        }
    }

    /// Restores the text behind the veil, if there is one.
    pub(super) fn unveil(&mut self) {
        if let Some(octets) = self.veiled.take() {
            self.octets.lent_mut()[TEXT..TEXT + VEIL.len()].copy_from_slice(&octets);
        }
    }

    /// The octets that are lent.
    pub(super) fn lent(&self) -> &[u8] {
        self.octets.lent()
    }

    pub(super) fn lent_mut(&mut self) -> &mut [u8] {
        self.octets.lent_mut()
    }

    /// The text of each line of the lent reply; `None` for a line that was cut.
    pub(super) fn texts(&self) -> impl Iterator<Item = Option<&[u8]>> {
        let (keep, mut end) = (self.keep, 0);
        Reply::from_frame(self.lent()).whole_lines().map(move |line| {
            let start = end;
            end += line.len();
            (line.len() <= keep.line(start)).then(|| text(line))
        })
    }

    pub(super) const fn has_lent(&self) -> bool {
        self.octets.has_lent()
    }

    pub(super) fn drop_lent(&mut self) {
        self.octets.drop_lent();
        self.veiled = None;
    }

    /// Octets behind the reply that is lent.
    pub(super) fn unread(&self) -> &[u8] {
        self.octets.unread()
    }

    /// Returns whether the reply of which a part has come may start with these digits.
    pub(super) fn may_be(&self, digits: &[u8]) -> bool {
        self.unread().iter().zip(digits).all(|(octet, digit)| octet == digit)
    }

    #[cfg(feature = "model")]
    pub(super) fn facts(&self, out: &mut impl core::fmt::Write) -> core::fmt::Result {
        let Self { octets, framer, keep, framed, veiled } = self;
        let (lent, ended) = (octets.lent().len(), octets.has_ended());
        let octets = octets.held().escape_ascii();
        write!(out, "<{octets} {framer:?} {keep:?} {framed:?} {lent} {veiled:?} {ended}")
    }
}
