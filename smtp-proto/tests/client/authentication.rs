//! AUTH: selection, initial response, prompts, cancelling, and secrets that stay secret.

use smtp_proto::{
    client::{Authentication, BufferSizes, Client, Config, Misuse, Refusal, TlsPolicy, Wants},
    hello::EhloName,
    reply::Code,
    sasl::{CannotAnswer, Challenge, Login, Mechanism, Plain, Response},
};
use smtp_test_support::session::{Session, plain_config};

fn open(extensions: &str, script: &str) -> Session {
    Session::open(plain_config().with_plaintext_auth(true), extensions).then(script)
}

const PLAIN: &str = "AHVzZXIAcGFzcw==";

#[test]
fn plain_leaves_with_the_command() {
    let mut session = open("AUTH_PLAIN_LOGIN", &format!("C: AUTH PLAIN {PLAIN}\nS: 235 welcome"));
    assert_eq!(session.authenticate(&mut Plain::new("user", "pass")), Wants::Command);
    assert_eq!(session.client.authentication(), Authentication::Done(0));
    session.expect_events(&["auth 235"]);
}

#[test]
fn a_long_plain_follows_the_empty_challenge() {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let password = "p".repeat(400);
    let response = STANDARD.encode(format!("\0user\0{password}"));
    let script = format!("C: AUTH PLAIN\nS+ 334\\r\\n\nC: {response}\nS: 235 ok");
    let mut session = open("AUTH_PLAIN", &script);
    assert_eq!(session.authenticate(&mut Plain::new("user", &password)), Wants::Command);
    assert_eq!(session.client.authentication(), Authentication::Done(0));
    assert!(session.peer.is_done());
}

#[test]
fn login_answers_by_position_whatever_the_prompts_say() {
    for (first, second) in [
        ("334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6"),
        ("334", "334"),
        ("334 Username:", "334 whatever"),
        ("334  VXNlcm5hbWU6", "334-a\nS: 334 b"),
    ] {
        let script = format!(
            "C: AUTH LOGIN\nS: {first}\nC: dXNlcg==\nS: {second}\nC: cGFzcw==\nS: 235 welcome"
        );
        let mut session = open("AUTH=LOGIN", &script);
        assert_eq!(session.authenticate(&mut Login::new("user", "pass")), Wants::Command);
        assert_eq!(session.client.authentication(), Authentication::Done(0), "{first}");
    }
}

#[test]
fn login_begins_anew_in_the_next_session() {
    let mut login = Login::new("user", "pass");
    for _ in 0..2 {
        let script = "C: AUTH LOGIN\nS: 334\nC: dXNlcg==\nS: 334\nC: cGFzcw==\nS: 235 welcome";
        let mut session = open("AUTH_LOGIN", script);
        assert_eq!(session.authenticate(&mut login), Wants::Command);
        assert_eq!(session.client.authentication(), Authentication::Done(0));
    }
}

#[test]
fn success_right_after_the_user_name_sends_no_password() {
    let mut session =
        open("AUTH_LOGIN", "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: dXNlcg==\nS: 235 welcome");
    session.authenticate(&mut Login::new("user", "pass"));
    assert_eq!(session.client.authentication(), Authentication::Done(0));
    assert!(session.peer.is_done());
}

#[test]
fn a_third_prompt_is_cancelled_and_the_password_never_sent_again() {
    let script =
        "C: AUTH LOGIN\nS: 334 a\nC: dXNlcg==\nS: 334 b\nC: cGFzcw==\nS: 334 c\nC: *\nS: 501 ok";
    let mut session = open("AUTH_LOGIN_PLAIN", script);
    let (mut login, mut plain) = (Login::new("user", "pass"), Plain::new("user", "pass"));
    let mut both: [&mut dyn Mechanism; 2] = [&mut login, &mut plain];
    assert_eq!(session.authenticate(&mut both[..]), Wants::Command);
    assert_eq!(session.client.authentication(), Authentication::BadChallenge);
    assert!(session.peer.is_done());
}

#[test]
fn a_challenge_behind_plain_with_its_response_is_cancelled() {
    let script = format!("C: AUTH PLAIN {PLAIN}\nS: 334\nC: *\nS: 501 cancelled");
    let mut session = open("AUTH_PLAIN", &script);
    session.authenticate(&mut Plain::new("user", "pass"));
    assert_eq!(session.client.authentication(), Authentication::BadChallenge);
    assert!(session.client.is_reusable());
}

#[test]
fn a_mechanism_the_server_will_not_do_gives_way_to_the_next() {
    let script = format!(
        "C: AUTH PLAIN {PLAIN}\nS: 534 too weak\nC: AUTH LOGIN\nS: 334 a\nC: dXNlcg==\nS: 334 b\nC: cGFzcw==\nS: 235 ok"
    );
    let mut session = open("AUTH_LOGIN_PLAIN", &script);
    let (mut login, mut plain) = (Login::new("user", "pass"), Plain::new("user", "pass"));
    let mut both: [&mut dyn Mechanism; 2] = [&mut plain, &mut login];
    assert_eq!(session.authenticate(&mut both[..]), Wants::Command);
    assert_eq!(session.client.authentication(), Authentication::Done(1));
}

#[test]
fn bad_credentials_are_not_tried_again_with_a_weaker_mechanism() {
    for code in [535, 454, 538, 530, 501] {
        let script = format!("C: AUTH PLAIN {PLAIN}\nS: {code} no");
        let mut session = open("AUTH_LOGIN_PLAIN", &script);
        let (mut login, mut plain) = (Login::new("user", "pass"), Plain::new("user", "pass"));
        let mut both: [&mut dyn Mechanism; 2] = [&mut plain, &mut login];
        assert_eq!(session.authenticate(&mut both[..]), Wants::Command);
        let refused = Authentication::Refused(Code::new(code).unwrap());
        assert_eq!(session.client.authentication(), refused);
        assert!(session.peer.is_done());
    }
}

#[test]
fn no_credentials_leave_without_tls_unless_allowed() {
    let mut session = Session::open(plain_config(), "AUTH_PLAIN");
    let refused = session.client.authenticate(&mut Plain::new("user", "pass"));
    assert_eq!(refused, Err(Refusal::PlaintextAuth));
    assert_eq!(session.client.transmit(), b"");
}

#[test]
fn refused_opportunistic_starttls_blocks_auth_even_where_plaintext_is_allowed() {
    let config = Config::new(EhloName::parse("client.example").unwrap())
        .with_tls(TlsPolicy::Opportunistic)
        .with_plaintext_auth(true);
    let script = "S: 220 mx\nC: EHLO client.example\nS: 250-mx\nS: 250-AUTH PLAIN\nS: 250 STARTTLS\nC: STARTTLS\nS: 454 no";
    let mut session = Session::new(config, script);
    assert_eq!(session.pump(), Wants::Command);
    let refused = session.client.authenticate(&mut Plain::new("user", "pass"));
    assert_eq!(refused, Err(Refusal::PlaintextAuth));
}

#[test]
fn mechanisms_match_as_whole_names() {
    let mut session = open("AUTH_PLAIN2_DPLAIN_SASLPLAIN", "");
    let refused = session.client.authenticate(&mut Plain::new("user", "pass"));
    assert_eq!(refused, Err(Refusal::NoMechanism));
}

struct Evil;

impl Mechanism for Evil {
    fn name(&self) -> &'static str {
        "X\r\nRSET"
    }
    fn respond(&mut self, _: Challenge<'_>, _: &mut Response<'_>) -> Result<(), CannotAnswer> {
        Ok(())
    }
}

#[test]
fn a_mechanism_cannot_bring_a_line_end_into_its_name() {
    let config = plain_config().with_plaintext_auth(true).with_unoffered_auth(true);
    let mut session = Session::open(config, "AUTH_PLAIN");
    assert_eq!(session.client.authenticate(&mut Evil), Err(Refusal::NoMechanism));
}

struct Endless;

impl Mechanism for Endless {
    fn name(&self) -> &'static str {
        "PLAIN"
    }
    fn respond(&mut self, _: Challenge<'_>, out: &mut Response<'_>) -> Result<(), CannotAnswer> {
        out.push(b"x");
        Ok(())
    }
}

#[test]
fn endless_challenges_end_the_session() {
    let mut session = open("AUTH_PLAIN", "C: AUTH PLAIN eA==");
    session.client.authenticate(&mut Endless).unwrap();
    for round in 0..9 {
        session.peer.extend("S: 334 eA==");
        let wants = session.pump();
        if wants == Wants::Nothing {
            assert_eq!(round, 8);
            return;
        }
        session.peer.extend("C: eA==");
        session.client.authenticate(&mut Endless).unwrap();
        session.pump();
    }
    panic!("no end");
}

#[test]
fn a_decoded_challenge_reaches_the_mechanism() {
    #[derive(Default)]
    struct Echo(Vec<Vec<u8>>);
    impl Mechanism for Echo {
        fn name(&self) -> &'static str {
            "ECHO"
        }
        fn respond(
            &mut self,
            c: Challenge<'_>,
            out: &mut Response<'_>,
        ) -> Result<(), CannotAnswer> {
            let octets = c.octets().ok_or(CannotAnswer::TryNext)?;
            self.0.push(octets.to_vec());
            for octet in octets {
                out.push(&[*octet]);
            }
            Ok(())
        }
    }
    for challenge in [&b"a"[..], b"ab", b"abc", b"abcd", &[7; 100], &[200; 1000]] {
        use base64::{Engine, engine::general_purpose::STANDARD};
        let text = STANDARD.encode(challenge);
        let mut session = open("AUTH_ECHO", "");
        session.peer.extend(&format!("C: AUTH ECHO =\nS: 334 {text}\nC: {text}\nS: 235 ok"));
        let mut echo = Echo::default();
        session.authenticate(&mut echo);
        assert_eq!(echo.0.last().unwrap(), challenge);
        assert!(session.peer.is_done());
    }
    for spaced in ["334  YWJj", "334   YWJj ", "334 YWJj  "] {
        let script = format!("C: AUTH ECHO =\nS+ {spaced}\\r\\n\nC: YWJj\nS: 235 ok");
        let mut session = open("AUTH_ECHO", &script);
        session.authenticate(&mut Echo::default());
        assert!(session.peer.is_done(), "{spaced}");
    }
}

#[test]
fn secrets_never_show_and_are_marked_in_the_transcript() {
    let mut session = open("AUTH_PLAIN", "");
    session.client.authenticate(&mut Plain::new("user", "s3cret")).unwrap();
    let mut text = String::new();
    let mut transcript = smtp_proto::transcript::Transcript::new();
    for span in session.client.transmit_spans(usize::MAX) {
        assert!(!format!("{span:?}").contains("cGFz"));
        transcript.sent(&mut text, span).unwrap();
    }
    assert_eq!(text, "C: AUTH PLAIN ***\n");
    let debug = format!("{:?} {:?}", session.client, Plain::new("user", "s3cret"));
    assert!(!debug.contains("s3cret"), "{debug}");
}

#[test]
fn secrets_cut_into_single_writes_show_one_mark() {
    let mut session = open("AUTH_PLAIN", "");
    session.client.authenticate(&mut Plain::new("user", "s3cret")).unwrap();
    let (mut text, mut transcript) = (String::new(), smtp_proto::transcript::Transcript::new());
    while !session.client.transmit().is_empty() {
        for span in session.client.transmit_spans(1) {
            transcript.sent(&mut text, span).unwrap();
        }
        session.client.transmitted(1).unwrap();
    }
    assert_eq!(text, "C: AUTH PLAIN ***\n");
}

#[test]
fn yes_to_a_cancelled_dialogue_ends_the_session() {
    let script = format!("C: AUTH PLAIN {PLAIN}\nS: 334\nC: *\nS: 235 welcome");
    let mut session = open("AUTH_PLAIN", &script);
    assert_eq!(session.authenticate(&mut Plain::new("user", "pass")), Wants::Nothing);
    assert_eq!(session.client.authentication(), Authentication::BadChallenge);
}

#[test]
fn who_is_authenticated_is_not_authenticated_again() {
    let mut session = open("AUTH_PLAIN", &format!("C: AUTH PLAIN {PLAIN}\nS: 235 welcome"));
    let mut plain = Plain::new("user", "pass");
    assert_eq!(session.authenticate(&mut plain), Wants::Command);
    let refusal = session.client.authenticate(&mut plain);
    assert_eq!(refusal, Err(Refusal::Misuse(Misuse::AlreadyAuthenticated)));
    assert_eq!(session.client.transmit(), b"");
}

#[test]
fn quit_waits_until_the_dialogue_is_over() {
    let mut session = open(
        "AUTH_LOGIN",
        "C: AUTH LOGIN\nS: 334\nC: dQ==\nS: 334\nC: cA==\nS: 235 ok\nC: QUIT\nS: 221 bye",
    );
    let mut login = Login::new("u", "p");
    for _ in 0..2 {
        session.client.authenticate(&mut login).unwrap();
        assert_eq!(session.client.quit(), Err(Misuse::Busy));
        assert_eq!(session.pump(), Wants::Credentials);
        assert_eq!(session.client.quit(), Err(Misuse::Busy));
    }
    session.authenticate_further(&mut login);
    assert_eq!(session.quit(), Wants::Nothing);
    assert!(session.peer.is_done());
}

#[test]
fn another_identity_leaves_before_the_user() {
    let mut session = open("AUTH_PLAIN", "C: AUTH PLAIN Ym9zcwB1c2VyAHBhc3M=\nS: 235 welcome");
    let mut plain = Plain::new("user", "pass").with_authorization("boss");
    assert_eq!(session.authenticate(&mut plain), Wants::Command);
    assert!(session.peer.is_done());
}

/// A client with PLAIN and LOGIN offered, and room for so many octets of commands.
fn with_room(room: usize, script: &str) -> Session {
    let config = plain_config().with_plaintext_auth(true);
    let client = Client::with_sizes(config, BufferSizes::SMALL.with_transmit(room));
    Session::open_with(client, "AUTH_LOGIN_TWENTY-OCTETS-OF-ITS").then(script)
}

#[test]
fn a_command_without_room_for_its_response_does_not_leave() {
    struct Long;
    impl Mechanism for Long {
        fn name(&self) -> &'static str {
            "TWENTY-OCTETS-OF-ITS"
        }
        fn respond(&mut self, _: Challenge<'_>, _: &mut Response<'_>) -> Result<(), CannotAnswer> {
            Ok(())
        }
    }
    let whole = "AUTH TWENTY-OCTETS-OF-ITS =\r\n";
    for limit in whole.len() - 4..whole.len() {
        let mut session = with_room(limit, "");
        let refused = session.client.authenticate(&mut Long);
        assert_eq!(refused, Err(Refusal::CommandTooLong { limit }));
        assert_eq!(session.client.transmit(), b"");
    }
    let mut session = with_room(whole.len(), "");
    assert_eq!(session.client.authenticate(&mut Long), Ok(()));
    assert_eq!(session.client.transmit(), whole.as_bytes());
}

#[test]
fn an_answer_without_room_cancels_the_dialogue() {
    let password = "p".repeat(48);
    let script = "C: AUTH LOGIN\nS: 334 a\nC: dXNlcg==\nS: 334 b\nC: *\nS: 501 cancelled";
    // Too long by itself, or with the line end behind it.
    for room in [63, 64, 65] {
        let mut session = with_room(room, script);
        let wants = session.authenticate(&mut Login::new("user", &password));
        assert_eq!(wants, Wants::Command, "{room}");
        assert_eq!(session.client.authentication(), Authentication::BadChallenge);
        assert!(session.peer.is_done(), "{room}");
    }
}

#[test]
fn a_mechanism_that_is_gone_cancels_its_dialogue() {
    let script = "C: AUTH LOGIN\nS: 334 a\nC: *\nS: 501 cancelled";
    let mut session = open("AUTH_LOGIN", script);
    session.client.authenticate(&mut Login::new("user", "pass")).unwrap();
    let nothing: &mut [&mut dyn Mechanism] = &mut [];
    assert_eq!(session.authenticate_further(nothing), Wants::Command);
    assert_eq!(session.client.authentication(), Authentication::BadChallenge);
    assert!(session.peer.is_done() && session.client.is_reusable());
}
