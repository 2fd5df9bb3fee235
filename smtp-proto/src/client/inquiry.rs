//! What can be asked outside a transaction.

use crate::command::{Argument, Command};

use super::{Client, Storage, error::Refusal, queue::Verb};

/// A question outside a transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Inquiry<'a> {
    /// Is anybody there?
    Noop,
    /// Forget the transaction, if any.
    Rset,
    /// Who is this?
    Vrfy(Argument<'a>),
    /// Who is on this list?
    Expn(Argument<'a>),
    /// What can be said?
    Help(Option<Argument<'a>>),
}

impl<'a> Inquiry<'a> {
    const fn command(self) -> (Command<'a>, Verb) {
        match self {
            Inquiry::Noop => (Command::Noop, Verb::Noop),
            Inquiry::Rset => (Command::Rset, Verb::Rset),
            Inquiry::Vrfy(who) => (Command::Vrfy(who), Verb::Vrfy),
            Inquiry::Expn(list) => (Command::Expn(list), Verb::Expn),
            Inquiry::Help(topic) => (Command::Help(topic), Verb::Help),
        }
    }
}

impl<B: Storage> Client<B> {
    /// Asks something outside a transaction.
    ///
    /// # Errors
    /// A [`Misuse`] unless nothing is being handed over; [`Refusal::CommandTooLong`].
    pub fn inquire(&mut self, inquiry: Inquiry<'_>) -> Result<(), Refusal> {
        self.check_ready()?;
        let (command, verb) = inquiry.command();
        self.issue(&command, verb)
    }
}
