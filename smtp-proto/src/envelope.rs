//! An envelope that owns its addresses.

use alloc::{boxed::Box, vec::Vec};

use crate::{
    address::{Address, AddressError, ForwardPath, ReversePath},
    client::AsEnvelope,
    command::{Mail, Recipient},
    parameter::Body,
    stuffing::Survey,
};

/// Who sends a message and who gets it: what MAIL and RCPT say, not what the headers say.
///
/// ```
/// use smtp_proto::envelope::Envelope;
/// let envelope = Envelope::new("alice@example.org")?.to("bob@example.net")?.to("carol@example.net")?;
/// assert_eq!(envelope.len(), 2);
/// assert!(Envelope::new("alice@example.org\r\nDATA").is_err());
/// # Ok::<(), smtp_proto::address::AddressError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Envelope {
    /// `None` is the null sender.
    from: Option<Mailbox>,
    /// `None` is the bare postmaster.
    recipients: Vec<Option<Mailbox>>,
    size: Option<u64>,
    body: Option<Body>,
    smtp_utf8: bool,
}

impl Envelope {
    /// An envelope without recipients. `""` and `"<>"` are the null sender, which bounces have.
    ///
    /// # Errors
    /// What is no mailbox, with octet and offset.
    pub fn new(from: &str) -> Result<Self, AddressError> {
        let from = ReversePath::parse(from)?.address().map(Mailbox::from);
        Ok(Self { from, recipients: Vec::new(), size: None, body: None, smtp_utf8: false })
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
        self.recipients.push(ForwardPath::parse(recipient)?.address().map(Mailbox::from));
        Ok(())
    }

    /// Declares the size of the content in octets, line ends counted as two (RFC 1870).
    #[must_use]
    pub fn with_size(self, size: Option<u64>) -> Self {
        Self { size, ..self }
    }

    /// Declares size and body type of content that is there as a whole.
    #[must_use]
    pub fn describing(self, content: &[u8]) -> Self {
        let Survey { size, eight_bit, .. } = Survey::of(content);
        let body = if eight_bit { Body::EightBitMime } else { Body::SevenBit };
        self.with_size(Some(size)).with_body(body)
    }

    /// Declares what the content is made of; without, 8BITMIME is declared wherever it is offered.
    #[must_use]
    pub fn with_body(self, body: Body) -> Self {
        Self { body: Some(body), ..self }
    }

    /// Asks for SMTPUTF8 although all addresses are ASCII: for a message with UTF-8 headers.
    #[must_use]
    pub fn with_smtp_utf8(self) -> Self {
        Self { smtp_utf8: true, ..self }
    }

    /// How many recipients there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.recipients.len()
    }

    /// Whether there is no recipient yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.recipients.is_empty()
    }

    /// The recipients' addresses, in order.
    pub fn recipients(&self) -> impl Iterator<Item = &str> {
        self.recipients.iter().map(|recipient| forward_path(recipient.as_ref()).as_str())
    }
}

/// An address validated once.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Mailbox {
    text: Box<str>,
    at: usize,
}

impl Mailbox {
    fn address(&self) -> Address<'_> {
        Address::validated(&self.text, self.at)
    }
}

impl From<Address<'_>> for Mailbox {
    fn from(address: Address<'_>) -> Self {
        Self { text: address.as_str().into(), at: address.at() }
    }
}

fn forward_path(recipient: Option<&Mailbox>) -> ForwardPath<'_> {
    match recipient {
        Some(mailbox) => ForwardPath::Mailbox(mailbox.address()),
        None => ForwardPath::Postmaster,
    }
}

impl AsEnvelope for Envelope {
    fn mail(&self) -> Mail<'_> {
        let from = match &self.from {
            Some(mailbox) => ReversePath::Mailbox(mailbox.address()),
            None => ReversePath::Null,
        };
        let mail = Mail::new(from).adapted(self.size, self.body);
        if self.smtp_utf8 { mail.with_smtp_utf8() } else { mail }
    }

    fn recipient(&self, index: usize) -> Option<Recipient<'_>> {
        self.recipients.get(index).map(|recipient| Recipient::new(forward_path(recipient.as_ref())))
    }

    fn recipient_count(&self) -> usize {
        self.len()
    }
}
