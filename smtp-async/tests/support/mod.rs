//! What the tests of the client share.
#![allow(dead_code, unreachable_pub, reason = "not every test uses all of it")]

#[path = "../../../smtp-sync/tests/support/peer.rs"]
mod peer;
#[cfg(feature = "tls")]
#[path = "../../../smtp-sync/tests/support/tls.rs"]
pub mod tls;

use std::time::Duration;

use smtp_async::{Client, Connector, Timeouts, TlsPolicy};

#[allow(unused_imports, reason = "not every test uses all of it")]
pub use peer::{Duplex, Lines, Peer, envelope, opening, peer};

/// A connector to the peer: named, in the clear, patient enough for a slow machine.
pub fn connector(peer: &Peer) -> Connector {
    Connector::new("127.0.0.1", peer.port)
        .with_name("client.example".parse().expect("a name"))
        .with_tls(TlsPolicy::None)
        .with_timeouts(Timeouts::uniform(Duration::from_secs(20)))
}

/// A client of that connector.
pub async fn client(peer: &Peer) -> Client {
    connector(peer).dial().await.expect("a listening peer")
}

/// A listener that answers nobody: its queue is full.
pub struct FullListener {
    pub port: u16,
    _listener: tokio::net::TcpListener,
    _queue: Vec<std::net::TcpStream>,
}

/// Fills the shortest queue that there is. To be called where a runtime is.
pub fn full_listener() -> FullListener {
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket.bind(([127, 0, 0, 1], 0).into()).expect("a free port");
    let listener = socket.listen(1).expect("a listener");
    let address = listener.local_addr().expect("an address");
    let soon = Duration::from_millis(200);
    let connect = || std::net::TcpStream::connect_timeout(&address, soon).ok();
    let queue = std::iter::from_fn(connect).take(64).collect();
    FullListener { port: address.port(), _listener: listener, _queue: queue }
}
