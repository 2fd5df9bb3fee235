//! A reply that owns its octets.

use alloc::{boxed::Box, string::String, vec::Vec};
use core::fmt;

use memchr::memrchr;

use super::{Code, EnhancedCode, Reply};

/// A copy of a [`Reply`] that outlives the buffer in which the reply arrived.
#[derive(Clone, PartialEq, Eq)]
pub struct OwnedReply(Box<[u8]>);

impl OwnedReply {
    /// Copies at most `limit` octets of the reply and adds a line end. The copy is a valid reply with the same code;
    /// its text is cut. Use at least 16 octets, so that code and enhanced code fit.
    ///
    /// ```
    /// use smtp_proto::reply::{OwnedReply, Reply};
    /// let (reply, _) = Reply::parse(b"550-5.1.1 No such user\r\n550 5.1.1 Try another\r\n")?.expect("complete");
    /// assert_eq!(OwnedReply::truncated(reply, 29).to_string(), "550 5.1.1 No such user / 5");
    /// assert_eq!(OwnedReply::truncated(reply, 26).to_string(), "550 5.1.1 No such user");
    /// # Ok::<(), smtp_proto::reply::ReplyError>(())
    /// ```
    #[must_use]
    pub fn truncated(reply: Reply<'_>, limit: usize) -> Self {
        const CODE_AND_SEPARATOR: usize = 4;
        let Some(octets) =
            reply.octets().get(..limit).filter(|cut| cut.len() < reply.octets().len())
        else {
            return reply.into();
        };
        let start_of_line = |end: usize| memrchr(b'\n', &octets[..end]).map_or(0, |lf| lf + 1);
        let mut end = octets.trim_ascii_end().len();
        let mut start = start_of_line(end);
        if end <= start + CODE_AND_SEPARATOR && start > 0 {
            // No text of this line is left, so drop the line.
            end = octets[..start].trim_ascii_end().len();
            start = start_of_line(end);
        }
        let mut kept = [&octets[..end], b"\r\n"].concat();
        if let Some(separator) = kept.get_mut(start + CODE_AND_SEPARATOR - 1) {
            *separator = if end < start + CODE_AND_SEPARATOR { b'\r' } else { b' ' };
        }
        Self(kept.into())
    }

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

    /// The enhanced status code, if there is one with the class of the reply code.
    #[must_use]
    pub fn enhanced(&self) -> Option<EnhancedCode> {
        self.as_reply().enhanced()
    }

    /// The text of each line, with control characters and octets that are not UTF-8 escaped.
    #[must_use]
    pub fn text(&self) -> Vec<String> {
        self.as_reply().text()
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
