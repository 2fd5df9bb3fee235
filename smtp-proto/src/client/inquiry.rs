//! What can be asked outside a transaction.

use crate::{
    command::{Argument, Attribute, Command},
    hello::Extension,
};

use super::{Client, Storage, error::Refusal, queue::Verb, state::Stage};

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
    const fn command(self) -> (Command<'a>, Verb) {
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

impl<B: Storage> Client<B> {
    /// Asks something outside a transaction.
    ///
    /// # Errors
    /// A [`Misuse`](super::Misuse) unless nothing is being handed over; [`Refusal::NotOffered`] for
    /// XCLIENT and XFORWARD with attributes that the server does not take, and for text beyond ASCII
    /// without SMTPUTF8;
    /// [`Refusal::CommandTooLong`].
    pub fn inquire(&mut self, inquiry: Inquiry<'_>) -> Result<(), Refusal> {
        self.check_ready()?;
        match inquiry {
            Inquiry::XClient(attributes) => {
                self.check_attributes(Extension::XClient, attributes)?;
            }
            Inquiry::XForward(attributes) => {
                self.check_attributes(Extension::XForward, attributes)?;
            }
            Inquiry::Vrfy(text) | Inquiry::Expn(text) | Inquiry::Help(Some(text))
                if !text.is_ascii() && !self.offered.offers(Extension::SmtpUtf8) =>
            {
                return Err(Refusal::NotOffered(Extension::SmtpUtf8));
            }
            _ => {}
        }
        let (command, verb) = inquiry.command();
        self.issue(&command, verb)?;
        if verb == Verb::XClient {
            // Nothing may follow: the answer makes the session a new one.
            self.enter(Stage::Opening);
        }
        Ok(())
    }

    /// A server names the attributes that it takes behind the keyword.
    fn check_attributes(
        &self,
        extension: Extension,
        attributes: &[Attribute<'_>],
    ) -> Result<(), Refusal> {
        let capabilities = self.capabilities();
        let taken = capabilities.parameters(extension.keyword()).unwrap_or_default();
        let is_taken = |attribute: &Attribute<'_>| {
            let name = attribute.name().as_str().as_bytes();
            taken.split(u8::is_ascii_whitespace).any(|word| word.eq_ignore_ascii_case(name))
        };
        let sayable = !attributes.is_empty() && attributes.iter().all(is_taken);
        if sayable { Ok(()) } else { Err(Refusal::NotOffered(extension)) }
    }
}
