//! The comparison of a command that a client sent with the command that a server received.

use smtp_proto::command::{Command, Received};

/// Returns whether the server received the command that the client sent.
pub fn agree(sent: &Command<'_>, received: &Received<'_>) -> bool {
    match (sent, received) {
        (Command::Ehlo(a), Received::Ehlo(b))
        | (Command::Helo(a), Received::Helo(b))
        | (Command::Lhlo(a), Received::Lhlo(b)) => a == b,
        (Command::Vrfy(a), Received::Vrfy(b)) | (Command::Expn(a), Received::Expn(b)) => a == b,
        (Command::Help(a), Received::Help(b)) => a == b,
        (Command::Auth(a), Received::Auth(b)) => a == b,
        (Command::Bdat { size: a, last: m }, Received::Bdat { size: b, last: n }) => {
            (a, m) == (b, n)
        }
        (Command::Rcpt(a), Received::Rcpt(b)) => {
            let others: Vec<_> = b.others().collect();
            b.typed().with_extra(&others) == Ok(*a) && b.needs() == a.needs()
        }
        (Command::Mail(a), Received::Mail(b)) => {
            let others: Vec<_> = b.others().collect();
            b.typed().with_extra(&others) == Ok(*a) && b.needs() == a.needs()
        }
        (Command::StartTls, Received::StartTls)
        | (Command::Data, Received::Data)
        | (Command::Rset, Received::Rset)
        | (Command::Noop, Received::Noop)
        | (Command::Quit, Received::Quit) => true,
        _ => false,
    }
}
