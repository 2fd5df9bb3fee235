//! The result of `--mx`.

use smtp_async::mx::{MxRecipient, MxReport};
use smtp_sync::{Status, proto::client::Phase};

use super::{Done, Fate, Report};
use crate::failure::Failure;

impl Report {
    /// Takes note of a message that went to the hosts of its recipients' domains.
    pub(crate) fn delivered(&mut self, action: &str, told: &MxReport) {
        let has = |status| told.recipients().iter().any(|to| to.status() == status);
        let failure = told.recipients().iter().find_map(|to| to.error.as_ref()).map(Failure::of_mx);
        let exit = match &failure {
            _ if has(Status::Unknown) || has(Status::Deferred) => 75,
            Some(failure) if has(Status::NotAttempted) => failure.exit_code(),
            _ if has(Status::Rejected) => 69,
            _ => 0,
        };
        self.connection.opened |= told.recipients().iter().any(|to| to.phase.is_some());
        self.closed();
        self.push(Done::by_mx(action, told), exit);
        if let Some(failure) = failure {
            self.fail(failure);
        }
    }
}

impl Done {
    /// The words are those of the first host that took it, else of the first that had some.
    fn by_mx(action: &str, told: &MxReport) -> Self {
        let taken = |to: &&MxRecipient| to.status() == Status::Accepted;
        let recipients = told.recipients();
        let words = recipients.iter().find(taken).and_then(|to| to.reply.as_ref());
        let words = words.or_else(|| recipients.iter().find_map(|to| to.reply.as_ref()));
        let fates: Vec<_> = recipients.iter().map(Fate::by_mx).collect();
        let (phase, outcome) = (fates.iter().find(|fate| fate.status != "accepted"), told_of(told));
        let phase = phase.map(|fate| fate.phase);
        let done = Done { outcome, recipients: fates, ..Done::ok(action, words) };
        match outcome {
            "delivered" | "partial" => done,
            _ => Done { phase, ..done }.with_code(),
        }
    }
}

impl Fate {
    fn by_mx(recipient: &MxRecipient) -> Self {
        Fate {
            address: recipient.address.clone(),
            status: recipient.status().as_str(),
            phase: recipient.phase.map_or("connect", Phase::as_str),
            reply: recipient.reply.as_ref().map(|reply| reply.as_reply().into()),
            host: recipient.host.as_deref().map(str::to_owned),
            kind: recipient.error.as_ref().map(|error| Failure::of_mx(error).kind),
        }
    }
}

/// As a whole, in the order of [`Outcome::verdict`].
fn told_of(told: &MxReport) -> &'static str {
    let has = |status| told.recipients().iter().any(|to| to.status() == status);
    match () {
        () if told.is_delivered() => "delivered",
        () if has(Status::Unknown) => "unknown",
        () if has(Status::Accepted) => "partial",
        () if has(Status::NotAttempted) => "failed",
        () if has(Status::Deferred) => "deferred",
        () => "rejected",
    }
}
