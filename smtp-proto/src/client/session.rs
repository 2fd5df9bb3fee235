//! The session as a whole: greeting, `EHLO`, `HELO`, `STARTTLS`, `XCLIENT`, `QUIT`, and what the server offers.
//!
//! | awaited  | 2yz                    | 3yz    | 4yz, 5yz                        |
//! |----------|------------------------|--------|---------------------------------|
//! | greeting | 220: EHLO              | error  | QUIT                            |
//! | EHLO     | 250: STARTTLS or ready | error  | HELO, or QUIT, as TLS is wanted |
//! | HELO     | 250: ready             | error  | QUIT                            |
//! | STARTTLS | 220: handshake         | error  | QUIT, or ready                  |
//! | XCLIENT  | 220: EHLO              | error  | ready                           |
//! | QUIT     | closed                 | closed | closed                          |
//! | others   | ready                  | error  | ready                           |

use crate::{
    buffer::{Buffer, Octets},
    command::Command,
    hello::{Capabilities, Extension, Offered},
    reply::{Class, Code},
};

use super::{
    Refusal, Storage,
    config::{Config, HelloCommand, Protocol, TlsPolicy},
    error::{End, Misuse},
    event::Phase,
    pipeline::{Pipeline, Verb},
    reaction::{Reaction, Then, Told},
    terms::Terms,
};

/// The progress of the session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    /// The driver has to complete a TLS handshake; the greeting came before or comes after.
    Handshake { greeted: bool },
    /// Greeting, EHLO, HELO, STARTTLS.
    Opening,
    /// Transactions, AUTH, other commands.
    Ready,
    /// QUIT is said, because the caller wants it or because the session cannot go on.
    Quitting,
    /// Nothing leaves and nothing is read any more.
    Closed,
}

#[derive(Clone, Debug)]
pub(super) struct Session<B> {
    stage: Stage,
    /// TLS is on.
    secure: bool,
    starttls_refused: bool,
    /// The lines of the last EHLO reply behind its first, each with an LF.
    lines: Buffer<B>,
    offered: Offered,
}

impl<B: Octets> Session<B> {
    pub(super) fn new(tls: TlsPolicy, lines: B) -> Self {
        let stage = match tls {
            TlsPolicy::Implicit => Stage::Handshake { greeted: false },
            _ => Stage::Opening,
        };
        Self {
            stage,
            secure: false,
            starttls_refused: false,
            lines: Buffer::new(lines),
            offered: Offered::default(),
        }
    }

    pub(super) const fn stage(&self) -> Stage {
        self.stage
    }

    pub(super) const fn is_closed(&self) -> bool {
        matches!(self.stage, Stage::Closed)
    }

    pub(super) const fn is_secure(&self) -> bool {
        self.secure
    }

    pub(super) fn capabilities(&self) -> Capabilities<'_> {
        Capabilities::with_offered(self.lines.filled(), self.offered)
    }

    /// Returns the server's offers with the caller's choices.
    pub(super) fn terms<'s>(&'s self, config: &'s Config) -> Terms<'s> {
        Terms {
            config,
            capabilities: self.capabilities(),
            secure: self.secure,
            starttls_refused: self.starttls_refused,
        }
    }

    pub(super) const fn close(&mut self) {
        self.stage = Stage::Closed;
    }

    #[cfg(feature = "model")]
    pub(super) fn facts(&self, out: &mut impl core::fmt::Write) -> core::fmt::Result {
        let Self { stage, secure, starttls_refused, lines, offered } = self;
        let lines = lines.filled().escape_ascii();
        write!(out, " {stage:?} {secure} {starttls_refused} {lines} {offered:?}")
    }

    // --- replies ---

    /// A reply to a command of the opening. `texts` are those of its lines.
    pub(super) fn on_reply<'t, S: Storage>(
        &mut self,
        (verb, code): (Verb, Code),
        texts: impl Iterator<Item = Option<&'t [u8]>>,
        config: &Config,
        out: &mut Pipeline<S>,
    ) -> Reaction {
        let then = match verb {
            Verb::Greeting => self.on_greeting(code, config, out),
            Verb::Ehlo => self.on_ehlo(code, texts, config, out),
            Verb::Helo => self.on_helo(code),
            Verb::StartTls => self.on_starttls(code, config),
            Verb::XClient => self.on_xclient(code, config, out),
            Verb::Quit => Then::Close(End::Quit),
            _ if code.class() == Class::Intermediate => Then::unexpected(verb.phase(), code),
            _ => Then::GoOn,
        };
        Told::Answer(verb.phase()).then(then)
    }

    fn on_greeting<S: Storage>(
        &mut self,
        code: Code,
        config: &Config,
        out: &mut Pipeline<S>,
    ) -> Then {
        match code {
            Code::SERVICE_READY => self.say_hello(config, out),
            _ if code.is_refusal() => Then::Quit(End::Refused { phase: Phase::Greeting, code }),
            _ => Then::unexpected(Phase::Greeting, code),
        }
    }

    fn on_ehlo<'t, S: Storage>(
        &mut self,
        code: Code,
        texts: impl Iterator<Item = Option<&'t [u8]>>,
        config: &Config,
        out: &mut Pipeline<S>,
    ) -> Then {
        match code {
            Code::OK => {
                self.learn(texts, config);
                self.after_ehlo(config, out)
            }
            _ if code.is_refusal() && config.protocol == Protocol::Lmtp => {
                Then::Quit(End::Refused { phase: Phase::Hello, code })
            }
            // After HELO there is no STARTTLS, which a server that cannot answer now may have.
            _ if code.class() == Class::Transient && self.wants_tls(config) => {
                Then::Quit(End::Refused { phase: Phase::Hello, code })
            }
            _ if code.is_refusal() && self.must_have_tls(config) => Then::Quit(End::TlsUnavailable),
            _ if code.is_refusal() => self.say_helo(config, out),
            _ => Then::unexpected(Phase::Hello, code),
        }
    }

    fn on_helo(&mut self, code: Code) -> Then {
        match code {
            Code::OK => {
                self.stage = Stage::Ready;
                Then::GoOn
            }
            _ if code.is_refusal() => Then::Quit(End::Refused { phase: Phase::Hello, code }),
            _ => Then::unexpected(Phase::Hello, code),
        }
    }

    fn on_starttls(&mut self, code: Code, config: &Config) -> Then {
        match code {
            Code::SERVICE_READY => {
                self.stage = Stage::Handshake { greeted: true };
                Then::GoOn
            }
            _ if code.is_refusal() && self.must_have_tls(config) => {
                Then::Quit(End::Refused { phase: Phase::StartTls, code })
            }
            _ if code.is_refusal() => {
                self.starttls_refused = true;
                self.stage = Stage::Ready;
                Then::GoOn
            }
            _ => Then::unexpected(Phase::StartTls, code),
        }
    }

    /// 220 greets the client anew, as somebody else.
    fn on_xclient<S: Storage>(
        &mut self,
        code: Code,
        config: &Config,
        out: &mut Pipeline<S>,
    ) -> Then {
        match code {
            Code::SERVICE_READY => {
                self.forget_offers();
                self.say_hello(config, out)
            }
            _ if code.is_refusal() => {
                self.stage = Stage::Ready;
                Then::GoOn
            }
            _ => Then::unexpected(Phase::XClient, code),
        }
    }

    /// The handshake is done; what was learned in the clear is forgotten (RFC 3207 4.2).
    pub(super) fn on_handshake<S: Storage>(
        &mut self,
        config: &Config,
        out: &mut Pipeline<S>,
    ) -> Then {
        let greeted = self.stage == Stage::Handshake { greeted: true };
        self.secure = true;
        self.stage = Stage::Opening;
        self.forget_offers();
        if greeted {
            return self.say_hello(config, out);
        }
        out.expect(Verb::Greeting);
        Then::GoOn
    }

    // --- commands ---

    fn say_hello<S: Storage>(&mut self, config: &Config, out: &mut Pipeline<S>) -> Then {
        if config.protocol == Protocol::Lmtp {
            say(&Command::Lhlo(config.name), Verb::Ehlo, out)
        } else if config.hello == HelloCommand::Ehlo {
            say(&Command::Ehlo(config.name), Verb::Ehlo, out)
        } else if self.must_have_tls(config) {
            Then::Quit(End::TlsUnavailable)
        } else {
            self.say_helo(config, out)
        }
    }

    fn say_helo<S: Storage>(&mut self, config: &Config, out: &mut Pipeline<S>) -> Then {
        self.forget_offers();
        say(&Command::Helo(config.name), Verb::Helo, out)
    }

    /// STARTTLS where it is wanted and offered; inside TLS it never is.
    fn after_ehlo<S: Storage>(&mut self, config: &Config, out: &mut Pipeline<S>) -> Then {
        if self.wants_tls(config) && self.offered.offers(Extension::StartTls) {
            say(&Command::StartTls, Verb::StartTls, out)
        } else if self.must_have_tls(config) {
            Then::Quit(End::TlsUnavailable)
        } else {
            self.stage = Stage::Ready;
            Then::GoOn
        }
    }

    /// Says QUIT, which the caller asks for.
    pub(super) fn quit<S: Storage>(&mut self, out: &mut Pipeline<S>) -> Result<(), Misuse> {
        out.push(&Command::Quit, Verb::Quit).map_err(|_| Misuse::Busy)?;
        self.stage = Stage::Quitting;
        Ok(())
    }

    /// Says QUIT since the session cannot go on.
    pub(super) fn give_up<S: Storage>(&mut self, out: &mut Pipeline<S>) -> Then {
        self.stage = Stage::Quitting;
        say(&Command::Quit, Verb::Quit, out)
    }

    /// Sends a command outside transactions.
    pub(super) fn command<S: Storage>(
        &mut self,
        command: &Command<'_>,
        verb: Verb,
        out: &mut Pipeline<S>,
    ) -> Result<(), Refusal> {
        out.push(command, verb)?;
        if verb == Verb::XClient {
            // Nothing may follow: the reply makes the session a new one.
            self.stage = Stage::Opening;
        }
        Ok(())
    }

    // --- TLS and offers ---

    /// Returns whether the session is in the clear and is to use STARTTLS if it is offered.
    fn wants_tls(&self, config: &Config) -> bool {
        !self.secure && config.tls != TlsPolicy::None
    }

    fn must_have_tls(&self, config: &Config) -> bool {
        !self.secure && matches!(config.tls, TlsPolicy::Required | TlsPolicy::Implicit)
    }

    /// Keeps what an EHLO reply offers. The first line is a greeting and never an extension, and
    /// neither is a line that was cut.
    fn learn<'t>(&mut self, texts: impl Iterator<Item = Option<&'t [u8]>>, config: &Config) {
        self.forget_offers();
        for line in texts.skip(1).flatten() {
            self.offered.observe(line);
            let free = self.lines.free();
            if let Some(room) = free.get_mut(..=line.len()) {
                room[..line.len()].copy_from_slice(line);
                room[line.len()] = b'\n';
                self.lines.fill(line.len() + 1);
            }
        }
        self.offered.apply_mask(config.mask);
    }

    fn forget_offers(&mut self) {
        self.lines.truncate(0);
        self.offered = Offered::default();
    }
}

/// Queues a command of the opening; the buffers are empty then, so that it does not fit means that none ever does.
fn say<S: Storage>(command: &Command<'_>, verb: Verb, out: &mut Pipeline<S>) -> Then {
    match out.push(command, verb) {
        Ok(()) => Then::GoOn,
        Err(_) => Then::Close(End::Aborted(verb.phase())),
    }
}
