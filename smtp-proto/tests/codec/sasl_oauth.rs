//! XOAUTH2 and OAUTHBEARER (RFC 7628): tokens, long ones, and refusals in a 334.

use smtp_proto::{
    client::{Authentication, BufferSizes, Refusal},
    reply::Code,
    sasl::{
        CannotAnswer, Mechanism, Mechanisms, OAuthBearer, Plain, Token, XOAuth2,
        server::{OAuthBearerResponse, XOAuth2Response},
    },
};
use smtp_test_support::auth_script::{answer, base64, open, play, play_list};

const USER: &str = "user@example.com";
const TOKEN: &str = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==";
const REFUSED: Authentication = Authentication::Refused(Code::BAD_CREDENTIALS);

fn bearer() -> OAuthBearer<'static> {
    OAuthBearer::new(TOKEN).with_user(USER).with_server("server.example.com", 587)
}

#[test]
fn the_examples_of_rfc_7628() {
    // 4.1, with the port of IMAP and of SMTP.
    let imap = bearer().with_server("server.example.com", 143);
    let imap_text = "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB";
    let smtp_text = "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9NTg3AWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB";
    for (mut mechanism, said) in [(imap, imap_text), (bearer(), smtp_text)] {
        let text = format!("C: AUTH OAUTHBEARER {said}\nS: 235 Authentication successful.");
        let session = play("OAUTHBEARER", &mut mechanism, &text);
        assert_eq!(session.client.authentication(), Authentication::Done(0));
        assert_eq!(mechanism.error(), None);
    }
}

#[test]
fn oauthbearer_acknowledges_the_refusal_with_one_octet() {
    // RFC 7628 4.4.
    let error =
        r#"{"status":"invalid_token","schemes":"bearer mac","scope":"https://mail.example.com/"}"#;
    let (mut mechanism, mut plain) = (bearer(), Plain::new("u", "p"));
    let said = base64(answer(&mut bearer(), b"").unwrap());
    let text = format!(
        "C: AUTH OAUTHBEARER {said}\nS: 334 <{error}>\nC: AQ==\nS: 535-5.7.1 no\nS: 535 5.7.1 see"
    );
    let mut list: [&mut dyn Mechanism; 2] = [&mut mechanism, &mut plain];
    let session = play_list("OAUTHBEARER PLAIN", &mut list, &text);
    assert_eq!(session.client.authentication(), REFUSED);
    assert_eq!(mechanism.error(), Some(error.as_bytes()));
}

#[test]
fn a_refusal_is_kept_up_to_512_octets() {
    for (length, kept) in [(0, 0), (512, 512), (513, 512), (9000, 512)] {
        let error = vec![b'e'; length];
        let mut mechanism = XOAuth2::new(USER, TOKEN);
        answer(&mut mechanism, b"").unwrap();
        assert_eq!(mechanism.error(), None);
        assert_eq!(answer(&mut mechanism, &error).unwrap(), b"");
        assert_eq!(mechanism.error(), Some(&error[..kept]));
        assert_eq!(answer(&mut mechanism, &error), Err(CannotAnswer::Stop), "a third challenge");
        mechanism.restart();
        assert_eq!(mechanism.error(), None);
    }
}

#[test]
fn a_refusal_that_is_no_base64_is_acknowledged_too() {
    let mut mechanism = bearer();
    let said = base64(answer(&mut bearer(), b"").unwrap());
    let text = format!("C: AUTH OAUTHBEARER {said}\nS: 334 {{}}\nC: AQ==\nS: 535 no");
    let session = play("OAUTHBEARER", &mut mechanism, &text);
    assert_eq!(session.client.authentication(), REFUSED);
    assert_eq!(mechanism.error(), Some(&b""[..]));
}

#[test]
fn a_long_token_waits_for_the_challenge() {
    let token = "t".repeat(4096);
    let mut mechanism = XOAuth2::new(USER, &token);
    let text = format!(
        "C: AUTH XOAUTH2\nS: 334\nC: <user={USER}\x01auth=Bearer {token}\x01\x01>\nS: 235 ok"
    );
    let session = play("XOAUTH2", &mut mechanism, &text);
    assert_eq!(session.client.authentication(), Authentication::Done(0));

    let mut mechanism = OAuthBearer::new(&token).with_user(USER);
    let text = format!(
        "C: AUTH OAUTHBEARER\nS: 334\nC: <n,a={USER},\x01auth=Bearer {token}\x01\x01>
        S: 334 <{{}}>\nC: AQ==\nS: 535 no"
    );
    let session = play("OAUTHBEARER", &mut mechanism, &text);
    assert_eq!(session.client.authentication(), REFUSED);
}

#[test]
fn a_token_that_does_not_fit_is_refused_before_anything_leaves() {
    let limit = BufferSizes::LARGE.transmit;
    let token = "t".repeat(limit);
    let mut session = open("XOAUTH2");
    let refused = session.client.authenticate(&mut XOAuth2::new(USER, &token));
    assert_eq!(refused, Err(Refusal::CommandTooLong { limit }));
    assert_eq!(session.client.transmit(), b"");
    assert!(session.client.is_reusable());
}

#[test]
fn a_token_names_the_server_and_keeps_why_it_was_refused() {
    for index in [0, 1] {
        let mut token = Token::new(USER, TOKEN).with_server("server.example.com", 587);
        let mechanism = token.mechanism(index).unwrap();
        let said = answer(mechanism, b"").unwrap();
        assert_eq!(said == answer(&mut bearer(), b"").unwrap(), index == 0);
        assert_eq!(token.error(), None);
        answer(token.mechanism(index).unwrap(), b"{}").unwrap();
        assert_eq!(token.error(), Some(&b"{}"[..]));
    }
}

#[test]
fn separators_cannot_be_brought_in() {
    let evil = "x\x01auth=Bearer other";
    for mechanism in [
        &mut XOAuth2::new(evil, TOKEN) as &mut dyn Mechanism,
        &mut XOAuth2::new(USER, evil),
        &mut XOAuth2::new("", TOKEN),
        &mut XOAuth2::new(USER, ""),
        &mut OAuthBearer::new(evil),
        &mut bearer().with_user(evil),
        &mut bearer().with_server(evil, 25),
        &mut bearer().with_server("", 25),
    ] {
        assert_eq!(answer(mechanism, b""), Err(CannotAnswer::Stop));
    }
    let mut escaped = OAuthBearer::new("t").with_user("a,b=c");
    assert_eq!(answer(&mut escaped, b"").unwrap(), b"n,a=a=2Cb=3Dc,\x01auth=Bearer t\x01\x01");
}

#[test]
fn the_server_reads_what_the_client_says() {
    let said = answer(&mut bearer(), b"").unwrap();
    let read = OAuthBearerResponse::parse(&said).unwrap();
    assert!(read.user().unwrap().matches(USER));
    assert_eq!((read.host(), read.port()), (Some("server.example.com"), Some(587)));
    assert_eq!(read.token(), TOKEN);

    let said = answer(&mut OAuthBearer::new(TOKEN), b"").unwrap();
    let read = OAuthBearerResponse::parse(&said).unwrap();
    assert_eq!((read.user(), read.host(), read.port()), (None, None, None));

    let said = answer(&mut XOAuth2::new(USER, TOKEN), b"").unwrap();
    let read = XOAuth2Response::parse(&said).unwrap();
    assert_eq!((read.user(), read.token()), (USER, TOKEN));
    assert!(!format!("{read:?}").contains("vF9d"));
}

#[test]
fn what_is_no_token_is_refused() {
    for text in [
        "",
        "\x01",
        "n,,\x01\x01",
        "n,,\x01auth=Bearer t\x01",
        "n,,\x01auth=Basic t\x01\x01",
        "n,,\x01auth=Bearer \x01\x01",
        "n,,\x01auth=Bearer t\x01auth=Bearer u\x01\x01",
        "n,,\x01host=a\x01host=b\x01auth=Bearer t\x01\x01",
        "n,,\x01port=25\x01port=587\x01auth=Bearer t\x01\x01",
        "n,,\x01port=x\x01auth=Bearer t\x01\x01",
        "n,,\x01port=65536\x01auth=Bearer t\x01\x01",
        "n,,\x01novalue\x01auth=Bearer t\x01\x01",
        "n,a=,\x01auth=Bearer t\x01\x01",
        "n,a=x=,\x01auth=Bearer t\x01\x01",
        "n,x,\x01auth=Bearer t\x01\x01",
        "p=tls-exporter,,\x01auth=Bearer t\x01\x01",
    ] {
        assert!(OAuthBearerResponse::parse(text.as_bytes()).is_none(), "{text:?}");
    }
    let ignored = b"y,,\x01unknown=1\x01auth=bEaReR t\x01\x01";
    assert_eq!(OAuthBearerResponse::parse(ignored).unwrap().token(), "t");
    for text in [
        "",
        "user=u\x01auth=Bearer t\x01",
        "user=\x01auth=Bearer t\x01\x01",
        "user=u\x01auth=t\x01\x01",
    ] {
        assert!(XOAuth2Response::parse(text.as_bytes()).is_none(), "{text:?}");
    }
}
