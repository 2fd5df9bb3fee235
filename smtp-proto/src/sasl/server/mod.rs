//! SASL, server side: parses and verifies the responses of clients.
//!
//! An [`Exchange`] is the server side of one mechanism: it receives decoded responses, and writes challenges.
//! [`Server::authenticate`](crate::server::Server::authenticate) runs it. The accounts are the caller's: see
//! [`Accounts`].
//!
//! To write an exchange of your own, use the parsed messages, such as [`XOAuth2Response`].

mod bearer;
#[cfg(feature = "cram-md5")]
mod cram_md5;
mod exchange;
#[cfg(feature = "scram")]
mod scram;

pub use self::bearer::{OAuthBearerResponse, XOAuth2Response};
#[cfg(feature = "scram")]
pub use self::exchange::ScramExchange;
#[cfg(feature = "alloc")]
pub use self::exchange::exchange;
pub use self::exchange::{
    Accounts, AnonymousExchange, BearerExchange, Exchange, ExternalExchange, MECHANISMS, Random,
    ServerChallenge, Step, TlsExporter,
};
#[cfg(feature = "scram")]
pub use self::scram::{Account, ClientBinding, ClientFirst, ScramServer, Secrets, ServerBinding};
#[cfg(feature = "cram-md5")]
pub use self::{cram_md5::CramMd5Response, exchange::CramMd5Exchange};
