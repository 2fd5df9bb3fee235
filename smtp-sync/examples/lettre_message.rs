//! A message built by `lettre`, sent in one line.
//!
//! ```text
//! cargo run -p smtp-sync --features lettre --example lettre_message
//! ```

use lettre::message::{Attachment, Message, MultiPart, SinglePart, header::ContentType};
use smtp_sync::{
    Connector, TlsPolicy,
    server::{Server, Store},
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store = Store::new();
    let server = Server::bind(Server::builder(), store.clone())?;
    let mut client =
        Connector::new("127.0.0.1", server.address().port()).with_tls(TlsPolicy::None).connect()?;

    let attachment = Attachment::new("data.bin".to_owned())
        .body(vec![0_u8, 1, 2, 255], ContentType::parse("application/octet-stream")?);
    let message = Message::builder()
        .from("Zoë Müller <zoe@example.org>".parse()?)
        .to("Bjørn <bjorn@example.net>".parse()?)
        .cc("carol@example.net".parse()?)
        .bcc("archive@example.org".parse()?)
        .subject("Grüße mit Anhang")
        .multipart(
            MultiPart::mixed()
                .singlepart(SinglePart::html("<p>See the <b>attachment</b>.</p>".to_owned()))
                .singlepart(attachment),
        )?;
    let outcome = client.send_mail(&message)?;
    client.quit()?;

    assert!(outcome.is_delivered());
    let received = store.take().pop().ok_or("nothing came")?;
    assert_eq!(received.recipients.len(), 3);
    assert!(!String::from_utf8_lossy(&received.content).contains("archive"));
    println!("{}", String::from_utf8_lossy(&received.content));
    Ok(())
}
