//! Content from whatever it comes from.

use std::io;

use smtp_async::{
    Connector, Envelope, Error, Status, TlsPolicy,
    server::{Server, Store},
};
use tokio::io::BufReader;
use tokio_util::{bytes::Bytes, io::StreamReader};

async fn pair() -> (Server, Store, smtp_async::Client) {
    let store = Store::new();
    let server = Server::bind(Server::builder(), store.clone()).await.expect("a port");
    let connector = Connector::new("127.0.0.1", server.address().port());
    let client = connector.with_tls(TlsPolicy::None).connect().await.expect("a session");
    (server, store, client)
}

fn envelope() -> Envelope {
    Envelope::new("a@b").and_then(|envelope| envelope.to("c@d")).expect("addresses")
}

/// Pieces that end in the middle of lines and of CRLFs.
fn pieces() -> Vec<Bytes> {
    let whole = "Subject: pieces\r\n\r\n.dot\r\n..\r\n".repeat(2000);
    whole.as_bytes().chunks(1021).map(Bytes::copy_from_slice).collect()
}

#[tokio::test]
async fn a_stream_of_bytes_is_content() {
    let (_server, store, mut client) = pair().await;
    let stream = tokio_stream::iter(pieces().into_iter().map(io::Result::Ok));
    let outcome = client.send(&envelope(), StreamReader::new(stream)).await.expect("one");
    assert!(outcome.is_delivered());
    assert_eq!(store.take()[0].content, pieces().concat());
}

#[tokio::test]
async fn any_reader_is_content_behind_a_buffer() {
    let (_server, store, mut client) = pair().await;
    let (mut writer, reader) = tokio::io::duplex(100);
    let written = pieces().concat();
    let expected = written.clone();
    let writing = tokio::spawn(async move {
        tokio::io::AsyncWriteExt::write_all(&mut writer, &written).await.expect("a reader");
    });
    let outcome = client.send(&envelope(), BufReader::new(reader)).await.expect("one");
    writing.await.expect("an end");
    assert!(outcome.is_delivered());
    assert_eq!(store.take()[0].content, expected);
}

#[tokio::test]
async fn content_that_breaks_off_is_never_completed() {
    let (_server, store, mut client) = pair().await;
    let broken = io::Error::other("the disk is gone");
    let stream = tokio_stream::iter([Ok(Bytes::from_static(b"half a mess")), Err(broken)]);
    let outcome = client.send(&envelope(), StreamReader::new(stream)).await.expect("one");
    assert_eq!(outcome.recipient(0).expect("one").status(), Status::NotAttempted);
    assert!(matches!(client.failure(), Some(Error::Content(_))));
    assert!(store.take().is_empty());
}
