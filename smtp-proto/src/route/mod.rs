//! The hosts to which mail for a domain is sent, and their order (RFC 5321 5.1). This module decides; the caller does
//! the DNS lookups.
//!
//! ```
//! use smtp_proto::{address::DomainName, route::{Destination, MxRecord, exchanges}};
//!
//! let Destination::Domain(domain) = Destination::of("Example.NET")? else { panic!() };
//! assert_eq!(domain.as_str(), "example.net");
//! let records = [(20, "backup.example.net."), (10, "mx.example.net."), (30, "relay.example.org.")];
//! let records = records.map(|(preference, name)| MxRecord::new(preference, name));
//! // This host is the relay, so the relay and less preferred hosts are left out.
//! let own = DomainName::new("relay.example.org")?;
//! let hosts = exchanges(&domain, records, |host| *host == own, 42)?;
//! let names: Vec<_> = hosts.iter().map(|host| host.exchange()).collect();
//! assert_eq!(names, ["mx.example.net", "backup.example.net"]);
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! Names are [`DomainName`]s and addresses are canonical, so all spellings of a name compare equal. Names beyond
//! ASCII need the feature `idna`.

mod error;
mod next;

use alloc::{
    string::{String, ToString},
    vec::Vec,
};
use core::{fmt, net::IpAddr};

use crate::address::{DomainName, ip_address};

pub use self::{error::RouteError, next::Next};

/// The destination of a recipient's mail: a domain to look up in the DNS, or an address.
///
/// [`Display`](fmt::Display) writes its canonical form, in lower case. Two destinations are equal if their texts are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Destination {
    /// The hosts that the DNS names for this domain.
    Domain(DomainName),
    /// This address, without a lookup: `[192.0.2.1]`, `[IPv6:2001:db8::1]` (RFC 5321 4.1.3). It is canonical, so
    /// never an IPv4 address in the form of an IPv6 one.
    Address(IpAddr),
}

impl Destination {
    /// The destination for the domain of a recipient, as [`Recipient::domain`] returns it.
    ///
    /// # Errors
    /// [`RouteError::NoDomain`] if `domain` is empty, [`RouteError::UnknownLiteral`] if it is in brackets and is
    /// neither an IPv4 nor an IPv6 address, [`RouteError::UnusableName`] if it has no [`DomainName`].
    ///
    /// [`Recipient::domain`]: crate::command::Recipient::domain
    pub fn of(domain: &str) -> Result<Self, RouteError> {
        if domain.is_empty() {
            return Err(RouteError::NoDomain);
        }
        let Some(literal) = domain.strip_prefix('[') else {
            let name = DomainName::new(domain).map_err(|_| RouteError::UnusableName)?;
            return Ok(Self::Domain(name));
        };
        let address = literal.strip_suffix(']').and_then(ip_address);
        let address = address.ok_or(RouteError::UnknownLiteral)?;
        Ok(Self::Address(address.to_canonical()))
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Domain(name) => name.fmt(f),
            Self::Address(IpAddr::V4(address)) => write!(f, "[{address}]"),
            Self::Address(IpAddr::V6(address)) => write!(f, "[ipv6:{address}]"),
        }
    }
}

/// The text by which recipients are grouped: the canonical form of their destination, or the domain in lower case if
/// it has none.
pub(crate) fn key(domain: &str) -> String {
    let lower = |_| domain.to_ascii_lowercase();
    Destination::of(domain).map_or_else(lower, |destination| destination.to_string())
}

/// Returns whether an address always refers to this machine: loopback or unspecified, also as an IPv4-mapped IPv6
/// address. Systems connect `0.0.0.0` and `::` to themselves.
#[must_use]
pub fn is_local(address: IpAddr) -> bool {
    let address = address.to_canonical();
    address.is_loopback() || address.is_unspecified()
}

/// An MX record: a host that accepts mail for a domain, and its preference (RFC 5321 5.1, RFC 1035 3.3.9).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MxRecord {
    preference: u16,
    exchange: Exchange,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum Exchange {
    /// The root, `.`. As the only record it means that the domain accepts no mail (RFC 7505 3).
    Root,
    Host(DomainName),
    /// Text that cannot be a host name.
    Odd(String),
}

impl MxRecord {
    /// Creates a record from its parts in the DNS. A lower preference comes first.
    #[must_use]
    pub fn new(preference: u16, exchange: &str) -> Self {
        let exchange = match DomainName::new(exchange) {
            Ok(name) => Exchange::Host(name),
            Err(_) if matches!(exchange, "" | ".") => Exchange::Root,
            Err(_) => Exchange::Odd(exchange.to_string()),
        };
        Self { preference, exchange }
    }

    /// The implicit record of a domain that has no MX records: the domain itself (RFC 5321 5.1).
    #[must_use]
    pub const fn implicit(domain: DomainName) -> Self {
        Self { preference: 0, exchange: Exchange::Host(domain) }
    }

    /// The preference. The host with the lowest value is tried first.
    #[must_use]
    pub const fn preference(&self) -> u16 {
        self.preference
    }

    /// The host. `None` for the root, and for text that cannot be a host name.
    #[must_use]
    pub const fn host(&self) -> Option<&DomainName> {
        match &self.exchange {
            Exchange::Host(name) => Some(name),
            Exchange::Root | Exchange::Odd(_) => None,
        }
    }

    /// The host's name in its canonical form, or the empty text for the root. Text that cannot be a host name is
    /// returned as it came.
    #[must_use]
    pub fn exchange(&self) -> &str {
        match &self.exchange {
            Exchange::Root => "",
            Exchange::Host(name) => name.as_str(),
            Exchange::Odd(text) => text,
        }
    }

    /// Returns whether the record holds text that cannot be a host name.
    #[must_use]
    pub const fn is_odd(&self) -> bool {
        matches!(self.exchange, Exchange::Odd(_))
    }

    fn is_null(&self) -> bool {
        self.preference == 0 && self.exchange == Exchange::Root
    }
}

/// Returns the hosts to try for `domain`, in order (RFC 5321 5.1).
///
/// If there are no records, the result is the domain itself with preference 0. Lower preferences come first. Equal
/// ones are shuffled by `seed`: the same seed gives the same order, whatever the order of `records`, so use a random
/// seed. A host that is named twice is tried once.
///
/// `is_own` returns whether a host is this host. It is left out, with all hosts that are not preferred to it, and so
/// are records that name no host. The number of hosts in the result is not limited; the caller decides how many to
/// try, but at least two.
///
/// # Errors
/// [`RouteError::NullMx`] if the domain accepts no mail, [`RouteError::NoUsableMx`] if no record names a host,
/// [`RouteError::UnusableName`] if that is because of text that cannot be a host name, and [`RouteError::MailLoop`]
/// if only this host, or hosts behind it, are left.
pub fn exchanges(
    domain: &DomainName,
    records: impl IntoIterator<Item = MxRecord>,
    mut is_own: impl FnMut(&DomainName) -> bool,
    seed: u64,
) -> Result<Vec<MxRecord>, RouteError> {
    let mut records: Vec<_> = records.into_iter().collect();
    if let [record] = records.as_slice() {
        if record.is_null() {
            return Err(RouteError::NullMx);
        }
    }
    if records.is_empty() {
        records.push(MxRecord::implicit(domain.clone()));
    }
    let odd = records.iter().any(MxRecord::is_odd);
    records.retain(|record| record.host().is_some());
    if records.is_empty() {
        return Err(if odd { RouteError::UnusableName } else { RouteError::NoUsableMx });
    }
    keep_best_of_each(&mut records);
    if let Some(own) = own_preference(&records, &mut is_own) {
        records.retain(|record| record.preference < own);
    }
    if records.is_empty() {
        return Err(RouteError::MailLoop);
    }
    shuffle_equals(&mut records, seed);
    Ok(records)
}

/// Keeps the most preferred record of each host. The result is sorted by name.
fn keep_best_of_each(records: &mut Vec<MxRecord>) {
    records.sort_unstable_by(|a, b| (&a.exchange, a.preference).cmp(&(&b.exchange, b.preference)));
    records.dedup_by(|later, earlier| later.exchange == earlier.exchange);
}

fn own_preference(
    records: &[MxRecord],
    is_own: &mut impl FnMut(&DomainName) -> bool,
) -> Option<u16> {
    let own = records.iter().filter(|record| record.host().is_some_and(&mut *is_own));
    own.map(|record| record.preference).min()
}

/// Sorts by preference. Records of equal preference are sorted by a number that is drawn for each.
fn shuffle_equals(records: &mut [MxRecord], seed: u64) {
    let mut state = seed;
    // The name decides between two equal draws.
    records.sort_by_cached_key(|record| {
        (record.preference, draw(&mut state), record.exchange.clone())
    });
}

/// The next number of `SplitMix64`. It only spreads load, and need not be secret.
fn draw(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::draw;

    #[test]
    fn numbers_are_those_of_the_published_generator() {
        let mut state = 1_234_567;
        for number in [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ] {
            assert_eq!(draw(&mut state), number);
        }
    }
}
