//! Peers that have commands as values.

use core::fmt::Display;
use core::hint::black_box;
use std::io::Write as _;

use async_smtp::{
    EmailAddress,
    commands::{MailCommand, RcptCommand},
    extension as async_extension,
};
use io_smtp::rfc5321::{
    SmtpDomain, SmtpEhloDomain, SmtpForwardPath, SmtpLocalPart, SmtpMailbox, rcpt::SmtpRcptCommand,
};
use kannader_smtp_message::{Command as Kannader, Email, Parameters};
use lettre::{
    Address,
    transport::smtp::{
        commands::{Mail, Rcpt},
        extension,
    },
};
use smtp_codec::types::{Command as SmtpCodec, Parameter};

use super::{RECIPIENT, SENDER, SIZE};
use crate::{Contender, Role};

pub(super) fn rcpt(line: &[u8]) -> Vec<Contender> {
    let forward_path = RECIPIENT.to_owned();
    let codec = SmtpCodec::Rcpt { forward_path, parameters: Vec::new() };
    let lettre = Rcpt::new(RECIPIENT.parse().expect("an address"), Vec::new());
    let address = EmailAddress::new(RECIPIENT.to_owned()).expect("an address");
    let async_smtp = RcptCommand::new(address, Vec::new());
    let (_, email) = email(b"bob.recipient@mail.example.org>");
    let kannader = Kannader::Rcpt { path: None, email, params: Parameters(Vec::new()) };
    vec![
        smtp_codec(codec, line),
        contender("lettre", line, move |buffer| display(black_box(&lettre), buffer)),
        contender("async-smtp", line, move |buffer| display(black_box(&async_smtp), buffer)),
        contender("io-smtp", line, |buffer| {
            let command = SmtpRcptCommand { forward_path: mailbox(), parameters: Vec::new() };
            buffer.extend(Vec::from(command));
        }),
        contender("kannader", line, move |buffer| {
            black_box(&kannader).as_io_slices().for_each(|slice| buffer.extend_from_slice(&slice));
        }),
    ]
}

pub(super) fn check(line: &[u8]) -> Vec<Contender> {
    vec![
        contender("lettre", line, |buffer| {
            let address = black_box(RECIPIENT).parse().expect("an address");
            display(&Rcpt::new(address, Vec::new()), buffer);
        }),
        contender("async-smtp", line, |buffer| {
            let address = EmailAddress::new(black_box(RECIPIENT).to_owned());
            display(&RcptCommand::new(address.expect("an address"), Vec::new()), buffer);
        }),
        contender("kannader", line, |buffer| {
            let (_, email) = email(black_box(b"bob.recipient@mail.example.org>"));
            let command = Kannader::Rcpt { path: None, email, params: Parameters(Vec::new()) };
            command.as_io_slices().for_each(|slice| buffer.extend_from_slice(&slice));
        }),
    ]
}

pub(super) fn mail(line: &[u8]) -> Vec<Contender> {
    let parameters =
        vec![Parameter::new("SIZE", Some("123456")), Parameter::new("BODY", Some("8BITMIME"))];
    let codec = SmtpCodec::Mail { reverse_path: SENDER.to_owned(), parameters };
    let sender: Address = SENDER.parse().expect("an address");
    let size = usize::try_from(SIZE).expect("a size");
    let lettre = Mail::new(
        Some(sender),
        vec![
            extension::MailParameter::Size(size),
            extension::MailParameter::Body(extension::MailBodyParameter::EightBitMime),
        ],
    );
    let sender = EmailAddress::new(SENDER.to_owned()).expect("an address");
    let async_smtp = MailCommand::new(
        Some(sender),
        vec![
            async_extension::MailParameter::Size(size),
            async_extension::MailParameter::Body(async_extension::MailBodyParameter::EightBitMime),
        ],
    );
    vec![
        smtp_codec(codec, line),
        contender("lettre", line, move |buffer| display(black_box(&lettre), buffer)),
        contender("async-smtp", line, move |buffer| display(black_box(&async_smtp), buffer)),
    ]
}

fn smtp_codec(command: SmtpCodec, line: &[u8]) -> Contender {
    contender("smtp-codec (no check)", line, move |buffer| {
        black_box(&command).serialize(buffer).expect("a vector takes all");
    })
}

fn email(input: &'static [u8]) -> (&'static [u8], Email<&'static str>) {
    Email::parse_until(b">", b">@")(input).expect("an address")
}

fn mailbox() -> SmtpForwardPath<'static> {
    let (local, domain) = black_box(("bob.recipient", "mail.example.org"));
    SmtpForwardPath(SmtpMailbox {
        local_part: SmtpLocalPart(local.into()),
        domain: SmtpEhloDomain::SmtpDomain(SmtpDomain(domain.into())),
    })
}

/// Writes a command that is displayed to text that is there already, which is kinder than its client does.
fn display(command: &impl Display, buffer: &mut Vec<u8>) {
    write!(buffer, "{command}").expect("a vector takes all");
}

fn contender(
    name: &'static str,
    line: &[u8],
    encode: impl Fn(&mut Vec<u8>) + 'static,
) -> Contender {
    let mut buffer = Vec::with_capacity(512);
    encode(&mut buffer);
    assert_eq!(buffer, line, "{name}");
    Contender::new(name, Role::Peer, move || {
        buffer.clear();
        encode(&mut buffer);
        black_box(&buffer).len()
    })
}
