//! Delivery with TLS, without, and with TLS that does not work.
#![cfg(all(feature = "mx", feature = "tls"))]

mod mx_support;

use core::future::{Future, ready};
use std::sync::Arc;

use rustls::{ServerConfig, crypto::ring, pki_types::PrivatePkcs8KeyDer};
use smtp_async::{
    Retry, Status, TlsConfig, TlsPolicy,
    mx::{HostTls, MxError, MxReport, Security},
    proto::{hello::EhloName, server},
};
use smtp_sync::{Faults, Server, ServerBuilder, Store};

use mx_support::{
    dns::Zone,
    hosts::{CONTENT, Hosts, count, deliver, envelope},
};

fn statuses(report: &MxReport) -> Vec<Status> {
    report.recipients().iter().map(|recipient| recipient.status()).collect()
}

/// A server with a certificate of `name` that nobody vouches for, and who does all the same.
fn secure(name: &str) -> (ServerBuilder, TlsConfig) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).expect("a name");
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .expect("a key");
    let config = server::Config::new(EhloName::LOCALHOST)
        .with_tls(server::TlsPolicy::Offered)
        .with_extensions(server::Config::SUPPORTED);
    let trust = TlsConfig::with_anchors([made.cert.der().clone()]).expect("an anchor");
    (Server::builder().with_config(config).with_tls(Arc::new(tls)), trust)
}

/// Offers STARTTLS and answers the handshake in the clear.
fn broken() -> Faults {
    Faults::new().with_keyword("STARTTLS").with_reply("STARTTLS", "220 2.0.0 Go on")
}

struct Fixed(Option<Security>);

impl HostTls for Fixed {
    fn security(&self, _: &str, _: &str) -> impl Future<Output = Option<Security>> + Send {
        ready(self.0.clone())
    }
}

#[tokio::test]
async fn tls_is_used_where_it_is_offered_whoever_answers() {
    let mut hosts = Hosts::new();
    let store = hosts.built(1, secure("elsewhere.example").0, Store::new());
    assert!(hosts.deliver(hosts.zone(&[1]), &["b@example.net"]).await.is_delivered());
    assert!(store.messages()[0].tls);
}

#[tokio::test]
async fn a_failed_handshake_is_followed_by_a_session_in_the_clear() {
    let dropped = Faults::new().with_keyword("STARTTLS").with_drop("STARTTLS");
    for faults in [broken(), dropped] {
        let mut hosts = Hosts::new();
        let store = hosts.faulty(1, faults);
        let report = hosts.deliver(hosts.zone(&[1]), &["b@example.net"]).await;
        assert!(report.is_delivered(), "{report:?}");
        assert!(!store.messages()[0].tls);
    }
}

#[tokio::test]
async fn octets_behind_starttls_are_not_followed_by_a_session_in_the_clear() {
    let mut hosts = Hosts::new();
    let injected = broken().with_octets_behind("STARTTLS", "250 Ok\r\n");
    let store = hosts.faulty(1, injected);
    let report = hosts.deliver(hosts.zone(&[1]), &["b@example.net"]).await;
    assert_eq!(statuses(&report), [Status::NotAttempted]);
    assert_eq!(count(&store), 0);
}

#[tokio::test]
async fn required_tls_is_never_given_up() {
    let policies = [
        Security::new(TlsPolicy::Required),
        Security::new(TlsPolicy::Required).with_config(secure("mx1.example.net").1),
    ];
    for security in policies {
        let mut hosts = Hosts::new();
        let one = hosts.built(1, secure("mx1.example.net").0, Store::new());
        let (two, three) = (hosts.faulty(2, broken()), hosts.server(3));
        let zone = hosts.zone(&[1, 2, 3]);
        let delivery = hosts.delivery(zone).with_tls(Fixed(Some(security)));
        let report = deliver(&delivery, &["b@example.net"]).await;
        assert_eq!(statuses(&report), [Status::NotAttempted]);
        assert_eq!(report.recipients()[0].retry(), Some(Retry::Later));
        assert_eq!(report.failures().len(), 3);
        assert!([one, two, three].iter().all(|store| count(store) == 0));
    }
}

#[tokio::test]
async fn a_verified_host_gets_the_message() {
    let mut hosts = Hosts::new();
    let (server, trust) = secure("mx1.example.net");
    let store = hosts.built(1, server, Store::new());
    let security = Security::new(TlsPolicy::Required).with_config(trust);
    let delivery = hosts.delivery(hosts.zone(&[1])).with_tls(Fixed(Some(security)));
    assert!(deliver(&delivery, &["b@example.net"]).await.is_delivered());
    assert!(store.messages()[0].tls);
}

#[tokio::test]
async fn a_message_that_requires_tls_does_not_go_in_the_clear() {
    let mut hosts = Hosts::new();
    let store = hosts.faulty(1, broken());
    let envelope = envelope(&["b@example.net"]).with_require_tls();
    let report = hosts.delivery(hosts.zone(&[1])).deliver(&envelope, || CONTENT).await;
    assert_eq!(statuses(&report), [Status::NotAttempted]);
    assert_eq!(count(&store), 0);
}

#[tokio::test]
async fn a_host_that_must_not_be_used_is_passed_over() {
    let mut hosts = Hosts::new();
    let store = hosts.server(1);
    let delivery = hosts.delivery(hosts.zone(&[1])).with_tls(Fixed(None));
    let report = deliver(&delivery, &["b@example.net"]).await;
    assert!(matches!(report.failures()[0].error, MxError::Shunned));
    assert_eq!(report.recipients()[0].retry(), Some(Retry::Later));
    assert_eq!(count(&store), 0);
}

#[tokio::test]
async fn a_message_that_requires_tls_goes_to_nobody_unverified() {
    let mut hosts = Hosts::new();
    let (server, trust) = secure("mx1.example.net");
    let store = hosts.built(1, server, Store::new());
    let envelope = envelope(&["b@example.net"]).with_require_tls();
    let report = hosts.delivery(hosts.zone(&[1])).deliver(&envelope, || CONTENT).await;
    assert_eq!(statuses(&report), [Status::NotAttempted]);
    assert_eq!(count(&store), 0);
    let security = Security::new(TlsPolicy::Opportunistic).with_config(trust);
    let delivery = hosts.delivery(hosts.zone(&[1])).with_tls(Fixed(Some(security)));
    let report = delivery.deliver(&envelope, || CONTENT).await;
    assert!(report.is_delivered(), "{report:?}");
}

#[tokio::test]
async fn a_host_without_the_tls_that_is_required_may_have_it_later() {
    let mut hosts = Hosts::new();
    hosts.server(1);
    let security = Security::new(TlsPolicy::Required);
    let delivery = hosts.delivery(hosts.zone(&[1])).with_tls(Fixed(Some(security)));
    let report = deliver(&delivery, &["b@example.net"]).await;
    assert_eq!(report.recipients()[0].retry(), Some(Retry::Later));
}

#[tokio::test]
async fn a_domain_beyond_ascii_that_is_its_own_host_gets_tls() {
    let mut hosts = Hosts::new();
    let store = hosts.built(1, secure("elsewhere.example").0, Store::new());
    let zone = Zone::new().address("xn--bcher-kva.example", hosts.address(1));
    let report = hosts.deliver(zone, &["b@b\u{fc}cher.example"]).await;
    assert!(report.is_delivered(), "{report:?}");
    assert!(store.messages()[0].tls);
}
