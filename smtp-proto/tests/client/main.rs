//! The behaviour of the client.

mod advice;
mod allocations;
mod authentication;
mod chunking;
mod conformance;
mod credentials;
mod envelopes;
mod extension_needs;
mod inquiries;
mod journal;
mod limits;
mod linear;
mod lmtp;
mod opening;
mod routes;
mod small_queues;
mod test_kit;
mod transactions;
mod transport;
