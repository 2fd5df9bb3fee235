//! Hosts that are this very machine: not gone to unless the caller allows it.
#![cfg(feature = "mx")]

mod mx_support;

use std::net::IpAddr;

use smtp_async::{
    Retry, Status,
    mx::{LookupError, MxDelivery, MxError, MxReport, Resolve},
    proto::route::{MxRecord, RouteError},
};

use mx_support::hosts::{Hosts, count, deliver, host, only};

/// Every domain has the hosts `mx0`, `mx1` and so on, of these addresses.
#[derive(Clone)]
struct Named(Vec<IpAddr>);

impl Named {
    fn new(addresses: &[&str]) -> Self {
        Self(addresses.iter().map(|address| address.parse().expect("an address")).collect())
    }
}

impl Resolve for Named {
    async fn mx(&self, _: &str) -> Result<Vec<MxRecord>, LookupError> {
        let hosts = 0..u16::try_from(self.0.len()).expect("few");
        Ok(hosts.map(|host| MxRecord::new(host, &format!("mx{host}"))).collect())
    }

    async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, LookupError> {
        let place: usize = host[2..].parse().expect("one of them");
        Ok(vec![self.0[place]])
    }
}

const LOCAL: [&str; 8] = [
    "127.0.0.1",
    "127.0.0.2",
    "127.255.255.254",
    "::1",
    "0.0.0.0",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:0.0.0.0",
];

#[track_caller]
fn assert_refused(report: &MxReport, error: RouteError, what: &str) {
    let recipient = only(report);
    let fate = (recipient.status(), recipient.retry());
    assert_eq!(fate, (Status::Rejected, Some(Retry::Never)), "{what}: {recipient:?}");
    assert_eq!(recipient.enhanced().map(|code| code.to_string()).as_deref(), Some("5.4.6"));
    let Some(MxError::Route(found)) = recipient.error else { panic!("{what}: {recipient:?}") };
    assert_eq!(found, error, "{what}");
}

fn strict<R: Resolve>(hosts: &Hosts, resolver: R) -> MxDelivery<R> {
    hosts.delivery_by(resolver).with_loopback_hosts(false)
}

#[tokio::test]
async fn a_host_on_this_machine_is_not_gone_to() {
    let mut hosts = Hosts::new();
    let store = hosts.server(1);
    for address in LOCAL {
        let delivery = strict(&hosts, Named::new(&[address]));
        let report = deliver(&delivery, &["b@example.net"]).await;
        assert_refused(&report, RouteError::LocalAddress, address);
        let literal =
            if address.contains(':') { format!("IPv6:{address}") } else { address.into() };
        let report = deliver(&delivery, &[&format!("b@[{literal}]")]).await;
        assert_refused(&report, RouteError::LocalAddress, &literal);
    }
    assert_eq!(count(&store), 0);
}

#[tokio::test]
async fn localhost_is_not_gone_to() {
    let mut hosts = Hosts::new();
    let store = hosts.server(1);
    // The resolver knows it without asking.
    for zone in [
        hosts.zone(&[]).mx("example.net", 0, "localhost"),
        hosts.zone(&[]).address("example.net", hosts.address(1)),
        hosts.zone(&[]).cname("example.net", "localhost"),
    ] {
        let delivery = strict(&hosts, zone.resolver());
        let report = deliver(&delivery, &["b@example.net"]).await;
        assert_refused(&report, RouteError::LocalAddress, "localhost");
    }
    assert_eq!(count(&store), 0);
}

#[tokio::test]
async fn a_host_on_this_machine_is_passed_over_for_others() {
    let mut hosts = Hosts::new();
    let store = hosts.server(1);
    let zone = hosts.zone(&[1]).mx("example.net", 5, "localhost");
    let delivery = strict(&hosts, zone.resolver());
    let report = deliver(&delivery, &["b@example.net"]).await;
    // The other is on this machine, too.
    assert_refused(&report, RouteError::LocalAddress, "both");
    assert_eq!(report.failures().len(), 2);
    // Of a host's addresses those that are elsewhere are tried.
    let zone = hosts.zone(&[]).address("example.net", hosts.address(1));
    let zone = zone.address("example.net", IpAddr::from([192, 0, 2, 1]));
    let delivery = strict(&hosts, zone.resolver()).with_connect_limit(core::time::Duration::ZERO);
    let report = deliver(&delivery, &["b@example.net"]).await;
    assert_eq!(only(&report).retry(), Some(Retry::Later));
    assert_eq!(report.failures()[0].address, Some(IpAddr::from([192, 0, 2, 1])));
    assert_eq!(count(&store), 0);
}

#[tokio::test]
async fn no_form_of_my_address_slips_by_the_check_for_loops() {
    let own = |address: &str| [address.parse::<IpAddr>().expect("an address")];
    for (mine, theirs) in [
        ("192.0.2.1", "::ffff:192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
    ] {
        let delivery = strict(&Hosts::new(), Named::new(&[theirs])).with_own_addresses(own(mine));
        let report = deliver(&delivery, &["b@example.net"]).await;
        assert_refused(&report, RouteError::MailLoop, theirs);
        let literal = if theirs.contains(':') { format!("IPv6:{theirs}") } else { theirs.into() };
        let report = deliver(&delivery, &[&format!("b@[{literal}]")]).await;
        assert_refused(&report, RouteError::MailLoop, theirs);
    }
    // Loopback belongs to them: what is not preferred to it is not gone to.
    for address in LOCAL {
        let named = Named::new(&[address, "192.0.2.9"]);
        let delivery = strict(&Hosts::new(), named).with_own_addresses(own("192.0.2.1"));
        let report = deliver(&delivery, &["b@example.net"]).await;
        assert_refused(&report, RouteError::MailLoop, address);
    }
}

#[tokio::test]
async fn who_allows_it_may_send_to_this_machine() {
    let mut hosts = Hosts::new();
    let store = hosts.server(1);
    let address = hosts.address(1).to_string();
    let delivery = hosts.delivery_by(Named::new(&[&address]));
    let report = deliver(&delivery, &["b@example.net"]).await;
    assert_eq!((only(&report).status(), host(only(&report))), (Status::Accepted, "mx0"));
    let report = deliver(&delivery, &[&format!("b@[IPv6:::ffff:{address}]")]).await;
    assert_eq!((only(&report).status(), host(only(&report))), (Status::Accepted, &*address));
    assert_eq!(count(&store), 2);
}
