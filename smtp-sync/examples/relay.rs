//! Relaying without AUTH, as one mail server to the next: opportunistic TLS, several messages over one
//! connection, a recipient that may be tried again later.
//!
//! ```text
//! cargo run -p smtp-sync --example relay
//! ```

use smtp_sync::{
    Connector, Envelope, TlsPolicy,
    proto::client::Config,
    proto::server::Answer,
    server::{Server, Store},
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store = Store::new().with_refusal("full@example.net", Answer::MAILBOX_BUSY);
    let server = Server::bind(Server::builder(), store.clone())?;

    // To a relay of one's own, envelopes may run ahead of verdicts: a round trip a message. Servers of
    // others are known to lose what follows the final dot.
    let mut client = Connector::new("127.0.0.1", server.address().port())
        .with_tls(TlsPolicy::Opportunistic)
        .with_name("relay.example.org".parse()?)
        .configure(|config: Config| config.with_run_ahead(true))
        .with_transcript(|line| println!("{line}"))
        .connect()?;
    let mut messages = Vec::new();
    for number in 1..=3 {
        let envelope = Envelope::new("list-bounces@example.org")?
            .to("bob@example.net")?
            .to("full@example.net")?;
        messages.push((envelope, format!("Subject: {number}\r\n\r\nHello all.\r\n")));
    }
    let queue: Vec<_> = messages.iter().map(|(e, content)| (e, content.as_bytes())).collect();
    let outcomes = client.send_all(queue);
    client.quit()?;

    for ((envelope, _), outcome) in messages.iter().zip(outcomes) {
        let later = envelope.deferred(&outcome?);
        let later: Vec<_> = later.iter().flat_map(Envelope::recipients).collect();
        println!("-- to be tried again later: {later:?}");
        assert_eq!(later, ["full@example.net"]);
    }
    assert_eq!(store.take().len(), 3);
    Ok(())
}
