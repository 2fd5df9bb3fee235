//! Submission with an OAuth 2.0 access token, and what a server says of one that has expired.
//!
//! ```text
//! cargo run -p smtp-sync --example oauth_submission
//! ```
//!
//! At a provider: `Connector::new("smtp.example.com", 587)`, TLS as it is by default, and the token
//! that the provider's OAuth library has given out.

use smtp_sync::{
    Connector, Envelope, Error, TlsPolicy,
    proto::{
        hello::EhloName,
        server::{AuthPolicy, Config},
    },
    server::{Server, Store},
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = Config::new(EhloName::LOCALHOST)
        .with_auth(AuthPolicy::Required)
        .with_plaintext_auth(true)
        .with_mechanisms(&["OAUTHBEARER", "XOAUTH2"]);
    let store = Store::new().with_token("alice@example.org", "fresh");
    let server = Server::bind(Server::builder().with_config(config), store.clone())?;

    // Tokens leave in the clear here, because the server is on this machine.
    let mut client = Connector::new("127.0.0.1", server.address().port())
        .with_tls(TlsPolicy::None)
        .configure(|config| config.with_plaintext_auth(true))
        .with_transcript(|line| println!("{line}"))
        .connect()?;
    match client.login_with_token("alice@example.org", "expired") {
        Err(Error::Authentication { details: Some(json), .. }) => println!("-- refused: {json}"),
        other => println!("-- {other:?}"),
    }
    // A refusal leaves the session as it was: get a new token and try again.
    client.login_with_token("alice@example.org", "fresh")?;
    let envelope = Envelope::new("alice@example.org")?.to("bob@example.net")?;
    let outcome = client.send(&envelope, &b"Subject: Hi\r\n\r\nHello Bob.\r\n"[..])?;
    client.quit()?;
    assert!(outcome.is_delivered());
    assert_eq!(store.take().len(), 1);
    Ok(())
}
