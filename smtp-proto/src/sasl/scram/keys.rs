//! The keys and signatures of SCRAM, for both sides (RFC 5802 3).

use hmac::{
    Mac as _,
    digest::{Digest, Output},
};
use zeroize::Zeroize;

use crate::sasl::{base64::read_base64, hash::keyed, text::Sink};

use super::hash::{Hash, Mac, Tag};

/// `H(text)`, for a text in any pieces.
pub(crate) fn digest<H: Hash>(write: impl FnOnce(&mut Sink<'_>)) -> Tag<H> {
    let mut hash = H::Digest::new();
    write(&mut |piece| Digest::update(&mut hash, piece));
    let mut octets = hash.finalize();
    let tag = Tag::<H>::new(to_output::<H>(&octets));
    octets.as_mut_slice().zeroize();
    tag
}

/// `HMAC(key, text)`.
fn hmac<H: Hash>(key: &[u8], text: &[u8]) -> Tag<H> {
    keyed::<H::Digest>(key).chain_update(text).finalize()
}

/// Converts the output of the hash to that of its HMAC. Both have the same length, but different types.
fn to_output<H: Hash>(octets: &[u8]) -> Output<Mac<H>> {
    let mut output = Output::<Mac<H>>::default();
    output.iter_mut().zip(octets).for_each(|(space, octet)| *space = *octet);
    output
}

fn xor_into<H: Hash>(target: &mut Output<Mac<H>>, with: &[u8]) {
    target.iter_mut().zip(with).for_each(|(target, octet)| *target ^= octet);
}

/// `Hi(password, salt, i)` (RFC 5802 2.2): PBKDF2 with one block.
pub(crate) struct SaltedPassword<H: Hash> {
    keyed: Mac<H>,
    salted: Mac<H>,
}

impl<H: Hash> SaltedPassword<H> {
    pub(crate) fn new(password: &str) -> Self {
        let keyed = keyed::<H::Digest>(password.as_bytes());
        Self { salted: keyed.clone(), keyed }
    }

    /// Adds octets of the salt.
    pub(crate) fn salt(&mut self, octets: &[u8]) {
        self.salted.update(octets);
    }

    /// Iterates, which hashes two blocks for each of the `iterations`.
    pub(crate) fn finish(self, iterations: u32) -> Keys<H> {
        let mut last = self.salted.chain_update(1_u32.to_be_bytes()).finalize();
        let mut sum = last.as_bytes().clone();
        for _ in 1..iterations {
            last = self.keyed.clone().chain_update(last.as_bytes()).finalize();
            xor_into::<H>(&mut sum, last.as_bytes());
        }
        let keys =
            Keys { client: hmac::<H>(&sum, b"Client Key"), server: hmac::<H>(&sum, b"Server Key") };
        sum.as_mut_slice().zeroize();
        keys
    }
}

/// `ClientKey` and `ServerKey`.
pub(crate) struct Keys<H: Hash> {
    pub(crate) client: Tag<H>,
    pub(crate) server: Tag<H>,
}

impl<H: Hash> Keys<H> {
    /// `StoredKey`.
    pub(crate) fn stored(&self) -> Tag<H> {
        digest::<H>(|sink| sink(self.client.as_bytes()))
    }
}

/// Exclusive or. `ClientKey` and `ClientSignature` give `ClientProof`; that and `ClientSignature` give `ClientKey`
/// again.
pub(crate) fn exclusive_or<H: Hash>(one: &Tag<H>, other: &Tag<H>) -> Tag<H> {
    let mut result = one.as_bytes().clone();
    xor_into::<H>(&mut result, other.as_bytes());
    Tag::<H>::new(result)
}

/// Decodes `text` from base64. Returns `None` unless its length is that of the hash.
pub(crate) fn read_tag<H: Hash>(text: &str) -> Option<Tag<H>> {
    let mut output = Output::<Mac<H>>::default();
    let mut space = output.iter_mut();
    let length = read_base64(text, &mut |octets| {
        octets.iter().zip(&mut space).for_each(|(octet, space)| *space = *octet);
    });
    (length == Some(output.len())).then(|| Tag::<H>::new(output))
}

/// Wraps octets. Returns `None` unless their number is the length of the hash.
pub(crate) fn to_tag<H: Hash>(octets: &[u8]) -> Option<Tag<H>> {
    let output = to_output::<H>(octets);
    (octets.len() == output.len()).then(|| Tag::<H>::new(output))
}

/// Signs the `AuthMessage` for both sides, piece by piece.
pub(crate) struct Signing<H: Hash> {
    client: Mac<H>,
    server: Mac<H>,
}

/// `ClientSignature` and `ServerSignature`.
pub(crate) struct Signatures<H: Hash> {
    pub(crate) client: Tag<H>,
    pub(crate) server: Tag<H>,
}

impl<H: Hash> Signing<H> {
    pub(crate) fn new(stored_key: &Tag<H>, server_key: &Tag<H>) -> Self {
        Self {
            client: keyed::<H::Digest>(stored_key.as_bytes()),
            server: keyed::<H::Digest>(server_key.as_bytes()),
        }
    }

    pub(crate) fn update(&mut self, piece: &[u8]) {
        self.client.update(piece);
        self.server.update(piece);
    }

    pub(crate) fn finish(self) -> Signatures<H> {
        Signatures { client: self.client.finalize(), server: self.server.finalize() }
    }
}
