//! Which failure leads to the next host, and which answer is one: faulty SMTP servers on loopback.
#![cfg(feature = "mx")]

mod mx_support;

use std::{io, time::Duration};

use smtp_async::{
    Error, Retry, Status, Timeouts,
    mx::{MxError, MxRecipient, MxReport},
    proto::{client::Phase, parameter::Priority},
};
use smtp_sync::server::Faults;
use tokio::io::BufReader;

use mx_support::hosts::{CONTENT, Hosts, count, deliver, envelope};

fn code(recipient: &MxRecipient) -> Option<u16> {
    recipient.reply.as_ref().map(|reply| reply.code().value())
}

fn statuses(report: &MxReport) -> Vec<Status> {
    report.recipients().iter().map(MxRecipient::status).collect()
}

#[tokio::test]
async fn a_host_that_refuses_the_connection_leaves_the_next() {
    let mut hosts = Hosts::new();
    let store = hosts.server(2);
    let report = hosts.deliver(hosts.zone(&[1, 2]), &["b@example.net"]).await;
    assert!(report.is_delivered());
    assert_eq!(report.failures()[0].address, Some(hosts.address(1)));
    assert!(matches!(report.failures()[0].error, MxError::Host(Error::Connect(_))));
    assert_eq!(count(&store), 1);
}

#[tokio::test]
async fn a_host_that_fails_before_the_content_is_handed_over_leaves_the_next() {
    for (what, faults) in [
        ("greeting 421", Faults::new().with_close("CONNECT")),
        ("greeting 450", Faults::new().with_greeting("450 Not now\r\n")),
        ("greeting 554", Faults::new().with_greeting("554 No service\r\n")),
        ("greeting lost", Faults::new().with_drop("CONNECT")),
        ("greeting of no SMTP", Faults::new().with_greeting("HTTP/1.1 400 Bad\r\n\r\n")),
        ("EHLO 421", Faults::new().with_close("EHLO")),
        ("EHLO lost", Faults::new().with_drop("EHLO")),
        ("MAIL 421", Faults::new().with_close("MAIL")),
        ("MAIL lost", Faults::new().with_drop("MAIL")),
        ("RCPT 421", Faults::new().with_close("RCPT")),
        ("the second RCPT 421", Faults::new().with_close(("RCPT", 2))),
        ("the second RCPT lost", Faults::new().with_drop(("RCPT", 2))),
        ("DATA 421", Faults::new().with_close("DATA")),
        ("DATA lost", Faults::new().with_drop("DATA")),
        ("421 to the content", Faults::new().with_close(".")),
    ] {
        let mut hosts = Hosts::new();
        let (one, two) = (hosts.faulty(1, faults), hosts.server(2));
        let report = hosts.deliver(hosts.zone(&[1, 2]), &["b@example.net", "c@example.net"]).await;
        assert_eq!(statuses(&report), [Status::Accepted; 2], "{what}");
        assert_eq!((count(&one), count(&two)), (0, 1), "{what}");
        assert_eq!(two.messages()[0].recipients.len(), 2, "{what}");
        assert_eq!(&*report.failures()[0].host, "mx1.example.net", "{what}");
    }
}

#[tokio::test]
async fn a_host_that_does_not_answer_in_time_leaves_the_next() {
    let mut hosts = Hosts::new();
    let silent = Faults::new().with_reply("CONNECT", "");
    let (_, two) = (hosts.faulty(1, silent), hosts.server(2));
    // Long for the second host, however busy the machine.
    let limit = Timeouts::uniform(Duration::from_secs(2));
    let delivery = hosts.delivery(hosts.zone(&[1, 2])).with_timeouts(limit);
    let report = deliver(&delivery, &["b@example.net"]).await;
    assert!(report.is_delivered());
    let failure = &report.failures()[0].error;
    assert!(matches!(failure, MxError::Host(Error::Timeout(Phase::Greeting))), "{failure:?}");
    assert_eq!(count(&two), 1);
}

#[tokio::test]
async fn a_refusal_is_the_answer_and_leaves_no_next_host() {
    for (at, reply, status, retry) in [
        ("MAIL", "550 5.7.1 No", Status::Rejected, Retry::Never),
        ("MAIL", "451 4.3.0 Later", Status::Deferred, Retry::Later),
        ("RCPT", "550 5.1.1 Who?", Status::Rejected, Retry::Never),
        ("RCPT", "450 4.2.0 Busy", Status::Deferred, Retry::Later),
        ("DATA", "554 5.5.1 No", Status::Rejected, Retry::Never),
        ("DATA", "451 4.3.0 Later", Status::Deferred, Retry::Later),
        (".", "554 5.6.0 Bad", Status::Rejected, Retry::Never),
        (".", "452 4.3.1 Full", Status::Deferred, Retry::Later),
    ] {
        let mut hosts = Hosts::new();
        let faults = Faults::new().with_reply(at, reply);
        let (one, two) = (hosts.faulty(1, faults), hosts.server(2));
        let report = hosts.deliver(hosts.zone(&[1, 2]), &["b@example.net"]).await;
        let recipient = &report.recipients()[0];
        assert_eq!((recipient.status(), recipient.retry()), (status, Some(retry)), "{at} {reply}");
        assert_eq!(code(recipient), reply[..3].parse().ok(), "{at} {reply}");
        assert_eq!(recipient.host.as_deref(), Some("mx1.example.net"));
        assert_eq!((count(&one), count(&two)), (0, 0), "{at} {reply}");
    }
}

#[tokio::test]
async fn an_unknown_outcome_leaves_no_next_host() {
    let mut hosts = Hosts::new();
    let (_, two) = (hosts.faulty(1, Faults::new().with_drop(".")), hosts.server(2));
    let report = hosts.deliver(hosts.zone(&[1, 2]), &["b@example.net"]).await;
    let recipient = &report.recipients()[0];
    assert_eq!(
        (recipient.status(), recipient.retry()),
        (Status::Unknown, Some(Retry::MayDuplicate))
    );
    assert_eq!(count(&two), 0);
}

#[tokio::test]
async fn only_those_without_an_answer_go_to_the_next_host() {
    let mut hosts = Hosts::new();
    let faults = Faults::new().with_reply(("RCPT", 1), "550 5.1.1 Who?").with_drop(("RCPT", 3));
    let (_, two) = (hosts.faulty(1, faults), hosts.server(2));
    let recipients = ["b@example.net", "c@example.net", "d@example.net"];
    let report = hosts.deliver(hosts.zone(&[1, 2]), &recipients).await;
    let expected = [Status::Rejected, Status::Accepted, Status::Accepted];
    assert_eq!(statuses(&report), expected);
    assert_eq!(two.messages()[0].recipients, recipients[1..]);
}

#[tokio::test]
async fn a_servers_limit_is_kept_over_one_connection() {
    let mut hosts = Hosts::new();
    let store = hosts.faulty(1, Faults::new().with_keyword("LIMITS RCPTMAX=2"));
    let recipients = ["b@example.net", "c@example.net", "d@example.net"];
    let report = hosts.deliver(hosts.zone(&[1]), &recipients).await;
    assert!(report.is_delivered());
    assert_eq!(count(&store), 2);
}

#[tokio::test]
async fn the_next_address_of_a_host_comes_before_the_next_host() {
    let mut hosts = Hosts::new();
    hosts.faulty(1, Faults::new().with_close("CONNECT"));
    let (again, other) = (hosts.server(2), hosts.server(3));
    let zone = hosts.zone(&[1, 3]).address("mx1.example.net", hosts.address(2));
    assert!(hosts.deliver(zone, &["b@example.net"]).await.is_delivered());
    assert_eq!((count(&again), count(&other)), (1, 0));
}

#[tokio::test]
async fn when_all_hosts_fail_the_first_that_time_may_heal_is_told() {
    let mut hosts = Hosts::new();
    // It lacks what the message needs.
    hosts.server(1);
    hosts.faulty(2, Faults::new().with_greeting("450 4.3.2 Not now\r\n"));
    let urgent = envelope(&["b@example.net"]).with_priority(Priority::new(4).expect("a priority"));
    let report = hosts.delivery(hosts.zone(&[1, 2, 3])).deliver(&urgent, || CONTENT).await;
    let recipient = &report.recipients()[0];
    assert_eq!((recipient.status(), recipient.retry()), (Status::NotAttempted, Some(Retry::Later)));
    assert_eq!(recipient.host.as_deref(), Some("mx2.example.net"));
    assert_eq!((recipient.phase, code(recipient)), (Some(Phase::Greeting), Some(450)));
    assert_eq!(report.failures().len(), 3);
    // Nobody has another word than "for good".
    let report = hosts.delivery(hosts.zone(&[1])).deliver(&urgent, || CONTENT).await;
    assert_eq!(report.recipients()[0].retry(), Some(Retry::Never));
}

#[tokio::test]
async fn what_a_host_says_before_it_has_heard_of_the_message_is_for_now() {
    for (what, faults) in [
        ("greeting", Faults::new().with_greeting("554 5.3.2 No service\r\n")),
        ("EHLO", Faults::new().with_reply("EHLO", "550 No").with_reply("HELO", "550 No")),
        ("no SMTP", Faults::new().with_greeting("SSH-2.0-OpenSSH\r\n")),
    ] {
        let mut hosts = Hosts::new();
        hosts.faulty(1, faults);
        let report = hosts.deliver(hosts.zone(&[1]), &["b@example.net"]).await;
        let recipient = &report.recipients()[0];
        let fate = (recipient.status(), recipient.retry());
        assert_eq!(fate, (Status::NotAttempted, Some(Retry::Later)), "{what}: {recipient:?}");
    }
}

#[tokio::test]
async fn content_that_cannot_be_read_leaves_no_next_host() {
    struct Broken;
    impl tokio::io::AsyncRead for Broken {
        fn poll_read(
            self: core::pin::Pin<&mut Self>,
            _: &mut core::task::Context<'_>,
            _: &mut tokio::io::ReadBuf<'_>,
        ) -> core::task::Poll<io::Result<()>> {
            core::task::Poll::Ready(Err(io::ErrorKind::Other.into()))
        }
    }
    let mut hosts = Hosts::new();
    let stores = [hosts.server(1), hosts.server(2)];
    let delivery = hosts.delivery(hosts.zone(&[1, 2]));
    let envelope = envelope(&["b@example.net"]);
    let report = delivery.deliver(&envelope, || BufReader::new(Broken)).await;
    let recipient = &report.recipients()[0];
    assert_eq!((recipient.status(), recipient.retry()), (Status::NotAttempted, Some(Retry::Later)));
    assert!(matches!(recipient.error, Some(MxError::Host(Error::Content(_)))));
    assert!(report.failures().is_empty());
    assert!(stores.iter().all(|store| count(store) == 0));
}

#[tokio::test]
async fn the_content_is_given_anew_for_each_host() {
    let mut hosts = Hosts::new();
    hosts.faulty(1, Faults::new().with_close("."));
    let store = hosts.server(2);
    let mut asked = 0;
    let delivery = hosts.delivery(hosts.zone(&[1, 2]));
    let report = delivery
        .deliver(&envelope(&["b@example.net"]), || {
            asked += 1;
            CONTENT
        })
        .await;
    assert!(report.is_delivered());
    assert_eq!((asked, &*store.messages()[0].content), (2, CONTENT));
}
