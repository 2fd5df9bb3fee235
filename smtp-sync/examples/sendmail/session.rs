//! The actions, one after the other, over one connection.

use smtp_sync::{
    Client, Connector, Error, Inquiry,
    proto::{
        client::{End, Phase},
        command::Argument,
        hello::Extensions,
        reply::OwnedReply,
        sasl::Mechanism,
    },
};

use crate::{
    action::Action,
    args::Args,
    failure::Failure,
    mechanism::{Credentials, FOR_A_PASSWORD, FOR_A_TOKEN, Named},
    message::{Envelope, Message},
    parts,
    report::{Done, Report},
    secrets::Secrets,
};

pub(crate) struct Session<'a> {
    pub(crate) args: &'a Args,
    pub(crate) secrets: &'a Secrets,
    pub(crate) messages: &'a [Message],
    pub(crate) envelopes: &'a [Envelope<'a>],
    pub(crate) requires_tls: bool,
    pub(crate) report: &'a mut Report,
}

/// Goes on, or says why no later action is done.
type Step = Result<(), Error>;

impl Session<'_> {
    pub(crate) fn run(mut self, connector: Connector, actions: &[Action]) {
        let listed = actions.contains(&Action::Connect);
        let mut actions = actions.iter().filter(|action| **action != Action::Connect);
        let mut client = match self.connect(connector, listed) {
            Ok(client) => client,
            Err(error) => return self.leave(actions, "connect", &error),
        };
        let (mut ended, mut phase) = (None, "mail");
        for action in actions.by_ref() {
            ended = self.act(&mut client, action).err();
            self.report.observe(&client);
            if ended.is_some() {
                phase = if *action == Action::Auth { "auth" } else { phase };
                break;
            }
        }
        self.quit(client, ended.as_ref());
        if let Some(error) = ended {
            self.leave(actions, phase, &error);
        }
    }

    /// The messages whose turn does not come, because of this.
    fn leave<'b>(
        &mut self,
        actions: impl Iterator<Item = &'b Action>,
        phase: &'static str,
        error: &Error,
    ) {
        let mut failure = Failure::of(error, phase, Extensions::EMPTY);
        if self.requires_tls {
            failure.require_tls();
        }
        for action in actions {
            if let Action::Send(index) = action {
                let recipients = self.messages[*index].recipients();
                let done = Done::failed_message(&action.to_string(), error, &failure, recipients);
                self.report.push_message(done);
            }
        }
    }

    fn connect(&mut self, connector: Connector, listed: bool) -> Result<Client, Error> {
        let name = listed.then_some("connect");
        let mut client = match connector.dial() {
            Ok(client) => client,
            Err(error) => return Err(self.fail(name, error, "connect", Extensions::EMPTY)),
        };
        let opened = client.open();
        self.report.observe(&client);
        if let Err(error) = opened {
            self.report.closed();
            return Err(self.fail(name, error, "connect", client.used()));
        }
        self.report.opened();
        if listed {
            let hello = client.last_answer().map(|(_, reply)| reply);
            self.report.push(Done::ok("connect", hello));
        }
        Ok(client)
    }

    fn act(&mut self, client: &mut Client, action: &Action) -> Step {
        let name = action.to_string();
        match action {
            Action::Connect => Ok(()),
            Action::Quit => Err(QUIT),
            Action::Auth => self.authenticate(client),
            Action::Send(index) => self.send(client, &name, *index),
            Action::Noop => self.inquire(client, &name, Inquiry::Noop),
            Action::Rset => self.inquire(client, &name, Inquiry::Rset),
            Action::Vrfy(who) => match Argument::new(who) {
                Ok(who) => self.inquire(client, &name, Inquiry::Vrfy(who)),
                Err(_) => Ok(()),
            },
            Action::Expn(list) => match Argument::new(list) {
                Ok(list) => self.inquire(client, &name, Inquiry::Expn(list)),
                Err(_) => Ok(()),
            },
            Action::Wait(time) => match client.watch(*time) {
                Ok(()) => {
                    self.done(Done::ok(&name, None));
                    Ok(())
                }
                Err(error) => Err(self.fail(Some(&name), error, "idle", client.used())),
            },
        }
    }

    fn authenticate(&mut self, client: &mut Client) -> Step {
        #[cfg(feature = "scram")]
        let binding = client.channel_binding();
        let credentials = Credentials {
            user: self.args.user.as_deref().unwrap_or_default(),
            password: self.secrets.password.as_deref().unwrap_or_default(),
            token: self.secrets.token.as_deref().unwrap_or_default(),
            #[cfg(feature = "scram")]
            nonce: match smtp_sync::nonce() {
                Ok(nonce) => nonce,
                Err(error) => return Err(self.fail(Some("auth"), error, "auth", client.used())),
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
                self.done(Done::ok("auth", client.last_answer().map(|(_, reply)| reply)));
                Ok(())
            }
            Err(error) => {
                let mut failure = Failure::of(&error, "auth", client.used());
                failure.explain(&known);
                let done = match error {
                    Error::Refused(_) => Done::refused_locally("auth", &failure),
                    _ => Done::failed("auth", &failure, error.reply()),
                };
                self.report.push(done);
                self.report.fail(failure);
                // With --action the next one may be about just that.
                let goes_on = client.is_reusable() && self.args.is_scripted();
                if goes_on { Ok(()) } else { Err(error) }
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

    fn send(&mut self, client: &mut Client, name: &str, index: usize) -> Step {
        let (message, envelope) = (&self.messages[index], &self.envelopes[index]);
        if let Err(error) = client.check(envelope, &message.content) {
            return self.unsent(client, name, index, error);
        }
        let (delivery, unsent) = parts::deliver(client, envelope, &message.content);
        let error = client.failure().or(unsent.as_ref()).cloned();
        if let Some(error) = unsent.clone().filter(|_| delivery.outcomes().is_empty()) {
            return self.unsent(client, name, index, error);
        }
        let used = client.used();
        let failed = unsent.as_ref().map(|error| (error, Failure::of(error, "mail", used)));
        let failed = failed.as_ref().map(|(error, failure)| (*error, failure));
        let recipients = message.recipients();
        self.report.push_message(Done::sent(name, &delivery, recipients, failed, used));
        if let Some(error) = &error {
            self.report.fail_in_message(Failure::of(error, "mail", used));
        }
        client.failure().cloned().map_or(Ok(()), Err)
    }

    /// Nothing of the message was written, because of this.
    fn unsent(&mut self, client: &Client, name: &str, index: usize, error: Error) -> Step {
        let failure = Failure::of(&error, "mail", client.used());
        let recipients = self.messages[index].recipients();
        self.report.push_message(Done::not_sent(name, &error, &failure, recipients));
        self.report.fail(failure);
        if client.failure().is_some() { Err(error) } else { Ok(()) }
    }

    fn inquire(&mut self, client: &mut Client, name: &str, inquiry: Inquiry<'_>) -> Step {
        match client.inquire(inquiry) {
            Ok(reply) if reply.code().is_refusal() => {
                let phase = client.last_answer().map_or(Phase::Idle, |(phase, _)| phase);
                let exit = if reply.code().value() < 500 { 75 } else { 69 };
                self.report.push_refused(Done::refused(name, phase, &reply), exit);
                Ok(())
            }
            // A reply that is none to what was asked has ended the session.
            Ok(reply) => {
                // A reply that is none to what was asked has ended the session.
                if let Some(error) = client.failure().cloned() {
                    return Err(self.fail(Some(name), error, "idle", client.used()));
                }
                self.done(Done::ok(name, Some(&reply)));
                Ok(())
            }
            Err(error) => Err(self.fail(Some(name), error, "idle", client.used())),
        }
    }

    fn quit(&mut self, client: Client, ended: Option<&Error>) {
        if client.failure().is_some() {
            return;
        }
        let answer: Option<OwnedReply> = client.quit().ok().flatten();
        self.report.closed();
        if ended.and_then(Error::end) == QUIT.end() {
            self.report.push(Done::ok("quit", answer.as_ref()));
        }
    }

    fn done(&mut self, done: Done) {
        self.report.push(done);
    }

    /// Takes note of a failed action, and gives back why nothing comes after it.
    fn fail(
        &mut self,
        action: Option<&str>,
        error: Error,
        phase: &'static str,
        used: Extensions,
    ) -> Error {
        let mut failure = Failure::of(&error, phase, used);
        if self.requires_tls {
            failure.require_tls();
        }
        if let Some(action) = action {
            self.report.push(Done::failed(action, &failure, error.reply()));
        }
        self.report.fail(failure);
        error
    }
}

/// Why nothing is done behind a `quit` of the caller's own actions.
const QUIT: Error = Error::Ended { end: End::Quit, reply: None, unfinished: None };
