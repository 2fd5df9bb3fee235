//! Messages over Tokio, to the loopback server.

use smtp_async::{Connector, Envelope, Status, TlsPolicy};
use smtp_sync::{Server, Store};

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
