//! `EXTERNAL`, server side (RFC 4422 A).

use super::{Exchange, ServerChallenge, Step};

/// Accepts a client that is identified outside of SASL: by its certificate, or its Unix socket.
///
/// ```
/// use smtp_proto::sasl::server::{Exchange, ExternalExchange, ServerChallenge, Step};
/// let mut exchange = ExternalExchange::new("alice");
/// let mut respond = |response| exchange.respond(response, &mut ServerChallenge::new(&mut []));
/// assert_eq!(respond(None), Step::Challenge);
/// assert_eq!(respond(Some(b"bob")), Step::Failure);
/// assert_eq!(respond(Some(b"")), Step::Success);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExternalExchange<'a> {
    user: &'a str,
}

impl<'a> ExternalExchange<'a> {
    /// Creates an exchange for a client that is this user, and can act as no other.
    #[must_use]
    pub const fn new(user: &'a str) -> Self {
        Self { user }
    }
}

impl Exchange for ExternalExchange<'_> {
    fn respond(&mut self, response: Option<&[u8]>, _: &mut ServerChallenge<'_>) -> Step {
        match response {
            None => Step::Challenge,
            Some(identity) if identity.is_empty() || identity == self.user.as_bytes() => {
                Step::Success
            }
            Some(_) => Step::Failure,
        }
    }

    fn user(&self) -> &str {
        self.user
    }
}
