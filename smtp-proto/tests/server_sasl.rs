//! Every mechanism of the client against its exchange on the server, joined in memory.
#![cfg(all(feature = "alloc", feature = "scram", feature = "cram-md5"))]

mod sasl_host;

use base64::{Engine, engine::general_purpose::STANDARD};
use proptest::prelude::*;
use sasl_host::{Host, MECHANISMS, Pair, TLS_EXPORTER, USERS, config};
use smtp_proto::{
    client::Authentication,
    reply::Code,
    sasl::{
        Anonymous, ChannelBinding, CramMd5, External, Login, Mechanism, Nonce, OAuthBearer, Plain,
        ScramSha1, ScramSha256, XOAuth2,
        server::{Exchange, ServerChallenge, Step},
    },
    server::{Answer, BufferSizes, Event, Limits, Misuse, Server, TlsPolicy},
};

const SUCCESS: &str = "235 2.7.0 Authentication successful\r\n";
const REFUSAL: &str = "535 5.7.8 Authentication credentials invalid\r\n";
const CANCELLED: &str = "501 5.7.0 Authentication cancelled\r\n";
const MALFORMED: &str = "501 5.5.2 Malformed authentication response\r\n";
const REFUSED: Authentication = Authentication::Refused(Code::BAD_CREDENTIALS);

/// Those that know users.
const NAMES: &[&str] = MECHANISMS.split_at(9).0;

fn base64(octets: impl AsRef<[u8]>) -> String {
    STANDARD.encode(octets)
}

fn nonce() -> Nonce {
    Nonce::new("client").expect("a nonce")
}

fn sha1<'a>(user: &'a str, password: &'a str) -> ScramSha1<'a> {
    ScramSha1::new(user, password, nonce())
}

fn sha256<'a>(user: &'a str, password: &'a str) -> ScramSha256<'a> {
    ScramSha256::new(user, password, nonce())
}

/// The client's mechanism of this name.
fn mechanism<'a>(name: &str, [user, password, token]: [&'a str; 3]) -> Box<dyn Mechanism + 'a> {
    let channel = ChannelBinding::TlsExporter(&TLS_EXPORTER);
    match name {
        "PLAIN" => Box::new(Plain::new(user, password)),
        "LOGIN" => Box::new(Login::new(user, password)),
        "CRAM-MD5" => Box::new(CramMd5::new(user, password)),
        "SCRAM-SHA-1" => Box::new(sha1(user, password)),
        "SCRAM-SHA-1-PLUS" => Box::new(sha1(user, password).with_channel_binding(channel)),
        "SCRAM-SHA-256" => Box::new(sha256(user, password)),
        "SCRAM-SHA-256-PLUS" => Box::new(sha256(user, password).with_channel_binding(channel)),
        "XOAUTH2" => Box::new(XOAuth2::new(user, token)),
        _ => Box::new(OAuthBearer::new(token).with_user(user).with_server("mx.example", 25)),
    }
}

fn play(mechanism: &mut dyn Mechanism) -> (Authentication, Pair) {
    let mut pair = Pair::new(usize::MAX);
    let verdict = pair.authenticate(mechanism);
    (verdict, pair)
}

#[test]
fn every_mechanism_lets_its_users_in() {
    for name in NAMES {
        for user in USERS {
            let (verdict, pair) = play(&mut *mechanism(name, user));
            assert_eq!(verdict, Authentication::Done(0), "{name} {:?}", pair.said);
            assert_eq!(pair.host.user.as_deref(), Some(user[0]), "{name}");
            assert!(pair.said[0].starts_with(&format!("C: AUTH {name}")), "{:?}", pair.said);
        }
    }
}

#[test]
fn those_without_secrets_let_their_user_in() {
    let others: [(&mut dyn Mechanism, &str); 5] = [
        (&mut External::new(), "alice"),
        (&mut External::new().with_authorization("alice"), "alice"),
        (&mut Anonymous::new("trace"), "anonymous"),
        (&mut Anonymous::new(""), "anonymous"),
        (&mut OAuthBearer::new("other"), USERS[1][0]),
    ];
    for (mechanism, user) in others {
        let (verdict, pair) = play(mechanism);
        assert_eq!(verdict, Authentication::Done(0), "{:?}", pair.said);
        assert_eq!(pair.host.user.as_deref(), Some(user));
    }
}

#[test]
fn no_mechanism_lets_anybody_else_in() {
    for name in NAMES {
        for user in [
            ["alice", "wrong", "wrong"],
            ["alice", "p w", "other"],
            ["nobody", "s3cret", "t0ken"],
            ["ALICE", "s3cret", "t0ken"],
        ] {
            let (verdict, pair) = play(&mut *mechanism(name, user));
            assert_eq!(verdict, REFUSED, "{name} {user:?} {:?}", pair.said);
            assert_eq!(pair.host.user, None, "{name} {user:?}");
            assert!(!pair.host.server.is_authenticated());
        }
    }
}

#[test]
fn nobody_acts_as_somebody_else() {
    assert_eq!(play(&mut External::new().with_authorization("bob")).0, REFUSED);
    assert_eq!(play(&mut sha1("alice", "s3cret").with_authorization("bob")).0, REFUSED);
    let itself = &mut sha1("alice", "s3cret").with_authorization("alice");
    assert_eq!(play(itself).0, Authentication::Done(0));
}

#[test]
fn another_tls_session_or_a_stripped_offer_is_noticed() {
    let other = ChannelBinding::TlsExporter(&[0; 32]);
    assert_eq!(play(&mut sha256("alice", "s3cret").with_channel_binding(other)).0, REFUSED);
    let other = ChannelBinding::TlsServerEndPoint(&TLS_EXPORTER);
    assert_eq!(play(&mut sha256("alice", "s3cret").with_channel_binding(other)).0, REFUSED);
    let unoffered = &mut sha256("alice", "s3cret").with_channel_binding_unoffered();
    assert_eq!(play(unoffered).0, REFUSED);
}

#[test]
fn the_servers_proof_is_a_challenge_that_an_empty_line_acknowledges() {
    let (_, pair) = play(&mut sha256("alice", "s3cret"));
    let [.., proof, empty, success] = &pair.said[..] else { panic!("{:?}", pair.said) };
    assert!(proof.starts_with("S: 334 dj"), "{proof}");
    assert_eq!([empty, success], ["C: \r\n", &format!("S: {SUCCESS}")]);
}

#[test]
fn a_refused_token_is_explained_first() {
    for (name, reason, acknowledgement) in [
        ("OAUTHBEARER", r#"{"status":"invalid_token"}"#, "C: AQ==\r\n"),
        ("XOAUTH2", r#"{"status":"401","schemes":"Bearer"}"#, "C: \r\n"),
    ] {
        let (_, pair) = play(&mut *mechanism(name, ["alice", "", "wrong"]));
        let challenge = format!("S: 334 {}\r\n", base64(reason));
        let expected = [challenge, acknowledgement.to_owned(), format!("S: {REFUSAL}")];
        assert_eq!(pair.said[1..], expected);
    }
}

#[test]
fn reads_and_writes_of_any_size_give_the_same_dialogue() {
    for name in NAMES {
        for user in [USERS[0], ["alice", "wrong", "wrong"]] {
            let (verdict, whole) = play(&mut *mechanism(name, user));
            for size in [1, 2, 3, 7, 50] {
                let mut cut = Pair::new(size);
                assert_eq!(cut.authenticate(&mut *mechanism(name, user)), verdict, "{name} {size}");
                assert_eq!(cut.said, whole.said, "{name} {size}");
            }
        }
    }
}

/// A first line of each exchange after which the client has to say something.
fn beginnings() -> [String; 7] {
    let wrong = |message: &str| base64(message);
    [
        "AUTH CRAM-MD5".to_owned(),
        "AUTH SCRAM-SHA-1".to_owned(),
        format!("AUTH SCRAM-SHA-256 {}", base64("n,,n=alice,r=client")),
        "AUTH XOAUTH2".to_owned(),
        format!("AUTH XOAUTH2 {}", wrong("user=alice\x01auth=Bearer wrong\x01\x01")),
        "AUTH OAUTHBEARER".to_owned(),
        format!("AUTH OAUTHBEARER {}", wrong("n,,\x01auth=Bearer wrong\x01\x01")),
    ]
}

/// Where each of these dialogues can be, `*` cancels, and another one succeeds.
#[test]
fn a_star_cancels() {
    for beginning in beginnings() {
        let mut host = Host::greeted(config());
        assert!(host.say(&beginning).starts_with("334 "), "{beginning}");
        assert_eq!(host.say("*"), CANCELLED, "{beginning}");
        assert_eq!(host.say("NOOP"), "250 2.0.0 OK\r\n");
        assert_eq!(host.say("AUTH EXTERNAL ="), SUCCESS);
        assert_eq!(host.user.as_deref(), Some("alice"));
    }
}

#[test]
fn what_is_no_base64_is_501_and_never_reaches_the_exchange() {
    for beginning in beginnings() {
        for garbage in ["no base64", "YQ", "Y===", "=", "\u{e9}"] {
            let mut host = Host::greeted(config());
            host.say(&beginning);
            assert_eq!(host.say(garbage), MALFORMED, "{beginning} {garbage}");
            assert_eq!(host.say("NOOP"), "250 2.0.0 OK\r\n");
        }
    }
    let mut host = Host::greeted(config());
    assert_eq!(host.say("AUTH XOAUTH2 dXNlcj"), "501 5.5.4 Syntax error in arguments\r\n");
}

#[test]
fn a_response_that_is_no_message_is_501() {
    for said in [
        "AUTH CRAM-MD5 YWxpY2U=",
        "AUTH CRAM-MD5 =",
        "AUTH SCRAM-SHA-1 YWxpY2U=",
        "AUTH SCRAM-SHA-256 =",
        "AUTH XOAUTH2 YWxpY2U=",
        "AUTH OAUTHBEARER =",
        "AUTH ANONYMOUS /w==",
    ] {
        let mut host = Host::greeted(config());
        assert_eq!(host.say(said), MALFORMED, "{said}");
        assert_eq!(host.user, None);
    }
}

#[test]
fn a_response_beyond_the_limit_is_500_and_dropped() {
    let mut limits = Limits::DEFAULT;
    limits.auth_line = 600;
    for beginning in beginnings() {
        let mut host = Host::greeted(config().with_limits(limits));
        host.say(&beginning);
        let too_long = host.say(&base64([b'x'; 600]));
        assert_eq!(too_long, "500 5.5.6 Authentication exchange line too long\r\n");
        assert_eq!(host.say("AUTH EXTERNAL ="), SUCCESS);
    }
    let mut host = Host::greeted(config());
    let long = base64(format!("user=alice\x01auth=Bearer {}\x01\x01", "x".repeat(9000)));
    host.say("AUTH XOAUTH2");
    assert!(host.say(&long).starts_with("334 "), "12,288 octets are read");
}

/// The client's last word in a dialogue of SCRAM that it has won.
fn acknowledge(line: &str) -> Host {
    let mut host = Host::greeted(config());
    let mut client = sha1("alice", "s3cret");
    let mut said = "AUTH SCRAM-SHA-1".to_owned();
    for _ in 0..2 {
        let reply = host.say(&said);
        let text = reply.strip_prefix("334 ").expect("a challenge").trim_ascii_end();
        let challenge = STANDARD.decode(text).expect("base64");
        let mut output = [0; 256];
        let mut response = smtp_proto::sasl::Response::new(&mut output);
        let challenge = smtp_proto::sasl::Challenge::new(Some(&challenge));
        client.respond(challenge, &mut response).expect("a server that is in order");
        let length = response.finish().expect("room");
        said = String::from_utf8(output[..length].to_vec()).expect("ASCII");
    }
    assert!(host.say(&said).starts_with("334 dj"), "the server's proof");
    host.say(line);
    host
}

#[test]
fn additional_data_is_acknowledged_by_an_empty_line_alone() {
    let host = acknowledge("");
    assert_eq!(host.output, SUCCESS.as_bytes());
    assert_eq!(host.user.as_deref(), Some("alice"));
    for (line, reply) in [("*", CANCELLED), ("AQ==", MALFORMED), ("=", MALFORMED)] {
        let mut host = acknowledge(line);
        assert_eq!(host.output, reply.as_bytes(), "{line}");
        assert_eq!((host.user.as_deref(), host.server.is_authenticated()), (None, false));
        assert!(host.say("MAIL FROM:<>").starts_with("530 "));
    }
}

#[test]
fn an_exchange_that_goes_on_after_its_end_fails() {
    let mut exchange =
        smtp_proto::sasl::server::exchange("SCRAM-SHA-1", sasl_host::Directory, &[0; 32], None)
            .expect("a mechanism");
    let mut respond =
        |text: &[u8]| exchange.respond(Some(text), &mut ServerChallenge::new(&mut [0; 200]));
    assert_eq!(respond(b"x"), Step::Malformed);
    assert_eq!(respond(b"n,,n=alice,r=c"), Step::Failure);
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

/// A server with the smallest transmit buffer that is asked for an exchange, and what it answers.
fn answer_with(step: Step, length: usize) -> String {
    let sizes = BufferSizes::DEFAULT.with_transmit(1024);
    let mut host = Host::new(Server::with_sizes(config(), sizes), usize::MAX);
    host.say("EHLO c.example");
    let line = b"AUTH XOAUTH2\r\n";
    host.server.read_buf()[..line.len()].copy_from_slice(line);
    host.server.received(line.len()).expect("in bounds");
    let event = Event::Exchange { mechanism: "XOAUTH2", begins: true };
    assert_eq!(host.server.poll_event(), Ok(Some(event)));
    assert_eq!(host.server.answer(Answer::AUTHENTICATED), Err(Misuse::WrongClass));
    let mut exchange = Script(step, length);
    assert_eq!(host.server.authenticate(&mut exchange), Ok(()));
    assert_eq!(host.server.authenticate(&mut exchange), Err(Misuse::NoQuestion));
    String::from_utf8(host.server.transmit().to_vec()).expect("ASCII")
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
fn tokens_are_wiped_and_not_shown() {
    let mut host = Host::greeted(config());
    let line = format!("AUTH XOAUTH2 {}", base64("user=alice\x01auth=Bearer t0ken\x01\x01"));
    let line = format!("{line}\r\n").into_bytes();
    host.server.read_buf()[..line.len()].copy_from_slice(&line);
    host.server.received(line.len()).expect("in bounds");
    assert_eq!(host.server.pending_line(), Some(&b"AUTH XOAUTH2"[..]));
    host.say("");
    assert!(host.server.is_authenticated());
    let free = String::from_utf8_lossy(host.server.read_buf()).into_owned();
    for secret in ["t0ken", &base64("t0ken")[..4], "dXNlcj"] {
        assert!(!free.contains(secret), "{secret}");
    }
}

proptest! {
    #[test]
    fn no_line_makes_a_dialogue_panic_or_succeed(
        beginning in 0..7_usize,
        lines in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..4),
        encoded in any::<bool>(),
    ) {
        let mut host = Host::greeted(config());
        host.say(&beginnings()[beginning]);
        for line in lines {
            let line = if encoded { base64(line).into_bytes() } else { line };
            host.feed(&line);
            host.feed(b"\r\n");
        }
        prop_assert_eq!((host.user.as_deref(), host.server.is_authenticated()), (None, false));
    }
}
