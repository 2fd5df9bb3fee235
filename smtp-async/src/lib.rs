//! An SMTP client for Tokio: [`smtp_proto`] over sockets, TLS by rustls, the time limits of RFC 5321.
//!
//! ```no_run
//! use smtp_async::{Connector, Envelope};
//!
//! # async fn example() -> Result<(), Box<dyn core::error::Error>> {
//! let mut client = Connector::new("mx.example.org", 587).connect().await?;
//! client.login("alice", "s3cret").await?;
//! let envelope = Envelope::new("alice@example.org")?.to("bob@example.net")?;
//! let outcome = client.send(&envelope, &b"Subject: Hi\r\n\r\nHello Bob.\r\n"[..]).await?;
//! assert!(outcome.is_delivered());
//! client.quit().await?;
//! # Ok(())
//! # }
//! ```
//!
//! The core decides what to send and when; this crate only moves octets. The rest of the core is available as
//! [`proto`].
//!
//! # Cancellation
//!
//! Every future may be dropped at any await. What had left has left, what was read is kept; the next
//! call goes on from there if it can. Where it cannot, as in the middle of content, the session is
//! over and says so; so it does after an interrupted login, whose verdict only its mechanism could
//! judge. A reply is never taken for the answer to something else.
#![forbid(unsafe_code)]

mod alive;
mod body;
mod client;
mod connect;
mod deadline;
mod driver;
mod happy_eyeballs;
mod login;
#[cfg(feature = "mx")]
pub mod mx;
#[cfg(feature = "pool")]
pub mod pool;
mod reach;
pub mod server;
mod stream;
mod tls;

pub use smtp_proto as proto;
pub use smtp_proto::{
    client::{
        AsEnvelope, Fate, Hint, Inquiry, Outcome, Retry, Status, Timeouts, TlsPolicy, Verdict, When,
    },
    envelope::{Delivery, Envelope, OwnedRecipient},
};

#[cfg(feature = "tls")]
pub use smtp_adapter::TlsConfig;
#[cfg(feature = "scram")]
pub use smtp_adapter::nonce;
pub use smtp_adapter::{Error, Mail, MailError, TlsError, Url, UrlError};

pub use self::{
    client::Client,
    connect::Connector,
    stream::{BoxedStream, Stream},
};
