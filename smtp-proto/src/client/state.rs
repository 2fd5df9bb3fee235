//! Every transition of the session: what a reply, the end of the stream or a failure changes.
//!
//! | awaited  | 2yz                   | 3yz            | 4yz, 5yz                       | 421 |
//! |----------|-----------------------|----------------|--------------------------------|-----|
//! | greeting | 220: EHLO             | error          | QUIT                           | closed |
//! | EHLO     | 250: STARTTLS or ready | error         | HELO, or QUIT, as TLS is wanted | closed |
//! | HELO     | 250: ready            | error          | QUIT                           | closed |
//! | STARTTLS | 220: handshake        | error          | QUIT, or ready                 | closed |
//! | AUTH     | 235: authenticated    | 334: challenge | refused, or the next mechanism | closed |
//! | MAIL     | accepted              | error          | transaction refused            | closed |
//! | RCPT     | accepted              | error          | recipient refused              | closed |
//! | DATA     | error                 | 354: content   | transaction refused            | closed |
//! | chunk    | goes on               | error          | refused early, closed          | closed |
//! | content  | error                 | error          | refused early, closed          | closed |
//! | dot      | delivered             | unknown, error | refused                        | refused, closed |
//! | lone dot | ready                 | error          | ready                          | closed |
//! | XCLIENT  | 220: EHLO             | error          | ready                          | closed |
//! | RSET     | not 220: ready        | error          | closed                         | closed |
//! | others   | ready                 | error          | ready                          | closed |
//! | QUIT     | closed                | closed         | closed                         | closed |

use crate::reply::{Class, Code, ReplyError};

use super::{
    Client, Storage,
    config::{Protocol, TlsPolicy},
    error::{End, PeerError},
    event::{Event, Phase, Told, TransactionEnd},
    queue::Verb,
};

/// Where the session stands as a whole; what is asked within it stands in the queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    /// The driver has to shake hands; the greeting came before or comes after.
    Handshake { greeted: bool },
    /// Greeting, EHLO, HELO, STARTTLS.
    Opening,
    /// Transactions, AUTH, inquiries.
    Ready,
    /// QUIT is said, because the caller wants it or because the opening failed.
    Quitting,
    /// Nothing leaves and nothing is read any more.
    Closed,
}

impl Stage {
    pub(super) const fn opening(tls: TlsPolicy) -> Stage {
        match tls {
            TlsPolicy::Implicit => Stage::Handshake { greeted: false },
            _ => Stage::Opening,
        }
    }
}

impl<B: Storage> Client<B> {
    /// Takes the reply at the front of the receive buffer; says what it means.
    pub(super) fn take_reply(&mut self, length: usize) -> Told {
        self.waits += 1;
        let code = self.inbound.lend(length).code();
        self.hide_secret(code);
        let Some(verb) = self.queue.pop() else {
            return self.on_unsolicited(code);
        };
        self.answering.mail_answered |= verb == Verb::Mail;
        let is_verdict = verb == Verb::Final && self.answering.is_wanted();
        let is_farewell = code == Code::SERVICE_CLOSING || is_late_farewell(verb, code);
        if is_farewell && !is_verdict && verb != Verb::Quit {
            self.close(End::ServiceClosing(verb.phase()));
            return Told::Closing(verb.phase());
        }
        let told = self.on_reply(verb, code);
        self.chunks_if_answered();
        self.end_cancelled();
        told
    }

    fn on_reply(&mut self, verb: Verb, code: Code) -> Told {
        match verb {
            Verb::Greeting => self.on_greeting(code),
            Verb::Ehlo => self.on_ehlo(code),
            Verb::Helo => self.on_helo(code),
            Verb::StartTls => self.on_starttls(code),
            Verb::Auth => self.on_auth(code),
            Verb::Cancel => self.on_cancel(code),
            Verb::Mail => self.on_mail(code),
            Verb::Rcpt => self.on_rcpt(code),
            Verb::Data => self.on_data(code),
            Verb::Chunk => self.on_chunk(code),
            Verb::Content => self.on_content(code),
            Verb::Final => self.on_final(code),
            Verb::Rset => self.on_rset(code),
            Verb::Quit => self.on_quit(),
            Verb::LoneDot => {
                self.reset_needed = code.is_refusal();
                self.on_answer(verb, code)
            }
            Verb::XClient => self.on_xclient(code),
            Verb::Noop | Verb::Vrfy | Verb::Expn | Verb::Help | Verb::XForward => {
                self.on_answer(verb, code)
            }
        }
    }

    /// Only 421 may come unasked (RFC 5321 3.8). Servers that have waited long enough say 451 or 221 in its place
    /// (Exchange); anything else was meant for somebody else.
    fn on_unsolicited(&mut self, code: Code) -> Told {
        let is_farewell = code.class() == Class::Transient || code == Code::CLOSING;
        let phase = self.standing();
        self.close(if is_farewell {
            End::ServiceClosing(phase)
        } else {
            End::Peer(PeerError::Unsolicited)
        });
        Told::Closing(phase)
    }

    // --- opening ---

    fn on_greeting(&mut self, code: Code) -> Told {
        match code {
            Code::SERVICE_READY => self.say_hello(),
            _ if code.is_refusal() => self.stop(End::Refused { phase: Phase::Greeting, code }),
            _ => self.unexpected(Phase::Greeting, code),
        }
        Told::Answer(Phase::Greeting)
    }

    fn on_ehlo(&mut self, code: Code) -> Told {
        match code {
            Code::OK => {
                self.learn();
                self.after_ehlo();
            }
            _ if code.is_refusal() && self.config.protocol == Protocol::Lmtp => {
                self.stop(End::Refused { phase: Phase::Hello, code });
            }
            // After HELO there is no STARTTLS, which a server that cannot answer now may have.
            _ if code.class() == Class::Transient && self.wants_tls() => {
                self.stop(End::Refused { phase: Phase::Hello, code });
            }
            _ if code.is_refusal() && self.must_have_tls() => self.stop(End::TlsUnavailable),
            _ if code.is_refusal() => self.say_helo(),
            _ => self.unexpected(Phase::Hello, code),
        }
        Told::Answer(Phase::Hello)
    }

    fn on_helo(&mut self, code: Code) -> Told {
        match code {
            Code::OK => self.stage = Stage::Ready,
            _ if code.is_refusal() => self.stop(End::Refused { phase: Phase::Hello, code }),
            _ => self.unexpected(Phase::Hello, code),
        }
        Told::Answer(Phase::Hello)
    }

    fn on_starttls(&mut self, code: Code) -> Told {
        match code {
            Code::SERVICE_READY => self.stage = Stage::Handshake { greeted: true },
            _ if code.is_refusal() && self.must_have_tls() => {
                self.stop(End::Refused { phase: Phase::StartTls, code });
            }
            _ if code.is_refusal() => {
                self.starttls_refused = true;
                self.stage = Stage::Ready;
            }
            _ => self.unexpected(Phase::StartTls, code),
        }
        Told::Answer(Phase::StartTls)
    }

    /// The handshake is done; what was learned in the clear is forgotten.
    pub(super) fn after_handshake(&mut self) {
        let greeted = self.stage == Stage::Handshake { greeted: true };
        self.waits += 1;
        self.secure = true;
        self.stage = Stage::Opening;
        self.forget_capabilities();
        if greeted {
            self.say_hello();
            self.release();
        } else {
            self.queue.push_outstanding(Verb::Greeting);
        }
    }

    // --- AUTH ---

    fn on_auth(&mut self, code: Code) -> Told {
        match code.class() {
            // To whom nothing was said, yes says nothing.
            Class::Completion if code == Code::AUTHENTICATED && self.auth.has_spoken() => {
                self.auth.succeeded();
            }
            Class::Intermediate if code == Code::AUTH_CHALLENGE => {
                if !self.auth.challenged(self.config.limits.auth_rounds) {
                    self.close(End::Peer(PeerError::TooManyChallenges));
                }
            }
            Class::Completion | Class::Intermediate => self.unexpected(Phase::Auth, code),
            Class::Transient | Class::Permanent => self.auth.refused(code),
        }
        Told::Answer(Phase::Auth)
    }

    fn on_cancel(&mut self, code: Code) -> Told {
        match code.class() {
            Class::Intermediate => {
                self.close(End::Peer(PeerError::TooManyChallenges));
            }
            Class::Completion => self.unexpected(Phase::Auth, code),
            Class::Transient | Class::Permanent => self.auth.cancelled(),
        }
        Told::Answer(Phase::Auth)
    }

    // --- transaction ---

    fn on_mail(&mut self, code: Code) -> Told {
        let transaction = self.answering.current();
        match code.class() {
            // 220 is a second greeting: the replies are no longer those of the commands.
            _ if code == Code::SERVICE_READY => self.unexpected(Phase::Mail, code),
            Class::Completion => self.answering.mail_accepted = true,
            Class::Intermediate => self.unexpected(Phase::Mail, code),
            Class::Transient | Class::Permanent => {
                self.answering.mail_refused = true;
                self.cancel_envelope();
                self.check_nothing_in_flight(Phase::Mail, code);
            }
        }
        Told::Mail(transaction)
    }

    fn on_rcpt(&mut self, code: Code) -> Told {
        let transaction = self.answering.current();
        let accepted = code.is_completion() && code != Code::SERVICE_READY;
        let index = self.answering.next_recipient(accepted);
        if accepted {
            self.accepted.set(index);
        } else if !code.is_refusal() {
            self.unexpected(Phase::Rcpt, code);
        } else {
            if self.is_for_nobody() {
                self.cancel_envelope();
            }
            self.check_nothing_in_flight(Phase::Rcpt, code);
        }
        Told::Recipient(transaction, index)
    }

    fn on_data(&mut self, code: Code) -> Told {
        let transaction = self.answering.current();
        match code {
            Code::START_CONTENT if self.answering.is_wanted() => self.start_content(),
            Code::START_CONTENT if self.answering.mail_refused || self.is_lmtp() => {
                self.close(End::Peer(PeerError::GoAheadAfterRefusal));
            }
            Code::START_CONTENT => {
                self.send_lone_dot();
                self.answering.end(TransactionEnd::Refused);
            }
            _ if code.is_refusal() => {
                self.sending = super::Sending::Idle;
                self.reset_needed = self.answering.mail_accepted;
                self.answering.end(TransactionEnd::Refused);
            }
            _ => self.unexpected(Phase::Data, code),
        }
        Told::Data(transaction, Phase::Data)
    }

    /// A chunk that is not the last. One that is refused leaves nobody knows what behind
    /// (RFC 3030 2), unless the server had refused the envelope before.
    fn on_chunk(&mut self, code: Code) -> Told {
        let transaction = self.answering.current();
        if code.is_refusal() && self.answering.is_wanted() {
            return self.on_content(code);
        }
        if code.class() == Class::Intermediate {
            self.unexpected(Phase::Content, code);
        }
        Told::Data(transaction, Phase::Content)
    }

    /// A reply while content is on its way: only a refusal makes sense, and what follows of the
    /// content would be taken for commands.
    fn on_content(&mut self, code: Code) -> Told {
        let transaction = self.answering.current();
        if code.is_refusal() {
            let wanted = self.answering.is_wanted();
            self.answering.end(if wanted {
                TransactionEnd::Answered
            } else {
                TransactionEnd::Refused
            });
            self.close(End::ContentRefused(code));
        } else {
            self.unexpected(Phase::Content, code);
        }
        Told::Final(transaction, None, Phase::Content)
    }

    fn on_final(&mut self, code: Code) -> Told {
        let transaction = self.answering.current();
        self.reset_needed |= code.is_refusal();
        if !self.answering.is_wanted() {
            // A last chunk that was in flight behind a refused envelope.
            self.reset_needed = true;
            self.answering.end(TransactionEnd::Refused);
            if code.class() == Class::Intermediate {
                self.unexpected(Phase::Final, code);
            }
            return Told::Data(transaction, Phase::Final);
        }
        let recipient = if self.is_lmtp() { self.accepted.take_first() } else { None };
        if recipient.is_some() && !self.accepted.is_empty() {
            self.queue.push_front(Verb::Final);
        } else {
            self.answering.end(TransactionEnd::Answered);
        }
        if code.class() == Class::Intermediate {
            self.answering.end(TransactionEnd::Unknown);
            self.unexpected(Phase::Final, code);
        } else if code == Code::SERVICE_CLOSING {
            self.close(End::ServiceClosing(Phase::Final));
        } else if refuses_command(code) && self.expects_unread_chunks() {
            self.close(End::RefusedInFlight { phase: Phase::Final, code });
        }
        Told::Final(transaction, recipient, Phase::Final)
    }

    fn is_lmtp(&self) -> bool {
        self.config.protocol == Protocol::Lmtp
    }

    /// Ends a transaction that was cancelled, once all that had left is answered.
    pub(super) fn end_cancelled(&mut self) {
        if self.sending.is_cancelled() && self.queue.is_empty() {
            self.sending = super::Sending::Idle;
            self.reset_needed = self.answering.mail_accepted;
            self.answering.end(TransactionEnd::Refused);
        }
    }

    // --- others ---

    fn on_rset(&mut self, code: Code) -> Told {
        if code.is_refusal() {
            self.close(End::Refused { phase: Phase::Rset, code });
        } else if !code.is_completion() || code == Code::SERVICE_READY {
            // 220 is a second greeting: the replies are no longer those of the commands.
            self.unexpected(Phase::Rset, code);
        }
        self.reset_needed = false;
        Told::Answer(Phase::Rset)
    }

    fn on_answer(&mut self, verb: Verb, code: Code) -> Told {
        if code.class() == Class::Intermediate {
            self.unexpected(verb.phase(), code);
        }
        Told::Answer(verb.phase())
    }

    /// Greeted anew, as somebody else.
    fn on_xclient(&mut self, code: Code) -> Told {
        match code {
            Code::SERVICE_READY => {
                self.auth = super::Auth::default();
                self.forget_capabilities();
                self.say_hello();
            }
            _ if code.is_refusal() => self.stage = Stage::Ready,
            _ => self.unexpected(Phase::XClient, code),
        }
        Told::Answer(Phase::XClient)
    }

    fn on_quit(&mut self) -> Told {
        self.close(End::Quit);
        Told::Answer(Phase::Quit)
    }

    // --- ends ---

    /// The session cannot be opened, and a client with manners says QUIT then.
    pub(super) fn stop(&mut self, end: End) {
        self.end.get_or_insert(end);
        self.say_quit();
    }

    /// A command was issued that takes the session there, unless issuing it has shown that all is over.
    pub(super) fn enter(&mut self, stage: Stage) {
        if self.stage != Stage::Closed {
            self.stage = stage;
        }
    }

    /// The session is over; the first cause stays.
    pub(super) fn close(&mut self, end: End) -> End {
        self.stage = Stage::Closed;
        self.sending = super::Sending::Idle;
        self.end_secrecy();
        self.outbox.truncate(0);
        *self.end.get_or_insert(end)
    }

    fn unexpected(&mut self, phase: Phase, code: Code) {
        self.close(End::Peer(PeerError::UnexpectedCode { phase, code }));
    }

    pub(super) fn fail_malformed(&mut self, error: ReplyError) {
        let phase = self.phase();
        if phase == Phase::Quit {
            self.close(End::Quit);
        } else if phase == Phase::Idle {
            self.close(End::Peer(PeerError::Unsolicited));
        } else {
            self.close(End::Peer(PeerError::Malformed { phase, error }));
        }
    }

    /// The stream has ended.
    pub(super) fn lose(&mut self) {
        let end = match self.standing() {
            Phase::Quit => End::Quit,
            phase => End::Lost(phase),
        };
        self.close(end);
    }

    /// The end of a transaction that has to be told next.
    pub(super) fn next_ended(&mut self) -> Option<Event<'static>> {
        if let (Stage::Closed, Some(end), true) =
            (self.stage, self.end, self.answering.has_open_transactions())
        {
            let handed_over = self.queue.drop_transaction(self.answering.is_answered());
            self.answering.end_with_session(end, handed_over);
        }
        let (transaction, end) = self.answering.take_ended()?;
        self.accepted.clear();
        Some(Event::Ended { transaction, end })
    }
}

/// Returns whether a 221 is the farewell of an idle server (in place of 421) that crossed with the command.
const fn is_late_farewell(verb: Verb, code: Code) -> bool {
    matches!(verb, Verb::Mail | Verb::Rcpt) && code.value() == Code::CLOSING.value()
}

/// Refusals of a command rather than of the message: a server that answers a chunk like this may not have read it.
const fn refuses_command(code: Code) -> bool {
    matches!(code.value(), 500..=504)
}
