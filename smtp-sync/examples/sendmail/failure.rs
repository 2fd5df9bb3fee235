//! What went wrong, in the words of the JSON report and of sysexits.h.

use serde::Serialize;
use smtp_async::mx::MxError;
use smtp_sync::{
    Error, Hint, TlsError, When,
    proto::{
        client::{Authentication, End, PeerError, Phase, Refusal},
        hello::{Extension, Extensions},
        reply::{Class, Code, OwnedReply, ReplyErrorKind},
        route::RouteError,
        stuffing::{ContentError, ContentErrorKind},
    },
};

use crate::mechanism::Named;

/// The `error` of the report.
#[derive(Serialize, Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) kind: &'static str,
    pub(crate) phase: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) enhanced: Option<String>,
    pub(crate) text: String,
    /// The advice for the message; none where all its recipients are accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<&'static str>,
    #[serde(skip)]
    class: Option<Class>,
}

impl Failure {
    pub(crate) fn of(error: &Error, phase: &'static str, used: Extensions) -> Self {
        let reply = error.reply();
        let code = reply.map(OwnedReply::code).or_else(|| code_of(error));
        Failure {
            kind: kind(error),
            phase: match error {
                Error::Refused(Refusal::Content(_)) => Phase::Content.as_str(),
                _ => error.phase().map_or(phase, Phase::as_str),
            },
            code: code.map(Code::value),
            enhanced: reply.and_then(OwnedReply::enhanced).map(|enhanced| enhanced.to_string()),
            text: reply.map_or_else(|| error.to_string(), |reply| reply.text().join("\n")),
            retry: Some(error.retry().as_str()),
            hint: error.hint(used).map(Hint::as_str),
            class: code.map(Code::class),
        }
    }

    pub(crate) fn invalid_argument(text: &str) -> Self {
        Failure {
            kind: "invalid_argument",
            phase: "connect",
            code: None,
            enhanced: None,
            text: text.to_owned(),
            retry: Some(When::Never.as_str()),
            hint: None,
            class: None,
        }
    }

    /// Why no host answered for a recipient.
    pub(crate) fn of_mx(error: &MxError) -> Self {
        let kind = match error {
            MxError::Host(host) => {
                let failure = Failure::of(host, "connect", Extensions::EMPTY);
                return failure.with_retry(error.retry());
            }
            MxError::Route(error) => kind_of_route(*error),
            MxError::Lookup(_) => "dns_failure",
            _ => "host_not_allowed",
        };
        let class = match error.retry() {
            When::Never => Class::Permanent,
            _ => Class::Transient,
        };
        Failure {
            kind,
            enhanced: error.enhanced().map(|enhanced| enhanced.to_string()),
            text: error.to_string(),
            retry: Some(error.retry().as_str()),
            class: Some(class),
            ..Failure::invalid_argument("")
        }
    }

    /// Sets the advice: a host's failure may be temporary where that of the only server is permanent.
    fn with_retry(self, retry: When) -> Self {
        let class = match retry {
            When::Later => self.class.map(|_| Class::Transient),
            _ => self.class,
        };
        Failure { retry: Some(retry.as_str()), class, ..self }
    }

    /// Whatever the server said to STARTTLS: TLS was required, and is not had.
    pub(crate) fn require_tls(&mut self) {
        if self.phase == Phase::StartTls.as_str() && self.kind == "service_closing" {
            self.kind = "tls_required_unavailable";
        }
    }

    /// What the mechanisms know about a refusal that the reply does not say.
    pub(crate) fn explain(&mut self, mechanisms: &[Named<'_>]) {
        if let Some(details) = mechanisms.iter().find_map(Named::details) {
            self.text = details;
        }
        if mechanisms.iter().any(Named::has_bad_signature) {
            self.kind = "server_signature";
        }
    }

    /// The outcome of the action that failed so.
    pub(crate) const fn outcome(&self) -> &'static str {
        match (self.kind.as_bytes(), self.class) {
            (
                b"refused" | b"auth_refused" | b"tls_required_unavailable",
                Some(Class::Permanent),
            ) => "rejected",
            (b"tls_required_unavailable", Some(Class::Transient))
            | (b"refused" | b"auth_refused" | b"service_closing", _) => "deferred",
            _ => "failed",
        }
    }

    /// The exit status where the session or the login failed, and nothing was attempted.
    pub(crate) fn session_code(&self) -> Option<u8> {
        Some(self.exit_code()).filter(|status| [74, 76, 77].contains(status))
    }

    /// The exit status of an action that failed alone.
    pub(crate) fn exit_code(&self) -> u8 {
        match self.kind {
            "connection_lost" | "timeout" | "connect_failed" => 74,
            "malformed_reply" | "reply_too_long" | "unexpected_code" | "unsolicited_reply"
            | "starttls_injection" => 76,
            "tls_required_unavailable"
            | "tls_failed"
            | "auth_refused"
            | "no_usable_mechanism"
            | "invalid_credentials"
            | "plaintext_refused"
            | "bad_challenge"
            | "server_signature" => 77,
            "service_closing" => 75,
            "refused" if self.class == Some(Class::Transient) => 75,
            "refused" => 69,
            _ => 64,
        }
    }
}

fn kind(error: &Error) -> &'static str {
    match error {
        Error::Connect(error) if error.kind() == std::io::ErrorKind::TimedOut => "timeout",
        Error::Connect(_) => "connect_failed",
        Error::Timeout(_) => "timeout",
        Error::Tls(TlsError::Unavailable) => "tls_required_unavailable",
        Error::Tls(_) => "tls_failed",
        Error::Content(_) => "bad_content",
        Error::Refused(refusal) => kind_of_refusal(*refusal),
        Error::Authentication { verdict: Authentication::BadChallenge, .. } => "bad_challenge",
        Error::Authentication { .. } => "auth_refused",
        Error::Ended { end, .. } => kind_of_end(*end),
        _ => "connection_lost",
    }
}

fn kind_of_refusal(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::NotOffered(Extension::SmtpUtf8) => "smtputf8_not_offered",
        Refusal::NotOffered(Extension::EightBitMime) => "eightbit_not_offered",
        Refusal::NotOffered(_) | Refusal::InsecureSession | Refusal::NoExtensions => {
            "extension_not_offered"
        }
        Refusal::MessageTooLarge { .. } => "message_too_large",
        Refusal::OutsideLimit(_) => "outside_limit",
        Refusal::TooManyRecipients { .. } | Refusal::TooManyDomains { .. } => "too_many_recipients",
        Refusal::TooManyTransactions { .. } => "too_many_transactions",
        Refusal::PlaintextAuth => "plaintext_refused",
        Refusal::NoMechanism => "no_usable_mechanism",
        Refusal::Credentials => "invalid_credentials",
        Refusal::Content(error) => kind_of_content(error),
        _ => "invalid_argument",
    }
}

const fn kind_of_route(error: RouteError) -> &'static str {
    match error {
        RouteError::NoDomain => "no_domain",
        RouteError::UnknownLiteral => "unknown_literal",
        RouteError::NoSuchDomain => "no_such_domain",
        RouteError::NullMx => "null_mx",
        RouteError::NoAddress => "no_address",
        RouteError::NoUsableMx => "no_usable_mx",
        RouteError::MailLoop => "mail_loop",
        RouteError::LocalAddress => "local_address",
        RouteError::UnauthenticatedMx => "unauthenticated_mx",
        RouteError::UnusableName => "unusable_name",
        RouteError::NoHostSoFar => "no_host_so_far",
        _ => "dns_failure",
    }
}

const fn kind_of_content(error: ContentError) -> &'static str {
    match error.kind {
        ContentErrorKind::EightBit => "eightbit_not_offered",
        _ => "bad_content",
    }
}

const fn kind_of_reply(kind: ReplyErrorKind) -> &'static str {
    match kind {
        ReplyErrorKind::ReplyTooLong | ReplyErrorKind::TooManyLines => "reply_too_long",
        _ => "malformed_reply",
    }
}

fn kind_of_end(end: End) -> &'static str {
    match end {
        End::Peer(PeerError::Malformed { error, .. }) => kind_of_reply(error.kind()),
        End::Peer(PeerError::Unsolicited) => "unsolicited_reply",
        End::Peer(PeerError::PlaintextBehindStartTls) => "starttls_injection",
        End::Peer(PeerError::TooManyChallenges) => "bad_challenge",
        End::Peer(PeerError::Unproven) => "server_signature",
        End::Peer(_) => "unexpected_code",
        End::ServiceClosing(_) => "service_closing",
        End::Refused { phase: Phase::StartTls, .. } | End::TlsUnavailable => {
            "tls_required_unavailable"
        }
        End::Refused { .. } | End::ContentRefused(_) | End::RefusedInFlight { .. } => "refused",
        End::BadContent(error) => kind_of_content(error),
        End::ContentFailed => "bad_content",
        _ => "connection_lost",
    }
}

const fn code_of(error: &Error) -> Option<Code> {
    match error.end() {
        Some(
            End::ContentRefused(code)
            | End::Refused { code, .. }
            | End::Peer(PeerError::UnexpectedCode { code, .. }),
        ) => Some(code),
        Some(End::ServiceClosing(_)) => Some(Code::SERVICE_CLOSING),
        _ => None,
    }
}
