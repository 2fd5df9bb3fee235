//! Loops that write a block octet by octet, with what has to be inserted.

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

/// As [`double_dots`], with every line end made CRLF and dots doubled if `DOTS`. `output` is two octets longer than the
/// most it needs. The block does not end in CR.
///
/// Each candidate is written and then kept or not by how far the position moves: no branch to mispredict. A CR is written
/// as a line end of its own, and an LF behind it takes back all of the run but one.
#[allow(clippy::needless_bitwise_bool, reason = "a lazy operator is a branch")]
pub(super) fn rewrite<const DOTS: bool>(
    before: u8,
    block: &[u8],
    output: &mut [u8],
) -> (usize, usize) {
    let (mut previous, mut end, mut run, mut doubled) = (before, 0, 0, 0);
    for &octet in block {
        let (cr, lf, after_cr) = (octet == CR, octet == LF, previous == CR);
        run = if after_cr { run } else { end };
        end = if lf & after_cr { run } else { end };
        if DOTS {
            let is_doubled = usize::from((octet == DOT) & (after_cr | (previous == LF)));
            output[end] = DOT;
            end += is_doubled;
            doubled += is_doubled;
        }
        output[end] = if lf { CR } else { octet };
        output[end + 1] = LF;
        end += 1 + usize::from(cr | lf);
        previous = octet;
    }
    (end, doubled)
}
