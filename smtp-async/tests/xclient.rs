//! XCLIENT, which makes the session a new one.

use smtp_async::{
    Client, TlsPolicy,
    proto::{
        client::{Config, Inquiry, Phase},
        command::{Argument, Attribute, AttributeName},
        hello::EhloName,
    },
};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream};

/// Greets, offers XCLIENT, and answers it so; whatever else is asked is fine.
async fn answer(stream: DuplexStream, said: &str) {
    let (reader, mut writer) = tokio::io::split(stream);
    let mut lines = BufReader::new(reader).lines();
    writer.write_all(b"220 mx\r\n").await.expect("one");
    while let Ok(Some(line)) = lines.next_line().await {
        let reply = match line.split(' ').next() {
            Some("EHLO") => "250-mx\r\n250 XCLIENT ADDR",
            Some("XCLIENT") => said,
            _ => "250 ok",
        };
        writer.write_all(format!("{reply}\r\n").as_bytes()).await.expect("one");
    }
}

#[tokio::test]
async fn what_xclient_is_answered_is_a_refusal_or_the_offers_of_the_session_that_follows() {
    let address = Attribute::new(AttributeName::Addr, Argument::new("192.0.2.1").expect("one"));
    for (said, phase, code) in [("220 again", Phase::Hello, 250), ("550 no", Phase::XClient, 550)] {
        let (stream, peer) = tokio::io::duplex(1024);
        tokio::spawn(answer(peer, said));
        let config = Config::new(EhloName::LOCALHOST).with_tls(TlsPolicy::None);
        let mut client = Client::over(stream, config);
        let reply = client.inquire(Inquiry::XClient(&[address])).await.expect("one");
        assert_eq!(reply.code().value(), code);
        assert_eq!(client.last_answer().expect("one").0, phase);
        assert!(client.is_reusable());
    }
}
