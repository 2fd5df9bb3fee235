//! Replies.

use ::arbitrary::{Arbitrary, Error, Result, Unstructured};

#[cfg(feature = "alloc")]
use crate::reply::OwnedReply;
use crate::reply::{Class, Code, EnhancedCode, Reply, ReplyLimits};

use super::one_of;

/// Replies that move a session on.
const SAMPLES: [&[u8]; 10] = [
    b"220 mx.example ESMTP\r\n",
    b"250 2.1.0 ok\r\n",
    b"250-mx.example\r\n250-PIPELINING\r\n250 SIZE 1000\r\n",
    b"354 go\r\n",
    b"334 VXNlcm5hbWU6\r\n",
    b"235 2.7.0 ok\r\n",
    b"450 4.2.1 later\r\n",
    b"550-5.1.1 no\r\n550 5.1.1 never\r\n",
    b"421 4.3.2 bye\r\n",
    b"250\n",
];

one_of!(Class: Class::Completion, Class::Intermediate, Class::Transient, Class::Permanent);

impl<'a> Arbitrary<'a> for Code {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Self::new(u.int_in_range(200..=599)?).ok_or(Error::IncorrectFormat)
    }
}

impl<'a> Arbitrary<'a> for EnhancedCode {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let (class, subject) = (*u.choose(&[2, 4, 5])?, u.int_in_range(0..=999)?);
        Self::new(class, subject, u.int_in_range(0..=999)?).ok_or(Error::IncorrectFormat)
    }
}

impl<'a> Arbitrary<'a> for ReplyLimits {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self { reply: u.int_in_range(0..=16_384)?, lines: u.int_in_range(0..=256)? })
    }
}

/// The first reply in some octets, or a sample.
impl<'a> Arbitrary<'a> for Reply<'a> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        if let Ok(Some((reply, _))) = Reply::parse(<&[u8]>::arbitrary(u)?) {
            return Ok(reply);
        }
        let sample = Reply::parse(u.choose(&SAMPLES)?).ok().flatten();
        sample.map(|(reply, _)| reply).ok_or(Error::IncorrectFormat)
    }
}

#[cfg(feature = "alloc")]
impl<'a> Arbitrary<'a> for OwnedReply {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Reply::arbitrary(u).map(Self::from)
    }
}
