//! A sans-IO SMTP client and server core.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;

pub mod address;
pub mod command;
pub mod hello;
pub mod parameter;
pub mod xtext;

mod octets;
mod writer;
