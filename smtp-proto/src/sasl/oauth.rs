//! The common part of `XOAUTH2` and `OAUTHBEARER`: the token, then at most one refusal to acknowledge.

use super::{CannotAnswer, Challenge, echo};

/// The number of octets of a refusal that are kept. Those of Google, Microsoft and RFC 7628 4.3 have 70 to 250.
pub(super) const MAX_REFUSAL: usize = 512;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Start,
    TokenSaid,
    Refused,
}

/// The next message to send.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Token,
    /// The server has sent the reason for its refusal; 535 follows the acknowledgement (RFC 7628 3.2.3).
    Acknowledgement,
}

#[derive(Clone, Copy)]
pub(super) struct Dialogue {
    step: Step,
    refusal: [u8; MAX_REFUSAL],
    length: usize,
}

impl Dialogue {
    pub(super) const fn new() -> Self {
        Self { step: Step::Start, refusal: [0; MAX_REFUSAL], length: 0 }
    }

    /// Returns the next message to send. Hides the token in a refusal that repeats it.
    pub(super) fn turn(
        &mut self,
        challenge: Challenge<'_>,
        token: &str,
    ) -> Result<Turn, CannotAnswer> {
        match self.step {
            Step::Start => {
                self.step = Step::TokenSaid;
                Ok(Turn::Token)
            }
            Step::TokenSaid => {
                self.keep(challenge.octets().unwrap_or_default());
                echo::hide(&mut self.refusal[..self.length], token.as_bytes());
                Ok(Turn::Acknowledgement)
            }
            Step::Refused => Err(CannotAnswer::Stop),
        }
    }

    fn keep(&mut self, octets: &[u8]) {
        self.step = Step::Refused;
        self.length = octets.len().min(MAX_REFUSAL);
        self.refusal[..self.length].copy_from_slice(&octets[..self.length]);
    }

    pub(super) fn error(&self) -> Option<&[u8]> {
        (self.step == Step::Refused).then_some(&self.refusal[..self.length])
    }
}
