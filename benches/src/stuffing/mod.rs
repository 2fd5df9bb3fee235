//! Dot-stuffing: copied to a buffer, as slices of the message, streamed, and taken back.

mod input;
mod kernels;
mod peers;

use core::hint::black_box;

use memchr::memmem;
use smtp_proto::stuffing::{Newlines, Stuffer, Unstuffer};

pub use self::input::{base64, text, unix, wire};
use crate::{Contender, Goal, Role, Row, keep, row::Items};

const MIB: usize = 1 << 20;
const STREAM: usize = 64 * MIB;
const CHUNK: usize = 64 << 10;

/// A message and what is asked of ours for it.
#[derive(Clone, Copy)]
struct Job {
    name: &'static str,
    message: &'static [u8],
    copying: &'static [Goal],
    slicing: &'static [Goal],
}

/// Messages of 1 MiB, each copied, sliced and taken back, one with LF at the ends of its lines, and one of 64 MiB in chunks.
#[must_use]
pub fn rows() -> Vec<Row> {
    let mut rows: Vec<Row> = jobs().into_iter().flat_map(rows_of).collect();
    rows.extend(rows_of_lf());
    let input = (STREAM, Items::new(STREAM / CHUNK, "chunk"));
    rows.push(Row::new("stream: base64, 64 MiB in chunks of 64 KiB", input, STREAMED, || {
        copying(keep(base64(STREAM)), CHUNK)
    }));
    rows
}

fn jobs() -> [Job; 4] {
    [
        Job {
            name: "base64",
            message: keep(base64(MIB)),
            copying: &[Goal::Speed(9.0), Goal::NoAllocation],
            slicing: &[Goal::Speed(18.0), Goal::NoAllocation],
        },
        Job {
            name: "text, 1 % dot lines",
            message: keep(text(MIB)),
            copying: &[Goal::Near(1.3), Goal::NoAllocation],
            slicing: &[Goal::NoAllocation],
        },
        Job {
            name: "every line a dot",
            message: keep(b".\r\n".repeat(MIB / 3)),
            copying: &[Goal::Near(1.1), Goal::NoAllocation],
            slicing: &[Goal::NoAllocation],
        },
        Job {
            name: "one line",
            message: keep([&vec![b'a'; MIB][..], b"\r\n"].concat()),
            copying: &[Goal::NoAllocation],
            slicing: &[Goal::NoAllocation],
        },
    ]
}

const STREAMED: &[Goal] = &[Goal::Near(1.3), Goal::NoAllocation];

fn rows_of(job: Job) -> [Row; 3] {
    let Job { name, message, copying: copied, slicing: sliced } = job;
    let input = (message.len(), Items::new(message.len() / 1024, "KiB"));
    [
        Row::new(format!("stuff: {name}"), input, copied, move || copying(message, message.len())),
        Row::new(format!("slices: {name}"), input, sliced, move || slicing(message)),
        Row::new(format!("unstuff: {name}"), input, &[Goal::NoAllocation], move || {
            receiving(message)
        }),
    ]
}

/// The text of a Unix file. No peer makes CRLF of LF.
fn rows_of_lf() -> [Row; 2] {
    let (message, expected) = (keep(unix(MIB)), keep(wire(&text(MIB))));
    let input = (message.len(), Items::new(message.len() / 1024, "KiB"));
    [
        Row::new("stuff: LF text", input, &[Goal::NoAllocation], move || {
            copying_all(message, message.len(), expected, kernels::lines)
        }),
        Row::new("slices: LF text", input, &[Goal::NoAllocation], move || {
            slicing_all(message, expected, |_, message, take| {
                kernels::slices_of_lines(message, take);
            })
        }),
    ]
}

/// What takes the pieces of the result.
type Take<'t> = &'t mut dyn FnMut(&[u8]);

/// All that write the wire form to a buffer, the message in chunks.
fn copying(message: &'static [u8], chunk: usize) -> Vec<Contender> {
    let expected = wire(message);
    let mut contenders = copying_all(message, chunk, &expected, kernels::near_for(message));
    contenders.extend(peers::copying(message, chunk, &expected));
    contenders
}

/// The near limit and ours.
fn copying_all(
    message: &'static [u8],
    chunk: usize,
    expected: &[u8],
    near: kernels::Copy,
) -> Vec<Contender> {
    let kernel = |copy: kernels::Copy| {
        // Each has a buffer of its own, written before it is timed.
        let mut output = vec![0; 2 * chunk + 8];
        let finder = memmem::Finder::new(b"\r\n.");
        move |take: Take<'_>| {
            for chunk in message.chunks(chunk) {
                let end = copy(&finder, black_box(chunk), &mut output);
                take(&output[..end]);
            }
            take(b".\r\n");
        }
    };
    let ours = |eight_bit| {
        let mut output = vec![0; 2 * chunk + 8];
        move |take: Take<'_>| stuff(message, chunk, eight_bit, &mut output, take)
    };
    vec![
        unchecked("memcpy", kernel(kernels::memcpy)),
        checked("near limit", Role::NearLimit, expected, kernel(near)),
        checked("ours, 7-bit", Role::Ours, expected, ours(false)),
        checked("ours, 8-bit", Role::Ours, expected, ours(true)),
    ]
}

/// Ours: the message in chunks, to a buffer of twice the size of one.
pub fn stuff(
    message: &[u8],
    chunk: usize,
    eight_bit: bool,
    output: &mut [u8],
    take: &mut dyn FnMut(&[u8]),
) {
    let mut stuffer = Stuffer::new(Newlines::Normalise, eight_bit);
    for chunk in message.chunks(chunk) {
        let end = stuff_chunk(&mut stuffer, black_box(chunk), output);
        take(&output[..end]);
    }
    let end = stuffer.finish(output).map_or(0, |end| end.produced);
    take(&output[..end]);
}

fn stuff_chunk(stuffer: &mut Stuffer, mut chunk: &[u8], output: &mut [u8]) -> usize {
    let mut end = 0;
    while !chunk.is_empty() {
        let Ok(done) = stuffer.stuff(chunk, &mut output[end..]) else { break };
        chunk = &chunk[done.consumed..];
        end += done.produced;
    }
    end
}

/// All that yield the wire form as slices.
fn slicing(message: &'static [u8]) -> Vec<Contender> {
    let expected = wire(message);
    let mut contenders = slicing_all(message, &expected, kernels::slices);
    contenders.extend(peers::slicing(message, &expected));
    contenders
}

/// The near limit and ours.
fn slicing_all(
    message: &'static [u8],
    expected: &[u8],
    near: fn(&memmem::Finder<'_>, &[u8], Take<'_>),
) -> Vec<Contender> {
    let mut output = vec![0; message.len()];
    let copy = move |take: Take<'_>| {
        output.copy_from_slice(black_box(message));
        take(&output);
    };
    let ours = |eight_bit| move |take: Take<'_>| slice(message, eight_bit, take);
    let finder = memmem::Finder::new(b"\r\n.");
    let near = move |take: Take<'_>| near(&finder, black_box(message), take);
    vec![
        unchecked("memcpy", copy),
        checked("near limit", Role::NearLimit, expected, near),
        checked("ours, 7-bit", Role::Ours, expected, ours(false)),
        checked("ours, 8-bit", Role::Ours, expected, ours(true)),
    ]
}

/// Ours: slices of the message and of constants.
pub fn slice(message: &[u8], eight_bit: bool, take: &mut dyn FnMut(&[u8])) {
    let mut stuffer = Stuffer::new(Newlines::Normalise, eight_bit);
    stuffer.pieces(black_box(message)).map_while(Result::ok).for_each(&mut *take);
    take(b".\r\n");
}

/// All that take the message from its wire form, as slices.
fn receiving(message: &'static [u8]) -> Vec<Contender> {
    let wire = keep(wire(message));
    let finder = memmem::Finder::new(b"\r\n.");
    let near = move |take: Take<'_>| kernels::unstuff(&finder, black_box(wire), take);
    let mut contenders = vec![
        checked("near limit", Role::NearLimit, message, near),
        checked("ours", Role::Ours, message, move |take: Take<'_>| unstuff(wire, take)),
    ];
    contenders.extend(peers::receiving(wire, message));
    contenders
}

/// Ours: slices of the wire form.
pub fn unstuff(wire: &[u8], take: &mut dyn FnMut(&[u8])) {
    let (mut unstuffer, mut rest) = (Unstuffer::new(), black_box(wire));
    while let Ok(found) = unstuffer.feed(rest) {
        take(found.content);
        rest = &rest[found.consumed..];
        if found.end {
            break;
        }
    }
}

/// A contender whose output is checked once, here, and only counted later.
fn checked(
    name: &'static str,
    role: Role,
    expected: &[u8],
    mut run: impl FnMut(&mut dyn FnMut(&[u8])) + 'static,
) -> Contender {
    let mut all = Vec::with_capacity(expected.len());
    run(&mut |octets| all.extend_from_slice(octets));
    assert!(all == expected, "{name}: wrong octets");
    counted(name, role, run)
}

fn unchecked(name: &'static str, run: impl FnMut(&mut dyn FnMut(&[u8])) + 'static) -> Contender {
    counted(name, Role::Reference, run)
}

fn counted(
    name: &'static str,
    role: Role,
    mut run: impl FnMut(&mut dyn FnMut(&[u8])) + 'static,
) -> Contender {
    Contender::new(name, role, move || {
        let mut count = 0;
        run(&mut |octets| count += black_box(octets).len());
        count
    })
}
