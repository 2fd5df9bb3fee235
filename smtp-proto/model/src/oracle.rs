//! What the wire alone tells: which reply answers what, and what follows from it. It never asks the client, only
//! compares.

use std::collections::VecDeque;

use smtp_proto::client::{
    Authentication, End, Fate, PeerError, Phase, TlsPolicy, Transaction, TransactionEnd,
};
use smtp_test_support::oracle::{Ending, Truth};

use crate::{asked::Asked, broken::Broken, record::Record, symbol::Symbol, wire::Mode};

/// What the client says of a reply.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs, reason = "as the client's events")]
pub enum Told {
    Answer(Phase),
    Mail(u32),
    Recipient(u32, u32),
    Data(u32),
    Final(u32, Option<u32>, Phase),
    Closing(Phase),
}

impl Told {
    /// Nothing was asked, and what had begun was to go on: a command had not left.
    const fn is_midway(self) -> bool {
        use Phase::{Auth, Content, Data, Final, Hello, Rcpt, StartTls};
        matches!(self, Told::Closing(Auth | Content | Data | Final | Hello | Rcpt | StartTls))
    }
}

/// The observer on the wire.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Oracle {
    /// The first property that did not hold.
    pub broken: Option<Broken>,
    /// What the session has to have ended for, by the next time that no event waits.
    pub must_end: Option<Broken>,
    /// TLS is on.
    pub secure: bool,
    /// The handshake is next: nothing may leave, nothing may come.
    pub in_handshake: bool,
    /// STARTTLS was refused.
    pub starttls_refused: bool,
    /// What the last EHLO reply was, since TLS is on if it is.
    pub offers: Option<Symbol>,
    /// What was asked and is not answered.
    pub expected: VecDeque<Asked>,
    /// What came and was not taken.
    pub arrived: VecDeque<Symbol>,
    /// Octets of the line, or content, that leaves now.
    pub line: Vec<u8>,
    /// What leaves now.
    pub mode: Mode,
    /// Recipients that have left of the transaction that left last.
    pub recipients_left: u8,
    /// Octets of its content that have left in whole chunks.
    pub chunked: usize,
    /// The envelope was refused, and chunks that begin in so many octets could not be taken back.
    pub forfeit: Option<usize>,
    /// The last reply that ended an AUTH dialogue, or refused one mechanism of it.
    pub auth_verdict: Option<u16>,
    /// Transactions begun and not ended.
    pub open: VecDeque<Record>,
    /// How many ended.
    pub ended: u32,
    /// Challenges in a row.
    pub rounds: u8,
    /// LMTP is spoken.
    pub lmtp: bool,
    /// EHLO has to end in TLS.
    pub tls_required: bool,
    /// STARTTLS is said where it is offered.
    pub tls_wanted: bool,
    /// Envelopes may run ahead.
    pub run_ahead: bool,
    /// PIPELINING is among what [`Symbol::Offers`] offers.
    pub pipelining: bool,
    /// The client may use BDAT, and CHUNKING is among what [`Symbol::Offers`] offers.
    pub chunks: bool,
    /// Chunks may leave with the envelope.
    pub in_flight: bool,
    /// The server swallows chunks that it has no use for.
    pub swallows: bool,
}

/// As the model's clients are configured.
pub const ROUNDS: u8 = 2;

impl Oracle {
    /// Remembers the first property that does not hold.
    pub fn hold(&mut self, property: Broken, holds: bool) {
        if !holds {
            self.broken.get_or_insert(property);
        }
    }

    /// Whether the server takes groups of commands.
    pub fn pipelining_offered(&self) -> bool {
        self.pipelining && self.offers == Some(Symbol::Offers)
    }

    /// Whether somebody is to get the content of the transaction whose replies come now.
    pub fn current_is_wanted(&self) -> bool {
        self.open.front().is_some_and(Record::is_wanted)
    }

    /// Whether a whole reply waits to be taken.
    pub fn has_whole(&self) -> bool {
        self.arrived.iter().any(|symbol| *symbol != Symbol::Start)
    }

    /// The code of the reply at the front: that of its last line, where the lines before it agree.
    fn take(&mut self) -> Option<(Symbol, u16)> {
        let mut continued = false;
        loop {
            match self.arrived.pop_front()? {
                Symbol::Start => continued = true,
                symbol => {
                    let code = symbol.code().filter(|code| !continued || *code == 250)?;
                    return Some((symbol, code));
                }
            }
        }
    }

    /// The client tells of a reply: it has to be the first that came, and what it answers the first that was asked.
    pub fn told(&mut self, told: Told, code: u16) {
        let Some((symbol, _)) = self.take().filter(|(_, came)| *came == code) else {
            return self.hold(Broken::D23, false);
        };
        let asked = self.expected.pop_front();
        let predicted = self.predicted(asked, code);
        self.hold(Broken::D23, predicted == Some(told) || asked.is_none() && told.is_midway());
        match asked {
            Some(asked) if !self.closes(asked, code) => {
                if !asked.takes(code) {
                    self.must_end = Some(Broken::D24);
                    if let (true, Some(record)) = (asked.is_of_transaction(), self.open.front_mut())
                    {
                        record.shifted = true;
                    }
                }
                self.answered(asked, symbol, code);
            }
            Some(_) => self.must_end = Some(Broken::D23),
            None => {
                self.must_end = Some(Broken::D23);
                if let Some(record) = self.open.front_mut() {
                    record.shifted = !is_farewell(code);
                }
            }
        }
    }

    /// Whether the server says goodbye in place of an answer.
    fn closes(&self, asked: Asked, code: u16) -> bool {
        let may_be_late = matches!(asked, Asked::Mail | Asked::Rcpt);
        code == 421 && !self.is_answered_by_closing(asked) || code == 221 && may_be_late
    }

    /// Whether 421 is an answer like others.
    fn is_answered_by_closing(&self, asked: Asked) -> bool {
        asked == Asked::Quit || (asked == Asked::Final && self.current_is_wanted())
    }

    fn predicted(&self, asked: Option<Asked>, code: u16) -> Option<Told> {
        let record = self.open.front();
        let index = || u32::try_from(record?.rcpt.len()).ok();
        Some(match asked {
            None => Told::Closing(Phase::Idle),
            Some(asked) if self.closes(asked, code) => Told::Closing(asked.phase()),
            Some(asked) if self.decides(asked, code) => {
                let named = self.lmtp && asked == Asked::Final;
                let recipient = record.and_then(Record::next_of_lmtp).filter(|_| named);
                Told::Final(self.ended, recipient, asked.phase())
            }
            Some(Asked::Mail) => Told::Mail(self.ended),
            Some(Asked::Rcpt) => Told::Recipient(self.ended, index()?),
            Some(Asked::Data | Asked::Chunk | Asked::Final) => Told::Data(self.ended),
            Some(asked) => Told::Answer(asked.phase()),
        })
    }

    /// Whether that is a verdict on the content.
    fn decides(&self, asked: Asked, code: u16) -> bool {
        match asked {
            Asked::Content => true,
            Asked::Chunk => self.current_is_wanted() && code >= 400,
            _ => asked == Asked::Final && self.current_is_wanted(),
        }
    }

    fn answered(&mut self, asked: Asked, symbol: Symbol, code: u16) {
        let refused = code >= 400;
        match asked {
            Asked::Greeting | Asked::Helo | Asked::Rset if refused => {
                self.must_end = Some(Broken::D24);
            }
            Asked::Ehlo
                if refused
                    && (self.lmtp
                        || !self.secure
                            && (self.tls_required || self.tls_wanted && code < 500)) =>
            {
                self.must_end = Some(Broken::D13);
            }
            Asked::Ehlo => self.offers = (code == 250).then_some(symbol),
            Asked::StartTls => self.starttls_answered(code),
            Asked::BareAuth | Asked::Auth => self.auth_answered(asked, code),
            Asked::Cancel => self.rounds = 0,
            Asked::Quit => self.must_end = Some(Broken::D23),
            _ => self.transaction_answered(asked, code),
        }
    }

    /// The handshake is done.
    pub fn shaken(&mut self, tls: TlsPolicy) {
        self.in_handshake = false;
        self.secure = true;
        self.offers = None;
        if tls == TlsPolicy::Implicit {
            self.expected.push_back(Asked::Greeting);
        }
    }

    fn starttls_answered(&mut self, code: u16) {
        self.in_handshake = code == 220;
        self.starttls_refused = code >= 400;
        if code >= 400 && self.tls_required {
            self.must_end = Some(Broken::D13);
        }
    }

    fn auth_answered(&mut self, asked: Asked, code: u16) {
        self.mode = Mode::Commands;
        self.rounds = if code == 334 { self.rounds + 1 } else { 0 };
        self.auth_verdict = (code != 334 && asked.takes(code)).then_some(code);
        if code == 334 {
            self.mode = Mode::Response;
        }
        if self.rounds > ROUNDS {
            self.must_end = Some(Broken::D24);
        }
    }

    fn transaction_answered(&mut self, asked: Asked, code: u16) {
        let class = u8::try_from(code / 100).unwrap_or(0);
        let lmtp = self.lmtp;
        let Some(record) = self.open.front_mut() else { return };
        match asked {
            Asked::Mail | Asked::Rcpt => {
                if asked == Asked::Mail {
                    record.mail = Some(class);
                } else {
                    record.rcpt.push(class);
                }
                let is_for_nobody = class >= 4 && record.is_for_nobody();
                if is_for_nobody && !self.swallows && self.has_chunk_in_flight() {
                    self.must_end = Some(Broken::D25);
                }
            }
            Asked::Data => {
                record.data = Some(class);
                if code == 354 {
                    self.go_ahead();
                }
            }
            Asked::Chunk => self.chunk_answered(class),
            // Of chunks behind an envelope that was refused.
            Asked::Final if !record.is_wanted() => record.data = Some(class),
            Asked::Content => {
                record.last.push(class);
                record.early = true;
                self.must_end = Some(Broken::D24);
            }
            Asked::Final => {
                record.last.push(class);
                if code == 421 {
                    self.must_end = Some(Broken::D23);
                } else if lmtp && record.last.len() < record.accepted().count() {
                    self.expected.push_front(Asked::Final);
                }
            }
            _ => {}
        }
    }

    /// Whether a chunk of the transaction at the front has left and is not answered.
    fn has_chunk_in_flight(&self) -> bool {
        let mut of_it =
            self.expected.iter().take_while(|asked| !matches!(asked, Asked::Mail | Asked::Rset));
        of_it.any(|asked| matches!(asked, Asked::Chunk | Asked::Final))
    }

    fn go_ahead(&mut self) {
        let record = self.open.front();
        let refused = record.is_some_and(|record| record.mail.is_some_and(|class| class >= 4));
        if self.current_is_wanted() {
            self.mode = Mode::Content;
            self.expected.push_front(Asked::Content);
        } else if refused || self.lmtp {
            self.must_end = Some(Broken::D25);
        } else {
            self.mode = Mode::LoneDot;
        }
    }

    /// Whether the client says of its AUTH dialogue what the wire does.
    pub fn is_told(&self, told: Authentication) -> bool {
        match (self.auth_verdict, told) {
            (Some(code @ 400..), Authentication::Refused(found)) => found.value() == code,
            (Some(_), found) => matches!(found, Authentication::Done(_)),
            // A reply that answers nothing of AUTH is neither a yes nor a no.
            (None, found) => !matches!(found, Authentication::Done(_)),
        }
    }

    /// The client tells the end of a transaction, while the session stands so.
    pub fn ended(&mut self, transaction: Transaction, end: TransactionEnd, session: Option<End>) {
        self.hold(Broken::D28, transaction.index() == self.ended);
        let Some(mut record) = self.open.pop_front() else {
            return self.hold(Broken::D28, false);
        };
        // Garbage that nobody asked for.
        record.shifted |=
            session == Some(End::Peer(PeerError::Unsolicited)) && record.mail.is_some();
        self.forfeit = None;
        self.ended += 1;
        let property = if self.lmtp { Broken::D27 } else { Broken::D26 };
        let found = record.gathered(transaction, end, session, self.lmtp);
        let evidence = record.evidence(self.lmtp);
        let truths = evidence.truths(record.recipients);
        let statuses = found.iter().map(|fate| fate.status());
        self.hold(property, statuses.eq(truths.iter().map(|truth| truth.status())));
        let ending = Ending::reported(session);
        let mut advised = found.iter().zip(&truths);
        let allowed =
            |(fate, truth): (&Fate, &Truth)| evidence.allows(*truth, fate.retry(), ending);
        self.hold(Broken::D33, advised.all(allowed));
    }
}

/// 421, and what idle servers say in its place.
const fn is_farewell(code: u16) -> bool {
    code / 100 == 4 || code == 221
}
