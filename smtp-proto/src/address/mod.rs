//! Mailboxes and paths (RFC 5321 4.1.2, RFC 6531 3.3).
//!
//! What stands here is validated once, at construction, and then only copied: no address can carry
//! a line end, a control, a `>` outside quotes or a source route into a command.

mod domain;
mod error;
mod local;
#[cfg(feature = "alloc")]
mod name;
mod path;

use core::fmt;

use crate::octets;

pub use domain::DomainError;
pub(crate) use domain::{check as check_domain, check_tag};
pub use error::AddressError;
#[cfg(feature = "alloc")]
pub use name::DomainName;
pub use path::{ForwardPath, Postmaster, ReversePath, split_path};

/// A mailbox that may be written into a command as it stands.
///
/// ```text
/// Mailbox       = Local-part "@" ( Domain / address-literal )
/// Local-part    = Dot-string / Quoted-string          ; at most 64 octets, quotes included
/// Domain        = sub-domain *("." sub-domain)        ; at most 255 octets, 63 a label
/// address-literal = "[" ( IPv4 / "IPv6:" IPv6 / tag ":" 1*dcontent ) "]"
/// ```
///
/// with the UTF-8 of RFC 6531 3.3 in local part and labels ([`is_ascii`](Self::is_ascii) tells
/// whether SMTPUTF8 is needed). Wider than the grammar: `_` is taken in labels, since such hosts
/// exist. Narrower: no source route (RFC 5321 F.2), no C1 control, U+2028 or U+2029, no `<` or `>`
/// outside quotes, no IPv6 address without its tag, which the grammar takes for a literal of an
/// unknown kind.
///
/// Quotes are kept exactly. Equality is that of the octets; it does not fold case or drop needless
/// quotes.
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
    /// Where the `@` between local part and domain is.
    at: usize,
}

impl<'a> Address<'a> {
    /// The longest local part in octets, quotes included (RFC 5321 4.5.3.1.1).
    pub const MAX_LOCAL_PART: usize = 64;

    /// The longest local part in octets for [`parse_lenient`](Self::parse_lenient). Addresses that hold
    /// another address (SRS, VERP) are longer than 64 octets; a domain may have this many.
    pub const MAX_LENIENT_LOCAL_PART: usize = 255;

    /// The longest domain in octets (RFC 5321 4.5.3.1.2).
    pub const MAX_DOMAIN: usize = 255;

    /// Validates `text`, which is the bare mailbox without angle brackets.
    #[inline]
    pub fn parse(text: &'a str) -> Result<Self, AddressError> {
        Self::with_local_part(text, local::check(text.as_bytes())?)
    }

    /// Validates a mailbox that may break the grammar in its local part: dots at an end or in a row
    /// (`user.@example.org`, `a..b@example.org`), up to 255 octets. Such addresses are in use, and a
    /// client may try them (RFC 5321 4.5.3.1).
    ///
    /// All else is as strict as in [`parse`](Self::parse): no control, blank, `<`, `>` or `@` outside
    /// quotes gets into a command, and the domain has to be valid. A server that keeps to the grammar
    /// refuses such an address, and so does the server half of this crate.
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

    /// Validates the domain behind the local part.
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

    /// Takes what [`parse`](Self::parse) has validated and taken apart before.
    #[cfg(feature = "alloc")]
    pub(crate) const fn validated(text: &'a str, at: usize) -> Self {
        Self { text, at }
    }

    /// Where the `@` between local part and domain is.
    #[cfg(feature = "alloc")]
    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    /// The mailbox as it was given.
    #[must_use]
    pub const fn as_str(&self) -> &'a str {
        self.text
    }

    /// What stands before the `@`, quotes included.
    #[must_use]
    pub fn local_part(&self) -> &'a str {
        &self.text[..self.at]
    }

    /// What stands behind the `@`: a domain, or an address literal with its brackets.
    #[must_use]
    pub fn domain(&self) -> &'a str {
        &self.text[self.at + 1..]
    }

    /// Returns whether the address can travel without SMTPUTF8 (RFC 6531).
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
