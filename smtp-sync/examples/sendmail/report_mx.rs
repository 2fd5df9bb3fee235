//! The result of `--mx`.

use smtp_async::mx::{Encryption, MxRecipient, MxReport};
use smtp_sync::{
    Status, Verdict,
    proto::{client::Phase, reply::OwnedReply},
};

use super::{Done, Report, word};
use crate::{failure::Failure, row::Row};

impl Report {
    /// Takes note of a message that went to the hosts of its recipients' domains.
    pub(crate) fn delivered(&mut self, action: &str, told: &MxReport) {
        let failure = told.recipients().iter().find_map(|to| to.error.as_ref()).map(Failure::of_mx);
        let mut hosts = told.recipients().iter().filter_map(|to| to.encryption).peekable();
        if hosts.peek().is_some() {
            // Several sessions are one connection here: what is said of it holds for each of them.
            let before = self.connection.tls || !self.connection.opened;
            self.connection.tls = before && hosts.all(Encryption::is_tls);
        }
        self.connection.opened |= told.recipients().iter().any(|to| to.phase.is_some());
        self.closed();
        self.push_message(Done::by_mx(action, told));
        if let Some(failure) = failure {
            self.fail_in_message(failure);
        }
    }
}

impl Done {
    /// The reply is that of the first recipient that the outcome is named after.
    fn by_mx(action: &str, told: &MxReport) -> Self {
        let recipients = told.recipients();
        let verdict = Verdict::of(recipients.iter().map(MxRecipient::status));
        let deciding = recipients.iter().find(|to| to.status() == verdict.status());
        let reply = deciding.and_then(|to| to.reply.as_ref());
        let rows = recipients.iter().map(Row::by_mx).collect();
        let done = Done { outcome: word(verdict), recipients: rows, ..Done::ok(action, reply) };
        match deciding {
            Some(to) if to.status() != Status::Accepted => {
                Done { phase: Some(phase(to)), ..done }.with_code()
            }
            _ => done,
        }
    }
}

impl Row {
    fn by_mx(recipient: &MxRecipient) -> Self {
        Row {
            reply: recipient.reply.as_ref().map(OwnedReply::as_reply).map(Into::into),
            host: recipient.host.as_deref().map(str::to_owned),
            tls: recipient.encryption.map(Encryption::is_tls),
            verified: recipient.encryption.map(Encryption::is_verified),
            kind: recipient.error.as_ref().map(|error| Failure::of_mx(error).kind),
            ..Row::new(&recipient.address, recipient.fate, phase(recipient))
        }
    }
}

fn phase(recipient: &MxRecipient) -> &'static str {
    recipient.phase.map_or("connect", Phase::as_str)
}
