//! A delivery ends, whoever does not answer: the resolver, who says how hosts are encrypted, the hosts. The clock is
//! tokio's, and stands still unless everybody waits.
#![cfg(feature = "mx")]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

use std::{future::pending, net::IpAddr, time::Duration};

use smtp_async::{
    Envelope, Fate, When,
    mx::{HostTls, LookupError, MxDelivery, MxError, MxReport, Resolve, Security},
    proto::{hello::EhloName, route::MxRecord},
};
use tokio::{
    net::TcpListener,
    time::{Instant, timeout},
};

const LIMIT: Duration = Duration::from_secs(100);

/// Which question is not answered.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Silent {
    Mx,
    Addresses,
    Tls,
    /// A host: it takes connections and says nothing.
    Host,
}

/// Eight hosts for every domain.
struct Dns(Silent);

impl Resolve for Dns {
    async fn mx(&self, _: &str) -> Result<Vec<MxRecord>, LookupError> {
        if self.0 == Silent::Mx {
            pending::<()>().await;
        }
        Ok((1..=8)
            .map(|number| MxRecord::new(number, &format!("mx{number}.example.net")))
            .collect())
    }

    async fn addresses(&self, _: &str) -> Result<Vec<IpAddr>, LookupError> {
        if self.0 == Silent::Addresses {
            pending::<()>().await;
        }
        Ok(vec![[127, 0, 0, 1].into()])
    }
}

struct Tls(Silent);

impl HostTls for Tls {
    async fn security(&self, _: &str, _: &str) -> Option<Security> {
        if self.0 == Silent::Tls {
            pending::<()>().await;
        }
        Some(Security::new(smtp_async::TlsPolicy::None))
    }
}

/// To two domains, with a host that takes all connections and says nothing; how long it took.
async fn deliver(silent: Silent, limit: Option<Duration>) -> (MxReport, Duration) {
    deliver_with(silent, |delivery| match limit {
        Some(limit) => delivery.with_delivery_limit(limit),
        None => delivery,
    })
    .await
}

type Delivery = MxDelivery<Dns, Tls>;

async fn deliver_with(
    silent: Silent,
    set: impl FnOnce(Delivery) -> Delivery,
) -> (MxReport, Duration) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        let mut clients = Vec::new();
        loop {
            clients.push(listener.accept().await.expect("a client"));
        }
    });
    let name = EhloName::parse("client.example.org").expect("a name");
    let delivery = MxDelivery::new(Dns(silent), name).with_tls(Tls(silent)).with_port(port);
    let delivery = delivery.with_loopback_hosts(true);
    let delivery = set(delivery);
    let envelope = Envelope::new("a@example.org").expect("an address");
    let envelope = envelope.to("b@example.net").and_then(|e| e.to("c@example.com"));
    let (envelope, start) = (envelope.expect("addresses"), Instant::now());
    let day = Duration::from_secs(24 * 60 * 60);
    let report = timeout(day, delivery.deliver(&envelope, || &b"x\r\n"[..])).await;
    (report.expect("an end"), start.elapsed())
}

const ALL: [Silent; 4] = [Silent::Mx, Silent::Addresses, Silent::Tls, Silent::Host];

fn assert_is_for_later(report: &MxReport, silent: Silent) {
    for recipient in report.recipients() {
        let known = recipient.fate;
        let left = [Fate::NotAttempted(When::Later), Fate::Deferred(When::Later)];
        assert!(left.contains(&known), "{silent:?}: {recipient:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_delivery_has_one_limit_for_all_of_it() {
    for silent in ALL {
        let (report, took) = deliver(silent, Some(LIMIT)).await;
        assert!(took >= LIMIT && took < LIMIT + Duration::from_millis(100), "{silent:?}: {took:?}");
        assert_is_for_later(&report, silent);
        // The second domain was not come to.
        let second = report.recipients()[1].error.as_ref().expect("a reason");
        let is_told = match silent {
            Silent::Host => matches!(second, MxError::Host(_)),
            _ => matches!(second, MxError::OutOfTime),
        };
        assert!(is_told, "{silent:?}: {second:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_delivery_without_a_limit_of_its_own_ends_too() {
    for silent in ALL {
        let (report, took) = deliver(silent, None).await;
        // Two domains, eight hosts of each; a minute for an answer, five for a greeting.
        let most = Duration::from_secs(2 * 8 * 300);
        assert!(took <= most + Duration::from_secs(1), "{silent:?}: {took:?}");
        assert_is_for_later(&report, silent);
    }
}

#[tokio::test(start_paused = true)]
async fn each_answer_of_the_resolver_has_its_own_limit() {
    let limit = Duration::from_secs(3);
    // Two domains, and eight hosts of each where those are known.
    for (silent, answers) in [(Silent::Mx, 2), (Silent::Addresses, 16), (Silent::Tls, 16)] {
        let (report, took) =
            deliver_with(silent, |delivery| delivery.with_lookup_limit(limit)).await;
        let expected = answers * limit;
        assert!(
            took >= expected && took < expected + Duration::from_secs(1),
            "{silent:?}: {took:?}"
        );
        assert_is_for_later(&report, silent);
    }
}
