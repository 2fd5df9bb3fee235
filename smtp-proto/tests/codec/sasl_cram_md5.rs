//! CRAM-MD5 (RFC 2195).
#![cfg(feature = "cram-md5")]

use smtp_proto::{
    client::Authentication,
    sasl::{CannotAnswer, CramMd5, Mechanism, Plain, server::CramMd5Response},
};
use smtp_test_support::auth_script::{answer, play, play_list};

const CHALLENGE: &str = "<1896.697170952@postoffice.reston.mci.net>";

fn tim() -> CramMd5<'static> {
    CramMd5::new("tim", "tanstaaftanstaaf")
}

#[test]
fn the_example_of_the_rfc() {
    let text = "C: AUTH CRAM-MD5
        S: 334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+
        C: dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw
        S: 235 ok";
    let session = play("CRAM-MD5", &mut tim(), text);
    assert_eq!(session.client.authentication(), Authentication::Done(0));
}

#[test]
fn a_password_longer_than_a_block_is_hashed_first() {
    // The digest is that of `openssl dgst -md5 -hmac`.
    let password = "a".repeat(80);
    let said = answer(&mut CramMd5::new("tim", &password), CHALLENGE.as_bytes()).unwrap();
    assert_eq!(said, b"tim 65ac4a6902effca0a7a2864ff554cad0");
}

#[test]
fn a_challenge_that_is_empty_or_no_base64_gives_way_to_the_next_mechanism() {
    // "Ok" is no base64, for want of padding.
    for said in ["S: 334\n", "S: 334 Ok\n", "S: 334 Rubbish!\n"] {
        let (mut cram, mut plain) = (tim(), Plain::new("tim", "x"));
        let text =
            format!("C: AUTH CRAM-MD5\n{said}C: *\nS: 501 ok\nC: AUTH PLAIN <\0tim\0x>\nS: 235 ok");
        let session = play_list("CRAM-MD5 PLAIN", &mut [&mut cram, &mut plain], &text);
        assert_eq!(session.client.authentication(), Authentication::Done(1), "{said}");
    }
}

#[test]
fn a_second_challenge_is_cancelled_and_nothing_else_is_tried() {
    let (mut cram, mut plain) = (tim(), Plain::new("tim", "x"));
    let text = format!(
        "C: AUTH CRAM-MD5\nS: 334 <{CHALLENGE}>\nC: <tim b913a602c7eda7a495b4e6e7334d3890>
        S: 334 <again>\nC: *\nS: 501 ok"
    );
    let session = play_list("CRAM-MD5 PLAIN", &mut [&mut cram, &mut plain], &text);
    assert_eq!(session.client.authentication(), Authentication::BadChallenge);
}

#[test]
fn a_new_dialogue_is_answered_anew() {
    let mut cram = tim();
    let first = answer(&mut cram, CHALLENGE.as_bytes()).unwrap();
    assert_eq!(answer(&mut cram, CHALLENGE.as_bytes()), Err(CannotAnswer::Stop));
    cram.restart();
    assert_eq!(answer(&mut cram, CHALLENGE.as_bytes()), Ok(first));
}

#[test]
fn the_server_checks_what_the_client_says() {
    let said = answer(&mut CramMd5::new("a b", "p"), CHALLENGE.as_bytes()).unwrap();
    let response = CramMd5Response::parse(&said).unwrap();
    assert_eq!(response.user(), "a b");
    assert!(response.is_right(CHALLENGE.as_bytes(), "p"));
    assert!(!response.is_right(CHALLENGE.as_bytes(), "q"));
    assert!(!response.is_right(b"<another challenge>", "p"));
    assert!(!response.is_right(b"", "p"));
}

#[test]
fn the_digits_of_an_answer_may_be_in_upper_case() {
    let response = CramMd5Response::parse(b"tim B913A602C7EDA7A495B4E6E7334D3890").unwrap();
    assert!(response.is_right(CHALLENGE.as_bytes(), "tanstaaftanstaaf"));
}

#[test]
fn what_is_no_answer_is_refused() {
    let good = "tim b913a602c7eda7a495b4e6e7334d3890";
    assert!(CramMd5Response::parse(good.as_bytes()).is_some());
    for text in
        ["", "tim", " b913a602c7eda7a495b4e6e7334d3890", &good[..35], &good.replace('f', "g")]
    {
        let valid = CramMd5Response::parse(text.as_bytes());
        assert!(valid.is_none() || text == good, "{text}");
    }
    for text in [good.replace("b9", "g9"), format!("{good}0"), good.replace(' ', "")] {
        assert!(CramMd5Response::parse(text.as_bytes()).is_none(), "{text}");
    }
    assert!(CramMd5Response::parse(b"\xff b913a602c7eda7a495b4e6e7334d3890").is_none());
}
