//! A state: the real client, its driver and caller, and the observer on the wire.

use std::{
    fmt,
    hash::{Hash, Hasher},
};

use smtp_proto::{
    client::{Chunking, Client, End, Event, Inquiry, PeerError, Wants},
    hello::{Extension, Extensions},
    sasl::{CannotAnswer, Challenge, Mechanism, Response},
};

use crate::{
    asked::Asked,
    broken::Broken,
    oracle::{Oracle, Told},
    scenario::{Action, CONTENT, Scenario},
    symbol::Symbol,
};

/// A client that can be copied and compared.
pub struct Machine(pub Client<Box<[u8]>>);

impl Machine {
    fn facts(&self) -> String {
        let mut facts = String::with_capacity(512);
        let _ = self.0.facts(&mut facts);
        facts
    }
}

impl Clone for Machine {
    fn clone(&self) -> Self {
        Self(self.0.fork())
    }
}

impl PartialEq for Machine {
    fn eq(&self, other: &Self) -> bool {
        self.facts() == other.facts()
    }
}

impl Hash for Machine {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.facts().hash(state);
    }
}

impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.facts())
    }
}

/// All that decides what can happen from here on.
#[derive(Clone, PartialEq, Hash, Debug)]
pub struct Session {
    /// The real one.
    pub client: Machine,
    /// What the wire tells.
    pub oracle: Oracle,
    /// Messages begun.
    pub begun: usize,
    /// Octets of the content handed over.
    pub content: usize,
    /// AUTH was tried.
    pub auth_tried: bool,
    /// NOOPs said.
    pub noops: u8,
    /// The stream has ended.
    pub stream_ended: bool,
    /// The transport takes no more.
    pub deaf: bool,
    /// What was just reached, to see that the properties do not hold for want of anything to hold of.
    pub reached: Option<Reached>,
}

/// Where a search has to come.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Reached {
    Delivered,
    DeliveredInChunks,
    ChunkTaken,
    ChunkRefused,
    ChunkForNobody,
    Unknown,
    LoneDot,
    Authenticated,
    Injected,
    RanAhead,
}

/// Says that another mechanism may do, for the `*`.
struct Mute;

impl Mechanism for Mute {
    fn name(&self) -> &'static str {
        "LOGIN"
    }
    fn initial_response(&self) -> smtp_proto::sasl::InitialResponse {
        smtp_proto::sasl::InitialResponse::Never
    }
    fn respond(&mut self, _: Challenge<'_>, _: &mut Response<'_>) -> Result<(), CannotAnswer> {
        Err(CannotAnswer::TryNext)
    }
}

/// Answers everything.
struct Answering;

impl Mechanism for Answering {
    fn name(&self) -> &'static str {
        "PLAIN"
    }
    fn respond(
        &mut self,
        _: Challenge<'_>,
        response: &mut Response<'_>,
    ) -> Result<(), CannotAnswer> {
        response.push(b"pw");
        Ok(())
    }
}

impl Session {
    /// What becomes of it.
    pub fn after(&self, scenario: &Scenario, action: Action) -> Option<Self> {
        let mut next = self.clone();
        next.reached = None;
        next.act(scenario, action)?;
        next.settle();
        Some(next)
    }

    fn act(&mut self, scenario: &Scenario, action: Action) -> Option<()> {
        match action {
            Action::Reply(symbol) => self.hear(scenario, symbol)?,
            Action::Poll => self.poll(),
            Action::Write => self.write(scenario, self.client.0.transmit().len()),
            Action::WriteAllButOne => self.write(scenario, self.client.0.transmit().len() - 1),
            Action::Deaf => {
                self.deaf = true;
                self.client.0.transmit_failed();
            }
            Action::Abort => {
                self.client.0.abort();
            }
            Action::Shake => self.shake(scenario),
            Action::Authenticate => {
                self.auth_tried = true;
                let mut mechanisms: [&mut dyn Mechanism; 2] = [&mut Mute, &mut Answering];
                self.client.0.authenticate(&mut mechanisms[..]).ok()?;
            }
            Action::Begin => self.begin(scenario)?,
            Action::Envelope => {
                let envelope = scenario.envelope(self.begun - 1);
                self.client.0.continue_envelope(&envelope).ok()?;
            }
            Action::Content => self.hand_over(),
            Action::Noop => {
                self.noops += 1;
                self.client.0.inquire(Inquiry::Noop).ok()?;
            }
            Action::Quit => self.client.0.quit().ok()?,
        }
        Some(())
    }

    fn hear(&mut self, scenario: &Scenario, symbol: Symbol) -> Option<()> {
        let chunking = scenario.chunking != Chunking::Off;
        let octets = symbol.octets(scenario.pipelining, chunking);
        let room = self.client.0.read_buf();
        room.get_mut(..octets.len())?.copy_from_slice(octets);
        self.client.0.received(octets.len()).ok()?;
        if symbol == Symbol::End {
            self.stream_ended = true;
        } else {
            self.oracle.arrived.push_back(symbol);
        }
        Some(())
    }

    fn poll(&mut self) {
        loop {
            let released = self.client.0.transmit().len();
            let Ok(Some(event)) = self.client.0.poll_event() else { break };
            let code = event.reply().map_or(0, |reply| reply.code().value());
            let told = match event {
                Event::Answer { phase, .. } => Told::Answer(phase),
                Event::Mail { transaction, .. } => Told::Mail(transaction.index()),
                Event::Recipient { transaction, index, .. } => {
                    Told::Recipient(transaction.index(), index)
                }
                Event::Data { transaction, .. } => Told::Data(transaction.index()),
                Event::Final { transaction, recipient, phase, .. } => {
                    Told::Final(transaction.index(), recipient, phase)
                }
                Event::Closing { phase, .. } => Told::Closing(phase),
                Event::Ended { transaction, end } => {
                    let session = self.client.0.end();
                    self.note_end();
                    self.oracle.ended(transaction, end, session);
                    continue;
                }
                _ => return self.oracle.hold(Broken::D23, false),
            };
            self.note_chunk(told);
            self.oracle.told(told, code);
            self.oracle.note_forfeit(released);
        }
        self.note_answers();
    }

    fn note_chunk(&mut self, told: Told) {
        self.reached = match (self.oracle.expected.front(), told) {
            (Some(Asked::Chunk), Told::Data(_)) => Some(Reached::ChunkTaken),
            (Some(Asked::Chunk), Told::Final(..)) => Some(Reached::ChunkRefused),
            (Some(Asked::Final), Told::Data(_)) => Some(Reached::ChunkForNobody),
            _ => self.reached,
        };
    }

    fn note_end(&mut self) {
        let Some(record) = self.oracle.open.front() else { return };
        let chunks = self.oracle.chunking() != Chunking::Off;
        match record.last.last() {
            Some(2) if chunks => self.reached = Some(Reached::DeliveredInChunks),
            Some(2) => self.reached = Some(Reached::Delivered),
            None if record.handed_over && record.is_wanted() => {
                self.reached = Some(Reached::Unknown);
            }
            _ => {}
        }
    }

    fn note_answers(&mut self) {
        use smtp_proto::client::Authentication::Done;
        if self.oracle.mode == crate::wire::Mode::LoneDot {
            self.reached = Some(Reached::LoneDot);
        } else if matches!(self.client.0.authentication(), Done(_)) {
            self.reached = Some(Reached::Authenticated);
        }
    }

    fn write(&mut self, scenario: &Scenario, n: usize) {
        let octets = self.client.0.transmit()[..n].to_vec();
        self.oracle.left(scenario, &octets);
        let mut asked = self.oracle.expected.iter();
        if asked.any(|asked| *asked == Asked::Final) && asked.any(|asked| *asked == Asked::Mail) {
            self.reached = Some(Reached::RanAhead);
        }
        if self.client.0.transmitted(n).is_err() {
            self.oracle.hold(Broken::Stuck, false);
        }
    }

    fn shake(&mut self, scenario: &Scenario) {
        self.oracle.hold(Broken::D12, self.oracle.arrived.is_empty());
        if self.client.0.tls_established().is_err() {
            self.oracle.hold(Broken::Stuck, false);
        }
        self.oracle.shaken(scenario.tls);
    }

    fn begin(&mut self, scenario: &Scenario) -> Option<()> {
        let envelope = scenario.envelope(self.begun);
        self.client.0.begin(&envelope).ok()?;
        self.oracle.open.push_back(crate::record::Record::new(envelope.len()));
        self.begun += 1;
        self.content = 0;
        Some(())
    }

    fn hand_over(&mut self) {
        let rest = &CONTENT[self.content..];
        let done = if rest.is_empty() {
            self.client.0.finish().map(|()| 0)
        } else {
            self.client.0.content(rest)
        };
        match done {
            Ok(taken) => self.content += taken,
            Err(_) => self.oracle.hold(Broken::Stuck, false),
        }
    }

    /// A flush changes nothing that anybody sees; then what holds whenever no event waits is looked at.
    fn settle(&mut self) {
        if self.client.0.wants() == Wants::Flush {
            self.client.0.flushed();
        }
        let wants = self.client.0.wants();
        if wants != Wants::Event {
            self.check(wants);
        }
        if wants == Wants::Nothing {
            self.forget();
        }
    }

    fn check(&mut self, wants: Wants) {
        let client = &self.client.0;
        let end = client.end();
        let oracle = &mut self.oracle;
        if let Some(property) = oracle.must_end.take() {
            oracle.hold(property, end.is_some());
        }
        let injected = oracle.in_handshake && !oracle.arrived.is_empty();
        let noticed = end == Some(End::Peer(PeerError::PlaintextBehindStartTls));
        let aborted = matches!(end, Some(End::Aborted(_)));
        oracle.hold(Broken::D12, !injected || ((noticed || aborted) && wants == Wants::Nothing));
        oracle.hold(Broken::D12, !noticed || injected);
        if noticed {
            self.reached = Some(Reached::Injected);
        }
        // Behind a 235 the mechanism is asked first.
        let may_wait = matches!(wants, Wants::Nothing | Wants::Credentials);
        oracle.hold(Broken::D23, may_wait || !oracle.has_whole());
        let offered = client.capabilities().offered().extensions();
        oracle.hold(Broken::D14, wants == Wants::Nothing || offered == oracle.offered());
        oracle.hold(Broken::D14, client.is_secure() == oracle.secure);
        let is_held = wants == Wants::Credentials;
        let is_told = is_held || oracle.is_told(client.authentication());
        oracle.hold(Broken::D34, is_told || aborted || self.deaf);
        let answerable = wants != Wants::Read || self.deaf || !oracle.expected.is_empty();
        oracle.hold(Broken::Stuck, answerable);
    }

    /// It is over: whatever led here, nothing can follow.
    fn forget(&mut self) {
        let done = self.oracle.open.is_empty() && self.oracle.ended as usize == self.begun;
        self.oracle.hold(Broken::D26, done);
        self.oracle.hold(Broken::Stuck, self.client.0.transmit().is_empty());
    }
}

impl Oracle {
    /// What the client has to believe to be offered.
    fn offered(&self) -> Extensions {
        let mut offered = Extensions::EMPTY;
        if matches!(self.offers, Some(Symbol::Offers | Symbol::Bare)) {
            offered.insert(Extension::Auth);
        }
        if self.offers == Some(Symbol::Offers) {
            offered.insert(Extension::StartTls);
            if self.pipelining {
                offered.insert(Extension::Pipelining);
            }
            if self.chunks {
                offered.insert(Extension::Chunking);
            }
        }
        offered
    }
}
