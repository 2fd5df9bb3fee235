//! `BODY`: the parameter of `MAIL` that declares the kind of octets in the content.

use core::fmt;

/// The kind of octets in the content of a message (RFC 6152 2, RFC 3030 3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Body {
    /// `7BIT`: lines of ASCII.
    SevenBit,
    /// `8BITMIME`: lines of any octets except NUL, CR and LF.
    EightBitMime,
    /// `BINARYMIME`: any octets. Needs the extension `CHUNKING`.
    BinaryMime,
}

impl Body {
    /// The value as it is sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SevenBit => "7BIT",
            Self::EightBitMime => "8BITMIME",
            Self::BinaryMime => "BINARYMIME",
        }
    }

    /// Parses a value of `BODY`, in any case. Returns `None` if it is unknown.
    #[must_use]
    pub fn from_value(value: &str) -> Option<Self> {
        [Self::SevenBit, Self::EightBitMime, Self::BinaryMime]
            .into_iter()
            .find(|body| body.as_str().eq_ignore_ascii_case(value))
    }
}

impl fmt::Display for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
