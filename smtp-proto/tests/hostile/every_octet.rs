//! Hostile values: every octet at every position. The rows of the corpus are in `hostile_corpus.rs`.

use smtp_proto::address::{Address, AddressError, ForwardPath, ReversePath};
use smtp_proto::client::AsEnvelope;
use smtp_proto::envelope::{Envelope, OwnedRecipient};
use smtp_proto::hello::{Capabilities, EhloName};
use smtp_proto::parameter::Parameter;

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
fn c85_what_the_grammar_forbids_is_taken_where_the_caller_asks_for_it() {
    let long = format!("SRS0={}@example.org", "a".repeat(200));
    for text in ["user.@docomo.example", "a..b@docomo.example", ".a@docomo.example", &long] {
        assert!(Address::parse(text).is_err(), "{text}");
        assert_eq!(Address::parse_lenient(text).map(|address| address.as_str()), Ok(text));
        let sender = ReversePath::parse_lenient(text).expect("a path");
        let recipient = OwnedRecipient::new_lenient(text).expect("a recipient");
        let mut envelope = Envelope::new_lenient(text).expect("a sender");
        envelope.push_recipient(recipient);
        assert_eq!(envelope.mail().from(), sender);
        let mut out = [0; 512];
        let length = envelope.recipient(0).and_then(|to| to.encode(&mut out)).expect("room");
        assert_eq!(&out[..length], format!("RCPT TO:<{text}>\r\n").as_bytes());
    }
    let limit = Address::MAX_LENIENT_LOCAL_PART;
    let too_long = Address::parse_lenient(&format!("{}@b", "a".repeat(limit + 1))).map(|_| ());
    assert_eq!(too_long, Err(AddressError::LocalPartTooLong { limit }));
    assert_eq!(Address::parse_lenient("a@b..c").map(|_| ()), Address::parse("a@b..c").map(|_| ()));
    assert_eq!(ReversePath::parse_lenient("<>"), Ok(ReversePath::Null));
    assert_eq!(ForwardPath::parse_lenient("postmaster"), ForwardPath::parse("postmaster"));
}

#[test]
fn no_octet_smuggles_anything_into_a_lenient_address_either() {
    for sample in ["a..b.@de.f", "\"ab\"@c", "a@[1.2.3.4]"] {
        let quoted = sample.starts_with('"');
        for (octet, text) in variants(sample) {
            let refused = matches!(octet, 0..=31 | 127..)
                || (!quoted && matches!(octet, b' ' | b'<' | b'>' | b'"' | b','));
            assert!(!refused || Address::parse_lenient(&text).is_err(), "{text:?}");
            let strict = Address::parse(&text);
            assert!(strict.is_err() || strict == Address::parse_lenient(&text), "{text:?}");
        }
    }
    for text in ["a\u{85}b@c", "a@c\u{2028}", "@a,@b:c@d", "a@b@c", "<a@b>", "a..b", "", "@"] {
        assert!(Address::parse_lenient(text).is_err(), "{text:?}");
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
