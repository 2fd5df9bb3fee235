//! Servers that speak while they are spoken to, or do not listen until they are heard.
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

mod support;

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use smtp_async::{
    Client, Connector, Envelope, Error, Status, TlsPolicy, Verdict,
    proto::client::{BufferSizes, Chunking, End},
};
use support::envelope;
use tokio::{
    io::{
        AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, BufStream,
        DuplexStream, ReadBuf, duplex,
    },
    task::JoinHandle,
};

/// Content without end.
struct Endless;

impl AsyncRead for Endless {
    fn poll_read(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        space: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let line = b"0123456789\r\n";
        while space.remaining() >= line.len() {
            space.put_slice(line);
        }
        Poll::Ready(Ok(()))
    }
}

/// Reads a line and answers it, which the client has to read before the next is read: nothing else
/// is in between.
async fn answer(far: &mut (impl AsyncWrite + Unpin), line: &str) -> Option<bool> {
    let reply = match line.get(..4)? {
        "EHLO" => "250-mx.example\r\n250-CHUNKING\r\n250 PIPELINING\r\n",
        "MAIL" => "250 2.1.0 a sender with which nothing is wrong as far as can be seen\r\n",
        "RCPT" if line.contains("nobody") => "550 5.1.1 somebody whom nobody here knows\r\n",
        "RCPT" => "250 2.1.5 a recipient who lives here and takes mail from anybody\r\n",
        "DATA" => "354 go\r\n",
        _ => return None,
    };
    far.write_all(reply.as_bytes()).await.ok()?;
    Some(reply.starts_with("354"))
}

/// A server that refuses content when it has had so many octets, and goes on reading or not.
/// Afterwards: how many it could have read behind that.
fn impatient(pipe: usize, octets: usize, chunks: bool) -> (DuplexStream, JoinHandle<usize>) {
    let (near, far) = duplex(pipe);
    let server = tokio::spawn(async move {
        let mut far = BufReader::with_capacity(1, far);
        far.write_all(b"220 mx.example\r\n").await.expect("a client");
        let mut line = String::new();
        loop {
            line.clear();
            far.read_line(&mut line).await.expect("a line");
            let content = answer(&mut far, &line).await;
            if content == Some(true) || chunks && line.starts_with("BDAT") {
                break;
            }
        }
        far.read_exact(&mut vec![0; octets]).await.expect("content");
        far.write_all(b"552 5.3.4 enough\r\n").await.expect("a client");
        // Nobody reads meanwhile. What is on its way then is counted when the client is gone.
        let mut behind = Vec::new();
        far.read_to_end(&mut behind).await.expect("an end");
        behind.len()
    });
    (near, server)
}

fn connector(chunking: Chunking) -> Connector {
    Connector::new("localhost", 0)
        .with_tls(TlsPolicy::None)
        .configure(|config| config.with_chunking(chunking))
}

#[tokio::test]
async fn a_refusal_in_the_middle_of_the_content_stops_it() {
    for (pipe, octets) in [(64, 10), (4096, 100_000), (1 << 20, 3_000_000)] {
        let (near, server) = impatient(pipe, octets, false);
        let mut client = connector(Chunking::Off).over(near);
        let content = BufReader::new(Endless);
        let outcome = client.send(&envelope(&["b@example.net"]), content).await;
        let outcome = outcome.expect("an outcome");
        assert_eq!(outcome.verdict(), Verdict::Rejected);
        assert_eq!(outcome.reply().map(|reply| reply.code().value()), Some(552));
        assert!(matches!(client.failure().and_then(Error::end), Some(End::ContentRefused(_))));
        drop(client);
        let behind = server.await.expect("no panic");
        // What was in the pipe; of what was in the client's buffer nothing follows, but for one
        // write that was made before the server's words were there.
        let most = pipe + BufferSizes::LARGE.transmit;
        assert!(behind <= most, "{behind} octets behind the refusal, {most} at most");
    }
}

#[tokio::test]
async fn so_does_one_in_the_middle_of_a_chunk() {
    let (near, server) = impatient(4096, 100_000, true);
    let mut client = connector(Chunking::AfterRecipients).over(near);
    let content = BufReader::new(Endless);
    let outcome = client.send(&envelope(&["b@example.net"]), content).await;
    assert_eq!(outcome.expect("an outcome").verdict(), Verdict::Rejected);
    drop(client);
    let behind = server.await.expect("no panic");
    // The chunks that were announced already are octets that the server has to get.
    let most = 4096 + 3 * BufferSizes::LARGE.transmit;
    assert!(behind <= most, "{behind} octets behind the refusal, {most} at most");
}

const MANY: usize = 1000;

fn crowd() -> Envelope {
    let empty = Envelope::new("a@example.org").expect("an address");
    (0..MANY).fold(empty, |envelope, number| {
        let name = if number % 3 == 0 { "nobody" } else { "user" };
        envelope.to(&format!("{name}{number}@example.net")).expect("an address")
    })
}

/// Serves one message, answering each command before it reads the next.
async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin) {
    // An octet at a time: nothing is read ahead.
    let mut far = BufReader::with_capacity(1, stream);
    far.write_all(b"220 mx.example\r\n").await.expect("a client");
    far.flush().await.expect("a client");
    let mut line = String::new();
    let mut content = false;
    loop {
        line.clear();
        far.read_line(&mut line).await.expect("a line");
        if content && line == ".\r\n" {
            break;
        }
        content = content || answer(&mut far, &line).await == Some(true);
        far.flush().await.expect("a client");
    }
    far.write_all(b"250 ok\r\n").await.expect("a client");
    far.flush().await.expect("a client");
}

async fn send_to_crowd<S: smtp_async::Stream>(mut client: Client<S>) {
    let outcome = client.send(&crowd(), &b"x\r\n"[..]).await.expect("an outcome");
    assert_eq!(outcome.recipient_count(), MANY);
    for (number, to) in outcome.recipients().enumerate() {
        let status = if number % 3 == 0 { Status::Rejected } else { Status::Accepted };
        assert_eq!(to.status(), status, "recipient {number}");
    }
}

/// In less room than a reply takes.
const NARROW: usize = 50;

#[tokio::test]
async fn a_server_that_waits_for_its_replies_to_be_read_gets_the_whole_envelope() {
    let (near, far) = duplex(NARROW);
    let server = tokio::spawn(serve(far));
    send_to_crowd(connector(Chunking::Off).over(near)).await;
    server.await.expect("no panic");
}

#[tokio::test]
async fn so_it_does_when_what_was_written_waits_to_be_flushed() {
    let (near, far) = duplex(NARROW);
    let server = tokio::spawn(serve(far));
    // All of a group fits its buffer: it leaves in the flush.
    let near = BufStream::with_capacity(1 << 16, 1 << 16, near);
    send_to_crowd(connector(Chunking::Off).over(near)).await;
    server.await.expect("no panic");
}

#[cfg(feature = "tls")]
#[tokio::test]
async fn so_it_does_inside_tls() {
    let (near, far) = duplex(NARROW);
    let server = tokio::spawn(async move {
        let acceptor = tokio_rustls::TlsAcceptor::from(support::tls::server_config());
        serve(acceptor.accept(far).await.expect("a handshake")).await;
    });
    let connector = connector(Chunking::Off)
        .with_tls(TlsPolicy::Implicit)
        .with_tls_config(support::tls::trusting());
    send_to_crowd(connector.over(near)).await;
    server.await.expect("no panic");
}
