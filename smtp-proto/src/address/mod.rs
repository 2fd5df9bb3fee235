//! Mailboxes, and the paths of `MAIL` and `RCPT` that hold them (RFC 5321 4.1.2, RFC 6531 3.3).
//!
//! Each type validates its text once, at construction, and then writes it unchanged. So no address brings a line end,
//! a control character, a `>` outside quotes or a source route into a command.

mod domain;
mod error;
mod local;
#[cfg(feature = "alloc")]
mod name;
mod path;

use core::fmt;

use crate::octets;

pub use domain::DomainError;
#[cfg(feature = "alloc")]
pub(crate) use domain::ip_address;
pub(crate) use domain::{check as check_domain, check_tag};
pub use error::AddressError;
#[cfg(feature = "alloc")]
pub use name::DomainName;
pub use path::{ForwardPath, Postmaster, ReversePath, split_path};

/// A mailbox, as `user@example.org`, that is safe to write into a command.
///
/// Use it for every address that comes from outside. It borrows its text. [`ReversePath`] and [`ForwardPath`] wrap it
/// for `MAIL FROM` and `RCPT TO`, which also accept a null sender and a bare `postmaster`. [`DomainName`] is for
/// comparing domains.
///
/// ```text
/// Mailbox       = Local-part "@" ( Domain / address-literal )
/// Local-part    = Dot-string / Quoted-string          ; at most 64 octets, quotes included
/// Domain        = sub-domain *("." sub-domain)        ; at most 255 octets, 63 a label
/// address-literal = "[" ( IPv4 / "IPv6:" IPv6 / tag ":" 1*dcontent ) "]"
/// ```
///
/// Local part and labels may hold UTF-8 (RFC 6531 3.3); [`is_ascii`](Self::is_ascii) returns whether the address can
/// do without the extension `SMTPUTF8`.
///
/// Wider than the grammar: a label may hold `_`, because such hosts exist. Narrower: no source route (RFC 5321 F.2),
/// no C1 control, U+2028 or U+2029, no `<` or `>` outside quotes, and no IPv6 literal without the tag `IPv6:`, which
/// the grammar takes for a literal of an unknown kind.
///
/// Quotes are kept as they are. Two addresses are equal if their octets are: case counts, and so do needless quotes.
///
/// ```
/// use smtp_proto::address::Address;
///
/// let address = Address::parse("ada.l@example.org")?;
/// assert_eq!((address.local_part(), address.domain()), ("ada.l", "example.org"));
///
/// let quoted = Address::parse(r#""a> ORCPT=b"@example.com"#)?;
/// assert_eq!(quoted.local_part(), r#""a> ORCPT=b""#);
///
/// let error = Address::parse("a@example.org>\r\nRCPT TO:<b@example.org").unwrap_err();
/// assert_eq!(error.to_string(), "octet 0x3E at offset 13 is not allowed in a domain");
/// # Ok::<(), smtp_proto::address::AddressError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Address<'a> {
    text: &'a str,
    /// The offset of the `@` between local part and domain.
    at: usize,
}

impl<'a> Address<'a> {
    /// The longest local part in octets, quotes included (RFC 5321 4.5.3.1.1).
    pub const MAX_LOCAL_PART: usize = 64;

    /// The longest local part in octets for [`parse_lenient`](Self::parse_lenient): as long as a domain. Addresses
    /// that embed another address (SRS, VERP) are longer than 64 octets.
    pub const MAX_LENIENT_LOCAL_PART: usize = 255;

    /// The longest domain in octets (RFC 5321 4.5.3.1.2).
    pub const MAX_DOMAIN: usize = 255;

    /// Validates `text` as a mailbox without angle brackets.
    ///
    /// # Errors
    /// [`AddressError`] names the octet and the offset at which the text leaves the grammar.
    #[inline]
    pub fn parse(text: &'a str) -> Result<Self, AddressError> {
        Self::with_local_part(text, local::check(text.as_bytes())?)
    }

    /// Validates a mailbox whose local part may have dots at one end or in a row (`user.@example.org`,
    /// `a..b@example.org`), and up to 255 octets. Such addresses are in use, and a client can
    /// try them (RFC 5321 4.5.3.1).
    ///
    /// Everything else is as strict as in [`parse`](Self::parse): no control character, space, `<`, `>` or `@`
    /// outside quotes gets into a command, and the domain has to be valid. Servers that follow the grammar refuse
    /// such an address; the server of this crate does so too.
    ///
    /// # Errors
    /// [`AddressError`], as for [`parse`](Self::parse).
    ///
    /// # Examples
    ///
    /// ```
    /// use smtp_proto::address::Address;
    ///
    /// assert!(Address::parse("a..b.@example.org").is_err());
    /// assert_eq!(Address::parse_lenient("a..b.@example.org")?.local_part(), "a..b.");
    /// assert!(Address::parse_lenient("a b@example.org").is_err());
    /// # Ok::<(), smtp_proto::address::AddressError>(())
    /// ```
    pub fn parse_lenient(text: &'a str) -> Result<Self, AddressError> {
        Self::with_local_part(text, local::check_lenient(text.as_bytes())?)
    }

    /// Validates the domain after the local part, which ends at `at`.
    #[inline]
    fn with_local_part(text: &'a str, at: usize) -> Result<Self, AddressError> {
        let octets = text.as_bytes();
        check_tag(octets, at + 1)?;
        domain::check(octets, at + 1)?;
        if !text.is_ascii() {
            check_characters(text)?;
        }
        Ok(Self { text, at })
    }

    /// Wraps a text that [`parse`](Self::parse) has validated before, with the offset of its `@`.
    #[cfg(feature = "alloc")]
    pub(crate) const fn validated(text: &'a str, at: usize) -> Self {
        Self { text, at }
    }

    /// The offset of the `@` between local part and domain.
    #[cfg(feature = "alloc")]
    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    /// The mailbox as it was given.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        self.text
    }

    /// The text before the `@`, quotes included.
    #[must_use]
    pub fn local_part(&self) -> &'a str {
        &self.text[..self.at]
    }

    /// The text after the `@`: a domain, or an address literal with its brackets.
    #[must_use]
    pub fn domain(&self) -> &'a str {
        &self.text[self.at + 1..]
    }

    /// Returns whether the address is ASCII. Other addresses need the extension `SMTPUTF8` (RFC 6531).
    #[must_use]
    pub const fn is_ascii(&self) -> bool {
        self.text.is_ascii()
    }
}

impl fmt::Display for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

impl AsRef<str> for Address<'_> {
    fn as_ref(&self) -> &str {
        self.text
    }
}

impl<'a> TryFrom<&'a str> for Address<'a> {
    type Error = AddressError;

    fn try_from(text: &'a str) -> Result<Self, AddressError> {
        Self::parse(text)
    }
}

#[cold]
fn check_characters(text: &str) -> Result<(), AddressError> {
    octets::line_breaker(text)
        .map_or(Ok(()), |(offset, character)| Err(AddressError::Character { character, offset }))
}

#[cfg(test)]
mod tests {
    use super::{Address, AddressError, DomainError};

    #[test]
    fn parts_are_told_apart() {
        for (text, local, domain) in [
            ("a@b", "a", "b"),
            ("a+b=c@x-y.example.org", "a+b=c", "x-y.example.org"),
            ("\"a@b\"@c.example", "\"a@b\"", "c.example"),
            ("\"\\\"\\\\\"@c", "\"\\\"\\\\\"", "c"),
            ("\"\"@c", "\"\"", "c"),
            ("a@[192.0.2.1]", "a", "[192.0.2.1]"),
            ("a@[IPv6:2001:db8::1]", "a", "[IPv6:2001:db8::1]"),
            ("a@[ipv6:::ffff:192.0.2.1]", "a", "[ipv6:::ffff:192.0.2.1]"),
            ("a@[x-tag:d@ta]", "a", "[x-tag:d@ta]"),
            ("josé@bücher.example", "josé", "bücher.example"),
            ("\"é \"@x_y", "\"é \"", "x_y"),
        ] {
            let address = Address::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!((address.local_part(), address.domain()), (local, domain));
            assert_eq!((address.as_str(), address.is_ascii()), (text, text.is_ascii()));
        }
    }

    #[test]
    fn errors_name_what_is_wrong_and_where() {
        let domain = |error| AddressError::Domain(error);
        for (text, error) in [
            ("", AddressError::Empty),
            ("@", AddressError::NoLocalPart),
            ("@a,@b:c@d", AddressError::NoLocalPart),
            ("a", AddressError::NoAt),
            ("a.", AddressError::Dot { offset: 2 }),
            (".a@b", AddressError::Dot { offset: 0 }),
            ("a..b@c", AddressError::Dot { offset: 2 }),
            ("a.@c", AddressError::Dot { offset: 2 }),
            ("a b@c", AddressError::Octet { octet: b' ', offset: 1 }),
            ("a\0@c", AddressError::Octet { octet: 0, offset: 1 }),
            ("<a@b>", AddressError::Octet { octet: b'<', offset: 0 }),
            ("a\"b\"@c", AddressError::Octet { octet: b'"', offset: 1 }),
            ("\"a", AddressError::UnclosedQuote),
            ("\"a\\", AddressError::UnclosedQuote),
            ("\"a\"", AddressError::NoAt),
            ("\"a\"b@c", AddressError::Octet { octet: b'b', offset: 3 }),
            ("\"a\\\r\"@c", AddressError::Octet { octet: b'\r', offset: 3 }),
            ("\"\\é\"@c", AddressError::Octet { octet: 0xC3, offset: 2 }),
            ("a\u{85}@c", AddressError::Character { character: '\u{85}', offset: 1 }),
            ("a@c\u{2029}", AddressError::Character { character: '\u{2029}', offset: 3 }),
            ("a@", domain(DomainError::EmptyLabel { offset: 2 })),
            ("a@b@c", domain(DomainError::Octet { octet: b'@', offset: 3 })),
            ("a@b.", domain(DomainError::EmptyLabel { offset: 4 })),
            ("a@-b", domain(DomainError::Hyphen { offset: 2 })),
            ("a@[2001:db8::1]", domain(DomainError::UntaggedIpv6 { offset: 2 })),
            ("a@[::ffff:192.0.2.1]", domain(DomainError::UntaggedIpv6 { offset: 2 })),
            ("a@[::1]", domain(DomainError::UntaggedIpv6 { offset: 2 })),
            ("a@[::1", domain(DomainError::Literal { offset: 2 })),
            ("a@b-.c", domain(DomainError::Hyphen { offset: 3 })),
        ] {
            assert_eq!(Address::parse(text), Err(error), "{text:?}");
        }
    }
}
