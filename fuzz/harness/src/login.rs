//! Mechanism against exchange by way of both machines, with the right credentials and with wrong ones.

use arbitrary::Arbitrary;
use smtp_proto::{
    client::{self, Authentication, BufferSizes, Client},
    hello::EhloName,
    sasl::{
        ChannelBinding, CramMd5, Login, Mechanism, Nonce, OAuthBearer, Plain, ScramSha1,
        ScramSha256, XOAuth2,
        scram::{Hash, Sha1, Sha256},
        server::{
            Account, Accounts, ClientFirst, Exchange, MECHANISMS, ScramServer, Secrets,
            ServerBinding, ServerChallenge, Step, exchange,
        },
    },
    server::{self, Answer, AuthPolicy, Event, Server},
};

use crate::pair::{Application, Pair, Reaction};

/// What the server knows and what the client says.
#[derive(Arbitrary, Debug)]
pub struct Case<'a> {
    pub(crate) which: Which,
    user: &'a str,
    password: &'a str,
    said: Said<'a>,
    nonce: [u8; 18],
    random: [u8; 32],
    pub(crate) sizes: &'a [u8],
}

impl<'a> Case<'a> {
    pub(crate) fn of(which: Which, user: &'a str, password: &'a str, sizes: &'a [u8]) -> Self {
        let (nonce, random) = ([1; 18], [99; 32]);
        Self { which, user, password, said: Said::Right, nonce, random, sizes }
    }
}

/// What the client says.
#[derive(Arbitrary, Debug)]
enum Said<'a> {
    Right,
    User(&'a str),
    Password(&'a str),
    /// Another TLS session's name, where the mechanism binds to it.
    Channel,
}

/// A mechanism.
#[derive(Arbitrary, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Which {
    /// PLAIN.
    Plain,
    /// LOGIN.
    Login,
    /// CRAM-MD5.
    CramMd5,
    /// SCRAM-SHA-1.
    ScramSha1,
    /// SCRAM-SHA-1-PLUS.
    ScramSha1Plus,
    /// SCRAM-SHA-256.
    ScramSha256,
    /// SCRAM-SHA-256-PLUS.
    ScramSha256Plus,
    /// XOAUTH2.
    XOAuth2,
    /// OAUTHBEARER.
    OAuthBearer,
}

/// What both sides call their TLS session.
const CHANNEL: [u8; 32] = [5; 32];

/// Logs in.
///
/// # Panics
/// When the right credentials do not let the client in, or wrong ones do.
pub fn check(case: &Case<'_>) {
    let (user, password) = match case.said {
        Said::User(user) => (user, case.password),
        Said::Password(password) => (case.user, password),
        Said::Right | Said::Channel => (case.user, case.password),
    };
    // Others cannot be said in every mechanism.
    if ![user, password, case.user, case.password].into_iter().all(is_plain) {
        return;
    }
    let bound = matches!(case.which, Which::ScramSha1Plus | Which::ScramSha256Plus);
    let right = (user, password) == (case.user, case.password)
        && !(bound && matches!(case.said, Said::Channel));
    let mut pair = open(case);
    let channel = if matches!(case.said, Said::Channel) { [6; 32] } else { CHANNEL };
    let credentials = Credentials { user, password, nonce: case.nonce, channel: &channel };
    credentials.with_mechanism(case.which, &mut |mechanism| {
        let begun = pair.authenticate(mechanism);
        assert!(begun, "every mechanism is offered");
        assert!(!right || mechanism.is_satisfied());
    });
    let expected = if right { Authentication::Done(0) } else { pair.client.authentication() };
    assert_eq!(pair.client.authentication(), expected, "the right credentials");
    let done = pair.client.authentication() == Authentication::Done(0);
    assert_eq!((done, pair.server.is_authenticated()), (right, right), "{:?}", case.which);
    assert_eq!(pair.application.admitted.as_deref(), right.then_some(case.user));
}

/// Not empty, without a control, and no longer than every mechanism takes.
fn is_plain(text: &str) -> bool {
    (1..=200).contains(&text.len()) && !text.chars().any(char::is_control)
}

pub(crate) fn open<'a>(case: &Case<'a>) -> Pair<'a, House> {
    let config = client::Config::new(EhloName::LOCALHOST).with_tls(client::TlsPolicy::Implicit);
    let offers = server::Config::new(EhloName::LOCALHOST)
        .with_tls(server::TlsPolicy::Implicit)
        .with_auth(AuthPolicy::Required)
        .with_mechanisms(MECHANISMS);
    let house = House {
        resident: Resident { user: case.user.into(), password: case.password.into() },
        random: case.random,
        exchange: None,
        admitted: None,
        lines: String::new(),
    };
    let client = Client::with_sizes(config, BufferSizes::LARGE);
    let mut pair = Pair::new(client, Server::new(offers), house, case.sizes);
    assert_eq!(pair.run(), client::Wants::Command);
    pair
}

/// What a client has, and how it says it.
pub(crate) struct Credentials<'a> {
    pub(crate) user: &'a str,
    pub(crate) password: &'a str,
    pub(crate) nonce: [u8; 18],
    pub(crate) channel: &'a [u8],
}

impl Credentials<'_> {
    pub(crate) fn with_mechanism(
        &self,
        which: Which,
        run: &mut dyn FnMut(&mut (dyn Mechanism + '_)),
    ) {
        let Self { user, password, nonce, channel } = *self;
        let nonce = Nonce::from_random(nonce);
        let channel = ChannelBinding::TlsExporter(channel);
        let sha1 = ScramSha1::new(user, password, nonce).with_iterations(1..=4096);
        let sha256 = ScramSha256::new(user, password, nonce).with_iterations(1..=4096);
        match which {
            Which::Plain => run(&mut Plain::new(user, password)),
            Which::Login => run(&mut Login::new(user, password)),
            Which::CramMd5 => run(&mut CramMd5::new(user, password)),
            Which::ScramSha1 => run(&mut { sha1 }),
            Which::ScramSha1Plus => run(&mut sha1.with_channel_binding(channel)),
            Which::ScramSha256 => run(&mut { sha256 }),
            Which::ScramSha256Plus => run(&mut sha256.with_channel_binding(channel)),
            Which::XOAuth2 => run(&mut XOAuth2::new(user, password)),
            Which::OAuthBearer => run(&mut OAuthBearer::new(password).with_user(user)),
        }
    }
}

/// The server's side: one who may come in. The password is the token too.
#[derive(Clone)]
struct Resident {
    user: String,
    password: String,
}

impl Accounts for Resident {
    fn password(&self, user: &str) -> Option<&str> {
        (user == self.user).then_some(&self.password)
    }

    fn user_of_token(&self, token: &str) -> Option<&str> {
        (token == self.password).then_some(&self.user)
    }
}

pub(crate) struct House {
    resident: Resident,
    random: [u8; 32],
    exchange: Option<Box<dyn Exchange + Send>>,
    admitted: Option<String>,
    /// The lines taken, as a transcript shows them.
    pub(crate) lines: String,
}

impl Application for House {
    fn react(&mut self, event: &Event<'_>) -> Reaction {
        match event {
            Event::Authenticate(credentials) => {
                if credentials.are(&self.resident.user, &self.resident.password) {
                    self.admitted = Some(credentials.user().into());
                    return Reaction::Accept;
                }
                Reaction::Answer(Answer::BAD_CREDENTIALS)
            }
            Event::Exchange { mechanism, begins } => {
                Reaction::Exchange { mechanism, begins: *begins }
            }
            _ => Reaction::Accept,
        }
    }

    fn exchange(&mut self, mechanism: &str, begins: bool) -> Option<&mut dyn Exchange> {
        if begins {
            self.exchange = self.begin(mechanism);
        }
        self.exchange.as_deref_mut().map(|exchange| exchange as &mut dyn Exchange)
    }

    fn admitted(&mut self) {
        if let Some(exchange) = &self.exchange {
            self.admitted = Some(exchange.user().into());
        }
    }

    fn line(&mut self, line: &[u8]) {
        self.lines += &String::from_utf8_lossy(line);
    }
}

impl House {
    /// SCRAM with its 4,096 iterations now and then, and else with two: for speed.
    fn begin(&self, mechanism: &str) -> Option<Box<dyn Exchange + Send>> {
        let slow = self.random[0] < 4;
        let resident = self.resident.clone();
        match mechanism {
            "SCRAM-SHA-1" if !slow => Some(Box::new(Quick::<Sha1>::new(self, false))),
            "SCRAM-SHA-1-PLUS" if !slow => Some(Box::new(Quick::<Sha1>::new(self, true))),
            "SCRAM-SHA-256" if !slow => Some(Box::new(Quick::<Sha256>::new(self, false))),
            "SCRAM-SHA-256-PLUS" if !slow => Some(Box::new(Quick::<Sha256>::new(self, true))),
            name => exchange(name, resident, &self.random, Some(&CHANNEL)),
        }
    }
}

/// SCRAM as `ScramExchange` has it, with few iterations.
struct Quick<H: Hash> {
    resident: Resident,
    nonce: Nonce,
    bound: bool,
    known: bool,
    server: Option<ScramServer<H>>,
}

const ITERATIONS: u32 = 2;

impl<H: Hash> Quick<H> {
    fn new(house: &House, bound: bool) -> Self {
        let mut nonce = [0; 18];
        nonce.copy_from_slice(&house.random[..18]);
        let (resident, nonce) = (house.resident.clone(), Nonce::from_random(nonce));
        Self { resident, nonce, bound, known: false, server: None }
    }

    fn start(&mut self, message: &[u8]) -> Option<String> {
        let first = ClientFirst::parse(message).ok()?;
        self.known = first.user().matches(&self.resident.user);
        let secrets = Secrets::<H>::from_password(&self.resident.password, b"salt", ITERATIONS);
        let account = Account::new(&secrets, b"salt", ITERATIONS);
        let channel = ChannelBinding::TlsExporter(&CHANNEL);
        let binding =
            if self.bound { ServerBinding::Bound(channel) } else { ServerBinding::NotChosen };
        let mut out = String::new();
        self.server = ScramServer::start(&first, &account, &self.nonce, binding, &mut out).ok();
        self.server.is_some().then_some(out)
    }
}

impl<H: Hash> Exchange for Quick<H> {
    fn respond(&mut self, response: Option<&[u8]>, challenge: &mut ServerChallenge<'_>) -> Step {
        let Some(message) = response else { return Step::Challenge };
        let (said, step) = match self.server.take() {
            None => (self.start(message), Step::Challenge),
            Some(server) => {
                let mut out = String::new();
                let proved = server.finish(message, &mut out).is_ok() && self.known;
                (proved.then_some(out), Step::SuccessWithData)
            }
        };
        let Some(said) = said else { return Step::Failure };
        challenge.push(said.as_bytes());
        step
    }

    fn user(&self) -> &str {
        &self.resident.user
    }
}
