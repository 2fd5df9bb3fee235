//! CRAM-MD5 (RFC 2195): the server speaks first, and only once.

use core::fmt;

use crate::{hex, sasl::server::CramMd5Response};

use super::{Accounts, Exchange, Random, ServerChallenge, Step, User};

/// `"<" 32HEXDIG "@localhost>"`, the digits yet to come.
const TEMPLATE: [u8; 44] = *b"<00000000000000000000000000000000@localhost>";

/// Where the digits stand.
const DIGITS: core::ops::Range<usize> = 1..33;

/// CRAM-MD5: the challenge is a message identifier that nobody can foresee.
pub struct CramMd5Exchange<A> {
    accounts: A,
    challenge: [u8; TEMPLATE.len()],
    asked: bool,
    user: User,
}

impl<A: Accounts> CramMd5Exchange<A> {
    /// An exchange; half of `random` makes the challenge.
    #[must_use]
    pub fn new(accounts: A, random: &Random) -> Self {
        let mut challenge = TEMPLATE;
        for (digits, octet) in challenge[DIGITS].chunks_mut(2).zip(random) {
            digits.copy_from_slice(&hex::lower(*octet));
        }
        Self { accounts, challenge, asked: false, user: User::NOBODY }
    }

    fn verify(&mut self, response: &[u8]) -> Step {
        let Some(response) = CramMd5Response::parse(response) else { return Step::Malformed };
        let password = self.accounts.password(response.user());
        // Hashed for those who have none too, so that they look the same.
        let is_right = response.is_right(&self.challenge, password.unwrap_or_default());
        if password.is_none() || !is_right {
            return Step::Failure;
        }
        let user = User::new(response.user().chars());
        self.user = user.unwrap_or(User::NOBODY);
        if user.is_some() { Step::Success } else { Step::Failure }
    }
}

impl<A: Accounts> Exchange for CramMd5Exchange<A> {
    /// A response that comes with AUTH answers no challenge.
    fn respond(&mut self, response: Option<&[u8]>, challenge: &mut ServerChallenge<'_>) -> Step {
        match (response, self.asked) {
            (None, _) => {
                self.asked = true;
                challenge.push(&self.challenge);
                Step::Challenge
            }
            (Some(response), true) => self.verify(response),
            (Some(_), false) => Step::Malformed,
        }
    }

    fn user(&self) -> &str {
        self.user.as_str()
    }
}

impl<A> fmt::Debug for CramMd5Exchange<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CramMd5Exchange").field("asked", &self.asked).finish_non_exhaustive()
    }
}
