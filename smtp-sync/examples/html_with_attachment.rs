//! HTML with an attachment, Cc and Bcc, names beyond ASCII: built by `mail-builder`, sent in one line.
//!
//! ```text
//! cargo run -p smtp-sync --features mail-builder --example html_with_attachment
//! ```

use mail_builder::MessageBuilder;
use smtp_sync::{
    Connector, TlsPolicy,
    proto::reply::Escaped,
    server::{Server, Store},
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store = Store::new();
    let server = Server::bind(Server::builder(), store.clone())?;
    let mut client =
        Connector::new("127.0.0.1", server.address().port()).with_tls(TlsPolicy::None).connect()?;

    let message = MessageBuilder::new()
        .from(("Zoë Müller", "zoe@example.org"))
        .to(vec![("Bjørn", "bjorn@example.net"), ("", "office@example.net")])
        .cc("carol@example.net")
        .bcc("archive@example.org")
        .subject("Grüße mit Anhang")
        .text_body("See the attachment.\n")
        .html_body("<p>See the <b>attachment</b>.</p>\n")
        .attachment("application/octet-stream", "data.bin", &[0_u8, 1, 2, 255][..]);
    let outcome = client.send_mail(message)?;
    client.quit()?;

    assert!(outcome.is_delivered());
    let received = store.take().pop().ok_or("nothing came")?;
    println!("from {} for {}", received.from, received.recipients.join(", "));
    for line in received.content.split_inclusive(|&octet| octet == b'\n') {
        println!("| {}", Escaped(line.trim_ascii_end()));
    }
    assert_eq!(received.recipients.len(), 4);
    assert!(!String::from_utf8_lossy(&received.content).contains("archive"));
    Ok(())
}
