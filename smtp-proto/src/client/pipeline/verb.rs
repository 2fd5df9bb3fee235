//! The commands, and whatever else the server replies to.

use crate::client::event::Phase;

/// The command, or other event, that one reply of the server belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(in crate::client) enum Verb {
    /// Nothing was said: the server speaks first.
    Greeting,
    /// `EHLO`, or `LHLO` in LMTP.
    Ehlo,
    Helo,
    StartTls,
    /// `AUTH`, or a response to a challenge.
    Auth,
    /// The `*` that cancels AUTH.
    Cancel,
    Mail,
    Rcpt,
    Data,
    /// Content that leaves behind `DATA`. A reply before its end has left is an early refusal.
    Content,
    /// `BDAT` and its chunk, which is not the last.
    Chunk,
    /// A chunk that has its reply before all its octets have left: no other comes.
    AnsweredChunk,
    /// `BDAT LAST` and its chunk.
    LastChunk,
    /// Content that has left with its end: what `Content` and `LastChunk` become then.
    Final,
    /// The lone dot behind a 354 that came although no recipient was accepted.
    LoneDot,
    Rset,
    Noop,
    Vrfy,
    Expn,
    Help,
    XClient,
    XForward,
    Quit,
}

impl Verb {
    /// Returns whether other commands may follow in the same group (RFC 2920 3.1).
    pub(in crate::client) const fn may_be_followed(self, run_ahead: bool) -> bool {
        match self {
            Verb::Mail | Verb::Rcpt | Verb::Rset | Verb::Chunk | Verb::AnsweredChunk => true,
            Verb::Content | Verb::LastChunk | Verb::Final => run_ahead,
            _ => false,
        }
    }

    /// Returns whether it continues something that has begun: the opening, a login or a message.
    pub(in crate::client) const fn is_midway(self) -> bool {
        matches!(
            self.phase(),
            Phase::Hello
                | Phase::StartTls
                | Phase::Auth
                | Phase::Rcpt
                | Phase::Data
                | Phase::Content
                | Phase::Final
        )
    }

    pub(in crate::client) const fn phase(self) -> Phase {
        match self {
            Verb::Greeting => Phase::Greeting,
            Verb::Ehlo | Verb::Helo => Phase::Hello,
            Verb::StartTls => Phase::StartTls,
            Verb::Auth | Verb::Cancel => Phase::Auth,
            Verb::Mail => Phase::Mail,
            Verb::Rcpt => Phase::Rcpt,
            Verb::Data => Phase::Data,
            Verb::Content | Verb::Chunk | Verb::AnsweredChunk | Verb::LastChunk => Phase::Content,
            Verb::Final | Verb::LoneDot => Phase::Final,
            Verb::Rset => Phase::Rset,
            Verb::Noop => Phase::Noop,
            Verb::Vrfy => Phase::Vrfy,
            Verb::Expn => Phase::Expn,
            Verb::Help => Phase::Help,
            Verb::XClient => Phase::XClient,
            Verb::XForward => Phase::XForward,
            Verb::Quit => Phase::Quit,
        }
    }
}
