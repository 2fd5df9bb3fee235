//! The command line.

use std::{net::SocketAddr, path::PathBuf};

use clap::{ArgAction, Parser, ValueEnum, error::ContextValue};
use smtp_sync::Url;

use crate::{
    action::Action,
    secrets::{looks_like_credentials, variable},
};

/// Send messages by SMTP; one comes on standard input.
#[derive(Parser, Debug)]
#[command(name = "sendmail")]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
#[allow(clippy::doc_markdown, reason = "shown as it is by --help")]
pub(crate) struct Args {
    /// Envelope sender; "" or "<>" is the null sender
    #[arg(short = 'f', long, value_name = "ADDR")]
    pub(crate) from: Option<String>,
    /// Add the addresses of To, Cc and Bcc; Bcc is not sent on
    #[arg(short = 't', long)]
    pub(crate) read_recipients: bool,
    /// When the sender is to be told: never, or some of success,failure,delay
    #[arg(short = 'N', long, value_name = "LIST", value_delimiter = ',')]
    pub(crate) dsn_notify: Vec<String>,
    /// What a notification returns: full or hdrs
    #[arg(short = 'R', long, value_name = "PART")]
    pub(crate) dsn_return: Option<String>,
    /// The name of this sending, which notifications give back
    #[arg(short = 'V', long, value_name = "ID")]
    pub(crate) envid: Option<String>,
    /// Accepted; a lone dot never ends the input
    #[arg(short = 'i')]
    pub(crate) ignore_dots: bool,
    /// Accepted for -oi
    #[arg(short = 'o', hide = true, action = ArgAction::Append)]
    pub(crate) option: Vec<String>,
    /// The dialogue on standard error
    #[arg(short = 'v', long)]
    pub(crate) verbose: bool,
    /// HOST:PORT, unix:PATH, or smtp://, smtps:// or lmtp:// URL; without it, $SMTP_SERVER
    #[arg(long)]
    pub(crate) server: Option<String>,
    /// Deliver to the hosts that the DNS names for each recipient's domain
    #[arg(long, conflicts_with_all = ["server", "protocol", "action", "user", "token_file"])]
    pub(crate) mx: bool,
    /// Where these hosts listen
    #[arg(long, value_name = "N", default_value = "25", requires = "mx")]
    pub(crate) mx_port: u16,
    /// The DNS server to ask, in place of the system's
    #[arg(long, value_name = "ADDR:PORT", requires = "mx")]
    pub(crate) dns: Option<SocketAddr>,
    /// Let mail go to hosts on loopback and unspecified addresses: for tests
    #[arg(long, requires = "mx")]
    pub(crate) allow_loopback: bool,
    /// What is spoken; default: smtp, or what the URL says
    #[arg(long)]
    pub(crate) protocol: Option<Spoken>,
    /// Default: required, but none for loopback and unix:, what the URL says, opportunistic for --mx
    #[arg(long)]
    pub(crate) tls: Option<Tls>,
    /// PEM trust anchors in place of the platform's
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// EHLO argument
    #[arg(long, value_name = "NAME")]
    pub(crate) hello: Option<String>,
    /// With --password-file or $SMTP_PASSWORD
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Option<String>,
    /// The password is the first line
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
    /// An OAuth access token is the first line
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Mechanisms to try, in order; default: the strongest offered first
    #[arg(long, value_delimiter = ',', value_name = "MECH")]
    pub(crate) auth: Vec<String>,
    /// AUTH initial response
    #[arg(long, default_value = "auto")]
    pub(crate) initial_response: Initial,
    /// Let credentials leave without TLS
    #[arg(long)]
    pub(crate) allow_plaintext_auth: bool,
    /// As if PIPELINING were not offered
    #[arg(long)]
    pub(crate) no_pipelining: bool,
    /// Send the content by BDAT where CHUNKING is offered
    #[arg(long)]
    pub(crate) chunking: bool,
    /// Octets per BDAT
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) chunk_size: Option<u32>,
    /// As if these were not offered
    #[arg(long, num_args = 1.., value_name = "KEYWORD")]
    pub(crate) mask: Vec<String>,
    /// Declare SIZE where it is offered (default)
    #[arg(long, overrides_with = "no_size")]
    pub(crate) size: bool,
    /// Do not declare SIZE
    #[arg(long)]
    pub(crate) no_size: bool,
    /// Bare CR or LF in the message
    #[arg(long, default_value = "normalise")]
    pub(crate) newlines: BareNewlines,
    /// Send these instead of standard input, over one connection
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub(crate) message: Vec<PathBuf>,
    /// JSON list, one object per --message, in place of -f, -N, -R, -V and RECIPIENT
    #[arg(long, value_name = "FILE")]
    pub(crate) envelope: Option<PathBuf>,
    /// connect, auth, send:N, noop, rset, vrfy:X, expn:X, wait:MILLISECONDS, quit
    #[arg(long, num_args = 1..)]
    pub(crate) action: Vec<String>,
    /// One limit for every wait
    #[arg(long, value_name = "SECONDS")]
    pub(crate) timeout: Option<f64>,
    /// The result as one JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
    /// Envelope recipients
    #[arg(value_name = "RECIPIENT")]
    pub(crate) recipients: Vec<String>,
    /// The server, where it is given as a URL
    #[arg(skip)]
    pub(crate) url: Option<Url>,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
pub(crate) enum Tls {
    None,
    Opportunistic,
    Required,
    Implicit,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
pub(crate) enum Spoken {
    Smtp,
    Lmtp,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Initial {
    Auto,
    Always,
    Never,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
pub(crate) enum BareNewlines {
    Normalise,
    Reject,
}

impl Args {
    /// Takes the server from the environment where the command line names none, and from a URL what the command line does
    /// not say. No error shows what was given: it may hold a password.
    pub(crate) fn read_server(&mut self) -> Result<(), String> {
        if self.mx {
            return Ok(());
        }
        let source = if self.server.is_some() { "--server" } else { "$SMTP_SERVER" };
        if self.server.is_none() {
            self.server = variable("SMTP_SERVER")?.filter(|server| !server.is_empty());
        }
        let Some(server) = &self.server else { return Ok(()) };
        if server.contains("://") {
            let url: Url = server.parse().map_err(|error| format!("{source}: {error}"))?;
            if self.user.is_none() {
                self.user = url.credentials().map(|(user, _)| user.to_owned());
            }
            self.url = Some(url);
        } else if server.contains('@') && !server.starts_with("unix:") {
            return Err(format!("{source}: {CREDENTIALS_WITHOUT_SCHEME}"));
        }
        Ok(())
    }

    /// What to do, in order; whether a QUIT is said at the end is not listed.
    pub(crate) fn actions(&self, messages: usize) -> Result<Vec<Action>, String> {
        if !self.action.is_empty() {
            return self.action.iter().map(|text| Action::parse(text, messages)).collect();
        }
        let mut actions = vec![Action::Connect];
        actions.extend(self.user.is_some().then_some(Action::Auth));
        actions.extend((0..messages).map(Action::Send));
        Ok(actions)
    }

    /// Whether the actions are the caller's own.
    pub(crate) fn is_scripted(&self) -> bool {
        !self.action.is_empty()
    }

    /// Whether a message is sent: the caller's own actions may do without.
    pub(crate) fn needs_message(&self) -> bool {
        self.action.is_empty() || self.action.iter().any(|action| action.starts_with("send:"))
    }
}

const CREDENTIALS_WITHOUT_SCHEME: &str = "user and password belong into a URL, smtp://USER:PASSWORD@HOST:PORT, \
     or into --user and --password-file";

/// The error without values that may hold a password.
pub(crate) fn without_secrets(mut error: clap::Error) -> clap::Error {
    let secret = |value: &ContextValue| looks_like_credentials(&value.to_string());
    let kinds = error.context().filter(|(_, value)| secret(value)).map(|(kind, _)| kind);
    for kind in kinds.collect::<Vec<_>>() {
        error.insert(kind, ContextValue::String("(not shown)".to_owned()));
    }
    error
}
