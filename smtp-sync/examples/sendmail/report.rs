//! The result: one JSON object, or a few lines for a person.

use serde::Serialize;
use smtp_sync::{
    Client, Delivery, Error, Fate, Hint, Status, Verdict, When,
    proto::{
        client::{Phase, RecipientOutcome},
        hello::Extensions,
        reply::{Escaped, OwnedReply, Reply},
    },
};

use crate::{
    exit::Exit,
    failure::Failure,
    message::Message,
    output,
    row::{Row, Words, advice, closing},
};

#[path = "report_mx.rs"]
mod report_mx;

#[derive(Serialize, Default, Debug)]
pub(crate) struct Report {
    connection: Connection,
    actions: Vec<Done>,
    error: Option<Failure>,
    #[serde(skip)]
    exit: Exit,
}

#[derive(Serialize, Default, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct Connection {
    opened: bool,
    tls: bool,
    auth: Option<String>,
    greeting: Vec<String>,
    capabilities: Vec<String>,
    auth_mechanisms: Vec<String>,
    size_limit: Option<u64>,
    reusable: bool,
    closed: bool,
}

/// One action and what came of it.
#[derive(Serialize, Default, Debug)]
pub(crate) struct Done {
    action: String,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enhanced: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply: Option<Words>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    recipients: Vec<Row>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transactions: Option<usize>,
}

impl Done {
    pub(crate) fn ok(action: &str, reply: Option<&OwnedReply>) -> Self {
        Self::ok_with(action, reply.map(OwnedReply::as_reply))
    }

    fn ok_with(action: &str, reply: Option<Reply<'_>>) -> Self {
        let reply = reply.map(Words::from);
        Done { action: action.to_owned(), outcome: "ok", reply, ..Self::default() }
    }

    pub(crate) fn refused(action: &str, phase: Phase, reply: &OwnedReply) -> Self {
        let permanent = reply.code().value() >= 500;
        let outcome = if permanent { "rejected" } else { "deferred" };
        Done { outcome, phase: Some(phase.as_str()), ..Done::ok(action, Some(reply)) }.with_code()
    }

    pub(crate) fn failed(action: &str, failure: &Failure, reply: Option<&OwnedReply>) -> Self {
        Done {
            outcome: failure.outcome(),
            phase: Some(failure.phase),
            kind: Some(failure.kind),
            code: failure.code,
            enhanced: failure.enhanced.clone(),
            ..Done::ok(action, reply)
        }
    }

    pub(crate) fn refused_locally(action: &str, failure: &Failure) -> Self {
        Done { outcome: "refused_locally", ..Done::failed(action, failure, None) }
    }

    /// All recipients of a message that was refused before connecting.
    fn with_recipients<'a>(self, addresses: impl Iterator<Item = &'a str>) -> Self {
        let never = Fate::NotAttempted(When::Never);
        Done { recipients: addresses.map(|to| Row::new(to, never, "connect")).collect(), ..self }
    }

    /// A message that was sent, in whole or in part; nothing was begun for those without an outcome because of `error`.
    pub(crate) fn sent<'a>(
        action: &str,
        delivery: &Delivery,
        addresses: impl Iterator<Item = &'a str>,
        unsent: Option<(&Error, &Failure)>,
        used: Extensions,
    ) -> Self {
        let row = |(outcome, to): (Option<RecipientOutcome<'_>>, _)| match (outcome, unsent) {
            (Some(outcome), _) => Row::of(&outcome, to),
            (None, Some((error, failure))) => Row::not_attempted(to, error, failure),
            (None, None) => Row::new(to, Fate::NotAttempted(When::NewConnectionNow), "mail"),
        };
        let deciding = delivery.deciding();
        let done = Done {
            outcome: word(delivery.verdict()),
            recipients: delivery.recipients().zip(addresses).map(row).collect(),
            transactions: Some(delivery.outcomes().len()),
            hint: hint(delivery, used).map(Hint::as_str),
            ..Done::ok_with(action, deciding.and_then(|deciding| deciding.reply))
        };
        match deciding {
            Some(deciding) if deciding.status() != Status::Accepted => {
                Done { phase: Some(deciding.phase.as_str()), ..done }.with_code()
            }
            _ => done,
        }
    }

    /// A message of which nothing was written.
    pub(crate) fn not_sent<'a>(
        action: &str,
        error: &Error,
        failure: &Failure,
        addresses: impl Iterator<Item = &'a str>,
    ) -> Self {
        let refused = matches!(error, Error::Refused(_)) && error.retry() == When::Never;
        let done = Done::failed_message(action, error, failure, addresses);
        if refused { Done { outcome: "refused_locally", ..done } } else { done }
    }

    /// A message whose turn did not come.
    pub(crate) fn failed_message<'a>(
        action: &str,
        error: &Error,
        failure: &Failure,
        addresses: impl Iterator<Item = &'a str>,
    ) -> Self {
        Done {
            outcome: "failed",
            recipients: addresses.map(|to| Row::not_attempted(to, error, failure)).collect(),
            ..Done::failed(action, failure, closing(error))
        }
    }

    fn with_code(self) -> Self {
        let words = self.reply.as_ref();
        let (code, enhanced) = (words.map(|w| w.code), words.and_then(|w| w.enhanced.clone()));
        Done { code, enhanced, ..self }
    }
}

const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Delivered => "delivered",
        Verdict::Partial => "partial",
        Verdict::Rejected => "rejected",
        Verdict::Deferred => "deferred",
        Verdict::Unknown => "unknown",
        _ => "failed",
    }
}

/// The change to make for those not accepted; recipients too many for one transaction have gone in another.
fn hint(delivery: &Delivery, used: Extensions) -> Option<Hint> {
    let (last, before) = delivery.outcomes().split_last()?;
    let mut earlier = before.iter().filter_map(|outcome| outcome.hint(used));
    let stands = |hint: &Hint| *hint != Hint::RetryRemainingInNewTransaction;
    last.hint(used).or_else(|| earlier.find(stands))
}

impl Report {
    /// Takes note of an action that sends no message.
    pub(crate) fn push(&mut self, done: Done) {
        self.actions.push(done);
    }

    /// The same of one that the server refused.
    pub(crate) fn push_refused(&mut self, done: Done, exit: u8) {
        self.exit.action(exit);
        self.actions.push(done);
    }

    /// Takes note of an action that sends a message.
    pub(crate) fn push_message(&mut self, done: Done) {
        self.exit.message(done.outcome == "refused_locally");
        for row in &done.recipients {
            self.exit.recipient(row.fate);
        }
        self.actions.push(done);
    }

    /// Takes note of what went wrong; the first is shown.
    pub(crate) fn fail(&mut self, failure: Failure) {
        self.exit.failure(&failure);
        self.error.get_or_insert(failure);
    }

    /// The same with the advice for the message in whose action it went wrong.
    pub(crate) fn fail_in_message(&mut self, mut failure: Failure) {
        failure.retry = self.actions.last().and_then(|done| advice(&done.recipients));
        self.fail(failure);
    }

    /// Something is wrong with what the program was told; nothing was sent.
    pub(crate) fn refuse(&mut self, problem: &str, messages: &[Message]) {
        let failure = Failure::invalid_argument(problem);
        self.exit.usage();
        if messages.is_empty() {
            self.push(Done::refused_locally("send:0", &failure));
        }
        for (index, message) in messages.iter().enumerate() {
            let done = Done::refused_locally(&format!("send:{index}"), &failure);
            self.push_message(done.with_recipients(message.recipients()));
        }
        self.fail(failure);
    }

    pub(crate) fn authenticated(&mut self, mechanism: &str) {
        self.connection.auth = Some(mechanism.to_owned());
    }

    pub(crate) const fn opened(&mut self) {
        self.connection.opened = true;
    }

    pub(crate) const fn closed(&mut self) {
        self.connection.closed = true;
        self.connection.reusable = false;
    }

    /// Takes note of how the session stands.
    pub(crate) fn observe(&mut self, client: &Client) {
        let capabilities = client.capabilities();
        let connection = &mut self.connection;
        connection.tls = client.is_secure();
        connection.greeting = client.greeting().map(OwnedReply::text).unwrap_or_default();
        connection.capabilities =
            capabilities.lines().map(|line| Escaped(line).to_string()).collect();
        connection.auth_mechanisms = capabilities.mechanisms().map(str::to_owned).collect();
        connection.size_limit = capabilities.size_limit();
        connection.reusable = client.is_reusable();
        connection.closed |= client.failure().is_some();
    }

    pub(crate) fn exit_code(&self) -> u8 {
        self.exit.code()
    }

    pub(crate) fn print(&self, json: bool) {
        if json {
            output::result(&format!("{}\n", serde_json::to_string(self).unwrap_or_default()));
            return;
        }
        for row in self.actions.iter().flat_map(|done| &done.recipients) {
            if row.status != "accepted" {
                let reply = row.reply.as_ref();
                let text = reply.map(|w| format!(": {} {}", w.code, w.text.join(" / ")));
                let text = text.unwrap_or_default();
                output::line(&format!("sendmail: {} {}{text}", row.address, row.status));
            }
        }
        if let Some(failure) = &self.error {
            let Failure { phase, kind, text, .. } = failure;
            output::line(&format!("sendmail: {phase}: {kind}: {text}"));
        }
    }
}
