//! The actions, one after the other, over one connection.

use smtp_sync::{
    Client, Connector, Error, Inquiry, Outcome, Status,
    proto::{
        client::Phase, command::Argument, hello::Extensions, reply::OwnedReply, sasl::Mechanism,
    },
};

use crate::{
    action::Action,
    args::Args,
    failure::Failure,
    mechanism::{Credentials, FOR_A_PASSWORD, FOR_A_TOKEN, Named},
    message::{Envelope, Message},
    report::{Done, Report},
    secrets::Secrets,
};

pub(crate) struct Session<'a> {
    args: &'a Args,
    secrets: &'a Secrets,
    messages: &'a [Message],
    envelopes: &'a [Envelope<'a>],
    report: &'a mut Report,
}

impl<'a> Session<'a> {
    pub(crate) const fn new(
        args: &'a Args,
        secrets: &'a Secrets,
        messages: &'a [Message],
        envelopes: &'a [Envelope<'a>],
        report: &'a mut Report,
    ) -> Self {
        Self { args, secrets, messages, envelopes, report }
    }

    pub(crate) fn run(mut self, connector: Connector, actions: &[Action]) {
        let listed = actions.contains(&Action::Connect);
        let Some(mut client) = self.connect(connector, listed) else { return };
        let mut quitting = false;
        for action in actions.iter().filter(|action| **action != Action::Connect) {
            if *action == Action::Quit {
                quitting = true;
                break;
            }
            let goes_on = self.act(&mut client, action);
            self.report.observe(&client);
            if !goes_on {
                break;
            }
        }
        self.quit(client, quitting);
    }

    fn connect(&mut self, connector: Connector, listed: bool) -> Option<Client> {
        let mut client = match connector.dial() {
            Ok(client) => client,
            Err(error) => {
                self.fail(listed.then_some("connect"), &error, "connect", Extensions::EMPTY);
                return None;
            }
        };
        let opened = client.open();
        self.report.observe(&client);
        if let Err(error) = opened {
            self.fail(listed.then_some("connect"), &error, "connect", client.used());
            self.report.closed();
            return None;
        }
        self.report.opened();
        if listed {
            let hello = client.last_answer().map(|(_, reply)| reply);
            self.report.push(Done::ok("connect", hello), 0);
        }
        Some(client)
    }

    /// Says whether to go on.
    fn act(&mut self, client: &mut Client, action: &Action) -> bool {
        let name = action.to_string();
        match action {
            Action::Connect | Action::Quit => true,
            Action::Auth => self.authenticate(client),
            Action::Send(index) => self.send(client, &name, *index),
            Action::Noop => self.inquire(client, &name, Inquiry::Noop),
            Action::Rset => self.inquire(client, &name, Inquiry::Rset),
            Action::Vrfy(who) => match Argument::new(who) {
                Ok(who) => self.inquire(client, &name, Inquiry::Vrfy(who)),
                Err(_) => true,
            },
            Action::Expn(list) => match Argument::new(list) {
                Ok(list) => self.inquire(client, &name, Inquiry::Expn(list)),
                Err(_) => true,
            },
            Action::Wait(time) => match client.watch(*time) {
                Ok(()) => self.done(Done::ok(&name, None)),
                Err(error) => self.fail(Some(&name), &error, "idle", client.used()),
            },
        }
    }

    fn authenticate(&mut self, client: &mut Client) -> bool {
        #[cfg(feature = "scram")]
        let binding = client.channel_binding();
        let credentials = Credentials {
            user: self.args.user.as_deref().unwrap_or_default(),
            password: self.secrets.password.as_deref().unwrap_or_default(),
            token: self.secrets.token.as_deref().unwrap_or_default(),
            #[cfg(feature = "scram")]
            nonce: match smtp_sync::nonce() {
                Ok(nonce) => nonce,
                Err(error) => return self.fail(Some("auth"), &error, "auth", client.used()),
            },
            #[cfg(feature = "scram")]
            binding: binding.as_ref().map(<[u8; 32]>::as_slice),
        };
        let mut known = self.mechanisms(credentials);
        let mut mechanisms: Vec<&mut dyn Mechanism> =
            known.iter_mut().map(|mechanism| mechanism as &mut dyn Mechanism).collect();
        match client.authenticate(mechanisms.as_mut_slice()) {
            Ok(index) => {
                self.report.authenticated(known[index].name());
                self.done(Done::ok("auth", client.last_answer().map(|(_, reply)| reply)))
            }
            Err(error) => {
                let mut failure = Failure::of(&error, "auth", client.used());
                failure.explain(&known);
                self.fail_with(Some("auth"), failure, error.reply());
                // With --action the next one may be about just that.
                client.is_reusable() && self.args.is_scripted()
            }
        }
    }

    /// What the command line names, or all that fit what it has, strongest first.
    fn mechanisms<'c>(&self, credentials: Credentials<'c>) -> Vec<Named<'c>> {
        let initial = self.args.initial_response;
        let make = |name: &str| Named::new(name, credentials, initial);
        if !self.args.auth.is_empty() {
            self.args.auth.iter().filter_map(|name| make(name)).collect()
        } else if self.secrets.token.is_some() {
            FOR_A_TOKEN.into_iter().filter_map(make).collect()
        } else {
            FOR_A_PASSWORD.into_iter().filter_map(make).collect()
        }
    }

    fn send(&mut self, client: &mut Client, name: &str, index: usize) -> bool {
        let (message, envelope) = (&self.messages[index], &self.envelopes[index]);
        let used = client.used();
        match client.send(envelope, message.content.as_slice()) {
            Ok(outcome) => {
                let failure = client.failure().map(|error| Failure::of(error, "mail", used));
                let exit = exit_code(&outcome, failure.as_ref());
                let hint = outcome.hint(used);
                self.report.push(Done::sent(name, &outcome, message.recipients(), hint), exit);
                if let Some(failure) = failure {
                    self.report.fail(failure);
                }
                client.failure().is_none()
            }
            Err(error @ Error::Refused(_)) => {
                let failure = Failure::of(&error, "mail", used);
                self.report.push(Done::refused_locally(name, &failure), 64);
                self.report.fail(failure);
                true
            }
            Err(error) => self.fail(Some(name), &error, "mail", used),
        }
    }

    fn inquire(&mut self, client: &mut Client, name: &str, inquiry: Inquiry<'_>) -> bool {
        match client.inquire(inquiry) {
            Ok(reply) if reply.code().is_refusal() => {
                let phase = client.last_answer().map_or(Phase::Idle, |(phase, _)| phase);
                let exit = if reply.code().value() < 500 { 75 } else { 69 };
                self.report.push(Done::refused(name, phase, &reply), exit);
                true
            }
            Ok(reply) => self.done(Done::ok(name, Some(&reply))),
            Err(error) => self.fail(Some(name), &error, "idle", client.used()),
        }
    }

    fn quit(&mut self, client: Client, listed: bool) {
        if client.failure().is_some() {
            return;
        }
        let answer: Option<OwnedReply> = client.quit().ok().flatten();
        self.report.closed();
        if listed {
            self.report.push(Done::ok("quit", answer.as_ref()), 0);
        }
    }

    fn done(&mut self, done: Done) -> bool {
        self.report.push(done, 0);
        true
    }

    /// Takes note of a failed action; nothing comes after it.
    fn fail(
        &mut self,
        action: Option<&str>,
        error: &Error,
        phase: &'static str,
        used: Extensions,
    ) -> bool {
        self.fail_with(action, Failure::of(error, phase, used), error.reply())
    }

    fn fail_with(
        &mut self,
        action: Option<&str>,
        failure: Failure,
        reply: Option<&OwnedReply>,
    ) -> bool {
        self.report.exit(failure.exit_code());
        if let Some(action) = action {
            self.report.push(Done::failed(action, &failure, reply), failure.exit_code());
        }
        self.report.fail(failure);
        false
    }
}

/// What is refused for good is worst, unless something may still come of it.
fn exit_code(outcome: &Outcome, failure: Option<&Failure>) -> u8 {
    let has = |status| outcome.recipients().any(|recipient| recipient.status() == status);
    match failure {
        _ if has(Status::Unknown) || has(Status::Deferred) => 75,
        Some(failure) if has(Status::NotAttempted) => failure.exit_code(),
        _ if has(Status::Rejected) => 69,
        _ => 0,
    }
}
