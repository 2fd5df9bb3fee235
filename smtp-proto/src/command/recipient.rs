//! RCPT (RFC 5321 4.1.1.3).

use crate::address::ForwardPath;
use crate::hello::{Extension, Extensions};
use crate::parameter::{
    Notify, OriginalRecipient, Parameter, ParameterError, ValidSince, check_unique, encoded_len,
    set,
};
use crate::writer::Writer;

/// Keywords that have a method here.
const TYPED: [&str; 3] = ["NOTIFY", "ORCPT", "RRVS"];

/// `RCPT TO:<forward-path> [parameters]`.
///
/// A path beyond ASCII may be sent only when the MAIL before it asked for SMTPUTF8; that is for the
/// session to check.
///
/// ```
/// use smtp_proto::address::Address;
/// use smtp_proto::command::Recipient;
/// use smtp_proto::parameter::{Notify, OriginalRecipient};
///
/// let recipient = Recipient::new(Address::parse("b@example.org")?.into())
///     .with_notify(Notify::NEVER)
///     .with_orcpt(OriginalRecipient::new("rfc822", "b+c@example.org")?);
/// let mut out = [0; 80];
/// let n = recipient.encode(&mut out).unwrap();
/// let line = b"RCPT TO:<b@example.org> NOTIFY=NEVER ORCPT=rfc822;b+2Bc@example.org\r\n";
/// assert_eq!(&out[..n], line);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Recipient<'a> {
    address: ForwardPath<'a>,
    notify: Option<Notify>,
    orcpt: Option<OriginalRecipient<'a>>,
    valid_since: Option<ValidSince>,
    extra: &'a [Parameter<'a>],
}

impl<'a> Recipient<'a> {
    /// The command without parameters.
    #[must_use]
    pub const fn new(address: ForwardPath<'a>) -> Self {
        Self { address, notify: None, orcpt: None, valid_since: None, extra: &[] }
    }

    /// Adds `NOTIFY=notify` (RFC 3461 4.1).
    #[must_use]
    pub const fn with_notify(self, notify: Notify) -> Self {
        Self { notify: Some(notify), ..self }
    }

    /// Adds `ORCPT=original` (RFC 3461 4.2).
    #[must_use]
    pub const fn with_orcpt(self, original: OriginalRecipient<'a>) -> Self {
        Self { orcpt: Some(original), ..self }
    }

    /// Adds `RRVS=since` (RFC 7293 5.1).
    #[must_use]
    pub const fn with_valid_since(self, since: ValidSince) -> Self {
        Self { valid_since: Some(since), ..self }
    }

    /// Adds what `parameter` says, if it has a method here; `None` if it has none.
    ///
    /// # Errors
    /// It is there already, or has a value it cannot have.
    pub fn with_parameter(
        mut self,
        parameter: Parameter<'a>,
    ) -> Result<Option<Self>, ParameterError> {
        let value = parameter.value();
        match () {
            () if parameter.is("NOTIFY") => {
                set(&mut self.notify, value.and_then(Notify::from_value))?;
            }
            () if parameter.is("ORCPT") => {
                set(&mut self.orcpt, value.map(OriginalRecipient::from_value).transpose()?)?;
            }
            () if parameter.is("RRVS") => {
                set(&mut self.valid_since, value.and_then(ValidSince::from_value))?;
            }
            () => return Ok(None),
        }
        Ok(Some(self))
    }

    /// Sets the caller's own parameters. At most 29, none twice, none that has a method here.
    /// Whether a server knows them is for the caller to find out.
    pub fn with_extra(self, extra: &'a [Parameter<'a>]) -> Result<Self, ParameterError> {
        check_unique(extra, &TYPED)?;
        Ok(Self { extra, ..self })
    }

    /// The path.
    #[must_use]
    pub const fn address(&self) -> ForwardPath<'a> {
        self.address
    }

    /// The domain of the address; empty for `<Postmaster>`, which has none.
    #[must_use]
    pub fn domain(&self) -> &'a str {
        self.address.address().map_or("", |address| address.domain())
    }

    /// When the sender is to be told.
    #[must_use]
    pub const fn notify(&self) -> Option<Notify> {
        self.notify
    }

    /// Whom the sender meant.
    #[must_use]
    pub const fn orcpt(&self) -> Option<OriginalRecipient<'a>> {
        self.orcpt
    }

    /// Since when the recipient has owned its mailbox.
    #[must_use]
    pub const fn valid_since(&self) -> Option<ValidSince> {
        self.valid_since
    }

    /// What a server has to offer for the path and the parameters that have a method here.
    #[must_use]
    pub fn needs(&self) -> Extensions {
        let mut needs = Extensions::EMPTY;
        if !self.address.is_ascii() {
            needs.insert(Extension::SmtpUtf8);
        }
        if self.notify.is_some() || self.orcpt.is_some() {
            needs.insert(Extension::Dsn);
        }
        if self.valid_since.is_some() {
            needs.insert(ValidSince::EXTENSION);
        }
        needs
    }

    /// The caller's own parameters.
    #[must_use]
    pub const fn extra(&self) -> &'a [Parameter<'a>] {
        self.extra
    }

    /// Returns whether the command can travel without SMTPUTF8 (RFC 6531).
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

    /// The same command without what needs DSN.
    pub(crate) const fn without_dsn(self) -> Self {
        Self { notify: None, orcpt: None, ..self }
    }

    /// Octets that the command takes at most.
    pub(crate) fn max_encoded_len(&self) -> usize {
        /// `RCPT TO:<>` and CRLF.
        const FIXED: usize = 12;
        let values = [
            self.notify.map(|_| " NOTIFY=SUCCESS,FAILURE,DELAY".len()),
            self.orcpt.map(|original| " ORCPT=".len() + original.encoded_len()),
            self.valid_since.map(|_| " RRVS=".len() + ValidSince::LENGTH),
        ];
        let typed: usize = values.into_iter().flatten().sum();
        FIXED + self.address.as_str().len() + typed + encoded_len(self.extra)
    }

    #[inline]
    pub(super) fn write(&self, out: &mut Writer<'_>) {
        self.address.write_behind(b"RCPT TO:<", out);
        if let Some(notify) = self.notify {
            out.push(b" NOTIFY=");
            notify.write(out);
        }
        if let Some(original) = self.orcpt {
            out.push(b" ORCPT=");
            original.write(out);
        }
        if let Some(since) = self.valid_since {
            out.push(b" RRVS=");
            since.write(out);
        }
        self.extra.iter().for_each(|parameter| parameter.write(out));
    }
}

impl<'a> From<ForwardPath<'a>> for Recipient<'a> {
    fn from(address: ForwardPath<'a>) -> Self {
        Self::new(address)
    }
}
