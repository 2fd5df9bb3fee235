//! All that a seed decides about a session before it begins.

use smtp_proto::{
    address::ReversePath,
    client::{self, BufferSizes, Chunking, Protocol},
    envelope::Envelope,
    hello::{EhloName, Extension, Extensions},
    server,
};

use super::{
    fault::{Direction, FORGED, Fault, Kind, NOISE, REPLIES},
    random::Random,
};

/// What the application of the server says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Decision {
    #[default]
    Yes,
    ForNow,
    ForGood,
}

/// One message, and what the server thinks of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Message {
    pub(crate) content: Vec<u8>,
    /// Size and body type are declared with MAIL.
    pub(crate) described: bool,
    pub(crate) mail: Decision,
    pub(crate) recipients: Vec<Decision>,
    pub(crate) data: Decision,
    /// The verdict, with LMTP one for each recipient.
    pub(crate) verdicts: Vec<Decision>,
    /// The client asks NOOP before it.
    pub(crate) noop: bool,
}

impl Message {
    pub(crate) fn envelope(&self, index: usize) -> Envelope {
        let from = format!("m{index}@client.example");
        let to = |at| format!("r{at}@mx.example");
        let envelope = (0..self.recipients.len())
            .map(to)
            .try_fold(Envelope::new(&from).expect("an address"), |envelope, to| envelope.to(&to));
        let envelope = envelope.expect("addresses");
        if self.described { envelope.describing(&self.content) } else { envelope }
    }

    /// The verdict for the recipient who is the `nth` accepted one.
    pub(crate) fn verdict(&self, nth: usize) -> Decision {
        self.verdicts.get(nth).copied().unwrap_or_default()
    }
}

/// The number in `m3@..` or `r3@..`.
pub(crate) fn number(address: &str) -> Option<usize> {
    address.get(1..)?.split('@').next()?.parse().ok()
}

pub(crate) fn sender(from: ReversePath<'_>) -> Option<usize> {
    number(from.address()?.as_str())
}

/// A session.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) protocol: Protocol,
    // The server.
    pub(crate) offers: Extensions,
    pub(crate) server_tls: server::TlsPolicy,
    pub(crate) auth: server::AuthPolicy,
    pub(crate) content_limit: u64,
    pub(crate) recipient_limit: u32,
    pub(crate) server_receive: usize,
    pub(crate) server_transmit: usize,
    /// Replies of several lines.
    pub(crate) verbose: bool,
    // The client.
    pub(crate) tls: client::TlsPolicy,
    pub(crate) chunking: Chunking,
    pub(crate) chunk_size: usize,
    pub(crate) window: u32,
    pub(crate) run_ahead: bool,
    pub(crate) log_in: bool,
    pub(crate) password: &'static str,
    pub(crate) sizes: BufferSizes,
    /// Octets of a reply line that are kept.
    pub(crate) line: usize,
    /// Messages, and QUIT, are begun as soon as they may be, not only when all is answered.
    pub(crate) hasty: bool,
    /// The driver reads whenever there is something to read.
    pub(crate) reads_first: bool,
    /// A broken connection is reported by `transmit_failed` and an end of stream, not by `abort`.
    pub(crate) gentle: bool,
    /// The client knows that the server swallows chunks.
    pub(crate) swallows: bool,
    // Between them.
    pub(crate) capacity: usize,
    /// At most so many octets are read, written or handed over at once.
    pub(crate) cut: usize,
    pub(crate) silent: bool,
    pub(crate) fault: Option<Fault>,
    pub(crate) messages: Vec<Message>,
}

impl Plan {
    /// One message to one recipient, in lockstep and in the clear, all in large pieces.
    pub(crate) fn plain(messages: Vec<Message>) -> Self {
        Self {
            seed: 0,
            protocol: Protocol::Smtp,
            offers: Extensions::EMPTY,
            server_tls: server::TlsPolicy::None,
            auth: server::AuthPolicy::None,
            content_limit: 0,
            recipient_limit: 100,
            server_receive: 2048,
            server_transmit: 1024,
            verbose: false,
            tls: client::TlsPolicy::None,
            chunking: Chunking::Off,
            chunk_size: usize::MAX,
            window: 1,
            run_ahead: false,
            log_in: false,
            password: "s3cret",
            sizes: BufferSizes::SMALL.with_receive(2048).with_transmit(512),
            line: 2048,
            hasty: true,
            reads_first: true,
            gentle: false,
            swallows: false,
            capacity: 65_536,
            cut: usize::MAX,
            silent: false,
            fault: None,
            messages,
        }
    }

    pub(crate) fn of_seed(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut plan = Self { seed, ..Self::plain(messages(&mut random)) };
        plan.choose_server(&mut random);
        plan.choose_client(&mut random);
        plan.choose_between(&mut random);
        // No offer is longer than 24 octets; most of what else is said is.
        plan.line = random.of(&[2048, 24]);
        plan
    }

    fn choose_server(&mut self, random: &mut Random) {
        let lmtp = random.one_in(4);
        self.protocol = if lmtp { Protocol::Lmtp } else { Protocol::Smtp };
        for extension in [
            Extension::Pipelining,
            Extension::Chunking,
            Extension::EightBitMime,
            Extension::Size,
            Extension::EnhancedStatusCodes,
        ] {
            if !random.one_in(3) {
                self.offers.insert(extension);
            }
        }
        let tls =
            [server::TlsPolicy::None, server::TlsPolicy::Offered, server::TlsPolicy::Required];
        self.server_tls = if random.one_in(2) { tls[0] } else { random.of(&tls) };
        let auth = [server::AuthPolicy::None, server::AuthPolicy::Offered];
        self.auth = random.of(&auth);
        if random.one_in(8) {
            self.auth = server::AuthPolicy::Required;
        }
        self.content_limit = random.of(&[0, 0, 0, 64, 4096]);
        self.recipient_limit = random.of(&[100, 100, 2]);
        self.server_receive = random.of(&[512, 2048]);
        self.verbose = random.one_in(3);
    }

    fn choose_client(&mut self, random: &mut Random) {
        use client::TlsPolicy::{Implicit, None, Opportunistic, Required};
        self.tls = random.of(&[None, None, Opportunistic, Opportunistic, Required]);
        if random.one_in(10) {
            (self.tls, self.server_tls) = (Implicit, server::TlsPolicy::Implicit);
        }
        let chunking =
            [Chunking::Off, Chunking::Off, Chunking::AfterRecipients, Chunking::InFlight];
        self.chunking = random.of(&chunking);
        self.chunk_size = random.of(&[1, 7, 64, usize::MAX, usize::MAX]);
        self.window = random.of(&[1, 2, 32]);
        self.run_ahead = random.one_in(2);
        self.log_in = random.one_in(2);
        self.password = random.of(&["s3cret", "s3cret", "wrong"]);
        self.sizes = BufferSizes::SMALL
            .with_receive(random.of(&[512, 1024, 4096]))
            .with_transmit(random.of(&[128, 200, 512, 2048]))
            .with_in_flight(random.of(&[1, 2, 3, 5, 16, 128]));
        self.hasty = !random.one_in(4);
        self.gentle = random.one_in(2);
        self.swallows = random.one_in(2);
    }

    fn choose_between(&mut self, random: &mut Random) {
        self.capacity = random.of(&[16, 64, 65_536, 65_536]);
        // A driver that cannot read while it writes relies on room for the replies.
        self.reads_first = self.capacity < 65_536 || random.one_in(2);
        self.cut = random.of(&[1, 3, 20, 100, usize::MAX, usize::MAX]);
        self.silent = random.one_in(2);
        if random.one_in(6) {
            return;
        }
        let direction = random.of(&[Direction::ToServer, Direction::ToClient, Direction::ToClient]);
        let bound = random.of(&[100, 300, 600, 1200, 5000]);
        let at = random.below(bound);
        let kind = match random.below(10) {
            0 => Kind::Eof,
            1 => Kind::Reset,
            2 => Kind::Stall,
            3 | 4 => Kind::Closing,
            5 => Kind::Inserted(random.of(&NOISE)),
            6 | 7 => Kind::Inserted(random.of(&FORGED)),
            8 => Kind::Twice,
            _ => Kind::Dropped,
        };
        let kind = match kind {
            Kind::Inserted(octets) if REPLIES.contains(&octets) && random.one_in(2) => {
                Kind::Replaced(octets)
            }
            kind => kind,
        };
        self.fault = Some(Fault { direction, at, kind });
    }

    /// The same with this fault; who moves first differs with its place.
    pub(crate) fn with_fault(&self, fault: Fault) -> Self {
        Self { fault: Some(fault), seed: fault.at as u64, ..self.clone() }
    }

    pub(crate) fn client_config(&self) -> client::Config {
        let mut limits = client::Limits::DEFAULT;
        limits.line = self.line;
        client::Config::new(EhloName::parse("client.example").expect("a name"))
            .with_tls(self.tls)
            .with_protocol(self.protocol)
            .with_chunking(self.chunking)
            .with_chunk_size(self.chunk_size)
            .with_window(self.window)
            .with_swallowed_chunks(self.swallows)
            .with_run_ahead(self.run_ahead)
            .with_plaintext_auth(true)
            .with_limits(limits)
    }

    pub(crate) fn server_config(&self) -> server::Config {
        let protocol = match self.protocol {
            Protocol::Lmtp => server::Protocol::Lmtp,
            _ => server::Protocol::Smtp,
        };
        let limits = server::Limits::DEFAULT
            .with_content(self.content_limit)
            .with_recipients(self.recipient_limit);
        server::Config::new(EhloName::parse("mx.example").expect("a name"))
            .with_protocol(protocol)
            .with_extensions(self.offers)
            .with_tls(self.server_tls)
            .with_auth(self.auth)
            .with_plaintext_auth(true)
            .with_limits(limits)
    }

    pub(crate) fn server_sizes(&self) -> server::BufferSizes {
        server::BufferSizes::DEFAULT
            .with_receive(self.server_receive)
            .with_transmit(self.server_transmit)
    }

    pub(crate) fn is_lmtp(&self) -> bool {
        self.protocol == Protocol::Lmtp
    }

    /// Whether a message may be begun before the one before it is answered.
    pub(crate) fn runs_ahead(&self) -> bool {
        self.run_ahead || self.chunking == Chunking::InFlight
    }

    /// Whether what became of a message can be held against what the server did with it.
    pub(crate) fn knows_truth(&self) -> bool {
        let by_data = self.chunking == Chunking::Off;
        self.fault
            .is_none_or(|fault| fault.leaves_truth(!self.is_lmtp(), by_data, self.runs_ahead()))
    }
}

fn messages(random: &mut Random) -> Vec<Message> {
    (0..=random.below(4)).map(|_| message(random)).collect()
}

fn message(random: &mut Random) -> Message {
    Message {
        content: content(random),
        described: random.one_in(2),
        mail: decision(random, 12),
        recipients: (0..random.of(&[0, 1, 1, 2, 2, 3, 4])).map(|_| decision(random, 4)).collect(),
        data: decision(random, 12),
        verdicts: (0..4).map(|_| decision(random, 5)).collect(),
        noop: random.one_in(8),
    }
}

/// No, once in `n` times.
fn decision(random: &mut Random, n: usize) -> Decision {
    if random.one_in(n) { random.of(&[Decision::ForNow, Decision::ForGood]) } else { Decision::Yes }
}

fn content(random: &mut Random) -> Vec<u8> {
    const PIECES: [&[u8]; 10] = [
        b".",
        b"\r\n",
        b"\r\n",
        b"\n",
        b"\r",
        b"a",
        b"\r\n.\r\n",
        b"Subject: x\r\n",
        b"QUIT\r\n",
        b"..",
    ];
    let mut content = Vec::new();
    for _ in 0..random.of(&[0, 1, 3, 8, 40]) {
        content.extend_from_slice(random.of(&PIECES));
    }
    if random.one_in(12) {
        content.extend_from_slice(&b"all work and no play\r\n".repeat(1 + random.below(200)));
    }
    if random.one_in(30) {
        content.push(random.of(&[0xe9, 0]));
    }
    content
}
