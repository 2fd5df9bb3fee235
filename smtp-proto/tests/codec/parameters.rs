//! Parameters leave only where their extension is offered; what changes a message's meaning has to be.

use smtp_proto::{
    address::{Address, ForwardPath, ReversePath},
    client::{Config, Refusal, TlsPolicy, Wants},
    command::{Mail, Recipient},
    hello::{EhloName, Extension},
    parameter::{
        Body, DeliverBy, EnvelopeId, Hold, Notify, OriginalRecipient, Parameter, ParameterError,
        Priority, Ret, Submitter, Timestamp, Unsupported, ValidSince,
    },
};
use smtp_test_support::session::{Session, plain_config};

type Given<'a> = (Mail<'a>, Vec<Recipient<'a>>);

fn mail() -> Mail<'static> {
    Mail::new(ReversePath::Null)
}

fn bob() -> Recipient<'static> {
    Recipient::new(ForwardPath::from(Address::parse("bob@example.net").unwrap()))
}

fn noon() -> Timestamp {
    Timestamp::parse("2030-01-01T12:00:00Z").unwrap()
}

/// One message for each extension, and what leaves where it is offered.
fn cases() -> Vec<(Extension, Given<'static>, &'static str)> {
    let original = OriginalRecipient::new("rfc822", "b+c@example.net").unwrap();
    vec![
        (Extension::Dsn, (mail().with_ret(Ret::Full), vec![bob()]), " RET=FULL"),
        (
            Extension::Dsn,
            (mail().with_envid(EnvelopeId::new("a=b").unwrap()), vec![bob()]),
            " ENVID=a+3Db",
        ),
        (Extension::Dsn, (mail(), vec![bob().with_notify(Notify::NEVER)]), " NOTIFY=NEVER"),
        (
            Extension::Dsn,
            (mail(), vec![bob(), bob().with_orcpt(original)]),
            " ORCPT=rfc822;b+2Bc@example.net",
        ),
        (
            Extension::Auth,
            (mail().with_auth(Submitter::parse("a=b@c").unwrap()), vec![bob()]),
            " AUTH=a+3Db@c",
        ),
        (
            Extension::DeliverBy,
            (mail().with_deliver_by(DeliverBy::or_return(60).unwrap()), vec![bob()]),
            " BY=60;R",
        ),
        (
            Extension::MtPriority,
            (mail().with_priority(Priority::new(-3).unwrap()), vec![bob()]),
            " MT-PRIORITY=-3",
        ),
        (
            Extension::FutureRelease,
            (mail().with_hold(Hold::seconds(60).unwrap()), vec![bob()]),
            " HOLDFOR=60",
        ),
        (
            Extension::FutureRelease,
            (mail().with_hold(Hold::until(noon())), vec![bob()]),
            " HOLDUNTIL=2030-01-01T12:00:00Z",
        ),
        (
            Extension::Rrvs,
            (mail(), vec![bob().with_valid_since(ValidSince::new(noon()))]),
            " RRVS=2030-01-01T12:00:00Z",
        ),
        (Extension::SmtpUtf8, (mail().with_smtp_utf8(), vec![bob()]), " SMTPUTF8"),
    ]
}

fn refusal(session: &mut Session, (mail, recipients): &Given<'_>) -> Option<Refusal> {
    let refusal = session.client.begin(&(*mail, &recipients[..])).err();
    if refusal.is_some() {
        assert_eq!(session.client.wants(), Wants::Command, "the session is as it was");
        assert!(session.client.is_reusable() && session.client.transmit().is_empty());
    }
    refusal
}

/// What leaves of an envelope where everything pipelines.
fn sent(session: &mut Session, (mail, recipients): &Given<'_>) -> String {
    session.client.begin(&(*mail, &recipients[..])).unwrap();
    String::from_utf8(session.client.transmit().to_vec()).unwrap()
}

#[test]
fn what_is_offered_leaves() {
    for (extension, given, parameter) in cases() {
        let mut session = Session::open(plain_config(), &format!("PIPELINING {extension}"));
        let lines = sent(&mut session, &given);
        assert_eq!(lines.matches(&format!("{parameter}\r\n")).count(), 1, "{lines}");
    }
}

#[test]
fn what_is_not_offered_is_refused_before_anything_is_written() {
    for (extension, given, parameter) in cases() {
        let mut session = Session::open(plain_config(), "PIPELINING 8BITMIME SIZE");
        assert_eq!(
            refusal(&mut session, &given),
            Some(Refusal::NotOffered(extension)),
            "{parameter}"
        );
        assert_eq!(refusal(&mut session, &(mail(), vec![bob()])), None);
    }
}

#[test]
fn a_masked_offer_is_none() {
    for (extension, given, _) in cases() {
        let config = plain_config().with_mask(extension.into());
        let mut session = Session::open(config, &format!("PIPELINING {extension}"));
        assert_eq!(refusal(&mut session, &given), Some(Refusal::NotOffered(extension)));
    }
}

#[test]
fn nothing_is_offered_after_helo() {
    for (extension, given, _) in cases() {
        let script =
            "S: 220 hi\nC: EHLO client.example\nS: 502 no\nC: HELO client.example\nS: 250 hi";
        let mut session = Session::new(plain_config(), script);
        assert_eq!(session.pump(), Wants::Command);
        assert_eq!(refusal(&mut session, &given), Some(Refusal::NotOffered(extension)));
    }
}

#[test]
fn dsn_parameters_may_be_left_out_and_no_others() {
    for (extension, given, _) in cases() {
        let config = plain_config().with_optional_dsn(true);
        let mut session = Session::open(config, "PIPELINING");
        if extension == Extension::Dsn {
            let lines = sent(&mut session, &given);
            assert!(lines.starts_with("MAIL FROM:<>\r\nRCPT TO:<bob@example.net>\r\n"), "{lines}");
            assert!(lines.ends_with("RCPT TO:<bob@example.net>\r\nDATA\r\n"), "{lines}");
        } else {
            assert_eq!(refusal(&mut session, &given), Some(Refusal::NotOffered(extension)));
        }
    }
}

/// A session inside TLS.
fn secure(offer: &str) -> Session {
    let name = EhloName::parse("client.example").unwrap();
    let config = Config::new(name).with_tls(TlsPolicy::Implicit);
    let script = format!("S: 220 hi\nC: EHLO client.example\nS: 250-mx\nS: 250 {offer}");
    let mut session = Session::new(config, &script);
    assert_eq!(session.pump(), Wants::Tls);
    session.client.tls_established().unwrap();
    assert_eq!(session.pump(), Wants::Command);
    session
}

/// RFC 8689 4.2.1 and 5.
#[test]
fn a_notification_is_not_lost_for_want_of_requiretls() {
    let given = (mail().with_require_tls(), vec![bob()]);
    for (mut session, line) in [
        (Session::open(plain_config(), "REQUIRETLS"), "MAIL FROM:<>\r\n"),
        (Session::open(plain_config(), "HELP"), "MAIL FROM:<>\r\n"),
        (secure("HELP"), "MAIL FROM:<>\r\n"),
        (secure("REQUIRETLS"), "MAIL FROM:<> REQUIRETLS\r\n"),
    ] {
        assert_eq!(refusal(&mut session, &given), None);
        assert_eq!(session.client.transmit(), line.as_bytes());
    }
}

#[test]
fn a_message_that_requires_tls_leaves_inside_it_only() {
    let from = ReversePath::parse("a@b").unwrap();
    let given = (Mail::new(from).with_require_tls(), vec![bob()]);
    let mut session = Session::open(plain_config(), "REQUIRETLS");
    assert_eq!(refusal(&mut session, &given), Some(Refusal::InsecureSession));

    for (offer, expected) in
        [("REQUIRETLS", None), ("HELP", Some(Refusal::NotOffered(Extension::RequireTls)))]
    {
        let mut session = secure(offer);
        assert_eq!(refusal(&mut session, &given), expected);
        let line = b"MAIL FROM:<a@b> REQUIRETLS\r\n";
        assert_eq!(session.client.transmit() == line, expected.is_none());
    }
}

#[test]
fn times_stay_within_what_the_server_announced() {
    let by = |by: Option<DeliverBy>| mail().with_deliver_by(by.unwrap());
    let hold = |hold: Hold| mail().with_hold(hold);
    let later = Timestamp::from_unix(noon().unix() + 1).unwrap();
    let outside = |extension| Some(Refusal::OutsideLimit(extension));
    let limited = "FUTURERELEASE_60_2030-01-01T12:00:00Z";
    for (offer, mail, expected) in [
        ("DELIVERBY_30", by(DeliverBy::or_return(30)), None),
        ("DELIVERBY_30", by(DeliverBy::or_return(29)), outside(Extension::DeliverBy)),
        ("DELIVERBY_30", by(DeliverBy::or_notify(-29)), None),
        ("DELIVERBY_x", by(DeliverBy::or_return(1)), None),
        (limited, hold(Hold::seconds(60).unwrap()), None),
        (limited, hold(Hold::seconds(61).unwrap()), outside(Extension::FutureRelease)),
        (limited, hold(Hold::until(noon())), None),
        (limited, hold(Hold::until(later)), outside(Extension::FutureRelease)),
        ("FUTURERELEASE", hold(Hold::until(later)), None),
        ("MT-PRIORITY_MIXER", mail().with_priority(Priority::new(9).unwrap()), None),
    ] {
        let mut session = Session::open(plain_config(), offer);
        assert_eq!(refusal(&mut session, &(mail, vec![bob()])), expected, "{offer} {mail:?}");
    }
}

#[test]
fn all_parameters_count_for_the_room_of_a_command() {
    let id = "x".repeat(100);
    let mail = mail().with_envid(EnvelopeId::new(&id).unwrap()).with_hold(Hold::until(noon()));
    let longest = "MAIL FROM:<> ENVID= HOLDUNTIL=2030-01-01T12:00:00Z\r\n".len() + 100;
    for room in longest..300 {
        let sizes = smtp_proto::client::BufferSizes::default().with_transmit(room);
        let client = smtp_proto::client::Client::with_sizes(plain_config(), sizes);
        let script =
            "S: 220 hi\nC: EHLO client.example\nS: 250-mx\nS: 250-DSN\nS: 250 FUTURERELEASE";
        let mut session = Session::with_client(client, script);
        assert_eq!(session.pump(), Wants::Command);
        if refusal(&mut session, &(mail, vec![bob()])).is_none() {
            assert!(session.client.transmit().starts_with(b"MAIL FROM:<>"), "{room}");
            return;
        }
    }
    panic!("never enough room");
}

#[test]
fn a_command_that_the_transmit_buffer_cannot_hold_is_refused_before_anything_is_written() {
    use smtp_proto::client::{BufferSizes, Client};
    let client = Client::with_sizes(plain_config(), BufferSizes::SMALL.with_transmit(64));
    let mut session = Session::open_with(client, "SIZE");
    let long = format!("{}@example.net", "b".repeat(64));
    let carol = Recipient::new(ForwardPath::from(Address::parse(&long).unwrap()));
    let refused = refusal(&mut session, &(mail(), vec![bob(), carol]));
    assert_eq!(refused, Some(Refusal::CommandTooLong { limit: 64 }));
    assert_eq!(refusal(&mut session, &(mail(), vec![bob()])), None);
}

/// Parameters of the greatest length that their kind has, or of one that is not guessed.
fn longest() -> Vec<Given<'static>> {
    let own = [Parameter::parse("X-OWN=1").unwrap(), Parameter::parse("X-TWO=22").unwrap()];
    let own: &[_] = own.to_vec().leak();
    let address = |text| Address::parse(text).unwrap();
    let always = Notify::SUCCESS.or(Notify::FAILURE).or(Notify::DELAY);
    let original = OriginalRecipient::new("rfc822", "bob+c@example.net").unwrap();
    let utf8 = OriginalRecipient::new("utf-8", "jos\u{e9}@\u{6f22}\u{1f600}.example").unwrap();
    let since = ValidSince::new(noon()).with_unsupported(Unsupported::Reject);
    let mails = [
        mail().with_size(u64::MAX).with_body(Body::EightBitMime),
        mail().with_smtp_utf8().with_ret(Ret::Full),
        mail().with_envid(EnvelopeId::new("order=7 of=3").unwrap()),
        mail().with_auth(Submitter::mailbox(address("alice=a@example.org")).unwrap()),
        mail().with_auth(Submitter::UNKNOWN).with_hold(Hold::seconds(999_999_999).unwrap()),
        mail().with_deliver_by(DeliverBy::or_notify(-DeliverBy::MAX).unwrap().with_trace()),
        mail().with_priority(Priority::new(-9).unwrap()),
        mail().with_hold(Hold::until(noon())),
        mail().with_extra(own).unwrap(),
    ];
    let recipients = [
        bob().with_notify(always).with_orcpt(original),
        bob().with_orcpt(utf8),
        bob().with_valid_since(since),
        bob().with_notify(always).with_orcpt(original).with_valid_since(since),
        bob().with_extra(own).unwrap(),
    ];
    // Long enough that MAIL is what needs the room, or RCPT.
    let ann = Recipient::new(ForwardPath::from(address("a@b")));
    let (mails, recipients) =
        (mails.map(|m| (m, vec![ann])), recipients.map(|r| (mail(), vec![r])));
    mails.into_iter().chain(recipients).collect()
}

#[test]
fn a_command_that_is_as_long_as_can_be_needs_exactly_its_room() {
    use smtp_proto::client::{BufferSizes, Client};
    let offers = "PIPELINING SIZE 8BITMIME SMTPUTF8 DSN AUTH DELIVERBY MT-PRIORITY FUTURERELEASE \
                  RRVS";
    for given in longest() {
        let roomy = Client::with_sizes(plain_config(), BufferSizes::default());
        let lines = sent(&mut Session::open_with(roomy, offers), &given);
        let limit = lines.split_inclusive('\n').map(str::len).max().unwrap();
        for (transmit, refused) in
            [(limit, None), (limit - 1, Some(Refusal::CommandTooLong { limit: limit - 1 }))]
        {
            let sizes = BufferSizes::SMALL.with_transmit(transmit);
            let mut session = Session::open_with(Client::with_sizes(plain_config(), sizes), offers);
            assert_eq!(refusal(&mut session, &given), refused, "{lines}");
        }
    }
}

#[test]
fn a_submitter_has_at_most_500_octets_encoded() {
    let label = "\u{e9}".repeat(30);
    for (end, expected) in [("aaaa", true), ("aaaaa", false)] {
        let mailbox = format!("a@{label}.{label}.{}{end}", "\u{e9}".repeat(22));
        let submitter = Submitter::mailbox(Address::parse(&mailbox).unwrap());
        assert_eq!(submitter.is_ok_and(|submitter| submitter.is_known()), expected, "{end}");
    }
}

#[test]
fn a_submitter_that_is_too_long_when_encoded_is_refused() {
    let mailbox = format!("a@{}", ["\u{e9}".repeat(30).as_str(); 4].join("."));
    let address = Address::parse(&mailbox).unwrap();
    assert_eq!(Submitter::mailbox(address), Err(ParameterError::TooLong { max: 500 }));
}
