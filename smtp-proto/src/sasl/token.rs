//! A user name and an OAuth 2.0 access token, with the mechanisms that need them.

use core::fmt;

use super::{Mechanism, Mechanisms, OAuthBearer, XOAuth2};

/// The mechanisms for a user name and an access token: `OAUTHBEARER` (RFC 7628), then `XOAUTH2`.
///
/// Use it for Google, Microsoft and other OAuth 2.0 servers; [`Password`](super::Password) is its counterpart for
/// passwords.
///
/// ```
/// use smtp_proto::sasl::{Mechanisms, Token};
/// let mut token = Token::new("alice@example.org", "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg");
/// assert_eq!(token.mechanism(0).unwrap().name(), "OAUTHBEARER");
/// assert_eq!(token.mechanism(1).unwrap().name(), "XOAUTH2");
/// assert_eq!(format!("{token:?}"), "Token(***)");
/// ```
pub struct Token<'a> {
    bearer: OAuthBearer<'a>,
    xoauth2: XOAuth2<'a>,
}

impl<'a> Token<'a> {
    /// Authenticates as `user` with an access token, without `Bearer` before it.
    #[must_use]
    pub const fn new(user: &'a str, token: &'a str) -> Self {
        Self { bearer: OAuthBearer::new(token).with_user(user), xoauth2: XOAuth2::new(user, token) }
    }

    /// Names the server, which `OAUTHBEARER` sends along (RFC 7628 3.1).
    #[must_use]
    pub const fn with_server(self, host: &'a str, port: u16) -> Self {
        Self { bearer: self.bearer.with_server(host, port), ..self }
    }

    /// The reason for which the server refused the token: JSON (RFC 7628 3.2.2), of which the first 512 octets are
    /// kept. `None` if there was no such refusal.
    ///
    /// The octets came from the server: escape them before you show them, as with [`Escaped`](crate::reply::Escaped).
    #[must_use]
    pub fn error(&self) -> Option<&[u8]> {
        self.bearer.error().or_else(|| self.xoauth2.error())
    }
}

impl Mechanisms for Token<'_> {
    fn mechanism(&mut self, index: usize) -> Option<&mut dyn Mechanism> {
        match index {
            0 => Some(&mut self.bearer),
            1 => Some(&mut self.xoauth2),
            _ => None,
        }
    }
}

impl fmt::Debug for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}
