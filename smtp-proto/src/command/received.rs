//! Commands that a server received.

use crate::{
    address::{ForwardPath, ReversePath},
    hello::{EhloName, Extensions},
    parameter::{
        Body, DeliverBy, EnvelopeId, Hold, Notify, OriginalRecipient, Parameter, ParameterError,
        Parameters, Priority, Ret, Submitter, ValidSince,
    },
};

use super::{Argument, Auth, CommandError, Mail, Recipient, parse};

/// A command that a server received. It borrows from the command line.
///
/// It is the counterpart of [`Command`](super::Command). Unknown parameters are kept as text.
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
    /// `EHLO`: the greeting of a client that asks for extensions (RFC 5321 4.1.1.1).
    Ehlo(EhloName),
    /// `HELO`: the greeting of an old client (RFC 5321 4.1.1.1).
    Helo(EhloName),
    /// `LHLO`: the `EHLO` of LMTP (RFC 2033 4.1).
    Lhlo(EhloName),
    /// `STARTTLS`: asks to continue with TLS (RFC 3207 4).
    StartTls,
    /// `MAIL FROM:`: starts a transaction and names the sender (RFC 5321 4.1.1.2).
    Mail(ReceivedMail<'a>),
    /// `RCPT TO:`: adds a recipient to the transaction (RFC 5321 4.1.1.3).
    Rcpt(ReceivedRecipient<'a>),
    /// `DATA`: asks to send the content, which ends with a line that holds a single dot (RFC 5321 4.1.1.4).
    Data,
    /// `BDAT`: announces a chunk of content, which follows the line at once (RFC 3030 2).
    Bdat {
        /// The length of the chunk in octets.
        size: u64,
        /// The chunk is the last one of the content.
        last: bool,
    },
    /// `RSET`: aborts the transaction (RFC 5321 4.1.1.5).
    Rset,
    /// `NOOP`: asks for a reply and does nothing else (RFC 5321 4.1.1.9). Its text is dropped.
    Noop,
    /// `QUIT`: ends the session (RFC 5321 4.1.1.10).
    Quit,
    /// `VRFY`: asks whether a mailbox exists (RFC 5321 4.1.1.6).
    Vrfy(Argument<'a>),
    /// `EXPN`: asks for the members of a mailing list (RFC 5321 4.1.1.7).
    Expn(Argument<'a>),
    /// `HELP`: asks for a text for people (RFC 5321 4.1.1.8).
    Help(Option<Argument<'a>>),
    /// `AUTH`: starts a SASL authentication (RFC 4954 4).
    Auth(Auth<'a>),
}

impl<'a> Received<'a> {
    /// Parses one whole command line, without its CRLF.
    ///
    /// Accepts verbs and keywords in any case. Ignores spaces at the end, and more than one between the parts.
    /// Follows the grammar in everything else. Takes time linear in the length of the line, which the framing has to
    /// limit.
    ///
    /// # Errors
    /// [`CommandError`] names the part that is not valid, and its offset.
    pub fn parse(line: &'a [u8]) -> Result<Self, CommandError> {
        parse::command(line)
    }
}

/// A received `MAIL` command: the parsed sender and parameters, and the parameters as they were sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReceivedMail<'a> {
    mail: Mail<'a>,
    parameters: Parameters<'a>,
}

impl<'a> ReceivedMail<'a> {
    /// Applies the parameters. An error comes with the offset of its parameter among them.
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

    /// The sender.
    #[must_use]
    pub const fn from(&self) -> ReversePath<'a> {
        self.mail.from()
    }

    /// The declared size of the content in octets (RFC 1870 5).
    #[must_use]
    pub const fn size(&self) -> Option<u64> {
        self.mail.size()
    }

    /// The declared kind of octets in the content (RFC 6152 2).
    #[must_use]
    pub const fn body(&self) -> Option<Body> {
        self.mail.body()
    }

    /// Returns whether the parameter `SMTPUTF8` was sent (RFC 6531 3.4). It can be missing although the path is not
    /// ASCII; the server has to refuse such a command.
    #[must_use]
    pub const fn smtp_utf8(&self) -> bool {
        self.mail.smtp_utf8()
    }

    /// The amount of the message that a failure notification returns (RFC 3461 4.3).
    #[must_use]
    pub const fn ret(&self) -> Option<Ret> {
        self.mail.ret()
    }

    /// The identifier that notifications repeat (RFC 3461 4.4).
    #[must_use]
    pub const fn envid(&self) -> Option<EnvelopeId<'a>> {
        self.mail.envid()
    }

    /// The user who submitted the message, as the client claims (RFC 4954 5).
    #[must_use]
    pub const fn auth(&self) -> Option<Submitter<'a>> {
        self.mail.auth()
    }

    /// Returns whether the parameter `REQUIRETLS` was sent: every hop must use TLS (RFC 8689 2).
    #[must_use]
    pub const fn require_tls(&self) -> bool {
        self.mail.require_tls()
    }

    /// The time until which to deliver (RFC 2852 4).
    #[must_use]
    pub const fn deliver_by(&self) -> Option<DeliverBy> {
        self.mail.deliver_by()
    }

    /// The priority in the queues (RFC 6710 4.1).
    #[must_use]
    pub const fn priority(&self) -> Option<Priority> {
        self.mail.priority()
    }

    /// The time for which to keep the message back (RFC 4865 4).
    #[must_use]
    pub const fn hold(&self) -> Option<Hold> {
        self.mail.hold()
    }

    /// The extensions that the server has to offer for the parameters that have a method here.
    #[must_use]
    pub fn needs(&self) -> Extensions {
        self.mail.needs()
    }

    /// The command as a client would write it, without [`others`](Self::others).
    #[must_use]
    pub const fn typed(&self) -> Mail<'a> {
        self.mail
    }

    /// All parameters, as they were sent.
    #[must_use]
    pub const fn parameters(&self) -> Parameters<'a> {
        self.parameters
    }

    /// The parameters that have no method here. A server replies 555 if it does not know one of them.
    pub fn others(&self) -> impl Iterator<Item = Parameter<'a>> + use<'a> {
        let blank = Mail::received(self.from());
        self.parameters.iter().filter(move |known| blank.with_parameter(*known) == Ok(None))
    }
}

/// A received `RCPT` command: the parsed recipient and parameters, and the parameters as they were sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReceivedRecipient<'a> {
    recipient: Recipient<'a>,
    parameters: Parameters<'a>,
}

impl<'a> ReceivedRecipient<'a> {
    /// Applies the parameters. An error comes with the offset of its parameter among them.
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

    /// The recipient.
    #[must_use]
    pub const fn address(&self) -> ForwardPath<'a> {
        self.recipient.address()
    }

    /// The events about which to notify the sender (RFC 3461 4.1).
    #[must_use]
    pub const fn notify(&self) -> Option<Notify> {
        self.recipient.notify()
    }

    /// The address to which the sender originally sent (RFC 3461 4.2).
    #[must_use]
    pub const fn orcpt(&self) -> Option<OriginalRecipient<'a>> {
        self.recipient.orcpt()
    }

    /// The time since which the mailbox must have had the same owner (RFC 7293 5.1).
    #[must_use]
    pub const fn valid_since(&self) -> Option<ValidSince> {
        self.recipient.valid_since()
    }

    /// The extensions that the server has to offer for the path, and for the parameters that have a method here.
    #[must_use]
    pub fn needs(&self) -> Extensions {
        self.recipient.needs()
    }

    /// The command as a client would write it, without [`others`](Self::others).
    #[must_use]
    pub const fn typed(&self) -> Recipient<'a> {
        self.recipient
    }

    /// All parameters, as they were sent.
    #[must_use]
    pub const fn parameters(&self) -> Parameters<'a> {
        self.parameters
    }

    /// The parameters that have no method here. A server replies 555 if it does not know one of them.
    pub fn others(&self) -> impl Iterator<Item = Parameter<'a>> + use<'a> {
        let blank = Recipient::new(self.address());
        self.parameters.iter().filter(move |known| blank.with_parameter(*known) == Ok(None))
    }
}
