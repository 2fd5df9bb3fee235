//! Exchanges: the server side of one mechanism, one response at a time (RFC 4422 3).
//!
//! | mechanism | type | feature | needs from the accounts |
//! |---|---|---|---|
//! | SCRAM-SHA-256, -SHA-1, -PLUS | `ScramExchange` | `scram` | a password |
//! | CRAM-MD5 | `CramMd5Exchange` | `cram-md5` | a password |
//! | OAUTHBEARER, XOAUTH2 | [`BearerExchange`] | | the user of a token |
//! | EXTERNAL | [`ExternalExchange`] | | |
//! | ANONYMOUS | [`AnonymousExchange`] | | |
//!
//! `PLAIN` and `LOGIN` have none here, because the server session parses them itself.

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
use self::user::User;
pub use self::{
    accounts::Accounts, anonymous::AnonymousExchange, bearer::BearerExchange,
    challenge::ServerChallenge, external::ExternalExchange,
};

/// The server's reaction to a response.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Step {
    /// Send the octets that were written as a challenge: 334.
    Challenge,
    /// The client has proved its identity: 235.
    Success,
    /// The client has proved its identity, and the octets that were written are additional data (RFC 4422 3.6). SMTP
    /// has no place for them in a 235. So they are sent in a 334, to which the client responds with an empty line
    /// (RFC 4954 4).
    SuccessWithData,
    /// The client has not proved its identity, or is not allowed: 535.
    Failure,
    /// The response is not a message of this mechanism: 501.
    Malformed,
}

/// The server side of one SASL exchange. Implement this trait to add a mechanism.
///
/// Its counterpart in a client is [`sasl::Mechanism`](crate::sasl::Mechanism).
///
/// Pass it to [`Server::authenticate`](crate::server::Server::authenticate) for each step, which handles base64 and
/// the replies. Create a new one for each `AUTH` command; [`exchange`] does that for the mechanisms of this crate.
///
/// ```
/// use smtp_proto::sasl::server::{Exchange, ServerChallenge, Step};
///
/// /// Accepts every client that knows the pass phrase.
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
    /// Handles the decoded response of the client. `None` means that `AUTH` came without one, so the server sends the
    /// first challenge. The octets written to `challenge` are used with [`Step::Challenge`] and
    /// [`Step::SuccessWithData`].
    fn respond(&mut self, response: Option<&[u8]>, challenge: &mut ServerChallenge<'_>) -> Step;

    /// The authenticated user, after the exchange has succeeded.
    fn user(&self) -> &str;
}

/// Random octets for an exchange. They have to be new for each.
pub type Random = [u8; 32];

/// Octets that identify a TLS session: its `tls-exporter` (RFC 9266).
pub type TlsExporter = [u8; 32];

/// The mechanisms that [`exchange`] has, with `PLAIN` and `LOGIN`, strongest first: for
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

/// Creates an exchange of the mechanism with this name. Returns `None` if it is unknown, or if it is a `-PLUS`
/// mechanism and `channel` is `None`.
///
/// `channel` is the `tls-exporter` of the session if `-PLUS` mechanisms are offered, otherwise `None`. If it is set,
/// a client that believes they are not offered is refused (RFC 5802 6).
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
