//! Who sends to whom, and what becomes of it.
#![allow(unreachable_pub, reason = "a module of a test")]

use smtp_sync::{Envelope, Outcome, Status, proto::client::Phase, proto::reply::Reply};

/// All of lab.test.
pub fn envelope(from: &str, recipients: &[&str]) -> Envelope {
    let start = Envelope::new(&format!("{from}@lab.test")).expect("an address");
    let add = |envelope: Envelope, to: &&str| envelope.to(&format!("{to}@lab.test"));
    recipients.iter().try_fold(start, add).expect("addresses")
}

/// Status, phase and code of each recipient.
pub fn fates(outcome: &Outcome) -> Vec<(Status, Phase, Option<u16>)> {
    let code = |reply: Reply<'_>| reply.code().value();
    outcome.recipients().map(|to| (to.status(), to.phase, to.reply.map(code))).collect()
}
