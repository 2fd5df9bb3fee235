//! Replies that are longer than their limits: whole for what they say, cut for the rest (C76).
#![allow(clippy::format_collect, reason = "a test may take time")]

use proptest::{collection::vec, prelude::*};
use smtp_proto::{
    client::{
        Authentication, BufferSizes, Client, Config, End, Inquiry, Limits, PeerError, Phase, Wants,
    },
    hello::Extension,
    reply::{OwnedReply, ReplyErrorKind},
    sasl::{Login, Mechanism, Plain},
};
use smtp_test_support::{
    session::{Owned, Session, envelope, plain_config},
    stand::Stand,
};

/// As Office 365 says it, in one line of 2,600 octets.
fn denied(code: u16) -> String {
    let text = "SendAsDenied; alice@example.org not allowed to send as bob@example.org; STOREDRV.Submission.Exception:";
    let line = format!("{code} {}.2.252 {text} ", code / 100);
    format!("{line:x<2598}\r\n")
}

/// The replies that were told, as they were kept.
fn replies(client: &mut Owned) -> Vec<OwnedReply> {
    let mut replies = Vec::new();
    while let Ok(Some(event)) = client.poll_event() {
        replies.extend(event.reply().map(OwnedReply::from));
    }
    replies
}

/// Reads the octets in pieces of this size, and tells what was told. A client that has to read has
/// room to read into.
fn read(client: &mut Owned, octets: &[u8], size: usize) -> Vec<OwnedReply> {
    let mut told = Vec::new();
    for mut piece in octets.chunks(size) {
        while !piece.is_empty() {
            told.extend(replies(client));
            if client.is_closed() {
                return told;
            }
            let room = client.read_buf();
            assert!(!room.is_empty(), "no room to read into");
            let n = room.len().min(piece.len());
            room[..n].copy_from_slice(&piece[..n]);
            piece = &piece[n..];
            client.received(n).unwrap();
        }
    }
    told.extend(replies(client));
    told
}

fn with_receive(config: Config, receive: usize) -> Owned {
    Client::with_sizes(config, BufferSizes::SMALL.with_receive(receive))
}

fn with_limits(line: usize) -> Config {
    let mut limits = Limits::DEFAULT;
    limits.line = line;
    plain_config().with_limits(limits)
}

/// A client whose NOOP waits for its reply.
fn asking(client: Owned) -> Owned {
    let mut session = Session::open_with(client, "").then("C: NOOP");
    assert_eq!(session.inquire(Inquiry::Noop), Wants::Read);
    session.client
}

#[test]
fn c76_a_verdict_of_any_length_is_a_verdict() {
    let script = "C: MAIL FROM:<alice@example.org>\nS: 250 a
        C: RCPT TO:<bob@example.net>\nS: 250 b\nC: DATA\nS: 354 go\nC: x\nC: .\n";
    let mut session = Session::open(plain_config(), "").then(script);
    let to_bob = envelope("alice@example.org", &["bob@example.net"]);
    assert_eq!(session.send(&to_bob, b"x"), Wants::Read);
    session.events.clear();
    assert_eq!(session.hear(denied(554).as_bytes()), Wants::Command);
    session.expect_events(&["final[0] 554", "ended[0] Answered"]);
    assert!(session.text.contains("S: 554 5.2.252 SendAsDenied; alice"), "{}", session.text);
    // The session goes on, and the next reply belongs to the next command.
    session.peer.extend("C: RSET\nS: 250 reset");
    assert_eq!(session.inquire(Inquiry::Rset), Wants::Command);
    session.expect_events(&["rset 250"]);
}

#[test]
fn c76_a_recipient_a_sender_and_a_command_are_refused_at_any_length() {
    let mut session = Session::open(plain_config(), "PIPELINING");
    session.peer.deaf = true;
    let two = envelope("alice@example.org", &["bob@example.net", "carol@example.net"]);
    session.client.begin(&two).unwrap();
    session.pump();
    let all = ["250 ok\r\n", &denied(550), "250 ok\r\n", "354 go\r\n"].concat();
    assert_eq!(session.hear(all.as_bytes()), Wants::Content);
    session.expect_events(&["mail[0] 250", "rcpt[0.0] 550", "rcpt[0.1] 250", "data[0] 354"]);

    let mut session = Session::open(plain_config(), "");
    session.peer.deaf = true;
    session.client.begin(&two).unwrap();
    session.pump();
    assert_eq!(session.hear(denied(450).as_bytes()), Wants::Command);
    session.expect_events(&["mail[0] 450", "ended[0] Refused"]);
}

#[test]
fn c76_greeting_ehlo_and_auth_are_refused_at_any_length() {
    let mut greeted = Session::new(plain_config(), "");
    greeted.peer.deaf = true;
    greeted.pump();
    greeted.hear(denied(554).as_bytes());
    assert_eq!(Stand::of(&greeted), Stand::Refused(Phase::Greeting, 554));

    let mut hello = Session::new(plain_config(), "S: 220 mx\nC: EHLO client.example");
    hello.pump();
    hello.peer.extend("C: HELO client.example\nS: 250 mx");
    assert_eq!(hello.hear(denied(550).as_bytes()), Wants::Command);
    hello.expect_events(&["greeting 220", "hello 550", "hello 250"]);

    let config = plain_config().with_plaintext_auth(true);
    let client = with_receive(config, 1024);
    let mut auth = Session::open_with(client, "AUTH_PLAIN").then("C: AUTH PLAIN AHUAcA==");
    auth.authenticate(&mut Plain::new("u", "p"));
    assert_eq!(auth.hear(denied(535).as_bytes()), Wants::Command);
    let code = smtp_proto::reply::Code::BAD_CREDENTIALS;
    assert_eq!(auth.client.authentication(), Authentication::Refused(code));
}

#[test]
fn a_line_within_the_limit_is_whole_and_a_longer_one_keeps_as_much() {
    for (length, kept) in [(2047, 2047), (2048, 2048), (2049, 2049), (2050, 2049), (60_000, 2049)] {
        for end in ["\r\n", "\n"] {
            let start = "550 5.7.1 ";
            let line = format!("{start:x<0$}{end}", length - end.len());
            for size in [1, 7, 1460, usize::MAX] {
                let mut client = asking(Client::new(plain_config()));
                let told = read(&mut client, line.as_bytes(), size);
                let octets = told[0].as_reply().octets().to_vec();
                assert_eq!(octets.len(), kept, "{length} in {size}");
                assert_eq!(octets[..kept - 1], line.as_bytes()[..kept - 1]);
                assert_eq!(octets.last(), Some(&b'\n'));
                assert_eq!(told[0].enhanced().unwrap().to_string(), "5.7.1");
            }
        }
    }
}

#[test]
fn an_ehlo_line_that_is_cut_is_no_extension_and_one_at_the_limit_is() {
    let line = |length: usize| format!("{:x<1$}\r\n", "250-AUTH PLAIN ", length - 2);
    for (length, offered) in [(2048, true), (2049, false), (3000, false)] {
        let reply = format!("250-mx\r\n250-PIPELINING\r\n{}250 SIZE 1000\r\n", line(length));
        for size in [1, 100, usize::MAX] {
            let mut session = Session::new(plain_config(), "S: 220 mx\nC: EHLO client.example");
            session.pump();
            read(&mut session.client, reply.as_bytes(), size);
            let capabilities = session.client.capabilities();
            assert_eq!(capabilities.offers(Extension::Auth), offered, "{length}");
            assert!(!capabilities.offers_mechanism("PLAIN"), "{length}: it does not fit");
            assert!(capabilities.offers(Extension::Pipelining));
            assert_eq!(capabilities.size_limit(), Some(1000));
        }
    }
    // A greeting that is cut makes nobody an extension.
    let reply = format!("250-{}\r\n250 PIPELINING\r\n", "x".repeat(3000));
    let mut session = Session::new(plain_config(), "S: 220 mx\nC: EHLO client.example");
    session.pump();
    assert_eq!(session.hear(reply.as_bytes()), Wants::Command);
    assert!(session.client.capabilities().offers(Extension::Pipelining));
}

#[test]
fn an_ehlo_line_without_room_is_no_extension() {
    let many: String = (0..30).map(|at| format!("250-X-EXTENSION-{at}\r\n")).collect();
    // The last line is kept to 16 octets at least: this one is whole, that one is not.
    for (last, offered) in [("250 PIPELINING\r\n", true), ("250 PIPELINING yes\r\n", false)] {
        let reply = format!("250-mx\r\n250-SIZE 1000\r\n{many}250-CHUNKING\r\n{last}");
        let client = with_receive(plain_config(), 256);
        let mut session = Session::with_client(client, "S: 220 mx\nC: EHLO client.example");
        session.pump();
        assert_eq!(session.hear(reply.as_bytes()), Wants::Command);
        let capabilities = session.client.capabilities();
        assert_eq!(capabilities.size_limit(), Some(1000));
        assert!(!capabilities.offers(Extension::Chunking), "passed over");
        assert_eq!(capabilities.offers(Extension::Pipelining), offered, "{last}");
    }
}

/// How the session ended over a NOOP that was answered so.
fn broken(receive: usize, octets: &[u8], size: usize) -> Option<(ReplyErrorKind, usize)> {
    let mut client = asking(with_receive(plain_config(), receive));
    read(&mut client, octets, size);
    match client.end() {
        Some(End::Peer(PeerError::Malformed { phase: Phase::Noop, error })) => {
            Some((error.kind(), error.offset()))
        }
        None => None,
        end => panic!("{end:?}"),
    }
}

#[test]
fn a_reply_has_64_kib_and_256_lines_in_storage_of_any_size() {
    let one = |length: usize| format!("{:x<1$}\r\n", "250 ", length - 2).into_bytes();
    let many = |count: usize| format!("{}250 end\r\n", "250-x\r\n".repeat(count - 1)).into_bytes();
    let long = |count: usize| format!("{}250 end\r\n", one_of(1000).repeat(count)).into_bytes();
    for receive in [96, 300, 12_336, 100_000] {
        for size in [1, 1460, usize::MAX] {
            let broken = |octets: &[u8]| broken(receive, octets, size);
            assert_eq!(broken(&one(65_536)), None);
            let too_long = Some((ReplyErrorKind::ReplyTooLong, 65_536));
            assert_eq!(broken(&one(65_537)), too_long);
            assert_eq!(broken(&long(65)), None);
            assert_eq!(broken(&long(66)), too_long);
            assert_eq!(broken(&many(256)), None);
            assert_eq!(broken(&many(257)), Some((ReplyErrorKind::TooManyLines, 256 * 7)));
        }
    }
}

/// A line of a reply that goes on, of so many octets.
fn one_of(length: usize) -> String {
    format!("{:x<1$}\r\n", "250-", length - 2)
}

#[test]
fn lines_that_are_passed_over_are_checked_as_all_others() {
    for receive in [96, 512, 4096] {
        for size in [1, 100, usize::MAX] {
            let before = one_of(100).repeat(100);
            for (line, kind, offset) in [
                ("251 other\r\n", ReplyErrorKind::CodesDiffer, 2),
                ("25x what\r\n", ReplyErrorKind::BadCode, 2),
                ("250+what\r\n", ReplyErrorKind::BadSeparator, 3),
                ("no code\r\n", ReplyErrorKind::BadCode, 0),
            ] {
                let reply = format!("{before}{line}");
                let found = broken(receive, reply.as_bytes(), size);
                assert_eq!(found, Some((kind, 10_000 + offset)), "{line} in {receive}, {size}");
            }
        }
    }
}

#[test]
fn storage_that_is_too_small_to_pass_anything_through_holds_whole_replies() {
    let line = |length: usize| format!("{:x<1$}\r\n", "250 ", length - 2).into_bytes();
    for size in [1, usize::MAX] {
        assert_eq!(broken(95, &line(95), size), None);
        let too_long = Some((ReplyErrorKind::ReplyTooLong, 95));
        assert_eq!(broken(95, &line(96), size), too_long, "{size}");
    }
}

#[test]
fn a_challenge_that_is_too_long_is_cancelled_and_nothing_else_is_tried() {
    let challenge = |length: usize| format!("{:A<1$}\r\n", "334 ", length - 2);
    for (receive, length, answered) in [
        (BufferSizes::SMALL.receive, 12_288, true),
        (BufferSizes::SMALL.receive, 12_289, false),
        (BufferSizes::SMALL.receive, 60_000, false),
        (BufferSizes::LARGE.receive, 12_288, true),
        (BufferSizes::LARGE.receive, 12_289, false),
        // The storage is smaller than the limit.
        (512, 400, true),
        (512, 500, false),
    ] {
        for size in [1, 1000, usize::MAX] {
            let client = with_receive(plain_config().with_plaintext_auth(true), receive);
            let mut session = Session::open_with(client, "AUTH_LOGIN_PLAIN").then("C: AUTH LOGIN");
            let (mut login, mut plain) = (Login::new("u", "p"), Plain::new("u", "p"));
            let mut both: [&mut dyn Mechanism; 2] = [&mut login, &mut plain];
            session.authenticate(&mut both[..]);
            read(&mut session.client, challenge(length).as_bytes(), size);
            assert_eq!(session.client.wants(), Wants::Credentials);
            let (script, verdict) = if answered {
                ("C: dQ==\nS: 235 ok", Authentication::Done(0))
            } else {
                ("C: *\nS: 501 cancelled", Authentication::BadChallenge)
            };
            session.peer.extend(script);
            assert_eq!(session.authenticate_further(&mut both[..]), Wants::Command, "{length}");
            assert_eq!(session.client.authentication(), verdict, "{length} in {size}");
            assert!(session.peer.is_done());
        }
    }
}

/// What is kept of a reply, line by line as the documentation says it.
fn kept(reply: &[u8], line: usize, receive: usize) -> Vec<u8> {
    let (line, room) = (line.max(16), receive - 48);
    let lines: Vec<&[u8]> = reply.split_inclusive(|&octet| octet == b'\n').collect();
    let mut kept: Vec<u8> = Vec::new();
    for (at, octets) in lines.iter().enumerate() {
        let (start, last) = (kept.len(), at + 1 == lines.len());
        let most = match room.checked_sub(start) {
            Some(left) if left >= 16 => left.min(line),
            _ if last => 16,
            _ => continue,
        };
        kept.extend_from_slice(&octets[..most.min(octets.len() - 1)]);
        kept.push(b'\n');
    }
    kept
}

/// A reply of some lines, short and long.
fn reply() -> impl Strategy<Value = Vec<u8>> {
    let length = prop_oneof![3 => 0..20_usize, 2 => 20..200_usize, 1 => 200..3000_usize];
    let end = prop_oneof![3 => Just("\r\n"), 1 => Just("\n"), 1 => Just("\r\r\n")];
    let lines = vec((length, end), 1..8);
    (200_u16..600, lines).prop_map(|(code, lines)| {
        let last = lines.len() - 1;
        let line = |(at, (length, end)): (usize, &(usize, &str))| {
            let separator = if at == last { ' ' } else { '-' };
            let text: String = ('a'..='z').cycle().skip(at).take(*length).collect();
            format!("{code}{separator}{text}{end}")
        };
        lines.iter().enumerate().map(line).collect::<String>().into_bytes()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    /// What is kept follows from the reply, the limit and the storage, however it arrives (D7).
    #[test]
    fn d07_what_is_kept_of_a_reply_does_not_depend_on_its_cuts(
        first in reply(),
        second in reply(),
        line in prop_oneof![0_usize..40, 40..300_usize, Just(2048)],
        receive in prop_oneof![96_usize..600, Just(1 << 16)],
        size in prop_oneof![1_usize..4, 1..300_usize, Just(usize::MAX)],
    ) {
        let client = with_receive(with_limits(line), receive);
        let mut session = Session::open_with(client, "");
        for said in [first, second] {
            session.peer.extend("C: NOOP");
            prop_assert_eq!(session.inquire(Inquiry::Noop), Wants::Read);
            let told = read(&mut session.client, &said, size);
            prop_assert_eq!(told.len(), 1);
            let octets = told[0].as_reply().octets();
            prop_assert_eq!(octets.escape_ascii().to_string(), kept(&said, line, receive).escape_ascii().to_string());
            if session.client.wants() != Wants::Command {
                return Ok(());
            }
        }
    }

    /// What is kept is a reply of the same code by itself.
    #[test]
    fn what_is_kept_is_a_reply(said in reply(), line in 0_usize..100, receive in 96_usize..400) {
        let mut client = asking(with_receive(with_limits(line), receive));
        let told = read(&mut client, &said, usize::MAX);
        let octets = told[0].as_reply().octets();
        let alone = smtp_proto::reply::Reply::parse(octets).unwrap();
        prop_assert_eq!(alone, Some((told[0].as_reply(), octets.len())));
        prop_assert_eq!(&octets[..3], &said[..3]);
        prop_assert!(octets.len() < receive);
    }
}
