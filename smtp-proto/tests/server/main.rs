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
mod sequence;
mod tls;
mod with_client;
