//! Replies: framing and reading, in reads of several sizes.
//!
//! Every contender gives code, enhanced code and text of all replies; peers that know no enhanced codes leave them
//! in the text. Those that can work on the octets where they lie: their reads are not copied.

mod input;
mod near;
mod peers;

use core::hint::black_box;
use core::ops::AddAssign;

use memchr::memchr_iter;
use smtp_proto::reply::{Framer, Reply, ReplyLimits};

pub use self::{
    input::{EHLO_9, EHLO_14, long, mixed},
    near::{NearFramer, NearReply},
};
use crate::{Contender, Goal, Role, Row, keep, row::Items};

/// A stream of replies and how it arrives.
#[derive(Debug, Clone, Copy)]
pub struct Stream {
    /// Its octets.
    pub octets: &'static [u8],
    /// How many replies there are.
    pub replies: usize,
    /// Octets of one read.
    pub read: usize,
    /// Whether the lines are wanted as they came: ours need not look for enhanced codes then.
    pub raw: bool,
}

/// What a contender found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Found {
    /// Replies.
    pub replies: usize,
    /// Their codes, added up.
    pub codes: usize,
    /// Octets of their texts, with whatever of the enhanced codes.
    pub text: usize,
}

impl AddAssign for Found {
    fn add_assign(&mut self, other: Self) {
        self.replies += other.replies;
        self.codes += other.codes;
        self.text += other.text;
    }
}

impl Found {
    const fn reply(code: usize, text: usize) -> Self {
        Self { replies: 1, codes: code, text }
    }

    const fn sum(self) -> usize {
        self.replies + self.codes + self.text
    }
}

/// One reply, two replies to EHLO, a mixed stream in reads of several sizes, and a very long reply.
#[must_use]
pub fn rows() -> Vec<Row> {
    let stream = |read| Stream { octets: keep(mixed(10_000)), replies: 10_000, read, raw: false };
    vec![
        row("one reply", whole(b"250 2.1.5 Ok\r\n"), ONE),
        row("EHLO, 9 lines, raw", raw(EHLO_9), EHLO),
        row("EHLO, 14 lines, raw", raw(EHLO_14), EHLO),
        row("10,000 mixed, 16 KiB reads", stream(16_384), FAST),
        row("10,000 mixed, 1460 B reads", stream(1460), FAST),
        row("10,000 mixed, 7 B reads", stream(7), SLOW),
        row("10,000 mixed, 1 B reads", stream(1), SLOW),
        row("69 KB, 1460 B reads, raw", Stream { read: 1460, ..raw(keep(long(69_000))) }, LONG),
    ]
}

const ONE: &[Goal] = &[Goal::Near(1.4), Goal::Peer(2.0), Goal::NoAllocation];
const EHLO: &[Goal] = &[Goal::Near(1.3), Goal::NoAllocation];
const FAST: &[Goal] = &[Goal::Near(1.3), Goal::Speed(1.3), Goal::NoAllocation];
const SLOW: &[Goal] = &[Goal::Near(1.3), Goal::NoAllocation];
const LONG: &[Goal] = &[Goal::Near(1.5), Goal::NoAllocation];

/// One reply, in one read.
#[must_use]
pub const fn whole(octets: &'static [u8]) -> Stream {
    Stream { octets, replies: 1, read: octets.len(), raw: false }
}

/// The same, its lines as they came.
#[must_use]
pub const fn raw(octets: &'static [u8]) -> Stream {
    Stream { raw: true, ..whole(octets) }
}

fn row(name: &str, stream: Stream, goals: &'static [Goal]) -> Row {
    let input = (stream.octets.len(), Items::new(stream.replies, "reply"));
    Row::new(format!("replies: {name}"), input, goals, move || contenders(stream))
}

/// Kernels and ours, then all peers that can read the stream.
fn contenders(stream: Stream) -> Vec<Contender> {
    let expected = near(stream);
    assert_eq!(expected.replies, stream.replies, "the near limit finds all replies");
    assert_eq!(ours(stream), expected);
    let lines = move || {
        black_box(stream.octets).chunks(stream.read).map(|piece| memchr_iter(b'\n', piece).count())
    };
    let mut contenders = vec![
        Contender::new("memchr lines", Role::Reference, move || lines().sum()),
        Contender::new("near limit", Role::NearLimit, move || near(stream).sum()),
        Contender::new("ours", Role::Ours, move || ours(stream).sum()),
    ];
    contenders.extend(peers::contenders(stream, expected));
    contenders
}

/// Ours, as a client does it.
#[must_use]
pub fn ours(stream: Stream) -> Found {
    let (limits, mut framer) = (limits(), Framer::new());
    read(stream, |input| {
        let (reply, length) = framer.reply(input, &limits).ok()??;
        Some((if stream.raw { found_raw(&reply) } else { found(&reply) }, length))
    })
}

fn found(reply: &Reply<'_>) -> Found {
    black_box(reply.enhanced());
    Found::reply(reply.code().value().into(), reply.lines().map(<[u8]>::len).sum())
}

fn found_raw(reply: &Reply<'_>) -> Found {
    Found::reply(reply.code().value().into(), reply.raw_lines().map(<[u8]>::len).sum())
}

fn near(stream: Stream) -> Found {
    let mut framer = NearFramer::default();
    read(stream, |input| {
        let reply = framer.reply(input)?;
        black_box(reply.enhanced);
        let text = reply.lines().map(<[u8]>::len).sum();
        Some((Found::reply(reply.number(), text), reply.len()))
    })
}

/// Hands `take` all that has arrived since the last reply it found, after each read.
#[inline]
fn read(stream: Stream, mut take: impl FnMut(&'static [u8]) -> Option<(Found, usize)>) -> Found {
    let (mut start, mut end, mut sum) = (0, 0, Found::default());
    while end < stream.octets.len() {
        end = stream.octets.len().min(end + stream.read);
        while start < end {
            let Some((found, length)) = take(black_box(&stream.octets[start..end])) else { break };
            sum += found;
            start += length;
        }
    }
    sum
}

/// Those of a client, but for the long reply.
fn limits() -> ReplyLimits {
    let mut limits = ReplyLimits::DEFAULT;
    (limits.reply, limits.lines) = (128 * 1024, 2000);
    limits
}
