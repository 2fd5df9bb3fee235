//! Parameters of MAIL and RCPT.

use ::arbitrary::{Arbitrary, Result, Unstructured};

use crate::{
    parameter::{
        Body, DeliverBy, EnvelopeId, Hold, Notify, OriginalRecipient, Parameter, Parameters,
        Priority, Ret, Submitter, Timestamp, Unsupported, ValidSince,
    },
    xtext::Xtext,
};

use super::{longest, one_of, with};

/// The longest value in octets: longer than fits a command line of the usual length.
const MOST: usize = 600;

one_of!(Body: Body::SevenBit, Body::EightBitMime, Body::BinaryMime);
one_of!(Ret: Ret::Full, Ret::Headers);
one_of!(Unsupported: Unsupported::Continue, Unsupported::Reject);

impl<'a> Arbitrary<'a> for Parameter<'a> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        longest(u, MOST, &["X-OWN", "X=1"], |text| Self::parse(text).ok())
    }
}

impl<'a> Arbitrary<'a> for Parameters<'a> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        longest(u, MOST, &["", "SIZE=10 X-OWN", "BODY=8BITMIME"], |text| Self::parse(text).ok())
    }
}

/// The plain form or the encoded form.
impl<'a> Arbitrary<'a> for EnvelopeId<'a> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let plain = bool::arbitrary(u)?;
        let parse = |text| if plain { Self::new(text) } else { Self::from_value(text) };
        longest(u, MOST, &["x", "a+2B"], |text| parse(text).ok())
    }
}

/// The plain form or the encoded form.
impl<'a> Arbitrary<'a> for OriginalRecipient<'a> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let plain = bool::arbitrary(u)?;
        let parse = |text| if plain { Self::parse(text) } else { Self::from_value(text) };
        let samples = ["rfc822;b@example.org", "utf-8;a", "x400;+2B"];
        longest(u, MOST, &samples, |text| parse(text).ok())
    }
}

/// The plain form or the encoded form.
impl<'a> Arbitrary<'a> for Submitter<'a> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let plain = bool::arbitrary(u)?;
        let parse = |text| if plain { Self::parse(text) } else { Self::from_value(text) };
        longest(u, MOST, &["<>", "a@b", "a+2Bb@example.org"], |text| parse(text).ok())
    }
}

impl<'a> Arbitrary<'a> for Xtext<'a> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        longest(u, MOST, &["", "a+2Bb+3Dc"], |text| Self::parse(text.as_bytes()).ok())
    }
}

impl<'a> Arbitrary<'a> for Notify {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let cases = [Self::SUCCESS, Self::FAILURE, Self::DELAY];
        cases.into_iter().try_fold(Self::NEVER, |all, case| {
            Ok(if bool::arbitrary(u)? { all.or(case) } else { all })
        })
    }
}

impl<'a> Arbitrary<'a> for Timestamp {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let seconds = u.int_in_range(Self::MIN.unix()..=Self::MAX.unix())?;
        Ok(Self::from_unix(seconds).unwrap_or(Self::MIN))
    }
}

impl<'a> Arbitrary<'a> for ValidSince {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let since = Self::new(Timestamp::arbitrary(u)?);
        with(u, since, Self::with_unsupported)
    }
}

impl<'a> Arbitrary<'a> for DeliverBy {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let by = if bool::arbitrary(u)? {
            Self::or_return(u.int_in_range(1..=Self::MAX)?)
        } else {
            Self::or_notify(u.int_in_range(-Self::MAX..=Self::MAX)?)
        };
        let by = by.ok_or(::arbitrary::Error::IncorrectFormat)?;
        Ok(if bool::arbitrary(u)? { by.with_trace() } else { by })
    }
}

impl<'a> Arbitrary<'a> for Priority {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Self::new(u.int_in_range(-9..=9)?).ok_or(::arbitrary::Error::IncorrectFormat)
    }
}

impl<'a> Arbitrary<'a> for Hold {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        if bool::arbitrary(u)? {
            return Ok(Self::until(Timestamp::arbitrary(u)?));
        }
        let seconds = u.int_in_range(0..=999_999_999)?;
        Self::seconds(seconds).ok_or(::arbitrary::Error::IncorrectFormat)
    }
}
