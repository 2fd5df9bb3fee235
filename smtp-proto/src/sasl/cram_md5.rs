//! `CRAM-MD5`: the user name and the HMAC-MD5 of the server's challenge (RFC 2195).

use core::fmt;

use hmac::Mac;
use md5::Md5;

use crate::{hello::Capabilities, hex};

use super::{
    CannotAnswer, Challenge, InitialResponse, Mechanism, Response,
    hash::keyed,
    text::{can_carry, have_no_nul},
};

/// The mechanism `CRAM-MD5`. It borrows the credentials.
///
/// The password is not sent, but MD5 does not protect a weak one, and the server proves nothing. Prefer SCRAM.
///
/// It refuses a challenge that is empty or not base64, because somebody could replay the hash of an empty one.
#[derive(Clone, Copy)]
pub struct CramMd5<'a> {
    user: &'a str,
    password: &'a str,
    answered: bool,
}

impl<'a> CramMd5<'a> {
    /// Authenticates as `user`.
    #[must_use]
    pub const fn new(user: &'a str, password: &'a str) -> Self {
        Self { user, password, answered: false }
    }
}

impl Mechanism for CramMd5<'_> {
    fn name(&self) -> &'static str {
        "CRAM-MD5"
    }

    fn initial_response(&self) -> InitialResponse {
        InitialResponse::Never
    }

    fn restart(&mut self) {
        self.answered = false;
    }

    fn prepare(&mut self, _: Capabilities<'_>) -> Result<(), CannotAnswer> {
        can_carry(have_no_nul(&[self.user, self.password]))
    }

    /// Writes `user SP digest`, with the digest in lower-case hexadecimal (RFC 2195 2).
    fn respond(
        &mut self,
        challenge: Challenge<'_>,
        response: &mut Response<'_>,
    ) -> Result<(), CannotAnswer> {
        if self.answered {
            return Err(CannotAnswer::Stop);
        }
        let challenge = challenge.octets().filter(|octets| !octets.is_empty());
        let challenge = challenge.ok_or(CannotAnswer::TryNext)?;
        self.answered = true;
        let digest = keyed::<Md5>(self.password.as_bytes()).chain_update(challenge).finalize();
        response.push(self.user.as_bytes());
        response.push(b" ");
        for octet in digest.as_bytes() {
            response.push(&hex::lower(*octet));
        }
        Ok(())
    }
}

impl fmt::Debug for CramMd5<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CramMd5(***)")
    }
}
