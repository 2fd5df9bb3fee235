//! Mechanisms against any challenge, exchanges against any response.

use std::sync::LazyLock;

use arbitrary::Arbitrary;
use smtp_proto::sasl::{
    Anonymous, Challenge, ChannelBinding, CramMd5, External, Login, Mechanism, Nonce, OAuthBearer,
    Plain, Response, ScramSha1, ScramSha256, XOAuth2,
    scram::{Hash, Sha1, Sha256},
    server::{
        Account, Accounts, ClientFirst, CramMd5Response, OAuthBearerResponse, ScramServer, Secrets,
        ServerBinding, ServerChallenge, Step, XOAuth2Response, exchange,
    },
};

/// What the other side says.
#[derive(Arbitrary, Debug)]
pub enum Case<'a> {
    /// Challenges, `None` for what is no base64, and the room for answers.
    Mechanism(Which, u16, Vec<Option<&'a [u8]>>),
    /// Responses to an exchange, with the room for challenges.
    Exchange(&'a str, u16, Vec<Option<&'a [u8]>>),
    /// Both messages of a SCRAM client.
    Scram(&'a [u8], &'a [u8]),
}

/// A mechanism of each kind.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Which {
    /// SCRAM-SHA-1.
    ScramSha1,
    /// SCRAM-SHA-256-PLUS.
    ScramSha256Plus,
    /// CRAM-MD5.
    CramMd5,
    /// PLAIN.
    Plain,
    /// LOGIN.
    Login,
    /// XOAUTH2.
    XOAuth2,
    /// OAUTHBEARER.
    OAuthBearer,
    /// EXTERNAL.
    External,
    /// ANONYMOUS.
    Anonymous,
}

const PASSWORD: &str = "no fuzzer comes upon th1s";
const SALT: &[u8] = b"salt";
/// Few, for speed: what is tried here is the dialogue.
const ITERATIONS: u32 = 2;

/// Runs the dialogue.
///
/// # Panics
/// When somebody is believed who has proved nothing.
pub fn check(case: &Case<'_>) {
    match case {
        Case::Mechanism(which, room, challenges) => with_mechanism(*which, &mut |mechanism| {
            challenge(mechanism, challenges, usize::from(*room));
        }),
        Case::Exchange(name, room, responses) => respond(name, responses, usize::from(*room)),
        Case::Scram(first, last) => {
            scram::<Sha1>(first, last, &SHA1);
            scram::<Sha256>(first, last, &SHA256);
            read(first);
        }
    }
}

fn with_mechanism(which: Which, run: &mut dyn FnMut(&mut dyn Mechanism)) {
    let nonce = Nonce::from_random([7; 18]);
    let channel = ChannelBinding::TlsExporter(b"channel");
    match which {
        Which::ScramSha1 => {
            run(&mut ScramSha1::new("user", PASSWORD, nonce).with_iterations(1..=50));
        }
        Which::ScramSha256Plus => {
            let scram = ScramSha256::new("user", PASSWORD, nonce).with_iterations(1..=50);
            run(&mut scram.with_channel_binding(channel));
        }
        Which::CramMd5 => run(&mut CramMd5::new("user", PASSWORD)),
        Which::Plain => run(&mut Plain::new("user", PASSWORD)),
        Which::Login => run(&mut Login::new("user", PASSWORD)),
        Which::XOAuth2 => run(&mut XOAuth2::new("user", PASSWORD)),
        Which::OAuthBearer => run(&mut OAuthBearer::new(PASSWORD).with_user("user")),
        Which::External => run(&mut External::new()),
        Which::Anonymous => run(&mut Anonymous::new("trace")),
    }
}

/// A server that knows no password says what it likes.
fn challenge(mechanism: &mut dyn Mechanism, challenges: &[Option<&[u8]>], room: usize) {
    let proves = mechanism.name().starts_with("SCRAM");
    for _ in 0..2 {
        mechanism.restart();
        let mut buffer = vec![0; room];
        let mut answers = 0;
        for challenge in [Some(&b""[..])].iter().chain(challenges) {
            let mut response = Response::new(&mut buffer);
            answers +=
                usize::from(mechanism.respond(Challenge::new(*challenge), &mut response).is_ok());
            assert!(response.finish().is_none_or(|length| length <= room));
        }
        assert!(answers <= 3, "goes on for ever");
        assert!(!proves || !mechanism.is_satisfied(), "a server that proved nothing is believed");
    }
}

/// `user` has that password and a token.
#[derive(Clone, Copy)]
struct Doorkeeper;

impl Accounts for Doorkeeper {
    fn password(&self, user: &str) -> Option<&str> {
        (user == "user").then_some(PASSWORD)
    }

    fn user_of_token(&self, token: &str) -> Option<&str> {
        (token == "token").then_some("user")
    }
}

/// A client that knows no password says what it likes. SCRAM has a case of its own, its exchange takes long.
fn respond(name: &str, responses: &[Option<&[u8]>], room: usize) {
    let name = match name.len() % 3 {
        0 => "CRAM-MD5",
        1 => "XOAUTH2",
        _ => "OAUTHBEARER",
    };
    let mut exchange = exchange(name, Doorkeeper, &[9; 32], None).expect("a mechanism");
    for response in responses {
        let mut buffer = vec![0; room];
        let mut challenge = ServerChallenge::new(&mut buffer);
        let step = exchange.respond(*response, &mut challenge);
        assert!(challenge.finish().is_none_or(|length| length <= room));
        if matches!(step, Step::Success | Step::SuccessWithData) {
            let said = response.is_some_and(|said| said.windows(5).any(|word| word == b"token"));
            assert!(said && name != "CRAM-MD5", "{name}: who knows nothing comes in");
            assert_eq!(exchange.user(), "user");
        }
    }
}

static SHA1: LazyLock<Secrets<Sha1>> =
    LazyLock::new(|| Secrets::from_password(PASSWORD, SALT, ITERATIONS));
static SHA256: LazyLock<Secrets<Sha256>> =
    LazyLock::new(|| Secrets::from_password(PASSWORD, SALT, ITERATIONS));

fn scram<H: Hash>(first: &[u8], last: &[u8], secrets: &Secrets<H>) {
    let account = Account::new(secrets, SALT, ITERATIONS);
    let nonce = Nonce::new("server").expect("a nonce");
    let good = ClientFirst::parse(b"n,,n=user,r=client");
    for first in [ClientFirst::parse(first), good].into_iter().flatten() {
        assert!(!first.user().to_string().is_empty());
        let mut out = String::new();
        let started =
            ScramServer::start(&first, &account, &nonce, ServerBinding::Unsupported, &mut out);
        let Ok(server) = started else { continue };
        assert!(server.finish(last, &mut String::new()).is_err(), "a proof without the password");
    }
}

/// Values are read or refused.
fn read(octets: &[u8]) {
    if let Some(response) = CramMd5Response::parse(octets) {
        assert!(!response.is_right(b"challenge", PASSWORD));
    }
    if let Some(response) = XOAuth2Response::parse(octets) {
        assert!(!response.user().is_empty() && !response.token().is_empty());
    }
    if let Some(response) = OAuthBearerResponse::parse(octets) {
        assert!(!response.token().is_empty());
    }
}
