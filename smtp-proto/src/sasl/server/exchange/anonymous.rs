//! `ANONYMOUS`, server side (RFC 4505).

use core::str;

use super::{Exchange, ServerChallenge, Step};

/// Accepts every client as the user `anonymous`. The trace that a client sends is not kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct AnonymousExchange;

impl Exchange for AnonymousExchange {
    fn respond(&mut self, response: Option<&[u8]>, _: &mut ServerChallenge<'_>) -> Step {
        match response.map(str::from_utf8) {
            None => Step::Challenge,
            Some(Ok(_)) => Step::Success,
            Some(Err(_)) => Step::Malformed,
        }
    }

    fn user(&self) -> &'static str {
        "anonymous"
    }
}
