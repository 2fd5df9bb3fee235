//! Domains and address literals (RFC 5321 4.1.2 and 4.1.3):
//!
//! ```text
//! Domain          = sub-domain *("." sub-domain)
//! sub-domain      = Let-dig [Ldh-str] / U-label
//! address-literal = "[" ( IPv4-address-literal / IPv6-address-literal /
//!                   General-address-literal ) "]"
//! ```

use core::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

use crate::octets::{self, DCONTENT, KEYWORD, LABEL};

use super::Address;

/// The longest label: 63 octets of ASCII, or 63 characters if it holds UTF-8. The A-label of the latter is longer
/// still, and only the DNS can judge it.
pub(super) const MAX_LABEL: usize = 63;

/// Reports the part of a domain or an address literal that does not follow the grammar.
///
/// Offsets count octets from the start of the text that was given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum DomainError {
    /// An octet that the grammar does not allow at this place.
    Octet {
        /// The octet.
        octet: u8,
        /// The offset of the octet.
        offset: usize,
    },
    /// A label is missing: the domain is empty, or it has two dots in a row or a dot at one end.
    EmptyLabel {
        /// The offset at which the label should begin.
        offset: usize,
    },
    /// A label begins or ends with a hyphen.
    Hyphen {
        /// The offset of the hyphen.
        offset: usize,
    },
    /// A label of more than 63 octets, or more than 63 characters if it is not ASCII.
    LabelTooLong {
        /// The offset at which the label begins.
        offset: usize,
    },
    /// The domain has more than 255 octets.
    TooLong,
    /// Brackets that hold neither an IP address nor `tag:content`, or that do not close at the end of the text.
    Literal {
        /// The offset of the opening bracket.
        offset: usize,
    },
    /// A name beyond ASCII that has no A-labels, or any name beyond ASCII if the feature `idna` is off.
    ///
    /// Only `DomainName` reports it: the domain of a mailbox may be UTF-8.
    Unicode,
    /// An IPv6 address without `IPv6:` before it (RFC 5321 4.1.3).
    UntaggedIpv6 {
        /// The offset of the opening bracket.
        offset: usize,
    },
}

impl fmt::Display for DomainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Octet { octet, offset } => {
                write!(f, "octet 0x{octet:02X} at offset {offset} is not allowed in a domain")
            }
            Self::EmptyLabel { offset } => write!(f, "empty domain label at offset {offset}"),
            Self::Hyphen { offset } => {
                write!(f, "hyphen at offset {offset} begins or ends a domain label")
            }
            Self::LabelTooLong { offset } => {
                write!(f, "domain label at offset {offset} is longer than {MAX_LABEL} characters")
            }
            Self::TooLong => {
                write!(f, "domain is longer than {} octets", Address::MAX_DOMAIN)
            }
            Self::Literal { offset } => write!(
                f,
                "address literal at offset {offset} is neither an IP address nor tag:content in brackets"
            ),
            Self::Unicode if cfg!(feature = "idna") => {
                f.write_str("domain cannot be converted to A-labels")
            }
            Self::Unicode => f.write_str(
                "domain is not ASCII: enable the feature idna, or use its A-labels (xn--)",
            ),
            Self::UntaggedIpv6 { offset } => {
                write!(f, "address literal at offset {offset} needs the tag IPv6, as in [IPv6:::1]")
            }
        }
    }
}

impl core::error::Error for DomainError {}

/// Validates `octets[start..]` as a domain or an address literal.
#[inline]
pub(crate) fn check(octets: &[u8], start: usize) -> Result<(), DomainError> {
    if octets.len() - start.min(octets.len()) > Address::MAX_DOMAIN {
        return Err(DomainError::TooLong);
    }
    if octets.get(start) == Some(&b'[') { literal(octets, start) } else { labels(octets, start) }
}

#[inline]
fn labels(octets: &[u8], mut start: usize) -> Result<(), DomainError> {
    loop {
        let end = octets::run(octets, start, LABEL);
        let next = octets.get(end);
        if let Some(&octet) = next.filter(|&&octet| octet != b'.') {
            return Err(DomainError::Octet { octet, offset: end });
        }
        label(octets, start, end)?;
        if next.is_none() {
            return Ok(());
        }
        start = end + 1;
    }
}

#[inline]
fn label(octets: &[u8], start: usize, end: usize) -> Result<(), DomainError> {
    match octets.get(start..end).unwrap_or_default() {
        [] => Err(DomainError::EmptyLabel { offset: start }),
        [b'-', ..] => Err(DomainError::Hyphen { offset: start }),
        [.., b'-'] => Err(DomainError::Hyphen { offset: end - 1 }),
        label if label.len() > MAX_LABEL && characters(label) > MAX_LABEL => {
            Err(DomainError::LabelTooLong { offset: start })
        }
        _ => Ok(()),
    }
}

/// Counts the characters of UTF-8 text: every octet except continuation octets.
#[cold]
fn characters(label: &[u8]) -> usize {
    label.iter().filter(|&&octet| octet & 0xC0 != 0x80).count()
}

#[cold]
fn literal(octets: &[u8], start: usize) -> Result<(), DomainError> {
    let content = start + 1;
    let end = octets::run(octets, content, DCONTENT);
    match octets.get(end..) {
        Some(b"]") if is_literal(&octets[content..end]) => Ok(()),
        Some([b']'] | []) | None => Err(DomainError::Literal { offset: start }),
        Some([b']', octet, ..]) => Err(DomainError::Octet { octet: *octet, offset: end + 1 }),
        Some([octet, ..]) => Err(DomainError::Octet { octet: *octet, offset: end }),
    }
}

fn is_literal(content: &[u8]) -> bool {
    let Ok(text) = core::str::from_utf8(content) else { return false };
    match text.split_once(':') {
        Some((tag, content)) if !tag.eq_ignore_ascii_case("IPv6") => {
            is_tag(tag.as_bytes()) && !content.is_empty()
        }
        _ => ip_address(text).is_some(),
    }
}

/// Parses the content of an address literal, without its brackets. Returns `None` unless it is an IP address.
pub(crate) fn ip_address(content: &str) -> Option<IpAddr> {
    match content.split_once(':') {
        None => content.parse().ok().map(IpAddr::V4),
        Some((tag, address)) if tag.eq_ignore_ascii_case("IPv6") => {
            address.parse().ok().map(IpAddr::V6)
        }
        Some(_) => None,
    }
}

/// Refuses an IPv6 address literal without the tag `IPv6:`. The grammar would take it for a literal of an unknown
/// kind, and servers refuse it.
#[inline]
pub(crate) fn check_tag(octets: &[u8], start: usize) -> Result<(), DomainError> {
    match octets.get(start..) {
        Some([b'[', address @ .., b']']) if is_ipv6(address) => {
            Err(DomainError::UntaggedIpv6 { offset: start })
        }
        _ => Ok(()),
    }
}

#[cold]
fn is_ipv6(address: &[u8]) -> bool {
    core::str::from_utf8(address).is_ok_and(|address| address.parse::<Ipv6Addr>().is_ok())
}

/// `Standardized-tag = Ldh-str`: an `Ldh-str` ends with a letter or a digit.
fn is_tag(tag: &[u8]) -> bool {
    tag.last().is_some_and(u8::is_ascii_alphanumeric) && octets::run(tag, 0, KEYWORD) == tag.len()
}

#[cfg(test)]
mod tests {
    use super::{DomainError, check};

    #[test]
    fn labels_have_sixty_three_octets_at_most() {
        assert_eq!(check(&[b'a'; 63], 0), Ok(()));
        assert_eq!(check(&[b'a'; 64], 0), Err(DomainError::LabelTooLong { offset: 0 }));
        assert_eq!(check("é".repeat(63).as_bytes(), 0), Ok(()));
        assert_eq!(
            check("é".repeat(64).as_bytes(), 0),
            Err(DomainError::LabelTooLong { offset: 0 })
        );
    }

    #[test]
    fn domains_have_two_hundred_fifty_five_octets_at_most() {
        let mut octets = [b'a'; 256];
        for dot in [60, 120, 180, 240] {
            octets[dot] = b'.';
        }
        assert_eq!(check(&octets[..255], 0), Ok(()));
        assert_eq!(check(&octets, 0), Err(DomainError::TooLong));
        assert_eq!(check(&octets, 1), Ok(()));
    }

    #[test]
    fn literals_are_addresses_or_tagged() {
        for good in ["[127.0.0.1]", "[IPv6:::1]", "[IPV6:1:2:3:4:5:6:7:8]", "[a-b:c]", "[a::]"] {
            assert_eq!(check(good.as_bytes(), 0), Ok(()), "{good}");
        }
        for bad in ["[", "[]", "[1.2.3]", "[1.2.3.4", "[IPv6:1]", "[IPv6:fe80::1%1]", "[:a]"] {
            assert_eq!(check(bad.as_bytes(), 0), Err(DomainError::Literal { offset: 0 }), "{bad}");
        }
        for bad in ["[a-:b]", "[a_b:c]", "[a:]", "[256.1.1.1]", "[::1]", "[01.2.3.4]"] {
            assert_eq!(check(bad.as_bytes(), 0), Err(DomainError::Literal { offset: 0 }), "{bad}");
        }
    }

    #[test]
    fn octets_in_and_behind_a_literal_are_named() {
        for (bad, octet, offset) in [
            ("[1.2.3.4\r\n]", b'\r', 8),
            ("[a:b>]", b'>', 4),
            ("[a:\"]", b'"', 3),
            ("[1.2.3.4]x", b'x', 9),
        ] {
            assert_eq!(check(bad.as_bytes(), 0), Err(DomainError::Octet { octet, offset }));
        }
    }
}
