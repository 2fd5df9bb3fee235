//! A blocking SMTP client: [`smtp_proto`] over sockets, TLS by rustls, the time limits of RFC 5321.
//!
//! ```no_run
//! use smtp_sync::{Connector, Envelope};
//!
//! let mut client = Connector::new("mx.example.org", 587).connect()?;
//! client.login("alice", "s3cret")?;
//! let envelope = Envelope::new("alice@example.org")?.to("bob@example.net")?;
//! let outcome = client.send(&envelope, &b"Subject: Hi\r\n\r\nHello Bob.\r\n"[..])?;
//! assert!(outcome.is_delivered());
//! client.quit()?;
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! The core decides what to send and when; this crate only moves octets. The rest of the core is available as
//! [`proto`].
#![forbid(unsafe_code)]

mod body;
mod client;
mod connect;
mod deadline;
mod driver;
mod happy_eyeballs;
mod login;
mod reach;
pub mod server;
mod stream;
#[cfg(feature = "test-kit")]
pub mod testing;
mod tls;

#[cfg(feature = "tls")]
pub use smtp_adapter::TlsConfig;
#[cfg(feature = "scram")]
pub use smtp_adapter::nonce;
pub use smtp_adapter::{Error, Mail, MailError, TlsError, Url, UrlError};
pub use smtp_proto as proto;
pub use smtp_proto::{
    client::{
        AsEnvelope, Fate, Hint, Inquiry, Outcome, Retry, Status, Timeouts, TlsPolicy, Verdict, When,
    },
    envelope::{Delivery, Envelope, OwnedRecipient},
};

pub use self::{
    client::Client,
    connect::Connector,
    stream::{BoxedStream, Stream, Untimed},
};

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
