//! What must hold against a hostile peer and a careless caller, each under its number in `CONFORMANCE.md` (D2 to D27).
//!
//! Those that are not here are properties of their own files: D1, D8, D13, D28 in `any_calls.rs`, D7 in `reply_corpus.rs` and
//! `cuts.rs`, D9 in `commands.rs`, D11 in `sasl_secrets.rs`, D19 to D21 in `stuffing.rs` and `chunking.rs`, D23 to D26 in
//! `recipient_model.rs`, D29 to D31 in the adapters, D32 in `.ci/no-std`.

mod needs;
mod replies;
mod security;
mod verdicts;
