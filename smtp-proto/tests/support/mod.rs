//! A scripted peer: `C: ` and `S: ` lines, cut into reads and writes of any size.
#![allow(dead_code, unreachable_pub, reason = "each test file is a crate and uses its part")]
#![allow(
    clippy::unwrap_used,
    clippy::format_push_string,
    reason = "a test may panic and take time"
)]
#![allow(clippy::missing_panics_doc, clippy::must_use_candidate, reason = "not for others")]

use smtp_proto::{
    client::{
        AsEnvelope, Client, Config, End, Event, Inquiry, Journal, PeerError, Phase, TlsPolicy,
        Wants,
    },
    envelope::Envelope,
    hello::EhloName,
    sasl::Mechanisms,
    testing::{self, PeerWants},
    transcript::Transcript,
};

pub type Owned = Client<Box<[u8]>>;

/// A client named `client.example` that does without TLS.
pub fn plain_config() -> Config {
    Config::new(EhloName::parse("client.example").unwrap()).with_tls(TlsPolicy::None)
}

pub fn envelope(from: &str, to: &[&str]) -> Envelope {
    to.iter().try_fold(Envelope::new(from).unwrap(), |e, to| e.to(to)).unwrap()
}

/// A peer that follows a script, and may be told not to mind what it hears.
#[derive(Clone, Debug, Default)]
pub struct Peer {
    script: testing::Peer,
    /// All that the client has sent.
    pub heard: Vec<u8>,
    /// Only keeps what it hears; the test reads it.
    pub deaf: bool,
}

impl Peer {
    pub fn script(text: &str) -> Self {
        let script = testing::Peer::new(text).unwrap_or_else(|error| panic!("{error}"));
        Self { script, ..Self::default() }
    }

    /// Does not mind that commands come before their predecessors are answered.
    pub fn be_patient(&mut self) {
        self.script = std::mem::take(&mut self.script).patient();
    }

    pub fn extend(&mut self, text: &str) {
        self.script.then(text).unwrap_or_else(|error| panic!("{error}"));
    }

    fn hear(&mut self, octets: &[u8]) {
        self.heard.extend_from_slice(octets);
        if !self.deaf {
            self.script.hear(octets).unwrap_or_else(|mismatch| panic!("{mismatch}"));
        }
    }

    pub fn is_done(&self) -> bool {
        self.script.is_done()
    }
}

/// A client and its peer, with every read and write cut to at most so many octets.
pub struct Session {
    pub client: Owned,
    pub peer: Peer,
    pub events: Vec<String>,
    /// Each write as it left.
    pub writes: Vec<Vec<u8>>,
    /// Times the client had to wait for the peer.
    pub round_trips: usize,
    pub read_size: usize,
    pub write_size: usize,
    /// The dialogue as a person reads it.
    pub text: String,
    transcript: Transcript,
    /// Gathers events too, where a test asks for it.
    pub journal: Option<Journal>,
}

impl Session {
    pub fn new(config: Config, script: &str) -> Self {
        Self::with_client(Client::new(config), script)
    }

    pub fn with_client(client: Owned, script: &str) -> Self {
        Self {
            client,
            peer: Peer::script(script),
            events: Vec::new(),
            writes: Vec::new(),
            round_trips: 0,
            read_size: usize::MAX,
            write_size: usize::MAX,
            text: String::new(),
            transcript: Transcript::new(),
            journal: None,
        }
    }

    /// Opens a session without extensions, or with those given.
    pub fn open(config: Config, extensions: &str) -> Self {
        Self::open_with(Client::new(config), extensions)
    }

    pub fn open_with(client: Owned, extensions: &str) -> Self {
        let mut script = String::from("S: 220 mx.example\nC: EHLO client.example\n");
        let lines: Vec<&str> = extensions.split_whitespace().collect();
        script += if lines.is_empty() { "S: 250 mx.example\n" } else { "S: 250-mx.example\n" };
        for (index, line) in lines.iter().enumerate() {
            let separator = if index + 1 == lines.len() { ' ' } else { '-' };
            script += &format!("S: 250{separator}{}\n", line.replace('_', " "));
        }
        let mut session = Self::with_client(client, &script);
        assert_eq!(session.pump(), Wants::Command, "{:?}", session.client);
        session.events.clear();
        session.writes.clear();
        session.round_trips = 0;
        session
    }

    pub fn then(mut self, script: &str) -> Self {
        self.peer.extend(script);
        self
    }

    /// Does what the client wants until it wants something that only its caller has.
    pub fn pump(&mut self) -> Wants {
        for _ in 0..1_000_000 {
            match self.client.wants() {
                Wants::Event => self.take_events(),
                Wants::Write => self.write(),
                Wants::Flush => self.client.flushed(),
                Wants::Read => {
                    if !self.read() {
                        return Wants::Read;
                    }
                }
                wants => return wants,
            }
        }
        panic!("no progress: {:?}", self.client);
    }

    /// Writes, flushes or reads as the client wants; the rest is the caller's.
    pub fn pump_once(&mut self) {
        match self.client.wants() {
            Wants::Write => self.write(),
            Wants::Flush => self.client.flushed(),
            Wants::Read => assert!(self.read(), "the peer has nothing to say"),
            wants => panic!("{wants:?}"),
        }
    }

    fn take_events(&mut self) {
        loop {
            match self.client.poll_event() {
                Ok(Some(event)) => {
                    self.events.push(describe(&event));
                    if let Some(journal) = &mut self.journal {
                        journal.record(&event);
                    }
                    if let Some(reply) = event.reply() {
                        self.transcript.received(&mut self.text, reply).unwrap();
                    }
                }
                Ok(None) => return,
                Err(error) => {
                    self.events.push(format!("error {error:?}"));
                    return;
                }
            }
        }
    }

    fn write(&mut self) {
        let octets = self.client.transmit();
        let n = octets.len().min(self.write_size);
        let octets = octets[..n].to_vec();
        for span in self.client.transmit_spans(n) {
            self.transcript.sent(&mut self.text, span).unwrap();
        }
        assert!(n > 0, "a write of nothing");
        self.client.transmitted(n).unwrap();
        self.peer.hear(&octets);
        self.writes.push(octets);
    }

    /// Reads what the peer has said; false when it has nothing to say.
    fn read(&mut self) -> bool {
        let script = &mut self.peer.script;
        if !matches!(script.wants(), PeerWants::Say | PeerWants::Close) {
            return false;
        }
        let room = self.client.read_buf();
        let n = script.say().len().min(self.read_size).min(room.len());
        room[..n].copy_from_slice(&script.say()[..n]);
        script.said(n);
        self.round_trips += usize::from(script.say().is_empty());
        self.client.received(n).unwrap();
        true
    }

    /// Hands over one message and waits for its verdict.
    pub fn send(&mut self, envelope: &impl AsEnvelope, content: &[u8]) -> Wants {
        self.client.begin(envelope).unwrap();
        self.hand_over(envelope, content);
        self.pump()
    }

    /// Pumps a begun transaction until its content is handed over or refused.
    pub fn hand_over(&mut self, envelope: &impl AsEnvelope, mut content: &[u8]) {
        loop {
            match self.pump() {
                Wants::Envelope => self.client.continue_envelope(envelope).unwrap(),
                Wants::Content if content.is_empty() => return self.client.finish().unwrap(),
                Wants::Content => match self.client.content(content) {
                    Ok(taken) => content = &content[taken..],
                    Err(_) => return,
                },
                _ => return,
            }
        }
    }

    pub fn authenticate<M: Mechanisms + ?Sized>(&mut self, mechanisms: &mut M) -> Wants {
        self.client.authenticate(mechanisms).unwrap();
        self.authenticate_further(mechanisms)
    }

    /// Goes on with a dialogue that wants credentials.
    pub fn authenticate_further<M: Mechanisms + ?Sized>(&mut self, mechanisms: &mut M) -> Wants {
        loop {
            match self.pump() {
                Wants::Credentials => self.client.authenticate(mechanisms).unwrap(),
                wants => return wants,
            }
        }
    }

    pub fn inquire(&mut self, inquiry: Inquiry<'_>) -> Wants {
        self.client.inquire(inquiry).unwrap();
        self.pump()
    }

    pub fn quit(&mut self) -> Wants {
        self.client.quit().unwrap();
        self.pump()
    }

    /// The peer speaks although nothing may be wanted of it.
    pub fn hear_unasked(&mut self) -> Wants {
        if self.client.wants() != Wants::Event {
            self.read();
        }
        self.pump()
    }

    /// The client reads these octets, whether it wants to or not and before anything else leaves;
    /// what comes when the session is over is dropped.
    pub fn hear(&mut self, mut octets: &[u8]) -> Wants {
        while !octets.is_empty() && self.client.wants() != Wants::Nothing {
            if self.client.wants() == Wants::Event {
                self.take_events();
                continue;
            }
            let room = self.client.read_buf();
            let n = octets.len().min(room.len());
            assert!(n > 0, "no room to read into");
            room[..n].copy_from_slice(&octets[..n]);
            octets = &octets[n..];
            self.client.received(n).unwrap();
        }
        self.pump()
    }

    /// Octets arrive, and nothing else happens.
    pub fn arrive(&mut self, octets: &[u8]) {
        self.client.read_buf()[..octets.len()].copy_from_slice(octets);
        self.client.received(octets.len()).unwrap();
    }

    /// The stream ends.
    pub fn hear_end(&mut self) -> Wants {
        self.client.received(0).unwrap();
        self.pump()
    }

    pub fn end(&self) -> Option<End> {
        self.client.end()
    }

    /// Asserts that the events so far are these, and forgets them.
    #[track_caller]
    pub fn expect_events(&mut self, expected: &[&str]) {
        assert_eq!(self.events, expected);
        self.events.clear();
    }
}

/// How a session stands, in short enough a form for tables.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stand {
    /// It goes on.
    Usable,
    Quit,
    Closing(Phase),
    Refused(Phase, u16),
    Unexpected(Phase, u16),
    Malformed(Phase),
    Unsolicited,
    Injected,
    TooManyChallenges,
    GoAheadAfterRefusal,
    Lost(Phase),
    TlsUnavailable,
    Other,
}

impl Stand {
    pub fn of(session: &Session) -> Self {
        let Some(end) = session.end() else { return Stand::Usable };
        match end {
            End::Quit => Stand::Quit,
            End::ServiceClosing(phase) => Stand::Closing(phase),
            End::Refused { phase, code } => Stand::Refused(phase, code.value()),
            End::Lost(phase) => Stand::Lost(phase),
            End::TlsUnavailable => Stand::TlsUnavailable,
            End::Peer(PeerError::UnexpectedCode { phase, code }) => {
                Stand::Unexpected(phase, code.value())
            }
            End::Peer(PeerError::Malformed { phase, .. }) => Stand::Malformed(phase),
            End::Peer(PeerError::Unsolicited) => Stand::Unsolicited,
            End::Peer(PeerError::PlaintextBehindStartTls) => Stand::Injected,
            End::Peer(PeerError::TooManyChallenges) => Stand::TooManyChallenges,
            End::Peer(PeerError::GoAheadAfterRefusal) => Stand::GoAheadAfterRefusal,
            _ => Stand::Other,
        }
    }
}

/// An event in short, with the code of its reply.
pub fn describe(event: &Event<'_>) -> String {
    match event {
        Event::Answer { phase, reply } => format!("{phase} {}", reply.code()),
        Event::Mail { transaction, reply } => {
            format!("mail[{}] {}", transaction.index(), reply.code())
        }
        Event::Recipient { transaction, index, reply } => {
            format!("rcpt[{}.{index}] {}", transaction.index(), reply.code())
        }
        Event::Data { transaction, reply, .. } => {
            format!("data[{}] {}", transaction.index(), reply.code())
        }
        Event::Final { transaction, recipient, phase, reply } => {
            let recipient = recipient.map(|index| format!(".{index}")).unwrap_or_default();
            format!("{phase}[{}{recipient}] {}", transaction.index(), reply.code())
        }
        Event::Ended { transaction, end } => format!("ended[{}] {end:?}", transaction.index()),
        Event::Closing { phase, reply } => format!("closing {phase} {}", reply.code()),
        _ => format!("{event:?}"),
    }
}
