//! Greeting, EHLO, HELO, STARTTLS, and what follows a refusal there.

use smtp_proto::{
    client::{Config, End, Inquiry, PeerError, Phase, TlsPolicy, Wants},
    hello::{Extension, Extensions, ServerLimits},
};

use super::{Row, Taken, peer_error};
use smtp_test_support::session::{Session, plain_config};

fn config(tls: TlsPolicy) -> Config {
    plain_config().with_tls(tls)
}

fn session(tls: TlsPolicy, script: &str) -> Session {
    let mut session = Session::new(config(tls), script);
    assert_eq!(session.pump(), Wants::Read);
    session
}

/// The session is over: at once, or QUIT is the last that was said.
fn hear_the_end(row: &Row, session: &mut Session) {
    match session.hear(&row.octets) {
        Wants::Nothing => {}
        wants => {
            assert_eq!((wants, session.client.phase()), (Wants::Read, Phase::Quit), "{}", row.name);
            assert!(session.peer.heard.ends_with(b"QUIT\r\n"), "{}", row.name);
            assert!(session.end().is_some(), "{}", row.name);
        }
    }
}

/// Nothing leaves any more, whatever the caller asks for.
fn assert_over(row: &Row, session: &mut Session) {
    let heard = session.peer.heard.clone();
    assert!(session.client.inquire(Inquiry::Noop).is_err(), "{}", row.name);
    assert!(session.client.quit().is_err(), "{}", row.name);
    assert!(matches!(session.pump(), Wants::Nothing | Wants::Read), "{}", row.name);
    assert_eq!(session.peer.heard, heard, "{}", row.name);
}

pub fn greeting(row: &Row) -> Taken {
    let mut session = session(TlsPolicy::None, "");
    hear_the_end(row, &mut session);
    let refused = matches!(session.end(), Some(End::Refused { .. }));
    let may_leave: &[u8] = if refused { b"QUIT\r\n" } else { b"" };
    assert_eq!(session.peer.heard, may_leave, "{}", row.name);
    let code = row.name["greet-".len()..].parse().unwrap_or(0);
    match row.name.as_str() {
        "greet-530" | "greet-554" => {
            let Some(End::Refused { phase: Phase::Greeting, code: refused }) = session.end() else {
                panic!("{}: {:?}", row.name, session.end());
            };
            assert_eq!(refused.value(), code, "{}", row.name);
        }
        "greet-221" | "greet-235" | "greet-250" | "greet-354" => {
            let Some(PeerError::UnexpectedCode { phase: Phase::Greeting, code: unexpected }) =
                peer_error(&session)
            else {
                panic!("{}: {:?}", row.name, session.end());
            };
            assert_eq!(unexpected.value(), code, "{}", row.name);
        }
        "greet-pipelined-ehlo" => {
            assert_eq!(peer_error(&session), Some(PeerError::Unsolicited), "{}", row.name);
        }
        _ => row.unknown(),
    }
    assert_over(row, &mut session);
    Taken::Refused
}

pub fn quit_behind_a_refused_greeting(row: &Row) -> Taken {
    let mut session = Session::new(plain_config(), "S: 500 no\nC: QUIT");
    assert_eq!(session.pump(), Wants::Read);
    assert_eq!(session.hear(&row.octets), Wants::Nothing, "{}", row.name);
    assert!(session.peer.is_done(), "{}: nothing more is sent", row.name);
    assert!(
        matches!(session.end(), Some(End::Refused { phase: Phase::Greeting, .. })),
        "{}: the first cause stays",
        row.name
    );
    Taken::Accepted
}

const GREETED: &str = "S: 220 mx\nC: EHLO client.example";

/// What each offer is read as: the extensions and the limit of SIZE.
fn offered(row: &Row) -> (Extensions, Option<u64>) {
    let (extensions, limit): (&[Extension], _) = match row.name.as_str() {
        "ehlo-auth-legacy-only" => (&[Extension::Auth], None),
        "ehlo-case" => (&[Extension::StartTls, Extension::Auth], None),
        "ehlo-keyword-ctl" => (&[], None),
        "ehlo-limits-bad" => (&[Extension::Limits], None),
        "ehlo-pipelining-lie" => (&[Extension::Pipelining], None),
        "ehlo-size-negative" | "ehlo-size-overflow" | "ehlo-size-plus" | "ehlo-size-zero" => {
            (&[Extension::Size], None)
        }
        // The first stands.
        "ehlo-size-twice" => (&[Extension::Size], Some(10)),
        "ehlo-starttls-in-greeting" | "ehlo-xxxx-stripped" => (&[Extension::Help], None),
        "ehlo-starttls-param" => (&[Extension::StartTls], None),
        _ => row.unknown(),
    };
    (extensions.iter().copied().collect(), limit)
}

pub fn offer(row: &Row) -> Taken {
    match row.name.as_str() {
        "ehlo-354" => return unexpected_offer(row),
        "ehlo-500-then-helo-250" => return refused_then_helo(row),
        "ehlo-1000-keywords" => {
            let mut session = session(TlsPolicy::None, GREETED);
            assert_eq!(session.hear(&row.octets), Wants::Nothing);
            let error = peer_error(&session);
            assert!(matches!(error, Some(PeerError::Malformed { phase: Phase::Hello, .. })));
            return Taken::Refused;
        }
        _ => {}
    }
    let mut session = session(TlsPolicy::None, GREETED);
    assert_eq!(session.hear(&row.octets), Wants::Command, "{}: {:?}", row.name, session.end());
    let capabilities = session.client.capabilities();
    let found = (capabilities.offered().extensions(), capabilities.size_limit());
    assert_eq!(found, offered(row), "{}", row.name);
    assert_eq!(capabilities.limits(), ServerLimits::default(), "{}", row.name);
    match row.name.as_str() {
        "ehlo-auth-legacy-only" => assert!(capabilities.mechanisms().eq(["PLAIN", "LOGIN"])),
        "ehlo-case" => assert!(capabilities.offers_mechanism("PLAIN")),
        "ehlo-xxxx-stripped" => return stripped(row),
        "ehlo-starttls-in-greeting" => {
            assert_eq!(required(row).end(), Some(End::TlsUnavailable));
        }
        "ehlo-starttls-param" => assert!(required(row).peer.heard.ends_with(b"STARTTLS\r\n")),
        _ => {}
    }
    Taken::Accepted
}

/// The same where TLS is required.
fn required(row: &Row) -> Session {
    let mut session = session(TlsPolicy::Required, GREETED);
    session.peer.deaf = true;
    session.hear(&row.octets);
    session
}

fn unexpected_offer(row: &Row) -> Taken {
    let mut session = session(TlsPolicy::None, GREETED);
    assert_eq!(session.hear(&row.octets), Wants::Nothing, "{}", row.name);
    let error = peer_error(&session);
    assert!(
        matches!(error, Some(PeerError::UnexpectedCode { phase: Phase::Hello, .. })),
        "{}: {error:?}",
        row.name
    );
    assert_over(row, &mut session);
    Taken::Refused
}

/// With TLS required the session ends; no credential leaves.
fn stripped(row: &Row) -> Taken {
    let mut session = required(row);
    assert_eq!(session.end(), Some(End::TlsUnavailable));
    assert_eq!(session.peer.heard, b"EHLO client.example\r\nQUIT\r\n");
    assert_over(row, &mut session);
    Taken::Accepted
}

/// HELO where the policy allows plaintext; and never before EHLO is answered.
fn refused_then_helo(row: &Row) -> Taken {
    let end = row.octets.windows(2).position(|two| two == b"\r\n").unwrap() + 2;
    let (refusal, hello) = row.octets.split_at(end);
    let mut fallback = session(TlsPolicy::Opportunistic, GREETED).then("C: HELO client.example");
    assert_eq!(fallback.hear(refusal), Wants::Read);
    assert_eq!(fallback.hear(hello), Wants::Command);
    assert!(fallback.peer.is_done());

    let mut at_once = session(TlsPolicy::Opportunistic, GREETED);
    assert_eq!(at_once.hear(&row.octets), Wants::Nothing);
    assert_eq!(peer_error(&at_once), Some(PeerError::Unsolicited));

    let mut required = session(TlsPolicy::Required, GREETED).then("C: QUIT");
    assert_eq!(required.hear(refusal), Wants::Read);
    assert_eq!(required.end(), Some(End::TlsUnavailable));
    assert!(required.peer.is_done(), "no HELO");
    Taken::Accepted
}

pub fn offer_where_tls_is_required(row: &Row) -> Taken {
    match row.name.as_str() {
        "ehlo-221" => return unexpected_offer(row),
        "ehlo-500" | "ehlo-502" => {}
        _ => row.unknown(),
    }
    let mut session = session(TlsPolicy::Required, GREETED).then("C: QUIT");
    hear_the_end(row, &mut session);
    assert_eq!(session.end(), Some(End::TlsUnavailable), "{}", row.name);
    assert!(session.peer.is_done(), "{}: no HELO", row.name);
    assert_over(row, &mut session);
    Taken::Refused
}

pub fn offer_inside_tls(row: &Row) -> Taken {
    let mut session = Session::new(config(TlsPolicy::Implicit), GREETED);
    assert_eq!(session.pump(), Wants::Tls);
    session.client.tls_established().unwrap();
    assert_eq!(session.pump(), Wants::Read);
    assert_eq!(session.hear(&row.octets), Wants::Command);
    assert!(session.client.capabilities().offers(Extension::StartTls));
    assert!(session.peer.is_done(), "STARTTLS is not said inside TLS");
    Taken::Accepted
}

pub fn helo(row: &Row) -> Taken {
    let script = "S: 220 mx\nC: EHLO client.example\nS: 500 no\nC: HELO client.example";
    let mut session = session(TlsPolicy::Opportunistic, script);
    hear_the_end(row, &mut session);
    let end = session.end();
    let fits = match row.name.as_str() {
        "helo-after-ehlo500-220" | "helo-after-ehlo500-221" | "helo-after-ehlo500-354" => {
            matches!(end, Some(End::Peer(PeerError::UnexpectedCode { phase: Phase::Hello, .. })))
        }
        "helo-after-ehlo500-421" => end == Some(End::ServiceClosing(Phase::Hello)),
        "helo-after-ehlo500-500" | "helo-after-ehlo500-501" | "helo-after-ehlo500-530" => {
            matches!(end, Some(End::Refused { phase: Phase::Hello, .. }))
        }
        _ => row.unknown(),
    };
    assert!(fits, "{}: {end:?}", row.name);
    assert_over(row, &mut session);
    Taken::Refused
}

pub fn rset_behind_helo(row: &Row) -> Taken {
    let script =
        "S: 220 mx\nC: EHLO client.example\nS: 500 no\nC: HELO client.example\nS: 250 mx\nC: RSET";
    let mut session = Session::new(plain_config(), script);
    assert_eq!(session.pump(), Wants::Command);
    assert_eq!(session.inquire(Inquiry::Rset), Wants::Read);
    let wants = session.hear(&row.octets);
    assert!(session.peer.is_done());
    match row.name.as_str() {
        // The close that follows tells.
        "rset-after-ehlo500-221" => {
            assert_eq!(wants, Wants::Command);
            return Taken::Accepted;
        }
        "rset-after-ehlo500-354" => {
            let error = peer_error(&session);
            let fits = matches!(error, Some(PeerError::UnexpectedCode { phase: Phase::Rset, .. }));
            assert!(fits, "{error:?}");
        }
        "rset-after-ehlo500-500" | "rset-after-ehlo500-501" => {
            assert!(matches!(session.end(), Some(End::Refused { phase: Phase::Rset, .. })));
        }
        _ => row.unknown(),
    }
    assert!(!session.client.is_reusable(), "{}", row.name);
    assert_over(row, &mut session);
    Taken::Refused
}

const STARTTLS: &str =
    "S: 220 mx\nC: EHLO client.example\nS: 250-mx\nS: 250-AUTH PLAIN\nS: 250 STARTTLS\nC: STARTTLS";

pub fn starttls(row: &Row) -> Taken {
    let taken = starttls_by(row, TlsPolicy::Required);
    let opportunistic = starttls_by(row, TlsPolicy::Opportunistic);
    assert_eq!(taken, opportunistic, "{}", row.name);
    taken
}

fn starttls_by(row: &Row, policy: TlsPolicy) -> Taken {
    let mut session = session(policy, STARTTLS);
    session.peer.deaf = true;
    let before = session.peer.heard.len();
    let wants = session.hear(&row.octets);
    let said = &session.peer.heard[before..];
    assert!(matches!(said, b"" | b"QUIT\r\n"), "{}: no AUTH, no MAIL", row.name);
    let end = session.end();
    let fits = match row.name.as_str() {
        "starttls-multiline" => {
            assert_eq!((wants, end), (Wants::Tls, None));
            return Taken::Accepted;
        }
        "starttls-454" | "starttls-502" | "starttls-530" if policy == TlsPolicy::Opportunistic => {
            // The session goes on in the clear; that no credential leaves in it then is held by
            // `refused_opportunistic_starttls_blocks_auth_even_where_plaintext_is_allowed`.
            assert_eq!((wants, end), (Wants::Command, None), "{}", row.name);
            assert!(!session.client.is_secure());
            return Taken::Refused;
        }
        "starttls-454" | "starttls-502" | "starttls-530" => {
            matches!(end, Some(End::Refused { phase: Phase::StartTls, .. }))
        }
        "starttls-221" | "starttls-354" => {
            matches!(end, Some(End::Peer(PeerError::UnexpectedCode { phase: Phase::StartTls, .. })))
        }
        "starttls-421" => end == Some(End::ServiceClosing(Phase::StartTls)),
        "starttls-inject-crlf"
        | "starttls-inject-fragment"
        | "starttls-inject-one-byte"
        | "starttls-inject-tls-record" => {
            assert!(session.client.tls_established().is_err(), "{}", row.name);
            end == Some(End::Peer(PeerError::PlaintextBehindStartTls))
        }
        _ => row.unknown(),
    };
    assert!(fits, "{}: {end:?}", row.name);
    assert_over(row, &mut session);
    Taken::Refused
}

/// Octets that the transport hands to the core although the handshake is due. An adapter that reads
/// through TLS gives them to the TLS library, which fails.
pub fn second_segment(row: &Row) -> Taken {
    for policy in [TlsPolicy::Required, TlsPolicy::Opportunistic] {
        let mut session = session(policy, STARTTLS);
        assert_eq!(session.hear(b"220 go\r\n"), Wants::Tls);
        assert_eq!(session.hear(&row.octets), Wants::Nothing);
        assert_eq!(peer_error(&session), Some(PeerError::PlaintextBehindStartTls));
        assert!(!session.client.capabilities().offers(Extension::Pipelining));
        assert_over(row, &mut session);
    }
    Taken::Refused
}
