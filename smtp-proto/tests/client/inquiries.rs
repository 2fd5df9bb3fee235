//! RSET, NOOP, VRFY, EXPN, HELP and QUIT, the time limits of each wait, and a client in arrays.

use core::time::Duration;

use smtp_proto::{
    client::{Buffers, Client, Inquiry, Phase, Refusal, Slot, Timeouts, Wants},
    command::Argument,
    hello::Extension,
};
use smtp_test_support::session::{Session, envelope, plain_config};

#[test]
fn each_inquiry_is_one_line_and_has_its_answer() {
    let smith = Argument::new("Smith").unwrap();
    for (inquiry, line, event) in [
        (Inquiry::Rset, "RSET", "rset 250"),
        (Inquiry::Noop, "NOOP", "noop 250"),
        (Inquiry::Vrfy(smith), "VRFY Smith", "vrfy 250"),
        (Inquiry::Expn(smith), "EXPN Smith", "expn 250"),
        (Inquiry::Help(None), "HELP", "help 250"),
        (Inquiry::Help(Some(smith)), "HELP Smith", "help 250"),
    ] {
        let script = format!("C: {line}\nS+ 250-one\\r\\n250 two\\r\\n");
        let mut session = Session::open(plain_config(), "").then(&script);
        assert_eq!(session.inquire(inquiry), Wants::Command, "{line}");
        assert!(session.peer.is_done(), "{line}");
        session.expect_events(&[event]);
    }
}

/// RFC 6531 3.7.4.2.
#[test]
fn text_beyond_ascii_leaves_under_smtputf8_only() {
    let text = Argument::new("\u{e9}mile").unwrap();
    let mut session = Session::open(plain_config(), "SIZE");
    for inquiry in [Inquiry::Vrfy(text), Inquiry::Expn(text), Inquiry::Help(Some(text))] {
        let refusal = session.client.inquire(inquiry).unwrap_err();
        assert_eq!(refusal, Refusal::NotOffered(Extension::SmtpUtf8));
    }
    let script = "C: VRFY \u{e9}mile SMTPUTF8\nS: 250 ok\nC: HELP \u{e9}mile\nS: 214 ok";
    let mut session = Session::open(plain_config(), "SMTPUTF8").then(script);
    session.inquire(Inquiry::Vrfy(text));
    session.inquire(Inquiry::Help(Some(text)));
    assert!(session.peer.is_done());
}

/// RFC 5321 4.5.3.2; QUIT is not in it.
#[test]
fn each_wait_has_the_limit_of_the_rfc() {
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    let limits = Timeouts::default();
    for (phase, limit) in [
        (Phase::Greeting, minutes(5)),
        (Phase::Hello, minutes(5)),
        (Phase::StartTls, minutes(5)),
        (Phase::Tls, minutes(5)),
        (Phase::Auth, minutes(5)),
        (Phase::Mail, minutes(5)),
        (Phase::Rcpt, minutes(5)),
        (Phase::Data, minutes(2)),
        (Phase::Content, minutes(3)),
        (Phase::Final, minutes(10)),
        (Phase::Rset, minutes(5)),
        (Phase::Noop, minutes(5)),
        (Phase::Quit, Duration::from_secs(10)),
    ] {
        assert_eq!(limits.limit(phase), limit, "{phase}");
    }
    let second = Duration::from_secs(1);
    let uniform = Timeouts::uniform(second);
    assert_eq!(uniform.limit(Phase::Final), second);
    // Postfix's `smtp_min_data_rate`.
    assert_eq!((limits.least_rate, uniform.least_rate), (500, 500));
    assert_eq!((limits.pace().left(), uniform.pace().left()), (minutes(3), second));
}

#[test]
fn the_phase_says_what_is_waited_for() {
    let mut session = Session::new(plain_config(), "");
    session.peer.deaf = true;
    let mut phases = vec![session.client.phase()];
    session.pump();
    let message = envelope("", &["b@c"]);
    for said in ["220 mx\r\n", "250 mx\r\n", "250 ok\r\n", "250 ok\r\n", "354 go\r\n", "250 ok\r\n"]
    {
        session.hear(said.as_bytes());
        if said == "250 mx\r\n" {
            session.client.begin(&message).unwrap();
            session.pump();
        } else if said == "354 go\r\n" {
            phases.push(session.client.phase());
            session.client.finish().unwrap();
            session.pump();
        }
        phases.push(session.client.phase());
    }
    session.quit();
    phases.push(session.client.phase());
    let expected = [
        Phase::Greeting,
        Phase::Hello,
        Phase::Mail,
        Phase::Rcpt,
        Phase::Data,
        Phase::Content,
        Phase::Final,
        Phase::Idle,
        Phase::Quit,
    ];
    assert_eq!(phases, expected);
}

/// A limit holds for one reply, or for one write of content to be taken.
#[test]
fn each_reply_and_each_write_begin_a_new_wait() {
    let mut session = Session::open(plain_config(), "PIPELINING");
    session.peer.deaf = true;
    let message = envelope("", &["b@c", "d@e"]);
    session.client.begin(&message).unwrap();
    session.pump();
    let mut seen = vec![session.client.patience().1];
    for said in ["250 a\r\n", "250 b\r\n", "250 c\r\n", "354 go\r\n"] {
        session.hear(said.as_bytes());
        seen.push(session.client.patience().1);
    }
    session.client.content(b"line\r\nline\r\n").unwrap();
    while !session.client.transmit().is_empty() {
        session.client.transmitted(3).unwrap();
        seen.push(session.client.patience().1);
    }
    assert!(seen.is_sorted_by(|before, after| before < after), "{seen:?}");
    assert_eq!(seen.len(), 9);
}

#[test]
fn what_has_left_is_flushed_once_before_an_answer_is_waited_for() {
    let mut session = Session::open(plain_config(), "");
    session.client.transmitted(0).unwrap();
    assert_eq!(session.client.wants(), Wants::Command);
    session.client.inquire(Inquiry::Noop).unwrap();
    session.client.transmitted("NOOP\r\n".len()).unwrap();
    assert_eq!(session.client.wants(), Wants::Flush);
    session.client.flushed();
    assert_eq!(session.client.wants(), Wants::Read);
    session.client.transmitted(0).unwrap();
    assert_eq!(session.client.wants(), Wants::Read, "nothing has left");
}

/// A message from the greeting to the 221, in storage that somebody else owns.
#[test]
fn a_whole_session_runs_in_arrays() {
    let mut arrays = ([0; 256], [0; 128], [Slot::EMPTY; 8], [0; 64], [0; 1]);
    let buffers = Buffers {
        receive: &mut arrays.0[..],
        transmit: &mut arrays.1[..],
        in_flight: &mut arrays.2[..],
        capabilities: &mut arrays.3[..],
        recipients: &mut arrays.4[..],
    };
    let mut client = Client::with_buffers(plain_config(), buffers);
    let (mut wire, mut replies) = (Vec::new(), Vec::new());
    let mut said = ["220 mx\r\n", "250-mx\r\n250 SIZE\r\n", "250 a\r\n", "250 b\r\n", "354 go\r\n"]
        .into_iter()
        .chain(["250 queued\r\n", "221 bye\r\n"]);
    let message = envelope("", &["b@c"]);
    let mut content = &b".hi"[..];
    loop {
        match client.wants() {
            Wants::Event => {
                while let Some(event) = client.poll_event().unwrap() {
                    replies.extend(event.reply().map(|reply| reply.code().value()));
                }
            }
            Wants::Write => {
                let n = client.transmit().len();
                wire.extend_from_slice(client.transmit());
                client.transmitted(n).unwrap();
            }
            Wants::Flush => client.flushed(),
            Wants::Read => {
                let reply = said.next().expect("no reply is due").as_bytes();
                client.read_buf()[..reply.len()].copy_from_slice(reply);
                client.received(reply.len()).unwrap();
            }
            Wants::Content if content.is_empty() => client.finish().unwrap(),
            Wants::Content => content = &content[client.content(content).unwrap()..],
            Wants::Command if replies.len() == 2 => _ = client.begin(&message).unwrap(),
            Wants::Command => client.quit().unwrap(),
            Wants::Nothing => break,
            wants => panic!("{wants:?}"),
        }
    }
    assert_eq!(replies, [220, 250, 250, 250, 354, 250, 221]);
    let expected =
        "EHLO client.example\r\nMAIL FROM:<>\r\nRCPT TO:<b@c>\r\nDATA\r\n..hi\r\n.\r\nQUIT\r\n";
    assert_eq!(String::from_utf8(wire).unwrap(), expected);
}
