//! SMTP servers on addresses of loopback, all on one port.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener},
    sync::{
        OnceLock,
        atomic::{AtomicU8, Ordering},
    },
};

use smtp_async::{
    Envelope,
    mx::{HostTls, MxDelivery, MxRecipient, MxReport, Resolve, TokioResolver},
    proto::hello::EhloName,
};
use smtp_sync::server::{Faults, Server, ServerBuilder, Store};

use super::dns::Zone;

pub const CONTENT: &[u8] = b"Subject: x\r\n\r\nHello.\r\n";

/// The second octet of this process's addresses, 127.x.0.0/16, which no run beside this one has: whoever holds the port
/// below does.
fn own_network() -> u8 {
    const LOCK: u16 = 9025;
    static OWN: OnceLock<(TcpListener, u8)> = OnceLock::new();
    let lock = |x: u8| Some((TcpListener::bind((Ipv4Addr::new(127, x, 0, 1), LOCK)).ok()?, x));
    OWN.get_or_init(|| (64..=254).find_map(lock).expect("a network that is free")).1
}

/// The hosts of one test; each test has a network of its own.
pub struct Hosts {
    network: u8,
    port: u16,
    servers: Vec<Server>,
}

impl Hosts {
    pub fn new() -> Self {
        static NETWORKS: AtomicU8 = AtomicU8::new(1);
        Self { network: NETWORKS.fetch_add(1, Ordering::Relaxed), port: 0, servers: Vec::new() }
    }

    /// An address, be there a server or not.
    pub fn address(&self, host: u8) -> IpAddr {
        Ipv4Addr::new(127, own_network(), self.network, host).into()
    }

    pub fn server(&mut self, host: u8) -> Store {
        self.server_with(host, Faults::new(), Store::new())
    }

    pub fn faulty(&mut self, host: u8, faults: Faults) -> Store {
        self.server_with(host, faults, Store::new())
    }

    pub fn server_with(&mut self, host: u8, faults: Faults, store: Store) -> Store {
        self.built(host, Server::builder().with_faults(faults), store)
    }

    pub fn built(&mut self, host: u8, builder: ServerBuilder, store: Store) -> Store {
        let address = SocketAddr::new(self.address(host), self.port);
        let server =
            Server::bind(builder.with_address(address), store.clone()).expect("an address");
        self.port = server.address().port();
        self.servers.push(server);
        store
    }

    /// `example.net` with a host for each number, named `mx1`, `mx2` and so on, in that order.
    pub fn zone(&self, hosts: &[u8]) -> Zone {
        hosts.iter().fold(Zone::new(), |zone, &host| {
            let name = format!("mx{host}.example.net");
            zone.mx("example.net", u16::from(host) * 10, &name).address(&name, self.address(host))
        })
    }

    pub fn delivery(&self, zone: Zone) -> MxDelivery<TokioResolver> {
        self.delivery_by(zone.resolver())
    }

    pub fn delivery_by<R: Resolve>(&self, resolver: R) -> MxDelivery<R> {
        // A port where nobody listens, if there is no server at all.
        let port = if self.port == 0 { 1 } else { self.port };
        let name = EhloName::parse("client.example.org").expect("a name");
        MxDelivery::new(resolver, name).with_port(port).with_loopback_hosts(true)
    }

    pub async fn deliver(&self, zone: Zone, recipients: &[&str]) -> MxReport {
        deliver(&self.delivery(zone), recipients).await
    }
}

pub async fn deliver<R: Resolve, T: HostTls>(
    delivery: &MxDelivery<R, T>,
    recipients: &[&str],
) -> MxReport {
    delivery.deliver(&envelope(recipients), || CONTENT).await
}

pub fn envelope(recipients: &[&str]) -> Envelope {
    let envelope = Envelope::new("a@example.org").expect("an address");
    recipients.iter().fold(envelope, |envelope, to| envelope.to(to).expect("an address"))
}

/// How many messages came.
pub fn count(store: &Store) -> usize {
    store.messages().len()
}

#[track_caller]
pub fn only(report: &MxReport) -> &MxRecipient {
    assert_eq!(report.recipients().len(), 1);
    &report.recipients()[0]
}

pub fn host(recipient: &MxRecipient) -> &str {
    recipient.host.as_deref().unwrap_or_default()
}

/// The hosts that failed, in order.
pub fn failed(report: &MxReport) -> Vec<&str> {
    report.failures().iter().map(|failure| &*failure.host).collect()
}
