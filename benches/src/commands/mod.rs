//! Commands, from values to octets: with addresses that were checked before, and with the check.
//!
//! All write to a buffer that is there already, but for peers that make a new one.

mod near;
mod peers;

use core::hint::black_box;

use smtp_proto::{
    address::{Address, ReversePath},
    command::{Mail, Recipient},
    parameter::Body,
};

use crate::{Contender, Goal, Role, Row, row::Items};

/// The recipient in all rows; also what stands in the replies of a session.
pub const RECIPIENT: &str = "bob.recipient@mail.example.org";
/// The sender.
pub const SENDER: &str = "alice.sender@mail.example.net";
/// What SIZE says.
pub const SIZE: u64 = 123_456;

const RCPT: &[u8] = b"RCPT TO:<bob.recipient@mail.example.org>\r\n";
const MAIL: &[u8] = b"MAIL FROM:<alice.sender@mail.example.net> SIZE=123456 BODY=8BITMIME\r\n";

/// RCPT twice, and MAIL.
#[must_use]
pub fn rows() -> Vec<Row> {
    vec![
        row("RCPT TO, checked before", RCPT, &[Goal::Nanoseconds(10.0), Goal::NoAllocation], rcpt),
        row("RCPT TO, with the check", RCPT, &[Goal::Nanoseconds(30.0), Goal::NoAllocation], check),
        row("MAIL FROM with SIZE and BODY", MAIL, &[Goal::NoAllocation], mail),
    ]
}

fn row(
    name: &str,
    line: &'static [u8],
    goals: &'static [Goal],
    contend: fn() -> Vec<Contender>,
) -> Row {
    let name = format!("commands: {name}");
    Row::new(name, (line.len(), Items::new(1, "command")), goals, contend)
}

fn rcpt() -> Vec<Contender> {
    let address = Address::parse(RECIPIENT).expect("an address");
    let mut contenders = vec![
        contender("near limit", Role::NearLimit, RCPT, |out| near::rcpt(black_box(RECIPIENT), out)),
        contender("ours", Role::Ours, RCPT, move |out| {
            Recipient::new(black_box(address).into()).encode(out)
        }),
    ];
    contenders.extend(peers::rcpt(RCPT));
    contenders
}

fn check() -> Vec<Contender> {
    let mut contenders = vec![
        contender("near limit", Role::NearLimit, RCPT, |out| {
            let address = black_box(RECIPIENT);
            near::is_address(address).then(|| near::rcpt(address, out))?
        }),
        contender("ours", Role::Ours, RCPT, checked_rcpt),
    ];
    contenders.extend(peers::check(RCPT));
    contenders
}

/// Ours: the check and the command.
#[must_use]
pub fn checked_rcpt(out: &mut [u8]) -> Option<usize> {
    let address = Address::parse(black_box(RECIPIENT)).ok()?;
    Recipient::new(address.into()).encode(out)
}

fn mail() -> Vec<Contender> {
    let sender: ReversePath<'_> = Address::parse(SENDER).expect("an address").into();
    let mut contenders = vec![
        contender("near limit", Role::NearLimit, MAIL, |out| {
            near::mail(black_box(SENDER), black_box(SIZE), out)
        }),
        contender("ours", Role::Ours, MAIL, move |out| {
            let mail = Mail::new(black_box(sender)).with_size(black_box(SIZE));
            mail.with_body(Body::EightBitMime).encode(out)
        }),
    ];
    contenders.extend(peers::mail(MAIL));
    contenders
}

/// A contender that writes to a slice; its line is checked once, here.
fn contender(
    name: &'static str,
    role: Role,
    line: &[u8],
    encode: impl Fn(&mut [u8]) -> Option<usize> + 'static,
) -> Contender {
    let mut out = [0; 512];
    let length = encode(&mut out).expect("room");
    assert_eq!(&out[..length], line, "{name}");
    Contender::new(name, role, move || {
        let length = encode(&mut out).unwrap_or(0);
        black_box(&out);
        length
    })
}
