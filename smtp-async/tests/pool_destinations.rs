//! Sessions are shared by those alone for whom they are the same.
#![cfg(all(feature = "pool", feature = "tls"))]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

mod support;

use std::{
    io,
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use smtp_async::{
    Connector, Error, Timeouts, TlsConfig, TlsPolicy,
    pool::{Pool, PoolBuilder, Pools},
    proto::{
        client::{BufferSizes, Chunking, Protocol},
        hello::EhloName,
        server::{AuthPolicy, Config, TlsPolicy as ServerTls},
    },
    server::{Server, Store},
};
use support::{
    envelope,
    tls::{server_config, trusting},
};

async fn server() -> Server {
    let config = Config::new(EhloName::LOCALHOST)
        .with_tls(ServerTls::Offered)
        .with_auth(AuthPolicy::Offered)
        .with_plaintext_auth(true);
    let builder = Server::builder().with_config(config).with_tls(server_config());
    let store = Store::new().with_user("alice", "s3cret").with_user("bob", "s3cret");
    Server::bind(builder, store).await.expect("a port")
}

fn connector(port: u16) -> Connector {
    Connector::new("127.0.0.1", port)
        .with_tls(TlsPolicy::None)
        .configure(|config| config.with_plaintext_auth(true))
}

async fn send(pool: &Pool) -> Result<(), Error> {
    let outcome = pool.send(&envelope(&["b@example.net"]), || &b"x\r\n"[..]).await?;
    assert!(outcome.is_delivered());
    Ok(())
}

#[tokio::test]
async fn a_session_that_was_verified_for_one_name_is_not_used_for_another() {
    let server = server().await;
    let port = server.address().port();
    let (pools, trust) = (Pools::new(), trusting());
    let mail_for = |name: &'static str, trust: &TlsConfig| {
        let trust = trust.clone();
        pools.pool(Pool::builder(move || {
            Connector::new("127.0.0.1", port).with_tls_config(trust.clone()).with_tls_name(name)
        }))
    };
    send(&mail_for("localhost", &trust)).await.expect("its certificate");
    send(&mail_for("LOCALHOST", &trust)).await.expect("the same name");
    assert_eq!(server.connections(), 1);
    let error = send(&mail_for("mx.example.net", &trust)).await.expect_err("not its certificate");
    assert!(matches!(error, Error::Tls(_)), "{error}");
    // Nor for somebody who trusts somebody else.
    let stranger = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a key");
    let stranger = TlsConfig::with_anchors([stranger.cert.der().clone()]).expect("an anchor");
    let error = send(&mail_for("localhost", &stranger)).await.expect_err("not trusted");
    assert!(matches!(error, Error::Tls(_)), "{error}");
}

/// One trust, not one that is made anew each time.
fn trust() -> TlsConfig {
    static TRUST: OnceLock<TlsConfig> = OnceLock::new();
    TRUST.get_or_init(trusting).clone()
}

type Change = fn(Connector) -> Connector;

/// All that makes a session another one.
const CHANGES: [Change; 9] = [
    |connector| connector,
    |connector| connector.with_name("client.example".parse().expect("a name")),
    |connector| connector.with_source([127, 0, 0, 9].into()),
    |connector| connector.with_tls(TlsPolicy::Opportunistic).with_tls_config(trust()),
    |connector| connector.with_tls(TlsPolicy::Required).with_tls_config(trust()),
    |connector| connector.with_timeouts(Timeouts::uniform(Duration::from_secs(60))),
    |connector| connector.with_sizes(BufferSizes::SMALL.with_in_flight(64)),
    |connector| connector.configure(|config| config.with_chunking(Chunking::AfterRecipients)),
    |connector| connector.configure(|config| config.with_run_ahead(true)),
];

#[tokio::test]
async fn every_setting_that_makes_a_session_another_one_has_its_own_pool() {
    let server = server().await;
    let port = server.address().port();
    let pools = Pools::new();
    for _ in 0..2 {
        for change in CHANGES {
            let pool = pools.pool(Pool::builder(move || change(connector(port))));
            send(&pool).await.expect("a session");
        }
        // One for each, which the second time are there already.
        assert_eq!(server.connections(), CHANGES.len());
    }
    // What goes beyond SMTP cannot be tried here.
    let lmtp = |config: smtp_async::proto::client::Config| config.with_protocol(Protocol::Lmtp);
    let lmtp = Pool::builder(move || connector(port).configure(lmtp));
    send(&pools.pool(lmtp)).await.expect_err("no LMTP server");
    pools.close().await;
}

#[tokio::test]
async fn every_user_and_secret_has_its_own_pool() {
    let server = server().await;
    let port = server.address().port();
    let pools = Pools::new();
    let there = || Pool::builder(move || connector(port));
    let with = |user, password| pools.pool(there().with_login(user, password));
    send(&pools.pool(there())).await.expect("nobody in particular");
    send(&with("alice", "s3cret")).await.expect("alice");
    send(&with("bob", "s3cret")).await.expect("bob");
    send(&with("alice", "s3cret")).await.expect("alice again");
    assert_eq!(server.connections(), 3);
    // Whoever does not know the password has no part in her session.
    for (user, password) in [("alice", "guess!"), ("alice", ""), ("alice", "s3cret1")] {
        let error = send(&with(user, password)).await.expect_err("a wrong password");
        assert!(matches!(error, Error::Authentication { .. }), "{error}");
    }
    let token: PoolBuilder = there().with_token("alice", "s3cret");
    send(&pools.pool(token)).await.expect_err("a token is no password");
    assert!(!format!("{pools:?}").contains("s3cret"));
}

#[tokio::test]
async fn names_of_hosts_have_no_case_and_one_unused_makes_room() {
    let server = server().await;
    let port = server.address().port();
    let pools = Pools::with_limit(2);
    let to = |host: &'static str| {
        let there = move || Connector::new(host, port).with_tls(TlsPolicy::None);
        pools.pool(Pool::builder(there))
    };
    send(&to("LOCALHOST")).await.expect("a session");
    send(&to("localhost")).await.expect("the same session");
    assert_eq!(server.connections(), 1);
    send(&to("127.0.0.1")).await.expect("another session");
    send(&pools.pool(Pool::builder(move || connector(port)))).await.expect("a third");
    assert!(format!("{pools:?}").contains("destinations: 2"), "{pools:?}");
    pools.close().await;
}

#[tokio::test]
async fn a_connector_that_becomes_another_one_does_not_connect() {
    let (one, other) = (server().await, server().await);
    let (one, other) = (one.address().port(), other.address().port());
    let pools = Pools::new();
    let is_first = AtomicBool::new(true);
    let turning = move || {
        let is_first = is_first.swap(false, Ordering::Relaxed);
        connector(if is_first { one } else { other })
    };
    let error = send(&pools.pool(Pool::builder(turning))).await.expect_err("another server");
    assert!(
        matches!(&error, Error::Connect(e) if e.kind() == io::ErrorKind::InvalidInput),
        "{error}"
    );
}
