//! Values and their octets: addresses, commands, parameters, replies, stuffing, SASL mechanisms.

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
mod stuffing;
mod values_read_back;
