//! One message in as many transactions as the server's limits ask for.

use alloc::{
    collections::{BTreeSet, VecDeque},
    vec::Vec,
};

use super::Envelope;
use crate::{
    client::{AsEnvelope, Outcome, RecipientOutcome, Retry},
    hello::ServerLimits,
};

/// One message on its way to all its recipients, in one transaction or in several.
///
/// A server may [announce](ServerLimits) how many recipients and domains it takes at once (RFC 9422),
/// or say so when there are too many (452 4.5.3, RFC 5321 4.5.3.1.10). The recipients left over go
/// into a transaction of their own.
///
/// While there is an [`envelope`](Self::envelope), send the message to it and
/// [`record`](Self::record) the outcome. Where the session breaks between two, go on over another.
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
    /// What is still to be sent, with the places of its recipients in the whole.
    waiting: VecDeque<Part>,
    outcomes: Vec<Outcome>,
    /// Where the last word on each recipient stands: which outcome, which place in it.
    last: Vec<Option<(usize, usize)>>,
}

#[derive(Clone, Debug)]
struct Part {
    envelope: Envelope,
    places: Vec<usize>,
}

impl Part {
    /// What of this is said of the recipients at these positions.
    fn select(&self, positions: &[usize]) -> Self {
        let recipients = positions.iter().map(|&at| self.envelope.recipients[at].clone()).collect();
        let places = positions.iter().map(|&at| self.places[at]).collect();
        Self { envelope: self.envelope.for_recipients(recipients), places }
    }
}

impl Delivery {
    /// Splits `envelope` as the limits want it, in order; an envelope without recipients stays one.
    #[must_use]
    pub fn new(envelope: &Envelope, limits: ServerLimits) -> Self {
        let whole = Part { envelope: envelope.clone(), places: (0..envelope.len()).collect() };
        let parts = groups(envelope, limits);
        let last = alloc::vec![None; envelope.len()];
        let waiting = parts.iter().map(|positions| whole.select(positions)).collect();
        Self { waiting, outcomes: Vec::new(), last }
    }

    /// The envelope of the next transaction; `None` when there is nothing more to send now.
    #[must_use]
    pub fn envelope(&self) -> Option<&Envelope> {
        self.waiting.front().map(|part| &part.envelope)
    }

    /// Takes the outcome of the transaction with [`envelope`](Self::envelope). Recipients that were
    /// too many come next; there is an end to it, since each time some were not.
    pub fn record(&mut self, outcome: Outcome) {
        let Some(part) = self.waiting.pop_front() else { return };
        let index = self.outcomes.len();
        for (at, &place) in part.places.iter().enumerate() {
            self.last[place] = Some((index, at));
        }
        let again = |(at, fate): (usize, RecipientOutcome<'_>)| {
            (fate.is_too_many_recipients() && fate.retry == Retry::SameConnection).then_some(at)
        };
        let positions: Vec<_> = outcome.recipients().enumerate().filter_map(again).collect();
        if !positions.is_empty() {
            self.waiting.push_front(part.select(&positions));
        }
        self.outcomes.push(outcome);
    }

    /// The last word on each recipient, in the order of the envelope that was split; `None` for
    /// those whose transaction has not begun.
    pub fn recipients(&self) -> impl Iterator<Item = Option<RecipientOutcome<'_>>> {
        self.last.iter().map(|&last| {
            let (outcome, at) = last?;
            self.outcomes[outcome].recipient(at)
        })
    }

    /// The outcomes so far, a transaction each.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }
}

/// Positions of recipients that go together.
fn groups(envelope: &Envelope, limits: ServerLimits) -> Vec<Vec<usize>> {
    let max = |limit: Option<u32>| limit.map_or(usize::MAX, |limit| limit as usize);
    let (max_recipients, max_domains) = (max(limits.recipients()), max(limits.recipient_domains()));
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

/// The recipients' domains in lower case, as the client compares them when it checks the limit: it has no
/// room for another form. One group too many does no harm.
fn names(envelope: &Envelope) -> impl Iterator<Item = alloc::string::String> {
    let recipients = (0..).map_while(|index| envelope.recipient(index));
    recipients.map(|to| to.domain().to_ascii_lowercase())
}
