//! What the tests of delivery by MX need.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part of it")]

#[allow(clippy::cast_possible_truncation, reason = "what is written here is small")]
pub mod dns;
pub mod hosts;
#[cfg(feature = "tls")]
pub mod tls;
