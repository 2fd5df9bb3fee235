//! Peers that read replies, each as its own client uses it.

use async_smtp::{SmtpClient, SmtpTransport, error::Error as AsyncSmtpError};
use io_smtp::rfc5321::SmtpResponse;
use kannader_smtp_message::Reply as Kannader;
use lettre::transport::smtp::{client::AsyncSmtpConnection, extension::ClientId};
use smtp_codec::parse::response::{Reply_code, Reply_line};
use stalwart_smtp_proto::response::parser::ResponseReceiver;
use tokio::io::BufReader;

use super::{Found, Stream, read};
use crate::{
    Contender, Role,
    memory::{Canned, Counter, runtime},
};

/// What Stalwart takes: 4,096 octets of a reply.
const STALWART_LIMIT: usize = 4096;

/// All that can read the stream; each is checked.
pub(super) fn contenders(stream: Stream, expected: Found) -> Vec<Contender> {
    let mut contenders = vec![
        peer("smtp-codec", expected, move || smtp_codec(stream)),
        peer("kannader", expected, move || kannader(stream)),
    ];
    if stream.replies > 1 || stream.octets.len() <= STALWART_LIMIT {
        contenders.push(peer("Stalwart", expected, move || stalwart(stream)));
    }
    if stream.replies == 1 {
        // It takes what a read ends with for the end of a reply: no pipelining.
        contenders.push(peer("io-smtp", expected, move || io_smtp(stream)));
    }
    if stream.read >= stream.octets.len() {
        contenders.push(peer("lettre", expected, move || lettre_whole(stream)));
        contenders.push(peer("async-smtp", expected, move || async_smtp_whole(stream)));
    } else if stream.read > 100 {
        contenders.push(lettre(stream, expected));
        contenders.push(async_smtp(stream, expected));
    }
    contenders
}

fn peer(name: &'static str, expected: Found, run: impl Fn() -> Found + 'static) -> Contender {
    check(name, run(), expected);
    Contender::new(name, Role::Peer, move || run().sum())
}

fn check(name: &str, found: Found, expected: Found) {
    assert_eq!((found.replies, found.codes), (expected.replies, expected.codes), "{name}");
}

/// Resumable: it is handed each octet once.
fn stalwart(stream: Stream) -> Found {
    let (mut receiver, mut sum) = (ResponseReceiver::default(), Found::default());
    for piece in stream.octets.chunks(stream.read) {
        let mut octets = core::hint::black_box(piece).iter();
        while let Ok(response) = receiver.parse(&mut octets) {
            sum += Found::reply(response.code.into(), response.message.len());
            receiver.reset();
        }
    }
    sum
}

/// Stateless: begins again with each read.
fn smtp_codec(stream: Stream) -> Found {
    read(stream, |input| {
        let (rest, lines) = Reply_line(input).ok()?;
        let (_, code) = Reply_code(lines).ok()?;
        Some((Found::reply(code.into(), lines.len()), input.len() - rest.len()))
    })
}

/// Stateless: begins again with each read.
fn kannader(stream: Stream) -> Found {
    read(stream, |input| {
        let (rest, reply) = Kannader::<&str>::parse(input).ok()?;
        let text = reply.text.iter().map(|line| line.as_str().len()).sum();
        Some((Found::reply(reply.code.code().into(), text), input.len() - rest.len()))
    })
}

/// Looks for the end first, then parses the whole.
fn io_smtp(stream: Stream) -> Found {
    read(stream, |input| {
        if !SmtpResponse::is_complete(input) {
            return None;
        }
        let reply = SmtpResponse::parse(input).ok()?;
        let text = reply.lines.as_ref().iter().map(|line| line.as_ref().len()).sum();
        Some((Found::reply(reply.code.code().into(), text), input.len()))
    })
}

/// Parses text, and only what is whole.
fn lettre_whole(stream: Stream) -> Found {
    let text = core::str::from_utf8(core::hint::black_box(stream.octets)).expect("ASCII");
    let reply: lettre::transport::smtp::response::Response = text.parse().expect("a reply");
    Found::reply(u16::from(reply.code()).into(), reply.message().map(str::len).sum())
}

/// Parses text, and only what is whole.
fn async_smtp_whole(stream: Stream) -> Found {
    let text = core::str::from_utf8(core::hint::black_box(stream.octets)).expect("ASCII");
    async_smtp_reply(&text.parse().expect("a reply"))
}

fn async_smtp_reply(reply: &async_smtp::response::Response) -> Found {
    let code = &reply.code;
    let digits = [code.severity as usize, code.category as usize, code.detail as usize];
    let code = digits.iter().fold(0, |code, digit| 10 * code + digit);
    Found::reply(code, reply.message.iter().map(String::len).sum())
}

const OPENING: &[&[u8]] = &[b"220 mx.example ready\r\n", b"250 mx.example\r\n"];

fn canned(stream: Stream) -> Canned<Counter> {
    Canned::new(OPENING, stream.octets.chunks(stream.read).collect(), Counter::default())
}

/// Its parser takes only whole replies, so its connection reads, over a transport in memory.
fn lettre(stream: Stream, expected: Found) -> Contender {
    let runtime = runtime();
    let name = ClientId::Domain("client.example".into());
    let connecting = AsyncSmtpConnection::connect_with_transport(Box::new(canned(stream)), &name);
    let mut connection = runtime.block_on(connecting).expect("greeted");
    let mut run = move |times: usize| {
        runtime.block_on(async {
            let mut sum = Found::default();
            for _ in 0..times * stream.replies {
                let (code, text) = match connection.read_response().await {
                    Ok(reply) => (Some(reply.code()), reply.message().map(str::len).sum()),
                    Err(error) => (error.status(), 0),
                };
                sum += Found::reply(code.map_or(0, u16::from).into(), text);
            }
            sum
        })
    };
    check("lettre", run(1), expected);
    Contender::repeated("lettre (connection)", Role::Peer, move |times| run(times).sum())
}

/// Its parser takes only whole replies, so its stream reads, over a transport in memory.
fn async_smtp(stream: Stream, expected: Found) -> Contender {
    let runtime = runtime();
    let connecting = SmtpTransport::new(SmtpClient::new(), BufReader::new(canned(stream)));
    let mut transport = runtime.block_on(connecting).expect("greeted");
    let mut run = move |times: usize| {
        runtime.block_on(async {
            let mut sum = Found::default();
            for _ in 0..times * stream.replies {
                let reply = match transport.get_mut().read_response().await {
                    Ok(reply)
                    | Err(AsyncSmtpError::Permanent(reply) | AsyncSmtpError::Transient(reply)) => {
                        reply
                    }
                    Err(error) => panic!("async-smtp: {error}"),
                };
                sum += async_smtp_reply(&reply);
            }
            sum
        })
    };
    check("async-smtp", run(1), expected);
    Contender::repeated("async-smtp (stream)", Role::Peer, move |times| run(times).sum())
}
