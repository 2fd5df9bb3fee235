//! A server that fails where it is told to: Postfix's smtp-sink, an option for each fault. See
//! `live/README.md`; where it is not installed the tests say `SKIPPED` and pass, unless the variable
//! CI is set.
#![cfg(all(unix, feature = "tls"))]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

#[path = "live/dialogue.rs"]
mod dialogue;
#[path = "live/envelope.rs"]
mod envelope;
#[allow(dead_code, reason = "shared with the other live tests")]
#[path = "live/server.rs"]
mod server;

use core::time::Duration;

use dialogue::Dialogue;
use envelope::{envelope, fates};
use server::{Kind, Server};
use smtp_sync::{
    Client, Connector, Error, Inquiry, OwnedRecipient, Retry, Status, Timeouts, When,
    proto::{
        client::{End, HelloCommand, Phase, Protocol, Refusal},
        hello::Extension,
        parameter::{Body, Notify},
        reply::{Code, OwnedReply},
    },
};

const CONTENT: &[u8] = b"Subject: fault\r\n\r\nhi\r\n";

fn sink(options: &str) -> Option<Server> {
    Kind::Sink
        .start_with(&options.split(' ').filter(|option| !option.is_empty()).collect::<Vec<_>>())
}

fn code(value: u16) -> Code {
    Code::new(value).expect("a code")
}

const fn refused(phase: Phase, value: u16) -> End {
    match Code::new(value) {
        Some(code) => End::Refused { phase, code },
        None => panic!("a code"),
    }
}

// --- opening ---

#[test]
fn a_session_that_cannot_be_opened_says_why_and_when_to_try_again() {
    for (options, end, retry) in [
        ("-f CONNECT", refused(Phase::Greeting, 500), When::Later),
        ("-r CONNECT", refused(Phase::Greeting, 450), When::Later),
        ("-q CONNECT", End::Lost(Phase::Greeting), When::Later),
        ("-Q CONNECT", End::ServiceClosing(Phase::Greeting), When::Later),
        ("-f EHLO,HELO", refused(Phase::Hello, 500), When::Later),
        ("-r EHLO,HELO", refused(Phase::Hello, 450), When::Later),
        ("-q EHLO", End::Lost(Phase::Hello), When::Later),
        ("-Q EHLO", End::ServiceClosing(Phase::Hello), When::Later),
        ("-f EHLO -q HELO", End::Lost(Phase::Hello), When::Later),
        ("-f EHLO -Q HELO", End::ServiceClosing(Phase::Hello), When::Later),
        ("-e -f HELO", refused(Phase::Hello, 500), When::Later),
    ] {
        let Some(server) = sink(options) else { return };
        let error = server.connector("plain").connect().expect_err("no session");
        assert_eq!((error.end(), error.retry()), (Some(end), retry), "{options}");
        let words = error.reply().map(OwnedReply::code);
        let expected = match end {
            End::Refused { code, .. } => Some(code),
            End::ServiceClosing(_) => Some(code(421)),
            _ => None,
        };
        assert_eq!(words, expected, "{options}");
    }
}

// --- a message ---

/// What becomes of both recipients of a message.
enum Fate {
    /// The server has answered so; whether the session goes on.
    Answered(Status, Phase, u16, Option<Retry>, bool),
    /// The session ended before it did.
    Ended(Status, End, Option<Retry>),
}

use Fate::{Answered, Ended};

#[track_caller]
fn assert_fate(options: &str, client: &mut Client, fate: &Fate) {
    let outcome = client.send(&envelope("alice", &["bob", "carol"]), CONTENT).expect("an outcome");
    for to in outcome.recipients() {
        let said = to.reply.map(|reply| (to.phase, reply.code().value()));
        match *fate {
            Answered(status, phase, code, retry, _) => {
                let expected = (status, retry, Some((phase, code)));
                assert_eq!((to.status(), to.retry(), said), expected, "{options}");
            }
            Ended(status, end, retry) => {
                // The first cause, with its words, where the server had some.
                let closing = matches!(end, End::ServiceClosing(_)) && status != Status::Unknown;
                let words = closing.then_some((end.phase(), 421));
                assert_eq!((to.status(), to.retry(), said), (status, retry, words), "{options}");
            }
        }
    }
    match *fate {
        Answered(.., goes_on) => {
            assert_eq!((outcome.end(), client.is_reusable()), (None, goes_on), "{options}");
        }
        Ended(_, end, _) => {
            assert_eq!((outcome.end(), client.is_reusable()), (Some(end), false), "{options}");
        }
    }
}

const TAKEN: Fate = Answered(Status::Accepted, Phase::Final, 250, None, true);

const fn for_good(phase: Phase) -> Fate {
    Answered(Status::Rejected, phase, 500, Some(Retry::Never), true)
}

const fn for_now(phase: Phase) -> Fate {
    Answered(Status::Deferred, phase, 450, Some(Retry::Later), true)
}

const fn never_sent(end: End, retry: Option<Retry>) -> Fate {
    Ended(Status::NotAttempted, end, retry)
}

/// How many messages it has got with their content. There is a file for each envelope.
fn contents(server: &Server) -> usize {
    let has_content = |text: &Vec<u8>| text.ends_with(b"Subject: fault\n\nhi\n\n");
    server.stored("").iter().filter(|text| has_content(text)).count()
}

#[test]
fn a_message_that_meets_a_fault_ends_as_it_should() {
    let unknown = |end| Ended(Status::Unknown, end, Some(Retry::MayDuplicate));
    for (options, fate) in [
        ("", TAKEN),
        // Refused: all that was asked is answered, and the session goes on.
        ("-f MAIL", for_good(Phase::Mail)),
        ("-r MAIL", for_now(Phase::Mail)),
        ("-f RCPT", for_good(Phase::Rcpt)),
        ("-r RCPT", for_now(Phase::Rcpt)),
        ("-f DATA", for_good(Phase::Data)),
        ("-r DATA", for_now(Phase::Data)),
        ("-f .", for_good(Phase::Final)),
        ("-r .", for_now(Phase::Final)),
        // Gone: before the dot nobody has it, behind it nobody knows.
        ("-q MAIL", never_sent(End::Lost(Phase::Mail), Some(Retry::NewConnectionNow))),
        ("-q RCPT", never_sent(End::Lost(Phase::Rcpt), Some(Retry::Later))),
        ("-q DATA", never_sent(End::Lost(Phase::Data), Some(Retry::Later))),
        ("-q .", unknown(End::Lost(Phase::Final))),
        ("-p -q MAIL", never_sent(End::Lost(Phase::Mail), Some(Retry::NewConnectionNow))),
        ("-p -q RCPT", never_sent(End::Lost(Phase::Rcpt), Some(Retry::Later))),
        ("-p -q DATA", never_sent(End::Lost(Phase::Data), Some(Retry::Later))),
        ("-p -q .", unknown(End::Lost(Phase::Final))),
        // 421 is no verdict on a message, except where it answers the dot.
        ("-Q MAIL", never_sent(End::ServiceClosing(Phase::Mail), Some(Retry::NewConnectionNow))),
        ("-Q RCPT", never_sent(End::ServiceClosing(Phase::Rcpt), Some(Retry::Later))),
        ("-Q DATA", never_sent(End::ServiceClosing(Phase::Data), Some(Retry::Later))),
        ("-Q .", Answered(Status::Deferred, Phase::Final, 421, Some(Retry::Later), false)),
        // What is not offered is done without.
        ("-f EHLO", TAKEN),
        ("-r EHLO", TAKEN),
        ("-e", TAKEN),
        ("-P", TAKEN),
        ("-8 -a -p -E -N -C -F", TAKEN),
        ("-E -f RCPT", for_good(Phase::Rcpt)),
        // Slow, and in time. A smtp-sink that is slow in a group answers out of order.
        ("-p -w 1 -W .:1", TAKEN),
        // It has the message, and ends before it says so.
        ("-M 1", unknown(End::Lost(Phase::Final))),
        ("-n 1", TAKEN),
    ] {
        let Some(server) = sink(options) else { return };
        let mut client = server.connector("plain").connect().expect("a session");
        assert_fate(options, &mut client, &fate);
        drop(client);
        // The fate is the truth.
        let stored = contents(&server);
        match fate {
            Answered(Status::Accepted, ..) => assert_eq!(stored, 1, "{options}"),
            // Nobody can tell, and here it has; a smtp-sink writes also what it refuses.
            Answered(_, Phase::Final, ..) | Ended(Status::Unknown, ..) => {
                assert_eq!(stored, 1, "{options}");
            }
            _ => assert_eq!(stored, 0, "{options}"),
        }
    }
}

#[test]
fn another_message_goes_over_the_session_that_goes_on() {
    for (options, next) in [
        ("-f MAIL", for_good(Phase::Mail)),
        ("-f RCPT", for_good(Phase::Rcpt)),
        ("-r DATA", for_now(Phase::Data)),
        ("-f .", for_good(Phase::Final)),
        ("", TAKEN),
        // RSET comes before the next message, where the first one may have left something.
        ("-f DATA,RSET", never_sent(refused(Phase::Rset, 500), Some(Retry::NewConnectionNow))),
        ("-r DATA,RSET", never_sent(refused(Phase::Rset, 450), Some(Retry::NewConnectionNow))),
        ("-f DATA -q RSET", never_sent(End::Lost(Phase::Rset), Some(Retry::NewConnectionNow))),
        (
            "-f DATA -Q RSET",
            never_sent(End::ServiceClosing(Phase::Rset), Some(Retry::NewConnectionNow)),
        ),
    ] {
        let Some(server) = sink(options) else { return };
        let mut client = server.connector("plain").connect().expect("a session");
        let first = client.send(&envelope("alice", &["bob"]), CONTENT).expect("an outcome");
        assert_eq!((first.end(), client.is_reusable()), (None, true), "{options}");
        assert_fate(options, &mut client, &next);
    }
}

#[test]
fn a_refusal_in_the_middle_of_the_content_is_its_verdict() {
    let Some(server) = sink("-A 0") else { return };
    let mut client = server.connector("plain").connect().expect("a session");
    // More than all buffers on the way take, so that it cannot have left when the refusal comes.
    let content = b"0123456789abcdef0123456789abcdef\r\n".repeat(1_000_000);
    let outcome = client.send(&envelope("alice", &["bob", "carol"]), &content[..]);
    let outcome = outcome.expect("an outcome");
    let early = (Status::Rejected, Phase::Content, Some(550));
    assert_eq!(fates(&outcome), [early, early]);
    assert!(outcome.recipients().all(|to| to.retry() == Some(Retry::Never)));
    assert!(!client.is_reusable());
    let error = client.send(&envelope("alice", &["bob"]), CONTENT).expect_err("no session");
    assert_eq!(error.end(), Some(End::ContentRefused(code(550))));
}

#[test]
fn a_server_that_takes_too_long_is_given_up() {
    // Patience for all but what is slow; what comes at once shares its limit, on a busy machine too.
    let [mut of_command, mut of_data, mut of_end] = [Timeouts::uniform(Duration::from_secs(60)); 3];
    for limit in [&mut of_command.command, &mut of_data.data, &mut of_end.end_of_content] {
        *limit = Duration::from_secs(3);
    }
    let later = |phase| never_sent(End::Aborted(phase), Some(Retry::Later));
    for (options, timeouts, fate) in [
        ("-p -W MAIL:100", of_command, later(Phase::Mail)),
        ("-p -W RCPT:100", of_command, later(Phase::Rcpt)),
        ("-p -w 100", of_data, later(Phase::Data)),
        (
            "-W .:100",
            of_end,
            Ended(Status::Unknown, End::Aborted(Phase::Final), Some(Retry::MayDuplicate)),
        ),
    ] {
        let Some(server) = sink(options) else { return };
        let connector = server.connector("plain").with_timeouts(timeouts);
        let mut client = connector.connect().expect("a session");
        assert_fate(options, &mut client, &fate);
        assert!(matches!(client.failure(), Some(Error::Timeout(_))), "{options}");
    }
}

// --- beside messages ---

#[test]
fn the_answer_to_quit_changes_nothing() {
    for (options, answer) in [
        ("", Some(221)),
        ("-f QUIT", Some(500)),
        ("-r QUIT", Some(450)),
        ("-q QUIT", None),
        ("-Q QUIT", Some(421)),
    ] {
        let Some(server) = sink(options) else { return };
        let mut client = server.connector("plain").connect().expect("a session");
        assert_fate(options, &mut client, &TAKEN);
        let said = client.quit().expect("an end");
        assert_eq!(said.map(|reply| reply.code().value()), answer, "{options}");
    }
}

#[test]
fn an_inquiry_may_be_refused_and_a_lost_one_ends_the_session() {
    for (options, expected) in [
        ("-f NOOP", Ok(500)),
        ("-r NOOP", Ok(450)),
        ("-q NOOP", Err(End::Lost(Phase::Noop))),
        ("-Q NOOP", Err(End::ServiceClosing(Phase::Noop))),
    ] {
        let Some(server) = sink(options) else { return };
        let mut client = server.connector("plain").connect().expect("a session");
        let answer = client.inquire(Inquiry::Noop);
        assert_eq!(client.is_reusable(), answer.is_ok(), "{options}");
        match answer {
            Ok(reply) => assert_eq!(Ok(reply.code().value()), expected, "{options}"),
            Err(error) => {
                let end = error.end().expect("an end");
                assert_eq!((Err(end), error.retry()), (expected, When::NewConnectionNow));
            }
        }
    }
}

#[test]
fn what_is_not_offered_is_refused_before_anything_is_said() {
    let Some(server) = sink("-8 -a -N") else { return };
    let (connector, dialogue) = Dialogue::of(server.connector("plain"));
    let mut client = connector
        .configure(|config| config.with_plaintext_auth(true))
        .connect()
        .expect("a session");
    let eight_bit = envelope("alice", &["bob"]).with_body(Body::EightBitMime);
    let mut notified = envelope("alice", &[]);
    let bob = OwnedRecipient::new("bob@lab.test").expect("an address");
    notified.push_recipient(bob.with_notify(Notify::SUCCESS));
    for (envelope, extension) in [
        (eight_bit, Extension::EightBitMime),
        (notified, Extension::Dsn),
        (envelope("alice", &["δοκιμή"]), Extension::SmtpUtf8),
    ] {
        let error = client.send(&envelope, CONTENT).expect_err("refused");
        let Error::Refused(refusal) = error else { panic!("{extension:?}: {error:?}") };
        assert_eq!(refusal, Refusal::NotOffered(extension));
    }
    let error = client.login("alice", "s3cret").expect_err("refused");
    assert!(matches!(error, Error::Refused(Refusal::NoMechanism)), "{error:?}");
    assert_eq!(dialogue.count("C: "), 1, "{}", dialogue.text());
    assert_fate("-8 -a -N", &mut client, &TAKEN);
}

#[test]
fn eight_bits_leave_nowhere_they_are_not_offered() {
    let Some(server) = sink("-8") else { return };
    let mut client = server.connector("plain").connect().expect("a session");
    let content = "Subject: fault\r\n\r\nü\r\n".as_bytes();
    let outcome = client.send(&envelope("alice", &["bob"]), content).expect("an outcome");
    assert!(matches!(outcome.end(), Some(End::BadContent(_))), "{outcome:?}");
    let fate = outcome.recipient(0).expect("a recipient");
    assert_eq!((fate.status(), fate.retry()), (Status::NotAttempted, Some(Retry::Never)));
    drop(client);
}

#[test]
fn commands_leave_one_by_one_where_pipelining_is_not_offered() {
    for (options, group) in [("-p", false), ("", true)] {
        let Some(server) = sink(options) else { return };
        let (connector, dialogue) = Dialogue::of(server.connector("plain"));
        let mut client = connector.connect().expect("a session");
        assert_fate(options, &mut client, &TAKEN);
        let behind = dialogue.count("\nC: RCPT TO:<carol@lab.test>\nC: DATA\n");
        assert_eq!(behind, usize::from(group), "{}", dialogue.text());
    }
}

#[test]
fn helo_is_said_behind_a_refused_ehlo_and_brings_no_extension() {
    for options in ["-e", "-P", "-f EHLO", "-r EHLO"] {
        let Some(server) = sink(options) else { return };
        let (connector, dialogue) = Dialogue::of(server.connector("plain"));
        let client = connector.connect().expect("a session");
        assert_eq!(dialogue.count("C: EHLO") + dialogue.count("C: HELO"), 2, "{options}");
        assert!(!client.capabilities().offers(Extension::Pipelining), "{options}");
    }
    let Some(server) = sink("-e -q EHLO") else { return };
    let connector = server.connector("plain");
    let plain = connector.configure(|config| config.with_hello(HelloCommand::Helo));
    assert_fate("-e -q EHLO", &mut plain.connect().expect("a session"), &TAKEN);
}

// --- LMTP ---

fn lmtp(server: &Server) -> Connector {
    server.connector("plain").configure(|config| config.with_protocol(Protocol::Lmtp))
}

#[test]
fn lmtp_meets_the_same_faults() {
    for (options, fate) in [
        ("", TAKEN),
        ("-f MAIL", for_good(Phase::Mail)),
        ("-f RCPT", for_good(Phase::Rcpt)),
        ("-r DATA", for_now(Phase::Data)),
        ("-q DATA", never_sent(End::Lost(Phase::Data), Some(Retry::Later))),
        ("-q .", Ended(Status::Unknown, End::Lost(Phase::Final), Some(Retry::MayDuplicate))),
    ] {
        let options = format!("-L {options}");
        let Some(server) = sink(&options) else { return };
        let mut client = lmtp(&server).connect().expect("a session");
        assert_fate(&options, &mut client, &fate);
    }
}

#[test]
fn a_421_to_the_first_recipient_of_lmtp_says_nothing_of_the_second() {
    let Some(server) = sink("-L -Q .") else { return };
    let mut client = lmtp(&server).connect().expect("a session");
    let outcome = client.send(&envelope("alice", &["bob", "carol"]), CONTENT).expect("an outcome");
    let expected =
        [(Status::Deferred, Phase::Final, Some(421)), (Status::Unknown, Phase::Final, None)];
    assert_eq!(fates(&outcome), expected);
    let retries: Vec<_> = outcome.recipients().map(|to| to.retry()).collect();
    assert_eq!(retries, [Some(Retry::Later), Some(Retry::MayDuplicate)]);
    assert_eq!(outcome.end(), Some(End::ServiceClosing(Phase::Final)));
}

#[test]
fn a_server_of_lmtp_that_refuses_lhlo_is_not_asked_by_another_name() {
    for (options, end) in [
        ("-L -f LHLO", refused(Phase::Hello, 500)),
        ("-L -q LHLO", End::Lost(Phase::Hello)),
        // No LMTP at all.
        ("", refused(Phase::Hello, 500)),
    ] {
        let Some(server) = sink(options) else { return };
        let (connector, dialogue) = Dialogue::of(lmtp(&server));
        let error = connector.connect().expect_err("no session");
        assert_eq!(error.end(), Some(end), "{options}");
        assert_eq!(dialogue.count("HLO") + dialogue.count("HELO"), 1, "{}", dialogue.text());
    }
}
