//! The AUTH dialogue (RFC 4954): PLAIN and LOGIN, decoded in place.

use core::{fmt, str};

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
/// mailbox, `64 "@" 255` octets.
const MAX_USER: usize = 320;

/// What the client's next line is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// The message of PLAIN.
    Plain,
    /// The user of LOGIN.
    User,
    /// The password of LOGIN.
    Password,
}

/// What the dialogue at hand has brought.
pub(super) struct Dialogue {
    mechanism: Mechanism,
    /// Where the last response stands at the front of the receive buffer, decoded.
    response: (usize, usize),
    user: [u8; MAX_USER],
    user_length: usize,
}

impl Dialogue {
    pub(super) const fn new() -> Self {
        let user = [0; MAX_USER];
        Self { mechanism: Mechanism::Plain, response: (0, 0), user, user_length: 0 }
    }

    fn keep_user(&mut self, user: &[u8]) -> bool {
        let Some(space) = self.user.get_mut(..user.len()) else { return false };
        space.copy_from_slice(user);
        self.user_length = user.len();
        true
    }

    /// Reads what `octets`, the lines that are lent, and the user kept say together.
    fn credentials<'a>(&'a self, octets: &'a [u8]) -> Option<Credentials<'a>> {
        let (start, length) = self.response;
        let response = str::from_utf8(octets.get(start..start + length)?).ok()?;
        let mechanism = self.mechanism;
        let (identity, user, password) = match mechanism {
            Mechanism::Plain => split_plain(response)?,
            Mechanism::Login => {
                ("", str::from_utf8(&self.user[..self.user_length]).ok()?, response)
            }
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
    /// AUTH with a mechanism that is offered; `response` is where its initial response stands.
    pub(super) fn begin_dialogue(
        &mut self,
        mechanism: Mechanism,
        response: Option<(usize, usize)>,
    ) -> Option<Told> {
        self.dialogue.mechanism = mechanism;
        let step = match mechanism {
            Mechanism::Plain => Step::Plain,
            Mechanism::Login => Step::User,
        };
        match response {
            Some(response) => self.take_response(step, response),
            None => self.challenge(step),
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
        if step == Step::User {
            let user = &self.receive.filled()[start..start + length];
            return if self.dialogue.keep_user(user) {
                self.challenge(Step::Password)
            } else {
                self.fail_dialogue(Answer::BAD_RESPONSE)
            };
        }
        match self.credentials() {
            Some(_) => Some(self.ask(Question::Credentials)),
            None => self.fail_dialogue(Answer::BAD_RESPONSE),
        }
    }

    pub(super) fn credentials(&self) -> Option<Credentials<'_>> {
        self.dialogue.credentials(self.receive.filled())
    }

    fn challenge(&mut self, step: Step) -> Option<Told> {
        let text = match step {
            Step::Plain => "",
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
    fn wipe_line(&mut self) {
        self.receive.filled_mut()[..self.lent].zeroize();
        self.receive.free().zeroize();
    }
}

impl Drop for Dialogue {
    fn drop(&mut self) {
        self.user.zeroize();
    }
}

impl fmt::Debug for Dialogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialogue").field("mechanism", &self.mechanism).finish_non_exhaustive()
    }
}
