//! Inputs and contenders for reply parsing.

use core::hint::black_box;

use memchr::memchr_iter;
use smtp_proto::{
    hello::Offered,
    reply::{Framer, Reply, ReplyLimits},
};

use crate::Contender;

/// A stream of replies and how it arrives.
#[derive(Debug)]
pub struct Stream {
    /// What it is called.
    pub name: &'static str,
    /// Its octets.
    pub octets: Vec<u8>,
    /// How many replies there are.
    pub replies: usize,
    /// Octets of one read.
    pub read: usize,
}

/// One reply, an EHLO reply, a mixed stream in reads of several sizes, and a very long reply.
#[must_use]
pub fn streams() -> Vec<Stream> {
    let mixed = mixed(10_000);
    let stream = |name, read| Stream { name, octets: mixed.clone(), replies: 10_000, read };
    vec![
        whole("one reply", b"250 2.1.5 Ok\r\n".to_vec()),
        whole("EHLO, 9 lines", EHLO.to_vec()),
        stream("10,000 mixed, 16 KiB reads", 16_384),
        stream("10,000 mixed, 1460 B reads", 1460),
        stream("10,000 mixed, 7 B reads", 7),
        stream("10,000 mixed, 1 B reads", 1),
        Stream { read: 1460, ..whole("a reply of 69 KB, 1460 B reads", long(69_000)) },
    ]
}

fn whole(name: &'static str, octets: Vec<u8>) -> Stream {
    Stream { name, read: octets.len(), octets, replies: 1 }
}

const EHLO: &[u8] =
    b"250-mx.example greets client.example\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n\
250-ETRN\r\n250-AUTH PLAIN LOGIN SCRAM-SHA-256\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n\
250-DSN\r\n250 SMTPUTF8\r\n";

fn mixed(count: usize) -> Vec<u8> {
    let kinds: [&[u8]; 5] = [
        b"250 2.1.0 Ok\r\n",
        b"250 2.1.5 Ok\r\n",
        b"354 End data with <CR><LF>.<CR><LF>\r\n",
        b"550-5.1.1 The email account that you tried to reach does not exist. Please try\r\n\
550 5.1.1 double-checking the recipient's email address for typos.\r\n",
        b"250 2.0.0 Ok: queued as 4XyZ123456\r\n",
    ];
    (0..count).flat_map(|index| kinds[index % kinds.len()]).copied().collect()
}

fn long(octets: usize) -> Vec<u8> {
    let line = b"250-this line of a long reply is about as long as lines are wont to be\r\n";
    let mut reply = line.repeat(octets / line.len());
    reply.extend_from_slice(b"250 end\r\n");
    reply
}

/// memcpy and a scan for line ends, then ours: each reply, and what it offers.
///
/// # Panics
/// When ours does not find as many replies as there are.
#[must_use]
pub fn parsing(stream: &Stream) -> Vec<Contender<'_>> {
    assert_eq!(read(stream, |_| 1), stream.replies);
    let mut copy = vec![0; stream.octets.len()];
    vec![
        Contender::new("memcpy", move || {
            copy.copy_from_slice(black_box(&stream.octets));
            usize::from(black_box(&copy)[0])
        }),
        Contender::new("memchr lines", || {
            stream.octets.chunks(stream.read).map(|piece| memchr_iter(b'\n', piece).count()).sum()
        }),
        Contender::new("ours, reply", || read(stream, |reply| usize::from(reply.code().value()))),
        Contender::new("ours, offers", || {
            read(stream, |reply| {
                let mut offered = Offered::default();
                reply.raw_lines().skip(1).for_each(|line| offered.observe(line));
                usize::from(offered.size_limit().is_some())
            })
        }),
    ]
}

/// Reads the stream as a client does: framed as it arrives, each reply once.
fn read(stream: &Stream, take: impl Fn(Reply<'_>) -> usize) -> usize {
    let limits = limits();
    let (mut framer, mut start, mut end, mut sum) = (Framer::new(), 0, 0, 0);
    while end < stream.octets.len() {
        end = stream.octets.len().min(end + stream.read);
        while let Ok(Some((reply, length))) =
            framer.reply(black_box(&stream.octets[start..end]), &limits)
        {
            sum += take(reply);
            start += length;
        }
    }
    sum
}

fn limits() -> ReplyLimits {
    let mut limits = ReplyLimits::DEFAULT;
    (limits.reply, limits.lines) = (128 * 1024, 2000);
    limits
}
