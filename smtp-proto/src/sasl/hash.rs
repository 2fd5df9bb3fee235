//! HMAC (RFC 2104). Keys and results are wiped, and compared in constant time.

use hmac::{EagerHash, Hmac, KeyInit, digest::common::Key};
use zeroize::Zeroize;

/// Creates an HMAC with `key`, ready for the message. A key that is longer than a block is hashed first (RFC 2104 2).
pub(super) fn keyed<D: EagerHash>(key: &[u8]) -> Hmac<D> {
    let mut block = Key::<Hmac<D>>::default();
    if let Some(space) = block.get_mut(..key.len()) {
        space.copy_from_slice(key);
    } else {
        let mut hash = D::digest(key);
        block.iter_mut().zip(hash.iter()).for_each(|(space, octet)| *space = *octet);
        hash.as_mut_slice().zeroize();
    }
    let mac = Hmac::new(&block);
    block.as_mut_slice().zeroize();
    mac
}
