//! A recipient that owns its address.

use alloc::boxed::Box;

use crate::{
    address::{AddressError, ForwardPath, Postmaster},
    command::Recipient,
    parameter::{Coded, Notify, OriginalRecipient, ValidSince},
};

use super::mailbox::Mailbox;

/// A recipient of an [`Envelope`](super::Envelope), with the parameters of `RCPT`, owned.
///
/// ```
/// use smtp_proto::{envelope::{Envelope, OwnedRecipient}, parameter::{Notify, OriginalRecipient}};
/// let bob = OwnedRecipient::new("bob@example.net")?
///     .with_notify(Notify::FAILURE)
///     .with_orcpt(OriginalRecipient::parse("rfc822;bob+lists@example.net")?);
/// let mut envelope = Envelope::new("alice@example.org")?;
/// envelope.push_recipient(bob);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OwnedRecipient {
    path: Path,
    /// Boxed, because few recipients have any.
    options: Option<Box<Options>>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Path {
    /// The bare postmaster, in the case in which the caller wrote it.
    Postmaster(Box<str>),
    Mailbox(Mailbox),
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Options {
    notify: Option<Notify>,
    orcpt: Option<Original>,
    valid_since: Option<ValidSince>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Original {
    kind: Box<str>,
    address: Coded<Box<str>>,
}

impl OwnedRecipient {
    /// Creates a recipient without parameters.
    ///
    /// # Errors
    /// [`AddressError`] if `address` is no mailbox, with octet and offset.
    pub fn new(address: &str) -> Result<Self, AddressError> {
        ForwardPath::parse(address).map(Self::from)
    }

    /// Creates a recipient whose address the grammar forbids; see
    /// [`Address::parse_lenient`](crate::address::Address::parse_lenient).
    ///
    /// # Errors
    /// [`AddressError`] if `address` cannot be sent in a command, with octet and offset.
    pub fn new_lenient(address: &str) -> Result<Self, AddressError> {
        ForwardPath::parse_lenient(address).map(Self::from)
    }

    /// Sets the events about which to notify the sender (`NOTIFY`, RFC 3461 4.1).
    #[must_use]
    pub fn with_notify(self, notify: Notify) -> Self {
        self.with(|options| options.notify = Some(notify))
    }

    /// Sets the address to which the sender originally sent (`ORCPT`, RFC 3461 4.2).
    #[must_use]
    pub fn with_orcpt(self, original: OriginalRecipient<'_>) -> Self {
        let (kind, address) = (original.kind.into(), original.address.to_owned());
        self.with(|options| options.orcpt = Some(Original { kind, address }))
    }

    /// Sets the time since which the mailbox must have had the same owner (`RRVS`, RFC 7293 5.1).
    #[must_use]
    pub fn with_valid_since(self, since: ValidSince) -> Self {
        self.with(|options| options.valid_since = Some(since))
    }

    /// The address, without angle brackets.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.path().as_str()
    }

    fn with(mut self, set: impl FnOnce(&mut Options)) -> Self {
        set(self.options.get_or_insert_default());
        self
    }

    fn path(&self) -> ForwardPath<'_> {
        match &self.path {
            Path::Mailbox(mailbox) => mailbox.address().into(),
            Path::Postmaster(text) => {
                Postmaster::parse(text).map_or(ForwardPath::POSTMASTER, ForwardPath::from)
            }
        }
    }

    pub(super) fn as_recipient(&self) -> Recipient<'_> {
        let recipient = Recipient::new(self.path());
        self.options.as_ref().map_or(recipient, |options| options.apply(recipient))
    }
}

impl From<ForwardPath<'_>> for OwnedRecipient {
    fn from(path: ForwardPath<'_>) -> Self {
        let path = match path {
            ForwardPath::Postmaster(postmaster) => Path::Postmaster(postmaster.as_str().into()),
            ForwardPath::Mailbox(address) => Path::Mailbox(address.into()),
        };
        Self { path, options: None }
    }
}

impl Options {
    fn apply<'a>(&'a self, mut recipient: Recipient<'a>) -> Recipient<'a> {
        if let Some(notify) = self.notify {
            recipient = recipient.with_notify(notify);
        }
        if let Some(Original { kind, address }) = &self.orcpt {
            let original = OriginalRecipient { kind, address: address.borrow() };
            recipient = recipient.with_orcpt(original);
        }
        if let Some(since) = self.valid_since {
            recipient = recipient.with_valid_since(since);
        }
        recipient
    }
}
