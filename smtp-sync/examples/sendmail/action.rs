//! What the program can be told to do, one thing at a time.

use core::{fmt, time::Duration};

use smtp_sync::proto::command::Argument;

use crate::secrets::shown;

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Action {
    Connect,
    Auth,
    Send(usize),
    Noop,
    Rset,
    Vrfy(String),
    Expn(String),
    Wait(Duration),
    Quit,
}

impl Action {
    pub(crate) fn parse(text: &str, messages: usize) -> Result<Self, String> {
        let (name, argument) = text.split_once(':').unwrap_or((text, ""));
        match name {
            "connect" => Ok(Action::Connect),
            "auth" => Ok(Action::Auth),
            "noop" => Ok(Action::Noop),
            "rset" => Ok(Action::Rset),
            "quit" => Ok(Action::Quit),
            "vrfy" => checked(argument).map(Action::Vrfy),
            "expn" => checked(argument).map(Action::Expn),
            "send" => match argument.parse() {
                Ok(index) if index < messages => Ok(Action::Send(index)),
                _ => Err(format!("{}: there is no such message", shown(text))),
            },
            "wait" => match argument.parse() {
                Ok(milliseconds) => Ok(Action::Wait(Duration::from_millis(milliseconds))),
                Err(error) => Err(format!("{}: {error}", shown(text))),
            },
            _ => Err(format!("{}: no such action", shown(text))),
        }
    }
}

fn checked(argument: &str) -> Result<String, String> {
    Argument::new(argument).map(|argument| argument.as_str().to_owned()).map_err(|e| e.to_string())
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::Connect => f.write_str("connect"),
            Action::Auth => f.write_str("auth"),
            Action::Send(index) => write!(f, "send:{index}"),
            Action::Noop => f.write_str("noop"),
            Action::Rset => f.write_str("rset"),
            Action::Vrfy(who) => write!(f, "vrfy:{who}"),
            Action::Expn(list) => write!(f, "expn:{list}"),
            Action::Wait(time) => write!(f, "wait:{}", time.as_millis()),
            Action::Quit => f.write_str("quit"),
        }
    }
}
