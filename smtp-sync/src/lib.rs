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
//! What is said and when is decided in the core; here is only what moves octets. Whatever the core
//! has to offer beside its client stands in [`proto`].
#![forbid(unsafe_code)]

mod body;
mod client;
mod connect;
mod deadline;
mod dialogue;
mod driver;
mod error;
mod happy_eyeballs;
mod login;
mod machine;
mod mail;
mod name;
mod reach;
mod server;
mod stream;
#[cfg(feature = "test-kit")]
pub mod testing;
mod tls;
#[doc(hidden)]
pub mod trace;
mod url;

pub use smtp_proto as proto;
pub use smtp_proto::{
    client::{
        AsEnvelope, Fate, Hint, Inquiry, Outcome, Retry, Status, Timeouts, TlsPolicy, Verdict, When,
    },
    envelope::{Delivery, Envelope, OwnedRecipient},
};

#[cfg(feature = "scram")]
pub use self::login::nonce;
#[cfg(feature = "tls")]
pub use self::tls::TlsConfig;
pub use self::{
    client::Client,
    connect::Connector,
    error::Error,
    mail::{Mail, MailError},
    server::{
        At, Conversation, Faults, Handler, Message, Peer, Server, ServerBuilder, Store, Turn,
    },
    stream::{BoxedStream, Stream, Untimed},
    tls::TlsError,
    url::{Url, UrlError},
};

/// What the Tokio adapter shares with this one and nobody else needs.
#[doc(hidden)]
pub mod shared {
    pub use crate::dialogue::Dialogue;
    pub use crate::machine::name as machine_name;
    pub use crate::name::in_ascii;
    pub use crate::reach::{delay, in_turns, look_up, prepare};
    pub use crate::server::Listening;
    pub use crate::stream::Failure;
    pub use crate::tls::Tls;
    #[cfg(feature = "tls")]
    pub use crate::tls::exporter;
}

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
