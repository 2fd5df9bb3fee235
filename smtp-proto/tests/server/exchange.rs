//! An exchange between the server and its application: what is offered, said and refused.
#![cfg(all(feature = "alloc", feature = "scram", feature = "cram-md5"))]

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use smtp_proto::{
    sasl::server::{Accounts, CramMd5Exchange, Exchange, ServerChallenge, Step, exchange},
    server::{Answer, BufferSizes, Event, Misuse, Server, TlsPolicy, Wants},
};
use smtp_test_support::auth_pair::{Directory, Host, config};

const SUCCESS: &str = "235 2.7.0 Authentication successful\r\n";
const REFUSAL: &str = "535 5.7.8 Authentication credentials invalid\r\n";
const MALFORMED: &str = "501 5.5.2 Malformed authentication response\r\n";

#[test]
fn an_exchange_that_goes_on_after_its_end_fails() {
    let mut exchange = exchange("SCRAM-SHA-1", Directory, &[0; 32], None).expect("a mechanism");
    let mut respond =
        |text: &[u8]| exchange.respond(Some(text), &mut ServerChallenge::new(&mut [0; 200]));
    assert_eq!(respond(b"x"), Step::Malformed);
    assert_eq!(respond(b"n,,n=alice,r=c"), Step::Failure);
}

#[test]
fn accounts_may_be_borrowed_or_shared() {
    fn knows_alice(accounts: impl Accounts) -> bool {
        accounts.password("alice") == Some("s3cret")
            && accounts.user_of_token("t0ken") == Some("alice")
            && accounts.password("bob").is_none()
            && accounts.user_of_token("bob's").is_none()
    }
    assert!(knows_alice(Directory) && knows_alice(&Directory) && knows_alice(Arc::new(Directory)));
}

#[test]
fn accounts_that_keep_nothing_let_nobody_in() {
    struct Nobody;
    impl Accounts for Nobody {}
    assert_eq!((Nobody.password("alice"), Nobody.user_of_token("t0ken")), (None, None));
}

/// Half of the random octets, so that no two challenges are alike (RFC 2195 2).
#[test]
fn a_challenge_of_cram_md5_is_as_random_as_its_octets() {
    let random = core::array::from_fn(|i| b"\x01\x23\x45\x67\x89\xab\xcd\xef"[i % 8]);
    let mut text = [0; 200];
    let mut challenge = ServerChallenge::new(&mut text);
    let mut exchange = CramMd5Exchange::new(Directory, &random);
    assert_eq!(exchange.respond(None, &mut challenge), Step::Challenge);
    let length = challenge.finish().expect("room");
    let said = STANDARD.decode(&text[..length]).expect("base64");
    assert_eq!(said, b"<0123456789abcdef0123456789abcdef@localhost>");
}

#[test]
fn what_is_offered_is_taken_and_nothing_else() {
    let long = "ABCDEFGHIJKLMNOPQRSTU";
    let offers = |mechanisms: &[&'static str]| {
        let config = config().with_tls(TlsPolicy::None).with_plaintext_auth(true);
        let mechanisms = mechanisms.to_vec().leak();
        let mut host = Host::new(Server::new(config.with_mechanisms(mechanisms)), usize::MAX);
        let reply = host.say("EHLO c.example");
        let offer = reply.lines().find_map(|line| line.get(4..)?.strip_prefix("AUTH "));
        (offer.map(ToOwned::to_owned), host)
    };
    assert_eq!(offers(&["XOAUTH2", "PLAIN"]).0.as_deref(), Some("XOAUTH2 PLAIN"));
    assert_eq!(offers(&["", long, "a", "X Y", "SCRAM-SHA-1-PLUS"]).0, None);
    assert_eq!(offers(&["A"; 20]).0.map(|offer| offer.len()), Some(23));

    let (_, mut host) = offers(&["XOAUTH2", "SCRAM-SHA-1-PLUS"]);
    for name in ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"] {
        assert!(host.say(&format!("AUTH {name} =")).starts_with("504 5.5.4"), "{name}");
    }
    assert!(host.say("auth xoauth2").starts_with("334 "));
}

#[test]
fn a_mechanism_that_the_application_has_not_is_504() {
    let mut host = Host::greeted(config().with_mechanisms(&["GSSAPI", "PLAIN"]));
    assert_eq!(host.say("AUTH GSSAPI"), "504 5.5.4 Mechanism not offered\r\n");
    assert_eq!(host.say("AUTH GSSAPI AAAA"), "504 5.5.4 Mechanism not offered\r\n");
}

/// Says what it is told to.
struct Script(Step, usize);

impl Exchange for Script {
    fn respond(&mut self, _: Option<&[u8]>, challenge: &mut ServerChallenge<'_>) -> Step {
        challenge.push(&vec![b'x'; self.1]);
        self.0
    }

    fn user(&self) -> &'static str {
        "script"
    }
}

/// A server that is asked for an exchange, with another line behind.
fn asked(transmit: usize) -> Host {
    let sizes = BufferSizes::DEFAULT.with_transmit(transmit);
    let mut host = Host::new(Server::with_sizes(config(), sizes), usize::MAX);
    host.say("EHLO c.example");
    let line = b"AUTH XOAUTH2\r\nAAAA\r\n";
    host.server.read_buf()[..line.len()].copy_from_slice(line);
    host.server.received(line.len()).expect("in bounds");
    let event = Event::Exchange { mechanism: "XOAUTH2", begins: true };
    assert_eq!(host.server.poll_event(), Ok(Some(event)));
    host
}

/// What it answers, from the smallest transmit buffer.
fn answer_with(step: Step, length: usize) -> String {
    let mut host = asked(1024);
    assert_eq!(host.server.answer(Answer::AUTHENTICATED), Err(Misuse::WrongClass));
    let mut exchange = Script(step, length);
    assert_eq!(host.server.authenticate(&mut exchange), Ok(()));
    assert_eq!(host.server.authenticate(&mut exchange), Err(Misuse::NoQuestion));
    String::from_utf8(host.server.transmit().to_vec()).expect("ASCII")
}

#[test]
fn each_reply_leaves_before_the_next_line_is_taken() {
    let steps = [Step::Challenge, Step::SuccessWithData, Step::Success, Step::Failure];
    for step in steps.into_iter().chain([Step::Malformed]) {
        let mut host = asked(BufferSizes::DEFAULT.transmit);
        host.server.authenticate(&mut Script(step, 3)).expect("a question");
        assert_eq!(host.server.wants(), Wants::Write, "{step:?}");
    }
}

#[test]
fn each_step_has_its_reply() {
    assert_eq!(answer_with(Step::Challenge, 3), "334 eHh4\r\n");
    assert_eq!(answer_with(Step::SuccessWithData, 3), "334 eHh4\r\n");
    assert_eq!(answer_with(Step::SuccessWithData, 0), "334 \r\n");
    assert_eq!(answer_with(Step::Success, 3), SUCCESS);
    assert_eq!(answer_with(Step::Failure, 3), REFUSAL);
    assert_eq!(answer_with(Step::Malformed, 3), MALFORMED);
}

#[test]
fn a_challenge_that_does_not_fit_is_454() {
    assert_eq!(answer_with(Step::Challenge, 760).len(), 6 + 1016);
    for length in [764, 100_000] {
        let reply = answer_with(Step::Challenge, length);
        assert_eq!(reply, "454 4.7.0 Temporary authentication failure\r\n", "{length}");
    }
    assert_eq!(answer_with(Step::Failure, 100_000), REFUSAL);
}

#[test]
fn an_answer_in_place_of_the_exchange_ends_it() {
    let mut host = Host::greeted(config());
    let line = b"AUTH XOAUTH2\r\nNOOP\r\n";
    host.server.read_buf()[..line.len()].copy_from_slice(line);
    host.server.received(line.len()).expect("in bounds");
    host.server.poll_event().expect("an event");
    host.server.answer(Answer::CANNOT_AUTHENTICATE).expect("a refusal");
    assert!(host.server.transmit().starts_with(b"454 4.7.0"));
    assert!(host.say("").contains("250 2.0.0 OK"), "the line is a command");
}

#[test]
fn where_plus_is_not_offered_a_client_may_say_so_and_where_it_is_that_is_a_lie() {
    for (channel, step) in [(None, Step::Challenge), (Some([9; 32]), Step::Failure)] {
        let mut exchange =
            exchange("SCRAM-SHA-1", Directory, &[0; 32], channel.as_ref()).expect("a mechanism");
        let mut challenge = [0; 200];
        let mut challenge = ServerChallenge::new(&mut challenge);
        assert_eq!(exchange.respond(Some(b"y,,n=alice,r=c"), &mut challenge), step);
    }
}

#[test]
fn who_comes_anonymously_without_a_trace_is_asked_for_one() {
    let mut host = Host::greeted(config());
    assert_eq!(host.say("AUTH ANONYMOUS"), "334 \r\n");
    assert_eq!(host.say("dHJhY2U="), SUCCESS);
    assert_eq!(host.user.as_deref(), Some("anonymous"));
}
