//! Every hostile server octet stream of the corpus that belongs into a dialogue, played there.

mod support;

use smtp_proto::{
    client::{Authentication, Config, End, PeerError, TlsPolicy, Wants},
    hello::{EhloName, Extension},
    sasl::{Login, Plain},
};
use support::{Session, envelope, plain_config};

fn file(name: &str) -> Vec<u8> {
    let root = env!("CARGO_MANIFEST_DIR");
    std::fs::read(format!("{root}/tests/corpus/hostile/{name}.bin")).unwrap()
}

/// Names of the rows whose `when` starts like this.
fn rows(when: &str) -> Vec<String> {
    let index = include_str!("corpus/hostile/index.tsv");
    let rows = index.lines().skip(1).map(|row| row.split('\t').collect::<Vec<_>>());
    let names = rows.filter(|row| row[1].starts_with(when)).map(|row| row[0].replace(".bin", ""));
    names.collect()
}

fn config(tls: TlsPolicy) -> Config {
    Config::new(EhloName::parse("client.example").unwrap()).with_tls(tls)
}

/// Lets the client read these octets at once, and the end of the stream after them if it wants.
fn feed(session: &mut Session, octets: &[u8]) -> Wants {
    let mut rest = octets;
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at(rest.len().min(session.client.read_buf().len()));
        if piece.is_empty() {
            break;
        }
        rest = behind;
        session.client.read_buf()[..piece.len()].copy_from_slice(piece);
        session.client.received(piece.len()).unwrap();
        session.pump();
    }
    session.pump()
}

fn peer_error(session: &Session) -> Option<PeerError> {
    match session.end() {
        Some(End::Peer(error)) => Some(error),
        _ => None,
    }
}

#[test]
fn greetings() {
    for name in rows("greeting") {
        if name.starts_with("quit-") || name.starts_with("helo-") {
            continue;
        }
        let mut session = Session::new(plain_config(), "");
        assert_eq!(feed(&mut session, &file(&name)), Wants::Nothing, "{name}");
        assert_eq!(session.peer.heard, b"", "{name}: nothing but QUIT may be sent");
        match name.as_str() {
            "greet-530" | "greet-554" => {
                assert!(matches!(session.end(), Some(End::Refused { .. })));
            }
            "greet-pipelined-ehlo" => {
                assert_eq!(peer_error(&session), Some(PeerError::Unsolicited));
            }
            _ => assert!(
                matches!(peer_error(&session), Some(PeerError::UnexpectedCode { .. })),
                "{name}"
            ),
        }
    }
}

#[test]
fn quits_behind_a_refused_greeting() {
    for name in rows("greeting was 500, QUIT sent") {
        let mut session = Session::new(plain_config(), "S: 500 no\nC: QUIT");
        assert_eq!(session.pump(), Wants::Nothing);
        assert_eq!(session.quit(), Wants::Read);
        assert_eq!(feed(&mut session, &file(&name)), Wants::Nothing, "{name}");
        assert!(session.peer.is_done());
    }
}

#[test]
fn offers() {
    for name in rows("EHLO reply") {
        let required = rows("EHLO reply (RequireTls").contains(&name);
        let policy = if required || name.contains("stripped") {
            TlsPolicy::Required
        } else {
            TlsPolicy::None
        };
        let mut session = Session::new(config(policy), "S: 220 mx\nC: EHLO client.example");
        if name == "starttls-reoffered" {
            session =
                Session::new(config(TlsPolicy::Implicit), "S: 220 mx\nC: EHLO client.example");
            assert_eq!(session.pump(), Wants::Tls);
            session.client.tls_established().unwrap();
        }
        assert_eq!(session.pump(), Wants::Read, "{name}");
        let wants = feed(&mut session, &file(&name));
        match name.as_str() {
            "ehlo-221" | "ehlo-354" => {
                assert!(matches!(peer_error(&session), Some(PeerError::UnexpectedCode { .. })));
            }
            "ehlo-500" | "ehlo-502" | "ehlo-xxxx-stripped" => {
                assert_eq!(session.end(), Some(End::TlsUnavailable));
            }
            // The answer to HELO is there before HELO is said.
            "ehlo-500-then-helo-250" => {
                assert_eq!(peer_error(&session), Some(PeerError::Unsolicited));
            }
            "ehlo-1000-keywords" => {
                assert!(matches!(peer_error(&session), Some(PeerError::Malformed { .. })));
            }
            _ => assert_eq!(wants, Wants::Command, "{name}: {:?}", session.end()),
        }
        assert!(!session.peer.heard.ends_with(b"STARTTLS\r\n"), "{name}");
    }
}

#[test]
fn helos() {
    for name in rows("EHLO refused with 500, HELO sent") {
        let script = "S: 220 mx\nC: EHLO client.example\nS: 500 no\nC: HELO client.example";
        let mut session = Session::new(config(TlsPolicy::Opportunistic), script);
        assert_eq!(session.pump(), Wants::Read);
        assert_eq!(feed(&mut session, &file(&name)), Wants::Nothing, "{name}");
        assert!(session.end().is_some());
        assert!(session.peer.is_done());
    }
}

#[test]
fn starttls() {
    for name in rows("after STARTTLS") {
        for policy in [TlsPolicy::Required, TlsPolicy::Opportunistic] {
            let script =
                "S: 220 mx\nC: EHLO client.example\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS";
            let mut session = Session::new(config(policy), script);
            assert_eq!(session.pump(), Wants::Read);
            let wants = feed(&mut session, &file(&name));
            match name.as_str() {
                "starttls-multiline" => assert_eq!(wants, Wants::Tls),
                "starttls-454" | "starttls-502" | "starttls-530"
                    if policy == TlsPolicy::Opportunistic =>
                {
                    assert_eq!(wants, Wants::Command);
                }
                _ => assert_eq!(wants, Wants::Nothing, "{name}"),
            }
            // That file is what comes in place of the 220.
            if name.starts_with("starttls-inject") && !name.ends_with("second-segment") {
                assert_eq!(
                    peer_error(&session),
                    Some(PeerError::PlaintextBehindStartTls),
                    "{name}"
                );
            }
            assert!(session.peer.is_done(), "{name}: nothing follows");
        }
    }
}

const GROUP: &str = "C: MAIL FROM:<alice@example.org>\nC: RCPT TO:<a@example.net>\nC: RCPT TO:<b@example.net>\nC: RCPT TO:<c@example.net>\nC: DATA";

fn group() -> (Session, smtp_proto::envelope::Envelope) {
    let session = Session::open(plain_config(), "PIPELINING").then(GROUP);
    let to = ["a@example.net", "b@example.net", "c@example.net"];
    (session, envelope("alice@example.org", &to))
}

#[test]
fn recipients() {
    for (name, code) in [("rcpt-251", 251), ("esc-class-mismatch", 250), ("esc-huge", 550)] {
        let (mut session, envelope) = group();
        session.client.begin(&envelope).unwrap();
        assert_eq!(session.pump(), Wants::Read);
        assert_eq!(feed(&mut session, b"250 ok\r\n"), Wants::Read);
        assert_eq!(feed(&mut session, &file(name)), Wants::Read);
        session.expect_events(&["mail[0] 250", &format!("rcpt[0.0] {code}")]);
    }
}

#[test]
fn go_aheads() {
    for (name, wants) in [
        ("data-250", Wants::Nothing),
        ("data-354-and-250", Wants::Nothing),
        ("esc-354", Wants::Content),
    ] {
        let (mut session, envelope) = group();
        session.client.begin(&envelope).unwrap();
        assert_eq!(session.pump(), Wants::Read);
        assert_eq!(feed(&mut session, b"250 ok\r\n250 a\r\n250 b\r\n250 c\r\n"), Wants::Read);
        assert_eq!(feed(&mut session, &file(name)), wants, "{name}");
        let delivered = session.events.iter().any(|event| event.contains("Answered"));
        assert!(!delivered, "{name}: {:?}", session.events);
        assert!(!session.peer.heard.ends_with(b".\r\n"), "{name}");
    }
}

#[test]
fn groups() {
    for name in rows("pipelined MAIL,RCPT a") {
        let (mut session, envelope) = group();
        session.client.begin(&envelope).unwrap();
        assert_eq!(session.pump(), Wants::Read);
        let wants = feed(&mut session, &file(&name));
        let heard = session.peer.heard.clone();
        assert!(heard.ends_with(b"DATA\r\n"), "{name}: no content is sent");
        assert!(!session.events.iter().any(|event| event.contains("Answered")), "{name}");
        assert_eq!(wants, Wants::Nothing, "{name} {:?}", session.events);
    }
}

#[test]
fn final_replies() {
    for name in rows("reply to final dot") {
        let (mut session, envelope) = group();
        session
            .peer
            .extend("S- 250 ok\\r\\n250 a\\r\\n250 b\\r\\n250 c\\r\\n354 go\\r\\n\nC: hi\nC: .");
        assert_eq!(session.send(&envelope, b"hi"), Wants::Read);
        let wants = feed(&mut session, &file(&name));
        if name == "dot-550-250" {
            assert_eq!(wants, Wants::Nothing);
            assert_eq!(peer_error(&session), Some(PeerError::Unsolicited));
            assert_eq!(session.events[5..7], ["final[0] 550", "ended[0] Answered"]);
            continue;
        }
        session.client.received(0).unwrap();
        assert_eq!(session.pump(), Wants::Nothing, "{name}");
        assert_eq!(session.events.last().unwrap(), "ended[0] Unknown", "{name}");
    }
}

#[test]
fn auth_dialogues() {
    let open = |script: &str| {
        let config = plain_config().with_plaintext_auth(true);
        Session::open(config, "AUTH_PLAIN_LOGIN").then(script)
    };
    // LOGIN does not read its prompts.
    for name in ["auth-334-12288", "auth-334-notbase64"] {
        let mut session = open("C: AUTH LOGIN");
        assert_eq!(session.authenticate(&mut Login::new("u", "p")), Wants::Read);
        assert_eq!(feed(&mut session, &file(name)), Wants::Credentials, "{name}");
    }
    let mut huge = open("C: AUTH LOGIN");
    assert_eq!(huge.authenticate(&mut Login::new("u", "p")), Wants::Read);
    assert_eq!(feed(&mut huge, &file("auth-334-huge")), Wants::Nothing);
    assert!(matches!(peer_error(&huge), Some(PeerError::Malformed { .. })));

    let plain = "C: AUTH PLAIN AHUAcA==";
    let mut again = open(plain);
    let mut mechanism = Plain::new("u", "p");
    assert_eq!(again.authenticate(&mut mechanism), Wants::Read);
    assert_eq!(feed(&mut again, &file("auth-334-after-plain-ir")), Wants::Credentials);
    again.peer.extend("C: *\nS: 501 ok");
    assert_eq!(again.authenticate_further(&mut mechanism), Wants::Command);
    assert_eq!(again.client.authentication(), Authentication::BadChallenge);

    let mut refused = open(plain);
    assert_eq!(refused.authenticate(&mut Plain::new("u", "p")), Wants::Read);
    assert_eq!(feed(&mut refused, &file("auth-538")), Wants::Command);
    assert!(matches!(refused.client.authentication(), Authentication::Refused(_)));
    assert!(refused.peer.is_done(), "no weaker mechanism is tried");
}

#[test]
fn idle_servers() {
    for (name, end) in [("unsolicited-250-idle", false), ("unsolicited-421-idle", true)] {
        let mut session = Session::open(plain_config(), "");
        assert_eq!(feed(&mut session, &file(name)), Wants::Nothing, "{name}");
        assert_eq!(matches!(session.end(), Some(End::ServiceClosing(_))), end, "{name}");
        assert!(session.client.begin(&envelope("", &["a@example.net"])).is_err());
    }
}

#[test]
fn resets() {
    for name in rows("EHLO refused with 500, RSET sent") {
        let script = "S: 220 mx\nC: EHLO client.example\nS: 500 no\nC: HELO client.example\nS: 250 mx\nC: RSET";
        let mut session = Session::new(plain_config(), script);
        assert_eq!(session.pump(), Wants::Command);
        assert_eq!(session.inquire(smtp_proto::client::Inquiry::Rset), Wants::Read);
        let wants = feed(&mut session, &file(&name));
        assert!(session.peer.is_done());
        // 221 is a completion; judged by class the reset is done, and the close that follows tells.
        if name.ends_with("221") {
            assert_eq!(wants, Wants::Command);
        } else {
            assert_eq!(wants, Wants::Nothing, "{name}");
            assert!(!session.client.is_reusable());
        }
    }
}

#[test]
fn last_words() {
    let mut session = Session::open(plain_config(), "").then("C: QUIT");
    assert_eq!(session.quit(), Wants::Read);
    feed(&mut session, &file("quit-garbage"));
    session.client.received(0).unwrap();
    assert_eq!(session.pump(), Wants::Nothing);
    assert_eq!(session.end(), Some(End::Quit));
}

#[test]
fn passwords_with_line_ends_leave_only_in_base64() {
    let password = String::from_utf8(file("in-pass-crlf")).unwrap();
    let config = plain_config().with_plaintext_auth(true);
    let mut session = Session::open(config, "AUTH_PLAIN");
    session.client.authenticate(&mut Plain::new("u", &password)).unwrap();
    let line = session.client.transmit();
    assert_eq!(line.split(|&octet| octet == b'\n').count(), 2);
    assert!(line.iter().all(|octet| octet.is_ascii_graphic() || b" \r\n".contains(octet)));
}

#[test]
fn octets_that_no_envelope_can_hold_write_nothing() {
    use smtp_proto::envelope::Envelope;
    for name in rows("input: recipient or sender address") {
        let Ok(address) = String::from_utf8(file(&name)) else { continue };
        let mut session = Session::open(plain_config(), "PIPELINING");
        if let Ok(envelope) = Envelope::new("alice@example.org").and_then(|e| e.to(&address)) {
            if !address.is_ascii() {
                let error = session.client.begin(&envelope).unwrap_err();
                let refused = smtp_proto::client::Refusal::NotOffered(Extension::SmtpUtf8);
                assert_eq!(error, refused, "{name}");
                assert_eq!(session.client.transmit(), b"", "{name}");
                continue;
            }
            session.client.begin(&envelope).unwrap();
            let line = format!("RCPT TO:<{address}>\r\n");
            let sent = String::from_utf8(session.client.transmit().to_vec()).unwrap();
            assert!(sent.contains(&line), "{name}: {sent}");
            assert_eq!(sent.matches("\r\n").count(), 3, "{name}");
        }
    }
}
