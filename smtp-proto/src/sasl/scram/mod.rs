//! SCRAM (RFC 5802, RFC 7677): a proof that both sides know the password, which does not leave.
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
//! The first message of the client leaves with AUTH. Success is believed only after the server's
//! signature was seen and is right: [`Mechanism::is_satisfied`](super::Mechanism::is_satisfied).
//! RFC 4954 has no place for it but a 334, so a 235 without one before is not believed. Whatever is
//! wrong in the server's messages cancels the dialogue, and no other mechanism is tried after it:
//! the next one might hand out the password itself. [`Scram::error`] says what it was.
//!
//! Nothing is kept of the messages: user, password and nonce are borrowed or held here, the
//! signatures are computed from the pieces as they pass, and the one octet string that waits for the
//! server's last message is its expected signature. So there are no bounds beyond those of the
//! client's buffers: the answers have to fit the transmit buffer.

mod base64;
mod binding;
mod client;
mod error;
mod hash;
mod keys;
mod messages;
mod nonce;

pub(super) use self::{
    base64::push_base64,
    hash::Tag,
    keys::{SaltedPassword, Signing, digest, exclusive_or, read_tag, to_tag},
    messages::{attribute, check_extensions},
    nonce::is_nonce_octet,
};
pub use self::{
    binding::ChannelBinding,
    client::{Scram, ScramSha1, ScramSha256},
    error::{ScramError, ServerError},
    hash::{Hash, Sha1, Sha256},
    nonce::{Nonce, NonceError},
};
