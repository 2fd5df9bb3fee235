//! The fast path: finds the part of content that can be copied as it is.
//!
//! Loops without a branch, with one accumulator and one result per block, check the blocks; the compiler turns them
//! into vector code. Base64 in lines of one length has an even cheaper test ([`even_lines`]). A block that passes
//! neither test is checked octet by octet.

#![expect(
    clippy::needless_bitwise_bool,
    reason = "a lazy operator is a branch, and ends vector code"
)]

use memchr::{memchr, memrchr};

pub(super) const CR: u8 = b'\r';
pub(super) const LF: u8 = b'\n';
pub(super) const DOT: u8 = b'.';

/// The length of a small block. Around each octet that needs care, at most so many octets are lost to the fast path.
const FINE: usize = 32;
/// The length of a large block, which spreads the cost of a result over clean content.
const COARSE: usize = 256;
/// The number of octets that are checked one by one before the fast path starts.
const NEAR: usize = 8;
/// The number of large blocks between two attempts with [`even_lines`].
const COARSE_RUN: usize = 16;
/// The number of base64 lines that are checked together.
const GROUP: usize = 4;
/// The lengths of lines that [`even_lines`] knows, without CRLF: PEM has 64 octets, MIME 76.
const SHORTEST: usize = 64;
const LONGEST: usize = 79;

/// The range of octets that are allowed, apart from newlines. Because the bounds are known only at run time, the same
/// loops serve all ranges, in a shape that the compiler turns into vector code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Octets {
    least: u8,
    most: u8,
}

impl Octets {
    pub(super) const SEVEN_BIT: Self = Self { least: 1, most: 0x7F };
    pub(super) const EIGHT_BIT: Self = Self { least: 1, most: 0xFF };
    pub(super) const ANY: Self = Self { least: 0, most: 0xFF };

    pub(super) const fn admit(self, octet: u8) -> bool {
        self.least <= octet && octet <= self.most
    }

    /// Returns whether [`Octets::admit`] is true for each octet.
    pub(super) fn admit_all(self, octets: &[u8]) -> bool {
        let low = looked_at(octets).iter().fold(u8::MAX, |low, &octet| low.min(octet));
        let high = octets.iter().fold(0, |high: u8, &octet| high.max(octet));
        self.least <= low && high <= self.most
    }
}

/// Returns the length of a prefix of `input`, up to about `limit`, that needs no care: each CR and LF is in a CRLF,
/// no line starts with a dot, and each octet is allowed. The prefix does not end between a CR and its LF.
///
/// It is not always the longest such prefix: it may end up to a small block early.
pub(super) fn clean_prefix(input: &[u8], limit: usize, line_start: bool, octets: Octets) -> usize {
    match input {
        [] | [LF, ..] => return 0,
        [DOT, ..] if line_start => return 0,
        // If the output buffer is small, the octets of a block would be scanned again at every call.
        _ if limit < FINE => return 0,
        _ => {}
    }
    // The last block may extend beyond the limit, but nothing after it is scanned.
    let input = &input[..input.len().min(limit.saturating_add(FINE + 2))];
    let end = stretch(input, limit, octets);
    let end = end.min(limit);
    if input[..end].last() == Some(&CR) { end - 1 } else { end }
}

/// Returns the length of the longest prefix that needs no care.
pub(super) fn exact_prefix(input: &[u8], line_start: bool, octets: Octets) -> usize {
    // If dots are dense the next one is near, and starting the fast path would cost more than it saves.
    let (near, line_start, stained) = walk(input, line_start, octets, NEAR);
    looked_at(&input[..near]);
    if stained {
        return near;
    }
    let clean = near + clean_prefix(&input[near..], input.len(), line_start, octets);
    let line_start = if clean == near { line_start } else { input[clean - 1] == LF };
    let rest = &input[clean..];
    let exact = walk(rest, line_start, octets, usize::MAX).0;
    clean + looked_at(&rest[..exact]).len()
}

/// Checks octet by octet, up to about `limit`. Returns the number of octets that need no care, whether a line starts
/// after them, and whether the next octet needs care.
fn walk(input: &[u8], mut line_start: bool, octets: Octets, limit: usize) -> (usize, bool, bool) {
    let mut end = 0;
    while end < limit {
        match input[end..] {
            [CR, LF, ..] => (end, line_start) = (end + 2, true),
            [] | [CR | LF, ..] => return (end, line_start, true),
            [DOT, ..] if line_start => return (end, line_start, true),
            [octet, ..] if octets.admit(octet) => (end, line_start) = (end + 1, false),
            _ => return (end, line_start, true),
        }
    }
    (end, line_start, false)
}

/// Returns whether each CR and LF is in a CRLF.
pub(super) fn newlines_paired(octets: &[u8]) -> bool {
    let (first, last) = (octets.first(), octets.last());
    let next = octets.get(1..).unwrap_or_default();
    let mut bare = false;
    for (&x, &y) in looked_at(octets).iter().zip(next) {
        bare |= (x == CR) != (y == LF);
    }
    !bare && first != Some(&LF) && last != Some(&CR)
}

/// Returns the length of the clean prefix of an input whose first octet needs no care.
fn stretch(input: &[u8], limit: usize, octets: Octets) -> usize {
    let mut end = blocks::<FINE>(input, 0, 2, octets);
    if end < 2 * FINE {
        return end;
    }
    loop {
        end = even_lines(input, end, limit, octets);
        let stop = blocks::<COARSE>(input, end, COARSE_RUN, octets);
        if stop >= limit {
            return stop;
        }
        if stop - end < COARSE_RUN * COARSE {
            return blocks::<FINE>(input, stop, COARSE / FINE, octets);
        }
        end = stop;
    }
}

/// Returns the end of the clean blocks from `start` on, at most `count` of them.
fn blocks<const N: usize>(input: &[u8], start: usize, count: usize, octets: Octets) -> usize {
    let mut end = start;
    for _ in 0..count {
        let Some(window) = input.get(end..end + N + 2) else { break };
        let Some(x) = looked_at(window).first_chunk() else { break };
        let Some(y) = window[1..].first_chunk() else { break };
        let Some(z) = window[2..].first_chunk() else { break };
        if !is_clean::<N>(x, y, z, octets) {
            break;
        }
        end += N;
    }
    end
}

/// Checks a block `x`, given the block one octet further, `y`, and the block two octets further, `z`.
///
/// Not inlined: the compiler would notice that the three overlap, and derive two of them from the first by shuffles,
/// which costs a third more.
#[inline(never)]
fn is_clean<const N: usize>(x: &[u8; N], y: &[u8; N], z: &[u8; N], octets: Octets) -> bool {
    let (mut stain, mut low, mut high) = (false, u8::MAX, 0);
    for i in 0..N {
        let lf = y[i] == LF;
        stain |= ((x[i] == CR) != lf) | (lf & (z[i] == DOT));
        low = low.min(x[i]);
        high = high.max(x[i]);
    }
    !stain & (octets.least <= low) & (high <= octets.most)
}

/// Returns the end of the lines, from the one that holds `from`, that are all as long as the first and hold no
/// control octets. `input[..from]` is clean.
///
/// MIME encoders break base64 into lines of one length (76 octets, RFC 2045 6.8; 64 in PEM). So the place of the next
/// line end is known, and two vector instructions for 16 octets check the text in between.
///
/// Only octets near `from` are searched for a line end, because content without CR, or without line ends, has none.
fn even_lines(input: &[u8], from: usize, limit: usize, octets: Octets) -> usize {
    let Some((start, length)) = line_around(input, from) else { return from };
    let step = length + 2;
    let mut end = start;
    while end < limit {
        // One octet more than the lines, because the octet after the last line counts.
        let Some(group) = input.get(end..=end + GROUP * step) else { break };
        if !even_group(looked_at(group), step, octets) {
            break;
        }
        end += GROUP * step;
    }
    end.max(from)
}

/// Returns start and length of the line that holds `from`, if [`even_lines`] knows lines of this length.
fn line_around(input: &[u8], from: usize) -> Option<(usize, usize)> {
    let near = from.saturating_sub(LONGEST + 2);
    let start = match memrchr(LF, looked_at(&input[near..from])) {
        Some(lf) => near + lf + 1,
        None if near == 0 => 0,
        None => return None,
    };
    let ahead = &input[start..input.len().min(start + LONGEST + 1)];
    let length = memchr(CR, looked_at(ahead)).filter(|&length| length >= SHORTEST)?;
    Some((start, length))
}

/// Checks [`GROUP`] lines of `step` octets each, with CRLF, and the octet after them.
#[inline]
fn even_group(mut group: &[u8], step: usize, octets: Octets) -> bool {
    let (mut low, mut high) = ([u8::MAX; 16], [0; 16]);
    let mut ended = true;
    for _ in 0..GROUP {
        let Some(line) = group.get(..=step) else { return false };
        ended &= even_line(line, &mut low, &mut high);
        group = &group[step..];
    }
    let printable = low.iter().fold(true, |yes, &x| yes & (x > CR));
    ended & printable & high.iter().fold(true, |yes, &x| yes & (x <= octets.most))
}

/// Adds a line of 64 to 79 octets to the accumulators. Returns whether CRLF follows it, and then neither a dot nor a
/// bare LF.
#[inline]
fn even_line(line: &[u8], low: &mut [u8; 16], high: &mut [u8; 16]) -> bool {
    let Some((text, &[cr, lf, next])) = line.split_last_chunk::<3>() else { return false };
    // The last 16 octets overlap the first 64, so no shorter rest remains.
    let Some(head) = text.first_chunk::<64>() else { return false };
    let Some(tail) = text.last_chunk::<16>() else { return false };
    for block in head.chunks_exact(16).filter_map(<[u8]>::first_chunk) {
        fold(block, low, high);
    }
    fold(tail, low, high);
    (cr == CR) & (lf == LF) & (next != DOT) & (next != LF)
}

#[inline]
fn fold(block: &[u8; 16], low: &mut [u8; 16], high: &mut [u8; 16]) {
    for i in 0..16 {
        low[i] = low[i].min(block[i]);
        high[i] = high[i].max(block[i]);
    }
}

/// Returns the same octets. All scanning passes through here, so that a test can count it: see `linear.rs`.
#[cfg(not(test))]
pub(super) const fn looked_at(octets: &[u8]) -> &[u8] {
    octets
}

#[cfg(test)]
pub(super) use super::linear::looked_at;

#[cfg(test)]
mod tests {
    extern crate alloc;

    use alloc::{vec, vec::Vec};

    use super::{
        FINE, GROUP, Octets, clean_prefix, even_lines, exact_prefix, newlines_paired, walk,
    };

    /// About 3,000 octets in lines of this length.
    fn lines(length: usize) -> Vec<u8> {
        let mut content = Vec::new();
        while content.len() < 3000 {
            content.extend((0..length).map(|i| b'0' + u8::try_from(i % 60).expect("less than 60")));
            content.extend(b"\r\n");
        }
        content
    }

    /// Base64 in lines of each length that [`even_lines`] knows, in shorter and longer ones, in a single line, and
    /// after a line of another length.
    fn contents() -> impl Iterator<Item = Vec<u8>> {
        let ragged = [lines(30), lines(76)].concat();
        (62..=81).chain([1, 5000]).map(lines).chain([ragged])
    }

    const TROUBLES: [&[u8]; 7] = [b"\r", b"\n", b".", b"\n.", b"\0", b"\x0c", b"\xff"];

    #[test]
    fn the_fast_look_ends_at_most_a_small_block_before_what_needs_care() {
        for content in contents() {
            let places = (0..200).chain((200..content.len()).step_by(29));
            for (at, trouble) in places.flat_map(|at| TROUBLES.map(|trouble| (at, trouble))) {
                let mut input = content.clone();
                input.splice(at..(at + trouble.len()).min(content.len()), trouble.iter().copied());
                let trouble = trouble.escape_ascii();
                let octets = Octets::SEVEN_BIT;
                let exact = walk(&input, true, octets, usize::MAX).0;
                let clean = clean_prefix(&input, input.len(), true, octets);
                assert!(clean <= exact, "{trouble} at {at}: {clean} of {exact}");
                assert!(exact - clean <= FINE + 2, "{trouble} at {at}: {clean} of {exact}");
                assert_eq!(exact_prefix(&input, true, octets), exact, "{trouble} at {at}");
            }
        }
    }

    #[test]
    fn a_dot_needs_care_at_the_start_of_a_line_alone() {
        let input = [&b"."[..], &lines(70)].concat();
        for (line_start, exact) in [(true, 0), (false, input.len())] {
            let clean = clean_prefix(&input, input.len(), line_start, Octets::ANY);
            assert!(clean <= exact && exact - clean <= FINE + 2, "{clean} of {exact}");
            assert_eq!(exact_prefix(&input, line_start, Octets::ANY), exact);
        }
        // The place at which the check of single octets ends: in the middle of a line, and at its start.
        for (input, exact) in [(&b"1234567\r\n.x"[..], 9), (b"123456\r\n.", 8), (b"12345678.", 9)] {
            assert_eq!(exact_prefix(input, true, Octets::ANY), exact, "{}", input.escape_ascii());
        }
    }

    #[test]
    fn even_lines_are_judged_together() {
        for length in 64..80 {
            let (input, step) = (lines(length), length + 2);
            for from in [3, 100] {
                let end = even_lines(&input, from, input.len(), Octets::SEVEN_BIT);
                assert!(input.len() - end <= GROUP * step, "{end} of {} by {length}", input.len());
            }
            assert_eq!(even_lines(&input, 3, 1, Octets::SEVEN_BIT), GROUP * step);
        }
        for length in [63, 80] {
            assert_eq!(even_lines(&lines(length), 3, 3000, Octets::SEVEN_BIT), 3);
        }
    }

    #[test]
    fn a_limit_ends_the_look() {
        for content in contents() {
            for limit in [0, 1, 64, 500, 2000] {
                let clean = clean_prefix(&content, limit, true, Octets::ANY);
                assert!(clean <= limit && limit - clean <= FINE + 2, "{clean} of {limit}");
            }
        }
    }

    #[test]
    fn newlines_are_paired_where_each_cr_and_lf_is_in_a_crlf() {
        let mut all = vec![Vec::new()];
        for length in 0..6 {
            let longer = all
                .iter()
                .filter(|text| text.len() == length)
                .flat_map(|text| b"\r\na".map(|octet| [&text[..], &[octet]].concat()));
            all.extend(longer.collect::<Vec<_>>());
        }
        for text in all {
            let rest = text.windows(2).filter(|pair| pair == b"\r\n").count() * 2;
            let newlines = text.iter().filter(|octet| b"\r\n".contains(octet)).count();
            assert_eq!(newlines_paired(&text), newlines == rest, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn octets_pass_together_where_each_passes() {
        for octets in [Octets::SEVEN_BIT, Octets::EIGHT_BIT, Octets::ANY] {
            for pair in [[0, 9], [1, 127], [9, 128], [127, 255], [0, 255]] {
                assert_eq!(octets.admit_all(&pair), pair.iter().all(|&octet| octets.admit(octet)));
            }
        }
    }
}
