//! Reply framing and grammar.

use smtp_proto::reply::{Framer, Reply, ReplyErrorKind, ReplyLimits};

type Stream = (Vec<usize>, Option<(usize, ReplyErrorKind)>);

/// Reads the octets whole and in pieces; the first octet says how large the pieces are.
///
/// # Panics
/// When the two differ, or a framed reply cannot be read.
pub fn check(input: &[u8]) {
    let Some((&size, stream)) = input.split_first() else { return };
    let whole = read(stream, stream.len().max(1));
    assert_eq!(read(stream, usize::from(size).max(1)), whole);
    assert!(whole.0.iter().sum::<usize>() <= stream.len());
}

fn read(stream: &[u8], size: usize) -> Stream {
    let (mut framer, mut lengths, mut start) = (Framer::new(), Vec::new(), 0);
    for end in (0..stream.len()).step_by(size).map(|at| stream.len().min(at + size)) {
        loop {
            match framer.frame(&stream[start..end], &ReplyLimits::DEFAULT) {
                Ok(Some(length)) => {
                    read_one(&stream[start..start + length]);
                    lengths.push(length);
                    start += length;
                }
                Ok(None) => break,
                Err(error) => return (lengths, Some((start + error.offset(), error.kind()))),
            }
        }
    }
    (lengths, None)
}

fn read_one(octets: &[u8]) {
    let (reply, length) = Reply::parse(octets).expect("framed").expect("complete");
    assert_eq!(length, octets.len());
    let text: usize = reply.raw_lines().map(<[u8]>::len).sum();
    assert!(text < octets.len());
    assert_eq!(reply.lines().count(), octets.split_inclusive(|&octet| octet == b'\n').count());
    assert!(reply.enhanced().is_none_or(|enhanced| enhanced.fits(reply.code())));
    assert!(!reply.to_string().chars().any(char::is_control));
}
