//! Replies of real servers as indexed, and those of hostile ones too in every cut; what the hostile
//! ones are is held by `hostile_corpus.rs`.

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

/// Rows that the index calls not conforming: the first octet that cannot be.
const NONCONFORMING: [(&str, (usize, ReplyErrorKind)); 2] = [
    // A continuation line without a code, behind three good ones.
    ("doc-qq-missing-code.txt", (70, ReplyErrorKind::BadCode)),
    ("webshield-no-separator.txt", (3, ReplyErrorKind::BadSeparator)),
];

/// The column `codes` names every reply, or those that had room in it.
fn has_codes(found: &str, column: &str) -> bool {
    match column.strip_suffix(",…") {
        Some(first) => found.starts_with(first) && found.len() > first.len(),
        None => found == column,
    }
}

#[test]
fn real_replies_parse_as_indexed() {
    for (row, octets) in corpus("replies") {
        let [name, _software, _source, codes, lines, quirks] =
            row.iter().map(String::as_str).collect::<Vec<_>>()[..]
        else {
            panic!("{row:?}");
        };
        let (replies, error) = read(&[&octets]);
        let refused = NONCONFORMING.iter().find(|(nonconforming, _)| *nonconforming == name);
        assert_eq!(refused.is_some(), quirks.contains("NONCONFORMING"), "{name}");
        assert_eq!(error, refused.map(|(_, error)| *error), "{name}");
        if error.is_some() {
            continue;
        }
        let found: Vec<String> = replies.iter().map(|(_, code, _)| code.to_string()).collect();
        let found = found.join(",");
        assert!(has_codes(&found, codes), "{name}: {found}");
        let count: usize = replies.iter().map(|(_, _, texts)| texts.len()).sum();
        assert_eq!(count.to_string(), lines, "{name}");
        let used: usize = replies.iter().map(|(length, ..)| length).sum();
        assert_eq!(used, octets.len(), "{name}: nothing is left over");
    }
}

#[test]
fn every_file_of_a_reply_has_a_row() {
    let root = format!("{}/tests/corpus/replies", env!("CARGO_MANIFEST_DIR"));
    let entries = std::fs::read_dir(root).unwrap();
    let mut files: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let mut named: Vec<_> = corpus("replies").into_iter().map(|(row, _)| row[0].clone()).collect();
    named.push("index.tsv".to_owned());
    files.sort();
    named.sort();
    assert_eq!(files, named);
    assert_eq!(named.len(), 120, "rows are added, never lost");
}

#[test]
fn a_reply_behind_others_reads_as_alone() {
    let conforming: Vec<_> = corpus("replies")
        .into_iter()
        .filter(|(row, _)| !NONCONFORMING.iter().any(|(name, _)| *name == row[0]))
        .map(|(_, octets)| octets)
        .collect();
    let alone: Vec<_> = conforming.iter().flat_map(|octets| read(&[octets]).0).collect();
    assert_eq!(read(&[&conforming.concat()]), (alone, None));
}

/// Nothing of a reply's text can move a terminal's cursor, break a log's line or turn its order.
#[test]
fn controls_in_a_text_are_shown_escaped_and_kept_as_they_are() {
    for character in ('\0'..='\u{2fff}').chain(['\u{feff}', '\u{e0001}']) {
        if character == '\n' {
            continue;
        }
        let octets = format!("550 a{character}b\r\n").into_bytes();
        let (reply, _) = Reply::parse(&octets).unwrap().unwrap();
        assert_eq!(reply.lines().next(), Some(format!("a{character}b").as_bytes()));
        // Also what is not seen at all, such as the soft hyphen and tags.
        let invisible =
            ['\u{ad}', '\u{34f}', '\u{61c}', '\u{115f}', '\u{1160}', '\u{17b4}', '\u{17b5}'];
        let dangerous = character.is_control()
            || invisible.contains(&character)
            || matches!(
                character,
                '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                    | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}'
            );
        for shown in [reply.to_string(), format!("{reply:?}")] {
            assert!(!dangerous || !shown.contains(character), "{character:?}: {shown}");
        }
        assert!(dangerous || reply.to_string().contains(character) || !character.is_alphanumeric());
    }
}

#[test]
fn d07_every_cut_in_two_and_three_reads_the_same() {
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
    let mut stream = b"250-short\r\n250 ".to_vec();
    stream.resize(ReplyLimits::DEFAULT.reply, b'x');
    let whole = read(&[&stream]);
    assert_eq!(whole.1, Some((64 * 1024, ReplyErrorKind::ReplyTooLong)));
    assert_eq!(read(&stream.chunks(1).collect::<Vec<_>>()), whole);
    stream.pop();
    assert_eq!(read(&[&stream]).1, None, "one octet less may still end in time");
}

#[test]
fn no_octet_is_over_no_limit() {
    let mut limits = ReplyLimits::DEFAULT;
    (limits.reply, limits.lines) = (0, 0);
    assert_eq!(Framer::new().frame(b"", &limits), Ok(None));
    assert!(Framer::new().frame(b"2", &limits).is_err());
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
