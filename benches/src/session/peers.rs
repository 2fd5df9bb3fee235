//! Peers whose sessions run over a transport in memory.

use core::hint::black_box;
use core::time::Duration;

use async_smtp::{EmailAddress, Envelope, SendableEmail, SmtpClient, SmtpTransport};
use io_smtp::{
    coroutine::{SmtpCoroutine, SmtpCoroutineState, SmtpYield},
    message::{SmtpMessageSend, SmtpMessageSendOptions},
    rfc5321::{
        SmtpDomain, SmtpEhloDomain, SmtpForwardPath, SmtpLocalPart, SmtpMailbox, SmtpReversePath,
    },
};
use lettre::{
    address::Envelope as LettreEnvelope,
    transport::smtp::{client::AsyncSmtpConnection, extension::ClientId},
};
use mail_send::smtp::message::Message;
use tokio::io::BufReader;

use super::{DATA, END, ENVELOPE, MAIL, OPENING, RCPT};
use crate::{
    Contender, Role,
    commands::{RECIPIENT, SENDER},
    memory::{Canned, Counter, Sink, runtime},
};

pub(super) fn contenders(message: &'static [u8]) -> Vec<Contender> {
    vec![async_smtp(message), mail_send(message), lettre(message), io_smtp(message)]
}

/// One reply for each read.
fn one_by_one(opening: &'static [&'static [u8]]) -> Canned<Counter> {
    Canned::new(opening, vec![MAIL, RCPT, DATA, END], Counter::default())
}

fn async_smtp(message: &'static [u8]) -> Contender {
    let runtime = runtime();
    let stream = BufReader::new(Canned::new(OPENING, vec![ENVELOPE, END], Counter::default()));
    let connecting = SmtpTransport::new(SmtpClient::new(), stream);
    let mut transport = runtime.block_on(connecting).expect("greeted");
    let address = |text: &str| EmailAddress::new(text.to_owned()).expect("an address");
    let envelope = Envelope::new(Some(address(SENDER)), vec![address(RECIPIENT)]).expect("one");
    Contender::repeated("async-smtp (pipelined)", Role::Peer, move |times| {
        runtime.block_on(async {
            for _ in 0..times {
                let email = SendableEmail::new(envelope.clone(), black_box(message));
                let reply = transport.send(email).await.expect("accepted");
                assert!(reply.is_positive());
            }
        });
        times
    })
}

fn mail_send(message: &'static [u8]) -> Contender {
    let runtime = runtime();
    let stream = one_by_one(&[]);
    let mut client = mail_send::SmtpClient { stream, timeout: Duration::from_secs(30) };
    Contender::repeated("mail-send", Role::Peer, move |times| {
        runtime.block_on(async {
            for _ in 0..times {
                let message = Message::new(SENDER, [RECIPIENT], black_box(message));
                let reply = client.send(message).await.expect("accepted");
                assert_eq!(reply.code, 250);
            }
        });
        client.stream.written.taken()
    })
}

fn lettre(message: &'static [u8]) -> Contender {
    let runtime = runtime();
    let name = ClientId::Domain("client.example".into());
    let stream = Box::new(one_by_one(OPENING));
    let connecting = AsyncSmtpConnection::connect_with_transport(stream, &name);
    let mut connection = runtime.block_on(connecting).expect("greeted");
    let address = |text: &str| text.parse().expect("an address");
    let envelope = LettreEnvelope::new(Some(address(SENDER)), vec![address(RECIPIENT)]);
    let envelope = envelope.expect("one");
    Contender::repeated("lettre (connection)", Role::Peer, move |times| {
        runtime.block_on(async {
            for _ in 0..times {
                let reply = connection.send(&envelope, black_box(message)).await;
                assert!(reply.expect("accepted").is_positive());
            }
        });
        times
    })
}

fn io_smtp(message: &'static [u8]) -> Contender {
    Contender::new("io-smtp", Role::Peer, move || {
        let mut stream = one_by_one(&[]);
        let mut send = SmtpMessageSend::new(
            SmtpReversePath::SmtpMailbox(mailbox("alice.sender", "mail.example.net")),
            [SmtpForwardPath(mailbox("bob.recipient", "mail.example.org"))],
            black_box(message).to_vec(),
            SmtpMessageSendOptions::default(),
        );
        let mut read = None;
        loop {
            match send.resume(read.take()) {
                SmtpCoroutineState::Yielded(SmtpYield::WantsWrite(octets)) => {
                    stream.written.take(&octets);
                }
                SmtpCoroutineState::Yielded(SmtpYield::WantsRead) => read = Some(stream.read(4096)),
                SmtpCoroutineState::Complete(result) => break result.expect("accepted"),
            }
        }
        stream.written.taken()
    })
}

fn mailbox(local: &'static str, domain: &'static str) -> SmtpMailbox<'static> {
    SmtpMailbox {
        local_part: SmtpLocalPart(local.into()),
        domain: SmtpEhloDomain::SmtpDomain(SmtpDomain(domain.into())),
    }
}
