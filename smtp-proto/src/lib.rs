//! SMTP without IO: the protocol of client and server as state machines, and the values they exchange.
//!
//! The crate opens no socket and reads no clock. A driver moves octets between a transport and a session, and calls
//! the session when it asks for something. The adapters `smtp-sync` and `smtp-async` are such drivers.
//!
//! ```text
//!   application      commands           octets      transport
//!  +-------------+ ----------> +--------+ ----------> +-----------+
//!  | envelope,   |             | Client |             | TCP, TLS, |
//!  | content     | <---------- | Server | <---------- | a test    |
//!  +-------------+   events    +--------+   octets    +-----------+
//!                      |
//!                      | built on
//!                      v
//!    address  parameter  command  reply  hello  sasl  stuffing
//! ```
//!
//! # A session driven by hand
//!
//! ```
//! use smtp_proto::{
//!     client::{Client, Config, TlsPolicy, Wants},
//!     hello::EhloName,
//! };
//!
//! let config = Config::new(EhloName::parse("client.example")?).with_tls(TlsPolicy::None);
//! let mut client = Client::new(config);
//! let mut replies = [&b"220 mx.example ready\r\n"[..], b"250 mx.example\r\n"].into_iter();
//! let mut sent = Vec::new();
//! loop {
//!     match client.wants() {
//!         Wants::Event => while client.poll_event()?.is_some() {},
//!         Wants::Write => {
//!             let octets = client.transmit();
//!             let length = octets.len();
//!             sent.extend_from_slice(octets);
//!             client.transmitted(length)?;
//!         }
//!         Wants::Flush => client.flushed(),
//!         Wants::Read => {
//!             let reply = replies.next().unwrap_or_default();
//!             client.read_buf()[..reply.len()].copy_from_slice(reply);
//!             client.received(reply.len())?;
//!         }
//!         // `Wants::Command`: the session is open, and the application may start a transaction.
//!         _ => break,
//!     }
//! }
//! assert_eq!(client.wants(), Wants::Command);
//! assert_eq!(sent, b"EHLO client.example\r\n");
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! # Further reading
//!
//! * [`client`]: a whole client session, and the two loops that drive one.
//! * [`server`]: the same for a server.
//! * [`sasl`]: the mechanisms, and how to add one.
//!
//! # Features
//!
//! * `alloc` (default): owned buffers, envelopes and outcomes. Without it a session runs in borrowed storage.
//! * `scram`, `cram-md5`: the SASL mechanisms that need a hash.
//! * `idna`: domains beyond ASCII become A-labels.
//! * `test-kit`: a peer that follows a script, for tests.
//! * `arbitrary`: the values implement `arbitrary::Arbitrary`, for fuzz targets. The only feature that links std.
#![no_std]
#![forbid(unsafe_code)]
#![warn(clippy::std_instead_of_core, clippy::std_instead_of_alloc, clippy::alloc_instead_of_core)]
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

#[cfg(feature = "alloc")]
extern crate alloc;

pub mod address;
pub mod client;
pub mod command;
#[cfg(feature = "alloc")]
pub mod envelope;
pub mod hello;
pub mod pace;
pub mod parameter;
pub mod reply;
#[cfg(feature = "alloc")]
pub mod route;
pub mod sasl;
pub mod server;
pub mod stuffing;
#[cfg(feature = "test-kit")]
pub mod testing;
pub mod transcript;
pub mod xtext;

#[cfg(feature = "arbitrary")]
mod arbitrary;
mod buffer;
mod hex;
mod octets;
mod time;
mod transport;
mod writer;
