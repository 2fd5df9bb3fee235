//! Commands survive the way to the other side, and nothing else can be written.

use proptest::prelude::*;
use smtp_proto::address::{Address, AddressError, DomainError, ForwardPath, ReversePath};
use smtp_proto::command::{
    Argument, ArgumentError, Auth, AuthError, Command, CommandError, Mail, Received, Recipient,
};
use smtp_proto::hello::EhloName;
use smtp_proto::parameter::{Body, Parameter, ParameterError, Parameters};

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

/// Whether a server understood what the client meant.
fn agree(sent: &Command<'_>, received: &Received<'_>) -> bool {
    match (sent, received) {
        (Command::Ehlo(a), Received::Ehlo(b))
        | (Command::Helo(a), Received::Helo(b))
        | (Command::Lhlo(a), Received::Lhlo(b)) => a == b,
        (Command::Vrfy(a), Received::Vrfy(b)) | (Command::Expn(a), Received::Expn(b)) => a == b,
        (Command::Help(a), Received::Help(b)) => a == b,
        (Command::Auth(a), Received::Auth(b)) => a == b,
        (Command::Bdat { size: a, last: m }, Received::Bdat { size: b, last: n }) => {
            (a, m) == (b, n)
        }
        (Command::Rcpt(a), Received::Rcpt(b)) => {
            a.address() == b.address() && b.parameters().iter().eq(a.extra().iter().copied())
        }
        (Command::Mail(a), Received::Mail(b)) => {
            (a.from(), a.size(), a.body(), a.smtp_utf8())
                == (b.from(), b.size(), b.body(), b.smtp_utf8())
                && b.others().eq(a.extra().iter().copied())
        }
        (Command::StartTls, Received::StartTls)
        | (Command::Data, Received::Data)
        | (Command::Rset, Received::Rset)
        | (Command::Noop, Received::Noop)
        | (Command::Quit, Received::Quit) => true,
        _ => false,
    }
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

proptest! {
    #[test]
    fn mail_returns(
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
    fn rcpt_returns(to in prop_oneof![address(), Just("postmaster".to_owned())], extra in parameters()) {
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
    fn no_accepted_text_breaks_a_line(text in any::<String>()) {
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
            let mut again = Mail::new(mail.from()).with_extra(&extra).expect("unique");
            again = mail.size().map_or(again, |size| again.with_size(size));
            again = mail.body().map_or(again, |body| again.with_body(body));
            again = if mail.smtp_utf8() { again.with_smtp_utf8() } else { again };
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
    assert_eq!(rcpt.address(), ForwardPath::Postmaster);
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
    let size = [Parameter::parse("size=1").expect("valid")];
    assert_eq!(Mail::new(ReversePath::Null).with_extra(&size), Err(ParameterError::Typed));
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
