//! What a client can make the server hold or do, and how it is told.

use proptest::prelude::*;
use smtp_proto::server::{
    Answer, AuthPolicy, BufferSizes, Buffers, Config, End, Event, Limits, Protocol, Server,
    TlsPolicy, Wants,
};
use smtp_proto::{
    hello::EhloName,
    reply::{Code, EnhancedCode},
};
use smtp_test_support::server::{Peer, config, config_with_auth};

const OPEN: &str = "EHLO c.example\r\nMAIL FROM:<a@c.example>\r\nRCPT TO:<b@mx.example>\r\n";

#[test]
fn one_recipient_too_many_is_452() {
    let limits = Limits::DEFAULT.with_recipients(2);
    let mut peer = Peer::after(config().with_limits(limits), OPEN);
    assert!(peer.say("RCPT TO:<nobody@x>\r\n").starts_with("550 "));
    assert!(peer.say("RCPT TO:<c@x>\r\n").starts_with("250 "));
    assert_eq!(peer.say("RCPT TO:<d@x>\r\n"), "452 4.5.3 Too many recipients\r\n");
    assert!(peer.say("DATA\r\n").starts_with("354 "));
}

#[test]
fn one_mail_too_many_is_421_and_the_end() {
    let mut peer = Peer::after(config().with_limits(Limits::DEFAULT.with_mails(2)), "");
    peer.say("MAIL FROM:<>\r\nEHLO c.example\r\nMAIL FROM:<>\r\nRSET\r\n");
    assert_eq!(peer.say("MAIL FROM:<>\r\n"), "421 4.5.3 Too many messages, closing\r\n");
    assert_eq!((peer.server.end(), peer.is_over()), (Some(End::TooManyMails), true));
}

#[test]
fn limits_are_told_where_that_is_switched_on() {
    let hello = "EHLO c.example\r\n";
    let limits = |mails, recipients| {
        let limits = Limits::DEFAULT.with_mails(mails).with_recipients(recipients);
        Peer::new(config().with_extensions(Config::SUPPORTED).with_limits(limits)).say(hello)
    };
    assert!(limits(7, 100).contains("LIMITS MAILMAX=7 RCPTMAX=100\r\n"));
    assert!(limits(0, 1_000_000).contains("LIMITS RCPTMAX=999999\r\n"));
    assert!(!limits(0, 0).contains("LIMITS"));
    assert!(!Peer::new(config()).say(hello).contains("LIMITS"));
}

#[test]
fn the_longest_replies_fit_the_smallest_buffer() {
    let name = EhloName::parse(&format!("{}abc", "a.".repeat(126))).expect("255 octets");
    let limits = Limits::DEFAULT.with_content(u64::MAX).with_mails(u32::MAX);
    let config = Config::new(name)
        .with_extensions(Config::SUPPORTED)
        .with_auth(AuthPolicy::Offered)
        .with_mechanisms(&["TWENTY-OCTETS-OF-IT_"; Config::MAX_MECHANISMS])
        .with_tls(TlsPolicy::Implicit)
        .with_limits(limits.with_recipients(u32::MAX));
    let sizes = BufferSizes::DEFAULT.with_transmit(1024);
    let mut peer = Peer::with_server(Server::with_sizes(config, sizes));
    peer.policy = |event| {
        let (enhanced, line) = (EnhancedCode::new(2, 999, 999), "x".repeat(29));
        let lines = [&*line; 15].join("\n") + "\n" + &"x".repeat(30);
        let answer = match event {
            Event::Hello { .. } => {
                Answer::new(Code::OK, enhanced, "x".repeat(Answer::MAX_TEXT).leak())
            }
            _ => Answer::with_lines(Code::OK, enhanced, lines.leak()),
        };
        Some(answer.expect("an answer as long as may be"))
    };
    for said in ["", "EHLO c.example\r\n", "VRFY b\r\n"] {
        peer.say(said);
        assert_eq!(peer.server.end(), None, "{said}");
    }
}

#[test]
fn a_declared_size_over_the_limit_is_552_at_mail() {
    let config = config().with_limits(Limits::DEFAULT.with_content(10));
    let mut peer = Peer::after(config, "EHLO c.example\r\n");
    assert_eq!(peer.say("MAIL FROM:<> SIZE=11\r\n"), "552 5.3.4 Message too large\r\n");
    assert!(peer.say("MAIL FROM:<> SIZE=10\r\n").starts_with("250 "));
}

#[test]
fn content_over_the_limit_is_swallowed_to_its_end() {
    let config = config().with_limits(Limits::DEFAULT.with_content(10));
    let mut peer = Peer::after(config, &format!("{OPEN}DATA\r\n"));
    assert_eq!(peer.say("12345678\r\n.\r\n"), "250 2.0.0 OK\r\n");
    for line in OPEN.lines().skip(1) {
        peer.say(format!("{line}\r\n"));
    }
    peer.say("DATA\r\n");
    peer.events.clear();
    assert_eq!(peer.say("12345678\r\nRSET\r\nQUIT\r\n"), "");
    assert_eq!(peer.say(".\r\nNOOP\r\n"), "552 5.3.4 Message too large\r\n250 2.0.0 OK\r\n");
    assert_eq!(peer.events, ["refused TooLarge"]);
    assert_eq!(peer.content, b"12345678\r\n", "of the first message");
}

#[test]
fn bare_newlines_and_nuls_are_swallowed_to_the_true_end() {
    for (spoiler, answer) in [
        ("a\nb", "550 5.5.2 Bare CR or LF in content\r\n"),
        ("a\rb", "550 5.5.2 Bare CR or LF in content\r\n"),
        ("a\n.\nb", "550 5.5.2 Bare CR or LF in content\r\n"),
        ("a\n.\r\nMAIL FROM:<evil@x>", "550 5.5.2 Bare CR or LF in content\r\n"),
        ("a\0b", "550 5.6.0 NUL in content\r\n"),
    ] {
        let mut peer = Peer::after(config(), &format!("{OPEN}DATA\r\n"));
        assert_eq!(peer.say(format!("{spoiler}\r\n")), "", "{spoiler:?}");
        assert_eq!(peer.say(".\r\n"), answer, "{spoiler:?}");
        assert!(peer.events[0].starts_with("refused"), "{spoiler:?}");
        assert!(peer.say("MAIL FROM:<>\r\n").starts_with("250 "), "{spoiler:?}");
    }
}

#[test]
fn a_line_too_long_is_swallowed_and_answered_once() {
    let mut peer = Peer::new(config());
    let noop = |length: usize| format!("NOOP {}\r\n", "x".repeat(length - 7));
    assert!(peer.say(noop(400)).starts_with("250 "));
    assert_eq!(peer.say(noop(2049)), "500 5.5.2 Line too long\r\n");
    assert_eq!(peer.say("x".repeat(100_000)), "");
    assert_eq!(peer.say("\r\nNOOP\r\n"), "500 5.5.2 Line too long\r\n250 2.0.0 OK\r\n");
}

#[test]
fn the_end_of_a_line_too_long_is_no_command_whenever_it_is_looked_at() {
    let mut peer = Peer::new(config());
    for piece in ["x".repeat(3000), "QUIT\r\n".to_owned(), "NOOP\r\n".to_owned()] {
        peer.server.read_buf()[..piece.len()].copy_from_slice(piece.as_bytes());
        assert_eq!(peer.server.received(piece.len()), Ok(()));
    }
    assert_eq!(peer.say(""), "500 5.5.2 Line too long\r\n250 2.0.0 OK\r\n");
}

#[test]
fn lines_and_bad_commands_have_the_limits_that_are_set() {
    let limits = Limits::DEFAULT.with_line(16).with_bad_commands(1);
    let mut peer = Peer::new(config().with_limits(limits));
    assert_eq!(peer.say("NOOP 16 octets\r\n"), "250 2.0.0 OK\r\n");
    assert_eq!(peer.say("NOOP 17 octets.\r\n"), "500 5.5.2 Line too long\r\n");
    assert!(peer.say("FOO\r\n").starts_with("421 "));
}

#[test]
fn a_long_response_is_taken_only_in_its_dialogue() {
    let mut peer = Peer::after(config_with_auth(), "EHLO c.example\r\nAUTH LOGIN\r\n");
    peer.say("YWxpY2U=\r\n");
    let answer = peer.say(format!("{}\r\n", "QUFB".repeat(3000)));
    assert!(answer.starts_with("535 "), "{answer}");
    peer.say("AUTH PLAIN\r\n");
    let answer = peer.say(format!("{}\r\n", "QUFB".repeat(3072)));
    assert_eq!(answer, "500 5.5.6 Authentication exchange line too long\r\n");
    assert_eq!(peer.say("NOOP\r\n"), "250 2.0.0 OK\r\n");
}

#[test]
fn the_eleventh_bad_command_is_421_and_the_end() {
    let mut peer = Peer::new(config());
    for _ in 0..10 {
        assert!(peer.say("FOO\r\n").starts_with("500 "));
    }
    assert!(peer.say("NOOP\r\n").starts_with("250 "));
    assert_eq!(peer.say("FOO\r\nNOOP\r\n"), "421 4.7.0 Too many bad commands, closing\r\n");
    assert_eq!((peer.server.end(), peer.is_over()), (Some(End::TooManyBadCommands), true));
}

#[test]
fn what_a_group_holds_behind_a_refused_mail_is_no_bad_command() {
    for mail in ["MAIL FROM:<a@x> SIZE=99999999999\r\n", "MAIL FROM:<a@x>\r\n", "MAIL FROM:\r\n"] {
        let config = config().with_extensions(Config::SUPPORTED);
        let mut peer = Peer::after(config, "EHLO c.example\r\n");
        peer.policy = |event| matches!(event, Event::Mail(_)).then_some(Answer::NOT_ALLOWED);
        let rest = "RCPT TO:<b@x>\r\n".repeat(20) + "BDAT 1 LAST\r\nxDATA\r\n";
        let answers = peer.say(format!("{mail}{rest}"));
        assert_eq!(answers.matches("503 5.5.1 ").count(), 22, "{mail}{answers}");
        assert_eq!(peer.say("NOOP\r\n"), "250 2.0.0 OK\r\n", "{mail}");
    }
}

#[test]
fn what_nothing_excuses_is_a_bad_command() {
    let message = OPEN.to_owned() + "DATA\r\n\r\n.\r\n";
    let recipient = "RCPT TO:<b@mx.example>\r\n";
    for (before, said) in [
        ("EHLO c.example\r\n", recipient),
        (&*message, recipient),
        ("EHLO c.example\r\nMAIL\r\nNOOP\r\n", recipient),
        ("EHLO c.example\r\n", "MAIL\r\n"),
        ("", "MAIL FROM:<a@x>\r\n"),
        (OPEN, "MAIL FROM:<a@x>\r\n"),
    ] {
        let mut peer = Peer::after(config(), before);
        let answers = peer.say(said.repeat(11));
        assert!(
            answers.ends_with("421 4.7.0 Too many bad commands, closing\r\n"),
            "{before}{said}"
        );
    }
}

#[test]
fn a_group_is_answered_in_one_write() {
    let mut peer = Peer::after(config(), "EHLO c.example\r\n");
    let writes = peer.writes;
    let group = "RSET\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<nobody@d>\r\nDATA\r\n";
    let codes: Vec<_> = peer.say(group).lines().map(|line| line[..3].to_owned()).collect();
    assert_eq!(codes, ["250", "250", "250", "550", "354"]);
    assert_eq!(peer.writes, writes + 1);
    peer.say("x\r\n.\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n");
    assert_eq!(peer.writes, writes + 2, "the end of content may begin a group");
}

#[test]
fn what_ends_a_group_is_answered_at_once() {
    for last in ["NOOP", "EHLO c.example", "VRFY x", "FOO"] {
        for group in [format!("RSET\r\n{last}\r\nRSET\r\n"), format!("{last}\r\nRSET\r\n")] {
            let mut peer = Peer::after(config(), "EHLO c.example\r\n");
            let writes = peer.writes;
            peer.say(&group);
            assert_eq!(peer.writes, writes + 2, "{group}");
        }
    }
}

#[test]
fn no_command_is_taken_without_room_for_its_reply() {
    let sizes = BufferSizes::DEFAULT.with_transmit(1024);
    let mut peer = Peer::with_server(Server::with_sizes(config(), sizes));
    peer.feed(b"EHLO c.example\r\n");
    let group = "RSET\r\n".repeat(500);
    let answer = peer.say(group);
    assert_eq!(answer, "250 2.0.0 OK\r\n".repeat(500));
}

#[test]
fn a_session_runs_in_arrays() {
    let buffers = Buffers { receive: [0; 1024], transmit: [0; 1024] };
    let mut server = Server::with_buffers(config(), buffers);
    assert_eq!(server.poll_event(), Ok(Some(Event::Connected)));
    assert_eq!(server.accept(), Ok(()));
    assert_eq!(server.transmit(), b"220 mx.example ESMTP ready\r\n");
}

#[test]
fn buffers_have_the_sizes_that_are_set() {
    let sizes = BufferSizes::DEFAULT.with_receive(2000).with_transmit(1024);
    let mut server = Server::with_sizes(config(), sizes);
    assert_eq!((sizes.transmit, server.read_buf().len()), (1024, 2000));
}

#[test]
fn a_buffer_too_small_for_a_reply_ends_the_session() {
    let buffers = Buffers { receive: [0; 16], transmit: [0; 16] };
    let mut server = Server::with_buffers(config(), buffers);
    assert_eq!(server.poll_event(), Ok(Some(Event::Connected)));
    assert_eq!(server.answer(Answer::OK), Ok(()));
    assert_eq!((server.wants(), server.end()), (Wants::Nothing, Some(End::NoRoom)));
}

/// Pieces that go together badly.
fn garbage() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        any::<Vec<u8>>(),
        prop::sample::select(vec![
            "EHLO c\r\n",
            "HELO c\r\n",
            "MAIL FROM:<a@b>\r\n",
            "RCPT TO:<a@b>\r\n",
            "DATA\r\n",
            "AUTH PLAIN AGEAYg==\r\n",
            "AUTH LOGIN\r\n",
            "AUTH LOGIN YQ==\r\n",
            "YQ==\r\n",
            "*\r\n",
            ".\r\n",
            "..\r\n",
            "\r\n",
            "\n",
            "\r",
            "\n.\n",
            "x",
            "RSET\r\n",
            "STARTTLS\r\n",
            "\0",
            "NOOP\r\n",
            "é",
            "AUTH PLAIN\r\n",
            "AGEAYg==\r\n",
            "LHLO c\r\n",
            "BDAT 3\r\n",
            "BDAT 0 LAST\r\n",
            "BDAT 5 LAST\r\n",
            "BDAT 18446744073709551615\r\n",
            "BDAT x\r\n",
            "VRFY a\r\n",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    prop::collection::vec(word, 0..40).prop_map(|words| words.concat())
}

/// Both protocols, with every extension.
fn full_configs() -> [Config; 2] {
    let smtp = smtp_test_support::server::config_with_chunks()
        .with_auth(AuthPolicy::Offered)
        .with_plaintext_auth(true)
        .with_limits(generous());
    [smtp, smtp.with_protocol(Protocol::Lmtp)]
}

fn generous() -> Limits {
    Limits::DEFAULT.with_bad_commands(1000).with_content(12).with_line(32)
}

proptest! {
    #[test]
    fn garbage_never_panics_and_is_always_digested(input in garbage(), size in 1_usize..9) {
        for config in full_configs() {
            let mut peer = Peer::new(config.with_tls(TlsPolicy::Offered));
            for piece in input.chunks(size) {
                peer.feed(piece);
            }
            peer.hang_up();
            prop_assert!(peer.is_over());
            prop_assert!(peer.output.ends_with(b"\r\n"));
        }
    }

    #[test]
    fn every_cut_gives_the_same_dialogue(input in garbage(), size in 1_usize..9) {
        for config in full_configs() {
            let (mut whole, mut cut) = (Peer::new(config), Peer::new(config));
            whole.feed(&input);
            cut.write_size = size;
            for piece in input.chunks(size) {
                cut.feed(piece);
            }
            prop_assert_eq!(&whole.events, &cut.events);
            prop_assert_eq!(
                String::from_utf8_lossy(&whole.output),
                String::from_utf8_lossy(&cut.output)
            );
            prop_assert_eq!(whole.server.end(), cut.server.end());
        }
    }
}
