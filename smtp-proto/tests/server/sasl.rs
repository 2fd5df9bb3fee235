//! Every mechanism of the client against its exchange on the server, joined in memory.
#![cfg(all(feature = "alloc", feature = "scram", feature = "cram-md5"))]

use base64::{Engine, engine::general_purpose::STANDARD};
use smtp_proto::{
    client::Authentication,
    reply::Code,
    sasl::{
        Anonymous, CannotAnswer, Challenge, ChannelBinding, CramMd5, External, InitialResponse,
        Login, Mechanism, Nonce, OAuthBearer, Plain, Response, ScramSha1, ScramSha256, XOAuth2,
    },
};
use smtp_test_support::auth_pair::{MECHANISMS, Pair, TLS_EXPORTER, USERS};

const SUCCESS: &str = "235 2.7.0 Authentication successful\r\n";
const REFUSAL: &str = "535 5.7.8 Authentication credentials invalid\r\n";
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
            // What stands in for the password of those who have none.
            ["nobody", "no password", "none"],
        ] {
            let (verdict, pair) = play(&mut *mechanism(name, user));
            assert_eq!(verdict, REFUSED, "{name} {user:?} {:?}", pair.said);
            assert_eq!(pair.host.user, None, "{name} {user:?}");
            assert!(!pair.host.server.is_authenticated());
        }
    }
}

#[test]
fn who_has_no_password_has_not_an_empty_one() {
    assert_eq!(play(&mut CramMd5::new("nobody", "")).0, REFUSED);
    assert_eq!(play(&mut CramMd5::new("alice", "")).0, REFUSED);
}

#[test]
fn nobody_acts_as_somebody_else() {
    assert_eq!(play(&mut External::new().with_authorization("bob")).0, REFUSED);
    assert_eq!(play(&mut sha1("alice", "s3cret").with_authorization("bob")).0, REFUSED);
    let itself = &mut sha1("alice", "s3cret").with_authorization("alice");
    assert_eq!(play(itself).0, Authentication::Done(0));
}

/// Sees nothing of what the server offers: somebody between them has stripped it.
struct Stripped<'a>(&'a mut dyn Mechanism);

impl Mechanism for Stripped<'_> {
    fn name(&self) -> &str {
        self.0.name()
    }
    fn initial_response(&self) -> InitialResponse {
        self.0.initial_response()
    }
    fn restart(&mut self) {
        self.0.restart();
    }
    fn respond(
        &mut self,
        challenge: Challenge<'_>,
        response: &mut Response<'_>,
    ) -> Result<(), CannotAnswer> {
        self.0.respond(challenge, response)
    }
    fn is_satisfied(&self) -> bool {
        self.0.is_satisfied()
    }
}

#[test]
fn another_tls_session_or_a_stripped_offer_is_noticed() {
    let other = ChannelBinding::TlsExporter(&[0; 32]);
    assert_eq!(play(&mut sha256("alice", "s3cret").with_channel_binding(other)).0, REFUSED);
    let other = ChannelBinding::TlsServerEndPoint(&TLS_EXPORTER);
    assert_eq!(play(&mut sha256("alice", "s3cret").with_channel_binding(other)).0, REFUSED);
    let unoffered = &mut sha256("alice", "s3cret").with_channel_binding_unoffered();
    assert_eq!(play(&mut Stripped(unoffered)).0, REFUSED);
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
