//! Whole messages over a session in memory: 1 KiB, one recipient.
//!
//! Those that pipeline get the replies to the envelope in one read, the others each in its own. Connecting, EHLO and
//! memory for buffers come before.

mod near;
mod ours;
mod peers;

pub use self::ours::{Server, Session};
use crate::{Contender, Goal, Role, Row, keep, row::Items, stuffing};

/// The message.
#[must_use]
pub fn message() -> &'static [u8] {
    keep(stuffing::text(1024))
}

/// With canned replies, and with our own server.
#[must_use]
pub fn rows() -> Vec<Row> {
    let message = message();
    let input = (message.len(), Items::new(1, "message"));
    vec![Row::new("session: 1 KiB messages in memory", input, GOALS, move || contenders(message))]
}

const GOALS: &[Goal] = &[Goal::Peer(1.6), Goal::NoAllocation];

const OPENING: &[&[u8]] = &[
    b"220 mx.example ready\r\n",
    b"250-mx.example\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250 8BITMIME\r\n",
];
const MAIL: &[u8] = b"250 2.1.0 Ok\r\n";
const RCPT: &[u8] = b"250 2.1.5 Ok\r\n";
const DATA: &[u8] = b"354 End data with <CR><LF>.<CR><LF>\r\n";
const END: &[u8] = b"250 2.0.0 Ok: queued as 4XyZ123456\r\n";
/// The first three in one.
const ENVELOPE: &[u8] = b"250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 End data with <CR><LF>.<CR><LF>\r\n";

fn contenders(message: &'static [u8]) -> Vec<Contender> {
    let mut near = near::Session::new();
    let mut session = Session::open();
    let mut with_server = Server::open();
    assert_eq!(near.send(message), session.send(message), "near limit and ours write the same");
    assert_eq!(with_server.send(message), message.len(), "the server has it all");
    let mut contenders = vec![
        Contender::new("near limit", Role::NearLimit, move || near.send(message)),
        Contender::new("ours", Role::Ours, move || session.send(message)),
        Contender::new("ours, and our server", Role::Ours, move || with_server.send(message)),
    ];
    contenders.extend(peers::contenders(message));
    contenders
}
