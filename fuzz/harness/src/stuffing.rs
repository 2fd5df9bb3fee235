//! Content on its way to the wire and back, against naive models.

use arbitrary::Arbitrary;
use smtp_proto::stuffing::{
    BareNewline, BareNewlineKind, ContentErrorKind, Newlines, Stuffer, Survey, Unstuffer,
};

use crate::cuts::{Sizes, cut};

/// Content, or what is taken for it, and how it is cut.
#[derive(Arbitrary, Debug)]
pub enum Case<'a> {
    /// A message to be sent.
    Send(Message<'a>),
    /// What a client says behind DATA, in pieces of these sizes.
    Receive(&'a [u8], &'a [u8]),
}

/// A message and the way that it takes.
#[derive(Arbitrary, Debug)]
pub struct Message<'a> {
    newlines: Newlines,
    eight_bit: bool,
    /// By BDAT.
    chunks: bool,
    input_sizes: &'a [u8],
    output_sizes: &'a [u8],
    content: &'a [u8],
}

/// An offence and where it stands.
type Offence = (ContentErrorKind, u64);

/// Stuffs and unstuffs in pieces.
///
/// # Panics
/// When the wire is not that of the model, or content comes back changed.
pub fn check(case: &Case<'_>) {
    match case {
        Case::Send(message) => message.check(),
        Case::Receive(sizes, wire) => receive(wire, sizes),
    }
}

impl Message<'_> {
    fn check(&self) {
        let (written, offence) = self.stuff();
        assert_eq!(self.pieces(), (written.clone(), offence), "copied and sliced");
        let canonical = match canonical(self.content, self.newlines, self.eight_bit) {
            Ok(canonical) => canonical,
            Err(expected) => return assert_eq!(offence, Some(expected)),
        };
        assert_eq!(offence, None);
        assert_eq!(Survey::of(self.content).size, canonical.len() as u64);
        if self.chunks {
            return assert_eq!(written, canonical);
        }
        assert_eq!(written, dotted(&canonical));
        assert!(written.len() <= 2 * self.content.len() + 5);
        assert_eq!(find_end(&written), Some(written.len()), "one end, at the end");
        assert_eq!(unstuff(&written, self.input_sizes), (canonical, None, Some(written.len())));
    }

    fn stuffer(&self) -> Stuffer {
        if self.chunks {
            Stuffer::for_chunks(self.newlines, self.eight_bit)
        } else {
            Stuffer::new(self.newlines, self.eight_bit)
        }
    }

    /// By copying; what was written before an offence counts too.
    fn stuff(&self) -> (Vec<u8>, Option<Offence>) {
        let (mut stuffer, mut wire) = (self.stuffer(), Vec::new());
        let mut sizes = Sizes::new(self.output_sizes);
        let mut room = vec![0; 512];
        for mut piece in cut(self.content, self.input_sizes) {
            while !piece.is_empty() {
                let size = sizes.next().min(room.len());
                let progress = match stuffer.stuff(piece, &mut room[..size]) {
                    Ok(progress) => progress,
                    Err(error) => return (wire, Some((error.kind, error.offset))),
                };
                assert!(progress.consumed + progress.produced > 0, "no progress");
                wire.extend_from_slice(&room[..progress.produced]);
                piece = &piece[progress.consumed..];
            }
        }
        let offence = finish(&mut stuffer, &mut sizes, &mut wire);
        (wire, offence)
    }

    /// By slices.
    fn pieces(&self) -> (Vec<u8>, Option<Offence>) {
        let (mut stuffer, mut wire) = (self.stuffer(), Vec::new());
        for input in cut(self.content, self.input_sizes) {
            for piece in stuffer.pieces(input) {
                match piece {
                    Ok(piece) => {
                        assert!(!piece.is_empty());
                        wire.extend_from_slice(piece);
                    }
                    Err(error) => return (wire, Some((error.kind, error.offset))),
                }
            }
        }
        let offence = finish(&mut stuffer, &mut Sizes::new(&[]), &mut wire);
        (wire, offence)
    }
}

fn finish(stuffer: &mut Stuffer, sizes: &mut Sizes<'_>, wire: &mut Vec<u8>) -> Option<Offence> {
    let mut room = [0; 8];
    loop {
        let size = sizes.next().min(room.len());
        match stuffer.finish(&mut room[..size]) {
            Ok(finish) => {
                wire.extend_from_slice(&room[..finish.produced]);
                if finish.done {
                    return None;
                }
            }
            Err(error) => return Some((error.kind, error.offset)),
        }
    }
}

/// The content with every line ended by CRLF, or the first octet that cannot leave.
fn canonical(content: &[u8], newlines: Newlines, eight_bit: bool) -> Result<Vec<u8>, Offence> {
    let (mut lines, mut rest) = (Vec::new(), content);
    let strict = newlines == Newlines::Reject;
    while let Some(&octet) = rest.first() {
        let (here, at) = (rest, (content.len() - rest.len()) as u64);
        rest = &here[line_end(here).max(1)..];
        match octet {
            b'\r' if strict && !here.starts_with(b"\r\n") => {
                return Err((ContentErrorKind::BareCr, at));
            }
            b'\n' if strict => return Err((ContentErrorKind::BareLf, at)),
            b'\r' | b'\n' => lines.extend_from_slice(b"\r\n"),
            0 => return Err((ContentErrorKind::Nul, at)),
            0x80.. if !eight_bit => return Err((ContentErrorKind::EightBit, at)),
            _ => lines.push(octet),
        }
    }
    if !lines.is_empty() && !lines.ends_with(b"\r\n") {
        lines.extend_from_slice(b"\r\n");
    }
    Ok(lines)
}

/// Octets of the line end that stands here: CR* LF, or one CR that no LF follows; none for anything else.
fn line_end(content: &[u8]) -> usize {
    let crs = content.iter().take_while(|&&octet| octet == b'\r').count();
    if content.get(crs) == Some(&b'\n') { crs + 1 } else { crs.min(1) }
}

/// Lines as they leave by DATA.
fn dotted(canonical: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    let mut line_start = true;
    for (at, &octet) in canonical.iter().enumerate() {
        if line_start && octet == b'.' {
            wire.push(b'.');
        }
        wire.push(octet);
        line_start = canonical[..=at].ends_with(b"\r\n");
    }
    wire.extend_from_slice(b".\r\n");
    wire
}

/// Behind the first end of content.
fn find_end(wire: &[u8]) -> Option<usize> {
    let end = b"\r\n.\r\n";
    if wire.starts_with(&end[2..]) {
        return Some(3);
    }
    wire.windows(end.len()).position(|window| window == end).map(|at| at + end.len())
}

/// What an unstuffer says: content, what spoilt it, where it ended.
type Received = (Vec<u8>, Option<BareNewline>, Option<usize>);

fn receive(wire: &[u8], sizes: &[u8]) {
    let (content, spoilt, end) = unstuff(wire, sizes);
    let (expected, offence) = plain(wire);
    assert_eq!(spoilt.map(|bare| (bare.kind, bare.offset)), offence);
    assert_eq!(end, find_end(wire), "another end");
    if end.is_some() && spoilt.is_none() {
        assert_eq!(content, expected);
    } else if spoilt.is_none() {
        // What may still be the end is kept back.
        let kept = expected.strip_prefix(&content[..]).expect("content that is on the wire");
        assert!(kept.len() <= 2);
    }
}

fn unstuff(wire: &[u8], sizes: &[u8]) -> Received {
    let (mut unstuffer, mut content, mut taken) = (Unstuffer::new(), Vec::new(), 0);
    for mut piece in cut(wire, sizes) {
        while !piece.is_empty() {
            let Ok(step) = unstuffer.feed(piece) else {
                assert!(unstuffer.spoilt().is_some());
                continue;
            };
            assert!(step.consumed > 0, "no progress");
            content.extend_from_slice(step.content);
            piece = &piece[step.consumed..];
            taken += step.consumed;
            if step.end {
                return (content, unstuffer.spoilt(), Some(taken));
            }
        }
    }
    (content, unstuffer.spoilt(), None)
}

/// The content on a wire, and the first newline before its end that is none.
fn plain(wire: &[u8]) -> (Vec<u8>, Option<(BareNewlineKind, u64)>) {
    let (mut content, mut at, mut line_start) = (Vec::new(), 0, true);
    while let Some(octet) = wire.get(at) {
        let rest = &wire[at..];
        if line_start && rest.starts_with(b".\r\n") {
            break;
        }
        let dropped = line_start && *octet == b'.';
        line_start = false;
        match rest {
            [b'\r', b'\n', ..] => {
                content.extend_from_slice(b"\r\n");
                (at, line_start) = (at + 1, true);
            }
            [b'\r', _, ..] => return (content, Some((BareNewlineKind::Cr, at as u64))),
            [b'\n', ..] => return (content, Some((BareNewlineKind::Lf, at as u64))),
            _ if dropped => {}
            _ => content.push(*octet),
        }
        at += 1;
    }
    (content, None)
}
