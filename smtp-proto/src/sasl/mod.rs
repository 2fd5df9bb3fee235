//! SASL mechanisms for `AUTH`, which prove the identity of a client (RFC 4954, RFC 4422).
//!
//! A mechanism owns or borrows the credentials; the client never does. Pass it to
//! [`Client::authenticate`](crate::client::Client::authenticate) for each step. It writes its response to a challenge
//! into a [`Response`], which encodes it in base64 into the client's buffer.
//!
//! Everything that a mechanism writes counts as a secret, and no transcript shows it. Some servers repeat it in their
//! replies. So the client remembers it until a message begins or the session ends, and overwrites it with `*` in the
//! replies in between: every part of 8 characters or more, and a shorter password as a whole, in base64, in
//! hexadecimal and in plain. It does not recognise other encodings, or a secret that a server repeats later.
//!
//! | mechanism | type | feature | sent to the server |
//! |---|---|---|---|
//! | SCRAM-SHA-256, -PLUS (RFC 7677) | `ScramSha256` | `scram` | a proof; the server proves itself, too |
//! | SCRAM-SHA-1, -PLUS (RFC 5802) | `ScramSha1` | `scram` | the same |
//! | CRAM-MD5 (RFC 2195) | `CramMd5` | `cram-md5` | a keyed hash |
//! | PLAIN (RFC 4616) | [`Plain`] | | the password |
//! | LOGIN | [`Login`] | | the password |
//! | OAUTHBEARER (RFC 7628) | [`OAuthBearer`] | | a token |
//! | XOAUTH2 | [`XOAuth2`] | | a token |
//! | EXTERNAL (RFC 4422 A) | [`External`] | | nothing secret |
//! | ANONYMOUS (RFC 4505) | [`Anonymous`] | | nothing secret |
//!
//! [`Password`] tries all mechanisms that need a user name and a password, strongest first; [`Token`] those that need
//! an access token. To add a mechanism, implement [`Mechanism`].
//!
//! The module [`server`] has the server's side.

mod anonymous;
mod base64;
#[cfg(feature = "cram-md5")]
mod cram_md5;
pub(crate) mod echo;
mod external;
#[cfg(any(feature = "cram-md5", feature = "scram"))]
mod hash;
mod login;
mod oauth;
mod oauthbearer;
mod password;
mod plain;
mod response;
#[cfg(feature = "scram")]
pub mod scram;
pub mod server;
mod text;
mod token;
mod xoauth2;

use core::fmt;

use crate::hello::Capabilities;

pub(crate) use self::base64::decode_in_place;
#[cfg(feature = "cram-md5")]
pub use self::cram_md5::CramMd5;
#[cfg(feature = "scram")]
pub use self::scram::{ChannelBinding, Nonce, ScramSha1, ScramSha256};
pub use self::{
    anonymous::Anonymous, external::External, login::Login, oauthbearer::OAuthBearer,
    password::Password, plain::Plain, response::Response, text::SaslName, token::Token,
    xoauth2::XOAuth2,
};

/// A challenge of the server, decoded from base64.
#[derive(Clone, Copy)]
pub struct Challenge<'a> {
    decoded: Option<&'a [u8]>,
}

impl<'a> Challenge<'a> {
    /// A challenge of these octets. `None` stands for text that is not base64.
    #[must_use]
    pub const fn new(decoded: Option<&'a [u8]>) -> Self {
        Self { decoded }
    }

    /// The octets, or `None` if the text was not base64. `PLAIN` and `LOGIN` ignore them, because servers send
    /// prompts of all kinds.
    #[must_use]
    pub const fn octets(&self) -> Option<&'a [u8]> {
        self.decoded
    }
}

impl fmt::Debug for Challenge<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Challenge(..)")
    }
}

/// The reason why a mechanism cannot start, or cannot respond to a challenge. The client then cancels the exchange
/// with `*`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CannotAnswer {
    /// The mechanism cannot be used here, or the challenge is invalid. The client tries the next mechanism.
    TryNext,
    /// The mechanism cannot carry the credentials, or the server asks for more than there is. The client tries no
    /// other mechanism, because that would only send the credentials again.
    Stop,
}

/// The rule for sending the first response together with the `AUTH` command (RFC 4954 4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InitialResponse {
    /// Send it with `AUTH` if the line has at most 512 octets; otherwise after an empty challenge.
    WhereItFits,
    /// Never send it with `AUTH`: the server sends the first challenge, or servers are known to fail on it.
    Never,
}

/// A SASL mechanism, client side. Implement this trait to add one.
///
/// The client calls [`restart`](Self::restart) and [`prepare`](Self::prepare), then [`respond`](Self::respond) for
/// each challenge. After a success it asks [`is_satisfied`](Self::is_satisfied). Its counterpart in a server is
/// [`Exchange`](server::Exchange).
pub trait Mechanism {
    /// The SASL name: 1 to 20 upper-case letters, digits, `-` and `_` (RFC 4422 3.1).
    fn name(&self) -> &str;

    /// The rule for sending the first response together with `AUTH`.
    fn initial_response(&self) -> InitialResponse {
        InitialResponse::WhereItFits
    }

    /// Forgets all state, because a new exchange begins.
    fn restart(&mut self) {}

    /// Checks the credentials before anything is sent. `server` has the extensions of the server.
    ///
    /// # Errors
    /// [`CannotAnswer::Stop`] if the mechanism cannot carry the credentials: nothing is sent, and `authenticate`
    /// returns [`Refusal::Credentials`](crate::client::Refusal::Credentials). [`CannotAnswer::TryNext`] if the client
    /// should try another mechanism.
    fn prepare(&mut self, server: Capabilities<'_>) -> Result<(), CannotAnswer> {
        let _ = server;
        Ok(())
    }

    /// Writes the response to a challenge. If the client sends the first message, the first challenge is empty.
    ///
    /// # Errors
    /// [`CannotAnswer`] cancels the exchange; octets written to `response` are not sent then.
    fn respond(
        &mut self,
        challenge: Challenge<'_>,
        response: &mut Response<'_>,
    ) -> Result<(), CannotAnswer>;

    /// Returns whether a success can be trusted. A mechanism in which the server proves itself returns false until it
    /// has.
    fn is_satisfied(&self) -> bool {
        true
    }
}

/// A list of mechanisms, best first. The client uses the first one that the server offers.
pub trait Mechanisms {
    /// The mechanism at this position. `None` after the last.
    fn mechanism(&mut self, index: usize) -> Option<&mut dyn Mechanism>;
}

impl<M: Mechanism> Mechanisms for M {
    fn mechanism(&mut self, index: usize) -> Option<&mut dyn Mechanism> {
        (index == 0).then_some(self)
    }
}

impl Mechanisms for [&mut dyn Mechanism] {
    fn mechanism(&mut self, index: usize) -> Option<&mut dyn Mechanism> {
        match self.get_mut(index) {
            Some(mechanism) => Some(&mut **mechanism),
            None => None,
        }
    }
}

/// Returns whether a name is a SASL mechanism name: `1*20` upper-case letters, digits, `-` and `_` (RFC 4422 3.1).
pub(crate) fn is_mechanism_name(name: &str) -> bool {
    let is_allowed = |octet: u8| matches!(octet, b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_');
    (1..=20).contains(&name.len()) && name.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::is_mechanism_name;

    #[test]
    fn mechanism_names_are_short_and_in_upper_case() {
        for name in ["X", "SCRAM-SHA-256-PLUS", "A_1", "ABCDEFGHIJKLMNOPQRST"] {
            assert!(is_mechanism_name(name), "{name}");
        }
        for name in ["", "plain", "A B", "A\r", "\u{c9}", "ABCDEFGHIJKLMNOPQRSTU"] {
            assert!(!is_mechanism_name(name), "{name}");
        }
    }
}
