//! Owned envelopes say what was put into them.

use smtp_proto::{
    address::ForwardPath,
    client::AsEnvelope,
    command::Recipient,
    envelope::{Envelope, OwnedRecipient},
    parameter::{
        Body, DeliverBy, EnvelopeId, Hold, Notify, OriginalRecipient, Priority, Ret, Submitter,
        Timestamp, ValidSince,
    },
};

fn line(envelope: &Envelope) -> String {
    let mut out = vec![0; 1024];
    let length = envelope.mail().encode(&mut out).expect("room");
    String::from_utf8_lossy(&out[..length]).into_owned()
}

fn full() -> Envelope {
    let id = String::from("order=7");
    Envelope::new("alice@example.org")
        .expect("an address")
        .with_size(Some(10))
        .with_body(Body::EightBitMime)
        .with_smtp_utf8()
        .with_ret(Ret::Full)
        .with_envid(EnvelopeId::new(&id).expect("a name"))
        .with_auth(Submitter::parse("e=mc2@example.com").expect("a mailbox"))
        .with_require_tls()
        .with_deliver_by(DeliverBy::or_notify(-1).expect("in range"))
        .with_priority(Priority::new(3).expect("in range"))
        .with_hold(Hold::seconds(5).expect("in range"))
}

#[test]
fn every_setting_is_said() {
    assert_eq!(
        line(&full()),
        "MAIL FROM:<alice@example.org> SIZE=10 BODY=8BITMIME SMTPUTF8 RET=FULL ENVID=order+3D7 \
         AUTH=e+3Dmc2@example.com REQUIRETLS BY=-1;N MT-PRIORITY=3 HOLDFOR=5\r\n"
    );
    let unknown = Envelope::new("").expect("the null sender").with_auth(Submitter::UNKNOWN);
    assert_eq!(line(&unknown), "MAIL FROM:<> AUTH=<>\r\n");
    let received = EnvelopeId::from_value("a+2Bb").expect("a name");
    let kept = Envelope::new("").expect("the null sender").with_envid(received);
    assert_eq!(line(&kept), "MAIL FROM:<> ENVID=a+2Bb\r\n");
}

#[test]
fn recipients_have_options_of_their_own() {
    let original = String::from("rfc822;b+c@example.net");
    let time = Timestamp::parse("2014-04-03T23:01:00Z").expect("a time");
    let bob = OwnedRecipient::new("bob@example.net")
        .expect("an address")
        .with_notify(Notify::SUCCESS.or(Notify::DELAY))
        .with_orcpt(OriginalRecipient::parse(&original).expect("an address"))
        .with_valid_since(ValidSince::new(time));
    assert_eq!(bob.as_str(), "bob@example.net");
    let mut envelope = full();
    envelope.push_recipient(bob);
    envelope.push("postmaster").expect("an address");
    let mut out = [0; 200];
    let length = envelope.recipient(0).and_then(|bob| bob.encode(&mut out)).expect("room");
    assert_eq!(
        String::from_utf8_lossy(&out[..length]),
        "RCPT TO:<bob@example.net> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b+2Bc@example.net \
         RRVS=2014-04-03T23:01:00Z\r\n"
    );
    let postmaster = ForwardPath::parse("postmaster").expect("a path");
    assert_eq!(envelope.recipient(1), Some(Recipient::new(postmaster)));
    assert_eq!((envelope.recipient(2), envelope.recipient_count()), (None, 2));
}

#[test]
fn an_envelope_is_the_same_by_reference_and_as_a_pair() {
    fn told(envelope: impl AsEnvelope) -> (usize, Vec<Option<String>>) {
        let name = |index| envelope.recipient(index).map(|to| to.address().to_string());
        (envelope.recipient_count(), (0..3).map(name).collect())
    }
    let owned = Envelope::new("")
        .and_then(|envelope| envelope.to("a@b.example"))
        .and_then(|envelope| envelope.to("c@d.example"))
        .expect("addresses");
    let recipients: Vec<_> = (0..2).filter_map(|index| owned.recipient(index)).collect();
    let expected = told(owned.clone());
    assert_eq!(expected.0, 2);
    assert_eq!(expected.1, [Some("<a@b.example>".into()), Some("<c@d.example>".into()), None]);
    assert_eq!(told(&owned), expected);
    assert_eq!(told((owned.mail(), &recipients[..])), expected);
    assert_eq!(told((owned.mail(), &recipients[..0])).0, 0);
}

#[test]
fn a_split_envelope_keeps_order_and_settings() {
    let mut whole = full();
    for index in 0..7 {
        whole.push(&format!("u{index}@example.net")).expect("an address");
    }
    for (max, parts) in [(0, 7), (1, 7), (3, 3), (7, 1), (100, 1)] {
        let split = whole.split(max);
        assert_eq!(split.len(), parts, "{max}");
        assert!(split.iter().all(|part| part.len() <= max.max(1) && part.mail() == whole.mail()));
        assert!(split.iter().flat_map(Envelope::recipients).eq(whole.recipients()));
    }
    assert!(full().split(3).is_empty());
}

#[test]
fn envelopes_are_equal_where_they_say_the_same() {
    let named = |id: &str| {
        Envelope::new("").expect("the null sender").with_envid(EnvelopeId::new(id).expect("a name"))
    };
    let received = EnvelopeId::from_value("a+2Bb").expect("a name");
    let kept = Envelope::new("").expect("the null sender").with_envid(received);
    assert_eq!(kept, named("a+b"), "however it came");
    assert_ne!(kept, named("a+c"));
}

#[test]
fn addresses_of_an_envelope_are_still_in_parts() {
    let envelope = Envelope::new("alice@example.org").and_then(|e| e.to("bob@example.net"));
    let envelope = envelope.expect("two addresses");
    assert!(!envelope.is_empty());
    let mail = envelope.mail();
    let from = mail.from().address().expect("a mailbox");
    assert_eq!((from.local_part(), from.domain()), ("alice", "example.org"));
    assert_eq!(envelope.recipient(0).map(|bob| bob.domain()), Some("example.net"));
}

#[test]
fn recipients_are_grouped_by_domain_in_any_case() {
    let mut envelope = full();
    for to in ["a@one.example", "b@two.example", "postmaster", "c@ONE.example", "d@three.example"] {
        envelope.push(to).expect("an address");
    }
    let groups = envelope.by_domain();
    let expected = [
        ("one.example", vec![0, 3]),
        ("two.example", vec![1]),
        ("", vec![2]),
        ("three.example", vec![4]),
    ];
    let expected: Vec<_> = expected.map(|(domain, at)| (domain.to_owned(), at)).into();
    assert_eq!(groups, expected);
    let first: Vec<_> = envelope.only(&groups[0].1).recipients().map(str::to_owned).collect();
    assert_eq!(first, ["a@one.example", "c@ONE.example"]);
}
