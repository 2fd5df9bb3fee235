//! Messages over Tokio, to the loopback server.

use smtp_async::{
    Client, Connector, Envelope, Status, TlsPolicy,
    proto::{
        client::{Config, Inquiry, Phase},
        command::{Argument, Attribute, AttributeName},
        hello::EhloName,
    },
};
use smtp_sync::{Server, Store};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream};

#[tokio::test]
async fn a_message_arrives_octet_for_octet() {
    let store = Store::new();
    let server = Server::builder().bind(store.clone()).unwrap();
    let mut client = Connector::new("127.0.0.1", server.address().port())
        .with_tls(TlsPolicy::None)
        .connect()
        .await
        .unwrap();
    let envelope = Envelope::new("a@b").unwrap().to("c@d").unwrap();
    let content = b"Subject: x\r\n\r\n.dot\r\n..\r\n".as_slice();
    let outcome = client.send(&envelope, content).await.unwrap();
    assert_eq!(outcome.recipient(0).unwrap().status, Status::Accepted);
    client.quit().await.unwrap();
    assert_eq!(store.take()[0].content, content);
}

/// Greets, offers XCLIENT, and answers it so; whatever else is asked is fine.
async fn answer(stream: DuplexStream, said: &str) {
    let (reader, mut writer) = tokio::io::split(stream);
    let mut lines = BufReader::new(reader).lines();
    writer.write_all(b"220 mx\r\n").await.unwrap();
    while let Ok(Some(line)) = lines.next_line().await {
        let reply = match line.split(' ').next() {
            Some("EHLO") => "250-mx\r\n250 XCLIENT ADDR",
            Some("XCLIENT") => said,
            _ => "250 ok",
        };
        writer.write_all(format!("{reply}\r\n").as_bytes()).await.unwrap();
    }
}

#[tokio::test]
async fn what_xclient_is_answered_is_a_refusal_or_the_offers_of_the_session_that_follows() {
    let address = Attribute::new(AttributeName::Addr, Argument::new("192.0.2.1").unwrap());
    for (said, phase, code) in [("220 again", Phase::Hello, 250), ("550 no", Phase::XClient, 550)] {
        let (stream, peer) = tokio::io::duplex(1024);
        tokio::spawn(answer(peer, said));
        let config = Config::new(EhloName::LOCALHOST).with_tls(TlsPolicy::None);
        let mut client = Client::over(stream, config);
        let reply = client.inquire(Inquiry::XClient(&[address])).await.unwrap();
        assert_eq!(reply.code().value(), code);
        assert_eq!(client.last_answer().unwrap().0, phase);
        assert!(client.is_reusable());
    }
}
