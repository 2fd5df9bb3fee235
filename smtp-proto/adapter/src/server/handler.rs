//! The decisions of the application: the trait [`Handler`].

use std::net::SocketAddr;

use smtp_proto::{
    command::{Argument, ReceivedMail, ReceivedRecipient},
    sasl::server::{Exchange, TlsExporter},
    server::{Answer, Credentials, End},
};

/// The client at the other end of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Peer {
    number: u64,
    address: SocketAddr,
}

impl Peer {
    pub(super) const fn new(number: u64, address: SocketAddr) -> Self {
        Self { number, address }
    }

    /// The number of the connection, from 0.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// The client's address; unspecified, `0.0.0.0:0`, on a Unix socket.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Decides what happens to a connection's messages. Each connection has a handler of its own.
///
/// `None` accepts with the usual reply; see [`Server::answer`](smtp_proto::server::Server::answer) for the effect of
/// each [`Answer`]. One that makes no sense, such as a 354 to `MAIL`, becomes 451.
pub trait Handler: Send {
    /// The client is there.
    fn connected(&mut self, peer: Peer) -> Option<Answer<'_>> {
        let _ = peer;
        None
    }

    /// TLS is on. Everything that the client has sent before is void.
    fn secured(&mut self) {}

    /// EHLO (`extended`) or HELO.
    fn hello(&mut self, name: &str, extended: bool) -> Option<Answer<'_>> {
        let _ = (name, extended);
        None
    }

    /// AUTH by PLAIN or LOGIN. Unlike the others it refuses unless it is implemented.
    fn authenticate(&mut self, credentials: Credentials<'_>) -> Option<Answer<'_>> {
        let _ = credentials;
        Some(Answer::BAD_CREDENTIALS)
    }

    /// AUTH by another mechanism begins: the server's side of it, as from
    /// [`sasl::server::exchange`](smtp_proto::sasl::server::exchange). `channel` names the TLS session
    /// where `-PLUS` mechanisms are offered and it has a name. `None` replies 504.
    fn exchange(
        &mut self,
        mechanism: &str,
        channel: Option<&TlsExporter>,
    ) -> Option<Box<dyn Exchange + Send>> {
        let _ = (mechanism, channel);
        None
    }

    /// An exchange has let this user in.
    fn authenticated(&mut self, user: &str) {
        let _ = user;
    }

    /// MAIL.
    fn mail(&mut self, mail: ReceivedMail<'_>) -> Option<Answer<'_>> {
        let _ = mail;
        None
    }

    /// RCPT.
    fn recipient(&mut self, recipient: ReceivedRecipient<'_>) -> Option<Answer<'_>> {
        let _ = recipient;
        None
    }

    /// DATA, with a recipient accepted. Chunks come without a question.
    fn data(&mut self) -> Option<Answer<'_>> {
        None
    }

    /// A piece of content, cut anywhere.
    fn content(&mut self, piece: &[u8]) {
        let _ = piece;
    }

    /// The content is complete. The transaction is over, whatever the reply is.
    fn message(&mut self, octets: u64) -> Option<Answer<'_>> {
        let _ = octets;
        None
    }

    /// LMTP: the content is complete; what becomes of it for this recipient, 0 for the first that was
    /// accepted. Called for each of them, in order. Unless it is implemented the first call asks
    /// [`message`](Self::message) and all others accept: it suits handlers that never refuse.
    fn message_for(&mut self, recipient: u32, octets: u64) -> Option<Answer<'_>> {
        if recipient == 0 { self.message(octets) } else { None }
    }

    /// `VRFY`: asks whether a mailbox exists (RFC 5321 4.1.1.6). `None` replies 252.
    fn verify(&mut self, text: Argument<'_>) -> Option<Answer<'_>> {
        let _ = text;
        None
    }

    /// `EXPN`: asks for the members of a mailing list (RFC 5321 4.1.1.7). `None` replies 502, not implemented.
    fn expand(&mut self, text: Argument<'_>) -> Option<Answer<'_>> {
        let _ = text;
        None
    }

    /// The current transaction, if any, has ended without a message: after `RSET`, another `EHLO` that was accepted,
    /// content that the core refused, or the end of the session.
    fn reset(&mut self) {}

    /// The session is over; `None` when the transport failed.
    fn ended(&mut self, end: Option<End>) {
        let _ = end;
    }
}
