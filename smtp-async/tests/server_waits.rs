//! How long the loopback server waits for its clients, and that it ends when it is dropped. The clients are threads.
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

#[cfg(feature = "tls")]
mod support;

use std::{
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::Duration,
};

use smtp_async::{
    proto::{
        hello::EhloName,
        server::{AuthPolicy, Config},
    },
    server::{Faults, Server, ServerBuilder, Store},
};
use smtp_test_support::trickle;
use tokio::task::{JoinSet, spawn_blocking};

fn impatient() -> ServerBuilder {
    let config = Config::new(EhloName::LOCALHOST)
        .with_extensions(Config::SUPPORTED)
        .with_auth(AuthPolicy::Offered)
        .with_plaintext_auth(true);
    Server::builder().with_config(config).with_timeout(trickle::PATIENCE)
}

#[tokio::test]
async fn a_client_that_says_one_octet_at_a_time_loses_its_place() {
    let server = Server::bind(impatient(), Store::new()).await.expect("a port");
    let address = server.address();
    let mut clients = JoinSet::new();
    for (said, octets) in trickle::CLEAR {
        clients.spawn_blocking(move || {
            assert!(trickle::is_given_up(address, said, octets), "{said:?}");
        });
    }
    clients.join_all().await;
}

#[tokio::test]
async fn a_client_that_never_says_quit_loses_its_place() {
    let builder = Server::builder().with_session_limit(trickle::PATIENCE);
    let server = Server::bind(builder, Store::new()).await.expect("a port");
    let address = server.address();
    let ended = spawn_blocking(move || trickle::is_session_ended(address)).await;
    assert!(ended.expect("no panic"));
}

#[tokio::test]
async fn dropping_the_server_ends_a_delay() {
    for at in ["CONNECT", "NOOP"] {
        let faults = Faults::new().with_delay(at, Duration::from_secs(24 * 60 * 60));
        let builder = Server::builder().with_faults(faults);
        let server = Server::bind(builder, Store::new()).await.expect("a port");
        let address = server.address();
        let client = thread::spawn(move || {
            let mut client = TcpStream::connect(address).expect("a listener");
            client.set_read_timeout(Some(Duration::from_secs(30))).expect("a socket");
            client.write_all(b"NOOP\r\n").expect("a connection");
            client.read_to_end(&mut Vec::new()).map_err(|error| error.kind())
        });
        while server.connections() == 0 {
            tokio::task::yield_now().await;
        }
        drop(server);
        let end = spawn_blocking(|| client.join().expect("no panic")).await.expect("no panic");
        assert!(!matches!(end, Err(std::io::ErrorKind::WouldBlock)), "{end:?}");
    }
}

#[cfg(feature = "tls")]
#[tokio::test]
async fn a_handshake_and_a_record_have_the_time_of_a_command() {
    use smtp_async::proto::server::TlsPolicy;
    use support::tls::{server_config, trusting};

    let config = Config::new(EhloName::LOCALHOST).with_tls(TlsPolicy::Implicit);
    let builder = impatient().with_config(config).with_tls(server_config());
    let server = Server::bind(builder, Store::new()).await.expect("a port");
    let address = server.address();
    let handshake = spawn_blocking(move || trickle::is_given_up(address, "", &trickle::HANDSHAKE));
    assert!(handshake.await.expect("no panic"));
    let record = spawn_blocking(move || {
        let mut socket = TcpStream::connect(address).expect("a listener");
        let name = rustls::pki_types::ServerName::try_from("localhost").expect("a name");
        let mut client = rustls::ClientConnection::new(trusting().into_inner(), name);
        let client = client.as_mut().expect("a client");
        while client.is_handshaking() || client.wants_write() {
            client.complete_io(&mut socket).expect("a handshake");
        }
        trickle::trickle(&mut socket, &trickle::RECORD)
    });
    assert!(record.await.expect("no panic"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_always_has_more_to_say_has_no_more_time_than_others() {
    // A line that comes at 1,000 octets a second, and does not end.
    let line = (impatient(), vec![b'x'; 10], Duration::from_millis(10));
    let limited = Server::builder().with_session_limit(trickle::PATIENCE);
    let commands = (limited, b"NOOP\r\n".repeat(1000), Duration::ZERO);
    for (builder, said, pause) in [commands, line] {
        let server = Server::bind(builder, Store::new()).await.expect("a port");
        let address = server.address();
        let ended = spawn_blocking(move || trickle::is_flood_ended(address, &said, pause)).await;
        assert!(ended.expect("no panic"));
    }
}
