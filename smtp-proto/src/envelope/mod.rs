//! Envelopes: the sender and the recipients of a message, owned.

mod delivery;
mod mailbox;
mod message;
mod recipient;

use alloc::{collections::BTreeMap, string::String, vec::Vec};

use crate::{
    address::{AddressError, ReversePath},
    client::{AsEnvelope, Fate, Outcome, When},
    command::{Mail, Recipient},
    parameter::{Body, DeliverBy, EnvelopeId, Hold, Priority, Ret, Submitter},
    route,
    stuffing::Survey,
};

pub use self::{delivery::Delivery, recipient::OwnedRecipient};
use self::{mailbox::Mailbox, message::Message};

/// The sender and the recipients of a message, with the parameters of `MAIL` and `RCPT`.
///
/// It is independent of the headers: a recipient of `Bcc` is here, and in no header. Build one for each message, and
/// send it in a transaction; [`Delivery`] splits it if the server limits the recipients. All addresses are validated.
/// Without an allocator, use [`Mail`] and [`Recipient`], which borrow.
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
    /// Creates an envelope without recipients. `""` and `"<>"` are the null sender, which bounces have.
    ///
    /// # Errors
    /// [`AddressError`] if `from` is no mailbox, with octet and offset.
    pub fn new(from: &str) -> Result<Self, AddressError> {
        ReversePath::parse(from).map(Self::from)
    }

    /// Creates an envelope for a sender that the grammar forbids; see
    /// [`Address::parse_lenient`](crate::address::Address::parse_lenient). For such a recipient, use
    /// [`OwnedRecipient::new_lenient`].
    ///
    /// # Errors
    /// [`AddressError`] if `from` cannot be sent in a command, with octet and offset.
    pub fn new_lenient(from: &str) -> Result<Self, AddressError> {
        ReversePath::parse_lenient(from).map(Self::from)
    }

    /// Adds a recipient, and returns the envelope. `To`, `Cc` and `Bcc` make no difference here.
    ///
    /// # Errors
    /// [`AddressError`] if `recipient` is no mailbox, with octet and offset.
    pub fn to(mut self, recipient: &str) -> Result<Self, AddressError> {
        self.push(recipient)?;
        Ok(self)
    }

    /// Adds a recipient.
    ///
    /// # Errors
    /// [`AddressError`] if `recipient` is no mailbox, with octet and offset.
    pub fn push(&mut self, recipient: &str) -> Result<(), AddressError> {
        self.push_recipient(OwnedRecipient::new(recipient)?);
        Ok(())
    }

    /// Adds a recipient with parameters of its own.
    pub fn push_recipient(&mut self, recipient: OwnedRecipient) {
        self.recipients.push(recipient);
    }

    /// Declares the size of the content in octets, with each line end counted as two (`SIZE`, RFC 1870).
    #[must_use]
    pub fn with_size(self, size: Option<u64>) -> Self {
        self.with(|message| message.size = size)
    }

    /// Declares the size and the body type of `content`, the whole text of the message. A line end counts as two
    /// octets.
    ///
    /// For `BINARYMIME` content, which is sent octet for octet, declare the length with
    /// [`with_size`](Self::with_size).
    #[must_use]
    pub fn describing(self, content: &[u8]) -> Self {
        let Survey { size, eight_bit, .. } = Survey::of(content);
        let body = if eight_bit { Body::EightBitMime } else { Body::SevenBit };
        self.with_size(Some(size)).with_body(body)
    }

    /// Declares the kind of octets in the content (`BODY`). Without it, the client declares `8BITMIME` if the server
    /// offers it.
    #[must_use]
    pub fn with_body(self, body: Body) -> Self {
        self.with(|message| message.body = Some(body))
    }

    /// Asks for `SMTPUTF8` although all addresses are ASCII: for a message with UTF-8 headers (RFC 6531).
    #[must_use]
    pub fn with_smtp_utf8(self) -> Self {
        self.with(|message| message.smtp_utf8 = true)
    }

    /// Sets the amount of the message that a failure notification returns (`RET`, RFC 3461 4.3).
    #[must_use]
    pub fn with_ret(self, ret: Ret) -> Self {
        self.with(|message| message.ret = Some(ret))
    }

    /// Sets an identifier that notifications repeat (`ENVID`, RFC 3461 4.4).
    #[must_use]
    pub fn with_envid(self, envid: EnvelopeId<'_>) -> Self {
        self.with(|message| message.envid = Some(envid.0.to_owned()))
    }

    /// Names the user who submitted the message (`AUTH`, RFC 4954 5).
    #[must_use]
    pub fn with_auth(self, submitter: Submitter<'_>) -> Self {
        self.with(|message| message.auth = Some(submitter.into()))
    }

    /// Requires TLS on every hop (`REQUIRETLS`, RFC 8689).
    #[must_use]
    pub fn with_require_tls(self) -> Self {
        self.with(|message| message.require_tls = true)
    }

    /// Sets the time until which to deliver (`BY`, RFC 2852).
    #[must_use]
    pub fn with_deliver_by(self, by: DeliverBy) -> Self {
        self.with(|message| message.deliver_by = Some(by))
    }

    /// Sets the priority in the queues (`MT-PRIORITY`, RFC 6710).
    #[must_use]
    pub fn with_priority(self, priority: Priority) -> Self {
        self.with(|message| message.priority = Some(priority))
    }

    /// Makes the server keep the message back for a time (`HOLDFOR` or `HOLDUNTIL`, RFC 4865).
    #[must_use]
    pub fn with_hold(self, hold: Hold) -> Self {
        self.with(|message| message.hold = Some(hold))
    }

    /// The number of recipients.
    #[must_use]
    pub fn len(&self) -> usize {
        self.recipients.len()
    }

    /// Returns whether there are no recipients.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.recipients.is_empty()
    }

    /// The recipients' addresses, in the order in which they were added.
    pub fn recipients(&self) -> impl Iterator<Item = &str> {
        self.recipients.iter().map(OwnedRecipient::as_str)
    }

    /// Splits the envelope into envelopes of at most `max` recipients each, but at least one, in order. [`Delivery`]
    /// does this by the [limits that a server announces](crate::hello::ServerLimits::recipients).
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

    /// Returns the envelope with the recipients at these positions only, in the order given. Positions beyond the
    /// last recipient are ignored.
    #[must_use]
    pub fn only(&self, positions: &[usize]) -> Self {
        let recipients = positions.iter().filter_map(|&at| self.recipients.get(at).cloned());
        self.for_recipients(recipients.collect())
    }

    /// The recipients' domains, each with the positions of its recipients; both in the order of the recipients.
    ///
    /// The domains are in the canonical form of a [`Destination`](crate::route::Destination), so that two spellings
    /// are one domain. A domain without that form is in lower case. The domain of `<Postmaster>` is empty.
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

    /// Returns the envelope for the recipients that can be tried again at once, in a new transaction or on a new
    /// connection: those that were too many for the server, and those that the session did not reach before it broke.
    /// `None` if there are none.
    #[must_use]
    pub fn remaining(&self, outcome: &Outcome) -> Option<Self> {
        self.select(outcome, Fate::may_be_tried_at_once)
    }

    /// Returns the envelope for the recipients that can be tried again later. `None` if there are none.
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

/// Creates an envelope without recipients.
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
