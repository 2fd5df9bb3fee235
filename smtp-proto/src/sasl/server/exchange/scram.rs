//! SCRAM, server side, with and without channel binding (RFC 5802, RFC 7677).
//!
//! ```text
//!  Start --client-first--> AwaitsProof --client-final is right--> Over, success with data
//!    |                         |
//!    +-------------------------+---------- anything else -------> Over
//! ```

use core::{fmt, mem};

use crate::sasl::{
    ChannelBinding, Nonce,
    scram::{Hash, ServerError},
    server::{Account, ClientFirst, ScramServer, Secrets, ServerBinding},
};

use super::{Accounts, Exchange, Random, ServerChallenge, Step, TlsExporter, User};

/// The number of iterations that RFC 5802 5.1 and RFC 7677 4 require at least, so that no client refuses it as too
/// low.
const ITERATIONS: u32 = 4096;

/// The number of octets of [`Random`] for the nonce. The others are the salt.
const NONCE: usize = 18;

/// The password that is hashed for users who have none.
const STAND_IN: &str = "no password";

/// SCRAM, server side, with a hash function: `Sha256` or `Sha1`.
///
/// The salt is new for each exchange, so a client cannot tell unknown users from known ones; their exchange fails at
/// its end. A client that wants to act as another user is refused.
pub struct ScramExchange<A, H: Hash> {
    accounts: A,
    nonce: Nonce,
    salt: [u8; size_of::<Random>() - NONCE],
    channel: Channel,
    user: User,
    state: State<H>,
}

/// A [`ServerBinding`] that owns its data.
enum Channel {
    Unsupported,
    NotChosen,
    Bound(TlsExporter),
}

enum State<H: Hash> {
    Start,
    /// The flag is false if the exchange has to fail even with a valid proof, because the user is unknown.
    AwaitsProof(ScramServer<H>, bool),
    Over,
}

impl<A: Accounts, H: Hash> ScramExchange<A, H> {
    /// Creates an exchange without channel binding. A `channel` means that `-PLUS` mechanisms are offered, too.
    #[must_use]
    pub fn new(accounts: A, random: &Random, channel: Option<&TlsExporter>) -> Self {
        let channel = channel.map_or(Channel::Unsupported, |_| Channel::NotChosen);
        Self::with_channel(accounts, random, channel)
    }

    /// Creates an exchange of the `-PLUS` mechanism, bound to the TLS session with this exporter.
    #[must_use]
    pub fn bound(accounts: A, random: &Random, channel: &TlsExporter) -> Self {
        Self::with_channel(accounts, random, Channel::Bound(*channel))
    }

    fn with_channel(accounts: A, random: &Random, channel: Channel) -> Self {
        let (mut nonce, mut salt) = ([0; NONCE], [0; size_of::<Random>() - NONCE]);
        nonce.copy_from_slice(&random[..NONCE]);
        salt.copy_from_slice(&random[NONCE..]);
        let nonce = Nonce::from_random(nonce);
        Self { accounts, nonce, salt, channel, user: User::NOBODY, state: State::Start }
    }

    /// Handles the first message of the client, and writes salt and nonce.
    fn start(
        &mut self,
        message: &[u8],
        challenge: &mut ServerChallenge<'_>,
    ) -> Result<Step, ServerError> {
        let first = ClientFirst::parse(message)?;
        let user = User::new(first.user().chars()).ok_or(ServerError::UnknownUser)?;
        let acts_as_itself = first.authorization().is_none_or(|name| name.matches(user.as_str()));
        let password = self.accounts.password(user.as_str()).filter(|_| acts_as_itself);
        let secrets =
            Secrets::<H>::from_password(password.unwrap_or(STAND_IN), &self.salt, ITERATIONS);
        let is_known = password.is_some();
        let account = Account::new(&secrets, &self.salt, ITERATIONS);
        let binding = self.channel.binding();
        let server = ScramServer::start(&first, &account, &self.nonce, binding, challenge)?;
        self.state = State::AwaitsProof(server, is_known);
        self.user = user;
        Ok(Step::Challenge)
    }
}

impl Channel {
    const fn binding(&self) -> ServerBinding<'_> {
        match self {
            Self::Unsupported => ServerBinding::Unsupported,
            Self::NotChosen => ServerBinding::NotChosen,
            Self::Bound(name) => ServerBinding::Bound(ChannelBinding::TlsExporter(name)),
        }
    }
}

/// Checks the proof of the client, and writes the server's signature.
fn finish<H: Hash>(
    server: ScramServer<H>,
    is_known: bool,
    message: &[u8],
    challenge: &mut ServerChallenge<'_>,
) -> Result<Step, ServerError> {
    server.finish(message, challenge)?;
    if is_known { Ok(Step::SuccessWithData) } else { Err(ServerError::UnknownUser) }
}

/// Converts an error to a step. The reason is not sent: a 535 alone is understood by every client.
const fn refusal(error: ServerError) -> Step {
    match error {
        ServerError::InvalidEncoding
        | ServerError::InvalidUsernameEncoding
        | ServerError::ExtensionsNotSupported => Step::Malformed,
        _ => Step::Failure,
    }
}

impl<A: Accounts, H: Hash> Exchange for ScramExchange<A, H> {
    fn respond(&mut self, response: Option<&[u8]>, challenge: &mut ServerChallenge<'_>) -> Step {
        let Some(message) = response else { return Step::Challenge };
        let outcome = match mem::replace(&mut self.state, State::Over) {
            State::Start => self.start(message, challenge),
            State::AwaitsProof(server, is_known) => finish(server, is_known, message, challenge),
            State::Over => Err(ServerError::Other),
        };
        outcome.unwrap_or_else(refusal)
    }

    fn user(&self) -> &str {
        self.user.as_str()
    }
}

impl<A, H: Hash> fmt::Debug for ScramExchange<A, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScramExchange(***)")
    }
}
