//! What the tests of the client share.
#![allow(dead_code, unreachable_pub, reason = "not every test uses all of it")]

mod peer;
mod places;
#[cfg(feature = "tls")]
pub mod program;
#[cfg(feature = "tls")]
pub mod tls;

use std::time::Duration;

use smtp_sync::{Client, Connector, Timeouts, TlsPolicy};

#[allow(unused_imports, reason = "not every test uses all of it")]
pub use peer::{Duplex, Lines, Peer, envelope, opening, peer};
#[cfg(unix)]
#[allow(unused_imports, reason = "not every test uses all of it")]
pub use places::full_unix_listener;
#[allow(unused_imports, reason = "not every test uses all of it")]
pub use places::{Folder, FullListener, Refusing, Reserved, full_listener};

/// A connector to the peer: named, in the clear, patient enough for a slow machine.
pub fn connector(peer: &Peer) -> Connector {
    Connector::new("127.0.0.1", peer.port)
        .with_name("client.example".parse().expect("a name"))
        .with_tls(TlsPolicy::None)
        .with_timeouts(Timeouts::uniform(Duration::from_secs(20)))
}

/// A client of that connector.
pub fn client(peer: &Peer) -> Client {
    connector(peer).dial().expect("a listening peer")
}
