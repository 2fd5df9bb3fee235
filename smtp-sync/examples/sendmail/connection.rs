//! What the command line says of a connection.

use std::{fs, net::IpAddr, time::Duration};

use smtp_sync::{
    Connector, Timeouts, TlsConfig, TlsPolicy,
    proto::{
        client::{Chunking, Config, Protocol},
        hello::{EhloName, Extension, Extensions},
        stuffing::Newlines,
    },
};

use crate::{
    args::{Args, BareNewlines, Spoken, Tls},
    output,
    secrets::shown,
};

impl Args {
    /// The connector, and the TLS that it wants.
    pub(crate) fn connector(&self, server: &str) -> Result<(Connector, TlsPolicy), String> {
        let (connector, tls) = match &self.url {
            Some(url) => (Connector::from_url(url), url.tls()),
            None => reach(server)?,
        };
        let tls = self.tls_policy().unwrap_or(tls);
        let mut connector = connector.with_tls(tls).configure(|config| self.config(config));
        if let Some(name) = self.hello_name()? {
            connector = connector.with_name(name);
        }
        if let Some(trust) = self.trust()? {
            connector = connector.with_tls_config(trust);
        }
        if let Some(timeouts) = self.timeouts()? {
            connector = connector.with_timeouts(timeouts);
        }
        if self.verbose {
            connector = connector.with_transcript(output::line);
        }
        Ok((connector, tls))
    }

    /// What the core decides by.
    pub(crate) fn config(&self, config: Config) -> Config {
        let config = match self.protocol {
            None => config,
            Some(Spoken::Smtp) => config.with_protocol(Protocol::Smtp),
            Some(Spoken::Lmtp) => config.with_protocol(Protocol::Lmtp),
        };
        let chunking = if self.chunking { Chunking::AfterRecipients } else { Chunking::Off };
        let newlines = match self.newlines {
            BareNewlines::Normalise => Newlines::Normalise,
            BareNewlines::Reject => Newlines::Reject,
        };
        config
            .with_plaintext_auth(self.allow_plaintext_auth)
            .with_newlines(newlines)
            .with_chunking(chunking)
            .with_chunk_size(self.chunk_size.map_or(usize::MAX, |size| size as usize))
            .with_mask(self.masked())
    }

    pub(crate) fn hello_name(&self) -> Result<Option<EhloName>, String> {
        let parse = |name: &String| name.parse().map_err(|error| format!("--hello: {error}"));
        self.hello.as_ref().map(parse).transpose()
    }

    pub(crate) fn trust(&self) -> Result<Option<TlsConfig>, String> {
        let Some(file) = &self.ca else { return Ok(None) };
        let name = || shown(&file.display().to_string());
        let pem = fs::read(file).map_err(|error| format!("--ca: {}: {error}", name()))?;
        TlsConfig::with_pem_anchors(&pem).map(Some).map_err(|error| format!("--ca: {error}"))
    }

    pub(crate) fn timeouts(&self) -> Result<Option<Timeouts>, String> {
        let Some(seconds) = self.timeout else { return Ok(None) };
        let limit = Duration::try_from_secs_f64(seconds);
        limit.map(Timeouts::uniform).map(Some).map_err(|error| format!("--timeout: {error}"))
    }

    pub(crate) fn tls_policy(&self) -> Option<TlsPolicy> {
        self.tls.map(|tls| match tls {
            Tls::None => TlsPolicy::None,
            Tls::Opportunistic => TlsPolicy::Opportunistic,
            Tls::Required => TlsPolicy::Required,
            Tls::Implicit => TlsPolicy::Implicit,
        })
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

/// How to reach the server, and what TLS there is unless told: none on this machine.
fn reach(server: &str) -> Result<(Connector, TlsPolicy), String> {
    #[cfg(unix)]
    if let Some(path) = server.strip_prefix("unix:") {
        return Ok((Connector::unix(path), TlsPolicy::None));
    }
    let usage = || "the server is not HOST:PORT, unix:PATH or a URL".to_owned();
    let (host, port) = server.rsplit_once(':').ok_or_else(usage)?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let port = port.parse().map_err(|_| usage())?;
    if host.is_empty() {
        return Err(usage());
    }
    let address = host.parse::<IpAddr>();
    let local = host == "localhost" || address.is_ok_and(|address| address.is_loopback());
    let tls = if local { TlsPolicy::None } else { TlsPolicy::Required };
    Ok((Connector::new(host, port), tls))
}
