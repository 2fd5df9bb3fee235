//! The client's side of SCRAM.
//!
//! ```text
//!  Start --client-first--> AwaitsFirst --proof--> AwaitsSignature --v= is right--> Verified
//!    |                         |                        |
//!    +-------------------------+------------------------+------- anything else --> Over
//! ```

use core::{fmt, ops::RangeInclusive};

use crate::{
    hello::Capabilities,
    sasl::{
        CannotAnswer, Challenge, Mechanism, Response,
        text::{Sink, can_carry, is_clean, push_name},
    },
};

use super::{
    base64::{push_base64, read_base64},
    binding::{Binding, ChannelBinding},
    error::ScramError,
    hash::{Hash, Sha1, Sha256, Tag, sealed::Hash as _},
    keys::{SaltedPassword, Signing, exclusive_or, read_tag},
    messages::{ServerFirst, server_signature},
    nonce::Nonce,
};

/// 4,096 is what RFC 5802 5.1 and RFC 7677 4 ask servers for. 100,000 take some 50 ms, for which a
/// task of an async runtime stands still. Some servers have 600,000.
const ITERATIONS: RangeInclusive<u32> = 4096..=100_000;

/// SCRAM-SHA-1 and SCRAM-SHA-1-PLUS.
pub type ScramSha1<'a> = Scram<'a, Sha1>;

/// SCRAM-SHA-256 and SCRAM-SHA-256-PLUS.
pub type ScramSha256<'a> = Scram<'a, Sha256>;

/// SCRAM with borrowed credentials, by a hash: [`ScramSha256`] or [`ScramSha1`].
///
/// Non-ASCII text goes out as it is: `SASLprep` (RFC 4013) would need tables of Unicode. Hand in text
/// that is prepared if the server's passwords are. Control characters are refused. Hashing happens
/// inside `authenticate` and takes as long as the server's iterations do.
///
/// ```
/// use smtp_proto::sasl::{Challenge, Mechanism, Nonce, Response, ScramSha256};
/// // RFC 7677 3; a nonce is random and new for each exchange.
/// let nonce = Nonce::new("rOprNGfwEbeRWgbNEkqO").unwrap();
/// let mut scram = ScramSha256::new("user", "pencil", nonce);
/// let mut buffer = [0; 256];
/// let mut say = |scram: &mut ScramSha256<'_>, challenge: &[u8]| {
///     scram.respond(Challenge::new(Some(challenge)), &mut Response::new(&mut buffer))
/// };
/// say(&mut scram, b"").unwrap();
/// let first = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
/// say(&mut scram, first).unwrap();
/// assert!(!scram.is_satisfied());
/// say(&mut scram, b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=").unwrap();
/// assert!(scram.is_satisfied());
/// ```
pub struct Scram<'a, H: Hash> {
    user: &'a str,
    password: &'a str,
    authorization: &'a str,
    nonce: Nonce,
    binding: Binding<'a>,
    iterations: RangeInclusive<u32>,
    /// The server offers SCRAM with `-PLUS`.
    binding_offered: bool,
    /// A proof was made with the nonce.
    nonce_used: bool,
    error: Option<ScramError>,
    step: Step<H>,
}

enum Step<H: Hash> {
    Start,
    AwaitsFirst,
    /// The signature that only the server can make.
    AwaitsSignature(Tag<H>),
    Verified,
    Over,
}

impl<'a, H: Hash> Scram<'a, H> {
    /// Authenticates as `user`. The client does not bind to a TLS session and says so.
    #[must_use]
    pub const fn new(user: &'a str, password: &'a str, nonce: Nonce) -> Self {
        Self {
            user,
            password,
            authorization: "",
            nonce,
            binding: Binding::Unsupported,
            iterations: ITERATIONS,
            binding_offered: false,
            nonce_used: false,
            error: None,
            step: Step::Start,
        }
    }

    /// Acts as another identity (`authzid`).
    #[must_use]
    pub fn with_authorization(mut self, authorization: &'a str) -> Self {
        self.authorization = authorization;
        self
    }

    /// Binds to the TLS session: this is the `-PLUS` mechanism then.
    #[must_use]
    pub fn with_channel_binding(mut self, channel: ChannelBinding<'a>) -> Self {
        self.binding = Binding::Bound(channel);
        self
    }

    /// Says that the client could bind, but the server does not offer it (RFC 5802 6, flag `y`). For
    /// the mechanism behind the `-PLUS` ones in a list: a server that did offer it refuses then, for
    /// somebody in the middle has taken its offer away.
    ///
    /// If the server does offer SCRAM with `-PLUS` and the caller's list has none before this
    /// mechanism, the flag is `n`. The exchange is not bound to the TLS session then: nobody notices
    /// if it is passed on from another one.
    #[must_use]
    pub fn with_channel_binding_unoffered(mut self) -> Self {
        self.binding = Binding::Unoffered;
        self
    }

    /// How many iterations the server may ask for; 4,096 to 100,000 unless set. Fewer make the
    /// password cheaper to guess, more let a server keep the client busy.
    #[must_use]
    pub fn with_iterations(mut self, iterations: RangeInclusive<u32>) -> Self {
        self.iterations = iterations;
        self
    }

    /// Takes a new nonce, for another exchange with the same credentials. A nonce serves for one
    /// proof; another one with it is refused.
    pub fn renew(&mut self, nonce: Nonce) {
        (self.nonce, self.nonce_used) = (nonce, false);
        self.restart();
    }

    /// Why the last exchange did not succeed; `None` if it did, is under way, or the server refused
    /// without a reason of SCRAM.
    #[must_use]
    pub const fn error(&self) -> Option<ScramError> {
        self.error
    }

    fn check(&self) -> Result<(), ScramError> {
        let identity = self.authorization.is_empty() || is_clean(self.authorization);
        let bound = !self.binding.is_bound() || !self.binding.data().is_empty();
        if !(identity && bound && is_clean(self.user) && is_clean(self.password)) {
            return Err(ScramError::Credentials);
        }
        if self.nonce_used { Err(ScramError::NonceUsed) } else { Ok(()) }
    }

    /// `gs2-header = gs2-cbind-flag "," [ authzid ] ","`.
    fn push_header(&self, sink: &mut Sink<'_>) {
        match self.binding {
            Binding::Unoffered if self.binding_offered => Binding::Unsupported.push_flag(sink),
            binding => binding.push_flag(sink),
        }
        sink(b",");
        if !self.authorization.is_empty() {
            sink(b"a=");
            push_name(self.authorization, sink);
        }
        sink(b",");
    }

    /// `client-first-message-bare = username "," nonce`.
    fn push_first_bare(&self, sink: &mut Sink<'_>) {
        sink(b"n=");
        push_name(self.user, sink);
        sink(b",r=");
        sink(self.nonce.as_str().as_bytes());
    }

    /// `client-final-message-without-proof = channel-binding "," nonce`.
    fn push_final(&self, nonce: &str, sink: &mut Sink<'_>) {
        sink(b"c=");
        let binding = |sink: &mut Sink<'_>| {
            self.push_header(sink);
            sink(self.binding.data());
        };
        push_base64(binding, sink);
        sink(b",r=");
        sink(nonce.as_bytes());
    }

    fn say_first(&self, response: &mut Response<'_>) -> Result<Step<H>, ScramError> {
        self.check()?;
        self.push_header(&mut |piece| response.push(piece));
        self.push_first_bare(&mut |piece| response.push(piece));
        Ok(Step::AwaitsFirst)
    }

    /// Returns whether the server's message is for this exchange and asks for a sane proof.
    fn accept(&self, first: &ServerFirst<'_>) -> Result<(), ScramError> {
        if !first.continues(self.nonce.as_str()) {
            return Err(ScramError::Nonce);
        }
        let (count, fewest, most) =
            (first.iterations, *self.iterations.start(), *self.iterations.end());
        if count < fewest {
            return Err(ScramError::TooFewIterations { count, limit: fewest });
        }
        if count > most {
            return Err(ScramError::TooManyIterations { count, limit: most });
        }
        Ok(())
    }

    /// The answer to `server-first-message`: the proof.
    fn prove(
        &mut self,
        message: &[u8],
        response: &mut Response<'_>,
    ) -> Result<Step<H>, ScramError> {
        let first = ServerFirst::parse(message)?;
        self.accept(&first)?;
        let mut salted = SaltedPassword::<H>::new(self.password);
        read_base64(first.salt, &mut |octets| salted.salt(octets)).ok_or(ScramError::Malformed)?;
        let keys = salted.finish(first.iterations);

        let mut signing = Signing::<H>::new(&keys.stored(), &keys.server);
        self.push_first_bare(&mut |piece| signing.update(piece));
        for piece in [b",", message, b","] {
            signing.update(piece);
        }
        self.push_final(first.nonce, &mut |piece| signing.update(piece));
        let signatures = signing.finish();

        self.nonce_used = true;
        let proof = exclusive_or::<H>(&keys.client, &signatures.client);
        self.push_final(first.nonce, &mut |piece| response.push(piece));
        response.push(b",p=");
        push_base64(|sink| sink(proof.as_bytes()), &mut |piece| response.push(piece));
        Ok(Step::AwaitsSignature(signatures.server))
    }

    fn advance(
        &mut self,
        challenge: Challenge<'_>,
        response: &mut Response<'_>,
    ) -> Result<Step<H>, ScramError> {
        let message = || challenge.octets().ok_or(ScramError::Malformed);
        match core::mem::replace(&mut self.step, Step::Over) {
            Step::Start => self.say_first(response),
            Step::AwaitsFirst => self.prove(message()?, response),
            Step::AwaitsSignature(expected) => verify::<H>(&expected, message()?),
            Step::Verified | Step::Over => Err(self.error.unwrap_or(ScramError::Malformed)),
        }
    }
}

/// Holds `server-final-message` against the signature that is expected.
fn verify<H: Hash>(expected: &Tag<H>, message: &[u8]) -> Result<Step<H>, ScramError> {
    let signature = read_tag::<H>(server_signature(message)?);
    // Compared in constant time.
    let right = signature.is_some_and(|signature| signature == *expected);
    if right { Ok(Step::Verified) } else { Err(ScramError::Signature) }
}

impl<H: Hash> Mechanism for Scram<'_, H> {
    fn name(&self) -> &'static str {
        H::NAMES[usize::from(self.binding.is_bound())]
    }

    fn restart(&mut self) {
        (self.step, self.error) = (Step::Start, None);
    }

    fn prepare(&mut self, server: Capabilities<'_>) -> Result<(), CannotAnswer> {
        let plus = [Sha1::NAMES, Sha256::NAMES].map(|[_, plus]| plus);
        self.binding_offered = plus.iter().any(|name| server.offers_mechanism(name));
        self.error = self.check().err();
        can_carry(self.error.is_none())
    }

    fn respond(
        &mut self,
        challenge: Challenge<'_>,
        response: &mut Response<'_>,
    ) -> Result<(), CannotAnswer> {
        match self.advance(challenge, response) {
            Ok(step) => {
                self.step = step;
                Ok(())
            }
            Err(error) => {
                let told = self.error.replace(error).is_some();
                // The server has said why it refuses: an empty answer, and it ends the dialogue.
                let acknowledge = matches!(error, ScramError::Server(_)) && !told;
                if acknowledge { Ok(()) } else { Err(CannotAnswer::Stop) }
            }
        }
    }

    fn is_satisfied(&self) -> bool {
        matches!(self.step, Step::Verified)
    }
}

impl<H: Hash> fmt::Debug for Scram<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scram({}, ***)", self.name())
    }
}
