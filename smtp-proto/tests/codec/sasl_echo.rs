//! Servers that repeat what they were told in confidence (C81): nobody is shown it.
#![allow(clippy::format_collect, reason = "a test may take time")]
#![cfg(all(feature = "cram-md5", feature = "scram"))]

use core::fmt::Write;

use proptest::prelude::*;
use smtp_proto::{
    client::{BufferSizes, Buffers, Client, Journal, Slot, Wants},
    sasl::{
        CannotAnswer, Challenge, CramMd5, Login, Mechanism, Nonce, OAuthBearer, Plain, Response,
        ScramSha256, XOAuth2,
    },
    transcript::Transcript,
};
use smtp_test_support::auth_script::base64;
use smtp_test_support::{
    session::{Session, plain_config},
    stand::Stand,
};

const CANARY: &str = "c4nary-Secret-0f-96-bits";

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// The canary as it is, in hexadecimal, and in base64 at every offset, without what stands around it.
fn forms() -> Vec<String> {
    let shifted = (0..3).map(|offset| {
        let text = base64([&b"xx"[..offset], CANARY.as_bytes()].concat());
        text[4..text.len() - 4].to_owned()
    });
    let hex = hex(CANARY.as_bytes());
    [CANARY.to_owned(), hex.to_uppercase(), hex].into_iter().chain(shifted).collect()
}

/// No 8 characters of any form are shown.
#[track_caller]
fn assert_silent(shown: &str) {
    for form in forms() {
        for start in 0..=form.len() - 8 {
            let part = &form[start..start + 8];
            assert!(!shown.contains(part), "{part} in {shown}");
        }
    }
}

/// A client whose response has just left, with all that was said since AUTH.
struct Told {
    client: Client<Box<[u8]>>,
    /// What left as the secret, in base64.
    response: String,
    shown: String,
    transcript: Transcript,
    journal: Journal,
}

impl Told {
    /// Answers the challenges, up to the response that holds the secret.
    fn by(mechanism: &mut dyn Mechanism, challenges: &[&str]) -> Self {
        let mut session = Session::open_with(
            Client::with_sizes(plain_config().with_plaintext_auth(true), BufferSizes::LARGE),
            &format!("AUTH_{}", mechanism.name()),
        );
        session.peer.deaf = true;
        let list: &mut [&mut dyn Mechanism] = &mut [mechanism];
        session.client.authenticate(list).unwrap();
        session.pump();
        for challenge in challenges {
            let challenge = format!("334 {}\r\n", base64(challenge));
            assert_eq!(session.hear(challenge.as_bytes()), Wants::Credentials);
            session.client.authenticate(list).unwrap();
            session.pump();
        }
        let heard = String::from_utf8(session.peer.heard.clone()).unwrap();
        let response = heard.split_whitespace().last().unwrap().to_owned();
        Self {
            client: session.client,
            response,
            shown: session.text,
            transcript: Transcript::new(),
            journal: Journal::new(),
        }
    }

    fn octets(&self) -> Vec<u8> {
        use base64::{Engine, engine::general_purpose::STANDARD};
        STANDARD.decode(&self.response).unwrap()
    }

    /// Reads the octets in pieces of this size, and shows all that can be shown.
    fn hear(&mut self, octets: &[u8], size: usize) {
        for piece in octets.chunks(size) {
            self.take_events();
            if self.client.is_closed() {
                break;
            }
            self.client.read_buf()[..piece.len()].copy_from_slice(piece);
            self.client.received(piece.len()).unwrap();
        }
        self.take_events();
    }

    /// Says what comes next: `*` to a challenge, QUIT where the dialogue is over.
    fn go_on(&mut self) {
        match self.client.wants() {
            Wants::Credentials => {
                let nobody: &mut [&mut dyn Mechanism] = &mut [];
                self.client.authenticate(nobody).unwrap();
            }
            Wants::Command => self.client.quit().unwrap(),
            _ => {}
        }
        let left = self.client.transmit();
        assert!([&b""[..], b"*\r\n", b"QUIT\r\n"].contains(&left));
        self.client.transmitted(left.len()).unwrap();
    }

    fn take_events(&mut self) {
        loop {
            match self.client.poll_event() {
                Ok(Some(event)) => {
                    self.journal.record(&event);
                    write!(self.shown, "{event:?} ").unwrap();
                    if let Some(reply) = event.reply() {
                        write!(self.shown, "{reply} ").unwrap();
                        self.shown += &String::from_utf8_lossy(reply.octets());
                        self.transcript.received(&mut self.shown, reply).unwrap();
                    }
                }
                Ok(None) => break,
                Err(error) => return write!(self.shown, "{error:?} {error}").unwrap(),
            }
        }
    }

    /// All that was shown and can be shown at the end.
    fn shown(mut self) -> String {
        write!(self.shown, "{:?} {:?}", self.client, self.client.end()).unwrap();
        let answer = self.journal.last_answer();
        write!(self.shown, "{:?}", answer.map(|(_, reply)| (reply.text(), reply))).unwrap();
        let unfinished = String::from_utf8_lossy(self.client.unfinished_reply());
        self.shown + &unfinished
    }
}

/// Each mechanism with the canary where its secret is.
fn each(mut run: impl FnMut(&dyn Fn() -> Told)) {
    run(&|| Told::by(&mut Plain::new("alice@example.org", CANARY), &[]));
    run(&|| Told::by(&mut Login::new("alice@example.org", CANARY), &["User", "Password"]));
    run(&|| Told::by(&mut XOAuth2::new("alice@example.org", CANARY), &[]));
    run(&|| Told::by(&mut OAuthBearer::new(CANARY).with_user("alice@example.org"), &[]));
    // Longer than a line of AUTH: it leaves behind an empty challenge.
    run(&|| Told::by(&mut XOAuth2::new("alice", &CANARY.repeat(20)), &[""]));
}

/// What a server may make of what it was told.
fn repetitions(told: &Told) -> Vec<String> {
    let octets = told.octets();
    let text = String::from_utf8_lossy(&octets).into_owned();
    let whole = told.response.clone();
    let cut = told.response.chars().skip(3).collect::<String>();
    let shifted = [base64([b"x", &octets[..]].concat()), base64([b"xx", &octets[..]].concat())];
    let escaped = octets.escape_ascii().to_string();
    [whole, cut, text, escaped, hex(&octets), CANARY.to_owned(), hex(CANARY.as_bytes())]
        .into_iter()
        .chain(shifted)
        .collect()
}

#[test]
fn c81_what_a_server_repeats_of_credentials_is_not_shown() {
    each(|told| {
        for repeated in repetitions(&told()) {
            for (before, behind) in [
                ("500 5.5.1 unrecognised: AUTH PLAIN ", "\r\n"),
                ("535-5.7.8 no\r\n535 5.7.8 \"", "\" is wrong\n"),
                ("235 2.7.0 ", " is right\r\n"),
                ("250 ", " makes no sense\r\n"),
                ("421 4.7.0 ", " was the last straw\r\n"),
                ("535 5.7.8 no\r\n421 4.7.0 ", "\r\n"),
                ("535 5.7.8 no\r\n550 unasked ", "\r\n"),
                ("334 ", "\r\n"),
                ("334-", "\r\n334 x\r\n"),
                ("no reply ", "\r\n"),
                ("535 5.7.8 no\r\n|221 bye ", "\r\n"),
                ("334 x\r\n|501 5.7.0 no more of ", "\r\n"),
                // Cut off.
                ("535 5.7.8 ", ""),
            ] {
                let said = [before.as_bytes(), repeated.as_bytes(), behind.as_bytes()].concat();
                for size in [7, usize::MAX] {
                    let mut told = told();
                    for said in said.split(|&octet| octet == b'|') {
                        told.hear(said, size);
                        told.go_on();
                    }
                    told.client.abort();
                    assert_silent(&told.shown());
                }
            }
        }
    });
}

#[test]
fn what_stands_around_it_is_shown() {
    let mut told = Told::by(&mut Plain::new("alice@example.org", CANARY), &[]);
    let response = told.response.clone();
    told.hear(format!("500 5.5.1 unrecognised: AUTH PLAIN {response}\r\n").as_bytes(), 1);
    let stars = "*".repeat(response.len());
    assert!(told.shown.contains(&format!("S: 500 5.5.1 unrecognised: AUTH PLAIN {stars}\n")));

    let mut told = Told::by(&mut Plain::new("alice@example.org", CANARY), &[]);
    told.hear(b"535 5.7.8 authentication failed for alice@example.org\r\n", 1);
    assert!(told.shown.contains("S: 535 5.7.8 authentication failed for alice@example.org\n"));

    let mut told = Told::by(&mut Login::new("alice", CANARY), &["User", "Password"]);
    told.hear(b"334 UGFzc3dvcmQ6\r\n", 1);
    assert!(told.shown.contains("S: 334 UGFzc3dvcmQ6\n"), "{}", told.shown);
}

/// A challenge that repeats what was said, as that of SCRAM repeats a nonce, reaches the mechanism
/// as it came.
#[test]
fn a_challenge_that_repeats_is_not_shown_and_not_changed() {
    struct Mirror(Vec<u8>);
    impl Mechanism for Mirror {
        fn name(&self) -> &'static str {
            "MIRROR"
        }
        fn respond(
            &mut self,
            c: Challenge<'_>,
            out: &mut Response<'_>,
        ) -> Result<(), CannotAnswer> {
            self.0 = c.octets().unwrap_or_default().to_vec();
            out.push(CANARY.as_bytes());
            Ok(())
        }
    }
    for size in [1, usize::MAX] {
        let mut mirror = Mirror(Vec::new());
        let mut told = Told::by(&mut mirror, &[]);
        told.hear(format!("334 {}\r\n", base64(CANARY)).as_bytes(), size);
        assert!(told.shown.contains("S: 334 ***\n"), "{}", told.shown);
        told.client.authenticate(&mut mirror).unwrap();
        assert_eq!(mirror.0, CANARY.as_bytes());
        assert_silent(&told.shown());
    }
    // The nonce stands at the same offset of a group on both sides.
    let nonce = Nonce::new("rOprNGfwEbeRWgbNEkqO").unwrap();
    let mut scram = ScramSha256::new("us", "pencil", nonce);
    let mut told = Told::by(&mut scram, &[]);
    let first =
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    told.hear(format!("334 {}\r\n", base64(first)).as_bytes(), 7);
    assert!(told.shown.contains("S: 334 ***\n"), "{}", told.shown);
    told.client.authenticate(&mut scram).unwrap();
    assert_eq!(scram.error(), None, "the message was whole");
}

#[test]
fn a_digest_and_a_proof_are_not_shown() {
    let challenge = "<1896.697170952@postoffice.reston.mci.net>";
    let mut told = Told::by(&mut CramMd5::new("tim", "tanstaaftanstaaf"), &[challenge]);
    told.hear(b"535 no: b913a602c7eda7a495b4e6e7334d3890\r\n", usize::MAX);
    assert!(!told.shown.contains("b913a602"), "{}", told.shown);
}

#[test]
fn why_a_token_is_refused_does_not_tell_the_token() {
    for form in forms() {
        let json = format!("{{\"status\":\"401\",\"token\":\"{form}\"}}");
        let mut xoauth2 = XOAuth2::new("alice", CANARY);
        let told = Told::by(&mut xoauth2, &[&json]);
        assert_silent(&(told.shown() + &String::from_utf8_lossy(xoauth2.error().unwrap())));
        let mut bearer = OAuthBearer::new(CANARY);
        let told = Told::by(&mut bearer, &[&json]);
        let error = String::from_utf8_lossy(bearer.error().unwrap()).into_owned();
        assert!(error.starts_with("{\"status\":\"401\",\"token\":\"***"), "{error}");
        assert_silent(&(told.shown() + &error));
    }
}

/// The transport takes no more in the middle of the secret; what the server says of it is read.
#[test]
fn the_part_that_left_is_not_shown() {
    let response = base64(format!("\0alice\0{CANARY}"));
    for left in 0..=response.len() {
        let mut session = Session::open(plain_config().with_plaintext_auth(true), "AUTH_PLAIN");
        session.client.authenticate(&mut Plain::new("alice", CANARY)).unwrap();
        session.client.transmitted("AUTH PLAIN ".len() + left).unwrap();
        session.client.transmit_failed();
        session.journal = Some(Journal::new());
        session.hear(format!("421 4.7.0 {}\r\n", &response[..left]).as_bytes());
        assert_eq!(Stand::of(&session), Stand::Closing(smtp_proto::client::Phase::Auth));
        assert_silent(&session.text);
    }
}

/// What is left in the transmit buffer when the client is gone, or lets go of the secret.
fn left_to_transmit(run: impl FnOnce(&mut Client<&mut [u8]>)) -> String {
    let (mut receive, mut transmit) = ([0; 512], [0; 512]);
    let (mut in_flight, mut capabilities) = ([Slot::EMPTY; 4], [0; 128]);
    let buffers = Buffers {
        receive: &mut receive[..],
        transmit: &mut transmit[..],
        in_flight: &mut in_flight[..],
        capabilities: &mut capabilities[..],
        recipients: &mut [][..],
    };
    let mut client = Client::with_buffers(plain_config().with_plaintext_auth(true), buffers);
    for said in ["220 mx\r\n", "250-mx\r\n250 AUTH PLAIN\r\n"] {
        hear(&mut client, said);
        client.transmitted(client.transmit().len()).unwrap();
    }
    client.authenticate(&mut Plain::new("alice", CANARY)).unwrap();
    client.transmitted(client.transmit().len()).unwrap();
    run(&mut client);
    drop(client);
    format!("{}{}", transmit.escape_ascii(), receive.escape_ascii())
}

fn hear(client: &mut Client<&mut [u8]>, said: &str) {
    client.read_buf()[..said.len()].copy_from_slice(said.as_bytes());
    client.received(said.len()).unwrap();
    while let Ok(Some(_)) = client.poll_event() {}
}

#[test]
fn a_secret_is_wiped_when_a_message_begins_and_with_its_session() {
    assert_silent(&left_to_transmit(|_| {}));
    assert_silent(&left_to_transmit(|client| _ = client.abort()));
    assert_silent(&left_to_transmit(|client| hear(client, "535 no\r\n")));
    assert_silent(&left_to_transmit(|client| hear(client, "421 no\r\n")));
    // Leaked: what is not wiped by then stays.
    assert_silent(&left_to_transmit(|client| {
        hear(client, "535 no\r\n");
        let to_bob =
            smtp_test_support::session::envelope("alice@example.org", &["bob@example.net"]);
        client.begin(&to_bob).unwrap();
        let other = Client::with_buffers(plain_config(), empty());
        std::mem::forget(std::mem::replace(client, other));
    }));
    assert_silent(&left_to_transmit(|client| {
        client.abort();
        let other = Client::with_buffers(plain_config(), empty());
        std::mem::forget(std::mem::replace(client, other));
    }));
}

fn empty<'a>() -> Buffers<&'a mut [u8]> {
    Buffers {
        receive: &mut [],
        transmit: &mut [],
        in_flight: &mut [],
        capabilities: &mut [],
        recipients: &mut [],
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    /// Any part of what was said, in any form and between any words, in any cut.
    #[test]
    fn c81_no_part_of_what_was_said_is_shown(
        form in 0_usize..4,
        start in 0_usize..30,
        length in 1_usize..80,
        before in "[ -~]{0,20}",
        behind in "[ -~]{0,20}",
        code in prop_oneof![Just("535 "), Just("500 5.5.1 "), Just("334 "), Just("421 ")],
        size in 1_usize..100,
    ) {
        let mut told = Told::by(&mut Plain::new("alice", CANARY), &[]);
        let octets = told.octets();
        let whole = match form {
            0 => told.response.clone(),
            1 => CANARY.to_owned(),
            2 => hex(&octets),
            _ => base64([b"x", &octets[..]].concat()),
        };
        let part: String = whole.chars().skip(start).take(length).collect();
        prop_assume!(!forms().iter().any(|form| form.contains(&before) && before.len() >= 8));
        told.hear(format!("{code}{before}{part}{behind}\r\n").as_bytes(), size);
        for form in forms() {
            // Of 16 characters of base64 or hexadecimal, 8 begin at a group; as it is, 8 are enough.
            let run = if form == CANARY { 8 } else { 16 };
            for at in 0..=form.len() - run {
                prop_assert!(!told.shown.contains(&form[at..at + run]), "{}", told.shown);
            }
        }
    }

    /// Nothing is hidden of what a server says by itself.
    #[test]
    fn what_a_server_says_by_itself_is_shown(text in "[ -~]{0,60}", size in 1_usize..100) {
        let mut told = Told::by(&mut Plain::new("alice", CANARY), &[]);
        let line = format!("535 {text}\r\n");
        told.hear(line.as_bytes(), size);
        prop_assert!(told.shown.contains(&line));
    }
}
