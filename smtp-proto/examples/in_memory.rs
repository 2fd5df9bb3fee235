//! A client and a server in one program: a message travels without a socket.
//!
//! Tests of a mailer can do the same; the server half decides nothing about mailboxes, the application does.

use smtp_proto::{
    client::{self, Client, TlsPolicy},
    envelope::Envelope,
    hello::EhloName,
    server::{self, Answer, Server},
};

type Error = Box<dyn core::error::Error>;

fn main() -> Result<(), Error> {
    let name = EhloName::parse("localhost.example")?;
    let mut client = Client::new(client::Config::new(name).with_tls(TlsPolicy::None));
    let mut server = Server::new(server::Config::new(name));
    let mut received = Vec::new();

    let envelope =
        Envelope::new("alice@example.org")?.to("bob@example.net")?.to("nobody@example.net")?;
    let content = b"Subject: Hi\r\n\r\nHello Bob.\r\n";
    let mut journal = client::Journal::new();
    let (mut begun, mut is_sent) = (None, false);
    loop {
        match client.wants() {
            client::Wants::Event => {
                while let Some(event) = client.poll_event()? {
                    journal.record(&event);
                }
            }
            client::Wants::Write => {
                let n = client.transmit().len().min(server.read_buf().len());
                server.read_buf()[..n].copy_from_slice(&client.transmit()[..n]);
                server.received(n)?;
                client.transmitted(n)?;
            }
            client::Wants::Flush => client.flushed(),
            client::Wants::Read => serve(&mut server, &mut client, &mut received)?,
            client::Wants::Command if begun.is_none() => {
                let transaction = client.begin(&envelope)?;
                journal.begin(transaction, envelope.len());
                begun = Some(transaction);
            }
            client::Wants::Command => client.quit()?,
            client::Wants::Content if is_sent => client.finish()?,
            client::Wants::Content => is_sent = client.content(content)? == content.len(),
            _ => break,
        }
    }

    let outcome = begun.and_then(|begun| journal.take_outcome_of(begun, client.end()));
    let outcome = outcome.ok_or("the message did not begin")?;
    for (to, fate) in envelope.recipients().zip(outcome.recipients()) {
        println!("{to}: {}", fate.status());
    }
    assert_eq!(received, content);
    assert_eq!(outcome.verdict(), client::Verdict::Partial);
    Ok(())
}

/// Lets the server go on until it has a reply for the client.
fn serve(
    server: &mut Server<Box<[u8]>>,
    client: &mut Client<Box<[u8]>>,
    received: &mut Vec<u8>,
) -> Result<(), Error> {
    loop {
        match server.wants() {
            server::Wants::Event => {
                let answer = match server.poll_event()? {
                    Some(server::Event::Recipient(to))
                        if to.address().as_str().starts_with("nobody@") =>
                    {
                        Some(Answer::NO_SUCH_MAILBOX)
                    }
                    Some(server::Event::Content(octets)) => {
                        received.extend_from_slice(octets);
                        None
                    }
                    _ => None,
                };
                if let Some(answer) = answer {
                    server.answer(answer)?;
                }
            }
            server::Wants::Answer => server.accept()?,
            server::Wants::Write => {
                let n = server.transmit().len().min(client.read_buf().len());
                client.read_buf()[..n].copy_from_slice(&server.transmit()[..n]);
                client.received(n)?;
                server.transmitted(n)?;
                return Ok(());
            }
            server::Wants::Flush => server.flushed(),
            _ => return Ok(client.received(0)?),
        }
    }
}

#[test]
fn it_runs() {
    main().unwrap();
}
