//! A scripted peer: `C: ` and `S: ` lines, cut into reads and writes of any size.
#![allow(clippy::format_push_string, reason = "a test may take time")]

use smtp_proto::{
    client::{AsEnvelope, Client, Config, End, Inquiry, Journal, TlsPolicy, Wants},
    envelope::Envelope,
    hello::EhloName,
    sasl::Mechanisms,
    testing::{self, PeerWants},
    transcript::Transcript,
};

use crate::stand::describe;

/// A client that owns its buffers.
pub type Owned = Client<Box<[u8]>>;

/// The configuration of a client named `client.example` without TLS.
pub fn plain_config() -> Config {
    Config::new(EhloName::parse("client.example").unwrap()).with_tls(TlsPolicy::None)
}

/// An envelope from `from` to all of `to`.
pub fn envelope(from: &str, to: &[&str]) -> Envelope {
    to.iter().try_fold(Envelope::new(from).unwrap(), |e, to| e.to(to)).unwrap()
}

/// A peer that follows a script, or ignores what it receives.
#[derive(Clone, Debug, Default)]
pub struct Peer {
    script: testing::Peer,
    /// Octets that the client has sent.
    pub heard: Vec<u8>,
    /// Keeps what it receives and compares nothing.
    pub deaf: bool,
}

impl Peer {
    /// A peer that follows this script of `C: ` and `S: ` lines.
    pub fn script(text: &str) -> Self {
        let script = testing::Peer::new(text).unwrap_or_else(|error| panic!("{error}"));
        Self { script, ..Self::default() }
    }

    /// Accepts commands that come before the replies to those before them.
    pub fn be_patient(&mut self) {
        self.script = std::mem::take(&mut self.script).patient();
    }

    /// Adds lines to the script.
    pub fn extend(&mut self, text: &str) {
        self.script.then(text).unwrap_or_else(|error| panic!("{error}"));
    }

    fn hear(&mut self, octets: &[u8]) {
        self.heard.extend_from_slice(octets);
        if !self.deaf {
            self.script.hear(octets).unwrap_or_else(|mismatch| panic!("{mismatch}"));
        }
    }

    /// Returns whether the whole script was played.
    pub fn is_done(&self) -> bool {
        self.script.is_done()
    }
}

/// A client and its peer, with every read and write cut to at most so many octets.
#[derive(Debug)]
pub struct Session {
    /// The client.
    pub client: Owned,
    /// The peer.
    pub peer: Peer,
    /// Events so far, in the form of [`describe`].
    pub events: Vec<String>,
    /// Each write as it left.
    pub writes: Vec<Vec<u8>>,
    /// Number of times that the client waited for the peer.
    pub round_trips: usize,
    /// At most this many octets arrive in one read.
    pub read_size: usize,
    /// At most this many octets leave in one write.
    pub write_size: usize,
    /// The transcript.
    pub text: String,
    transcript: Transcript,
    /// Records events too, where a test sets it.
    pub journal: Option<Journal>,
}

impl Session {
    /// A client that has said nothing yet, and a peer that follows this script.
    pub fn new(config: Config, script: &str) -> Self {
        Self::with_client(Client::new(config), script)
    }

    /// The same with a client of the caller's.
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

    /// Opens a session with a client of the caller's.
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

    /// Adds lines to the script.
    #[must_use]
    pub fn then(mut self, script: &str) -> Self {
        self.peer.extend(script);
        self
    }

    /// Writes, flushes, reads and takes events until the client wants something of its caller.
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

    /// Sends one message and waits for its replies.
    pub fn send(&mut self, envelope: &impl AsEnvelope, content: &[u8]) -> Wants {
        self.client.begin(envelope).unwrap();
        self.hand_over(envelope, content);
        self.pump()
    }

    /// Pumps a transaction until its content is written or refused.
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

    /// Authenticates with one of these mechanisms.
    pub fn authenticate<M: Mechanisms + ?Sized>(&mut self, mechanisms: &mut M) -> Wants {
        self.client.authenticate(mechanisms).unwrap();
        self.authenticate_further(mechanisms)
    }

    /// Continues an AUTH exchange that wants credentials.
    pub fn authenticate_further<M: Mechanisms + ?Sized>(&mut self, mechanisms: &mut M) -> Wants {
        loop {
            match self.pump() {
                Wants::Credentials => self.client.authenticate(mechanisms).unwrap(),
                wants => return wants,
            }
        }
    }

    /// Sends an inquiry and waits for its reply.
    pub fn inquire(&mut self, inquiry: Inquiry<'_>) -> Wants {
        self.client.inquire(inquiry).unwrap();
        self.pump()
    }

    /// Sends QUIT and waits for its reply.
    pub fn quit(&mut self) -> Wants {
        self.client.quit().unwrap();
        self.pump()
    }

    /// Reads from the peer, wanted or not.
    pub fn hear_unasked(&mut self) -> Wants {
        if self.client.wants() != Wants::Event {
            self.read();
        }
        self.pump()
    }

    /// Reads these octets, wanted or not, before anything else leaves. Those that come when the
    /// session is over are dropped.
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

    /// Reads these octets and does nothing else.
    pub fn arrive(&mut self, octets: &[u8]) {
        self.client.read_buf()[..octets.len()].copy_from_slice(octets);
        self.client.received(octets.len()).unwrap();
    }

    /// Reads the end of the stream.
    pub fn hear_end(&mut self) -> Wants {
        self.client.received(0).unwrap();
        self.pump()
    }

    /// The end of the session, where it has ended.
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
