//! How real servers conduct AUTH, with their bytes.
#![cfg(feature = "cram-md5")]

use smtp_proto::{
    client::{Authentication, BufferSizes, Client, Inquiry, Phase, Refusal, Wants},
    hello::Capabilities,
    reply::Code,
    sasl::{
        Anonymous, CannotAnswer, Challenge, CramMd5, External, Login, Mechanism, OAuthBearer,
        Plain, Response, XOAuth2,
    },
};
use smtp_test_support::{
    session::{Session, plain_config},
    stand::Stand,
};

/// What the caller has, in its order.
#[derive(Clone, Copy)]
enum Has {
    Plain,
    Login,
    LoginPlain,
    CramPlain,
    XOAuth2,
    OAuthBearer,
    LongPlain,
}

/// 300 octets: with AUTH PLAIN before it the line would be longer than 512.
const LONG: &str = concat!(
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789",
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789",
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789",
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789",
);

const fn done(index: usize) -> Authentication {
    Authentication::Done(index)
}

const fn refused(code: u16) -> Authentication {
    let Some(code) = Code::new(code) else { panic!() };
    Authentication::Refused(code)
}

const BAD: Authentication = Authentication::BadChallenge;

/// Name, mechanisms, the whole dialogue, how it ends.
type Row = (&'static str, Has, &'static str, Authentication);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("yandex_prompts_without_a_space", Has::Login, "C: AUTH LOGIN\nS+ 334\\r\\n\nC: dQ==\nS+ 334\\r\\n\nC: cA==\nS: 235 ok", done(0)),
    ("prompts_without_a_colon", Has::Login, "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU=\nC: dQ==\nS: 334 UGFzc3dvcmQ=\nC: cA==\nS: 235 ok", done(0)),
    ("prompts_in_lower_case", Has::Login, "C: AUTH LOGIN\nS: 334 dXNlcm5hbWU6\nC: dQ==\nS: 334 cGFzc3dvcmQ6\nC: cA==\nS: 235 ok", done(0)),
    ("prompts_with_a_nul", Has::Login, "C: AUTH LOGIN\nS: 334 VXNlciBOYW1lAA==\nC: dQ==\nS: 334 UGFzc3dvcmQA\nC: cA==\nS: 235 ok", done(0)),
    ("empty_prompts", Has::Login, "C: AUTH LOGIN\nS+ 334 \\r\\n\nC: dQ==\nS+ 334 \\r\\n\nC: cA==\nS: 235 ok", done(0)),
    ("prompts_in_clear_text", Has::Login, "C: AUTH LOGIN\nS: 334 Username:\nC: dQ==\nS: 334 Password:\nC: cA==\nS: 235 ok", done(0)),
    ("prompts_behind_two_spaces", Has::Login, "C: AUTH LOGIN\nS: 334  VXNlcm5hbWU6\nC: dQ==\nS: 334  UGFzc3dvcmQ6\nC: cA==\nS: 235 ok", done(0)),
    ("success_behind_the_user_name", Has::Login, "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: dQ==\nS: 235 ok", done(0)),
    ("a_third_prompt", Has::LoginPlain, "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: dQ==\nS: 334 UGFzc3dvcmQ6\nC: cA==\nS: 334 UGFzc3dvcmQ6\nC: *\nS: 501 cancelled", BAD),
    ("plain_is_prompted_in_clear_text", Has::LongPlain, "C: AUTH PLAIN\nS: 334 PLAIN supported\nC: LONG\nS: 235 ok", done(0)),
    ("plain_leaves_at_once", Has::Plain, "C: AUTH PLAIN AHUAcA==\nS: 235 ok", done(0)),
    ("plain_at_once_is_refused", Has::Plain, "C: AUTH PLAIN AHUAcA==\nS: 571 no", refused(571)),
    ("cram_md5_without_base64", Has::CramPlain, "C: AUTH CRAM-MD5\nS: 334 Rubbish\nC: *\nS: 501 cancelled\nC: AUTH PLAIN AHUAcA==\nS: 235 ok", done(1)),
    ("xoauth2_error", Has::XOAuth2, "C: AUTH XOAUTH2 dXNlcj11AWF1dGg9QmVhcmVyIHQBAQ==\nS: 334 eyJzdGF0dXMiOiI0MDEifQ==\nC:\nS: 535 5.7.8 no", refused(535)),
    ("oauthbearer_error", Has::OAuthBearer, "C: AUTH OAUTHBEARER biwsAWF1dGg9QmVhcmVyIHQBAQ==\nS: 334 eyJzdGF0dXMiOiI0MDEifQ==\nC: AQ==\nS: 535 5.7.8 no", refused(535)),
    ("already_authenticated", Has::LoginPlain, "C: AUTH LOGIN\nS: 503 5.5.1 already authenticated", refused(503)),
    ("not_enabled", Has::LoginPlain, "C: AUTH LOGIN\nS: 503 5.5.1 authentication not enabled", refused(503)),
    ("for_now_by_454", Has::LoginPlain, "C: AUTH LOGIN\nS: 454 4.7.0 Temporary authentication failure", refused(454)),
    ("for_now_by_432", Has::LoginPlain, "C: AUTH LOGIN\nS: 432 4.7.12 A password transition is needed", refused(432)),
    ("another_mechanism_by_534", Has::LoginPlain, "C: AUTH LOGIN\nS: 534 5.7.9 too weak\nC: AUTH PLAIN AHUAcA==\nS: 235 ok", done(1)),
    ("another_mechanism_by_504", Has::LoginPlain, "C: AUTH LOGIN\nS: 504 5.5.4 Unrecognized\nC: AUTH PLAIN AHUAcA==\nS: 235 ok", done(1)),
    ("stop_by_535", Has::LoginPlain, "C: AUTH LOGIN\nS: 334\nC: dQ==\nS: 334\nC: cA==\nS: 535 5.7.8 bad credentials", refused(535)),
    ("needs_tls_by_538", Has::LoginPlain, "C: AUTH LOGIN\nS: 538 5.7.11 Encryption required", refused(538)),
    ("needs_tls_by_530", Has::LoginPlain, "C: AUTH LOGIN\nS: 530 5.7.0 Must issue a STARTTLS command first", refused(530)),
];

fn mechanisms(has: Has) -> Vec<Box<dyn Mechanism>> {
    let (plain, login) = (|| Box::new(Plain::new("u", "p")), || Box::new(Login::new("u", "p")));
    match has {
        Has::Plain => vec![plain()],
        Has::Login => vec![login()],
        Has::LoginPlain => vec![login(), plain()],
        Has::CramPlain => vec![Box::new(CramMd5::new("u", "p")), plain()],
        Has::XOAuth2 => vec![Box::new(XOAuth2::new("u", "t"))],
        Has::OAuthBearer => vec![Box::new(OAuthBearer::new("t"))],
        Has::LongPlain => vec![Box::new(Plain::new("u", LONG))],
    }
}

fn open(script: &str) -> Session {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let config = plain_config().with_plaintext_auth(true);
    let client = Client::with_sizes(config, BufferSizes::LARGE);
    let long = STANDARD.encode(format!("\0u\0{LONG}"));
    let offers = "AUTH_PLAIN_LOGIN_CRAM-MD5_XOAUTH2_OAUTHBEARER";
    Session::open_with(client, offers).then(&script.replace("LONG", &long))
}

fn play(has: Has, script: &str) -> Session {
    let mut session = open(script);
    let mut own = mechanisms(has);
    let mut list: Vec<&mut dyn Mechanism> = own.iter_mut().map(|own| &mut **own as _).collect();
    session.authenticate(&mut list[..]);
    session
}

#[test]
fn what_servers_say_to_auth() {
    for (name, has, script, end) in ROWS {
        let mut session = play(*has, script);
        assert_eq!(session.client.authentication(), *end, "{name}");
        assert!(session.peer.is_done(), "{name}: {:?}", session.peer);
        // The session goes on, and the next reply answers the next command: nothing is left over.
        assert_eq!(session.client.wants(), Wants::Command, "{name}");
        session.peer.extend("C: NOOP\nS: 200 noop");
        session.events.clear();
        assert_eq!(session.inquire(Inquiry::Noop), Wants::Command, "{name}");
        session.expect_events(&["noop 200"]);
    }
}

/// Two final lines without a hyphen are two replies.
#[test]
fn a_second_final_line_is_unsolicited() {
    let script = "C: AUTH XOAUTH2 dXNlcj11AWF1dGg9QmVhcmVyIHQBAQ==\nS: 334 e30=\nC:\nS+ 535 5.7.8 no\\r\\n535 http://support.example/\\r\\n";
    let session = play(Has::XOAuth2, script);
    assert_eq!(session.client.authentication(), refused(535));
    assert_eq!(Stand::of(&session), Stand::Unsolicited);
}

#[test]
fn an_error_in_json_reaches_the_caller() {
    let script = "C: AUTH XOAUTH2 dXNlcj11AWF1dGg9QmVhcmVyIHQBAQ==\nS: 334 eyJzdGF0dXMiOiI0MDEifQ==\nC:\nS: 535 no";
    let mut mechanism = XOAuth2::new("u", "t");
    open(script).authenticate(&mut mechanism);
    assert_eq!(mechanism.error(), Some(&br#"{"status":"401"}"#[..]));

    let script = "C: AUTH OAUTHBEARER biwsAWF1dGg9QmVhcmVyIHQBAQ==\nS: 334 eyJzdGF0dXMiOiI0MDEifQ==\nC: AQ==\nS: 535 no";
    let mut mechanism = OAuthBearer::new("t");
    open(script).authenticate(&mut mechanism);
    assert_eq!(mechanism.error(), Some(&br#"{"status":"401"}"#[..]));
}

#[test]
fn a_server_that_only_prompts_gets_the_password_once() {
    let script = "C: AUTH LOGIN\nS: 334\nC: dQ==\nS: 334\nC: cA==\nS: 334\nC: *\nS: 334";
    let session = play(Has::LoginPlain, script);
    assert_eq!(Stand::of(&session), Stand::TooManyChallenges);
    let heard = String::from_utf8(session.peer.heard.clone()).unwrap();
    assert_eq!(heard.matches("cA==").count(), 1);
    assert!(heard.ends_with("cA==\r\n*\r\n"), "{heard}");
}

#[test]
fn a_421_to_auth_ends_the_session() {
    let session = play(Has::LoginPlain, "C: AUTH LOGIN\nS: 421 4.7.0 Too many errors");
    assert_eq!(Stand::of(&session), Stand::Closing(Phase::Auth));
    assert!(session.peer.is_done(), "nothing else is tried");
}

/// The limit is the line's, with its CRLF: 512 octets leave at once, one more waits for the 334.
#[test]
fn an_initial_response_leaves_within_512_octets_only() {
    // AUTH PLAIN, space, base64 of NUL u NUL password, CRLF: base64 of 499 octets does not exist,
    // 496 make a line of 509, and 500 one of 513.
    for (password, at_once) in [(496 / 4 * 3 - 3, true), (496 / 4 * 3 - 2, false)] {
        let password = "p".repeat(password);
        let mut session = open("");
        session.client.authenticate(&mut Plain::new("u", &password)).unwrap();
        let line = session.client.transmit();
        assert_eq!(line.len(), if at_once { 509 } else { b"AUTH PLAIN\r\n".len() });
    }
}

/// A mechanism of a name that lets the line become 512 octets to the last.
struct Four(usize);

impl Mechanism for Four {
    fn name(&self) -> &'static str {
        "FOUR"
    }
    fn respond(&mut self, _: Challenge<'_>, out: &mut Response<'_>) -> Result<(), CannotAnswer> {
        out.push(&"r".repeat(self.0).into_bytes());
        Ok(())
    }
}

#[test]
fn a_line_of_512_octets_is_not_too_long() {
    for (response, length) in [(375, 512), (376, b"AUTH FOUR\r\n".len())] {
        let config = plain_config().with_plaintext_auth(true);
        let mut session = Session::open(config, "AUTH_FOUR");
        session.client.authenticate(&mut Four(response)).unwrap();
        assert_eq!(session.client.transmit().len(), length);
    }
}

#[test]
fn a_354_to_auth_makes_no_sense() {
    let session = play(Has::Login, "C: AUTH LOGIN\nS: 354 go");
    assert_eq!(Stand::of(&session), Stand::Unexpected(Phase::Auth, 354));
}

/// RFC 4954 4 has one yes. Any other is the answer to something else, and the stream is shifted.
#[test]
fn yes_to_auth_is_235_and_nothing_else() {
    for code in [200, 220, 221, 250, 251, 252, 299] {
        for (has, script) in [
            (Has::Plain, "C: AUTH PLAIN AHUAcA=="),
            (Has::Login, "C: AUTH LOGIN\nS: 334\nC: dQ==\nS: 334\nC: cA=="),
        ] {
            let session = play(has, &format!("{script}\nS: {code} welcome"));
            assert_eq!(Stand::of(&session), Stand::Unexpected(Phase::Auth, code));
            assert_eq!(session.client.authentication(), Authentication::None);
        }
    }
}

/// A server that says yes before it has heard anything says yes to nobody's credentials.
#[test]
fn yes_to_a_mechanism_that_has_said_nothing_is_not_believed() {
    for (has, script) in [
        (Has::Login, "C: AUTH LOGIN"),
        (Has::CramPlain, "C: AUTH CRAM-MD5"),
        (Has::LongPlain, "C: AUTH PLAIN"),
    ] {
        let session = play(has, &format!("{script}\nS: 235 welcome"));
        assert_eq!(Stand::of(&session), Stand::Unexpected(Phase::Auth, 235), "{script}");
        assert_eq!(session.client.authentication(), Authentication::None);
    }
    // What another mechanism has said does not count.
    let mut session = open("C: AUTH PLAIN AHUAcA==\nS: 534 no\nC: AUTH LOGIN\nS: 235 welcome");
    let (mut plain, mut login) = (Plain::new("u", "p"), Login::new("u", "p"));
    let list: &mut [&mut dyn Mechanism] = &mut [&mut plain, &mut login];
    assert_eq!(session.authenticate(list), Wants::Nothing);
    assert_eq!(Stand::of(&session), Stand::Unexpected(Phase::Auth, 235));
}

#[test]
fn credentials_that_no_server_could_read_whole_do_not_leave() {
    let own: [Box<dyn Mechanism>; 17] = [
        Box::new(Plain::new("u", "p\0")),
        Box::new(Plain::new("u\0", "p")),
        Box::new(Plain::new("u", "p").with_authorization("\0")),
        Box::new(Login::new("u", "\0p")),
        Box::new(Login::new("u\0x", "p")),
        Box::new(CramMd5::new("u", "p\0p")),
        Box::new(CramMd5::new("\0", "p")),
        Box::new(XOAuth2::new("u", "t\0")),
        Box::new(XOAuth2::new("u", "t\x01auth=Bearer x")),
        Box::new(XOAuth2::new("u\x01", "t")),
        Box::new(XOAuth2::new("u", "")),
        Box::new(OAuthBearer::new("t\0")),
        Box::new(OAuthBearer::new("t\x01host=x")),
        Box::new(OAuthBearer::new("t").with_user("u\x01")),
        Box::new(OAuthBearer::new("t").with_server("h\0", 25)),
        Box::new(External::new().with_authorization("a\0b")),
        Box::new(Anonymous::new("a\0b")),
    ];
    for mut mechanism in own {
        let name = mechanism.name().to_owned();
        let config = plain_config().with_plaintext_auth(true);
        let offers = format!("AUTH_{name}_PLAIN_LOGIN");
        let mut session = Session::open(config, &offers).then("C: NOOP\nS: 200 noop");
        let mut login = Login::new("u", "p");
        let list: &mut [&mut dyn Mechanism] = &mut [&mut *mechanism, &mut login];
        assert_eq!(session.client.authenticate(list), Err(Refusal::Credentials), "{name}");
        assert_eq!(session.client.transmit(), b"", "{name}");
        // The server is not blamed, and does not know.
        assert_eq!(session.client.authentication(), Authentication::None);
        assert_eq!(session.inquire(Inquiry::Noop), Wants::Command);
        assert!(session.client.is_reusable());
    }
}

#[test]
fn a_mechanism_of_no_use_here_passes_the_turn_before_anything_leaves() {
    struct Ticketless;
    impl Mechanism for Ticketless {
        fn name(&self) -> &'static str {
            "GSSAPI"
        }
        fn prepare(&mut self, server: Capabilities<'_>) -> Result<(), CannotAnswer> {
            assert!(server.offers_mechanism("GSSAPI"));
            Err(CannotAnswer::TryNext)
        }
        fn respond(&mut self, _: Challenge<'_>, _: &mut Response<'_>) -> Result<(), CannotAnswer> {
            unreachable!("it was not begun")
        }
    }
    let config = plain_config().with_plaintext_auth(true);
    let script = "C: AUTH PLAIN AHUAcA==\nS: 235 ok";
    let mut session = Session::open(config, "AUTH_GSSAPI_PLAIN").then(script);
    let list: &mut [&mut dyn Mechanism] = &mut [&mut Ticketless, &mut Plain::new("u", "p")];
    assert_eq!(session.authenticate(list), Wants::Command);
    assert_eq!(session.client.authentication(), Authentication::Done(1));
    let mut alone = Session::open(config, "AUTH_GSSAPI");
    assert_eq!(alone.client.authenticate(&mut Ticketless), Err(Refusal::NoMechanism));
}
