//! What becomes of content that is complete: one answer, or with LMTP one for each recipient that
//! was accepted, in order (RFC 2033 4.2).

use super::{
    Server, Storage,
    answer::Answer,
    config::Protocol,
    poll::Told,
    state::{Question, Stage},
};

/// Which answer is next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Verdicts {
    recipient: u32,
    /// Why the server itself refuses the content, for all of them.
    refusal: Option<Answer<'static>>,
}

impl<B: Storage> Server<B> {
    /// The content is complete, or was swallowed to its end.
    pub(super) fn conclude(&mut self, refusal: Option<Answer<'static>>) -> Option<Told> {
        self.next_verdict(Verdicts { recipient: 0, refusal })
    }

    pub(super) fn next_verdict(&mut self, verdicts: Verdicts) -> Option<Told> {
        self.stage = Stage::Verdicts(verdicts);
        let Some(refusal) = verdicts.refusal else {
            return Some(self.ask(Question::ContentEnd { recipient: verdicts.recipient }));
        };
        self.say_refusal(refusal);
        self.after_verdict();
        None
    }

    /// Refuses content or a chunk; a chunk outside of a transaction is a bad command too.
    pub(super) fn say_refusal(&mut self, refusal: Answer<'static>) {
        match self.session.transaction {
            Some(_) => self.say(refusal),
            None => self.refuse(refusal),
        }
    }

    /// One verdict is known: on to the next, or the transaction is over.
    pub(super) fn after_verdict(&mut self) {
        let Stage::Verdicts(verdicts) = self.stage else { return };
        let recipient = verdicts.recipient + 1;
        if recipient < self.verdicts() {
            self.stage = Stage::Verdicts(Verdicts { recipient, ..verdicts });
        } else {
            self.stage = Stage::Commands;
            self.session.transaction = None;
            self.look();
        }
    }

    fn verdicts(&self) -> u32 {
        let recipients = self.session.transaction.map_or(0, |transaction| transaction.recipients);
        match self.config.protocol {
            Protocol::Smtp => 1,
            Protocol::Lmtp => recipients,
        }
    }
}
