//! Content, in pieces of any size.

use smtp_proto::{
    client::{Chunking, End, Refusal, Wants},
    parameter::Body,
    stuffing::{ContentErrorKind, Newlines},
};

use super::{Row, Taken};
use smtp_test_support::session::{Session, envelope, plain_config};

/// The wire form or an error by default, and the error where bare newlines are refused.
type Expected = (Result<&'static [u8], ContentErrorKind>, Option<ContentErrorKind>);

fn expected(row: &Row) -> Expected {
    use ContentErrorKind::{BareCr, BareLf, EightBit, Nul};
    match row.name.as_str() {
        "in-body-8bit-no-8bitmime" => (Err(EightBit), Some(EightBit)),
        "in-body-cr-dot-cr"
        | "in-body-cr-dot-crlf"
        | "in-body-cr-dot-lf"
        | "in-body-crlf-dot-cr" => (Ok(b"hi\r\n..\r\nX\r\n.\r\n"), Some(BareCr)),
        "in-body-crlf-dot-lf" => (Ok(b"hi\r\n..\r\nX\r\n.\r\n"), Some(BareLf)),
        "in-body-crlf-crlf-dot" => (Ok(b"a\r\n\r\n..b\r\n.\r\n"), None),
        "in-body-crlf-dot-nul-crlf" | "in-body-nul" => (Err(Nul), Some(Nul)),
        "in-body-dot-first" => (Ok(b"..hidden\r\n.\r\n"), None),
        "in-body-empty" => (Ok(b".\r\n"), None),
        "in-body-eod-inside" => (Ok(b"a\r\n..\r\nMAIL FROM:<evil@x>\r\n.\r\n"), None),
        "in-body-final-cr" => (Ok(b"abc\r\n.\r\n"), Some(BareCr)),
        "in-body-lf-dot-lf" => (Ok(b"hi\r\n..\r\nMAIL FROM:<x@y>\r\n.\r\n"), Some(BareLf)),
        "in-body-no-final-crlf" => (Ok(b"abc\r\n.\r\n"), None),
        "in-body-only-crlf" => (Ok(b"\r\n.\r\n"), None),
        _ => row.unknown(),
    }
}

/// Sends the content by DATA to a server without 8BITMIME; what left behind the go-ahead, or why
/// it did not leave.
fn send(content: &[u8], newlines: Newlines, piece: usize) -> Result<Vec<u8>, ContentErrorKind> {
    let mut session = Session::open(plain_config().with_newlines(newlines), "")
        .then("C: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<b@c>\nS: 250 ok\nC: DATA\nS: 354 go");
    session.client.begin(&envelope("", &["b@c"])).unwrap();
    assert_eq!(session.pump(), Wants::Content);
    session.peer.deaf = true;
    let from = session.peer.heard.len();
    let refused = hand_over(&mut session, content, piece).err();
    session.pump();
    let sent = session.peer.heard[from..].to_vec();
    let Some(refusal) = refused else { return Ok(sent) };
    let Refusal::Content(error) = refusal else { panic!("{refusal:?}") };
    assert_eq!(session.end(), Some(End::BadContent(error)));
    assert!(!sent.ends_with(b"\r\n.\r\n") && sent != b".\r\n", "the message is unterminated");
    Err(error.kind)
}

fn hand_over(session: &mut Session, mut content: &[u8], piece: usize) -> Result<(), Refusal> {
    while !content.is_empty() {
        assert_eq!(session.pump(), Wants::Content);
        let taken = session.client.content(&content[..content.len().min(piece)])?;
        content = &content[taken..];
    }
    session.pump();
    session.client.finish()
}

/// Refused means refused at least where bare newlines are; by default those are made CRLF.
pub fn data(row: &Row) -> Taken {
    let (wire, strict) = expected(row);
    for piece in [1, 2, 3, 64] {
        let sent = send(&row.octets, Newlines::Normalise, piece);
        assert_eq!(sent, wire.map(<[u8]>::to_vec), "{}", row.name);
        let sent = send(&row.octets, Newlines::Reject, piece);
        assert_eq!(sent.err(), strict, "{}", row.name);
    }
    if strict.is_some() { Taken::Refused } else { Taken::Accepted }
}

/// A chunk has as many octets as it says, and nothing in it is stuffed.
pub fn chunk(row: &Row) -> Taken {
    let config = plain_config().with_chunking(Chunking::AfterRecipients);
    for (body, newlines) in [
        (Body::SevenBit, Newlines::Normalise),
        (Body::SevenBit, Newlines::Reject),
        (Body::BinaryMime, Newlines::Normalise),
    ] {
        let mut session =
            Session::open(config.with_newlines(newlines), "CHUNKING BINARYMIME 8BITMIME");
        session.peer.deaf = true;
        session.client.begin(&envelope("", &["b@c"]).with_body(body)).unwrap();
        assert_eq!(session.pump(), Wants::Read);
        assert_eq!(session.hear(b"250 ok\r\n"), Wants::Read);
        assert_eq!(session.hear(b"250 ok\r\n"), Wants::Content);
        let from = session.peer.heard.len();
        hand_over(&mut session, &row.octets, usize::MAX).unwrap();
        assert_eq!(session.pump(), Wants::Read);
        let sent = [b"BDAT 40 LAST\r\n", &row.octets[..]].concat();
        assert_eq!(session.peer.heard[from..], sent, "{}", row.name);
    }
    Taken::Accepted
}
