//! MAIL (RFC 5321 4.1.1.2).

use crate::address::ReversePath;
use crate::parameter::{Body, Parameter, ParameterError, check_unique, encoded_len};
use crate::writer::Writer;

/// Keywords that have a method here.
const TYPED: [&str; 3] = ["SIZE", "BODY", "SMTPUTF8"];

/// `MAIL FROM:<reverse-path> [parameters]`.
///
/// A path beyond ASCII brings its SMTPUTF8 parameter with it. Whether the server offers what the
/// parameters need is for the session to check.
///
/// ```
/// use smtp_proto::address::ReversePath;
/// use smtp_proto::command::Mail;
/// use smtp_proto::parameter::{Body, Parameter};
///
/// let extra = [Parameter::new("RET", Some("HDRS"))?];
/// let mail = Mail::new(ReversePath::Null)
///     .with_size(12)
///     .with_body(Body::EightBitMime)
///     .with_extra(&extra)?;
/// let mut out = [0; 64];
/// let n = mail.encode(&mut out).unwrap();
/// assert_eq!(&out[..n], b"MAIL FROM:<> SIZE=12 BODY=8BITMIME RET=HDRS\r\n");
/// # Ok::<(), smtp_proto::parameter::ParameterError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mail<'a> {
    from: ReversePath<'a>,
    size: Option<u64>,
    body: Option<Body>,
    smtp_utf8: bool,
    extra: &'a [Parameter<'a>],
}

impl<'a> Mail<'a> {
    /// The command without parameters but the SMTPUTF8 that `from` may need.
    #[must_use]
    pub const fn new(from: ReversePath<'a>) -> Self {
        Self { from, size: None, body: None, smtp_utf8: !from.is_ascii(), extra: &[] }
    }

    /// Adds `SIZE=octets` (RFC 1870 5).
    #[must_use]
    pub const fn with_size(self, octets: u64) -> Self {
        Self { size: Some(octets), ..self }
    }

    /// Adds `BODY=body` (RFC 6152 2).
    #[must_use]
    pub const fn with_body(self, body: Body) -> Self {
        Self { body: Some(body), ..self }
    }

    /// Adds `SMTPUTF8` (RFC 6531 3.4).
    #[must_use]
    pub const fn with_smtp_utf8(self) -> Self {
        Self { smtp_utf8: true, ..self }
    }

    /// Sets the caller's own parameters, written behind the others. At most 29, none twice, none
    /// that has a method here.
    pub fn with_extra(self, extra: &'a [Parameter<'a>]) -> Result<Self, ParameterError> {
        check_unique(extra, &TYPED)?;
        Ok(Self { extra, ..self })
    }

    /// The path.
    #[must_use]
    pub const fn from(&self) -> ReversePath<'a> {
        self.from
    }

    /// The declared size in octets.
    #[must_use]
    pub const fn size(&self) -> Option<u64> {
        self.size
    }

    /// The declared body.
    #[must_use]
    pub const fn body(&self) -> Option<Body> {
        self.body
    }

    /// Whether SMTPUTF8 is asked for.
    #[must_use]
    pub const fn smtp_utf8(&self) -> bool {
        self.smtp_utf8
    }

    /// The caller's own parameters.
    #[must_use]
    pub const fn extra(&self) -> &'a [Parameter<'a>] {
        self.extra
    }

    /// Writes the command line with its CRLF; returns its length, or `None` when `out` is too
    /// short.
    #[must_use]
    pub fn encode(&self, out: &mut [u8]) -> Option<usize> {
        let mut writer = Writer::new(out);
        self.write(&mut writer);
        writer.push(b"\r\n");
        writer.finish()
    }

    /// The same command with the parameters that a server understands.
    pub(crate) const fn adapted(self, size: Option<u64>, body: Option<Body>) -> Self {
        Self { size, body, ..self }
    }

    /// Octets that the command takes at most.
    pub(crate) fn max_encoded_len(&self) -> usize {
        /// `MAIL FROM:<>` and CRLF.
        const FIXED: usize = 14;
        let size = self.size.map_or(0, |_| " SIZE=".len() + 20);
        let body = self.body.map_or(0, |body| " BODY=".len() + body.as_str().len());
        let utf8 = if self.smtp_utf8 { " SMTPUTF8".len() } else { 0 };
        FIXED + self.from.as_str().len() + size + body + utf8 + encoded_len(self.extra)
    }

    pub(super) fn write(&self, out: &mut Writer<'_>) {
        out.push(b"MAIL FROM:");
        self.from.write(out);
        if let Some(size) = self.size {
            out.push(b" SIZE=");
            out.push_decimal(size);
        }
        if let Some(body) = self.body {
            out.push(b" BODY=");
            out.push(body.as_str().as_bytes());
        }
        if self.smtp_utf8 {
            out.push(b" SMTPUTF8");
        }
        self.extra.iter().for_each(|parameter| parameter.write(out));
    }
}
