//! Hostile replies, scripts and values.

mod corpus;
mod every_octet;
#[cfg(all(feature = "cram-md5", feature = "scram"))]
mod players;
