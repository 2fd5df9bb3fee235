//! The parts without IO that every adapter of [`smtp_proto`] to a runtime needs.
//!
//! ```text
//!   smtp-sync   smtp-async   an adapter of your own
//!        \          |          /
//!         v         v         v
//!              smtp-adapter            settings, errors, trust, sessions; no socket, no thread of a runtime
//!                   |
//!                   v
//!              smtp-proto              the protocol
//! ```
//!
//! An adapter is a driver: it connects, moves octets between its stream and a [`Session`] until the session needs a
//! decision of the caller, keeps the time limits, and gives the stream to a TLS library when the session asks for TLS.
//! Everything else is here:
//!
//! * [`Settings`]: the settings for reaching a server and for the session with it.
//! * [`Session`]: the core's client, the events it has reported, its transcript, and the error that ended it.
//! * [`Error`], [`TlsError`], [`MailError`]: the errors.
//! * [`Tls`]: the trust anchors, and the name to verify.
//! * [`server`]: a test server without its transport, for the adapter's `server` module.
//!
//! The example `futures_io` is a small adapter over the traits of `futures-io`.
//!
//! # Features
//!
//! `tls` (rustls), `idna`, `scram`, `cram-md5`, `mail-builder`, `lettre`, `tracing`: as in the adapters, which pass them
//! on. None is on by default.
#![forbid(unsafe_code)]

mod addresses;
mod error;
mod machine;
mod mail;
mod name;
#[cfg(feature = "scram")]
mod random;
pub mod server;
mod session;
mod settings;
mod tls;
pub mod trace;
mod url;

pub use smtp_proto as proto;

#[cfg(feature = "scram")]
pub use self::random::nonce;
#[cfg(feature = "tls")]
pub use self::tls::{TlsConfig, exporter};
pub use self::{
    addresses::{delay, in_turns, look_up},
    error::{Error, Failure},
    machine::name as machine_name,
    mail::{Mail, MailError},
    name::in_ascii,
    session::Session,
    settings::{SessionKey, Settings, Target},
    tls::{Tls, TlsError},
    url::{Url, UrlError},
};
