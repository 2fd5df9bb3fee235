//! Several addresses of one host. The module is taken in as it is: no name of this machine's has the
//! addresses that are wanted here.
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

#[path = "../src/happy_eyeballs.rs"]
mod happy_eyeballs;
mod support;

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use smtp_async::{Connector, Error, Timeouts, TlsPolicy};
use support::{Refusing, full_listener};
use tokio::{
    net::{TcpListener, TcpStream},
    time::Instant,
};

const LIMIT: Duration = Duration::from_secs(20);

async fn connect(addresses: Vec<SocketAddr>, source: Option<IpAddr>) -> io::Result<TcpStream> {
    happy_eyeballs::connect(addresses, source, LIMIT).await
}

async fn listening() -> TcpListener {
    TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port")
}

#[tokio::test]
async fn an_address_that_refuses_is_passed_over() {
    let (nobody, alive) = (Refusing::new(), listening().await);
    let address = alive.local_addr().expect("an address");
    let stream = connect(vec![nobody.address, nobody.address, address], None).await;
    assert_eq!(stream.expect("a connection").peer_addr().expect("an address"), address);
}

/// The clock stands still unless everybody waits, so the time is that of the rules.
#[tokio::test(start_paused = true)]
async fn an_address_that_does_not_answer_costs_a_quarter_of_a_second() {
    let full = full_listener();
    let alive = listening().await;
    let address = alive.local_addr().expect("an address");
    let silent = full.address;
    let start = Instant::now();
    let stream = connect(vec![silent, silent, address], None).await;
    assert_eq!(stream.expect("a connection").peer_addr().expect("an address"), address);
    // Two silent ones; while the third is connected to, the clock may run on to the next turn.
    let quarters = start.elapsed().as_millis() / 250;
    assert!((2..=3).contains(&quarters), "{:?}", start.elapsed());
}

#[tokio::test]
async fn where_all_are_dead_the_last_error_is_told() {
    let nobody = Refusing::new();
    let error = connect(vec![nobody.address, nobody.address], None).await;
    assert_eq!(error.expect_err("nobody").kind(), io::ErrorKind::ConnectionRefused);
    let error = connect(Vec::new(), None).await.expect_err("nowhere");
    assert_eq!(error.to_string(), "the host has no address");
}

#[tokio::test]
async fn a_connection_comes_from_the_source_that_was_asked_for() {
    let alive = listening().await;
    let address = alive.local_addr().expect("an address");
    let source = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 9));
    let stream = connect(vec![address], Some(source)).await.expect("a connection");
    assert_eq!(stream.local_addr().expect("an address").ip(), source);
    let (_, client) = alive.accept().await.expect("a client");
    assert_eq!(client.ip(), source);
}

#[tokio::test]
async fn only_addresses_of_the_sources_family_are_tried() {
    let other = SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, 9));
    let error = connect(vec![other], Some(Ipv4Addr::LOCALHOST.into())).await;
    assert_eq!(error.expect_err("no address").kind(), io::ErrorKind::NotFound);
    // Those of the other family are not in the way.
    let alive = listening().await;
    let address = alive.local_addr().expect("an address");
    connect(vec![other, address], Some(Ipv4Addr::LOCALHOST.into())).await.expect("a connection");
}

#[tokio::test]
async fn a_source_that_is_not_of_this_machine_is_an_error() {
    let alive = listening().await;
    let address = alive.local_addr().expect("an address");
    // Of a network for documentation (RFC 5737).
    let source = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    connect(vec![address], Some(source)).await.expect_err("not here");
}

#[tokio::test]
async fn no_more_than_sixteen_addresses_are_tried() {
    let alive = listening().await;
    let address = alive.local_addr().expect("an address");
    let nobody = Refusing::new();
    let mut addresses = vec![nobody.address; 16];
    addresses.push(address);
    connect(addresses.clone(), None).await.expect_err("the seventeenth is the one");
    addresses.swap(15, 16);
    connect(addresses, None).await.expect("a connection");
}

#[tokio::test]
async fn families_take_turns() {
    // Sixteen of one family before the one of the other: it is the second.
    let Ok(alive) = TcpListener::bind("[::1]:0").await else { return };
    let nobody = Refusing::new();
    let mut addresses = vec![nobody.address; 16];
    addresses.push(alive.local_addr().expect("an address"));
    connect(addresses, None).await.expect("a connection");
}

/// The clock stands still unless everybody waits, so the time is that of the rules.
#[tokio::test(start_paused = true)]
async fn a_short_limit_is_shared_by_all_addresses() {
    let (full, alive) = (full_listener(), listening().await);
    let mut addresses = vec![full.address; 9];
    addresses.push(alive.local_addr().expect("an address"));
    let start = Instant::now();
    let limit = Duration::from_secs(1);
    happy_eyeballs::connect(addresses, None, limit).await.expect("a connection");
    assert!(start.elapsed() <= limit, "{:?}", start.elapsed());
}

#[tokio::test]
async fn the_connector_says_from_where_and_why_not() {
    let name = smtp_adapter::machine_name();
    let name = name.map_or("[127.0.0.7]".to_owned(), |name| name.to_string());
    let peer = support::peer(&format!("S: 220 mx\n C: EHLO {name}\n S: 250 mx\n"));
    let connector = Connector::new("127.0.0.1", peer.port).with_tls(TlsPolicy::None);
    let source = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 7));
    connector.with_source(source).connect().await.expect("a session");
    peer.join();
    let nobody = Refusing::new();
    let error = Connector::new("localhost", nobody.address.port()).connect().await;
    let Err(Error::Connect(reason)) = error else { panic!("a session") };
    assert_eq!(reason.kind(), io::ErrorKind::ConnectionRefused);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_is_one_for_connecting_too() {
    let full = full_listener();
    let start = Instant::now();
    let limit = Duration::from_secs(7);
    let connector = Connector::new("127.0.0.1", full.address.port());
    let error = connector.with_deadline(start + limit).connect().await;
    let Err(Error::Connect(reason)) = error else { panic!("a session") };
    assert_eq!(reason.kind(), io::ErrorKind::TimedOut);
    assert!((7000..7010).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_socket_with_a_full_queue_is_given_up_in_time_and_taken_when_there_is_room() {
    let folder = support::Folder::new();
    let path = folder.path().join("full");
    let full = support::full_unix_listener(&path);
    let connector = || Connector::unix(&path).with_timeouts(Timeouts::uniform(LIMIT));
    let soon = Timeouts::uniform(Duration::from_millis(100));
    let Err(Error::Connect(reason)) = connector().with_timeouts(soon).dial().await else {
        panic!("a place in a full queue");
    };
    assert_eq!(reason.kind(), io::ErrorKind::TimedOut);
    let dialling = tokio::spawn(connector().dial());
    tokio::task::yield_now().await;
    full.accept().expect("one that was in the queue");
    dialling.await.expect("no panic").expect("a connection");
}
