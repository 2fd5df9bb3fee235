//! SCRAM, client side.
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
        base64::{push_base64, read_base64},
        text::{Sink, can_carry, is_clean, push_name},
    },
};

use super::{
    binding::{Binding, ChannelBinding},
    error::ScramError,
    hash::{Hash, Sha1, Sha256, Tag, sealed::Hash as _},
    keys::{SaltedPassword, Signing, exclusive_or, read_tag},
    messages::{ServerFirst, server_signature},
    nonce::Nonce,
};

/// The default numbers of iterations. RFC 5802 5.1 and RFC 7677 4 require at least 4,096 of a server. 100,000 take
/// about 50 ms, during which a task of an async runtime blocks. Some servers ask for 600,000.
const ITERATIONS: RangeInclusive<u32> = 4096..=100_000;

/// The mechanisms SCRAM-SHA-1 and SCRAM-SHA-1-PLUS.
pub type ScramSha1<'a> = Scram<'a, Sha1>;

/// The mechanisms SCRAM-SHA-256 and SCRAM-SHA-256-PLUS.
pub type ScramSha256<'a> = Scram<'a, Sha256>;

/// The SCRAM mechanism with a hash function: [`ScramSha256`] or [`ScramSha1`]. It borrows the credentials.
///
/// The client proves that it knows the password without sending it, and the server has to prove the same.
/// [`Password`](crate::sasl::Password) contains the SCRAM mechanisms in the right order; use this type for a list of
/// your own.
///
/// Text beyond ASCII is sent as it is, because `SASLprep` (RFC 4013) would need tables of Unicode. If the server
/// prepares its passwords, pass prepared text. Control characters are refused. Hashing happens inside `authenticate`,
/// and its time is proportional to the number of iterations that the server asks for.
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
    /// The server offers a SCRAM mechanism with `-PLUS`.
    binding_offered: bool,
    /// The client has made a proof with the nonce.
    nonce_used: bool,
    error: Option<ScramError>,
    step: Step<H>,
}

enum Step<H: Hash> {
    Start,
    AwaitsFirst,
    /// The signature that only a server that knows the password can make.
    AwaitsSignature(Tag<H>),
    Verified,
    Over,
}

impl<'a, H: Hash> Scram<'a, H> {
    /// Authenticates as `user`, without channel binding.
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

    /// Binds to the TLS session, so this becomes the `-PLUS` mechanism.
    #[must_use]
    pub fn with_channel_binding(mut self, channel: ChannelBinding<'a>) -> Self {
        self.binding = Binding::Bound(channel);
        self
    }

    /// Declares that the client supports channel binding, but the server does not offer it (RFC 5802 6, flag `y`).
    /// Use it for the mechanism after the `-PLUS` ones in a list: a server that did offer it then refuses, because an
    /// attacker has removed its offer.
    ///
    /// If the server offers SCRAM with `-PLUS`, but the caller's list has none before this mechanism, the flag is
    /// `n`. The exchange is not bound to the TLS session then, so an attacker could relay it from another one.
    #[must_use]
    pub fn with_channel_binding_unoffered(mut self) -> Self {
        self.binding = Binding::Unoffered;
        self
    }

    /// Sets the numbers of iterations that the client accepts. The default is 4,096 to 100,000. Fewer make it cheaper
    /// to guess the password; more let a server keep the client busy.
    #[must_use]
    pub fn with_iterations(mut self, iterations: RangeInclusive<u32>) -> Self {
        self.iterations = iterations;
        self
    }

    /// Sets a new nonce, for another exchange with the same credentials. Each nonce is good for one proof; the
    /// mechanism refuses a second one.
    pub fn renew(&mut self, nonce: Nonce) {
        (self.nonce, self.nonce_used) = (nonce, false);
        self.restart();
    }

    /// The reason for which the last exchange failed. `None` if it succeeded, has not ended, or the server refused
    /// without a SCRAM error.
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

    /// Writes `gs2-header = gs2-cbind-flag "," [ authzid ] ","`.
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

    /// Writes `client-first-message-bare = username "," nonce`.
    fn push_first_bare(&self, sink: &mut Sink<'_>) {
        sink(b"n=");
        push_name(self.user, sink);
        sink(b",r=");
        sink(self.nonce.as_str().as_bytes());
    }

    /// Writes `client-final-message-without-proof = channel-binding "," nonce`.
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

    /// Checks that the server's message belongs to this exchange, and that its number of iterations is acceptable.
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

    /// Writes the proof, in response to `server-first-message`.
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

/// Compares the signature in `server-final-message` with the expected one.
fn verify<H: Hash>(expected: &Tag<H>, message: &[u8]) -> Result<Step<H>, ScramError> {
    let signature = read_tag::<H>(server_signature(message)?);
    // `Tag` compares in constant time.
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
                // The server has sent its error: acknowledge with an empty response, and it ends the exchange.
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
