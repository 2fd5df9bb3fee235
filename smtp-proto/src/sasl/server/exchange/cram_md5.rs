//! `CRAM-MD5`, server side (RFC 2195): one challenge, one response.

use core::fmt;

use crate::{hex, sasl::server::CramMd5Response};

use super::{Accounts, Exchange, Random, ServerChallenge, Step, User};

/// `"<" 32HEXDIG "@localhost>"`, with zeros in place of the digits.
const TEMPLATE: [u8; 44] = *b"<00000000000000000000000000000000@localhost>";

/// The place of the digits.
const DIGITS: core::ops::Range<usize> = 1..33;

/// `CRAM-MD5`, server side. The challenge is a message identifier that nobody can predict.
pub struct CramMd5Exchange<A> {
    accounts: A,
    challenge: [u8; TEMPLATE.len()],
    asked: bool,
    user: User,
}

impl<A: Accounts> CramMd5Exchange<A> {
    /// Creates an exchange. The challenge uses half of `random`.
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
        // Hashes for unknown users, too, so that they take the same time.
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
    /// Refuses a response that comes with `AUTH`, because it cannot respond to the challenge.
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
