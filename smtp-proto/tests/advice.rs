//! What to do about a failure: by code, by phase, by what had left.

mod support;

use smtp_proto::{
    client::{
        End, Hint, Journal, Misuse, Outcome, PeerError, Phase, Refusal, Retry, Status, Wants,
    },
    envelope::Envelope,
    hello::{Extension, Extensions},
    reply::{Code, Reply},
    stuffing::ContentError,
};
use support::{Session, envelope, plain_config};

fn code(value: u16) -> Code {
    Code::new(value).unwrap()
}

fn with_reply<T>(line: &str, look: impl FnOnce(&Reply<'_>) -> T) -> T {
    let octets = format!("{line}\r\n");
    let (reply, _) = Reply::parse(octets.as_bytes()).unwrap().unwrap();
    look(&reply)
}

#[test]
fn the_end_of_a_session_says_when_to_try_again() {
    let unexpected = |phase| End::Peer(PeerError::UnexpectedCode { phase, code: code(354) });
    for (end, retry) in [
        (End::Quit, Retry::NewConnectionNow),
        (End::Lost(Phase::Greeting), Retry::Later),
        (End::Lost(Phase::Idle), Retry::NewConnectionNow),
        (End::Lost(Phase::Mail), Retry::NewConnectionNow),
        (End::Lost(Phase::Rcpt), Retry::Later),
        (End::Lost(Phase::Content), Retry::Later),
        (End::Lost(Phase::Final), Retry::MayDuplicate),
        (End::Aborted(Phase::Final), Retry::MayDuplicate),
        (End::Aborted(Phase::Idle), Retry::NewConnectionNow),
        (End::Aborted(Phase::Mail), Retry::Later),
        (End::Aborted(Phase::Tls), Retry::Later),
        (End::ServiceClosing(Phase::Idle), Retry::NewConnectionNow),
        (End::ServiceClosing(Phase::Rset), Retry::NewConnectionNow),
        (End::ServiceClosing(Phase::Rcpt), Retry::Later),
        (End::ServiceClosing(Phase::Final), Retry::Later),
        (End::Refused { phase: Phase::Greeting, code: code(554) }, Retry::Never),
        (End::Refused { phase: Phase::Greeting, code: code(450) }, Retry::Later),
        (End::Refused { phase: Phase::Rset, code: code(550) }, Retry::NewConnectionNow),
        (End::ContentRefused(code(552)), Retry::Never),
        (End::ContentRefused(code(452)), Retry::Later),
        (End::TlsUnavailable, Retry::Never),
        (End::Peer(PeerError::Unsolicited), Retry::Later),
        (unexpected(Phase::Data), Retry::Later),
        (unexpected(Phase::Final), Retry::MayDuplicate),
    ] {
        assert_eq!(end.retry(), retry, "{end:?}");
    }
}

#[test]
fn a_refusal_of_the_library_does_not_change_by_itself() {
    let content = Refusal::Content(bad_content());
    for (refusal, retry, hint) in [
        (Refusal::NoRecipients, Retry::Never, None),
        (Refusal::NotOffered(Extension::Dsn), Retry::Never, None),
        (Refusal::InsecureSession, Retry::Never, Some(Hint::TlsRequired)),
        (Refusal::PlaintextAuth, Retry::Never, Some(Hint::TlsRequired)),
        (Refusal::Misuse(Misuse::Busy), Retry::SameConnection, None),
        (Refusal::Misuse(Misuse::NotOpen), Retry::NewConnectionNow, None),
        (content, Retry::Never, None),
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
        (Phase::Mail, "550 5.7.10 no", tls),
        (Phase::Mail, "550 5.7.1 Authentication required, or TLS", None),
        (Phase::Auth, "535 5.7.8 no", None),
        (Phase::Mail, "250 5.7.10 STARTTLS", None),
    ] {
        let found = with_reply(line, |reply| Hint::of_reply(phase, reply, Extensions::ALL));
        assert_eq!(found, hint, "{line}");
    }
}

#[test]
fn too_many_recipients_are_known_by_their_enhanced_code() {
    for (line, sure, after_rcpt) in [
        ("452 4.5.3 Too many recipients", true, true),
        ("552 5.5.3 Too many recipients", true, true),
        ("451 4.5.3 no", true, true),
        ("450 4.5.3 no", true, true),
        ("431 4.5.3 no", true, true),
        ("452 too many recipients", false, true),
        ("552 too many recipients", false, true),
        ("452 4.2.2 mailbox full", false, false),
        ("552 5.2.2 mailbox full", false, false),
        ("552 4.5.3 of another class", false, true),
        ("550 no", false, false),
        ("250 2.5.3 ok", false, false),
    ] {
        let told = |reply: &Reply<'_>| reply.is_too_many_recipients();
        assert_eq!(with_reply(line, told), sure, "{line}");
        let hint =
            |phase| with_reply(line, |reply| Hint::of_reply(phase, reply, Extensions::EMPTY));
        let remaining = Some(Hint::RetryRemainingInNewTransaction);
        assert_eq!(hint(Phase::Rcpt) == remaining, after_rcpt, "{line}");
        assert_ne!(hint(Phase::Final), remaining, "{line}");
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

#[test]
fn those_beyond_the_limit_remain_for_a_new_transaction() {
    for too_many in ["452 4.5.3 too many", "552 5.5.3 too many", "452 too many", "451 4.5.3 no"] {
        let outcome = outcome(&three(), ["250 ok", too_many, "550 5.1.1 no"], DELIVERED);
        let retries: Vec<_> = outcome.recipients().map(|fate| fate.retry).collect();
        assert_eq!(retries, [Retry::Never, Retry::SameConnection, Retry::Never], "{too_many}");
        let second = outcome.recipient(1).unwrap();
        assert!(second.is_too_many_recipients());
        assert_eq!(
            second.status == Status::Rejected,
            too_many.starts_with('5'),
            "the code is kept"
        );
        assert_eq!(addresses(three().remaining(&outcome)), ["c@d"]);
        assert_eq!(three().deferred(&outcome), None);
        let hint = outcome.hint(Extensions::EMPTY);
        assert_eq!(hint, Some(Hint::RetryRemainingInNewTransaction));
    }
}

#[test]
fn nobody_remains_where_nobody_gets_through() {
    let full = "452 4.5.3 too many";
    let outcome = outcome(&three(), [full; 3], "S: 554 no recipients");
    assert_eq!(three().remaining(&outcome), None, "there would be no end to it");
    assert_eq!(addresses(three().deferred(&outcome)).len(), 3);
    assert_eq!(outcome.hint(Extensions::EMPTY), None);
}

#[test]
fn a_refused_content_is_refused_for_those_beyond_the_limit_too() {
    let refused = "S: 354 go\nC: .\nS: 554 5.7.1 spam";
    let outcome = outcome(&three(), ["250 ok", "452 4.5.3 too many", "450 later"], refused);
    let retries: Vec<_> = outcome.recipients().map(|fate| fate.retry).collect();
    assert_eq!(retries, [Retry::Never, Retry::Never, Retry::Later]);
    assert_eq!(addresses(three().deferred(&outcome)), ["e@f"]);
}

#[test]
fn a_lost_verdict_may_duplicate_for_those_that_were_accepted_only() {
    let lost = "S: 354 go\nC: .\nCLOSE";
    let outcome = outcome(&three(), ["250 ok", "452 4.5.3 too many", "250 ok"], lost);
    let retries: Vec<_> = outcome.recipients().map(|fate| fate.retry).collect();
    assert_eq!(retries, [Retry::MayDuplicate, Retry::NewConnectionNow, Retry::MayDuplicate]);
    assert_eq!(addresses(three().remaining(&outcome)), ["c@d"]);
}

#[test]
fn a_session_that_breaks_in_the_envelope_is_tried_again_later_without_pipelining() {
    let mut all = envelope("", &["a@b", "c@d"]);
    all.push("e@f").unwrap();
    let outcome = outcome(&all, ["250 ok", "250 ok", "250 ok"], "CLOSE");
    assert!(outcome.recipients().all(|fate| fate.retry == Retry::Later));
    assert_eq!(addresses(all.deferred(&outcome)).len(), 3);
    let hint = outcome.hint(Extension::Pipelining.into());
    assert_eq!(hint, Some(Hint::RetryWithoutPipelining));
    assert_eq!(outcome.hint(Extensions::EMPTY), None);
}
