//! PLAIN (RFC 4616): `[authzid] NUL authcid NUL passwd` in one message.

use core::fmt;

use super::{CannotAnswer, Challenge, Mechanism, Response};

/// PLAIN with borrowed credentials.
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
    /// Authenticates as `user` and acts as the same.
    #[must_use]
    pub const fn new(user: &'a str, password: &'a str) -> Self {
        Self { authorization: "", user, password, answered: false }
    }

    /// Acts as another identity.
    #[must_use]
    pub const fn with_authorization(self, authorization: &'a str) -> Self {
        Self { authorization, ..self }
    }
}

impl Mechanism for Plain<'_> {
    fn name(&self) -> &'static str {
        "PLAIN"
    }

    fn restart(&mut self) {
        self.answered = false;
    }

    fn respond(
        &mut self,
        _challenge: Challenge<'_>,
        response: &mut Response<'_>,
    ) -> Result<(), CannotAnswer> {
        // NUL separates the fields, so none may hold one. There is nothing to say twice.
        let fields = [self.authorization, self.user, self.password];
        if self.answered || fields.iter().any(|field| field.contains('\0')) {
            return Err(CannotAnswer::Stop);
        }
        self.answered = true;
        for (index, field) in fields.iter().enumerate() {
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
