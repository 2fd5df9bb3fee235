//! Addresses and paths.

use ::arbitrary::{Arbitrary, Error, Result, Unstructured};

use crate::address::{Address, ForwardPath, ReversePath};

use super::longest;

/// One address of each shape: quoted, beyond ASCII, with a literal, of the greatest length.
const SAMPLES: &[&str] = &[
    "a@b",
    "alice@example.org",
    "a+b=c@x-y.example.org",
    r#""a> ORCPT=b"@example.com"#,
    r#""\"\\"@c"#,
    "a@[192.0.2.1]",
    "a@[IPv6:2001:db8::1]",
    "a@[x-tag:d@ta]",
    "josé@bücher.example",
    "postmaster@xn--bcher-kva.example",
    "0123456789012345678901234567890123456789012345678901234567890123@x_y",
];

const POSTMASTERS: &[&str] = &["Postmaster", "postmaster", "POSTMASTER", "postMaster"];

const MOST: usize = Address::MAX_LOCAL_PART + 1 + Address::MAX_DOMAIN;

impl<'a> Arbitrary<'a> for Address<'a> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        longest(u, MOST, SAMPLES, |text| Address::parse(text).ok())
    }
}

impl<'a> Arbitrary<'a> for ReversePath<'a> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Option::arbitrary(u)?.map_or(Self::Null, Self::Mailbox))
    }
}

impl<'a> Arbitrary<'a> for ForwardPath<'a> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        match Option::arbitrary(u)? {
            Some(address) => Ok(Self::Mailbox(address)),
            None => Self::parse(u.choose(POSTMASTERS)?).map_err(|_| Error::IncorrectFormat),
        }
    }
}
