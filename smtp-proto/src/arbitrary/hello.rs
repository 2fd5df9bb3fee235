//! EHLO names and extensions.

use core::net::IpAddr;

use ::arbitrary::{Arbitrary, Result, Unstructured};

use crate::hello::{EhloName, Extension, Extensions};

use super::longest;

const NAMES: &[&str] = &["client.example.org", "localhost", "my_host", "[192.0.2.1]", "[tag:x]"];

impl<'a> Arbitrary<'a> for EhloName {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        if bool::arbitrary(u)? {
            return Ok(Self::from(IpAddr::arbitrary(u)?));
        }
        longest(u, Self::MAX, NAMES, |text| Self::parse(text).ok())
    }
}

impl<'a> Arbitrary<'a> for Extension {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let all = Extensions::ALL;
        let nth = u.int_in_range(0..=all.iter().count() - 1)?;
        Ok(all.iter().nth(nth).unwrap_or(Self::Pipelining))
    }
}

impl<'a> Arbitrary<'a> for Extensions {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let chosen = u32::arbitrary(u)?;
        Ok(Self::ALL
            .iter()
            .enumerate()
            .filter(|(at, _)| chosen >> at & 1 == 1)
            .map(|(_, e)| e)
            .collect())
    }
}
