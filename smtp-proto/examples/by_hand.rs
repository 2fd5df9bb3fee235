//! A session driven by hand, step by step: what the client wants, what leaves, what comes, and which events follow.
//!
//! A driver does the same in a loop; see the documentation of `smtp_proto::client`.

use smtp_proto::{
    address::Address,
    client::{Client, Config, Event, TlsPolicy, TransactionEnd, Wants},
    command::{Mail, Recipient},
    hello::EhloName,
};

type OwnedClient = Client<Box<[u8]>>;
type Result<T = ()> = core::result::Result<T, Box<dyn core::error::Error>>;

fn main() -> Result {
    let config = Config::new(EhloName::parse("client.example")?).with_tls(TlsPolicy::None);
    let mut client = Client::new(config);

    // The server speaks first; EHLO follows, and its reply says what the server offers.
    assert_eq!(client.wants(), Wants::Read);
    hear(&mut client, "220 mx.example ready\r\n")?;
    leave(&mut client, "EHLO client.example\r\n")?;
    hear(&mut client, "250-mx.example\r\n250 PIPELINING\r\n")?;
    assert_eq!(client.wants(), Wants::Command);

    // With PIPELINING the envelope leaves in one piece.
    let mail = Mail::new(Address::parse("alice@example.org")?.into());
    let recipients = [
        Recipient::new(Address::parse("bob@example.net")?.into()),
        Recipient::new(Address::parse("nobody@example.net")?.into()),
    ];
    client.begin(&(mail, &recipients[..]))?;
    leave(
        &mut client,
        "MAIL FROM:<alice@example.org>\r\nRCPT TO:<bob@example.net>\r\nRCPT TO:<nobody@example.net>\r\nDATA\r\n",
    )?;
    hear(&mut client, "250 ok\r\n250 ok\r\n550 5.1.1 no such user\r\n354 go ahead\r\n")?;

    // Lines that begin with a dot get another one; a lone dot ends the content.
    assert_eq!(client.wants(), Wants::Content);
    let content = b"Subject: Hi\r\n\r\n.hidden\r\n";
    assert_eq!(client.content(content)?, content.len());
    client.finish()?;
    leave(&mut client, "Subject: Hi\r\n\r\n..hidden\r\n.\r\n")?;

    // The reply to the dot decides for everybody that was accepted.
    let events = hear(&mut client, "250 queued as 42\r\n")?;
    assert!(events.iter().any(|event| event.starts_with("Final")));

    client.quit()?;
    leave(&mut client, "QUIT\r\n")?;
    hear(&mut client, "221 bye\r\n")?;
    assert_eq!(client.wants(), Wants::Nothing);
    Ok(())
}

/// Takes what the client has to send, as a transport would.
fn leave(client: &mut OwnedClient, expected: &str) -> Result {
    assert_eq!(client.wants(), Wants::Write);
    assert_eq!(core::str::from_utf8(client.transmit())?, expected);
    print!("C: {}", expected.replace("\r\n", "\nC: ").trim_end_matches("C: "));
    client.transmitted(expected.len())?;
    assert_eq!(client.wants(), Wants::Flush);
    client.flushed();
    Ok(())
}

/// Gives the client octets of the server, and takes the events that follow.
fn hear(client: &mut OwnedClient, said: &str) -> Result<Vec<String>> {
    print!("S: {}", said.replace("\r\n", "\nS: ").trim_end_matches("S: "));
    client.read_buf()[..said.len()].copy_from_slice(said.as_bytes());
    client.received(said.len())?;
    let mut events = Vec::new();
    while let Some(event) = client.poll_event()? {
        println!("   {event:?}");
        if let Event::Ended { end, .. } = event {
            assert_eq!(end, TransactionEnd::Answered);
        }
        events.push(format!("{event:?}"));
    }
    Ok(events)
}

#[test]
fn it_runs() {
    main().unwrap();
}
