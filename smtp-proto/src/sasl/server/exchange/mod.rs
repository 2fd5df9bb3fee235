//! Exchanges (RFC 4422 3): a whole dialogue of one mechanism, one response at a time.
//!
//! | mechanism | type | feature | asks the accounts for |
//! |---|---|---|---|
//! | SCRAM-SHA-256, -SHA-1, -PLUS | `ScramExchange` | `scram` | a password |
//! | CRAM-MD5 | `CramMd5Exchange` | `cram-md5` | a password |
//! | OAUTHBEARER, XOAUTH2 | [`BearerExchange`] | | the user of a token |
//! | EXTERNAL | [`ExternalExchange`] | | |
//! | ANONYMOUS | [`AnonymousExchange`] | | |
//!
//! PLAIN and LOGIN have none: the server machine reads them itself.

mod accounts;
mod anonymous;
mod bearer;
mod challenge;
#[cfg(feature = "cram-md5")]
mod cram_md5;
mod external;
#[cfg(feature = "scram")]
mod scram;
mod user;

#[cfg(feature = "alloc")]
use alloc::boxed::Box;

#[cfg(feature = "cram-md5")]
pub use self::cram_md5::CramMd5Exchange;
#[cfg(feature = "scram")]
pub use self::scram::ScramExchange;
pub use self::{
    accounts::Accounts, anonymous::AnonymousExchange, bearer::BearerExchange,
    challenge::ServerChallenge, external::ExternalExchange,
};

use self::user::User;

/// What a server says to a response.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Step {
    /// What was written is a challenge: 334.
    Challenge,
    /// The client is who it says it is: 235.
    Success,
    /// The same, and what was written is additional data (RFC 4422 3.6). SMTP has no place for it in
    /// a 235: it goes into a 334, which the client answers with an empty line (RFC 4954 4).
    SuccessWithData,
    /// The client is not who it says it is, or may not come in: 535.
    Failure,
    /// The response is none of this mechanism: 501.
    Malformed,
}

/// The server's side of one dialogue: the peer of [`sasl::Mechanism`](crate::sasl::Mechanism).
/// Implement it for mechanisms that are not here.
///
/// It is handed to [`Server::authenticate`](crate::server::Server::authenticate) for each step, which
/// knows base64 and the replies. A new one is made for each dialogue.
///
/// ```
/// use smtp_proto::sasl::server::{Exchange, ServerChallenge, Step};
///
/// /// Whoever knows the word is the doorkeeper's friend.
/// struct PassPhrase;
///
/// impl Exchange for PassPhrase {
///     fn respond(&mut self, response: Option<&[u8]>, challenge: &mut ServerChallenge<'_>) -> Step {
///         match response {
///             None => {
///                 challenge.push(b"The word?");
///                 Step::Challenge
///             }
///             Some(b"friend") => Step::Success,
///             Some(_) => Step::Failure,
///         }
///     }
///
///     fn user(&self) -> &str {
///         "friend"
///     }
/// }
/// ```
pub trait Exchange {
    /// Takes the client's response, decoded; `None` where AUTH came without one, so that the server
    /// speaks first. What is written to `challenge` counts with [`Step::Challenge`] and
    /// [`Step::SuccessWithData`].
    fn respond(&mut self, response: Option<&[u8]>, challenge: &mut ServerChallenge<'_>) -> Step;

    /// Who the client is, once the exchange has succeeded.
    fn user(&self) -> &str;
}

/// Random octets of an exchange. They have to be new for each.
pub type Random = [u8; 32];

/// What names a TLS session: its `tls-exporter` (RFC 9266).
pub type TlsExporter = [u8; 32];

/// All mechanisms that [`exchange`] has, and PLAIN and LOGIN, strongest first: for
/// [`Config::with_mechanisms`](crate::server::Config::with_mechanisms).
pub const MECHANISMS: &[&str] = &[
    #[cfg(feature = "scram")]
    "SCRAM-SHA-256-PLUS",
    #[cfg(feature = "scram")]
    "SCRAM-SHA-256",
    #[cfg(feature = "scram")]
    "SCRAM-SHA-1-PLUS",
    #[cfg(feature = "scram")]
    "SCRAM-SHA-1",
    #[cfg(feature = "cram-md5")]
    "CRAM-MD5",
    "OAUTHBEARER",
    "XOAUTH2",
    "PLAIN",
    "LOGIN",
];

/// An exchange of the mechanism with this name; `None` when there is none here, or when it is a
/// `-PLUS` one and the session has no name.
///
/// `channel` is the session's `tls-exporter` where `-PLUS` mechanisms are offered, else `None`: a
/// client that believes they are not offered is refused (RFC 5802 6).
///
/// ```
/// use smtp_proto::sasl::server::{Accounts, exchange};
/// #[derive(Clone)]
/// struct Alice;
/// impl Accounts for Alice {
///     fn password(&self, user: &str) -> Option<&str> {
///         (user == "alice").then_some("s3cret")
///     }
/// }
/// let random = [7; 32]; // from the operating system
/// assert!(exchange("XOAUTH2", Alice, &random, None).is_some());
/// assert!(exchange("SCRAM-SHA-1-PLUS", Alice, &random, None).is_none());
/// ```
#[cfg(feature = "alloc")]
pub fn exchange<A: Accounts + Send + 'static>(
    name: &str,
    accounts: A,
    random: &Random,
    channel: Option<&TlsExporter>,
) -> Option<Box<dyn Exchange + Send>> {
    #[cfg(feature = "scram")]
    use crate::sasl::scram::{Sha1, Sha256};
    let _ = (random, channel);
    Some(match name {
        #[cfg(feature = "scram")]
        "SCRAM-SHA-256" => Box::new(ScramExchange::<_, Sha256>::new(accounts, random, channel)),
        #[cfg(feature = "scram")]
        "SCRAM-SHA-256-PLUS" => {
            Box::new(ScramExchange::<_, Sha256>::bound(accounts, random, channel?))
        }
        #[cfg(feature = "scram")]
        "SCRAM-SHA-1" => Box::new(ScramExchange::<_, Sha1>::new(accounts, random, channel)),
        #[cfg(feature = "scram")]
        "SCRAM-SHA-1-PLUS" => Box::new(ScramExchange::<_, Sha1>::bound(accounts, random, channel?)),
        #[cfg(feature = "cram-md5")]
        "CRAM-MD5" => Box::new(CramMd5Exchange::new(accounts, random)),
        "OAUTHBEARER" => Box::new(BearerExchange::oauthbearer(accounts)),
        "XOAUTH2" => Box::new(BearerExchange::xoauth2(accounts)),
        _ => return None,
    })
}
