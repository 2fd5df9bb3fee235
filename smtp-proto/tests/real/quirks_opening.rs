//! How real servers greet, answer EHLO and STARTTLS, with their bytes.

use Stand::{
    Closing, Injected, Lost, Malformed, Refused, TlsUnavailable, Unexpected, Unsolicited, Usable,
};
use smtp_proto::{
    client::{Config, HelloCommand, Inquiry, Journal, Phase, Refusal, TlsPolicy, Wants},
    envelope::Envelope,
    hello::{EhloName, Extension},
    parameter::Body,
    sasl::Plain,
};
use smtp_test_support::{
    session::{Session, envelope, plain_config},
    stand::Stand,
};

const EHLO: &str = "EHLO client.example\r\n";
const HELO: &str = "HELO client.example\r\n";
const STARTTLS: &str = "STARTTLS\r\n";
const QUIT: &str = "QUIT\r\n";

/// What the server says, and what the client says to that. Nothing is the end of the stream.
type Steps = &'static [(&'static [u8], &'static str)];

/// A session as far as these steps go.
fn play(name: &str, config: Config, steps: Steps) -> Session {
    let mut session = Session::new(config, "");
    session.peer.deaf = true;
    session.journal = Some(Journal::new());
    session.pump();
    for (said, heard) in steps {
        let before = session.peer.heard.len();
        if said.is_empty() {
            session.hear_end();
        } else {
            session.hear(said);
        }
        let answer = String::from_utf8_lossy(&session.peer.heard[before..]);
        assert_eq!(answer, *heard, "{name}: to {}", said.escape_ascii());
    }
    session
}

/// Name, TLS policy, dialogue, how the session stands then.
type Row = (&'static str, TlsPolicy, Steps, Stand);

const NONE: TlsPolicy = TlsPolicy::None;
const MAY: TlsPolicy = TlsPolicy::Opportunistic;
const MUST: TlsPolicy = TlsPolicy::Required;

#[rustfmt::skip]
const ROWS: &[Row] = &[
    // Greeting.
    ("exim_greets_in_three_lines", NONE, &[
        (b"220-coney.arvixe.com ESMTP Exim 4.86_1 #1 Sat, 02 Apr 2016\r\n220-We do not authorize the use of this system to transport unsolicited,\r\n", ""),
        (b"220 and/or bulk e-mail.\r\n", EHLO),
        (b"250 mx\r\n", ""),
    ], Usable),
    ("a_greeting_ends_in_a_bare_code", NONE, &[
        (b"220-This server is protected by\r\n220-...\r\n", ""),
        (b"220\r\n", EHLO),
        (b"250 mx\r\n", ""),
    ], Usable),
    ("a_greeting_comes_in_two_halves", NONE, &[(b"220-", ""), (b"wait\r\n220", ""), (b" go\r\n", EHLO), (b"250 mx\r\n", "")], Usable),
    ("a_greeting_of_asterisks", NONE, &[(b"220 *****************0*0***\r\n", EHLO), (b"502 no\r\n", HELO), (b"250 mx\r\n", "")], Usable),
    ("a_554_greeting", NONE, &[(b"554 No SMTP service here\r\n", QUIT)], Refused(Phase::Greeting, 554)),
    ("a_521_greeting", NONE, &[(b"521 mx does not accept mail\r\n", QUIT)], Refused(Phase::Greeting, 521)),
    ("a_450_greeting", NONE, &[(b"450 busy\r\n", QUIT)], Refused(Phase::Greeting, 450)),
    ("a_421_greeting", NONE, &[(b"421 too many connections\r\n", "")], Closing(Phase::Greeting)),
    ("a_server_not_ready_greets_with_221", NONE, &[(b"221 ESMTP server not ready\r\n", "")], Unexpected(Phase::Greeting, 221)),
    ("a_greeting_of_300", NONE, &[(b"300 UNKNOWN\r\n", "")], Unexpected(Phase::Greeting, 300)),
    ("a_proxy_greets_with_a_verdict", NONE, &[(b"250 2.0.0 Ok: queued as B4C8112124D\r\n", "")], Unexpected(Phase::Greeting, 250)),
    // EHLO.
    ("ehlo_is_500", NONE, &[(b"220 mx\r\n", EHLO), (b"500 what\r\n", HELO), (b"250 mx\r\n", "")], Usable),
    ("ehlo_is_501", NONE, &[(b"220 mx\r\n", EHLO), (b"501 Syntax\r\n", HELO), (b"250 mx\r\n", "")], Usable),
    ("ehlo_is_502", NONE, &[(b"220 mx\r\n", EHLO), (b"502 EH?\r\n", HELO), (b"250 mx\r\n", "")], Usable),
    ("ehlo_is_504", NONE, &[(b"220 mx\r\n", EHLO), (b"504 EHLO not implemented.\r\n", HELO), (b"250 mx\r\n", "")], Usable),
    ("ehlo_is_550", NONE, &[(b"220 mx\r\n", EHLO), (b"550 no\r\n", HELO), (b"250 mx\r\n", "")], Usable),
    ("ehlo_is_450", NONE, &[(b"220 mx\r\n", EHLO), (b"450 later\r\n", HELO), (b"250 mx\r\n", "")], Usable),
    ("ehlo_is_421", NONE, &[(b"220 mx\r\n", EHLO), (b"421 bye\r\n", "")], Closing(Phase::Hello)),
    ("ehlo_is_refused_where_tls_is_required", MUST, &[(b"220 mx\r\n", EHLO), (b"502 EH?\r\n", QUIT)], TlsUnavailable),
    ("ehlo_drops_the_connection", NONE, &[(b"220 mx\r\n", EHLO), (b"", "")], Lost(Phase::Hello)),
    ("ehlo_is_answered_220", NONE, &[(b"220 mx\r\n", EHLO), (b"220-servername\r\n220 AUTH\r\n", "")], Unexpected(Phase::Hello, 220)),
    ("ehlo_is_cut_after_a_continuation", NONE, &[(b"220 mx\r\n", EHLO), (b"250-mx\r\n250-SIZE 5\r\n", ""), (b"", "")], Lost(Phase::Hello)),
    ("starttls_in_lower_case", MAY, &[(b"220 mx\r\n", EHLO), (b"250-mx\r\n250-starttls\r\n250 auth plain\r\n", STARTTLS), (b"220 go\r\n", "")], Usable),
    ("starttls_behind_blanks", MAY, &[(b"220 mx\r\n", EHLO), (b"250-mx\r\n250-\r\n250-  STARTTLS\r\n250 \r\n", STARTTLS), (b"220 go\r\n", "")], Usable),
    ("a_masked_starttls_where_tls_is_required", MUST, &[(b"220 mx\r\n", EHLO), (b"250-mx\r\n250-XXXXXXXA\r\n250 AUTH PLAIN\r\n", QUIT)], TlsUnavailable),
    // STARTTLS.
    ("an_ehlo_reply_behind_the_220", MAY, &[(b"220 mx\r\n", EHLO), (b"250-mx\r\n250 STARTTLS\r\n", STARTTLS), (b"220 Go ahead\r\n250-mx.evil\r\n250 AUTH LOGIN\r\n", "")], Injected),
    ("replies_behind_a_refused_starttls", MAY, &[(b"220 mx\r\n", EHLO), (b"250-mx\r\n250 STARTTLS\r\n", STARTTLS), (b"454 currently unavailable\r\n235 Authenticated\r\n250 2.1.0 Sender ok\r\n", "")], Unsolicited),
    ("starttls_is_454", MUST, &[(b"220 mx\r\n", EHLO), (b"250-mx\r\n250 STARTTLS\r\n", STARTTLS), (b"454 no\r\n", QUIT)], Refused(Phase::StartTls, 454)),
    ("starttls_is_502", MUST, &[(b"220 mx\r\n", EHLO), (b"250-mx\r\n250 STARTTLS\r\n", STARTTLS), (b"502 no\r\n", QUIT)], Refused(Phase::StartTls, 502)),
    ("starttls_is_354", MAY, &[(b"220 mx\r\n", EHLO), (b"250-mx\r\n250 STARTTLS\r\n", STARTTLS), (b"354 go\r\n", "")], Unexpected(Phase::StartTls, 354)),
    ("starttls_is_221", MAY, &[(b"220 mx\r\n", EHLO), (b"250-mx\r\n250 STARTTLS\r\n", STARTTLS), (b"221 bye\r\n", "")], Unexpected(Phase::StartTls, 221)),
    ("starttls_is_250", MAY, &[(b"220 mx\r\n", EHLO), (b"250-mx\r\n250 STARTTLS\r\n", STARTTLS), (b"250 ok\r\n", "")], Unexpected(Phase::StartTls, 250)),
    ("the_server_closes_behind_the_220", MAY, &[(b"220 mx\r\n", EHLO), (b"250-mx\r\n250 STARTTLS\r\n", STARTTLS), (b"220 go\r\n", ""), (b"", "")], Lost(Phase::Tls)),
    // Lines.
    ("lines_end_at_lf", MAY, &[(b"220-mx\n220 go\n", EHLO), (b"250-mx\n250 STARTTLS\n", STARTTLS), (b"220 go\n", "")], Usable),
    ("a_greeting_in_latin_1_with_a_nul", NONE, &[(b"220 \xfcber \0 \xff\xff\xff\xff\r\n", EHLO), (b"250 mx\r\n", "")], Usable),
    ("a_line_that_is_no_reply_before_the_greeting", NONE, &[(b"Warning: no entropy\r\n220 mx\r\n", "")], Malformed(Phase::Greeting)),
    ("a_greeting_of_199", NONE, &[(b"199 no hello for you!\r\n", "")], Malformed(Phase::Greeting)),
];

#[test]
fn what_servers_say_until_the_session_is_open() {
    for (name, tls, steps, stand) in ROWS {
        let session = play(name, plain_config().with_tls(*tls), steps);
        assert_eq!(Stand::of(&session), *stand, "{name}");
        let wants = match *stand {
            Usable if session.peer.heard.ends_with(STARTTLS.as_bytes()) => Wants::Tls,
            Usable => Wants::Command,
            _ if session.peer.heard.ends_with(QUIT.as_bytes()) => Wants::Read,
            _ => Wants::Nothing,
        };
        assert_eq!(session.client.wants(), wants, "{name}");
    }
}

#[test]
fn every_cut_of_what_servers_say_gives_the_same() {
    for (name, tls, steps, stand) in ROWS {
        let mut session = Session::new(plain_config().with_tls(*tls), "");
        session.peer.deaf = true;
        session.pump();
        for (said, _) in *steps {
            for octet in *said {
                session.hear(&[*octet]);
            }
            if said.is_empty() {
                session.hear_end();
            }
        }
        let whole = play(name, plain_config().with_tls(*tls), steps);
        assert_eq!(session.peer.heard, whole.peer.heard, "{name}");
        assert_eq!(Stand::of(&session), *stand, "{name}");
    }
}

/// The server's words in the end, as a caller reports them.
fn last_words(session: &Session) -> Option<String> {
    let journal = session.journal.as_ref()?;
    journal.last_words(session.end()?).map(|reply| reply.text().join(" "))
}

#[test]
fn the_words_of_a_greeting_that_is_refused_reach_the_caller() {
    for (name, words) in [
        ("a_proxy_greets_with_a_verdict", "Ok: queued as B4C8112124D"),
        ("a_554_greeting", "No SMTP service here"),
        ("a_421_greeting", "too many connections"),
        ("a_server_not_ready_greets_with_221", "ESMTP server not ready"),
    ] {
        let (_, tls, steps, _) = ROWS.iter().find(|row| row.0 == name).unwrap();
        let session = play(name, plain_config().with_tls(*tls), steps);
        assert_eq!(last_words(&session).as_deref(), Some(words), "{name}");
    }
}

#[test]
fn a_refused_greeting_is_told_apart_and_answered_with_quit() {
    for name in ["a_554_greeting", "a_521_greeting", "a_450_greeting"] {
        let (_, tls, steps, stand) = ROWS.iter().find(|row| row.0 == name).unwrap();
        let mut session = play(name, plain_config().with_tls(*tls), steps);
        assert_eq!(session.client.phase(), Phase::Quit);
        assert_eq!(session.peer.heard, b"QUIT\r\n", "{name}");
        assert_eq!(session.hear(b"221 bye\r\n"), Wants::Nothing);
        assert_eq!(Stand::of(&session), *stand, "{name}: the first cause stays");
    }
}

#[test]
fn one_wait_for_the_whole_greeting() {
    let mut session = Session::new(plain_config(), "");
    session.peer.deaf = true;
    assert_eq!(session.pump(), Wants::Read);
    let patience = session.client.patience();
    assert_eq!(patience.0, Phase::Greeting);
    for piece in [&b"220-"[..], b"please\r\n", b"220-wait\r\n", b"22", b"0"] {
        assert_eq!(session.hear(piece), Wants::Read);
        assert_eq!(session.client.patience(), patience, "the limit does not begin anew");
    }
    session.hear(b"\r\n");
    assert_ne!(session.client.patience(), patience);
}

/// What a caller can do about a firewall that spoils ESMTP.
#[test]
fn behind_asterisks_only_helo_and_one_command_at_a_time() {
    let config = plain_config().with_hello(HelloCommand::Helo);
    let steps: Steps = &[(b"220 *****************0*0***\r\n", HELO), (b"250 mx\r\n", "")];
    let mut session = play("asterisks", config, steps);
    let greeting = session.journal.as_ref().unwrap().greeting().unwrap().text();
    assert_eq!(greeting, ["*****************0*0***"]);
    session.client.begin(&envelope("", &["b@c"])).unwrap();
    assert_eq!(session.pump(), Wants::Read);
    assert!(session.peer.heard.ends_with(b"\r\nMAIL FROM:<>\r\n"));
}

#[test]
fn a_tls_record_in_place_of_a_greeting_is_named() {
    for octets in [&b"\x15\x03\x01\0\x02\x02\x46"[..], b"\x16\x03\x01"] {
        let mut session = Session::new(plain_config(), "");
        session.pump();
        assert_eq!(session.hear(octets), Wants::Nothing, "no line end is waited for");
        let end = session.end().unwrap().to_string();
        assert!(end.contains("TLS"), "{end}");
    }
}

/// A session open for commands, after this reply to EHLO.
fn offered(reply: &str) -> Session {
    let config = plain_config().with_plaintext_auth(true);
    let mut session = Session::new(config, "S: 220 mx\nC: EHLO client.example");
    session.pump();
    assert_eq!(session.hear(reply.as_bytes()), Wants::Command, "{reply}");
    session
}

#[test]
fn the_first_line_is_never_an_extension() {
    for (reply, help) in [
        ("250 HELP\r\n", false),
        ("250 PIPELINING\r\n", false),
        ("250-STARTTLS\r\n250 HELP\r\n", true),
    ] {
        let session = offered(reply);
        let extensions = session.client.capabilities().offered().extensions();
        assert!(extensions.iter().eq(help.then_some(Extension::Help)), "{reply}");
    }
}

#[test]
fn both_forms_of_auth_are_merged() {
    let session = offered("250-mx\r\n250-AUTH=LOGIN\r\n250-AUTH LOGIN\tPLAIN\r\n250 HELP\r\n");
    assert!(session.client.capabilities().mechanisms().eq(["LOGIN", "PLAIN"]));
    let mut session = offered("250-mx\r\n250 AUTH=PLAIN\r\n").then("C: AUTH PLAIN AHUAcA==");
    session.authenticate(&mut Plain::new("u", "p"));
    assert!(session.peer.is_done());
}

#[test]
fn auth_without_a_mechanism_offers_nothing_to_use() {
    let mut session = offered("250-mx\r\n250-AUTH\r\n250 X-EXPS NTLM\r\n");
    assert!(session.client.capabilities().offers(Extension::Auth));
    let refused = session.client.authenticate(&mut Plain::new("u", "p"));
    assert_eq!(refused, Err(Refusal::NoMechanism));
    assert_eq!(session.client.transmit(), b"");
}

#[test]
fn a_line_of_705_octets_with_64_mechanisms_is_read_by_whole_names() {
    let mut names: Vec<String> = (0..61).map(|n| format!("X-MECH-{n:03}")).collect();
    names.extend(["PLAIN2".into(), "DPLAIN".into(), "SASLPLAIN".into()]);
    let mut line = format!("250 AUTH {}", names.join(" "));
    assert_eq!(names.len(), 64);
    line.push_str(&" ".repeat(705 - line.len()));
    let reply = format!("250-mx\r\n{line}\r\n");
    let mut session = offered(&reply);
    assert_eq!(session.client.capabilities().mechanisms().count(), 64);
    let refused = session.client.authenticate(&mut Plain::new("u", "p"));
    assert_eq!(refused, Err(Refusal::NoMechanism));

    let mut session =
        offered(&reply.replace("SASLPLAIN", "PLAIN    ")).then("C: AUTH PLAIN AHUAcA==");
    session.authenticate(&mut Plain::new("u", "p"));
    assert!(session.peer.is_done());
}

#[test]
fn a_size_that_says_nothing_is_no_limit() {
    for size in
        ["SIZE", "SIZE 0", "SIZE unlimited", "SIZE 1 2 3", "SIZE 99999999999999999999999999"]
    {
        let mut session = offered(&format!("250-mx\r\n250 {size}\r\n"));
        assert_eq!(session.client.capabilities().size_limit(), None, "{size}");
        let large = envelope("", &["b@c"]).with_size(Some(u64::MAX));
        session.client.begin(&large).unwrap();
        assert_eq!(
            session.client.transmit(),
            b"MAIL FROM:<> SIZE=18446744073709551615\r\n",
            "{size}"
        );
    }
}

#[test]
fn keywords_in_any_case_are_used() {
    let mut session = offered("250-mx\r\n250-8bitmime\r\n250-sIzE 5\r\n250 pipelining\r\n");
    session.client.begin(&envelope("", &["b@c"]).with_body(Body::EightBitMime)).unwrap();
    let group = b"MAIL FROM:<> BODY=8BITMIME\r\nRCPT TO:<b@c>\r\nDATA\r\n";
    assert_eq!(session.client.transmit(), group);
}

#[test]
fn helo_in_several_lines_brings_no_extensions() {
    let steps: Steps = &[
        (b"220 mx\r\n", EHLO),
        (b"502 no\r\n", HELO),
        (b"250-mx\r\n250-PIPELINING\r\n", ""),
        (b"250 8BITMIME\r\n", ""),
    ];
    let session = play("helo", plain_config(), steps);
    assert_eq!(session.client.wants(), Wants::Command);
    assert!(session.client.capabilities().offered().extensions().is_empty());
    assert_eq!(session.client.capabilities().lines().count(), 0);
}

#[test]
fn limits_are_read_from_the_session() {
    let session = offered("250-mx\r\n250 LIMITS RCPTMAX=1000 MAILMAX=1000\r\n");
    let limits = session.client.capabilities().limits();
    assert_eq!((limits.recipients(), limits.mails()), (Some(1000), Some(1000)));
}

/// Some servers forget the login at a second EHLO, or refuse it.
#[test]
fn nothing_stands_between_auth_and_mail() {
    let script = "C: AUTH PLAIN AHUAcA==\nS: 235 ok\nC: MAIL FROM:<>\nS: 250 ok";
    let mut session = offered("250-mx\r\n250 AUTH PLAIN\r\n").then(script);
    assert_eq!(session.authenticate(&mut Plain::new("u", "p")), Wants::Command);
    session.client.begin(&envelope("", &["b@c"])).unwrap();
    session.peer.extend("C: RCPT TO:<b@c>");
    assert_eq!(session.pump(), Wants::Read);
    assert!(session.peer.is_done());
}

#[test]
fn names_as_they_are_said() {
    for (name, said) in [
        ("my_host", "EHLO my_host\r\n"),
        ("[IPv6:2001:db8::1]", "EHLO [IPv6:2001:db8::1]\r\n"),
        ("[192.0.2.1]", "EHLO [192.0.2.1]\r\n"),
    ] {
        let config = Config::new(EhloName::parse(name).unwrap()).with_tls(TlsPolicy::None);
        let mut session = Session::new(config, "S: 220 mx");
        session.peer.deaf = true;
        session.pump();
        assert_eq!(session.peer.heard, said.as_bytes());
    }
    assert!(EhloName::parse("[2001:db8::1]").is_err(), "the tag is missing");
    let v6 = EhloName::from(core::net::IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1]));
    assert_eq!(v6.as_str(), "[IPv6:2001:db8::1]");
}

#[test]
fn inside_tls_starttls_is_offered_again_and_not_said() {
    let steps: Steps = &[
        (b"220 mx\r\n", EHLO),
        (b"250-mx\r\n250-PIPELINING\r\n250 STARTTLS\r\n", STARTTLS),
        (b"220 go\r\n", ""),
    ];
    let mut session = play("tls", plain_config().with_tls(TlsPolicy::Required), steps);
    session.client.tls_established().unwrap();
    assert!(session.client.capabilities().offered().extensions().is_empty(), "all is forgotten");
    session.peer.heard.clear();
    assert_eq!(session.pump(), Wants::Read);
    assert_eq!(session.hear(b"250-mx\r\n250 STARTTLS\r\n"), Wants::Command);
    assert_eq!(session.peer.heard, EHLO.as_bytes());
    assert!(session.client.inquire(Inquiry::Noop).is_ok());
}

#[test]
fn envelopes_need_what_the_ehlo_inside_tls_offers() {
    let steps: Steps = &[
        (b"220 mx\r\n", EHLO),
        (b"250-mx\r\n250-SMTPUTF8\r\n250 STARTTLS\r\n", STARTTLS),
        (b"220 go\r\n", ""),
    ];
    let mut session = play("tls", plain_config().with_tls(TlsPolicy::Required), steps);
    session.client.tls_established().unwrap();
    session.pump();
    session.hear(b"250 mx\r\n");
    let envelope = Envelope::new("").unwrap().to("\u{e9}@c").unwrap();
    let refused = Refusal::NotOffered(Extension::SmtpUtf8);
    assert_eq!(session.client.begin(&envelope), Err(refused));
}
