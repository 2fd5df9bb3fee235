//! `EXTERNAL`: the server identifies the client by other means, such as a TLS certificate (RFC 4422 A).

use core::fmt;

use crate::hello::Capabilities;

use super::{
    CannotAnswer, Challenge, Mechanism, Response,
    text::{can_carry, have_no_nul},
};

/// The mechanism `EXTERNAL`: no credential, and an optional identity to act as. Without an identity, `AUTH EXTERNAL
/// =` is sent.
#[derive(Clone, Copy)]
pub struct External<'a> {
    authorization: &'a str,
    answered: bool,
}

impl<'a> External<'a> {
    /// Acts as the identity that the server derives, for example from the certificate.
    #[must_use]
    pub const fn new() -> Self {
        Self { authorization: "", answered: false }
    }

    /// Acts as another identity.
    #[must_use]
    pub const fn with_authorization(self, authorization: &'a str) -> Self {
        Self { authorization, ..self }
    }
}

impl Default for External<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl Mechanism for External<'_> {
    fn name(&self) -> &'static str {
        "EXTERNAL"
    }

    fn restart(&mut self) {
        self.answered = false;
    }

    fn prepare(&mut self, _: Capabilities<'_>) -> Result<(), CannotAnswer> {
        can_carry(have_no_nul(&[self.authorization]))
    }

    fn respond(
        &mut self,
        _challenge: Challenge<'_>,
        response: &mut Response<'_>,
    ) -> Result<(), CannotAnswer> {
        if self.answered || !have_no_nul(&[self.authorization]) {
            return Err(CannotAnswer::Stop);
        }
        self.answered = true;
        response.push(self.authorization.as_bytes());
        Ok(())
    }
}

impl fmt::Debug for External<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("External(***)")
    }
}
