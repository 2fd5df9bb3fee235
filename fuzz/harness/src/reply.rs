//! Reply framing and grammar.

use smtp_proto::{
    client::{BufferSizes, Client, Config, Limits, PeerError, TlsPolicy},
    hello::EhloName,
    reply::{EnhancedCode, Framer, OwnedReply, Reply, ReplyError, ReplyErrorKind, ReplyLimits},
};

/// The lengths of the replies in a stream, and what is wrong behind them.
type Stream = (Vec<usize>, Option<(usize, ReplyErrorKind)>);

/// Reads the octets whole and in pieces, from their start and from behind the first reply, and by a naive reader. The first
/// octet says how large the pieces are, the second how narrow the limits.
///
/// # Panics
/// When they differ, or a framed reply cannot be read.
pub fn check(input: &[u8]) {
    let [size, narrow, stream @ ..] = input else { return };
    let limits = limits(*narrow);
    let whole = read(stream, stream.len().max(1), &limits);
    assert_eq!(read(stream, usize::from(*size).max(1), &limits), whole);
    assert!(whole.0.iter().sum::<usize>() <= stream.len());
    let mut rest = stream;
    for length in &whole.0 {
        let (reply, behind) = rest.split_at(*length);
        read_one(reply);
        rest = behind;
    }
    if let Some((first, others)) = whole.0.split_first() {
        let alone = read(&stream[*first..], stream.len(), &limits);
        let error = alone.1.map(|(offset, kind)| (offset + first, kind));
        assert_eq!((&alone.0[..], error), (others, whole.1), "not as it is alone");
    }
    let framed = Framer::new().frame(stream, &unlimited()).map_err(ReplyError::offset);
    assert_eq!(framed, naive(stream));
    let greeted = greeting(stream, stream.len().max(1), *narrow);
    assert_eq!(greeting(stream, usize::from(*size).max(1), *narrow), greeted);
}

/// The first reply as a client keeps it, with narrow limits and little storage.
fn greeting(stream: &[u8], size: usize, narrow: u8) -> Result<Option<OwnedReply>, PeerError> {
    let mut limits = Limits::DEFAULT;
    limits.line = usize::from(narrow);
    let config = Config::new(EhloName::LOCALHOST).with_tls(TlsPolicy::None).with_limits(limits);
    let sizes = BufferSizes::SMALL.with_receive(64 + usize::from(narrow));
    let mut client = Client::with_sizes(config, sizes);
    let mut rest = stream;
    while !rest.is_empty() {
        let room = client.read_buf();
        let n = rest.len().min(size).min(room.len());
        assert!(n > 0, "nowhere to read into");
        room[..n].copy_from_slice(&rest[..n]);
        rest = &rest[n..];
        client.received(n).expect("within bounds");
        if let Some(event) = client.poll_event()? {
            return Ok(event.reply().map(OwnedReply::from));
        }
    }
    Ok(None)
}

fn limits(narrow: u8) -> ReplyLimits {
    let mut limits = ReplyLimits::DEFAULT;
    if narrow >= 128 {
        let narrow = usize::from(narrow);
        (limits.reply, limits.lines) = (narrow - 120, narrow % 5);
    }
    limits
}

fn unlimited() -> ReplyLimits {
    let mut limits = ReplyLimits::DEFAULT;
    (limits.reply, limits.lines) = (usize::MAX, usize::MAX);
    limits
}

fn read(stream: &[u8], size: usize, limits: &ReplyLimits) -> Stream {
    let (mut framer, mut lengths, mut start) = (Framer::new(), Vec::new(), 0);
    for end in (0..stream.len()).step_by(size).map(|at| stream.len().min(at + size)) {
        loop {
            match framer.frame(&stream[start..end], limits) {
                Ok(Some(length)) => {
                    lengths.push(length);
                    start += length;
                }
                Ok(None) => break,
                Err(error) => {
                    assert!(!error.to_string().is_empty());
                    return (lengths, Some((start + error.offset(), error.kind())));
                }
            }
        }
    }
    (lengths, None)
}

/// How long the first reply is, `None` while it is incomplete; or the first octet that none can have. Octet by octet.
fn naive(octets: &[u8]) -> Result<Option<usize>, usize> {
    let mut start = 0;
    loop {
        let line = &octets[start..];
        for (at, octet) in line.iter().enumerate().take(5) {
            let good = match at {
                0 => matches!(octet, b'2'..=b'5') && *octet == octets[0],
                1 | 2 => octet.is_ascii_digit() && *octet == octets[at],
                3 => b" -\r\n".contains(octet),
                _ => line[3] != b'\r' || *octet == b'\n',
            };
            if !good {
                return Err(start + at);
            }
            if *octet == b'\n' {
                break;
            }
        }
        let Some(end) = line.iter().position(|&octet| octet == b'\n') else { return Ok(None) };
        start += end + 1;
        if line[3] != b'-' {
            return Ok(Some(start));
        }
    }
}

fn read_one(octets: &[u8]) {
    let framed = Framer::new().reply(octets, &unlimited()).expect("framed");
    let (reply, length) = framed.expect("complete");
    assert_eq!(length, octets.len());
    assert_eq!(reply.code().to_string().as_bytes(), &octets[..3]);
    let lines: Vec<_> = octets.split_inclusive(|&octet| octet == b'\n').map(text).collect();
    assert!(reply.raw_lines().eq(lines.iter().copied()));
    check_codes(&reply, &lines);
    let owned = OwnedReply::from(reply);
    assert_eq!(owned.as_reply(), reply);
    let shown = format!("{reply}{reply:?}{owned}{owned:?}{}", owned.text().concat());
    assert!(!shown.chars().any(steers), "{shown:?}");
}

/// What stands behind code and separator.
fn text(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").expect("whole");
    line.strip_suffix(b"\r").unwrap_or(line).get(4..).unwrap_or_default()
}

fn check_codes(reply: &Reply<'_>, lines: &[&[u8]]) {
    let found = |text: &&[u8]| enhanced(text).filter(|(code, _)| code.fits(reply.code()));
    assert_eq!(reply.enhanced(), lines.iter().find_map(found).map(|(code, _)| code));
    let stripped = lines.iter().map(|text| &text[found(text).map_or(0, |(_, length)| length)..]);
    assert!(reply.lines().eq(stripped));
}

/// The enhanced code at the start of a text, and how much of the text it takes.
fn enhanced(text: &[u8]) -> Option<(EnhancedCode, usize)> {
    let word = text.split(|&octet| octet == b' ').next()?;
    let numbers: Vec<u16> =
        core::str::from_utf8(word).ok()?.split('.').map(number).collect::<Option<_>>()?;
    let [class, subject, detail] = numbers[..] else { return None };
    // A class is one digit, not 02.
    let code = EnhancedCode::new(class, subject, detail).filter(|_| word[1] == b'.')?;
    Some((code, text.len().min(word.len() + 1)))
}

fn number(digits: &str) -> Option<u16> {
    let valid =
        (1..=3).contains(&digits.len()) && digits.bytes().all(|octet| octet.is_ascii_digit());
    digits.parse().ok().filter(|_| valid)
}

/// Whether a character may do something to a terminal, or to the order of what is read.
fn steers(c: char) -> bool {
    let bidirectional = "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}";
    c.is_control() || bidirectional.contains(c) || matches!(c, '\u{2028}' | '\u{2029}')
}
