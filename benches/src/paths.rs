//! Our hot paths, one by one: what `.ci/instructions` counts the instructions of.
//!
//! A path does the same work each time it is run, so the instructions of `2 n` runs less those of `n` are those of `n`
//! runs without whatever comes before.

use smtp_proto::{address::Address, command::Recipient};

use crate::{
    capabilities, commands, keep,
    replies::{self, EHLO_9, EHLO_14, Stream, raw, whole},
    session::Session,
    stuffing,
};

const MIXED: usize = 1000;
const KIB: usize = 1024;

/// One of our hot paths.
pub struct Path {
    /// What one run consists of: replies, KiB, messages.
    pub items: usize,
    /// Does the job once; what it returns depends on all of its work.
    pub run: Box<dyn FnMut() -> usize>,
}

/// Its name, and what makes it.
pub type Named = (&'static str, fn() -> Path);

/// All of them.
pub const PATHS: [Named; 20] = [
    ("one-reply", || replies(whole(b"250 2.1.5 Ok\r\n"), 1)),
    ("ehlo-9-lines", || replies(raw(EHLO_9), 1)),
    ("capabilities-9-lines", || capabilities(EHLO_9)),
    ("capabilities-14-lines", || capabilities(EHLO_14)),
    ("mixed-16-kib-reads", || mixed(16 * KIB)),
    ("mixed-1460-b-reads", || mixed(1460)),
    ("mixed-7-b-reads", || mixed(7)),
    ("mixed-1-b-reads", || mixed(1)),
    ("69-kb-reply", || long(69_000)),
    // The bound of a KiB is the same: framing is linear.
    ("104-kb-reply", || long(104_000)),
    ("stuff-base64", || stuff(stuffing::base64(64 * KIB))),
    ("stuff-text", || stuff(stuffing::text(64 * KIB))),
    ("stuff-lf-text", || stuff(stuffing::unix(64 * KIB))),
    ("stuff-dots", || stuff(b".\r\n".repeat(64 * KIB / 3))),
    ("slices-base64", || slices(stuffing::base64(64 * KIB))),
    ("slices-text", || slices(stuffing::text(64 * KIB))),
    ("slices-lf-text", || slices(stuffing::unix(64 * KIB))),
    ("unstuff-text", || unstuff(stuffing::text(64 * KIB))),
    ("rcpt-checked-before", rcpt),
    ("message-in-session", message),
];

fn path(items: usize, run: impl FnMut() -> usize + 'static) -> Path {
    Path { items, run: Box::new(run) }
}

fn replies(stream: Stream, items: usize) -> Path {
    path(items, move || {
        let found = replies::ours(stream);
        assert_eq!(found.replies, stream.replies);
        found.codes + found.text
    })
}

fn mixed(read: usize) -> Path {
    replies(Stream { octets: keep(replies::mixed(MIXED)), replies: MIXED, read, raw: false }, MIXED)
}

fn long(octets: usize) -> Path {
    replies(Stream { read: 1460, ..raw(keep(replies::long(octets))) }, octets / KIB)
}

fn capabilities(octets: &'static [u8]) -> Path {
    path(1, move || {
        let offered = core::hint::black_box(capabilities::ours(core::hint::black_box(octets)));
        usize::from(offered.size_limit().is_some())
    })
}

fn stuff(message: Vec<u8>) -> Path {
    let mut output = vec![0; 2 * message.len() + 8];
    path(message.len() / KIB, move || {
        let mut count = 0;
        stuffing::stuff(&message, message.len(), true, &mut output, &mut |octets| {
            count += octets.len();
        });
        count
    })
}

fn slices(message: Vec<u8>) -> Path {
    path(message.len() / KIB, move || {
        let mut count = 0;
        stuffing::slice(&message, true, &mut |octets| count += octets.len());
        count
    })
}

fn unstuff(message: Vec<u8>) -> Path {
    let wire = stuffing::wire(&message);
    path(wire.len() / KIB, move || {
        let mut count = 0;
        stuffing::unstuff(&wire, &mut |octets| count += octets.len());
        assert_eq!(count, message.len());
        count
    })
}

fn rcpt() -> Path {
    let address = Address::parse(commands::RECIPIENT).expect("an address");
    let mut out = [0; 512];
    path(1, move || {
        let recipient = Recipient::new(core::hint::black_box(address).into());
        recipient.encode(&mut out).map_or(0, |length| length + usize::from(out[0]))
    })
}

fn message() -> Path {
    let (mut session, message) = (Session::open(), crate::session::message());
    path(1, move || session.send(message))
}
