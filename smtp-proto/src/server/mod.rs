//! The server: one polled state machine for a whole session, the mirror of the client.
//!
//! ```text
//!  implicit TLS
//!       |
//!  [Handshake] --> [Connecting] --220--> [Commands] --QUIT, 421--> [Closing] --> [Closed]
//!       ^                                 ^   |   |
//!       |                                 |   |   +-- AUTH --> [AuthExchange]: 334, line, .., 235
//!       +------------- STARTTLS --220-----+---+
//!                                             +------ DATA --> [Content]: 354, content, dot, 250
//!                                             +------ BDAT --> [Chunk]: octets, 250, again or LAST
//! ```
//!
//! A line goes through the rooms once: `intake` frames it, `rules` judge it, the server asks the application or answers
//! by itself, and `replies` hold the answer until it leaves.
//!
//! | stage      | goes on with          | then                                                  |
//! |------------|-----------------------|-------------------------------------------------------|
//! | handshake  | TLS                   | connecting (implicit), commands (STARTTLS)             |
//! | connecting | answer                | commands; refused: commands, but QUIT alone is obeyed  |
//! | commands   | command, answer       | commands, AUTH, content, handshake, closing            |
//! | AUTH       | line, answer          | AUTH, commands                                         |
//! | content    | octets                | verdicts                                               |
//! | chunk      | octets                | commands, verdicts                                     |
//! | verdicts   | answer                | verdicts (LMTP), commands                              |
//! | closing    | the last reply leaves | closed                                                 |
//!
//! Within commands, by what went before:
//!
//! | command  | no EHLO | idle       | transaction, no recipient | transaction, recipients |
//! |----------|---------|------------|---------------------------|-------------------------|
//! | EHLO     | idle    | idle       | idle                      | idle                    |
//! | STARTTLS | 503     | handshake  | 503                       | 503                     |
//! | AUTH     | 503     | AUTH       | 503                       | 503                     |
//! | MAIL     | 503     | transaction | 503                      | 503                     |
//! | RCPT     | 503     | 503        | recipients                | recipients              |
//! | DATA     | 503     | 503        | 554; LMTP: 503            | content                 |
//! | BDAT     | 503     | 503        | 554; LMTP: 503            | chunks                  |
//! | RSET     | no EHLO | idle       | idle                      | idle                    |
//! | others   | stay    | stay       | stay                      | stay                    |
//!
//! Once there are chunks, RCPT and DATA are 503 too; BDAT LAST ends the transaction, whatever comes
//! of it. The octets of a chunk are swallowed before it is refused. LMTP says LHLO for EHLO.
//!
//! The driver's loop is this, the same for every transport:
//!
//! ```text
//! loop {
//!     match server.wants() {
//!         Wants::Event  => if let Some(event) = server.poll_event()? { .. },
//!         Wants::Answer => server.accept()?, // or `answer`; may also be done right at the event
//!         Wants::Write  => { let n = io.write(server.transmit())?; server.transmitted(n)?; }
//!         Wants::Flush  => { io.flush()?; server.flushed(); }
//!         Wants::Read   => { let n = io.read(server.read_buf())?; server.received(n)?; }
//!         Wants::Tls    => { /* shake hands */ server.tls_established()?; }
//!         Wants::Nothing => return Ok(()),   // close the transport
//!     }
//! }
//! ```
//!
//! The server is strict: what a client may not say is refused (RFC 5321 4.2.4, 4.3), and only CRLF
//! ends a line of content. It answers by itself what needs no decision. Replies to a group of
//! commands leave together (RFC 2920 3.2), and no command is taken while there is no room for its
//! reply.

mod answer;
mod auth;
mod buffers;
mod chunk;
mod config;
mod content;

mod error;
mod event;
mod intake;
mod line;
mod machine;
mod question;
mod replies;
mod rules;
mod session;

#[cfg(feature = "alloc")]
pub use self::buffers::BufferSizes;
pub use self::{
    answer::{Answer, AnswerError},
    buffers::Buffers,
    config::{AuthPolicy, Config, Limits, Protocol, TlsPolicy},
    error::{End, Misuse, PeerError},
    event::{ContentFault, Credentials, Event, Mechanism, Wants},
    machine::Server,
};
pub use crate::buffer::Octets;
