//! Events, and the other values that the client returns to its driver.

use core::fmt;

use crate::reply::{Code, Reply};

/// The driver's next task; holds no borrow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Wants {
    /// Take events: call `poll_event` until it says `None`.
    Event,
    /// Write octets of `transmit`, then say `transmitted`.
    Write,
    /// Flush the transport, then say `flushed`. Asked for only before a read.
    Flush,
    /// Read into `read_buf`, then say `received`; 0 for the end of the stream.
    Read,
    /// Shake hands, then say `tls_established`.
    Tls,
    /// Call `authenticate` again with the same mechanisms.
    Credentials,
    /// Call `continue_envelope` with the recipients of the transaction at hand.
    Envelope,
    /// Hand over content with `content`, or end it with `finish`.
    Content,
    /// Nothing is outstanding: start a transaction, another command, or close.
    Command,
    /// The session has ended, see `end`.
    Nothing,
}

/// A point of the session: the command whose reply is awaited, or at which something happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// The server's greeting.
    Greeting,
    /// EHLO or HELO.
    Hello,
    /// STARTTLS.
    StartTls,
    /// The TLS handshake.
    Tls,
    /// AUTH and its dialogue.
    Auth,
    /// MAIL.
    Mail,
    /// RCPT.
    Rcpt,
    /// DATA.
    Data,
    /// Content on its way.
    Content,
    /// The end of the content and its answer.
    Final,
    /// RSET.
    Rset,
    /// NOOP.
    Noop,
    /// VRFY.
    Vrfy,
    /// EXPN.
    Expn,
    /// HELP.
    Help,
    /// XCLIENT.
    XClient,
    /// XFORWARD.
    XForward,
    /// QUIT.
    Quit,
    /// Nothing is outstanding.
    Idle,
}

impl Phase {
    /// The phase in lower case, as logs and the `sendmail` command show it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Phase::Greeting => "greeting",
            Phase::Hello => "hello",
            Phase::StartTls => "starttls",
            Phase::Tls => "tls",
            Phase::Auth => "auth",
            Phase::Mail => "mail",
            Phase::Rcpt => "rcpt",
            Phase::Data => "data",
            Phase::Content => "content",
            Phase::Final => "final",
            Phase::Rset => "rset",
            Phase::Noop => "noop",
            Phase::Vrfy => "vrfy",
            Phase::Expn => "expn",
            Phase::Help => "help",
            Phase::XClient => "xclient",
            Phase::XForward => "xforward",
            Phase::Quit => "quit",
            Phase::Idle => "idle",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Counts the transactions of a session, from 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Transaction(u32);

impl Transaction {
    pub(super) const fn new(index: u32) -> Self {
        Self(index)
    }

    /// The number: 0 for the first transaction of the session.
    #[must_use]
    pub const fn index(self) -> u32 {
        self.0
    }
}

/// An event of the session, in the order of the replies, which are borrowed from the client's buffer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The reply to a command outside transactions.
    Answer {
        /// The command that was replied to.
        phase: Phase,
        /// The reply.
        reply: Reply<'a>,
    },
    /// The reply to `MAIL`.
    Mail {
        /// The transaction this reply belongs to.
        transaction: Transaction,
        /// The reply.
        reply: Reply<'a>,
    },
    /// The reply to `RCPT`: 2yz accepts the recipient.
    Recipient {
        /// The transaction this reply belongs to.
        transaction: Transaction,
        /// The recipient's position in the envelope.
        index: u32,
        /// The reply.
        reply: Reply<'a>,
    },
    /// The reply to `DATA` or to a `BDAT` chunk that is not the last. Also reported for the last chunk if no recipient was
    /// accepted.
    Data {
        /// The transaction this reply belongs to.
        transaction: Transaction,
        /// [`Phase::Data`]; [`Phase::Content`] for a chunk, and [`Phase::Final`] for the last.
        phase: Phase,
        /// The reply.
        reply: Reply<'a>,
    },
    /// The reply to the content: for every recipient that was accepted, or, in LMTP, for one of them.
    Final {
        /// The transaction this reply belongs to.
        transaction: Transaction,
        /// In LMTP, the recipient's position in the envelope.
        recipient: Option<u32>,
        /// [`Phase::Final`], or [`Phase::Content`] for a refusal before the content was complete.
        phase: Phase,
        /// The reply.
        reply: Reply<'a>,
    },
    /// The transaction is over. Comes exactly once for each that was begun, also when the session
    /// breaks; nothing about it comes later.
    Ended {
        /// The transaction that is over.
        transaction: Transaction,
        /// The end that applies to recipients without a final reply of their own.
        end: TransactionEnd,
    },
    /// The server closes the session (421), or says something that was not asked for, which ends it.
    /// Not a verdict on the command that was outstanding.
    Closing {
        /// The command that was outstanding.
        phase: Phase,
        /// The reply.
        reply: Reply<'a>,
    },
}

impl<'a> Event<'a> {
    /// The reply that the event is about.
    #[must_use]
    pub const fn reply(&self) -> Option<Reply<'a>> {
        match *self {
            Event::Answer { reply, .. }
            | Event::Mail { reply, .. }
            | Event::Recipient { reply, .. }
            | Event::Data { reply, .. }
            | Event::Final { reply, .. }
            | Event::Closing { reply, .. } => Some(reply),
            Event::Ended { .. } => None,
        }
    }
}

/// The end of a transaction, as it applies to recipients without a final reply of their own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TransactionEnd {
    /// The verdict in [`Event::Final`].
    Answered,
    /// The refusal of MAIL or DATA that came before.
    Refused,
    /// Nothing was committed: the session ended in this transaction, or its content cannot be sent.
    NotSent,
    /// Nothing was committed: the session ended for something else before this transaction had a reply.
    NotReached,
    /// The content was transmitted whole and no complete reply came: delivered or not, nobody
    /// knows. A second try may duplicate.
    Unknown,
}

/// The end of an AUTH exchange.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Authentication {
    /// There was none yet, or it is under way.
    None,
    /// The server took the credentials, by the mechanism at this place of the caller's list.
    Done(usize),
    /// The server refused; the code is that of its last refusal.
    Refused(Code),
    /// The server's challenge could not be answered; the dialogue was cancelled.
    BadChallenge,
    /// The server said yes without the proof that it knows the credentials; the session is over.
    Unproven,
}
