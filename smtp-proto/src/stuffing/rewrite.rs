//! Loops that copy a block octet by octet, and insert dots and line ends.

use memchr::memchr2;

use super::scan::{CR, DOT, LF};

/// Copies a block with insertions, given the octet before it. Returns the number of octets written, and how many of
/// them are added dots.
pub(super) type Rewriter = fn(u8, &[u8], &mut [u8]) -> (usize, usize);

/// Copies a block as it is.
pub(super) fn copy(_before: u8, block: &[u8], output: &mut [u8]) -> (usize, usize) {
    output[..block.len()].copy_from_slice(block);
    (block.len(), 0)
}

/// Copies a block of valid octets and whole CRLFs, and doubles dots: writes at most `2 * block.len()` octets.
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

/// Copies like [`double_dots`], but makes each line end CRLF, and doubles dots only if `DOTS`. The block must not end
/// in CR.
///
/// It works line by line, because most content that needs it is text from Unix files.
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

/// Returns the length of the CRs and the LF at the start of `text`, and the number of line ends that they are.
fn line_ends(text: &[u8]) -> (usize, usize) {
    let crs = text.iter().take_while(|&&octet| octet == CR).count();
    if text.get(crs) == Some(&LF) { (crs + 1, 1) } else { (crs, crs) }
}
