//! Whole sessions in random pieces: however reads and writes are cut, the client and the server say and tell the same.
//!
//! `CHUNKINGS=100000000 cargo test --release -p smtp-proto --test random random_pieces:: -- --nocapture`: as many as before a release.

use crate::simulator::random;

use std::{
    env,
    hash::{DefaultHasher, Hash, Hasher},
    mem::discriminant,
};

use random::Random;
use smtp_proto::{
    client::{self, Chunking, Client},
    envelope::Envelope,
    hello::EhloName,
    sasl::Login,
    server::{self, Server},
};

const CONTENT: &str = ".dot\r\n..\r\nbare\nend of more than a piece or two, and no newline";

/// What one end has to say, and what the other says then.
type Turns = &'static [(&'static str, &'static str)];

/// A login, and two messages in one group.
const SUBMISSION: Turns = &[
    ("", "220-mx.example hello\r\n220\r\n"),
    (
        "EHLO client.example\r\n",
        "250-mx.example\r\n250-SIZE 100000\n250-PIPELINING\r\n250 AUTH LOGIN\r\n",
    ),
    ("AUTH LOGIN\r\n", "334 VXNlcm5hbWU6\r\n"),
    ("dQ==\r\n", "334\r\n"),
    ("cA==\r\n", "235 2.7.0 welcome\r\n"),
    (
        "MAIL FROM:<alice@example.org>\r\nRCPT TO:<bob@example.net>\r\nRCPT TO:<nobody@example.net>\r\nDATA\r\n",
        "250 2.1.0 ok\r\n250 2.1.5 ok\r\n550-5.1.1 no\r\n550 5.1.1 such\r\n354\r\n",
    ),
    (
        "..dot\r\n...\r\nbare\r\nend of more than a piece or two, and no newline\r\n.\r\nRSET\r\nMAIL FROM:<alice@example.org>\r\nRCPT TO:<bob@example.net>\r\nRCPT TO:<nobody@example.net>\r\nDATA\r\n",
        "250 2.0.0 queued as A\r\n250 reset\r\n250 ok\r\n450 later\r\n452-4.2.2 full\r\n452 4.2.2\r\n354 go\n",
    ),
    (".\r\n", "554 no valid recipients\r\n"),
    ("QUIT\r\n", "221 bye\r\n"),
];

/// The same messages by BDAT.
const CHUNKS: Turns = &[
    ("", "220 mx.example\r\n"),
    ("EHLO client.example\r\n", "250-mx.example\r\n250-PIPELINING\r\n250 CHUNKING\r\n"),
    (
        "MAIL FROM:<alice@example.org>\r\nRCPT TO:<bob@example.net>\r\nRCPT TO:<nobody@example.net>\r\n",
        "250 ok\r\n250 ok\r\n550-5.1.1 no\r\n550 5.1.1 such\r\n",
    ),
    (
        "BDAT 65 LAST\r\n.dot\r\n..\r\nbare\r\nend of more than a piece or two, and no newline\r\n",
        "250 2.0.0 stored\r\n",
    ),
    (
        "MAIL FROM:<alice@example.org>\r\nRCPT TO:<bob@example.net>\r\nRCPT TO:<nobody@example.net>\r\n",
        "250 ok\r\n550 no\r\n451 later\r\n",
    ),
    ("QUIT\r\n", "221 bye\r\n"),
];

/// What our server hears and says: content, a chunk that is refused and one that is not.
const SERVER: Turns = &[
    ("220 mx.example ESMTP ready\r\n", "EHLO client.example\r\n"),
    (
        "250-mx.example\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n250-CHUNKING\r\n250-BINARYMIME\r\n250-DSN\r\n250-DELIVERBY\r\n250-MT-PRIORITY\r\n250-LIMITS RCPTMAX=100\r\n250 RRVS\r\n",
        "MAIL FROM:<alice@example.org>\r\nRCPT TO:<bob@example.net>\r\nRCPT TO:bob\r\nDATA\r\n",
    ),
    (
        "250 2.1.0 Sender OK\r\n250 2.1.5 Recipient OK\r\n501 5.5.4 Syntax error in arguments\r\n354 End with <CRLF>.<CRLF>\r\n",
        "..dot\r\n...\r\n..\r\nend\r\n.\r\nBDAT 7\r\nQUIT\r\n\nMAIL FROM:<>\r\nRCPT TO:<bob@example.net>\r\nBDAT 7\r\nQUIT\r\nxBDAT 0 LAST\r\nQUIT\r\n",
    ),
    (
        "250 2.0.0 OK\r\n503 5.5.1 Bad sequence of commands\r\n250 2.1.0 Sender OK\r\n250 2.1.5 Recipient OK\r\n250 2.0.0 7 octets received\r\n250 2.0.0 OK\r\n221 2.0.0 Bye\r\n",
        "",
    ),
];

#[test]
fn d07_whole_sessions_in_random_pieces_are_the_same() {
    let count = env::var("CHUNKINGS").map_or(30_000, |count| count.parse().expect("a number"));
    let plain = client::Config::new(EhloName::parse("client.example").expect("a name"))
        .with_tls(client::TlsPolicy::None);
    let submission = plain.with_plaintext_auth(true).with_run_ahead(true);
    let chunks = plain.with_chunking(Chunking::AfterRecipients);
    let server = server::Config::new(EhloName::parse("mx.example").expect("a name"))
        .with_extensions(server::Config::SUPPORTED);
    let wires = [SUBMISSION, CHUNKS, SERVER].map(Session::new);
    let sessions: [&dyn Fn(Cuts) -> u64; 3] = [
        &|cuts| send(submission, true, wires[0].wire(), cuts),
        &|cuts| send(chunks, false, wires[1].wire(), cuts),
        &|cuts| serve(server, wires[2].wire(), cuts),
    ];
    let whole = sessions.map(|session| session(Cuts::none()));
    for n in 0..count {
        let session = usize::try_from(n % 3).expect("one of three");
        assert_eq!(sessions[session](Cuts::nth(n)), whole[session], "chunking {n}");
    }
    println!("{count} chunkings");
}

/// Where pieces end.
struct Cuts {
    random: Random,
    longest: usize,
}

impl Cuts {
    /// Pieces of up to so many octets, few or many.
    fn nth(n: u64) -> Self {
        let mut random = Random::new(n);
        let longest = random.of(&[1, 2, 5, 20, 60, 200]);
        Self { random, longest }
    }

    const fn none() -> Self {
        Self { random: Random::new(0), longest: usize::MAX }
    }

    fn of(&mut self, length: usize) -> usize {
        if self.longest == usize::MAX {
            length
        } else {
            length.min(1 + self.random.below(self.longest))
        }
    }
}

/// The other end, which says what it says once it has heard what it has to.
struct Wire<'t> {
    /// All that it has to hear.
    expected: &'t [u8],
    heard: usize,
    turns: &'t [(usize, &'static [u8])],
    said: usize,
}

impl Wire<'_> {
    fn hear(&mut self, octets: &[u8]) {
        let expected = &self.expected[self.heard..];
        assert!(expected.starts_with(octets), "{}: {}", self.heard, octets.escape_ascii());
        self.heard += octets.len();
    }

    /// Says some of what it has to say, into `room`.
    fn say(&mut self, room: &mut [u8], cuts: &mut Cuts) -> usize {
        let [(due, says), rest @ ..] = self.turns else { panic!("nothing more to say") };
        assert!(self.heard >= *due, "{}: both wait", self.heard);
        let n = cuts.of((says.len() - self.said).min(room.len()));
        room[..n].copy_from_slice(&says[self.said..][..n]);
        self.said += n;
        if self.said == says.len() {
            (self.turns, self.said) = (rest, 0);
        }
        n
    }
}

/// What both ends of a session say.
struct Session {
    heard: Vec<u8>,
    /// What is said, and how much has to be heard before.
    turns: Vec<(usize, &'static [u8])>,
}

impl Session {
    fn new(turns: Turns) -> Self {
        let mut session = Self { heard: Vec::new(), turns: Vec::new() };
        for (hears, says) in turns {
            session.heard.extend_from_slice(hears.as_bytes());
            session.turns.push((session.heard.len(), says.as_bytes()));
        }
        session
    }

    fn wire(&self) -> Wire<'_> {
        Wire { expected: &self.heard, heard: 0, turns: &self.turns, said: 0 }
    }
}

/// The client's side, which may log in and send its second message ahead; a digest of what it told.
fn send(config: client::Config, ahead: bool, mut wire: Wire<'_>, mut cuts: Cuts) -> u64 {
    let envelope = Envelope::new("alice@example.org")
        .and_then(|envelope| envelope.to("bob@example.net"))
        .and_then(|envelope| envelope.to("nobody@example.net"))
        .expect("addresses");
    let (mut login, mut client) = (Login::new("u", "p"), Client::new(config));
    let (mut told, mut content, mut messages) = (DefaultHasher::new(), CONTENT.as_bytes(), 0);
    let mut stranger = ahead;
    loop {
        match client.wants() {
            client::Wants::Event => {
                while let Some(event) = client.poll_event().expect("a peer without fault") {
                    discriminant(&event).hash(&mut told);
                    event.reply().map(|reply| reply.octets()).hash(&mut told);
                }
            }
            client::Wants::Write => {
                let n = cuts.of(client.transmit().len());
                wire.hear(&client.transmit()[..n]);
                client.transmitted(n).expect("what was there");
            }
            client::Wants::Flush => client.flushed(),
            client::Wants::Read => {
                let n = wire.say(client.read_buf(), &mut cuts);
                client.received(n).expect("no more than there was room for");
            }
            client::Wants::Credentials => client.authenticate(&mut login).expect("a challenge"),
            client::Wants::Content if content.is_empty() => {
                client.finish().expect("content");
                if ahead && messages == 1 {
                    (messages, content) = (2, CONTENT.as_bytes());
                    client.begin(&envelope).expect("the next before the verdict");
                }
            }
            client::Wants::Content => {
                let piece = &content[..cuts.of(content.len())];
                content = &content[client.content(piece).expect("content")..];
            }
            client::Wants::Command if stranger => {
                stranger = false;
                client.authenticate(&mut login).expect("LOGIN is offered");
            }
            client::Wants::Command if messages < 2 => {
                (messages, content) = (messages + 1, CONTENT.as_bytes());
                client.begin(&envelope).expect("an envelope");
            }
            client::Wants::Command => client.quit().expect("nothing is outstanding"),
            client::Wants::Nothing => return told.finish(),
            wants => panic!("{wants:?}"),
        }
    }
}

/// The server's side, of an application that consents to all.
fn serve(config: server::Config, mut wire: Wire<'_>, mut cuts: Cuts) -> u64 {
    let mut server = Server::new(config);
    let mut told = DefaultHasher::new();
    loop {
        match server.wants() {
            server::Wants::Event => match server.poll_event().expect("a peer without fault") {
                // Its octets count, not its pieces.
                Some(server::Event::Content(octets)) => {
                    for octet in octets {
                        octet.hash(&mut told);
                    }
                }
                Some(event) => discriminant(&event).hash(&mut told),
                None => {}
            },
            server::Wants::Answer => server.accept().expect("a question"),
            server::Wants::Write => {
                let n = cuts.of(server.transmit().len());
                wire.hear(&server.transmit()[..n]);
                server.transmitted(n).expect("what was there");
            }
            server::Wants::Flush => server.flushed(),
            server::Wants::Read => {
                let n = wire.say(server.read_buf(), &mut cuts);
                server.received(n).expect("no more than there was room for");
            }
            server::Wants::Nothing => return told.finish(),
            wants => panic!("{wants:?}"),
        }
    }
}
