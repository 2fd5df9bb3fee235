//! A sans-IO SMTP client and server core.
//!
//! With the feature `arbitrary` the values (addresses, parameters, commands, replies, envelopes, configurations) implement
//! `arbitrary::Arbitrary`, for fuzz targets. That crate needs std; without the feature nothing here does.
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
mod octets;
mod transport;
mod writer;
