//! The loopback server over Tokio.
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use smtp_async::{
    Client, Connector, Envelope, Status, TlsPolicy, When,
    proto::server::Answer,
    server::{Faults, Server, Store},
};
use tokio::{
    sync::{Barrier, Semaphore},
    task::JoinSet,
};

async fn connect(server: &Server) -> Client {
    Connector::new("127.0.0.1", server.address().port())
        .with_tls(TlsPolicy::None)
        .connect()
        .await
        .expect("a session")
}

fn envelope(number: usize) -> Envelope {
    let to = format!("u{number}@example.net");
    Envelope::new("a@example.org")
        .and_then(|envelope| envelope.to(&to))
        .and_then(|envelope| envelope.to("nobody@example.net"))
        .expect("addresses")
}

/// Kibioctets of this process that are in memory.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// A client and its server's side are in this process: two sessions each. The figure is printed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_sessions_at_once_have_the_right_outcomes() {
    const SESSIONS: usize = 1000;
    let store = Store::new().with_refusal("nobody@example.net", Answer::NO_SUCH_MAILBOX);
    let builder = Server::builder().with_connections(SESSIONS);
    let server = Arc::new(Server::bind(builder, store.clone()).await.expect("a port"));
    let all_open = Arc::new(Barrier::new(SESSIONS + 1));
    // More at once than a listener's backlog are dropped by the system without a word.
    let backlog = Arc::new(Semaphore::new(64));
    let before = resident();
    let mut sessions = JoinSet::new();
    for number in 0..SESSIONS {
        let (server, all_open) = (Arc::clone(&server), Arc::clone(&all_open));
        let backlog = Arc::clone(&backlog);
        sessions.spawn(async move {
            let place = backlog.acquire().await.expect("a place");
            let mut client = connect(&server).await;
            drop(place);
            all_open.wait().await;
            all_open.wait().await;
            let content = format!("Subject: {number}\r\n\r\n.{number}\r\n");
            let outcome = client.send(&envelope(number), content.as_bytes()).await.expect("one");
            client.quit().await.expect("a session to the end");
            outcome.recipients().map(|recipient| recipient.status()).collect::<Vec<_>>()
        });
    }
    all_open.wait().await;
    assert_eq!(server.connections(), SESSIONS);
    if let (Some(before), Some(open)) = (before, resident()) {
        println!("{} KiB for a client and its server's side", (open - before) / SESSIONS as u64);
    }
    all_open.wait().await;
    while let Some(statuses) = sessions.join_next().await {
        assert_eq!(statuses.expect("an end"), [Status::Accepted, Status::Rejected]);
    }
    let messages = store.take();
    let contents: BTreeSet<_> = messages.iter().map(|message| message.content.clone()).collect();
    assert_eq!((messages.len(), contents.len()), (SESSIONS, SESSIONS));
    for message in messages {
        let number = message.recipients[0].trim_matches(|c: char| !c.is_ascii_digit()).to_owned();
        assert_eq!(message.content, format!("Subject: {number}\r\n\r\n.{number}\r\n").as_bytes());
    }
}

#[tokio::test]
async fn dropping_the_server_ends_its_sessions() {
    let server = Server::bind(Server::builder(), Store::new()).await.expect("a port");
    let mut client = connect(&server).await;
    drop(server);
    let error = client.watch(Duration::from_secs(60)).await.expect_err("an end");
    assert_eq!(error.retry(), When::NewConnectionNow, "{error}");
}

#[tokio::test]
async fn further_clients_wait_until_there_is_room() {
    let builder = Server::builder().with_connections(1);
    let server = Arc::new(Server::bind(builder, Store::new()).await.expect("a port"));
    let first = connect(&server).await;
    let waiting = Arc::clone(&server);
    let second = tokio::spawn(async move { connect(&waiting).await });
    tokio::task::yield_now().await;
    assert_eq!(server.connections(), 1);
    first.quit().await.expect("a session");
    second.await.expect("a session").quit().await.expect("a session");
}

#[tokio::test(start_paused = true)]
async fn delays_are_waited_out_by_the_clock() {
    let faults = Faults::new().with_delay("RCPT", Duration::from_secs(3600));
    let builder = Server::builder().with_faults(faults);
    let server = Server::bind(builder, Store::new()).await.expect("a port");
    let mut client = connect(&server).await;
    let outcome = client.send(&envelope(1), &b"x\r\n"[..]).await.expect("an outcome");
    assert_eq!(outcome.recipient(0).expect("one").status(), Status::NotAttempted);
    assert!(matches!(client.failure(), Some(smtp_async::Error::Timeout(_))));
}

#[cfg(feature = "tls")]
#[tokio::test]
async fn scram_is_bound_to_the_tls_session() {
    use smtp_async::{
        TlsConfig,
        proto::{
            hello::EhloName,
            sasl::server::MECHANISMS,
            server::{AuthPolicy, Config, TlsPolicy as ServerTls},
        },
    };
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a key");
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.expect("a key"))
        .expect("a certificate");
    let config = Config::new(EhloName::LOCALHOST)
        .with_tls(ServerTls::Required)
        .with_auth(AuthPolicy::Required)
        .with_mechanisms(MECHANISMS);
    let builder = Server::builder().with_config(config).with_tls(Arc::new(tls));
    let store = Store::new().with_user("alice", "s3cret");
    let server = Server::bind(builder, store).await.expect("a port");
    let trust = TlsConfig::with_anchors([made.cert.der().clone()]).expect("trust");
    let mut client = Connector::new("localhost", server.address().port())
        .with_tls_config(trust)
        .connect()
        .await
        .expect("a session");
    assert!(client.login("alice", "wrong").await.is_err());
    client.login("alice", "s3cret").await.expect("a login");
    let (_, reply) = client.last_answer().expect("one");
    assert_eq!(reply.code().value(), 235);
    client.quit().await.expect("a session");
}
