//! The application's choices for a session.

use crate::{
    hello::{EhloName, Extension, Extensions},
    sasl::is_mechanism_name,
};

/// The policy for encrypting the session.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum TlsPolicy {
    /// Never: STARTTLS is not implemented.
    #[default]
    None,
    /// STARTTLS is offered until TLS is on (RFC 3207).
    Offered,
    /// STARTTLS is offered, and without it there is neither AUTH nor MAIL: 530.
    Required,
    /// TLS from the first octet (RFC 8314 3), as on port 465.
    Implicit,
}

impl TlsPolicy {
    /// Returns whether the driver may have to complete a TLS handshake.
    #[must_use]
    pub const fn is_used(self) -> bool {
        !matches!(self, TlsPolicy::None)
    }
}

/// The policy for authenticating clients (RFC 4954).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum AuthPolicy {
    /// AUTH is not implemented.
    #[default]
    None,
    /// AUTH is offered.
    Offered,
    /// AUTH is offered, and without it there is no MAIL: 530.
    Required,
}

/// The protocol of the session.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum Protocol {
    /// SMTP (RFC 5321).
    #[default]
    Smtp,
    /// LMTP (RFC 2033): LHLO alone, and content is answered once for each accepted recipient.
    Lmtp,
}

/// Limits on what a peer can make the core hold or do, all checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Octets of a command line with its CRLF; also bounded by the receive buffer. RFC 5321
    /// 4.5.3.1.4 wants 512 and more for each extension; Postfix has 2,048, go-smtp 2,000.
    pub line: usize,
    /// Octets of a client's response in an AUTH exchange; RFC 4954 4 allows 12,288.
    pub auth_line: usize,
    /// Octets of a message's content, 0 for no limit (RFC 1870). Exim has 50 MiB.
    pub content: u64,
    /// Recipients of a message; RFC 5321 4.5.3.1.8 wants 100 at least.
    pub recipients: u32,
    /// MAIL commands of a session, also refused ones, 0 for no limit; one more is 421 and the end
    /// (RFC 9422). Exim closes after 1,000.
    pub mails: u32,
    /// Commands refused for syntax or sequence, and failed AUTH exchanges, that are answered; one
    /// more and the session is closed with 421. Dovecot closes after 10, Exim and qpsmtpd after 20.
    pub bad_commands: u32,
}

impl Limits {
    /// 2,048 octets a line, 12,288 in AUTH, 50 MiB of content, 100 recipients, 10 bad commands, any
    /// number of messages.
    pub const DEFAULT: Limits = Limits {
        line: 2048,
        auth_line: 12_288,
        content: 50 * 1024 * 1024,
        recipients: 100,
        mails: 0,
        bad_commands: 10,
    };

    /// Sets the octets of a message's content; 0 for no limit.
    #[must_use]
    pub const fn with_content(self, content: u64) -> Self {
        Self { content, ..self }
    }

    /// Sets the number of recipients of a message.
    #[must_use]
    pub const fn with_recipients(self, recipients: u32) -> Self {
        Self { recipients, ..self }
    }

    /// Sets the number of MAIL commands of a session; 0 for no limit.
    #[must_use]
    pub const fn with_mails(self, mails: u32) -> Self {
        Self { mails, ..self }
    }

    /// Sets the octets of a command line.
    #[must_use]
    pub const fn with_line(self, line: usize) -> Self {
        Self { line, ..self }
    }

    /// Sets how many bad commands are answered.
    #[must_use]
    pub const fn with_bad_commands(self, bad_commands: u32) -> Self {
        Self { bad_commands, ..self }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The application's choices for a session.
///
/// ```
/// use smtp_proto::{hello::EhloName, server::{AuthPolicy, Config, TlsPolicy}};
/// let config = Config::new(EhloName::parse("mx.example.org")?)
///     .with_tls(TlsPolicy::Required)
///     .with_auth(AuthPolicy::Required);
/// # Ok::<(), smtp_proto::address::DomainError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Config {
    pub(super) name: EhloName,
    pub(super) protocol: Protocol,
    pub(super) extensions: Extensions,
    pub(super) tls: TlsPolicy,
    pub(super) auth: AuthPolicy,
    mechanisms: &'static [&'static str],
    pub(super) plaintext_auth: bool,
    pub(super) limits: Limits,
}

impl Config {
    /// All that [`with_extensions`](Self::with_extensions) can switch on.
    pub const SUPPORTED: Extensions = {
        let mut all = BASIC;
        all.insert(Extension::Chunking);
        all.insert(Extension::BinaryMime);
        all.insert(Extension::Dsn);
        all.insert(Extension::RequireTls);
        all.insert(Extension::DeliverBy);
        all.insert(Extension::MtPriority);
        all.insert(Extension::Limits);
        all.insert(Extension::Rrvs);
        all
    };

    /// A server that calls itself `name` and offers PIPELINING, SIZE, 8BITMIME, SMTPUTF8 and
    /// ENHANCEDSTATUSCODES, in the clear and without AUTH.
    #[must_use]
    pub const fn new(name: EhloName) -> Self {
        Self {
            name,
            protocol: Protocol::Smtp,
            extensions: BASIC,
            tls: TlsPolicy::None,
            auth: AuthPolicy::None,
            mechanisms: &["PLAIN", "LOGIN"],
            plaintext_auth: false,
            limits: Limits::DEFAULT,
        }
    }

    /// Sets what is spoken; [`Protocol::Smtp`] unless set.
    #[must_use]
    pub const fn with_protocol(self, protocol: Protocol) -> Self {
        Self { protocol, ..self }
    }

    /// Sets what EHLO offers. Only those of [`SUPPORTED`](Self::SUPPORTED) count; STARTTLS and AUTH
    /// follow from their policies, BINARYMIME is offered only with CHUNKING, REQUIRETLS only inside
    /// TLS. LIMITS tells those of [`Limits`]. The parameters of DSN, REQUIRETLS, DELIVERBY,
    /// MT-PRIORITY and RRVS reach the application, their syntax checked, and keeping their promises is up to it.
    #[must_use]
    pub const fn with_extensions(self, extensions: Extensions) -> Self {
        let beyond = extensions.difference(Self::SUPPORTED);
        Self { extensions: extensions.difference(beyond), ..self }
    }

    /// Sets the TLS policy; [`TlsPolicy::None`] unless set.
    #[must_use]
    pub const fn with_tls(self, tls: TlsPolicy) -> Self {
        Self { tls, ..self }
    }

    /// The TLS policy.
    #[must_use]
    pub const fn tls(&self) -> TlsPolicy {
        self.tls
    }

    /// Sets the AUTH policy; [`AuthPolicy::None`] unless set.
    #[must_use]
    pub const fn with_auth(self, auth: AuthPolicy) -> Self {
        Self { auth, ..self }
    }

    /// The most mechanisms that are offered: with them the reply to EHLO fits what is kept free for it.
    pub const MAX_MECHANISMS: usize = 12;

    /// Sets the mechanisms of AUTH that are offered, in this order; PLAIN and LOGIN unless set. For
    /// all others [`Event::Exchange`](super::Event::Exchange) is told.
    ///
    /// Not offered are: those behind the first [`MAX_MECHANISMS`](Self::MAX_MECHANISMS), what is no
    /// name of a mechanism (RFC 4422 3.1: 1 to 20 upper-case letters, digits, `-` and `_`), and
    /// outside of TLS those that bind to its channel (`-PLUS`).
    ///
    /// ```
    /// use smtp_proto::{hello::EhloName, sasl::server::MECHANISMS, server::{AuthPolicy, Config}};
    /// let config = Config::new(EhloName::LOCALHOST)
    ///     .with_auth(AuthPolicy::Offered)
    ///     .with_mechanisms(MECHANISMS);
    /// assert!(config.mechanisms(true).eq(MECHANISMS.iter().copied()));
    /// ```
    #[must_use]
    pub const fn with_mechanisms(self, mechanisms: &'static [&'static str]) -> Self {
        Self { mechanisms, ..self }
    }

    /// The mechanisms that are offered, inside TLS (`secure`) or not.
    pub fn mechanisms(&self, secure: bool) -> impl Iterator<Item = &'static str> + use<> {
        let mechanisms = self.mechanisms.iter().take(Self::MAX_MECHANISMS).copied();
        mechanisms
            .filter(move |name| is_mechanism_name(name) && (secure || !name.ends_with("-PLUS")))
    }

    /// Offers AUTH without TLS too. Whoever sees the connection then has the credentials.
    #[must_use]
    pub const fn with_plaintext_auth(self, allowed: bool) -> Self {
        Self { plaintext_auth: allowed, ..self }
    }

    /// Sets the limits.
    #[must_use]
    pub const fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Returns the extensions that EHLO offers, inside TLS or not.
    pub(super) fn offers(&self, secure: bool) -> Extensions {
        let mut offers = self.extensions;
        if !offers.contains(Extension::Chunking) {
            offers.remove(Extension::BinaryMime);
        }
        if !secure {
            offers.remove(Extension::RequireTls);
        }
        if self.limits.mails == 0 && self.limits.recipients == 0 {
            offers.remove(Extension::Limits);
        }
        if !secure && matches!(self.tls, TlsPolicy::Offered | TlsPolicy::Required) {
            offers.insert(Extension::StartTls);
        }
        let authenticates = self.auth != AuthPolicy::None && self.may_authenticate(secure);
        if authenticates && self.mechanisms(secure).next().is_some() {
            offers.insert(Extension::Auth);
        }
        offers
    }

    /// Returns whether credentials may be asked for.
    pub(super) fn may_authenticate(&self, secure: bool) -> bool {
        secure || (self.plaintext_auth && self.tls != TlsPolicy::Required)
    }

    /// Returns whether content of `octets` is over the limit.
    pub(super) const fn is_too_large(&self, octets: u64) -> bool {
        self.limits.content != 0 && octets > self.limits.content
    }
}

/// Extensions that are offered unless the application says otherwise.
const BASIC: Extensions = {
    let mut basic = Extensions::EMPTY;
    basic.insert(Extension::Pipelining);
    basic.insert(Extension::Size);
    basic.insert(Extension::EightBitMime);
    basic.insert(Extension::SmtpUtf8);
    basic.insert(Extension::EnhancedStatusCodes);
    basic
};
