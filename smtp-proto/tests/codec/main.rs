//! Values and their octets: addresses, commands, parameters, replies, stuffing, SASL mechanisms.

#[path = "../support/agree.rs"]
mod agree;
mod commands;
mod displayed_text;
mod error_messages;
mod long_replies;
mod parameters;
mod sasl_cram_md5;
mod sasl_echo;
mod sasl_exchange;
mod sasl_external;
mod sasl_oauth;
mod sasl_scram;
mod sasl_secrets;
#[path = "../sasl_support/mod.rs"]
mod sasl_support;
mod stuffing;
#[path = "../support/mod.rs"]
mod support;
mod values_read_back;
