//! Verdicts and advice: about the message, or the call, that they are given for, whatever ended the session.
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

mod support;

use std::io::{self, BufReader, Cursor, Read};

use smtp_sync::{
    Error, Fate, Inquiry, Outcome, When,
    proto::{
        client::{Authentication, Chunking, End, Phase},
        command::Argument,
        reply::{Code, OwnedReply},
        sasl::Plain,
    },
};
use support::{client, connector, envelope, opening, peer};

const TO: [&str; 1] = ["b@example.net"];
const GO: &str = "C: MAIL FROM:<a@example.org>\n S: 250 ok\n C: RCPT TO:<b@example.net>\n S: 250 ok\n C: DATA\n S: 354 go\n";

fn fate(outcome: &Outcome) -> Fate {
    outcome.recipient(0).expect("a recipient").fate
}

/// What a caller may do with each message: of one that was not begun the error says it.
fn advice(results: &[Result<Outcome, Error>]) -> Vec<Result<Fate, When>> {
    results.iter().map(|result| result.as_ref().map(fate).map_err(Error::retry)).collect()
}

type Content = Box<dyn io::BufRead + Send>;

/// Gives some octets and then fails.
struct Broken(usize);

impl Read for Broken {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(1).ok_or(io::ErrorKind::InvalidData)?;
        buffer[..3].copy_from_slice(b"x\r\n");
        Ok(3)
    }
}

fn good() -> Content {
    Box::new(Cursor::new(b"hi\r\n"))
}

fn with_a_nul() -> Content {
    Box::new(Cursor::new(b"a\0b\r\n"))
}

fn unreadable() -> Content {
    Box::new(BufReader::new(Broken(1)))
}

/// Row 1 of the issue: the messages behind one that ended the session are told what it was told.
#[test]
fn messages_behind_one_that_ended_the_session_go_over_a_new_connection() {
    let now = Err(When::NewConnectionNow);
    for (first, own) in [
        (with_a_nul as fn() -> Content, Fate::NotAttempted(When::Never)),
        (unreadable, Fate::NotAttempted(When::Later)),
    ] {
        let peer = peer(&format!("{}{GO} UNTERMINATED", opening(&[])));
        let messages = [first(), good(), good()].map(|content| (envelope(&TO), content));
        let mut client = client(&peer);
        let results = client.send_all(messages);
        assert_eq!(advice(&results), [Ok(own), now, now]);
        let end = results[0].as_ref().expect("an outcome").end();
        assert!(matches!(end, Some(End::BadContent(_) | End::ContentFailed)), "{end:?}");
        // A later call says the same.
        let later = client.send(&envelope(&TO), &b"hi\r\n"[..]).expect_err("no session");
        assert_eq!(later.retry(), When::NewConnectionNow, "{later}");
    }
}

/// The others were not handed over when the content was refused in its middle.
#[test]
fn a_refusal_in_mid_content_is_about_that_message_alone() {
    let peer = peer(&format!("{}{GO} C: x\n S: 554 5.6.0 line too long", opening(&[])));
    let slow = || Box::new(Cursor::new(b"x\r\n".repeat(4_000_000)));
    let messages = [slow() as Content, good(), good()].map(|content| (envelope(&TO), content));
    let results = client(&peer).send_all(messages);
    let now = Err(When::NewConnectionNow);
    assert_eq!(advice(&results), [Ok(Fate::Rejected), now, now]);
}

#[test]
fn a_verdict_lost_at_the_second_of_four_is_no_risk_for_those_behind() {
    let peer = peer(&format!(
        "{0}{GO} C: hi\n C: .\n S: 250 stored\n {GO} C: hi\n C: .\n CLOSE",
        opening(&[])
    ));
    let messages = [good(), good(), good(), good()].map(|content| (envelope(&TO), content));
    let results = client(&peer).send_all(messages);
    // The third had begun, as far as it may.
    let now = When::NewConnectionNow;
    let third = Fate::NotAttempted(now);
    assert_eq!(advice(&results), [Ok(Fate::Accepted), Ok(Fate::Unknown), Ok(third), Err(now)]);
}

/// A message that had begun behind another one is no more to blame than one that had not.
#[test]
fn an_envelope_that_ran_ahead_of_a_lost_verdict_goes_over_a_new_connection() {
    let group = "C: MAIL FROM:<a@example.org>\n C: RCPT TO:<b@example.net>\n C: DATA\n";
    let peer = peer(&format!(
        "{}{group} S: 250 ok\n S: 250 ok\n S: 354 go\n C: hi\n C: .\n C: RSET\n {group} S: 421 bye",
        opening(&["PIPELINING"])
    ));
    let connector = connector(&peer).configure(|config| config.with_run_ahead(true));
    let mut client = connector.connect().expect("a session");
    let results = client.send_all([good(), good()].map(|content| (envelope(&TO), content)));
    let later = Fate::Deferred(When::Later);
    let now = Fate::NotAttempted(When::NewConnectionNow);
    assert_eq!(advice(&results), [Ok(later), Ok(now)]);
    // And it is told the 421, which is everybody's.
    let second = results[1].as_ref().expect("an outcome").recipient(0).expect("one");
    assert_eq!(second.reply.map(|reply| reply.to_string()), Some("421 bye".to_owned()));
}

/// D34: what stands behind a verdict does not hide it.
#[test]
fn the_verdict_on_a_login_is_told_whatever_follows_it() {
    for behind in ["421 4.7.0 too many errors\\r\\n", "what\\r\\n", "250 ok\\r\\n"] {
        for (verdict, code) in [("535 5.7.8 bad credentials", Some(535)), ("235 2.7.0 ok", None)] {
            let script = format!(
                "{} C: AUTH PLAIN AHVzZXIAcGFzcw==\n S+ {verdict}\\r\\n{behind}\n CLOSE",
                opening(&["AUTH PLAIN"])
            );
            let peer = peer(&script);
            let connector = connector(&peer).configure(|config| config.with_plaintext_auth(true));
            let mut client = connector.connect().expect("a session");
            let result = client.authenticate(&mut Plain::new("user", "pass"));
            match (code, result) {
                (None, result) => assert_eq!(result.expect("it was taken"), 0, "{behind}"),
                (Some(code), Err(error)) => {
                    let code = Code::new(code).expect("a code");
                    let refused = Authentication::Refused(code);
                    assert!(
                        matches!(error, Error::Authentication { verdict, .. } if verdict == refused),
                        "{behind}: {error}"
                    );
                    assert_eq!(error.retry(), When::Never, "{behind}");
                    assert_eq!(error.reply().map(OwnedReply::code), Some(code));
                }
                (Some(_), Ok(_)) => panic!("{behind}: refused"),
            }
            assert!(client.send(&envelope(&TO), &b"hi\r\n"[..]).is_err(), "the session is over");
        }
    }
}

#[test]
fn the_reply_to_a_question_is_told_whatever_follows_it() {
    let who = Argument::new("bob").expect("an argument");
    for (inquiry, command, reply) in [
        (Inquiry::Noop, "NOOP", "250 ok"),
        (Inquiry::Vrfy(who), "VRFY bob", "252 2.0.0 try"),
        (Inquiry::Expn(who), "EXPN bob", "550 no"),
        (Inquiry::Rset, "RSET", "250 ok"),
        (Inquiry::Rset, "RSET", "503 no"),
    ] {
        for behind in ["421 bye\\r\\n", "what\\r\\n", "250 ok\\r\\n", ""] {
            let script =
                format!("{} C: {command}\n S+ {reply}\\r\\n{behind}\n CLOSE", opening(&[]));
            let peer = peer(&script);
            let mut client = client(&peer);
            let told = client.inquire(inquiry).expect("a reply");
            assert_eq!(told.to_string(), reply, "{behind}");
        }
    }
}

/// C87: a second greeting is no reply to RSET.
#[test]
fn a_220_to_rset_is_no_success() {
    let peer = peer(&format!("{} C: RSET\n S: 220 mx.example ready", opening(&[])));
    let mut client = client(&peer);
    client.inquire(Inquiry::Rset).expect("its words");
    assert!(!client.is_reusable());
    let error = client.send(&envelope(&TO), &b"hi\r\n"[..]).expect_err("no session");
    assert_eq!(error.phase(), Some(Phase::Rset), "{error}");
}

/// C70: it is no verdict, and a person wants to read it.
#[test]
fn the_start_of_a_reply_that_was_cut_is_told() {
    let peer = peer(&format!(
        "{} C: MAIL FROM:<a@example.org>\n S+ 550 5.7.1 Blocked, see http://mx.example\n CLOSE",
        opening(&[])
    ));
    let mut client = client(&peer);
    let outcome = client.send(&envelope(&TO), &b"hi\r\n"[..]).expect("an outcome");
    assert_eq!(fate(&outcome), Fate::NotAttempted(When::NewConnectionNow));
    let error = client.failure().expect("the end").to_string();
    assert!(error.contains("550 5.7.1 Blocked, see http://mx.example"), "{error}");
}

/// C77.
#[test]
fn an_idle_server_that_says_451_has_closed() {
    let peer = peer(&format!("{} S: 451 4.7.0 Timeout waiting for client input", opening(&[])));
    let mut client = client(&peer);
    client.open().ok();
    let error = client.watch(std::time::Duration::from_secs(20)).expect_err("closed");
    assert_eq!(error.retry(), When::NewConnectionNow);
    assert_eq!(
        error.reply().map(ToString::to_string).as_deref(),
        Some("451 4.7.0 Timeout waiting for client input")
    );
}

/// D40: the envelope declares more than there is, so the message was cut on the way.
#[test]
fn a_content_shorter_than_declared_is_not_ended() {
    for chunking in [Chunking::Off, Chunking::AfterRecipients] {
        let script = match chunking {
            Chunking::Off => format!("{}{GO} UNTERMINATED", opening(&[])),
            _ => format!(
                "{} C: MAIL FROM:<a@example.org>\n S: 250 ok\n C: RCPT TO:<b@example.net>\n S: 250 ok\n C: QUIT\n S: 221 bye",
                opening(&["CHUNKING"])
            ),
        };
        let peer = peer(&script);
        let connector = connector(&peer).configure(|config| config.with_chunking(chunking));
        let mut client = connector.connect().expect("a session");
        let declared = envelope(&TO).with_size(Some(12));
        let outcome = client.send(&declared, &b"0123456\r\n"[..]).expect("an outcome");
        assert_eq!(fate(&outcome), Fate::NotAttempted(When::Later), "{chunking:?}");
        assert_eq!(outcome.end(), Some(End::ContentFailed), "{chunking:?}");
    }
}
