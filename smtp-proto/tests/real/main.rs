//! Replies and dialogues of real servers.

mod dialogues;
mod quirks_auth;
mod quirks_opening;
mod quirks_transactions;
mod reply_corpus;
mod server_quirks;
