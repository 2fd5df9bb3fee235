//! XOAUTH2, as Google and Microsoft have it: an `OAuth` token for SMTP.

use core::fmt;

use super::{
    CannotAnswer, Challenge, Mechanism, Response,
    oauth::{Dialogue, Turn},
    text::{can_carry, is_clean},
};
use crate::hello::Capabilities;

/// XOAUTH2 with a borrowed access token: `user=` user `^A` `auth=Bearer ` token `^A^A`.
///
/// A server that refuses says why in a 334 first; that is answered with an empty line, the verdict
/// then is [`Refused`](crate::client::Authentication::Refused) with 535, and [`error`](Self::error)
/// has the reason.
///
/// Tokens of some kibioctets are usual. In base64 they have to fit the client's transmit buffer,
/// else nothing is sent and `authenticate` says
/// [`CommandTooLong`](crate::client::Refusal::CommandTooLong).
///
/// ```
/// use smtp_proto::sasl::{Challenge, Mechanism, Response, XOAuth2};
/// let mut mechanism = XOAuth2::new("alice@example.org", "ya29.token");
/// let mut buffer = [0; 512];
/// let mut response = Response::new(&mut buffer);
/// mechanism.respond(Challenge::new(Some(b"")), &mut response).unwrap();
/// let refusal = br#"{"status":"401","schemes":"Bearer"}"#;
/// mechanism.respond(Challenge::new(Some(refusal)), &mut Response::new(&mut [])).unwrap();
/// assert_eq!(mechanism.error(), Some(&refusal[..]));
/// assert_eq!(format!("{mechanism:?}"), "XOAuth2(***)");
/// ```
#[derive(Clone, Copy)]
pub struct XOAuth2<'a> {
    user: &'a str,
    token: &'a str,
    dialogue: Dialogue,
}

impl<'a> XOAuth2<'a> {
    /// Authenticates as `user` by an access token.
    #[must_use]
    pub const fn new(user: &'a str, token: &'a str) -> Self {
        Self { user, token, dialogue: Dialogue::new() }
    }

    /// Why the server refused the token, in the last dialogue: JSON, of which the first 512 octets
    /// are kept. It is what the server said: escape it before it is shown. Empty if it was no
    /// base64; `None` when there was no such refusal.
    #[must_use]
    pub fn error(&self) -> Option<&[u8]> {
        self.dialogue.error()
    }

    /// ^A separates the fields, so none may hold one.
    fn is_sayable(&self) -> bool {
        is_clean(self.user) && is_clean(self.token)
    }
}

impl Mechanism for XOAuth2<'_> {
    fn name(&self) -> &'static str {
        "XOAUTH2"
    }

    fn restart(&mut self) {
        self.dialogue = Dialogue::new();
    }

    fn prepare(&mut self, _: Capabilities<'_>) -> Result<(), CannotAnswer> {
        can_carry(self.is_sayable())
    }

    fn respond(
        &mut self,
        challenge: Challenge<'_>,
        response: &mut Response<'_>,
    ) -> Result<(), CannotAnswer> {
        if !self.is_sayable() {
            return Err(CannotAnswer::Stop);
        }
        if self.dialogue.turn(challenge, self.token)? == Turn::Token {
            let (user, token) = (self.user.as_bytes(), self.token.as_bytes());
            for piece in [b"user=", user, b"\x01auth=Bearer ", token, b"\x01\x01"] {
                response.push(piece);
            }
        }
        Ok(())
    }
}

impl fmt::Debug for XOAuth2<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("XOAuth2(***)")
    }
}
