//! Events for the application, and the driver's tasks.

use core::fmt;

use crate::command::{Argument, ReceivedMail, ReceivedRecipient};

use super::answer::Answer;

/// The driver's next task; holds no borrow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Wants {
    /// Take an event: call `poll_event`.
    Event,
    /// The application has to answer the last event: `accept` or `answer`.
    Answer,
    /// Write octets of `transmit`, then say `transmitted`.
    Write,
    /// Flush the transport, then say `flushed`.
    Flush,
    /// Read into `read_buf`, then say `received`; 0 for the end of the stream.
    Read,
    /// Shake hands, then say `tls_established`.
    Tls,
    /// The session has ended, see `end`: close the transport.
    Nothing,
}

/// An event for the application, in order; borrowed from the server's buffer.
///
/// Those marked with a question have to be answered before the session goes on, with
/// [`accept`](super::Server::accept) or [`answer`](super::Server::answer).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// Question: the client is there. A refusal leaves it nothing but QUIT, 421 not even that.
    Connected,
    /// Question: EHLO, HELO or LHLO. Once accepted, a transaction that was open is forgotten.
    Hello {
        /// The client's name for itself: a domain or an address literal.
        name: &'a str,
        /// EHLO or LHLO: it may use extensions.
        extended: bool,
    },
    /// Question: are the credentials good? They came by PLAIN or LOGIN.
    Authenticate(Credentials<'a>),
    /// Question: the client has something to say in an exchange of a mechanism other than PLAIN and
    /// LOGIN. [`authenticate`](super::Server::authenticate) hands it to the application's
    /// [`Exchange`](crate::sasl::server::Exchange), as often as this event comes; `accept` says 504,
    /// as a server that has no such mechanism.
    Exchange {
        /// The SASL name, as in [`Config::with_mechanisms`](super::Config::with_mechanisms).
        mechanism: &'static str,
        /// A new exchange begins; one that was under way came to nothing.
        begins: bool,
    },
    /// Question: a transaction begins.
    Mail(ReceivedMail<'a>),
    /// Question: one recipient.
    Recipient(ReceivedRecipient<'a>),
    /// Question: DATA, with at least one recipient accepted. `accept` asks for the content. Chunks
    /// (BDAT) come without a question.
    Data,
    /// Content as the client has it, stuffed dots removed; cut anywhere.
    Content(&'a [u8]),
    /// Question: the content is complete. Accepting it takes responsibility (RFC 5321 4.2.5).
    /// Once it is answered, for each recipient where that is asked, the transaction is over.
    ContentEnd {
        /// Octets of content.
        octets: u64,
        /// LMTP: the recipient to answer for, 0 for the first that was accepted; the event comes
        /// once for each of them, in order. `None`: one answer is for all.
        recipient: Option<u32>,
    },
    /// The server has refused the content; the application forgets it. No more comes of the
    /// transaction.
    ContentRefused(ContentFault),
    /// Question: VRFY. `accept` says 252.
    Verify(Argument<'a>),
    /// Question: EXPN. `accept` says 502, not implemented.
    Expand(Argument<'a>),
    /// RSET: a transaction that was open is forgotten.
    Reset,
    /// QUIT: the session ends when the reply has left.
    Quit,
}

/// The reason for which the server refused content by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ContentFault {
    /// A CR without LF or an LF without CR (RFC 5321 2.3.8): 550 5.5.2.
    BareNewline,
    /// A NUL, which only BINARYMIME may carry: 550 5.6.0.
    Nul,
    /// More octets than [`Limits::content`](super::Limits::content): 552 5.3.4.
    TooLarge,
}

impl ContentFault {
    pub(super) const fn answer(self) -> Answer<'static> {
        match self {
            Self::BareNewline => Answer::BARE_NEWLINE,
            Self::Nul => Answer::NUL,
            Self::TooLarge => Answer::TOO_LARGE,
        }
    }
}

/// Mechanisms of AUTH that the server reads itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Mechanism {
    /// PLAIN (RFC 4616).
    Plain,
    /// LOGIN (draft-murchison-sasl-login).
    Login,
}

impl Mechanism {
    /// The SASL name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Mechanism::Plain => "PLAIN",
            Mechanism::Login => "LOGIN",
        }
    }
}

/// Credentials of a client; wiped once answered. `Debug` does not show the password.
///
/// ```
/// # use smtp_proto::{hello::EhloName, server::*};
/// let config = Config::new(EhloName::LOCALHOST)
///     .with_auth(AuthPolicy::Offered)
///     .with_plaintext_auth(true);
/// let mut server = Server::new(config);
/// # server.poll_event()?; server.accept()?;
/// let input = b"EHLO c.example\r\nAUTH PLAIN AGFsaWNlAHMzY3JldA==\r\n";
/// # server.transmitted(server.transmit().len())?; server.flushed();
/// server.read_buf()[..input.len()].copy_from_slice(input);
/// server.received(input.len())?;
/// # server.poll_event()?; server.accept()?; server.transmitted(server.transmit().len())?;
/// let Some(Event::Authenticate(credentials)) = server.poll_event()? else { panic!() };
/// assert!(credentials.are("alice", "s3cret"));
/// assert!(!format!("{credentials:?}").contains("s3cret"));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct Credentials<'a> {
    pub(super) mechanism: Mechanism,
    pub(super) identity: &'a str,
    pub(super) user: &'a str,
    pub(super) password: &'a str,
}

impl<'a> Credentials<'a> {
    /// Returns the mechanism by which they were given.
    #[must_use]
    pub const fn mechanism(&self) -> Mechanism {
        self.mechanism
    }

    /// Whom the client wants to act as (the `authzid`), empty for the user itself.
    #[must_use]
    pub const fn identity(&self) -> &'a str {
        self.identity
    }

    /// Returns the user's name.
    #[must_use]
    pub const fn user(&self) -> &'a str {
        self.user
    }

    /// The password.
    #[must_use]
    pub const fn password(&self) -> &'a str {
        self.password
    }

    /// Returns whether they are this user and password, and the client wants to act as nobody else. Takes the same time wherever
    /// passwords of one length differ.
    ///
    /// The application knows which users may act as others: it looks at the [`identity`](Self::identity) itself.
    #[must_use]
    pub fn are(&self, user: &str, password: &str) -> bool {
        let acts_as_itself = self.identity.is_empty() || self.identity == user;
        let same_user = same(self.user.as_bytes(), user.as_bytes());
        acts_as_itself & same_user & same(self.password.as_bytes(), password.as_bytes())
    }
}

impl PartialEq for Credentials<'_> {
    fn eq(&self, other: &Self) -> bool {
        let same_kind = self.mechanism == other.mechanism && self.identity == other.identity;
        let same_user = same(self.user.as_bytes(), other.user.as_bytes());
        same_kind & same_user & same(self.password.as_bytes(), other.password.as_bytes())
    }
}

impl Eq for Credentials<'_> {}

impl fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("mechanism", &self.mechanism)
            .field("identity", &self.identity)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

fn same(a: &[u8], b: &[u8]) -> bool {
    let difference = a.iter().zip(b).fold(0, |all, (a, b)| all | (a ^ b));
    // Without it a compiler may leave at the first difference.
    core::hint::black_box(difference) == 0 && a.len() == b.len()
}
