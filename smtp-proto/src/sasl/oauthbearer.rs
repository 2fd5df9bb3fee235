//! `OAUTHBEARER`: an OAuth 2.0 bearer token (RFC 7628).

use core::fmt;

use crate::hello::Capabilities;

use super::{
    CannotAnswer, Challenge, Mechanism, Response,
    oauth::{Dialogue, Turn},
    text::{can_carry, is_clean, push_name},
};

/// The mechanism `OAUTHBEARER`. It borrows the access token.
///
/// A server that refuses the token first sends the reason in a 334 reply. The mechanism acknowledges it with one
/// octet 0x01 (RFC 7628 3.2.3). The result is then [`Refused`](crate::client::Authentication::Refused) with 535, and
/// [`error`](Self::error) returns the reason.
///
/// Tokens often have several kibioctets. In base64 they have to fit the client's transmit buffer; otherwise nothing
/// is sent, and `authenticate` returns [`CommandTooLong`](crate::client::Refusal::CommandTooLong).
///
/// ```
/// use smtp_proto::sasl::OAuthBearer;
/// let mechanism = OAuthBearer::new("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==")
///     .with_user("user@example.com")
///     .with_server("server.example.com", 587);
/// assert_eq!(format!("{mechanism:?}"), "OAuthBearer(***)");
/// ```
#[derive(Clone, Copy)]
pub struct OAuthBearer<'a> {
    user: &'a str,
    token: &'a str,
    server: Option<(&'a str, u16)>,
    dialogue: Dialogue,
}

impl<'a> OAuthBearer<'a> {
    /// Authenticates with an access token.
    #[must_use]
    pub const fn new(token: &'a str) -> Self {
        Self { user: "", token, server: None, dialogue: Dialogue::new() }
    }

    /// Names the user whose resource is accessed (the `authzid`). Many servers require it.
    #[must_use]
    pub const fn with_user(self, user: &'a str) -> Self {
        Self { user, ..self }
    }

    /// Names the server to which the client has connected (`host` and `port`, RFC 7628 3.1).
    #[must_use]
    pub const fn with_server(self, host: &'a str, port: u16) -> Self {
        Self { server: Some((host, port)), ..self }
    }

    /// The reason for which the server refused the token in the last exchange: JSON (RFC 7628 3.2.2), of which the
    /// first 512 octets are kept. Empty if it was not base64; `None` if there was no such refusal.
    ///
    /// The octets came from the server: escape them before you show them, as with [`Escaped`](crate::reply::Escaped).
    #[must_use]
    pub fn error(&self) -> Option<&[u8]> {
        self.dialogue.error()
    }

    /// Returns whether all fields can be sent. ^A separates the fields, so none can contain one.
    fn is_sayable(&self) -> bool {
        let host = self.server.is_none_or(|(host, _)| is_clean(host));
        host && is_clean(self.token) && (self.user.is_empty() || is_clean(self.user))
    }

    /// Writes the `client-resp` of RFC 7628 3.1.
    fn say_token(&self, response: &mut Response<'_>) {
        response.push(b"n,");
        if !self.user.is_empty() {
            response.push(b"a=");
            push_name(self.user, &mut |piece| response.push(piece));
        }
        response.push(b",\x01");
        if let Some((host, port)) = self.server {
            let mut digits = [0; MAX_PORT];
            let port = decimal(port, &mut digits);
            for piece in [b"host=", host.as_bytes(), b"\x01port=", port, b"\x01"] {
                response.push(piece);
            }
        }
        for piece in [b"auth=Bearer ", self.token.as_bytes(), b"\x01\x01"] {
            response.push(piece);
        }
    }
}

/// The number of digits of the greatest port.
const MAX_PORT: usize = 5;

fn decimal(number: u16, digits: &mut [u8; MAX_PORT]) -> &[u8] {
    let mut writer = crate::writer::Writer::new(digits);
    writer.push_decimal(number.into());
    let length = writer.finish().unwrap_or_default();
    &digits[..length]
}

impl Mechanism for OAuthBearer<'_> {
    fn name(&self) -> &'static str {
        "OAUTHBEARER"
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
        match self.dialogue.turn(challenge, self.token)? {
            Turn::Token => self.say_token(response),
            Turn::Acknowledgement => response.push(b"\x01"),
        }
        Ok(())
    }
}

impl fmt::Debug for OAuthBearer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OAuthBearer(***)")
    }
}
