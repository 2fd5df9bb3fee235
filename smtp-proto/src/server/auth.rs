//! The AUTH exchange (RFC 4954): its lines, decoded in place; PLAIN and LOGIN. The application has all other
//! mechanisms: its [`Exchange`] decides.
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

use core::str;

use zeroize::Zeroize;

use crate::{
    reply::Code,
    sasl::{
        self, decode_in_place,
        server::{Exchange, ServerChallenge},
    },
};

use super::{
    Octets,
    answer::Answer,
    event::{Credentials, Mechanism},
    intake::Intake,
    question::Question,
    replies::Replies,
};

/// `Username:` and `Password:` in base64; clients go by the order, but some show them.
const USER_PROMPT: &str = "VXNlcm5hbWU6";
const PASSWORD_PROMPT: &str = "UGFzc3dvcmQ6";

/// The longest user name of LOGIN, which has to be kept while the password is asked for: that of a
/// mailbox, a path of 256 octets without its brackets (RFC 5321 4.5.3.1.3).
const MAX_USER: usize = 254;

/// The mechanism by which the client authenticates.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Method {
    Plain,
    Login,
    /// A mechanism of the application, by its name in the configuration.
    Exchange(&'static str),
}

impl Method {
    /// The method for a mechanism of this name, which is one of the configuration.
    pub(super) fn of(name: &'static str) -> Self {
        match name {
            "PLAIN" => Method::Plain,
            "LOGIN" => Method::Login,
            mechanism => Method::Exchange(mechanism),
        }
    }
}

/// The progress of an exchange.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Turn {
    /// AUTH came without a response.
    Silent,
    /// AUTH came with one.
    First,
    /// The response to a challenge.
    Next,
    /// The empty line that acknowledges additional data.
    Last,
}

impl Turn {
    pub(super) const fn begins(self) -> bool {
        matches!(self, Self::Silent | Self::First)
    }
}

/// The meaning of the client's next line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// The message of PLAIN.
    Plain,
    /// The user of LOGIN.
    User,
    /// The password of LOGIN.
    Password,
    /// A response in an exchange.
    Exchange(Turn),
}

/// The state of the current exchange.
pub(super) struct AuthExchange {
    method: Method,
    /// The place of the last response at the front of the receive buffer, decoded.
    response: (usize, usize),
    user: [u8; MAX_USER],
    user_length: usize,
}

impl AuthExchange {
    pub(super) const fn new() -> Self {
        let user = [0; MAX_USER];
        Self { method: Method::Plain, response: (0, 0), user, user_length: 0 }
    }

    fn keep_user(&mut self, user: &[u8]) -> bool {
        let Some(space) = self.user.get_mut(..user.len()) else { return false };
        space.copy_from_slice(user);
        self.user_length = user.len();
        true
    }

    fn user(&self) -> Option<&str> {
        str::from_utf8(&self.user[..self.user_length]).ok()
    }

    /// The last response, decoded, among `octets`, the lines that are lent.
    pub(super) fn response<'a>(&self, octets: &'a [u8]) -> Option<&'a [u8]> {
        let (start, length) = self.response;
        octets.get(start..start + length)
    }

    /// The mechanism, where it is one of the application.
    pub(super) const fn mechanism(&self) -> Option<&'static str> {
        let Method::Exchange(mechanism) = self.method else { return None };
        Some(mechanism)
    }

    /// Reads what `octets`, the lines that are lent, and the user kept say together.
    pub(super) fn credentials<'a>(&'a self, octets: &'a [u8]) -> Option<Credentials<'a>> {
        let response = str::from_utf8(self.response(octets)?).ok()?;
        let (mechanism, (identity, user, password)) = match self.method {
            Method::Plain => (Mechanism::Plain, split_plain(response)?),
            Method::Login => (Mechanism::Login, ("", self.user()?, response)),
            Method::Exchange(_) => return None,
        };
        let complete = !user.is_empty() && !user.contains('\0') && !password.contains('\0');
        complete.then_some(Credentials { mechanism, identity, user, password })
    }
}

/// `[authzid] NUL authcid NUL passwd` (RFC 4616 2).
fn split_plain(message: &str) -> Option<(&str, &str, &str)> {
    let (identity, rest) = message.split_once('\0')?;
    let (user, password) = rest.split_once('\0')?;
    Some((identity, user, password))
}

/// The consequence of a line of the client, or of a decision of the application.
#[derive(Clone, Copy, Debug)]
pub(super) enum Then {
    Ask(Question),
    /// A challenge is said: the next line is this.
    Await(Step),
    Conclude(Answer<'static>),
}

impl AuthExchange {
    /// AUTH with a mechanism that is offered; `response` is where its initial response stands in the line that is lent.
    pub(super) fn begin<B: Octets>(
        &mut self,
        method: Method,
        response: Option<(usize, usize)>,
        intake: &mut Intake<B>,
        replies: &mut Replies<B>,
    ) -> Then {
        self.method = method;
        let step = match method {
            Method::Plain => Step::Plain,
            Method::Login => Step::User,
            Method::Exchange(_) => Step::Exchange(Turn::First),
        };
        match (response, method) {
            (Some(response), _) => self.take_response(step, response, intake, replies),
            (None, Method::Exchange(_)) => Then::Ask(Question::Exchange(Turn::Silent)),
            (None, _) => challenge(step, intake, replies),
        }
    }

    /// Takes the line that is lent.
    pub(super) fn go_on<B: Octets>(
        &mut self,
        step: Step,
        intake: &mut Intake<B>,
        replies: &mut Replies<B>,
    ) -> Then {
        match intake.line() {
            Some(b"*") => Then::Conclude(Answer::CANCELLED),
            Some(line) => {
                let response = (0, line.len());
                self.take_response(step, response, intake, replies)
            }
            None => Then::Conclude(Answer::BAD_LINE),
        }
    }

    fn take_response<B: Octets>(
        &mut self,
        step: Step,
        (start, length): (usize, usize),
        intake: &mut Intake<B>,
        replies: &mut Replies<B>,
    ) -> Then {
        let text = &mut intake.lent_mut()[start..start + length];
        let Some(length) = decode_in_place(text) else {
            return Then::Conclude(Answer::BAD_RESPONSE);
        };
        self.response = (start, length);
        match step {
            Step::User => {
                let user = &intake.lent()[start..start + length];
                if self.keep_user(user) {
                    return challenge(Step::Password, intake, replies);
                }
            }
            Step::Plain | Step::Password if self.credentials(intake.lent()).is_some() => {
                return Then::Ask(Question::Credentials);
            }
            Step::Exchange(turn) if turn != Turn::Last || length == 0 => {
                return Then::Ask(Question::Exchange(turn));
            }
            _ => {}
        }
        Then::Conclude(Answer::BAD_RESPONSE)
    }

    /// Passes the client's response to `exchange`, and says what it decides. Nothing of the exchange is kept here.
    pub(super) fn exchange<B: Octets>(
        &self,
        turn: Turn,
        exchange: &mut dyn Exchange,
        intake: &Intake<B>,
        replies: &mut Replies<B>,
    ) -> Then {
        if turn == Turn::Last {
            // Its additional data is acknowledged: it has nothing more to say.
            return Then::Conclude(Answer::AUTHENTICATED);
        }
        let response = self.response(intake.lent()).filter(|_| turn != Turn::Silent);
        let mut decision = sasl::server::Step::Failure;
        let is_said = replies.challenge(|text| {
            let mut challenge = ServerChallenge::new(text);
            decision = exchange.respond(response, &mut challenge);
            match decision {
                sasl::server::Step::Challenge | sasl::server::Step::SuccessWithData => {
                    challenge.finish()
                }
                _ => None,
            }
        });
        match decision {
            sasl::server::Step::Success => Then::Conclude(Answer::AUTHENTICATED),
            sasl::server::Step::Failure => Then::Conclude(Answer::BAD_CREDENTIALS),
            sasl::server::Step::Malformed => Then::Conclude(Answer::BAD_RESPONSE),
            _ if !is_said => Then::Conclude(Answer::CANNOT_AUTHENTICATE),
            sasl::server::Step::SuccessWithData => Then::Await(Step::Exchange(Turn::Last)),
            sasl::server::Step::Challenge => Then::Await(Step::Exchange(Turn::Next)),
        }
    }

    /// Wipes what is kept.
    pub(super) fn forget(&mut self) {
        self.user.zeroize();
        self.user_length = 0;
    }
}

/// Asks for what `step` expects; the line that is lent is wiped.
fn challenge<B: Octets>(step: Step, intake: &mut Intake<B>, replies: &mut Replies<B>) -> Then {
    let text = match step {
        Step::Plain | Step::Exchange(_) => "",
        Step::User => USER_PROMPT,
        Step::Password => PASSWORD_PROMPT,
    };
    intake.wipe_lent();
    replies.say(Answer::verbatim(Code::AUTH_CHALLENGE, text));
    Then::Await(step)
}

impl Drop for AuthExchange {
    fn drop(&mut self) {
        self.user.zeroize();
    }
}
