//! Commands survive the way to the other side, and nothing else can be written.

use proptest::prelude::*;
use smtp_proto::address::{Address, AddressError, DomainError, ForwardPath, ReversePath};
use smtp_proto::client::AsEnvelope;
use smtp_proto::command::{
    Argument, ArgumentError, Auth, AuthError, Command, CommandError, Mail, Received, Recipient,
};
use smtp_proto::envelope::Envelope;
use smtp_proto::hello::{EhloName, Extension, Extensions};
use smtp_proto::parameter::{
    Body, DeliverBy, EnvelopeId, Hold, Notify, OriginalRecipient, Parameter, ParameterError,
    Parameters, Priority, Ret, Submitter, Timestamp, Unsupported, ValidSince,
};
use smtp_test_support::agree::agree;

/// More than any command made here needs.
const ROOM: usize = 8192;

fn encoded(command: &Command<'_>) -> Vec<u8> {
    let mut out = vec![0; ROOM];
    let length = command.encode(&mut out).expect("the command fits");
    out.truncate(length);
    out
}

fn parsed(line: &[u8]) -> Result<Received<'_>, CommandError> {
    Received::parse(line.strip_suffix(b"\r\n").unwrap_or(line))
}

/// One CRLF, at the end, and no octet before it that is neither printable nor UTF-8.
fn assert_one_line(line: &[u8]) {
    let text = line.strip_suffix(b"\r\n").expect("a line ends with CRLF");
    let text = core::str::from_utf8(text).expect("a line is UTF-8");
    assert!(
        !text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')),
        "{text:?}"
    );
}

fn assert_returns(command: &Command<'_>) {
    let line = encoded(command);
    assert_one_line(&line);
    let received = parsed(&line).unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(agree(command, &received), "{command:?} became {received:?}");
}

fn atom() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9!#$%&'*+/=?^_`{|}~é漢\u{760d}-]{1,8}"
}

fn local_part() -> impl Strategy<Value = String> {
    let quoted = r"([ !#-\[\]-~é]|\\[ -~]){0,12}".prop_map(|content| format!("\"{content}\""));
    prop_oneof![proptest::collection::vec(atom(), 1..3).prop_map(|atoms| atoms.join(".")), quoted]
}

fn host() -> impl Strategy<Value = String> {
    proptest::collection::vec("[a-z0-9_]([a-z0-9_-]{0,20}[a-z0-9])?", 1..5)
        .prop_map(|labels| labels.join("."))
}

fn literal() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<core::net::Ipv4Addr>().prop_map(|address| format!("[{address}]")),
        any::<core::net::Ipv6Addr>().prop_map(|address| format!("[IPv6:{address}]")),
        Just("[tag:content]".to_owned()),
    ]
}

fn address() -> impl Strategy<Value = String> {
    let domain = prop_oneof![4 => host(), 1 => literal(), 1 => Just("bücher.例え".to_owned())];
    (local_part(), domain).prop_map(|(local, domain)| format!("{local}@{domain}"))
}

fn parameters() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec(proptest::option::of("[!-<>-~]{1,12}"), 0..6).prop_map(|values| {
        let parameter = |(index, value): (usize, Option<String>)| match value {
            Some(value) => format!("X{index}={value}"),
            None => format!("X-{index}"),
        };
        values.into_iter().enumerate().map(parameter).collect()
    })
}

fn body() -> impl Strategy<Value = Option<Body>> {
    proptest::option::of(proptest::sample::select(vec![
        Body::SevenBit,
        Body::EightBitMime,
        Body::BinaryMime,
    ]))
}

fn typed(texts: &[String]) -> Vec<Parameter<'_>> {
    texts.iter().map(|text| Parameter::parse(text).expect("a valid parameter")).collect()
}

fn timestamp() -> impl Strategy<Value = Timestamp> {
    let seconds = Timestamp::MIN.unix()..=Timestamp::MAX.unix();
    seconds.prop_map(|seconds| Timestamp::from_unix(seconds).expect("in range"))
}

fn hold() -> impl Strategy<Value = Hold> {
    prop_oneof![
        (0..=999_999_999_u32).prop_map(|seconds| Hold::seconds(seconds).expect("in range")),
        timestamp().prop_map(Hold::until),
    ]
}

fn deliver_by() -> impl Strategy<Value = DeliverBy> {
    let returned = (1..=DeliverBy::MAX).prop_map(DeliverBy::or_return);
    let told = (-DeliverBy::MAX..=DeliverBy::MAX).prop_map(DeliverBy::or_notify);
    (prop_oneof![returned, told], any::<bool>()).prop_map(|(by, trace)| {
        let by = by.expect("in range");
        if trace { by.with_trace() } else { by }
    })
}

fn valid_since() -> impl Strategy<Value = ValidSince> {
    let actions = vec![None, Some(Unsupported::Continue), Some(Unsupported::Reject)];
    (timestamp(), proptest::sample::select(actions)).prop_map(|(time, action)| {
        let since = ValidSince::new(time);
        action.map_or(since, |action| since.with_unsupported(action))
    })
}

fn notify() -> impl Strategy<Value = Notify> {
    let cases = vec![Notify::NEVER, Notify::SUCCESS, Notify::FAILURE, Notify::DELAY];
    let case = proptest::sample::select(cases);
    proptest::collection::vec(case, 1..4)
        .prop_map(|cases| cases.into_iter().fold(Notify::NEVER, Notify::or))
}

fn original() -> impl Strategy<Value = (String, String)> {
    prop_oneof![
        ("[a-z0-9-]{1,10}", "[ -~]{1,100}")
            .prop_filter("of another type", |(kind, _)| kind != "utf-8"),
        (Just("utf-8".to_owned()), "[ -~éß漢\u{10000}\u{10ffff}]{1,40}"),
    ]
}

proptest! {
    #[test]
    fn d09_message_parameters_return(
        ret in proptest::option::of(proptest::sample::select(vec![Ret::Full, Ret::Headers])),
        envid in proptest::option::of("[ -~]{1,33}"),
        auth in proptest::option::of(proptest::option::of(address())),
        require_tls in any::<bool>(),
        by in proptest::option::of(deliver_by()),
        priority in proptest::option::of(-9..=9_i8),
        hold in proptest::option::of(hold()),
        extra in parameters(),
    ) {
        let extra = typed(&extra);
        let mut mail = Mail::new(ReversePath::Null).with_extra(&extra).expect("valid parameters");
        let mut needs = Extensions::EMPTY;
        if let Some(ret) = ret {
            mail = mail.with_ret(ret);
            needs.insert(Extension::Dsn);
        }
        if let Some(envid) = &envid {
            mail = mail.with_envid(EnvelopeId::new(envid).expect("a valid name"));
            needs.insert(Extension::Dsn);
        }
        if let Some(auth) = &auth {
            let text = auth.as_deref().unwrap_or_default();
            mail = mail.with_auth(Submitter::parse(text).expect("a mailbox"));
            needs.insert(Extension::Auth);
        }
        if require_tls {
            mail = mail.with_require_tls();
            needs.insert(Extension::RequireTls);
        }
        if let Some(by) = by {
            mail = mail.with_deliver_by(by);
            needs.insert(Extension::DeliverBy);
        }
        if let Some(priority) = priority {
            mail = mail.with_priority(Priority::new(priority).expect("in range"));
            needs.insert(Extension::MtPriority);
        }
        if let Some(hold) = hold {
            mail = mail.with_hold(hold);
            needs.insert(Extension::FutureRelease);
        }
        prop_assert_eq!(mail.needs(), needs);
        assert_returns(&Command::Mail(mail));
        prop_assert!(encoded(&Command::Mail(mail)).is_ascii());
    }

    #[test]
    fn d09_recipient_parameters_return(
        notify in proptest::option::of(notify()),
        original in proptest::option::of(original()),
        since in proptest::option::of(valid_since()),
        extra in parameters(),
    ) {
        let extra = typed(&extra);
        let to = ForwardPath::parse("b@example.org").expect("a valid path");
        let mut recipient = Recipient::new(to).with_extra(&extra).expect("valid parameters");
        recipient = notify.map_or(recipient, |notify| recipient.with_notify(notify));
        if let Some((kind, address)) = &original {
            let original = OriginalRecipient::new(kind, address).expect("an address");
            recipient = recipient.with_orcpt(original);
        }
        recipient = since.map_or(recipient, |since| recipient.with_valid_since(since));
        let dsn = notify.is_some() || original.is_some();
        prop_assert_eq!(recipient.needs().contains(Extension::Dsn), dsn);
        prop_assert_eq!(recipient.needs().contains(Extension::Rrvs), since.is_some());
        assert_returns(&Command::Rcpt(recipient));
        prop_assert!(encoded(&Command::Rcpt(recipient)).is_ascii());
    }

    #[test]
    fn d09_mail_returns(
        from in proptest::option::of(address()),
        size in any::<Option<u64>>(),
        body in body(),
        utf8 in any::<bool>(),
        extra in parameters(),
    ) {
        let from = from.as_deref().unwrap_or_default();
        let extra = typed(&extra);
        let mut mail = Mail::new(ReversePath::parse(from).expect("a valid path"));
        mail = size.map_or(mail, |size| mail.with_size(size));
        mail = body.map_or(mail, |body| mail.with_body(body));
        mail = if utf8 { mail.with_smtp_utf8() } else { mail };
        mail = mail.with_extra(&extra).expect("valid parameters");
        assert_returns(&Command::Mail(mail));
        prop_assert!(mail.smtp_utf8() || encoded(&Command::Mail(mail)).is_ascii());
    }

    #[test]
    fn d09_rcpt_returns(to in prop_oneof![address(), "[Pp][Oo][Ss][Tt][Mm][Aa][Ss][Tt][Ee][Rr]"], extra in parameters()) {
        let extra = typed(&extra);
        let to = ForwardPath::parse(&to).expect("a valid path");
        let recipient = Recipient::new(to).with_extra(&extra).expect("valid parameters");
        assert_returns(&Command::Rcpt(recipient));
    }

    #[test]
    fn names_return(name in prop_oneof![host(), literal()]) {
        let name = EhloName::parse(&name).expect("a valid name");
        for command in [Command::Ehlo(name), Command::Helo(name), Command::Lhlo(name)] {
            assert_returns(&command);
        }
    }

    #[test]
    fn chunks_return(size in any::<u64>(), last in any::<bool>()) {
        assert_returns(&Command::Bdat { size, last });
    }

    #[test]
    fn texts_return(text in "[!-~é]([ -~é漢]{0,60}[!-~])?") {
        let text = Argument::new(&text).expect("a valid text");
        for command in [Command::Vrfy(text), Command::Expn(text), Command::Help(Some(text))] {
            assert_returns(&command);
        }
    }

    #[test]
    fn auth_returns(name in "[A-Za-z0-9_-]{1,20}", response in "([A-Za-z0-9+/]{4}){0,9}(AA==|AAA=)?") {
        assert_returns(&Command::Auth(Auth::new(&name, None).expect("a valid name")));
        let auth = Auth::new(&name, Some(response.as_bytes())).expect("a valid response");
        assert_returns(&Command::Auth(auth));
    }

    #[test]
    fn d08_no_accepted_text_breaks_a_line(text in any::<String>()) {
        if let Ok(address) = Address::parse(&text) {
            assert_returns(&Command::Mail(Mail::new(address.into())));
            assert_returns(&Command::Rcpt(Recipient::new(address.into())));
        }
        if let Ok(argument) = Argument::new(&text) {
            assert_returns(&Command::Vrfy(argument));
        }
        if let Ok(name) = EhloName::parse(&text) {
            assert_returns(&Command::Ehlo(name));
        }
    }

    #[test]
    fn no_line_makes_the_parser_panic(line in proptest::collection::vec(any::<u8>(), 0..80)) {
        let _ = Received::parse(&line);
    }

    #[test]
    fn changed_lines_are_refused_or_unambiguous(at in 0_usize..60, octet in any::<u8>()) {
        let mut line = br#"MAIL FROM:<"a> b"@c.example> SIZE=10 BODY=7BIT X-OWN=1 SMTPUTF8"#.to_vec();
        line[at] = octet;
        if let Ok(Received::Mail(mail)) = Received::parse(&line) {
            let extra: Vec<_> = mail.others().collect();
            let again = mail.typed().with_extra(&extra).expect("unique");
            assert_one_line(&encoded(&Command::Mail(again)));
            if mail.from().is_ascii() {
                assert!(agree(&Command::Mail(again), &Received::Mail(mail)));
            }
        }
    }
}

#[test]
fn commands_without_arguments_return() {
    for command in [
        Command::StartTls,
        Command::Data,
        Command::Rset,
        Command::Noop,
        Command::Quit,
        Command::Help(None),
    ] {
        assert_returns(&command);
    }
}

#[test]
fn a_command_needs_room_for_all_of_it() {
    let to = ForwardPath::parse("b@example.org").expect("a valid path");
    let command = Command::Rcpt(Recipient::new(to));
    let line = encoded(&command);
    assert_eq!(line, b"RCPT TO:<b@example.org>\r\n");
    for room in 0..line.len() {
        assert_eq!(command.encode(&mut vec![0; room]), None);
    }
    assert_eq!(command.encode(&mut vec![0; line.len()]), Some(line.len()));
}

#[test]
fn verbs_and_keywords_are_taken_in_any_case() {
    for line in ["mail from:<a@b> size=1  body=7bit ", "MAIL  From:<a@b>  Size=1 BODY=7Bit"] {
        let Ok(Received::Mail(mail)) = Received::parse(line.as_bytes()) else { panic!("{line}") };
        assert_eq!((mail.size(), mail.body()), (Some(1), Some(Body::SevenBit)));
    }
    assert_eq!(Received::parse(b"quit  "), Ok(Received::Quit));
    assert_eq!(Received::parse(b"Noop some text"), Ok(Received::Noop));
    assert_eq!(Received::parse(b"bdat 010  last"), Ok(Received::Bdat { size: 10, last: true }));
    let Ok(Received::Rcpt(rcpt)) = Received::parse(b"rcpt to:<postMASTER>") else { panic!() };
    assert_eq!(rcpt.address().as_str(), "postMASTER");
}

#[test]
fn c86_the_bare_postmaster_leaves_as_it_was_written() {
    for text in ["Postmaster", "postmaster", "POSTMASTER", "postMaster"] {
        let path = ForwardPath::parse(text).expect("a path");
        let line = format!("RCPT TO:<{text}>\r\n");
        assert_eq!(encoded(&Command::Rcpt(Recipient::new(path))), line.as_bytes());
        let Ok(Received::Rcpt(received)) = parsed(line.as_bytes()) else { panic!("{line}") };
        assert_eq!((received.address(), received.address().as_str()), (path, text));
        let envelope = Envelope::new("").and_then(|envelope| envelope.to(text)).expect("a path");
        assert_eq!(envelope.recipients().next(), Some(text));
        assert_eq!(envelope.recipient(0), Some(Recipient::new(path)));
    }
}

#[test]
fn an_empty_initial_response_is_an_equals_sign() {
    let auth = Auth::new("EXTERNAL", Some(b"")).expect("a valid command");
    assert_eq!(encoded(&Command::Auth(auth)), b"AUTH EXTERNAL =\r\n");
    assert_returns(&Command::Auth(auth));
}

#[test]
fn refused_lines_say_why_and_where() {
    let octet = |octet, offset| CommandError::Unexpected { octet, offset };
    for (line, error) in [
        ("", CommandError::UnknownVerb),
        (" QUIT", CommandError::UnknownVerb),
        ("QUITS", CommandError::UnknownVerb),
        ("QUIT\r", CommandError::UnknownVerb),
        ("X-FOO", CommandError::UnknownVerb),
        ("DATA now", octet(b'n', 5)),
        ("EHLO", CommandError::NoArgument),
        ("EHLO  ", CommandError::NoArgument),
        ("VRFY", CommandError::NoArgument),
        ("AUTH", CommandError::NoArgument),
        (
            "EHLO a b",
            CommandError::Name { offset: 5, error: DomainError::Octet { octet: b' ', offset: 1 } },
        ),
        ("MAIL", CommandError::NoPath { offset: 4 }),
        ("MAIL TO:<a@b>", CommandError::NoPath { offset: 5 }),
        ("MAIL FROM:a@b", CommandError::NoPath { offset: 5 }),
        ("MAIL FROM: <a@b>", CommandError::NoPath { offset: 5 }),
        ("MAIL FROM:<a@b", CommandError::NoPath { offset: 5 }),
        ("MAIL FROM:<a>", CommandError::Path { offset: 11, error: AddressError::NoAt }),
        ("RCPT TO:<>", CommandError::Path { offset: 9, error: AddressError::Empty }),
        ("RCPT TO:<@a:b@c>", CommandError::Path { offset: 9, error: AddressError::NoLocalPart }),
        ("RCPT TO:<a@b>X", octet(b'X', 13)),
        (
            "MAIL FROM:<a@b> A ==",
            CommandError::Parameter { offset: 18, error: ParameterError::NoKeyword },
        ),
        (
            "MAIL FROM:<a@b> X SIZE=x",
            CommandError::Parameter { offset: 18, error: ParameterError::Meaning },
        ),
        (
            "MAIL FROM:<> SIZE=1 size=1",
            CommandError::Parameter { offset: 20, error: ParameterError::Repeated },
        ),
        (
            "VRFY a\tb",
            CommandError::Argument {
                offset: 5,
                error: ArgumentError::Octet { octet: b'\t', offset: 1 },
            },
        ),
        (
            "NOOP a\0",
            CommandError::Argument {
                offset: 5,
                error: ArgumentError::Octet { octet: 0, offset: 1 },
            },
        ),
        ("BDAT", CommandError::NoArgument),
        ("BDAT LAST", CommandError::ChunkSize { offset: 5 }),
        ("BDAT -1", CommandError::ChunkSize { offset: 5 }),
        ("BDAT 1LAST", CommandError::ChunkSize { offset: 5 }),
        ("BDAT 18446744073709551616", CommandError::ChunkSize { offset: 5 }),
        ("BDAT 1 END", octet(b'E', 7)),
        ("BDAT 1 LAST 2", octet(b'L', 7)),
        ("AUTH PLAIN a", CommandError::Auth { offset: 5, error: AuthError::InitialResponse }),
    ] {
        assert_eq!(Received::parse(line.as_bytes()), Err(error), "{line:?}");
        assert_eq!(error.reply_code(), if error == CommandError::UnknownVerb { 500 } else { 501 });
        assert!(!error.to_string().contains(|c: char| c.is_control()));
    }
}

#[test]
fn lines_that_are_not_utf8_are_refused_where_it_ends() {
    let path = CommandError::Path { offset: 11, error: AddressError::NotUtf8 { offset: 1 } };
    assert_eq!(Received::parse(b"MAIL FROM:<a\xff@b>"), Err(path));
    let text = CommandError::Argument { offset: 5, error: ArgumentError::NotUtf8 { offset: 1 } };
    assert_eq!(Received::parse(b"VRFY a\xff"), Err(text));
    let parameter = CommandError::Unexpected { octet: 0xFF, offset: 16 };
    assert_eq!(Received::parse(b"MAIL FROM:<> A=b\xff"), Err(parameter));
    assert_eq!(
        Received::parse(b"AUTH A\xff"),
        Err(CommandError::Unexpected { octet: 0xFF, offset: 6 })
    );
}

#[test]
fn typed_parameters_have_one_meaning() {
    for bad in ["SIZE", "SIZE=+1", "SIZE=18446744073709551616", "BODY", "BODY=9BIT", "SMTPUTF8=1"] {
        let line = format!("MAIL FROM:<> {bad}");
        let error = CommandError::Parameter { offset: 13, error: ParameterError::Meaning };
        assert_eq!(Received::parse(line.as_bytes()), Err(error), "{bad}");
    }
    for known in [
        "size=1",
        "ret=x",
        "ENVID=x",
        "auth=x",
        "RequireTLS",
        "by=x",
        "mt-priority=x",
        "holdfor=x",
        "holduntil=x",
    ] {
        let known = [Parameter::parse(known).expect("valid")];
        assert_eq!(Mail::new(ReversePath::Null).with_extra(&known), Err(ParameterError::Typed));
    }
    for known in ["notify=x", "ORCPT=x", "rrvs=x"] {
        let known = [Parameter::parse(known).expect("valid")];
        let recipient = Recipient::new(ForwardPath::POSTMASTER);
        assert_eq!(recipient.with_extra(&known), Err(ParameterError::Typed));
    }
}

#[test]
fn received_parameters_without_their_meaning_are_refused() {
    let value = |octet, offset| ParameterError::Value { octet, offset };
    for (line, offset, error) in [
        ("MAIL FROM:<> RET=ALL", 13, ParameterError::Meaning),
        ("MAIL FROM:<> RET", 13, ParameterError::Meaning),
        ("MAIL FROM:<> X RET=FULL RET=HDRS", 24, ParameterError::Repeated),
        ("MAIL FROM:<> ENVID", 13, ParameterError::Meaning),
        ("MAIL FROM:<> ENVID=a+2b", 13, value(b'+', 1)),
        ("MAIL FROM:<> AUTH=a", 13, ParameterError::Meaning),
        ("MAIL FROM:<> REQUIRETLS=1", 13, ParameterError::Meaning),
        ("MAIL FROM:<> BY=0;R", 13, ParameterError::Meaning),
        ("MAIL FROM:<> MT-PRIORITY=10", 13, ParameterError::Meaning),
        ("MAIL FROM:<> HOLDFOR=1 HOLDFOR=1", 23, ParameterError::Repeated),
        ("MAIL FROM:<> HOLDFOR=1 HOLDUNTIL=2030-01-01T00:00:00Z", 23, ParameterError::Repeated),
        ("RCPT TO:<a@b> NOTIFY=NEVER,DELAY", 14, ParameterError::Meaning),
        ("RCPT TO:<a@b> NOTIFY=NEVER notify=NEVER", 27, ParameterError::Repeated),
        ("RCPT TO:<a@b> ORCPT=a@b", 14, ParameterError::Meaning),
        ("RCPT TO:<a@b> ORCPT=rfc822;a+", 14, value(b'+', 8)),
        ("RCPT TO:<a@b> RRVS=2014-04-03T23:01:00Z;X", 14, ParameterError::Meaning),
    ] {
        let error = CommandError::Parameter { offset, error };
        assert_eq!(Received::parse(line.as_bytes()), Err(error), "{line}");
    }
}

#[test]
fn parameters_stand_in_their_order() {
    let by = DeliverBy::or_notify(-DeliverBy::MAX).expect("in range").with_trace();
    let mail = Mail::new(ReversePath::Null)
        .with_size(10)
        .with_body(Body::EightBitMime)
        .with_ret(Ret::Headers)
        .with_envid(EnvelopeId::new("+ +").expect("a name"))
        .with_auth(Submitter::UNKNOWN)
        .with_require_tls()
        .with_deliver_by(by)
        .with_priority(Priority::new(-9).expect("in range"))
        .with_hold(Hold::until(Timestamp::MAX));
    assert_eq!(
        String::from_utf8_lossy(&encoded(&Command::Mail(mail))),
        "MAIL FROM:<> SIZE=10 BODY=8BITMIME RET=HDRS ENVID=+2B+20+2B AUTH=<> REQUIRETLS BY=-999999999;NT \
         MT-PRIORITY=-9 HOLDUNTIL=9999-12-31T23:59:59Z\r\n"
    );
}

#[test]
fn a_callers_own_parameters_stand_behind_the_others_and_leave_room_for_them() {
    let own: Vec<_> = (0..30).map(|index| format!("X{index}")).collect();
    let own = typed(&own);
    let mail = Mail::new(ReversePath::Null).with_require_tls();
    let rcpt = Recipient::new(ForwardPath::POSTMASTER).with_notify(Notify::NEVER);
    let line = encoded(&Command::Rcpt(rcpt.with_extra(&own[..2]).expect("unique")));
    assert_eq!(line, b"RCPT TO:<Postmaster> NOTIFY=NEVER X0 X1\r\n");
    assert!(mail.with_extra(&own[..21]).is_ok() && rcpt.with_extra(&own[..29]).is_ok());
    assert_eq!(mail.with_extra(&own[..22]), Err(ParameterError::TooMany));
    assert_eq!(rcpt.with_extra(&own[..30]), Err(ParameterError::TooMany));
}

#[test]
fn an_original_recipient_beyond_ascii_has_no_hexadecimal_digit_too_many() {
    for (address, value) in [
        ("jos\u{e9}@b", r"jos\x{E9}@b"),
        ("\u{ff}\u{100}@b", r"\x{FF}\x{100}@b"),
        ("\u{fff}\u{1000}@b", r"\x{FFF}\x{1000}@b"),
        ("\u{ffff}\u{10000}@b", r"\x{FFFF}\x{10000}@b"),
        ("\u{fffff}\u{100000}@b", r"\x{FFFFF}\x{100000}@b"),
    ] {
        let original = OriginalRecipient::new("utf-8", address).expect("an address");
        let rcpt = Recipient::new(ForwardPath::POSTMASTER).with_orcpt(original);
        let line = format!("RCPT TO:<Postmaster> ORCPT=utf-8;{value}\r\n");
        assert_eq!(String::from_utf8_lossy(&encoded(&Command::Rcpt(rcpt))), line);
    }
}

#[test]
fn a_path_beyond_ascii_brings_smtputf8() {
    let mail = Mail::new(ReversePath::parse("josé@example.org").expect("a valid path"));
    assert_eq!(
        encoded(&Command::Mail(mail)),
        "MAIL FROM:<josé@example.org> SMTPUTF8\r\n".as_bytes()
    );
}

#[test]
fn a_quoted_bracket_does_not_end_a_path() {
    let line = br#"RCPT TO:<"a> ORCPT=b"@example.com> X"#;
    let Ok(Received::Rcpt(rcpt)) = Received::parse(line) else { panic!() };
    assert_eq!(rcpt.address().as_str(), r#""a> ORCPT=b"@example.com"#);
    assert!(rcpt.parameters().iter().map(|p| p.keyword()).eq(["X"]));
}

#[test]
fn many_parameters_are_refused_in_linear_time() {
    let line = format!("RCPT TO:<a@b>{}", " A".repeat(100_000));
    assert!(matches!(Received::parse(line.as_bytes()), Err(CommandError::Parameter { .. })));
    assert_eq!(Parameters::MAX, 32);
}

#[test]
fn smtputf8_behind_a_text_is_part_of_it_unless_the_text_needs_it() {
    for (line, text) in [
        ("VRFY Ren\u{e9} SMTPUTF8", "Ren\u{e9}"),
        ("VRFY Ren\u{e9} smtputf8", "Ren\u{e9}"),
        ("VRFY Rene SMTPUTF8", "Rene SMTPUTF8"),
        ("VRFY Ren\u{e9} of the office", "Ren\u{e9} of the office"),
        ("VRFY Ren\u{e9}SMTPUTF8", "Ren\u{e9}SMTPUTF8"),
    ] {
        let Ok(Received::Vrfy(found)) = Received::parse(line.as_bytes()) else { panic!("{line}") };
        assert_eq!(found.as_str(), text, "{line}");
    }
    let error = ArgumentError::Character { character: '\u{85}', offset: 3 };
    assert_eq!(
        Received::parse("VRFY Ren\u{85} SMTPUTF8".as_bytes()),
        Err(CommandError::Argument { offset: 5, error })
    );
}
