//! A message with an attachment travels from a client to the embedded server, on loopback.
//!
//! ```text
//! cargo run -p smtp-sync --example first_message
//! ```

use smtp_sync::{
    Connector, Envelope, Status, TlsPolicy,
    proto::{reply::Escaped, server::Answer},
    server::{Server, Store},
};

/// What mail programs make: a non-ASCII subject, text whose lines start with dots, an attachment.
const MESSAGE: &str = "From: Alice <alice@example.org>\r
To: Bob <bob@example.net>, Nobody <nobody@example.net>\r
Subject: =?utf-8?B?R3LDvMOfZSBhdXMgS8O2bG4=?=\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary=next\r
\r
--next\r
Content-Type: text/plain; charset=utf-8\r
Content-Transfer-Encoding: 8bit\r
\r
.This line starts with a dot,\r
..this one with two, and the next one is nothing but a dot:\r
.\r
Grüße!\r
--next\r
Content-Type: application/octet-stream; name=data.bin\r
Content-Disposition: attachment; filename=data.bin\r
Content-Transfer-Encoding: base64\r
\r
AAECAwQFBgcICQoLDA0ODw==\r
--next--\r
";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store = Store::new().with_refusal("nobody@example.net", Answer::NO_SUCH_MAILBOX);
    let server = Server::bind(Server::builder(), store.clone())?;

    let mut client = Connector::new("127.0.0.1", server.address().port())
        .with_tls(TlsPolicy::None)
        .with_transcript(|line| println!("{line}"))
        .connect()?;
    let envelope = Envelope::new("alice@example.org")?
        .to("bob@example.net")?
        .to("nobody@example.net")?
        .describing(MESSAGE.as_bytes());
    let outcome = client.send(&envelope, MESSAGE.as_bytes())?;
    client.quit()?;

    println!("\nWhat became of each recipient:");
    for (address, recipient) in envelope.recipients().zip(outcome.recipients()) {
        let words = recipient.reply.map(|reply| reply.to_string()).unwrap_or_default();
        println!("  {address:<20} {:?} ({words})", recipient.status());
    }
    println!("\nWhat the server received:");
    let received = store.take().pop().ok_or("the server has no message")?;
    println!("  from {} for {}", received.from, received.recipients.join(", "));
    for line in received.content.split_inclusive(|&octet| octet == b'\n') {
        println!("  | {}", Escaped(line.trim_ascii_end()));
    }
    let statuses: Vec<Status> = outcome.recipients().map(|recipient| recipient.status()).collect();
    assert_eq!(statuses, [Status::Accepted, Status::Rejected]);
    assert_eq!(received.content, MESSAGE.as_bytes(), "octet for octet");
    Ok(())
}
