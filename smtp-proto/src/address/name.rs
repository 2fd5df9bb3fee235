//! Names of domains and hosts, in a form that can be compared.

use alloc::{borrow::Cow, boxed::Box, string::String};
use core::{fmt, str::FromStr};

use crate::octets::{self, LABEL};

use super::DomainError;

/// The name of a domain or a host in its canonical form: A-labels, lower case, no trailing dot.
///
/// One name has many spellings: `bücher.example`, `Bücher.Example.`, `xn--bcher-kva.example`, other dots (U+3002),
/// full-width letters, soft hyphens. Comparing texts misses some of them. So every decision about names
/// ([`route`](crate::route), TLS policies, groups of recipients) uses this type, which cannot be compared with text.
/// [`Address::domain`](super::Address::domain) and [`EhloName`](crate::hello::EhloName) give text as it is sent.
///
/// For ASCII names only the case changes: `_`, and `xn--` labels that decode to nothing, exist in the DNS. Other
/// names are converted by UTS 46, non-transitional. The conversion needs the feature `idna`; without it these names
/// are refused.
///
/// ```
/// use smtp_proto::address::DomainName;
///
/// let name = DomainName::new("My_Host.Example.")?;
/// assert_eq!(name.as_str(), "my_host.example");
/// assert_eq!(name, DomainName::new("my_host.example")?);
/// # #[cfg(feature = "idna")]
/// assert_eq!(DomainName::new("Ｂücher。example")?.as_str(), "xn--bcher-kva.example");
/// # Ok::<(), smtp_proto::address::DomainError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DomainName(Box<str>);

impl DomainName {
    /// The longest name in octets. A DNS message limits a name to 255 octets (RFC 1035 2.3.4), and the first length
    /// octet and the root take two of them.
    pub const MAX: usize = 253;

    /// The longest text in octets that is converted: 253 characters of four octets, and a dot. It bounds the time of
    /// the conversion.
    const MAX_TEXT: usize = 4 * Self::MAX + 1;

    /// Converts `name` to its canonical form.
    ///
    /// # Errors
    /// [`DomainError`] if the DNS cannot hold the name, or it has no A-labels. Offsets count octets of the A-labels.
    pub fn new(name: &str) -> Result<Self, DomainError> {
        if name.len() > Self::MAX_TEXT {
            return Err(DomainError::TooLong);
        }
        let name = in_ascii(name)?;
        let name = name.strip_suffix('.').unwrap_or(&name);
        check(name.as_bytes())?;
        Ok(Self(name.to_ascii_lowercase().into()))
    }

    /// The name: labels of ASCII letters, digits, `-` and `_`.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(feature = "idna")]
fn in_ascii(name: &str) -> Result<Cow<'_, str>, DomainError> {
    use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

    if name.is_ascii() {
        // The `idna` library refuses `xn--` labels that it cannot decode, so ASCII names bypass it.
        return Ok(Cow::Borrowed(name));
    }
    let (any, hyphens, length) = (AsciiDenyList::EMPTY, Hyphens::Allow, DnsLength::Ignore);
    Uts46::new().to_ascii(name.as_bytes(), any, hyphens, length).map_err(|_| DomainError::Unicode)
}

#[cfg(not(feature = "idna"))]
const fn in_ascii(name: &str) -> Result<Cow<'_, str>, DomainError> {
    if name.is_ascii() { Ok(Cow::Borrowed(name)) } else { Err(DomainError::Unicode) }
}

fn check(name: &[u8]) -> Result<(), DomainError> {
    if name.len() > DomainName::MAX {
        return Err(DomainError::TooLong);
    }
    let mut start = 0;
    for label in name.split(|&octet| octet == b'.') {
        check_label(label, start)?;
        start += label.len() + 1;
    }
    Ok(())
}

/// Accepts a hyphen at either end of a label, unlike a mailbox: such hosts exist.
fn check_label(label: &[u8], start: usize) -> Result<(), DomainError> {
    let end = octets::run(label, 0, LABEL);
    match label {
        [] => Err(DomainError::EmptyLabel { offset: start }),
        _ if end < label.len() => {
            Err(DomainError::Octet { octet: label[end], offset: start + end })
        }
        _ if label.len() > super::domain::MAX_LABEL => {
            Err(DomainError::LabelTooLong { offset: start })
        }
        _ => Ok(()),
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for DomainName {
    type Err = DomainError;

    fn from_str(name: &str) -> Result<Self, DomainError> {
        Self::new(name)
    }
}

impl From<DomainName> for String {
    fn from(name: DomainName) -> Self {
        name.0.into()
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::{DomainError, DomainName};

    #[test]
    fn ascii_stands_as_it_is_but_for_case_and_the_last_dot() {
        for (name, one) in [
            ("Mx.Example.", "mx.example"),
            ("_dmarc.my_host.example", "_dmarc.my_host.example"),
            ("xn--a.example", "xn--a.example"),
            ("XN--99999999999.example", "xn--99999999999.example"),
            ("a-.-b.example", "a-.-b.example"),
            ("192.0.2.1", "192.0.2.1"),
        ] {
            assert_eq!(DomainName::new(name).map(|name| name.to_string()), Ok(one.into()));
        }
    }

    #[test]
    fn what_the_dns_cannot_hold_is_no_name() {
        let longest = "a.".repeat(126) + "a";
        assert!(DomainName::new(&longest).is_ok());
        for (name, error) in [
            ("", DomainError::EmptyLabel { offset: 0 }),
            (".", DomainError::EmptyLabel { offset: 0 }),
            ("a..b", DomainError::EmptyLabel { offset: 2 }),
            ("a..", DomainError::EmptyLabel { offset: 2 }),
            ("a.b c", DomainError::Octet { octet: b' ', offset: 3 }),
            ("a\\.b", DomainError::Octet { octet: b'\\', offset: 1 }),
            ("[192.0.2.1]", DomainError::Octet { octet: b'[', offset: 0 }),
            (&"a".repeat(64), DomainError::LabelTooLong { offset: 0 }),
            (&(longest.clone() + ".b"), DomainError::TooLong),
            (&"a".repeat(9999), DomainError::TooLong),
        ] {
            assert_eq!(DomainName::new(name), Err(error), "{name}");
        }
    }

    #[test]
    #[cfg(not(feature = "idna"))]
    fn without_the_feature_only_ascii_is_taken() {
        for name in ["b\u{fc}cher.example", "partner\u{3002}example", "\u{ad}"] {
            assert_eq!(DomainName::new(name), Err(DomainError::Unicode), "{name}");
        }
    }

    #[test]
    #[cfg(feature = "idna")]
    fn what_is_beyond_ascii_becomes_its_a_labels_or_nothing() {
        for (name, one) in [
            ("b\u{fc}cher.example", "xn--bcher-kva.example"),
            ("B\u{dc}CHER.example\u{3002}", "xn--bcher-kva.example"),
            ("partner\u{ff0e}exa\u{ad}mple", "partner.example"),
            ("\u{ff50}artner\u{ff61}my_host\u{3002}EXAMPLE", "partner.my_host.example"),
            ("stra\u{df}e.example", "xn--strae-oqa.example"),
        ] {
            assert_eq!(DomainName::new(name).map(|name| name.to_string()), Ok(one.into()));
        }
        for name in ["\u{ad}", "a\u{3002}\u{3002}b", "a\u{3002}\u{ad}\u{3002}b", "\u{fffd}.example"]
        {
            assert!(DomainName::new(name).is_err(), "{name:?}");
        }
        // Characters that are mapped to one that no name can have.
        assert!(DomainName::new("a\u{ff20}b.example").is_err());
        assert!(DomainName::new("\u{2488}example").is_err_and(|e| e == DomainError::Unicode));
    }
}
