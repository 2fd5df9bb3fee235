//! Greeting, EHLO, HELO, STARTTLS, and what is never said before TLS.

use smtp_proto::{
    client::{
        BufferSizes, Client, Config, End, HelloCommand, Inquiry, PeerError, Phase, Refusal,
        TlsPolicy, Wants, When,
    },
    command::{Argument, Attribute, AttributeName},
    hello::{EhloName, Extension},
    reply::Code,
};
use smtp_test_support::session::{Session, plain_config};

fn config(tls: TlsPolicy) -> Config {
    Config::new(EhloName::parse("client.example").unwrap()).with_tls(tls)
}

#[test]
fn ehlo_waits_for_the_last_line_of_the_greeting() {
    let script = "S+ 220-mx.example\\r\\n220-be patient\\r\\n
                  S+ 220\\r\\n
                  C: EHLO client.example
                  S: 250-mx.example greets you
                  S: 250-SIZE 1000
                  S: 250 8bitmime";
    let mut session = Session::new(plain_config(), script);
    assert_eq!(session.pump(), Wants::Command);
    session.expect_events(&["greeting 220", "hello 250"]);
    assert_eq!(session.client.capabilities().size_limit(), Some(1000));
    assert!(session.client.capabilities().offers(Extension::EightBitMime));
    assert_eq!(session.client.capabilities().lines().count(), 2);
}

#[test]
fn the_name_that_was_set_last_is_said() {
    let config = plain_config().with_name(EhloName::parse("other.example").unwrap());
    let mut session =
        Session::new(config, "S: 220 mx\nC: EHLO other.example\nS: 250 mx\nC: QUIT\nS: 221 bye");
    assert_eq!(session.pump(), Wants::Command);
    assert!(!session.client.is_closed());
    assert_eq!(session.quit(), Wants::Nothing);
    assert!(session.client.is_closed() && session.peer.is_done());
}

#[test]
fn refused_ehlo_falls_back_to_helo_and_leaves_no_capabilities() {
    for refusal in ["500 what", "502 EH?", "504 no", "550 no", "451 later"] {
        let script = format!(
            "S: 220 mx\nC: EHLO client.example\nS: {refusal}\nC: HELO client.example\nS: 250-mx\nS: 250 PIPELINING"
        );
        let mut session = Session::new(plain_config(), &script);
        assert_eq!(session.pump(), Wants::Command, "{refusal}");
        assert!(!session.client.capabilities().offers(Extension::Pipelining));
    }
}

#[test]
fn a_421_to_ehlo_is_never_followed_by_helo() {
    let mut session =
        Session::new(plain_config(), "S: 220 mx\nC: EHLO client.example\nS: 421 go away");
    assert_eq!(session.pump(), Wants::Nothing);
    assert_eq!(session.end(), Some(End::ServiceClosing(Phase::Hello)));
    assert!(session.peer.is_done());
}

#[test]
fn helo_is_never_said_where_tls_is_required() {
    let mut refused = Session::new(
        config(TlsPolicy::Required),
        "S: 220 mx\nC: EHLO client.example\nS: 502 no\nC: QUIT",
    );
    assert_eq!(refused.pump(), Wants::Read);
    assert_eq!(refused.end(), Some(End::TlsUnavailable));

    let helo = config(TlsPolicy::Required).with_hello(HelloCommand::Helo);
    let mut at_once = Session::new(helo, "S: 220 mx\nC: QUIT");
    assert_eq!(at_once.pump(), Wants::Read);
    assert_eq!(at_once.end(), Some(End::TlsUnavailable));
    assert_eq!(at_once.peer.heard, b"QUIT\r\n");
}

/// A fault that may pass does not say that STARTTLS is missing.
#[test]
fn ehlo_refused_for_now_ends_a_session_that_wants_tls() {
    for tls in [TlsPolicy::Opportunistic, TlsPolicy::Required] {
        for code in [450, 451, 454] {
            let script = format!("S: 220 mx\nC: EHLO client.example\nS: {code} later\nC: QUIT");
            let mut session = Session::new(config(tls), &script);
            assert_eq!(session.pump(), Wants::Read);
            let code = Code::new(code).unwrap();
            let end = End::Refused { phase: Phase::Hello, code };
            assert_eq!(session.end(), Some(end), "{tls:?}");
            assert_eq!(end.retry(), When::Later);
            assert_eq!(session.peer.heard, b"EHLO client.example\r\nQUIT\r\n");
        }
    }
    let script = "S: 220 mx\nC: EHLO client.example\nS: 550 no\nC: HELO client.example\nS: 250 mx";
    let mut for_good = Session::new(config(TlsPolicy::Opportunistic), script);
    assert_eq!(for_good.pump(), Wants::Command);
    // Inside TLS nothing is missing.
    let mut inside = Session::new(config(TlsPolicy::Required), &format!("{STARTTLS}S: 220 go"));
    assert_eq!(inside.pump(), Wants::Tls);
    inside.client.tls_established().unwrap();
    inside.peer.extend("C: EHLO client.example\nS: 451 later\nC: HELO client.example\nS: 250 mx");
    assert_eq!(inside.pump(), Wants::Command);
}

#[test]
fn required_tls_that_is_not_offered_stops_before_anything_else_is_said() {
    let script =
        "S: 220 mx\nC: EHLO client.example\nS: 250-mx\nS: 250 XXXXXXXA\nC: QUIT\nS: 221 bye";
    let mut session = Session::new(config(TlsPolicy::Required), script);
    assert_eq!(session.pump(), Wants::Nothing);
    assert_eq!(session.end(), Some(End::TlsUnavailable));
    assert!(session.client.quit().is_err(), "it was said unasked");
    assert!(session.peer.is_done());
}

const STARTTLS: &str = "S: 220 mx
    C: EHLO client.example
    S: 250-mx
    S: 250-AUTH PLAIN
    S: 250 starttls
    C: STARTTLS
    ";

#[test]
fn starttls_forgets_what_was_learned_and_says_ehlo_again() {
    let script = format!("{STARTTLS}S+ 220-really\\r\\n220 go\\r\\n");
    let mut session = Session::new(config(TlsPolicy::Required), &script);
    assert_eq!(session.pump(), Wants::Tls);
    assert!(session.client.capabilities().offers(Extension::Auth));
    session.client.tls_established().unwrap();
    assert!(!session.client.capabilities().offers(Extension::Auth));
    session.peer.extend("C: EHLO client.example\nS: 250-mx\nS: 250 STARTTLS");
    assert_eq!(session.pump(), Wants::Command, "STARTTLS inside TLS is not used");
    assert!(session.client.is_secure());
    assert!(session.peer.is_done());
}

#[test]
fn starttls_refuses_injected_plaintext() {
    for injected in ["\\r\\n", "x", "250-mx.evil\\r\\n250 AUTH LOGIN\\r\\n", "\\x16\\x03"] {
        let script = format!("{STARTTLS}S+ 220 go\\r\\n{injected}");
        let mut session = Session::new(config(TlsPolicy::Opportunistic), &script);
        assert_eq!(session.pump(), Wants::Nothing, "{injected}");
        assert_eq!(session.end(), Some(End::Peer(PeerError::PlaintextBehindStartTls)));
        assert!(session.client.tls_established().is_err());
    }
}

#[test]
fn plaintext_that_comes_while_the_handshake_is_due_is_refused_too() {
    let mut session = Session::new(config(TlsPolicy::Required), &format!("{STARTTLS}S: 220 go"));
    assert_eq!(session.pump(), Wants::Tls);
    session.client.read_buf()[0] = b'2';
    session.client.received(1).unwrap();
    assert_eq!(session.client.wants(), Wants::Nothing);
    assert_eq!(session.end(), Some(End::Peer(PeerError::PlaintextBehindStartTls)));
}

#[test]
fn refused_starttls_stops_or_goes_on_by_policy() {
    for (policy, said, wants) in [
        (TlsPolicy::Required, "C: QUIT", Wants::Read),
        (TlsPolicy::Opportunistic, "", Wants::Command),
    ] {
        let mut session =
            Session::new(config(policy), &format!("{STARTTLS}S: 454 not now\n{said}"));
        assert_eq!(session.pump(), wants);
        assert!(session.peer.is_done());
        assert!(!session.client.is_secure());
    }
}

#[test]
fn only_220_starts_a_handshake() {
    for code in ["221", "250", "354"] {
        let script = format!("{STARTTLS}S: {code} what");
        let mut session = Session::new(config(TlsPolicy::Opportunistic), &script);
        assert_eq!(session.pump(), Wants::Nothing, "{code}");
        assert!(matches!(session.end(), Some(End::Peer(PeerError::UnexpectedCode { .. }))));
    }
}

#[test]
fn implicit_tls_shakes_hands_before_the_greeting() {
    let mut session = Session::new(config(TlsPolicy::Implicit), "");
    assert_eq!(session.pump(), Wants::Tls);
    session.client.tls_established().unwrap();
    session.peer.extend("S: 220 mx\nC: EHLO client.example\nS: 250 mx");
    assert_eq!(session.pump(), Wants::Command);
}

#[test]
fn a_refused_greeting_allows_nothing_but_quit() {
    let mut session = Session::new(plain_config(), "S: 554 go away\nC: QUIT\nS: 221 bye");
    assert_eq!(session.pump(), Wants::Nothing);
    assert!(session.client.inquire(Inquiry::Noop).is_err());
    assert!(session.peer.is_done());
}

#[test]
fn a_masked_extension_is_not_used() {
    let config = plain_config().with_mask([Extension::Pipelining].into_iter().collect());
    let session = Session::open(config, "PIPELINING SIZE_5");
    assert!(!session.client.capabilities().offers(Extension::Pipelining));
    assert_eq!(session.client.capabilities().size_limit(), Some(5));
}

#[test]
fn octets_behind_the_greeting_before_ehlo_are_an_attack() {
    for behind in ["250 mx\\r\\n", "25"] {
        let mut session = Session::new(plain_config(), &format!("S+ 220 mx\\r\\n{behind}"));
        assert_eq!(session.pump(), Wants::Nothing, "{behind}");
        assert_eq!(session.end(), Some(End::Peer(PeerError::Unsolicited)));
        assert_eq!(session.peer.heard, b"");
    }
}

#[test]
fn another_protocol_is_named() {
    for (octets, protocol) in
        [("\x15\x03", "TLS"), ("HTTP", "HTTP"), ("SSH-", "SSH"), ("* OK", "IMAP"), ("+OK", "POP3")]
    {
        let mut session = Session::new(plain_config(), &format!("S+ {octets}"));
        assert_eq!(session.pump(), Wants::Nothing);
        let Some(End::Peer(error)) = session.end() else { panic!() };
        assert!(error.to_string().contains(protocol), "{error}");
    }
}

/// A session with a Postfix that lets its clients speak for others.
fn trusted() -> Session {
    Session::open(plain_config(), "XCLIENT_NAME_ADDR_LOGIN XFORWARD_NAME_IDENT PIPELINING")
}

fn attribute(name: AttributeName, value: &str) -> Attribute<'_> {
    Attribute::new(name, Argument::new(value).unwrap())
}

#[test]
fn xclient_makes_the_session_a_new_one() {
    let mut session = trusted().then(
        "C: XCLIENT ADDR=192.0.2.1 NAME=[UNAVAILABLE]
         S: 220 mx.example ESMTP
         C: EHLO client.example
         S: 250-mx.example
         S: 250 SIZE 10",
    );
    let attributes =
        [attribute(AttributeName::Addr, "192.0.2.1"), Attribute::unavailable(AttributeName::Name)];
    session.client.inquire(Inquiry::XClient(&attributes)).unwrap();
    // Nothing may be queued behind it.
    assert!(!session.client.can_begin());
    assert_eq!(session.pump(), Wants::Command);
    session.expect_events(&["xclient 220", "hello 250"]);
    assert!(session.client.can_begin());
    assert!(!session.client.capabilities().offers(Extension::Pipelining));
}

#[test]
fn refused_xclient_leaves_the_session_as_it_was() {
    let mut session = trusted().then("C: XCLIENT LOGIN=a+2Bb\nS: 550 5.7.0 not you");
    let attributes = [attribute(AttributeName::Login, "a+b")];
    assert_eq!(session.inquire(Inquiry::XClient(&attributes)), Wants::Command);
    assert!(session.client.can_begin());
    assert!(session.client.capabilities().offers(Extension::Pipelining));
}

#[test]
fn xclient_answered_250_ends_the_session() {
    let mut session = trusted().then("C: XCLIENT LOGIN=a\nS: 250 ok");
    let attributes = [attribute(AttributeName::Login, "a")];
    assert_eq!(session.inquire(Inquiry::XClient(&attributes)), Wants::Nothing);
}

#[test]
fn attributes_that_the_server_does_not_take_are_not_sent() {
    let mut session = trusted().then("C: XFORWARD IDENT=4711\nS: 250 ok");
    let ident = [attribute(AttributeName::Ident, "4711")];
    for inquiry in [Inquiry::XClient(&ident), Inquiry::XClient(&[])] {
        let refusal = session.client.inquire(inquiry).unwrap_err();
        assert_eq!(refusal, Refusal::NotOffered(Extension::XClient));
    }
    let name = [attribute(AttributeName::Name, "a"), attribute(AttributeName::Addr, "192.0.2.1")];
    for inquiry in [Inquiry::XForward(&name), Inquiry::XForward(&[])] {
        let refusal = session.client.inquire(inquiry).unwrap_err();
        assert_eq!(refusal, Refusal::NotOffered(Extension::XForward));
    }
    assert_eq!(session.inquire(Inquiry::XForward(&ident)), Wants::Command);
    session.expect_events(&["xforward 250"]);
}

#[test]
fn a_session_that_ends_while_quit_is_said_stays_ended() {
    let mut session = Session::open(plain_config(), "");
    // The start of a reply to nothing; what it is shows when something is to be said.
    assert_eq!(session.hear(b"250-x\r\n"), Wants::Command);
    session.client.quit().unwrap();
    assert_eq!(session.client.wants(), Wants::Nothing);
    assert_eq!(session.client.transmit(), b"");
    assert_eq!(session.end(), Some(End::Peer(PeerError::Unsolicited)));
}

#[test]
fn a_session_that_ends_while_xclient_is_said_stays_ended() {
    let attributes = [attribute(AttributeName::Login, "a")];
    let mut session = trusted();
    assert_eq!(session.hear(b"250-x\r\n"), Wants::Command);
    session.client.inquire(Inquiry::XClient(&attributes)).unwrap();
    assert_eq!(session.client.wants(), Wants::Nothing);
}

#[test]
fn a_session_whose_first_command_does_not_fit_is_given_up() {
    let hello = "EHLO client.example\r\n".len();
    for (room, end) in [(hello, None), (hello - 1, Some(End::Aborted(Phase::Hello)))] {
        let sizes = BufferSizes::SMALL.with_transmit(room);
        let client = Client::with_sizes(plain_config(), sizes);
        let mut session = Session::with_client(client, "S: 220 mx\nC: EHLO client.example");
        session.pump();
        assert_eq!(session.end(), end, "{room}");
        assert_eq!(session.peer.is_done(), end.is_none(), "nothing leaves in part");
    }
}

/// A server that has no room says so at once: the next connection has none either.
#[test]
fn a_session_that_ends_while_it_opens_is_for_later_however_it_is_read() {
    for reads in [
        &["220 mx\r\n421 too many\r\n"][..],
        &["220 mx\r\n", "421 too many\r\n"],
        &["220 mx\r\n", "502 no\r\n421 too many\r\n"],
        &["220 mx\r\n", "502 no\r\n", "421 too many\r\n"],
    ] {
        let mut session = Session::new(plain_config(), "");
        session.peer.deaf = true;
        session.pump();
        for read in reads {
            session.hear(read.as_bytes());
        }
        assert_eq!(session.end(), Some(End::ServiceClosing(Phase::Hello)), "{reads:?}");
        assert_eq!(session.end().unwrap().retry(), When::Later, "{reads:?}");
    }
}

#[test]
fn the_wait_for_the_greeting_begins_anew_behind_the_handshake() {
    let config = plain_config().with_tls(TlsPolicy::Implicit);
    let mut session = Session::new(config, "");
    assert_eq!(session.pump(), Wants::Tls);
    let (phase, number) = session.client.patience();
    assert_eq!(phase, Phase::Tls);
    session.client.tls_established().unwrap();
    let (phase, anew) = session.client.patience();
    assert_eq!(phase, Phase::Greeting);
    assert_ne!(number, anew);
}

#[test]
fn a_stream_that_ends_in_the_handshake_is_lost_there() {
    let mut session = Session::new(plain_config().with_tls(TlsPolicy::Implicit), "");
    session.client.received(0).unwrap();
    assert_eq!(session.pump(), Wants::Nothing);
    assert_eq!(session.end(), Some(End::Lost(Phase::Tls)));
}

#[test]
fn a_broken_protocol_is_said_by_the_poll_that_finds_it() {
    let config = plain_config().with_tls(TlsPolicy::Required);
    let mut session = Session::new(
        config,
        "S: 220 mx\nC: EHLO client.example\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS+ 220 go\\r\\nx",
    );
    assert_eq!(session.pump(), Wants::Nothing);
    assert_eq!(session.events.last().unwrap(), "error PlaintextBehindStartTls");

    let mut early = Session::new(plain_config(), "S+ 220 mx\\r\\n25");
    assert_eq!(early.pump(), Wants::Nothing);
    assert_eq!(early.events.last().unwrap(), "error Unsolicited");
}
