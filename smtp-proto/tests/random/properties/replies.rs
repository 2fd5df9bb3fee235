//! D2 to D6: replies are bounded, exact, independent of each other, and data.

use proptest::{collection::vec, prelude::*};
use smtp_proto::{
    hello::Offered,
    reply::{Framer, Reply, ReplyLimits},
};

/// Replies of which an octet may be another, or lines that may be some: most are nearly right.
fn octets() -> impl Strategy<Value = Vec<u8>> {
    let spoilt = (vec(reply(), 1..3), any::<prop::sample::Index>(), any::<u8>(), any::<bool>());
    let spoilt = spoilt.prop_map(|(replies, at, octet, spoil)| {
        let mut stream = replies.concat();
        if spoil {
            let at = at.index(stream.len());
            stream[at] = octet;
        }
        stream
    });
    let start = prop_oneof![Just("250-"), Just("250 "), Just("251-"), Just("150-a"), Just("25")];
    let line =
        (start, "[ -~]{0,8}", prop_oneof![3 => Just("\r\n"), 1 => Just("\n"), 1 => Just("")]);
    let lines = vec(line, 0..8).prop_map(|lines| {
        lines
            .iter()
            .flat_map(|(start, text, end)| [*start, text, *end].concat().into_bytes())
            .collect()
    });
    prop_oneof![spoilt, lines]
}

/// A reply as a server may send it: some lines of one code, any text, CRLF or LF.
fn reply() -> impl Strategy<Value = Vec<u8>> {
    let raw = vec(any::<u8>().prop_filter("ends a line", |&octet| octet != b'\n'), 0..20);
    let text = prop_oneof![
        raw,
        "[ -~\u{80}-\u{9f}\u{200e}\u{202a}-\u{202e}]{0,8}".prop_map(String::into_bytes)
    ];
    let end = prop_oneof![3 => Just("\r\n"), 1 => Just("\n")];
    (200_u16..600, vec((text, end), 1..4)).prop_map(|(code, lines)| {
        let last = lines.len() - 1;
        let line = |(at, (text, end)): (usize, &(Vec<u8>, &str))| {
            let separator = if at == last { ' ' } else { '-' };
            [format!("{code}{separator}").as_bytes(), text, end.as_bytes()].concat()
        };
        lines.iter().enumerate().flat_map(line).collect()
    })
}

/// Where the first octet stands that no reply can have, by the letter of RFC 5321 4.2 with LF as a line's end.
fn first_impossible(octets: &[u8]) -> Option<usize> {
    let (mut start, mut code) = (0, None);
    loop {
        let line = &octets[start..];
        for at in 0..line.len().min(5) {
            let octet = line[at];
            let possible = match at {
                0 => (b'2'..=b'5').contains(&octet),
                1 | 2 => octet.is_ascii_digit(),
                3 => matches!(octet, b' ' | b'-' | b'\r' | b'\n'),
                _ => line[3] != b'\r' || octet == b'\n',
            };
            let same = at > 2 || code.is_none_or(|code: [u8; 3]| code[at] == octet);
            if !possible || !same {
                return Some(start + at);
            }
            if octet == b'\n' {
                break;
            }
        }
        let end = line.iter().position(|&octet| octet == b'\n')? + 1;
        if line[3] != b'-' {
            // The reply is whole: what follows is another.
            return None;
        }
        code = line.first_chunk().copied();
        start += end;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(600) })]

    /// However little it takes to be whole, nothing longer than the limits is waited for or given.
    #[test]
    fn d02_no_reply_is_longer_than_the_limits(stream in octets(), reply in 1_usize..60, lines in 1_usize..5) {
        let mut limits = ReplyLimits::DEFAULT;
        (limits.reply, limits.lines) = (reply, lines);
        match Framer::new().frame(&stream, &limits) {
            Ok(Some(length)) => {
                let found = stream[..length].split_inclusive(|&octet| octet == b'\n');
                prop_assert!(length <= reply && found.count() <= lines);
            }
            Ok(None) => prop_assert!(stream.len() < reply),
            Err(error) => prop_assert!(error.offset() <= stream.len().min(reply)),
        }
    }

    #[test]
    fn d03_the_first_octet_that_cannot_be_is_the_error_at_that_octet(stream in octets()) {
        match Framer::new().frame(&stream, &ReplyLimits::DEFAULT) {
            Ok(_) => prop_assert_eq!(first_impossible(&stream), None),
            Err(error) => prop_assert_eq!(first_impossible(&stream), Some(error.offset())),
        }
    }

    #[test]
    fn d04_a_reply_reads_the_same_alone_and_behind_others(replies in vec(reply(), 1..5)) {
        let stream = replies.concat();
        let mut limits = ReplyLimits::DEFAULT;
        limits.lines = 3;
        let (mut framer, mut rest) = (Framer::new(), &stream[..]);
        for alone in &replies {
            let (expected, _) = Reply::parse(alone).unwrap().unwrap();
            let (found, length) = framer.reply(rest, &limits).unwrap().unwrap();
            prop_assert_eq!((found, found.enhanced(), length), (expected, expected.enhanced(), alone.len()));
            rest = &rest[length..];
        }
    }

    #[test]
    fn d05_a_size_is_digits_of_64_bits_or_unknown(text in prop_oneof!["[0-9]{1,26}", "[+-]?[0-9]{1,3}[a-z ]{0,2}", "[ -~]{0,8}"]) {
        let mut offered = Offered::default();
        offered.observe(format!("SIZE {text}").as_bytes());
        let digits = !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
        let expected = text.parse().ok().filter(|&limit: &u64| digits && limit > 0);
        let several = text.contains(' ');
        prop_assert!(several || offered.size_limit() == expected, "{:?}: {:?}", text, offered.size_limit());
    }

    #[test]
    fn d06_a_text_is_kept_octet_for_octet_and_shown_without_controls(octets in reply()) {
        let (reply, _) = Reply::parse(&octets).unwrap().unwrap();
        prop_assert_eq!(reply.octets(), &octets[..]);
        for shown in [reply.to_string(), format!("{reply:?}")] {
            prop_assert!(!shown.chars().any(|c| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c)), "{:?}", shown);
        }
    }
}
