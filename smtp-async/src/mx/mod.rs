//! Delivery to the hosts that the DNS names for the recipients' domains (RFC 5321 5.1).
//!
//! ```no_run
//! use smtp_async::{Envelope, mx::{MxDelivery, TokioResolver}, proto::hello::EhloName};
//!
//! # async fn example() -> Result<(), Box<dyn core::error::Error>> {
//! let resolver = TokioResolver::builder_tokio()?.build();
//! let delivery = MxDelivery::new(resolver, EhloName::parse("mail.example.org")?)
//!     // Spreads the load over hosts of equal preference.
//!     .with_seed(std::process::id().into());
//! let envelope = Envelope::new("alice@example.org")?.to("bob@example.net")?.to("carol@example.com")?;
//! let report = delivery.deliver(&envelope, || &b"Subject: Hi\r\n\r\nHello.\r\n"[..]).await;
//! for recipient in report.recipients() {
//!     println!("{}: {:?}", recipient.address, recipient.fate);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! | case | result |
//! |---|---|
//! | several MX records | lower preferences first, equal ones shuffled by the seed |
//! | no MX record | the domain's own addresses |
//! | null MX (RFC 7505), no such domain, no address, myself before all others | refused for good |
//! | hosts on loopback or unspecified addresses | refused for good, unless [allowed](MxDelivery::with_loopback_hosts) |
//! | no response from the DNS, or one that makes no sense; a name that cannot be asked for | refused for now |
//! | `[192.0.2.1]`, `[IPv6:2001:db8::1]` | that address |
//! | a message that requires TLS (RFC 8689), and MX records that are not authenticated | refused for good |
//! | a host fails: unreachable, its greeting refuses, 421, the session breaks | its next address, the next host |
//! | a host refuses a recipient or the message, for good or for now | that is the result |
//! | the content was sent and no reply arrived | [`Fate::Unknown`](crate::Fate::Unknown): a retry could deliver twice |
//!
//! Domains and hosts are compared, looked up and verified in one form, [`DomainName`], and addresses in
//! their canonical one: `b@partner.example` and `c@Partner。example` are of one domain.
//!
//! A sender whose domain has a null MX (RFC 7505 4.2) is the caller's business, and so are queue and
//! notifications: [`MxRecipient::retry`] and [`MxRecipient::enhanced`] say what they need.

mod delivery;
mod lookup;
mod report;
mod session;
mod tls;

use core::{fmt, net::IpAddr, sync::atomic::AtomicU64, time::Duration};

pub use hickory_resolver::{self, TokioResolver};
use smtp_proto::{address::DomainName, client::Timeouts, hello::EhloName};

use crate::Connector;

pub use self::{
    lookup::{LookupError, Resolve},
    report::{Encryption, HostFailure, MxError, MxRecipient, MxReport},
    tls::{HostTls, Opportunistic, Security},
};

/// The maximum number of a domain's hosts to try: the largest providers name five, and a domain that names forty is not
/// better reached at the fortieth. RFC 5321 5.1 asks for two.
const MAX_HOSTS: usize = 8;

/// The maximum number of a domain's hosts, the most preferred first, whose addresses are compared with those of this
/// host. The domain chooses how many hosts there are, and each costs a lookup.
const MAX_OWN_LOOKUPS: usize = 32;

/// The maximum number of a host's addresses to try: two of each family. A host with more is a cluster, whose members
/// fail together.
const MAX_ADDRESSES: usize = 4;

/// The time limit for one lookup by the resolver or by [`HostTls`]. hickory's resolver gives up in a minute at the
/// latest with its default settings: two families, three name servers, two attempts of five seconds.
const LOOKUP_LIMIT: Duration = Duration::from_secs(60);

/// The time limit for connecting to one address. An address at which no host listens would otherwise delay the message
/// for minutes, and there are others to try.
const CONNECT_LIMIT: Duration = Duration::from_secs(30);

type Configure = Box<dyn Fn(Connector) -> Connector + Send + Sync>;

/// Delivers messages to the hosts that the DNS names; see [`mx`](self).
///
/// It is made once and used for many messages, by several tasks at a time. A message's domains are
/// gone to one after the other, each over a connection of its own: who wants them side by side
/// hands in [an envelope for each](smtp_proto::envelope::Envelope::by_domain).
#[must_use]
pub struct MxDelivery<R, T = Opportunistic> {
    resolver: R,
    tls: T,
    name: EhloName,
    own_names: Vec<DomainName>,
    own_addresses: Vec<IpAddr>,
    loopback: bool,
    port: u16,
    /// For the next message.
    seed: AtomicU64,
    hosts: usize,
    addresses: usize,
    lookup_limit: Duration,
    connect_limit: Duration,
    delivery_limit: Option<Duration>,
    configure: Option<Configure>,
}

impl<R: Resolve> MxDelivery<R> {
    /// Delivery to port 25, as `name`, with opportunistic TLS and the time limits of RFC 5321.
    pub fn new(resolver: R, name: EhloName) -> Self {
        Self {
            resolver,
            tls: Opportunistic,
            // An address literal is the name of no host.
            own_names: DomainName::new(name.as_str()).into_iter().collect(),
            name,
            own_addresses: Vec::new(),
            loopback: false,
            port: 25,
            seed: AtomicU64::new(0),
            hosts: MAX_HOSTS,
            addresses: MAX_ADDRESSES,
            lookup_limit: LOOKUP_LIMIT,
            connect_limit: CONNECT_LIMIT,
            delivery_limit: None,
            configure: None,
        }
    }
}

impl<R, T> MxDelivery<R, T> {
    /// Sets how sessions are encrypted, host by host: where DANE and MTA-STS come in.
    ///
    /// With [`TlsPolicy::Opportunistic`](crate::TlsPolicy::Opportunistic), which is what every host
    /// gets unless this is set, a handshake that fails is followed by a second connection to the
    /// same address, in the clear: a host whose TLS is broken would otherwise be worse off than one
    /// without (RFC 7435 3). A message that [requires TLS] gets
    /// [`TlsPolicy::Required`](crate::TlsPolicy::Required) in its place, with the platform's
    /// authorities unless told otherwise, and goes only to hosts whose name is
    /// [authenticated](Security::authenticated_name) (RFC 8689 4.2.1). A notification, from the null
    /// sender, is sent without TLS where there is none.
    ///
    /// [requires TLS]: smtp_proto::envelope::Envelope::with_require_tls
    pub fn with_tls<H: HostTls>(self, tls: H) -> MxDelivery<R, H> {
        MxDelivery {
            resolver: self.resolver,
            tls,
            name: self.name,
            own_names: self.own_names,
            own_addresses: self.own_addresses,
            loopback: self.loopback,
            port: self.port,
            seed: self.seed,
            hosts: self.hosts,
            addresses: self.addresses,
            lookup_limit: self.lookup_limit,
            connect_limit: self.connect_limit,
            delivery_limit: self.delivery_limit,
            configure: self.configure,
        }
    }

    /// Sets the port; 25 unless set.
    pub const fn with_port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets what shuffles hosts of equal preference, for the first message; each message has another
    /// order. RFC 5321 5.1 wants it random: take a number that other processes do not take.
    pub const fn with_seed(mut self, seed: u64) -> Self {
        self.seed = AtomicU64::new(seed);
        self
    }

    /// Adds names by which this host is known in MX records, beside the one it says in EHLO. Mail is
    /// not sent to them, and to no host that is not preferred to them (RFC 5321 5.1). Texts that
    /// are no host names are ignored.
    pub fn with_own_names<N: AsRef<str>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        let names = names.into_iter().flat_map(|name| DomainName::new(name.as_ref()));
        self.own_names.extend(names);
        self
    }

    /// Adds addresses by which this host is known, in any form. With any of them, the addresses of the
    /// 32 most preferred hosts, or of as many as are tried, are looked up before the first is connected
    /// to; those of loopback and the unspecified ones belong to them, unless
    /// [allowed](Self::with_loopback_hosts).
    pub fn with_own_addresses(mut self, addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        self.own_addresses.extend(addresses.into_iter().map(|address| address.to_canonical()));
        self
    }

    /// Allows mail to hosts on addresses of this machine: loopback, `0.0.0.0`, `::`, and these IPv4
    /// addresses in their IPv6 form. Not allowed unless set, neither by MX record nor by address
    /// literal: the owner of any domain could have mail sent to a server that trusts its own machine.
    /// For tests, and for relays that are meant to deliver locally.
    pub const fn with_loopback_hosts(mut self, allowed: bool) -> Self {
        self.loopback = allowed;
        self
    }

    /// Sets how many hosts of a domain are tried, and how many addresses of a host; 8 and 4 unless
    /// set, and one at least.
    pub fn with_limits(mut self, hosts: usize, addresses: usize) -> Self {
        (self.hosts, self.addresses) = (hosts.max(1), addresses.max(1));
        self
    }

    /// Sets how long one address is waited for; 30 seconds unless set.
    pub const fn with_connect_limit(mut self, limit: Duration) -> Self {
        self.connect_limit = limit;
        self
    }

    /// Sets the time limit for one lookup by the resolver or by [`HostTls`]; one minute unless set.
    ///
    /// A result that does not arrive in time is a [temporary](LookupError::Temporary) failure.
    pub const fn with_lookup_limit(mut self, limit: Duration) -> Self {
        self.lookup_limit = limit;
        self
    }

    /// Sets how long [`deliver`](Self::deliver) may take in all: every lookup, connection and session, of every domain.
    /// Those that it did not come to by then are for [later](crate::Retry::Later). Unless set, only the limits of the parts
    /// hold: a minute for each answer of the resolver's, the one for each address, those within a session.
    pub const fn with_delivery_limit(mut self, limit: Duration) -> Self {
        self.delivery_limit = Some(limit);
        self
    }

    /// Sets how long each wait within a session may take; RFC 5321 4.5.3.2 unless set.
    pub fn with_timeouts(self, timeouts: Timeouts) -> Self {
        self.configure(move |connector| connector.with_timeouts(timeouts))
    }

    /// Changes what a session is like: transcript, capability mask, buffers. Name and TLS are set
    /// behind it. Changes add up.
    pub fn configure(
        mut self,
        change: impl Fn(Connector) -> Connector + Send + Sync + 'static,
    ) -> Self {
        self.configure = Some(match self.configure.take() {
            Some(before) => Box::new(move |connector| change(before(connector))),
            None => Box::new(change),
        });
        self
    }
}

impl<R, T> fmt::Debug for MxDelivery<R, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MxDelivery")
            .field("name", &self.name)
            .field("own_names", &self.own_names)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}
