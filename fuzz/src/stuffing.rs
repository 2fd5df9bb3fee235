//! Dot-stuffing and its inverse.

use arbitrary::Arbitrary;
use smtp_proto::stuffing::{Newlines, Stuffer, Survey, Unstuffer};

/// Content and how it is cut.
#[derive(Arbitrary, Debug)]
pub struct Case<'a> {
    input_size: u8,
    output_size: u8,
    reject: bool,
    content: &'a [u8],
}

/// Stuffs in pieces, unstuffs in pieces, and compares with the canonical form.
///
/// # Panics
/// When content comes back changed, or leaves in a form that it must not have.
pub fn check(case: &Case<'_>) {
    let newlines = if case.reject { Newlines::Reject } else { Newlines::Normalise };
    let Some(wire) = stuff(case, newlines) else {
        let rejected = case.reject && canonical(case.content) != with_final_newline(case.content);
        assert!(rejected || case.content.contains(&0), "refused without a reason");
        return;
    };
    let expected = canonical(case.content);
    assert!(wire.len() <= 2 * case.content.len() + 5);
    assert_eq!(find_end(&wire), wire.len(), "one end, at the end");
    assert_eq!(unstuff(&wire, usize::from(case.output_size).max(1)), expected);
    assert_eq!(Survey::of(case.content).size, expected.len() as u64);
}

fn stuff(case: &Case<'_>, newlines: Newlines) -> Option<Vec<u8>> {
    let mut stuffer = Stuffer::new(newlines, true);
    let mut room = vec![0; usize::from(case.output_size).max(1)];
    let mut wire = Vec::new();
    for mut piece in case.content.chunks(usize::from(case.input_size).max(1)) {
        while !piece.is_empty() {
            let progress = stuffer.stuff(piece, &mut room).ok()?;
            assert!(progress.consumed + progress.produced > 0, "no progress");
            wire.extend_from_slice(&room[..progress.produced]);
            piece = &piece[progress.consumed..];
        }
    }
    loop {
        let finish = stuffer.finish(&mut room).ok()?;
        wire.extend_from_slice(&room[..finish.produced]);
        if finish.done {
            return Some(wire);
        }
    }
}

fn unstuff(wire: &[u8], size: usize) -> Vec<u8> {
    let (mut unstuffer, mut content) = (Unstuffer::new(), Vec::new());
    for mut piece in wire.chunks(size) {
        while !piece.is_empty() {
            let step = unstuffer.feed(piece).expect("no bare newline leaves");
            content.extend_from_slice(step.content);
            piece = &piece[step.consumed..];
        }
    }
    content
}

/// The content with every line ended by CRLF.
fn canonical(content: &[u8]) -> Vec<u8> {
    let mut lines = Vec::new();
    let mut octets = content.iter().peekable();
    while let Some(&octet) = octets.next() {
        match octet {
            b'\r' => {
                octets.next_if_eq(&&b'\n');
                lines.extend_from_slice(b"\r\n");
            }
            b'\n' => lines.extend_from_slice(b"\r\n"),
            _ => lines.push(octet),
        }
    }
    with_final_newline(&lines)
}

fn with_final_newline(content: &[u8]) -> Vec<u8> {
    let mut content = content.to_vec();
    if !content.is_empty() && !content.ends_with(b"\r\n") {
        content.extend_from_slice(b"\r\n");
    }
    content
}

/// Where the first end of content stands.
fn find_end(wire: &[u8]) -> usize {
    let end = b"\r\n.\r\n";
    if wire.starts_with(&end[2..]) {
        return 3;
    }
    wire.windows(end.len()).position(|window| window == end).map_or(0, |at| at + end.len())
}
