//! What is asked of the DNS.

use core::{fmt, future::Future, net::IpAddr};
use std::sync::Arc;

use hickory_resolver::{
    Name, ResolveError, TokioResolver,
    proto::{ProtoErrorKind, op::ResponseCode},
};
use smtp_proto::route::MxRecord;

/// Why a lookup has no answer. A name without records of the kind asked for is no error.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LookupError {
    /// The name does not exist (NXDOMAIN), or is none that the DNS could hold.
    NoSuchDomain,
    /// Nobody could say, for now: SERVFAIL, no answer in time, an answer that makes no sense.
    Temporary(Arc<dyn core::error::Error + Send + Sync>),
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LookupError::NoSuchDomain => f.write_str("no such domain"),
            LookupError::Temporary(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for LookupError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            LookupError::NoSuchDomain => None,
            LookupError::Temporary(error) => Some(error.as_ref()),
        }
    }
}

/// Who knows the DNS: hickory's [`TokioResolver`], or a resolver of the caller's own.
///
/// Names are given as they stand in the envelope or in an MX record, and are always meant whole:
/// no search list is applied (RFC 5321 5.1). CNAMEs are followed, so what is answered for an alias
/// is what holds for its target.
///
/// Whether an answer was secure (DNSSEC) is not told. A resolver that knows, as DANE needs it (RFC
/// 7672 2.2), can be a [`HostTls`](super::HostTls) as well and say so there.
///
/// ```
/// use core::net::IpAddr;
/// use smtp_async::{mx::{LookupError, Resolve}, proto::route::MxRecord};
///
/// /// One smart host for all the world.
/// struct Smarthost(IpAddr);
///
/// impl Resolve for Smarthost {
///     async fn mx(&self, _domain: &str) -> Result<Vec<MxRecord>, LookupError> {
///         Ok(vec![MxRecord::new(0, "smart.example.org")])
///     }
///     async fn addresses(&self, _host: &str) -> Result<Vec<IpAddr>, LookupError> {
///         Ok(vec![self.0])
///     }
/// }
/// ```
pub trait Resolve: Sync {
    /// The domain's MX records, in any order; none where it exists and has none.
    fn mx(&self, domain: &str) -> impl Future<Output = Result<Vec<MxRecord>, LookupError>> + Send;

    /// The host's addresses, in the order in which they are to be tried (RFC 5321 5.1); none where
    /// it exists and has none.
    fn addresses(
        &self,
        host: &str,
    ) -> impl Future<Output = Result<Vec<IpAddr>, LookupError>> + Send;
}

impl<R: Resolve> Resolve for &R {
    async fn mx(&self, domain: &str) -> Result<Vec<MxRecord>, LookupError> {
        (**self).mx(domain).await
    }

    async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, LookupError> {
        (**self).addresses(host).await
    }
}

/// Labels beyond ASCII are asked for as their A-labels (RFC 5891).
impl Resolve for TokioResolver {
    async fn mx(&self, domain: &str) -> Result<Vec<MxRecord>, LookupError> {
        let found = some(self.mx_lookup(whole(domain)?).await)?;
        let records = found.iter().flat_map(|found| found.iter());
        let record = |mx: &hickory_resolver::proto::rr::rdata::MX| {
            MxRecord::new(mx.preference(), &mx.exchange().to_ascii())
        };
        Ok(records.map(record).collect())
    }

    /// Families in turn, IPv6 first, so that a limit leaves some of both. One family is enough: the
    /// error of the other counts only where there is none.
    async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, LookupError> {
        let name = whole(host)?;
        let six = some(self.ipv6_lookup(name.clone()).await);
        let four = some(self.ipv4_lookup(name).await);
        let addresses = in_turn(
            six.iter().flatten().flat_map(|found| found.iter()).map(|a| IpAddr::V6(a.0)),
            four.iter().flatten().flat_map(|found| found.iter()).map(|a| IpAddr::V4(a.0)),
        );
        match (six, four) {
            _ if !addresses.is_empty() => Ok(addresses),
            (Err(error @ LookupError::Temporary(_)), _) | (_, Err(error)) => Err(error),
            _ => Ok(addresses),
        }
    }
}

fn in_turn<T>(one: impl Iterator<Item = T>, other: impl Iterator<Item = T>) -> Vec<T> {
    let (mut one, mut other) = (one, other);
    let mut turns = Vec::new();
    loop {
        let before = turns.len();
        turns.extend(one.next());
        turns.extend(other.next());
        if turns.len() == before {
            return turns;
        }
    }
}

/// The name with the root behind it.
fn whole(name: &str) -> Result<Name, LookupError> {
    let mut name = Name::from_utf8(name).map_err(|_| LookupError::NoSuchDomain)?;
    name.set_fqdn(true);
    Ok(name)
}

/// The library tells every answer without records as an error, SERVFAIL too.
fn some<T>(found: Result<T, ResolveError>) -> Result<Option<T>, LookupError> {
    let error = match found {
        Ok(found) => return Ok(Some(found)),
        Err(error) => error,
    };
    match error.proto().map(hickory_resolver::proto::ProtoError::kind) {
        Some(ProtoErrorKind::NoRecordsFound { response_code, .. }) => match *response_code {
            ResponseCode::NoError => Ok(None),
            ResponseCode::NXDomain => Err(LookupError::NoSuchDomain),
            _ => Err(LookupError::Temporary(Arc::new(error))),
        },
        _ => Err(LookupError::Temporary(Arc::new(error))),
    }
}
