//! Where mail goes: orders, loops, null MX, and what a failure means for the next host.

use proptest::{collection::vec, prelude::*};
use smtp_proto::{
    address::DomainName,
    client::{End, Fate, Phase, RecipientOutcome, Refusal, When},
    envelope::Envelope,
    hello::Extension,
    reply::{Code, Reply},
    route::{Destination, MxRecord, Next, RouteError, exchanges, is_local},
};

fn name(text: &str) -> DomainName {
    DomainName::new(text).expect("a name")
}

fn records(list: &[(u16, &str)]) -> Vec<MxRecord> {
    list.iter().map(|&(preference, name)| MxRecord::new(preference, name)).collect()
}

fn hosts(list: &[(u16, &str)], own: &str, seed: u64) -> Result<Vec<String>, RouteError> {
    let own = DomainName::new(own).ok();
    let is_own = |host: &DomainName| Some(host) == own.as_ref();
    let found = exchanges(&name("example.net"), records(list), is_own, seed)?;
    Ok(found.iter().map(|record| record.exchange().to_owned()).collect())
}

#[test]
fn a_domain_without_mx_is_its_own_host() {
    assert_eq!(hosts(&[], "", 0), Ok(vec!["example.net".to_owned()]));
}

#[test]
fn a_domain_without_mx_that_is_myself_is_a_loop() {
    assert_eq!(hosts(&[], "example.net", 0), Err(RouteError::MailLoop));
}

#[test]
fn null_mx_is_a_single_root_with_preference_0() {
    assert_eq!(hosts(&[(0, ".")], "", 0), Err(RouteError::NullMx));
    assert_eq!(hosts(&[(10, ".")], "", 0), Err(RouteError::NoUsableMx));
    assert_eq!(hosts(&[(0, "."), (10, "mx.")], "", 0), Ok(vec!["mx".to_owned()]));
}

#[test]
fn hosts_preferred_like_myself_or_less_are_left_out() {
    let list = [(10, "a."), (20, "ME."), (20, "b."), (30, "c.")];
    assert_eq!(hosts(&list, "me", 0), Ok(vec!["a".to_owned()]));
    assert_eq!(hosts(&list, "a", 0), Err(RouteError::MailLoop));
    // Named twice, the better place counts.
    assert_eq!(hosts(&[(10, "me"), (20, "b"), (30, "me")], "me", 0), Err(RouteError::MailLoop));
}

#[test]
fn a_host_named_twice_is_tried_once_at_its_better_place() {
    let list = [(30, "a."), (20, "b."), (10, "A.")];
    assert_eq!(hosts(&list, "", 0), Ok(vec!["a".to_owned(), "b".to_owned()]));
}

#[test]
fn equal_preferences_are_spread_by_the_seed() {
    let list = [(10, "a"), (10, "b"), (10, "c")];
    let mut first = [0; 3];
    for seed in 0..300 {
        let order = hosts(&list, "", seed).expect("hosts");
        let best = list.iter().position(|(_, name)| *name == order[0]).expect("one of them");
        first[best] += 1;
    }
    assert!(first.iter().all(|&count| count > 60), "{first:?}");
}

proptest! {
    #[test]
    fn the_order_is_ascending_and_a_permutation_that_the_seed_decides(
        preferences in vec(0_u16..4, 1..30),
        seed: u64,
        turn: prop::sample::Index,
    ) {
        let named = |(at, &preference)| MxRecord::new(preference, &format!("mx{at}.example."));
        let records: Vec<_> = preferences.iter().enumerate().map(named).collect();
        let order = exchanges(&name("d"), records.clone(), |_| false, seed).expect("hosts");
        prop_assert!(order.is_sorted_by_key(MxRecord::preference));
        let (mut before, mut after) = (records.clone(), order.clone());
        before.sort();
        after.sort();
        prop_assert_eq!(before, after);
        let mut turned = records;
        let middle = turn.index(turned.len());
        turned.rotate_left(middle);
        prop_assert_eq!(exchanges(&name("d"), turned, |_| false, seed).expect("hosts"), order);
    }

    #[test]
    fn nothing_left_is_preferred_like_myself_or_less(
        preferences in vec(0_u16..6, 1..30),
        own: prop::sample::Index,
        seed: u64,
    ) {
        let named = |(at, &preference)| MxRecord::new(preference, &format!("mx{at}"));
        let records: Vec<_> = preferences.iter().enumerate().map(named).collect();
        let me = &records[own.index(records.len())];
        let better = records.iter().filter(|record| record.preference() < me.preference()).count();
        match exchanges(&name("d"), records.clone(), |host| Some(host) == me.host(), seed) {
            Ok(left) => {
                prop_assert_eq!(left.len(), better);
                prop_assert!(left.iter().all(|record| record.preference() < me.preference()));
            }
            Err(error) => prop_assert_eq!((error, better), (RouteError::MailLoop, 0)),
        }
    }

    #[test]
    fn no_text_is_taken_for_an_address_that_it_is_not(text in ".{0,20}") {
        if let Ok(Destination::Address(address)) = Destination::of(&text) {
            prop_assert!(text.contains(&address.to_string()) || address.is_ipv6());
        }
    }

    /// D37: whoever compares names compares one form of them.
    #[test]
    #[cfg(feature = "idna")]
    fn d37_every_spelling_of_a_domain_is_one_domain(
        (plain, spelled) in labels().prop_flat_map(|labels| (Just(a_labels(&labels)), spelling(labels))),
        seed: u64,
    ) {
        let one = name(&plain);
        prop_assert_eq!(one.as_str(), &plain);
        prop_assert_eq!(&name(&spelled), &one);
        let destination = Destination::of(&spelled);
        prop_assert_eq!(&destination, &Ok(Destination::Domain(one.clone())));
        prop_assert_eq!(&destination, &Destination::of(&plain));
        // Records, and who is myself among them.
        let records = records(&[(10, &spelled), (20, "other.example"), (5, &plain)]);
        let is_own = |host: &DomainName| *host == one;
        let order = exchanges(&name("d"), records, |_| false, seed).expect("hosts");
        prop_assert_eq!(order.iter().map(MxRecord::exchange).collect::<Vec<_>>(), [&plain, "other.example"]);
        prop_assert_eq!(exchanges(&name("d"), order, is_own, seed), Err(RouteError::MailLoop));
        // Groups of recipients.
        let mailbox = format!("b@{spelled}");
        if smtp_proto::address::Address::parse(&mailbox).is_ok() {
            let envelope = Envelope::new("").and_then(|envelope| envelope.to(&mailbox));
            let envelope = envelope.and_then(|envelope| envelope.to(&format!("b@{plain}")));
            prop_assert_eq!(envelope.expect("addresses").by_domain(), [(plain, vec![0, 1])]);
        }
    }
}

/// Labels in small letters: some beyond ASCII, some with `_`, some that begin with `xn--` and mean
/// nothing, as long as all are ASCII.
#[cfg(feature = "idna")]
fn labels() -> impl Strategy<Value = Vec<String>> {
    let ascii = prop_oneof![
        "[a-z][a-z0-9]{0,8}",
        Just("my_host".to_owned()),
        Just("_x".to_owned()),
        Just("r3---s".to_owned()),
    ];
    let unicode = prop_oneof![Just("bücher"), Just("пример"), Just("例え"), Just("straße")];
    let any = prop_oneof![2 => ascii.clone(), 1 => unicode.prop_map(str::to_owned)];
    let odd = prop_oneof![2 => ascii, 1 => Just("xn--a".to_owned()), 1 => Just("xn--0".to_owned())];
    prop_oneof![vec(any, 1..5), vec(odd, 1..5)]
}

/// What is to come of them.
#[cfg(feature = "idna")]
fn a_labels(labels: &[String]) -> String {
    let known = [
        ("bücher", "xn--bcher-kva"),
        ("пример", "xn--e1afmkfd"),
        ("例え", "xn--r8jz45g"),
        ("straße", "xn--strae-oqa"),
    ];
    let one = |label: &String| {
        let found = known.iter().find(|(unicode, _)| unicode == label);
        found.map_or(label.clone(), |(_, ascii)| (*ascii).to_owned())
    };
    labels.iter().map(one).collect::<Vec<_>>().join(".")
}

/// A spelling of the name that the labels make: capitals, letters of full width, characters that count
/// for nothing, all kinds of dots, and a dot at the end.
#[cfg(feature = "idna")]
fn spelling(labels: Vec<String>) -> impl Strategy<Value = String> {
    // What a name with an odd label is written with beyond ASCII has no A-labels.
    let odd = labels.iter().any(|label| label.starts_with("xn--"));
    let length = labels.iter().map(|label| label.chars().count() + 1).sum::<usize>();
    vec((0..8_u8, 0..4_usize), length).prop_map(move |choices| {
        let mut choices = choices.into_iter();
        let mut text = String::new();
        for label in &labels {
            for character in label.chars() {
                let (choice, _) = choices.next().expect("one for each");
                match (choice, odd) {
                    (0 | 1, _) => text.push(character.to_ascii_uppercase()),
                    (2, false) => text.push(full_width(character)),
                    (3, false) => text.extend([character, '\u{ad}']),
                    (4, false) => text.extend(['\u{200b}', character]),
                    (5, false) => {
                        text.extend(character.to_uppercase().filter(|_| character != 'ß'));
                    }
                    _ => text.push(character),
                }
                if choice == 5 && !odd && character == 'ß' {
                    text.push('\u{1e9e}');
                }
            }
            let (_, dot) = choices.next().expect("one for each");
            text.push(if odd { '.' } else { ['.', '\u{3002}', '\u{ff0e}', '\u{ff61}'][dot] });
        }
        if choices.next().is_none() && text.len() % 2 == 0 {
            text.pop();
        }
        text
    })
}

#[cfg(feature = "idna")]
fn full_width(character: char) -> char {
    match character {
        '!'..='~' => char::from_u32(u32::from(character) - 0x21 + 0xFF01).unwrap_or(character),
        other => other,
    }
}

#[test]
#[cfg(not(feature = "idna"))]
fn without_idna_a_name_beyond_ascii_is_refused_for_now() {
    let error = Destination::of("partner\u{3002}example").expect_err("no name");
    assert_eq!((error, error.retry()), (RouteError::UnusableName, When::Later));
}

#[test]
fn d37_every_spelling_of_an_address_is_one_address() {
    let envelope = [
        "b@[IPv6:2001:DB8::1]",
        "b@[192.0.2.1]",
        "b@[ipv6:2001:db8:0:0::1]",
        "b@[IPv6:::ffff:192.0.2.1]",
        "b@[ipv6:::FFFF:C000:201]",
    ];
    let envelope = envelope.iter().try_fold(Envelope::new("").expect("null"), |e, to| e.to(to));
    let groups = envelope.expect("addresses").by_domain();
    let one = |text: &str, places: &[usize]| (text.to_owned(), places.to_vec());
    assert_eq!(groups, [one("[ipv6:2001:db8::1]", &[0, 2]), one("[192.0.2.1]", &[1, 3, 4])]);
}

#[test]
fn addresses_of_this_machine_are_known_in_every_form() {
    let address = |text: &str| text.parse().expect("an address");
    for local in ["127.0.0.1", "127.0.0.2", "127.255.255.255", "::1", "::ffff:127.0.0.1"] {
        assert!(is_local(address(local)), "{local}");
    }
    for local in ["0.0.0.0", "::", "::ffff:0.0.0.0", "::ffff:7f12:1"] {
        assert!(is_local(address(local)), "{local}");
    }
    for other in ["192.0.2.1", "128.0.0.1", "::2", "::ffff:192.0.2.1", "fe80::1", "0.0.0.1"] {
        assert!(!is_local(address(other)), "{other}");
    }
}

#[test]
fn what_an_odd_record_names_is_for_now() {
    assert_eq!(hosts(&[(10, "a b.example")], "", 0), Err(RouteError::UnusableName));
    assert_eq!(hosts(&[(0, "."), (10, "a\\.b.")], "", 0), Err(RouteError::UnusableName));
    assert_eq!(hosts(&[(5, "a b."), (10, "MX_1.")], "", 0), Ok(vec!["mx_1".to_owned()]));
    assert_eq!(RouteError::UnusableName.retry(), When::Later);
    assert_eq!(Destination::of(&"a".repeat(64)), Err(RouteError::UnusableName));
}

#[test]
fn literals_are_addresses() {
    let parsed = |text: &str| Some(Destination::Address(text.parse().ok()?));
    assert_eq!(Destination::of("[192.0.2.1]").ok(), parsed("192.0.2.1"));
    assert_eq!(Destination::of("[IPv6:::ffff:192.0.2.1]").ok(), parsed("192.0.2.1"));
    assert_eq!(Destination::of("[ipv6:2001:DB8::1]").ok(), parsed("2001:db8::1"));
    for text in ["[x:y]", "[::1]", "[IPv6:192.0.2.1]", "[192.0.2.1", "[]", "[é:é]"] {
        assert_eq!(Destination::of(text), Err(RouteError::UnknownLiteral), "{text}");
    }
    assert_eq!(Destination::of(""), Err(RouteError::NoDomain));
    assert_eq!(Destination::of("192.0.2.1"), Ok(Destination::Domain(name("192.0.2.1"))));
}

#[test]
fn the_status_codes_are_those_of_the_rfcs() {
    let code = |error: RouteError| error.enhanced().map(|code| code.to_string());
    for (error, expected, retry) in [
        (RouteError::NullMx, "5.1.10", When::Never),
        (RouteError::MailLoop, "5.4.6", When::Never),
        (RouteError::NoSuchDomain, "5.1.2", When::Never),
        (RouteError::NoAddress, "5.4.4", When::Never),
        (RouteError::DnsFailure, "4.4.3", When::Later),
        (RouteError::LocalAddress, "5.4.6", When::Never),
        (RouteError::UnauthenticatedMx, "5.7.30", When::Never),
        (RouteError::UnusableName, "4.4.4", When::Later),
        (RouteError::NoHostSoFar, "4.4.4", When::Later),
    ] {
        assert_eq!(code(error).as_deref(), Some(expected));
        assert_eq!(error.retry(), retry);
    }
}

fn after(fate: Fate, text: Option<&str>) -> Next {
    let reply = text.map(|text| Reply::parse(text.as_bytes()).expect("a reply").expect("whole").0);
    Next::after_outcome(&RecipientOutcome { fate, phase: Phase::Rcpt, reply })
}

#[test]
fn the_next_host_is_for_a_host_that_failed() {
    assert_eq!(after(Fate::NotAttempted(When::Later), None), Next::Host);
    assert_eq!(after(Fate::Deferred(When::Later), Some("421 Closing\r\n")), Next::Host);
    assert_eq!(Next::after_end(End::Lost(Phase::Greeting)), Next::Host);
    let code = Code::new(554).expect("a code");
    assert_eq!(Next::after_end(End::Refused { phase: Phase::Greeting, code }), Next::Host);
    assert_eq!(Next::after_refusal(Refusal::NotOffered(Extension::RequireTls)), Next::Host);
    assert_eq!(Next::after_refusal(Refusal::TooManyTransactions { limit: 1 }), Next::Host);
}

#[test]
fn what_is_said_of_a_recipient_or_a_message_is_not_asked_again() {
    assert_eq!(after(Fate::Accepted, Some("250 Ok\r\n")), Next::Nothing);
    assert_eq!(after(Fate::Rejected, Some("550 No\r\n")), Next::Nothing);
    assert_eq!(after(Fate::Deferred(When::Later), Some("450 Later\r\n")), Next::Nothing);
    assert_eq!(after(Fate::Unknown, None), Next::Nothing);
    assert_eq!(after(Fate::NotAttempted(When::Never), None), Next::Nothing, "its content");
    assert_eq!(Next::after_refusal(Refusal::MessageTooLarge { size: 2, limit: 1 }), Next::Nothing);
}
