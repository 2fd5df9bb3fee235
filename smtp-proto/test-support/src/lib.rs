//! Helpers that several test programs share, of the core and of the adapters. The fuzz harness uses them too; nothing of it is published.
//!
//! | module | holds |
//! |---|---|
//! | [`session`] | a client and a peer that follows a script, with reads and writes of any size |
//! | [`stand`] | sessions and events in a form short enough for tables |
//! | [`server`] | a server in memory, driven by the octets that a client would send |
//! | [`auth_script`] | AUTH dialogues whose base64 is written decoded |
//! | [`auth_pair`] | a client that authenticates to a server with accounts, in memory |
//! | [`oracle`] | the fate of each recipient, from the wire alone |
//! | [`trickle`] | clients that send an octet now and then, for the servers of both adapters |
//! | [`agree`] | the comparison of a command sent with the command received |
#![allow(
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    clippy::unwrap_used,
    reason = "a test fails by a panic; nobody else uses these"
)]

pub mod agree;
pub mod auth_pair;
pub mod auth_script;
pub mod oracle;
pub mod server;
pub mod session;
pub mod stand;
pub mod trickle;
