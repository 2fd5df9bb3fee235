//! A transport that is neither TCP nor TLS: here a server that lives in the same thread, reached by
//! function calls. A serial line, a pipe to `ssh`, or a proxy's stream works the same way.
//!
//! ```text
//! cargo run -p smtp-sync --example custom_transport
//! ```

use std::io::{self, Read, Write};

use smtp_sync::{
    Client, Envelope, TlsPolicy, Untimed,
    proto::{
        client,
        hello::EhloName,
        server::{Config, Event, Server, Wants},
    },
};

/// Octets written go into the core's server; what it says is read.
struct InMemory {
    server: Server<Box<[u8]>>,
    content: Vec<u8>,
}

impl InMemory {
    fn new() -> Self {
        let server = Server::new(Config::new(EhloName::LOCALHOST));
        Self { server, content: Vec::new() }
    }

    /// Lets the server do what it can; it accepts everything.
    fn serve(&mut self) -> io::Result<()> {
        loop {
            match self.server.wants() {
                Wants::Event => {
                    let event = self.server.poll_event().map_err(io::Error::other)?;
                    if let Some(Event::Content(octets)) = event {
                        self.content.extend_from_slice(octets);
                    }
                }
                Wants::Answer => self.server.accept().map_err(io::Error::other)?,
                Wants::Flush => self.server.flushed(),
                _ => return Ok(()),
            }
        }
    }
}

impl Write for InMemory {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.serve()?;
        let room = self.server.read_buf();
        let n = octets.len().min(room.len());
        room[..n].copy_from_slice(&octets[..n]);
        self.server.received(n).map_err(io::Error::other)?;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.serve()
    }
}

impl Read for InMemory {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.serve()?;
        let said = self.server.transmit();
        let n = said.len().min(buffer.len());
        buffer[..n].copy_from_slice(&said[..n]);
        self.server.transmitted(n).map_err(io::Error::other)?;
        Ok(n)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut transport = InMemory::new();
    let config = client::Config::new(EhloName::LOCALHOST).with_tls(TlsPolicy::None);
    let mut client = Client::over(Untimed(&mut transport), config);
    let envelope = Envelope::new("alice@example.org")?.to("bob@example.net")?;
    let outcome = client.send(&envelope, &b"Subject: no wire\r\n\r\n.Hello.\r\n"[..])?;
    println!("{:?}: {:?}", outcome.verdict(), outcome.reply());
    client.quit()?;
    assert_eq!(transport.content, b"Subject: no wire\r\n\r\n.Hello.\r\n");
    Ok(())
}
