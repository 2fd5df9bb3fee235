//! Loops that write a block octet by octet, with what has to be inserted.

use memchr::memchr2;

use super::scan::{CR, DOT, LF};

/// Copies a block that stands after an octet, with insertions; returns the octets written, and how many of them are dots
/// that double another.
pub(super) type Rewriter = fn(u8, &[u8], &mut [u8]) -> (usize, usize);

/// Copies a block as it is.
pub(super) fn copy(_before: u8, block: &[u8], output: &mut [u8]) -> (usize, usize) {
    output[..block.len()].copy_from_slice(block);
    (block.len(), 0)
}

/// Copies a block of admitted octets and whole CRLFs, dots doubled: at most `2 * block.len()` octets.
pub(super) fn double_dots(before: u8, block: &[u8], output: &mut [u8]) -> (usize, usize) {
    let (mut line_start, mut end) = (before == LF, 0);
    for &octet in block {
        if line_start && octet == DOT {
            output[end] = DOT;
            end += 1;
        }
        output[end] = octet;
        end += 1;
        line_start = octet == LF;
    }
    (end, end - block.len())
}

/// As [`double_dots`], with every line end made CRLF, and dots doubled if `DOTS`. The block does not end in CR.
///
/// A line at a time: what needs this is mostly the text of Unix files.
pub(super) fn rewrite<const DOTS: bool>(
    before: u8,
    block: &[u8],
    output: &mut [u8],
) -> (usize, usize) {
    let (mut rest, mut line_start, mut end, mut doubled) = (block, before == LF, 0, 0);
    while let Some(&first) = rest.first() {
        if DOTS && line_start && first == DOT {
            output[end] = DOT;
            end += 1;
            doubled += 1;
        }
        let (line, behind) = rest.split_at(memchr2(CR, LF, rest).unwrap_or(rest.len()));
        output[end..][..line.len()].copy_from_slice(line);
        end += line.len();
        let (taken, line_ends) = line_ends(behind);
        for _ in 0..line_ends {
            output[end..][..2].copy_from_slice(b"\r\n");
            end += 2;
        }
        rest = &behind[taken..];
        line_start = line_ends > 0;
    }
    (end, doubled)
}

/// The octets of the CRs and the LF that stand here, and how many line ends they are.
fn line_ends(text: &[u8]) -> (usize, usize) {
    let crs = text.iter().take_while(|&&octet| octet == CR).count();
    if text.get(crs) == Some(&LF) { (crs + 1, 1) } else { (crs, crs) }
}
