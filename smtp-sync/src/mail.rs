//! A message and its envelope in one, as mail builders make them.

use core::{convert::Infallible, fmt};
use std::io;

use smtp_proto::{address::AddressError, envelope::Envelope};

use crate::Error;

/// A message and its envelope. The crates `mail-builder` and `lettre` make them, each behind a feature
/// of its name, off by default.
///
/// ```
/// use smtp_sync::{Envelope, Mail};
/// let envelope = Envelope::new("alice@example.org")?.to("bob@example.net")?;
/// let mail = Mail::new(envelope, "Subject: Hi\r\n\r\nHello Bob.\r\n");
/// assert!(mail.content().starts_with(b"Subject: "));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    envelope: Envelope,
    content: Vec<u8>,
}

impl Mail {
    /// A message that is there as a whole; the envelope says its size and what it is made of.
    pub fn new(envelope: Envelope, content: impl Into<Vec<u8>>) -> Self {
        let content = content.into();
        Self { envelope: envelope.describing(&content), content }
    }

    /// Who sends it and who gets it.
    #[must_use]
    pub const fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// Headers and body.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        &self.content
    }
}

impl fmt::Debug for Mail {
    /// Shows the content's length only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail")
            .field("envelope", &self.envelope)
            .field("octets", &self.content.len())
            .finish()
    }
}

/// Why a message cannot be sent as it was built.
#[derive(Debug)]
#[non_exhaustive]
pub enum MailError {
    /// It names nobody who sends it.
    NoSender,
    /// An address in it is none.
    Address(AddressError),
    /// It could not be written out.
    Write(io::Error),
}

impl fmt::Display for MailError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MailError::NoSender => f.write_str("the message has no sender"),
            MailError::Address(error) => error.fmt(f),
            MailError::Write(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for MailError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            MailError::NoSender => None,
            MailError::Address(error) => Some(error),
            MailError::Write(error) => Some(error),
        }
    }
}

impl From<AddressError> for MailError {
    fn from(error: AddressError) -> Self {
        Self::Address(error)
    }
}

impl From<MailError> for Error {
    fn from(error: MailError) -> Self {
        Error::Mail(std::sync::Arc::new(error))
    }
}

/// For what is a [`Mail`] already.
impl From<Infallible> for Error {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// The envelope of `lettre` is taken as it is: it has the recipients of Bcc, the content has not.
#[cfg(feature = "lettre")]
impl TryFrom<&lettre::Message> for Mail {
    type Error = MailError;

    fn try_from(message: &lettre::Message) -> Result<Self, MailError> {
        let from = message.envelope().from().map(AsRef::<str>::as_ref);
        let mut envelope = Envelope::new(from.unwrap_or_default())?;
        for to in message.envelope().to() {
            envelope.push(to.as_ref())?;
        }
        Ok(Self::new(envelope, message.formatted()))
    }
}

#[cfg(feature = "mail-builder")]
mod builder {
    use mail_builder::{
        MessageBuilder,
        headers::{HeaderType, address::Address},
    };

    use super::{Envelope, Mail, MailError};

    /// The sender is that of Sender, else the first of From; recipients are those of To, Cc and Bcc, each
    /// once. Bcc is not in the content.
    impl TryFrom<MessageBuilder<'_>> for Mail {
        type Error = MailError;

        fn try_from(mut builder: MessageBuilder<'_>) -> Result<Self, MailError> {
            let from = sender(&builder).ok_or(MailError::NoSender)?;
            let mut envelope = Envelope::new(&from)?;
            for to in recipients(&builder) {
                if !envelope.recipients().any(|known| known == to) {
                    envelope.push(&to)?;
                }
            }
            builder.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("Bcc"));
            Ok(Self::new(envelope, builder.write_to_vec().map_err(MailError::Write)?))
        }
    }

    fn sender(builder: &MessageBuilder<'_>) -> Option<String> {
        let first = |name| addresses(builder, name).into_iter().next();
        first("Sender").or_else(|| first("From"))
    }

    fn recipients(builder: &MessageBuilder<'_>) -> Vec<String> {
        ["To", "Cc", "Bcc"].into_iter().flat_map(|name| addresses(builder, name)).collect()
    }

    fn addresses(builder: &MessageBuilder<'_>, name: &str) -> Vec<String> {
        let mut found = Vec::new();
        for (header, value) in &builder.headers {
            if let (true, HeaderType::Address(address)) = (header.eq_ignore_ascii_case(name), value)
            {
                gather(address, &mut found);
            }
        }
        found
    }

    fn gather(address: &Address<'_>, found: &mut Vec<String>) {
        match address {
            Address::Address(address) => found.push(address.email.clone().into_owned()),
            Address::Group(group) => group.addresses.iter().for_each(|one| gather(one, found)),
            Address::List(list) => list.iter().for_each(|one| gather(one, found)),
        }
    }
}
