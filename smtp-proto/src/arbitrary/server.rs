//! The server's configuration.

use ::arbitrary::{Arbitrary, Result, Unstructured};

#[cfg(feature = "alloc")]
use crate::server::BufferSizes;
use crate::{
    sasl::server::MECHANISMS,
    server::{AuthPolicy, Config, Limits, Protocol, TlsPolicy},
};

use super::{one_of, with};

one_of!(TlsPolicy: TlsPolicy::None, TlsPolicy::Offered, TlsPolicy::Required, TlsPolicy::Implicit);
one_of!(AuthPolicy: AuthPolicy::None, AuthPolicy::Offered, AuthPolicy::Required);
one_of!(Protocol: Protocol::Smtp, Protocol::Lmtp);

/// Small limits, so that a short input reaches them.
impl<'a> Arbitrary<'a> for Limits {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self {
            line: u.int_in_range(0..=2048)?,
            auth_line: u.int_in_range(0..=12_288)?,
            content: u.int_in_range(0..=10_000)?,
            recipients: u.int_in_range(0..=100)?,
            mails: u.int_in_range(0..=100)?,
            bad_commands: u.int_in_range(0..=20)?,
        })
    }
}

impl<'a> Arbitrary<'a> for Config {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let config = Self::new(Arbitrary::arbitrary(u)?)
            .with_tls(Arbitrary::arbitrary(u)?)
            .with_auth(Arbitrary::arbitrary(u)?)
            .with_protocol(Arbitrary::arbitrary(u)?)
            .with_plaintext_auth(Arbitrary::arbitrary(u)?);
        let config = with(u, config, Self::with_extensions)?;
        let config = with(u, config, |config, ()| config.with_mechanisms(MECHANISMS))?;
        with(u, config, Self::with_limits)
    }
}

/// Sizes that fit the longest reply, and not many more octets than a test needs.
#[cfg(feature = "alloc")]
impl<'a> Arbitrary<'a> for BufferSizes {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self { receive: u.int_in_range(64..=16_384)?, transmit: u.int_in_range(1024..=8192)? })
    }
}
