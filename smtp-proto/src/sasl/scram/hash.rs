//! The hashes that SCRAM is defined with.

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

/// Keyed hashing in progress.
pub(crate) type Mac<H> = Hmac<<H as sealed::Hash>::Digest>;

/// A result of hashing: wiped when dropped, compared in constant time.
pub(crate) type Tag<H> = CtOutput<Mac<H>>;

pub(super) mod sealed {
    use hmac::EagerHash;

    /// What the mechanisms need to know about a hash.
    pub trait Hash {
        type Digest: EagerHash;
        /// Names of the mechanism without and with channel binding (RFC 5802 4).
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
