//! A whole SMTP session with nothing below it: no std, no libc, no allocator.
//!
//! The core's client sends a message to the core's server, both in 8 KiB of static storage; the dialogue is printed.
//! `.ci/no-alloc` builds and runs it and looks at what was linked. Linux on x86-64 only.
#![no_std]
#![no_main]

mod storage;
mod sys;

use core::fmt::Write;

use smtp_proto::{
    address::{Address, ReversePath},
    client::{self, Client},
    command::{Mail, Recipient},
    hello::EhloName,
    reply::Code,
    sasl::Plain,
    server::{self, Answer, Server},
    transcript::Transcript,
};

use storage::Bytes;

const CONTENT: &[u8] =
    b"From: alice@example.org\r\nSubject: no allocator\r\n\r\n.dots, 8-bit \xc3\xa9, no final newline";

/// What went wrong does not matter here: the transcript shows where.
struct Failed;

impl<E: core::error::Error> From<E> for Failed {
    fn from(error: E) -> Self {
        _ = writeln!(sys::Stdout, "no-alloc: {error}");
        Failed
    }
}

/// The program: its exit status.
fn main() -> i32 {
    match session() {
        Ok(()) => {
            sys::print(b"no-alloc: ok\n");
            0
        }
        Err(Failed) => 1,
    }
}

fn session() -> Result<(), Failed> {
    let pair = storage::take(new_pair).ok_or(Failed)?;
    let bob = Address::parse("bob@example.net")?;
    let nobody = Address::parse("nobody@example.net")?;
    let mail = Mail::new(ReversePath::Mailbox(Address::parse("alice@example.org")?));
    let recipients = [Recipient::new(bob.into()), Recipient::new(nobody.into())];

    pair.run()?;
    pair.client.authenticate(&mut Plain::new("alice", "s3cret"))?;
    while pair.run()? == client::Wants::Credentials {
        pair.client.authenticate(&mut Plain::new("alice", "s3cret"))?;
    }
    pair.client.begin(&(mail, &recipients[..]))?;
    let mut rest = CONTENT;
    while pair.run()? == client::Wants::Content {
        match rest {
            [] => pair.client.finish()?,
            _ => rest = &rest[pair.client.content(rest)?..],
        }
    }
    pair.client.quit()?;
    pair.run()?;
    pair.check()
}

/// A client and a server, and what was seen of them.
pub struct Pair {
    client: Client<Bytes>,
    server: Server<Bytes>,
    transcript: Transcript,
    received: usize,
    accepted: u32,
    refused: u32,
    delivered: bool,
}

fn new_pair(client: client::Buffers<Bytes>, server: server::Buffers<Bytes>) -> Pair {
    let config = client::Config::new(EhloName::LOCALHOST)
        .with_tls(client::TlsPolicy::None)
        .with_plaintext_auth(true);
    let serving = server::Config::new(EhloName::LOCALHOST)
        .with_auth(server::AuthPolicy::Required)
        .with_plaintext_auth(true);
    Pair {
        client: Client::with_buffers(config, client),
        server: Server::with_buffers(serving, server),
        transcript: Transcript::new(),
        received: 0,
        accepted: 0,
        refused: 0,
        delivered: false,
    }
}

impl Pair {
    /// Lets both talk until the client wants something that only its caller has.
    fn run(&mut self) -> Result<client::Wants, Failed> {
        loop {
            match self.client.wants() {
                client::Wants::Event => self.hear()?,
                client::Wants::Write => self.write()?,
                client::Wants::Flush => self.client.flushed(),
                client::Wants::Read => self.serve()?,
                wants => return Ok(wants),
            }
        }
    }

    fn hear(&mut self) -> Result<(), Failed> {
        while let Some(event) = self.client.poll_event()? {
            if let Some(reply) = event.reply() {
                self.transcript.received(&mut sys::Stdout, reply)?;
            }
            match event {
                client::Event::Recipient { reply, .. } if reply.code().is_completion() => {
                    self.accepted += 1;
                }
                client::Event::Recipient { .. } => self.refused += 1,
                client::Event::Final { reply, .. } => self.delivered = reply.code() == Code::OK,
                _ => {}
            }
        }
        Ok(())
    }

    /// The client's octets go where the server reads them.
    fn write(&mut self) -> Result<(), Failed> {
        let room = self.server.read_buf();
        let octets = self.client.transmit();
        let n = octets.len().min(room.len());
        room[..n].copy_from_slice(&octets[..n]);
        for span in self.client.transmit_spans(n) {
            self.transcript.sent(&mut sys::Stdout, span)?;
        }
        self.client.transmitted(n)?;
        self.server.received(n)?;
        self.answer_all()
    }

    /// The server's octets go where the client reads them.
    fn serve(&mut self) -> Result<(), Failed> {
        self.answer_all()?;
        let room = self.client.read_buf();
        let octets = self.server.transmit();
        let n = octets.len().min(room.len());
        room[..n].copy_from_slice(&octets[..n]);
        self.server.transmitted(n)?;
        self.server.flushed();
        self.client.received(n)?;
        Ok(())
    }

    fn answer_all(&mut self) -> Result<(), Failed> {
        while self.server.wants() == server::Wants::Event {
            let Some(event) = self.server.poll_event()? else { continue };
            let refused = match event {
                server::Event::Recipient(to) => to.address().as_str().starts_with("nobody"),
                server::Event::Content(octets) => {
                    self.received += octets.len();
                    continue;
                }
                _ => false,
            };
            if refused {
                self.server.answer(Answer::NO_SUCH_MAILBOX)?;
            } else if self.server.wants() == server::Wants::Answer {
                self.server.accept()?;
            }
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Failed> {
        // The server has the content with its last line ended.
        let whole = self.received == CONTENT.len() + 2;
        let ended = self.client.end() == Some(client::End::Quit);
        let right = self.delivered && self.accepted == 1 && self.refused == 1;
        if whole && ended && right { Ok(()) } else { Err(Failed) }
    }
}
