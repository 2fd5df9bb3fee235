//! A user name and a password, with all mechanisms that need them.

use core::fmt;
#[cfg(feature = "scram")]
use core::ops::RangeInclusive;

#[cfg(feature = "cram-md5")]
use super::CramMd5;
#[cfg(feature = "scram")]
use super::{ChannelBinding, Nonce, ScramSha1, ScramSha256};
use super::{Login, Mechanism, Mechanisms, Plain};

/// All mechanisms for a user name and a password, strongest first.
///
/// Use it unless the server needs a certain mechanism; [`Token`](super::Token) is its counterpart for access tokens.
///
/// The order is SCRAM-SHA-256-PLUS, SCRAM-SHA-1-PLUS, SCRAM-SHA-256, SCRAM-SHA-1, CRAM-MD5, PLAIN, LOGIN, as far as
/// the features `scram` and `cram-md5` are on: mechanisms that bind to the TLS session come first. SCRAM needs a
/// nonce, and `-PLUS` also a channel binding. The client uses the first mechanism that the server offers. So without
/// TLS an attacker on the path can force `PLAIN`: see
/// [`Config::with_plaintext_auth`](crate::client::Config::with_plaintext_auth).
///
/// ```
/// use smtp_proto::sasl::{Mechanisms, Password};
/// let mut password = Password::new("alice", "s3cret");
/// # #[cfg(feature = "scram")] {
/// // 18 octets from the operating system.
/// password = password.with_nonce(smtp_proto::sasl::Nonce::from_random([7; 18]));
/// assert_eq!(password.mechanism(0).unwrap().name(), "SCRAM-SHA-256");
/// # }
/// assert_eq!(format!("{password:?}"), "Password(***)");
/// ```
pub struct Password<'a> {
    #[cfg(feature = "scram")]
    credentials: (&'a str, &'a str),
    #[cfg(feature = "scram")]
    iterations: Option<RangeInclusive<u32>>,
    #[cfg(feature = "scram")]
    scram: Option<ScramPair<'a>>,
    #[cfg(feature = "scram")]
    scram_plus: Option<ScramPair<'a>>,
    #[cfg(feature = "cram-md5")]
    cram_md5: CramMd5<'a>,
    plain: Plain<'a>,
    login: Login<'a>,
}

#[cfg(feature = "scram")]
struct ScramPair<'a> {
    sha256: ScramSha256<'a>,
    sha1: ScramSha1<'a>,
}

#[cfg(feature = "scram")]
impl<'a> ScramPair<'a> {
    const fn new((user, password): (&'a str, &'a str), nonce: Nonce) -> Self {
        Self {
            sha256: ScramSha256::new(user, password, nonce),
            sha1: ScramSha1::new(user, password, nonce),
        }
    }

    fn unoffered(self) -> Self {
        Self {
            sha256: self.sha256.with_channel_binding_unoffered(),
            sha1: self.sha1.with_channel_binding_unoffered(),
        }
    }

    fn bound(self, channel: ChannelBinding<'a>) -> Self {
        Self {
            sha256: self.sha256.with_channel_binding(channel),
            sha1: self.sha1.with_channel_binding(channel),
        }
    }

    fn with_iterations(self, iterations: &RangeInclusive<u32>) -> Self {
        Self {
            sha256: self.sha256.with_iterations(iterations.clone()),
            sha1: self.sha1.with_iterations(iterations.clone()),
        }
    }
}

impl<'a> Password<'a> {
    /// Authenticates as `user`. Call `with_nonce` to enable SCRAM.
    #[must_use]
    pub const fn new(user: &'a str, password: &'a str) -> Self {
        Self {
            #[cfg(feature = "scram")]
            credentials: (user, password),
            #[cfg(feature = "scram")]
            iterations: None,
            #[cfg(feature = "scram")]
            scram: None,
            #[cfg(feature = "scram")]
            scram_plus: None,
            #[cfg(feature = "cram-md5")]
            cram_md5: CramMd5::new(user, password),
            plain: Plain::new(user, password),
            login: Login::new(user, password),
        }
    }

    /// Enables SCRAM, before the other mechanisms. Use each nonce for one session only.
    #[cfg(feature = "scram")]
    #[must_use]
    pub fn with_nonce(mut self, nonce: Nonce) -> Self {
        self.scram = Some(self.pair(nonce));
        self.scram_plus = None;
        self
    }

    /// Enables SCRAM, bound to the TLS session if the server offers that. Use each nonce for one session only.
    #[cfg(feature = "scram")]
    #[must_use]
    pub fn with_channel_binding(mut self, nonce: Nonce, channel: ChannelBinding<'a>) -> Self {
        self.scram = Some(self.pair(nonce).unoffered());
        self.scram_plus = Some(self.pair(nonce).bound(channel));
        self
    }

    /// Sets the numbers of SCRAM iterations that the client accepts. The default is 4,096 to 100,000.
    ///
    /// Some servers ask for 600,000, which take about a third of a second of computation.
    #[cfg(feature = "scram")]
    #[must_use]
    pub fn with_iterations(mut self, iterations: RangeInclusive<u32>) -> Self {
        self.scram = self.scram.map(|pair| pair.with_iterations(&iterations));
        self.scram_plus = self.scram_plus.map(|pair| pair.with_iterations(&iterations));
        self.iterations = Some(iterations);
        self
    }

    #[cfg(feature = "scram")]
    fn pair(&self, nonce: Nonce) -> ScramPair<'a> {
        let pair = ScramPair::new(self.credentials, nonce);
        match &self.iterations {
            Some(iterations) => pair.with_iterations(iterations),
            None => pair,
        }
    }

    /// The last error of a SCRAM exchange. `None` if there was none.
    #[cfg(feature = "scram")]
    #[must_use]
    pub fn scram_error(&self) -> Option<super::scram::ScramError> {
        let pairs = [&self.scram_plus, &self.scram].into_iter().flatten();
        pairs.flat_map(|pair| [pair.sha256.error(), pair.sha1.error()]).flatten().last()
    }
}

impl Mechanisms for Password<'_> {
    fn mechanism(&mut self, index: usize) -> Option<&mut dyn Mechanism> {
        #[cfg(feature = "scram")]
        let ((plus_sha256, plus_sha1), (sha256, sha1)) =
            (both(&mut self.scram_plus), both(&mut self.scram));
        let all = [
            #[cfg(feature = "scram")]
            plus_sha256,
            #[cfg(feature = "scram")]
            plus_sha1,
            #[cfg(feature = "scram")]
            sha256,
            #[cfg(feature = "scram")]
            sha1,
            #[cfg(feature = "cram-md5")]
            Some(&mut self.cram_md5 as &mut dyn Mechanism),
            Some(&mut self.plain as &mut dyn Mechanism),
            Some(&mut self.login),
        ];
        all.into_iter().flatten().nth(index)
    }
}

#[cfg(feature = "scram")]
fn both<'s>(
    pair: &'s mut Option<ScramPair<'_>>,
) -> (Option<&'s mut dyn Mechanism>, Option<&'s mut dyn Mechanism>) {
    match pair {
        Some(pair) => (Some(&mut pair.sha256), Some(&mut pair.sha1)),
        None => (None, None),
    }
}

impl fmt::Debug for Password<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(***)")
    }
}
