//! Messages to stuff, and the kernels that stand beside [`Stuffer`].

use alloc::rc::Rc;
use core::cell::RefCell;
use core::hint::black_box;

use memchr::memmem;
use smtp_proto::stuffing::{Newlines, Stuffer, Unstuffer};

use crate::Contender;

/// A named message in canonical form.
#[derive(Debug)]
pub struct Message {
    /// What it is.
    pub name: &'static str,
    /// Its octets.
    pub octets: Vec<u8>,
}

/// The messages of all stuffing benchmarks, 1 MiB each.
#[must_use]
pub fn messages() -> Vec<Message> {
    vec![
        Message { name: "base64", octets: base64(1 << 20) },
        Message { name: "text, 1 % dot lines", octets: text(1 << 20) },
        Message { name: "every line a dot", octets: b".\r\n".repeat((1 << 20) / 3) },
    ]
}

/// Base64 in lines of 76.
#[must_use]
pub fn base64(size: usize) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut random = Random(1);
    let mut octets = Vec::with_capacity(size + 78);
    while octets.len() < size {
        octets.extend((0..76).map(|_| ALPHABET[random.below(64)]));
        octets.extend(b"\r\n");
    }
    octets
}

/// Words in lines of 1 to 77 octets, one in a hundred with a dot first.
#[must_use]
pub fn text(size: usize) -> Vec<u8> {
    const WORDS: &[u8; 24] = b"etaoin shrdlu, cmfwyp. k";
    let mut random = Random(2);
    let mut octets = Vec::with_capacity(size + 80);
    while octets.len() < size {
        octets.push(if random.below(100) == 0 { b'.' } else { b'A' });
        let length = random.below(77);
        octets.extend((0..length).map(|_| WORDS[random.below(WORDS.len())]));
        octets.extend(b"\r\n");
    }
    octets
}

/// A congruential generator: the same input in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 40).unwrap_or(0) % bound
    }
}

/// Ours and the kernels, writing `message` to a buffer in chunks of `chunk` octets.
///
/// # Panics
///
/// If one of them gets the wire form wrong.
#[must_use]
pub fn copying(message: &[u8], chunk: usize) -> Vec<Contender<'_>> {
    let finder = memmem::Finder::new(b"\r\n.");
    let expected = wire(message);
    // One for all, so that none is warmer than another.
    let output = Rc::new(RefCell::new(vec![0; 2 * chunk + 8]));
    let ours = |eight_bit| {
        let output = Rc::clone(&output);
        move |sink: &mut dyn FnMut(&[u8])| {
            let output = &mut output.borrow_mut()[..];
            let mut stuffer = Stuffer::new(Newlines::Normalise, eight_bit);
            for chunk in message.chunks(chunk) {
                let end = stuff_chunk(&mut stuffer, chunk, output);
                sink(&output[..end]);
            }
            let end = stuffer.finish(output).map_or(0, |end| end.produced);
            sink(&output[..end]);
        }
    };
    let kernel = |copy: fn(&memmem::Finder<'_>, &[u8], &mut [u8]) -> usize| {
        let (finder, output) = (finder.clone(), Rc::clone(&output));
        move |sink: &mut dyn FnMut(&[u8])| {
            let output = &mut output.borrow_mut()[..];
            for chunk in message.chunks(chunk) {
                let end = copy(&finder, chunk, output);
                sink(&output[..end]);
            }
            sink(b".\r\n");
        }
    };
    vec![
        contender("memcpy", None, kernel(memcpy)),
        contender("memmem+copy", Some(&expected), kernel(memmem_copy)),
        contender("Stuffer, 7-bit", Some(&expected), ours(false)),
        contender("Stuffer, 8-bit", Some(&expected), ours(true)),
        contender("byte loop", Some(&expected), kernel(byte_loop)),
    ]
}

/// Ours and a kernel, yielding `message` as slices.
///
/// # Panics
///
/// If one of them gets the wire form wrong.
#[must_use]
pub fn slicing(message: &[u8]) -> Vec<Contender<'_>> {
    let finder = memmem::Finder::new(b"\r\n.");
    let expected = wire(message);
    let pieces = |eight_bit| {
        move |sink: &mut dyn FnMut(&[u8])| {
            let mut stuffer = Stuffer::new(Newlines::Normalise, eight_bit);
            stuffer.pieces(message).map_while(Result::ok).for_each(&mut *sink);
            sink(b".\r\n");
        }
    };
    let kernel = move |sink: &mut dyn FnMut(&[u8])| {
        let mut rest = dotted(message, sink);
        while let Some(at) = finder.find(rest) {
            sink(&rest[..at + 2]);
            rest = dotted(&rest[at + 2..], sink);
        }
        sink(rest);
        sink(b".\r\n");
    };
    let mut output = vec![0; message.len()];
    let copy = move |_: &mut dyn FnMut(&[u8])| output.copy_from_slice(message);
    vec![
        contender("memcpy", None, copy),
        contender("memmem slices", Some(&expected), kernel),
        contender("pieces, 7-bit", Some(&expected), pieces(false)),
        contender("pieces, 8-bit", Some(&expected), pieces(true)),
    ]
}

/// Ours and a kernel, taking the wire form of `message` as slices.
///
/// # Panics
///
/// If one of them gets the message wrong.
#[must_use]
pub fn receiving(message: &[u8]) -> Vec<Contender<'_>> {
    let finder = memmem::Finder::new(b"\r\n.");
    let (wire, again) = (wire(message), wire(message));
    let kernel = move |sink: &mut dyn FnMut(&[u8])| {
        let mut rest = wire.strip_prefix(b".").unwrap_or(&wire);
        while let Some(at) = finder.find(rest) {
            sink(&rest[..at + 2]);
            rest = &rest[at + 3..];
        }
    };
    let ours = move |sink: &mut dyn FnMut(&[u8])| {
        let (mut unstuffer, mut rest) = (Unstuffer::new(), &again[..]);
        while let Ok(found) = unstuffer.feed(rest) {
            sink(found.content);
            rest = &rest[found.consumed..];
            if found.end {
                break;
            }
        }
    };
    vec![
        contender("memmem slices", Some(message), kernel),
        contender("Unstuffer", Some(message), ours),
    ]
}

/// A contender whose output is checked once, here, and only counted later.
fn contender<'a>(
    name: &'static str,
    expected: Option<&[u8]>,
    mut run: impl FnMut(&mut dyn FnMut(&[u8])) + 'a,
) -> Contender<'a> {
    if let Some(expected) = expected {
        let mut all = Vec::with_capacity(expected.len());
        run(&mut |octets| all.extend_from_slice(octets));
        assert!(all == expected, "{name}: wrong octets");
    }
    Contender::new(name, move || {
        let mut count = 0;
        run(&mut |octets| count += black_box(octets).len());
        count
    })
}

/// The wire form of a canonical message, naively.
fn wire(message: &[u8]) -> Vec<u8> {
    let mut wire = Vec::with_capacity(2 * message.len() + 3);
    for line in message.split_inclusive(|&octet| octet == b'\n') {
        wire.extend(line.first().filter(|&&octet| octet == b'.'));
        wire.extend(line);
    }
    wire.extend(b".\r\n");
    wire
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

fn memcpy(_: &memmem::Finder<'_>, input: &[u8], output: &mut [u8]) -> usize {
    output[..input.len()].copy_from_slice(input);
    input.len()
}

/// Knows nothing of chunks (those of base64 have no dots) and checks nothing.
fn memmem_copy(finder: &memmem::Finder<'_>, input: &[u8], output: &mut [u8]) -> usize {
    let mut end = 0;
    let mut put = |octets: &[u8]| {
        output[end..end + octets.len()].copy_from_slice(octets);
        end += octets.len();
    };
    let mut rest = dotted(input, &mut put);
    while let Some(at) = finder.find(rest) {
        put(&rest[..at + 2]);
        rest = dotted(&rest[at + 2..], &mut put);
    }
    put(rest);
    end
}

/// Yields the dot that doubles the one at the start of a line.
fn dotted<'a>(line: &'a [u8], put: &mut dyn FnMut(&[u8])) -> &'a [u8] {
    if line.first() == Some(&b'.') {
        put(b".");
    }
    line
}

/// Safe code with one branch per octet; knows no chunks, checks nothing.
fn byte_loop(_: &memmem::Finder<'_>, input: &[u8], output: &mut [u8]) -> usize {
    let (mut end, mut line_start) = (0, true);
    for &octet in input {
        if line_start && octet == b'.' {
            output[end] = b'.';
            end += 1;
        }
        output[end] = octet;
        end += 1;
        line_start = octet == b'\n';
    }
    end
}
