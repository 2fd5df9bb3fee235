//! What was put into a command, an outcome or a list can be read from it again.

use std::sync::Arc;

use smtp_proto::{
    address::ForwardPath,
    client::{
        AsEnvelope, Client, Config, End, Event, Journal, Phase, Status, TransactionEnd, Verdict,
        Wants,
    },
    command::{Attribute, AttributeName, Command, Mail, Received, Recipient},
    envelope::Envelope,
    hello::EhloName,
    parameter::{Notify, Priority, Ret},
    reply::{EnhancedCode, Reply},
    sasl::{External, Mechanism, Mechanisms, Token, server::Accounts},
    server,
};
use smtp_test_support::session::{Session, envelope, plain_config};

const MAIL: &[u8] =
    b"MAIL FROM:<a@b.example> RET=HDRS ENVID=x+2By AUTH=<> REQUIRETLS BY=60;R MT-PRIORITY=3 HOLDFOR=9";
const RCPT: &[u8] =
    b"RCPT TO:<a@b.example> NOTIFY=NEVER ORCPT=rfc822;a@b.example RRVS=2014-04-03T23:01:00Z;C";

#[test]
fn parameters_of_mail_are_read_back() {
    let Ok(Received::Mail(mail)) = Received::parse(MAIL) else { panic!("no MAIL") };
    assert!(mail.envid().unwrap().octets().eq(*b"x+y"));
    assert!(!mail.auth().unwrap().is_known());
    assert_eq!(mail.auth().unwrap().octets().count(), 0);
    assert_eq!((mail.ret(), mail.typed().ret()), (Some(Ret::Headers), Some(Ret::Headers)));
    assert!(mail.require_tls() && mail.typed().require_tls());
    assert!(mail.deliver_by().is_some());
    assert_eq!(mail.priority().map(Priority::value), Some(3));
    assert!(mail.hold().is_some());
    let Ok(Received::Mail(bare)) = Received::parse(b"MAIL FROM:<>") else { panic!("no MAIL") };
    assert!(!bare.require_tls() && !bare.typed().require_tls());
    assert!(bare.parameters().is_empty() && !mail.parameters().is_empty());
}

#[test]
fn parameters_of_rcpt_are_read_back() {
    let Ok(Received::Rcpt(rcpt)) = Received::parse(RCPT) else { panic!("no RCPT") };
    assert_eq!(rcpt.notify(), Some(Notify::NEVER));
    assert!(rcpt.orcpt().is_some());
    let valid = rcpt.valid_since().unwrap();
    assert!(valid.unsupported().is_some());
    assert_eq!(valid.since().to_string(), "2014-04-03T23:01:00Z");
}

#[test]
fn a_borrowed_envelope_is_one_too() {
    let to = [Recipient::from(ForwardPath::parse("b@c.example").unwrap())];
    assert!(to[0].is_ascii());
    assert!(!Recipient::from(ForwardPath::parse("jos\u{e9}@c.example").unwrap()).is_ascii());
    let pair = (Mail::new(smtp_proto::address::ReversePath::Null), &to[..]);
    let borrowed = &&pair;
    assert_eq!(borrowed.recipient_count(), 1);
    assert_eq!(AsEnvelope::mail(borrowed), pair.0);
    assert!(borrowed.recipient(1).is_none());
    assert!(Envelope::new("").unwrap().is_empty());
}

#[test]
fn attributes_have_names_and_may_be_unavailable() {
    let names = [
        (AttributeName::Port, "PORT"),
        (AttributeName::Proto, "PROTO"),
        (AttributeName::DestAddr, "DESTADDR"),
        (AttributeName::DestPort, "DESTPORT"),
        (AttributeName::Source, "SOURCE"),
    ];
    for (name, text) in names {
        let attributes = [Attribute::temporarily_unavailable(name)];
        let mut line = [0; 64];
        let length = Command::XForward(&attributes).encode(&mut line).unwrap();
        let expected = format!("XFORWARD {text}=[TEMPUNAVAIL]\r\n");
        assert_eq!(&line[..length], expected.as_bytes());
    }
}

fn reply(octets: &[u8]) -> Reply<'_> {
    Reply::parse(octets).unwrap().unwrap().0
}

/// Two transactions: of the first, one of two is accepted; the second is deferred.
fn journal() -> (Journal, [smtp_proto::client::Transaction; 2]) {
    let mut session = Session::open(plain_config(), "PIPELINING").then(
        "C: MAIL FROM:<a@b.example>\nC: RCPT TO:<c@d.example>\nC: RCPT TO:<e@f.example>\nC: DATA
         S: 250 x\nS: 250 x\nS: 550 x\nS: 354 x\nC: x\nC: .\nS: 250 x
         C: MAIL FROM:<a@b.example>\nC: RCPT TO:<c@d.example>\nC: DATA
         S: 250 x\nS: 450 x\nS: 503 x\nC: QUIT\nS: 221 x",
    );
    let two = envelope("a@b.example", &["c@d.example", "e@f.example"]);
    let one = envelope("a@b.example", &["c@d.example"]);
    session.journal = Some(Journal::new());
    let transactions = [&two, &one].map(|envelope| {
        let transaction = session.client.begin(envelope).unwrap();
        session.journal.as_mut().unwrap().begin(transaction, envelope.len());
        session.hand_over(envelope, b"x");
        session.pump();
        transaction
    });
    assert_eq!(session.quit(), Wants::Nothing);
    (session.journal.unwrap(), transactions)
}

#[test]
fn outcomes_are_taken_by_transaction() {
    let (mut journal, [first, second]) = journal();
    let outcome = journal.take_outcome_of(first, None).unwrap();
    assert_eq!((outcome.verdict(), outcome.recipient_count()), (Verdict::Partial, 2));
    assert!(outcome.end().is_none() && !outcome.came_too_late() && !outcome.is_delivered());
    assert_eq!(journal.take_outcome_of(second, None).unwrap().verdict(), Verdict::Deferred);
    assert!(journal.take_outcome_of(second, None).is_none());
    assert_eq!(journal.farewell().unwrap().code().value(), 221);
}

#[test]
fn an_outcome_that_nobody_took_is_passed_over() {
    let (mut journal, [_, second]) = journal();
    assert_eq!(journal.take_outcome_of(second, None).unwrap().transaction(), second);
}

#[test]
fn a_message_that_came_too_late_says_so() {
    let (_, [transaction, _]) = journal();
    let mut journal = Journal::new();
    journal.begin(transaction, 1);
    journal.record(&Event::Closing { phase: Phase::Idle, reply: reply(b"421 x\r\n") });
    journal.record(&Event::Ended { transaction, end: TransactionEnd::NotSent });
    let outcome = journal.take_outcome(Some(End::ServiceClosing(Phase::Idle))).unwrap();
    assert!(outcome.came_too_late());
    assert_eq!(outcome.verdict(), Verdict::Failed);
    assert_eq!(outcome.recipient(0).unwrap().status(), Status::NotAttempted);
    assert_eq!(outcome.end(), Some(End::ServiceClosing(Phase::Idle)));
}

#[test]
fn an_outcome_says_where_the_session_broke() {
    let (_, [transaction, _]) = journal();
    for (end, phase, too_late) in [
        (End::Lost(Phase::Idle), Phase::Idle, true),
        (End::Lost(Phase::Mail), Phase::Mail, true),
        (End::Lost(Phase::Rcpt), Phase::Rcpt, false),
        (End::ServiceClosing(Phase::Data), Phase::Data, false),
        // The verdict on the message before was waited for.
        (End::Lost(Phase::Final), Phase::Mail, true),
    ] {
        let mut journal = Journal::new();
        journal.begin(transaction, 1);
        let is_own = end.phase() != Phase::Final;
        let told = if is_own { TransactionEnd::NotSent } else { TransactionEnd::NotReached };
        journal.record(&Event::Ended { transaction, end: told });
        let outcome = journal.take_outcome(Some(end)).unwrap();
        let recipient = outcome.recipient(0).unwrap();
        assert_eq!((recipient.status(), recipient.phase), (Status::NotAttempted, phase), "{end:?}");
        assert_eq!(outcome.came_too_late(), too_late, "{end:?}");
    }
}

struct One;

impl Accounts for One {
    fn password(&self, user: &str) -> Option<&str> {
        (user == "alice").then_some("pw")
    }
}

#[test]
fn accounts_may_be_borrowed_or_shared() {
    let (borrowed, shared) = (&One, Arc::new(One));
    assert_eq!(Accounts::password(&borrowed, "alice"), Some("pw"));
    assert_eq!(Accounts::password(&shared, "bob"), None);
    assert_eq!(Accounts::user_of_token(&borrowed, "t"), None);
    assert_eq!(Accounts::user_of_token(&shared, "t"), None);
}

#[test]
fn a_token_is_offered_by_two_mechanisms() {
    let mut token = Token::new("alice", "t0ken").with_server("mx.example", 587);
    assert_eq!(
        token.mechanism(0).map(|one| one.name().to_string()).as_deref(),
        Some("OAUTHBEARER")
    );
    assert!(token.mechanism(1).is_some() && token.mechanism(2).is_none());
    assert!(token.error().is_none());
    assert_eq!(External::default().name(), "EXTERNAL");
}

#[test]
fn a_session_may_be_named_anew_and_read_while_it_writes() {
    let name = EhloName::parse("other.example").unwrap();
    let config = Config::new(EhloName::parse("client.example").unwrap()).with_name(name);
    let mut client = Client::new(config);
    let (transmit, room) = client.transmit_and_read_buf();
    assert!(transmit.is_empty() && !room.is_empty());
}

#[test]
fn a_recipient_that_was_not_announced_has_no_outcome() {
    let (_, [transaction, _]) = journal();
    let mut journal = Journal::new();
    journal.begin(transaction, 1);
    for (index, octets) in [&b"250 x\r\n"[..], b"550 x\r\n"].into_iter().enumerate() {
        let index = index.try_into().unwrap();
        journal.record(&Event::Recipient { transaction, index, reply: reply(octets) });
    }
    let last = Event::Final {
        transaction,
        recipient: Some(1),
        phase: Phase::Final,
        reply: reply(b"550 x\r\n"),
    };
    journal.record(&last);
    journal.record(&Event::Ended { transaction, end: TransactionEnd::Unknown });
    let outcome = journal.take_outcome(None).unwrap();
    assert_eq!(outcome.recipient_count(), 1);
    assert_ne!(outcome.recipient(0).unwrap().status(), Status::Rejected);
}

#[test]
fn parameters_are_gone_through_by_reference() {
    let Ok(Received::Rcpt(rcpt)) = Received::parse(RCPT) else { panic!("no RCPT") };
    let parameters = rcpt.parameters();
    let mut keywords = Vec::new();
    for parameter in &parameters {
        keywords.push(parameter.keyword().to_owned());
    }
    assert_eq!(keywords, ["NOTIFY", "ORCPT", "RRVS"]);
    assert_eq!(parameters.find("notify").and_then(|found| found.value()), Some("NEVER"));
    assert_eq!(parameters.find("X-OWN"), None);
}

#[test]
fn a_code_of_another_class_or_too_many_digits_is_no_enhanced_code() {
    let code = |class, subject, detail| {
        EnhancedCode::new(class, subject, detail).map(|code| code.to_string())
    };
    assert_eq!(code(4, 999, 0).as_deref(), Some("4.999.0"));
    for (class, subject, detail) in [(3, 0, 0), (6, 0, 0), (2, 1000, 0), (5, 0, 1000)] {
        assert_eq!(code(class, subject, detail), None, "{class}.{subject}.{detail}");
    }
}

#[test]
fn settings_of_a_server_are_read_back() {
    assert_eq!(server::Limits::default(), server::Limits::DEFAULT);
    for (tls, is_used) in [
        (server::TlsPolicy::None, false),
        (server::TlsPolicy::Offered, true),
        (server::TlsPolicy::Required, true),
        (server::TlsPolicy::Implicit, true),
    ] {
        let config = server::Config::new(EhloName::parse("mx.example").unwrap()).with_tls(tls);
        assert_eq!((config.tls(), config.tls().is_used()), (tls, is_used));
    }
}

#[test]
fn who_has_neither_passwords_nor_tokens_knows_nobody() {
    struct Nobody;
    impl Accounts for Nobody {}
    assert_eq!((Nobody.password("alice"), Nobody.user_of_token("t0ken")), (None, None));
}
