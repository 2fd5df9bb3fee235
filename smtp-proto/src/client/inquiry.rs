//! What can be asked outside a transaction.

use crate::command::{Argument, Attribute, Command};

use super::pipeline::Verb;

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
    /// I speak for this client (Postfix). The session starts anew: EHLO follows, and nobody is
    /// authenticated.
    XClient(&'a [Attribute<'a>]),
    /// The next message came from this client (Postfix).
    XForward(&'a [Attribute<'a>]),
}

impl<'a> Inquiry<'a> {
    pub(super) const fn command(self) -> (Command<'a>, Verb) {
        match self {
            Inquiry::Noop => (Command::Noop, Verb::Noop),
            Inquiry::Rset => (Command::Rset, Verb::Rset),
            Inquiry::Vrfy(who) => (Command::Vrfy(who), Verb::Vrfy),
            Inquiry::Expn(list) => (Command::Expn(list), Verb::Expn),
            Inquiry::Help(topic) => (Command::Help(topic), Verb::Help),
            Inquiry::XClient(attributes) => (Command::XClient(attributes), Verb::XClient),
            Inquiry::XForward(attributes) => (Command::XForward(attributes), Verb::XForward),
        }
    }
}
