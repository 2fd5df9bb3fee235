//! One message in as many transactions as the limits of the server require.

use alloc::{
    collections::{BTreeSet, VecDeque},
    vec::Vec,
};

use crate::{
    client::{AsEnvelope, Fate, Outcome, RecipientOutcome, Status, Verdict, When},
    hello::ServerLimits,
};

use super::Envelope;

/// The delivery of one message to all its recipients, in one transaction or in several.
///
/// Use it if a message may have more recipients than a server takes at once. A server [announces](ServerLimits) its
/// limits of recipients and domains with the extension `LIMITS` (RFC 9422), or refuses the recipients beyond its
/// limit with `452 4.5.3` (RFC 5321 4.5.3.1.10). The other recipients go into the next transaction. If a server
/// announces nothing, a transaction has at most 100 recipients: every server takes that many (RFC 5321 4.5.3.1.8),
/// and some close the connection after too many refusals.
///
/// As long as there is an [`envelope`](Self::envelope), send the message to it and [`record`](Self::record) the
/// outcome. If the session breaks in between, continue with another one, and call [`fit`](Self::fit) for its limits.
///
/// ```
/// use smtp_proto::{envelope::{Delivery, Envelope}, hello::Capabilities};
/// let limits = Capabilities::new(b"LIMITS RCPTMAX=2").limits();
/// let envelope = Envelope::new("")?.to("a@example.net")?.to("b@example.net")?.to("c@example.net")?;
/// let delivery = Delivery::new(&envelope, limits);
/// assert_eq!(delivery.envelope().map(Envelope::len), Some(2));
/// # Ok::<(), smtp_proto::address::AddressError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The parts that are still to be sent.
    waiting: VecDeque<Part>,
    outcomes: Vec<Outcome>,
    /// For each recipient, the index of the outcome with the last result, and the index in that outcome.
    last: Vec<Option<(usize, usize)>>,
    /// The greatest number of recipients in a transaction if the server does not announce a limit.
    unannounced: usize,
    /// The greatest number of recipients that the server has taken at once since it first refused some as too many.
    taken: usize,
}

#[derive(Clone, Debug)]
struct Part {
    envelope: Envelope,
    places: Vec<usize>,
}

impl Part {
    /// The same envelope for the recipients at these positions only.
    fn select(&self, positions: &[usize]) -> Self {
        let recipients = positions.iter().map(|&at| self.envelope.recipients[at].clone()).collect();
        let places = positions.iter().map(|&at| self.places[at]).collect();
        Self { envelope: self.envelope.for_recipients(recipients), places }
    }
}

/// The number of recipients that every server takes (RFC 5321 4.5.3.1.8).
const UNANNOUNCED: usize = 100;

impl Delivery {
    /// Splits `envelope` by the limits, in the order of its recipients. The limit is 100 recipients if the server
    /// announces none. An envelope without recipients stays one part.
    #[must_use]
    pub fn new(envelope: &Envelope, limits: ServerLimits) -> Self {
        Self::with_max_recipients(envelope, limits, UNANNOUNCED)
    }

    /// Splits like [`new`](Self::new), with `max` recipients, but at least one, if the server announces no limit. Use
    /// it for a server that is known to take more, or fewer, than 100.
    ///
    /// ```
    /// use smtp_proto::{envelope::{Delivery, Envelope}, hello::ServerLimits};
    /// let mut envelope = Envelope::new("")?;
    /// for number in 0..150 {
    ///     envelope.push(&format!("r{number}@example.net"))?;
    /// }
    /// let first = |delivery: Delivery| delivery.envelope().map(Envelope::len);
    /// assert_eq!(first(Delivery::new(&envelope, ServerLimits::default())), Some(100));
    /// let all = Delivery::with_max_recipients(&envelope, ServerLimits::default(), 1000);
    /// assert_eq!(first(all), Some(150));
    /// # Ok::<(), smtp_proto::address::AddressError>(())
    /// ```
    #[must_use]
    pub fn with_max_recipients(envelope: &Envelope, limits: ServerLimits, max: usize) -> Self {
        let whole = Part { envelope: envelope.clone(), places: (0..envelope.len()).collect() };
        let mut delivery = Self {
            waiting: VecDeque::from([whole]),
            outcomes: Vec::new(),
            last: alloc::vec![None; envelope.len()],
            unannounced: max.max(1),
            taken: usize::MAX,
        };
        delivery.fit(limits);
        delivery
    }

    /// Splits the recipients that are left by the limits of another server. Call it once for each new session.
    ///
    /// ```
    /// use smtp_proto::{envelope::{Delivery, Envelope}, hello::{Capabilities, ServerLimits}};
    /// let envelope = Envelope::new("")?.to("a@example.net")?.to("b@example.net")?.to("c@example.net")?;
    /// let mut delivery = Delivery::new(&envelope, ServerLimits::default());
    /// assert_eq!(delivery.positions(), Some(&[0, 1, 2][..]));
    /// delivery.fit(Capabilities::new(b"LIMITS RCPTMAX=2").limits());
    /// assert_eq!(delivery.positions(), Some(&[0, 1][..]));
    /// # Ok::<(), smtp_proto::address::AddressError>(())
    /// ```
    pub fn fit(&mut self, limits: ServerLimits) {
        let parts = core::mem::take(&mut self.waiting);
        let Some(first) = parts.front() else { return };
        let mut whole =
            Part { envelope: first.envelope.for_recipients(Vec::new()), places: Vec::new() };
        for part in parts {
            whole.envelope.recipients.extend(part.envelope.recipients);
            whole.places.extend(part.places);
        }
        self.taken = usize::MAX;
        let groups = groups(&whole.envelope, limits, self.unannounced);
        self.waiting = groups.iter().map(|positions| whole.select(positions)).collect();
    }

    /// The envelope of the next transaction. `None` if there is nothing more to send now.
    #[must_use]
    pub fn envelope(&self) -> Option<&Envelope> {
        self.waiting.front().map(|part| &part.envelope)
    }

    /// The positions of its recipients in the original envelope, for callers that split an envelope type of their own
    /// in the same way.
    #[must_use]
    pub fn positions(&self) -> Option<&[usize]> {
        self.waiting.front().map(|part| &*part.places)
    }

    /// Records the outcome of the transaction with [`envelope`](Self::envelope).
    ///
    /// Recipients that were too many for the server come next, at most as many at once as it took. This terminates,
    /// because the server took at least one recipient each time.
    ///
    /// An outcome with another number of recipients is ignored: these recipients keep no outcome, and the next
    /// envelope is that of the next part.
    /// and the next transaction is that of the recipients behind them.
    pub fn record(&mut self, outcome: Outcome) {
        let Some(part) = self.waiting.pop_front() else { return };
        if outcome.recipient_count() != part.places.len() {
            return;
        }
        let index = self.outcomes.len();
        for (at, &place) in part.places.iter().enumerate() {
            self.last[place] = Some((index, at));
        }
        let again = |(at, recipient): (usize, RecipientOutcome<'_>)| {
            (recipient.fate == Fate::Deferred(When::SameConnection)).then_some(at)
        };
        let positions: Vec<_> = outcome.recipients().enumerate().filter_map(again).collect();
        if !positions.is_empty() {
            self.taken = self.taken.min(part.places.len() - positions.len()).max(1);
            self.waiting.push_front(part.select(&positions));
        }
        self.shorten();
        self.outcomes.push(outcome);
    }

    /// Limits the next transaction to the number of recipients that the server has taken at once. Otherwise a server
    /// that takes one of many each time would receive all the others again and again: quadratic work.
    fn shorten(&mut self) {
        let Some(next) = self.waiting.pop_front() else { return };
        if next.places.len() <= self.taken {
            return self.waiting.push_front(next);
        }
        let positions: Vec<_> = (0..next.places.len()).collect();
        for positions in positions.chunks(self.taken).rev() {
            self.waiting.push_front(next.select(positions));
        }
    }

    /// The last result for each recipient, in the order of the original envelope. `None` if its transaction has not
    /// begun.
    pub fn recipients(&self) -> impl Iterator<Item = Option<RecipientOutcome<'_>>> {
        self.last.iter().map(|&last| {
            let (outcome, at) = last?;
            self.outcomes[outcome].recipient(at)
        })
    }

    /// The verdict on the whole message. A recipient whose transaction has not begun counts as not attempted.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let status =
            |to: Option<RecipientOutcome<'_>>| to.map_or(Status::NotAttempted, |to| to.status());
        Verdict::of(self.recipients().map(status))
    }

    /// The recipient outcome that represents the whole message, with its phase and reply: that of the last
    /// transaction that delivered to any recipient, otherwise that of the first recipient with the status of the
    /// [`verdict`](Self::verdict).
    #[must_use]
    pub fn deciding(&self) -> Option<RecipientOutcome<'_>> {
        let delivered = |outcome: &&Outcome| outcome.verdict().status() == Status::Accepted;
        if let Some(outcome) = self.outcomes.iter().rev().find(delivered) {
            return outcome.deciding();
        }
        let status = self.verdict().status();
        self.recipients().flatten().find(|recipient| recipient.status() == status)
    }

    /// The outcomes so far, one for each transaction.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }
}

/// Groups the positions of the recipients into transactions.
fn groups(envelope: &Envelope, limits: ServerLimits, unannounced: usize) -> Vec<Vec<usize>> {
    let max_recipients = limits.recipients().map_or(unannounced, |limit| limit as usize);
    let max_domains = limits.recipient_domains().map_or(usize::MAX, |limit| limit as usize);
    let mut groups = alloc::vec![Vec::new()];
    let mut domains = BTreeSet::new();
    for (position, name) in names(envelope).enumerate() {
        let full = groups.last().is_some_and(|group| group.len() >= max_recipients);
        let others = domains.len() >= max_domains && !domains.contains(&name);
        if full || others {
            groups.push(Vec::new());
            domains.clear();
        }
        domains.insert(name);
        groups.iter_mut().last().into_iter().for_each(|group| group.push(position));
    }
    groups
}

/// The recipients' domains in lower case. The client has no memory for the form of `DomainName`, and compares domains
/// like this when it checks the limit. A group too many does no harm.
fn names(envelope: &Envelope) -> impl Iterator<Item = alloc::string::String> {
    let recipients = (0..).map_while(|index| envelope.recipient(index));
    recipients.map(|to| to.domain().to_ascii_lowercase())
}
