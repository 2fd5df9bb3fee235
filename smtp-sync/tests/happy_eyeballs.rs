//! Several addresses of one host. The modules are taken in as they are: no name of this machine's has
//! the addresses that are wanted here.
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

#[path = "../src/happy_eyeballs.rs"]
mod happy_eyeballs;
#[allow(dead_code, unreachable_pub, reason = "the rest is for the adapter")]
#[path = "../src/reach.rs"]
mod reach;
mod support;

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use smtp_sync::{Connector, Error, Timeouts, TlsPolicy};
use support::{Refusing, full_listener};

const LIMIT: Duration = Duration::from_secs(20);

fn connect(addresses: Vec<SocketAddr>, source: Option<IpAddr>) -> io::Result<TcpStream> {
    happy_eyeballs::connect(addresses, source, LIMIT)
}

fn listening() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

#[test]
fn an_address_that_refuses_is_passed_over() {
    let (nobody, (_alive, address)) = (Refusing::new(), listening());
    let stream = connect(vec![nobody.address, nobody.address, address], None);
    assert_eq!(stream.expect("a connection").peer_addr().expect("an address"), address);
}

#[test]
fn addresses_that_do_not_answer_do_not_take_the_time_of_those_that_do() {
    let (full, (_alive, address)) = (full_listener(), listening());
    let stream = connect(vec![full.address, full.address, address], None);
    assert_eq!(stream.expect("a connection").peer_addr().expect("an address"), address);
}

#[test]
fn a_short_limit_is_shared_by_all_addresses() {
    let (full, (_alive, address)) = (full_listener(), listening());
    let mut addresses = vec![full.address; 9];
    addresses.push(address);
    // A quarter of a second for each of them would take more than this.
    let limit = Duration::from_secs(2);
    let stream = happy_eyeballs::connect(addresses, None, limit).expect("a connection");
    assert_eq!(stream.peer_addr().expect("an address"), address);
}

#[test]
fn a_connection_that_was_slow_is_taken_while_others_are_tried() {
    let (full, nobody) = (full_listener(), Refusing::new());
    let address = full.address;
    let waiting = thread::spawn(move || connect(vec![address, address, nobody.address], None));
    // Nobody can see from outside that the second is under way.
    thread::sleep(Duration::from_millis(300));
    full.make_room();
    assert_eq!(waiting.join().expect("no panic").expect("one").peer_addr().ok(), Some(address));
}

#[test]
fn where_nobody_answers_the_limit_is_the_end() {
    let full = full_listener();
    for addresses in [vec![full.address], vec![full.address; 3]] {
        let error = happy_eyeballs::connect(addresses, None, Duration::from_millis(100));
        assert_eq!(error.expect_err("nobody").kind(), io::ErrorKind::TimedOut);
    }
}

#[test]
fn where_all_are_dead_the_last_error_is_told() {
    let nobody = Refusing::new();
    let error = connect(vec![nobody.address, nobody.address], None).expect_err("nobody");
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    let error = connect(Vec::new(), None).expect_err("nowhere");
    assert_eq!(error.to_string(), "the host has no address");
}

#[test]
fn a_connection_comes_from_the_source_that_was_asked_for() {
    let (alive, address) = listening();
    let source = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 9));
    let stream = connect(vec![address], Some(source)).expect("a connection");
    assert_eq!(stream.local_addr().expect("an address").ip(), source);
    let (_, client) = alive.accept().expect("a client");
    assert_eq!(client.ip(), source);
}

#[test]
fn only_addresses_of_the_sources_family_are_tried() {
    let other = SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, 9));
    let error = connect(vec![other], Some(Ipv4Addr::LOCALHOST.into())).expect_err("no address");
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    // Those of the other family are not in the way.
    let (_alive, address) = listening();
    connect(vec![other, address], Some(Ipv4Addr::LOCALHOST.into())).expect("a connection");
}

#[test]
fn no_more_than_sixteen_addresses_are_tried() {
    let (nobody, (_alive, address)) = (Refusing::new(), listening());
    let mut addresses = vec![nobody.address; 16];
    addresses.push(address);
    connect(addresses.clone(), None).expect_err("the seventeenth is the one");
    addresses.swap(15, 16);
    connect(addresses, None).expect("a connection");
}

#[test]
fn families_take_turns() {
    // Sixteen of one family before the one of the other: it is the second.
    let Ok(alive) = TcpListener::bind("[::1]:0") else { return };
    let nobody = Refusing::new();
    let mut addresses = vec![nobody.address; 16];
    addresses.push(alive.local_addr().expect("an address"));
    connect(addresses, None).expect("a connection");
}

#[test]
fn a_connector_that_nobody_answers_ends_in_time() {
    let full = full_listener();
    let limit = Duration::from_millis(200);
    let connector = || {
        Connector::new("127.0.0.1", full.address.port())
            .with_tls(TlsPolicy::None)
            .with_timeouts(Timeouts::uniform(LIMIT))
    };
    let soon = Instant::now() + limit;
    for connector in [
        connector().with_timeouts(Timeouts::uniform(limit)),
        // Whatever the limit of each wait is.
        connector().with_deadline(soon),
    ] {
        let Err(Error::Connect(reason)) = connector.connect() else { panic!("a session") };
        assert_eq!(reason.kind(), io::ErrorKind::TimedOut);
    }
}

#[cfg(unix)]
#[test]
fn a_unix_socket_with_a_full_queue_is_given_up_in_time_and_taken_when_there_is_room() {
    let folder = support::Folder::new();
    let path = folder.path().join("full");
    let full = support::full_unix_listener(&path);
    let connector = || Connector::unix(&path).with_timeouts(Timeouts::uniform(LIMIT));
    let soon = Timeouts::uniform(Duration::from_millis(100));
    let Err(Error::Connect(reason)) = connector().with_timeouts(soon).dial() else {
        panic!("a place in a full queue");
    };
    assert_eq!(reason.kind(), io::ErrorKind::TimedOut);
    let dialling = thread::spawn({
        let connector = connector();
        move || connector.dial().map(drop)
    });
    full.accept().expect("one that was in the queue");
    dialling.join().expect("no panic").expect("a connection");
}
