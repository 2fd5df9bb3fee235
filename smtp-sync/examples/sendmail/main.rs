//! A `sendmail`: a message from standard input, or several from files, by SMTP.
//!
//! ```text
//! cargo run -p smtp-sync --example sendmail -- -f a@example.org --server mx.example.net:25 b@example.net < message
//! ```
#![allow(clippy::format_push_string, reason = "a person reads it once")]
#![deny(clippy::print_stdout, clippy::print_stderr, reason = "they panic where nobody reads")]

mod action;
mod addresses;
mod args;
mod connection;
mod embedded;
mod exit;
mod failure;
mod header;
mod mechanism;
mod message;
mod mx;
mod output;
mod parts;
mod report;
mod row;
mod secrets;
mod session;

use std::process::ExitCode;

use clap::Parser;
use smtp_sync::TlsPolicy;

use crate::{
    args::{Args, without_secrets},
    embedded::Embedded,
    message::Message,
    report::Report,
    secrets::Secrets,
    session::Session,
};

fn main() -> ExitCode {
    let mut args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let error = without_secrets(error);
            error.print().ok();
            return if error.use_stderr() { 64.into() } else { 0.into() };
        }
    };
    let report = run(&mut args);
    report.print(args.json);
    report.exit_code().into()
}

fn run(args: &mut Args) -> Report {
    let mut report = Report::default();
    let gathered = args.read_server().and_then(|()| message::gather(args));
    let (messages, gathered) = match gathered {
        Ok(messages) => (messages, Ok(())),
        Err(problem) => (Vec::new(), Err(problem)),
    };
    if let Err(problem) = gathered.and_then(|()| prepare_and_run(args, &messages, &mut report)) {
        report.refuse(&problem, &messages);
    }
    report
}

/// An error is one before anything was sent.
fn prepare_and_run(args: &Args, messages: &[Message], report: &mut Report) -> Result<(), String> {
    let envelopes = messages.iter().map(Message::envelope).collect::<Result<Vec<_>, _>>()?;
    if args.mx {
        return mx::run(args, messages, &envelopes, report);
    }
    let actions = args.actions(messages.len())?;
    let secrets = Secrets::read(args)?;
    let recipients = messages.iter().flat_map(Message::recipients);
    let (server, embedded) = if let Some(server) = &args.server {
        (server.clone(), None)
    } else {
        let embedded = Embedded::start(args, &secrets, recipients)?;
        (embedded.address(), Some(embedded))
    };
    let (connector, tls) = args.connector(&server)?;
    let requires_tls = matches!(tls, TlsPolicy::Required);
    let session =
        Session { args, secrets: &secrets, messages, envelopes: &envelopes, requires_tls, report };
    session.run(connector, &actions);
    if let Some(embedded) = embedded {
        embedded.show(args.json);
    }
    Ok(())
}
