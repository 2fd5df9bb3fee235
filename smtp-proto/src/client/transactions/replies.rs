//! Replies to the commands of a transaction, and the changes that each makes.
//!
//! | awaited  | 2yz       | 3yz            | 4yz, 5yz              | 421              |
//! |----------|-----------|----------------|-----------------------|------------------|
//! | MAIL     | accepted  | error          | transaction refused   | closed           |
//! | RCPT     | accepted  | error          | recipient refused     | closed           |
//! | DATA     | error     | 354: content   | transaction refused   | closed           |
//! | chunk    | goes on   | error          | refused early, closed | closed           |
//! | content  | error     | error          | refused early, closed | closed           |
//! | dot      | delivered | unknown, error | refused               | refused, closed  |
//! | lone dot | ready     | error          | ready                 | closed           |
//! | RSET     | ready     | error          | closed                | closed           |
//!
//! 220 is a second greeting, to MAIL, RCPT or RSET too: the replies are no longer those of the commands.

use crate::{
    client::{
        Storage,
        config::Protocol,
        error::{End, PeerError},
        event::{Phase, TransactionEnd},
        pipeline::{Pipeline, Verb},
        reaction::{Reaction, Then, Told},
        terms::Terms,
    },
    reply::{Class, Code},
};

use super::{Sending, Transactions};

impl<B: Storage> Transactions<B> {
    /// Takes note that a command of a transaction has its reply; returns whether it decides about the content.
    pub(in crate::client) fn note_reply(&mut self, verb: Verb) -> bool {
        if verb == Verb::Mail {
            self.current.on_mail_answered();
        }
        verb == Verb::Final && self.current.is_wanted()
    }

    pub(in crate::client) fn on_reply(
        &mut self,
        verb: Verb,
        code: Code,
        terms: &Terms<'_>,
        out: &mut Pipeline<B>,
    ) -> Reaction {
        match verb {
            Verb::Mail => self.on_mail(code, terms, out),
            Verb::Rcpt => self.on_rcpt(code, terms, out),
            Verb::Data => self.on_data(code, terms, out),
            Verb::Chunk => self.on_chunk(code),
            Verb::Content | Verb::LastChunk => self.on_content(code),
            Verb::Final => self.on_final(code, terms, out),
            Verb::Rset => self.on_rset(code),
            _ => self.on_lone_dot(verb, code),
        }
    }

    /// Does what was put off until a reply had come.
    pub(in crate::client) fn settle(&mut self, terms: &Terms<'_>, out: &mut Pipeline<B>) {
        self.chunks_if_answered(terms, out);
        self.end_cancelled(out);
    }

    fn on_mail(&mut self, code: Code, terms: &Terms<'_>, out: &mut Pipeline<B>) -> Reaction {
        let told = Told::Mail(self.current.transaction());
        self.current.on_mail(code);
        told.then(if code.is_refusal() {
            self.cancel_envelope(out);
            self.check_nothing_in_flight(Phase::Mail, code, terms, out)
        } else if self.current.is_mail_accepted() {
            Then::GoOn
        } else {
            Then::unexpected(Phase::Mail, code)
        })
    }

    fn on_rcpt(&mut self, code: Code, terms: &Terms<'_>, out: &mut Pipeline<B>) -> Reaction {
        let accepted = code.is_completion() && code != Code::SERVICE_READY;
        let index = self.current.next_recipient(accepted);
        let told = Told::Recipient(self.current.transaction(), index);
        told.then(if accepted {
            self.accepted.set(index);
            Then::GoOn
        } else if code.is_refusal() {
            if self.is_for_nobody(out) {
                self.cancel_envelope(out);
            }
            self.check_nothing_in_flight(Phase::Rcpt, code, terms, out)
        } else {
            Then::unexpected(Phase::Rcpt, code)
        })
    }

    /// Returns whether everyone is refused, and the content, or what asks for it, has not wholly left: it need not.
    fn is_for_nobody(&self, out: &Pipeline<B>) -> bool {
        let complete = matches!(
            self.sending,
            Sending::AwaitingGoAhead(_) | Sending::Chunks(_) | Sending::EndingChunks(_)
        );
        complete && !self.current.is_wanted() && !out.contains(Verb::Rcpt)
    }

    /// Ends the session where content is on its way that nobody is to get any more.
    ///
    /// Servers that do not swallow such a chunk take its octets for commands (go-smtp), and their replies would pass
    /// for those to the messages behind it.
    fn check_nothing_in_flight(
        &mut self,
        phase: Phase,
        code: Code,
        terms: &Terms<'_>,
        out: &Pipeline<B>,
    ) -> Then {
        let is_for_nobody = self.current.is_mail_refused()
            || !(self.current.is_wanted() || self.awaits_recipient(out));
        if is_for_nobody && terms.expects_unread_chunks() && out.front_has_content() {
            self.current.end(TransactionEnd::Refused);
            return Then::Close(End::RefusedInFlight { phase, code });
        }
        Then::GoOn
    }

    /// Returns whether a recipient of the current transaction has no reply yet.
    fn awaits_recipient(&self, out: &Pipeline<B>) -> bool {
        let is_being_queued =
            self.current.in_flight() == 1 && matches!(self.sending, Sending::Envelope { .. });
        is_being_queued || out.front_has_recipient()
    }

    fn on_data(&mut self, code: Code, terms: &Terms<'_>, out: &mut Pipeline<B>) -> Reaction {
        let is_lmtp = terms.config.protocol == Protocol::Lmtp;
        let told = Told::Data(self.current.transaction(), Phase::Data);
        told.then(match code {
            Code::START_CONTENT if self.current.is_wanted() => {
                self.start_content(terms, out);
                Then::GoOn
            }
            Code::START_CONTENT if self.current.is_mail_refused() || is_lmtp => {
                Then::Close(End::Peer(PeerError::GoAheadAfterRefusal))
            }
            // Nobody is to get the content, but the server waits for it: an empty one ends the wait.
            Code::START_CONTENT => {
                self.sending = Sending::Idle;
                out.push_lone_dot();
                self.current.end(TransactionEnd::Refused);
                Then::GoOn
            }
            _ if code.is_refusal() => {
                self.sending = Sending::Idle;
                self.end_refused();
                Then::GoOn
            }
            _ => Then::unexpected(Phase::Data, code),
        })
    }

    /// The transaction is refused as a whole; the server may still be in it.
    pub(super) const fn end_refused(&mut self) {
        self.reset_needed = self.current.is_mail_accepted();
        self.current.end(TransactionEnd::Refused);
    }

    fn on_lone_dot(&mut self, verb: Verb, code: Code) -> Reaction {
        self.reset_needed = code.is_refusal();
        Told::Answer(verb.phase()).then(if code.class() == Class::Intermediate {
            Then::unexpected(verb.phase(), code)
        } else {
            Then::GoOn
        })
    }

    /// A chunk that is not the last. One that is refused leaves nobody knows what behind
    /// (RFC 3030 2), unless the server had refused the envelope before.
    fn on_chunk(&mut self, code: Code) -> Reaction {
        if code.is_refusal() && self.current.is_wanted() {
            return self.on_content(code);
        }
        let told = Told::Data(self.current.transaction(), Phase::Content);
        told.then(if code.class() == Class::Intermediate {
            Then::unexpected(Phase::Content, code)
        } else {
            Then::GoOn
        })
    }

    /// A reply while content is on its way: only a refusal makes sense, and what follows of the
    /// content would be taken for commands.
    fn on_content(&mut self, code: Code) -> Reaction {
        let told = Told::Final(self.current.transaction(), None, Phase::Content);
        if !code.is_refusal() {
            return told.then(Then::unexpected(Phase::Content, code));
        }
        let wanted = self.current.is_wanted();
        self.current.end(if wanted { TransactionEnd::Answered } else { TransactionEnd::Refused });
        told.then(Then::Close(End::ContentRefused(code)))
    }

    fn on_final(&mut self, code: Code, terms: &Terms<'_>, out: &mut Pipeline<B>) -> Reaction {
        let transaction = self.current.transaction();
        let makes_sense = code.class() != Class::Intermediate;
        let unexpected = Then::unexpected(Phase::Final, code);
        if !self.current.is_wanted() {
            // A last chunk that was in flight behind a refused envelope.
            self.reset_needed = true;
            self.current.end(TransactionEnd::Refused);
            let then = if makes_sense { Then::GoOn } else { unexpected };
            return Told::Data(transaction, Phase::Final).then(then);
        }
        self.reset_needed |= code.is_refusal();
        let recipient = match terms.config.protocol {
            Protocol::Lmtp => self.accepted.take_first(),
            Protocol::Smtp => None,
        };
        if recipient.is_some() && !self.accepted.is_empty() {
            out.push_front(Verb::Final);
        } else {
            self.current.end(TransactionEnd::Answered);
        }
        Told::Final(transaction, recipient, Phase::Final).then(if !makes_sense {
            self.current.end(TransactionEnd::Unknown);
            unexpected
        } else if code == Code::SERVICE_CLOSING {
            Then::Close(End::ServiceClosing(Phase::Final))
        } else if refuses_command(code) && terms.expects_unread_chunks() {
            Then::Close(End::RefusedInFlight { phase: Phase::Final, code })
        } else {
            Then::GoOn
        })
    }

    fn on_rset(&mut self, code: Code) -> Reaction {
        self.reset_needed = false;
        Told::Answer(Phase::Rset).then(if code.is_refusal() {
            Then::Close(End::Refused { phase: Phase::Rset, code })
        } else if !code.is_completion() || code == Code::SERVICE_READY {
            Then::unexpected(Phase::Rset, code)
        } else {
            Then::GoOn
        })
    }
}

/// Refusals of a command rather than of the message: a server that answers a chunk like this may not have read it.
const fn refuses_command(code: Code) -> bool {
    matches!(code.value(), 500..=504)
}
