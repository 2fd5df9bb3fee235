//! How real servers answer between MAIL and QUIT, with their bytes.

use Stand::{Closing, GoAheadAfterRefusal, Lost, Malformed, Unexpected, Unsolicited, Usable};
use Status::{Accepted, Deferred, NotAttempted, Rejected, Unknown};
use smtp_proto::{
    client::{
        BufferSizes, Chunking, Client, Config, End, Hint, Inquiry, Journal, Outcome, Phase,
        RecipientOutcome, Retry, Status, TlsPolicy, Wants, When,
    },
    envelope::Envelope,
    hello::{Extension, Extensions},
};
use smtp_test_support::{
    session::{Session, envelope, plain_config},
    stand::Stand,
};

fn two() -> Envelope {
    envelope("", &["a@b", "c@d"])
}

/// A session with these offers (words, `_` for a space) in which a message for two is begun.
fn begun(config: Config, offers: &str) -> Session {
    let mut session = Session::open(config, offers);
    session.peer.deaf = true;
    session.peer.heard.clear();
    let mut journal = Journal::new();
    journal.begin(session.client.begin(&two()).unwrap(), 2);
    session.journal = Some(journal);
    assert_eq!(session.pump(), Wants::Read);
    session
}

/// Hands over what the client wants, as far as it wants it.
fn hand_over(session: &mut Session) {
    if session.client.wants() == Wants::Content {
        session.hand_over(&two(), b"hi\r\n");
        session.pump();
    }
}

fn outcome(session: &mut Session) -> Outcome {
    let end = session.end();
    session.journal.as_mut().and_then(|journal| journal.take_outcome(end)).expect("it has ended")
}

fn statuses(outcome: &Outcome) -> [Status; 2] {
    [outcome.recipient(0).unwrap().status(), outcome.recipient(1).unwrap().status()]
}

/// Name; what the server says in one piece each time the client waits, nothing for the end of the
/// stream; what left behind the envelope; the fates of two recipients; how the session stands.
type Row = (&'static str, &'static [&'static [u8]], &'static str, [Status; 2], Stand);

const DOT: &str = "hi\r\n.\r\n";

/// With PIPELINING: MAIL, RCPT, RCPT and DATA have left.
#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("recipients_by_250", &[b"250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n", b"250 ok\r\n"], DOT, [Accepted; 2], Usable),
    ("a_recipient_by_251", &[b"250 ok\r\n251 User not local; will forward\r\n550 no\r\n354 go\r\n", b"250 ok\r\n"], DOT, [Accepted, Rejected], Usable),
    ("a_recipient_by_252", &[b"250 ok\r\n252 Cannot VRFY user\r\n550 no\r\n354 go\r\n", b"250 ok\r\n"], DOT, [Accepted, Rejected], Usable),
    ("too_many_by_552", &[b"250 ok\r\n250 ok\r\n552 5.5.3 Too many recipients\r\n354 go\r\n", b"250 ok\r\n"], DOT, [Accepted, Deferred], Usable),
    ("too_many_by_452", &[b"250 ok\r\n250 ok\r\n452 4.5.3 Too many recipients\r\n354 go\r\n", b"250 ok\r\n"], DOT, [Accepted, Deferred], Usable),
    ("closing_at_mail", &[b"421 gmx.net Service closing transmission channel - command timeout\r\n"], "", [NotAttempted; 2], Closing(Phase::Mail)),
    ("closing_at_one_recipient", &[b"250 ok\r\n250 ok\r\n421 4.3.2 shutting down\r\n"], "", [NotAttempted; 2], Closing(Phase::Rcpt)),
    ("closing_at_data", &[b"250 ok\r\n250 ok\r\n250 ok\r\n421 bye\r\n"], "", [NotAttempted; 2], Closing(Phase::Data)),
    ("closing_at_the_dot", &[b"250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n", b"421 4.3.0 try later\r\n"], DOT, [Deferred; 2], Closing(Phase::Final)),
    ("the_envelope_is_answered_451_for_idle", &[b"451 4.4.2 Timeout - closing connection\r\n503 no\r\n503 no\r\n503 no\r\n"], "", [Deferred; 2], Usable),
    ("nobody_and_a_go_ahead", &[b"250 ok\r\n550 no\r\n550 no\r\n354 go\r\n", b"554 no valid recipients\r\n"], ".\r\n", [Rejected; 2], Usable),
    ("nobody_and_a_503", &[b"250 ok\r\n550 no\r\n450 no\r\n503 RCPT required first\r\n"], "", [Rejected, Deferred], Usable),
    ("no_sender_and_503s", &[b"550 5.7.1 not you\r\n503 MAIL first\r\n503 MAIL first\r\n503 RCPT first\r\n"], "", [Rejected; 2], Usable),
    ("no_sender_and_a_go_ahead", &[b"550 5.7.1 not you\r\n250 ok\r\n250 ok\r\n354 go\r\n"], "", [Rejected; 2], GoAheadAfterRefusal),
    ("data_by_250", &[b"250 ok\r\n250 ok\r\n250 ok\r\n250 ok\r\n"], "", [NotAttempted; 2], Unexpected(Phase::Data, 250)),
    ("a_go_ahead_with_an_enhanced_code", &[b"250 ok\r\n250 ok\r\n250 ok\r\n354 2.0.0 Go ahead\r\n", b"250 ok\r\n"], DOT, [Accepted; 2], Usable),
    ("a_go_ahead_behind_two_spaces", &[b"250 ok\r\n250 ok\r\n250 ok\r\n354  Go ahead abc.12 - gsmtp\r\n", b"250 ok\r\n"], DOT, [Accepted; 2], Usable),
    ("a_bare_go_ahead", &[b"250\r\n250\r\n250\r\n354\r\n", b"250\r\n"], DOT, [Accepted; 2], Usable),
    ("lines_end_at_lf", &[b"250 ok\n250 ok\n550-no\n550 no\n354 go\n", b"250 ok\n"], DOT, [Accepted, Rejected], Usable),
    ("texts_beyond_utf_8", &[b"250 \xff\xff\xff\xff\r\n250 \xe4\xf6\xfc\r\n250 a\0b\r\n354 \xff\r\n", b"250 \xff\r\n"], DOT, [Accepted; 2], Usable),
    ("no_answer_to_the_dot", &[b"250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n", b""], DOT, [Unknown; 2], Lost(Phase::Final)),
    ("an_answer_cut_behind_the_dot", &[b"250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n", b"250-2.0.0 queued\r\n250 2.0", b""], DOT, [Unknown; 2], Lost(Phase::Final)),
    ("a_verdict_and_a_221_in_one_segment", &[b"250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n", b"250 queued\r\n221 bye\r\n"], DOT, [Accepted; 2], Closing(Phase::Idle)),
    ("a_verdict_and_a_421_in_one_segment", &[b"250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n", b"250 queued\r\n421 bye\r\n"], DOT, [Accepted; 2], Closing(Phase::Idle)),
    ("a_warning_among_the_replies", &[b"250 ok\r\nWARNING: disk full\r\n250 ok\r\n"], "", [NotAttempted; 2], Malformed(Phase::Rcpt)),
    ("a_blank_line_among_the_replies", &[b"250 ok\r\n\r\n250 ok\r\n"], "", [NotAttempted; 2], Malformed(Phase::Rcpt)),
];

#[test]
fn what_servers_say_to_an_envelope_and_its_content() {
    for (name, said, behind, fates, stand) in ROWS {
        let mut session = begun(plain_config(), "PIPELINING");
        let group = "MAIL FROM:<>\r\nRCPT TO:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n";
        for octets in *said {
            if octets.is_empty() {
                session.hear_end()
            } else {
                session.hear(octets)
            };
            hand_over(&mut session);
        }
        let heard = String::from_utf8_lossy(&session.peer.heard);
        assert_eq!(heard, format!("{group}{behind}"), "{name}");
        assert_eq!(Stand::of(&session), *stand, "{name}");
        let outcome = outcome(&mut session);
        assert_eq!(statuses(&outcome), *fates, "{name}");
        let wants = if *stand == Usable { Wants::Command } else { Wants::Nothing };
        assert_eq!(session.client.wants(), wants, "{name}");
    }
}

/// Plays a row of the table to its end.
fn played(name: &str) -> Session {
    let row = ROWS.iter().find(|row| row.0 == name).expect("a row");
    let mut session = begun(plain_config(), "PIPELINING");
    for octets in row.1 {
        if octets.is_empty() {
            session.hear_end()
        } else {
            session.hear(octets)
        };
        hand_over(&mut session);
    }
    session
}

#[test]
fn the_first_refusal_is_the_cause() {
    for (name, words) in [
        ("nobody_and_a_go_ahead", "550 no"),
        ("nobody_and_a_503", "550 no"),
        ("no_sender_and_503s", "550 5.7.1 not you"),
        ("no_sender_and_a_go_ahead", "550 5.7.1 not you"),
    ] {
        let outcome = outcome(&mut played(name));
        let reply = outcome.recipient(0).unwrap().reply.unwrap();
        assert_eq!(reply.to_string(), words, "{name}");
    }
}

#[test]
fn too_many_recipients_are_hinted_at_and_the_code_is_kept() {
    for (name, code) in [("too_many_by_552", 552), ("too_many_by_452", 452)] {
        let outcome = outcome(&mut played(name));
        let second = outcome.recipient(1).unwrap();
        assert_eq!(second.reply.unwrap().code().value(), code);
        assert_eq!(second.retry(), Some(Retry::SameConnection), "{name}");
        let hint = outcome.hint(Extensions::EMPTY);
        assert_eq!(hint, Some(Hint::RetryRemainingInNewTransaction), "{name}");
        let left = two().remaining(&outcome).unwrap();
        assert!(left.recipients().eq(["c@d"]), "{name}");
    }
}

#[test]
fn closing_is_no_verdict_and_says_when_to_try_again() {
    for (name, retry) in [
        ("closing_at_mail", Retry::NewConnectionNow),
        ("closing_at_one_recipient", Retry::Later),
        ("closing_at_data", Retry::Later),
    ] {
        let outcome = outcome(&mut played(name));
        let closing =
            |to: RecipientOutcome<'_>| to.reply.is_some_and(|reply| reply.code().value() == 421);
        assert!(outcome.recipients().all(closing), "{name}: the cause is told");
        assert!(outcome.recipients().all(|to| to.status() == NotAttempted), "{name}");
        assert!(outcome.recipients().all(|to| to.retry() == Some(retry)), "{name}");
    }
}

/// What the server says to the envelope, to what is handed over then, and the words that end it.
type LastWords = (&'static [u8], &'static [u8], &'static str);

const LAST_WORDS: &[LastWords] = &[
    (b"354 mail\r\n", b"", "354 mail"),
    (b"250 a\r\n250 b\r\n354 rcpt\r\n", b"", "354 rcpt"),
    (b"250 a\r\n250 b\r\n250 c\r\n250 data\r\n", b"", "250 data"),
    (b"250 a\r\n250 b\r\n421 rcpt\r\n", b"", "421 rcpt"),
    (b"250 a\r\n250 b\r\n250 c\r\n354 go\r\n", b"354 final\r\n", "354 final"),
    (b"250 a\r\n250 b\r\n250 c\r\n354 go\r\n", b"421 final\r\n", "421 final"),
];

#[test]
fn the_words_that_ended_the_session_are_kept() {
    for (envelope, content, words) in LAST_WORDS {
        let mut session = begun(plain_config(), "PIPELINING");
        session.hear(envelope);
        hand_over(&mut session);
        session.hear(content);
        let end = session.end().expect("it has ended");
        let journal = session.journal.as_ref().unwrap();
        let kept = |end| journal.last_words(end).map(|reply| reply.as_reply().to_string());
        assert_eq!(kept(end).as_deref(), Some(*words));
        assert_eq!(kept(End::ServiceClosing(Phase::Hello)), None, "of another phase");
        let code = smtp_proto::reply::Code::TRANSACTION_FAILED;
        assert_eq!(kept(End::Refused { phase: end.phase(), code }), None, "another answer");
    }
    let mut early = begun(plain_config(), "PIPELINING");
    early.hear(b"250 a\r\n250 b\r\n250 c\r\n354 go\r\n");
    early.hear(b"250 early\r\n");
    let words = early.journal.as_ref().unwrap().last_words(early.end().unwrap());
    assert_eq!(words.unwrap().as_reply().to_string(), "250 early");
}

#[test]
fn answers_to_a_message_that_do_not_end_the_session_are_its_own() {
    for name in ["too_many_by_452", "nobody_and_a_503", "no_sender_and_503s"] {
        let session = played(name);
        assert_eq!(session.journal.unwrap().last_answer(), None, "{name}");
    }
    let refused = half_sent(false, b"552 too large\r\n");
    assert_eq!(refused.journal.unwrap().last_answer(), None);
}

#[test]
fn an_idle_server_that_closes_may_be_tried_at_once_elsewhere() {
    for (inquiry, phase) in [(Inquiry::Rset, Phase::Rset), (Inquiry::Noop, Phase::Noop)] {
        for line in [
            "421 gmx.net Service closing transmission channel - command timeout",
            "421 1.2.3 green.eggs.and.spam Error: timeout exceeded",
        ] {
            let mut session = Session::open(plain_config(), "");
            session.peer.deaf = true;
            session.journal = Some(Journal::new());
            session.inquire(inquiry);
            assert_eq!(session.hear(format!("{line}\r\n").as_bytes()), Wants::Nothing);
            assert_eq!(Stand::of(&session), Closing(phase));
            let end = session.end().unwrap();
            assert_eq!(end.retry(), When::NewConnectionNow, "nothing was said against a message");
            let words = session.journal.as_ref().unwrap().last_words(end).unwrap();
            assert_eq!(words.enhanced(), None, "{line}: 1.2.3 is of no class");
            assert_eq!(words.text(), [&line[4..]]);
        }
    }
}

#[test]
fn an_inquiry_may_be_answered_anyhow() {
    // 200 by SIMS 3.2, 220 by FireWall-1, 5yz where there is no NOOP, 451 by Exchange.
    for code in ["200", "220", "250", "500", "502", "451"] {
        let mut session = Session::open(plain_config(), "").then("C: NOOP");
        session.inquire(Inquiry::Noop);
        assert_eq!(session.hear(format!("{code} x\r\n").as_bytes()), Wants::Command, "{code}");
        assert!(session.client.is_reusable(), "{code}");
    }
    // Unasked it would be taken for the reply to the next command.
    let mut session = Session::open(plain_config(), "");
    session.hear(b"250 2.0.0 what\r\n");
    assert_eq!(Stand::of(&session), Unsolicited);
}

/// C77: some say 451 or 221 where 421 belongs. Their words are told, and the next message may go at once.
#[test]
fn an_idle_server_that_says_goodbye_in_other_words_has_closed() {
    for line in [
        "451 4.7.0 Timeout waiting for client input",
        "221 2.0.0 Idle timeout, bye",
        "450 too long",
    ] {
        let mut session = Session::open(plain_config(), "");
        session.journal = Some(Journal::new());
        session.hear(format!("{line}\r\n").as_bytes());
        assert_eq!(Stand::of(&session), Closing(Phase::Idle), "{line}");
        let end = session.end().unwrap();
        assert_eq!(end.retry(), When::NewConnectionNow);
        let words = session.journal.as_ref().unwrap().last_words(end).unwrap();
        assert_eq!(words.to_string(), line);
    }
}

/// What else is said unasked is told too.
#[test]
fn words_that_nobody_asked_for_are_told() {
    let mut session = Session::open(plain_config(), "");
    session.journal = Some(Journal::new());
    session.hear(b"554 5.7.1 go away\r\n");
    assert_eq!(Stand::of(&session), Unsolicited);
    let words = session.journal.as_ref().unwrap().last_words(session.end().unwrap()).unwrap();
    assert_eq!(words.to_string(), "554 5.7.1 go away");
}

#[test]
fn a_masked_pipelining_sends_one_command_at_a_time() {
    let config = plain_config().with_mask(Extension::Pipelining.into());
    let mut session = begun(config, "PIPELINING");
    assert!(session.client.used().is_empty());
    for (said, heard) in [
        ("", "MAIL FROM:<>\r\n"),
        ("250 ok\r\n", "RCPT TO:<a@b>\r\n"),
        ("250 ok\r\n", "RCPT TO:<c@d>\r\n"),
        ("250 ok\r\n", "DATA\r\n"),
    ] {
        session.hear(said.as_bytes());
        assert_eq!(String::from_utf8_lossy(&session.peer.heard), heard);
        session.peer.heard.clear();
    }
}

#[test]
fn a_server_that_stalls_on_a_group_gets_one_command_at_a_time_next() {
    let mut session = begun(plain_config(), "PIPELINING");
    session.hear(b"250 ok\r\n");
    session.client.abort();
    session.pump();
    let used = session.client.used();
    let outcome = outcome(&mut session);
    assert_eq!(outcome.hint(used), Some(Hint::RetryWithoutPipelining));
    assert!(outcome.recipients().all(|fate| fate.retry() == Some(Retry::Later)));
}

/// Nothing is grouped with what changes the session: AUTH and QUIT wait, and are waited for.
#[test]
fn auth_and_quit_are_never_in_a_group() {
    use smtp_proto::{client::Misuse, sasl::Plain};
    let config = plain_config().with_plaintext_auth(true);
    let mut session = begun(config, "PIPELINING AUTH_PLAIN");
    let refused = session.client.authenticate(&mut Plain::new("u", "p"));
    assert_eq!(refused, Err(Misuse::Busy.into()));
    assert_eq!(session.client.quit(), Err(Misuse::Busy));

    let mut session = Session::open(config, "PIPELINING AUTH_PLAIN");
    session.peer.deaf = true;
    session.client.authenticate(&mut Plain::new("u", "p")).unwrap();
    assert_eq!(session.client.begin(&two()), Err(Misuse::Busy.into()));
    assert_eq!(session.client.inquire(Inquiry::Noop), Err(Misuse::Busy.into()));
}

/// A message whose content is handed over in part, with a transport that then breaks.
fn half_sent(broken: bool, said: &[u8]) -> Session {
    let mut session = begun(plain_config(), "PIPELINING");
    session.hear(b"250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n");
    assert_eq!(session.client.wants(), Wants::Content);
    session.client.content(b"half a line").unwrap();
    session.pump();
    session.client.content(b" and more\r\n").unwrap();
    if broken {
        session.client.transmit_failed();
    }
    session.hear(said);
    session
}

#[test]
fn a_refusal_before_the_dot_is_the_verdict_also_where_writing_fails() {
    for broken in [false, true] {
        let mut session = half_sent(broken, b"552 5.3.4 Message too big\r\n");
        assert_eq!(session.client.wants(), Wants::Nothing);
        assert!(!session.peer.heard.ends_with(b".\r\n"));
        let outcome = outcome(&mut session);
        assert_eq!(statuses(&outcome), [Rejected; 2]);
        assert_eq!(outcome.reply().unwrap().to_string(), "552 5.3.4 Message too big");
        assert!(matches!(session.end(), Some(End::ContentRefused(_))));
    }
}

#[test]
fn a_success_before_the_dot_is_no_verdict() {
    let mut session = half_sent(false, b"250 ok\r\n");
    assert_eq!(Stand::of(&session), Unexpected(Phase::Content, 250));
    assert_eq!(statuses(&outcome(&mut session)), [NotAttempted; 2]);
}

#[test]
fn every_line_of_a_long_refusal_reaches_the_caller() {
    let refusal = b"550-5.7.1 [192.0.2.1] Our system has detected an unusual rate of\r\n\
        550-5.7.1 unsolicited mail originating from your IP address. To protect our\r\n\
        550-5.7.1 users from spam, mail sent from your IP address has been blocked.\r\n\
        550-5.7.1 Please visit http://www.example.com/mail/help/ to review our\r\n\
        550 5.7.1 Bulk Email Senders Guidelines. a1si123 - gsmtp\r\n";
    let mut session = begun(plain_config(), "PIPELINING");
    session.hear(b"250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n");
    hand_over(&mut session);
    session.hear(refusal);
    let outcome = outcome(&mut session);
    let reply = outcome.reply().unwrap();
    assert_eq!(reply.code().value(), 550);
    assert_eq!(reply.enhanced().unwrap().to_string(), "5.7.1");
    let text = reply.text();
    assert_eq!(text.len(), 5);
    assert_eq!(text[0], "[192.0.2.1] Our system has detected an unusual rate of");
    assert_eq!(text[4], "Bulk Email Senders Guidelines. a1si123 - gsmtp");
    assert_eq!(reply.octets(), refusal, "octet for octet");
}

#[test]
fn the_basic_code_decides_and_an_enhanced_one_of_another_class_is_text() {
    let mut session = begun(plain_config(), "PIPELINING");
    session.hear(b"250 ok\r\n550 4.2.0 x\r\n450-first\r\n450 4.2.1 second\r\n");
    session.hear(b"503 nobody\r\n");
    let outcome = outcome(&mut session);
    let [first, second] = [0, 1].map(|index| outcome.recipient(index).unwrap());
    assert_eq!([first.status(), second.status()], [Rejected, Deferred]);
    assert_eq!(first.reply.unwrap().enhanced(), None);
    assert_eq!(second.reply.unwrap().enhanced().unwrap().to_string(), "4.2.1");
}

#[test]
fn the_queue_id_of_a_success_is_reachable() {
    let mut session = begun(plain_config(), "PIPELINING");
    session.hear(b"250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n");
    hand_over(&mut session);
    session.hear(b"250 2.0.0 Ok: queued as 4Xk9pQ1z2Yz9\xff\r\n");
    let outcome = outcome(&mut session);
    let reply = outcome.reply().unwrap();
    assert_eq!(reply.code().value(), 250);
    assert_eq!(reply.enhanced().unwrap().to_string(), "2.0.0");
    let line = reply.lines().next().unwrap();
    assert_eq!(line, b"Ok: queued as 4Xk9pQ1z2Yz9\xff", "without loss");
}

/// The refusal of a message stays its outcome when the session breaks in the RSET behind it.
#[test]
fn trouble_in_rset_does_not_hide_the_refusal_before_it() {
    for (said, stand) in [
        (&b"503 what\r\n"[..], Stand::Refused(Phase::Rset, 503)),
        (b"421 bye\r\n", Closing(Phase::Rset)),
        (b"354 go\r\n", Unexpected(Phase::Rset, 354)),
        (b"", Lost(Phase::Rset)),
    ] {
        let mut session = begun(plain_config(), "PIPELINING");
        session.hear(b"250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n");
        hand_over(&mut session);
        assert_eq!(session.hear(b"554 5.7.1 spam\r\n"), Wants::Command);
        session.peer.heard.clear();
        let second = session.client.begin(&two()).unwrap();
        session.journal.as_mut().unwrap().begin(second, 2);
        session.pump();
        assert!(session.peer.heard.starts_with(b"RSET\r\n"));
        if said.is_empty() {
            session.hear_end()
        } else {
            session.hear(said)
        };
        assert_eq!(Stand::of(&session), stand);
        assert!(!session.client.is_reusable());
        let first = outcome(&mut session);
        assert_eq!(first.reply().unwrap().to_string(), "554 5.7.1 spam");
        let second = outcome(&mut session);
        assert_eq!(statuses(&second), [NotAttempted; 2]);
        if !matches!(stand, Unexpected(..)) {
            assert_eq!(second.recipient(0).unwrap().retry(), Some(Retry::NewConnectionNow));
        }
    }
}

#[test]
fn no_rset_follows_a_success() {
    let mut session = played("recipients_by_250");
    session.peer.heard.clear();
    session.client.begin(&two()).unwrap();
    session.pump();
    assert!(session.peer.heard.starts_with(b"MAIL FROM:<>\r\n"));
}

/// Offers of everything, inside TLS.
fn full_session(chunking: Chunking) -> Session {
    let config = plain_config().with_tls(TlsPolicy::Implicit).with_chunking(chunking);
    let mut session = Session::with_client(Client::with_sizes(config, BufferSizes::LARGE), "");
    session.peer.deaf = true;
    session.pump();
    session.client.tls_established().unwrap();
    session.hear(b"220 mx\r\n");
    let offers = "250-mx\r\n250-PIPELINING\r\n250-SIZE 35651584\r\n250-8BITMIME\r\n250-CHUNKING\r\n250-BINARYMIME\r\n250-DSN\r\n250-REQUIRETLS\r\n250-SMTPUTF8\r\n250-MT-PRIORITY\r\n250-DELIVERBY\r\n250-FUTURERELEASE 9 2099-01-01T00:00:00Z\r\n250 RRVS\r\n";
    assert_eq!(session.hear(offers.as_bytes()), Wants::Command);
    session.peer.heard.clear();
    session
}

/// Some servers offer REQUIRETLS and refuse it, offer CHUNKING and stall on it.
#[test]
fn what_is_not_asked_for_is_not_used_although_it_is_offered() {
    let mut session = full_session(Chunking::default());
    session.client.begin(&two()).unwrap();
    session.pump();
    let heard = String::from_utf8_lossy(&session.peer.heard);
    assert_eq!(heard, "MAIL FROM:<> BODY=8BITMIME\r\nRCPT TO:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n");

    let mut session = full_session(Chunking::Off);
    session.client.begin(&two().with_require_tls()).unwrap();
    session.pump();
    assert!(session.peer.heard.starts_with(b"MAIL FROM:<> BODY=8BITMIME REQUIRETLS\r\n"));
}

/// A refused last chunk is the verdict; RSET comes before the next message, which may leave by DATA.
#[test]
fn a_chunk_that_is_refused_is_followed_by_rset() {
    let mut session = full_session(Chunking::AfterRecipients);
    let mut journal = Journal::new();
    journal.begin(session.client.begin(&two()).unwrap(), 2);
    session.journal = Some(journal);
    session.pump();
    session.hear(b"250 ok\r\n250 ok\r\n250 ok\r\n");
    session.hand_over(&two(), b"hi");
    session.pump();
    assert!(session.peer.heard.ends_with(b"\r\nBDAT 4 LAST\r\nhi\r\n"));
    let refusal = b"552 5.3.4 Header size exceeds fixed maximum size\r\n";
    assert_eq!(session.hear(refusal), Wants::Command);
    assert_eq!(statuses(&outcome(&mut session)), [Rejected; 2]);
    session.peer.heard.clear();
    session.client.begin(&two()).unwrap();
    session.pump();
    assert!(session.peer.heard.starts_with(b"RSET\r\n"));
}

#[test]
fn delivered_stays_delivered_whatever_is_said_to_quit() {
    for said in [&b"221 bye\r\n"[..], b"421 bye\r\n", b"500 what\r\n", b"\xff\0junk", b"250", b""] {
        let mut session = played("recipients_by_250");
        assert_eq!(session.quit(), Wants::Read);
        session.hear(said);
        session.hear_end();
        assert_eq!(Stand::of(&session), Stand::Quit, "{}", said.escape_ascii());
        assert_eq!(statuses(&outcome(&mut session)), [Accepted; 2]);
    }
}

/// Two Dovecot versions crash on what comes behind the dot, another server loses it: QUIT waits
/// for the verdict, unless the caller runs ahead.
#[test]
fn quit_may_be_asked_for_behind_the_dot() {
    for (run_ahead, at_once) in [(false, "hi\r\n.\r\n"), (true, "hi\r\n.\r\nQUIT\r\n")] {
        let mut session = begun(plain_config().with_run_ahead(run_ahead), "PIPELINING");
        session.hear(b"250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n");
        session.hand_over(&two(), b"hi\r\n");
        session.client.quit().unwrap();
        session.pump();
        let heard = String::from_utf8_lossy(&session.peer.heard);
        let behind = heard.split_once("DATA\r\n").unwrap().1;
        assert_eq!(behind, at_once, "run ahead: {run_ahead}");
        session.hear(b"250 queued\r\n");
        assert!(session.peer.heard.ends_with(b"QUIT\r\n"));
        assert_eq!(session.hear(b"221 bye\r\n"), Wants::Nothing);
        assert_eq!(statuses(&outcome(&mut session)), [Accepted; 2]);
    }
}

#[test]
fn an_unterminated_reply_is_no_reply_but_can_be_shown() {
    let mut session = begun(plain_config(), "PIPELINING");
    session.hear(b"250 ok\r\n550 5.7.1 you are on a blocklist");
    session.hear_end();
    assert_eq!(Stand::of(&session), Lost(Phase::Rcpt));
    assert_eq!(session.client.unfinished_reply(), b"550 5.7.1 you are on a blocklist");
    assert_eq!(statuses(&outcome(&mut session)), [NotAttempted; 2]);
}

/// Whatever has no end is given up at a limit, in every phase.
#[test]
fn endless_lines_and_endless_replies_end_the_session() {
    for endless in [&b"250-x\r\n"[..], b"x"] {
        for opening in ["", "220 mx\r\n", "220 mx\r\n|250 mx\r\n"] {
            let mut session = Session::new(plain_config(), "");
            session.peer.deaf = true;
            session.pump();
            for said in opening.split('|').filter(|said| !said.is_empty()) {
                session.hear(said.as_bytes());
            }
            if session.client.wants() == Wants::Command {
                session.inquire(Inquiry::Help(None));
            }
            let mut octets = 0;
            session.hear(b"250 ".get(..if endless == b"x" { 4 } else { 0 }).unwrap());
            while session.client.wants() != Wants::Nothing {
                session.hear(endless);
                octets += endless.len();
                assert!(octets <= 64 * 1024, "{opening:?}");
            }
            assert!(matches!(Stand::of(&session), Malformed(_)));
        }
    }
}

#[test]
fn no_more_commands_are_in_flight_than_can_be_counted() {
    for in_flight in [1, 2, 128] {
        let sizes = BufferSizes::LARGE.with_in_flight(in_flight);
        let script = "S: 220 mx\nC: EHLO client.example\nS: 250-mx\nS: 250 PIPELINING";
        let mut session = Session::with_client(Client::with_sizes(plain_config(), sizes), script);
        session.pump();
        session.peer.deaf = true;
        session.peer.heard.clear();
        let many = envelope("", &["b@c"; 300]);
        session.client.begin(&many).unwrap();
        let (mut answered, mut most) = (0, 0);
        while session.client.wants() != Wants::Content {
            if session.pump() == Wants::Envelope {
                session.client.continue_envelope(&many).unwrap();
                continue;
            }
            let heard = session.peer.heard.split_inclusive(|octet| *octet == b'\n').count();
            most = most.max(heard - answered);
            answered += 1;
            // MAIL and 300 RCPT come before DATA.
            session.hear(if answered < 302 { b"250 ok\r\n" } else { b"354 go\r\n" });
        }
        assert_eq!(most, in_flight);
    }
}

/// The farewell of a server that was idle for long crosses with the first command (C77).
#[test]
fn a_221_that_crosses_with_mail_is_no_yes() {
    for offers in ["", "PIPELINING"] {
        let mut session = begun(plain_config(), offers);
        session.hear(b"221 2.0.0 Idle timeout, bye\r\n");
        session.hear_end();
        let outcome = outcome(&mut session);
        let first = outcome.recipient(0).unwrap();
        assert_eq!((first.fate.status(), first.phase), (NotAttempted, Phase::Mail));
        assert_eq!(first.retry(), Some(Retry::NewConnectionNow));
        assert_eq!(first.reply.unwrap().to_string(), "221 2.0.0 Idle timeout, bye");
        assert!(outcome.came_too_late());
    }
}

/// 220 is a greeting: whoever says so to MAIL or RCPT answers something else.
#[test]
fn a_second_greeting_accepts_neither_sender_nor_recipient() {
    for (replies, phase) in
        [(&["220 mx"][..], Phase::Mail), (&["250 ok", "250 ok", "220 mx"], Phase::Rcpt)]
    {
        let mut session = begun(plain_config(), "");
        for reply in replies {
            session.hear(format!("{reply}\r\n").as_bytes());
        }
        assert_eq!(Stand::of(&session), Unexpected(phase, 220));
    }
}

/// It makes no difference whether the server is read before the next command has left.
#[test]
fn a_farewell_in_one_read_with_a_reply_ends_the_same_phase() {
    for reads in [&["250 ok\r\n421 bye\r\n"][..], &["250 ok\r\n", "421 bye\r\n"]] {
        let mut session = begun(plain_config(), "");
        for read in reads {
            session.hear(read.as_bytes());
        }
        assert_eq!(Stand::of(&session), Closing(Phase::Rcpt), "{reads:?}");
        let outcome = outcome(&mut session);
        assert_eq!(outcome.recipient(0).unwrap().retry(), Some(Retry::Later), "{reads:?}");
    }
}
