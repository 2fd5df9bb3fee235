//! Values on their way to the other side and back.

use arbitrary::Arbitrary;
use smtp_proto::{
    address::{Address, ForwardPath, ReversePath},
    command::{Argument, Command, Mail, Received, Recipient},
    hello::{EhloName, Extension},
    parameter::{EnvelopeId, OriginalRecipient, Parameter, Parameters, Submitter, Timestamp},
    xtext::{self, Xtext},
};
use smtp_test_support::agree::agree;

/// What is to survive.
#[derive(Arbitrary, Debug)]
#[allow(clippy::large_enum_variant, reason = "one at a time, on the stack")]
pub enum Case<'a> {
    /// A command of valid parts, with parameters of the caller's own where it has any.
    Value(Command<'a>, Vec<Parameter<'a>>),
    /// A line that a server reads.
    Line(&'a [u8]),
    /// A text that may be an address, a name or a parameter.
    Text(&'a str),
}

/// More than any command needs: its texts have 600 octets at most, three on the wire for each.
const ROOM: usize = 16 * 1024;

/// Writes and reads.
///
/// # Panics
/// When something comes back as something else, or leaves in a form that it must not have.
pub fn check(case: &Case<'_>) {
    match case {
        Case::Value(command, extra) => check_value(command, extra),
        Case::Line(line) => check_line(line),
        Case::Text(text) => check_text(text),
    }
}

fn check_value(command: &Command<'_>, extra: &[Parameter<'_>]) {
    let command = match command {
        // What is there twice is refused.
        Command::Mail(mail) => Command::Mail(mail.with_extra(extra).unwrap_or(*mail)),
        Command::Rcpt(recipient) => {
            Command::Rcpt(recipient.with_extra(extra).unwrap_or(*recipient))
        }
        other => *other,
    };
    // More parameters than a server reads.
    if extra.len() <= Parameters::MAX / 2 {
        assert_returns(&command);
    }
}

fn assert_returns(command: &Command<'_>) {
    let line = encoded(command);
    let text = assert_one_line(&line);
    let needs_utf8 = match command {
        Command::Mail(mail) => !mail.smtp_utf8(),
        Command::Rcpt(recipient) => !recipient.needs().contains(Extension::SmtpUtf8),
        Command::Help(_) => false,
        _ => !text.ends_with(" SMTPUTF8"),
    };
    assert!(line.is_ascii() || !needs_utf8, "beyond ASCII without SMTPUTF8: {text}");
    let received = Received::parse(text.as_bytes());
    let received = received.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(agree(command, &received), "{command:?} became {received:?}");
}

fn encoded(command: &Command<'_>) -> Vec<u8> {
    let mut out = vec![0; ROOM];
    let length = command.encode(&mut out).expect("the command fits");
    assert_eq!(command.encode(&mut vec![0; length - 1]), None, "all or nothing");
    out.truncate(length);
    out
}

/// One CRLF, at the end, and nothing before it that some reader takes for the end of a line.
fn assert_one_line(line: &[u8]) -> &str {
    let text = line.strip_suffix(b"\r\n").expect("a line ends with CRLF");
    let text = core::str::from_utf8(text).expect("a line is UTF-8");
    assert!(!text.chars().any(ends_line), "{text:?}");
    text
}

fn ends_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// What a server has understood, a client can say.
fn check_line(line: &[u8]) {
    let received = match Received::parse(line) {
        Ok(received) => received,
        Err(error) => return assert!(!error.to_string().chars().any(ends_line)),
    };
    match received {
        Received::Mail(mail) => {
            let others: Vec<_> = mail.others().collect();
            said_again(&Command::Mail(mail.typed().with_extra(&others).expect("no keyword twice")));
        }
        Received::Rcpt(recipient) => {
            let others: Vec<_> = recipient.others().collect();
            let typed = recipient.typed().with_extra(&others).expect("no keyword twice");
            said_again(&Command::Rcpt(typed));
        }
        Received::Ehlo(name) => assert_returns(&Command::Ehlo(name)),
        Received::Helo(name) => assert_returns(&Command::Helo(name)),
        Received::Vrfy(text) => assert_returns(&Command::Vrfy(text)),
        Received::Expn(text) => assert_returns(&Command::Expn(text)),
        Received::Help(text) => assert_returns(&Command::Help(text)),
        Received::Auth(auth) => assert_returns(&Command::Auth(auth)),
        Received::Bdat { size, last } => assert_returns(&Command::Bdat { size, last }),
        _ => {}
    }
}

/// A server may have read what stands beyond ASCII without SMTPUTF8; it is not for it to say so.
fn said_again(command: &Command<'_>) {
    let mut out = vec![0; 8 * ROOM];
    let Some(length) = command.encode(&mut out) else { return };
    let text = assert_one_line(&out[..length]);
    let received = Received::parse(text.as_bytes());
    let received = received.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(agree(command, &received), "{command:?} became {received:?}");
}

fn check_text(text: &str) {
    check_address(text);
    check_names(text);
    check_parameters(text);
    let mut coded = vec![0; 3 * text.len()];
    let length = xtext::encode(text.as_bytes(), &mut coded).expect("three for one");
    assert_eq!(length, xtext::encoded_len(text.as_bytes()));
    let decoded = Xtext::parse(&coded[..length]).expect("it was encoded").decode();
    assert!(decoded.eq(text.bytes()));
    if let Ok(plain) = Xtext::parse(text.as_bytes()) {
        assert!(plain.decode().count() <= text.len());
    }
}

fn check_address(text: &str) {
    let Ok(address) = Address::parse(text) else {
        assert!(ForwardPath::parse(text).is_err() || text.eq_ignore_ascii_case("postmaster"));
        return assert!(ReversePath::parse(text).is_err() || matches!(text, "" | "<>"));
    };
    assert_eq!(format!("{}@{}", address.local_part(), address.domain()), text);
    assert!(address.local_part().len() <= Address::MAX_LOCAL_PART);
    assert!(address.domain().len() <= Address::MAX_DOMAIN);
    assert!(!text.chars().any(ends_line));
    let quoted = text.starts_with('"');
    assert!(quoted || !text.contains([' ', '<', '>', '"']), "what ends a path, outside quotes");
    assert_returns(&Command::Mail(Mail::new(address.into())));
    assert_returns(&Command::Rcpt(Recipient::new(address.into())));
    if let Ok(original) = OriginalRecipient::of(address) {
        assert!(original.octets().eq(text.bytes()));
        assert_returns(&Command::Rcpt(Recipient::new(address.into()).with_orcpt(original)));
    }
    if let Ok(submitter) = Submitter::mailbox(address) {
        assert!(submitter.octets().eq(text.bytes()));
        assert_returns(&Command::Mail(Mail::new(ReversePath::Null).with_auth(submitter)));
    }
}

fn check_names(text: &str) {
    if let Ok(name) = EhloName::parse(text) {
        assert_eq!((name.as_str(), text.is_ascii()), (text, true));
        assert!(text.len() <= EhloName::MAX);
        [Command::Ehlo(name), Command::Helo(name), Command::Lhlo(name)]
            .iter()
            .for_each(assert_returns);
    }
    if let Ok(argument) = Argument::new(text) {
        assert_eq!(argument.as_str(), text);
        let commands = [Command::Vrfy(argument), Command::Expn(argument)];
        commands.iter().for_each(assert_returns);
        assert_returns(&Command::Help(Some(argument)));
    }
}

fn check_parameters(text: &str) {
    if let Ok(parameter) = Parameter::parse(text) {
        assert_eq!(parameter.to_string(), text);
        assert!(text.bytes().all(|octet| octet.is_ascii_graphic()));
        let extra = [parameter];
        if let Ok(mail) = Mail::new(ReversePath::Null).with_extra(&extra) {
            assert_returns(&Command::Mail(mail));
        }
    }
    if let Ok(parameters) = Parameters::parse(text) {
        assert!(parameters.iter().count() <= Parameters::MAX);
    }
    if let Ok(envid) = EnvelopeId::new(text) {
        assert!(envid.octets().eq(text.bytes()));
        assert_returns(&Command::Mail(Mail::new(ReversePath::Null).with_envid(envid)));
    }
    if let Some(time) = Timestamp::parse(text) {
        assert_eq!(Timestamp::parse(&time.to_string()), Some(time));
    }
}
