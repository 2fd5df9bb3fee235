//! Commands as a server has them.

use super::{Argument, Auth, CommandError, Mail, Recipient, parse};
use crate::address::{ForwardPath, ReversePath};
use crate::hello::{EhloName, Extensions};
use crate::parameter::{
    Body, DeliverBy, EnvelopeId, Hold, Notify, OriginalRecipient, Parameter, ParameterError,
    Parameters, Priority, Ret, Submitter, ValidSince,
};

/// A command that a server received, borrowed from its line.
///
/// The counterpart of [`Command`](super::Command); parameters that are not known are kept as text.
///
/// ```
/// use smtp_proto::command::{CommandError, Received};
/// use smtp_proto::parameter::Ret;
///
/// let line = b"mail from:<a@example.org> SIZE=12 ret=HDRS X-OWN ";
/// let Received::Mail(mail) = Received::parse(line)? else { panic!() };
/// assert_eq!(mail.from().as_str(), "a@example.org");
/// assert_eq!(mail.size(), Some(12));
/// assert_eq!(mail.ret(), Some(Ret::Headers));
/// assert!(mail.others().map(|p| p.keyword()).eq(["X-OWN"]));
///
/// assert_eq!(Received::parse(b"HELLO").unwrap_err(), CommandError::UnknownVerb);
/// # Ok::<(), CommandError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
#[allow(clippy::large_enum_variant, reason = "an EHLO name is kept inline, without an allocator")]
pub enum Received<'a> {
    /// `EHLO` (RFC 5321 4.1.1.1).
    Ehlo(EhloName),
    /// `HELO` (RFC 5321 4.1.1.1).
    Helo(EhloName),
    /// `LHLO` (RFC 2033 4.1).
    Lhlo(EhloName),
    /// `STARTTLS` (RFC 3207 4).
    StartTls,
    /// `MAIL FROM:` (RFC 5321 4.1.1.2).
    Mail(ReceivedMail<'a>),
    /// `RCPT TO:` (RFC 5321 4.1.1.3).
    Rcpt(ReceivedRecipient<'a>),
    /// `DATA` (RFC 5321 4.1.1.4).
    Data,
    /// `BDAT` (RFC 3030 2): a chunk of content stands right behind the line.
    Bdat {
        /// Octets of the chunk.
        size: u64,
        /// The chunk ends the content.
        last: bool,
    },
    /// `RSET` (RFC 5321 4.1.1.5).
    Rset,
    /// `NOOP` (RFC 5321 4.1.1.9); its text is not kept.
    Noop,
    /// `QUIT` (RFC 5321 4.1.1.10).
    Quit,
    /// `VRFY` (RFC 5321 4.1.1.6).
    Vrfy(Argument<'a>),
    /// `EXPN` (RFC 5321 4.1.1.7).
    Expn(Argument<'a>),
    /// `HELP` (RFC 5321 4.1.1.8).
    Help(Option<Argument<'a>>),
    /// `AUTH` (RFC 4954 4).
    Auth(Auth<'a>),
}

impl<'a> Received<'a> {
    /// Reads one whole command line, without its CRLF.
    ///
    /// Verbs and keywords are taken in any case; spaces at the end, and more than one between
    /// parts, are ignored. All else is as strict as the grammar. Takes time linear in the length of
    /// the line, which is for the framing to bound.
    pub fn parse(line: &'a [u8]) -> Result<Self, CommandError> {
        parse::command(line)
    }
}

/// A `MAIL` that was received: what a client meant by it, and how it stood there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReceivedMail<'a> {
    mail: Mail<'a>,
    parameters: Parameters<'a>,
}

impl<'a> ReceivedMail<'a> {
    /// An error comes with where its parameter begins among them.
    pub(super) fn new(
        from: ReversePath<'a>,
        parameters: Parameters<'a>,
    ) -> Result<Self, (usize, ParameterError)> {
        let mut mail = Mail::received(from);
        for (offset, parameter) in parameters.located() {
            let known = mail.with_parameter(parameter).map_err(|error| (offset, error))?;
            mail = known.unwrap_or(mail);
        }
        Ok(Self { mail, parameters })
    }

    /// The path.
    #[must_use]
    pub const fn from(&self) -> ReversePath<'a> {
        self.mail.from()
    }

    /// The declared size in octets (RFC 1870 5).
    #[must_use]
    pub const fn size(&self) -> Option<u64> {
        self.mail.size()
    }

    /// The declared body (RFC 6152 2).
    #[must_use]
    pub const fn body(&self) -> Option<Body> {
        self.mail.body()
    }

    /// Returns whether SMTPUTF8 was asked for (RFC 6531 3.4). A path beyond ASCII may come without; that is
    /// for the server to refuse.
    #[must_use]
    pub const fn smtp_utf8(&self) -> bool {
        self.mail.smtp_utf8()
    }

    /// How much a notification is to return (RFC 3461 4.3).
    #[must_use]
    pub const fn ret(&self) -> Option<Ret> {
        self.mail.ret()
    }

    /// The sender's name for this sending (RFC 3461 4.4).
    #[must_use]
    pub const fn envid(&self) -> Option<EnvelopeId<'a>> {
        self.mail.envid()
    }

    /// Who handed the message in, as the client says (RFC 4954 5).
    #[must_use]
    pub const fn auth(&self) -> Option<Submitter<'a>> {
        self.mail.auth()
    }

    /// Returns whether TLS is required all the way (RFC 8689 2).
    #[must_use]
    pub const fn require_tls(&self) -> bool {
        self.mail.require_tls()
    }

    /// The time to deliver by (RFC 2852 4).
    #[must_use]
    pub const fn deliver_by(&self) -> Option<DeliverBy> {
        self.mail.deliver_by()
    }

    /// The priority (RFC 6710 4.1).
    #[must_use]
    pub const fn priority(&self) -> Option<Priority> {
        self.mail.priority()
    }

    /// How long the message is to be held (RFC 4865 4).
    #[must_use]
    pub const fn hold(&self) -> Option<Hold> {
        self.mail.hold()
    }

    /// What a server has to offer for the parameters that have a method here.
    #[must_use]
    pub fn needs(&self) -> Extensions {
        self.mail.needs()
    }

    /// The command as a client would write it, without [`others`](Self::others).
    #[must_use]
    pub const fn typed(&self) -> Mail<'a> {
        self.mail
    }

    /// All parameters.
    #[must_use]
    pub const fn parameters(&self) -> Parameters<'a> {
        self.parameters
    }

    /// The parameters that have no method here; a server that does not know one of them answers
    /// 555.
    pub fn others(&self) -> impl Iterator<Item = Parameter<'a>> + use<'a> {
        let blank = Mail::received(self.from());
        self.parameters.iter().filter(move |known| blank.with_parameter(*known) == Ok(None))
    }
}

/// An `RCPT` that was received: what a client meant by it, and how it stood there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReceivedRecipient<'a> {
    recipient: Recipient<'a>,
    parameters: Parameters<'a>,
}

impl<'a> ReceivedRecipient<'a> {
    /// An error comes with where its parameter begins among them.
    pub(super) fn new(
        address: ForwardPath<'a>,
        parameters: Parameters<'a>,
    ) -> Result<Self, (usize, ParameterError)> {
        let mut recipient = Recipient::new(address);
        for (offset, parameter) in parameters.located() {
            let known = recipient.with_parameter(parameter).map_err(|error| (offset, error))?;
            recipient = known.unwrap_or(recipient);
        }
        Ok(Self { recipient, parameters })
    }

    /// The path.
    #[must_use]
    pub const fn address(&self) -> ForwardPath<'a> {
        self.recipient.address()
    }

    /// When the sender is to be told (RFC 3461 4.1).
    #[must_use]
    pub const fn notify(&self) -> Option<Notify> {
        self.recipient.notify()
    }

    /// Whom the sender meant (RFC 3461 4.2).
    #[must_use]
    pub const fn orcpt(&self) -> Option<OriginalRecipient<'a>> {
        self.recipient.orcpt()
    }

    /// Since when the recipient has owned its mailbox (RFC 7293 5.1).
    #[must_use]
    pub const fn valid_since(&self) -> Option<ValidSince> {
        self.recipient.valid_since()
    }

    /// What a server has to offer for the path and the parameters that have a method here.
    #[must_use]
    pub fn needs(&self) -> Extensions {
        self.recipient.needs()
    }

    /// The command as a client would write it, without [`others`](Self::others).
    #[must_use]
    pub const fn typed(&self) -> Recipient<'a> {
        self.recipient
    }

    /// All parameters.
    #[must_use]
    pub const fn parameters(&self) -> Parameters<'a> {
        self.parameters
    }

    /// The parameters that have no method here; a server that does not know one of them answers
    /// 555.
    pub fn others(&self) -> impl Iterator<Item = Parameter<'a>> + use<'a> {
        let blank = Recipient::new(self.address());
        self.parameters.iter().filter(move |known| blank.with_parameter(*known) == Ok(None))
    }
}
