//! A sans-IO SMTP client and server core.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;

pub mod address;
pub mod client;
pub mod command;
#[cfg(feature = "alloc")]
pub mod envelope;
pub mod hello;
pub mod parameter;
pub mod reply;
pub mod sasl;
pub mod server;
pub mod stuffing;
pub mod transcript;
pub mod xtext;

mod buffer;
mod octets;
mod writer;
