//! Lines in an exchange that no client of this crate says: cancelled, garbled, too long, late.
#![cfg(all(feature = "alloc", feature = "scram", feature = "cram-md5"))]

use base64::{Engine, engine::general_purpose::STANDARD};
use proptest::prelude::*;
use smtp_proto::{
    sasl::{Challenge, Mechanism, Nonce, Response, ScramSha1},
    server::Limits,
};
use smtp_test_support::auth_pair::{Host, config};

const SUCCESS: &str = "235 2.7.0 Authentication successful\r\n";
const CANCELLED: &str = "501 5.7.0 Authentication cancelled\r\n";
const MALFORMED: &str = "501 5.5.2 Malformed authentication response\r\n";

fn base64(octets: impl AsRef<[u8]>) -> String {
    STANDARD.encode(octets)
}

/// A first line of each exchange after which the client has to say something.
fn beginnings() -> [String; 7] {
    let wrong = |message: &str| base64(message);
    [
        "AUTH CRAM-MD5".to_owned(),
        "AUTH SCRAM-SHA-1".to_owned(),
        format!("AUTH SCRAM-SHA-256 {}", base64("n,,n=alice,r=client")),
        "AUTH XOAUTH2".to_owned(),
        format!("AUTH XOAUTH2 {}", wrong("user=alice\x01auth=Bearer wrong\x01\x01")),
        "AUTH OAUTHBEARER".to_owned(),
        format!("AUTH OAUTHBEARER {}", wrong("n,,\x01auth=Bearer wrong\x01\x01")),
    ]
}

/// Where each of these dialogues can be, `*` cancels, and another one succeeds.
#[test]
fn a_star_cancels() {
    for beginning in beginnings() {
        let mut host = Host::greeted(config());
        assert!(host.say(&beginning).starts_with("334 "), "{beginning}");
        assert_eq!(host.say("*"), CANCELLED, "{beginning}");
        assert_eq!(host.say("NOOP"), "250 2.0.0 OK\r\n");
        assert_eq!(host.say("AUTH EXTERNAL ="), SUCCESS);
        assert_eq!(host.user.as_deref(), Some("alice"));
    }
}

#[test]
fn what_is_no_base64_is_501_and_never_reaches_the_exchange() {
    for beginning in beginnings() {
        for garbage in ["no base64", "YQ", "Y===", "=", "\u{e9}"] {
            let mut host = Host::greeted(config());
            host.say(&beginning);
            assert_eq!(host.say(garbage), MALFORMED, "{beginning} {garbage}");
            assert_eq!(host.say("NOOP"), "250 2.0.0 OK\r\n");
        }
    }
    let mut host = Host::greeted(config());
    assert_eq!(host.say("AUTH XOAUTH2 dXNlcj"), "501 5.5.4 Syntax error in arguments\r\n");
}

#[test]
fn a_response_that_is_no_message_is_501() {
    for said in [
        "AUTH CRAM-MD5 YWxpY2U=",
        "AUTH CRAM-MD5 =",
        // The answer to a challenge that was not asked for.
        "AUTH CRAM-MD5 YWxpY2UgMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA=",
        "AUTH SCRAM-SHA-1 YWxpY2U=",
        "AUTH SCRAM-SHA-256 =",
        "AUTH XOAUTH2 YWxpY2U=",
        "AUTH OAUTHBEARER =",
        "AUTH ANONYMOUS /w==",
    ] {
        let mut host = Host::greeted(config());
        assert_eq!(host.say(said), MALFORMED, "{said}");
        assert_eq!(host.user, None);
    }
}

#[test]
fn a_response_beyond_the_limit_is_500_and_dropped() {
    let mut limits = Limits::DEFAULT;
    limits.auth_line = 600;
    for beginning in beginnings() {
        let mut host = Host::greeted(config().with_limits(limits));
        host.say(&beginning);
        let too_long = host.say(&base64([b'x'; 600]));
        assert_eq!(too_long, "500 5.5.6 Authentication exchange line too long\r\n");
        assert_eq!(host.say("AUTH EXTERNAL ="), SUCCESS);
    }
    let mut host = Host::greeted(config());
    let long = base64(format!("user=alice\x01auth=Bearer {}\x01\x01", "x".repeat(9000)));
    host.say("AUTH XOAUTH2");
    assert!(host.say(&long).starts_with("334 "), "12,288 octets are read");
}

/// The client's last word in a dialogue of SCRAM that it has won.
fn acknowledge(line: &str) -> Host {
    let mut host = Host::greeted(config());
    let mut client = ScramSha1::new("alice", "s3cret", Nonce::new("client").expect("a nonce"));
    let mut said = "AUTH SCRAM-SHA-1".to_owned();
    for _ in 0..2 {
        let reply = host.say(&said);
        let text = reply.strip_prefix("334 ").expect("a challenge").trim_ascii_end();
        let challenge = STANDARD.decode(text).expect("base64");
        let mut output = [0; 256];
        let mut response = Response::new(&mut output);
        let challenge = Challenge::new(Some(&challenge));
        client.respond(challenge, &mut response).expect("a server that is in order");
        let length = response.finish().expect("room");
        said = String::from_utf8(output[..length].to_vec()).expect("ASCII");
    }
    assert!(host.say(&said).starts_with("334 dj"), "the server's proof");
    host.say(line);
    host
}

#[test]
fn additional_data_is_acknowledged_by_an_empty_line_alone() {
    let host = acknowledge("");
    assert_eq!(host.output, SUCCESS.as_bytes());
    assert_eq!(host.user.as_deref(), Some("alice"));
    for (line, reply) in [("*", CANCELLED), ("AQ==", MALFORMED), ("=", MALFORMED)] {
        let mut host = acknowledge(line);
        assert_eq!(host.output, reply.as_bytes(), "{line}");
        assert_eq!((host.user.as_deref(), host.server.is_authenticated()), (None, false));
        assert!(host.say("MAIL FROM:<>").starts_with("530 "));
    }
}

#[test]
fn tokens_are_wiped_and_not_shown() {
    let mut host = Host::greeted(config());
    let line = format!("AUTH XOAUTH2 {}", base64("user=alice\x01auth=Bearer t0ken\x01\x01"));
    let line = format!("{line}\r\n").into_bytes();
    host.server.read_buf()[..line.len()].copy_from_slice(&line);
    host.server.received(line.len()).expect("in bounds");
    assert_eq!(host.server.pending_line(), Some(&b"AUTH XOAUTH2"[..]));
    host.say("");
    assert!(host.server.is_authenticated());
    assert_wiped(&mut host);

    // Where a challenge follows, too.
    let mut host = Host::greeted(config());
    host.say("AUTH XOAUTH2");
    let refused = host.say(&base64("user=alice\x01auth=Bearer t0ken?\x01\x01"));
    assert!(refused.starts_with("334 "));
    assert_wiped(&mut host);
}

fn assert_wiped(host: &mut Host) {
    let free = String::from_utf8_lossy(host.server.read_buf()).into_owned();
    for secret in ["t0ken", &base64("t0ken")[..4], "dXNlcj"] {
        assert!(!free.contains(secret), "{secret}");
    }
}

proptest! {
    #[test]
    fn no_line_makes_a_dialogue_panic_or_succeed(
        beginning in 0..7_usize,
        lines in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..4),
        encoded in any::<bool>(),
    ) {
        let mut host = Host::greeted(config());
        host.say(&beginnings()[beginning]);
        for line in lines {
            let line = if encoded { base64(line).into_bytes() } else { line };
            host.feed(&line);
            host.feed(b"\r\n");
        }
        prop_assert_eq!((host.user.as_deref(), host.server.is_authenticated()), (None, false));
    }
}
