//! Replies of every kind, at once and in octets.

use core::fmt::Write;

use smtp_proto::{
    hello::{Capabilities, Extension},
    reply::{Escaped, Framer, OwnedReply, Reply, ReplyLimits},
    transcript::Transcript,
};

use super::Growth;

const SIZE: usize = 32 * 1024;
const ANY: ReplyLimits = {
    let mut limits = ReplyLimits::DEFAULT;
    (limits.reply, limits.lines) = (usize::MAX, usize::MAX);
    limits
};

type Kind = (&'static str, fn(usize) -> Vec<u8>);
type Job = (&'static str, fn(&[u8]) -> usize);

const KINDS: [Kind; 7] = [
    ("lines", |size| lines(size, b"about as long as the lines of a reply are wont to be")),
    ("enhanced", |size| lines(size, b"5.7.1 about as long as such lines are")),
    ("bare", |size| lines(size, b"")),
    ("one-line", |size| lines(size, &vec![b'a'; size])),
    ("8-bit", |size| lines(size, "\u{41f}\u{440}\u{438}\u{432}\u{435}\u{442}".as_bytes())),
    ("controls", |size| lines(size, &vec![0x1B; size])),
    ("no-utf-8", |size| lines(size, &vec![0xFF; size])),
];

const JOBS: [Job; 8] = [
    ("frame", |octets| frame(octets, octets.len())),
    ("frame-octets", |octets| frame(octets, 1)),
    ("lines", |octets| reply(octets).lines().map(<[u8]>::len).sum()),
    ("enhanced", |octets| usize::from(reply(octets).enhanced().is_some())),
    ("display", |octets| reply(octets).to_string().len()),
    ("escaped", |octets| Escaped(octets).to_string().len()),
    ("owned-text", |octets| OwnedReply::from(reply(octets)).text().len()),
    ("transcript", |octets| {
        let mut text = String::new();
        Transcript::new().received(&mut text, reply(octets)).expect("a string");
        text.len()
    }),
];

/// Lines of an EHLO reply.
const OFFERS: [Kind; 4] = [
    ("keywords", |size| b"X-SOMETHING WITH PARAMETERS\n".repeat(size / 28)),
    ("one-keyword", |size| vec![b'X'; size]),
    ("mechanisms", |size| {
        let mut line = String::from("AUTH");
        (0..size / 8).for_each(|index| write!(line, " M{index:06}").expect("a string"));
        line.into_bytes()
    }),
    ("limits", |size| [&b"LIMITS"[..], &b" X=1 RCPTMAX=x".repeat(size / 14)].concat()),
];

/// A name, and something done with what a server offers.
type Use = (&'static str, fn(Capabilities<'_>) -> usize);

const USES: [Use; 5] = [
    ("capabilities", |offers| offers.lines().count()),
    ("mechanisms", |offers| offers.mechanisms().count()),
    ("offers-mechanism", |offers| usize::from(offers.offers_mechanism("PLAIN"))),
    ("parameters", |offers| offers.parameters("X-OTHER").map_or(0, <[u8]>::len)),
    ("limits", |offers| {
        let limit = offers.limits().recipients().map_or(0, |limit| limit as usize);
        limit + usize::from(offers.offers(Extension::Size))
    }),
];

pub(super) fn all() -> Vec<Growth> {
    let mut all = Vec::new();
    for ((kind, octets), (job, run)) in KINDS.iter().flat_map(|kind| JOBS.map(|job| (*kind, job))) {
        all.push(Growth::new(format!("reply-{job}/{kind}"), SIZE, move |size| {
            let octets = octets(size);
            move || run(&octets)
        }));
    }
    for ((kind, lines), (job, run)) in OFFERS.iter().flat_map(|kind| USES.map(|job| (*kind, job))) {
        all.push(Growth::new(format!("hello-{job}/{kind}"), SIZE, move |size| {
            let lines = lines(size);
            move || run(Capabilities::new(&lines))
        }));
    }
    all
}

/// One reply of about so many octets, in lines of this text.
fn lines(size: usize, text: &[u8]) -> Vec<u8> {
    let line = [b"550-", text, b"\r\n"].concat();
    let mut reply = line.repeat(size.div_ceil(line.len()));
    reply.extend_from_slice(b"550 end\r\n");
    reply
}

fn reply(octets: &[u8]) -> Reply<'_> {
    let framed = Framer::new().reply(octets, &ANY).expect("a reply");
    framed.expect("all of it").0
}

fn frame(octets: &[u8], read: usize) -> usize {
    let mut framer = Framer::new();
    let mut ends = (read..=octets.len()).step_by(read);
    ends.find_map(|end| framer.frame(&octets[..end], &ANY).expect("a reply")).expect("its end")
}
