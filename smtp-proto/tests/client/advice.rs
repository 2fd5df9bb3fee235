//! What to do about a failure: by code, by phase, by what had left.

use smtp_proto::{
    client::{
        End, Event, Fate, Hint, Journal, Misuse, Outcome, PeerError, Phase, Refusal, Retry, Status,
        Transaction, TransactionEnd, Wants, When,
    },
    envelope::Envelope,
    hello::{Extension, Extensions},
    reply::{Code, Reply},
    stuffing::ContentError,
};
use smtp_test_support::session::{Session, envelope, plain_config};

fn code(value: u16) -> Code {
    Code::new(value).unwrap()
}

fn with_reply<T>(line: &str, look: impl FnOnce(&Reply<'_>) -> T) -> T {
    let octets = format!("{line}\r\n");
    let (reply, _) = Reply::parse(octets.as_bytes()).unwrap().unwrap();
    look(&reply)
}

/// Whatever ended an open session was said of something else than a message that was not begun.
#[test]
fn what_was_not_begun_is_for_a_new_connection_or_for_later() {
    let unexpected = |phase| End::Peer(PeerError::UnexpectedCode { phase, code: code(354) });
    let refused = |phase, value| End::Refused { phase, code: code(value) };
    let (now, later) = (When::NewConnectionNow, When::Later);
    for (end, when) in [
        (End::Quit, now),
        (End::Lost(Phase::Greeting), later),
        (End::Lost(Phase::Auth), later),
        (End::Lost(Phase::Idle), now),
        (End::Lost(Phase::Mail), now),
        (End::Lost(Phase::Rcpt), now),
        (End::Lost(Phase::Content), now),
        (End::Lost(Phase::Final), now),
        (End::Aborted(Phase::Final), now),
        (End::Aborted(Phase::Idle), now),
        (End::Aborted(Phase::Tls), later),
        (End::ServiceClosing(Phase::Greeting), later),
        (End::ServiceClosing(Phase::Idle), now),
        (End::ServiceClosing(Phase::Final), now),
        (refused(Phase::Greeting, 554), later),
        (refused(Phase::Hello, 450), later),
        (refused(Phase::Rset, 550), now),
        (End::ContentRefused(code(552)), now),
        (End::RefusedInFlight { phase: Phase::Rcpt, code: code(550) }, now),
        (End::BadContent(bad_content()), now),
        (End::ContentFailed, now),
        (End::TlsUnavailable, later),
        (End::Peer(PeerError::Unsolicited), now),
        (End::Peer(PeerError::PlaintextBehindStartTls), later),
        (unexpected(Phase::Final), now),
    ] {
        assert_eq!(end.retry(), when, "{end:?}");
    }
}

#[test]
fn a_fate_and_its_views_never_contradict_each_other() {
    for (fate, status, retry) in [
        (Fate::Accepted, Status::Accepted, None),
        (Fate::Rejected, Status::Rejected, Some(Retry::Never)),
        (Fate::Deferred(When::Later), Status::Deferred, Some(Retry::Later)),
        (Fate::Deferred(When::SameConnection), Status::Deferred, Some(Retry::SameConnection)),
        (Fate::Unknown, Status::Unknown, Some(Retry::MayDuplicate)),
        (Fate::NotAttempted(When::Never), Status::NotAttempted, Some(Retry::Never)),
        (
            Fate::NotAttempted(When::NewConnectionNow),
            Status::NotAttempted,
            Some(Retry::NewConnectionNow),
        ),
    ] {
        assert_eq!((fate.status(), fate.retry()), (status, retry));
        let at_once = matches!(retry, Some(Retry::SameConnection | Retry::NewConnectionNow));
        assert_eq!(fate.may_be_tried_at_once(), at_once, "{fate:?}");
    }
}

#[test]
fn a_refusal_of_the_library_does_not_change_by_itself() {
    let content = Refusal::Content(bad_content());
    for (refusal, retry, hint) in [
        (Refusal::NoRecipients, When::Never, None),
        (Refusal::NotOffered(Extension::Dsn), When::Never, None),
        (Refusal::InsecureSession, When::Never, Some(Hint::TlsRequired)),
        (Refusal::PlaintextAuth, When::Never, Some(Hint::TlsRequired)),
        (Refusal::Misuse(Misuse::Busy), When::SameConnection, None),
        (Refusal::Misuse(Misuse::NotOpen), When::NewConnectionNow, None),
        (content, When::Never, None),
    ] {
        assert_eq!((refusal.retry(), refusal.hint()), (retry, hint), "{refusal:?}");
    }
}

fn bad_content() -> ContentError {
    let mut session = Session::open(plain_config(), "").then(
        "C: MAIL FROM:<>
         S: 250 ok
         C: RCPT TO:<b@c>
         S: 250 ok
         C: DATA
         S: 354 go",
    );
    let to = envelope("", &["b@c"]);
    session.client.begin(&to).unwrap();
    assert_eq!(session.pump(), Wants::Content);
    match session.client.content(b"\0") {
        Err(Refusal::Content(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn refusals_hint_at_what_is_missing() {
    let auth = Some(Hint::AuthenticationRequired);
    let tls = Some(Hint::TlsRequired);
    for (phase, line, hint) in [
        (Phase::Mail, "530 5.7.0 Authentication required", auth),
        (Phase::Mail, "530 5.5.1 Authentication Required. Learn more", auth),
        (Phase::Rcpt, "530 Authenticate first", auth),
        (Phase::Mail, "530 5.7.57 Client not authenticated", auth),
        (Phase::Mail, "530 5.7.0 Must issue a STARTTLS command first", tls),
        (Phase::Mail, "530 need tls", tls),
        (Phase::Auth, "530 5.7.0 no", tls),
        (Phase::Auth, "538 5.7.11 Encryption required", tls),
        (Phase::Mail, "538 Encryption required", tls),
        (Phase::Mail, "523 5.7.10 Encryption needed", tls),
        (Phase::Mail, "523 Encryption needed", tls),
        (Phase::Mail, "523 5.3.4 Message too large", None),
        (Phase::Final, "523 Message length (5242914 bytes) exceeds administrative limit.", None),
        (Phase::Mail, "550 5.7.10 no", tls),
        (Phase::Mail, "550 5.7.1 Authentication required, or TLS", None),
        (Phase::Auth, "535 5.7.8 no", None),
        (Phase::Mail, "250 5.7.10 STARTTLS", None),
    ] {
        let plain = with_reply(line, |reply| Hint::of_reply(phase, reply, Extensions::EMPTY));
        assert_eq!(plain, hint, "{line}");
        // What the session has already cannot help.
        let all = with_reply(line, |reply| Hint::of_reply(phase, reply, Extensions::ALL));
        assert_eq!(all, None, "{line}");
    }
}

#[test]
fn too_many_recipients_are_known_by_their_enhanced_code() {
    for (line, is_sure) in [
        ("452 4.5.3 Too many recipients", true),
        ("552 5.5.3 Too many recipients", true),
        ("550 5.5.3 Too many recipients", true),
        ("451 4.5.3 no", true),
        ("450 4.5.3 no", true),
        ("431 4.5.3 no", true),
        ("452 too many recipients", false),
        ("552 4.5.3 of another class", false),
        ("552 5.2.2 mailbox full", false),
        ("250 2.5.3 ok", false),
    ] {
        #[allow(
            clippy::redundant_closure_for_method_calls,
            reason = "the method is for one lifetime"
        )]
        let told = with_reply(line, |reply| reply.is_too_many_recipients());
        assert_eq!(told, is_sure, "{line}");
    }
}

#[test]
fn the_valve_that_fits_is_one_that_was_in_use() {
    let pipelining = Extensions::from(Extension::Pipelining);
    let chunking = Extensions::from(Extension::Chunking);
    let (without_pipelining, without_chunking) =
        (Some(Hint::RetryWithoutPipelining), Some(Hint::RetryWithoutChunking));
    for (end, used, hint) in [
        (End::Lost(Phase::Mail), pipelining, without_pipelining),
        (End::Lost(Phase::Rcpt), pipelining, without_pipelining),
        (End::Aborted(Phase::Data), pipelining, without_pipelining),
        (End::Aborted(Phase::Content), pipelining, without_pipelining),
        (End::Aborted(Phase::Content), chunking.union(pipelining), without_chunking),
        (End::Lost(Phase::Content), pipelining, None),
        (End::Lost(Phase::Final), pipelining, None),
        (End::Lost(Phase::Rcpt), Extensions::EMPTY, None),
        (End::ContentRefused(code(503)), chunking, without_chunking),
        (End::ContentRefused(code(452)), chunking, None),
        (End::ContentRefused(code(552)), chunking, None),
        (End::ContentRefused(code(503)), pipelining, None),
        (End::TlsUnavailable, Extensions::EMPTY, Some(Hint::TlsRequired)),
        (End::ServiceClosing(Phase::Rcpt), pipelining, None),
    ] {
        assert_eq!(end.hint(used), hint, "{end:?}");
    }
    for (phase, line, hint) in [
        (Phase::Content, "503 5.5.1 no", without_chunking),
        (Phase::Content, "554 no", without_chunking),
        (Phase::Final, "502 no", without_chunking),
        (Phase::Final, "554 spam", None),
        (Phase::Final, "552 5.3.4 Header size exceeds fixed maximum size", without_chunking),
        (Phase::Final, "552 5.2.2 mailbox full", None),
        (Phase::Final, "554 5.3.4 too large", None),
        (Phase::Rcpt, "552 5.3.4 too large", None),
        (Phase::Content, "451 later", None),
        (Phase::Content, "552 5.3.4 Message too big", None),
        (Phase::Content, "552 too big", None),
        (Phase::Content, "554 5.3.4 too big", None),
        (Phase::Final, "552 5.3.4 Message size exceeds fixed limit", None),
        (Phase::Final, "523 Message length exceeds the limit", None),
    ] {
        assert_eq!(
            with_reply(line, |reply| Hint::of_reply(phase, reply, chunking)),
            hint,
            "{line}"
        );
    }
}

/// Sends to three recipients who get these answers to RCPT, then what follows DATA.
fn outcome(envelope: &Envelope, recipients: [&str; 3], behind: &str) -> Outcome {
    let mut session = Session::open(plain_config(), "PIPELINING");
    let mut journal = Journal::new();
    let transaction = session.client.begin(envelope).unwrap();
    journal.begin(transaction, envelope.len());
    let replies: Vec<_> = recipients.iter().map(|line| format!("S: {line}\n")).collect();
    let commands =
        "C: MAIL FROM:<>\nC: RCPT TO:<a@b>\nC: RCPT TO:<c@d>\nC: RCPT TO:<e@f>\nC: DATA\n";
    session.peer.extend(&format!("{commands}S: 250 ok\n{}{behind}", replies.concat()));
    loop {
        match session.client.wants() {
            Wants::Event => {
                while let Some(event) = session.client.poll_event().unwrap() {
                    journal.record(&event);
                }
            }
            Wants::Content => session.client.finish().unwrap(),
            Wants::Command | Wants::Nothing => break,
            _ => session.pump_once(),
        }
    }
    journal.take_outcome(session.end()).unwrap()
}

fn three() -> Envelope {
    envelope("", &["a@b", "c@d", "e@f"])
}

const DELIVERED: &str = "S: 354 go\nC: .\nS: 250 ok";

fn addresses(envelope: Option<Envelope>) -> Vec<String> {
    let owned = |envelope: Envelope| envelope.recipients().map(str::to_owned).collect();
    envelope.map(owned).unwrap_or_default()
}

fn fates(outcome: &Outcome) -> Vec<Fate> {
    outcome.recipients().map(|recipient| recipient.fate).collect()
}

const BEYOND: Fate = Fate::Deferred(When::SameConnection);

/// C74. The reply is kept as it came.
#[test]
fn those_beyond_the_limit_remain_for_a_new_transaction() {
    for too_many in [
        "452 4.5.3 too many",
        "552 5.5.3 too many",
        "550 5.5.3 too many",
        "452 too many",
        "451 4.5.3 no",
        "450 4.5.3 no",
        "431 no",
    ] {
        let outcome = outcome(&three(), ["250 ok", too_many, "550 5.1.1 no"], DELIVERED);
        assert_eq!(fates(&outcome), [Fate::Accepted, BEYOND, Fate::Rejected], "{too_many}");
        let second = outcome.recipient(1).unwrap();
        assert_eq!(second.reply.unwrap().code().to_string(), too_many[..3]);
        assert_eq!(addresses(three().remaining(&outcome)), ["c@d"]);
        assert_eq!(three().deferred(&outcome), None);
        let hint = outcome.hint(Extensions::EMPTY);
        assert_eq!(hint, Some(Hint::RetryRemainingInNewTransaction));
    }
    for (own, fate) in [
        ("552 5.2.2 mailbox full", Fate::Rejected),
        ("552 no more", Fate::Rejected),
        ("431 4.2.0 no", Fate::Deferred(When::Later)),
        ("452 4.2.2 mailbox full", Fate::Deferred(When::Later)),
        ("450 busy", Fate::Deferred(When::Later)),
    ] {
        let outcome = outcome(&three(), ["250 ok", own, "250 ok"], DELIVERED);
        assert_eq!(fates(&outcome), [Fate::Accepted, fate, Fate::Accepted], "{own}");
        assert_eq!(outcome.hint(Extensions::EMPTY), None, "{own}");
    }
}

/// C74: every server has to take a hundred, so a 552 behind so many is no recipient's own.
#[test]
fn a_bare_552_behind_a_hundred_recipients_is_one_too_many() {
    for (accepted, fate) in [(99, Fate::Rejected), (100, BEYOND), (101, BEYOND)] {
        let transaction = begin_and_end();
        let mut journal = Journal::new();
        journal.begin(transaction, accepted + 1);
        let ok = Reply::parse(b"250 ok\r\n").unwrap().unwrap().0;
        let full = Reply::parse(b"552 too many\r\n").unwrap().unwrap().0;
        journal.record(&Event::Mail { transaction, reply: ok });
        for index in 0..=u32::try_from(accepted).unwrap() {
            let reply = if index as usize == accepted { full } else { ok };
            journal.record(&Event::Recipient { transaction, index, reply });
        }
        let phase = Phase::Final;
        journal.record(&Event::Final { transaction, recipient: None, phase, reply: ok });
        journal.record(&Event::Ended { transaction, end: TransactionEnd::Answered });
        let outcome = journal.take_outcome(None).unwrap();
        assert_eq!(outcome.recipient(accepted).unwrap().fate, fate, "{accepted}");
    }
}

/// Some transaction: those of all sessions are alike.
fn begin_and_end() -> Transaction {
    Session::open(plain_config(), "").client.begin(&three()).unwrap()
}

#[test]
fn nobody_remains_where_nobody_gets_through() {
    let full = "452 4.5.3 too many";
    let outcome = outcome(&three(), [full; 3], "S: 554 no recipients");
    assert_eq!(three().remaining(&outcome), None, "there would be no end to it");
    assert_eq!(addresses(three().deferred(&outcome)).len(), 3);
    assert_eq!(outcome.hint(Extensions::EMPTY), None);
}

/// C74: nothing was said of their own message.
#[test]
fn those_beyond_the_limit_are_deferred_whatever_the_verdict_on_the_others() {
    let three_with =
        |behind| outcome(&three(), ["250 ok", "452 4.5.3 too many", "450 later"], behind);
    let later = Fate::Deferred(When::Later);
    let found = fates(&three_with("S: 354 go\nC: .\nS: 554 5.7.1 spam"));
    assert_eq!(found, [Fate::Rejected, BEYOND, later]);
    let found = fates(&three_with("S: 354 go\nC: .\nS: 451 4.7.1 greylisted"));
    assert_eq!(found, [later; 3]);
    let found = fates(&three_with("S: 354 go\nC: .\nCLOSE"));
    assert_eq!(found, [Fate::Unknown, Fate::Deferred(When::NewConnectionNow), later]);
}

#[test]
fn a_lost_verdict_may_duplicate_for_those_that_were_accepted_only() {
    let lost = "S: 354 go\nC: .\nCLOSE";
    let outcome = outcome(&three(), ["250 ok", "452 4.5.3 too many", "250 ok"], lost);
    let beyond = Fate::Deferred(When::NewConnectionNow);
    assert_eq!(fates(&outcome), [Fate::Unknown, beyond, Fate::Unknown]);
    assert_eq!(addresses(three().remaining(&outcome)), ["c@d"]);
}

#[test]
fn a_session_that_breaks_in_the_envelope_is_tried_again_later_without_pipelining() {
    let mut all = envelope("", &["a@b", "c@d"]);
    all.push("e@f").unwrap();
    let outcome = outcome(&all, ["250 ok", "250 ok", "250 ok"], "CLOSE");
    assert_eq!(fates(&outcome), [Fate::NotAttempted(When::Later); 3]);
    assert_eq!(addresses(all.deferred(&outcome)).len(), 3);
    let hint = outcome.hint(Extension::Pipelining.into());
    assert_eq!(hint, Some(Hint::RetryWithoutPipelining));
    assert_eq!(outcome.hint(Extensions::EMPTY), None);
}

/// A server that has refused and hangs up has no trouble with groups.
#[test]
fn a_refusal_before_the_end_is_the_cause_and_not_the_group() {
    let outcome = outcome(&three(), ["250 ok", "550 5.1.1 no", "250 ok"], "CLOSE");
    let later = Fate::NotAttempted(When::Later);
    assert_eq!(fates(&outcome), [later, Fate::Rejected, later]);
    assert_eq!(outcome.hint(Extension::Pipelining.into()), None);
}
