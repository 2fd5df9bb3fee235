//! The argument of `EHLO`, `HELO` and `LHLO`.

use core::{
    fmt::{self, Write as _},
    net::{IpAddr, Ipv4Addr},
    str::FromStr,
};

use crate::address::{DomainError, check_domain, check_tag};

const MAX: usize = 255;

/// The name with which a client greets a server, or a server a client: `Domain / address-literal` (RFC 5321 4.1.1.1),
/// at most 255 octets of ASCII.
///
/// Use the fully qualified name of this host, which servers compare with the DNS. Without one, use an address
/// literal: `EhloName` converts from [`IpAddr`], and the default is [`LOCALHOST`](Self::LOCALHOST).
///
/// The value is owned without an allocator: copying it copies 256 octets. Wider than the grammar: a label may hold
/// `_`, because such hosts exist, though some servers refuse it. Give a name beyond ASCII as its A-labels, as
/// [`DomainName`](crate::address::DomainName) produces them.
///
/// ```
/// use smtp_proto::hello::EhloName;
///
/// assert_eq!(EhloName::parse("client.example.org")?.as_str(), "client.example.org");
/// assert_eq!(EhloName::from(core::net::Ipv6Addr::LOCALHOST).as_str(), "[IPv6:::1]");
///
/// let error = EhloName::parse("client\r\nQUIT").unwrap_err();
/// assert_eq!(error.to_string(), "octet 0x0D at offset 6 is not allowed in a domain");
/// # Ok::<(), smtp_proto::address::DomainError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EhloName {
    /// ASCII up to `len`, zeros after it.
    octets: [u8; MAX],
    len: u8,
}

impl EhloName {
    /// The longest name in octets (RFC 5321 4.5.3.1.2).
    pub const MAX: usize = MAX;

    /// `[127.0.0.1]`, for a client that knows no better name. The grammar has no unqualified `localhost`.
    pub const LOCALHOST: Self = Self::EMPTY.with(b"[127.0.0.1]");

    const EMPTY: Self = Self { octets: [0; MAX], len: 0 };

    /// Validates `name`.
    ///
    /// # Errors
    /// [`DomainError`] if `name` is neither a domain nor an address literal, with octet and offset.
    pub fn parse(name: &str) -> Result<Self, DomainError> {
        check_tag(name.as_bytes(), 0)?;
        Self::from_octets(name.as_bytes())
    }

    pub(crate) fn from_octets(name: &[u8]) -> Result<Self, DomainError> {
        if let Some(offset) = name.iter().position(|octet| !octet.is_ascii()) {
            return Err(DomainError::Octet { octet: name[offset], offset });
        }
        check_domain(name, 0)?;
        Ok(Self::EMPTY.with(name))
    }

    /// The name as it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.octets.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// Appends `octets`. Drops those that do not fit; no caller gives so many.
    const fn with(mut self, octets: &[u8]) -> Self {
        let mut next = 0;
        while next < octets.len() && self.len < u8::MAX {
            self.octets[self.len as usize] = octets[next];
            self.len += 1;
            next += 1;
        }
        self
    }
}

impl Default for EhloName {
    fn default() -> Self {
        Self::LOCALHOST
    }
}

impl From<IpAddr> for EhloName {
    fn from(address: IpAddr) -> Self {
        let mut literal = Literal(Self::EMPTY);
        // An address with its tag has at most 46 octets, so the write cannot fail.
        let _ = match address {
            IpAddr::V4(address) => write!(literal, "[{address}]"),
            IpAddr::V6(address) => write!(literal, "[IPv6:{address}]"),
        };
        literal.0
    }
}

impl From<Ipv4Addr> for EhloName {
    fn from(address: Ipv4Addr) -> Self {
        Self::from(IpAddr::V4(address))
    }
}

impl From<core::net::Ipv6Addr> for EhloName {
    fn from(address: core::net::Ipv6Addr) -> Self {
        Self::from(IpAddr::V6(address))
    }
}

impl FromStr for EhloName {
    type Err = DomainError;

    fn from_str(name: &str) -> Result<Self, DomainError> {
        Self::parse(name)
    }
}

impl fmt::Display for EhloName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for EhloName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EhloName").field(&self.as_str()).finish()
    }
}

/// Lets `write!` append to a name.
struct Literal(EhloName);

impl fmt::Write for Literal {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.with(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use core::net::{IpAddr, Ipv6Addr};

    use super::{DomainError, EhloName};

    #[test]
    fn names_are_domains_or_literals() {
        for name in ["localhost", "a.example", "my_host", "[192.0.2.1]", "[IPv6:2001:db8::1]"] {
            assert_eq!(EhloName::parse(name).map(|n| n.as_str() == name), Ok(true), "{name}");
        }
        assert_eq!(EhloName::parse("").map(|_| ()), Err(DomainError::EmptyLabel { offset: 0 }));
        let utf8 = DomainError::Octet { octet: 0xC3, offset: 1 };
        assert_eq!(EhloName::parse("bücher").map(|_| ()), Err(utf8));
    }

    #[test]
    fn what_does_not_fit_is_left_out() {
        assert_eq!(EhloName::EMPTY.with(&[b'a'; 300]).as_bytes(), [b'a'; EhloName::MAX]);
    }

    #[test]
    fn ip_addresses_become_literals_that_parse() {
        let longest = Ipv6Addr::new(0xdead, 0xdead, 0xdead, 0xdead, 0xdead, 0xdead, 0xdead, 0xdead);
        for (address, literal) in [
            ("192.0.2.1".parse().ok(), "[192.0.2.1]"),
            ("::ffff:192.0.2.1".parse().ok(), "[IPv6:::ffff:192.0.2.1]"),
            (Some(IpAddr::V6(longest)), "[IPv6:dead:dead:dead:dead:dead:dead:dead:dead]"),
        ] {
            let name = address.map(EhloName::from).unwrap_or_default();
            assert_eq!(name.as_str(), literal);
            assert_eq!(EhloName::parse(literal), Ok(name));
        }
    }

    #[test]
    fn the_longest_name_is_kept_whole() {
        let mut octets = [b'a'; 255];
        for dot in [60, 120, 180, 240] {
            octets[dot] = b'.';
        }
        assert_eq!(EhloName::from_octets(&octets).map(|n| n.as_bytes() == octets), Ok(true));
    }

    #[test]
    fn localhost_is_a_literal() {
        assert_eq!(EhloName::parse("[127.0.0.1]"), Ok(EhloName::LOCALHOST));
        assert_eq!(EhloName::default(), EhloName::LOCALHOST);
    }
}
