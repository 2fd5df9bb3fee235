//! The paths of `MAIL FROM` and `RCPT TO`: a mailbox in angle brackets, or one of two exceptions (RFC 5321 4.1.1.2
//! and 4.1.1.3).

use core::fmt;

use crate::writer::Writer;

use super::{Address, AddressError};

/// The argument of `MAIL FROM`, the sender to which delivery failures are reported: `Reverse-path = Path / "<>"`.
///
/// ```
/// use smtp_proto::address::ReversePath;
///
/// assert_eq!(ReversePath::parse("")?, ReversePath::Null);
/// assert_eq!(ReversePath::parse("a@example.org")?.to_string(), "<a@example.org>");
/// # Ok::<(), smtp_proto::address::AddressError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ReversePath<'a> {
    /// `<>`, the null path: the message is itself a notification, and its failure must not be reported.
    Null,
    /// A mailbox.
    Mailbox(Address<'a>),
}

impl<'a> ReversePath<'a> {
    /// Validates a mailbox without angle brackets. The empty text and `<>` give the null path.
    ///
    /// # Errors
    /// [`AddressError`] if `text` is no mailbox.
    pub fn parse(text: &'a str) -> Result<Self, AddressError> {
        match text {
            "" | "<>" => Ok(Self::Null),
            _ => Address::parse(text).map(Self::Mailbox),
        }
    }

    /// Validates like [`Address::parse_lenient`]. The empty text and `<>` give the null path.
    ///
    /// # Errors
    /// [`AddressError`] if `text` is no mailbox.
    pub fn parse_lenient(text: &'a str) -> Result<Self, AddressError> {
        match text {
            "" | "<>" => Ok(Self::Null),
            _ => Address::parse_lenient(text).map(Self::Mailbox),
        }
    }

    /// The mailbox, unless the path is null.
    #[must_use]
    pub const fn address(&self) -> Option<Address<'a>> {
        match self {
            Self::Null => None,
            Self::Mailbox(address) => Some(*address),
        }
    }

    /// The text between the angle brackets.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        match self {
            Self::Null => "",
            Self::Mailbox(address) => address.as_str(),
        }
    }

    /// Returns whether the path is ASCII. Other paths need the extension `SMTPUTF8` (RFC 6531).
    #[must_use]
    pub const fn is_ascii(&self) -> bool {
        self.as_str().is_ascii()
    }

    /// Writes `command`, which ends in `<`, then the path and `>`.
    #[inline]
    pub(crate) fn write_behind(&self, command: &[u8], out: &mut Writer<'_>) {
        write(out, command, self.as_str());
    }
}

/// The only local part that needs no domain: `postmaster`, in the case in which it was written (RFC 5321 4.1.1.3).
///
/// Two values are equal if their octets are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Postmaster<'a>(&'a str);

impl<'a> Postmaster<'a> {
    /// Returns `text` as a `Postmaster` if it is `postmaster` in any case.
    #[must_use]
    #[inline]
    pub fn parse(text: &'a str) -> Option<Self> {
        text.eq_ignore_ascii_case("postmaster").then_some(Self(text))
    }

    /// The text as it was written.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        self.0
    }
}

/// The argument of `RCPT TO`, one recipient: `Forward-path = Path`, or `postmaster` without a domain.
///
/// ```
/// use smtp_proto::address::ForwardPath;
///
/// assert_eq!(ForwardPath::parse("postMaster")?.to_string(), "<postMaster>");
/// assert_eq!(ForwardPath::parse("a@example.org")?.to_string(), "<a@example.org>");
/// assert!(ForwardPath::parse("").is_err());
/// # Ok::<(), smtp_proto::address::AddressError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ForwardPath<'a> {
    /// `<Postmaster>`, in any case: the postmaster of the server that receives the command.
    Postmaster(Postmaster<'a>),
    /// A mailbox.
    Mailbox(Address<'a>),
}

impl<'a> ForwardPath<'a> {
    /// `<Postmaster>`, in the case that RFC 5321 uses.
    pub const POSTMASTER: Self = Self::Postmaster(Postmaster("Postmaster"));

    /// Validates a mailbox without angle brackets, or `postmaster` in any case.
    ///
    /// # Errors
    /// [`AddressError`] if `text` is neither.
    #[inline]
    pub fn parse(text: &'a str) -> Result<Self, AddressError> {
        match Postmaster::parse(text) {
            Some(postmaster) => Ok(Self::Postmaster(postmaster)),
            None => Address::parse(text).map(Self::Mailbox),
        }
    }

    /// Validates like [`Address::parse_lenient`], or accepts `postmaster` in any case.
    ///
    /// # Errors
    /// [`AddressError`] if `text` is neither.
    pub fn parse_lenient(text: &'a str) -> Result<Self, AddressError> {
        match Postmaster::parse(text) {
            Some(postmaster) => Ok(Self::Postmaster(postmaster)),
            None => Address::parse_lenient(text).map(Self::Mailbox),
        }
    }

    /// The mailbox, unless the path is the bare postmaster.
    #[must_use]
    pub const fn address(&self) -> Option<Address<'a>> {
        match self {
            Self::Postmaster(_) => None,
            Self::Mailbox(address) => Some(*address),
        }
    }

    /// The text between the angle brackets.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        match self {
            Self::Postmaster(postmaster) => postmaster.as_str(),
            Self::Mailbox(address) => address.as_str(),
        }
    }

    /// Returns whether the path is ASCII. Other paths need the extension `SMTPUTF8` (RFC 6531).
    #[must_use]
    pub const fn is_ascii(&self) -> bool {
        self.as_str().is_ascii()
    }

    /// Writes `command`, which ends in `<`, then the path and `>`.
    #[inline]
    pub(crate) fn write_behind(&self, command: &[u8], out: &mut Writer<'_>) {
        write(out, command, self.as_str());
    }
}

impl fmt::Display for ReversePath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.as_str())
    }
}

impl fmt::Display for ForwardPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.as_str())
    }
}

impl<'a> From<Address<'a>> for ReversePath<'a> {
    fn from(address: Address<'a>) -> Self {
        Self::Mailbox(address)
    }
}

impl<'a> From<Postmaster<'a>> for ForwardPath<'a> {
    fn from(postmaster: Postmaster<'a>) -> Self {
        Self::Postmaster(postmaster)
    }
}

impl<'a> From<Address<'a>> for ForwardPath<'a> {
    fn from(address: Address<'a>) -> Self {
        Self::Mailbox(address)
    }
}

/// Splits `<path>` off the start of a command argument. Returns the text between the brackets, and the rest after
/// `>`.
///
/// A `>` between double quotes belongs to the path, also if a backslash precedes it. The text is not validated.
/// Returns `None` if the argument does not begin with `<` or the path has no end.
///
/// ```
/// use smtp_proto::address::split_path;
///
/// let (path, rest) = split_path(br#"<"a> ORCPT=b"@example.com> SIZE=1"#).unwrap();
/// assert_eq!(path, br#""a> ORCPT=b"@example.com"#);
/// assert_eq!(rest, b" SIZE=1");
/// ```
#[must_use]
pub fn split_path(argument: &[u8]) -> Option<(&[u8], &[u8])> {
    let inner = argument.strip_prefix(b"<")?;
    let end = end_of_path(inner)?;
    Some((&inner[..end], &inner[end + 1..]))
}

fn end_of_path(inner: &[u8]) -> Option<usize> {
    let mut octets = inner.iter().enumerate();
    let mut quoted = false;
    while let Some((offset, octet)) = octets.next() {
        match octet {
            b'"' => quoted = !quoted,
            b'>' if !quoted => return Some(offset),
            b'\\' if quoted => {
                octets.next();
            }
            _ => {}
        }
    }
    None
}

#[inline]
fn write(out: &mut Writer<'_>, before: &[u8], path: &str) {
    out.push(before);
    out.push(path.as_bytes());
    out.push(b">");
}

#[cfg(test)]
mod tests {
    use super::{ForwardPath, ReversePath, split_path};

    #[test]
    fn null_paths_are_senders_only() {
        assert_eq!(ReversePath::parse("<>"), Ok(ReversePath::Null));
        assert!(ForwardPath::parse("<>").is_err());
        assert!(ForwardPath::parse("").is_err());
    }

    #[test]
    fn postmaster_is_a_recipient_only() {
        assert_eq!(ForwardPath::parse("Postmaster"), Ok(ForwardPath::POSTMASTER));
        assert_eq!(ForwardPath::parse("POSTMASTER").map(|path| path.as_str()), Ok("POSTMASTER"));
        assert!(ReversePath::parse("postmaster").is_err());
    }

    #[test]
    fn paths_end_at_the_first_unquoted_bracket() {
        let split = |text: &'static str| split_path(text.as_bytes());
        assert_eq!(split("<>"), Some((&b""[..], &b""[..])));
        assert_eq!(split("<a@b>X"), Some((&b"a@b"[..], &b"X"[..])));
        assert_eq!(split(r#"<"\">"@b> c"#), Some((&br#""\">"@b"#[..], &b" c"[..])));
        assert_eq!(split(r"<a\>b>"), Some((&br"a\"[..], &b"b>"[..])));
        for bad in ["", "a@b", "<a@b", r#"<"a>"#, r#"<"\"#] {
            assert_eq!(split(bad), None, "{bad}");
        }
    }
}
