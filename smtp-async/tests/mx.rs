//! Where mail goes (RFC 5321 5.1): a DNS server and SMTP servers on loopback.
#![cfg(feature = "mx")]

mod mx_support;

use smtp_async::{Retry, Status};

use mx_support::{
    dns::Zone,
    hosts::{Hosts, count, deliver, failed, host, only},
};

#[tokio::test]
async fn the_most_preferred_host_gets_the_message() {
    let mut hosts = Hosts::new();
    let (one, two) = (hosts.server(1), hosts.server(2));
    let report = hosts.deliver(hosts.zone(&[2, 1]), &["b@example.net"]).await;
    assert!(report.is_delivered());
    assert_eq!(host(only(&report)), "mx1.example.net");
    assert_eq!((count(&one), count(&two)), (1, 0));
    assert_eq!(one.messages()[0].hello, "client.example.org");
}

#[tokio::test]
async fn equal_hosts_share_the_load_by_the_seed() {
    let mut hosts = Hosts::new();
    let stores = [hosts.server(1), hosts.server(2)];
    let zone = Zone::new()
        .mx("example.net", 10, "one.example.net")
        .mx("example.net", 10, "two.example.net")
        .address("one.example.net", hosts.address(1))
        .address("two.example.net", hosts.address(2));
    let resolver = zone.resolver();
    let delivery = hosts.delivery_by(&resolver);
    for _ in 0..20 {
        assert!(deliver(&delivery, &["b@example.net"]).await.is_delivered());
    }
    assert!(stores.iter().all(|store| count(store) > 0));
    let before = count(&stores[0]);
    for _ in 0..5 {
        let delivery = hosts.delivery_by(&resolver).with_seed(7);
        assert!(deliver(&delivery, &["b@example.net"]).await.is_delivered());
    }
    assert!([0, 5].contains(&(count(&stores[0]) - before)));
}

#[tokio::test]
async fn without_mx_the_domains_own_address_is_the_host() {
    let mut hosts = Hosts::new();
    let store = hosts.server(1);
    let zone = Zone::new().address("example.net", hosts.address(1));
    let report = hosts.deliver(zone, &["b@example.net"]).await;
    assert_eq!(host(only(&report)), "example.net");
    assert_eq!(count(&store), 1);
}

#[tokio::test]
async fn with_mx_the_domains_own_address_is_not_used() {
    let mut hosts = Hosts::new();
    let store = hosts.server(1);
    let zone = hosts.zone(&[2]).address("example.net", hosts.address(1));
    let report = hosts.deliver(zone, &["b@example.net"]).await;
    assert_eq!(
        (only(&report).status(), only(&report).retry()),
        (Status::NotAttempted, Some(Retry::Later))
    );
    assert_eq!(count(&store), 0);
}

#[tokio::test]
async fn an_alias_has_the_hosts_of_its_target() {
    let mut hosts = Hosts::new();
    let store = hosts.server(1);
    let zone = hosts.zone(&[1]).cname("alias.example.org", "example.net");
    let report = hosts.deliver(zone, &["b@alias.example.org"]).await;
    assert_eq!(host(only(&report)), "mx1.example.net");
    // Its own address, where the target has no MX; and an MX that names an alias.
    let zone = Zone::new()
        .cname("alias.example.org", "target.example.org")
        .address("target.example.org", hosts.address(1))
        .mx("example.com", 10, "alias.example.org");
    let recipients = ["b@alias.example.org", "c@example.com"];
    assert!(hosts.deliver(zone, &recipients).await.is_delivered());
    assert_eq!(count(&store), 3);
}

#[tokio::test]
async fn a_domain_beyond_ascii_is_asked_for_by_its_a_labels() {
    let mut hosts = Hosts::new();
    let store = hosts.server(1);
    let zone = Zone::new()
        .mx("xn--bcher-kva.example", 10, "mx.example.net")
        .address("mx.example.net", hosts.address(1));
    let recipients = ["b@xn--bcher-kva.example", "b@bücher.example"];
    assert!(hosts.deliver(zone, &recipients).await.is_delivered());
    assert_eq!(store.messages()[0].recipients, recipients, "one domain, one transaction");
}

#[tokio::test]
async fn an_address_literal_is_gone_to_without_a_lookup() {
    let mut hosts = Hosts::new();
    let store = hosts.server(1);
    let address = hosts.address(1).to_string();
    let report = hosts.deliver(Zone::new(), &[&format!("b@[{address}]")]).await;
    assert_eq!(host(only(&report)), address);
    assert_eq!(count(&store), 1);
    let report = hosts.deliver(Zone::new(), &["b@[IPv6:::1]"]).await;
    assert_eq!((only(&report).status(), host(only(&report))), (Status::NotAttempted, "::1"));
}

#[tokio::test]
async fn an_mx_host_without_an_address_is_passed_over() {
    let mut hosts = Hosts::new();
    let store = hosts.server(1);
    let zone = hosts.zone(&[1]).mx("example.net", 5, "gone.example.net");
    assert!(hosts.deliver(zone, &["b@example.net"]).await.is_delivered());
    assert_eq!(count(&store), 1);
}

#[tokio::test]
async fn an_mx_host_that_cannot_be_looked_up_now_leaves_the_next() {
    let mut hosts = Hosts::new();
    let store = hosts.server(1);
    let zone = hosts.zone(&[1]).mx("example.net", 5, "mx.example.org").servfail("mx.example.org");
    assert!(hosts.deliver(zone, &["b@example.net"]).await.is_delivered());
    assert_eq!(count(&store), 1);
}

#[tokio::test]
async fn of_forty_hosts_eight_are_tried() {
    let hosts = Hosts::new();
    let all: Vec<u8> = (1..=40).collect();
    let report = hosts.deliver(hosts.zone(&all), &["b@example.net"]).await;
    let first: Vec<_> = (1..=8).map(|host| format!("mx{host}.example.net")).collect();
    assert_eq!(failed(&report), first);
    assert_eq!(only(&report).retry(), Some(Retry::Later));
}

#[tokio::test]
async fn a_hosts_addresses_are_tried_in_turn_up_to_four() {
    let mut hosts = Hosts::new();
    let store = hosts.server(9);
    let mut zone = Zone::new().mx("example.net", 10, "mx.example.net");
    for host in [1, 9] {
        zone = zone.address("mx.example.net", hosts.address(host));
    }
    assert!(hosts.deliver(zone.clone(), &["b@example.net"]).await.is_delivered());
    for host in 2..9 {
        zone = zone.address("mx.example.net", hosts.address(host));
    }
    let delivery = hosts.delivery(zone).with_limits(8, 1);
    assert_eq!(deliver(&delivery, &["b@example.net"]).await.failures().len(), 1);
    assert_eq!(count(&store), 1);
    let zone =
        (1..9).fold(Zone::new(), |zone, host| zone.address("example.net", hosts.address(host)));
    let report = hosts.deliver(zone, &["b@example.net"]).await;
    assert_eq!(report.failures().len(), 4);
}

#[tokio::test]
async fn recipients_go_by_domain_in_one_transaction_each() {
    let mut hosts = Hosts::new();
    let (one, two) = (hosts.server(1), hosts.server(2));
    let zone = hosts
        .zone(&[1])
        .mx("example.com", 10, "mx2.example.com")
        .address("mx2.example.com", hosts.address(2));
    let recipients = ["a@example.net", "b@example.com", "c@EXAMPLE.NET", "d@gone.example"];
    let report = hosts.deliver(zone, &recipients).await;
    let of: Vec<_> = report.recipients().iter().map(|to| (&*to.address, host(to))).collect();
    assert_eq!(
        of,
        [
            ("a@example.net", "mx1.example.net"),
            ("b@example.com", "mx2.example.com"),
            ("c@EXAMPLE.NET", "mx1.example.net"),
            ("d@gone.example", ""),
        ]
    );
    assert_eq!(report.recipients()[3].status(), Status::Rejected);
    assert_eq!(one.messages()[0].recipients, ["a@example.net", "c@EXAMPLE.NET"]);
    assert_eq!(two.messages()[0].recipients, ["b@example.com"]);
}

#[tokio::test]
async fn a_delivery_can_be_a_task() {
    let hosts = Hosts::new();
    let delivery = hosts.delivery(hosts.zone(&[1]));
    let task = tokio::spawn(async move { deliver(&delivery, &["b@example.net"]).await });
    assert_eq!(task.await.expect("no panic").failures().len(), 1);
}
