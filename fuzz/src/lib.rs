//! Harness code of the fuzz targets: each `check` panics where a property does not hold.

pub mod client;
pub mod reply;
pub mod stuffing;
