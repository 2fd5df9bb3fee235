//! Every transition of the session: what a command, an answer or the end of the stream changes.
//!
//! | stage      | goes on with          | then                                                  |
//! |------------|-----------------------|-------------------------------------------------------|
//! | handshake  | TLS                   | connecting (implicit), commands (STARTTLS)             |
//! | connecting | answer                | commands; refused: commands, but QUIT alone is obeyed  |
//! | commands   | command, answer       | commands, dialogue, content, handshake, closing        |
//! | dialogue   | line, answer          | dialogue, commands                                     |
//! | content    | octets                | verdicts                                               |
//! | chunk      | octets                | commands, verdicts                                     |
//! | verdicts   | answer                | verdicts (LMTP), commands                              |
//! | closing    | the last reply leaves | closed                                                 |
//!
//! Within commands, by what went before:
//!
//! | command  | no EHLO | idle       | transaction, no recipient | transaction, recipients |
//! |----------|---------|------------|---------------------------|-------------------------|
//! | EHLO     | idle    | idle       | idle                      | idle                    |
//! | STARTTLS | 503     | handshake  | 503                       | 503                     |
//! | AUTH     | 503     | dialogue   | 503                       | 503                     |
//! | MAIL     | 503     | transaction | 503                      | 503                     |
//! | RCPT     | 503     | 503        | recipients                | recipients              |
//! | DATA     | 503     | 503        | 554; LMTP: 503            | content                 |
//! | BDAT     | 503     | 503        | 554; LMTP: 503            | chunks                  |
//! | RSET     | no EHLO | idle       | idle                      | idle                    |
//! | others   | stay    | stay       | stay                      | stay                    |
//!
//! Once there are chunks, RCPT and DATA are 503 too; BDAT LAST ends the transaction, whatever comes
//! of it. The octets of a chunk are swallowed before it is refused. LMTP says LHLO for EHLO.

use crate::reply::{Class, Code};

use super::{
    Server, Storage,
    answer::Answer,
    auth::{Step, Turn},
    chunk::Chunk,
    config::TlsPolicy,
    content::Content,
    error::{End, PeerError},
    verdict::Verdicts,
};

/// What the server works on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    /// The driver has to shake hands, once all replies have left.
    Handshake { greeted: bool },
    /// The application has yet to say whether the client may come in.
    Connecting,
    /// The next line is a command.
    Commands,
    /// The next line is an answer in an AUTH dialogue.
    Dialogue(Step),
    /// Content until its end.
    Content,
    /// Octets of a chunk, then its reply.
    Chunk(Chunk),
    /// The content is complete and has yet to be answered.
    Verdicts(Verdicts),
    /// Nothing is read any more; the last reply has yet to leave.
    Closing,
    /// Nothing leaves either.
    Closed,
}

impl Stage {
    pub(super) const fn opening(tls: TlsPolicy) -> Self {
        match tls {
            TlsPolicy::Implicit => Self::Handshake { greeted: false },
            _ => Self::Connecting,
        }
    }

    pub(super) const fn reads_lines(self) -> bool {
        matches!(self, Self::Commands | Self::Dialogue(_))
    }

    pub(super) const fn is_over(self) -> bool {
        matches!(self, Self::Closing | Self::Closed)
    }
}

/// How the client introduced itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Greeted {
    #[default]
    No,
    Helo,
    Ehlo,
}

/// What the client has achieved so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Session {
    pub(super) greeted: Greeted,
    pub(super) authenticated: bool,
    /// The connection was refused: only QUIT is obeyed (RFC 5321 3.1).
    pub(super) refused: bool,
    /// MAIL commands so far, also those that were refused.
    pub(super) mails: u32,
    /// MAIL was refused or has yet to be answered, and all since is what a client sends in the same
    /// group.
    pub(super) mail_refused: bool,
    pub(super) transaction: Option<Transaction>,
}

/// MAIL was accepted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Transaction {
    pub(super) smtp_utf8: bool,
    /// BODY=BINARYMIME.
    pub(super) binary: bool,
    /// Recipients that were accepted.
    pub(super) recipients: u32,
    pub(super) transfer: Transfer,
}

impl Transaction {
    pub(super) fn new_content(&self) -> Content {
        Content::new(self.binary)
    }
}

/// How the content of a transaction comes. DATA and BDAT do not mix (RFC 3030 2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Transfer {
    #[default]
    Open,
    /// DATA was said; where it was refused it may be said again.
    Data,
    /// BDAT was said.
    Chunks,
    /// A chunk was refused, and so are all others until RSET.
    Failed(Answer<'static>),
}

/// What the application was asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Question {
    Connection,
    Hello { extended: bool },
    Credentials,
    Exchange(Turn),
    Mail { smtp_utf8: bool, binary: bool },
    Recipient,
    Data,
    ContentEnd { recipient: u32 },
    Verify,
    Expand,
}

impl Question {
    /// The answer of an application that has nothing against it.
    pub(super) const fn consent(self) -> Answer<'static> {
        match self {
            Self::Connection => Answer::READY,
            Self::Hello { .. } => Answer::HELLO,
            Self::Credentials => Answer::AUTHENTICATED,
            Self::Exchange(_) => Answer::NO_MECHANISM,
            Self::Mail { .. } => Answer::SENDER_OK,
            Self::Recipient => Answer::RECIPIENT_OK,
            Self::Data => Answer::START_CONTENT,
            Self::ContentEnd { .. } => Answer::OK,
            Self::Verify => Answer::CANNOT_VERIFY,
            Self::Expand => Answer::NOT_IMPLEMENTED,
        }
    }

    /// Whether an answer with this code makes sense.
    pub(super) fn admits(self, code: Code) -> bool {
        match code.class() {
            Class::Completion => !matches!(self, Self::Data | Self::Exchange(_)),
            Class::Intermediate => self == Self::Data && code == Code::START_CONTENT,
            Class::Transient | Class::Permanent => true,
        }
    }

    /// Whether the answer may wait for those to the commands behind it (RFC 2920 3.2).
    const fn may_wait(self) -> bool {
        matches!(self, Self::Mail { .. } | Self::Recipient | Self::ContentEnd { .. })
    }
}

impl<B: Storage> Server<B> {
    /// The application's answer, whose code the question admits.
    pub(super) fn on_answer(&mut self, question: Question, answer: Answer<'_>) {
        let accepted = !answer.code().is_refusal();
        self.asked = None;
        self.urgent |= !question.may_wait();
        match question {
            Question::Connection => self.on_connection(accepted, answer),
            Question::Hello { extended } => self.on_hello(extended, accepted, answer),
            Question::Credentials | Question::Exchange(_) => {
                self.on_credentials(accepted, answer);
            }
            Question::Mail { smtp_utf8, binary } => {
                let transfer = Transfer::Open;
                self.session.mail_refused = !accepted;
                self.session.transaction =
                    accepted.then_some(Transaction { smtp_utf8, binary, recipients: 0, transfer });
                self.say(answer);
            }
            Question::Recipient => self.on_recipient(accepted, answer),
            Question::Data => self.on_data(accepted, answer),
            Question::ContentEnd { .. } => {
                self.after_verdict();
                self.say(answer);
            }
            Question::Verify | Question::Expand => self.say(answer),
        }
        if answer.code() == Code::SERVICE_CLOSING {
            self.finish(End::ServiceClosing);
        }
    }

    fn on_connection(&mut self, accepted: bool, answer: Answer<'_>) {
        self.stage = Stage::Commands;
        self.session.refused = !accepted;
        self.say_with_name(answer);
    }

    /// EHLO resets like RSET; a refusal leaves everything as it was (RFC 5321 4.1.4).
    fn on_hello(&mut self, extended: bool, accepted: bool, answer: Answer<'_>) {
        if !accepted {
            return self.say(answer.plain());
        }
        self.session.transaction = None;
        self.session.greeted = if extended { Greeted::Ehlo } else { Greeted::Helo };
        if extended { self.say_offers(answer) } else { self.say_with_name(answer) }
    }

    /// A refusal counts as a bad command: who guesses has few guesses.
    pub(super) fn on_credentials(&mut self, accepted: bool, answer: Answer<'_>) {
        self.stage = Stage::Commands;
        self.session.authenticated = accepted;
        self.forget_credentials();
        if accepted { self.say(answer) } else { self.refuse(answer) }
    }

    fn on_recipient(&mut self, accepted: bool, answer: Answer<'_>) {
        if let Some(transaction) = self.session.transaction.as_mut().filter(|_| accepted) {
            transaction.recipients += 1;
        }
        self.say(answer);
    }

    /// A refusal leaves the transaction open, until RSET.
    fn on_data(&mut self, accepted: bool, answer: Answer<'_>) {
        if let Some(transaction) = &mut self.session.transaction {
            transaction.transfer = Transfer::Data;
        }
        if accepted {
            self.stage = Stage::Content;
            self.content = Content::default();
        }
        self.say(answer);
    }

    pub(super) fn reset(&mut self) {
        self.session.transaction = None;
        self.say(Answer::OK);
    }

    pub(super) fn quit(&mut self) {
        self.say(Answer::BYE);
        self.finish(End::Quit);
    }

    /// Agrees to STARTTLS, unless somebody has put octets behind it.
    pub(super) fn start_tls(&mut self) {
        if self.receive.len() > self.lent {
            return self.close(End::Peer(PeerError::PlaintextBehindStartTls));
        }
        self.say(Answer::START_TLS);
        self.stage = Stage::Handshake { greeted: true };
    }

    /// The handshake is done; what the client said in the clear is forgotten (RFC 3207 4.2).
    pub(super) fn after_handshake(&mut self) {
        let greeted = self.stage == Stage::Handshake { greeted: true };
        self.secure = true;
        self.session = Session::default();
        self.stage = if greeted { Stage::Commands } else { Stage::Connecting };
    }

    /// Answers a command that is refused for what it is; too many of them end the session. What a
    /// client sent behind MAIL before it knew of the refusal does not count (RFC 2920 3.1).
    pub(super) fn refuse(&mut self, answer: Answer<'_>) {
        if self.session.mail_refused && answer == Answer::BAD_SEQUENCE {
            return self.say(answer);
        }
        self.bad_commands = self.bad_commands.saturating_add(1);
        if self.bad_commands > self.config.limits.bad_commands {
            self.say(Answer::TOO_MANY_BAD_COMMANDS);
            return self.finish(End::TooManyBadCommands);
        }
        self.say(answer);
    }

    /// The session ends when what is queued has left; the first cause stays.
    pub(super) fn finish(&mut self, end: End) {
        if self.stage != Stage::Closed {
            self.stage = Stage::Closing;
            self.end.get_or_insert(end);
            self.receive.consume(usize::MAX);
        }
        self.close_if_done();
    }

    /// The session is over at once; the first cause stays.
    pub(super) fn close(&mut self, end: End) {
        self.end.get_or_insert(end);
        self.stage = Stage::Closed;
        self.asked = None;
        self.transmit.consume(usize::MAX);
        self.unflushed = false;
    }

    /// The last reply has left.
    pub(super) fn close_if_done(&mut self) {
        if self.stage == Stage::Closing && self.transmit.is_empty() && !self.unflushed {
            self.stage = Stage::Closed;
        }
    }

    /// The stream has ended.
    pub(super) fn lose(&mut self) {
        self.close(End::Lost);
    }
}
