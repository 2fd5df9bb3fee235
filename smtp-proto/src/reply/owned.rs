//! A reply that outlives the buffer it came in.

use alloc::{boxed::Box, string::String, vec::Vec};
use core::fmt;

use super::{Code, EnhancedCode, Reply};

/// A copy of a [`Reply`].
#[derive(Clone, PartialEq, Eq)]
pub struct OwnedReply(Box<[u8]>);

impl OwnedReply {
    /// The reply, borrowed.
    #[must_use]
    pub fn as_reply(&self) -> Reply<'_> {
        Reply::from_frame(&self.0)
    }

    /// The reply code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.as_reply().code()
    }

    /// The enhanced status code, where one fits.
    #[must_use]
    pub fn enhanced(&self) -> Option<EnhancedCode> {
        self.as_reply().enhanced()
    }

    /// The text of each line, controls and non-UTF-8 octets escaped.
    #[must_use]
    pub fn text(&self) -> Vec<String> {
        use alloc::string::ToString;
        self.as_reply().lines().map(|line| super::Escaped(line).to_string()).collect()
    }
}

impl From<Reply<'_>> for OwnedReply {
    fn from(reply: Reply<'_>) -> Self {
        Self(reply.octets().into())
    }
}

impl fmt::Display for OwnedReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_reply().fmt(f)
    }
}

impl fmt::Debug for OwnedReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.as_reply(), f)
    }
}
