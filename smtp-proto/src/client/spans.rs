//! Which of the outgoing octets are what: for transcripts, for wiping, and to know what has left.

/// What a stretch of outgoing octets is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum SpanKind {
    /// Command text.
    Command,
    /// A credential or an answer in an AUTH dialogue: not to be shown or kept.
    Secret,
    /// Message content.
    Content,
    /// The end of content that leaves by DATA: the CRLF that was missing, if any, and the lone dot.
    EndOfContent,
    /// The last chunk of content that leaves by BDAT.
    LastChunk,
}

impl SpanKind {
    /// Whether the content is handed over when this has left.
    pub(super) const fn ends_content(self) -> bool {
        matches!(self, SpanKind::EndOfContent | SpanKind::LastChunk)
    }
}

/// A stretch of outgoing octets for a transcript; a secret shows none of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Span<'a> {
    /// What it is.
    pub kind: SpanKind,
    /// The octets; empty for a secret.
    pub octets: &'a [u8],
    /// How many octets it is, secret or not.
    pub length: usize,
    /// Whether the stretch ends here; else a later span goes on with it.
    pub complete: bool,
}

/// At most this many stretches of different kinds wait at once. With DATA there are never more than
/// five; with chunks in flight two for each, so that sixteen messages fit one write.
const MAX_SPANS: usize = 32;

/// The stretches in order. Each is packed into 32 bits, the kind in the upper three.
#[derive(Clone, Debug)]
pub(super) struct Spans {
    packed: [u32; MAX_SPANS],
    count: usize,
}

const LENGTH_BITS: u32 = 29;
const MAX_LENGTH: usize = (1 << LENGTH_BITS) - 1;

const fn pack(kind: SpanKind, length: usize) -> u32 {
    #[allow(clippy::cast_possible_truncation, reason = "bounded by MAX_LENGTH")]
    let length = length as u32;
    ((kind as u32) << LENGTH_BITS) | length
}

const fn unpack(packed: u32) -> (SpanKind, usize) {
    let kind = match packed >> LENGTH_BITS {
        0 => SpanKind::Command,
        1 => SpanKind::Secret,
        2 => SpanKind::Content,
        3 => SpanKind::EndOfContent,
        _ => SpanKind::LastChunk,
    };
    (kind, packed as usize & MAX_LENGTH)
}

impl Spans {
    pub(super) const fn new() -> Self {
        Self { packed: [0; MAX_SPANS], count: 0 }
    }

    /// Whether what comes next, a command and a chunk at most, can be told apart.
    pub(super) const fn have_room(&self) -> bool {
        self.count + 2 <= MAX_SPANS
    }

    pub(super) fn first(&self) -> Option<(SpanKind, usize)> {
        self.iter().next()
    }

    fn iter(&self) -> impl Iterator<Item = (SpanKind, usize)> + '_ {
        self.packed[..self.count].iter().map(|&packed| unpack(packed))
    }

    /// Adds octets at the end. Two ends of content never become one.
    pub(super) fn push(&mut self, kind: SpanKind, length: usize) {
        if length == 0 {
            return;
        }
        if let Some(last) = self.packed[..self.count].last_mut() {
            let (before, total) = unpack(*last);
            if before == kind && !kind.ends_content() && total + length <= MAX_LENGTH {
                *last = pack(kind, total + length);
                return;
            }
        }
        if let Some(free) = self.packed.get_mut(self.count) {
            *free = pack(kind, length);
            self.count += 1;
        }
    }

    /// Forgets the first `n` octets, which are of one kind.
    pub(super) fn consume(&mut self, n: usize) {
        let Some((kind, length)) = self.first() else { return };
        if n < length {
            self.packed[0] = pack(kind, length - n);
        } else {
            self.packed.copy_within(1..self.count, 0);
            self.count -= 1;
        }
    }

    /// Keeps the first `length` octets.
    pub(super) fn truncate(&mut self, length: usize) {
        let (mut kept, mut rest) = (0, length);
        while kept < self.count && rest > 0 {
            let (kind, length) = unpack(self.packed[kept]);
            self.packed[kept] = pack(kind, length.min(rest));
            rest -= length.min(rest);
            kept += 1;
        }
        self.count = kept;
    }

    /// Where the content that starts at this place ends; the place itself if none does.
    pub(super) fn end_of_content_at(&self, place: usize) -> usize {
        let mut start = 0;
        for (kind, length) in self.iter() {
            let content = matches!(kind, SpanKind::Content | SpanKind::LastChunk);
            if start == place && content {
                return start + length;
            }
            start += length;
        }
        place
    }

    #[cfg(feature = "model")]
    pub(super) fn facts(&self, out: &mut impl core::fmt::Write) -> core::fmt::Result {
        self.iter().try_for_each(|span| write!(out, "{span:?}"))
    }

    /// Cuts octets at the front into stretches.
    pub(super) fn of<'a>(&self, mut octets: &'a [u8]) -> impl Iterator<Item = Span<'a>> {
        self.iter().map_while(move |(kind, length)| {
            let (stretch, behind) = octets.split_at_checked(length).unwrap_or((octets, &[]));
            octets = behind;
            let shown = if kind == SpanKind::Secret { &[] } else { stretch };
            (!stretch.is_empty()).then_some(Span {
                kind,
                octets: shown,
                length: stretch.len(),
                complete: stretch.len() == length,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [SpanKind; 5] = [
        SpanKind::Command,
        SpanKind::Secret,
        SpanKind::Content,
        SpanKind::EndOfContent,
        SpanKind::LastChunk,
    ];

    fn spans(stretches: &[(SpanKind, usize)]) -> Spans {
        let mut spans = Spans::new();
        for &(kind, length) in stretches {
            spans.push(kind, length);
        }
        spans
    }

    #[track_caller]
    fn assert_are(spans: &Spans, expected: &[(SpanKind, usize)]) {
        assert!(spans.iter().eq(expected.iter().copied()), "{:?}", spans.packed);
    }

    #[test]
    fn every_kind_and_length_is_read_back() {
        for kind in KINDS {
            for length in [1, 0xFFFF, MAX_LENGTH] {
                assert_are(&spans(&[(kind, length)]), &[(kind, length)]);
            }
        }
    }

    #[test]
    fn stretches_of_one_kind_are_one_but_ends_of_content_stay_apart() {
        for kind in KINDS {
            let twice = spans(&[(kind, 40_000), (kind, 40_000)]);
            if matches!(kind, SpanKind::EndOfContent | SpanKind::LastChunk) {
                assert_are(&twice, &[(kind, 40_000); 2]);
            } else {
                assert_are(&twice, &[(kind, 80_000)]);
            }
        }
        let longest = (SpanKind::Content, MAX_LENGTH);
        assert_are(&spans(&[longest, longest]), &[longest; 2]);
    }

    #[test]
    fn nothing_is_left_of_what_was_cut_off() {
        let (command, secret) = ((SpanKind::Command, 10), (SpanKind::Secret, 20));
        for (length, expected) in [
            (0, &[][..]),
            (4, &[(SpanKind::Command, 4)]),
            (10, &[command]),
            (11, &[command, (SpanKind::Secret, 1)]),
            (30, &[command, secret]),
            (31, &[command, secret]),
        ] {
            let mut spans = spans(&[command, secret, (SpanKind::Content, 5)]);
            spans.truncate(30);
            spans.truncate(length);
            assert_are(&spans, expected);
        }
    }
}
