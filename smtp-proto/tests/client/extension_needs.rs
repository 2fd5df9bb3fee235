//! What a message needs of its server is known and refused before anything is written.

use proptest::prelude::*;
use smtp_proto::{
    client::{BufferSizes, Chunking, Client, Refusal, Wants},
    command::Argument,
    envelope::Envelope,
    hello::Extension,
    parameter::{Body, DeliverBy, EnvelopeId, Hold, Priority, Ret, Submitter, Timestamp},
    stuffing::Survey,
};
use smtp_test_support::session::{Session, envelope, plain_config};

/// Refused, and the session is as it was.
fn refused(session: &mut Session, envelope: &Envelope) -> Refusal {
    let refusal = session.client.begin(envelope).unwrap_err();
    assert_eq!(session.client.transmit(), b"");
    assert!(session.client.is_reusable());
    refusal
}

fn begins(session: &mut Session, envelope: &Envelope) -> String {
    session.client.begin(envelope).unwrap();
    String::from_utf8(session.client.transmit().to_vec()).unwrap()
}

#[test]
fn content_of_8_bits_needs_8bitmime() {
    let eight = envelope("", &["b@c"]).with_body(Body::EightBitMime);
    let mut without = Session::open(plain_config(), "SIZE");
    assert_eq!(refused(&mut without, &eight), Refusal::NotOffered(Extension::EightBitMime));
    let mut with = Session::open(plain_config(), "8BITMIME");
    assert_eq!(begins(&mut with, &eight), "MAIL FROM:<> BODY=8BITMIME\r\n");
    let binary = envelope("", &["b@c"]).with_body(Body::BinaryMime);
    let mut data_only = Session::open(plain_config(), "8BITMIME BINARYMIME CHUNKING");
    assert_eq!(refused(&mut data_only, &binary), Refusal::NotOffered(Extension::BinaryMime));
}

#[test]
fn addresses_beyond_ascii_need_smtputf8() {
    let sender = envelope("\u{e9}@example.org", &["b@c"]);
    let recipient = envelope("", &["b@c", "\u{7528}@example.net"]);
    for message in [&sender, &recipient] {
        let mut without = Session::open(plain_config(), "PIPELINING 8BITMIME");
        assert_eq!(refused(&mut without, message), Refusal::NotOffered(Extension::SmtpUtf8));
        let mut with = Session::open(plain_config(), "PIPELINING SMTPUTF8");
        let lines = begins(&mut with, message);
        assert!(lines.lines().next().unwrap().ends_with(" SMTPUTF8"), "{lines}");
    }
    let mut ascii = Session::open(plain_config(), "SMTPUTF8");
    assert_eq!(
        begins(&mut ascii, &envelope("", &["b@c"])),
        "MAIL FROM:<>\r\n",
        "only where needed"
    );
}

#[test]
fn nothing_is_sent_after_helo_that_needs_an_extension() {
    let script = "S: 220 mx\nC: EHLO client.example\nS: 502 no\nC: HELO client.example\nS: 250 mx";
    let mut session = Session::new(plain_config(), script);
    assert_eq!(session.pump(), Wants::Command);
    let plain = envelope("", &["b@c"]).with_size(Some(9)).with_body(Body::SevenBit);
    assert_eq!(begins(&mut session, &plain), "MAIL FROM:<>\r\n");
    let mut session = Session::new(plain_config(), script);
    session.pump();
    let eight = envelope("", &["b@c"]).with_body(Body::EightBitMime);
    assert_eq!(refused(&mut session, &eight), Refusal::NotOffered(Extension::EightBitMime));
}

#[test]
fn a_message_over_the_announced_size_is_refused_here() {
    let sized = |size| envelope("", &["b@c"]).with_size(Some(size));
    let mut session = Session::open(plain_config(), "SIZE_100");
    assert_eq!(
        refused(&mut session, &sized(101)),
        Refusal::MessageTooLarge { size: 101, limit: 100 }
    );
    assert_eq!(begins(&mut session, &sized(100)), "MAIL FROM:<> SIZE=100\r\n");
    let mut unlimited = Session::open(plain_config(), "SIZE_0");
    assert_eq!(begins(&mut unlimited, &sized(101)), "MAIL FROM:<> SIZE=101\r\n");
    let mut silent = Session::open(plain_config(), "HELP");
    assert_eq!(begins(&mut silent, &sized(101)), "MAIL FROM:<>\r\n");
}

#[test]
fn binary_content_is_declared_also_where_8bitmime_is_not_offered() {
    let config = plain_config().with_chunking(Chunking::AfterRecipients);
    let mut session = Session::open(config, "BINARYMIME CHUNKING");
    let binary = envelope("", &["b@c"]).with_body(Body::BinaryMime);
    assert_eq!(begins(&mut session, &binary), "MAIL FROM:<> BODY=BINARYMIME\r\n");
}

#[test]
fn octets_of_8_bits_leave_where_8bitmime_is_offered_only() {
    for (offers, chunking, leave) in [
        ("PIPELINING", Chunking::Off, false),
        ("PIPELINING 8BITMIME", Chunking::Off, true),
        ("PIPELINING CHUNKING", Chunking::InFlight, false),
        ("PIPELINING CHUNKING 8BITMIME", Chunking::InFlight, true),
    ] {
        let config = plain_config().with_chunking(chunking);
        let mut session = Session::open(config, offers);
        session.client.begin(&envelope("", &["b@c"])).unwrap();
        session.peer.deaf = true;
        if chunking == Chunking::Off {
            session.pump();
            session.hear(b"250 a\r\n250 b\r\n354 go\r\n");
        }
        let taken = session.client.content("\u{e9}\r\n".as_bytes());
        assert_eq!(taken.is_ok(), leave, "{offers}: {taken:?}");
    }
}

/// Every parameter is at its longest: that much room is asked for, whatever its value.
#[test]
fn a_command_that_just_fits_the_buffer_is_not_too_long() {
    let (envid, priority) = (EnvelopeId::new("+ +").unwrap(), Priority::new(-9).unwrap());
    let (length, end) = (Hold::seconds(999_999_999).unwrap(), Hold::until(Timestamp::MAX));
    let by = DeliverBy::or_notify(-DeliverBy::MAX).unwrap().with_trace();
    let mail = || envelope("", &["b@c"]);
    for (offers, message, longest) in [
        ("", envelope("", &["somebody.of.a.long.name@b"]), "RCPT TO:<somebody.of.a.long.name@b>"),
        ("SIZE", mail().with_size(Some(u64::MAX)), "MAIL FROM:<> SIZE=18446744073709551615"),
        ("8BITMIME", mail().with_body(Body::EightBitMime), "MAIL FROM:<> BODY=8BITMIME"),
        ("SMTPUTF8", mail().with_smtp_utf8(), "MAIL FROM:<> SMTPUTF8"),
        ("DSN", mail().with_ret(Ret::Full), "MAIL FROM:<> RET=FULL"),
        ("DSN", mail().with_envid(envid), "MAIL FROM:<> ENVID=+2B+20+2B"),
        ("AUTH_PLAIN", mail().with_auth(Submitter::UNKNOWN), "MAIL FROM:<> AUTH=<>"),
        ("DELIVERBY", mail().with_deliver_by(by), "MAIL FROM:<> BY=-999999999;NT"),
        ("MT-PRIORITY", mail().with_priority(priority), "MAIL FROM:<> MT-PRIORITY=-9"),
        ("FUTURERELEASE", mail().with_hold(length), "MAIL FROM:<> HOLDFOR=999999999"),
        ("FUTURERELEASE", mail().with_hold(end), "MAIL FROM:<> HOLDUNTIL=9999-12-31T23:59:59Z"),
    ] {
        let command = format!("{longest}\r\n");
        for (room, fits) in [(command.len() - 1, false), (command.len(), true)] {
            let sizes = BufferSizes::SMALL.with_transmit(room);
            let mut session = Session::open_with(Client::with_sizes(plain_config(), sizes), offers);
            let refusal = session.client.begin(&message).err();
            let too_long = Refusal::CommandTooLong { limit: room };
            assert_eq!(refusal, (!fits).then_some(too_long), "{longest}: {room}");
            if fits && longest.starts_with("MAIL") {
                assert_eq!(session.client.transmit(), command.as_bytes());
            }
        }
    }
}

#[test]
fn a_message_needs_a_recipient() {
    let mut session = Session::open(plain_config(), "");
    assert_eq!(refused(&mut session, &Envelope::new("").unwrap()), Refusal::NoRecipients);
}

#[test]
fn arguments_cannot_break_a_line() {
    for text in ["a\r\nRSET", "a\n", "a\0", "\u{7f}", "", "a\u{85}b"] {
        assert!(Argument::new(text).is_err(), "{text:?}");
    }
}

proptest! {
    /// The size is that of the content as it leaves, dots not doubled (RFC 1870 5).
    #[test]
    fn the_size_said_is_that_of_what_leaves(content in "[.a\r\n]{0,40}") {
        let script = "C: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<b@c>\nS: 250 ok\nC: DATA\nS: 354 go";
        let mut session = Session::open(plain_config(), "").then(script);
        let to = envelope("", &["b@c"]);
        session.client.begin(&to).unwrap();
        session.pump();
        session.peer.deaf = true;
        let from = session.peer.heard.len();
        session.hand_over(&to, content.as_bytes());
        session.pump();
        let wire = String::from_utf8(session.peer.heard[from..].to_vec()).unwrap();
        let body = wire.strip_suffix(".\r\n").unwrap();
        let doubled = body.split_inclusive("\r\n").filter(|line| line.starts_with('.')).count();
        prop_assert_eq!(Survey::of(content.as_bytes()).size, (body.len() - doubled) as u64);
        let described = envelope("", &["b@c"]).describing(content.as_bytes());
        let mut session = Session::open(plain_config(), "SIZE");
        let line = format!("MAIL FROM:<> SIZE={}\r\n", body.len() - doubled);
        prop_assert_eq!(begins(&mut session, &described), line);
    }
}

#[test]
fn content_that_is_shorter_than_declared_is_found_by_the_check() {
    let config = plain_config().with_chunking(Chunking::AfterRecipients);
    let session = Session::open(config, "CHUNKING BINARYMIME SIZE 8BITMIME");
    let text = envelope("", &["b@c"]).describing(b"a\nb\nc\n");
    assert_eq!(session.client.check(&text, b"a\nb\nc\n"), Ok(()));
    let short = Err(Refusal::ContentTooShort { declared: 9, size: 6 });
    assert_eq!(session.client.check(&text, b"a\nb\n"), short);
    let binary = text.with_body(Body::BinaryMime);
    assert_eq!(session.client.check(&binary, b"a\nb\nc\n"), short);
    assert_eq!(session.client.check(&binary.with_size(Some(6)), b"a\nb\nc\n"), Ok(()));
}
