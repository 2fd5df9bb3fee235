//! Blocking adapter.

mod server;

pub use self::server::{Handler, Message, Peer, Server, ServerBuilder, Store};
pub use smtp_proto as proto;
