//! The client: one polled state machine for a whole session.
//!
//! ```text
//!  implicit TLS                      STARTTLS offered and wanted
//!       |                         +-----------------------------+
//!  [Handshake] --> [Greeting] --> [EHLO] --(refused)--> [HELO]  |
//!                                 ^  |                     |    v
//!                                 |  v                     v  [STARTTLS] --220--> [Handshake]
//!                                 |  [Ready] <-------------+                          |
//!                                 +---------------------------------------------------+
//!
//!  [Ready]  AUTH:         begin -> challenge -> answer -> ... -> verdict
//!           transaction:  MAIL, RCPT x n, DATA -> 354 -> content, dot -> verdict
//!           RSET NOOP VRFY EXPN HELP
//!           QUIT --> [Closed]
//! ```
//!
//! A reply goes through the rooms once: `inbox` frames it, the client routes it to the part that said the command
//! (`session`, `auth`, `transactions`), and the part's reaction becomes an event. A command goes the other way: verb,
//! part, `pipeline`, wire. What each reply changes stands in tables at the head of those parts. 421 ends the session,
//! whatever it is the reply to.
//!
//! A driver moves octets until it is the caller's turn, in one of two loops.
//!
//! # A blocking transport, or one whose calls can be dropped
//!
//! ```
//! use std::{collections::VecDeque, io::{self, Read, Write}};
//! use smtp_proto::{client::{Client, Config, TlsPolicy, Wants}, hello::EhloName};
//!
//! fn pump(client: &mut Client<Box<[u8]>>, io: &mut (impl Read + Write)) -> io::Result<Wants> {
//!     loop {
//!         match client.wants() {
//!             // An error of the peer is told by `end` as well.
//!             Wants::Event => while let Ok(Some(event)) = client.poll_event() { println!("{event:?}") },
//!             Wants::Write => {
//!                 let n = io.write(client.transmit())?;
//!                 client.transmitted(n).map_err(io::Error::other)?;
//!             }
//!             Wants::Flush => { io.flush()?; client.flushed(); }
//!             Wants::Read => {
//!                 let n = io.read(client.read_buf())?;
//!                 client.received(n).map_err(io::Error::other)?;
//!             }
//!             // `Wants::Tls`: shake hands, then say `tls_established`. Everything else is the caller's turn.
//!             other => return Ok(other),
//!         }
//!     }
//! }
//! # struct Lines(VecDeque<&'static [u8]>);
//! # impl Read for Lines {
//! #     fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
//! #         self.0.pop_front().map_or(Ok(0), |line| { space[..line.len()].copy_from_slice(line); Ok(line.len()) })
//! #     }
//! # }
//! # impl Write for Lines {
//! #     fn write(&mut self, octets: &[u8]) -> io::Result<usize> { Ok(octets.len()) }
//! #     fn flush(&mut self) -> io::Result<()> { Ok(()) }
//! # }
//! let mut io = Lines(VecDeque::from([&b"220 mx.example ready\r\n"[..], b"250 mx.example\r\n"]));
//! let config = Config::new(EhloName::parse("client.example")?).with_tls(TlsPolicy::None);
//! assert_eq!(pump(&mut Client::new(config), &mut io)?, Wants::Command);
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! A blocking write cannot be read beside: the client never has more in flight than the replies that fit a socket's
//! buffers, so it and the server do not wait for each other.
//!
//! # A non-blocking socket
//!
//! Whenever a write would block, what has come is read: a server that refuses the content before it is complete says
//! so then, and may take nothing more until it is read. A loop that reads only when [`Wants::Read`] is wanted hears of
//! the refusal when its time limit is over.
//!
//! ```
//! use std::io::{self, ErrorKind::WouldBlock, Read, Write};
//! use smtp_proto::client::{Client, Wants};
//! # use smtp_proto::{client::{Config, TlsPolicy}, hello::EhloName};
//!
//! /// Returns whether anything was read.
//! fn read(client: &mut Client<Box<[u8]>>, io: &mut impl Read) -> io::Result<bool> {
//!     match io.read(client.read_buf()) {
//!         Ok(n) => client.received(n).map(|()| true).map_err(io::Error::other),
//!         Err(error) if error.kind() == WouldBlock => Ok(false),
//!         Err(error) => Err(error),
//!     }
//! }
//!
//! /// Returns what the client wants of its caller, or [`Wants::Read`] and [`Wants::Write`] when the socket has to be
//! /// waited for: for `Write` until it can be read *or* written.
//! fn pump(client: &mut Client<Box<[u8]>>, io: &mut (impl Read + Write)) -> io::Result<Wants> {
//!     loop {
//!         match client.wants() {
//!             Wants::Event => while let Ok(Some(event)) = client.poll_event() { println!("{event:?}") },
//!             Wants::Write => match io.write(client.transmit()) {
//!                 Ok(n) => client.transmitted(n).map_err(io::Error::other)?,
//!                 Err(error) if error.kind() == WouldBlock => {
//!                     if !read(client, io)? {
//!                         return Ok(Wants::Write);
//!                     }
//!                 }
//!                 // Broken: the server may have said why.
//!                 Err(_) => client.transmit_failed(),
//!             },
//!             Wants::Flush => { io.flush()?; client.flushed(); }
//!             Wants::Read => if !read(client, io)? { return Ok(Wants::Read); },
//!             other => return Ok(other),
//!         }
//!     }
//! }
//! # /// A socket that takes nothing and has said 554.
//! # struct Full(&'static [u8]);
//! # impl Read for Full {
//! #     fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
//! #         if self.0.is_empty() { return Err(WouldBlock.into()); }
//! #         space[..self.0.len()].copy_from_slice(self.0);
//! #         Ok(std::mem::take(&mut self.0).len())
//! #     }
//! # }
//! # impl Write for Full {
//! #     fn write(&mut self, _: &[u8]) -> io::Result<usize> { Err(WouldBlock.into()) }
//! #     fn flush(&mut self) -> io::Result<()> { Ok(()) }
//! # }
//! # let mut client = Client::new(Config::new(EhloName::LOCALHOST).with_tls(TlsPolicy::None));
//! # let greeting = b"220 mx.example ready\r\n";
//! # client.read_buf()[..greeting.len()].copy_from_slice(greeting);
//! # client.received(greeting.len())?;
//! # while client.poll_event()?.is_some() {}
//! # // The EHLO cannot leave, and the 421 that comes in its place is read all the same.
//! # assert_eq!(pump(&mut client, &mut Full(b"421 4.3.2 bye\r\n"))?, Wants::Nothing);
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! Octets stay in the client until `transmitted` says that they left, so a write that is cut short
//! or a future that is dropped loses nothing.

mod advice;
mod auth;
mod config;
mod error;
mod event;
mod fate;
mod inbox;
mod inquiry;
#[cfg(feature = "alloc")]
mod journal;
mod machine;
#[cfg(feature = "alloc")]
mod outcome;
mod pipeline;
mod reaction;
mod session;
mod terms;
mod transactions;

pub use self::{
    advice::Hint,
    config::{
        Buffers, Chunking, Config, HelloCommand, Limits, Protocol, Storage, Timeouts, TlsPolicy,
    },
    error::{End, Misuse, PeerError, Refusal},
    event::{Authentication, Event, Phase, Transaction, TransactionEnd, Wants},
    fate::{Fate, Retry, Status, When},
    inquiry::Inquiry,
    machine::Client,
    pipeline::{Slot, Span, SpanKind},
    transactions::AsEnvelope,
};
#[cfg(feature = "alloc")]
pub use self::{
    config::BufferSizes,
    journal::Journal,
    outcome::{Outcome, RecipientOutcome, Verdict},
};
