//! Which command may come when, and what is said to one that may not (RFC 5321 4.1.4, 4.2.4).

use smtp_proto::{
    hello::{Extension, Extensions},
    reply::{Code, EnhancedCode},
    server::{
        Answer, AnswerError, AuthPolicy, Config, End, Event, Misuse, Server, TlsPolicy, Wants,
    },
};
use smtp_test_support::server::{Peer, config, config_with_auth};

const HELLO: &str = "EHLO c.example\r\n";
const MAIL: &str = "MAIL FROM:<a@c.example>\r\n";
const RCPT: &str = "RCPT TO:<b@mx.example>\r\n";

#[test]
fn a_whole_session_is_told_and_answered() {
    let mut peer = Peer::new(config());
    assert_eq!(peer.output, b"220 mx.example ESMTP ready\r\n");
    let offers = "250-mx.example\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250-8BITMIME\r\n\
                  250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES\r\n";
    for (said, answered) in [
        (HELLO, offers),
        ("MAIL FROM:<a@c.example> SIZE=9 BODY=8BITMIME\r\n", "250 2.1.0 Sender OK\r\n"),
        (RCPT, "250 2.1.5 Recipient OK\r\n"),
        ("RCPT TO:<nobody@mx.example>\r\n", "550 5.1.1 No such mailbox\r\n"),
        ("DATA\r\n", "354 End with <CRLF>.<CRLF>\r\n"),
        ("..dot\r\n.\r\n", "250 2.0.0 OK\r\n"),
        ("QUIT\r\n", "221 2.0.0 Bye\r\n"),
    ] {
        assert_eq!(peer.say(said), answered, "{said}");
    }
    let events = [
        "connected",
        "hello c.example true",
        "mail <a@c.example> Some(9)",
        "rcpt <b@mx.example>",
        "rcpt <nobody@mx.example>",
        "data",
        "end 6",
        "quit",
    ];
    assert_eq!(peer.events, events);
    assert_eq!(peer.content, b".dot\r\n");
    assert_eq!((peer.server.end(), peer.is_over()), (Some(End::Quit), true));
}

#[test]
fn commands_out_of_sequence_are_503() {
    let (transaction, recipients) = (format!("{HELLO}{MAIL}"), format!("{HELLO}{MAIL}{RCPT}"));
    for (before, said) in [
        ("", MAIL),
        ("", RCPT),
        ("", "DATA\r\n"),
        (HELLO, RCPT),
        (HELLO, "DATA\r\n"),
        (&transaction, MAIL),
        (&recipients, MAIL),
    ] {
        let mut peer = Peer::after(config(), before);
        assert_eq!(peer.say(said), "503 5.5.1 Bad sequence of commands\r\n", "{before}{said}");
        assert!(peer.events.is_empty(), "{before}{said}");
    }
}

#[test]
fn data_without_an_accepted_recipient_is_554() {
    let mut peer = Peer::after(config(), &format!("{HELLO}{MAIL}RCPT TO:<nobody@x>\r\n"));
    assert_eq!(peer.say("DATA\r\n"), "554 5.5.1 No valid recipients\r\n");
    assert_eq!(peer.say(RCPT), "250 2.1.5 Recipient OK\r\n");
    assert!(peer.say("DATA\r\n").starts_with("354 "));
}

#[test]
fn ehlo_and_rset_forget_the_transaction() {
    for reset in [HELLO, "HELO c.example\r\n", "RSET\r\n"] {
        let mut peer = Peer::after(config(), &format!("{HELLO}{MAIL}{RCPT}"));
        assert!(peer.say(reset).starts_with("250"), "{reset}");
        assert!(peer.say("DATA\r\n").starts_with("503 "), "{reset}");
        assert!(peer.say(MAIL).starts_with("250 "), "{reset}");
    }
}

#[test]
fn the_end_of_content_ends_the_transaction() {
    let mut peer = Peer::after(config(), &format!("{HELLO}{MAIL}{RCPT}DATA\r\n.\r\n"));
    assert!(peer.say(RCPT).starts_with("503 "));
    assert!(peer.say(MAIL).starts_with("250 "));
}

#[test]
fn a_refused_ehlo_changes_nothing() {
    let mut peer = Peer::after(config(), &format!("{HELLO}{MAIL}{RCPT}"));
    peer.policy = |event| matches!(event, Event::Hello { .. }).then_some(Answer::NOT_ALLOWED);
    assert_eq!(peer.say(HELLO), "550 Not allowed\r\n");
    assert!(peer.say("DATA\r\n").starts_with("354 "));
}

#[test]
fn inquiries_need_no_hello() {
    let mut peer = Peer::new(config());
    for (said, code) in [
        ("NOOP\r\n", "250 2.0.0"),
        ("NOOP what ever\r\n", "250 2.0.0"),
        ("RSET\r\n", "250 2.0.0"),
        ("VRFY b\r\n", "252 2.5.2"),
        ("HELP\r\n", "214 2.0.0"),
        ("EXPN list\r\n", "502 5.5.1"),
        ("quit\r\n", "221 2.0.0"),
    ] {
        assert!(peer.say(said).starts_with(code), "{said}");
    }
}

#[test]
fn syntax_errors_have_their_codes() {
    for (said, code) in [
        ("FOO\r\n", "500 5.5.1"),
        ("\r\n", "500 5.5.1"),
        ("LHLO c.example\r\n", "500 5.5.1"),
        ("NOOP\n", "500 5.5.2"),
        ("NO\rOP\r\n", "500 5.5.2"),
        ("NOOP a\0b\r\n", "500 5.5.2"),
        ("EHLO\r\n", "501 5.5.4"),
        ("EHLO a..b\r\n", "501 5.5.4"),
        ("DATA now\r\n", "501 5.5.4"),
        ("STARTTLS\r\n", "502 5.5.1"),
        ("AUTH PLAIN\r\n", "502 5.5.1"),
        ("MAIL TO:<a@b>\r\n", "501 5.5.4"),
        ("MAIL FROM:<a@@b>\r\n", "501 5.1.7"),
        ("RCPT TO:<a@@b>\r\n", "501 5.1.3"),
        ("MAIL FROM:<a@b> SIZE=x\r\n", "501 5.5.4"),
        ("MAIL FROM:<a@b> FOO=1\r\n", "555 5.5.4"),
        ("MAIL FROM:<a@b> RET=HDRS\r\n", "555 5.5.4"),
        ("MAIL FROM:<a@b> AUTH=<>\r\n", "555 5.5.4"),
        ("MAIL FROM:<a@b> BODY=BINARYMIME\r\n", "555 5.5.4"),
    ] {
        let mut peer = Peer::after(config(), HELLO);
        assert!(peer.say(said).starts_with(code), "{said}: {}", peer.reply());
        assert!(peer.events.is_empty(), "{said}");
    }
}

#[test]
fn helo_brings_no_extensions() {
    let mut peer = Peer::new(config());
    assert_eq!(peer.say("HELO c.example\r\n"), "250 mx.example\r\n");
    assert!(peer.say("MAIL FROM:<a@b> SIZE=1\r\n").starts_with("555 "));
    assert!(peer.say(MAIL).starts_with("250 "));
}

#[test]
fn addresses_beyond_ascii_need_smtputf8() {
    let mut peer = Peer::after(config(), HELLO);
    assert!(peer.say("MAIL FROM:<é@b>\r\n").starts_with("553 5.6.7"));
    peer.say(MAIL);
    assert!(peer.say("RCPT TO:<é@b>\r\n").starts_with("553 5.6.7"));
    peer.say("RSET\r\n");
    assert!(peer.say("MAIL FROM:<é@b> SMTPUTF8\r\n").starts_with("250 "));
    assert!(peer.say("RCPT TO:<é@b>\r\n").starts_with("250 "));
    let mut peer = Peer::after(config().with_extensions([].into_iter().collect()), HELLO);
    assert_eq!(peer.say("VRFY é\r\n"), "500 Line with octets that no command has\r\n");
}

#[test]
fn a_refused_connection_may_only_quit() {
    let mut peer = Peer::with_server(Server::new(config()));
    peer.policy = |event| matches!(event, Event::Connected).then_some(Answer::NO_SERVICE);
    assert_eq!(peer.say(""), "554 mx.example No service\r\n");
    assert!(peer.say(HELLO).starts_with("503 "));
    assert!(peer.say("QUIT\r\n").starts_with("221 "));
}

#[test]
fn a_421_closes_whatever_it_answers() {
    let mut peer = Peer::after(config(), &format!("{HELLO}{MAIL}"));
    peer.policy = |event| matches!(event, Event::Recipient(_)).then_some(Answer::CLOSING);
    let answer = peer.say(format!("{RCPT}{RCPT}DATA\r\n"));
    assert_eq!(answer, "421 4.3.2 Service not available, closing\r\n");
    assert_eq!((peer.server.end(), peer.is_over()), (Some(End::ServiceClosing), true));
}

#[test]
fn answers_that_make_no_sense_are_misuse() {
    let mut server = Server::new(config());
    assert_eq!(server.accept(), Err(Misuse::NoQuestion));
    assert_eq!(server.poll_event(), Ok(Some(Event::Connected)));
    assert_eq!(server.answer(Answer::START_CONTENT), Err(Misuse::WrongClass));
    assert_eq!(server.tls_established(), Err(Misuse::NotWanted));
    assert_eq!(server.transmitted(1), Err(Misuse::OutOfBounds));
    assert_eq!(server.wants(), Wants::Answer);
    assert_eq!(server.accept(), Ok(()));
    assert_eq!(server.accept(), Err(Misuse::NoQuestion));
}

#[test]
fn a_lost_connection_is_no_message() {
    let mut peer = Peer::after(config(), &format!("{HELLO}{MAIL}{RCPT}DATA\r\n"));
    peer.say("half a line\r\n.");
    peer.hang_up();
    assert!(peer.events.is_empty());
    assert_eq!((peer.server.end(), peer.is_over()), (Some(End::Lost), true));
}

#[test]
fn a_command_may_be_declined_before_it_is_taken() {
    let mut server = Server::new(config());
    let read = |server: &mut Server<Box<[u8]>>, line: &[u8]| {
        server.read_buf()[..line.len()].copy_from_slice(line);
        server.received(line.len()).expect("room");
    };
    assert_eq!(server.decline(Answer::NOT_ALLOWED), Err(Misuse::NotWanted));
    assert_eq!(server.poll_event(), Ok(Some(Event::Connected)));
    assert_eq!(server.accept(), Ok(()));
    server.transmitted(server.transmit().len()).expect("in bounds");
    read(&mut server, b"QUIT\r\nBDAT 1\r\nx");
    assert_eq!(server.decline(Answer::OK), Err(Misuse::WrongClass));
    assert_eq!(server.decline(Answer::NOT_ALLOWED), Ok(()));
    assert_eq!(server.transmit(), b"550 5.7.1 Not allowed\r\n");
    server.transmitted(server.transmit().len()).expect("in bounds");
    assert_eq!(server.pending_line(), Some(&b"BDAT 1"[..]));
    assert_eq!(server.decline(Answer::NOT_ALLOWED), Err(Misuse::NotWanted), "a chunk follows");
    assert_eq!(server.end(), None);
}

#[test]
fn inquiries_are_for_the_application() {
    let mut peer = Peer::after(config(), "");
    peer.policy = |event| match event {
        Event::Verify(text) if text.as_str() == "ada" => Some(
            Answer::new(Code::OK, EnhancedCode::new(2, 1, 5), "<ada@mx.example>").expect("valid"),
        ),
        Event::Expand(_) => {
            Some(Answer::with_lines(Code::OK, None, "<a@x>\n<b@x>").expect("valid"))
        }
        _ => None,
    };
    assert_eq!(peer.say("VRFY ada\r\n"), "250 2.1.5 <ada@mx.example>\r\n");
    assert!(peer.say("VRFY bob\r\n").starts_with("252 "));
    assert_eq!(peer.say("EXPN all\r\n"), "250-<a@x>\r\n250 <b@x>\r\n");
    assert_eq!(peer.events, ["verify ada", "verify bob", "expand all"]);
}

#[test]
fn every_line_of_an_answer_has_its_codes() {
    let mut peer = Peer::with_server(Server::new(config()));
    peer.policy = |event| {
        let code = if matches!(event, Event::Connected) { 554 } else { 550 };
        let code = Code::new(code).expect("a code");
        let enhanced = EnhancedCode::new(5, 7, 1);
        Some(Answer::with_lines(code, enhanced, "Go away\n\nSee the manual").expect("valid"))
    };
    assert_eq!(peer.say(""), "554-mx.example Go away\r\n554-\r\n554 See the manual\r\n");
    let mut peer = Peer::after(config(), HELLO);
    peer.policy = |_| {
        let enhanced = EnhancedCode::new(5, 7, 1);
        Some(Answer::with_lines(Code::MAILBOX_UNAVAILABLE, enhanced, "No\nNo").expect("valid"))
    };
    assert_eq!(peer.say(MAIL), "550-5.7.1 No\r\n550 5.7.1 No\r\n");
}

#[test]
fn parameters_of_offered_extensions_reach_the_application() {
    let mut peer = Peer::after(config().with_extensions(Config::SUPPORTED), HELLO);
    let mail = "MAIL FROM:<> RET=HDRS ENVID=1 BY=60;R MT-PRIORITY=3\r\n";
    assert!(peer.say(mail).starts_with("250 "));
    assert!(
        peer.say(
            "RCPT TO:<b@x> NOTIFY=NEVER ORCPT=rfc822;b@x.example RRVS=2014-04-03T23:01:00Z\r\n"
        )
        .starts_with("250 ")
    );
    assert!(peer.debug.contains("NOTIFY=NEVER"), "{}", peer.debug);
    peer.say("RSET\r\n");
    assert!(peer.say("MAIL FROM:<> REQUIRETLS\r\n").starts_with("555 "), "only inside TLS");
}

/// Parameters of MAIL and of RCPT, each with the extension that brought it.
const PARAMETERS: [(Extension, &str, &str); 12] = [
    (Extension::Size, "SIZE=1", ""),
    (Extension::EightBitMime, "BODY=8BITMIME", ""),
    (Extension::SmtpUtf8, "SMTPUTF8", ""),
    (Extension::Auth, "AUTH=<>", ""),
    (Extension::Dsn, "RET=HDRS", ""),
    (Extension::Dsn, "ENVID=1", ""),
    (Extension::RequireTls, "REQUIRETLS", ""),
    (Extension::DeliverBy, "BY=60;R", ""),
    (Extension::MtPriority, "MT-PRIORITY=3", ""),
    (Extension::Dsn, "", "NOTIFY=NEVER"),
    (Extension::Dsn, "", "ORCPT=rfc822;b@x.example"),
    (Extension::Rrvs, "", "RRVS=2014-04-03T23:01:00Z"),
];

/// What is answered to MAIL or RCPT with the parameter, inside TLS.
fn answer(offered: Extensions, mail: &str, rcpt: &str) -> String {
    let is_auth = offered.contains(Extension::Auth);
    let auth = if is_auth { AuthPolicy::Offered } else { AuthPolicy::None };
    let config = config().with_tls(TlsPolicy::Implicit).with_auth(auth).with_extensions(offered);
    let mut peer = Peer::after(config, HELLO);
    let answer = peer.say(format!("MAIL FROM:<> {mail}\r\n"));
    if rcpt.is_empty() { answer } else { peer.say(format!("RCPT TO:<b@x> {rcpt}\r\n")) }
}

#[test]
fn a_parameter_needs_its_extension_and_no_other() {
    let all = Config::SUPPORTED.union(Extension::Auth.into());
    for (extension, mail, rcpt) in PARAMETERS {
        let alone = answer(extension.into(), mail, rcpt);
        assert!(alone.starts_with("250 "), "{mail}{rcpt}: {alone}");
        let others = answer(all.difference(extension.into()), mail, rcpt);
        assert!(others.starts_with("555"), "{mail}{rcpt}: {others}");
    }
    assert!(answer(all, "FOO=1", "").starts_with("555 "));
    assert!(answer(all, "", "FOO=1").starts_with("555 "));
}

#[test]
fn texts_cannot_end_a_line() {
    for text in ["a\r\n250 b", "a\nb", "\0", "é", "\u{7f}"] {
        assert!(Answer::new(Code::OK, None, text).is_err(), "{text:?}");
    }
    for text in ["a\r\nb", "a\n\u{0}", "a\né"] {
        assert!(Answer::with_lines(Code::OK, None, text).is_err(), "{text:?}");
    }
    let at = AnswerError::Octet { octet: 0, offset: 3 };
    assert_eq!(Answer::with_lines(Code::OK, None, "ab\n\0"), Err(at));
    let many = "\n".repeat(Answer::MAX_LINES);
    assert_eq!(Answer::with_lines(Code::OK, None, &many), Err(AnswerError::TooManyLines));
    assert!(Answer::with_lines(Code::OK, None, &many[1..]).is_ok());
    let long = "x".repeat(Answer::MAX_TEXT + 1);
    assert!(Answer::new(Code::OK, None, &long).is_err());
    assert!(Answer::new(Code::OK, None, &long[1..]).is_ok());
    assert!(Answer::new(Code::OK, EnhancedCode::new(5, 0, 0), "").is_err());
}

#[test]
fn unknown_parameters_of_a_recipient_are_555() {
    let config = config().with_extensions(Config::SUPPORTED);
    let mut peer = Peer::after(config, "EHLO c.example\r\nMAIL FROM:<a@b>\r\n");
    for parameter in ["FOO=1", "SIZE=1"] {
        let answer = peer.say(format!("RCPT TO:<b@c> {parameter}\r\n"));
        assert!(answer.starts_with("555 5.5.4"), "{parameter}: {answer}");
    }
    assert!(peer.events.is_empty());
    assert!(peer.say("RCPT TO:<b@c>\r\n").starts_with("250 "));
}

#[test]
fn a_command_may_be_declined_for_good() {
    let mut server = Peer::new(config()).server;
    server.read_buf()[..6].copy_from_slice(b"NOOP\r\n");
    assert_eq!(server.received(6), Ok(()));
    let closing = Answer::new(Code::SERVICE_CLOSING, EnhancedCode::new(4, 3, 2), "Going down");
    assert_eq!(server.decline(closing.expect("valid")), Ok(()));
    assert_eq!(server.end(), Some(End::ServiceClosing));
    assert_eq!(server.transmit(), b"421 4.3.2 Going down\r\n");
}

#[test]
fn a_line_of_a_dialogue_is_not_declined() {
    let mut peer = Peer::after(config_with_auth(), &format!("{HELLO}AUTH LOGIN\r\n"));
    peer.server.read_buf()[..10].copy_from_slice(b"YWxpY2U=\r\n");
    assert_eq!(peer.server.received(10), Ok(()));
    assert_eq!(peer.server.decline(Answer::NOT_ALLOWED), Err(Misuse::NotWanted));
    assert_eq!(peer.say(""), "334 UGFzc3dvcmQ6\r\n");
}

#[test]
fn the_last_reply_is_flushed_before_the_end_and_what_follows_quit_is_dropped() {
    let mut server = Peer::new(config()).server;
    let room = server.read_buf().len();
    server.read_buf()[..6].copy_from_slice(b"QUIT\r\n");
    assert_eq!(server.received(6), Ok(()));
    assert_eq!(server.poll_event(), Ok(Some(Event::Quit)));
    assert_eq!(server.poll_event(), Ok(None));
    assert_eq!((server.wants(), server.received(5)), (Wants::Write, Ok(())));
    assert_eq!(server.transmitted(server.transmit().len()), Ok(()));
    assert_eq!(server.wants(), Wants::Flush);
    server.flushed();
    assert_eq!((server.wants(), server.received(5)), (Wants::Nothing, Ok(())));
    assert_eq!(server.read_buf().len(), room);
}

#[test]
fn what_an_event_lends_is_not_written_over() {
    let mut server = Peer::new(config()).server;
    server.read_buf()[..HELLO.len()].copy_from_slice(HELLO.as_bytes());
    assert_eq!(server.received(HELLO.len()), Ok(()));
    assert!(matches!(server.poll_event(), Ok(Some(Event::Hello { .. }))));
    assert_eq!((server.read_buf().len(), server.received(1)), (0, Err(Misuse::OutOfBounds)));
    assert_eq!(server.accept(), Ok(()));
    assert!(!server.read_buf().is_empty());
}

#[test]
fn a_write_of_nothing_needs_no_flush() {
    let mut server = Peer::new(config()).server;
    assert_eq!((server.transmitted(0), server.wants()), (Ok(()), Wants::Read));
}

#[test]
fn more_octets_than_there_was_room_for_were_not_received() {
    let mut peer = Peer::new(config());
    let room = peer.server.read_buf().len();
    assert_eq!(peer.server.received(room + 1), Err(Misuse::OutOfBounds));
    assert_eq!(peer.server.read_buf().len(), room);
    assert!(peer.say("EHLO c.example\r\n").starts_with("250-"));
}
