//! MAIL (RFC 5321 4.1.1.2).

mod read;
mod write;

use crate::address::ReversePath;
use crate::hello::{Extension, Extensions};
use crate::parameter::{
    Body, DeliverBy, EnvelopeId, Hold, Parameter, ParameterError, Priority, Ret, Submitter,
    check_unique,
};
use crate::writer::Writer;

/// Keywords that have a method here.
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

/// `MAIL FROM:<reverse-path> [parameters]`.
///
/// A path beyond ASCII brings its SMTPUTF8 parameter with it. Whether the server offers what the
/// command [`needs`](Self::needs) is for the session to check.
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
    /// The command without parameters but the SMTPUTF8 that `from` may need.
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

    /// Adds `SIZE=octets` (RFC 1870 5).
    #[must_use]
    pub const fn with_size(self, octets: u64) -> Self {
        Self { size: Some(octets), ..self }
    }

    /// Adds `BODY=body` (RFC 6152 2).
    #[must_use]
    pub const fn with_body(self, body: Body) -> Self {
        Self { body: Some(body), ..self }
    }

    /// Adds `SMTPUTF8` (RFC 6531 3.4).
    #[must_use]
    pub const fn with_smtp_utf8(self) -> Self {
        Self { smtp_utf8: true, ..self }
    }

    /// Adds `RET=ret` (RFC 3461 4.3).
    #[must_use]
    pub const fn with_ret(self, ret: Ret) -> Self {
        Self { ret: Some(ret), ..self }
    }

    /// Adds `ENVID=envid` (RFC 3461 4.4).
    #[must_use]
    pub const fn with_envid(self, envid: EnvelopeId<'a>) -> Self {
        Self { envid: Some(envid), ..self }
    }

    /// Adds `AUTH=submitter` (RFC 4954 5).
    #[must_use]
    pub const fn with_auth(self, submitter: Submitter<'a>) -> Self {
        Self { auth: Some(submitter), ..self }
    }

    /// Adds `REQUIRETLS` (RFC 8689 2): TLS all the way, or no delivery.
    #[must_use]
    pub const fn with_require_tls(self) -> Self {
        Self { require_tls: true, ..self }
    }

    /// Adds `BY=by` (RFC 2852 4).
    #[must_use]
    pub const fn with_deliver_by(self, by: DeliverBy) -> Self {
        Self { deliver_by: Some(by), ..self }
    }

    /// Adds `MT-PRIORITY=priority` (RFC 6710 4.1).
    #[must_use]
    pub const fn with_priority(self, priority: Priority) -> Self {
        Self { priority: Some(priority), ..self }
    }

    /// Adds `HOLDFOR` or `HOLDUNTIL` (RFC 4865 4).
    #[must_use]
    pub const fn with_hold(self, hold: Hold) -> Self {
        Self { hold: Some(hold), ..self }
    }

    /// Sets the caller's own parameters, written behind the others. At most 21, none twice, none
    /// that has a method here. Whether a server knows them is for the caller to find out.
    pub fn with_extra(self, extra: &'a [Parameter<'a>]) -> Result<Self, ParameterError> {
        check_unique(extra, &TYPED)?;
        Ok(Self { extra, ..self })
    }

    /// The path.
    #[must_use]
    pub const fn from(&self) -> ReversePath<'a> {
        self.from
    }

    /// The declared size in octets.
    #[must_use]
    pub const fn size(&self) -> Option<u64> {
        self.size
    }

    /// The declared body.
    #[must_use]
    pub const fn body(&self) -> Option<Body> {
        self.body
    }

    /// Returns whether SMTPUTF8 is asked for.
    #[must_use]
    pub const fn smtp_utf8(&self) -> bool {
        self.smtp_utf8
    }

    /// How much a notification returns.
    #[must_use]
    pub const fn ret(&self) -> Option<Ret> {
        self.ret
    }

    /// The sender's name for this sending.
    #[must_use]
    pub const fn envid(&self) -> Option<EnvelopeId<'a>> {
        self.envid
    }

    /// Who handed the message in.
    #[must_use]
    pub const fn auth(&self) -> Option<Submitter<'a>> {
        self.auth
    }

    /// Returns whether TLS is required all the way.
    #[must_use]
    pub const fn require_tls(&self) -> bool {
        self.require_tls
    }

    /// Returns whether TLS is a condition of sending: REQUIRETLS is set, and the sender is not the null
    /// sender. A notification is sent even if the next host has no TLS or does not offer REQUIRETLS,
    /// which is then left out (RFC 8689 4.2.1 and 5).
    #[must_use]
    pub const fn is_tls_mandatory(&self) -> bool {
        self.require_tls && !matches!(self.from, ReversePath::Null)
    }

    /// The time to deliver by.
    #[must_use]
    pub const fn deliver_by(&self) -> Option<DeliverBy> {
        self.deliver_by
    }

    /// The priority.
    #[must_use]
    pub const fn priority(&self) -> Option<Priority> {
        self.priority
    }

    /// How long the message is to be held.
    #[must_use]
    pub const fn hold(&self) -> Option<Hold> {
        self.hold
    }

    /// What a server has to offer for the parameters that have a method here.
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

    /// The caller's own parameters.
    #[must_use]
    pub const fn extra(&self) -> &'a [Parameter<'a>] {
        self.extra
    }

    /// Writes the command line with its CRLF; returns its length, or `None` when `out` is too
    /// short.
    #[must_use]
    pub fn encode(&self, out: &mut [u8]) -> Option<usize> {
        let mut writer = Writer::new(out);
        self.write(&mut writer);
        writer.push(b"\r\n");
        writer.finish()
    }

    /// The same command with the parameters that a server understands.
    pub(crate) const fn adapted(self, size: Option<u64>, body: Option<Body>) -> Self {
        Self { size, body, ..self }
    }

    /// The same command without what needs DSN.
    pub(crate) const fn without_dsn(self) -> Self {
        Self { ret: None, envid: None, ..self }
    }

    /// The same command without REQUIRETLS.
    pub(crate) const fn without_require_tls(self) -> Self {
        Self { require_tls: false, ..self }
    }

    /// A command that says nothing yet, not even SMTPUTF8.
    pub(super) const fn received(from: ReversePath<'a>) -> Self {
        Self { smtp_utf8: false, ..Self::new(from) }
    }
}
