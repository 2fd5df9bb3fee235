//! Domains for which there is no host to go to, for good or for now.
#![cfg(feature = "mx")]

mod mx_support;

use std::{
    net::IpAddr,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use smtp_async::{
    Retry, Status,
    mx::{LookupError, MxError, MxReport, Resolve},
    proto::route::{MxRecord, RouteError},
};

use mx_support::{
    dns::Zone,
    hosts::{Hosts, count, deliver, failed, host, only},
};

/// What is said of a domain for which there is no host to go to.
#[track_caller]
fn assert_unroutable(report: &MxReport, error: RouteError, code: &str) {
    let recipient = only(report);
    assert_eq!(recipient.status(), Status::Rejected);
    assert_eq!(recipient.retry(), Some(Retry::Never));
    assert_eq!(recipient.enhanced().map(|code| code.to_string()).as_deref(), Some(code));
    let Some(MxError::Route(found)) = &recipient.error else { panic!("{recipient:?}") };
    assert_eq!(*found, error);
}

#[tokio::test]
async fn null_mx_rejects_for_good() {
    let mut hosts = Hosts::new();
    let store = hosts.server(1);
    let zone = Zone::new().mx("example.net", 0, ".").address("example.net", hosts.address(1));
    let report = hosts.deliver(zone, &["b@example.net"]).await;
    assert_unroutable(&report, RouteError::NullMx, "5.1.10");
    assert_eq!(count(&store), 0);
}

#[tokio::test]
async fn an_address_literal_of_another_kind_rejects_for_good() {
    let report = Hosts::new().deliver(Zone::new(), &["b@[tag:content]"]).await;
    assert_unroutable(&report, RouteError::UnknownLiteral, "5.1.2");
}

#[tokio::test]
async fn the_bare_postmaster_has_no_host() {
    let report = Hosts::new().deliver(Zone::new(), &["Postmaster"]).await;
    assert_unroutable(&report, RouteError::NoDomain, "5.1.2");
}

#[tokio::test]
async fn mail_is_not_sent_to_myself_nor_to_hosts_behind_me() {
    let mut hosts = Hosts::new();
    let stores = [1, 2, 3].map(|host| hosts.server(host));
    let delivery = hosts.delivery(hosts.zone(&[1, 2, 3])).with_own_names(["MX1.example.net."]);
    let report = deliver(&delivery, &["b@example.net"]).await;
    assert_unroutable(&report, RouteError::MailLoop, "5.4.6");
    assert!(stores.iter().all(|store| count(store) == 0));
    let delivery = hosts.delivery(hosts.zone(&[1, 2, 3])).with_own_names(["mx2.example.net"]);
    assert_eq!(host(only(&deliver(&delivery, &["b@example.net"]).await)), "mx1.example.net");
}

#[tokio::test]
async fn i_am_known_by_my_addresses_too() {
    let mut hosts = Hosts::new();
    let store = hosts.server(1);
    let delivery = hosts.delivery(hosts.zone(&[1, 2])).with_own_addresses([hosts.address(1)]);
    let literal = format!("b@[{}]", hosts.address(1));
    for recipient in ["b@example.net", &literal] {
        let report = deliver(&delivery, &[recipient]).await;
        assert_unroutable(&report, RouteError::MailLoop, "5.4.6");
    }
    assert_eq!(count(&store), 0);
}

/// A domain with a thousand hosts; counts how many are looked up.
struct Crowd(AtomicUsize);

impl Resolve for Crowd {
    async fn mx(&self, _: &str) -> Result<Vec<MxRecord>, LookupError> {
        let hosts = (0..1000_u16).rev();
        Ok(hosts.map(|host| MxRecord::new(host, &format!("mx{host}.example.net"))).collect())
    }

    async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, LookupError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        let own = host == "mx0.example.net";
        Ok(if own { vec![IpAddr::from([127, 0, 0, 9])] } else { Vec::new() })
    }
}

#[tokio::test]
async fn a_domain_cannot_have_me_look_for_myself_among_a_thousand_hosts() {
    let crowd = Crowd(AtomicUsize::new(0));
    let own = IpAddr::from([127, 0, 0, 9]);
    let delivery = Hosts::new().delivery_by(&crowd).with_own_addresses([own]);
    let report = deliver(&delivery, &["b@example.net"]).await;
    assert_unroutable(&report, RouteError::MailLoop, "5.4.6");
    assert_eq!(crowd.0.load(Ordering::Relaxed), 32);
}

#[tokio::test]
async fn a_domain_that_does_not_exist_rejects_for_good() {
    let report = Hosts::new().deliver(Zone::new(), &["b@example.net"]).await;
    assert_unroutable(&report, RouteError::NoSuchDomain, "5.1.2");
    let zone = Zone::new().cname("example.net", "gone.example.net");
    let report = Hosts::new().deliver(zone, &["b@example.net"]).await;
    assert_unroutable(&report, RouteError::NoSuchDomain, "5.1.2");
}

#[tokio::test]
async fn a_domain_without_an_address_rejects_for_good() {
    let report = Hosts::new().deliver(Zone::new().name("example.net"), &["b@example.net"]).await;
    assert_unroutable(&report, RouteError::NoAddress, "5.4.4");
}

#[tokio::test]
async fn mx_hosts_without_an_address_reject_for_good() {
    let zone = Zone::new()
        .mx("example.net", 10, "gone.example.net")
        .mx("example.net", 20, "bare.example.net")
        .name("bare.example.net");
    let report = Hosts::new().deliver(zone, &["b@example.net"]).await;
    assert_unroutable(&report, RouteError::NoUsableMx, "5.4.4");
    assert_eq!(failed(&report), ["gone.example.net", "bare.example.net"]);
}

#[tokio::test]
async fn a_dns_failure_defers() {
    let patience = Duration::from_millis(100);
    for zone in [
        Zone::new().servfail("example.net"),
        Zone::new().silence("example.net"),
        Zone::new().mx("example.net", 10, "mx.example.net").servfail("mx.example.net"),
    ] {
        let delivery = Hosts::new().delivery_by(zone.resolver_with_patience(patience));
        let report = deliver(&delivery, &["b@example.net"]).await;
        let recipient = only(&report);
        assert_eq!((recipient.status(), recipient.retry()), (Status::Deferred, Some(Retry::Later)));
        assert_eq!(recipient.enhanced().map(|code| code.to_string()).as_deref(), Some("4.4.3"));
    }
}

#[tokio::test]
async fn a_name_is_not_completed_by_the_search_list() {
    let mut hosts = Hosts::new();
    let store = hosts.server(1);
    let zone = Zone::new()
        .address("example.net.search.example", hosts.address(1))
        .address("net.search.example", hosts.address(1));
    for recipient in ["b@example.net", "b@net"] {
        let report = hosts.deliver(zone.clone(), &[recipient]).await;
        assert_unroutable(&report, RouteError::NoSuchDomain, "5.1.2");
    }
    assert_eq!(count(&store), 0);
}
