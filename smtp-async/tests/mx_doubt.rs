//! What the DNS says in a way that makes no sense, or cannot be asked: never for good.
#![cfg(feature = "mx")]

mod mx_support;

use std::{net::IpAddr, sync::Arc, time::Duration};

use smtp_async::{
    Retry, Status,
    mx::{LookupError, MxError, MxReport, Resolve},
    proto::{
        reply::EnhancedCode,
        route::{MxRecord, RouteError},
    },
};

use tokio::task::JoinSet;

use mx_support::{
    dns::{A, AAAA, Fault, MX, Zone},
    hosts::{Hosts, count, deliver, host, only},
};

/// Long enough to be answered in, and waited for wherever nothing that can be read comes.
const PATIENCE: Duration = Duration::from_millis(200);

const ODD: [Fault; 14] = [
    Fault::Code(1),
    Fault::Code(2),
    Fault::Code(4),
    Fault::Code(5),
    Fault::Code(9),
    Fault::Code(15),
    Fault::Truncated,
    Fault::Cut(30),
    Fault::Cut(11),
    Fault::OtherType,
    Fault::OtherName,
    Fault::Short,
    Fault::Empty,
    Fault::Referral,
];

#[track_caller]
fn assert_for_now(report: &MxReport, what: &str) {
    let recipient = only(report);
    let fate = (recipient.status(), recipient.retry());
    assert_eq!(fate, (Status::Deferred, Some(Retry::Later)), "{what}: {recipient:?}");
    assert_eq!(recipient.enhanced().map(EnhancedCode::class), Some(4), "{what}");
}

async fn by(zone: Zone) -> MxReport {
    Hosts::new().deliver(zone, &["b@example.net"]).await
}

#[tokio::test]
async fn an_answer_that_makes_no_sense_is_for_now() {
    let mut tasks = JoinSet::new();
    for fault in ODD {
        let zone = || Hosts::new().zone(&[1]);
        for (what, zone) in [
            ("domain", zone().fault("example.net", None, fault)),
            ("MX", zone().fault("example.net", Some(MX), fault)),
            ("MX beside an address", {
                let address = IpAddr::from([127, 99, 0, 1]);
                zone().address("example.net", address).fault("example.net", Some(MX), fault)
            }),
            ("host", zone().fault("mx1.example.net", None, fault)),
            ("A of a host without AAAA", zone().fault("mx1.example.net", Some(A), fault)),
            ("AAAA of a host without A", {
                let zone = Zone::new().mx("example.net", 10, "mx.example.net");
                zone.name("mx.example.net").fault("mx.example.net", Some(AAAA), fault)
            }),
        ] {
            let what = format!("{what}: {fault:?}");
            tasks.spawn(async move {
                let delivery = Hosts::new().delivery_by(zone.resolver_with_patience(PATIENCE));
                assert_for_now(&deliver(&delivery, &["b@example.net"]).await, &what);
            });
        }
    }
    tasks.join_all().await;
}

#[tokio::test]
async fn aliases_in_a_circle_are_for_now() {
    let circle = || {
        let zone =
            Zone::new().cname("example.net", "one.example").cname("two.example", "one.example");
        zone.cname("one.example", "two.example")
    };
    assert_for_now(&by(circle()).await, "the domain");
    let host = Zone::new().mx("example.net", 10, "mx.example.net");
    let host = host.cname("mx.example.net", "mx.example.net");
    assert_for_now(&by(host).await, "a host that is its own alias");
    let long = (0..200).fold(Zone::new().cname("example.net", "0.example"), |zone, at| {
        zone.cname(&format!("{at}.example"), &format!("{}.example", at + 1))
    });
    assert_for_now(&by(long).await, "too many");
}

#[tokio::test]
async fn an_alias_of_a_name_without_records_is_for_good() {
    let zone = Zone::new().cname("example.net", "one.example").cname("one.example", "two.example");
    let report = by(zone.name("two.example")).await;
    assert!(matches!(only(&report).error, Some(MxError::Route(RouteError::NoAddress))));
    assert_eq!(
        (only(&report).status(), only(&report).retry()),
        (Status::Rejected, Some(Retry::Never))
    );
}

#[tokio::test]
async fn what_one_family_lacks_is_not_missed_where_the_other_answers() {
    let mut hosts = Hosts::new();
    let store = hosts.server(1);
    let faults = [Fault::Code(2), Fault::Truncated, Fault::OtherType, Fault::Empty];
    for fault in faults {
        let zone = hosts.zone(&[1]).fault("mx1.example.net", Some(AAAA), fault);
        let report = hosts.deliver(zone, &["b@example.net"]).await;
        assert!(report.is_delivered(), "{fault:?}");
    }
    assert_eq!(count(&store), faults.len());
}

#[tokio::test]
async fn records_that_name_what_is_no_host_are_for_now() {
    let odd = |zone: Zone| zone.mx("example.net", 10, "a b.example.net");
    assert_for_now(&by(odd(Zone::new())).await, "alone");
    let beside = odd(Zone::new()).mx("example.net", 20, "gone.example.net");
    assert_for_now(&by(beside).await, "beside one without an address");
    let mut hosts = Hosts::new();
    let store = hosts.server(1);
    let report = hosts.deliver(odd(hosts.zone(&[1])), &["b@example.net"]).await;
    assert_eq!(host(only(&report)), "mx1.example.net");
    assert_eq!(count(&store), 1);
}

#[tokio::test]
async fn hosts_that_nobody_has_looked_at_are_no_reason_to_give_up() {
    let nowhere = |count| {
        (0..count).fold(Zone::new(), |zone, at: u16| {
            zone.mx("example.net", at, &format!("mx{at}.example.net"))
        })
    };
    assert_for_now(&by(nowhere(9)).await, "eight of nine");
    let report = by(nowhere(8)).await;
    assert!(matches!(only(&report).error, Some(MxError::Route(RouteError::NoUsableMx))));
    assert_eq!(only(&report).retry(), Some(Retry::Never));
}

#[tokio::test]
async fn a_name_that_the_dns_cannot_hold_is_for_now() {
    let longest = format!("b@{}", ["a"; 128].join("."));
    let beyond = format!("b@{}.example", "é".repeat(63));
    for recipient in [&*longest, &beyond, "b@xn--a.bücher.example", "b@\u{ad}.example"] {
        let report = Hosts::new().deliver(Zone::new(), &[recipient]).await;
        assert_for_now(&report, recipient);
        let error = &only(&report).error;
        assert!(matches!(error, Some(MxError::Route(RouteError::UnusableName))), "{error:?}");
    }
}

/// Says nothing that can be shown as it is.
struct Babbler;

impl Resolve for Babbler {
    async fn mx(&self, _: &str) -> Result<Vec<MxRecord>, LookupError> {
        let error = std::io::Error::other("no\u{200b}body \u{1b}[2J");
        Err(LookupError::Temporary(Arc::new(error)))
    }

    async fn addresses(&self, _: &str) -> Result<Vec<IpAddr>, LookupError> {
        Ok(Vec::new())
    }
}

#[tokio::test]
async fn what_a_resolver_says_is_shown_escaped() {
    let report = deliver(&Hosts::new().delivery_by(Babbler), &["b@example.net"]).await;
    let error = only(&report).error.as_ref().map(ToString::to_string);
    assert_eq!(error.as_deref(), Some(r"dns: no\xe2\x80\x8bbody \x1b[2J"));
}
