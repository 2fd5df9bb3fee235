//! The DNS lookups for a delivery.

use core::{fmt, future::Future, net::IpAddr};
use std::sync::Arc;

use hickory_resolver::{
    Name, ResolveError, TokioResolver,
    name_server::{NameServerPool, TokioConnectionProvider},
    proto::{
        ProtoError, ProtoErrorKind,
        op::{Message, Query, ResponseCode},
        rr::{RecordType, rdata},
        xfer::{DnsHandle, DnsRequestOptions, FirstAnswer},
    },
};
use smtp_proto::{address::DomainName, reply::Escaped, route::MxRecord};

/// The longest chain of aliases that is followed: as many as hickory follows.
const MAX_ALIASES: usize = 8;

/// The reason why a lookup failed. A name without records of the requested type is not an error.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LookupError {
    /// The name does not exist (NXDOMAIN).
    NoSuchDomain,
    /// The DNS gave no usable response: SERVFAIL, a time-out, a response that makes no sense, or a name that the
    /// resolver cannot ask for. A later lookup may succeed.
    Temporary(Arc<dyn core::error::Error + Send + Sync>),
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LookupError::NoSuchDomain => f.write_str("no such domain"),
            // It shows names that others have chosen.
            LookupError::Temporary(error) => Escaped(error.to_string().as_bytes()).fmt(f),
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

/// Resolves names in the DNS: hickory's [`TokioResolver`], or a resolver of the caller's own.
///
/// Names are given in the one form of a [`DomainName`], in ASCII, and are always complete: the resolver applies no
/// search list (RFC 5321 5.1). It follows CNAMEs: the records of an alias are those of its target.
///
/// An empty list and [`LookupError::NoSuchDomain`] are permanent: mail is refused at once. Anything doubtful has to be
/// [`LookupError::Temporary`].
///
/// The trait does not report whether a DNS response was secure (DNSSEC). A resolver that knows, as DANE requires (RFC
/// 7672 2.2), can implement [`HostTls`](super::HostTls) as well and use its knowledge there.
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

/// Names are asked for octet for octet. A name without records, or one that does not exist, is asked for
/// once more, because the library reports answers that make no sense in the same way.
impl Resolve for TokioResolver {
    async fn mx(&self, domain: &str) -> Result<Vec<MxRecord>, LookupError> {
        let name = whole(domain)?;
        let found = self.mx_lookup(name.clone()).await;
        let records: Vec<_> = found.iter().flat_map(|found| found.iter().map(record)).collect();
        if records.is_empty() {
            confirm(self, &name, RecordType::MX, found.err()).await?;
        }
        Ok(records)
    }

    /// Families in turn, IPv6 first, so that a limit leaves some of both. One family is enough: the
    /// error of the other counts only where there is none.
    async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, LookupError> {
        let name = whole(host)?;
        let six = self.ipv6_lookup(name.clone()).await;
        let four = self.ipv4_lookup(name.clone()).await;
        let addresses = in_turn(
            six.iter().flat_map(|found| found.iter()).map(|a| IpAddr::V6(a.0)),
            four.iter().flat_map(|found| found.iter()).map(|a| IpAddr::V4(a.0)),
        );
        if !addresses.is_empty() {
            return Ok(addresses);
        }
        let six = confirm(self, &name, RecordType::AAAA, six.err()).await;
        let four = confirm(self, &name, RecordType::A, four.err()).await;
        match (six, four) {
            (Ok(()), Ok(())) => Ok(addresses),
            // What is for now counts more than that there is no such name.
            (Ok(()) | Err(LookupError::NoSuchDomain), Err(error)) | (Err(error), _) => Err(error),
        }
    }
}

fn record(mx: &rdata::MX) -> MxRecord {
    MxRecord::new(mx.preference(), &text(mx.exchange()))
}

/// The labels as they stand. If one has octets that no host name has (a dot, for example), all are
/// escaped, so that the text is not taken for another name.
fn text(name: &Name) -> String {
    let plain = |octet: &u8| octet.is_ascii_alphanumeric() || b"-_".contains(octet);
    if !name.iter().all(|label| label.iter().all(plain)) {
        return name.to_ascii();
    }
    let labels: Vec<_> = name.iter().map(String::from_utf8_lossy).collect();
    labels.join(".")
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

/// A complete name, made label by label: the library's own parser refuses names that exist.
fn whole(name: &str) -> Result<Name, LookupError> {
    let name = DomainName::new(name).map_err(temporary)?;
    Name::from_labels(name.as_str().split('.').map(str::as_bytes)).map_err(temporary)
}

fn temporary(error: impl core::error::Error + Send + Sync + 'static) -> LookupError {
    LookupError::Temporary(Arc::new(error))
}

/// Checks that a name really has no records of this kind; `error` is what the library said. It reports
/// every answer without records as an error, SERVFAIL too.
async fn confirm(
    resolver: &TokioResolver,
    name: &Name,
    kind: RecordType,
    error: Option<ResolveError>,
) -> Result<(), LookupError> {
    let error = error.unwrap_or_else(|| ResolveError::from("the answer makes no sense"));
    let Some(code) = error.proto().and_then(negative) else { return Err(temporary(error)) };
    if !is_without_records(resolver, name, kind).await? {
        return Err(temporary(ResolveError::from("the answer makes no sense")));
    }
    if code == ResponseCode::NXDomain { Err(LookupError::NoSuchDomain) } else { Ok(()) }
}

/// The response code, if it says that there are no records: NOERROR or NXDOMAIN. NOERROR with name servers
/// and without SOA is a referral (RFC 2308 2.2.1): the server asked does not know.
fn negative(error: &ProtoError) -> Option<ResponseCode> {
    let ProtoErrorKind::NoRecordsFound { response_code, ns, soa, .. } = error.kind() else {
        return None;
    };
    match *response_code {
        ResponseCode::NoError if ns.is_some() && soa.is_none() => None,
        code @ (ResponseCode::NoError | ResponseCode::NXDomain) => Some(code),
        _ => None,
    }
}

/// Asks the name servers again and reads their response itself. A response with unrelated records or circular aliases
/// makes no sense.
async fn is_without_records(
    resolver: &TokioResolver,
    name: &Name,
    kind: RecordType,
) -> Result<bool, LookupError> {
    let servers = resolver.config().name_servers().to_vec().into();
    let provider = TokioConnectionProvider::default();
    let servers = NameServerPool::from_config(servers, resolver.options().clone(), provider);
    let mut name = name.clone();
    for _ in 0..MAX_ALIASES {
        let query = Query::query(name.clone(), kind);
        match servers.lookup(query, DnsRequestOptions::default()).first_answer().await {
            Err(error) if negative(&error).is_some() => return Ok(true),
            Err(error) => return Err(temporary(error)),
            Ok(answer) => match target(&name, &answer) {
                Some(target) => name = target,
                None => return Ok(false),
            },
        }
    }
    Ok(false)
}

/// The target of a name that is an alias: the end of the chain in this response.
fn target(name: &Name, answer: &Message) -> Option<Name> {
    let alias_of = |name: &Name| {
        let mut records = answer.answers().iter().filter(|record| record.name() == name);
        records.find_map(|record| record.data().as_cname()).map(|alias| alias.0.clone())
    };
    let first = alias_of(name)?;
    let chain = core::iter::successors(Some(first), alias_of);
    chain.take(answer.answers().len()).last()
}
