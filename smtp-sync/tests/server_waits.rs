//! How long the loopback server waits for its clients, and that it ends when it is dropped.
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

#[cfg(feature = "tls")]
mod support;

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::mpsc,
    thread,
    time::Duration,
};

use smtp_sync::{
    proto::{
        hello::EhloName,
        server::{AuthPolicy, Config},
    },
    server::{Faults, Server, ServerBuilder, Store},
};
use smtp_test_support::trickle;

fn impatient() -> ServerBuilder {
    let config = Config::new(EhloName::LOCALHOST)
        .with_extensions(Config::SUPPORTED)
        .with_auth(AuthPolicy::Offered)
        .with_plaintext_auth(true);
    Server::builder().with_config(config).with_timeout(trickle::PATIENCE)
}

/// Fails where the server has not ended by then, whatever its clients do.
fn drop_soon(server: Server) {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        drop(server);
        tell.send(()).ok();
    });
    told.recv_timeout(Duration::from_secs(30)).expect("the server's end");
}

#[test]
fn a_client_that_says_one_octet_at_a_time_loses_its_place() {
    let server = Server::bind(impatient(), Store::new()).expect("a port");
    let address = server.address();
    thread::scope(|scope| {
        for (said, octets) in trickle::CLEAR {
            scope.spawn(move || {
                assert!(trickle::is_given_up(address, said, octets), "{said:?}");
            });
        }
    });
}

#[test]
fn a_client_that_never_says_quit_loses_its_place() {
    let builder = Server::builder().with_session_limit(trickle::PATIENCE);
    let server = Server::bind(builder, Store::new()).expect("a port");
    assert!(trickle::is_session_ended(server.address()));
}

#[test]
fn a_client_that_does_not_close_behind_quit_loses_its_place() {
    let server = Server::bind(Server::builder(), Store::new()).expect("a port");
    let mut client = TcpStream::connect(server.address()).expect("a listener");
    client.write_all(b"QUIT\r\n").expect("a connection");
    // Until the second reply nobody closes.
    let mut replies = [0; 1024];
    while !matches!(client.read(&mut replies), Ok(0)) {}
    let lingers = (0..30).take_while(|_| {
        thread::sleep(Duration::from_millis(100));
        client.write_all(b"x").is_ok() && server.connections() > 0
    });
    assert!(lingers.count() < 30);
}

#[test]
fn dropping_the_server_ends_a_delay() {
    for at in ["CONNECT", "NOOP"] {
        let faults = Faults::new().with_delay(at, Duration::from_secs(24 * 60 * 60));
        let server =
            Server::bind(Server::builder().with_faults(faults), Store::new()).expect("a port");
        let mut client = TcpStream::connect(server.address()).expect("a listener");
        client.write_all(b"NOOP\r\n").expect("a connection");
        while server.connections() == 0 {
            thread::yield_now();
        }
        drop_soon(server);
        client.read_to_end(&mut Vec::new()).ok();
    }
}

#[cfg(feature = "tls")]
mod tls {
    use std::sync::Arc;

    use rustls::{ClientConnection, pki_types::ServerName};
    use smtp_sync::proto::server::TlsPolicy;

    use super::*;
    use support::tls::{server_config, trusting};

    fn implicit() -> Server {
        let config = Config::new(EhloName::LOCALHOST).with_tls(TlsPolicy::Implicit);
        let builder = impatient().with_config(config).with_tls(server_config());
        Server::bind(builder, Store::new()).expect("a port")
    }

    #[test]
    fn a_handshake_has_the_time_of_a_command() {
        let server = implicit();
        assert!(trickle::is_given_up(server.address(), "", &trickle::HANDSHAKE));
    }

    #[test]
    fn a_record_that_never_becomes_whole_is_no_command() {
        let server = implicit();
        let mut socket = TcpStream::connect(server.address()).expect("a listener");
        let name = ServerName::try_from("localhost").expect("a name");
        let mut client = ClientConnection::new(Arc::clone(&trusting().into_inner()), name);
        let client = client.as_mut().expect("a client");
        while client.is_handshaking() || client.wants_write() {
            client.complete_io(&mut socket).expect("a handshake");
        }
        assert!(trickle::trickle(&mut socket, &trickle::RECORD));
    }
}

#[test]
fn a_client_that_always_has_more_to_say_has_no_more_time_than_others() {
    let server =
        Server::bind(Server::builder().with_session_limit(trickle::PATIENCE), Store::new());
    let server = server.expect("a port");
    let commands = b"NOOP\r\n".repeat(1000);
    assert!(trickle::is_flood_ended(server.address(), &commands, Duration::ZERO));
    // A line that comes at 1,000 octets a second, and does not end.
    let server = Server::bind(impatient(), Store::new()).expect("a port");
    assert!(trickle::is_flood_ended(server.address(), &[b'x'; 10], Duration::from_millis(10)));
}
