//! What a client has to do in one run.

use core::ops::AddAssign;
use core::str::FromStr;

use super::Failure;

/// One kind of work, for each of some connections.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Job {
    pub(crate) connections: usize,
    /// On each connection.
    pub(crate) messages: usize,
    /// Of each message.
    pub(crate) recipients: usize,
    /// Of each message's content; a multiple of [`LINE`](super::content::LINE).
    pub(crate) octets: usize,
}

/// What the sink got, or should have.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Totals {
    pub(crate) messages: usize,
    pub(crate) recipients: usize,
    pub(crate) octets: usize,
}

impl Job {
    /// What each connection sends before the clock starts.
    pub(crate) const WARM_UP: Job =
        Job { connections: 1, messages: 1, recipients: 1, octets: 1024 };

    /// Messages over all connections.
    pub(crate) const fn all_messages(&self) -> usize {
        self.connections * self.messages
    }

    pub(crate) const fn totals(&self) -> Totals {
        let messages = self.all_messages();
        Totals { messages, recipients: messages * self.recipients, octets: messages * self.octets }
    }

    /// As arguments of a process; [`parse`](Self::parse) takes them.
    pub(crate) fn arguments(&self) -> [String; 4] {
        [self.connections, self.messages, self.recipients, self.octets].map(|n| n.to_string())
    }

    pub(crate) fn parse(arguments: &[&str]) -> Result<Self, Failure> {
        let [connections, messages, recipients, octets] = numbers(arguments)?;
        Ok(Self { connections, messages, recipients, octets })
    }
}

impl Totals {
    pub(crate) fn parse(line: &str) -> Result<Self, Failure> {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [messages, recipients, octets] = numbers(&fields)?;
        Ok(Self { messages, recipients, octets })
    }
}

impl AddAssign for Totals {
    fn add_assign(&mut self, more: Self) {
        self.messages += more.messages;
        self.recipients += more.recipients;
        self.octets += more.octets;
    }
}

/// Exactly so many numbers.
pub(crate) fn numbers<T: FromStr, const N: usize>(fields: &[&str]) -> Result<[T; N], Failure> {
    let parsed: Result<Vec<T>, _> = fields.iter().map(|field| field.parse()).collect();
    let numbers = parsed.ok().and_then(|numbers| <[T; N]>::try_from(numbers).ok());
    numbers.ok_or_else(|| format!("not {N} numbers: {fields:?}").into())
}
