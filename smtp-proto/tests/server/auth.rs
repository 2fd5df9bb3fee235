//! AUTH PLAIN and LOGIN (RFC 4954), and who may skip them.

use smtp_proto::server::{AuthPolicy, Buffers, Server};
use smtp_test_support::server::{Peer, config, config_with_auth, config_with_tls};

const HELLO: &str = "EHLO c.example\r\n";
/// `NUL alice NUL s3cret`
const PLAIN: &str = "AGFsaWNlAHMzY3JldA==";
const SUCCESS: &str = "235 2.7.0 Authentication successful\r\n";

#[test]
fn plain_comes_with_or_without_an_initial_response() {
    let mut peer = Peer::after(config_with_auth(), HELLO);
    assert_eq!(peer.say(format!("auth plain {PLAIN}\r\n")), SUCCESS);
    assert_eq!(peer.events, ["auth PLAIN \"\" alice s3cret"]);
    assert!(peer.server.is_authenticated());

    let mut peer = Peer::after(config_with_auth(), HELLO);
    assert_eq!(peer.say("AUTH PLAIN\r\n"), "334 \r\n");
    assert_eq!(peer.say(format!("{PLAIN}\r\n")), SUCCESS);
    assert_eq!(peer.events, ["auth PLAIN \"\" alice s3cret"]);
}

/// The application is told, and is refused by the comparison that it has at hand.
#[test]
fn plain_may_name_an_identity_and_no_other_is_the_users_own() {
    for (identity, said, reply) in [
        ("bob", "Ym9iAGFsaWNlAHMzY3JldA==", "535 5.7.8 Authentication credentials invalid\r\n"),
        ("alice", "YWxpY2UAYWxpY2UAczNjcmV0", SUCCESS),
    ] {
        let mut peer = Peer::after(config_with_auth(), HELLO);
        assert_eq!(peer.say(format!("AUTH PLAIN {said}\r\n")), reply);
        assert_eq!(peer.events, [format!("auth PLAIN {identity:?} alice s3cret")]);
    }
}

#[test]
fn login_asks_for_user_and_password() {
    let mut peer = Peer::after(config_with_auth(), HELLO);
    assert_eq!(peer.say("AUTH LOGIN\r\n"), "334 VXNlcm5hbWU6\r\n");
    assert_eq!(peer.say("YWxpY2U=\r\n"), "334 UGFzc3dvcmQ6\r\n");
    assert_eq!(peer.say("czNjcmV0\r\n"), SUCCESS);
    assert_eq!(peer.events, ["auth LOGIN \"\" alice s3cret"]);

    let mut peer = Peer::after(config_with_auth(), HELLO);
    assert_eq!(peer.say("AUTH LOGIN YWxpY2U=\r\n"), "334 UGFzc3dvcmQ6\r\n");
    assert_eq!(peer.say("czNjcmV0\r\n"), SUCCESS);
}

#[test]
fn a_star_cancels() {
    for before in ["AUTH PLAIN\r\n", "AUTH LOGIN\r\n", "AUTH LOGIN YWxpY2U=\r\n"] {
        let mut peer = Peer::after(config_with_auth(), &format!("{HELLO}{before}"));
        assert_eq!(peer.say("*\r\n"), "501 5.7.0 Authentication cancelled\r\n");
        assert!(peer.events.is_empty());
        assert_eq!(peer.say(format!("AUTH PLAIN {PLAIN}\r\n")), SUCCESS);
    }
}

#[test]
fn what_is_no_response_is_501() {
    for said in [
        "AUTH PLAIN YQ==\r\n",
        "AUTH PLAIN AAA=\r\n",
        "AUTH PLAIN =\r\n",
        "AUTH PLAIN A\r\n",
        "AUTH PLAIN AGH/AGE=\r\n",
    ] {
        let mut peer = Peer::after(config_with_auth(), HELLO);
        assert!(peer.say(said).starts_with("501 5.5."), "{said}: {}", peer.reply());
        assert!(peer.events.is_empty(), "{said}");
    }
    for response in ["no base64\r\n", "YQ\r\n", "QUIT\r\n"] {
        let mut peer = Peer::after(config_with_auth(), &format!("{HELLO}AUTH PLAIN\r\n"));
        assert!(peer.say(response).starts_with("501 5.5.2"), "{response}");
        assert_eq!(peer.say("NOOP\r\n"), "250 2.0.0 OK\r\n");
    }
    let mut peer = Peer::after(config_with_auth(), &format!("{HELLO}AUTH PLAIN\r\n"));
    assert!(peer.say(format!("{PLAIN}\n")).starts_with("500 5.5.2"));
}

#[test]
fn refused_credentials_may_be_tried_again_some_times() {
    let mut peer = Peer::after(config_with_auth(), HELLO);
    for _ in 0..10 {
        let answer = peer.say("AUTH PLAIN AGEAYg==\r\n");
        assert_eq!(answer, "535 5.7.8 Authentication credentials invalid\r\n");
    }
    assert!(peer.say("AUTH PLAIN AGEAYg==\r\n").starts_with("421 "));
}

#[test]
fn auth_happens_once_and_outside_transactions() {
    let mut peer = Peer::after(config_with_auth(), &format!("{HELLO}MAIL FROM:<>\r\n"));
    assert!(peer.say("AUTH PLAIN\r\n").starts_with("503 "));
    peer.say("RSET\r\n");
    assert_eq!(peer.say(format!("AUTH PLAIN {PLAIN}\r\n")), SUCCESS);
    assert!(peer.say(format!("AUTH PLAIN {PLAIN}\r\n")).starts_with("503 "));
    let mut peer = Peer::after(config_with_auth(), "HELO c.example\r\n");
    assert!(peer.say("AUTH PLAIN\r\n").starts_with("503 "));
}

#[test]
fn unknown_mechanisms_are_504() {
    let mut peer = Peer::after(config_with_auth(), HELLO);
    assert!(peer.say("AUTH CRAM-MD5\r\n").starts_with("504 5.5.4"));
}

#[test]
fn auth_is_offered_and_taken_only_inside_tls() {
    let mut peer = Peer::new(config_with_tls());
    let offers = peer.say(HELLO);
    assert!(offers.contains("STARTTLS") && !offers.contains("AUTH"), "{offers}");
    assert!(peer.say(format!("AUTH PLAIN {PLAIN}\r\n")).starts_with("538 5.7.11"));
    assert!(peer.say("STARTTLS\r\n").starts_with("220 "));
    let offers = peer.say(HELLO);
    assert!(!offers.contains("STARTTLS") && offers.contains("AUTH PLAIN LOGIN"), "{offers}");
    assert_eq!(peer.say(format!("AUTH PLAIN {PLAIN}\r\n")), SUCCESS);
}

#[test]
fn mail_may_need_auth() {
    let config = config_with_auth().with_auth(AuthPolicy::Required);
    let mut peer = Peer::after(config, HELLO);
    assert_eq!(peer.say("MAIL FROM:<>\r\n"), "530 5.7.0 Authentication required\r\n");
    peer.say(format!("AUTH PLAIN {PLAIN}\r\n"));
    assert!(peer.say("MAIL FROM:<> AUTH=<>\r\n").starts_with("250 "));
}

#[test]
fn without_auth_the_command_is_not_implemented() {
    let mut peer = Peer::after(config(), HELLO);
    assert!(peer.say("AUTH PLAIN\r\n").starts_with("502 "));
}

#[test]
fn secrets_are_not_shown() {
    let mut peer = Peer::new(config_with_auth());
    peer.say(format!("{HELLO}AUTH CRAM-MD5 {PLAIN}\r\n{PLAIN}\r\nAUTH PLAIN\r\n*\r\n"));
    peer.say("AUTH LOGIN\r\nYWxpY2U=\r\nd3Jvbmc=\r\n");
    assert_eq!(peer.say(format!("AUTH PLAIN {PLAIN}\r\n")), SUCCESS);
    let shown = [
        "EHLO c.example",
        "AUTH",
        "***",
        "AUTH PLAIN",
        "*",
        "AUTH LOGIN",
        "***",
        "***",
        "AUTH PLAIN",
    ];
    assert_eq!(peer.lines, shown);
    // Three octets in base64 may be a command, too.
    let mut peer = Peer::after(config_with_auth(), &format!("{HELLO}AUTH LOGIN\r\nYWxpY2U=\r\n"));
    peer.say("QUIT\r\n");
    assert_eq!(peer.lines.last().map(String::as_str), Some("***"));
    assert!(peer.debug.contains("alice") && !peer.debug.contains("s3cret"), "{}", peer.debug);
}

#[test]
fn secrets_are_wiped_once_answered() {
    for pieces in [
        ["AUTH PLAIN\r\n", "AGFsaWNlAHMzY3JldA==\r\n"],
        ["AUTH LOGIN YWxpY2U=\r\n", "czNjcmV0\r\n"],
        // What has come of the line is moved to the front, and would stay where it was.
        ["AUTH PLAIN\r\nAGFsaWNlAHMzY3Jl", "dA==\r\n"],
    ] {
        let mut peer = Peer::after(config_with_auth(), HELLO);
        for piece in pieces {
            peer.say(piece);
        }
        assert!(peer.server.is_authenticated());
        let free = String::from_utf8_lossy(peer.server.read_buf()).into_owned();
        for secret in ["s3cret", "MzY3Jl", "czNjcm"] {
            assert!(!free.contains(secret), "{secret} is left of {pieces:?}");
        }
    }
}

#[test]
fn nothing_of_a_dialogue_is_left_in_storage_that_was_lent() {
    let (mut receive, mut transmit) = ([0; 1024], [0; 1024]);
    let buffers = Buffers { receive: &mut receive[..], transmit: &mut transmit[..] };
    let mut server = Server::with_buffers(config_with_auth(), buffers);
    let said = format!("{HELLO}AUTH PLAIN {PLAIN}\r\n");
    server.read_buf()[..said.len()].copy_from_slice(said.as_bytes());
    assert_eq!(server.received(said.len()), Ok(()));
    drop(server);
    assert_eq!(receive, [0; 1024]);
}

#[test]
fn a_user_of_login_as_long_as_a_mailbox_is_kept_and_no_longer_one() {
    use base64::{Engine, engine::general_purpose::STANDARD};
    for (length, answer) in [(254, "334 "), (255, "501 5.5.2 ")] {
        let user = STANDARD.encode("u".repeat(length));
        let mut peer = Peer::after(config_with_auth(), &format!("{HELLO}AUTH LOGIN\r\n"));
        assert!(peer.say(format!("{user}\r\n")).starts_with(answer), "{length}");
    }
}

#[test]
fn nothing_follows_the_padding_of_a_response() {
    use base64::{Engine, engine::general_purpose::STANDARD};
    // 46 octets make 64 characters, as many as are decoded at a time.
    let padded = STANDARD.encode(format!("\0alice\0{}", "p".repeat(39)));
    assert!(padded.len() == 64 && padded.ends_with("=="));
    for (response, answer) in [(padded.clone(), "535 "), (padded + "YWFh", "501 5.5.2 ")] {
        let mut peer = Peer::after(config_with_auth(), &format!("{HELLO}AUTH PLAIN\r\n"));
        assert!(peer.say(format!("{response}\r\n")).starts_with(answer), "{response}");
    }
}

#[test]
fn credentials_are_the_same_where_all_of_them_is() {
    let asked = |line: &str| {
        let mut server = Peer::after(config_with_auth(), HELLO).server;
        server.read_buf()[..line.len()].copy_from_slice(line.as_bytes());
        server.received(line.len()).expect("room");
        server
    };
    let line = |message: &str| {
        use base64::{Engine, engine::general_purpose::STANDARD};
        format!("AUTH PLAIN {}\r\n", STANDARD.encode(message))
    };
    let mut one = asked(&line("\0alice\0s3cret"));
    let one = one.poll_event();
    for (message, same) in [
        ("\0alice\0s3cret", true),
        ("\0alice\0s3creT", false),
        // Two differences that are each other's opposite; less, and more.
        ("\0alice\0s3crdu", false),
        ("\0alice\0s3cre", false),
        ("\0alice\0s3cret!", false),
        ("\0alic\0s3cret", false),
        ("\0alicE\0s3cret", false),
        ("bob\0alice\0s3cret", false),
    ] {
        assert_eq!(asked(&line(message)).poll_event() == one, same, "{message:?}");
    }
}
