//! What connections share: the platform's authorities, and with them the sessions that servers let them resume.
#![cfg(all(feature = "tls", target_os = "linux"))]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

#[cfg(feature = "mx")]
mod mx_support;
#[path = "../../smtp-sync/tests/support/platform.rs"]
mod platform;
mod support;

use std::{
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use platform::{Anchors, counting};
use smtp_async::{Connector, server::Store};
use smtp_sync::server::Server;
use tokio::{runtime::Builder, sync::oneshot};

async fn connect(times: usize, port: u16) {
    for _ in 0..times {
        let client = Connector::new("localhost", port).connect().await;
        client.expect("a session").quit().await.expect("a session");
    }
}

/// A runtime of one thread, which whoever blocks it blocks for all.
fn block_on(future: impl Future<Output = ()>) {
    Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future);
}

#[test]
fn connections_that_trust_the_platform_resume_one_anothers_sessions() {
    Anchors::with("connections_that_trust_the_platform_resume_one_anothers_sessions", |anchors| {
        anchors.write();
        let (builder, resumed) = counting();
        let server = Server::bind(builder, Store::new()).expect("a port");
        block_on(connect(4, server.address().port()));
        assert_eq!(resumed.count(), 3);
    });
}

#[cfg(feature = "pool")]
#[test]
fn the_connections_of_a_pool_resume_one_anothers_sessions() {
    Anchors::with("the_connections_of_a_pool_resume_one_anothers_sessions", |anchors| {
        anchors.write();
        let (builder, resumed) = counting();
        let server = Server::bind(builder, Store::new()).expect("a port");
        let port = server.address().port();
        let pool = smtp_async::pool::Pool::builder(move || Connector::new("localhost", port));
        let pool = pool.with_messages(1).build();
        block_on(async {
            for _ in 0..4 {
                let sent =
                    pool.send(&support::envelope(&["b@example.net"]), || &b"Hi\r\n"[..]).await;
                assert!(sent.expect("an outcome").is_delivered());
            }
            pool.close().await;
        });
        assert_eq!(resumed.count(), 3);
    });
}

#[cfg(feature = "mx")]
#[test]
fn deliveries_to_a_host_resume_the_sessions_of_those_before() {
    let (builder, resumed) = counting();
    block_on(async {
        let mut hosts = mx_support::hosts::Hosts::new();
        let store = hosts.built(1, builder, Store::new());
        for _ in 0..4 {
            assert!(hosts.deliver(hosts.zone(&[1]), &["b@example.net"]).await.is_delivered());
        }
        assert!(store.messages().iter().all(|message| message.tls));
    });
    assert_eq!(resumed.count(), 3);
}

/// The file is one that is read once and blocks whoever reads it until a task of the same runtime has run.
#[test]
fn authorities_are_read_once_and_hold_nobody_up() {
    Anchors::with("authorities_are_read_once_and_hold_nobody_up", |anchors| {
        anchors.make_pipe();
        let (builder, _) = counting();
        let server = Server::bind(builder, Store::new()).expect("a port");
        let port = server.address().port();
        let (is_reading, reading) = oneshot::channel();
        let (is_running, running) = mpsc::channel();
        let held_up = &AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(move || {
                anchors.serve(|| {
                    is_reading.send(()).expect("a task");
                    // Else nobody would ever be let go.
                    let patience = Duration::from_secs(20);
                    held_up.store(running.recv_timeout(patience).is_err(), Ordering::SeqCst);
                });
            });
            block_on(async {
                let connecting: Vec<_> = (0..3).map(|_| tokio::spawn(connect(1, port))).collect();
                reading.await.expect("a reader");
                is_running.send(()).ok();
                for connecting in connecting {
                    connecting.await.expect("no panic");
                }
            });
        });
        assert!(!held_up.load(Ordering::SeqCst), "a task has waited for a file");
    });
}
