//! The server half.

extern crate alloc;

mod auth;
mod chunks;
mod cuts;
mod exchange;
mod exchange_lines;
mod limits;
mod lmtp;
mod sasl;
#[path = "../sasl_host/mod.rs"]
mod sasl_host;
mod sequence;
#[path = "../server_support/mod.rs"]
mod server_support;
mod tls;
mod with_client;
