//! D10 and D22: what needs an extension leaves only where it is offered.

use proptest::prelude::*;
use smtp_proto::{client::Refusal, hello::Extension};

use smtp_test_support::session::{Session, envelope, plain_config};

const OFFERS: [&str; 4] = ["PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE"];

fn offered(set: [bool; 4]) -> String {
    let names = OFFERS.iter().zip(set).filter(|(_, offered)| *offered);
    names.map(|(name, _)| *name).collect::<Vec<_>>().join(" ")
}

/// A session whose server takes whatever it hears.
fn deaf(offers: [bool; 4]) -> Session {
    let mut session = Session::open(plain_config(), &offered(offers));
    session.peer.deaf = true;
    session
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn d10_what_is_beyond_ascii_leaves_under_smtputf8_only(offers: [bool; 4], from in "[a-zäé日]{1,8}", to in "[a-zäé日]{1,8}") {
        let mut session = deaf(offers);
        let envelope = envelope(&format!("{from}@example.org"), &[&format!("{to}@example.net")]);
        let needed = !(from.is_ascii() && to.is_ascii());
        let begun = session.client.begin(&envelope);
        prop_assert_eq!(begun.is_ok(), offers[2] || !needed, "{:?}", begun);
        session.pump();
        let heard = String::from_utf8(session.peer.heard.clone()).unwrap();
        prop_assert!(heard.is_ascii() || heard.contains(" SMTPUTF8\r\n"));
        prop_assert_eq!(heard.contains(" SMTPUTF8"), needed && offers[2]);
    }

    #[test]
    fn d22_content_of_8_bits_leaves_under_8bitmime_or_smtputf8_only(offers: [bool; 4], content in prop::collection::vec(1_u8.., 1..20)) {
        let mut session = deaf(offers);
        session.client.begin(&envelope("a@b", &["c@d"])).unwrap();
        session.pump();
        session.hear(b"250 ok\r\n");
        let rest: &[&[u8]] = if offers[0] { &[b"250 ok\r\n354 go\r\n"] } else { &[b"250 ok\r\n", b"354 go\r\n"] };
        for replies in rest {
            session.hear(replies);
        }
        let before = session.peer.heard.len();
        let sent = session.client.content(&content).and_then(|_| session.client.content(b"\r\n"));
        session.pump();
        let left = &session.peer.heard[before..];
        prop_assert!(offers[1] || left.is_ascii(), "{:?}", left);
        if !content.is_ascii() && !offers[1] {
            let at_octet = matches!(sent, Ok(_) | Err(Refusal::Content(_)));
            prop_assert!(at_octet && session.client.finish().is_err(), "{:?}", sent);
        }
    }

    #[test]
    fn d22_an_extension_that_is_masked_is_not_offered(offers: [bool; 4]) {
        let mask = [Extension::EightBitMime, Extension::SmtpUtf8].into_iter().collect();
        let session = Session::open(plain_config().with_mask(mask), &offered(offers));
        prop_assert!(!session.client.capabilities().offers(Extension::SmtpUtf8));
    }
}
