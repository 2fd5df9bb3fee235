//! The near limits: memchr's memmem, memcpy, and nothing else. They check nothing, and know no chunks: the message
//! that is handed over in chunks has no dots.

use memchr::{memchr, memmem::Finder};

/// Writes the wire form of whole lines, without the final dot; returns its length.
pub(super) type Copy = fn(&Finder<'_>, &[u8], &mut [u8]) -> usize;

/// Dots this near to one another are met faster octet by octet.
const DENSE: usize = 16;

/// The faster one for this message.
pub(super) fn near_for(message: &[u8]) -> Copy {
    let dots = message.windows(3).take(1 << 16).filter(|at| at == b"\r\n.").count();
    if dots * DENSE > message.len().min(1 << 16) { octets } else { memmem }
}

pub(super) fn memcpy(_: &Finder<'_>, input: &[u8], output: &mut [u8]) -> usize {
    output[..input.len()].copy_from_slice(input);
    input.len()
}

fn memmem(finder: &Finder<'_>, input: &[u8], output: &mut [u8]) -> usize {
    let mut end = 0;
    let mut put = |octets: &[u8]| {
        output[end..end + octets.len()].copy_from_slice(octets);
        end += octets.len();
    };
    each_line_with_dot(finder, input, &mut put);
    end
}

/// Safe code with one branch per octet.
fn octets(_: &Finder<'_>, input: &[u8], output: &mut [u8]) -> usize {
    let (mut end, mut before) = (0, b'\n');
    for &octet in input {
        // The dot is written in any case, and kept where it stands first.
        output[end] = b'.';
        end += usize::from(octet == b'.' && before == b'\n');
        output[end] = octet;
        end += 1;
        before = octet;
    }
    end
}

/// Lines that end with LF.
pub(super) fn lines(_: &Finder<'_>, input: &[u8], output: &mut [u8]) -> usize {
    let mut end = 0;
    each_line(input, &mut |octets| {
        output[end..end + octets.len()].copy_from_slice(octets);
        end += octets.len();
    });
    end
}

pub(super) fn slices_of_lines(message: &[u8], take: &mut dyn FnMut(&[u8])) {
    each_line(message, take);
    take(b".\r\n");
}

fn each_line(mut rest: &[u8], put: &mut dyn FnMut(&[u8])) {
    while let Some(at) = memchr(b'\n', rest) {
        if rest.starts_with(b".") {
            put(b".");
        }
        put(&rest[..at]);
        put(b"\r\n");
        rest = &rest[at + 1..];
    }
}

pub(super) fn slices(finder: &Finder<'_>, message: &[u8], take: &mut dyn FnMut(&[u8])) {
    each_line_with_dot(finder, message, take);
    take(b".\r\n");
}

fn each_line_with_dot(finder: &Finder<'_>, message: &[u8], put: &mut dyn FnMut(&[u8])) {
    let mut rest = message;
    loop {
        if rest.first() == Some(&b'.') {
            put(b".");
        }
        let Some(at) = finder.find(rest) else { break };
        put(&rest[..at + 2]);
        rest = &rest[at + 2..];
    }
    put(rest);
}

pub(super) fn unstuff(finder: &Finder<'_>, wire: &[u8], take: &mut dyn FnMut(&[u8])) {
    let mut rest = wire.strip_prefix(b".").unwrap_or(wire);
    while let Some(at) = finder.find(rest) {
        take(&rest[..at + 2]);
        rest = &rest[at + 3..];
    }
}
