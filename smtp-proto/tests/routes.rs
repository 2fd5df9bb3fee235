//! Where mail goes: orders, loops, null MX, and what a failure means for the next host.

use proptest::{collection::vec, prelude::*};
use smtp_proto::{
    client::{End, Fate, Phase, RecipientOutcome, Refusal, When},
    hello::Extension,
    reply::{Code, Reply},
    route::{Destination, MxRecord, Next, RouteError, exchanges},
};

fn records(list: &[(u16, &str)]) -> Vec<MxRecord> {
    list.iter().map(|&(preference, name)| MxRecord::new(preference, name)).collect()
}

fn hosts(list: &[(u16, &str)], own: &str, seed: u64) -> Result<Vec<String>, RouteError> {
    let found = exchanges("example.net", records(list), |host| host == own, seed)?;
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
        let order = exchanges("d", records.clone(), |_| false, seed).expect("hosts");
        prop_assert!(order.is_sorted_by_key(MxRecord::preference));
        let (mut before, mut after) = (records.clone(), order.clone());
        before.sort();
        after.sort();
        prop_assert_eq!(before, after);
        let mut turned = records;
        let middle = turn.index(turned.len());
        turned.rotate_left(middle);
        prop_assert_eq!(exchanges("d", turned, |_| false, seed).expect("hosts"), order);
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
        match exchanges("d", records.clone(), |host| host == me.exchange(), seed) {
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
}

#[test]
fn literals_are_addresses() {
    let parsed = |text: &str| Some(Destination::Address(text.parse().ok()?));
    assert_eq!(Destination::of("[192.0.2.1]").ok(), parsed("192.0.2.1"));
    assert_eq!(Destination::of("[ipv6:2001:DB8::1]").ok(), parsed("2001:db8::1"));
    for text in ["[x:y]", "[::1]", "[IPv6:192.0.2.1]", "[192.0.2.1", "[]", "[é:é]"] {
        assert_eq!(Destination::of(text), Err(RouteError::UnknownLiteral), "{text}");
    }
    assert_eq!(Destination::of(""), Err(RouteError::NoDomain));
    assert_eq!(Destination::of("192.0.2.1"), Ok(Destination::Domain("192.0.2.1")));
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
