//! Outgoing octets by kind, for transcripts: what is a command, a secret, content.

use core::ops::Range;

use super::{slots::Slot, verb::Verb};

/// The kind of a stretch of outgoing octets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum SpanKind {
    /// Command text.
    Command,
    /// A credential or a response in an AUTH exchange: not to be shown or kept.
    Secret,
    /// Message content.
    Content,
    /// The end of content that leaves behind `DATA`: the CRLF that was missing, if any, and the lone dot.
    EndOfContent,
    /// The last chunk of content that leaves by `BDAT`.
    LastChunk,
}

/// A stretch of outgoing octets of one kind; a secret shows none of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Span<'a> {
    /// The kind of all its octets.
    pub kind: SpanKind,
    /// The octets; empty for a secret.
    pub octets: &'a [u8],
    /// The number of octets, secret or not.
    pub length: usize,
    /// The stretch ends here; if `false`, a later span continues it.
    pub complete: bool,
}

/// The parts of a secret and of the end of content, which only one entry at a time can have.
#[derive(Clone, Debug)]
pub(super) struct Marks {
    /// The place of the secret among the octets held.
    pub(super) secret: Range<usize>,
    /// Octets of the end of content.
    pub(super) ending: usize,
}

/// Cuts `octets`, which `slots` tell from the front, into spans.
pub(super) fn spans(
    octets: &[u8],
    slots: impl Iterator<Item = Slot>,
    marks: Marks,
) -> impl Iterator<Item = Span<'_>> {
    let mut start = 0;
    slots
        .flat_map(move |slot| {
            let parts = parts(slot, start, &marks);
            start += usize::from(slot.length);
            parts
        })
        .filter_map({
            let mut rest = octets;
            move |(kind, length)| {
                let (stretch, behind) = rest.split_at_checked(length).unwrap_or((rest, &[]));
                rest = behind;
                let shown = if kind == SpanKind::Secret { &[] } else { stretch };
                let (there, complete) = (stretch.len(), stretch.len() == length);
                (there > 0).then_some(Span { kind, octets: shown, length: there, complete })
            }
        })
}

/// The stretches of an entry that starts at this place; some are empty.
fn parts(slot: Slot, start: usize, marks: &Marks) -> [(SpanKind, usize); 3] {
    let (command, length) = (usize::from(slot.command), usize::from(slot.length));
    let none = (SpanKind::Content, 0);
    match slot.verb {
        Verb::Chunk | Verb::AnsweredChunk => {
            [(SpanKind::Command, command), (SpanKind::Content, length - command), none]
        }
        Verb::LastChunk => {
            [(SpanKind::Command, command), (SpanKind::LastChunk, length - command), none]
        }
        Verb::Content => {
            let ending = marks.ending.min(length);
            [(SpanKind::Content, length - ending), (SpanKind::EndOfContent, ending), none]
        }
        Verb::Auth => {
            let within = |place: usize| place.clamp(start, start + length) - start;
            let (from, to) = (within(marks.secret.start), within(marks.secret.end));
            [
                (SpanKind::Command, from),
                (SpanKind::Secret, to - from),
                (SpanKind::Command, length - to),
            ]
        }
        _ => [(SpanKind::Command, length), none, none],
    }
}
