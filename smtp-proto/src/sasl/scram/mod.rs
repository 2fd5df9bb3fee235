//! SCRAM: client and server prove to each other that they know the password, which is not sent (RFC 5802, RFC 7677).
//!
//! ```text
//!   client                                             server
//!   n,,n=user,r=nonce                        -->
//!                                            <--  r=nonce+more,s=salt,i=iterations
//!   c=biws,r=nonce+more,p=proof              -->
//!                                            <--  v=signature          (in a 334)
//!   empty line                               -->
//!                                            <--  235
//! ```
//!
//! The first message of the client is sent with `AUTH`. The client trusts a success only after it has verified the
//! server's signature: see [`Mechanism::is_satisfied`](super::Mechanism::is_satisfied). RFC 4954 has no place for the
//! signature but a 334 reply, so a 235 without one before it is not trusted. Any error in the server's messages
//! cancels the exchange, and no other mechanism is tried after it, because the next one could send the password
//! itself. [`Scram::error`] returns the reason.
//!
//! The messages are not kept. User name, password and nonce are borrowed or stored here, and the signatures are
//! computed while the pieces pass. The only state that waits for the last message of the server is the expected
//! signature. So the only limits are those of the client's buffers: a response has to fit the transmit buffer.

mod binding;
mod client;
mod error;
mod hash;
mod keys;
mod messages;
mod nonce;

pub use self::{
    binding::ChannelBinding,
    client::{Scram, ScramSha1, ScramSha256},
    error::{ScramError, ServerError},
    hash::{Hash, Sha1, Sha256},
    nonce::{Nonce, NonceError},
};
pub(super) use self::{
    hash::Tag,
    keys::{SaltedPassword, Signing, digest, exclusive_or, read_tag, to_tag},
    messages::{attribute, check_extensions},
    nonce::is_nonce_octet,
};
