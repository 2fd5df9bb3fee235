//! RCPT (RFC 5321 4.1.1.3).

use crate::address::ForwardPath;
use crate::parameter::{Parameter, ParameterError, check_unique, encoded_len};
use crate::writer::Writer;

/// `RCPT TO:<forward-path> [parameters]`.
///
/// A path beyond ASCII may be sent only when the MAIL before it asked for SMTPUTF8; that is for the
/// session to check.
///
/// ```
/// use smtp_proto::address::Address;
/// use smtp_proto::command::Recipient;
///
/// let recipient = Recipient::new(Address::parse("b@example.org")?.into());
/// let mut out = [0; 32];
/// let n = recipient.encode(&mut out).unwrap();
/// assert_eq!(&out[..n], b"RCPT TO:<b@example.org>\r\n");
/// # Ok::<(), smtp_proto::address::AddressError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Recipient<'a> {
    address: ForwardPath<'a>,
    extra: &'a [Parameter<'a>],
}

impl<'a> Recipient<'a> {
    /// The command without parameters.
    #[must_use]
    pub const fn new(address: ForwardPath<'a>) -> Self {
        Self { address, extra: &[] }
    }

    /// Sets the caller's own parameters. At most 32, none twice.
    pub fn with_extra(self, extra: &'a [Parameter<'a>]) -> Result<Self, ParameterError> {
        check_unique(extra, &[])?;
        Ok(Self { extra, ..self })
    }

    /// The path.
    #[must_use]
    pub const fn address(&self) -> ForwardPath<'a> {
        self.address
    }

    /// The caller's own parameters.
    #[must_use]
    pub const fn extra(&self) -> &'a [Parameter<'a>] {
        self.extra
    }

    /// Whether the command can travel without SMTPUTF8 (RFC 6531).
    #[must_use]
    pub const fn is_ascii(&self) -> bool {
        self.address.is_ascii()
    }

    /// Writes the command line with its CRLF; returns its length, or `None` when `out` is too
    /// short.
    #[must_use]
    #[inline]
    pub fn encode(&self, out: &mut [u8]) -> Option<usize> {
        let mut writer = Writer::new(out);
        self.write(&mut writer);
        writer.push(b"\r\n");
        writer.finish()
    }

    /// Octets that the command takes at most.
    pub(crate) fn max_encoded_len(&self) -> usize {
        /// `RCPT TO:<>` and CRLF.
        const FIXED: usize = 12;
        FIXED + self.address.as_str().len() + encoded_len(self.extra)
    }

    #[inline]
    pub(super) fn write(&self, out: &mut Writer<'_>) {
        out.push(b"RCPT TO:");
        self.address.write(out);
        self.extra.iter().for_each(|parameter| parameter.write(out));
    }
}

impl<'a> From<ForwardPath<'a>> for Recipient<'a> {
    fn from(address: ForwardPath<'a>) -> Self {
        Self::new(address)
    }
}
