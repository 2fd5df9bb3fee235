//! The client's configuration.

use ::arbitrary::{Arbitrary, Result, Unstructured};

#[cfg(feature = "alloc")]
use crate::client::BufferSizes;
use crate::{
    client::{Chunking, Config, HelloCommand, Limits, Protocol, TlsPolicy},
    stuffing::Newlines,
};

use super::{one_of, with};

one_of!(TlsPolicy: TlsPolicy::None, TlsPolicy::Opportunistic, TlsPolicy::Required, TlsPolicy::Implicit);
one_of!(Protocol: Protocol::Smtp, Protocol::Lmtp);
one_of!(Chunking: Chunking::Off, Chunking::AfterRecipients, Chunking::InFlight);
one_of!(HelloCommand: HelloCommand::Ehlo, HelloCommand::Helo);
one_of!(Newlines: Newlines::Normalise, Newlines::Reject);

impl<'a> Arbitrary<'a> for Limits {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self {
            line: u.int_in_range(0..=4096)?,
            auth_line: u.int_in_range(0..=16_384)?,
            reply: u.int_in_range(0..=65_536)?,
            reply_lines: u.int_in_range(0..=512)?,
            auth_rounds: u8::arbitrary(u)?,
        })
    }
}

impl<'a> Arbitrary<'a> for Config {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let config = Self::new(Arbitrary::arbitrary(u)?)
            .with_tls(Arbitrary::arbitrary(u)?)
            .with_protocol(Arbitrary::arbitrary(u)?)
            .with_chunking(Arbitrary::arbitrary(u)?)
            .with_newlines(Arbitrary::arbitrary(u)?)
            .with_run_ahead(Arbitrary::arbitrary(u)?)
            .with_plaintext_auth(Arbitrary::arbitrary(u)?)
            .with_unoffered_auth(Arbitrary::arbitrary(u)?)
            .with_optional_dsn(Arbitrary::arbitrary(u)?);
        let config = with(u, config, Self::with_hello)?;
        let config = with(u, config, Self::with_mask)?;
        let config = with(u, config, |config, size: u16| config.with_chunk_size(size.into()))?;
        let config = with(u, config, |config, window: u8| config.with_window(window.into()))?;
        with(u, config, Self::with_limits)
    }
}

/// Sizes from one octet to a few thousand.
#[cfg(feature = "alloc")]
impl<'a> Arbitrary<'a> for BufferSizes {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        if bool::arbitrary(u)? {
            return u.choose(&[Self::SMALL, Self::LARGE]).copied();
        }
        Ok(Self {
            receive: u.int_in_range(1..=4096)?,
            transmit: u.int_in_range(1..=4096)?,
            in_flight: u.int_in_range(1..=128)?,
            capabilities: u.int_in_range(0..=1024)?,
            recipients: u.int_in_range(0..=128)?,
        })
    }
}
