//! One step at a time: the next line or piece of content, and what it means.

use crate::{command::Received, reply::Code};

use super::{
    Server, Storage,
    answer::Answer,
    config::Protocol,
    error::End,
    event::{ContentFault, Event},
    line::Found,
    reply,
    sequence::{Action, is_verb, may_wait, needs_mail},
    state::{Question, Stage},
};

/// An event without what it borrows.
#[derive(Clone, Copy, Debug)]
pub(super) enum Told {
    Asked(Question),
    /// Content, from this octet of what is lent to its end.
    Content(usize),
    ContentRefused(ContentFault),
    Reset,
    Quit,
}

impl<B: Storage> Server<B> {
    /// Whether [`poll_event`](Self::poll_event) would do or say something.
    pub(super) fn has_event(&self) -> bool {
        (self.lent > 0 && self.asked.is_none()) || self.has_step()
    }

    pub(super) fn has_step(&self) -> bool {
        if self.asked.is_some() || self.is_congested() {
            return false;
        }
        match self.stage {
            Stage::Connecting | Stage::Verdicts(_) => true,
            Stage::Chunk(chunk) if chunk.is_whole() => true,
            Stage::Commands | Stage::Dialogue(_) => self.has_line() || self.end_of_stream,
            Stage::Content | Stage::Chunk(_) => !self.receive.is_empty() || self.end_of_stream,
            Stage::Handshake { .. } => self.end_of_stream,
            Stage::Closing | Stage::Closed => false,
        }
    }

    pub(super) const fn has_line(&self) -> bool {
        matches!(self.found, Found::Line(_) | Found::EndOfExcess(_))
    }

    /// Whether replies have to leave before anything else happens.
    fn is_congested(&self) -> bool {
        let longest = reply::LONGEST.min(self.transmit.capacity());
        self.urgent || self.transmit.room() < longest
    }

    pub(super) fn step(&mut self) -> Option<Told> {
        match self.stage {
            Stage::Connecting => return Some(self.ask(Question::Connection)),
            Stage::Content if !self.receive.is_empty() => return self.take_content(),
            Stage::Chunk(chunk) if chunk.is_whole() || !self.receive.is_empty() => {
                return self.take_chunk(chunk);
            }
            Stage::Verdicts(verdicts) => return self.next_verdict(verdicts),
            _ => {}
        }
        match self.found {
            Found::Line(length) => self.take_line(length),
            Found::EndOfExcess(length) => self.take_excess(length),
            Found::Incomplete | Found::Excess(_) => {
                self.lose();
                None
            }
        }
    }

    fn take_line(&mut self, length: usize) -> Option<Told> {
        self.found = Found::Incomplete;
        self.lent = length;
        if let Stage::Dialogue(step) = self.stage {
            self.urgent = true;
            return self.continue_dialogue(step);
        }
        let line = self.receive.filled().get(..length).unwrap_or_default();
        let (waits, is_chunk) = (may_wait(line), is_verb(line, *b"BDAT"));
        let is_mail = is_verb(line, *b"MAIL");
        self.session.mail_refused &= needs_mail(line);
        self.session.mails = self.session.mails.saturating_add(is_mail.into());
        let judgement = self.line().ok_or(Answer::BAD_LINE).and_then(|line| self.judge(line));
        let told = match judgement {
            Ok(action) => self.perform(action),
            Err(_) if is_chunk => {
                self.lose_framing();
                None
            }
            Err(answer) => {
                self.refuse(answer);
                None
            }
        };
        self.session.mail_refused |= is_mail && self.session.transaction.is_none();
        self.urgent |= !waits && !self.transmit.is_empty();
        told
    }

    /// Answers the line at the front unseen, where it is a command and that is safe.
    pub(super) fn decline_line(&mut self, answer: Answer<'_>) -> bool {
        let Found::Line(length) = self.found else { return false };
        let is_chunk = is_verb(self.receive.filled(), *b"BDAT");
        if self.stage != Stage::Commands || is_chunk || !self.has_step() {
            return false;
        }
        self.found = Found::Incomplete;
        self.lent = length;
        self.drop_lent();
        self.urgent = true;
        self.say(answer);
        if answer.code() == Code::SERVICE_CLOSING {
            self.finish(End::ServiceClosing);
        }
        true
    }

    fn perform(&mut self, action: Action) -> Option<Told> {
        match action {
            Action::Ask(question) => return Some(self.ask(question)),
            Action::Authenticate(method, response) => {
                return self.begin_dialogue(method, response);
            }
            Action::Say(answer) => self.say(answer),
            Action::StartTls => self.start_tls(),
            Action::Chunk(chunk) => self.begin_chunk(chunk),
            Action::Close(answer, end) => {
                self.say(answer);
                self.finish(end);
            }
            Action::Reset => {
                self.reset();
                return Some(Told::Reset);
            }
            Action::Quit => {
                self.quit();
                return Some(Told::Quit);
            }
        }
        None
    }

    fn take_excess(&mut self, length: usize) -> Option<Told> {
        self.found = Found::Incomplete;
        self.lent = length;
        self.urgent = true;
        if matches!(self.stage, Stage::Dialogue(_)) {
            self.stage = Stage::Commands;
            self.forget_credentials();
            self.refuse(Answer::RESPONSE_TOO_LONG);
        } else {
            self.refuse(Answer::LINE_TOO_LONG);
        }
        None
    }

    pub(super) fn ask(&mut self, question: Question) -> Told {
        self.asked = Some(question);
        Told::Asked(question)
    }

    pub(super) fn tell(&self, told: Told) -> Option<Event<'_>> {
        Some(match told {
            Told::Asked(question) => return self.tell_question(question),
            Told::Content(start) => Event::Content(&self.receive.filled()[start..self.lent]),
            Told::ContentRefused(fault) => Event::ContentRefused(fault),
            Told::Reset => Event::Reset,
            Told::Quit => Event::Quit,
        })
    }

    /// Lends a question; its line is read again rather than kept in parts.
    fn tell_question(&self, question: Question) -> Option<Event<'_>> {
        Some(match question {
            Question::Connection => Event::Connected,
            Question::Hello { extended } => {
                let name = self.line()?.get(4..)?.trim_ascii();
                Event::Hello { name: core::str::from_utf8(name).ok()?, extended }
            }
            Question::Credentials => Event::Authenticate(self.credentials()?),
            Question::Exchange(turn) => self.tell_exchange(turn)?,
            Question::Data => Event::Data,
            Question::ContentEnd { recipient } => Event::ContentEnd {
                octets: self.content.octets(),
                recipient: (self.config.protocol == Protocol::Lmtp).then_some(recipient),
            },
            Question::Mail { .. } | Question::Recipient | Question::Verify | Question::Expand => {
                match Received::parse(self.line()?) {
                    Ok(Received::Mail(mail)) => Event::Mail(mail),
                    Ok(Received::Rcpt(recipient)) => Event::Recipient(recipient),
                    Ok(Received::Vrfy(text)) => Event::Verify(text),
                    Ok(Received::Expn(text)) => Event::Expand(text),
                    _ => return None,
                }
            }
        })
    }

    /// The line that is lent, without its CRLF; `None` when it has only LF.
    pub(super) fn line(&self) -> Option<&[u8]> {
        self.receive.filled().get(..self.lent)?.strip_suffix(b"\r\n")
    }

    /// Forgets what the last event borrowed.
    pub(super) fn drop_lent(&mut self) {
        self.receive.consume(self.lent);
        self.lent = 0;
        self.look();
    }

    /// Looks for the end of the next line.
    pub(super) fn look(&mut self) {
        if self.has_line() || self.lent > 0 || !self.stage.reads_lines() {
            return;
        }
        let limits = self.config.limits;
        let limit = if self.stage == Stage::Commands { limits.line } else { limits.auth_line };
        let limit = limit.min(self.receive.capacity());
        self.found = self.framer.frame(self.receive.filled(), limit);
        if let Found::Excess(length) = self.found {
            self.receive.consume(length);
        }
    }
}
