//! One transaction as the wire tells it, and what has to become of its recipients.

use smtp_proto::{
    client::{End, Event, Fate, Journal, Outcome, Phase, Transaction, TransactionEnd},
    reply::Reply,
};
use smtp_test_support::oracle::{Evidence, Recipient};

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

    /// The evidence for the oracle that the simulator and the fuzz harness ask too.
    pub fn evidence(&self, lmtp: bool) -> Evidence {
        let mut verdicts = self.last.iter().copied();
        let each = |class| {
            let verdict = match class {
                2 if lmtp && !self.early => verdicts.next(),
                2 => self.last.first().copied(),
                _ => None,
            };
            // Before the last octet has left, only a refusal is a verdict on this message.
            let verdict = verdict.filter(|class| *class >= 4 || !self.early);
            Recipient { reply: Some(code(class)), verdict: verdict.map(code) }
        };
        Evidence {
            mail: self.mail.map(code),
            recipients: self.rcpt.iter().copied().map(each).collect(),
            data: self.data.map(code),
            is_sent: self.handed_over,
            is_shifted: self.shifted,
            is_doubted: false,
        }
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

/// Some code of the class.
const fn code(class: Class) -> u16 {
    match class {
        2 => 250,
        3 => 354,
        4 => 450,
        _ => 550,
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
