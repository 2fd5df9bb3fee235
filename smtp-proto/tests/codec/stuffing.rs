//! Dot-stuffing against a naive reference, for every cut.

use proptest::prelude::*;
use smtp_proto::stuffing::{
    BareNewline, BareNewlineKind, ContentError, ContentErrorKind, Newlines, Stuffer, Survey,
    Unstuffer,
};

/// CR* LF made one CRLF, every other CR one of its own, and the last line ended.
fn naive_canonical(message: &[u8]) -> Vec<u8> {
    let (mut lines, mut rest) = (Vec::new(), message);
    while let Some(octet) = rest.first() {
        let crs = rest.iter().take_while(|&&octet| octet == b'\r').count();
        let end = if rest.get(crs) == Some(&b'\n') { crs + 1 } else { crs.min(1) };
        lines.extend_from_slice(if end > 0 { b"\r\n" } else { core::slice::from_ref(octet) });
        rest = &rest[end.max(1)..];
    }
    if !lines.is_empty() && !lines.ends_with(b"\r\n") {
        lines.extend(b"\r\n");
    }
    lines
}

/// Splits canonical content into lines with their CRLF.
fn naive_lines(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    content.split_inclusive(|&octet| octet == b'\n')
}

fn naive_stuff(message: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    for line in naive_lines(&naive_canonical(message)) {
        wire.extend(line.first().filter(|&&octet| octet == b'.'));
        wire.extend(line);
    }
    wire.extend(b".\r\n");
    wire
}

/// The content of a whole, strict wire form.
fn naive_unstuff(wire: &[u8]) -> Vec<u8> {
    let content = wire.strip_suffix(b".\r\n").expect("an end");
    naive_lines(content).flat_map(|line| line.strip_prefix(b".").unwrap_or(line)).copied().collect()
}

/// The first octet that may not be sent.
fn naive_error(
    message: &[u8],
    newlines: Newlines,
    eight_bit: bool,
) -> Option<(usize, ContentErrorKind)> {
    let strict = newlines == Newlines::Reject;
    (0..message.len()).find_map(|i| {
        let (before, after) = (i.checked_sub(1).map(|i| message[i]), message.get(i + 1));
        let kind = match message[i] {
            0 => ContentErrorKind::Nul,
            0x80.. if !eight_bit => ContentErrorKind::EightBit,
            b'\r' if strict && after != Some(&b'\n') => ContentErrorKind::BareCr,
            b'\n' if strict && before != Some(b'\r') => ContentErrorKind::BareLf,
            _ => return None,
        };
        Some((i, kind))
    })
}

/// What a message should give: all of its wire form, or a part of it and an error.
fn expect(message: &[u8], newlines: Newlines, eight_bit: bool, got: &Sent) {
    match naive_error(message, newlines, eight_bit) {
        None => {
            assert_eq!(got.error, None, "{}", message.escape_ascii());
            assert!(got.wire == naive_stuff(message), "{}", message.escape_ascii());
            assert!(got.wire.len() <= 2 * message.len() + 5);
        }
        Some((offset, kind)) => {
            let error = got.error.expect("an error");
            assert_eq!(
                (error.offset, error.kind),
                (offset as u64, kind),
                "{}",
                message.escape_ascii()
            );
            let before = naive_stuff(&message[..offset]);
            assert!(got.wire == before[..got.wire.len()], "{}", message.escape_ascii());
            assert!(got.wire.len() + 5 >= before.len(), "{}", message.escape_ascii());
        }
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Sent {
    wire: Vec<u8>,
    error: Option<ContentError>,
}

/// Sends chunks through outputs of the given sizes, over and over.
fn send(mut stuffer: Stuffer, chunks: &[&[u8]], outputs: &[usize]) -> Sent {
    let mut sent = Sent::default();
    let mut sizes = outputs.iter().copied().cycle();
    sent.error = stream(&mut stuffer, chunks, &mut sizes, &mut sent.wire).err();
    if let Some(error) = sent.error {
        assert_eq!(stuffer.stuff(b"more", &mut [0; 9]), Err(error), "errors stay");
        assert_eq!(stuffer.finish(&mut [0; 9]), Err(error), "errors stay");
    }
    sent
}

fn stream(
    stuffer: &mut Stuffer,
    chunks: &[&[u8]],
    sizes: &mut impl Iterator<Item = usize>,
    wire: &mut Vec<u8>,
) -> Result<(), ContentError> {
    for chunk in chunks {
        let mut rest = *chunk;
        while !rest.is_empty() {
            let mut output = vec![0xEE; sizes.next().expect("cycles")];
            let done = stuffer.stuff(rest, &mut output)?;
            assert!(done.consumed + done.produced > 0, "no progress");
            wire.extend(&output[..done.produced]);
            rest = &rest[done.consumed..];
        }
    }
    loop {
        let mut output = vec![0xEE; sizes.next().expect("cycles")];
        let done = stuffer.finish(&mut output)?;
        wire.extend(&output[..done.produced]);
        if done.done {
            return Ok(());
        }
    }
}

/// The same by slices.
fn send_pieces(mut stuffer: Stuffer, chunks: &[&[u8]]) -> Sent {
    let mut sent = Sent::default();
    for piece in chunks.iter().flat_map(|chunk| stuffer.pieces(chunk).collect::<Vec<_>>()) {
        match piece {
            Ok(piece) => {
                assert!(!piece.is_empty());
                sent.wire.extend(piece);
            }
            Err(error) => sent.error = sent.error.or(Some(error)),
        }
    }
    sent.error = stream(&mut stuffer, &[], &mut core::iter::repeat(7), &mut sent.wire).err();
    sent
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Received {
    content: Vec<u8>,
    bare: Option<BareNewline>,
    /// Octets up to the end of the content, if it was found.
    end: Option<usize>,
}

fn receive(chunks: &[&[u8]]) -> Received {
    let (mut unstuffer, mut got, mut total) = (Unstuffer::new(), Received::default(), 0);
    for chunk in chunks {
        let mut rest = *chunk;
        while !rest.is_empty() && got.end.is_none() {
            match unstuffer.feed(rest) {
                Ok(found) => {
                    assert!(found.consumed > 0, "no progress");
                    assert!(got.bare.is_none() || found.content.is_empty());
                    got.content.extend(found.content);
                    total += found.consumed;
                    rest = &rest[found.consumed..];
                    got.end = found.end.then_some(total);
                }
                Err(bare) => {
                    assert_eq!(got.bare.replace(bare), None, "reported once");
                    assert_eq!(unstuffer.spoilt(), Some(bare));
                }
            }
        }
    }
    got
}

/// The end by the letter of RFC 5321.
fn naive_end(wire: &[u8]) -> Option<usize> {
    let wrapped = [b"\r\n", wire].concat();
    wrapped.windows(5).position(|five| five == b"\r\n.\r\n").map(|at| at + 3)
}

/// The first bare newline, by offset.
fn naive_bare(wire: &[u8]) -> Option<BareNewlineFound> {
    naive_error(wire, Newlines::Reject, true).and_then(|(offset, kind)| match kind {
        ContentErrorKind::BareCr => Some((offset as u64, BareNewlineKind::Cr)),
        ContentErrorKind::BareLf => Some((offset as u64, BareNewlineKind::Lf)),
        _ => None,
    })
}

type BareNewlineFound = (u64, BareNewlineKind);

fn expect_received(wire: &[u8], got: &Received) {
    assert_eq!(got.end, naive_end(wire), "{}", wire.escape_ascii());
    let content = &wire[..got.end.unwrap_or(wire.len())];
    // A CR at the very end of what was fed may yet be followed by its LF.
    let content = content.strip_suffix(b"\r").unwrap_or(content);
    // NULs pass: the reference for sending would stop at them.
    let printable: Vec<_> = content.iter().map(|&x| if x == 0 { b'a' } else { x }).collect();
    assert_eq!(
        got.bare.map(|bare| (bare.offset, bare.kind)),
        naive_bare(&printable),
        "{}",
        wire.escape_ascii()
    );
    if got.end.is_some() && got.bare.is_none() {
        assert!(got.content == naive_unstuff(content), "{}", wire.escape_ascii());
    }
}

/// The input in pieces of the given lengths, over and over.
fn cut<'a>(mut input: &'a [u8], lengths: &[usize]) -> Vec<&'a [u8]> {
    let mut chunks = Vec::new();
    for &length in lengths.iter().cycle() {
        let (chunk, rest) = input.split_at(length.min(input.len()));
        chunks.push(chunk);
        input = rest;
        if input.is_empty() {
            break;
        }
    }
    chunks
}

/// All strings up to `length` octets of `alphabet`.
fn strings(alphabet: &[u8], length: usize) -> Vec<Vec<u8>> {
    let mut all = vec![Vec::new()];
    let mut from = 0;
    for _ in 0..length {
        let to = all.len();
        for i in from..to {
            all.extend(alphabet.iter().map(|&x| [&all[i][..], &[x]].concat()).collect::<Vec<_>>());
        }
        from = to;
    }
    all
}

fn newlines() -> impl Strategy<Value = Newlines> {
    prop_oneof![Just(Newlines::Normalise), Just(Newlines::Reject)]
}

/// Short troublesome runs, and long clean ones that reach the block scanners.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let octet = prop_oneof![
        40 => Just(b'a'), 10 => Just(b'.'), 10 => Just(b'\r'), 10 => Just(b'\n'), 1 => Just(0x80), 1 => Just(0)
    ];
    let line = |ending: &'static [u8]| {
        (0..90usize).prop_map(move |n| [&vec![b'x'; n][..], ending].concat())
    };
    let even = (60..84usize, 1..20usize)
        .prop_map(|(n, lines)| [&vec![b'B'; n][..], b"\r\n"].concat().repeat(lines));
    let run = (1..90usize, 0..4usize).prop_map(|(crs, behind)| {
        [&vec![b'\r'; crs][..], [&b""[..], b"\n", b".", b"\n."][behind]].concat()
    });
    let part = prop_oneof![
        6 => prop::collection::vec(octet, 0..12),
        8 => line(b"\r\n"),
        2 => line(b"\r\n."),
        1 => line(b"\n"),
        1 => line(b"\r"),
        1 => line(b"\r\r\n"),
        1 => run,
        3 => even,
        1 => prop_oneof![Just(b"\xC3\xA9".to_vec()), Just(b"\0".to_vec())],
    ];
    prop::collection::vec(part, 0..24).prop_map(|parts| parts.concat())
}

/// As [`message`], without octets that are errors with [`Newlines::Normalise`].
fn sendable() -> impl Strategy<Value = Vec<u8>> {
    message().prop_map(|mut m| {
        m.retain(|&x| x != 0 && x < 0x80);
        m
    })
}

fn lengths() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        prop::collection::vec(1..6usize, 1..5),
        prop::collection::vec(1..700usize, 1..5),
        Just(vec![1]),
        Just(vec![1 << 20]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn d20_any_cut_of_input_and_output_gives_the_reference(
        m in prop_oneof![message(), sendable()], inputs in lengths(), outputs in lengths(),
        mode in newlines(), eight: bool,
    ) {
        let chunks = cut(&m, &inputs);
        expect(&m, mode, eight, &send(Stuffer::new(mode, eight), &chunks, &outputs));
        expect(&m, mode, eight, &send_pieces(Stuffer::new(mode, eight), &chunks));
    }

    #[test]
    fn d20_unstuffing_what_was_stuffed_gives_the_canonical_message(
        m in sendable(), inputs in lengths(), reads in lengths(),
    ) {
        let sent = send(Stuffer::new(Newlines::Normalise, false), &cut(&m, &inputs), &[1 << 20]);
        let got = receive(&cut(&sent.wire, &reads));
        prop_assert_eq!(got.bare, None);
        prop_assert_eq!(got.end, Some(sent.wire.len()), "the only end is the end");
        prop_assert_eq!(Survey::of(&m).size, got.content.len() as u64);
        prop_assert_eq!(got.content, naive_canonical(&m));
    }

    #[test]
    fn any_cut_of_a_hostile_wire_is_received_alike(wire in message(), reads in lengths()) {
        let wire = [&wire[..], b"\r\n.\r\nQUIT\r\n"].concat();
        expect_received(&wire, &receive(&cut(&wire, &reads)));
    }
}

#[test]
fn d19_every_short_message_in_every_two_cuts_gives_the_reference() {
    for m in strings(b"a.\r\n\x80\0", 4) {
        for (mode, eight) in [(Newlines::Normalise, true), (Newlines::Reject, false)] {
            for i in 0..=m.len() {
                for j in i..=m.len() {
                    let chunks = [&m[..i], &m[i..j], &m[j..]];
                    expect(&m, mode, eight, &send(Stuffer::new(mode, eight), &chunks, &[1]));
                    expect(&m, mode, eight, &send(Stuffer::new(mode, eight), &chunks, &[64]));
                    expect(&m, mode, eight, &send_pieces(Stuffer::new(mode, eight), &chunks));
                }
            }
        }
    }
}

#[test]
fn every_short_wire_in_every_two_cuts_is_received_alike() {
    for wire in strings(b"a.\r\n", 6) {
        for i in 0..=wire.len() {
            for j in i..=wire.len() {
                expect_received(&wire, &receive(&[&wire[..i], &wire[i..j], &wire[j..]]));
            }
        }
    }
}

#[test]
fn trouble_at_every_place_of_a_block_is_found() {
    let lines = [&[b'B'; 76][..], b"\r\n"].concat().repeat(60);
    for trouble in
        [&b"\r"[..], b"\n", b"\r\r\n", b"\r\r.", b"\0", b"\x80", b"\r\n.", b"\r\n\r\n..", b".\r\n."]
    {
        for at in (0..400).chain(lines.len() - 80..lines.len()) {
            let mut m = lines.clone();
            m.splice(at..(at + trouble.len()).min(m.len()), trouble.iter().copied());
            for mode in [Newlines::Normalise, Newlines::Reject] {
                expect(&m, mode, false, &send(Stuffer::new(mode, false), &[&m], &[1 << 14]));
                expect(&m, mode, true, &send_pieces(Stuffer::new(mode, true), &[&m]));
            }
        }
    }
}

#[test]
fn content_after_the_end_is_refused() {
    let mut stuffer = Stuffer::new(Newlines::Normalise, false);
    let end = stuffer.finish(&mut [0; 8]).expect("an empty message");
    assert_eq!((end.produced, end.done), (3, true));
    let error = stuffer.stuff(b"RCPT", &mut [0; 8]).expect_err("nothing goes behind the dot");
    assert_eq!(error.kind, ContentErrorKind::AfterEnd);
}

#[test]
fn newlines_of_smugglers_do_not_end_content() {
    for smuggled in ["\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r.\r\n", "\r\n.\r", "\r\n.\0\r\n"] {
        let wire = ["Hi", smuggled, "MAIL FROM:<a@b>\r\n.\r\nQUIT\r\n"].concat();
        let got = receive(&[wire.as_bytes()]);
        assert_eq!(got.end, Some(wire.len() - 6), "{smuggled:?}");
        assert_eq!(got.bare.is_some(), !smuggled.contains('\0'), "{smuggled:?}");
    }
}

#[test]
fn chunks_are_canonical_and_nothing_in_them_is_stuffed() {
    for message in strings(b"a.\r\n", 6) {
        for size in [1, 2, 5, 64] {
            let sent = send(Stuffer::for_chunks(Newlines::Normalise, false), &[&message], &[size]);
            assert_eq!(sent.wire, naive_canonical(&message), "{message:?}");
        }
    }
}

#[test]
fn d19_crs_before_an_lf_are_one_line_end_with_it_and_others_are_lines() {
    for (message, wire) in [
        (&b"a\r\r\nb"[..], &b"a\r\nb\r\n.\r\n"[..]),
        (b"a\r\r\r\n\r\r\nb", b"a\r\n\r\nb\r\n.\r\n"),
        (b"a\r\rb", b"a\r\n\r\nb\r\n.\r\n"),
        (b"a\r\r", b"a\r\n\r\n.\r\n"),
        (b"\r\r\n.", b"\r\n..\r\n.\r\n"),
        (b"a\n\rb\r\n", b"a\r\n\r\nb\r\n.\r\n"),
    ] {
        let got = send(Stuffer::new(Newlines::Normalise, false), &[message], &[64]);
        assert_eq!(got.wire, wire, "{}", message.escape_ascii());
        assert_eq!(Survey::of(message).size, naive_canonical(message).len() as u64);
    }
    let strict = send(Stuffer::new(Newlines::Reject, false), &[b"a\r\r\n"], &[64]);
    let error = strict.error.map(|error| (error.kind, error.offset));
    assert_eq!(error, Some((ContentErrorKind::BareCr, 1)));
}

#[test]
fn any_number_of_crs_is_held_until_it_is_known_what_they_are() {
    let crs = vec![b'\r'; 10_000];
    for (behind, wire) in [(&b"\n"[..], b"\r\n".to_vec()), (b"", b"\r\n".repeat(10_000))] {
        let (message, end) = ([&crs[..], behind].concat(), [&wire[..], b".\r\n"].concat());
        for (input, output) in [(1, 1), (1, 4096), (20_000, 1), (20_000, 100), (777, 777)] {
            let chunks = cut(&message, &[input]);
            let sent = send(Stuffer::new(Newlines::Normalise, false), &chunks, &[output]);
            assert!(sent.wire == end, "{input} {output}");
            let sent = send(Stuffer::for_chunks(Newlines::Normalise, false), &chunks, &[output]);
            assert!(sent.wire == wire, "{input} {output}");
        }
        assert!(send_pieces(Stuffer::new(Newlines::Normalise, false), &[&message]).wire == end);
    }
}

#[test]
fn slices_that_are_not_taken_leave_their_input() {
    let mut stuffer = Stuffer::new(Newlines::Normalise, false);
    let mut pieces = stuffer.pieces(b"a\r\n.b");
    assert_eq!(pieces.rest(), b"a\r\n.b");
    assert_eq!(pieces.next(), Some(Ok(&b"a\r\n"[..])));
    assert_eq!(pieces.rest(), b".b");
    assert_eq!(pieces.by_ref().count(), 2);
    assert_eq!(pieces.rest(), b"");
}

#[test]
fn nothing_is_taken_behind_the_end_of_content() {
    let mut unstuffer = Unstuffer::new();
    let wire = b".\r\nQUIT\r\n";
    let end = unstuffer.feed(wire).expect("an empty message");
    assert_eq!((end.consumed, end.end), (3, true));
    let behind = unstuffer.feed(&wire[3..]).expect("nothing is looked at");
    assert_eq!((behind.consumed, behind.content, behind.end), (0, &b""[..], true));
}
