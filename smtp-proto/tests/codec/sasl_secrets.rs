//! Secrets in no Debug, Display, error or transcript, in any of their forms.

use core::fmt::{Debug, Write};

use smtp_proto::{
    client::Wants,
    command::Auth,
    sasl::{
        Anonymous, External, Login, Mechanism, Mechanisms, OAuthBearer, Password, Plain, Token,
        XOAuth2,
    },
};
use smtp_test_support::auth_script::{base64, open, script};

const CANARY: &str = "c4nary-Secret-0f-96-bits";
const CANARY_IN_BASE64: &str = "YzRuYXJ5LVNlY3JldC0wZi05Ni1iaXRz";

/// The canary as it is, in hexadecimal, and in base64 at every offset.
fn forms() -> Vec<String> {
    let digits =
        |octet: u8| [octet >> 4, octet & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)]);
    let hex: String = CANARY.bytes().flat_map(digits).map(char::from).collect();
    let shifted = (0..3).map(|offset| {
        let text = base64([&b"xx"[..offset], CANARY.as_bytes()].concat());
        text[4..text.len() - 4].to_owned()
    });
    [CANARY.to_owned(), hex.to_uppercase(), hex].into_iter().chain(shifted).collect()
}

#[track_caller]
fn assert_silent(shown: &str) {
    for form in forms() {
        assert!(!shown.contains(&form), "{form} in {shown}");
    }
}

/// Plays a dialogue with whatever is answered to, and says all that can be shown on the way.
fn shown<M: Mechanism + Debug>(mechanism: &mut M, challenges: &[&str]) -> String {
    let mut session = open(mechanism.name());
    session.peer.be_patient();
    let mut shown = format!("{mechanism:?}");
    for challenge in challenges.iter().map(Some).chain([None]) {
        session.client.authenticate(mechanism).unwrap();
        for span in session.client.transmit_spans(usize::MAX) {
            write!(shown, "{span:?}").unwrap();
        }
        write!(shown, "{:?} {mechanism:?}", session.client).unwrap();
        session.pump();
        let Some(challenge) = challenge else { break };
        session.peer.extend(&script(&format!("S: 334 <{challenge}>")));
        assert_eq!(session.pump(), Wants::Credentials);
    }
    assert!(session.text.contains("***"), "{}", session.text);
    shown + &session.text + &session.events.concat()
}

#[test]
fn mechanisms_without_hashing() {
    assert_silent(&shown(&mut Plain::new("u", CANARY), &[]));
    assert_silent(&shown(&mut Login::new("u", CANARY), &["User", "Password"]));
    assert_silent(&shown(&mut XOAuth2::new("u", CANARY), &["{}"]));
    assert_silent(&shown(&mut OAuthBearer::new(CANARY).with_user("u"), &["{}"]));
    assert_silent(&shown(&mut XOAuth2::new("u", &CANARY.repeat(100)), &["", "{}"]));
    assert_silent(&shown(&mut External::new().with_authorization(CANARY), &[]));
    assert_silent(&shown(&mut Anonymous::new(CANARY), &[]));
}

#[test]
fn values_show_their_kind_and_nothing_else() {
    let table: [(&dyn Debug, &str); 9] = [
        (&Plain::new(CANARY, CANARY), "Plain(***)"),
        (&Login::new(CANARY, CANARY), "Login(***)"),
        (&XOAuth2::new(CANARY, CANARY), "XOAuth2(***)"),
        (&OAuthBearer::new(CANARY).with_user(CANARY).with_server(CANARY, 1), "OAuthBearer(***)"),
        (&External::new().with_authorization(CANARY), "External(***)"),
        (&Anonymous::new(CANARY), "Anonymous(***)"),
        (&Password::new(CANARY, CANARY), "Password(***)"),
        (&Token::new(CANARY, CANARY), "Token(***)"),
        (
            &Auth::new("PLAIN", Some(CANARY_IN_BASE64.as_bytes())).unwrap(),
            "Auth { mechanism: \"PLAIN\", initial_response: Some(***) }",
        ),
    ];
    for (value, shown) in table {
        assert_eq!(format!("{value:?}"), shown);
    }
}

#[test]
fn an_answer_that_did_not_fit_is_wiped() {
    let mut buffer = [0; 40];
    let mut response = smtp_proto::sasl::Response::new(&mut buffer);
    response.push(CANARY.as_bytes());
    response.push(CANARY.as_bytes());
    assert_eq!(response.finish(), None);
    assert_eq!(buffer, [0; 40]);
}

#[test]
fn the_strongest_mechanism_comes_first() {
    let mut password = Password::new("u", CANARY);
    #[cfg(feature = "scram")]
    {
        use smtp_proto::sasl::{ChannelBinding, Nonce};
        assert_eq!(password.mechanism(0).unwrap().name().find("SCRAM"), None, "without a nonce");
        let channel = ChannelBinding::TlsExporter(CANARY.as_bytes());
        password = password.with_channel_binding(Nonce::from_random([1; 18]), channel);
        assert_silent(&format!("{password:?}{channel:?}"));
    }
    let mut names = Vec::new();
    while let Some(mechanism) = password.mechanism(names.len()) {
        names.push(mechanism.name().to_owned());
    }
    let all = [
        ("SCRAM-SHA-256-PLUS", cfg!(feature = "scram")),
        ("SCRAM-SHA-1-PLUS", cfg!(feature = "scram")),
        ("SCRAM-SHA-256", cfg!(feature = "scram")),
        ("SCRAM-SHA-1", cfg!(feature = "scram")),
        ("CRAM-MD5", cfg!(feature = "cram-md5")),
        ("PLAIN", true),
        ("LOGIN", true),
    ];
    let expected: Vec<_> = all.iter().filter(|(_, on)| *on).map(|(name, _)| *name).collect();
    assert_eq!(names, expected);
}

#[cfg(feature = "cram-md5")]
#[test]
fn cram_md5_shows_nothing() {
    use smtp_proto::sasl::CramMd5;
    assert_silent(&shown(&mut CramMd5::new("u", CANARY), &["<1@x>"]));
    assert_eq!(format!("{:?}", CramMd5::new(CANARY, CANARY)), "CramMd5(***)");
}

#[cfg(feature = "scram")]
#[test]
fn scram_shows_nothing_not_even_what_comes_of_the_password() {
    use smtp_proto::sasl::{Nonce, ScramSha256, scram::Sha256, server::Secrets};
    let nonce = Nonce::new("abc").unwrap();
    let mut scram = ScramSha256::new("u", CANARY, nonce);
    assert_silent(&shown(&mut scram, &["r=abcd,s=QSXCR+Q6sek8bf92,i=4096", "v=AAAA"]));
    let secrets = Secrets::<Sha256>::from_password(CANARY, b"salt", 1);
    let shown = format!("{scram:?}{secrets:?}{nonce:?}{:?}", scram.error());
    assert_silent(&shown);
    assert_eq!(shown, "Scram(SCRAM-SHA-256, ***)Secrets(***)Nonce(***)Some(Signature)");
}

#[cfg(all(feature = "alloc", feature = "scram", feature = "cram-md5"))]
#[test]
fn what_a_server_keeps_of_a_dialogue_shows_who_it_is_with_at_most() {
    use smtp_proto::sasl::{
        ChannelBinding, Nonce,
        scram::Sha1,
        server::{
            Account, BearerExchange, ClientFirst, CramMd5Exchange, CramMd5Response,
            OAuthBearerResponse, ScramExchange, ScramServer, Secrets, ServerBinding,
            XOAuth2Response,
        },
    };
    let random: [u8; 32] = CANARY.repeat(2).as_bytes()[..32].try_into().unwrap();
    let secrets = Secrets::<Sha1>::from_password(CANARY, b"salt", 1);
    let account = Account::new(&secrets, b"salt", 1);
    let first = ClientFirst::parse(b"n,,n=u,r=c").unwrap();
    let (nonce, binding) = (Nonce::new(CANARY).unwrap(), ServerBinding::Unsupported);
    let scram = ScramServer::start(&first, &account, &nonce, binding, &mut String::new()).unwrap();
    let digest = format!("u {}", "5c".repeat(16));
    let bearer = format!("n,a=u,\x01auth=Bearer {CANARY}\x01\x01");
    let xoauth2 = format!("user=u\x01auth=Bearer {CANARY}\x01\x01");
    let table: [(&dyn Debug, &str); 8] = [
        (&ScramExchange::<_, Sha1>::new(Nobody, &random, None), "ScramExchange(***)"),
        (&scram, "ScramServer(***)"),
        (&CramMd5Exchange::new(Nobody, &random), "CramMd5Exchange { asked: false, .. }"),
        (&BearerExchange::oauthbearer(Nobody), "BearerExchange { refused: false, .. }"),
        (
            &CramMd5Response::parse(digest.as_bytes()).unwrap(),
            "CramMd5Response { user: \"u\", .. }",
        ),
        (
            &OAuthBearerResponse::parse(bearer.as_bytes()).unwrap(),
            "OAuthBearerResponse { user: Some(SaslName(\"u\")), .. }",
        ),
        (
            &XOAuth2Response::parse(xoauth2.as_bytes()).unwrap(),
            "XOAuth2Response { user: \"u\", .. }",
        ),
        (&ChannelBinding::TlsExporter(CANARY.as_bytes()), "ChannelBinding(tls-exporter, ***)"),
    ];
    for (value, shown) in table {
        assert_eq!(format!("{value:?}"), shown);
    }
}

#[cfg(all(feature = "alloc", feature = "scram", feature = "cram-md5"))]
struct Nobody;

#[cfg(all(feature = "alloc", feature = "scram", feature = "cram-md5"))]
impl smtp_proto::sasl::server::Accounts for Nobody {}
