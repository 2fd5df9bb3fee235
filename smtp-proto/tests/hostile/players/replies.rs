//! Replies, by themselves.

use smtp_proto::reply::{Reply, ReplyErrorKind};

use super::{Row, Taken};

/// Code and number of lines of each reply, or the first octet that no reply can have.
type Read<'a> = Result<&'a [(u16, usize)], (ReplyErrorKind, usize)>;

/// What each file is. A reply before an octet that cannot be is read first.
fn expected(row: &Row) -> Read<'static> {
    use ReplyErrorKind::{BadCode, BadSeparator, TooManyLines};
    match row.name.as_str() {
        "reply-bare-cr"
        | "reply-bare-lf"
        | "reply-c1-csi"
        | "reply-code-only"
        | "reply-code-space"
        | "reply-cr-cr-lf"
        | "reply-cr-hidden-reply"
        | "reply-ctl-ansi"
        | "reply-invalid-utf8"
        | "reply-line-512"
        | "reply-line-513"
        | "reply-line-2049"
        | "reply-ls"
        | "reply-nul" => Ok(&[(250, 1)]),
        "reply-bidi" | "reply-ctl-bs" | "reply-utf8" => Ok(&[(550, 1)]),
        "reply-bare-lf-multi" | "reply-dash-only" => Ok(&[(250, 2)]),
        "reply-ftp-220" => Ok(&[(220, 1)]),
        // Both replies are seen: nothing hides behind a line end.
        "reply-wrong-eol-hidden-reply" => Ok(&[(250, 2), (550, 1)]),
        "reply-bom"
        | "reply-empty-line"
        | "reply-first-digit-6"
        | "reply-http"
        | "reply-imap-ok"
        | "reply-leading-space"
        | "reply-nul-before-code"
        | "reply-pop3-ok"
        | "reply-sign"
        | "reply-ssh"
        | "reply-tls-alert" => Err((BadCode, 0)),
        "reply-two-digits-space" => Err((BadCode, 2)),
        // The CR behind the LF begins something that is no reply.
        "reply-lf-cr" | "reply-multiline-blank" => Err((BadCode, 7)),
        "reply-four-digits" | "reply-no-sep" | "reply-plus-sep" | "reply-tab-sep" => {
            Err((BadSeparator, 3))
        }
        // The 257th line.
        "reply-endless-continuation" => Err((TooManyLines, 256 * 7)),
        _ => row.unknown(),
    }
}

pub fn parse(row: &Row) -> Taken {
    let (mut replies, mut at) = (Vec::new(), 0);
    let error = loop {
        match Reply::parse(&row.octets[at..]) {
            Ok(Some((reply, length))) => {
                assert_harmless(row, &reply);
                replies.push((reply.code().value(), reply.lines().count()));
                at += length;
            }
            Ok(None) => break None,
            Err(error) => break Some((error.kind(), at + error.offset())),
        }
    };
    match (expected(row), error) {
        (Ok(expected), None) => {
            assert_eq!((&replies[..], at), (expected, row.octets.len()), "{}", row.name);
            Taken::Accepted
        }
        (Err(expected), Some(found)) => {
            assert_eq!(found, expected, "{}", row.name);
            Taken::Refused
        }
        (expected, found) => panic!("{}: {found:?}, not {expected:?}", row.name),
    }
}

/// Text is kept octet for octet, and what is shown of it cannot reach a terminal.
fn assert_harmless(row: &Row, reply: &Reply<'_>) {
    for line in reply.raw_lines() {
        let kept = row.octets.windows(line.len().max(1)).any(|octets| octets == line);
        assert!(kept || line.is_empty(), "{}", row.name);
    }
    for shown in [reply.to_string(), format!("{reply:?}")] {
        let harmless = |c: char| !c.is_control() && !('\u{2028}'..='\u{202e}').contains(&c);
        assert!(shown.chars().all(harmless), "{}: {shown:?}", row.name);
    }
}
