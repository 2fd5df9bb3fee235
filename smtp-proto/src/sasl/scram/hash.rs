//! The hash functions of SCRAM.

use hmac::{Hmac, digest::CtOutput};

/// A hash function of SCRAM: [`Sha1`] or [`Sha256`].
pub trait Hash: sealed::Hash {}

/// SHA-1, for SCRAM-SHA-1 (RFC 5802).
#[derive(Clone, Copy, Debug)]
pub enum Sha1 {}

/// SHA-256, for SCRAM-SHA-256 (RFC 7677).
#[derive(Clone, Copy, Debug)]
pub enum Sha256 {}

impl Hash for Sha1 {}
impl Hash for Sha256 {}

/// An HMAC in progress.
pub(crate) type Mac<H> = Hmac<<H as sealed::Hash>::Digest>;

/// The result of a hash function or an HMAC. It is wiped when dropped, and compared in constant time.
pub(crate) type Tag<H> = CtOutput<Mac<H>>;

pub(super) mod sealed {
    use hmac::EagerHash;

    /// The properties of a hash function that the mechanisms use.
    pub trait Hash {
        type Digest: EagerHash;
        /// The names of the mechanism without and with channel binding (RFC 5802 4).
        const NAMES: [&'static str; 2];
    }

    impl Hash for super::Sha1 {
        type Digest = sha1::Sha1;
        const NAMES: [&'static str; 2] = ["SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"];
    }

    impl Hash for super::Sha256 {
        type Digest = sha2::Sha256;
        const NAMES: [&'static str; 2] = ["SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"];
    }
}
