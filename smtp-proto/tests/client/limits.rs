//! What a server takes at once (LIMITS, RFC 9422; 452 4.5.3), and messages in several transactions.

use smtp_proto::{
    client::{
        AsEnvelope, Config, Hint, Journal, Outcome, Phase, Refusal, Retry, Status, Wants, When,
    },
    envelope::{Delivery, Envelope},
    hello::{Capabilities, Extension, ServerLimits},
    parameter::Parameter,
};
use smtp_test_support::{
    session::{Session, envelope, plain_config},
    stand::Stand,
};

fn open(extensions: &str) -> Session {
    Session::open(plain_config(), extensions)
}

fn limits(text: &str) -> ServerLimits {
    Capabilities::new(text.as_bytes()).limits()
}

#[test]
fn more_recipients_than_announced_are_refused_here() {
    let mut session = open("LIMITS_RCPTMAX=2");
    let three = envelope("", &["a@b", "b@b", "c@b"]);
    let refusal = session.client.begin(&three).unwrap_err();
    assert_eq!(refusal, Refusal::TooManyRecipients { limit: 2 });
    assert_eq!(refusal.hint(), Some(Hint::RetryRemainingInNewTransaction));
    assert!(session.client.is_reusable());
    assert!(session.client.begin(&envelope("", &["a@b", "b@b"])).is_ok());
}

#[test]
fn recipients_in_more_domains_than_announced_are_refused_here() {
    let mut session = open("LIMITS_RCPTDOMAINMAX=2");
    let three = envelope("", &["a@one", "b@two", "c@three"]);
    assert_eq!(session.client.begin(&three), Err(Refusal::TooManyDomains { limit: 2 }));
    assert!(session.client.begin(&envelope("", &["a@one", "b@two", "c@ONE", "d@two"])).is_ok());
}

#[test]
fn no_more_transactions_than_announced_are_begun() {
    let mut session = open("LIMITS_MAILMAX=1").then(
        "C: MAIL FROM:<>
         S: 550 no
         C: QUIT
         S: 221 bye",
    );
    let to = envelope("", &["a@b"]);
    session.client.begin(&to).unwrap();
    assert_eq!(session.pump(), Wants::Command);
    assert!(!session.client.is_reusable());
    let refusal = session.client.begin(&to).unwrap_err();
    assert_eq!(refusal, Refusal::TooManyTransactions { limit: 1 });
    assert_eq!(refusal.retry(), When::NewConnectionNow);
    assert_eq!(session.quit(), Wants::Nothing);
}

#[test]
fn masked_limits_are_none() {
    let config = Config::with_mask(plain_config(), Extension::Limits.into());
    let mut session = Session::open(config, "LIMITS_RCPTMAX=1_MAILMAX=1");
    assert!(session.client.begin(&envelope("", &["a@b", "c@d"])).is_ok());
}

#[test]
fn parameters_of_ones_own_need_a_server_with_extensions() {
    let extra = [Parameter::new("X-OWN", None).unwrap()];
    let owned = envelope("", &["a@b"]);
    let mail = owned.mail().with_extra(&extra).unwrap();
    let to = [owned.recipient(0).unwrap()];
    assert_eq!(open("").client.begin(&(mail, &to[..])), Err(Refusal::NoExtensions));
    assert!(open("X-OWN").client.begin(&(mail, &to[..])).is_ok());
}

#[test]
fn an_envelope_is_split_by_recipients_and_by_domains() {
    let whole = envelope("", &["1@a", "2@a", "3@b", "4@B", "5@c"]);
    for (text, expected) in [
        ("", &["1@a 2@a 3@b 4@B 5@c"][..]),
        ("LIMITS RCPTMAX=2", &["1@a 2@a", "3@b 4@B", "5@c"]),
        ("LIMITS RCPTDOMAINMAX=1", &["1@a 2@a", "3@b 4@B", "5@c"]),
        ("LIMITS RCPTDOMAINMAX=2 RCPTMAX=3", &["1@a 2@a 3@b", "4@B 5@c"]),
    ] {
        let mut delivery = Delivery::new(&whole, limits(text));
        let mut parts = Vec::new();
        while let Some(part) = delivery.envelope().cloned() {
            parts.push(part.recipients().collect::<Vec<_>>().join(" "));
            delivery.record(sent_to(&part, &[]));
        }
        assert_eq!(parts, expected, "{text}");
        assert!(delivery.recipients().flatten().all(|to| to.status() == Status::Accepted));
    }
}

/// The outcome of sending to `envelope`, where RCPT of `too_many` gets 452.
fn sent_to(envelope: &Envelope, too_many: &[&str]) -> Outcome {
    let rcpt = |to: &str| {
        let answer = if too_many.contains(&to) { "452 4.5.3 too many" } else { "250 ok" };
        format!("C: RCPT TO:<{to}>\nS: {answer}\n")
    };
    let rcpts: String = envelope.recipients().map(rcpt).collect();
    let script =
        format!("C: MAIL FROM:<>\nS: 250 ok\n{rcpts}C: DATA\nS: 354 go\nC: x\nC: .\nS: 250 ok");
    outcome(envelope, &script)
}

fn outcome(envelope: &Envelope, script: &str) -> Outcome {
    let mut session = open("").then(script);
    let mut journal = Journal::new();
    let transaction = session.client.begin(envelope).unwrap();
    journal.begin(transaction, envelope.len());
    session.journal = Some(journal);
    session.hand_over(envelope, b"x\r\n");
    assert_eq!(session.pump(), Wants::Command);
    session.journal.and_then(|mut journal| journal.take_outcome(None)).unwrap()
}

#[test]
fn recipients_beyond_what_the_server_takes_follow_in_a_transaction_of_their_own() {
    let whole = envelope("", &["1@a", "2@a", "3@a", "4@a", "5@a"]);
    let mut delivery = Delivery::new(&whole, ServerLimits::default());
    // The server takes two and then one, and is not asked for more at once.
    for (recipients, too_many) in [
        (&["1@a", "2@a", "3@a", "4@a", "5@a"][..], &["3@a", "4@a", "5@a"][..]),
        (&["3@a", "4@a"], &["3@a"]),
        (&["3@a"], &[]),
        (&["5@a"], &[]),
    ] {
        let next = delivery.envelope().unwrap().clone();
        assert!(next.recipients().eq(recipients.iter().copied()), "{recipients:?}");
        delivery.record(sent_to(&next, too_many));
    }
    assert!(delivery.envelope().is_none());
    assert_eq!(delivery.outcomes().len(), 4);
    let statuses: Vec<_> = delivery.recipients().map(|to| to.unwrap().status()).collect();
    assert_eq!(statuses, [Status::Accepted; 5]);
}

/// Each time the server takes one of all that it is asked for.
#[test]
fn a_server_that_takes_one_of_many_is_not_asked_for_all_the_others_each_time() {
    let to: Vec<_> = (0..100).map(|number| format!("{number}@a")).collect();
    let to: Vec<_> = to.iter().map(String::as_str).collect();
    let mut delivery = Delivery::new(&envelope("", &to), ServerLimits::default());
    while let Some(next) = delivery.envelope().cloned() {
        let too_many: Vec<_> = next.recipients().skip(1).collect();
        delivery.record(sent_to(&next, &too_many));
    }
    let asked: usize = delivery.outcomes().iter().map(Outcome::recipient_count).sum();
    assert_eq!((asked, delivery.outcomes().len()), (199, 100));
    assert_eq!(delivery.verdict(), smtp_proto::client::Verdict::Delivered);
}

#[test]
fn an_outcome_of_another_envelope_is_about_nobody() {
    let mut delivery = Delivery::new(&envelope("", &["1@a", "2@a"]), ServerLimits::default());
    delivery.record(sent_to(&envelope("", &["1@a", "2@a", "3@a"]), &["3@a"]));
    assert!(delivery.envelope().is_none() && delivery.outcomes().is_empty());
    assert!(delivery.recipients().all(|recipient| recipient.is_none()));
}

#[test]
fn a_server_that_takes_nobody_is_not_asked_again() {
    let whole = envelope("", &["1@a"]);
    let mut delivery = Delivery::new(&whole, ServerLimits::default());
    let script = "C: MAIL FROM:<>
        S: 250 ok
        C: RCPT TO:<1@a>
        S: 452 4.5.3 too many";
    delivery.record(outcome(&whole, script));
    assert!(delivery.envelope().is_none());
    assert_eq!(delivery.recipients().next().unwrap().unwrap().retry(), Some(Retry::Later));
}

#[test]
fn more_domains_than_are_worth_comparing_are_left_to_the_server() {
    let to = |count| {
        let all = (0..count).map(|index| format!("a@{index}.example"));
        all.fold(Envelope::new("").unwrap(), |envelope, to| envelope.to(&to).unwrap())
    };
    let mut session = open("LIMITS_RCPTDOMAINMAX=63");
    assert_eq!(session.client.begin(&to(64)), Err(Refusal::TooManyDomains { limit: 63 }));
    assert_eq!(session.client.begin(&to(2000)), Err(Refusal::TooManyDomains { limit: 63 }));
    assert!(session.client.begin(&to(63)).is_ok(), "no more than domains");
    assert!(open("LIMITS_RCPTDOMAINMAX=64").client.begin(&to(65)).is_ok());
}

#[test]
fn replies_stay_within_the_limits_of_the_caller() {
    let mut limits = smtp_proto::client::Limits::default();
    assert_eq!(limits, smtp_proto::client::Limits::DEFAULT);
    limits.reply_lines = 2;
    let config = plain_config().with_limits(limits);
    assert_eq!(Session::open(config, "PIPELINING").end(), None);
    let mut session = Session::new(config, "S: 220-a\nS: 220-b\nS: 220 c");
    assert_eq!(session.pump(), Wants::Nothing);
    let end = session.end().map(|end| end.to_string());
    assert_eq!(Stand::of(&session), Stand::Malformed(Phase::Greeting), "{end:?}");
}
