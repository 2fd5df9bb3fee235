//! `ANONYMOUS`: no credential, only a trace, such as an address at which the user can be reached (RFC 4505).

use core::fmt;

use crate::hello::Capabilities;

use super::{
    CannotAnswer, Challenge, Mechanism, Response,
    text::{can_carry, is_clean},
};

/// The longest trace in characters: `token = 1*255TCHAR` (RFC 4505 2).
const MAX_TRACE: usize = 255;

/// The mechanism `ANONYMOUS` with a trace: an address, any text without `@`, or nothing.
///
/// A trace of more than 255 characters, or with a control character, is refused and not sent.
#[derive(Clone, Copy)]
pub struct Anonymous<'a> {
    trace: &'a str,
    answered: bool,
}

impl<'a> Anonymous<'a> {
    /// Sends `trace` to the server.
    #[must_use]
    pub const fn new(trace: &'a str) -> Self {
        Self { trace, answered: false }
    }

    fn is_sayable(&self) -> bool {
        let fits = self.trace.chars().nth(MAX_TRACE).is_none();
        fits && (self.trace.is_empty() || is_clean(self.trace))
    }
}

impl Mechanism for Anonymous<'_> {
    fn name(&self) -> &'static str {
        "ANONYMOUS"
    }

    fn restart(&mut self) {
        self.answered = false;
    }

    fn prepare(&mut self, _: Capabilities<'_>) -> Result<(), CannotAnswer> {
        can_carry(self.is_sayable())
    }

    fn respond(
        &mut self,
        _challenge: Challenge<'_>,
        response: &mut Response<'_>,
    ) -> Result<(), CannotAnswer> {
        if self.answered || !self.is_sayable() {
            return Err(CannotAnswer::Stop);
        }
        self.answered = true;
        response.push(self.trace.as_bytes());
        Ok(())
    }
}

impl fmt::Debug for Anonymous<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Anonymous(***)")
    }
}
