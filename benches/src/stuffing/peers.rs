//! Peers that stuff: what writes to any sink does so to a buffer in memory, or to a counter.

use core::hint::black_box;
use core::pin::Pin;
use core::time::Duration;
use std::io::Write;

use futures::{AsyncWriteExt, FutureExt, io::AllowStdIo};
use kannader_smtp_message::{DataUnescaper, EscapingDataWriter};
use lettre::transport::smtp::{client::AsyncSmtpConnection, extension::ClientId};
use mail_send::SmtpClient;

use crate::{
    Contender, Role,
    memory::{Canned, Counter, Sink, runtime},
};

/// All that can write the wire form to a buffer. Only kannader takes chunks.
pub(super) fn copying(message: &'static [u8], chunk: usize, expected: &[u8]) -> Vec<Contender> {
    let mut contenders = Vec::new();
    if kannader_can(message) {
        contenders.push(kannader_copying(message, chunk, expected));
    }
    if chunk >= message.len() {
        contenders.push(mail_send::<Vec<u8>>(message, expected));
        contenders.push(lettre(message));
    }
    contenders
}

/// All that write slices of the message.
pub(super) fn slicing(message: &'static [u8], expected: &[u8]) -> Vec<Contender> {
    let mut contenders = vec![mail_send::<Counter>(message, expected)];
    if kannader_can(message) {
        contenders.push(Contender::new("kannader", Role::Peer, move || {
            let mut counter = Counter::default();
            kannader(message, message.len(), &mut counter);
            counter.taken()
        }));
    }
    contenders
}

/// It fails when a write begins with a dot that is to be doubled: it says that it wrote nothing.
fn kannader_can(message: &[u8]) -> bool {
    !message.starts_with(b".")
}

fn kannader_copying(message: &'static [u8], chunk: usize, expected: &[u8]) -> Contender {
    let mut written = Vec::with_capacity(expected.len());
    kannader(message, chunk, &mut written);
    assert!(written == expected, "kannader: wrong octets");
    Contender::new("kannader", Role::Peer, move || {
        written.clear();
        kannader(message, chunk, &mut written);
        black_box(&written).len()
    })
}

/// kannader works in place, on a copy that is made each time.
pub(super) fn receiving(wire: &'static [u8], message: &[u8]) -> Vec<Contender> {
    let mut buffer = wire.to_vec();
    let mut run = move || {
        buffer.copy_from_slice(black_box(wire));
        let found = DataUnescaper::new(true).unescape(&mut buffer);
        black_box(&buffer[..found.written]).len()
    };
    assert_eq!(run(), message.len(), "kannader");
    vec![Contender::new("kannader (and a copy)", Role::Peer, run)]
}

fn kannader(message: &[u8], chunk: usize, sink: &mut (impl Write + Unpin)) {
    let mut writer = Box::pin(EscapingDataWriter::new(AllowStdIo::new(sink)));
    for chunk in message.chunks(chunk) {
        let written = writer.write_all(black_box(chunk)).now_or_never();
        written.expect("always ready").expect("always written");
    }
    // To be finished it has to be moved, which a box that was pinned allows where the writer is `Unpin`.
    let ended = (*Pin::into_inner(writer)).finish().now_or_never();
    ended.expect("always ready").expect("always written");
}

fn mail_send<S: Sink + 'static>(message: &'static [u8], expected: &[u8]) -> Contender {
    let stream = Canned::new(&[], vec![b"250 ok\r\n"], S::default());
    let mut client = SmtpClient { stream, timeout: Duration::from_secs(30) };
    let mut run = move || {
        client.stream.written.clear();
        let written = client.write_message(black_box(message)).now_or_never();
        written.expect("always ready").expect("always written");
        client.stream.written.taken()
    };
    // It leaves a dot alone that is the message's first octet, and always adds a blank line.
    let missing = usize::from(message.starts_with(b"."));
    assert_eq!(run() + missing, expected.len() + 2, "mail-send");
    Contender::new("mail-send", Role::Peer, run)
}

/// Its codec is private, so its connection writes; the final reply is read, too. Always adds a blank line.
fn lettre(message: &'static [u8]) -> Contender {
    const OPENING: &[&[u8]] = &[b"220 mx.example ready\r\n", b"250 mx.example\r\n"];
    let stream = Canned::new(OPENING, vec![b"250 ok\r\n"], Counter::default());
    let name = ClientId::Domain("client.example".into());
    let runtime = runtime();
    let connecting = AsyncSmtpConnection::connect_with_transport(Box::new(stream), &name);
    let mut connection = runtime.block_on(connecting).expect("greeted");
    Contender::new("lettre (connection)", Role::Peer, move || {
        let reply = runtime.block_on(connection.message(black_box(message)));
        usize::from(reply.expect("accepted").is_positive())
    })
}
