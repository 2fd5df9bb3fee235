//! What was asked, which the server answers in order.

use smtp_proto::client::Phase;

/// One thing that the server has to answer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs, reason = "the names are those of the RFC's commands")]
pub enum Asked {
    Greeting,
    Ehlo,
    Helo,
    StartTls,
    /// AUTH and no response of the mechanism's.
    BareAuth,
    /// A response of a mechanism's.
    Auth,
    Cancel,
    Mail,
    Rcpt,
    Data,
    /// A chunk that is not the last.
    Chunk,
    /// Content on its way: only a refusal makes sense.
    Content,
    Final,
    LoneDot,
    Rset,
    Noop,
    Quit,
}

impl Asked {
    /// Where in the dialogue that is.
    pub const fn phase(self) -> Phase {
        match self {
            Asked::Greeting => Phase::Greeting,
            Asked::Ehlo | Asked::Helo => Phase::Hello,
            Asked::StartTls => Phase::StartTls,
            Asked::BareAuth | Asked::Auth | Asked::Cancel => Phase::Auth,
            Asked::Mail => Phase::Mail,
            Asked::Rcpt => Phase::Rcpt,
            Asked::Data => Phase::Data,
            Asked::Chunk | Asked::Content => Phase::Content,
            Asked::Final | Asked::LoneDot => Phase::Final,
            Asked::Rset => Phase::Rset,
            Asked::Noop => Phase::Noop,
            Asked::Quit => Phase::Quit,
        }
    }

    /// Whether it is a part of a transaction.
    pub const fn is_of_transaction(self) -> bool {
        use Asked::{Chunk, Content, Data, Final, Mail, Rcpt};
        matches!(self, Mail | Rcpt | Data | Chunk | Content | Final)
    }

    /// Whether the code makes sense as an answer. Where it does not, the session has to end.
    pub const fn takes(self, code: u16) -> bool {
        let (completes, refuses) = (code / 100 == 2, code / 100 >= 4);
        match self {
            Asked::Greeting | Asked::StartTls => code == 220 || refuses,
            Asked::Ehlo | Asked::Helo => code == 250 || refuses,
            Asked::BareAuth => refuses || code == 334,
            Asked::Auth => refuses || matches!(code, 235 | 334),
            Asked::Cancel | Asked::Content => refuses,
            Asked::Data => code == 354 || refuses,
            Asked::Quit => true,
            Asked::Rset | Asked::Mail | Asked::Rcpt => (completes && code != 220) || refuses,
            _ => completes || refuses,
        }
    }
}
