//! Counts the octets that the scanners look at, so that work that is not linear fails a test on any machine.

extern crate alloc;
extern crate std;

use alloc::{vec, vec::Vec};
use core::cell::Cell;

use super::{Newlines, Stuffer, Unstuffer};

std::thread_local! {
    static LOOKED_AT: Cell<usize> = const { Cell::new(0) };
}

/// Counts these octets, and returns them.
pub(super) fn looked_at(octets: &[u8]) -> &[u8] {
    LOOKED_AT.set(LOOKED_AT.get() + octets.len());
    octets
}

/// Work on content.
type Job = fn(&[u8]);

/// The number of octets in each run: many of the largest blocks.
const LENGTH: usize = 50_000;

/// The greatest number of looks at one octet: once as a part of a block, twice to decide that it cannot be copied as
/// it is, and once to rewrite it.
const LOOKS: usize = 4;

const WAYS: [(&str, Job); 13] = [
    ("stuffed", |content| {
        stuff(Stuffer::new(Newlines::Normalise, true), content, usize::MAX, 1 << 14);
    }),
    ("refused", |content| {
        stuff(Stuffer::new(Newlines::Reject, true), content, usize::MAX, 1 << 14);
    }),
    ("in chunks", |content| {
        stuff(Stuffer::for_chunks(Newlines::Normalise, true), content, usize::MAX, 1 << 14);
    }),
    ("in pieces", |content| slice(Stuffer::new(Newlines::Normalise, true), content, usize::MAX)),
    ("in pieces for chunks", |content| {
        slice(Stuffer::for_chunks(Newlines::Normalise, true), content, usize::MAX);
    }),
    ("unstuffed", |content| unstuff(content, usize::MAX)),
    ("unstuffed from reads", |content| unstuff(content, 1460)),
    ("from octets", |content| stuff(Stuffer::new(Newlines::Normalise, true), content, 1, 1 << 14)),
    ("to octets", |content| stuff(Stuffer::new(Newlines::Normalise, true), content, usize::MAX, 1)),
    ("to three octets", |content| {
        stuff(Stuffer::new(Newlines::Normalise, true), content, usize::MAX, 3);
    }),
    ("to octets of chunks", |content| {
        stuff(Stuffer::for_chunks(Newlines::Normalise, true), content, usize::MAX, 1);
    }),
    ("in pieces of octets", |content| slice(Stuffer::new(Newlines::Normalise, true), content, 1)),
    ("unstuffed from octets", |content| unstuff(content, 1)),
];

fn stuff(mut stuffer: Stuffer, content: &[u8], input: usize, output: usize) {
    let mut output = vec![0; output];
    for mut chunk in content.chunks(input.min(content.len())) {
        while !chunk.is_empty() {
            let Ok(done) = stuffer.stuff(chunk, &mut output) else { return };
            chunk = &chunk[done.consumed..];
        }
    }
    while stuffer.finish(&mut output).is_ok_and(|end| !end.done) {}
}

fn slice(mut stuffer: Stuffer, content: &[u8], input: usize) {
    for chunk in content.chunks(input.min(content.len())) {
        assert!(stuffer.pieces(chunk).all(|piece| piece.is_ok()));
    }
}

fn unstuff(content: &[u8], read: usize) {
    let mut unstuffer = Unstuffer::new();
    for mut chunk in content.chunks(read.min(content.len())) {
        while !chunk.is_empty() {
            // The first bare newline is reported once, and consumes nothing.
            let found = unstuffer.feed(chunk).unwrap_or_default();
            if found.end {
                return;
            }
            chunk = &chunk[found.consumed..];
        }
    }
}

/// Content of this length, one of each kind.
fn contents(length: usize) -> Vec<(&'static str, Vec<u8>)> {
    let repeated = |line: &[u8]| line.iter().copied().cycle().take(length).collect::<Vec<_>>();
    let lines = |end: &[u8]| repeated(&[&[b'a'; 70][..], end].concat());
    let mut random = 1_u32;
    let octets = core::iter::repeat_with(|| {
        random = random.wrapping_mul(1_103_515_245).wrapping_add(12345);
        (random >> 16).to_le_bytes()[0].max(1)
    });
    vec![
        ("CRLF", lines(b"\r\n")),
        ("even lines", repeated(&[&[b'B'; 76][..], b"\r\n"].concat())),
        ("LF", lines(b"\n")),
        ("CR CR LF", lines(b"\r\r\n")),
        ("one line", repeated(b"a")),
        ("8-bit", repeated("\u{416}".as_bytes())),
        ("lines of dots", repeated(b"..\r\n")),
        ("dots", repeated(b".")),
        ("CRs", repeated(b"\r")),
        ("LFs", repeated(b"\n")),
        ("empty lines", repeated(b"\r\n")),
        ("random octets", octets.take(length).collect()),
    ]
}

fn looks(job: Job, content: &[u8]) -> usize {
    LOOKED_AT.set(0);
    job(content);
    LOOKED_AT.get()
}

#[test]
fn each_octet_is_looked_at_a_few_times_however_much_there_is() {
    let (whole, half) = (contents(2 * LENGTH), contents(LENGTH));
    for ((kind, whole), (_, half)) in whole.iter().zip(&half) {
        for (way, job) in WAYS {
            let (once, twice) = (looks(job, half), looks(job, whole));
            assert!(twice <= LOOKS * whole.len(), "{kind}, {way}: {twice} looks");
            assert!(10 * twice <= 22 * once, "{kind}, {way}: {once} looks, then {twice}");
        }
    }
}
