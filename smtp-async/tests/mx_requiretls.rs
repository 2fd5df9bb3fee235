//! Messages that require TLS all the way (RFC 8689).
#![cfg(all(feature = "mx", feature = "tls"))]

mod mx_support;

use core::future::{Future, ready};

use smtp_async::{
    Envelope, Retry, Status, TlsConfig, TlsPolicy,
    mx::{Encryption, HostTls, MxError, MxReport, Security},
    proto::{
        hello::{EhloName, Extension},
        route::RouteError,
        server,
    },
};
use smtp_sync::server::Store;

use mx_support::{
    dns::Zone,
    hosts::{CONTENT, Hosts, count, envelope, host, only},
    tls::{Fixed, broken, secure},
};

fn requiring() -> Envelope {
    envelope(&["b@example.net"]).with_require_tls()
}

fn required(trust: &TlsConfig) -> Security {
    Security::new(TlsPolicy::Required).with_config(trust.clone())
}

async fn sent(hosts: &Hosts, zone: Zone, tls: impl HostTls, envelope: &Envelope) -> MxReport {
    hosts.delivery(zone).with_tls(tls).deliver(envelope, || CONTENT).await
}

fn enhanced(report: &MxReport) -> Option<String> {
    only(report).enhanced().map(|code| code.to_string())
}

#[tokio::test]
async fn nothing_goes_to_a_host_that_an_unauthenticated_mx_names() {
    let mut hosts = Hosts::new();
    let (server, trust) = secure("mx1.example.net");
    let store = hosts.built(1, server, Store::new());
    let policies = [
        required(&trust),
        Security::new(TlsPolicy::Opportunistic).with_config(trust.clone()),
        Security::new(TlsPolicy::Opportunistic),
        Security::new(TlsPolicy::None),
    ];
    for security in policies {
        let report = sent(&hosts, hosts.zone(&[1]), Fixed(Some(security)), &requiring()).await;
        let recipient = only(&report);
        assert_eq!((recipient.status(), recipient.retry()), (Status::Rejected, Some(Retry::Never)));
        assert_eq!(enhanced(&report).as_deref(), Some("5.7.30"));
        let error = &recipient.error;
        assert!(matches!(error, Some(MxError::Route(RouteError::UnauthenticatedMx))), "{error:?}");
        assert_eq!(recipient.encryption, None, "it was not even connected to");
    }
    assert_eq!(count(&store), 0);
}

#[tokio::test]
async fn a_host_whose_name_is_authenticated_gets_the_message() {
    let mut hosts = Hosts::new();
    let (server, trust) = secure("mx1.example.net");
    let store = hosts.built(1, server, Store::new());
    for policy in [TlsPolicy::Required, TlsPolicy::Opportunistic] {
        let security = Security::new(policy).with_config(trust.clone()).with_authenticated_name();
        let report = sent(&hosts, hosts.zone(&[1]), Fixed(Some(security)), &requiring()).await;
        assert!(report.is_delivered(), "{report:?}");
        assert!(only(&report).encryption.is_some_and(Encryption::is_verified));
    }
    assert_eq!(count(&store), 2);
    assert!(store.messages().iter().all(|message| message.tls));
}

#[tokio::test]
async fn a_domain_that_is_its_own_host_is_named_by_nobody_else() {
    let mut hosts = Hosts::new();
    let (server, trust) = secure("example.net");
    let store = hosts.built(1, server, Store::new());
    let zone = Zone::new().address("example.net", hosts.address(1));
    let report = sent(&hosts, zone, Fixed(Some(required(&trust))), &requiring()).await;
    assert!(report.is_delivered(), "{report:?}");
    assert_eq!(count(&store), 1);
}

/// Vouches for one host.
struct Voucher(Security);

impl HostTls for Voucher {
    fn security(&self, _: &str, host: &str) -> impl Future<Output = Option<Security>> + Send {
        let known = host == "mx2.example.net";
        let security = self.0.clone();
        ready(Some(if known { security.with_authenticated_name() } else { security }))
    }
}

#[tokio::test]
async fn the_next_host_is_tried() {
    let mut hosts = Hosts::new();
    let one = hosts.server(1);
    let (server, trust) = secure("mx2.example.net");
    let two = hosts.built(2, server, Store::new());
    let report = sent(&hosts, hosts.zone(&[1, 2]), Voucher(required(&trust)), &requiring()).await;
    assert!(report.is_delivered(), "{report:?}");
    assert_eq!((host(only(&report)), count(&one), count(&two)), ("mx2.example.net", 0, 1));
}

#[tokio::test]
async fn a_message_that_requires_tls_goes_to_nobody_unverified() {
    let mut hosts = Hosts::new();
    let store = hosts.built(1, secure("mx1.example.net").0, Store::new());
    let broken = hosts.faulty(2, broken());
    let anybody = TlsConfig::dangerous_accept_any_certificate().expect("settings");
    let policies = [
        Security::new(TlsPolicy::Opportunistic),
        Security::new(TlsPolicy::Required),
        Security::new(TlsPolicy::None),
        required(&anybody),
        Security::new(TlsPolicy::Opportunistic).with_config(anybody),
    ];
    for security in policies {
        let security = Some(security.with_authenticated_name());
        let report = sent(&hosts, hosts.zone(&[1, 2]), Fixed(security), &requiring()).await;
        let recipient = only(&report);
        let fate = (recipient.status(), recipient.retry());
        assert_eq!(fate, (Status::NotAttempted, Some(Retry::Later)), "{recipient:?}");
    }
    assert_eq!((count(&store), count(&broken)), (0, 0));
}

#[tokio::test]
async fn a_host_without_requiretls_is_passed_over() {
    let mut hosts = Hosts::new();
    let (server, trust) = secure("mx1.example.net");
    let mut extensions = server::Config::SUPPORTED;
    extensions.remove(Extension::RequireTls);
    let config = server::Config::new(EhloName::LOCALHOST)
        .with_tls(server::TlsPolicy::Offered)
        .with_extensions(extensions);
    let store = hosts.built(1, server.with_config(config), Store::new());
    let security = required(&trust).with_authenticated_name();
    let report = sent(&hosts, hosts.zone(&[1]), Fixed(Some(security)), &requiring()).await;
    assert_eq!(enhanced(&report).as_deref(), Some("5.7.30"), "{report:?}");
    assert_eq!(only(&report).retry(), Some(Retry::Never));
    assert_eq!(count(&store), 0);
}

#[tokio::test]
async fn a_notification_goes_where_it_can() {
    let mut hosts = Hosts::new();
    let secure = hosts.built(1, secure("elsewhere.example").0, Store::new());
    let clear = hosts.server(2);
    let notification = Envelope::new("").and_then(|envelope| envelope.to("b@example.net"));
    let notification = notification.expect("addresses").with_require_tls();
    for host in [1, 2] {
        let delivery = hosts.delivery(hosts.zone(&[host]));
        let report = delivery.deliver(&notification, || CONTENT).await;
        assert!(report.is_delivered(), "{report:?}");
    }
    assert!(secure.messages()[0].tls && !clear.messages()[0].tls);
}
