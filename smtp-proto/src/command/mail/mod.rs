//! `MAIL FROM`: starts a transaction and names the sender (RFC 5321 4.1.1.2).

mod read;
mod write;

use crate::{
    address::ReversePath,
    hello::{Extension, Extensions},
    parameter::{
        Body, DeliverBy, EnvelopeId, Hold, Parameter, ParameterError, Priority, Ret, Submitter,
        check_unique,
    },
    writer::Writer,
};

/// Keywords of the parameters that have a method here.
const TYPED: [&str; 11] = [
    "SIZE",
    "BODY",
    "SMTPUTF8",
    "RET",
    "ENVID",
    "AUTH",
    "REQUIRETLS",
    "BY",
    "MT-PRIORITY",
    "HOLDFOR",
    "HOLDUNTIL",
];

/// The command `MAIL FROM:<reverse-path> [parameters]`, which starts a transaction.
///
/// Use it to send a message without the `alloc` feature, or to write the command yourself; an
/// [`Envelope`](crate::envelope::Envelope) owns the same values. Each `with_` method adds one parameter, and most
/// parameters need an extension.
///
/// A sender beyond ASCII adds the parameter `SMTPUTF8` by itself. The command does not know the server: the session
/// checks that it offers the extensions that the command [`needs`](Self::needs).
///
/// ```
/// use smtp_proto::address::ReversePath;
/// use smtp_proto::command::Mail;
/// use smtp_proto::parameter::{Body, EnvelopeId, Parameter, Ret};
///
/// let extra = [Parameter::new("X-OWN", Some("1"))?];
/// let mail = Mail::new(ReversePath::Null)
///     .with_size(12)
///     .with_body(Body::EightBitMime)
///     .with_ret(Ret::Headers)
///     .with_envid(EnvelopeId::new("a+b")?)
///     .with_extra(&extra)?;
/// let mut out = [0; 80];
/// let n = mail.encode(&mut out).unwrap();
/// let line = b"MAIL FROM:<> SIZE=12 BODY=8BITMIME RET=HDRS ENVID=a+2Bb X-OWN=1\r\n";
/// assert_eq!(&out[..n], line);
/// # Ok::<(), smtp_proto::parameter::ParameterError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mail<'a> {
    from: ReversePath<'a>,
    size: Option<u64>,
    body: Option<Body>,
    smtp_utf8: bool,
    ret: Option<Ret>,
    envid: Option<EnvelopeId<'a>>,
    auth: Option<Submitter<'a>>,
    require_tls: bool,
    deliver_by: Option<DeliverBy>,
    priority: Option<Priority>,
    hold: Option<Hold>,
    extra: &'a [Parameter<'a>],
}

impl<'a> Mail<'a> {
    /// Creates the command without parameters. A sender beyond ASCII adds `SMTPUTF8`.
    #[must_use]
    pub const fn new(from: ReversePath<'a>) -> Self {
        Self {
            from,
            size: None,
            body: None,
            smtp_utf8: !from.is_ascii(),
            ret: None,
            envid: None,
            auth: None,
            require_tls: false,
            deliver_by: None,
            priority: None,
            hold: None,
            extra: &[],
        }
    }

    /// Adds `SIZE=octets`: the size of the content, so that the server can refuse it early (RFC 1870 5).
    #[must_use]
    pub const fn with_size(self, octets: u64) -> Self {
        Self { size: Some(octets), ..self }
    }

    /// Adds `BODY=body`: the kind of octets in the content (RFC 6152 2).
    #[must_use]
    pub const fn with_body(self, body: Body) -> Self {
        Self { body: Some(body), ..self }
    }

    /// Adds `SMTPUTF8`: the headers or addresses contain UTF-8 (RFC 6531 3.4).
    #[must_use]
    pub const fn with_smtp_utf8(self) -> Self {
        Self { smtp_utf8: true, ..self }
    }

    /// Adds `RET=ret`: the amount of the message that a failure notification returns (RFC 3461 4.3).
    #[must_use]
    pub const fn with_ret(self, ret: Ret) -> Self {
        Self { ret: Some(ret), ..self }
    }

    /// Adds `ENVID=envid`: an identifier that notifications repeat (RFC 3461 4.4).
    #[must_use]
    pub const fn with_envid(self, envid: EnvelopeId<'a>) -> Self {
        Self { envid: Some(envid), ..self }
    }

    /// Adds `AUTH=submitter`: the user who submitted the message (RFC 4954 5).
    #[must_use]
    pub const fn with_auth(self, submitter: Submitter<'a>) -> Self {
        Self { auth: Some(submitter), ..self }
    }

    /// Adds `REQUIRETLS`: every hop must use TLS, or the message is returned (RFC 8689 2).
    #[must_use]
    pub const fn with_require_tls(self) -> Self {
        Self { require_tls: true, ..self }
    }

    /// Adds `BY=by`: the time until which to deliver (RFC 2852 4).
    #[must_use]
    pub const fn with_deliver_by(self, by: DeliverBy) -> Self {
        Self { deliver_by: Some(by), ..self }
    }

    /// Adds `MT-PRIORITY=priority`: the priority in the queues (RFC 6710 4.1).
    #[must_use]
    pub const fn with_priority(self, priority: Priority) -> Self {
        Self { priority: Some(priority), ..self }
    }

    /// Adds `HOLDFOR` or `HOLDUNTIL`: the server keeps the message back for this time (RFC 4865 4).
    #[must_use]
    pub const fn with_hold(self, hold: Hold) -> Self {
        Self { hold: Some(hold), ..self }
    }

    /// Sets parameters of the caller's own, which are written after the others. The caller has to know that the
    /// server understands them.
    ///
    /// # Errors
    /// [`ParameterError`] if there are more than 21, if one is present twice, or if one has a method here.
    pub fn with_extra(self, extra: &'a [Parameter<'a>]) -> Result<Self, ParameterError> {
        check_unique(extra, &TYPED)?;
        Ok(Self { extra, ..self })
    }

    /// The sender.
    #[must_use]
    pub const fn from(&self) -> ReversePath<'a> {
        self.from
    }

    /// The declared size of the content in octets.
    #[must_use]
    pub const fn size(&self) -> Option<u64> {
        self.size
    }

    /// The declared kind of octets in the content.
    #[must_use]
    pub const fn body(&self) -> Option<Body> {
        self.body
    }

    /// Returns whether the parameter `SMTPUTF8` is set.
    #[must_use]
    pub const fn smtp_utf8(&self) -> bool {
        self.smtp_utf8
    }

    /// The amount of the message that a failure notification returns.
    #[must_use]
    pub const fn ret(&self) -> Option<Ret> {
        self.ret
    }

    /// The identifier that notifications repeat.
    #[must_use]
    pub const fn envid(&self) -> Option<EnvelopeId<'a>> {
        self.envid
    }

    /// The user who submitted the message.
    #[must_use]
    pub const fn auth(&self) -> Option<Submitter<'a>> {
        self.auth
    }

    /// Returns whether the parameter `REQUIRETLS` is set.
    #[must_use]
    pub const fn require_tls(&self) -> bool {
        self.require_tls
    }

    /// Returns whether the message must not be sent without TLS: `REQUIRETLS` is set, and the sender is not the null
    /// sender.
    ///
    /// A notification, which has the null sender, is sent even to a host without TLS or without `REQUIRETLS`; the
    /// parameter is then left out (RFC 8689 4.2.1 and 5).
    #[must_use]
    pub const fn is_tls_mandatory(&self) -> bool {
        self.require_tls && !matches!(self.from, ReversePath::Null)
    }

    /// The time until which to deliver.
    #[must_use]
    pub const fn deliver_by(&self) -> Option<DeliverBy> {
        self.deliver_by
    }

    /// The priority in the queues.
    #[must_use]
    pub const fn priority(&self) -> Option<Priority> {
        self.priority
    }

    /// The time for which the server keeps the message back.
    #[must_use]
    pub const fn hold(&self) -> Option<Hold> {
        self.hold
    }

    /// The extensions that the server has to offer for the parameters that have a method here.
    ///
    /// ```
    /// use smtp_proto::{address::ReversePath, command::Mail, hello::Extension};
    ///
    /// let mail = Mail::new(ReversePath::Null).with_size(1).with_require_tls();
    /// assert!(mail.needs().iter().eq([Extension::Size, Extension::RequireTls]));
    /// ```
    #[must_use]
    pub fn needs(&self) -> Extensions {
        let body = match self.body {
            Some(Body::BinaryMime) => Some(Extension::BinaryMime),
            Some(_) => Some(Extension::EightBitMime),
            None => None,
        };
        let dsn = self.ret.is_some() || self.envid.is_some();
        [
            self.size.map(|_| Extension::Size),
            body,
            self.smtp_utf8.then_some(Extension::SmtpUtf8),
            dsn.then_some(Extension::Dsn),
            self.auth.map(|_| Submitter::EXTENSION),
            self.require_tls.then_some(Extension::RequireTls),
            self.deliver_by.map(|_| DeliverBy::EXTENSION),
            self.priority.map(|_| Priority::EXTENSION),
            self.hold.map(|_| Hold::EXTENSION),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// The parameters of the caller's own.
    #[must_use]
    pub const fn extra(&self) -> &'a [Parameter<'a>] {
        self.extra
    }

    /// Writes the command line with its CRLF. Returns its length in octets, or `None` if `out` is too short.
    #[must_use]
    pub fn encode(&self, out: &mut [u8]) -> Option<usize> {
        let mut writer = Writer::new(out);
        self.write(&mut writer);
        writer.push(b"\r\n");
        writer.finish()
    }

    /// The same command with this size and body: those that the server understands.
    pub(crate) const fn adapted(self, size: Option<u64>, body: Option<Body>) -> Self {
        Self { size, body, ..self }
    }

    /// The same command without the parameters of the extension `DSN`.
    pub(crate) const fn without_dsn(self) -> Self {
        Self { ret: None, envid: None, ..self }
    }

    /// The same command without `REQUIRETLS`.
    pub(crate) const fn without_require_tls(self) -> Self {
        Self { require_tls: false, ..self }
    }

    /// A command as a server parses it: without parameters, and without the `SMTPUTF8` that [`new`](Self::new) adds.
    pub(super) const fn received(from: ReversePath<'a>) -> Self {
        Self { smtp_utf8: false, ..Self::new(from) }
    }
}
