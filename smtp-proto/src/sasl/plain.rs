//! `PLAIN`: `[authzid] NUL authcid NUL passwd` in one message (RFC 4616).

use core::fmt;

use crate::hello::Capabilities;

use super::{
    CannotAnswer, Challenge, Mechanism, Response,
    text::{can_carry, have_no_nul},
};

/// The mechanism `PLAIN`, which sends the password as it is. It borrows the credentials.
///
/// ```
/// let plain = smtp_proto::sasl::Plain::new("alice", "s3cret");
/// assert_eq!(format!("{plain:?}"), "Plain(***)");
/// ```
#[derive(Clone, Copy)]
pub struct Plain<'a> {
    authorization: &'a str,
    user: &'a str,
    password: &'a str,
    answered: bool,
}

impl<'a> Plain<'a> {
    /// Authenticates as `user`, and acts as the same identity.
    #[must_use]
    pub const fn new(user: &'a str, password: &'a str) -> Self {
        Self { authorization: "", user, password, answered: false }
    }

    /// Acts as another identity.
    #[must_use]
    pub const fn with_authorization(self, authorization: &'a str) -> Self {
        Self { authorization, ..self }
    }

    const fn fields(&self) -> [&'a str; 3] {
        [self.authorization, self.user, self.password]
    }
}

impl Mechanism for Plain<'_> {
    fn name(&self) -> &'static str {
        "PLAIN"
    }

    fn restart(&mut self) {
        self.answered = false;
    }

    fn prepare(&mut self, _: Capabilities<'_>) -> Result<(), CannotAnswer> {
        can_carry(have_no_nul(&self.fields()))
    }

    fn respond(
        &mut self,
        _challenge: Challenge<'_>,
        response: &mut Response<'_>,
    ) -> Result<(), CannotAnswer> {
        // A second challenge makes no sense: the credentials are sent once.
        if self.answered || !have_no_nul(&self.fields()) {
            return Err(CannotAnswer::Stop);
        }
        self.answered = true;
        for (index, field) in self.fields().iter().enumerate() {
            response.push(&b"\0"[..index.min(1)]);
            response.push(field.as_bytes());
        }
        Ok(())
    }
}

impl fmt::Debug for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plain(***)")
    }
}
