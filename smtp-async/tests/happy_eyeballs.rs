//! Several addresses of one host. The module is taken in as it is: no name of this machine's has the
//! addresses that are wanted here.
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

#[path = "../src/happy_eyeballs.rs"]
mod happy_eyeballs;
mod support;

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use happy_eyeballs::connect;
use smtp_async::{Connector, Error, TlsPolicy};
use support::full_listener;
use tokio::{net::TcpListener, time::Instant};

/// Nobody listens there: the port was somebody's, and is given back.
async fn refusing() -> SocketAddr {
    listening().await.local_addr().expect("an address")
}

async fn listening() -> TcpListener {
    TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port")
}

#[tokio::test]
async fn an_address_that_refuses_is_passed_over() {
    let alive = listening().await;
    let address = alive.local_addr().expect("an address");
    let stream = connect(vec![refusing().await, refusing().await, address], None).await;
    assert_eq!(stream.expect("a connection").peer_addr().expect("an address"), address);
}

/// The clock stands still unless everybody waits, so the time is that of the rules.
#[tokio::test(start_paused = true)]
async fn an_address_that_does_not_answer_costs_a_quarter_of_a_second() {
    let full = full_listener();
    let alive = listening().await;
    let address = alive.local_addr().expect("an address");
    let silent = SocketAddr::from(([127, 0, 0, 1], full.port));
    let start = Instant::now();
    let stream = connect(vec![silent, silent, address], None).await;
    assert_eq!(stream.expect("a connection").peer_addr().expect("an address"), address);
    // Two silent ones; while the third is connected to, the clock may run on to the next turn.
    let quarters = start.elapsed().as_millis() / 250;
    assert!((2..=3).contains(&quarters), "{:?}", start.elapsed());
}

#[tokio::test]
async fn where_all_are_dead_the_last_error_is_told() {
    let error = connect(vec![refusing().await, refusing().await], None).await;
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
    let mut addresses = vec![refusing().await; 16];
    addresses.push(address);
    connect(addresses.clone(), None).await.expect_err("the seventeenth is the one");
    addresses.swap(15, 16);
    connect(addresses, None).await.expect("a connection");
}

#[tokio::test]
async fn families_take_turns() {
    // Sixteen of one family before the one of the other: it is the second.
    let Ok(alive) = TcpListener::bind("[::1]:0").await else { return };
    let mut addresses = vec![refusing().await; 16];
    addresses.push(alive.local_addr().expect("an address"));
    connect(addresses, None).await.expect("a connection");
}

#[tokio::test]
async fn the_connector_says_from_where_and_why_not() {
    let peer = support::peer("S: 220 mx\n C: EHLO [127.0.0.7]\n S: 250 mx\n");
    let connector = Connector::new("127.0.0.1", peer.port).with_tls(TlsPolicy::None);
    let source = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 7));
    connector.with_source(source).connect().await.expect("a session");
    peer.join();
    let port = refusing().await.port();
    let error = Connector::new("localhost", port).connect().await.expect_err("nobody");
    let Error::Connect(reason) = error else { panic!("{error}") };
    assert_eq!(reason.kind(), io::ErrorKind::ConnectionRefused);
}
