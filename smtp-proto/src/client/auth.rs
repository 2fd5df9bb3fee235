//! The AUTH dialogue (RFC 4954): which mechanism, what leaves with AUTH, challenges, cancelling.

use core::ops::Range;

use memchr::memchr;

use crate::{
    reply::Code,
    sasl::{
        CannotAnswer, Challenge, InitialResponse, Mechanism, Mechanisms, Response, decode_in_place,
        echo,
    },
};

use super::{
    Client, Storage,
    error::{End, Misuse, PeerError, Refusal},
    event::Authentication,
    inbound::TEXT,
    queue::Verb,
    spans::SpanKind,
    state::Stage,
};

/// An AUTH line with an initial response stays within this (RFC 5321 4.5.3.1.4); a longer response
/// follows an empty challenge.
const MAX_AUTH_LINE: usize = 512;

/// Where the dialogue stands. Mechanisms are known by their place in the caller's list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    Idle,
    /// The server's turn.
    Awaiting(usize),
    /// Try the mechanism at this place or behind it.
    Choose(usize),
    /// The challenge stands at the front of the receive buffer.
    Challenged(usize),
    /// The server says yes; the mechanism may have a word in it.
    Succeeded(usize),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Auth {
    step: Step,
    rounds: u8,
    /// A response of the mechanism's has left in this dialogue, even an empty one.
    spoken: bool,
    /// What holds when no mechanism is left.
    verdict: Authentication,
    /// A challenge that only the credentials themselves could answer: no other mechanism is tried.
    give_up: bool,
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            step: Step::Idle,
            rounds: 0,
            spoken: false,
            verdict: Authentication::None,
            give_up: false,
        }
    }
}

impl Auth {
    pub(super) const fn is_active(&self) -> bool {
        !matches!(self.step, Step::Idle)
    }

    pub(super) const fn wants_credentials(&self) -> bool {
        !matches!(self.step, Step::Idle | Step::Awaiting(_))
    }

    pub(super) const fn holds_challenge(&self) -> bool {
        matches!(self.step, Step::Challenged(_))
    }

    /// The server says yes, and the mechanism has not been asked whether it is satisfied.
    pub(super) const fn has_succeeded(&self) -> bool {
        matches!(self.step, Step::Succeeded(_))
    }

    pub(super) const fn verdict(&self) -> Authentication {
        self.verdict
    }

    /// 334; says whether one more round is within the limit.
    pub(super) const fn challenged(&mut self, limit: u8) -> bool {
        self.rounds = self.rounds.saturating_add(1);
        if let Step::Awaiting(index) = self.step {
            self.step = Step::Challenged(index);
        }
        self.rounds <= limit
    }

    /// The server has received a response: it has something to judge.
    pub(super) const fn has_spoken(&self) -> bool {
        self.spoken
    }

    pub(super) const fn succeeded(&mut self) {
        if let Step::Awaiting(index) = self.step {
            self.step = Step::Succeeded(index);
        }
    }

    /// A mechanism that the server cannot or will not do gives way to the next one; bad credentials
    /// stay bad, and a weaker mechanism would only expose them.
    pub(super) fn refused(&mut self, code: Code) {
        self.verdict = Authentication::Refused(code);
        self.step = match (code, self.step) {
            (Code::PARAMETER_NOT_IMPLEMENTED | Code::MECHANISM_TOO_WEAK, Step::Awaiting(index)) => {
                Step::Choose(index + 1)
            }
            _ => Step::Idle,
        };
    }

    /// The server has confirmed the `*`.
    pub(super) const fn cancelled(&mut self) {
        self.step = match self.step {
            Step::Awaiting(index) if !self.give_up => Step::Choose(index + 1),
            _ => Step::Idle,
        };
    }

    /// What the server said last will not be answered.
    pub(super) const fn abandon(&mut self) {
        if self.wants_credentials() {
            self.step = Step::Idle;
        }
    }

    const fn conclude(&mut self, verdict: Authentication) {
        self.verdict = verdict;
        self.step = Step::Idle;
    }
}

impl<B: Storage> Client<B> {
    /// Starts AUTH with the first of the caller's mechanisms that the server offers, or, when
    /// [`Wants::Credentials`](super::Wants::Credentials) is wanted, goes on with the dialogue. The
    /// same mechanisms have to be given until it is over; [`authentication`](Self::authentication)
    /// then says how it ended. Credentials are not kept here.
    ///
    /// # Errors
    /// Nothing is written: [`Refusal::PlaintextAuth`] without TLS unless that is allowed,
    /// [`Refusal::NoMechanism`], [`Refusal::Credentials`], [`Refusal::CommandTooLong`], or a
    /// [`Misuse`].
    pub fn authenticate<M: Mechanisms + ?Sized>(
        &mut self,
        mechanisms: &mut M,
    ) -> Result<(), Refusal> {
        match self.auth.step {
            Step::Idle => self.start_auth(mechanisms),
            _ if self.stage != Stage::Ready || self.outbox.is_closed() => {
                Err(Misuse::NotOpen.into())
            }
            Step::Awaiting(_) => Err(Misuse::Busy.into()),
            Step::Choose(index) => self.choose(mechanisms, index),
            Step::Challenged(index) => {
                self.answer(mechanisms, index);
                Ok(())
            }
            Step::Succeeded(index) => {
                self.conclude_success(mechanisms, index);
                Ok(())
            }
        }
    }

    fn start_auth<M: Mechanisms + ?Sized>(&mut self, mechanisms: &mut M) -> Result<(), Refusal> {
        self.check_ready()?;
        if !self.queue.is_empty() {
            return Err(Misuse::Busy.into());
        }
        if matches!(self.auth.verdict, Authentication::Done(_)) {
            return Err(Misuse::AlreadyAuthenticated.into());
        }
        if !self.secure && (!self.config.plaintext_auth || self.starttls_refused) {
            return Err(Refusal::PlaintextAuth);
        }
        self.auth = Auth::default();
        self.choose(mechanisms, 0)
    }

    /// Says AUTH with the first mechanism from `first` on that the server offers. If that one cannot
    /// carry the credentials, no other is tried: the caller's order says which one to use.
    fn choose<M: Mechanisms + ?Sized>(
        &mut self,
        mechanisms: &mut M,
        first: usize,
    ) -> Result<(), Refusal> {
        let mut index = first;
        while let Some(mechanism) = mechanisms.mechanism(index) {
            if self.is_usable(mechanism.name()) {
                mechanism.restart();
                match mechanism.prepare(self.capabilities()) {
                    Ok(()) => return self.say_auth(mechanism, index),
                    Err(CannotAnswer::TryNext) => {}
                    Err(CannotAnswer::Stop) => {
                        self.auth.step = Step::Idle;
                        return Err(Refusal::Credentials);
                    }
                }
            }
            index += 1;
        }
        self.auth.step = Step::Idle;
        if first == 0 { Err(Refusal::NoMechanism) } else { Ok(()) }
    }

    fn is_usable(&self, name: &str) -> bool {
        let offered = || self.capabilities().offers_mechanism(name);
        is_sasl_name(name) && (self.config.unoffered_auth || offered())
    }

    fn say_auth(&mut self, mechanism: &mut dyn Mechanism, index: usize) -> Result<(), Refusal> {
        // Nothing is unanswered, so nothing else waits to leave.
        (self.auth.rounds, self.auth.spoken) = (0, false);
        let written = self.push_command(&[b"AUTH ", mechanism.name().as_bytes()])
            && self.push_initial_response(mechanism)
            && self.push_command(&[b"\r\n"]);
        if !written {
            self.outbox.truncate(0);
            self.auth.step = Step::Idle;
            return Err(Refusal::CommandTooLong { limit: self.outbox.capacity() });
        }
        self.expect(Verb::Auth, index);
        Ok(())
    }

    /// Puts the first answer behind AUTH where that is the mechanism's way and the line stays short;
    /// else the line stays as it is and the answer waits for the challenge. `false` when the answer
    /// does not fit the transmit buffer: it would not fit later either.
    fn push_initial_response(&mut self, mechanism: &mut dyn Mechanism) -> bool {
        if mechanism.initial_response() == InitialResponse::Never {
            return true;
        }
        let end = self.outbox.len();
        if !self.push_command(&[b" "]) {
            return false;
        }
        let answered = self.push_response(mechanism, Challenge::new(Some(b"")));
        if answered == Ok(false) {
            return false;
        }
        // An empty answer is written "=" here (RFC 4954 4).
        let whole = answered.is_ok() && (self.outbox.len() > end + 1 || self.push_command(&[b"="]));
        self.auth.spoken = whole && self.outbox.len() + 2 <= MAX_AUTH_LINE;
        if !self.auth.spoken {
            self.outbox.truncate(end);
            mechanism.restart();
        }
        true
    }

    /// Answers the challenge at the front of the receive buffer, or cancels.
    fn answer<M: Mechanisms + ?Sized>(&mut self, mechanisms: &mut M, index: usize) {
        let start = self.outbox.len();
        self.inbound.unveil();
        let is_whole = self.inbound.texts().next().flatten().is_some();
        let outcome = match mechanisms.mechanism(index) {
            Some(mechanism) if is_whole => self.push_answer(mechanism),
            _ => Err(CannotAnswer::Stop),
        };
        self.auth.step = Step::Awaiting(index);
        self.drop_lent();
        self.frame();
        match outcome {
            Ok(true) if self.push_command(&[b"\r\n"]) => {
                self.auth.spoken = true;
                self.expect(Verb::Auth, index);
            }
            Ok(_) => self.cancel_auth(start, index, CannotAnswer::Stop),
            Err(reason) => self.cancel_auth(start, index, reason),
        }
    }

    fn push_answer(&mut self, mechanism: &mut dyn Mechanism) -> Result<bool, CannotAnswer> {
        let Range { start, end } = challenge_text(self.inbound.lent());
        // Decoded where it stands: the text is not needed any more.
        let decoded = decode_in_place(&mut self.inbound.lent_mut()[start..end]);
        let octets = decoded.map(|length| &self.inbound.lent()[start..start + length]);
        respond(&mut self.outbox, mechanism, Challenge::new(octets))
    }

    fn push_response(
        &mut self,
        mechanism: &mut dyn Mechanism,
        challenge: Challenge<'_>,
    ) -> Result<bool, CannotAnswer> {
        respond(&mut self.outbox, mechanism, challenge)
    }

    /// `*` ends a dialogue that cannot go on (RFC 4954 4).
    fn cancel_auth(&mut self, start: usize, index: usize, reason: CannotAnswer) {
        self.outbox.truncate(start);
        self.auth.verdict = Authentication::BadChallenge;
        self.auth.give_up = reason == CannotAnswer::Stop;
        if self.push_command(&[b"*\r\n"]) {
            self.expect(Verb::Cancel, index);
        }
    }

    /// Overwrites credentials that the lent reply repeats. A challenge is veiled as a whole instead,
    /// because the mechanism has to read it unchanged.
    pub(super) fn hide_secret(&mut self, code: Code) {
        if !self.outbox.has_secret() {
            return;
        }
        let secret = self.outbox.secret();
        let lines = self.inbound.lent_mut().split_inclusive_mut(|&octet| octet == b'\n');
        let mut texts = lines.filter_map(|line| line.get_mut(TEXT..));
        if code != Code::AUTH_CHALLENGE {
            texts.for_each(|text| echo::hide(text, secret));
        } else if texts.any(|text| echo::repeats(text, secret)) {
            self.inbound.veil();
        }
    }

    /// Overwrites credentials in what is left unread, and forgets them: the session is over.
    pub(super) fn end_secrecy(&mut self) {
        if self.outbox.has_secret() {
            echo::hide(self.inbound.unread_mut(), self.outbox.secret());
            self.outbox.forget_secret();
        }
    }

    fn conclude_success<M: Mechanisms + ?Sized>(&mut self, mechanisms: &mut M, index: usize) {
        let satisfied =
            mechanisms.mechanism(index).is_some_and(|mechanism| mechanism.is_satisfied());
        if satisfied {
            self.auth.conclude(Authentication::Done(index));
            // What came behind the 235 was not looked at until the mechanism had decided.
            self.frame();
        } else {
            self.auth.conclude(Authentication::Unproven);
            self.close(End::Peer(PeerError::Unproven));
        }
    }

    fn expect(&mut self, verb: Verb, index: usize) {
        self.auth.step = Step::Awaiting(index);
        self.queue.push(verb);
        self.release();
    }

    /// Queues all parts or says that they did not fit.
    fn push_command(&mut self, parts: &[&[u8]]) -> bool {
        parts.iter().all(|part| {
            let written = self.outbox.push(SpanKind::Command, |output| {
                output.get_mut(..part.len())?.copy_from_slice(part);
                Some(part.len())
            });
            written.is_some()
        })
    }
}

/// Where the text of a 334 stands: on its first line, without the spaces around it.
fn challenge_text(reply: &[u8]) -> Range<usize> {
    let end = memchr(b'\n', reply).unwrap_or(reply.len());
    let text = reply[..end].get(TEXT..).unwrap_or_default();
    let spaces = text.len() - text.trim_ascii_start().len();
    let start = TEXT.min(reply.len()) + spaces;
    start..start + text.trim_ascii().len()
}

/// Lets the mechanism write into the outbox; `false` when its answer did not fit.
fn respond<B: Storage>(
    outbox: &mut super::Outbox<B>,
    mechanism: &mut dyn Mechanism,
    challenge: Challenge<'_>,
) -> Result<bool, CannotAnswer> {
    let mut outcome = Ok(());
    let written = outbox.push(SpanKind::Secret, |output| {
        let mut response = Response::new(output);
        outcome = mechanism.respond(challenge, &mut response);
        response.finish()
    });
    outcome.map(|()| written.is_some())
}

/// `sasl-mech = 1*20mech-char`, upper-case letters, digits, `-`, `_` (RFC 4422 3.1).
fn is_sasl_name(name: &str) -> bool {
    let is_mech_char =
        |c: u8| c.is_ascii_uppercase() || c.is_ascii_digit() || c == b'-' || c == b'_';
    (1..=20).contains(&name.len()) && name.bytes().all(is_mech_char)
}
