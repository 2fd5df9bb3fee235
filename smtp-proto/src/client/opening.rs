//! Greeting, EHLO, HELO, STARTTLS: what is said until the session is ready, and QUIT.

use crate::{
    command::Command,
    hello::{Extension, Offered},
};

use super::{
    Client, Storage,
    config::{HelloCommand, Protocol, TlsPolicy},
    error::{End, Misuse, Refusal},
    queue::Verb,
    spans::SpanKind,
    state::Stage,
    transaction::Sending,
};

impl<B: Storage> Client<B> {
    /// Says QUIT once all else is answered. Delivered stays delivered whatever the server answers. Where the
    /// opening fails, QUIT is said unasked.
    ///
    /// # Errors
    /// [`Misuse::NotOpen`] while the session opens, when it is over or nothing can be sent, [`Misuse::Busy`] while a
    /// transaction is not handed over whole.
    pub fn quit(&mut self) -> Result<(), Misuse> {
        match (self.stage, &self.sending) {
            _ if self.outbox.is_closed() => Err(Misuse::NotOpen),
            (Stage::Ready, Sending::Idle) if !self.auth.is_active() => {
                self.issue(&Command::Quit, Verb::Quit).map_err(|_| Misuse::Busy)?;
                self.enter(Stage::Quitting);
                Ok(())
            }
            (Stage::Ready, _) => Err(Misuse::Busy),
            _ => Err(Misuse::NotOpen),
        }
    }

    pub(super) fn say_hello(&mut self) {
        if self.config.protocol == Protocol::Lmtp {
            self.say(&Command::Lhlo(self.config.name), Verb::Ehlo);
        } else if self.config.hello == HelloCommand::Ehlo {
            self.say(&Command::Ehlo(self.config.name), Verb::Ehlo);
        } else if self.must_have_tls() {
            self.stop(End::TlsUnavailable);
        } else {
            self.say_helo();
        }
    }

    /// Where nothing can be said any more, there is nothing to wait for.
    pub(super) fn say_quit(&mut self) {
        self.stage = Stage::Quitting;
        self.say(&Command::Quit, Verb::Quit);
    }

    pub(super) fn say_helo(&mut self) {
        self.forget_capabilities();
        self.say(&Command::Helo(self.config.name), Verb::Helo);
    }

    /// STARTTLS where it is wanted and offered; inside TLS it never is.
    pub(super) fn after_ehlo(&mut self) {
        if self.wants_tls() && self.offered.offers(Extension::StartTls) {
            self.say(&Command::StartTls, Verb::StartTls);
        } else if self.must_have_tls() {
            self.stop(End::TlsUnavailable);
        } else {
            self.stage = Stage::Ready;
        }
    }

    /// The session is in the clear and is to use STARTTLS if it is offered.
    pub(super) fn wants_tls(&self) -> bool {
        !self.secure && self.config.tls != TlsPolicy::None
    }

    pub(super) fn must_have_tls(&self) -> bool {
        !self.secure && matches!(self.config.tls, TlsPolicy::Required | TlsPolicy::Implicit)
    }

    pub(super) fn pipelining(&self) -> bool {
        self.offered.offers(Extension::Pipelining)
    }

    /// Keeps what an EHLO reply offers. The first line is a greeting and never an extension, and
    /// neither is a line that was cut.
    pub(super) fn learn(&mut self) {
        self.forget_capabilities();
        for line in self.inbound.texts().skip(1).flatten() {
            self.offered.observe(line);
            let free = self.capabilities.free();
            if let Some(room) = free.get_mut(..=line.len()) {
                room[..line.len()].copy_from_slice(line);
                room[line.len()] = b'\n';
                self.capabilities.fill(line.len() + 1);
            }
        }
        self.offered.apply_mask(self.config.mask);
    }

    pub(super) fn forget_capabilities(&mut self) {
        self.capabilities.truncate(0);
        self.offered = Offered::default();
    }

    /// Queues a command of the opening; the buffers are empty then.
    fn say(&mut self, command: &Command<'_>, verb: Verb) {
        if self.queue_command(command, verb).is_err() {
            self.close(End::Aborted(verb.phase()));
        }
    }

    /// Queues a command and lets it leave if it may.
    pub(super) fn issue(&mut self, command: &Command<'_>, verb: Verb) -> Result<(), Refusal> {
        self.queue_command(command, verb)?;
        self.release();
        Ok(())
    }

    fn queue_command(&mut self, command: &Command<'_>, verb: Verb) -> Result<(), Refusal> {
        let limit = self.outbox.capacity();
        if !self.queue.has_room() {
            return Err(Misuse::Busy.into());
        }
        self.outbox
            .push(SpanKind::Command, |output| command.encode(output))
            .ok_or(Refusal::CommandTooLong { limit })?;
        self.queue.push(verb);
        Ok(())
    }
}
