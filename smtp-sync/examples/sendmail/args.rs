//! The command line.

use std::{fs, path::PathBuf, time::Duration};

use clap::{ArgAction, Parser, ValueEnum};
use smtp_sync::{
    Connector, Timeouts, TlsConfig, TlsPolicy,
    proto::{
        client::{Chunking, Config, Protocol},
        hello::{Extension, Extensions},
        stuffing::Newlines,
    },
};

use crate::action::Action;

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
    ignore_dots: bool,
    /// Accepted for -oi
    #[arg(short = 'o', hide = true, action = ArgAction::Append)]
    option: Vec<String>,
    /// The dialogue on standard error
    #[arg(short = 'v', long)]
    verbose: bool,
    /// HOST:PORT or unix:PATH; without it, $SMTP_SERVER
    #[arg(long)]
    server: Option<String>,
    /// What is spoken
    #[arg(long, default_value = "smtp")]
    protocol: Spoken,
    /// Default: required, but none for loopback and unix:
    #[arg(long)]
    tls: Option<Tls>,
    /// PEM trust anchors in place of the platform's
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// EHLO argument
    #[arg(long, value_name = "NAME")]
    hello: Option<String>,
    /// With --password-file or $SMTP_PASSWORD
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Option<String>,
    /// The password is the first line
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// An OAuth access token is the first line
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Mechanisms to try, in order; default: the strongest offered first
    #[arg(long, value_delimiter = ',', value_name = "MECH")]
    pub(crate) auth: Vec<String>,
    /// AUTH initial response
    #[arg(long, default_value = "auto")]
    pub(crate) initial_response: Initial,
    /// Let credentials leave without TLS
    #[arg(long)]
    allow_plaintext_auth: bool,
    /// As if PIPELINING were not offered
    #[arg(long)]
    no_pipelining: bool,
    /// Send the content by BDAT where CHUNKING is offered
    #[arg(long)]
    chunking: bool,
    /// Octets per BDAT
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    chunk_size: Option<u32>,
    /// As if these were not offered
    #[arg(long, num_args = 1.., value_name = "KEYWORD")]
    mask: Vec<String>,
    /// Declare SIZE where it is offered (default)
    #[arg(long, overrides_with = "no_size")]
    size: bool,
    /// Do not declare SIZE
    #[arg(long)]
    pub(crate) no_size: bool,
    /// Bare CR or LF in the message
    #[arg(long, default_value = "normalise")]
    newlines: BareNewlines,
    /// Send these instead of standard input, over one connection
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub(crate) message: Vec<PathBuf>,
    /// JSON list, one object per --message, in place of -f, -N, -R, -V and RECIPIENT
    #[arg(long, value_name = "FILE")]
    pub(crate) envelope: Option<PathBuf>,
    /// connect, auth, send:N, noop, rset, vrfy:X, expn:X, wait:MILLISECONDS, quit
    #[arg(long, num_args = 1..)]
    action: Vec<String>,
    /// One limit for every wait
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<f64>,
    /// The result as one JSON object on standard output
    #[arg(long)]
    pub(crate) json: bool,
    /// Envelope recipients
    #[arg(value_name = "RECIPIENT")]
    pub(crate) recipients: Vec<String>,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum Tls {
    None,
    Opportunistic,
    Required,
    Implicit,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum Spoken {
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
enum BareNewlines {
    Normalise,
    Reject,
}

impl Args {
    pub(crate) fn server(&self) -> Option<String> {
        let named = || std::env::var("SMTP_SERVER").ok().filter(|server| !server.is_empty());
        self.server.clone().or_else(named)
    }

    pub(crate) fn secrets(&self) -> Result<Secrets, String> {
        let password = match &self.password_file {
            Some(file) => Some(first_line(file)?),
            None => std::env::var("SMTP_PASSWORD").ok(),
        };
        Ok(Secrets { password, token: self.token_file.as_ref().map(first_line).transpose()? })
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

    /// Whether the messages are those of --message alone: there may be none.
    pub(crate) fn needs_message(&self) -> bool {
        self.action.is_empty() || self.action.iter().any(|action| action.starts_with("send:"))
    }

    pub(crate) fn connector(&self, server: &str) -> Result<Connector, String> {
        let (connector, local) = reach(server)?;
        let mut connector = connector
            .with_tls(self.tls_policy(local))
            .configure(|config| config.with_plaintext_auth(self.allow_plaintext_auth))
            .configure(|config| config.with_newlines(self.newlines()))
            .configure(|config| config.with_protocol(self.protocol()))
            .configure(|config| self.chunks(config));
        if let Some(name) = &self.hello {
            connector = connector.with_name(name.parse().map_err(|e| format!("--hello: {e}"))?);
        }
        if let Some(file) = &self.ca {
            let pem = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
            let trust = TlsConfig::with_pem_anchors(&pem).map_err(|e| format!("--ca: {e}"))?;
            connector = connector.with_tls_config(trust);
        }
        if let Some(seconds) = self.timeout {
            let limit =
                Duration::try_from_secs_f64(seconds).map_err(|e| format!("--timeout: {e}"))?;
            connector = connector.with_timeouts(Timeouts::uniform(limit));
        }
        if self.verbose {
            connector = connector.with_transcript(|line| eprintln!("{line}"));
        }
        let mask = self.masked();
        Ok(connector.configure(|config| config.with_mask(mask)))
    }

    fn tls_policy(&self, local: bool) -> TlsPolicy {
        match self.tls {
            None if local => TlsPolicy::None,
            None | Some(Tls::Required) => TlsPolicy::Required,
            Some(Tls::None) => TlsPolicy::None,
            Some(Tls::Opportunistic) => TlsPolicy::Opportunistic,
            Some(Tls::Implicit) => TlsPolicy::Implicit,
        }
    }

    const fn protocol(&self) -> Protocol {
        match self.protocol {
            Spoken::Smtp => Protocol::Smtp,
            Spoken::Lmtp => Protocol::Lmtp,
        }
    }

    fn chunks(&self, config: Config) -> Config {
        let chunking = if self.chunking { Chunking::AfterRecipients } else { Chunking::Off };
        let size = self.chunk_size.map_or(usize::MAX, |size| size as usize);
        config.with_chunking(chunking).with_chunk_size(size)
    }

    const fn newlines(&self) -> Newlines {
        match self.newlines {
            BareNewlines::Normalise => Newlines::Normalise,
            BareNewlines::Reject => Newlines::Reject,
        }
    }

    fn masked(&self) -> Extensions {
        let mut mask = Extensions::EMPTY;
        if self.no_pipelining {
            mask.insert(Extension::Pipelining);
        }
        for keyword in &self.mask {
            // What is not known is not used either.
            if let Some(extension) = Extension::from_keyword(keyword.as_bytes()) {
                mask.insert(extension);
            }
        }
        mask
    }
}

/// What must not be shown.
pub(crate) struct Secrets {
    pub(crate) password: Option<String>,
    pub(crate) token: Option<String>,
}

fn first_line(file: &PathBuf) -> Result<String, String> {
    let text = fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// How to reach the server, and whether that is on this machine.
fn reach(server: &str) -> Result<(Connector, bool), String> {
    #[cfg(unix)]
    if let Some(path) = server.strip_prefix("unix:") {
        return Ok((Connector::unix(path), true));
    }
    let usage = || format!("--server: {server} is not HOST:PORT");
    let (host, port) = server.rsplit_once(':').ok_or_else(usage)?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let port = port.parse().map_err(|_| usage())?;
    let address = host.parse::<std::net::IpAddr>();
    let local = host == "localhost" || address.is_ok_and(|address| address.is_loopback());
    Ok((Connector::new(host, port), local))
}
