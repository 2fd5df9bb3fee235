//! Mechanisms of AUTH (RFC 4954, RFC 4422): what answers the server's challenges.
//!
//! A mechanism holds the credentials; the client never does. It is handed to
//! [`Client::authenticate`](crate::client::Client::authenticate) for each step and writes its
//! answer into a [`Response`], which puts it on the wire in base64.
//!
//! Everything that a mechanism writes is a secret: no transcript shows it. Some servers repeat it in
//! their replies, so the client remembers it until a message begins or the session ends. In replies
//! that come meanwhile it overwrites by `*` every part of 8 characters or more, and a shorter password
//! as a whole, in base64, in hexadecimal and as it is. Other encodings are not recognised, and neither
//! is a secret that a server repeats later.
//!
//! | mechanism | type | feature | what leaves |
//! |---|---|---|---|
//! | SCRAM-SHA-256, -PLUS (RFC 7677) | `ScramSha256` | `scram` | a proof; the server proves itself too |
//! | SCRAM-SHA-1, -PLUS (RFC 5802) | `ScramSha1` | `scram` | the same |
//! | CRAM-MD5 (RFC 2195) | `CramMd5` | `cram-md5` | a keyed hash |
//! | PLAIN (RFC 4616) | [`Plain`] | | the password |
//! | LOGIN | [`Login`] | | the password |
//! | OAUTHBEARER (RFC 7628) | [`OAuthBearer`] | | a token |
//! | XOAUTH2 | [`XOAuth2`] | | a token |
//! | EXTERNAL (RFC 4422 A) | [`External`] | | nothing secret |
//! | ANONYMOUS (RFC 4505) | [`Anonymous`] | | nothing secret |
//!
//! [`Password`] is the list of those that take a user and a password, strongest first; [`Token`] of
//! those that take a token.
//! [`server`] has the other side of the dialogues.

mod anonymous;
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

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::hello::Capabilities;

#[cfg(feature = "cram-md5")]
pub use self::cram_md5::CramMd5;
#[cfg(feature = "scram")]
pub use self::scram::{ChannelBinding, Nonce, ScramSha1, ScramSha256};
pub use self::{
    anonymous::Anonymous, external::External, login::Login, oauthbearer::OAuthBearer,
    password::Password, plain::Plain, response::Response, text::SaslName, token::Token,
    xoauth2::XOAuth2,
};

/// What the server wants answered.
#[derive(Clone, Copy)]
pub struct Challenge<'a> {
    decoded: Option<&'a [u8]>,
}

impl<'a> Challenge<'a> {
    /// A challenge of these octets; `None` stands for text that is no base64.
    #[must_use]
    pub const fn new(decoded: Option<&'a [u8]>) -> Self {
        Self { decoded }
    }

    /// The challenge, or `None` when its text was no base64. PLAIN and LOGIN do not look at it, for
    /// servers put prompts of all kinds there.
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

/// The mechanism cannot begin, or cannot answer a challenge, which the client cancels with `*`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CannotAnswer {
    /// The mechanism is of no use here, or the challenge makes no sense; another mechanism may do.
    TryNext,
    /// The mechanism cannot carry the credentials, or the server asks for more than it has: another
    /// mechanism would only hand the credentials out again.
    Stop,
}

/// When a mechanism's first answer may travel with the AUTH command (RFC 4954 4).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InitialResponse {
    /// Where the line stays within 512 octets; else after an empty challenge.
    WhereItFits,
    /// Never: the server speaks first, or is known to stumble over it.
    Never,
}

/// One way to prove who one is. Implement it for mechanisms that are not here.
pub trait Mechanism {
    /// The SASL name, 1 to 20 upper-case letters, digits, `-` and `_` (RFC 4422 3.1).
    fn name(&self) -> &str;

    /// Returns whether the first answer may travel with AUTH.
    fn initial_response(&self) -> InitialResponse {
        InitialResponse::WhereItFits
    }

    /// Forgets what went before: a new dialogue begins.
    fn restart(&mut self) {}

    /// Checks the credentials before anything is written; `server` is what the server offers.
    ///
    /// # Errors
    /// [`CannotAnswer::Stop`] if the mechanism cannot carry the credentials: nothing is written, and
    /// `authenticate` returns [`Refusal::Credentials`](crate::client::Refusal::Credentials).
    /// [`CannotAnswer::TryNext`] if another mechanism should be tried.
    fn prepare(&mut self, server: Capabilities<'_>) -> Result<(), CannotAnswer> {
        let _ = server;
        Ok(())
    }

    /// Writes the answer to a challenge; the first challenge of a mechanism that speaks first is
    /// empty.
    ///
    /// # Errors
    /// [`CannotAnswer`] cancels the dialogue; what was written to `response` does not leave then.
    fn respond(
        &mut self,
        challenge: Challenge<'_>,
        response: &mut Response<'_>,
    ) -> Result<(), CannotAnswer>;

    /// Returns whether success may be believed; a mechanism that proves the server says no until it did.
    fn is_satisfied(&self) -> bool {
        true
    }
}

/// The caller's mechanisms, best first.
pub trait Mechanisms {
    /// The mechanism at this place, `None` behind the last.
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

/// Decodes base64 where it stands; the length of what was decoded, or `None` if it is no base64.
pub(crate) fn decode_in_place(text: &mut [u8]) -> Option<usize> {
    /// Octets decoded at a time; a multiple of 4.
    const STEP: usize = 64;
    let mut written = 0;
    for start in (0..text.len()).step_by(STEP) {
        let end = text.len().min(start + STEP);
        let mut decoded = [0; STEP];
        let length = STANDARD.decode_slice(&text[start..end], &mut decoded).ok()?;
        // Padding may only stand at the very end.
        if end < text.len() && length != STEP / 4 * 3 {
            return None;
        }
        text[written..written + length].copy_from_slice(&decoded[..length]);
        written += length;
    }
    Some(written)
}
