//! A naive model of what becomes of each recipient, against the client: random answers to every
//! command, cuts, buffer sizes and faults. The model sees only whole commands and whole replies.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;
use smtp_proto::{
    client::{BufferSizes, Client, Config, Inquiry, Journal, Status, Wants},
    envelope::Envelope,
};
use smtp_test_support::{
    oracle::{Evidence, Recipient},
    session::{Owned, envelope, plain_config},
};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Asked {
    Greeting,
    Ehlo,
    Mail,
    Rcpt,
    Data,
    Content,
    Rset,
    Noop,
    Quit,
    /// Nothing: a 421 that comes by itself.
    Nothing,
}

/// What goes wrong, at most once.
#[derive(Clone, Copy, Debug)]
enum Fault {
    None,
    /// The stream to the client ends behind this octet.
    Close(usize),
    /// The transport takes no octet beyond this.
    Deaf(usize),
    /// The driver gives up at this step.
    Abort(usize),
    /// In place of this reply something that is none.
    Garbage(usize),
    /// 421 behind this reply.
    Closing(usize),
}

#[derive(Clone, Debug)]
struct Case {
    pipelining: bool,
    run_ahead: bool,
    receive: usize,
    transmit: usize,
    in_flight: usize,
    read: usize,
    write: usize,
    piece: usize,
    /// Each command takes the next.
    dice: Vec<u8>,
    /// Recipients of each message.
    messages: Vec<usize>,
    content: Vec<u8>,
    noop: bool,
    /// Answer before all the content is there, at this octet of it.
    early: Option<usize>,
    fault: Fault,
}

#[derive(Clone, Copy, Debug)]
struct Said {
    asked: Asked,
    code: u16,
    /// Octets of the stream to the client up to its end.
    end: usize,
    /// Which MAIL came last before it.
    mail: usize,
    /// Whether all content had left when the client got it.
    whole: bool,
}

/// The server: reads whole commands, answers by the dice.
struct Server<'c> {
    case: &'c Case,
    input: Vec<u8>,
    output: Vec<u8>,
    said: Vec<Said>,
    dice: usize,
    in_content: bool,
    early_done: bool,
    content: Vec<u8>,
    /// For each MAIL: its recipients so far, and whether all content has come.
    mails: Vec<(usize, bool)>,
    /// MAIL was accepted, and neither RSET nor accepted content came since.
    in_transaction: bool,
    /// Octets of the output that the client has got.
    delivered: usize,
}

impl<'c> Server<'c> {
    fn new(case: &'c Case) -> Self {
        let mut server = Self {
            case,
            input: Vec::new(),
            output: Vec::new(),
            said: Vec::new(),
            dice: 0,
            in_content: false,
            early_done: false,
            content: Vec::new(),
            mails: Vec::new(),
            in_transaction: false,
            delivered: 0,
        };
        server.say(Asked::Greeting, 220);
        server
    }

    fn roll(&mut self) -> u8 {
        self.dice += 1;
        self.case.dice[(self.dice - 1) % self.case.dice.len()]
    }

    fn say(&mut self, asked: Asked, code: u16) {
        let number = self.said.len();
        match asked {
            Asked::Mail => {
                assert!(!self.in_transaction, "MAIL in a transaction: {:?}", self.said);
                self.in_transaction = code / 100 == 2;
            }
            Asked::Rset => self.in_transaction = false,
            Asked::Content => self.in_transaction &= code / 100 != 2,
            _ => {}
        }
        let garbage = matches!(self.case.fault, Fault::Garbage(at) if at == number);
        let text = match (garbage, asked, number % 3) {
            (true, ..) => "999 ?\r\n".to_string(),
            (_, Asked::Ehlo, _) if self.case.pipelining => "250-mx\r\n250 PIPELINING\r\n".into(),
            (_, _, 0) => format!("{code}\r\n"),
            (_, _, 1) => format!("{code} x\n"),
            _ => format!("{code}-2.0.0 first\r\n{code} second\r\n"),
        };
        self.output.extend_from_slice(text.as_bytes());
        let code = if garbage { 999 } else { code };
        let mail = self.mails.len().saturating_sub(1);
        self.said.push(Said { asked, code, end: self.output.len(), mail, whole: false });
        if matches!(self.case.fault, Fault::Closing(at) if at == number) {
            self.output.extend_from_slice(b"421 closing\r\n");
            let end = self.output.len();
            self.said.push(Said { asked: Asked::Nothing, code: 421, end, mail, whole: false });
        }
    }

    fn deliver(&mut self, n: usize) {
        let (from, to) = (self.delivered, self.delivered + n);
        for said in self.said.iter_mut().filter(|said| from < said.end && said.end <= to) {
            said.whole = self.mails.get(said.mail).is_some_and(|mail| mail.1);
        }
        self.delivered = to;
    }

    fn hear(&mut self, octets: &[u8]) {
        for &octet in octets {
            if !self.in_content && self.input.is_empty() {
                assert!(self.may_speak(), "a command before the last answer: {:?}", self.said);
            }
            self.input.push(octet);
            if self.in_content {
                self.hear_content();
            } else if octet == b'\n' {
                let line = String::from_utf8(std::mem::take(&mut self.input)).unwrap();
                self.answer(line.strip_suffix("\r\n").expect("a line ends in CRLF"));
            }
        }
    }

    /// Whether a command may come now: in a group, or when all is answered (RFC 2920 3.1).
    fn may_speak(&self) -> bool {
        let last = self.said.iter().rfind(|said| said.asked != Asked::Nothing);
        let groups = last.is_some_and(|said| match said.asked {
            Asked::Mail | Asked::Rcpt | Asked::Rset => true,
            Asked::Content => self.case.run_ahead,
            _ => false,
        });
        self.is_read() || (self.case.pipelining && groups)
    }

    /// Whether the client has got every answer.
    fn is_read(&self) -> bool {
        let asked = self.said.iter().rfind(|said| said.asked != Asked::Nothing);
        asked.is_none_or(|said| said.end <= self.delivered)
    }

    fn answer(&mut self, line: &str) {
        let roll = self.roll();
        let verdict = match roll % 16 {
            0 => 450,
            1 => 550,
            2 => 421,
            3 => 354,
            4 => 252,
            5 => 599,
            _ => 250,
        };
        let asked = match line {
            "EHLO client.example" => return self.say(Asked::Ehlo, 250),
            "RSET" => return self.say(Asked::Rset, if roll == 1 { 450 } else { 250 }),
            "NOOP" => return self.say(Asked::Noop, 250),
            "QUIT" => return self.say(Asked::Quit, 221),
            "DATA" => {
                let code = if verdict == 354 { 250 } else { verdict };
                let code = if code == 250 && roll > 3 { 354 } else { code };
                self.in_content = code == 354;
                self.early_done = false;
                self.content.clear();
                return self.say(Asked::Data, code);
            }
            _ if line.starts_with("MAIL FROM:<alice@example.org>") => {
                assert!(self.mails.len() < self.case.messages.len());
                self.mails.push((0, false));
                Asked::Mail
            }
            _ => {
                let mail = self.mails.last_mut().expect("RCPT behind MAIL");
                assert_eq!(line, format!("RCPT TO:<r{}@example.net>", mail.0));
                mail.0 += 1;
                Asked::Rcpt
            }
        };
        self.say(asked, verdict);
    }

    fn hear_content(&mut self) {
        let wanted = reference(self).wanted();
        assert!(self.is_read() || self.early_done, "content before the go-ahead was read");
        assert!(
            wanted || (b".\r\n".starts_with(&self.input) && !reference(self).mail_refused()),
            "content for nobody"
        );
        let early = self.case.early.filter(|_| wanted && !self.early_done);
        if early.is_some_and(|at| self.input.len() > at) && !ended(&self.input) {
            self.early_done = true;
            self.say(Asked::Content, 552);
        }
        if ended(&self.input) {
            let content = std::mem::take(&mut self.input);
            if wanted {
                assert_eq!(content, stuffed(&self.case.content));
            }
            self.in_content = false;
            self.mails.last_mut().unwrap().1 = wanted;
            if !self.early_done {
                let code = match self.roll() % 8 {
                    0 => 450,
                    1 => 550,
                    2 => 354,
                    3 => 421,
                    _ => 250,
                };
                self.say(Asked::Content, code);
            }
        }
    }
}

fn ended(octets: &[u8]) -> bool {
    octets == b".\r\n" || octets.ends_with(b"\r\n.\r\n")
}

/// Line by line, from the definition.
fn stuffed(content: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(content.to_vec()).unwrap();
    let mut wire = Vec::new();
    for line in text.split_terminator("\r\n") {
        if line.starts_with('.') {
            wire.push(b'.');
        }
        wire.extend_from_slice(line.as_bytes());
        wire.extend_from_slice(b"\r\n");
    }
    wire.extend_from_slice(b".\r\n");
    wire
}

/// One message as the replies that the client has got tell it.
#[derive(Clone, Debug, Default)]
struct Told {
    mail: Option<u16>,
    rcpt: Vec<u16>,
    data: Option<u16>,
    last: Option<u16>,
    /// Something was said that cannot have been a reply to what was asked (C87).
    shifted: bool,
}

#[derive(Debug, Default)]
struct Reference {
    told: Vec<Told>,
    over: bool,
}

impl Reference {
    fn wanted(&self) -> bool {
        self.told.last().is_some_and(|told| {
            told.mail.is_some_and(|code| code / 100 == 2) && told.rcpt.iter().any(|c| c / 100 == 2)
        })
    }

    fn mail_refused(&self) -> bool {
        self.told.last().is_some_and(|told| told.mail.is_some_and(|code| code >= 400))
    }
}

/// What the replies so far say, by position alone.
fn reference(server: &Server<'_>) -> Reference {
    let mut reference = Reference::default();
    for said in server.said.iter().take_while(|said| said.end <= server.delivered) {
        if reference.over {
            break;
        }
        let (class, wanted) = (said.code / 100, reference.wanted());
        if said.asked == Asked::Mail {
            reference.told.push(Told::default());
        }
        let refused = reference.mail_refused();
        let mut told = reference.told.last_mut();
        let unasked = said.asked == Asked::Nothing && said.whole && wanted;
        let awaiting = |told: &&mut Told| told.data == Some(354) && told.last.is_none();
        if let Some(told) = told.as_deref_mut().filter(|_| unasked).filter(awaiting) {
            // It comes where the verdict is awaited, and by position it is the verdict.
            told.last = Some(421);
            reference.over = true;
            continue;
        }
        if said.code == 999 || (said.code == 421 && said.asked != Asked::Content) {
            reference.over = true;
            continue;
        }
        match (said.asked, told) {
            (Asked::Mail, Some(told)) => {
                told.mail = Some(said.code);
                told.shifted = class == 3;
                reference.over = class == 3;
            }
            (Asked::Rcpt, Some(told)) => {
                told.rcpt.push(said.code);
                told.shifted = class == 3;
                reference.over = class == 3;
            }
            (Asked::Data, Some(told)) => {
                told.data = Some(said.code);
                told.shifted = class == 2;
                reference.over = class == 2 || (class == 3 && refused);
            }
            (Asked::Content, Some(told)) if wanted => {
                told.last = Some(said.code);
                reference.over = class == 3 || said.code == 421 || !said.whole;
            }
            (Asked::Content, _) => reference.over = class == 3 || said.code == 421,
            (Asked::Rset, _) => reference.over = class != 2,
            (Asked::Quit, _) => reference.over = true,
            _ => {}
        }
    }
    reference
}

/// What has to become of each recipient of the message at `index`.
fn predicted(
    server: &Server<'_>,
    reference: &Reference,
    index: usize,
    count: usize,
) -> Vec<Status> {
    let told = reference.told.get(index).cloned().unwrap_or_default();
    let verdict = |reply: u16| told.last.filter(|_| reply / 100 == 2);
    let recipients = told.rcpt.iter();
    let evidence = Evidence {
        mail: told.mail,
        recipients: recipients
            .map(|&reply| Recipient { reply: Some(reply), verdict: verdict(reply) })
            .collect(),
        data: told.data,
        is_sent: server.mails.get(index).is_some_and(|mail| mail.1),
        is_shifted: told.shifted,
        is_doubted: false,
    };
    evidence.truths(count).iter().map(|truth| truth.status()).collect()
}

/// The driver and its caller.
struct Play<'c> {
    case: &'c Case,
    client: Owned,
    server: Server<'c>,
    journal: Journal,
    envelopes: Vec<Envelope>,
    begun: usize,
    content: &'c [u8],
    written: usize,
    deaf: bool,
    quit: bool,
    asked_noop: usize,
}

impl<'c> Play<'c> {
    fn new(case: &'c Case) -> Self {
        let sizes = BufferSizes::SMALL
            .with_receive(case.receive)
            .with_transmit(case.transmit)
            .with_in_flight(case.in_flight);
        let config: Config = plain_config().with_run_ahead(case.run_ahead);
        let to = |count: &usize| (0..*count).map(|at| format!("r{at}@example.net")).collect();
        let envelopes = case.messages.iter().map(to).map(|to: Vec<String>| {
            envelope("alice@example.org", &to.iter().map(String::as_str).collect::<Vec<_>>())
        });
        Self {
            case,
            client: Client::with_sizes(config, sizes),
            server: Server::new(case),
            journal: Journal::new(),
            envelopes: envelopes.collect(),
            begun: 0,
            content: &[],
            written: 0,
            deaf: false,
            quit: false,
            asked_noop: 0,
        }
    }

    fn run(&mut self) {
        for step in 0..20_000 {
            let wants = self.client.wants();
            if matches!(self.case.fault, Fault::Abort(at) if at <= step) && wants != Wants::Event {
                self.client.abort();
            }
            match self.client.wants() {
                Wants::Event => {
                    while let Ok(Some(event)) = self.client.poll_event() {
                        self.journal.record(&event);
                    }
                }
                Wants::Nothing => return,
                wants => self.step(wants),
            }
        }
        panic!("no end: {:?} {:?}", self.client.wants(), self.client);
    }

    fn step(&mut self, wants: Wants) {
        if self.client.can_begin() && self.begun < self.envelopes.len() {
            return self.begin();
        }
        match wants {
            Wants::Envelope => {
                self.client.continue_envelope(&self.envelopes[self.begun - 1]).unwrap();
            }
            Wants::Content if self.content.is_empty() => self.client.finish().unwrap(),
            Wants::Content => {
                let piece = &self.content[..self.content.len().min(self.case.piece)];
                self.content = &self.content[self.client.content(piece).unwrap()..];
            }
            Wants::Write => self.write(),
            Wants::Flush => self.client.flushed(),
            Wants::Read => self.read(),
            Wants::Command => {
                assert!(!self.quit);
                self.quit = true;
                self.client.quit().unwrap();
            }
            other => panic!("{other:?}"),
        }
    }

    fn begin(&mut self) {
        if self.case.noop && self.asked_noop <= self.begun {
            self.asked_noop += 1;
            // No room is a reason to go on without.
            let _ = self.client.inquire(Inquiry::Noop);
            return;
        }
        let envelope = &self.envelopes[self.begun];
        let transaction = self.client.begin(envelope).unwrap();
        self.journal.begin(transaction, envelope.len());
        self.begun += 1;
        self.content = &self.case.content;
    }

    fn write(&mut self) {
        let octets = self.client.transmit();
        let mut n = octets.len().min(self.case.write);
        assert!(n > 0);
        if let Fault::Deaf(at) = self.case.fault {
            n = n.min(at.saturating_sub(self.written));
        }
        if n == 0 {
            self.deaf = true;
            return self.client.transmit_failed();
        }
        let octets = octets[..n].to_vec();
        self.client.transmitted(n).unwrap();
        self.written += n;
        self.server.hear(&octets);
    }

    fn read(&mut self) {
        let mut there = self.server.output.len();
        let mut closed = self.deaf;
        if let Fault::Close(at) = self.case.fault {
            closed |= at <= there;
            there = there.min(at);
        }
        let rest = &self.server.output[self.server.delivered.min(there)..there];
        assert!(!rest.is_empty() || closed, "stuck: {:?} {:?}", self.client, self.server.said);
        let room = self.client.read_buf();
        assert!(!room.is_empty(), "a read into no room");
        let n = rest.len().min(room.len()).min(self.case.read);
        room[..n].copy_from_slice(&rest[..n]);
        self.client.received(n).unwrap();
        self.server.deliver(n);
    }
}

fn check(case: &Case) {
    let mut play = Play::new(case);
    play.run();
    let reference = reference(&play.server);
    for index in 0..play.begun {
        let outcome = play.journal.take_outcome(play.client.end()).expect("an end for each");
        assert_eq!(outcome.transaction().index() as usize, index);
        let found: Vec<Status> = outcome.recipients().map(|recipient| recipient.status()).collect();
        let expected = predicted(&play.server, &reference, index, case.messages[index]);
        assert_eq!(found, expected, "{index} {:?} {:?}", play.server.said, play.client.end());
    }
    assert!(play.journal.take_outcome(None).is_none(), "an end twice");
    assert!(!play.client.is_reusable());
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        3 => Just(Fault::None),
        1 => (0usize..400).prop_map(Fault::Close),
        1 => (22usize..400).prop_map(Fault::Deaf),
        1 => (0usize..60).prop_map(Fault::Abort),
        1 => (0usize..20).prop_map(Fault::Garbage),
        1 => (0usize..20).prop_map(Fault::Closing),
    ]
}

fn case() -> impl Strategy<Value = Case> {
    let sizes = (
        prop_oneof![Just(64usize), Just(12_288)],
        prop_oneof![Just(96usize), 96usize..512, Just(2048)],
        prop_oneof![1usize..6, Just(128)],
        prop_oneof![Just(1usize), 1usize..20, Just(usize::MAX)],
        prop_oneof![Just(1usize), 1usize..40, Just(usize::MAX)],
        1usize..80,
    );
    // Mostly yes, for else few messages get far.
    let die = prop_oneof![8 => 6u8..16, 2 => any::<u8>()];
    let content = prop_oneof![
        Just(String::new()),
        Just(".\r\n".to_string()),
        "([.a]{0,3}\r\n){1,8}",
        "(a{60}\r\n){1,8}"
    ];
    let story = (
        proptest::collection::vec(die, 1..30),
        proptest::collection::vec(1usize..5, 1..5),
        content,
        any::<bool>(),
        prop_oneof![4 => Just(None), 1 => (0usize..50).prop_map(Some)],
        fault(),
    );
    (any::<bool>(), any::<bool>(), sizes, story).prop_map(
        |(pipelining, run_ahead, sizes, (dice, messages, content, noop, early, fault))| Case {
            pipelining,
            run_ahead,
            receive: sizes.0,
            transmit: sizes.1,
            in_flight: sizes.2,
            read: sizes.3,
            write: sizes.4,
            piece: sizes.5,
            dice,
            messages,
            content: content.into_bytes(),
            noop,
            early,
            fault,
        },
    )
}

/// Each fault at each place of a session of two messages, octet by octet.
#[test]
fn d26_every_fault_at_every_place_ends_as_the_model_says() {
    for kind in 0..8 {
        let base = Case {
            pipelining: kind & 1 > 0,
            run_ahead: kind & 2 > 0,
            receive: 64,
            transmit: 96,
            in_flight: if kind & 4 > 0 { 2 } else { 128 },
            read: 3,
            write: if kind % 5 == 0 { usize::MAX } else { 1 },
            piece: 7,
            dice: [vec![9; 4 + kind % 3], vec![1], vec![9; 30]].concat(),
            messages: vec![2, 1],
            content: b".a\r\n".to_vec(),
            noop: false,
            early: None,
            fault: Fault::None,
        };
        check(&base);
        for at in 0..320 {
            check(&Case { fault: Fault::Close(at), ..base.clone() });
            check(&Case { fault: Fault::Deaf(at), ..base.clone() });
        }
        for at in 0..80 {
            check(&Case { fault: Fault::Abort(4 * at), ..base.clone() });
            check(&Case { fault: Fault::Garbage(at), ..base.clone() });
            check(&Case { fault: Fault::Closing(at), ..base.clone() });
            check(&Case { early: Some(at), ..base.clone() });
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(3000) })]

    #[test]
    fn d23_to_d26_every_recipient_ends_as_a_naive_model_says(case in case()) {
        check(&case);
    }
}
