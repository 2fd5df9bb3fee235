//! The operating system's random numbers.

use std::sync::Arc;

use smtp_proto::sasl::Nonce;

use crate::Error;

/// A nonce for SCRAM, from the operating system's random numbers. It serves for one session.
///
/// # Errors
/// [`Error::Random`] where there are none.
pub fn nonce() -> Result<Nonce, Error> {
    let mut octets = [0; 18];
    getrandom::getrandom(&mut octets).map_err(|error| Error::Random(Arc::new(error.into())))?;
    Ok(Nonce::from_random(octets))
}
