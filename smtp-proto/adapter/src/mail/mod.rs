//! A message and its envelope in one, as mail builders make them.

#[cfg(feature = "mail-builder")]
mod builder;
#[cfg(any(feature = "lettre", feature = "mail-builder"))]
mod header;
#[cfg(feature = "lettre")]
mod lettre;

use core::{convert::Infallible, fmt};
use std::io;

use smtp_proto::{address::AddressError, envelope::Envelope, reply::Escaped};

use crate::Error;

/// A message and its envelope. The crates `mail-builder` and `lettre` make them, each behind a feature
/// of its name, off by default.
///
/// ```
/// use smtp_adapter::{Mail, proto::envelope::Envelope};
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

    /// Returns the envelope: the sender and the recipients.
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

/// The reason why a message cannot be sent as it was built.
#[derive(Debug)]
#[non_exhaustive]
pub enum MailError {
    /// The message names no sender.
    NoSender,
    /// An address in it is none.
    Address(AddressError),
    /// The header field of this name has a CR, LF or NUL in its name or value, so that part of it would be another field, or
    /// the body; or it cannot be written at all.
    Header(String),
    /// It could not be written out.
    Write(io::Error),
}

impl fmt::Display for MailError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MailError::NoSender => f.write_str("the message has no sender"),
            MailError::Address(error) => error.fmt(f),
            MailError::Header(name) => {
                let name = Escaped(name.as_bytes());
                write!(f, "header field {name} cannot be sent: remove CR, LF and NUL from it")
            }
            MailError::Write(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for MailError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            MailError::NoSender | MailError::Header(_) => None,
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
