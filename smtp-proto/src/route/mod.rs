//! Where mail for a domain goes (RFC 5321 5.1): what is decided, not what is looked up.
//!
//! ```
//! use smtp_proto::route::{Destination, MxRecord, exchanges};
//!
//! assert_eq!(Destination::of("example.net"), Ok(Destination::Domain("example.net")));
//! let records = [(20, "backup.example.net."), (10, "mx.example.net."), (30, "relay.example.org.")];
//! let records = records.map(|(preference, name)| MxRecord::new(preference, name));
//! // This is the relay, so it and what is less preferred are not tried.
//! let hosts = exchanges("example.net", records, |host| host == "relay.example.org", 42)?;
//! let names: Vec<_> = hosts.iter().map(|host| host.exchange()).collect();
//! assert_eq!(names, ["mx.example.net", "backup.example.net"]);
//! # Ok::<(), smtp_proto::route::RouteError>(())
//! ```

mod error;
mod next;

use alloc::{string::String, vec::Vec};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub use self::{error::RouteError, next::Next};

/// Where a recipient's domain says that its mail goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Destination<'a> {
    /// To the hosts that the DNS names for this domain.
    Domain(&'a str),
    /// To this address, without a lookup: `[192.0.2.1]`, `[IPv6:2001:db8::1]` (RFC 5321 4.1.3).
    Address(IpAddr),
}

impl<'a> Destination<'a> {
    /// What stands behind the `@` of a recipient, as [`Recipient::domain`] gives it.
    ///
    /// # Errors
    /// [`RouteError::NoDomain`] for what is empty, [`RouteError::UnknownLiteral`] for what stands in
    /// brackets and is no address of IPv4 or IPv6.
    ///
    /// [`Recipient::domain`]: crate::command::Recipient::domain
    pub fn of(domain: &'a str) -> Result<Self, RouteError> {
        if domain.is_empty() {
            return Err(RouteError::NoDomain);
        }
        let Some(literal) = domain.strip_prefix('[') else { return Ok(Self::Domain(domain)) };
        let address = literal.strip_suffix(']').and_then(address_in);
        address.map(Self::Address).ok_or(RouteError::UnknownLiteral)
    }
}

fn address_in(literal: &str) -> Option<IpAddr> {
    match literal.split_at_checked("IPv6:".len()) {
        Some((tag, address)) if tag.eq_ignore_ascii_case("IPv6:") => {
            address.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
        }
        _ => literal.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
    }
}

/// An MX record: a host, and how much it is preferred (RFC 5321 5.1, RFC 1035 3.3.9).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MxRecord {
    preference: u16,
    exchange: String,
}

impl MxRecord {
    /// A record as it stands in the DNS. Lower preferences come first.
    #[must_use]
    pub fn new(preference: u16, exchange: &str) -> Self {
        Self { preference, exchange: normal(exchange) }
    }

    /// How much it is preferred; the lowest most of all.
    #[must_use]
    pub const fn preference(&self) -> u16 {
        self.preference
    }

    /// The host's name in lower case, without a dot behind it; empty for the root.
    #[must_use]
    pub fn exchange(&self) -> &str {
        &self.exchange
    }

    /// "No mail here" (RFC 7505 3), where it is the only record.
    fn is_null(&self) -> bool {
        self.preference == 0 && self.exchange.is_empty()
    }
}

/// A name as names are compared here: in lower case, without a dot behind it.
#[must_use]
pub fn normal(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

/// The hosts to try for `domain`, in order (RFC 5321 5.1).
///
/// Without records it is the domain itself, with preference 0. Lower preferences come first; equal
/// ones are shuffled by `seed`, which makes the order foreseeable only to who knows it: the same
/// seed gives the same order, however the records came. A host named twice is tried once.
///
/// `is_own` tells whether a host, in lower case and without a dot behind it, is the one that asks;
/// hosts preferred as much as that one, or less, are left out. Whatever number of records there
/// were comes back: how many are tried is the caller's business, and two are the least.
///
/// # Errors
/// [`RouteError::NullMx`], [`RouteError::NoUsableMx`] where no record names a host, and
/// [`RouteError::MailLoop`] where nothing is left.
pub fn exchanges(
    domain: &str,
    records: impl IntoIterator<Item = MxRecord>,
    mut is_own: impl FnMut(&str) -> bool,
    seed: u64,
) -> Result<Vec<MxRecord>, RouteError> {
    let mut records: Vec<_> = records.into_iter().collect();
    if let [record] = records.as_slice() {
        if record.is_null() {
            return Err(RouteError::NullMx);
        }
    }
    if records.is_empty() {
        records.push(MxRecord::new(0, domain));
    }
    records.retain(|record| !record.exchange.is_empty());
    if records.is_empty() {
        return Err(RouteError::NoUsableMx);
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

/// Of a host named twice the record that prefers it more; the order is the names' then.
fn keep_best_of_each(records: &mut Vec<MxRecord>) {
    records.sort_unstable_by(|a, b| (&a.exchange, a.preference).cmp(&(&b.exchange, b.preference)));
    records.dedup_by(|later, earlier| later.exchange == earlier.exchange);
}

fn own_preference(records: &[MxRecord], is_own: &mut impl FnMut(&str) -> bool) -> Option<u16> {
    let own = records.iter().filter(|record| is_own(&record.exchange));
    own.map(|record| record.preference).min()
}

/// Sorts by preference, and by a number drawn for each record where that is equal.
fn shuffle_equals(records: &mut [MxRecord], seed: u64) {
    let mut state = seed;
    // The name is there for two equal draws.
    records.sort_by_cached_key(|record| {
        (record.preference, draw(&mut state), record.exchange.clone())
    });
}

/// The next number of `SplitMix64`: it spreads load and keeps no secret.
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
