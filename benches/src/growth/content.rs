//! Content of every kind, handed over in every way.

use smtp_proto::{
    client::{BufferSizes, Chunking},
    envelope::Envelope,
    stuffing::{Newlines, Stuffer, Survey, Unstuffer},
};
use smtp_sync::Mail;

use super::{Growth, far::Session};

/// More than a window of the stuffer.
const SIZE: usize = 96 * 1024;
/// Of what is slow by nature, octet by octet.
const SMALL: usize = 16 * 1024;

type Kind = (&'static str, fn(usize) -> Vec<u8>);
type Job = (&'static str, usize, fn(&[u8]) -> usize);

const KINDS: [Kind; 10] = [
    ("crlf", |size| lines(size, b"\r\n")),
    ("base64", |size| repeated(size, &[&[b'B'; 76][..], b"\r\n"].concat())),
    ("lf", |size| lines(size, b"\n")),
    ("cr-cr-lf", |size| lines(size, b"\r\r\n")),
    ("one-line", |size| repeated(size, b"a")),
    ("dots", |size| repeated(size, b".")),
    ("dot-lines", |size| repeated(size, b".\r\nx\r\n")),
    ("crs", |size| repeated(size, b"\r")),
    ("8-bit", |size| repeated(size, "\u{41f}\u{440}\u{438}\u{432}\u{435}\u{442}\r\n".as_bytes())),
    ("random", random),
];

const JOBS: [Job; 10] = [
    ("stuff", SIZE, |content| {
        stuff(Stuffer::new(Newlines::Normalise, true), content, usize::MAX, 16_384)
    }),
    ("stuff-strictly", SIZE, |content| {
        stuff(Stuffer::new(Newlines::Reject, true), content, usize::MAX, 16_384)
    }),
    ("stuff-chunks", SIZE, |content| {
        stuff(Stuffer::for_chunks(Newlines::Normalise, true), content, usize::MAX, 16_384)
    }),
    ("stuff-octets", SMALL, |content| {
        stuff(Stuffer::new(Newlines::Normalise, true), content, 1, 16_384)
    }),
    ("stuff-to-octets", SMALL, |content| {
        stuff(Stuffer::new(Newlines::Normalise, true), content, usize::MAX, 1)
    }),
    ("slices", SIZE, slices),
    ("unstuff", SIZE, |content| unstuff(content, usize::MAX)),
    ("unstuff-octets", SMALL, |content| unstuff(content, 1)),
    ("survey", SIZE, |content| usize::try_from(Survey::of(content).size).unwrap_or(0)),
    ("mail", SIZE, |content| {
        let envelope = Envelope::new("").expect("the null sender");
        Mail::new(envelope, content).content().len()
    }),
];

const WAYS: [(&str, BufferSizes, Chunking); 4] = [
    ("data", BufferSizes::LARGE, Chunking::Off),
    ("data-small-buffers", BufferSizes::SMALL, Chunking::Off),
    ("bdat", BufferSizes::LARGE, Chunking::AfterRecipients),
    ("bdat-small-buffers", BufferSizes::SMALL, Chunking::InFlight),
];

/// Each job with each kind, and each way through a client and a server.
pub(super) fn all() -> Vec<Growth> {
    let mut all = Vec::new();
    for (kind, content) in KINDS {
        for (job, size, run) in JOBS {
            all.push(Growth::new(format!("{job}/{kind}"), size, move |size| {
                let content = content(size);
                move || run(&content)
            }));
        }
        for (way, sizes, chunking) in WAYS {
            all.push(Growth::new(format!("{way}/{kind}"), SIZE, move |size| {
                let content = content(size);
                let mut session = Session::open(sizes, chunking);
                move || session.send_one(&content)
            }));
        }
    }
    all
}

fn repeated(size: usize, part: &[u8]) -> Vec<u8> {
    part.iter().copied().cycle().take(size).collect()
}

fn lines(size: usize, end: &[u8]) -> Vec<u8> {
    repeated(
        size,
        &[&b"a line of text that is about as long as lines are wont to be"[..], end].concat(),
    )
}

/// No NUL, which is an error.
fn random(size: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        (state >> 16).to_le_bytes()[0].max(1)
    };
    core::iter::repeat_with(next).take(size).collect()
}

fn stuff(mut stuffer: Stuffer, content: &[u8], input: usize, output: usize) -> usize {
    let (mut output, mut written) = (vec![0; output], 0);
    for mut chunk in content.chunks(input.min(content.len())) {
        while !chunk.is_empty() {
            let Ok(done) = stuffer.stuff(chunk, &mut output) else { return written };
            chunk = &chunk[done.consumed..];
            written += done.produced;
        }
    }
    while let Ok(end) = stuffer.finish(&mut output) {
        written += end.produced;
        if end.done {
            break;
        }
    }
    written
}

fn slices(content: &[u8]) -> usize {
    let mut stuffer = Stuffer::new(Newlines::Normalise, true);
    stuffer.pieces(content).map_while(Result::ok).map(<[u8]>::len).sum()
}

fn unstuff(content: &[u8], read: usize) -> usize {
    let (mut unstuffer, mut taken) = (Unstuffer::new(), 0);
    for mut chunk in content.chunks(read.min(content.len())) {
        while !chunk.is_empty() {
            // A bare newline is an error once, and takes nothing.
            let found = unstuffer.feed(chunk).unwrap_or_default();
            if found.end {
                // Goes on as if behind the next DATA.
                unstuffer = Unstuffer::new();
            }
            taken += found.content.len();
            chunk = &chunk[found.consumed..];
        }
    }
    taken
}
