//! The client machine, driven by operations in any order against a server that says anything.

use arbitrary::Arbitrary;
use smtp_proto::{
    client::{
        AsEnvelope as _, BufferSizes, Client, Config, End, Event, Inquiry, Journal, Refusal,
        TlsPolicy, Wants,
    },
    envelope::Envelope,
    sasl::{Login, Mechanism, Plain},
};
use smtp_test_support::oracle::{Rules, Truth, Wire};

/// A session.
#[derive(Arbitrary, Debug)]
pub struct Case<'a> {
    config: Config,
    sizes: BufferSizes,
    operations: Vec<Operation<'a>>,
}

/// What the driver, the caller or the server does next.
#[derive(Arbitrary, Debug)]
pub enum Operation<'a> {
    /// Octets arrive.
    Receive(&'a [u8]),
    /// A reply that makes sense somewhere arrives.
    Reply(Plausible),
    /// So many octets are said to have left.
    Transmit(u8),
    /// All that may leave leaves.
    TransmitAll,
    /// The transport is flushed.
    Flush,
    /// All events are taken.
    TakeEvents,
    /// A transaction with so many recipients begins.
    Begin(u8),
    /// A transaction begins whose envelope has every parameter.
    BeginWith(Envelope),
    /// More of its envelope is queued.
    Continue,
    /// Content is handed over.
    Content(&'a [u8]),
    /// The content ends.
    Finish,
    /// AUTH starts or goes on.
    Authenticate,
    /// NOOP.
    Inquire,
    /// RSET.
    Reset,
    /// QUIT.
    Quit,
    /// The handshake is done.
    TlsEstablished,
    /// The stream ends.
    EndOfStream,
    /// Writing fails.
    TransmitFailed,
    /// The driver gives up.
    Abort,
}

/// Replies that lead somewhere, so that the deep states are reached.
#[derive(Arbitrary, Debug)]
pub enum Plausible {
    /// 220.
    Greeting,
    /// 250 with extensions.
    Offers,
    /// 250.
    Ok,
    /// 354.
    GoAhead,
    /// 334.
    Challenge,
    /// 235.
    Authenticated,
    /// 550 in two lines.
    Refused,
    /// 450.
    Later,
    /// 421.
    Closing,
}

impl Plausible {
    fn octets(&self) -> &'static [u8] {
        match self {
            Plausible::Greeting => b"220 mx\r\n",
            Plausible::Offers => {
                b"250-mx\r\n250-PIPELINING\r\n250-STARTTLS\r\n250-CHUNKING\r\n250 AUTH PLAIN LOGIN\r\n"
            }
            Plausible::Ok => b"250 2.0.0 ok\r\n",
            Plausible::GoAhead => b"354 go\r\n",
            Plausible::Challenge => b"334 VXNlcm5hbWU6\r\n",
            Plausible::Authenticated => b"235 ok\r\n",
            Plausible::Refused => b"550-5.1.1 no\r\n550 5.1.1 never\r\n",
            Plausible::Later => b"450 4.2.1 later\r\n",
            Plausible::Closing => b"421 bye\r\n",
        }
    }
}

const SECRET: &str = "c4nary-s3cret";

/// Runs the operations and holds the machine to its word.
///
/// # Panics
/// When an event, the wire or the state is one that must not be.
pub fn check(case: &Case<'_>) {
    let mut run = Run::new(case);
    for operation in &case.operations {
        run.step(operation);
        run.check();
    }
    run.end();
}

/// It sees less than the client, which may have limits of its own: see [`Evidence::bears`].
///
/// [`Evidence::bears`]: smtp_test_support::oracle::Evidence::bears
fn oracle(config: &Config) -> Wire {
    let mut wire = Wire::new(Rules {
        lmtp: false,
        starttls: config.tls() != TlsPolicy::None,
        in_flight: true,
        swallows: false,
    });
    if config.tls() == TlsPolicy::Implicit {
        wire.expect_handshake();
    }
    wire
}

struct Run {
    client: Client<Box<[u8]>>,
    envelope: Envelope,
    login: Login<'static>,
    plain: Plain<'static>,
    begun: u32,
    ended: u32,
    wire: Vec<u8>,
    oracle: Wire,
    /// Octets that have arrived since events were taken. Commands may leave before they are read, and whoever drives the
    /// client like that has replies taken for replies to those.
    unread: Vec<u8>,
    journal: Journal,
    in_content: bool,
    /// All addresses are ASCII.
    ascii: bool,
}

impl Run {
    fn new(case: &Case<'_>) -> Self {
        Self {
            client: Client::with_sizes(case.config, case.sizes),
            envelope: Envelope::new("").expect("valid"),
            login: Login::new("user", SECRET),
            plain: Plain::new("user", SECRET),
            begun: 0,
            ended: 0,
            wire: Vec::new(),
            oracle: oracle(&case.config),
            unread: Vec::new(),
            journal: Journal::new(),
            in_content: false,
            ascii: true,
        }
    }

    fn step(&mut self, operation: &Operation<'_>) {
        match operation {
            Operation::Receive(octets) => self.receive(octets),
            Operation::Reply(reply) => self.receive(reply.octets()),
            Operation::Transmit(n) => self.transmit(usize::from(*n)),
            Operation::TransmitAll => self.transmit(usize::MAX),
            Operation::Flush => self.client.flushed(),
            Operation::TakeEvents => self.take_events(),
            Operation::Begin(recipients) => self.begin_to(*recipients),
            Operation::BeginWith(envelope) => self.begin(envelope.clone()),
            Operation::Continue => _ = self.client.continue_envelope(&self.envelope),
            Operation::Content(octets) => self.content(octets),
            Operation::Finish => _ = self.client.finish(),
            Operation::Authenticate => self.authenticate(),
            Operation::Inquire => _ = self.client.inquire(Inquiry::Noop),
            Operation::Reset => _ = self.client.inquire(Inquiry::Rset),
            Operation::Quit => _ = self.client.quit(),
            Operation::TlsEstablished => self.shake_hands(),
            Operation::EndOfStream => _ = self.client.received(0),
            Operation::TransmitFailed => self.client.transmit_failed(),
            Operation::Abort => _ = self.abort(),
        }
    }

    fn receive(&mut self, octets: &[u8]) {
        let room = self.client.read_buf();
        let n = octets.len().min(room.len());
        room[..n].copy_from_slice(&octets[..n]);
        if n > 0 {
            self.unread.extend_from_slice(&octets[..n]);
            self.client.received(n).expect("within bounds");
        }
    }

    fn transmit(&mut self, n: usize) {
        let n = n.min(self.client.transmit().len());
        for span in self.client.transmit_spans(n) {
            use smtp_proto::client::SpanKind::{Content, EndOfContent, LastChunk};
            self.in_content |= matches!(span.kind, Content | EndOfContent | LastChunk);
        }
        self.wire.extend_from_slice(&self.client.transmit()[..n]);
        self.oracle.sent(&self.client.transmit()[..n]);
        self.client.transmitted(n).expect("within bounds");
    }

    fn begin_to(&mut self, recipients: u8) {
        let mut envelope = Envelope::new("a@example.org").expect("valid");
        for _ in 0..recipients {
            envelope.push("somebody@example.net").expect("valid");
        }
        self.begin(envelope);
    }

    fn begin(&mut self, envelope: Envelope) {
        self.ascii &= envelope.recipients().all(str::is_ascii) && envelope.mail().from().is_ascii();
        if let Ok(transaction) = self.client.begin(&envelope) {
            assert_eq!(transaction.index(), self.begun);
            self.begun += 1;
            self.journal.begin(transaction, envelope.len());
            self.oracle.begun(envelope.len());
            self.envelope = envelope;
        }
    }

    fn content(&mut self, octets: &[u8]) {
        if let Err(Refusal::Content(_)) = self.client.content(octets) {
            self.oracle.gave_up();
        }
    }

    fn shake_hands(&mut self) {
        if self.client.tls_established().is_ok() {
            self.oracle.shook_hands();
        }
    }

    fn abort(&mut self) -> End {
        self.oracle.ended();
        self.client.abort()
    }

    fn authenticate(&mut self) {
        let mut both: [&mut dyn Mechanism; 2] = [&mut self.plain, &mut self.login];
        _ = self.client.authenticate(&mut both[..]);
    }

    fn take_events(&mut self) {
        self.oracle.received(&core::mem::take(&mut self.unread));
        while let Ok(Some(event)) = self.client.poll_event() {
            self.journal.record(&event);
            if let Event::Ended { transaction, .. } = event {
                assert_eq!(transaction.index(), self.ended, "in order, once");
                self.ended += 1;
            }
        }
        self.judge();
    }

    /// Checks that each claim of the client about a recipient is borne out by the wire.
    fn judge(&mut self) {
        while let Some(outcome) = self.journal.take_outcome(self.client.end()) {
            let number = outcome.transaction().index() as usize;
            let evidence = self.oracle.oracle().evidence(number).cloned().unwrap_or_default();
            for (index, recipient) in outcome.recipients().enumerate() {
                let claim = Truth::reported(recipient.status());
                assert!(evidence.bears(index, claim), "{index}: {claim:?}, but {evidence:?}");
            }
        }
    }

    fn check(&mut self) {
        assert!(self.ended <= self.begun);
        let waits = self.client.wants() == Wants::Read;
        assert!(!waits || !self.client.read_buf().is_empty(), "nowhere to read into");
        assert!(!format!("{:?}", self.client).contains(SECRET));
        assert!(self.in_content || !self.ascii || self.wire.is_ascii(), "commands are ASCII");
        assert!(self.in_content || !self.wire.contains(&0));
    }

    /// The session is cut off: every transaction ends, and nothing is wanted any more.
    fn end(&mut self) {
        let end = self.abort();
        self.take_events();
        assert_eq!(self.ended, self.begun, "every transaction ends exactly once");
        assert_eq!(self.client.wants(), Wants::Nothing);
        assert_eq!(self.client.end(), Some(end));
        assert!(self.client.transmit().is_empty());
        if !self.in_content {
            let lines = self.wire.split(|&octet| octet == b'\n');
            let complete = lines.clone().count() - 1;
            assert!(lines.take(complete).all(|line| line.ends_with(b"\r")), "every line has CRLF");
        }
    }
}
