//! Delivery status notifications (RFC 3461): who is told of what, and what a notification returns.
//!
//! ```text
//! cargo run -p smtp-sync --example dsn
//! ```

use smtp_sync::{
    Connector, Envelope, Error, OwnedRecipient, TlsPolicy,
    proto::{
        client::Refusal,
        hello::{EhloName, Extension, Extensions},
        parameter::{EnvelopeId, Notify, OriginalRecipient, Ret},
        server::Config,
    },
    server::{Server, Store},
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut envelope = Envelope::new("alice@example.org")?
        .with_ret(Ret::Headers)
        .with_envid(EnvelopeId::new("order=4711")?);
    envelope.push_recipient(
        OwnedRecipient::new("bob@example.net")?
            .with_notify(Notify::SUCCESS.or(Notify::FAILURE))
            // Bob's mail is forwarded; notifications name the address that Alice knows.
            .with_orcpt(OriginalRecipient::parse("rfc822;bob+orders@example.com")?),
    );
    let quiet = OwnedRecipient::new("list@example.net")?.with_notify(Notify::NEVER);
    envelope.push_recipient(quiet);
    let content = &b"Subject: Order\r\n\r\nYour order has shipped.\r\n"[..];

    let config = Config::new(EhloName::LOCALHOST).with_extensions(Extensions::ALL);
    let server = Server::bind(Server::builder().with_config(config), Store::new())?;
    let mut client = Connector::new("127.0.0.1", server.address().port())
        .with_tls(TlsPolicy::None)
        .with_transcript(|line| println!("{line}"))
        .connect()?;
    assert!(client.send(&envelope, content)?.is_delivered());
    client.quit()?;

    // A server that cannot do it: nothing is sent, unless one can do without.
    let connector = || {
        Connector::new("127.0.0.1", server.address().port())
            .with_tls(TlsPolicy::None)
            .configure(|config| config.with_mask(Extension::Dsn.into()))
    };
    match connector().connect()?.send(&envelope, content) {
        Err(Error::Refused(Refusal::NotOffered(Extension::Dsn))) => println!("-- no DSN here"),
        other => return Err(format!("{other:?}").into()),
    }
    let mut client = connector().configure(|config| config.with_optional_dsn(true)).connect()?;
    assert!(client.send(&envelope, content)?.is_delivered());
    Ok(())
}
