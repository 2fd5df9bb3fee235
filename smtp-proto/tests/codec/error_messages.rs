//! What people read: every error says what is wrong, and nothing that is secret is shown.
#![cfg(feature = "scram")]

use std::{
    fmt::Display,
    net::{Ipv4Addr, Ipv6Addr},
    sync::{Arc, Mutex},
};

use smtp_proto::{
    address::{Address, AddressError, DomainError},
    client::{self, Hint, Phase, Refusal, Retry},
    command::{ArgumentError, AuthError, CommandError},
    hello::{EhloName, Extension, Extensions},
    parameter::{
        Body, EnvelopeId, Notify, OriginalRecipient, Parameter, ParameterError, Submitter,
    },
    reply::{Code, EnhancedCode, Framer, OwnedReply, Reply, ReplyLimits},
    route::RouteError,
    sasl::{Challenge, Nonce, Plain, Response, SaslName, scram::ScramError},
    server::{self, Answer, AnswerError},
    stuffing::{ContentError, Newlines, Stuffer, Unstuffer},
    transcript::{Lines, Transcript},
    xtext::Xtext,
};
use smtp_test_support::session::{Session, envelope, plain_config};

#[track_caller]
fn all_say(table: &[(&dyn Display, &str)]) {
    for (value, words) in table {
        assert_eq!(value.to_string(), *words);
    }
}

/// What is before the offence is written first.
fn content_error(mut content: &[u8]) -> ContentError {
    let mut stuffer = Stuffer::new(Newlines::Reject, false);
    loop {
        match stuffer.stuff(content, &mut [0; 32]) {
            Ok(progress) => content = &content[progress.consumed..],
            Err(error) => return error,
        }
    }
}

#[test]
fn addresses_say_what_is_wrong_with_them() {
    all_say(&[
        (&AddressError::Dot { offset: 1 }, "misplaced dot in the local part: no atom at offset 1"),
        (
            &AddressError::Octet { octet: 7, offset: 1 },
            "octet 0x07 at offset 1 is not allowed in a local part",
        ),
        (
            &AddressError::Character { character: '\u{80}', offset: 1 },
            "U+0080 at offset 1 is not allowed in an address",
        ),
        (&AddressError::NotUtf8 { offset: 1 }, "address is not UTF-8 at offset 1"),
        (&AddressError::UnclosedQuote, "quoted local part has no closing quote"),
        (&AddressError::LocalPartTooLong { limit: 64 }, "local part is longer than 64 octets"),
        (&DomainError::EmptyLabel { offset: 2 }, "empty domain label at offset 2"),
        (&DomainError::Hyphen { offset: 2 }, "hyphen at offset 2 begins or ends a domain label"),
        (
            &DomainError::LabelTooLong { offset: 2 },
            "domain label at offset 2 is longer than 63 characters",
        ),
        (&DomainError::TooLong, "domain is longer than 255 octets"),
        (
            &DomainError::Literal { offset: 2 },
            "address literal at offset 2 is neither an IP address nor tag:content in brackets",
        ),
        (
            &DomainError::UntaggedIpv6 { offset: 2 },
            "address literal at offset 2 needs the tag IPv6, as in [IPv6:::1]",
        ),
    ]);
}

#[test]
fn commands_and_parameters_say_what_is_wrong_with_them() {
    let xtext = Xtext::parse(b"ab+c").unwrap_err();
    assert_eq!((xtext.octet(), xtext.offset()), (b'+', 2));
    all_say(&[
        (&ArgumentError::Empty, "text is empty"),
        (
            &ArgumentError::Character { character: '\n', offset: 3 },
            "U+000A at offset 3 is not allowed in a text",
        ),
        (&ArgumentError::NotUtf8 { offset: 3 }, "text is not UTF-8 at offset 3"),
        (
            &AuthError::Mechanism { octet: 32, offset: 0 },
            "octet 0x20 at offset 0 is not allowed in a mechanism name",
        ),
        (&CommandError::UnknownVerb, "unknown command"),
        (&CommandError::NoArgument, "command needs an argument"),
        (&CommandError::Unexpected { octet: 0xE9, offset: 4 }, "unexpected octet 0xE9 at offset 4"),
        (
            &CommandError::NoPath { offset: 5 },
            "no FROM: or TO: with a path in angle brackets at offset 5",
        ),
        (
            &CommandError::Path { offset: 11, error: AddressError::UnclosedQuote },
            "path at offset 11: quoted local part has no closing quote",
        ),
        (
            &CommandError::Name { offset: 5, error: DomainError::TooLong },
            "name at offset 5: domain is longer than 255 octets",
        ),
        (
            &CommandError::Parameter { offset: 13, error: ParameterError::NoValue },
            "parameter at offset 13: parameter has no value after its =",
        ),
        (
            &CommandError::Argument { offset: 5, error: ArgumentError::Empty },
            "argument at offset 5: text is empty",
        ),
        (
            &CommandError::ChunkSize { offset: 5 },
            "chunk size at offset 5 is not a number of 64 bits",
        ),
        (
            &CommandError::Auth { offset: 5, error: AuthError::Mechanism { octet: 32, offset: 0 } },
            "argument at offset 5: octet 0x20 at offset 0 is not allowed in a mechanism name",
        ),
        (&ParameterError::NoValue, "parameter has no value after its ="),
        (&ParameterError::TooLong { max: 9 }, "parameter's value is longer than 9 octets"),
        (&ParameterError::Typed, "parameter has a method of its own: use that instead"),
        (&xtext, "octet 0x2B at offset 2 is not xtext"),
    ]);
    for (long, word) in [
        (ArgumentError::TooLong.to_string(), "longer"),
        (AuthError::MechanismLength.to_string(), "octets"),
        (ParameterError::TooMany.to_string(), "parameters"),
        (ParameterError::Keyword { octet: 32, offset: 0 }.to_string(), "0x20"),
    ] {
        assert!(long.contains(word), "{long}");
    }
}

#[test]
fn a_client_says_why_it_ended() {
    use client::{End, PeerError};
    let (phase, code) = (Phase::Data, Code::OK);
    let content = content_error(b"\0");
    all_say(&[
        (
            &PeerError::UnexpectedCode { phase, code },
            "data: the server answered 250, which makes no sense there",
        ),
        (&PeerError::Unsolicited, "the server spoke without being asked"),
        (
            &PeerError::PlaintextBehindStartTls,
            "plaintext behind the answer to STARTTLS: the connection is tampered with",
        ),
        (
            &PeerError::GoAheadAfterRefusal,
            "the server asked for content although it had refused the envelope",
        ),
        (&PeerError::TooManyChallenges, "the server does not end its AUTH dialogue"),
        (
            &PeerError::Unproven,
            "the server took the credentials and did not prove that it knows them",
        ),
        (&End::Quit, "the session was closed"),
        (&End::Lost(Phase::Tls), "tls: the server closed the connection"),
        (&End::ServiceClosing(phase), "data: the server closes the session"),
        (
            &End::Refused { phase, code: Code::TRANSACTION_FAILED },
            "data: the server refused with 554",
        ),
        (&End::TlsUnavailable, "TLS is required and the server does not offer it"),
        (
            &End::ContentRefused(Code::TRANSACTION_FAILED),
            "content: the server refused with 554 before it was complete",
        ),
        (&End::BadContent(content), "content: NUL in content at octet 0"),
        (&End::Aborted(phase), "data: given up"),
    ]);
    let phases = [
        (End::Quit, Phase::Quit),
        (End::TlsUnavailable, Phase::StartTls),
        (End::Peer(PeerError::PlaintextBehindStartTls), Phase::StartTls),
        (End::Peer(PeerError::GoAheadAfterRefusal), Phase::Data),
        (End::Peer(PeerError::Unproven), Phase::Auth),
    ];
    for (end, phase) in phases {
        assert_eq!(end.phase(), phase);
    }
}

#[test]
fn a_client_says_why_it_refuses() {
    use client::Misuse;
    let table: [(Refusal, &str); 18] = [
        (Misuse::NotOpen.into(), "the session is not open"),
        (Misuse::Busy.into(), "a transaction or an AUTH dialogue is not finished"),
        (Misuse::NotWanted.into(), "nothing of the kind is wanted now"),
        (Misuse::OutOfBounds.into(), "more octets than were lent"),
        (Misuse::AlreadyAuthenticated.into(), "the session is authenticated already"),
        (Refusal::NoRecipients, "no recipients"),
        (Refusal::TooManyRecipients { limit: 2 }, "more than 2 recipients in one transaction"),
        (
            Refusal::TooManyDomains { limit: 2 },
            "recipients in more than 2 domains in one transaction",
        ),
        (Refusal::TooManyTransactions { limit: 2 }, "the server takes 2 transactions in a session"),
        (Refusal::NoExtensions, "a parameter for a server without extensions"),
        (
            Refusal::NotOffered(Extension::Dsn),
            "the message needs DSN, which the server does not offer",
        ),
        (Refusal::InsecureSession, "the message requires TLS, which the session does not have"),
        (
            Refusal::MessageTooLarge { size: 9, limit: 8 },
            "the message has 9 octets, the server takes 8",
        ),
        (Refusal::CommandTooLong { limit: 8 }, "a command does not fit the buffer of 8 octets"),
        (Refusal::PlaintextAuth, "credentials would leave without TLS"),
        (Refusal::NoMechanism, "the server offers no mechanism that can be used"),
        (
            Refusal::Credentials,
            "the credentials are empty or have a character that the mechanism cannot carry",
        ),
        (
            Refusal::Content(content_error(b"\xff")),
            "8-bit octet in content without 8BITMIME at octet 0",
        ),
    ];
    for (refusal, words) in table {
        assert_eq!(refusal.to_string(), words);
    }
    let time = Refusal::OutsideLimit(Extension::DeliverBy).to_string();
    assert!(time.starts_with("the time is outside what the server allows for "), "{time}");
}

#[test]
fn advice_has_names() {
    all_say(&[
        (&Retry::SameConnection, "same_connection"),
        (&Retry::NewConnectionNow, "new_connection_now"),
        (&Retry::Later, "later"),
        (&Retry::Never, "never"),
        (&Retry::MayDuplicate, "may_duplicate"),
        (&Hint::AuthenticationRequired, "authentication_required"),
        (&Hint::TlsRequired, "tls_required"),
        (&Hint::RetryRemainingInNewTransaction, "retry_remaining_in_new_transaction"),
        (&Hint::RetryWithoutChunking, "retry_without_chunking"),
        (&Hint::RetryWithoutPipelining, "retry_without_pipelining"),
    ]);
}

#[test]
fn replies_say_what_is_wrong_with_them() {
    let mut limits = ReplyLimits::default();
    (limits.reply, limits.lines) = (12, 2);
    for (octets, words) in [
        (&b"250-\r\n251"[..], "line with another code than the first line at octet 8"),
        (b"250-a\r\n250-b\r\n", "reply is longer than the limit at octet 12"),
        (b"250-\n250-\n250", "reply has more lines than the limit at octet 10"),
    ] {
        assert_eq!(Framer::new().frame(octets, &limits).unwrap_err().to_string(), words);
    }
}

#[test]
fn a_server_says_why_it_ended() {
    use server::{End, Misuse, PeerError};
    all_say(&[
        (
            &End::Peer(PeerError::PlaintextBehindStartTls),
            "plaintext behind STARTTLS: the connection is tampered with",
        ),
        (&End::Quit, "the client said QUIT"),
        (&End::Lost, "the connection ended without QUIT"),
        (&End::ServiceClosing, "the server closed the session"),
        (&End::TooManyBadCommands, "the client sent too many bad commands"),
        (&End::TooManyMails, "the client sent too many messages"),
        (&End::ChunkSize, "the client sent a chunk of unknown size"),
        (&End::NoRoom, "a reply did not fit the buffer"),
        (&End::Aborted, "the session was given up"),
        (&Misuse::OutOfBounds, "more octets than there are or fit"),
        (&Misuse::NotWanted, "the call does not fit what the server wants"),
        (&Misuse::NoQuestion, "there is nothing to answer"),
        (&Misuse::WrongClass, "the code makes no sense as an answer to this"),
        (&AnswerError::TooManyLines, "text has too many lines"),
        (
            &AnswerError::Octet { octet: 10, offset: 1 },
            "octet 0x0A at offset 1 is not allowed in an answer",
        ),
        (&AnswerError::Class, "code and enhanced code are of different classes"),
    ]);
    assert!(AnswerError::TooLong.to_string().starts_with("text is longer than "));
}

#[test]
fn scram_and_routes_say_what_is_wrong() {
    all_say(&[
        (
            &ScramError::Credentials,
            "SCRAM cannot carry the credentials: they are empty or have a control character",
        ),
        (&ScramError::NonceUsed, "the nonce has been used before: set a new one"),
        (&ScramError::Malformed, "the server's message is not a valid SCRAM message"),
        (&ScramError::Extension, "the server requires an unknown SCRAM extension"),
        (&ScramError::Nonce, "the server's nonce does not belong to this exchange"),
        (
            &ScramError::TooFewIterations { count: 1, limit: 4096 },
            "the server asks for 1 iterations of SCRAM, fewer than 4096",
        ),
        (
            &ScramError::TooManyIterations { count: 9, limit: 8 },
            "the server asks for 9 iterations of SCRAM, more than 8",
        ),
        (&ScramError::Signature, "the server's signature is wrong: it does not know the password"),
        (
            &Nonce::new("a,b").unwrap_err(),
            "a nonce is 1 to 64 characters of printable ASCII without a comma",
        ),
        (&RouteError::NoDomain, "the recipient has no domain"),
        (&RouteError::UnknownLiteral, "the address literal is neither IPv4 nor IPv6"),
        (&RouteError::NoSuchDomain, "the domain does not exist"),
        (&RouteError::NullMx, "the domain accepts no mail (null MX)"),
        (&RouteError::NoAddress, "the domain has neither MX records nor an address"),
        (&RouteError::NoUsableMx, "no MX record of the domain names a host that has an address"),
        (&RouteError::MailLoop, "the domain's preferred mail host is this host (mail loop)"),
        (
            &RouteError::LocalAddress,
            "the host has no addresses but those of this machine (loopback or unspecified)",
        ),
        (
            &RouteError::UnauthenticatedMx,
            "the message requires TLS, and the domain's MX records are not authenticated",
        ),
        (
            &RouteError::UnusableName,
            "the name of the domain or of its mail host cannot be looked up in the DNS",
        ),
        (&RouteError::NoHostSoFar, "none of the hosts looked up for the domain has an address"),
        (&RouteError::DnsFailure, "the DNS gave no usable response for the domain"),
    ]);
}

#[test]
fn content_says_what_is_wrong_with_it() {
    all_say(&[
        (&content_error(b"a\rb"), "CR without LF in content at octet 1"),
        (&content_error(b"ab\n"), "LF without CR in content at octet 2"),
    ]);
    let mut stuffer = Stuffer::new(Newlines::Reject, false);
    assert!(stuffer.finish(&mut [0; 8]).unwrap().done);
    for (octets, words) in [
        (&b"\rb"[..], "CR without LF in content at octet 0"),
        (b"\n", "LF without CR in content at octet 0"),
    ] {
        let mut unstuffer = Unstuffer::new();
        let found = (0..3).find_map(|_| unstuffer.feed(octets).err());
        assert_eq!(found.map(|bare| bare.to_string()).as_deref(), Some(words));
    }
    let late = stuffer.stuff(b"a", &mut [0; 8]).unwrap_err();
    assert_eq!(late.to_string(), "content after its end at octet 0");
}

#[test]
fn values_show_what_they_hold() {
    let original = OriginalRecipient::new("rfc822", "a@b.example").unwrap();
    let enhanced = EnhancedCode::new(5, 2, 2);
    let full = Answer::new(Code::EXCEEDED_STORAGE, enhanced, "Mailbox full").unwrap();
    assert_eq!(original.kind(), "rfc822");
    assert!(original.octets().eq(*b"a@b.example"));
    all_say(&[
        (&Address::try_from("a@b.example").unwrap(), "a@b.example"),
        (&EhloName::from(Ipv4Addr::new(192, 0, 2, 1)), "[192.0.2.1]"),
        (&EhloName::from(Ipv6Addr::LOCALHOST), "[IPv6:::1]"),
        (&Parameter::parse("size=10").unwrap(), "size=10"),
        (&Parameter::parse("REQUIRETLS").unwrap(), "REQUIRETLS"),
        (&EnvelopeId::from_value("a+2Bb").unwrap(), "a+b"),
        (&Notify::NEVER, "NEVER"),
        (&Notify::SUCCESS, "SUCCESS"),
        (&Notify::DELAY.or(Notify::FAILURE), "FAILURE,DELAY"),
        (&full, "552 5.2.2 Mailbox full"),
        (&Body::EightBitMime, "8BITMIME"),
        (&original, "rfc822;a@b.example"),
        (&Submitter::UNKNOWN, "<>"),
        (&Submitter::from_value("a+2Bb@c.example").unwrap(), "a+b@c.example"),
    ]);
    assert_eq!(Address::try_from("a@b.example").unwrap().as_ref(), "a@b.example");
    assert_eq!(
        "mx.example".parse::<EhloName>().map(|name| format!("{name:?}")).unwrap(),
        "EhloName(\"mx.example\")"
    );
    assert_eq!(Xtext::parse(b"a+2B").unwrap().as_bytes(), b"a+2B");
    let (reply, _) = Reply::parse(b"250 \x07\r\n").unwrap().unwrap();
    assert_eq!(format!("{reply:?}"), "Reply(250 \\x07)");
    assert_eq!(format!("{:?}", OwnedReply::from(reply)), format!("{reply:?}"));
    let set: Extensions = [Extension::Size, Extension::Dsn, Extension::Size].into_iter().collect();
    assert_eq!(format!("{set:?}"), "{Size, Dsn}");
    let name = SaslName::parse("a=2Cb").unwrap();
    assert_eq!((name.to_string().as_str(), name.as_escaped()), ("a,b", "a=2Cb"));
    assert_eq!(SaslName::parse("a").map(|name| format!("{name:?}")).unwrap(), "SaslName(\"a\")");
}

#[test]
fn what_is_secret_is_not_shown() {
    assert_eq!(format!("{:?}", Challenge::new(Some(b"secret"))), "Challenge(..)");
    assert_eq!(format!("{:?}", Response::new(&mut [0; 4])), "Response(***)");
}

#[test]
fn a_server_shows_where_it_stands_and_can_be_given_up() {
    let config = server::Config::new(EhloName::parse("mx.example").unwrap());
    let mut server = server::Server::new(config);
    let shown = format!("{server:?}");
    assert!(shown.starts_with("Server { stage: ") && shown.ends_with("end: None, .. }"), "{shown}");
    assert!(!server.offers_channel_binding());
    assert_eq!(server.abort(), server::End::Aborted);
}

#[test]
fn a_client_shows_where_it_stands_and_no_octets() {
    let mut session = Session::open(plain_config().with_plaintext_auth(true), "AUTH_PLAIN");
    session.client.authenticate(&mut Plain::new("alice", "s3cret")).unwrap();
    session.client.transmitted(1).unwrap();
    let shown = format!("{:?}", session.client);
    assert_eq!(shown, "Client { stage: Ready, phase: Idle, secure: false, end: None, .. }");
}

#[test]
fn lines_of_a_transcript_come_whole_and_without_secrets() {
    let said = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&said);
    let mut lines = Lines::new(move |line| sink.lock().unwrap().push(line.to_owned()));
    let config = plain_config().with_plaintext_auth(true);
    let mut session = Session::open(config, "AUTH_PLAIN");
    session.client.authenticate(&mut Plain::new("alice", "s3cret")).unwrap();
    let octets = session.client.transmit().len();
    session.client.transmit_spans(5).for_each(|span| lines.sent(span));
    assert_eq!(*said.lock().unwrap(), Vec::<String>::new(), "not yet whole");
    session.client.transmitted(5).unwrap();
    session.client.transmit_spans(octets - 5).for_each(|span| lines.sent(span));
    lines.received(Reply::parse(b"235 welcome\r\n").unwrap().unwrap().0);
    assert_eq!(*said.lock().unwrap(), ["C: AUTH PLAIN ***", "S: 235 welcome"]);
    assert!(format!("{lines:?}").starts_with("Transcript"), "{lines:?}");
}

#[test]
fn a_transcript_of_a_group_has_a_line_for_each_command() {
    let mut session = Session::open(plain_config(), "PIPELINING");
    session.client.begin(&envelope("a@b.example", &["c@d.example"])).unwrap();
    let (mut text, mut transcript) = (String::new(), Transcript::new());
    for span in session.client.transmit_spans(usize::MAX) {
        transcript.sent(&mut text, span).unwrap();
    }
    assert_eq!(text, "C: MAIL FROM:<a@b.example>\nC: RCPT TO:<c@d.example>\nC: DATA\n");
}
