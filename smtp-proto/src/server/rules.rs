//! The meaning of a command line, and whether it may come now (RFC 5321 4.1.4, 4.2.4, 4.3).

use crate::{
    command::{Auth, CommandError, Received, ReceivedMail, ReceivedRecipient},
    hello::Extension,
    parameter::{Body, Parameter},
};

use super::{
    answer::Answer,
    auth::Method,
    chunk::Chunk,
    config::{AuthPolicy, Config, Protocol, TlsPolicy},
    error::End,
    question::Question,
    session::{Greeted, Session, Transaction, Transfer},
};

/// The action that a valid command asks for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Action {
    Ask(Question),
    /// Begin an AUTH exchange; the initial response stands here in the line.
    Authenticate(Method, Option<(usize, usize)>),
    StartTls,
    /// A chunk follows, to be taken or swallowed.
    Chunk(Chunk),
    /// Answer and end the session.
    Close(Answer<'static>, End),
    Reset,
    Quit,
    Say(Answer<'static>),
}

type Judgement = Result<Action, Answer<'static>>;

/// A view of what decides whether a command may come now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules<'s> {
    pub(super) config: &'s Config,
    pub(super) session: &'s Session,
}

impl Rules<'_> {
    /// Reads a line without its CRLF; `Err` is the reply to one that is refused.
    pub(super) fn judge(&self, line: &[u8]) -> Judgement {
        if !line.is_ascii() && !self.offers(Extension::SmtpUtf8) {
            return Err(Answer::BAD_LINE);
        }
        if line.iter().any(u8::is_ascii_control) {
            return Err(Answer::BAD_LINE);
        }
        let received = Received::parse(line).map_err(|error| refusal(line, error))?;
        // The octets of a chunk come whatever is answered.
        let is_due = matches!(received, Received::Quit | Received::Bdat { .. });
        if self.session.is_refused() && !is_due {
            return Err(Answer::BAD_SEQUENCE);
        }
        self.judge_command(line, &received)
    }

    fn judge_command(&self, line: &[u8], received: &Received<'_>) -> Judgement {
        match received {
            Received::Ehlo(_) => self.judge_hello(Protocol::Smtp, true),
            Received::Helo(_) => self.judge_hello(Protocol::Smtp, false),
            Received::Lhlo(_) => self.judge_hello(Protocol::Lmtp, true),
            Received::StartTls => self.judge_start_tls(),
            Received::Auth(auth) => self.judge_auth(line, auth),
            Received::Mail(mail) => self.judge_mail(mail),
            Received::Rcpt(recipient) => self.judge_recipient(recipient),
            Received::Data => self.judge_data(),
            &Received::Bdat { size, last } => {
                Ok(Action::Chunk(Chunk::new(size, last, self.judge_chunk().err())))
            }
            Received::Rset => Ok(Action::Reset),
            Received::Noop => Ok(Action::Say(Answer::OK)),
            Received::Quit => Ok(Action::Quit),
            Received::Vrfy(_) => Ok(Action::Ask(Question::Verify)),
            Received::Expn(_) => Ok(Action::Ask(Question::Expand)),
            Received::Help(_) => Ok(Action::Say(Answer::HELP)),
        }
    }

    /// Each protocol has its own word (RFC 2033 4.1).
    fn judge_hello(&self, protocol: Protocol, extended: bool) -> Judgement {
        if self.config.protocol != protocol {
            return Err(Answer::UNRECOGNISED);
        }
        Ok(Action::Ask(Question::Hello { extended }))
    }

    fn judge_start_tls(&self) -> Judgement {
        if matches!(self.config.tls, TlsPolicy::None) {
            return Err(Answer::NOT_IMPLEMENTED);
        }
        expect(
            !self.session.is_secure() && self.extended() && self.session.transaction().is_none(),
        )?;
        Ok(Action::StartTls)
    }

    fn judge_auth(&self, line: &[u8], auth: &Auth<'_>) -> Judgement {
        if self.config.auth == AuthPolicy::None {
            return Err(Answer::NOT_IMPLEMENTED);
        }
        let idle = !self.session.is_authenticated() && self.session.transaction().is_none();
        expect(idle && self.extended())?;
        if !self.config.may_authenticate(self.session.is_secure()) {
            return Err(Answer::ENCRYPTION_REQUIRED);
        }
        let method = self.method(auth.mechanism()).ok_or(Answer::NO_MECHANISM)?;
        let response = auth.initial_response().map(|response| position(line, response));
        Ok(Action::Authenticate(method, response))
    }

    fn judge_mail(&self, mail: &ReceivedMail<'_>) -> Judgement {
        if self.config.limits.mails != 0 && self.session.mails() > self.config.limits.mails {
            return Ok(Action::Close(Answer::TOO_MANY_MAILS, End::TooManyMails));
        }
        expect(self.greeted() && self.session.transaction().is_none())?;
        if self.config.tls == TlsPolicy::Required && !self.session.is_secure() {
            return Err(Answer::TLS_REQUIRED);
        }
        if self.config.auth == AuthPolicy::Required && !self.session.is_authenticated() {
            return Err(Answer::AUTH_REQUIRED);
        }
        self.check_parameters(mail.parameters(), extension_of_mail)?;
        let binary = mail.body() == Some(Body::BinaryMime);
        if binary && !self.offers(Extension::BinaryMime) {
            return Err(Answer::BAD_PARAMETER);
        }
        if !mail.from().is_ascii() && !mail.smtp_utf8() {
            return Err(Answer::NOT_ASCII);
        }
        if mail.size().is_some_and(|size| self.config.is_too_large(size)) {
            return Ok(Action::Say(Answer::TOO_LARGE));
        }
        Ok(Action::Ask(Question::Mail { smtp_utf8: mail.smtp_utf8(), binary }))
    }

    fn judge_recipient(&self, recipient: &ReceivedRecipient<'_>) -> Judgement {
        let transaction = self.transaction()?;
        expect(matches!(transaction.transfer, Transfer::Open | Transfer::Data))?;
        self.check_parameters(recipient.parameters(), extension_of_rcpt)?;
        if !recipient.address().is_ascii() && !transaction.smtp_utf8 {
            return Err(Answer::NOT_ASCII);
        }
        if transaction.recipients >= self.config.limits.recipients {
            return Ok(Action::Say(Answer::TOO_MANY_RECIPIENTS));
        }
        Ok(Action::Ask(Question::Recipient))
    }

    fn judge_data(&self) -> Judgement {
        // Not a bad command: a client that pipelines sends it before it knows (RFC 2920 3.1).
        let transaction = self.transaction()?;
        let may_have_data = matches!(transaction.transfer, Transfer::Open | Transfer::Data);
        expect(may_have_data && !transaction.binary)?;
        match transaction.recipients {
            0 => Ok(Action::Say(self.no_recipients())),
            _ => Ok(Action::Ask(Question::Data)),
        }
    }

    /// `Err` is the answer to a chunk that has to be swallowed.
    fn judge_chunk(&self) -> Result<(), Answer<'static>> {
        if !self.offers(Extension::Chunking) {
            return Err(Answer::NOT_IMPLEMENTED);
        }
        expect(self.extended() && !self.session.is_refused())?;
        let transaction = self.transaction()?;
        match transaction.transfer {
            Transfer::Data => Err(Answer::BAD_SEQUENCE),
            Transfer::Failed(answer) => Err(answer),
            Transfer::Open if transaction.recipients == 0 => Err(self.no_recipients()),
            Transfer::Open | Transfer::Chunks => Ok(()),
        }
    }

    /// LMTP wants 503 (RFC 2033 4.2).
    const fn no_recipients(&self) -> Answer<'static> {
        match self.config.protocol {
            Protocol::Smtp => Answer::NO_VALID_RECIPIENTS,
            Protocol::Lmtp => Answer::NEED_RECIPIENTS,
        }
    }

    fn check_parameters<'p>(
        &self,
        parameters: impl IntoIterator<Item = Parameter<'p>>,
        extension_of: fn(&Parameter<'_>) -> Option<Extension>,
    ) -> Result<(), Answer<'static>> {
        let allowed = |parameter: Parameter<'_>| {
            self.extended() && extension_of(&parameter).is_some_and(|e| self.offers(e))
        };
        let all = parameters.into_iter().all(allowed);
        if all { Ok(()) } else { Err(Answer::BAD_PARAMETER) }
    }

    /// The mechanism of this name, if it is offered.
    pub(super) fn method(&self, name: &str) -> Option<Method> {
        let mut offered = self.config.mechanisms(self.session.is_secure());
        offered.find(|offered| offered.eq_ignore_ascii_case(name)).map(Method::of)
    }

    fn transaction(&self) -> Result<Transaction, Answer<'static>> {
        self.session.transaction().ok_or(Answer::BAD_SEQUENCE)
    }

    fn greeted(&self) -> bool {
        self.session.greeted() != Greeted::No
    }

    fn extended(&self) -> bool {
        self.session.greeted() == Greeted::Ehlo
    }

    fn offers(&self, extension: Extension) -> bool {
        self.config.offers(self.session.is_secure()).contains(extension)
    }
}

fn expect(in_sequence: bool) -> Result<(), Answer<'static>> {
    if in_sequence { Ok(()) } else { Err(Answer::BAD_SEQUENCE) }
}

/// Returns whether the reply to this line may wait for those to the lines behind it (RFC 2920 3.2).
pub(super) fn may_wait(line: &[u8]) -> bool {
    [*b"MAIL", *b"RCPT", *b"RSET", *b"BDAT"].into_iter().any(|verb| is_verb(line, verb))
}

/// Returns whether the line makes sense behind MAIL alone.
pub(super) fn needs_mail(line: &[u8]) -> bool {
    [*b"RCPT", *b"DATA", *b"BDAT"].into_iter().any(|verb| is_verb(line, verb))
}

/// Returns whether the line begins with this verb, whatever follows.
pub(super) fn is_verb(line: &[u8], verb: [u8; 4]) -> bool {
    let word = line.split(|octet| !octet.is_ascii_alphabetic()).next();
    word.is_some_and(|word| word.eq_ignore_ascii_case(&verb))
}

fn refusal(line: &[u8], error: CommandError) -> Answer<'static> {
    match error {
        CommandError::UnknownVerb => Answer::UNRECOGNISED,
        CommandError::Path { .. }
            if line.first().is_some_and(|o| o.eq_ignore_ascii_case(&b'm')) =>
        {
            Answer::BAD_SENDER
        }
        CommandError::Path { .. } => Answer::BAD_RECIPIENT,
        _ => Answer::BAD_ARGUMENT,
    }
}

/// The extension that brought a parameter of MAIL.
fn extension_of_mail(parameter: &Parameter<'_>) -> Option<Extension> {
    const EXTENSIONS: [(&str, Extension); 9] = [
        ("SIZE", Extension::Size),
        ("BODY", Extension::EightBitMime),
        ("SMTPUTF8", Extension::SmtpUtf8),
        ("AUTH", Extension::Auth),
        ("RET", Extension::Dsn),
        ("ENVID", Extension::Dsn),
        ("REQUIRETLS", Extension::RequireTls),
        ("BY", Extension::DeliverBy),
        ("MT-PRIORITY", Extension::MtPriority),
    ];
    extension_of(parameter, &EXTENSIONS)
}

/// The extension that brought a parameter of RCPT.
fn extension_of_rcpt(parameter: &Parameter<'_>) -> Option<Extension> {
    const EXTENSIONS: [(&str, Extension); 3] =
        [("NOTIFY", Extension::Dsn), ("ORCPT", Extension::Dsn), ("RRVS", Extension::Rrvs)];
    extension_of(parameter, &EXTENSIONS)
}

fn extension_of(parameter: &Parameter<'_>, extensions: &[(&str, Extension)]) -> Option<Extension> {
    let found = extensions.iter().find(|(keyword, _)| parameter.is(keyword));
    found.map(|(_, extension)| *extension)
}

/// Returns the place of `part` in `line`, and its length.
pub(super) fn position(line: &[u8], part: &[u8]) -> (usize, usize) {
    if part.is_empty() {
        return (line.len(), 0);
    }
    (part.as_ptr() as usize - line.as_ptr() as usize, part.len())
}

/// Returns the part of a line that may be shown: AUTH up to its mechanism, or to its verb when the mechanism is not
/// offered; nothing of what is no command.
pub(super) fn without_secrets(line: &[u8], is_offered: impl Fn(&str) -> bool) -> &[u8] {
    if Received::parse(line) == Err(CommandError::UnknownVerb) {
        return b"***";
    }
    if !line.get(..4).is_some_and(|verb| verb.eq_ignore_ascii_case(b"AUTH")) {
        return line;
    }
    let mut words = line.split(|&octet| octet == b' ').filter(|word| !word.is_empty()).skip(1);
    let mechanism = words.next().filter(|word| core::str::from_utf8(word).is_ok_and(is_offered));
    let shown = mechanism.map_or(4, |word| position(line, word).0 + word.len());
    &line[..shown]
}
