//! What a caller hands in: addresses, names, parameters, passwords.

use smtp_proto::{
    address::{Address, AddressError, DomainError, ForwardPath, ReversePath},
    client::Refusal,
    envelope::Envelope,
    hello::{EhloName, Extension},
    parameter::{EnvelopeId, Parameter, ParameterError},
    sasl::{Login, Plain},
    xtext::{self, Xtext},
};

use super::{Row, Taken};
use smtp_test_support::session::{Session, plain_config};

const fn taken(accepted: bool) -> Taken {
    if accepted { Taken::Accepted } else { Taken::Refused }
}

pub fn address(row: &Row) -> Taken {
    let octet = |octet, offset| Err(AddressError::Octet { octet, offset });
    let domain = |octet, offset| Err(AddressError::Domain(DomainError::Octet { octet, offset }));
    let character = |character, offset| Err(AddressError::Character { character, offset });
    let expected = match row.name.as_str() {
        "in-addr-dash" | "in-addr-quoted-gt" | "in-addr-utf16-trunc" => Ok(()),
        "in-addr-at-only" | "in-addr-route" => Err(AddressError::NoLocalPart),
        "in-addr-crlf" | "in-addr-gt" => domain(b'>', 13),
        "in-addr-empty" => Err(AddressError::Empty),
        "in-addr-ip-lit-bad" => domain(b'\r', 10),
        "in-addr-long-local" => Err(AddressError::LocalPartTooLong { limit: 64 }),
        "in-addr-ls" => character('\u{2028}', 1),
        "in-addr-nel" => character('\u{85}', 1),
        "in-addr-nul" => octet(0, 1),
        "in-addr-quoted-crlf" => octet(b'\r', 2),
        _ => row.unknown(),
    };
    let address = Address::parse(row.text());
    assert_eq!(address.map(|_| ()), expected, "{}", row.name);
    assert!(address.is_err() || address.is_ok_and(|a| a.as_str() == row.text()), "{}", row.name);
    assert_eq!(ForwardPath::parse(row.text()).map(|_| ()), expected, "{}", row.name);
    let envelope = Envelope::new("alice@example.org").unwrap().to(row.text());
    assert_eq!(envelope.is_ok(), expected.is_ok(), "{}", row.name);
    if let Ok(envelope) = envelope {
        assert_one_recipient(row, &envelope);
    }
    // No recipient, but a sender: the null reverse path.
    let is_sender = ReversePath::parse(row.text()) == Ok(ReversePath::Null);
    assert_eq!(is_sender, row.name == "in-addr-empty");
    taken(expected.is_ok() || is_sender)
}

/// The address leaves octet for octet, in one command; beyond ASCII it does not leave at all where
/// SMTPUTF8 is not offered.
fn assert_one_recipient(row: &Row, envelope: &Envelope) {
    let mut session = Session::open(plain_config(), "PIPELINING");
    let begun = session.client.begin(envelope);
    if !row.octets.is_ascii() {
        assert_eq!(begun, Err(Refusal::NotOffered(Extension::SmtpUtf8)), "{}", row.name);
        assert_eq!(session.client.transmit(), b"", "{}", row.name);
        session = Session::open(plain_config(), "PIPELINING SMTPUTF8 8BITMIME");
        session.client.begin(envelope).unwrap();
    }
    let sent = String::from_utf8(session.client.transmit().to_vec()).unwrap();
    let lines: Vec<_> = sent.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 3, "{}: {sent}", row.name);
    assert_eq!(lines[1], format!("RCPT TO:<{}>", row.text()), "{}", row.name);
}

pub fn name(row: &Row) -> Taken {
    let octet = |octet, offset| Err(DomainError::Octet { octet, offset });
    let expected = match row.name.as_str() {
        "in-ehlo-crlf" => octet(b'\r', 6),
        "in-ehlo-empty" => Err(DomainError::EmptyLabel { offset: 0 }),
        "in-ehlo-lit-bad" => octet(b'\r', 10),
        "in-ehlo-long" => Err(DomainError::TooLong),
        "in-ehlo-nul" => octet(0, 3),
        "in-ehlo-space" => octet(b' ', 6),
        "in-ehlo-underscore" => Ok(()),
        "in-ehlo-utf8" => octet(0xC3, 1),
        _ => row.unknown(),
    };
    assert_eq!(EhloName::parse(row.text()).map(|_| ()), expected, "{}", row.name);
    taken(expected.is_ok())
}

/// A value is refused as it is, and comes back whole where the grammar encodes it.
pub fn parameter(row: &Row) -> Taken {
    let octet = |octet, offset| Err(ParameterError::Value { octet, offset });
    let text = row.text();
    let expected = match row.name.as_str() {
        "in-param-envid-plus" => octet(b'=', 3),
        "in-param-key-space" => octet(b'=', 6),
        "in-param-option-lf" => octet(b'\n', 8),
        "in-param-utf8" => octet(0xC3, 0),
        // 101 octets are too many for ENVID, but not for every parameter.
        "in-param-len" => Ok(()),
        _ => row.unknown(),
    };
    assert_eq!(Parameter::new("X", Some(text)).map(|_| ()), expected, "{}", row.name);
    let mut out = vec![0; xtext::encoded_len(text.as_bytes())];
    assert_eq!(xtext::encode(text.as_bytes(), &mut out), Some(out.len()));
    let encoded = std::str::from_utf8(&out).expect("xtext is ASCII");
    assert!(Parameter::new("X", Some(encoded)).is_ok(), "{}", row.name);
    assert!(Xtext::parse(&out).is_ok_and(|xtext| xtext.decode().eq(text.bytes())), "{}", row.name);
    match row.name.as_str() {
        "in-param-len" => {
            let too_long = Err(ParameterError::TooLong { max: EnvelopeId::MAX });
            assert_eq!(EnvelopeId::new(text).map(|_| ()), too_long);
        }
        // What would be two parameters, or two lines, is not one.
        "in-param-key-space" | "in-param-option-lf" => {
            assert!(Parameter::parse(text).is_err(), "{}", row.name);
        }
        _ => {}
    }
    Taken::Refused
}

/// Whatever a password holds, it leaves in base64: one line, no octet of it as it was.
pub fn password(row: &Row) -> Taken {
    let config = plain_config().with_plaintext_auth(true);
    let mut session = Session::open(config, "AUTH_PLAIN");
    session.client.authenticate(&mut Plain::new("u", row.text())).unwrap();
    assert_base64_line(row, session.client.transmit());

    let mut session = Session::open(config, "AUTH_LOGIN").then("C: AUTH LOGIN\nS: 334\nC: dQ==");
    let mut login = Login::new("u", row.text());
    session.authenticate(&mut login);
    session.hear(b"334\r\n");
    session.client.authenticate(&mut login).unwrap();
    assert_base64_line(row, session.client.transmit());
    Taken::Accepted
}

fn assert_base64_line(row: &Row, line: &[u8]) {
    let text = line.strip_suffix(b"\r\n").expect("a whole line");
    let text = text.strip_prefix(b"AUTH PLAIN ").unwrap_or(text);
    assert!(text.len() > row.octets.len());
    let is_base64 = |octet: &u8| octet.is_ascii_alphanumeric() || b"+/=".contains(octet);
    assert!(text.iter().all(is_base64), "{}: {}", row.name, line.escape_ascii());
}
