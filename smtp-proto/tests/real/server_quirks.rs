//! What real servers do, each played by a scripted peer: answers out of the ordinary that were seen
//! live, and what has to become of the message.

use smtp_proto::{
    client::{
        Authentication, Chunking, Config, End, Journal, Outcome, PeerError, Phase, Protocol, Retry,
        Status, TlsPolicy, Verdict, Wants,
    },
    envelope::Envelope,
    hello::{EhloName, Extension},
    sasl::{InitialResponse, Mechanism, Plain, Response},
};
use smtp_test_support::session::{Session, envelope, plain_config};

const GROUP: &str = "C: MAIL FROM:<a@b>\nC: RCPT TO:<c@d>\nC: RCPT TO:<e@f>\nC: DATA\n";

fn two() -> Envelope {
    envelope("a@b", &["c@d", "e@f"])
}

/// Sends this over a session with these offers, to a peer that follows the script.
fn send(config: Config, offers: &str, script: &str, content: &[u8]) -> (Session, Outcome) {
    send_over(Session::open(config, offers).then(script), content)
}

fn send_over(mut session: Session, content: &[u8]) -> (Session, Outcome) {
    let mut journal = Journal::new();
    journal.begin(session.client.begin(&two()).unwrap(), 2);
    session.journal = Some(journal);
    session.hand_over(&two(), content);
    session.pump();
    assert!(session.peer.is_done(), "{}", session.text);
    let outcome = session.journal.take().unwrap().take_outcome(session.end()).unwrap();
    (session, outcome)
}

/// Status, phase, code and advice of each recipient.
fn fates(outcome: &Outcome) -> Vec<(Status, Phase, Option<u16>, Option<Retry>)> {
    let code = |reply: smtp_proto::reply::Reply<'_>| reply.code().value();
    outcome.recipients().map(|to| (to.status(), to.phase, to.reply.map(code), to.retry())).collect()
}

fn lmtp() -> Config {
    plain_config().with_protocol(Protocol::Lmtp)
}

fn open_lmtp(config: Config, offers: &str) -> Session {
    let opening = format!("S: 220 lmtp\nC: LHLO client.example\nS+ 250-lmtp\\r\\n{offers}\n");
    let mut session = Session::new(config, &opening);
    assert_eq!(session.pump(), Wants::Command);
    session
}

// --- nothing behind the end of a message (Dovecot, Courier, OpenSMTPD) ---

#[test]
fn by_default_nothing_runs_ahead_and_content_does_not_leave_in_chunks() {
    let script = format!(
        "{GROUP}S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: hi\nC: .\nS: 250 ok\n{GROUP}S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: hi\nC: .\nS: 250 ok"
    );
    let mut session = Session::open(plain_config(), "PIPELINING CHUNKING").then(&script);
    for _ in 0..2 {
        session.client.begin(&two()).unwrap();
        session.hand_over(&two(), b"hi");
    }
    // The peer minds when something comes before it has answered the dot.
    assert_eq!(session.pump(), Wants::Command);
    assert!(session.peer.is_done());
}

#[test]
fn quit_behind_the_end_of_a_message_waits_for_its_verdict() {
    let script = format!("{GROUP}S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: hi\nC: .");
    let mut session = Session::open(plain_config(), "PIPELINING").then(&script);
    session.client.begin(&two()).unwrap();
    session.hand_over(&two(), b"hi");
    assert_eq!(session.pump(), Wants::Read);
    // Asked for or refused here, it does not leave.
    session.client.quit().ok();
    assert_eq!(session.pump(), Wants::Read);
    assert!(session.peer.heard.ends_with(b".\r\n"));
}

// --- groups where PIPELINING is offered only (OpenSMTPD, Exim) ---

#[test]
fn pipelining_that_was_offered_in_the_clear_only_is_not_used_inside_tls() {
    let config =
        Config::new(EhloName::parse("client.example").unwrap()).with_tls(TlsPolicy::Required);
    let mut session = Session::new(
        config,
        "S: 220 mx\nC: EHLO client.example\nS+ 250-mx\\r\\n250-PIPELINING\\r\\n250 STARTTLS\\r\\n\nC: STARTTLS\nS: 220 go",
    );
    assert_eq!(session.pump(), Wants::Tls);
    session.client.tls_established().unwrap();
    session.peer.extend("C: EHLO client.example\nS: 250 mx");
    assert_eq!(session.pump(), Wants::Command);
    let script = "C: MAIL FROM:<a@b>\nS: 250 ok\nC: RCPT TO:<c@d>\nS: 250 ok\nC: RCPT TO:<e@f>\nS: 250 ok\nC: DATA\nS: 354 go\nC: hi\nC: .\nS: 250 ok";
    let (_, outcome) = send_over(session.then(script), b"hi");
    assert!(outcome.is_delivered());
}

// --- chunks and refused recipients (go-smtp, Exim) ---

#[test]
fn a_chunk_waits_for_the_answer_of_the_last_recipient() {
    let script = "C: MAIL FROM:<a@b>\nC: RCPT TO:<c@d>\nC: RCPT TO:<e@f>\nS: 250 ok\nS: 250 ok\nS: 550 no\nC: BDAT 4 LAST\nC: hi\nS: 250 ok";
    let config = plain_config().with_chunking(Chunking::AfterRecipients);
    let (_, outcome) = send(config, "PIPELINING CHUNKING", script, b"hi");
    let fates = fates(&outcome);
    assert_eq!(fates[0].0, Status::Accepted);
    assert_eq!((fates[1].0, fates[1].1), (Status::Rejected, Phase::Rcpt));
}

#[test]
fn what_is_answered_behind_a_refused_chunk_is_no_verdict() {
    // This peer takes the chunk behind the refused one for a command.
    let script = "C: MAIL FROM:<a@b>\nC: RCPT TO:<c@d>\nC: RCPT TO:<e@f>\nS: 250 ok\nS: 250 ok\nS: 250 ok\nC: BDAT 4\nC+ hi\\r\\n\nC: BDAT 4 LAST\nC+ ho\\r\\n\nS+ 552 too large\\r\\n500 hi?\\r\\n250 ok\\r\\n";
    let config = plain_config().with_chunking(Chunking::AfterRecipients).with_chunk_size(4);
    let mut session = Session::open(config, "PIPELINING CHUNKING").then(script);
    let mut journal = Journal::new();
    journal.begin(session.client.begin(&two()).unwrap(), 2);
    session.journal = Some(journal);
    session.hand_over(&two(), b"hi\r\nho");
    assert_eq!(session.pump(), Wants::Nothing);
    let outcome = session.journal.take().unwrap().take_outcome(session.end()).unwrap();
    let refused = (Status::Rejected, Phase::Content, Some(552), Some(Retry::Never));
    assert_eq!(fates(&outcome), [refused, refused]);
    assert!(matches!(session.end(), Some(End::ContentRefused(_))));
    session.client.quit().expect_err("nothing more is said");
}

// --- refused senders (Cyrus, and those who count errors: aiosmtpd, go-smtp, Exim) ---

#[test]
fn a_server_that_has_had_enough_of_what_follows_a_refused_sender_has_refused_it() {
    for behind in ["S: 503 no\nS: 421 too many errors\nCLOSE", "S: 503 no\nCLOSE", "CLOSE"] {
        let script = format!("{GROUP}S: 550 not you\n{behind}");
        let (_, outcome) = send(plain_config(), "PIPELINING", &script, b"hi");
        let refused = (Status::Rejected, Phase::Mail, Some(550), Some(Retry::Never));
        assert_eq!(fates(&outcome), [refused, refused], "{behind}");
        assert_eq!(outcome.verdict(), Verdict::Rejected);
    }
}

#[test]
fn a_server_that_has_had_enough_of_bad_recipients_has_not_refused_the_others() {
    for behind in ["S: 421 too many errors\nCLOSE", "CLOSE"] {
        let script = format!("{GROUP}S: 250 ok\nS: 550 no\n{behind}");
        let (_, outcome) = send(plain_config(), "PIPELINING", &script, b"hi");
        let fates = fates(&outcome);
        assert_eq!(
            fates[0],
            (Status::Rejected, Phase::Rcpt, Some(550), Some(Retry::Never)),
            "{behind}"
        );
        assert_eq!(
            (fates[1].0, fates[1].3),
            (Status::NotAttempted, Some(Retry::Later)),
            "{behind}"
        );
    }
}

// --- newlines (Postfix, Sendmail, go-smtp) ---

#[test]
fn no_bare_newline_leaves_and_nothing_but_the_end_is_a_lone_dot() {
    for (content, wire) in [
        ("a\n.\nb", "a\\r\\n..\\r\\nb"),
        ("a\r\r\n.\r\r\nb", "a\\r\\n..\\r\\nb"),
        ("a\n.\r\nb\r.\rc", "a\\r\\n..\\r\\nb\\r\\n..\\r\\nc"),
    ] {
        let script = format!(
            "{GROUP}S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\nC+ {wire}\\r\\n.\\r\\n\nS: 250 ok"
        );
        let (_, outcome) = send(plain_config(), "PIPELINING", &script, content.as_bytes());
        assert!(outcome.is_delivered(), "{content:?}");
    }
}

// --- offers (Courier, qmail, smtp-sink, Yandex) ---

#[test]
fn odd_lines_of_an_offer_do_not_harm_those_around_them() {
    let lines = [
        "mx",
        "SIZE",
        "Ok SESSIONID=<1.2.3>",
        "XVERP=Courier",
        "BURL imap",
        "LIMITS MAILMAX=1000 RCPTMAX=100",
        "AUTH LOGIN PLAIN",
        "AUTH=PLAIN LOGIN",
        "PIPELINING",
        "CHUNKING",
    ];
    let lines = format!("250-{}\\r\\n", lines.join("\\r\\n250-"));
    let script = format!("S: 220 mx\nC: EHLO client.example\nS+ {lines}250 \\r\\n");
    let mut session = Session::new(plain_config(), &script);
    assert_eq!(session.pump(), Wants::Command);
    let offered = session.client.capabilities();
    for extension in [Extension::Size, Extension::Pipelining, Extension::Chunking, Extension::Auth]
    {
        assert!(offered.offers(extension), "{extension:?}");
    }
    assert_eq!(offered.size_limit(), None);
    assert_eq!(offered.limits().recipients(), Some(100));
    assert!(offered.offers_mechanism("PLAIN") && offered.offers_mechanism("LOGIN"));
}

#[test]
fn the_first_line_of_an_offer_is_none_also_without_a_name() {
    let script = "S: 220 mx\nC: EHLO client.example\nS+ 250-PIPELINING\\r\\n250 CHUNKING\\r\\n";
    let mut session = Session::new(plain_config(), script);
    assert_eq!(session.pump(), Wants::Command);
    let offered = session.client.capabilities();
    assert!(!offered.offers(Extension::Pipelining) && offered.offers(Extension::Chunking));
}

// --- AUTH (Exim, Haraka, smtp-sink) ---

fn open_for_auth(script: &str) -> Session {
    Session::open(plain_config().with_plaintext_auth(true), "AUTH_PLAIN_X-ODD").then(script)
}

#[test]
fn only_235_takes_the_credentials() {
    for (code, wants) in [(235, Wants::Command), (250, Wants::Nothing)] {
        let mut session = open_for_auth(&format!("C: AUTH PLAIN AHUAcA==\nS: {code} ok"));
        assert_eq!(session.authenticate(&mut Plain::new("u", "p")), wants, "{code}");
        let is_done = session.client.authentication() == Authentication::Done(0);
        assert_eq!(is_done, code == 235, "{code}");
    }
}

/// Cannot answer any challenge.
struct Odd;

impl Mechanism for Odd {
    fn name(&self) -> &'static str {
        "X-ODD"
    }

    fn initial_response(&self) -> InitialResponse {
        InitialResponse::Never
    }

    fn respond(
        &mut self,
        _: smtp_proto::sasl::Challenge<'_>,
        _: &mut Response<'_>,
    ) -> Result<(), smtp_proto::sasl::CannotAnswer> {
        Err(smtp_proto::sasl::CannotAnswer::Stop)
    }
}

#[test]
fn a_cancelled_dialogue_is_over_whatever_the_server_calls_that() {
    for code in [501, 535, 504, 454] {
        let mut session = open_for_auth(&format!(
            "C: AUTH X-ODD\nS: 334 eA==\nC: *\nS: {code} no\nC: NOOP\nS: 250 ok"
        ));
        assert_eq!(session.authenticate(&mut Odd), Wants::Command);
        assert_eq!(session.client.authentication(), Authentication::BadChallenge, "{code}");
        session.inquire(smtp_proto::client::Inquiry::Noop);
        assert!(session.peer.is_done() && session.client.is_reusable());
    }
}

#[test]
fn credentials_that_the_server_cannot_read_are_refused_in_many_ways() {
    for code in [501, 535, 504, 454] {
        let mut session = open_for_auth(&format!("C: AUTH PLAIN AHUAcA==\nS: {code} no"));
        assert_eq!(session.authenticate(&mut Plain::new("u", "p")), Wants::Command);
        let Authentication::Refused(said) = session.client.authentication() else {
            panic!("{code}")
        };
        assert_eq!(said.value(), code);
        assert!(session.peer.is_done() && session.client.is_reusable());
    }
}

// --- codes ---

#[test]
fn a_parameter_that_is_offered_and_not_known_refuses_the_sender() {
    for code in [555, 501, 503, 500] {
        let script = format!("{GROUP}S: {code} what?\nS: 503 no\nS: 503 no\nS: 503 no");
        let (session, outcome) = send(plain_config(), "PIPELINING", &script, b"hi");
        let refused = (Status::Rejected, Phase::Mail, Some(code), Some(Retry::Never));
        assert_eq!(fates(&outcome), [refused, refused]);
        assert!(session.client.is_reusable());
    }
}

#[test]
fn too_large_is_for_good_by_any_of_its_codes() {
    for code in [552, 554, 523, 534, 550] {
        let script = format!(
            "{GROUP}S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: hi\nC: .\nS: {code} 5.3.4 too large"
        );
        let (session, outcome) = send(plain_config(), "PIPELINING", &script, b"hi");
        let refused = (Status::Rejected, Phase::Final, Some(code), Some(Retry::Never));
        assert_eq!(fates(&outcome), [refused, refused]);
        assert!(session.client.is_reusable());
    }
}

// --- several replies to one command (LMTP, Exim's PRDR) ---

#[test]
fn lmtp_has_a_verdict_for_each_recipient_behind_the_last_chunk_alone() {
    let script = "C: MAIL FROM:<a@b>\nC: RCPT TO:<c@d>\nC: RCPT TO:<e@f>\nS: 250 ok\nS: 250 ok\nS: 250 ok\nC: BDAT 4\nC+ hi\\r\\n\nC: BDAT 4 LAST\nC+ ho\\r\\n\nS: 250 4\nS: 250 c\nS: 552 full";
    let config = lmtp().with_chunking(Chunking::AfterRecipients).with_chunk_size(4);
    let session = open_lmtp(config, "250-PIPELINING\\r\\n250 CHUNKING\\r\\n").then(script);
    let (session, outcome) = send_over(session, b"hi\r\nho");
    let statuses: Vec<_> = outcome.recipients().map(|to| to.status()).collect();
    assert_eq!(statuses, [Status::Accepted, Status::Rejected]);
    assert!(session.client.is_reusable());
}

#[test]
fn prdr_is_not_asked_for_and_a_353_is_no_verdict() {
    let script =
        format!("{GROUP}S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\nC: hi\nC: .\nS: 353 x");
    let (session, outcome) = send(plain_config(), "PIPELINING PRDR", &script, b"hi");
    assert!(!session.peer.heard.windows(4).any(|word| word == b"PRDR"));
    assert_eq!(outcome.verdict(), Verdict::Unknown);
    assert!(outcome.recipients().all(|to| to.retry() == Some(Retry::MayDuplicate)));
    assert!(matches!(session.end(), Some(End::Peer(PeerError::UnexpectedCode { .. }))));
}

// --- lengths (Haraka, aiosmtpd) ---

#[test]
fn a_line_of_auth_stays_within_what_the_strictest_servers_take() {
    for length in [300, 369, 370, 400] {
        let password = "p".repeat(length);
        let mut session = Session::open(plain_config().with_plaintext_auth(true), "AUTH_PLAIN");
        session.client.authenticate(&mut Plain::new("u", &password)).unwrap();
        let line = session.client.transmit();
        assert!(line.len() <= 512, "{length}");
        assert_eq!(line == b"AUTH PLAIN\r\n", length > 369, "{length}");
    }
}

// --- STARTTLS inside TLS ---

#[test]
fn starttls_offered_inside_tls_is_not_said_again() {
    for policy in [TlsPolicy::Required, TlsPolicy::Opportunistic] {
        let config = Config::new(EhloName::parse("client.example").unwrap()).with_tls(policy);
        let mut session = Session::new(
            config,
            "S: 220 mx\nC: EHLO client.example\nS+ 250-mx\\r\\n250 STARTTLS\\r\\n\nC: STARTTLS\nS: 220 go",
        );
        assert_eq!(session.pump(), Wants::Tls);
        session.client.tls_established().unwrap();
        session.peer.extend("C: EHLO client.example\nS+ 250-mx\\r\\n250 STARTTLS\\r\\n");
        assert_eq!(session.pump(), Wants::Command);
        assert!(session.peer.is_done());
    }
}

/// Haraka folds lines of content over 992 octets, aiosmtpd refuses those over 1,000, go-smtp over 2,000.
#[test]
fn a_refusal_of_lines_that_are_too_long_is_the_verdict() {
    let line = "x".repeat(2001);
    let script = format!(
        "C: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<b@c>\nS: 250 ok\nC: DATA\nS: 354 go\nC: {line}\nC: .\n\
         S: 500 5.6.0 Line too long (see RFC5321 4.5.3.1.6)"
    );
    let mut session = Session::open(plain_config(), "").then(&script);
    assert_eq!(session.send(&envelope("", &["b@c"]), line.as_bytes()), Wants::Command);
    // What is sent is what was given: nothing is folded here.
    assert!(session.peer.is_done());
    assert!(session.events.iter().any(|event| event.contains("500")), "{:?}", session.events);
    assert!(session.client.can_begin());
}
