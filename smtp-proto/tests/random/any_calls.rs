//! Calls in any order, replies of any kind: no panic, no end twice, nothing in the clear.

use proptest::prelude::*;
use smtp_proto::{
    client::{
        BufferSizes, Chunking, Client, Config, Event, HelloCommand, Inquiry, Protocol, TlsPolicy,
        Wants,
    },
    sasl::{Login, Mechanism, Plain},
};
use smtp_test_support::session::{Owned, envelope, plain_config};

/// What a careless caller or a hostile server does next.
#[derive(Clone, Debug)]
enum Step {
    Hear(Vec<u8>),
    Write(usize),
    Flush,
    Poll,
    Begin(usize),
    Continue,
    Content(Vec<u8>),
    Finish,
    Authenticate,
    Ask,
    Reset,
    Quit,
    Tls,
    EndOfStream,
    TransmitFailed,
    Abort,
    OutOfBounds,
}

const REPLIES: [&str; 18] = [
    "220 mx\r\n",
    "250-mx\r\n250-PIPELINING\r\n250-STARTTLS\r\n250-CHUNKING\r\n250 AUTH PLAIN LOGIN\r\n",
    "250-mx\r\n250 AUTH PLAIN\r\n",
    "250 ok\r\n",
    "250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n",
    "354 go\r\n",
    "334 VXNlcm5hbWU6\r\n",
    "235 ok\r\n",
    "221 bye\r\n",
    "421 closing\r\n",
    "454 no\r\n",
    "500 what\r\n",
    "550 no\r\n",
    "535 no\r\n",
    "503 bad sequence\r\n",
    "250-",
    "\r\n",
    "220 go\r\n250 evil\r\n",
];

/// The greeting is there and answered; any reply may follow.
static GREETED: std::sync::LazyLock<[Step; 3]> = std::sync::LazyLock::new(|| {
    [Step::Hear(REPLIES[0].into()), Step::Poll, Step::Write(usize::MAX)]
});

static OFFERED: std::sync::LazyLock<[Step; 2]> =
    std::sync::LazyLock::new(|| [Step::Hear(REPLIES[1].into()), Step::Poll]);

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0..REPLIES.len()).prop_map(|at| Step::Hear(REPLIES[at].into())),
        1 => proptest::collection::vec(any::<u8>(), 1..20).prop_map(Step::Hear),
        12 => prop_oneof![Just(usize::MAX), 1_usize..40].prop_map(Step::Write),
        3 => Just(Step::Flush),
        10 => Just(Step::Poll),
        4 => (0_usize..5).prop_map(Step::Begin),
        1 => Just(Step::Continue),
        3 => "[.a\r\n\0]{0,9}".prop_map(|text| Step::Content(text.into())),
        3 => Just(Step::Finish),
        3 => Just(Step::Authenticate),
        2 => Just(Step::Ask),
        2 => Just(Step::Reset),
        1 => Just(Step::Quit),
        2 => Just(Step::Tls),
        1 => Just(Step::EndOfStream),
        1 => Just(Step::TransmitFailed),
        1 => Just(Step::Abort),
        1 => Just(Step::OutOfBounds),
    ]
}

fn config() -> impl Strategy<Value = Config> {
    let tls = prop_oneof![
        Just(TlsPolicy::None),
        Just(TlsPolicy::Opportunistic),
        Just(TlsPolicy::Required),
        Just(TlsPolicy::Implicit),
    ];
    let chunking =
        prop_oneof![Just(Chunking::Off), Just(Chunking::AfterRecipients), Just(Chunking::InFlight)];
    (tls, chunking, any::<[bool; 4]>()).prop_map(|(tls, chunking, [lmtp, ahead, helo, clear])| {
        plain_config()
            .with_tls(tls)
            .with_chunking(chunking)
            .with_run_ahead(ahead)
            .with_plaintext_auth(clear)
            .with_hello(if helo { HelloCommand::Helo } else { HelloCommand::Ehlo })
            .with_protocol(if lmtp { Protocol::Lmtp } else { Protocol::Smtp })
    })
}

struct Run {
    client: Owned,
    recipients: usize,
    begun: u32,
    ended: u32,
    /// What left, and how much of it before TLS.
    wire: Vec<u8>,
    clear: usize,
}

impl Run {
    fn new(config: Config, sizes: BufferSizes) -> Self {
        let client = Client::with_sizes(config, sizes);
        Self { client, recipients: 1, begun: 0, ended: 0, wire: Vec::new(), clear: 0 }
    }

    fn envelope(&self) -> smtp_proto::envelope::Envelope {
        envelope("", &vec!["b@example.net"; self.recipients])
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Hear(octets) => {
                let room = self.client.read_buf();
                let n = octets.len().min(room.len());
                room[..n].copy_from_slice(&octets[..n]);
                if n > 0 {
                    self.client.received(n).unwrap();
                }
            }
            Step::Write(n) => {
                let n = self.client.transmit().len().min(*n);
                self.wire.extend_from_slice(&self.client.transmit()[..n]);
                self.client.transmitted(n).unwrap();
            }
            Step::Flush => self.client.flushed(),
            Step::Poll => self.poll(),
            Step::Begin(recipients) => {
                let before = std::mem::replace(&mut self.recipients, *recipients);
                match self.client.begin(&self.envelope()) {
                    Ok(transaction) => {
                        assert_eq!(transaction.index(), self.begun);
                        self.begun += 1;
                    }
                    Err(_) => self.recipients = before,
                }
            }
            Step::Continue => _ = self.client.continue_envelope(&self.envelope()),
            Step::Content(octets) => {
                let taken = self.client.content(octets);
                assert!(taken.is_err() || taken.is_ok_and(|taken| taken <= octets.len()));
            }
            Step::Finish => _ = self.client.finish(),
            Step::Authenticate => {
                let (mut plain, mut login) = (Plain::new("u", "s3cret"), Login::new("u", "s3cret"));
                let mut both: [&mut dyn Mechanism; 2] = [&mut plain, &mut login];
                _ = self.client.authenticate(&mut both[..]);
            }
            Step::Ask => _ = self.client.inquire(Inquiry::Noop),
            Step::Reset => _ = self.client.inquire(Inquiry::Rset),
            Step::Quit => _ = self.client.quit(),
            Step::Tls => _ = self.client.tls_established(),
            Step::EndOfStream => _ = self.client.received(0),
            Step::TransmitFailed => self.client.transmit_failed(),
            Step::Abort => _ = self.client.abort(),
            Step::OutOfBounds => {
                let n = self.client.transmit().len() + 1;
                assert!(self.client.transmitted(n).is_err());
                let n = self.client.read_buf().len() + 1;
                assert!(self.client.received(n).is_err());
            }
        }
        if self.client.is_closed() {
            assert!(self.client.transmit().is_empty(), "nothing leaves any more");
        }
        if !self.client.is_secure() {
            self.clear = self.wire.len();
        }
    }

    fn poll(&mut self) {
        // Each event takes a reply or an end, so that there is an end to them.
        for _ in 0..100_000 {
            match self.client.poll_event() {
                Ok(Some(Event::Ended { transaction, .. })) => {
                    assert_eq!(transaction.index(), self.ended, "in order, and once");
                    self.ended += 1;
                }
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => return,
            }
        }
        panic!("events without end");
    }

    fn finish(&mut self) {
        let end = self.client.abort();
        self.poll();
        assert_eq!(self.ended, self.begun, "every transaction ends");
        assert_eq!((self.client.wants(), self.client.end()), (Wants::Nothing, Some(end)));
        assert!(self.client.transmit().is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn d01_d28_no_order_of_calls_panics_or_ends_a_transaction_twice(
        config in config(),
        small in any::<bool>(),
        steps in proptest::collection::vec(step(), 0..120),
    ) {
        let sizes = BufferSizes::SMALL;
        let sizes = if small { sizes.with_transmit(64).with_in_flight(2).with_receive(80) } else { sizes };
        let mut run = Run::new(config, sizes);
        for step in &steps {
            run.step(step);
        }
        run.finish();
    }

    /// Whatever the server says and the caller asks for.
    #[test]
    fn d13_where_tls_is_required_the_clear_holds_nothing_but_ehlo_starttls_and_quit(
        helo in any::<bool>(),
        steps in proptest::collection::vec(step(), 0..120),
    ) {
        let hello = if helo { HelloCommand::Helo } else { HelloCommand::Ehlo };
        let config = plain_config().with_plaintext_auth(true).with_unoffered_auth(true);
        let config = config.with_tls(TlsPolicy::Required).with_hello(hello);
        let mut run = Run::new(config, BufferSizes::SMALL);
        for step in GREETED.iter().chain(&steps) {
            run.step(step);
        }
        let clear = String::from_utf8(run.wire[..run.clear].to_vec()).unwrap();
        let allowed = ["EHLO client.example", "STARTTLS", "QUIT", ""];
        for line in clear.split_terminator("\r\n").map(|line| line.trim_end_matches('\r')) {
            let part = |whole: &&str| whole.starts_with(line);
            prop_assert!(allowed.iter().any(part), "{clear:?}");
        }
    }

    /// As many line ends leave as commands, and every octet of theirs is printable.
    #[test]
    fn d08_commands_are_printable_lines(steps in proptest::collection::vec(step(), 0..80)) {
        let mut run = Run::new(plain_config().with_plaintext_auth(true), BufferSizes::SMALL);
        let opened = GREETED.iter().chain(OFFERED.iter()).chain(&steps);
        for step in opened.filter(|step| !matches!(step, Step::Content(_))) {
            run.step(step);
        }
        let text = String::from_utf8(run.wire).unwrap();
        // The last may be on its way.
        let whole = text.rfind("\r\n").map_or("", |end| &text[..end + 2]);
        for line in whole.split_inclusive("\r\n") {
            let printable = |octet: u8| (b' '..=b'~').contains(&octet);
            prop_assert!(line.trim_end_matches("\r\n").bytes().all(printable), "{text:?}");
            let verbs = ["EHLO ", "HELO ", "MAIL ", "RCPT ", "DATA", "RSET", "NOOP", "QUIT", "AUTH "];
            let first = line.trim_end_matches("\r\n");
            let known = verbs.iter().any(|verb| first.starts_with(verb) || verb.starts_with(first));
            // What else a line can be: an answer of AUTH, its end, the dot.
            let base64 = |octet: u8| octet.is_ascii_alphanumeric() || b"+/=".contains(&octet);
            prop_assert!(known || first == "*" || first == "." || first.bytes().all(base64), "{text:?}");
        }
    }
}
