//! Parts that the tests of several packages share.
#![allow(
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    reason = "tests alone call it, and a panic fails them"
)]

pub mod trickle;
