//! Hostile values: the rows of `corpus/hostile/index.tsv`, and every octet at every position.

use std::path::Path;

use smtp_proto::address::{Address, AddressError, DomainError, ForwardPath, ReversePath};
use smtp_proto::hello::{Capabilities, EhloName, Extension, Extensions, ServerLimits};
use smtp_proto::parameter::{EnvelopeId, Parameter, ParameterError};
use smtp_proto::xtext::{self, Xtext};

fn corpus() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/hostile"))
}

fn file(name: &str) -> Vec<u8> {
    std::fs::read(corpus().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn text(name: &str) -> String {
    String::from_utf8(file(name)).expect("the row is UTF-8")
}

/// The rows of the index that begin with `prefix`.
fn rows(prefix: &str) -> Vec<String> {
    let index = String::from_utf8(file("index.tsv")).expect("the index is UTF-8");
    let names = index.lines().filter_map(|line| line.split('\t').next());
    names.filter(|name| name.starts_with(prefix)).map(str::to_owned).collect()
}

/// Every row of the index has a case, and every case a row.
fn assert_complete<T>(prefix: &str, cases: &[(&str, T)]) {
    let mut names: Vec<_> = cases.iter().map(|(name, _)| format!("{prefix}{name}.bin")).collect();
    let mut rows = rows(prefix);
    names.sort();
    rows.sort();
    assert_eq!(names, rows);
}

#[test]
fn hostile_addresses_are_refused_or_kept_exactly() {
    let octet = |octet, offset| Err(AddressError::Octet { octet, offset });
    let domain = |octet, offset| Err(AddressError::Domain(DomainError::Octet { octet, offset }));
    let character = |character, offset| Err(AddressError::Character { character, offset });
    let cases = [
        ("at-only", Err(AddressError::NoLocalPart)),
        ("crlf", domain(b'>', 13)),
        ("dash", Ok(())),
        ("empty", Err(AddressError::Empty)),
        ("gt", domain(b'>', 13)),
        ("ip-lit-bad", domain(b'\r', 10)),
        ("long-local", Err(AddressError::LocalPartTooLong)),
        ("ls", character('\u{2028}', 1)),
        ("nel", character('\u{85}', 1)),
        ("nul", octet(0, 1)),
        ("quoted-crlf", octet(b'\r', 2)),
        ("quoted-gt", Ok(())),
        ("route", Err(AddressError::NoLocalPart)),
        ("utf16-trunc", Ok(())),
    ];
    assert_complete("in-addr-", &cases);
    for (name, expected) in cases {
        let text = text(&format!("in-addr-{name}.bin"));
        let address = Address::parse(&text);
        assert_eq!(address.map(|_| ()), expected, "{name}");
        assert!(address.is_err() || address.is_ok_and(|a| a.as_str() == text), "{name}");
        assert_eq!(ForwardPath::parse(&text).map(|_| ()), expected, "{name}");
    }
    assert_eq!(ReversePath::parse(&text("in-addr-empty.bin")), Ok(ReversePath::Null));
    let cut = text("in-addr-utf16-trunc.bin");
    assert!(Address::parse(&cut).is_ok_and(|address| !address.is_ascii()));
}

#[test]
fn hostile_names_are_refused() {
    let octet = |octet, offset| Err(DomainError::Octet { octet, offset });
    let cases = [
        ("crlf", octet(b'\r', 6)),
        ("empty", Err(DomainError::EmptyLabel { offset: 0 })),
        ("lit-bad", octet(b'\r', 10)),
        ("long", Err(DomainError::TooLong)),
        ("nul", octet(0, 3)),
        ("space", octet(b' ', 6)),
        ("underscore", Ok(())),
        ("utf8", octet(0xC3, 1)),
    ];
    assert_complete("in-ehlo-", &cases);
    for (name, expected) in cases {
        let text = text(&format!("in-ehlo-{name}.bin"));
        assert_eq!(EhloName::parse(&text).map(|_| ()), expected, "{name}");
    }
}

#[test]
fn hostile_parameters_are_refused_or_encoded() {
    let octet = |octet, offset| Err(ParameterError::Value { octet, offset });
    let cases = [
        ("envid-plus", octet(b'=', 3)),
        ("key-space", octet(b'=', 6)),
        // 101 octets are too many for ENVID, but not for every parameter.
        ("len", Ok(())),
        ("option-lf", octet(b'\n', 8)),
        ("utf8", octet(0xC3, 0)),
    ];
    assert_complete("in-param-", &cases);
    for (name, expected) in cases {
        let text = text(&format!("in-param-{name}.bin"));
        assert_eq!(Parameter::new("X", Some(&text)).map(|_| ()), expected, "{name}");
        let mut out = vec![0; xtext::encoded_len(text.as_bytes())];
        let length = xtext::encode(text.as_bytes(), &mut out);
        assert_eq!(length, Some(out.len()));
        let encoded = core::str::from_utf8(&out).expect("xtext is ASCII");
        assert!(Parameter::new("X", Some(encoded)).is_ok(), "{name}");
        assert!(Xtext::parse(&out).is_ok_and(|xtext| xtext.decode().eq(text.bytes())), "{name}");
    }
    let envid = text("in-param-len.bin");
    assert_eq!(EnvelopeId::new(&envid), Err(ParameterError::TooLong { max: EnvelopeId::MAX }));
    assert!(Parameter::parse(&text("in-param-key-space.bin")).is_err());
    assert!(Parameter::parse(&text("in-param-option-lf.bin")).is_err());
}

/// The lines behind the first of an EHLO reply, joined by LF.
fn ehlo_lines(reply: &[u8]) -> Vec<u8> {
    let text = |line: &[u8]| line.strip_suffix(b"\r").unwrap_or(line).get(4..).map(<[u8]>::to_vec);
    let lines: Vec<_> = reply.split(|octet| *octet == b'\n').skip(1).filter_map(text).collect();
    lines.join(&b'\n')
}

#[test]
fn hostile_offers_are_read_by_their_letter() {
    type Expected<'a> = (&'a [Extension], Option<u64>);
    let none: Expected<'_> = (&[], None);
    let size = |limit| -> Expected<'_> { (&[Extension::Size], limit) };
    let cases = [
        ("1000-keywords", (&[Extension::Help][..], None)),
        ("auth-legacy-only", (&[Extension::Auth], None)),
        ("case", (&[Extension::StartTls, Extension::Auth], None)),
        ("keyword-ctl", none),
        ("limits-bad", (&[Extension::Limits], None)),
        ("pipelining-lie", (&[Extension::Pipelining], None)),
        ("size-negative", size(None)),
        ("size-overflow", size(None)),
        ("size-plus", size(None)),
        ("size-twice", size(Some(10))),
        ("size-zero", size(None)),
        ("starttls-in-greeting", (&[Extension::Help], None)),
        ("starttls-param", (&[Extension::StartTls], None)),
        ("xxxx-stripped", (&[Extension::Help], None)),
        // No answers to EHLO with 250: nothing to read, whatever the session makes of them.
        ("221", none),
        ("354", none),
        ("500", none),
        ("500-then-helo-250", none),
        ("502", none),
    ];
    assert_complete("ehlo-", &cases);
    for (name, (extensions, limit)) in cases {
        let lines = ehlo_lines(&file(&format!("ehlo-{name}.bin")));
        let offers = Capabilities::new(&lines);
        let expected: Extensions = extensions.iter().copied().collect();
        assert_eq!(offers.offered().extensions(), expected, "{name}");
        assert_eq!(offers.size_limit(), limit, "{name}");
    }
}

#[test]
fn malformed_limits_are_none() {
    let lines = ehlo_lines(&file("ehlo-limits-bad.bin"));
    assert_eq!(Capabilities::new(&lines).limits(), ServerLimits::default());
}

#[test]
fn a_legacy_auth_line_names_mechanisms() {
    let lines = ehlo_lines(&file("ehlo-auth-legacy-only.bin"));
    assert!(Capabilities::new(&lines).mechanisms().eq(["PLAIN", "LOGIN"]));
    let lines = ehlo_lines(&file("ehlo-case.bin"));
    assert!(Capabilities::new(&lines).offers_mechanism("PLAIN"));
}

#[test]
fn a_flood_of_mechanisms_is_bounded() {
    let lines: Vec<_> = (0..20_000).map(|n| format!("AUTH M{n}")).collect();
    let lines = lines.join("\n");
    assert_eq!(Capabilities::new(lines.as_bytes()).mechanisms().count(), 256);
}

/// `sample` with each octet at each position changed to each value that leaves UTF-8.
fn variants(sample: &str) -> impl Iterator<Item = (u8, String)> {
    (0..sample.len()).flat_map(move |at| {
        (0..=u8::MAX).filter_map(move |octet| {
            let mut octets = sample.as_bytes().to_vec();
            octets[at] = octet;
            Some((octet, String::from_utf8(octets).ok()?))
        })
    })
}

#[test]
fn no_octet_outside_quotes_smuggles_anything_into_an_address() {
    for sample in ["ab.c@de.f", "a@[1.2.3.4]", "a@[IPv6:::1]"] {
        for (octet, text) in variants(sample) {
            let refused =
                matches!(octet, 0..=b' ' | b'<' | b'>' | b'(' | b')' | b',' | b';' | 127..);
            assert!(!refused || Address::parse(&text).is_err(), "{text:?}");
        }
    }
}

#[test]
fn no_octet_inside_quotes_smuggles_anything_into_an_address() {
    for sample in ["\"ab\"@c", "\"a\\b\"@c"] {
        for (octet, text) in variants(sample) {
            let refused = matches!(octet, 0..=31 | 127..);
            assert!(!refused || Address::parse(&text).is_err(), "{text:?}");
        }
    }
}

#[test]
fn octets_of_a_dot_string_are_atext_and_dots() {
    for octet in 0..128_u8 {
        let text = format!("a{}b@c", char::from(octet));
        let valid = octet.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&octet);
        assert_eq!(Address::parse(&text).is_ok(), valid, "{text:?}");
    }
}

#[test]
fn octets_of_a_name_are_letters_digits_hyphens_dots_and_underscores() {
    for (octet, text) in variants("abc.def") {
        let valid = octet.is_ascii_alphanumeric() || b"-._".contains(&octet);
        assert!(valid || EhloName::parse(&text).is_err(), "{text:?}");
    }
    for octet in 0..128_u8 {
        let text = format!("a{}b", char::from(octet));
        let valid = octet.is_ascii_alphanumeric() || b"-._".contains(&octet);
        assert_eq!(EhloName::parse(&text).is_ok(), valid, "{text:?}");
    }
}

#[test]
fn octets_of_a_parameter_are_those_of_the_grammar() {
    for (octet, text) in variants("X-Y=abc") {
        let valid = matches!(octet, b'!'..=b'~');
        assert!(valid || Parameter::parse(&text).is_err(), "{text:?}");
    }
    for octet in 0..128_u8 {
        let text = char::from(octet).to_string();
        let value = matches!(octet, b'!'..=b'~') && octet != b'=';
        assert_eq!(Parameter::new("X", Some(&text)).is_ok(), value, "{text:?}");
        assert_eq!(Parameter::new(&text, None).is_ok(), octet.is_ascii_alphanumeric(), "{text:?}");
    }
}

#[test]
fn every_character_beyond_ascii_is_kept_or_refused_whole() {
    for character in ('\u{80}'..='\u{ffff}').chain(['\u{1f600}']) {
        let text = format!("a{character}b@c");
        let refused = matches!(character, '\u{80}'..='\u{9f}' | '\u{2028}' | '\u{2029}');
        let address = Address::parse(&text);
        assert_eq!(address.is_err(), refused, "{text:?}");
        assert!(refused || address.is_ok_and(|a| a.as_str() == text && !a.is_ascii()));
    }
}
