//! D12, D14 to D18: TLS and AUTH, whatever the server does.

use proptest::{collection::vec, prelude::*, sample::subsequence};
use smtp_proto::{
    client::{Authentication, End, PeerError, Refusal, TlsPolicy, Wants},
    hello::Extension,
    sasl::{Login, Mechanism, Plain, XOAuth2},
};

use smtp_test_support::session::{Session, plain_config};

/// A line for each, together.
fn each<T>(items: &[T], line: impl Fn(&T) -> String) -> String {
    items.iter().map(line).collect::<Vec<_>>().concat()
}

/// Up to the 220 to STARTTLS.
fn before_tls(offers: &[&str]) -> Session {
    let offers = each(offers, |offer| format!("S: 250-{offer}\n"));
    let script = format!(
        "S: 220 mx\nC: EHLO client.example\nS: 250-mx\n{offers}S: 250 STARTTLS\nC: STARTTLS"
    );
    let mut session = Session::new(plain_config().with_tls(TlsPolicy::Required), &script);
    assert_eq!(session.pump(), Wants::Read);
    session
}

const EXTENSIONS: [(&str, Extension); 5] = [
    ("PIPELINING", Extension::Pipelining),
    ("AUTH PLAIN", Extension::Auth),
    ("8BITMIME", Extension::EightBitMime),
    ("CHUNKING", Extension::Chunking),
    ("DSN", Extension::Dsn),
];

fn some_extensions() -> impl Strategy<Value = Vec<(&'static str, Extension)>> {
    subsequence(EXTENSIONS.to_vec(), 0..=EXTENSIONS.len())
}

const MECHANISMS: [&str; 3] = ["PLAIN", "LOGIN", "XOAUTH2"];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn d12_any_octet_behind_the_220_ends_the_session(octets in vec(any::<u8>(), 1..20), cut in 0_usize..20) {
        let mut session = before_tls(&[]);
        let before = session.peer.heard.len();
        let stream = [b"220 go\r\n", &octets[..]].concat();
        let (first, second) = stream.split_at((8 + cut).min(stream.len()));
        session.hear(first);
        session.hear(second);
        prop_assert_eq!(session.client.wants(), Wants::Nothing);
        prop_assert_eq!(session.end(), Some(End::Peer(PeerError::PlaintextBehindStartTls)));
        prop_assert!(session.client.tls_established().is_err());
        prop_assert_eq!(session.peer.heard.len(), before);
    }

    #[test]
    fn d14_offers_inside_tls_are_those_of_the_ehlo_inside(outside in some_extensions(), inside in some_extensions()) {
        let names: Vec<_> = outside.iter().map(|(name, _)| *name).collect();
        let mut session = before_tls(&names).then("S: 220 go");
        prop_assert_eq!(session.pump(), Wants::Tls);
        session.client.tls_established().unwrap();
        let lines = each(&inside, |(name, _)| format!("S: 250-{name}\n"));
        session.peer.extend(&format!("C: EHLO client.example\nS: 250-mx\n{lines}S: 250 HELP"));
        prop_assert_eq!(session.pump(), Wants::Command);
        for pair in EXTENSIONS {
            prop_assert_eq!(session.client.capabilities().offers(pair.1), inside.contains(&pair), "{}", pair.0);
        }
    }

    #[test]
    fn d15_no_credential_leaves_in_the_clear_unasked(offers in subsequence(MECHANISMS.to_vec(), 1..=3), which in 0_usize..3) {
        let mut session = Session::open(plain_config(), &format!("AUTH_{}", offers.join("_")));
        let before = session.peer.heard.len();
        let (mut plain, mut login, mut token) = (Plain::new("u", "p"), Login::new("u", "p"), XOAuth2::new("u", "t"));
        let list: [&mut dyn Mechanism; 3] = [&mut plain, &mut login, &mut token];
        let mechanism = list.into_iter().nth(which).unwrap();
        let offered = offers.contains(&mechanism.name());
        let refused = session.client.authenticate(&mut [mechanism][..]);
        prop_assert!(!offered || refused == Err(Refusal::PlaintextAuth), "{:?}", refused);
        prop_assert!(refused.is_err());
        session.pump();
        prop_assert_eq!(session.peer.heard.len(), before);
    }

    /// 504 and 534 lead to the next of the list that is offered, 535 to none.
    #[test]
    fn d16_the_first_of_the_callers_list_and_none_weaker_behind_bad_credentials(
        offers in subsequence(MECHANISMS.to_vec(), 1..=3),
        order in Just(MECHANISMS.to_vec()).prop_shuffle(),
        refusal in prop_oneof![Just(504), Just(534), Just(535)],
    ) {
        let expected: Vec<_> = order.iter().filter(|name| offers.contains(name)).collect();
        let tried = if refusal == 535 { &expected[..1] } else { &expected[..] };
        let said = each(tried, |name| format!("C? AUTH {name}\nS: {refusal} no\n"));
        let config = plain_config().with_plaintext_auth(true);
        let mut session = Session::open(config, &format!("AUTH_{}", offers.join("_"))).then(&said);
        let (mut plain, mut login, mut token) = (Plain::new("u", "p"), Login::new("u", "p"), XOAuth2::new("u", "t"));
        let mut list: Vec<&mut dyn Mechanism> = vec![&mut plain, &mut login, &mut token];
        list.sort_by_key(|mechanism| order.iter().position(|name| *name == mechanism.name()));
        prop_assert_eq!(session.authenticate(&mut list[..]), Wants::Command);
        prop_assert!(session.peer.is_done(), "{:?}", session.peer);
        let refused = matches!(session.client.authentication(), Authentication::Refused { .. });
        prop_assert!(refused);
    }

    #[test]
    fn d18_challenges_without_end_are_cancelled(challenges in vec("[ -~]{0,12}", 1..30)) {
        let config = plain_config().with_plaintext_auth(true);
        let mut session = Session::open(config, "AUTH_LOGIN");
        session.peer.deaf = true;
        let mut login = Login::new("user", "password");
        session.authenticate(&mut login);
        let before = session.peer.heard.len();
        for challenge in &challenges {
            session.hear(format!("334 {challenge}\r\n").as_bytes());
            session.authenticate_further(&mut login);
        }
        let text = String::from_utf8(session.peer.heard[before..].to_vec()).unwrap();
        let mut answers = text.lines();
        let expected = ["dXNlcg==", "cGFzc3dvcmQ=", "*"];
        prop_assert!(answers.by_ref().zip(expected).all(|(answer, expected)| answer == expected), "{:?}", text);
        prop_assert_eq!(answers.next(), None, "{:?}", text);
    }
}

#[cfg(feature = "scram")]
mod scram {
    use proptest::prelude::*;
    use smtp_proto::sasl::{Challenge, Mechanism, Nonce, Response, ScramSha1};

    /// Whether the mechanism goes on behind this first message of a server's.
    fn goes_on(message: &str) -> bool {
        let mut scram = ScramSha1::new("user", "pencil", Nonce::new("abcdefgh").unwrap());
        let mut answer = |challenge: Option<&[u8]>| {
            let mut output = [0; 1024];
            let answered =
                scram.respond(Challenge::new(challenge), &mut Response::new(&mut output));
            answered.is_ok()
        };
        assert!(answer(Some(b"")));
        answer(Some(message.as_bytes()))
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]

        #[test]
        fn d17_iterations_are_in_range_and_the_nonce_goes_on(
            iterations in prop_oneof![4090_u64..4102, 99_995_u64..100_005, any::<u64>()],
            nonce in prop_oneof![3 => "abcdefgh[a-z]{0,4}", 1 => "[a-z]{0,12}"],
        ) {
            let message = format!("r={nonce},s=QSXCR+Q6sek8bf92,i={iterations}");
            let longer = nonce.len() > 8 && nonce.starts_with("abcdefgh");
            prop_assert_eq!(goes_on(&message), longer && (4096..=100_000).contains(&iterations), "{}", message);
        }
    }
}
