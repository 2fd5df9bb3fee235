//! The messages of a client with `XOAUTH2` and `OAUTHBEARER` (RFC 7628 3.1).

use core::{fmt, str};

use crate::sasl::text::{SaslName, is_clean};

/// The message of a client with `XOAUTH2`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct XOAuth2Response<'a> {
    user: &'a str,
    token: &'a str,
}

impl<'a> XOAuth2Response<'a> {
    /// Parses `user=` user `^A` `auth=Bearer ` token `^A^A`. Returns `None` if it is anything else.
    #[must_use]
    pub fn parse(octets: &'a [u8]) -> Option<Self> {
        let text = str::from_utf8(octets).ok()?;
        let (user, rest) = text.strip_prefix("user=")?.split_once('\x01')?;
        let token = bearer(rest.strip_prefix("auth=")?.strip_suffix("\x01\x01")?)?;
        is_clean(user).then_some(Self { user, token })
    }

    /// The user whose mailbox the client wants to access.
    #[must_use]
    pub const fn user(&self) -> &'a str {
        self.user
    }

    /// The access token, which the caller has to verify.
    #[must_use]
    pub const fn token(&self) -> &'a str {
        self.token
    }
}

/// The message of a client with `OAUTHBEARER`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct OAuthBearerResponse<'a> {
    user: Option<SaslName<'a>>,
    host: Option<&'a str>,
    port: Option<u16>,
    token: &'a str,
}

impl<'a> OAuthBearerResponse<'a> {
    /// Parses `gs2-header kvsep *kvpair kvsep`. Returns `None` if it is anything else, or has no bearer token.
    /// Ignores unknown keys (RFC 7628 3.1), and allows each known one once.
    #[must_use]
    pub fn parse(octets: &'a [u8]) -> Option<Self> {
        let (header, pairs) = str::from_utf8(octets).ok()?.split_once('\x01')?;
        let (mut host, mut port, mut token) = (None, None, None);
        // The last pair ends with a separator, and so does the message.
        for pair in pairs.strip_suffix("\x01\x01")?.split('\x01') {
            let (key, value) = pair.split_once('=')?;
            match key {
                "auth" if token.is_none() => token = Some(bearer(value)?),
                "host" if host.is_none() => host = Some(value),
                "port" if port.is_none() => port = Some(value.parse().ok()?),
                "auth" | "host" | "port" => return None,
                _ => {}
            }
        }
        Some(Self { user: Header::parse(header)?.identity, host, port, token: token? })
    }

    /// The user whose resource the client wants to access (the `authzid`). `None` if it names none.
    #[must_use]
    pub const fn user(&self) -> Option<SaslName<'a>> {
        self.user
    }

    /// The host to which the client has connected, in its view.
    #[must_use]
    pub const fn host(&self) -> Option<&'a str> {
        self.host
    }

    /// The port to which the client has connected, in its view.
    #[must_use]
    pub const fn port(&self) -> Option<u16> {
        self.port
    }

    /// The access token, which the caller has to verify.
    #[must_use]
    pub const fn token(&self) -> &'a str {
        self.token
    }
}

/// The `gs2-header` without channel binding: `n,` or `y,`, then an optional `authzid`, then `,`.
struct Header<'a> {
    identity: Option<SaslName<'a>>,
}

impl<'a> Header<'a> {
    fn parse(header: &'a str) -> Option<Self> {
        let rest = header.strip_prefix("n,").or_else(|| header.strip_prefix("y,"))?;
        let identity = match rest.strip_suffix(',')? {
            "" => None,
            identity => Some(SaslName::parse(identity.strip_prefix("a=")?)?),
        };
        Some(Self { identity })
    }
}

/// Returns the token after `Bearer`, in any case (RFC 7628 4).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("Bearer") && is_clean(token)).then_some(token)
}

impl fmt::Debug for XOAuth2Response<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("XOAuth2Response").field("user", &self.user).finish_non_exhaustive()
    }
}

impl fmt::Debug for OAuthBearerResponse<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthBearerResponse").field("user", &self.user).finish_non_exhaustive()
    }
}
