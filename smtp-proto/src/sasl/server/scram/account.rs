//! What a server keeps of a password.

use core::fmt;

use crate::sasl::scram::{Hash, SaltedPassword, Tag, to_tag};

/// What a server keeps of a password, for one salt and number of iterations (RFC 5802 3).
///
/// Whoever has it can play the server, and guess passwords, but cannot log in. It is wiped when
/// dropped.
pub struct Secrets<H: Hash> {
    pub(super) stored_key: Tag<H>,
    pub(super) server_key: Tag<H>,
}

impl<H: Hash> Secrets<H> {
    /// Hashes a password. `salt` is random, and an account's own.
    #[must_use]
    pub fn from_password(password: &str, salt: &[u8], iterations: u32) -> Self {
        let mut salted = SaltedPassword::<H>::new(password);
        salted.salt(salt);
        let keys = salted.finish(iterations);
        Self { stored_key: keys.stored(), server_key: keys.server }
    }

    /// What was kept: `StoredKey` and `ServerKey`; `None` when they have not the hash's length.
    #[must_use]
    pub fn from_keys(stored_key: &[u8], server_key: &[u8]) -> Option<Self> {
        Some(Self { stored_key: to_tag::<H>(stored_key)?, server_key: to_tag::<H>(server_key)? })
    }

    /// `StoredKey`, to be kept.
    #[must_use]
    pub fn stored_key(&self) -> &[u8] {
        self.stored_key.as_bytes()
    }

    /// `ServerKey`, to be kept.
    #[must_use]
    pub fn server_key(&self) -> &[u8] {
        self.server_key.as_bytes()
    }
}

/// What a server keeps of an account for SCRAM.
#[derive(Clone, Copy, Debug)]
pub struct Account<'a, H: Hash> {
    pub(super) secrets: &'a Secrets<H>,
    pub(super) salt: &'a [u8],
    pub(super) iterations: u32,
}

impl<'a, H: Hash> Account<'a, H> {
    /// Secrets, and the salt and iterations that they were made with.
    ///
    /// For a user that does not exist, an account that is the same each time keeps that from being
    /// seen.
    #[must_use]
    pub const fn new(secrets: &'a Secrets<H>, salt: &'a [u8], iterations: u32) -> Self {
        Self { secrets, salt, iterations }
    }
}

impl<H: Hash> fmt::Debug for Secrets<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(***)")
    }
}
