//! Commands outside transactions.

use crate::command::{Argument, Attribute, Command};

use super::pipeline::Verb;

/// A command outside a transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Inquiry<'a> {
    /// `NOOP`: asks for a reply and does nothing else (RFC 5321 4.1.1.9).
    Noop,
    /// `RSET`: ends the current transaction, if any (RFC 5321 4.1.1.5).
    Rset,
    /// `VRFY`: asks whether a mailbox exists (RFC 5321 4.1.1.6).
    Vrfy(Argument<'a>),
    /// `EXPN`: asks for the members of a mailing list (RFC 5321 4.1.1.7).
    Expn(Argument<'a>),
    /// `HELP`: asks for help, on a topic if one is given (RFC 5321 4.1.1.8).
    Help(Option<Argument<'a>>),
    /// `XCLIENT`: gives the attributes of the client that this session acts for (Postfix). The session starts anew: EHLO follows, and nobody is
    /// authenticated.
    XClient(&'a [Attribute<'a>]),
    /// `XFORWARD`: gives the attributes of the client that the next message came from, for the server's logs (Postfix).
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
