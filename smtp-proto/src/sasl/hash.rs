//! HMAC (RFC 2104) whose keys and results are wiped, and compared in constant time.

use hmac::{EagerHash, Hmac, KeyInit, digest::common::Key};
use zeroize::Zeroize;

/// HMAC under `key`, ready for the message. The type lets every length of key be: longer than a
/// block, it is hashed first (RFC 2104 2).
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
