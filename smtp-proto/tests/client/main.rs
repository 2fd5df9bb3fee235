//! The behaviour of the client.

mod advice;
mod allocations;
mod authentication;
mod chunking;
mod conformance;
mod envelopes;
mod extension_needs;
mod inquiries;
mod limits;
mod linear;
mod lmtp;
mod opening;
mod regressions;
mod routes;
#[path = "../support/mod.rs"]
mod support;
mod test_kit;
mod transactions;
