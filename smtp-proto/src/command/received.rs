//! Commands as a server has them.

use super::{Argument, Auth, CommandError, parse};
use crate::address::{ForwardPath, ReversePath};
use crate::hello::EhloName;
use crate::parameter::{Body, Parameter, ParameterError, Parameters};

/// A command that a server received, borrowed from its line.
///
/// The counterpart of [`Command`](super::Command); parameters are kept as text here.
///
/// ```
/// use smtp_proto::command::{CommandError, Received};
///
/// let line = b"mail from:<a@example.org> SIZE=12 RET=HDRS ";
/// let Received::Mail(mail) = Received::parse(line)? else { panic!() };
/// assert_eq!(mail.from().as_str(), "a@example.org");
/// assert_eq!(mail.size(), Some(12));
/// assert!(mail.others().map(|p| p.keyword()).eq(["RET"]));
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

/// A `MAIL` that was received.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReceivedMail<'a> {
    from: ReversePath<'a>,
    size: Option<u64>,
    body: Option<Body>,
    smtp_utf8: bool,
    parameters: Parameters<'a>,
}

impl<'a> ReceivedMail<'a> {
    /// An error comes with where its parameter begins among them.
    pub(super) fn new(
        from: ReversePath<'a>,
        parameters: Parameters<'a>,
    ) -> Result<Self, (usize, ParameterError)> {
        let mut mail = Self { from, size: None, body: None, smtp_utf8: false, parameters };
        for (offset, parameter) in parameters.located() {
            mail.interpret(parameter).map_err(|error| (offset, error))?;
        }
        Ok(mail)
    }

    /// The path.
    #[must_use]
    pub const fn from(&self) -> ReversePath<'a> {
        self.from
    }

    /// The declared size in octets (RFC 1870 5).
    #[must_use]
    pub const fn size(&self) -> Option<u64> {
        self.size
    }

    /// The declared body (RFC 6152 2).
    #[must_use]
    pub const fn body(&self) -> Option<Body> {
        self.body
    }

    /// Whether SMTPUTF8 was asked for (RFC 6531 3.4). A path beyond ASCII may come without; that is
    /// for the server to refuse.
    #[must_use]
    pub const fn smtp_utf8(&self) -> bool {
        self.smtp_utf8
    }

    /// All parameters.
    #[must_use]
    pub const fn parameters(&self) -> Parameters<'a> {
        self.parameters
    }

    /// The parameters that have no method here; a server that does not know one of them answers
    /// 555.
    pub fn others(&self) -> impl Iterator<Item = Parameter<'a>> + use<'a> {
        self.parameters.iter().filter(|parameter| Known::of(*parameter) == Ok(None))
    }

    fn interpret(&mut self, parameter: Parameter<'_>) -> Result<(), ParameterError> {
        match Known::of(parameter)? {
            Some(Known::Size(octets)) => self.size = Some(octets),
            Some(Known::Body(body)) => self.body = Some(body),
            Some(Known::SmtpUtf8) => self.smtp_utf8 = true,
            None => {}
        }
        Ok(())
    }
}

/// An `RCPT` that was received.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReceivedRecipient<'a> {
    address: ForwardPath<'a>,
    parameters: Parameters<'a>,
}

impl<'a> ReceivedRecipient<'a> {
    pub(super) const fn new(address: ForwardPath<'a>, parameters: Parameters<'a>) -> Self {
        Self { address, parameters }
    }

    /// The path.
    #[must_use]
    pub const fn address(&self) -> ForwardPath<'a> {
        self.address
    }

    /// All parameters; a server that does not know one of them answers 555.
    #[must_use]
    pub const fn parameters(&self) -> Parameters<'a> {
        self.parameters
    }
}

/// A parameter of MAIL with a meaning.
#[derive(PartialEq, Eq)]
enum Known {
    Size(u64),
    Body(Body),
    SmtpUtf8,
}

impl Known {
    /// What `parameter` means; `None` when it is not known here.
    fn of(parameter: Parameter<'_>) -> Result<Option<Self>, ParameterError> {
        let value = parameter.value();
        let known = match () {
            () if parameter.is("SIZE") => value.and_then(octets).map(Self::Size),
            () if parameter.is("BODY") => value.and_then(Body::from_value).map(Self::Body),
            () if parameter.is("SMTPUTF8") => value.is_none().then_some(Self::SmtpUtf8),
            () => return Ok(None),
        };
        known.map(Some).ok_or(ParameterError::Meaning)
    }
}

/// `size-value = 1*20DIGIT`; the standard library would take a sign too.
fn octets(value: &str) -> Option<u64> {
    value.bytes().all(|octet| octet.is_ascii_digit()).then(|| value.parse().ok())?
}
