//! The server's side of the dialogues: what a response says, and whether it is right.
//!
//! These are values and checks, not a session: octets in that were decoded from base64, text out
//! that goes into a 334. The account is the caller's to look up.

mod bearer;
#[cfg(feature = "cram-md5")]
mod cram_md5;
#[cfg(feature = "scram")]
mod scram;

pub use self::bearer::{OAuthBearerResponse, XOAuth2Response};
#[cfg(feature = "cram-md5")]
pub use self::cram_md5::CramMd5Response;
#[cfg(feature = "scram")]
pub use self::scram::{Account, ClientBinding, ClientFirst, ScramServer, Secrets, ServerBinding};
