//! The result: one JSON object, or a few lines for a person.

use serde::Serialize;
use smtp_sync::{
    Client, Hint, Outcome, Status, Verdict,
    proto::{
        client::{Phase, RecipientOutcome},
        reply::{Escaped, OwnedReply, Reply},
    },
};

use crate::{failure::Failure, output};

#[path = "report_mx.rs"]
mod report_mx;

#[derive(Serialize, Default, Debug)]
pub(crate) struct Report {
    connection: Connection,
    actions: Vec<Done>,
    error: Option<Failure>,
    #[serde(skip)]
    exit: u8,
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
    recipients: Vec<Fate>,
}

#[derive(Serialize, Debug)]
struct Words {
    code: u16,
    enhanced: Option<String>,
    text: Vec<String>,
}

#[derive(Serialize, Debug)]
struct Fate {
    address: String,
    status: &'static str,
    phase: &'static str,
    #[serde(flatten)]
    reply: Option<Words>,
    /// With `--mx`, who said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<String>,
    /// With `--mx`, why nobody did.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
}

impl From<Reply<'_>> for Words {
    fn from(reply: Reply<'_>) -> Self {
        Self {
            code: reply.code().value(),
            enhanced: reply.enhanced().map(|enhanced| enhanced.to_string()),
            text: reply.lines().map(|line| Escaped(line).to_string()).collect(),
        }
    }
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

    pub(crate) fn sent<'a>(
        action: &str,
        outcome: &Outcome,
        addresses: impl Iterator<Item = &'a str>,
        hint: Option<Hint>,
    ) -> Self {
        let fates = outcome.recipients().zip(addresses).map(|(fate, to)| Fate::of(&fate, to));
        let first = outcome.recipients().find(|fate| fate.status() != Status::Accepted);
        let phase = first.map(|fate| fate.phase.as_str());
        let told = word(outcome.verdict());
        let done = Done {
            outcome: told,
            recipients: fates.collect(),
            hint: hint.map(Hint::as_str),
            ..Done::ok_with(action, outcome.reply())
        };
        match outcome.verdict() {
            Verdict::Delivered | Verdict::Partial => done,
            _ => Done { phase, ..done }.with_code(),
        }
    }

    fn with_code(self) -> Self {
        let words = self.reply.as_ref();
        let first = self.recipients.iter().find_map(|fate| fate.reply.as_ref());
        let words = words.or(first);
        let (code, enhanced) = (words.map(|w| w.code), words.and_then(|w| w.enhanced.clone()));
        Done { code, enhanced, ..self }
    }
}

impl Fate {
    fn of(fate: &RecipientOutcome<'_>, address: &str) -> Self {
        let (phase, reply) = (fate.phase.as_str(), fate.reply.map(Words::from));
        let status = fate.status().as_str();
        Fate { address: address.to_owned(), status, phase, reply, host: None, kind: None }
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

impl Report {
    /// Takes note of an action; the first that failed decides how the program exits.
    pub(crate) fn push(&mut self, done: Done, exit: u8) {
        self.actions.push(done);
        self.exit(exit);
    }

    pub(crate) fn exit(&mut self, exit: u8) {
        if self.exit == 0 {
            self.exit = exit;
        }
    }

    pub(crate) fn fail(&mut self, failure: Failure) {
        self.error.get_or_insert(failure);
    }

    /// Something is wrong with what the program was told; nothing was sent.
    pub(crate) fn refuse(&mut self, action: &str, problem: &str) {
        let failure = Failure::invalid_argument(problem);
        self.push(Done::refused_locally(action, &failure), 64);
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

    pub(crate) const fn exit_code(&self) -> u8 {
        self.exit
    }

    pub(crate) fn print(&self, json: bool) {
        if json {
            output::result(&format!("{}\n", serde_json::to_string(self).unwrap_or_default()));
            return;
        }
        for fate in self.actions.iter().flat_map(|done| &done.recipients) {
            if fate.status != "accepted" {
                let reply = fate.reply.as_ref();
                let text = reply.map(|w| format!(": {} {}", w.code, w.text.join(" / ")));
                let text = text.unwrap_or_default();
                output::line(&format!("sendmail: {} {}{text}", fate.address, fate.status));
            }
        }
        if let Some(failure) = &self.error {
            let Failure { phase, kind, text, .. } = failure;
            output::line(&format!("sendmail: {phase}: {kind}: {text}"));
        }
    }
}
