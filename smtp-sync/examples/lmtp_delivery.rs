//! Delivery by LMTP (RFC 2033) over a Unix socket: each recipient has a verdict of its own.
//!
//! ```text
//! cargo run -p smtp-sync --example lmtp_delivery
//! ```

#[cfg(unix)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    use smtp_sync::{
        Connector, Envelope, Status,
        proto::{client, hello::EhloName, server},
        server::{Server, Store},
    };

    let socket = std::env::temp_dir().join(format!("lmtp-{}", std::process::id()));
    let store = Store::new()
        .with_refusal("nobody@example.net", server::Answer::NO_SUCH_MAILBOX)
        .with_verdict_for("full@example.net", server::Answer::MAILBOX_BUSY);
    let config = server::Config::new(EhloName::LOCALHOST).with_protocol(server::Protocol::Lmtp);
    let server = Server::bind_unix(Server::builder().with_config(config), &socket, store.clone())?;

    let mut client = Connector::unix(&socket)
        .configure(|config| config.with_protocol(client::Protocol::Lmtp))
        .with_transcript(|line| println!("{line}"))
        .connect()?;
    let envelope = Envelope::new("alice@example.org")?
        .to("bob@example.net")?
        .to("nobody@example.net")?
        .to("full@example.net")?;
    let outcome = client.send(&envelope, &b"Subject: Hi\r\n\r\nHello all.\r\n"[..])?;
    client.quit()?;
    drop(server);

    for (address, recipient) in envelope.recipients().zip(outcome.recipients()) {
        println!("-- {address}: {:?}", recipient.fate);
    }
    let statuses: Vec<Status> = outcome.recipients().map(|recipient| recipient.status()).collect();
    assert_eq!(statuses, [Status::Accepted, Status::Rejected, Status::Deferred]);
    assert_eq!(store.take()[0].recipients, ["bob@example.net"]);
    Ok(())
}

#[cfg(not(unix))]
fn main() {}
