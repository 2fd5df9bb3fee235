//! The server's side of the dialogues: what a response says, and whether it is right.
//!
//! A [`Response`](XOAuth2Response) is what a client says, as a value with its checks. An [`Exchange`]
//! is a dialogue made of them: octets in that were decoded from base64, a challenge out that goes into
//! a 334; [`Server::authenticate`](crate::server::Server::authenticate) runs it. The accounts are the
//! caller's.

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
