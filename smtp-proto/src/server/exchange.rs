//! Exchanges of mechanisms that the application has: its [`Exchange`] decides, what is said and when
//! is decided here (RFC 4954 4).
//!
//! ```text
//!  AUTH [response] --> Exchange event --authenticate--> 334 challenge --> line --> Exchange event ..
//!                                         |  |  |
//!                                         |  |  +-- success with data: 334, empty line, event, 235
//!                                         |  +----- success: 235
//!                                         +-------- failure: 535, malformed: 501
//! ```
//!
//! `*` and what is no base64 end it with 501, without an event.

use crate::sasl::server::{Exchange, ServerChallenge, Step};

use super::{
    Server, Storage,
    answer::Answer,
    auth::{self, Turn},
    error::Misuse,
    event::Event,
    poll::Told,
    state::{Question, Stage},
};

/// Before and behind the text of a challenge.
const CODE: &[u8; 4] = b"334 ";
const END: &[u8; 2] = b"\r\n";

impl<B: Storage> Server<B> {
    /// Answers [`Event::Exchange`]: hands the client's response to `exchange`, which has to be a new
    /// one where the event says so and else the same, and says what comes of it.
    /// [`is_authenticated`](Self::is_authenticated) then tells whether it has succeeded. Nothing of
    /// the dialogue is kept here.
    ///
    /// A challenge of 760 octets always fits the transmit buffer; one that does not is 454.
    ///
    /// # Errors
    /// [`Misuse::NoQuestion`] unless that event waits for its answer.
    ///
    /// ```
    /// # use smtp_proto::{hello::EhloName, sasl::server::*, server::*};
    /// struct Alice;
    /// impl Accounts for Alice {
    ///     fn user_of_token(&self, token: &str) -> Option<&str> {
    ///         (token == "t0ken").then_some("alice")
    ///     }
    /// }
    /// let config = Config::new(EhloName::LOCALHOST)
    ///     .with_auth(AuthPolicy::Offered)
    ///     .with_mechanisms(&["XOAUTH2"])
    ///     .with_plaintext_auth(true);
    /// let mut server = Server::new(config);
    /// # server.poll_event()?; server.accept()?;
    /// # server.transmitted(server.transmit().len())?; server.flushed();
    /// let input = b"EHLO c\r\nAUTH XOAUTH2 dXNlcj1hbGljZQFhdXRoPUJlYXJlciB0MGtlbgEB\r\n";
    /// server.read_buf()[..input.len()].copy_from_slice(input);
    /// server.received(input.len())?;
    /// # server.poll_event()?; server.accept()?; server.transmitted(server.transmit().len())?;
    /// let event = server.poll_event()?;
    /// assert_eq!(event, Some(Event::Exchange { mechanism: "XOAUTH2", begins: true }));
    /// let mut exchange = BearerExchange::xoauth2(Alice);
    /// server.authenticate(&mut exchange)?;
    /// assert!(server.is_authenticated());
    /// assert_eq!(exchange.user(), "alice");
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    pub fn authenticate(&mut self, exchange: &mut dyn Exchange) -> Result<(), Misuse> {
        let Some(Question::Exchange(turn)) = self.asked else { return Err(Misuse::NoQuestion) };
        let (step, length) = self.hand_over(turn, exchange);
        let next = if step == Step::SuccessWithData { Turn::Last } else { Turn::Next };
        match step {
            Step::Success => self.conclude_exchange(Answer::AUTHENTICATED),
            Step::Failure => self.conclude_exchange(Answer::BAD_CREDENTIALS),
            Step::Malformed => self.conclude_exchange(Answer::BAD_RESPONSE),
            Step::Challenge | Step::SuccessWithData => {
                match length.and_then(|length| self.frame_challenge(length)) {
                    Some(length) => self.send_challenge(length, next),
                    None => self.conclude_exchange(Answer::CANNOT_AUTHENTICATE),
                }
            }
        }
        self.drop_lent();
        Ok(())
    }

    /// What `exchange` says, and the length of the text it has left behind the room for the code.
    /// Once its additional data is acknowledged it has nothing to say.
    fn hand_over(&mut self, turn: Turn, exchange: &mut dyn Exchange) -> (Step, Option<usize>) {
        if turn == Turn::Last {
            return (Step::Success, None);
        }
        let response = self.dialogue.response(self.receive.filled());
        let response = response.filter(|_| turn != Turn::Silent);
        let text = self.transmit.free().get_mut(CODE.len()..).unwrap_or_default();
        let mut challenge = ServerChallenge::new(text);
        let step = exchange.respond(response, &mut challenge);
        (step, challenge.finish())
    }

    /// Makes a line of a text; its length, or `None` when it does not fit.
    fn frame_challenge(&mut self, length: usize) -> Option<usize> {
        let space = self.transmit.free();
        let behind = CODE.len() + length;
        let whole = behind + END.len();
        space.get_mut(behind..whole)?.copy_from_slice(END);
        space[..CODE.len()].copy_from_slice(CODE);
        Some(whole)
    }

    fn send_challenge(&mut self, length: usize, next: Turn) {
        self.asked = None;
        self.transmit.fill(length);
        self.urgent = true;
        self.wipe_line();
        self.stage = Stage::Dialogue(auth::Step::Exchange(next));
    }

    fn conclude_exchange(&mut self, answer: Answer<'static>) {
        self.asked = None;
        self.urgent = true;
        self.on_credentials(!answer.code().is_refusal(), answer);
    }

    pub(super) fn ask_exchange(&mut self, turn: Turn) -> Told {
        self.ask(Question::Exchange(turn))
    }

    pub(super) fn tell_exchange(&self, turn: Turn) -> Option<Event<'static>> {
        let mechanism = self.dialogue.exchange()?;
        Some(Event::Exchange { mechanism, begins: turn.begins() })
    }
}
