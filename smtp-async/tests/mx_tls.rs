//! Delivery with TLS, without, and with TLS that does not work.
#![cfg(all(feature = "mx", feature = "tls"))]

mod mx_support;

use smtp_async::{
    Retry, Status, TlsConfig, TlsPolicy,
    mx::{Encryption, MxError, MxRecipient, MxReport, Security},
};
use smtp_sync::server::{Faults, Store};

use mx_support::{
    dns::Zone,
    hosts::{Hosts, count, deliver, only},
    tls::{Fixed, broken, secure},
};

fn statuses(report: &MxReport) -> Vec<Status> {
    report.recipients().iter().map(MxRecipient::status).collect()
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

fn encryption(report: &MxReport) -> Option<Encryption> {
    only(report).encryption
}

#[tokio::test]
async fn the_report_tells_whether_there_was_tls_and_who_was_verified() {
    let mut hosts = Hosts::new();
    let (server, trust) = secure("mx1.example.net");
    hosts.built(1, server, Store::new());
    hosts.server(2);
    hosts.faulty(3, broken());
    let report = hosts.deliver(hosts.zone(&[1]), &["b@example.net"]).await;
    let Some(Encryption::Tls { verified, version, cipher, .. }) = encryption(&report) else {
        panic!("{report:?}")
    };
    assert!(!verified, "anybody is believed");
    assert_eq!(version, Some("TLSv1_3"));
    assert!(cipher.is_some_and(|cipher| cipher.starts_with("TLS13_")), "{cipher:?}");

    for policy in [TlsPolicy::Required, TlsPolicy::Opportunistic] {
        let security = Security::new(policy).with_config(trust.clone());
        let delivery = hosts.delivery(hosts.zone(&[1])).with_tls(Fixed(Some(security)));
        let report = deliver(&delivery, &["b@example.net"]).await;
        assert!(encryption(&report).is_some_and(Encryption::is_verified), "{report:?}");
    }
    let anybody = TlsConfig::dangerous_accept_any_certificate().expect("settings");
    let security = Security::new(TlsPolicy::Required).with_config(anybody);
    let delivery = hosts.delivery(hosts.zone(&[1])).with_tls(Fixed(Some(security)));
    let told = encryption(&deliver(&delivery, &["b@example.net"]).await);
    assert!(told.is_some_and(|told| told.is_tls() && !told.is_verified()), "{told:?}");

    // A server without TLS, and one whose handshake fails.
    for host in [2, 3] {
        let report = hosts.deliver(hosts.zone(&[host]), &["b@example.net"]).await;
        assert_eq!(encryption(&report), Some(Encryption::Clear), "{report:?}");
    }
    let report = hosts.deliver(hosts.zone(&[9]), &["b@example.net"]).await;
    assert_eq!(encryption(&report), None, "there was no session");
}

#[tokio::test]
async fn the_encryption_told_is_that_of_the_session_whose_word_it_is() {
    let mut hosts = Hosts::new();
    let closing = secure("mx1.example.net").0.with_faults(Faults::new().with_close("MAIL"));
    hosts.built(1, closing, Store::new());
    hosts.faulty(2, Faults::new().with_close("RCPT"));
    hosts.server(3);
    let report = hosts.deliver(hosts.zone(&[1, 2, 3]), &["b@example.net"]).await;
    assert!(report.is_delivered());
    assert_eq!(encryption(&report), Some(Encryption::Clear));
    let [one, two] = report.failures() else { panic!("{report:?}") };
    assert!(one.encryption.is_some_and(Encryption::is_tls), "{one:?}");
    assert_eq!(two.encryption, Some(Encryption::Clear));
    // The first that failed is told of, and how it was encrypted.
    let report = hosts.deliver(hosts.zone(&[1, 2]), &["b@example.net"]).await;
    let told: &MxRecipient = only(&report);
    assert_eq!(told.host.as_deref(), Some("mx1.example.net"));
    assert!(told.encryption.is_some_and(Encryption::is_tls), "{told:?}");
}
