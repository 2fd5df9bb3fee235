//! One transaction as the wire tells it, and what has to become of its recipients.

use smtp_proto::{
    client::{End, Event, Fate, Journal, Outcome, Phase, Status, Transaction, TransactionEnd},
    reply::Reply,
};

/// The class of a reply, which is all that decides a recipient's fate.
pub type Class = u8;

/// What was said of one transaction, by position alone.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Record {
    /// How many recipients its envelope has.
    pub recipients: usize,
    /// MAIL has left.
    pub mail_left: bool,
    /// The answer to MAIL.
    pub mail: Option<Class>,
    /// The answers to RCPT.
    pub rcpt: Vec<Class>,
    /// The answer to DATA, or the last one to chunks that decides nothing.
    pub data: Option<Class>,
    /// The answers to the content.
    pub last: Vec<Class>,
    /// They came before its last octet had left.
    pub early: bool,
    /// Its last octet has left.
    pub handed_over: bool,
    /// While it was open the server said what cannot have been a reply to what was asked.
    pub shifted: bool,
}

impl Record {
    /// Nothing was said yet.
    pub const fn new(recipients: usize) -> Self {
        Self {
            recipients,
            mail_left: false,
            mail: None,
            rcpt: Vec::new(),
            data: None,
            last: Vec::new(),
            early: false,
            handed_over: false,
            shifted: false,
        }
    }

    /// Whether somebody is to get the content.
    pub fn is_wanted(&self) -> bool {
        self.mail == Some(2) && self.rcpt.contains(&2)
    }

    /// Whether it is known that nobody is to get the content.
    pub fn is_for_nobody(&self) -> bool {
        let answered = self.rcpt.len() == self.recipients;
        self.mail.is_some_and(|class| class >= 4) || (answered && !self.is_wanted())
    }

    /// Who is to get it.
    pub fn accepted(&self) -> impl Iterator<Item = u32> {
        (0..).zip(&self.rcpt).filter(|(_, class)| **class == 2).map(|(index, _)| index)
    }

    /// The recipient whose verdict comes next with LMTP.
    pub fn next_of_lmtp(&self) -> Option<u32> {
        self.accepted().nth(self.last.len())
    }

    /// What has to become of each recipient.
    pub fn expected(&self, lmtp: bool) -> Vec<Status> {
        let mut verdicts = self.last.iter().copied();
        (0..self.recipients)
            .map(|index| match (self.mail, self.rcpt.get(index).copied()) {
                // What was refused may have been somebody else (C87), unless a 354 has shown that all was in step.
                (_, Some(4 | 5)) | (Some(4 | 5), _) if self.is_doubtful() => self.in_doubt(),
                (Some(class @ (4 | 5)), _) | (_, Some(class @ (4 | 5))) => status(class),
                (_, Some(2)) => {
                    let verdict = if lmtp && !self.early {
                        verdicts.next()
                    } else {
                        self.last.first().copied()
                    };
                    self.of_accepted(verdict)
                }
                _ => self.in_doubt(),
            })
            .collect()
    }

    fn of_accepted(&self, verdict: Option<Class>) -> Status {
        match (self.data, verdict) {
            (Some(4 | 5), _) | (_, Some(4 | 5)) if self.is_doubtful() => self.in_doubt(),
            (Some(class @ (4 | 5)), _) | (_, Some(class @ (4 | 5))) => status(class),
            // Before the last octet has left, that is no verdict on this message.
            (_, Some(2)) if !self.early => Status::Accepted,
            _ => self.in_doubt(),
        }
    }

    fn is_doubtful(&self) -> bool {
        self.shifted && self.data != Some(3)
    }

    /// It may have left whole ahead of the replies, and then the server may have taken it.
    const fn in_doubt(&self) -> Status {
        if self.handed_over { Status::Unknown } else { Status::NotAttempted }
    }

    /// What the journal of the core makes of the same events.
    pub fn gathered(
        &self,
        transaction: Transaction,
        end: TransactionEnd,
        session: Option<End>,
        lmtp: bool,
    ) -> Vec<Fate> {
        let mut journal = Journal::new();
        journal.begin(transaction, self.recipients);
        if let Some(class) = self.mail {
            journal.record(&Event::Mail { transaction, reply: reply(class) });
        }
        for (index, &class) in (0..).zip(&self.rcpt) {
            journal.record(&Event::Recipient { transaction, index, reply: reply(class) });
        }
        if let Some(class) = self.data {
            journal.record(&Event::Data { transaction, phase: Phase::Data, reply: reply(class) });
        }
        let mut accepted = self.accepted();
        for &class in &self.last {
            let phase = if self.early { Phase::Content } else { Phase::Final };
            let named = lmtp && !self.early;
            let recipient = accepted.next().filter(|_| named);
            journal.record(&Event::Final { transaction, recipient, phase, reply: reply(class) });
        }
        journal.record(&Event::Ended { transaction, end });
        let outcome = journal.take_outcome(session);
        outcome.iter().flat_map(Outcome::recipients).map(|to| to.fate).collect()
    }
}

const fn status(class: Class) -> Status {
    match class {
        2 => Status::Accepted,
        4 => Status::Deferred,
        _ => Status::Rejected,
    }
}

/// Some reply of the class: the status depends on nothing else.
fn reply(class: Class) -> Reply<'static> {
    let octets: &[u8] = match class {
        2 => b"250 x\r\n",
        3 => b"354 x\r\n",
        4 => b"450 x\r\n",
        _ => b"550 x\r\n",
    };
    let parsed = Reply::parse(octets).ok().flatten();
    parsed.map(|(reply, _)| reply).expect("a reply")
}
