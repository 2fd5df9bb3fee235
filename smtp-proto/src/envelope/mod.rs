//! An envelope that owns its addresses.

mod delivery;
mod mailbox;
mod message;
mod recipient;

use alloc::{collections::BTreeMap, string::String, vec::Vec};

use self::{mailbox::Mailbox, message::Message};
use crate::{
    address::{AddressError, ReversePath},
    client::{AsEnvelope, Fate, Outcome, When},
    command::{Mail, Recipient},
    parameter::{Body, DeliverBy, EnvelopeId, Hold, Priority, Ret, Submitter},
    route,
    stuffing::Survey,
};

pub use self::{delivery::Delivery, recipient::OwnedRecipient};

/// Who sends a message and who gets it: what MAIL and RCPT say, not what the headers say.
///
/// ```
/// use smtp_proto::{envelope::Envelope, parameter::{EnvelopeId, Ret}};
/// let envelope = Envelope::new("alice@example.org")?
///     .with_ret(Ret::Headers)
///     .with_envid(EnvelopeId::new("order=7")?)
///     .to("bob@example.net")?
///     .to("carol@example.net")?;
/// assert_eq!(envelope.len(), 2);
/// assert!(Envelope::new("alice@example.org\r\nDATA").is_err());
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Envelope {
    message: Message,
    recipients: Vec<OwnedRecipient>,
}

impl Envelope {
    /// An envelope without recipients. `""` and `"<>"` are the null sender, which bounces have.
    ///
    /// # Errors
    /// What is no mailbox, with octet and offset.
    pub fn new(from: &str) -> Result<Self, AddressError> {
        ReversePath::parse(from).map(Self::from)
    }

    /// The same for a sender that the grammar forbids; see
    /// [`Address::parse_lenient`](crate::address::Address::parse_lenient). A recipient of the kind is
    /// an [`OwnedRecipient::new_lenient`].
    ///
    /// # Errors
    /// What cannot stand in a command, with octet and offset.
    pub fn new_lenient(from: &str) -> Result<Self, AddressError> {
        ReversePath::parse_lenient(from).map(Self::from)
    }

    /// Adds a recipient. To, Cc and Bcc are all the same here.
    ///
    /// # Errors
    /// What is no mailbox, with octet and offset.
    pub fn to(mut self, recipient: &str) -> Result<Self, AddressError> {
        self.push(recipient)?;
        Ok(self)
    }

    /// Adds a recipient.
    ///
    /// # Errors
    /// What is no mailbox, with octet and offset.
    pub fn push(&mut self, recipient: &str) -> Result<(), AddressError> {
        self.push_recipient(OwnedRecipient::new(recipient)?);
        Ok(())
    }

    /// Adds a recipient with options of its own.
    pub fn push_recipient(&mut self, recipient: OwnedRecipient) {
        self.recipients.push(recipient);
    }

    /// Declares the size of the content in octets, line ends counted as two (RFC 1870).
    #[must_use]
    pub fn with_size(self, size: Option<u64>) -> Self {
        self.with(|message| message.size = size)
    }

    /// Declares size and body type of content that is there as a whole and is text: line ends count as two octets.
    /// For BINARYMIME, which leaves octet for octet, declare its length by [`with_size`](Self::with_size).
    #[must_use]
    pub fn describing(self, content: &[u8]) -> Self {
        let Survey { size, eight_bit, .. } = Survey::of(content);
        let body = if eight_bit { Body::EightBitMime } else { Body::SevenBit };
        self.with_size(Some(size)).with_body(body)
    }

    /// Declares what the content is made of; without, 8BITMIME is declared wherever it is offered.
    #[must_use]
    pub fn with_body(self, body: Body) -> Self {
        self.with(|message| message.body = Some(body))
    }

    /// Asks for SMTPUTF8 although all addresses are ASCII: for a message with UTF-8 headers.
    #[must_use]
    pub fn with_smtp_utf8(self) -> Self {
        self.with(|message| message.smtp_utf8 = true)
    }

    /// Says how much a notification of failure returns (RFC 3461 4.3).
    #[must_use]
    pub fn with_ret(self, ret: Ret) -> Self {
        self.with(|message| message.ret = Some(ret))
    }

    /// Names this sending of the message; notifications give the name back (RFC 3461 4.4).
    #[must_use]
    pub fn with_envid(self, envid: EnvelopeId<'_>) -> Self {
        self.with(|message| message.envid = Some(envid.0.to_owned()))
    }

    /// Says who handed the message in (RFC 4954 5).
    #[must_use]
    pub fn with_auth(self, submitter: Submitter<'_>) -> Self {
        self.with(|message| message.auth = Some(submitter.into()))
    }

    /// Requires TLS all the way (RFC 8689).
    #[must_use]
    pub fn with_require_tls(self) -> Self {
        self.with(|message| message.require_tls = true)
    }

    /// Says when to deliver by (RFC 2852).
    #[must_use]
    pub fn with_deliver_by(self, by: DeliverBy) -> Self {
        self.with(|message| message.deliver_by = Some(by))
    }

    /// Says how urgent the message is (RFC 6710).
    #[must_use]
    pub fn with_priority(self, priority: Priority) -> Self {
        self.with(|message| message.priority = Some(priority))
    }

    /// Has the server hold the message (RFC 4865).
    #[must_use]
    pub fn with_hold(self, hold: Hold) -> Self {
        self.with(|message| message.hold = Some(hold))
    }

    /// How many recipients there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.recipients.len()
    }

    /// Returns whether there is no recipient yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.recipients.is_empty()
    }

    /// The recipients' addresses, in order.
    pub fn recipients(&self) -> impl Iterator<Item = &str> {
        self.recipients.iter().map(OwnedRecipient::as_str)
    }

    /// The same in envelopes of at most `max` recipients each, at least one, in order: for servers
    /// that [announce a limit](crate::hello::ServerLimits::recipients).
    ///
    /// ```
    /// use smtp_proto::envelope::Envelope;
    /// let envelope = Envelope::new("")?.to("a@example.net")?.to("b@example.net")?.to("c@example.net")?;
    /// let lengths: Vec<_> = envelope.split(2).iter().map(Envelope::len).collect();
    /// assert_eq!(lengths, [2, 1]);
    /// # Ok::<(), smtp_proto::address::AddressError>(())
    /// ```
    #[must_use]
    pub fn split(&self, max: usize) -> Vec<Self> {
        let part = |recipients: &[OwnedRecipient]| self.for_recipients(recipients.to_vec());
        self.recipients.chunks(max.max(1)).map(part).collect()
    }

    /// The same for the recipients at these positions, in the order given; those that there are not
    /// are left out.
    #[must_use]
    pub fn only(&self, positions: &[usize]) -> Self {
        let recipients = positions.iter().filter_map(|&at| self.recipients.get(at).cloned());
        self.for_recipients(recipients.collect())
    }

    /// The recipients' domains, each with the positions of those in it; both in order. They are
    /// in the one form of a [`Destination`](crate::route::Destination), so that two spellings are one
    /// domain; a domain without that form is in lower case. `<Postmaster>` has the empty one.
    ///
    /// ```
    /// use smtp_proto::envelope::Envelope;
    /// let envelope = Envelope::new("")?.to("a@Example.net")?.to("b@example.org")?.to("c@example.NET")?;
    /// let domains = envelope.by_domain();
    /// assert_eq!(domains[0], ("example.net".to_owned(), vec![0, 2]));
    /// assert_eq!(envelope.only(&domains[1].1).recipients().next(), Some("b@example.org"));
    /// # Ok::<(), smtp_proto::address::AddressError>(())
    /// ```
    #[must_use]
    pub fn by_domain(&self) -> Vec<(String, Vec<usize>)> {
        let mut groups: Vec<(String, Vec<usize>)> = Vec::new();
        let mut known = BTreeMap::new();
        for (position, recipient) in self.recipients.iter().enumerate() {
            let domain = route::key(recipient.as_recipient().domain());
            let group = *known.entry(domain).or_insert_with_key(|domain| {
                groups.push((domain.clone(), Vec::new()));
                groups.len() - 1
            });
            groups[group].1.push(position);
        }
        groups
    }

    /// The recipients that may be tried again at once, in a new transaction or on a new connection:
    /// those beyond what the server takes in one, and those the session broke before. `None` when
    /// there are none.
    #[must_use]
    pub fn remaining(&self, outcome: &Outcome) -> Option<Self> {
        self.select(outcome, Fate::may_be_tried_at_once)
    }

    /// The recipients that may be tried again later. `None` when there are none.
    #[must_use]
    pub fn deferred(&self, outcome: &Outcome) -> Option<Self> {
        self.select(outcome, |fate| {
            matches!(fate, Fate::Deferred(When::Later) | Fate::NotAttempted(When::Later))
        })
    }

    fn select(&self, outcome: &Outcome, wanted: impl Fn(Fate) -> bool) -> Option<Self> {
        let outcomes = self.recipients.iter().zip(outcome.recipients());
        let chosen: Vec<_> = outcomes
            .filter(|(_, outcome)| wanted(outcome.fate))
            .map(|(recipient, _)| recipient.clone())
            .collect();
        (!chosen.is_empty()).then(|| self.for_recipients(chosen))
    }

    fn for_recipients(&self, recipients: Vec<OwnedRecipient>) -> Self {
        Self { message: self.message.clone(), recipients }
    }

    fn with(mut self, set: impl FnOnce(&mut Message)) -> Self {
        set(&mut self.message);
        self
    }
}

/// An envelope without recipients.
impl From<ReversePath<'_>> for Envelope {
    fn from(from: ReversePath<'_>) -> Self {
        let from = from.address().map(Mailbox::from);
        Self { message: Message { from, ..Message::default() }, recipients: Vec::new() }
    }
}

impl AsEnvelope for Envelope {
    fn mail(&self) -> Mail<'_> {
        self.message.as_mail()
    }

    fn recipient(&self, index: usize) -> Option<Recipient<'_>> {
        self.recipients.get(index).map(OwnedRecipient::as_recipient)
    }

    fn recipient_count(&self) -> usize {
        self.len()
    }
}
