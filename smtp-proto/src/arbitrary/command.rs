//! Commands.

use ::arbitrary::{Arbitrary, Result, Unstructured};

use crate::command::{Argument, Attribute, AttributeName, Auth, Command, Mail, Recipient};

use super::{longest, one_of, with};

one_of!(AttributeName: AttributeName::Name, AttributeName::Addr, AttributeName::Port, AttributeName::Proto,
    AttributeName::Helo, AttributeName::Login, AttributeName::DestAddr, AttributeName::DestPort,
    AttributeName::Ident, AttributeName::Source);

impl<'a> Arbitrary<'a> for Argument<'a> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let samples = ["alice", "José <j@b>", "a SMTPUTF8", "é SMTPUTF8"];
        longest(u, Self::MAX, &samples, |text| Self::new(text).ok())
    }
}

impl<'a> Arbitrary<'a> for Attribute<'a> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let name = AttributeName::arbitrary(u)?;
        Ok(match u.int_in_range(0..=3)? {
            0 => Self::unavailable(name),
            1 => Self::temporarily_unavailable(name),
            _ => Self::new(name, Argument::arbitrary(u)?),
        })
    }
}

impl<'a> Arbitrary<'a> for Auth<'a> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let named = |text| Self::new(text, None).ok();
        let auth = longest(u, Self::MAX_MECHANISM, &["PLAIN", "scram-sha-256-plus"], named)?;
        let answered = |text: &'a str| Self::new(auth.mechanism(), Some(text.as_bytes())).ok();
        if bool::arbitrary(u)? { longest(u, 1024, &["", "AGEAYg=="], answered) } else { Ok(auth) }
    }
}

/// Generates no parameters of the caller's own, because `Mail` borrows them as a slice.
impl<'a> Arbitrary<'a> for Mail<'a> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mail = Self::new(Arbitrary::arbitrary(u)?);
        let mail = with(u, mail, Self::with_size)?;
        let mail = with(u, mail, Self::with_body)?;
        let mail = with(u, mail, Self::with_ret)?;
        let mail = with(u, mail, Self::with_envid)?;
        let mail = with(u, mail, Self::with_auth)?;
        let mail = with(u, mail, Self::with_deliver_by)?;
        let mail = with(u, mail, Self::with_priority)?;
        let mail = with(u, mail, Self::with_hold)?;
        let mail = with(u, mail, |mail, ()| mail.with_smtp_utf8())?;
        with(u, mail, |mail, ()| mail.with_require_tls())
    }
}

/// Generates no parameters of the caller's own, because `Recipient` borrows them as a slice.
impl<'a> Arbitrary<'a> for Recipient<'a> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let recipient = Self::new(Arbitrary::arbitrary(u)?);
        let recipient = with(u, recipient, Self::with_notify)?;
        let recipient = with(u, recipient, Self::with_orcpt)?;
        with(u, recipient, Self::with_valid_since)
    }
}

/// Generates all commands except `XCLIENT` and `XFORWARD`, because these borrow their attributes as a slice.
impl<'a> Arbitrary<'a> for Command<'a> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(match u.int_in_range(0..=14)? {
            0 => Self::Ehlo(Arbitrary::arbitrary(u)?),
            1 => Self::Helo(Arbitrary::arbitrary(u)?),
            2 => Self::Lhlo(Arbitrary::arbitrary(u)?),
            3 => Self::Mail(Arbitrary::arbitrary(u)?),
            4 => Self::Rcpt(Arbitrary::arbitrary(u)?),
            5 => Self::Bdat { size: Arbitrary::arbitrary(u)?, last: Arbitrary::arbitrary(u)? },
            6 => Self::Vrfy(Arbitrary::arbitrary(u)?),
            7 => Self::Expn(Arbitrary::arbitrary(u)?),
            8 => Self::Help(Arbitrary::arbitrary(u)?),
            9 => Self::Auth(Arbitrary::arbitrary(u)?),
            10 => Self::StartTls,
            11 => Self::Data,
            12 => Self::Rset,
            13 => Self::Noop,
            _ => Self::Quit,
        })
    }
}
