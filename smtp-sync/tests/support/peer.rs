//! A server that follows a script: [`smtp_sync::testing`], which says how scripts are written.
//!
//! The tests of both adapters use it.

use std::{
    io::{Read, Write},
    sync::{Arc, Mutex},
};

use smtp_sync::{Envelope, testing::ScriptedServer};

#[cfg(feature = "tls")]
use super::tls;

pub trait Duplex: Read + Write + Send {}
impl<T: Read + Write + Send> Duplex for T {}

/// The server; `join` says what it has heard, and fails where that was not in the script.
pub struct Peer {
    pub port: u16,
    server: ScriptedServer,
}

impl Peer {
    pub fn join(self) -> String {
        self.server.finish().unwrap_or_else(|error| panic!("{error}"))
    }
}

/// Starts a server that follows the script with one client.
pub fn peer(script: &str) -> Peer {
    #[cfg(feature = "tls")]
    let server = ScriptedServer::start_with_tls(script, tls::server_config());
    #[cfg(not(feature = "tls"))]
    let server = ScriptedServer::start(script);
    let server = server.unwrap_or_else(|error| panic!("{error}"));
    Peer { port: server.port(), server }
}

/// From a@example.org to these.
pub fn envelope(recipients: &[&str]) -> Envelope {
    let empty = Envelope::new("a@example.org").expect("an address");
    recipients.iter().fold(empty, |envelope, to| envelope.to(to).expect("an address"))
}

/// Gathers the lines of a transcript.
#[derive(Clone, Default)]
pub struct Lines(Arc<Mutex<String>>);

impl Lines {
    pub fn sink(&self) -> impl FnMut(&str) + Send + 'static {
        let lines = Arc::clone(&self.0);
        move |line| lines.lock().expect("no panic").extend([line, "\n"])
    }

    pub fn text(&self) -> String {
        self.0.lock().expect("no panic").clone()
    }
}

/// Greeting and EHLO of a server with these extensions.
pub fn opening(extensions: &[&str]) -> String {
    let mut lines = vec!["mx.example".to_owned()];
    lines.extend(extensions.iter().map(ToString::to_string));
    let last = lines.pop().unwrap_or_default();
    let more: Vec<_> = lines.iter().map(|line| format!("S: 250-{line}")).collect();
    format!("S: 220 mx.example ready\nC: EHLO client.example\n{}\nS: 250 {last}\n", more.join("\n"))
}
