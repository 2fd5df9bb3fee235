//! Replies of real and hostile servers, in every cut.

use smtp_proto::reply::{Framer, Reply, ReplyError, ReplyErrorKind, ReplyLimits};

/// Length, code and texts of each reply of a stream, or where it stops being one.
type Stream = (Vec<(usize, u16, Vec<Vec<u8>>)>, Option<(usize, ReplyErrorKind)>);

/// Reads a stream that arrives in these pieces.
fn read(pieces: &[&[u8]]) -> Stream {
    let (mut framer, mut replies, mut buffer) = (Framer::new(), Vec::new(), Vec::new());
    let mut consumed = 0;
    for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            match framer.frame(&buffer[consumed..], &ReplyLimits::DEFAULT) {
                Ok(Some(length)) => {
                    let octets = &buffer[consumed..consumed + length];
                    let (reply, parsed) = Reply::parse(octets).unwrap().unwrap();
                    assert_eq!(parsed, length);
                    let lines = reply.raw_lines().map(<[u8]>::to_vec).collect();
                    replies.push((length, reply.code().value(), lines));
                    consumed += length;
                }
                Ok(None) => break,
                Err(error) => return (replies, Some((consumed + error.offset(), error.kind()))),
            }
        }
    }
    (replies, None)
}

fn corpus(folder: &str) -> Vec<(Vec<String>, Vec<u8>)> {
    let root = format!("{}/tests/corpus/{folder}", env!("CARGO_MANIFEST_DIR"));
    let index = std::fs::read_to_string(format!("{root}/index.tsv")).unwrap();
    let rows = index.lines().skip(1).map(|row| row.split('\t').map(String::from).collect());
    rows.map(|row: Vec<String>| {
        let octets = std::fs::read(format!("{root}/{}", row[0])).unwrap();
        (row, octets)
    })
    .collect()
}

#[test]
fn real_replies_parse_as_indexed() {
    let mut seen = 0;
    for (row, octets) in corpus("replies") {
        let [name, .., codes, lines, quirks] =
            row.iter().map(String::as_str).collect::<Vec<_>>()[..]
        else {
            panic!("{row:?}");
        };
        let (replies, error) = read(&[&octets]);
        if quirks.contains("NONCONFORMING") {
            assert!(error.is_some(), "{name}");
            continue;
        }
        assert_eq!(error, None, "{name}");
        let found: Vec<String> = replies.iter().map(|(_, code, _)| code.to_string()).collect();
        let expected = codes.trim_end_matches(",…");
        let found = found.join(",");
        assert!(
            found == expected || codes != expected && found.starts_with(expected),
            "{name}: {found}"
        );
        let count: usize = replies.iter().map(|(_, _, texts)| texts.len()).sum();
        assert_eq!(count.to_string(), lines, "{name}");
        assert_eq!(
            replies.iter().map(|(length, ..)| length).sum::<usize>(),
            octets.len(),
            "{name}"
        );
        seen += 1;
    }
    assert!(seen > 100, "{seen}");
}

/// The index of hostile replies was written from the strictest reading; these are accepted since a
/// line ends at LF, the CR before it is optional, and CR and NUL elsewhere are text.
const DECIDED: [(&str, usize); 9] = [
    ("reply-bare-cr.bin", 1),
    ("reply-bare-lf.bin", 1),
    ("reply-bare-lf-multi.bin", 1),
    ("reply-cr-cr-lf.bin", 1),
    ("reply-cr-hidden-reply.bin", 1),
    ("reply-lf-cr.bin", 1),
    ("reply-nul.bin", 1),
    ("reply-wrong-eol-hidden-reply.bin", 1),
    ("reply-endless-continuation.bin", 0),
];

#[test]
fn hostile_replies_are_refused_or_accepted_as_indexed() {
    let mut seen = 0;
    for (row, octets) in corpus("hostile") {
        let (name, when, expected) = (&row[0], &row[1], &row[3]);
        if when != "reply parser, any state" {
            continue;
        }
        seen += 1;
        let (replies, error) = read(&[&octets]);
        if let Some((_, count)) = DECIDED.iter().find(|(decided, _)| decided == name) {
            assert!(replies.len() >= *count, "{name}: {replies:?} {error:?}");
        } else if let Some(kind) = expected.strip_prefix("REJECT ") {
            let (_, found) = error.unwrap_or_else(|| panic!("{name} must be refused"));
            let wanted = match found {
                ReplyErrorKind::BadCode => "BadCode",
                ReplyErrorKind::BadSeparator => "BadSeparator",
                ReplyErrorKind::LineTooLong => "LineTooLong",
                _ => "ReplyTooLong",
            };
            assert!(kind.contains(wanted), "{name}: {found:?}, not {kind}");
        } else {
            assert_eq!(error, None, "{name}");
            let used: usize = replies.iter().map(|(length, ..)| length).sum();
            assert_eq!(used, octets.len(), "{name}");
        }
    }
    assert!(seen >= 40, "{seen}");
}

#[test]
fn endless_continuation_is_refused_before_100_kib() {
    let octets = "250-x\r\n".repeat(20_000);
    let (_, error) = read(&[octets.as_bytes()]);
    assert!(matches!(error, Some((offset, ReplyErrorKind::TooManyLines)) if offset < 100 * 1024));
}

#[test]
fn every_cut_in_two_and_three_reads_the_same() {
    let mut files = corpus("replies");
    files.extend(corpus("hostile"));
    for (row, octets) in files {
        // A long file is long by repetition; its start and end hold all there is.
        if octets.len() > 700 {
            continue;
        }
        let whole = read(&[&octets]);
        for first in 0..=octets.len() {
            let (head, tail) = octets.split_at(first);
            assert_eq!(read(&[head, tail]), whole, "{} at {first}", row[0]);
            for second in (0..=tail.len()).step_by(1 + octets.len() / 100) {
                let (middle, end) = tail.split_at(second);
                assert_eq!(read(&[head, middle, end]), whole, "{} at {first}, {second}", row[0]);
            }
        }
        let single: Vec<&[u8]> = octets.chunks(1).collect();
        assert_eq!(read(&single), whole, "{}", row[0]);
    }
}

#[test]
fn every_cut_of_short_streams_reads_the_same() {
    for stream in
        [&b"250-a\r\n250 b\r\n"[..], b"250\n354 \r\n22", b"250-a\n251 b\r\n", b"25\r\n250 ok"]
    {
        let whole = read(&[stream]);
        for cuts in 0u32..1 << (stream.len() - 1) {
            let (mut pieces, mut start) = (Vec::new(), 0);
            for at in 1..=stream.len() {
                if at == stream.len() || cuts & 1 << (at - 1) != 0 {
                    pieces.push(&stream[start..at]);
                    start = at;
                }
            }
            assert_eq!(read(&pieces), whole, "{cuts:b}");
        }
    }
}

#[test]
fn limits_hold_at_the_same_octet_for_every_cut() {
    let limits = ReplyLimits::DEFAULT;
    let mut stream = b"250-short\r\n250 ".to_vec();
    stream.resize(11 + limits.line, b'x');
    let whole = read(&[&stream]);
    assert_eq!(whole.1, Some((11 + 2048, ReplyErrorKind::LineTooLong)));
    assert_eq!(read(&stream.chunks(1).collect::<Vec<_>>()), whole);
    stream.pop();
    assert_eq!(read(&[&stream]).1, None, "one octet less may still end in time");
}

#[test]
fn enhanced_codes_count_only_where_their_class_fits() {
    for (octets, expected, text) in [
        (&b"250 2.1.5 ok\r\n"[..], Some("2.1.5"), "ok"),
        (b"250 5.1.1 odd\r\n", None, "5.1.1 odd"),
        (b"550 5.1.1\r\n", Some("5.1.1"), ""),
        (b"550 5.1.1234 x\r\n", None, "5.1.1234 x"),
        (b"550 5.999999999999.1 x\r\n", None, "5.999999999999.1 x"),
        (b"354 3.0.0 go\r\n", None, "3.0.0 go"),
        (b"421 1.2.3 host\r\n", None, "1.2.3 host"),
        (b"550-first\r\n550 5.7.1 second\r\n", Some("5.7.1"), "first"),
        (b"250 2.1.5x ok\r\n", None, "2.1.5x ok"),
    ] {
        let (reply, _) = Reply::parse(octets).unwrap().unwrap();
        assert_eq!(reply.enhanced().map(|e| e.to_string()).as_deref(), expected);
        assert_eq!(reply.lines().next().unwrap(), text.as_bytes());
    }
}

#[test]
fn hostile_text_cannot_reach_a_terminal() {
    for name in
        ["reply-ctl-ansi", "reply-ctl-bs", "reply-bidi", "reply-c1-csi", "reply-ls", "reply-nul"]
    {
        let path = format!("{}/tests/corpus/hostile/{name}.bin", env!("CARGO_MANIFEST_DIR"));
        let octets = std::fs::read(path).unwrap();
        let (reply, _) = Reply::parse(&octets).unwrap().unwrap();
        for shown in [reply.to_string(), format!("{reply:?}")] {
            let harmless = |c: char| !c.is_control() && !('\u{2028}'..='\u{202e}').contains(&c);
            assert!(shown.chars().all(harmless), "{name}: {shown:?}");
        }
    }
}

#[test]
fn errors_name_the_octet_that_cannot_be() {
    for (octets, kind, offset) in [
        (&b"2x0 a"[..], ReplyErrorKind::BadCode, 1),
        (b"650 a", ReplyErrorKind::BadCode, 0),
        (b"2500 a", ReplyErrorKind::BadSeparator, 3),
        (b"250\ta", ReplyErrorKind::BadSeparator, 3),
        (b"250\ra", ReplyErrorKind::BadSeparator, 4),
        (b"250-a\r\n550 b", ReplyErrorKind::CodesDiffer, 7),
        (b"250-a\r\n\r\n", ReplyErrorKind::BadCode, 7),
    ] {
        let error: ReplyError = Reply::parse(octets).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (kind, offset), "{octets:?}");
    }
}
