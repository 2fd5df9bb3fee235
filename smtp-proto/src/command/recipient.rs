//! `RCPT TO`: adds a recipient to a transaction (RFC 5321 4.1.1.3).

use crate::{
    address::ForwardPath,
    hello::{Extension, Extensions},
    parameter::{
        Notify, OriginalRecipient, Parameter, ParameterError, ValidSince, check_unique,
        encoded_len, set,
    },
    writer::Writer,
};

/// Keywords of the parameters that have a method here.
const TYPED: [&str; 3] = ["NOTIFY", "ORCPT", "RRVS"];

/// The command `RCPT TO:<forward-path> [parameters]`, which adds a recipient to a transaction.
///
/// Like [`Mail`](super::Mail), it borrows its values; [`OwnedRecipient`](crate::envelope::OwnedRecipient) owns them.
///
/// A recipient beyond ASCII needs a `MAIL` command with `SMTPUTF8` before it. The session checks that.
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
    /// Creates the command without parameters.
    #[must_use]
    pub const fn new(address: ForwardPath<'a>) -> Self {
        Self { address, notify: None, orcpt: None, valid_since: None, extra: &[] }
    }

    /// Adds `NOTIFY=notify`: the events about which to notify the sender (RFC 3461 4.1).
    #[must_use]
    pub const fn with_notify(self, notify: Notify) -> Self {
        Self { notify: Some(notify), ..self }
    }

    /// Adds `ORCPT=original`: the address to which the sender originally sent (RFC 3461 4.2).
    #[must_use]
    pub const fn with_orcpt(self, original: OriginalRecipient<'a>) -> Self {
        Self { orcpt: Some(original), ..self }
    }

    /// Adds `RRVS=since`: deliver only if the mailbox has had the same owner since then (RFC 7293 5.1).
    #[must_use]
    pub const fn with_valid_since(self, since: ValidSince) -> Self {
        Self { valid_since: Some(since), ..self }
    }

    /// Adds `parameter` if it has a method here. Returns `None` if it has none.
    ///
    /// # Errors
    /// [`ParameterError`] if the parameter is already set, or its value is not allowed.
    pub fn with_parameter(
        mut self,
        parameter: Parameter<'a>,
    ) -> Result<Option<Self>, ParameterError> {
        let value = parameter.value();
        if parameter.is("NOTIFY") {
            set(&mut self.notify, value.and_then(Notify::from_value))?;
        } else if parameter.is("ORCPT") {
            set(&mut self.orcpt, value.map(OriginalRecipient::from_value).transpose()?)?;
        } else if parameter.is("RRVS") {
            set(&mut self.valid_since, value.and_then(ValidSince::from_value))?;
        } else {
            return Ok(None);
        }
        Ok(Some(self))
    }

    /// Sets parameters of the caller's own, which are written after the others. The caller has to know that the
    /// server understands them.
    ///
    /// # Errors
    /// [`ParameterError`] if there are more than 29, if one is present twice, or if one has a method here.
    pub fn with_extra(self, extra: &'a [Parameter<'a>]) -> Result<Self, ParameterError> {
        check_unique(extra, &TYPED)?;
        Ok(Self { extra, ..self })
    }

    /// The recipient.
    #[must_use]
    pub const fn address(&self) -> ForwardPath<'a> {
        self.address
    }

    /// The domain of the recipient. Empty for `<Postmaster>`, which has none.
    #[must_use]
    pub fn domain(&self) -> &'a str {
        self.address.address().map_or("", |address| address.domain())
    }

    /// The events about which to notify the sender.
    #[must_use]
    pub const fn notify(&self) -> Option<Notify> {
        self.notify
    }

    /// The address to which the sender originally sent.
    #[must_use]
    pub const fn orcpt(&self) -> Option<OriginalRecipient<'a>> {
        self.orcpt
    }

    /// The time since which the mailbox must have had the same owner.
    #[must_use]
    pub const fn valid_since(&self) -> Option<ValidSince> {
        self.valid_since
    }

    /// The extensions that the server has to offer for the path, and for the parameters that have a method here.
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

    /// The parameters of the caller's own.
    #[must_use]
    pub const fn extra(&self) -> &'a [Parameter<'a>] {
        self.extra
    }

    /// Returns whether the path is ASCII. Other paths need the extension `SMTPUTF8` (RFC 6531).
    #[must_use]
    pub const fn is_ascii(&self) -> bool {
        self.address.is_ascii()
    }

    /// Writes the command line with its CRLF. Returns its length in octets, or `None` if `out` is too short.
    #[must_use]
    #[inline]
    pub fn encode(&self, out: &mut [u8]) -> Option<usize> {
        let mut writer = Writer::new(out);
        self.write(&mut writer);
        writer.push(b"\r\n");
        writer.finish()
    }

    /// The same command without the parameters of the extension `DSN`.
    pub(crate) const fn without_dsn(self) -> Self {
        Self { notify: None, orcpt: None, ..self }
    }

    /// The greatest length of the command in octets.
    pub(crate) fn max_encoded_len(&self) -> usize {
        /// The length of `RCPT TO:<>` and CRLF.
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
