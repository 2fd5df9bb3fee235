//! The data that a server stores of a password.

use core::fmt;

use crate::sasl::scram::{Hash, SaltedPassword, Tag, to_tag};

/// The keys that a SCRAM server stores in place of a password, for one salt and number of iterations (RFC 5802 3).
///
/// A thief of the keys can impersonate the server and guess passwords, but cannot log in. They are wiped when
/// dropped.
pub struct Secrets<H: Hash> {
    pub(super) stored_key: Tag<H>,
    pub(super) server_key: Tag<H>,
}

impl<H: Hash> Secrets<H> {
    /// Hashes a password. The salt has to be random, and different for each account.
    #[must_use]
    pub fn from_password(password: &str, salt: &[u8], iterations: u32) -> Self {
        let mut salted = SaltedPassword::<H>::new(password);
        salted.salt(salt);
        let keys = salted.finish(iterations);
        Self { stored_key: keys.stored(), server_key: keys.server }
    }

    /// Restores stored keys, `StoredKey` and `ServerKey`. Returns `None` unless their lengths are that of the hash.
    #[must_use]
    pub fn from_keys(stored_key: &[u8], server_key: &[u8]) -> Option<Self> {
        Some(Self { stored_key: to_tag::<H>(stored_key)?, server_key: to_tag::<H>(server_key)? })
    }

    /// The `StoredKey`, to be stored.
    #[must_use]
    pub fn stored_key(&self) -> &[u8] {
        self.stored_key.as_bytes()
    }

    /// The `ServerKey`, to be stored.
    #[must_use]
    pub fn server_key(&self) -> &[u8] {
        self.server_key.as_bytes()
    }
}

/// The data of one account for SCRAM.
#[derive(Clone, Copy, Debug)]
pub struct Account<'a, H: Hash> {
    pub(super) secrets: &'a Secrets<H>,
    pub(super) salt: &'a [u8],
    pub(super) iterations: u32,
}

impl<'a, H: Hash> Account<'a, H> {
    /// Combines keys with the salt and the iterations from which they were made.
    ///
    /// For an unknown user, use an account that is the same each time, so that a client cannot tell that the user is
    /// unknown.
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
