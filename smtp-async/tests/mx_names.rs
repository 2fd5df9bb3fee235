//! Names are compared in one form, by policy, loop check, grouping and lookup alike (D37).
#![cfg(feature = "mx")]

mod mx_support;

use core::future::{Future, ready};
use std::sync::Mutex;

use smtp_async::{
    Status, TlsPolicy,
    mx::{HostTls, MxDelivery, MxError, Security},
    proto::{hello::EhloName, route::RouteError},
};

use smtp_sync::server::Faults;

use mx_support::{
    dns::Zone,
    hosts::{Hosts, count, deliver, host, only},
};

/// `partner.example`, or an organisation's own domain beyond ASCII, written otherwise.
const PARTNER: [&str; 8] = [
    "partner.example",
    "PARTNER.Example",
    "partner\u{3002}example",
    "partner\u{ff0e}example",
    "partner\u{ff61}example\u{3002}",
    "\u{ff50}artner.example",
    "part\u{ad}ner.example",
    "partner.ex\u{200b}ample",
];

/// Holds what it was asked, and lets nobody at `partner.example` have mail.
#[derive(Default)]
struct Strict(Mutex<Vec<(String, String)>>);

impl HostTls for Strict {
    fn security(&self, domain: &str, host: &str) -> impl Future<Output = Option<Security>> + Send {
        self.0.lock().expect("no panic").push((domain.to_owned(), host.to_owned()));
        ready((domain != "partner.example").then(|| Security::new(TlsPolicy::None)))
    }
}

#[tokio::test]
async fn d37_no_spelling_of_a_domain_slips_by_its_policy() {
    let mut hosts = Hosts::new();
    let store = hosts.server(1);
    let zone = Zone::new()
        .mx("partner.example", 10, "mx.partner.example")
        .address("mx.partner.example", hosts.address(1));
    for domain in PARTNER {
        let delivery = hosts.delivery(zone.clone()).with_tls(Strict::default());
        let report = deliver(&delivery, &[&format!("b@{domain}")]).await;
        let error = &only(&report).error;
        assert!(matches!(error, Some(MxError::Shunned)), "{domain:?}: {:?}", only(&report));
    }
    assert_eq!(count(&store), 0);
}

#[tokio::test]
async fn d37_all_spellings_of_a_domain_are_one_transaction() {
    let mut hosts = Hosts::new();
    let store = hosts.server(1);
    let zone = Zone::new()
        .mx("partner.example", 10, "mx.partner.example")
        .address("mx.partner.example", hosts.address(1));
    let recipients = PARTNER.map(|domain| format!("b@{domain}"));
    let recipients: Vec<_> = recipients.iter().map(String::as_str).collect();
    let report = hosts.deliver(zone, &recipients).await;
    assert!(report.is_delivered(), "{report:?}");
    assert_eq!(count(&store), 1);
    assert_eq!(store.messages()[0].recipients, recipients, "each as its caller wrote it");
}

#[tokio::test]
async fn a_server_that_takes_one_domain_at_once_gets_each_spelling_apart() {
    let mut hosts = Hosts::new();
    let store = hosts.faulty(1, Faults::new().with_keyword("LIMITS RCPTDOMAINMAX=1"));
    let zone = Zone::new().address("partner.example", hosts.address(1));
    let recipients = ["b@partner.example", "c@partner\u{3002}example", "d@PARTNER.example"];
    assert!(hosts.deliver(zone, &recipients).await.is_delivered());
    let messages = store.messages();
    let sent: Vec<_> = messages.iter().map(|message| message.recipients.len()).collect();
    assert_eq!(sent.iter().sum::<usize>(), 3, "{sent:?}");
}

#[tokio::test]
async fn d37_no_spelling_of_my_name_slips_by_the_check_for_loops() {
    let mut hosts = Hosts::new();
    let store = hosts.server(1);
    for (own, mx) in [
        ("mx.b\u{fc}cher.example", "xn--mx-.example"),
        ("mx.b\u{fc}cher.example", "mx.xn--bcher-kva.example"),
        ("MX\u{3002}B\u{dc}CHER.example.", "mx.xn--bcher-kva.example"),
        ("mx.XN--BCHER-KVA.example", "MX.xn--bcher-KVA.example"),
        ("MX_1.example.net", "mx_1.example.net"),
    ] {
        let zone =
            Zone::new().mx("example.net", 10, mx).address(&mx.to_lowercase(), hosts.address(1));
        let delivery = hosts.delivery(zone.clone()).with_own_names([own]);
        let report = deliver(&delivery, &["b@example.net"]).await;
        let is_loop = matches!(only(&report).error, Some(MxError::Route(RouteError::MailLoop)));
        assert_eq!(is_loop, mx != "xn--mx-.example", "{own} {mx}: {report:?}");
    }
    // The one it says in EHLO, and a domain that is its own host.
    let name = EhloName::parse("Me.xn--BCHER-kva.example").expect("a name");
    let zone = Zone::new().address("me.xn--bcher-kva.example", hosts.address(1));
    let delivery = MxDelivery::new(zone.resolver(), name).with_loopback_hosts(true);
    let report = deliver(&delivery, &["b@me\u{ff0e}B\u{fc}cher.example"]).await;
    assert!(matches!(only(&report).error, Some(MxError::Route(RouteError::MailLoop))));
    assert_eq!(count(&store), 1);
}

#[tokio::test]
async fn d37_policies_see_one_form_of_domain_and_host() {
    let hosts = Hosts::new();
    let zone = Zone::new()
        .mx("xn--bcher-kva.example", 10, "MX_1.xn--bcher-kva.Example")
        .address("mx_1.xn--bcher-kva.example", hosts.address(1));
    let strict = Strict::default();
    let delivery = hosts.delivery(zone).with_tls(&strict);
    let literal = format!("b@[IPv6:::ffff:{}]", hosts.address(1));
    let report = deliver(&delivery, &["b@B\u{dc}CHER\u{3002}example", &literal]).await;
    assert!(!report.is_delivered(), "nobody listens there");
    let seen = strict.0.lock().expect("no panic").clone();
    let address = hosts.address(1).to_string();
    let seen: Vec<_> = seen.iter().map(|(domain, host)| (&**domain, &**host)).collect();
    let literal = format!("[{address}]");
    let named = ("xn--bcher-kva.example", "mx_1.xn--bcher-kva.example");
    assert_eq!(seen, [named, (&literal, &address)]);
}

impl HostTls for &Strict {
    fn security(&self, domain: &str, host: &str) -> impl Future<Output = Option<Security>> + Send {
        (**self).security(domain, host)
    }
}

#[tokio::test]
async fn names_are_asked_for_as_they_stand() {
    let mut hosts = Hosts::new();
    let store = hosts.server(1);
    let names = [
        ("my_host.example", "mx_1.example"),
        ("_x.my_host.example", "-mx-.example"),
        ("xn--a.example", "xn--0.example"),
        ("XN--99999999.example", "xn--a-.example"),
        ("r3---s.example", "r3---s.mx.example"),
    ];
    let zone = names.iter().fold(Zone::new(), |zone, (domain, mx)| {
        zone.mx(&domain.to_lowercase(), 10, mx).address(mx, hosts.address(1))
    });
    for (domain, mx) in names {
        let report = hosts.deliver(zone.clone(), &[&format!("b@{domain}")]).await;
        let recipient = only(&report);
        assert_eq!((recipient.status(), host(recipient)), (Status::Accepted, mx), "{recipient:?}");
    }
    assert_eq!(count(&store), names.len());
}
