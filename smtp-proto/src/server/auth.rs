//! The AUTH dialogue (RFC 4954): its lines, decoded in place; PLAIN and LOGIN. Other mechanisms go on
//! in `exchange.rs`.

use core::str;

use zeroize::Zeroize;

use crate::{reply::Code, sasl::decode_in_place};

use super::{
    Server, Storage,
    answer::Answer,
    event::{Credentials, Mechanism},
    poll::Told,
    state::{Question, Stage},
};

/// `Username:` and `Password:` in base64; clients go by the order, but some show them.
const USER_PROMPT: &str = "VXNlcm5hbWU6";
const PASSWORD_PROMPT: &str = "UGFzc3dvcmQ6";

/// The longest user name of LOGIN, which has to be kept while the password is asked for: that of a
/// mailbox, a path of 256 octets without its brackets (RFC 5321 4.5.3.1.3).
const MAX_USER: usize = 254;

/// How the client authenticates.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Method {
    Plain,
    Login,
    /// A mechanism of the application, by its name in the configuration.
    Exchange(&'static str),
}

/// Where an exchange stands.
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

/// What the client's next line is.
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

/// What the dialogue at hand has brought.
pub(super) struct Dialogue {
    method: Method,
    /// Where the last response stands at the front of the receive buffer, decoded.
    response: (usize, usize),
    user: [u8; MAX_USER],
    user_length: usize,
}

impl Dialogue {
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
    pub(super) const fn exchange(&self) -> Option<&'static str> {
        let Method::Exchange(mechanism) = self.method else { return None };
        Some(mechanism)
    }

    /// Reads what `octets`, the lines that are lent, and the user kept say together.
    fn credentials<'a>(&'a self, octets: &'a [u8]) -> Option<Credentials<'a>> {
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

impl<B: Storage> Server<B> {
    /// The mechanism of this name, if it is offered.
    pub(super) fn method(&self, name: &str) -> Option<Method> {
        let mut offered = self.config.mechanisms(self.secure);
        Some(match offered.find(|offered| offered.eq_ignore_ascii_case(name))? {
            "PLAIN" => Method::Plain,
            "LOGIN" => Method::Login,
            mechanism => Method::Exchange(mechanism),
        })
    }

    /// AUTH with a mechanism that is offered; `response` is where its initial response stands.
    pub(super) fn begin_dialogue(
        &mut self,
        method: Method,
        response: Option<(usize, usize)>,
    ) -> Option<Told> {
        self.dialogue.method = method;
        let step = match method {
            Method::Plain => Step::Plain,
            Method::Login => Step::User,
            Method::Exchange(_) => Step::Exchange(Turn::First),
        };
        match (response, method) {
            (Some(response), _) => self.take_response(step, response),
            (None, Method::Exchange(_)) => Some(self.ask_exchange(Turn::Silent)),
            (None, _) => self.challenge(step),
        }
    }

    /// A line of the dialogue, without its line end.
    pub(super) fn continue_dialogue(&mut self, step: Step) -> Option<Told> {
        self.stage = Stage::Commands;
        match self.line() {
            Some(b"*") => self.fail_dialogue(Answer::CANCELLED),
            Some(line) => {
                let response = (0, line.len());
                self.take_response(step, response)
            }
            None => self.fail_dialogue(Answer::BAD_LINE),
        }
    }

    fn take_response(&mut self, step: Step, (start, length): (usize, usize)) -> Option<Told> {
        let text = &mut self.receive.filled_mut()[start..start + length];
        let Some(length) = decode_in_place(text) else {
            return self.fail_dialogue(Answer::BAD_RESPONSE);
        };
        self.dialogue.response = (start, length);
        match step {
            Step::User => {
                let user = &self.receive.filled()[start..start + length];
                if self.dialogue.keep_user(user) {
                    return self.challenge(Step::Password);
                }
            }
            Step::Plain | Step::Password if self.credentials().is_some() => {
                return Some(self.ask(Question::Credentials));
            }
            Step::Exchange(turn) if turn != Turn::Last || length == 0 => {
                return Some(self.ask_exchange(turn));
            }
            _ => {}
        }
        self.fail_dialogue(Answer::BAD_RESPONSE)
    }

    pub(super) fn credentials(&self) -> Option<Credentials<'_>> {
        self.dialogue.credentials(self.receive.filled())
    }

    fn challenge(&mut self, step: Step) -> Option<Told> {
        let text = match step {
            Step::Plain | Step::Exchange(_) => "",
            Step::User => USER_PROMPT,
            Step::Password => PASSWORD_PROMPT,
        };
        self.wipe_line();
        self.say(Answer::verbatim(Code::AUTH_CHALLENGE, text));
        self.stage = Stage::Dialogue(step);
        None
    }

    fn fail_dialogue(&mut self, answer: Answer<'static>) -> Option<Told> {
        self.stage = Stage::Commands;
        self.forget_credentials();
        self.refuse(answer);
        None
    }

    /// Wipes what the client said about itself, wherever it stood.
    pub(super) fn forget_credentials(&mut self) {
        self.wipe_line();
        self.dialogue.user.zeroize();
        self.dialogue.user_length = 0;
    }

    /// Wipes the line at the front, and what buffering has left of it elsewhere.
    pub(super) fn wipe_line(&mut self) {
        self.receive.filled_mut()[..self.lent].zeroize();
        self.receive.free().zeroize();
    }
}

impl Drop for Dialogue {
    fn drop(&mut self) {
        self.user.zeroize();
    }
}
