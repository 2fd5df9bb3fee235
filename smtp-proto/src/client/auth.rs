//! AUTH (RFC 4954): which mechanism, its initial response, challenges, cancelling.
//!
//! | awaited | 235                     | 334       | 4yz, 5yz                       | other |
//! |---------|-------------------------|-----------|--------------------------------|-------|
//! | AUTH    | the mechanism is asked  | challenge | refused, or the next mechanism | error |
//! | `*`     | error                   | error     | refused, or the next mechanism | error |

use core::ops::Range;

use memchr::memchr;

use crate::{
    reply::{Class, Code},
    sasl::{
        self, CannotAnswer, Challenge, InitialResponse, Mechanism, Mechanisms, Response,
        decode_in_place,
    },
};

use super::{
    Refusal, Storage,
    error::{End, Misuse, PeerError},
    event::{Authentication, Phase},
    inbox::{Inbox, TEXT},
    pipeline::{Line, Pipeline, Verb},
    reaction::{Reaction, Then, Told},
    terms::Terms,
};

/// An AUTH line with an initial response stays within this (RFC 5321 4.5.3.1.4); a longer response
/// follows an empty challenge.
const MAX_AUTH_LINE: usize = 512;

/// The progress of the exchange. Mechanisms are known by their place in the caller's list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Turn {
    Idle,
    /// The server's turn.
    Awaiting(usize),
    /// Try the mechanism at this place or behind it.
    Choose(usize),
    /// The challenge stands at the front of the receive buffer.
    Challenged(usize),
    /// The server says yes; the mechanism has yet to say whether it is satisfied.
    Succeeded(usize),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Auth {
    turn: Turn,
    rounds: u8,
    /// A response of the mechanism's has left in this exchange, even an empty one.
    spoken: bool,
    /// The verdict when no mechanism is left.
    verdict: Authentication,
    /// A challenge that only the credentials themselves could answer: no other mechanism is tried.
    give_up: bool,
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            turn: Turn::Idle,
            rounds: 0,
            spoken: false,
            verdict: Authentication::None,
            give_up: false,
        }
    }
}

impl Auth {
    pub(super) const fn is_active(&self) -> bool {
        !matches!(self.turn, Turn::Idle)
    }

    /// Returns whether the caller's turn has come.
    pub(super) const fn wants_credentials(&self) -> bool {
        !matches!(self.turn, Turn::Idle | Turn::Awaiting(_))
    }

    pub(super) const fn holds_challenge(&self) -> bool {
        matches!(self.turn, Turn::Challenged(_))
    }

    /// Returns whether the server says yes and the mechanism has not been asked whether it is satisfied.
    pub(super) const fn has_succeeded(&self) -> bool {
        matches!(self.turn, Turn::Succeeded(_))
    }

    pub(super) const fn verdict(&self) -> Authentication {
        self.verdict
    }

    /// Takes note that nothing can leave any more: the server's last reply gets no response.
    pub(super) const fn abandon(&mut self) {
        if self.wants_credentials() {
            self.turn = Turn::Idle;
        }
    }

    // --- replies ---

    /// The reply to AUTH or to a response; `rounds` is the number of challenges that are borne with.
    pub(super) fn on_reply(&mut self, verb: Verb, code: Code, rounds: u8) -> Reaction {
        let then =
            if verb == Verb::Cancel { self.on_cancel(code) } else { self.on_auth(code, rounds) };
        Told::Answer(Phase::Auth).then(then)
    }

    fn on_auth(&mut self, code: Code, rounds: u8) -> Then {
        match (code, self.turn) {
            // To whom nothing was said, yes says nothing.
            (Code::AUTHENTICATED, Turn::Awaiting(index)) if self.spoken => {
                self.turn = Turn::Succeeded(index);
                Then::GoOn
            }
            (Code::AUTH_CHALLENGE, Turn::Awaiting(index)) => {
                self.turn = Turn::Challenged(index);
                self.rounds = self.rounds.saturating_add(1);
                let is_within = self.rounds <= rounds;
                if is_within {
                    Then::GoOn
                } else {
                    Then::Close(End::Peer(PeerError::TooManyChallenges))
                }
            }
            _ if code.is_refusal() => {
                self.on_refusal(code);
                Then::GoOn
            }
            _ => Then::unexpected(Phase::Auth, code),
        }
    }

    /// A mechanism that the server cannot or will not do gives way to the next one; bad credentials
    /// stay bad, and a weaker mechanism would only expose them.
    fn on_refusal(&mut self, code: Code) {
        self.verdict = Authentication::Refused(code);
        self.turn = match (code, self.turn) {
            (Code::PARAMETER_NOT_IMPLEMENTED | Code::MECHANISM_TOO_WEAK, Turn::Awaiting(index)) => {
                Turn::Choose(index + 1)
            }
            _ => Turn::Idle,
        };
    }

    fn on_cancel(&mut self, code: Code) -> Then {
        match code.class() {
            Class::Intermediate => Then::Close(End::Peer(PeerError::TooManyChallenges)),
            Class::Completion => Then::unexpected(Phase::Auth, code),
            Class::Transient | Class::Permanent => {
                self.turn = match self.turn {
                    Turn::Awaiting(index) if !self.give_up => Turn::Choose(index + 1),
                    _ => Turn::Idle,
                };
                Then::GoOn
            }
        }
    }

    // --- the caller's turn ---

    /// Starts AUTH with the first mechanism that can be used.
    pub(super) fn start<B: Storage, M: Mechanisms + ?Sized>(
        &mut self,
        mechanisms: &mut M,
        terms: &Terms<'_>,
        out: &mut Pipeline<B>,
    ) -> Result<(), Refusal> {
        if !out.is_empty() {
            return Err(Misuse::Busy.into());
        }
        if matches!(self.verdict, Authentication::Done(_)) {
            return Err(Misuse::AlreadyAuthenticated.into());
        }
        terms.check_auth()?;
        *self = Auth::default();
        self.choose(mechanisms, 0, terms, out)
    }

    /// Goes on: with the next mechanism, with the response to a challenge, or with the mechanism's own judgement.
    pub(super) fn go_on<B: Storage, M: Mechanisms + ?Sized>(
        &mut self,
        mechanisms: &mut M,
        terms: &Terms<'_>,
        inbox: &mut Inbox<B>,
        out: &mut Pipeline<B>,
    ) -> Result<Then, Refusal> {
        match self.turn {
            Turn::Idle | Turn::Awaiting(_) => return Err(Misuse::Busy.into()),
            Turn::Choose(index) => self.choose(mechanisms, index, terms, out)?,
            Turn::Challenged(index) => self.answer(mechanisms, index, inbox, out),
            Turn::Succeeded(index) => return Ok(self.conclude(mechanisms, index)),
        }
        Ok(Then::GoOn)
    }

    /// Says AUTH with the first mechanism from `first` on that the server offers. If that one cannot
    /// carry the credentials, no other is tried: the caller's order says which one to use.
    fn choose<B: Storage, M: Mechanisms + ?Sized>(
        &mut self,
        mechanisms: &mut M,
        first: usize,
        terms: &Terms<'_>,
        out: &mut Pipeline<B>,
    ) -> Result<(), Refusal> {
        self.turn = Turn::Idle;
        let mut index = first;
        while let Some(mechanism) = mechanisms.mechanism(index) {
            if sasl::is_mechanism_name(mechanism.name())
                && terms.may_use_mechanism(mechanism.name())
            {
                mechanism.restart();
                match mechanism.prepare(terms.capabilities) {
                    Ok(()) => return self.say_auth(mechanism, index, out),
                    Err(CannotAnswer::TryNext) => {}
                    Err(CannotAnswer::Stop) => return Err(Refusal::Credentials),
                }
            }
            index += 1;
        }
        if first == 0 { Err(Refusal::NoMechanism) } else { Ok(()) }
    }

    fn say_auth<B: Storage>(
        &mut self,
        mechanism: &mut dyn Mechanism,
        index: usize,
        out: &mut Pipeline<B>,
    ) -> Result<(), Refusal> {
        (self.rounds, self.spoken) = (0, false);
        let limit = out.capacity();
        let mut line = out.line();
        let written = line.push(b"AUTH ")
            && line.push(mechanism.name().as_bytes())
            && self.push_initial_response(mechanism, &mut line)
            && line.push(b"\r\n");
        if written && line.commit(Verb::Auth) {
            self.turn = Turn::Awaiting(index);
            return Ok(());
        }
        Err(Refusal::CommandTooLong { limit })
    }

    /// Puts the first response behind AUTH where that is the mechanism's way and the line stays short;
    /// else the line stays as it is and the response waits for the challenge. `false` when the response
    /// does not fit the transmit buffer: it would not fit later either.
    fn push_initial_response<B: Storage>(
        &mut self,
        mechanism: &mut dyn Mechanism,
        line: &mut Line<'_, B>,
    ) -> bool {
        if mechanism.initial_response() == InitialResponse::Never {
            return true;
        }
        let end = line.len();
        if !line.push(b" ") {
            return false;
        }
        let responded = respond(line, mechanism, Challenge::new(Some(b"")));
        if responded == Ok(false) {
            return false;
        }
        // An empty response is written "=" here (RFC 4954 4).
        let whole = responded.is_ok() && (line.len() > end + 1 || line.push(b"="));
        self.spoken = whole && line.len() + 2 <= MAX_AUTH_LINE;
        if !self.spoken {
            line.truncate(end);
            mechanism.restart();
        }
        true
    }

    /// Responds to the challenge that is lent, or cancels (RFC 4954 4).
    fn answer<B: Storage, M: Mechanisms + ?Sized>(
        &mut self,
        mechanisms: &mut M,
        index: usize,
        inbox: &mut Inbox<B>,
        out: &mut Pipeline<B>,
    ) {
        self.turn = Turn::Awaiting(index);
        inbox.unveil();
        let is_whole = inbox.texts().next().flatten().is_some();
        let mut line = out.line();
        let outcome = match mechanisms.mechanism(index) {
            Some(mechanism) if is_whole => push_response(mechanism, inbox, &mut line),
            _ => Err(CannotAnswer::Stop),
        };
        let reason = match outcome {
            Ok(true) if line.push(b"\r\n") => {
                self.spoken |= line.commit(Verb::Auth);
                return;
            }
            Ok(_) => CannotAnswer::Stop,
            Err(reason) => reason,
        };
        self.verdict = Authentication::BadChallenge;
        self.give_up = reason == CannotAnswer::Stop;
        line.truncate(0);
        if line.push(b"*\r\n") {
            line.commit(Verb::Cancel);
        }
    }

    /// The server says yes: the mechanism judges whether it has proved what it had to.
    fn conclude<M: Mechanisms + ?Sized>(&mut self, mechanisms: &mut M, index: usize) -> Then {
        self.turn = Turn::Idle;
        let mechanism = mechanisms.mechanism(index);
        if mechanism.is_some_and(|mechanism| mechanism.is_satisfied()) {
            self.verdict = Authentication::Done(index);
            return Then::GoOn;
        }
        self.verdict = Authentication::Unproven;
        Then::Close(End::Peer(PeerError::Unproven))
    }
}

fn push_response<B: Storage>(
    mechanism: &mut dyn Mechanism,
    inbox: &mut Inbox<B>,
    line: &mut Line<'_, B>,
) -> Result<bool, CannotAnswer> {
    let Range { start, end } = challenge_text(inbox.lent());
    // Decoded where it stands: the text is not needed any more.
    let decoded = decode_in_place(&mut inbox.lent_mut()[start..end]);
    let octets = decoded.map(|length| &inbox.lent()[start..start + length]);
    respond(line, mechanism, Challenge::new(octets))
}

/// Lets the mechanism write into the line; `false` when its response did not fit.
fn respond<B: Storage>(
    line: &mut Line<'_, B>,
    mechanism: &mut dyn Mechanism,
    challenge: Challenge<'_>,
) -> Result<bool, CannotAnswer> {
    let mut outcome = Ok(());
    let written = line.push_secret(|output| {
        let mut response = Response::new(output);
        outcome = mechanism.respond(challenge, &mut response);
        response.finish()
    });
    outcome.map(|()| written)
}

/// The place of a 334's text: on its first line, without the spaces around it.
fn challenge_text(reply: &[u8]) -> Range<usize> {
    let end = memchr(b'\n', reply).unwrap_or(reply.len());
    let text = reply[..end].get(TEXT..).unwrap_or_default();
    let spaces = text.len() - text.trim_ascii_start().len();
    let start = TEXT.min(reply.len()) + spaces;
    start..start + text.trim_ascii().len()
}
