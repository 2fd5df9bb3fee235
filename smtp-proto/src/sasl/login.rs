//! `LOGIN`: the user name, then the password, each after a prompt (draft-murchison-sasl-login).

use core::fmt;

use crate::hello::Capabilities;

use super::{
    CannotAnswer, Challenge, InitialResponse, Mechanism, Response,
    text::{can_carry, have_no_nul},
};

/// The mechanism `LOGIN`. It borrows the credentials. It ignores the text of the prompts, and only counts them.
#[derive(Clone, Copy)]
pub struct Login<'a> {
    user: &'a str,
    password: &'a str,
    answered: u8,
}

impl<'a> Login<'a> {
    /// Authenticates as `user`.
    #[must_use]
    pub const fn new(user: &'a str, password: &'a str) -> Self {
        Self { user, password, answered: 0 }
    }
}

impl Mechanism for Login<'_> {
    fn name(&self) -> &'static str {
        "LOGIN"
    }

    fn initial_response(&self) -> InitialResponse {
        InitialResponse::Never
    }

    fn restart(&mut self) {
        self.answered = 0;
    }

    fn prepare(&mut self, _: Capabilities<'_>) -> Result<(), CannotAnswer> {
        can_carry(have_no_nul(&[self.user, self.password]))
    }

    fn respond(
        &mut self,
        _challenge: Challenge<'_>,
        response: &mut Response<'_>,
    ) -> Result<(), CannotAnswer> {
        response.push(match self.answered {
            0 => self.user.as_bytes(),
            1 => self.password.as_bytes(),
            // A third prompt would get the password again, so cancel.
            _ => return Err(CannotAnswer::Stop),
        });
        self.answered += 1;
        Ok(())
    }
}

impl fmt::Debug for Login<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login(***)")
    }
}
