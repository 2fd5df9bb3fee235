//! `XOAUTH2`: an OAuth 2.0 access token in the form that Google and Microsoft use.

use core::fmt;

use crate::hello::Capabilities;

use super::{
    CannotAnswer, Challenge, Mechanism, Response,
    oauth::{Dialogue, Turn},
    text::{can_carry, is_clean},
};

/// The mechanism `XOAUTH2`: `user=` user `^A` `auth=Bearer ` token `^A^A`. It borrows the access token.
///
/// A server that refuses the token first sends the reason in a 334 reply. The mechanism acknowledges it with an empty
/// line. The result is then [`Refused`](crate::client::Authentication::Refused) with 535, and [`error`](Self::error)
/// returns the reason.
///
/// Tokens often have several kibioctets. In base64 they have to fit the client's transmit buffer; otherwise nothing
/// is sent, and `authenticate` returns [`CommandTooLong`](crate::client::Refusal::CommandTooLong).
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
    /// Authenticates as `user` with an access token.
    #[must_use]
    pub const fn new(user: &'a str, token: &'a str) -> Self {
        Self { user, token, dialogue: Dialogue::new() }
    }

    /// The reason for which the server refused the token in the last exchange: JSON, of which the first 512 octets
    /// are kept. Empty if it was not base64; `None` if there was no such refusal.
    ///
    /// The octets came from the server: escape them before you show them, as with [`Escaped`](crate::reply::Escaped).
    #[must_use]
    pub fn error(&self) -> Option<&[u8]> {
        self.dialogue.error()
    }

    /// Returns whether all fields can be sent. ^A separates the fields, so none can contain one.
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
