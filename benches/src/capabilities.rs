//! A reply to EHLO, from octets to what the server offers.
//!
//! Contenders differ in what they keep of it: ours and the near limit a set and the size limit, Stalwart the mechanisms too,
//! the others text.

use core::hint::black_box;

use async_smtp::extension::ServerInfo as AsyncSmtpInfo;
use io_smtp::rfc5321::SmtpEhloResponse;
use lettre::transport::smtp::extension::ServerInfo as LettreInfo;
use memchr::memchr;
use smtp_codec::{parse::response::ehlo_ok_rsp, types::Response as SmtpCodec};
use smtp_proto::{hello::Offered, reply::Reply};
use stalwart_smtp_proto::{EXT_PIPELINING, EhloResponse as Stalwart};

use crate::{
    Contender, Goal, Role, Row,
    replies::{EHLO_9, EHLO_14},
    row::Items,
};

/// How many extensions are offered, and the size limit.
type Offers = (usize, u64);

/// A usual reply and one that offers more.
#[must_use]
pub fn rows() -> Vec<Row> {
    [("9 lines", EHLO_9), ("14 lines", EHLO_14)]
        .into_iter()
        .map(|(name, octets)| {
            let input = (octets.len(), Items::new(1, "reply"));
            let name = format!("capabilities: EHLO, {name}");
            Row::new(name, input, GOALS, move || contenders(octets))
        })
        .collect()
}

const GOALS: &[Goal] = &[Goal::Near(1.6), Goal::Peer(1.0), Goal::NoAllocation];

fn contenders(octets: &'static [u8]) -> Vec<Contender> {
    // All but the first line are extensions that are known.
    let expected = (octets.split(|&octet| octet == b'\n').count() - 2, 52_428_800);
    let contend = |name, role, run: fn(&'static [u8]) -> Offers| {
        assert_eq!(run(octets), expected, "{name}");
        Contender::new(name, role, move || {
            let (count, size) = run(black_box(octets));
            count ^ usize::try_from(size).unwrap_or(0)
        })
    };
    vec![
        contend("near limit", Role::NearLimit, near),
        ours_contender(octets, expected),
        contend("Stalwart", Role::Peer, |octets| {
            let offers = Stalwart::parse(&mut octets.iter()).expect("a reply");
            assert!(offers.has_capability(EXT_PIPELINING));
            (offers.capabilities().count_ones() as usize, offers.size as u64)
        }),
        contend("smtp-codec", Role::Peer, smtp_codec),
        contend("io-smtp", Role::Peer, io_smtp),
        Contender::new("lettre", Role::Peer, move || {
            let text = core::str::from_utf8(black_box(octets)).expect("ASCII");
            let info = LettreInfo::from_response(&text.parse().expect("a reply"));
            black_box(info.expect("offers"));
            1
        }),
        Contender::new("async-smtp", Role::Peer, move || {
            let text = core::str::from_utf8(black_box(octets)).expect("ASCII");
            let info = AsyncSmtpInfo::from_response(&text.parse().expect("a reply"));
            black_box(info.expect("offers"));
            1
        }),
    ]
}

/// Ours, as a client does it: a set and the limit; mechanisms are looked for when they are asked for.
#[must_use]
pub fn ours(octets: &[u8]) -> Offered {
    let mut offered = Offered::default();
    if let Ok(Some((reply, _))) = Reply::parse(octets) {
        reply.raw_lines().skip(1).for_each(|line| offered.observe(line));
    }
    offered
}

/// The set has no count that is at hand: only the check counts.
fn ours_contender(octets: &'static [u8], expected: Offers) -> Contender {
    let offered = ours(octets);
    let count = offered.extensions().iter().count();
    assert_eq!((count, offered.size_limit().unwrap_or(0)), expected, "ours");
    Contender::new("ours", Role::Ours, move || {
        let offered = black_box(ours(black_box(octets)));
        usize::from(offered.size_limit().is_some())
    })
}

/// The near limit: one pass over lines, a match on length and letters.
fn near(octets: &[u8]) -> Offers {
    let (mut rest, mut known, mut size, mut first) = (octets, 0_u32, 0, true);
    while let Some(end) = memchr(b'\n', rest) {
        let (line, after) = (&rest[..end - 1], &rest[end + 1..]);
        rest = after;
        let [b'2', b'5', b'0', b' ' | b'-', text @ ..] = line else { return (0, 0) };
        if first {
            first = false;
            continue;
        }
        let end = memchr(b' ', text).unwrap_or(text.len());
        let Some(bit) = keyword(&text[..end]) else { continue };
        known |= 1 << bit;
        if bit == SIZE {
            size = text[end..].iter().skip(1).fold(0, |n, digit| 10 * n + u64::from(digit - b'0'));
        }
    }
    (known.count_ones() as usize, size)
}

const SIZE: u32 = 1;

fn keyword(word: &[u8]) -> Option<u32> {
    const KEYWORDS: [&[u8]; 15] = [
        b"PIPELINING",
        b"SIZE",
        b"8BITMIME",
        b"SMTPUTF8",
        b"ENHANCEDSTATUSCODES",
        b"STARTTLS",
        b"AUTH",
        b"CHUNKING",
        b"BINARYMIME",
        b"DSN",
        b"REQUIRETLS",
        b"VRFY",
        b"EXPN",
        b"HELP",
        b"ETRN",
    ];
    let candidates: &[u32] = match (word.len(), word.first()? | 0x20) {
        (3, b'd') => &[9],
        (4, b's') => &[1],
        (4, b'a') => &[6],
        (4, b'e') => &[14, 12],
        (4, b'h') => &[13],
        (4, b'v') => &[11],
        (8, b'8') => &[2],
        (8, b's') => &[5, 3],
        (8, b'c') => &[7],
        (10, b'p') => &[0],
        (10, b'b') => &[8],
        (10, b'r') => &[10],
        (19, b'e') => &[4],
        _ => &[],
    };
    let is = |&&index: &&u32| word.eq_ignore_ascii_case(KEYWORDS[index as usize]);
    candidates.iter().find(is).copied()
}

fn smtp_codec(octets: &[u8]) -> Offers {
    use smtp_codec::types::Capability::Size;
    let Ok((_, SmtpCodec::Ehlo { capabilities, .. })) = ehlo_ok_rsp(octets) else { return (0, 0) };
    let size = capabilities.iter().find_map(|offer| match offer {
        Size(size) => Some(u64::from(*size)),
        _ => None,
    });
    (capabilities.len(), size.unwrap_or(0))
}

fn io_smtp(octets: &[u8]) -> Offers {
    let Ok(offers) = SmtpEhloResponse::parse(octets) else { return (0, 0) };
    let size = offers.get_capability("SIZE").and_then(|line| line.split(' ').nth(1)?.parse().ok());
    (offers.capabilities.len(), size.unwrap_or(0))
}
