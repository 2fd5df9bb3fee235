//! Mechanisms by their names on the command line, with an initial response as it wants it.

#[cfg(feature = "cram-md5")]
use smtp_sync::proto::sasl::CramMd5;
#[cfg(feature = "scram")]
use smtp_sync::proto::sasl::{ChannelBinding, Nonce, ScramSha1, ScramSha256, scram::ScramError};
use smtp_sync::proto::{
    hello::Capabilities,
    reply::Escaped,
    sasl::{
        Anonymous, CannotAnswer, Challenge, External, InitialResponse, Login, Mechanism,
        OAuthBearer, Plain, Response, XOAuth2,
    },
};

use crate::args::Initial;

/// Strongest first: what binds to the TLS session before what does not.
pub(crate) const FOR_A_PASSWORD: [&str; 7] = [
    "SCRAM-SHA-256-PLUS",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-256",
    "SCRAM-SHA-1",
    "CRAM-MD5",
    "PLAIN",
    "LOGIN",
];

pub(crate) const FOR_A_TOKEN: [&str; 2] = ["OAUTHBEARER", "XOAUTH2"];

/// What mechanisms are made of.
#[derive(Clone, Copy)]
pub(crate) struct Credentials<'a> {
    pub(crate) user: &'a str,
    pub(crate) password: &'a str,
    pub(crate) token: &'a str,
    #[cfg(feature = "scram")]
    pub(crate) nonce: Nonce,
    /// `tls-exporter` of this TLS session.
    #[cfg(feature = "scram")]
    pub(crate) binding: Option<&'a [u8]>,
}

enum Kind<'a> {
    Plain(Plain<'a>),
    Login(Login<'a>),
    #[cfg(feature = "cram-md5")]
    CramMd5(CramMd5<'a>),
    #[cfg(feature = "scram")]
    ScramSha1(Box<ScramSha1<'a>>),
    #[cfg(feature = "scram")]
    ScramSha256(Box<ScramSha256<'a>>),
    OAuthBearer(Box<OAuthBearer<'a>>),
    XOAuth2(Box<XOAuth2<'a>>),
    External(External<'a>),
    Anonymous(Anonymous<'a>),
}

/// A mechanism whose initial response the command line decides.
pub(crate) struct Named<'a> {
    kind: Kind<'a>,
    initial: Initial,
}

impl<'a> Named<'a> {
    /// `None` for a name that is not known, and for `-PLUS` without a TLS session to bind to.
    pub(crate) fn new(name: &str, with: Credentials<'a>, initial: Initial) -> Option<Self> {
        let Credentials { user, password, token, .. } = with;
        let kind = match name.to_ascii_uppercase().as_str() {
            "PLAIN" => Kind::Plain(Plain::new(user, password)),
            "LOGIN" => Kind::Login(Login::new(user, password)),
            #[cfg(feature = "cram-md5")]
            "CRAM-MD5" => Kind::CramMd5(CramMd5::new(user, password)),
            "OAUTHBEARER" => Kind::OAuthBearer(Box::new(OAuthBearer::new(token).with_user(user))),
            "XOAUTH2" => Kind::XOAuth2(Box::new(XOAuth2::new(user, token))),
            "EXTERNAL" => Kind::External(External::new().with_authorization(user)),
            "ANONYMOUS" => Kind::Anonymous(Anonymous::new(user)),
            #[cfg(feature = "scram")]
            name => scram(name, with)?,
            #[cfg(not(feature = "scram"))]
            _ => return None,
        };
        Some(Self { kind, initial })
    }

    fn mechanism(&self) -> &dyn Mechanism {
        match &self.kind {
            Kind::Plain(mechanism) => mechanism,
            Kind::Login(mechanism) => mechanism,
            #[cfg(feature = "cram-md5")]
            Kind::CramMd5(mechanism) => mechanism,
            #[cfg(feature = "scram")]
            Kind::ScramSha1(mechanism) => &**mechanism,
            #[cfg(feature = "scram")]
            Kind::ScramSha256(mechanism) => &**mechanism,
            Kind::OAuthBearer(mechanism) => &**mechanism,
            Kind::XOAuth2(mechanism) => &**mechanism,
            Kind::External(mechanism) => mechanism,
            Kind::Anonymous(mechanism) => mechanism,
        }
    }

    fn mechanism_mut(&mut self) -> &mut dyn Mechanism {
        match &mut self.kind {
            Kind::Plain(mechanism) => mechanism,
            Kind::Login(mechanism) => mechanism,
            #[cfg(feature = "cram-md5")]
            Kind::CramMd5(mechanism) => mechanism,
            #[cfg(feature = "scram")]
            Kind::ScramSha1(mechanism) => &mut **mechanism,
            #[cfg(feature = "scram")]
            Kind::ScramSha256(mechanism) => &mut **mechanism,
            Kind::OAuthBearer(mechanism) => &mut **mechanism,
            Kind::XOAuth2(mechanism) => &mut **mechanism,
            Kind::External(mechanism) => mechanism,
            Kind::Anonymous(mechanism) => mechanism,
        }
    }

    /// The server's words about a token, control characters escaped, or the error in its messages of
    /// SCRAM.
    pub(crate) fn details(&self) -> Option<String> {
        let said = match &self.kind {
            Kind::OAuthBearer(mechanism) => mechanism.error(),
            Kind::XOAuth2(mechanism) => mechanism.error(),
            #[cfg(feature = "scram")]
            _ => return self.scram_error().map(|error| error.to_string()),
            #[cfg(not(feature = "scram"))]
            _ => None,
        };
        said.map(|octets| Escaped(octets).to_string())
    }

    #[cfg(feature = "scram")]
    fn scram_error(&self) -> Option<ScramError> {
        match &self.kind {
            Kind::ScramSha1(mechanism) => mechanism.error(),
            Kind::ScramSha256(mechanism) => mechanism.error(),
            _ => None,
        }
    }

    /// Whether the server's proof was wrong.
    #[cfg(feature = "scram")]
    pub(crate) fn has_bad_signature(&self) -> bool {
        self.scram_error() == Some(ScramError::Signature)
    }

    #[cfg(not(feature = "scram"))]
    pub(crate) const fn has_bad_signature(&self) -> bool {
        false
    }
}

#[cfg(feature = "scram")]
fn scram<'a>(name: &str, with: Credentials<'a>) -> Option<Kind<'a>> {
    let Credentials { user, password, nonce, binding, .. } = with;
    let binding = binding.map(ChannelBinding::TlsExporter);
    let (sha1, sha256) =
        (ScramSha1::new(user, password, nonce), ScramSha256::new(user, password, nonce));
    // Who could bind says so in the others too, unless the server offers it.
    Some(match (name, binding) {
        ("SCRAM-SHA-1", None) => Kind::ScramSha1(Box::new(sha1)),
        ("SCRAM-SHA-1", Some(_)) => {
            Kind::ScramSha1(Box::new(sha1.with_channel_binding_unoffered()))
        }
        ("SCRAM-SHA-1-PLUS", Some(binding)) => {
            Kind::ScramSha1(Box::new(sha1.with_channel_binding(binding)))
        }
        ("SCRAM-SHA-256", None) => Kind::ScramSha256(Box::new(sha256)),
        ("SCRAM-SHA-256", Some(_)) => {
            Kind::ScramSha256(Box::new(sha256.with_channel_binding_unoffered()))
        }
        ("SCRAM-SHA-256-PLUS", Some(binding)) => {
            Kind::ScramSha256(Box::new(sha256.with_channel_binding(binding)))
        }
        _ => return None,
    })
}

impl Mechanism for Named<'_> {
    fn name(&self) -> &str {
        self.mechanism().name()
    }

    fn initial_response(&self) -> InitialResponse {
        match self.initial {
            Initial::Auto => self.mechanism().initial_response(),
            Initial::Always => InitialResponse::WhereItFits,
            Initial::Never => InitialResponse::Never,
        }
    }

    fn restart(&mut self) {
        self.mechanism_mut().restart();
    }

    fn prepare(&mut self, server: Capabilities<'_>) -> Result<(), CannotAnswer> {
        self.mechanism_mut().prepare(server)
    }

    fn respond(
        &mut self,
        challenge: Challenge<'_>,
        response: &mut Response<'_>,
    ) -> Result<(), CannotAnswer> {
        self.mechanism_mut().respond(challenge, response)
    }

    fn is_satisfied(&self) -> bool {
        self.mechanism().is_satisfied()
    }
}
