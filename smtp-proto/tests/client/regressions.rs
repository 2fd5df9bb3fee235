//! What a review of the client has found: each test is a case that once went wrong.

use crate::support::{Session, envelope, plain_config};
use smtp_proto::{
    client::{
        Authentication, BufferSizes, Buffers, Client, End, Event, Inquiry, Journal, Misuse,
        PeerError, Phase, Refusal, Status, TlsPolicy, Wants,
    },
    sasl::{Login, Plain},
};

const BOB: [&str; 1] = ["bob@example.net"];
const ALICE: &str = "alice@example.org";

/// Octets that arrive while nobody looks at what is wanted.
fn hear(session: &mut Session, octets: &[u8]) {
    session.client.read_buf()[..octets.len()].copy_from_slice(octets);
    session.client.received(octets.len()).unwrap();
}

#[test]
fn a_continuation_line_that_fills_the_receive_buffer_is_a_reply_too_long() {
    let sizes = BufferSizes::SMALL.with_receive(64);
    let line = format!("250-{}\\r\\n", "x".repeat(58));
    let script = format!("S: 220 mx\nC: EHLO client.example\nS+ {line}");
    let mut session = Session::with_client(Client::with_sizes(plain_config(), sizes), &script);
    assert_eq!(session.pump(), Wants::Nothing, "a read into nothing is no end of the stream");
    let Some(End::Peer(PeerError::Malformed { phase: Phase::Hello, error })) = session.end() else {
        panic!("{:?}", session.end());
    };
    assert_eq!(error.offset(), 64);
}

#[test]
fn a_read_into_no_room_is_not_the_end_of_the_stream() {
    let mut session = Session::open(plain_config(), "").then("C: NOOP\nS: 250 ok");
    session.client.inquire(Inquiry::Noop).unwrap();
    session.pump();
    session.client.inquire(Inquiry::Noop).unwrap();
    let n = session.client.transmit().len();
    session.client.transmitted(n).unwrap();
    hear(&mut session, b"250 ok\r\n");
    assert!(matches!(session.client.poll_event(), Ok(Some(Event::Answer { .. }))));
    assert!(session.client.read_buf().is_empty());
    session.client.received(0).unwrap();
    assert_eq!(session.pump(), Wants::Command);
    assert_eq!(session.end(), None);
}

fn challenged() -> Session {
    let config = plain_config().with_plaintext_auth(true);
    let mut session = Session::open(config, "AUTH_LOGIN").then("C: AUTH LOGIN\nS: 334 a");
    session.client.authenticate(&mut Login::new("user", "pass")).unwrap();
    assert_eq!(session.pump(), Wants::Credentials);
    session
}

#[test]
fn no_credentials_are_written_into_a_session_that_is_over() {
    let mut aborted = challenged();
    aborted.client.abort();
    let answer = aborted.client.authenticate(&mut Login::new("user", "pass"));
    assert_eq!(answer, Err(Refusal::Misuse(Misuse::NotOpen)));
    assert_eq!(aborted.client.transmit(), b"");

    let mut deaf = challenged();
    deaf.client.transmit_failed();
    assert!(deaf.client.authenticate(&mut Login::new("user", "pass")).is_err());
    assert_eq!(deaf.client.transmit(), b"");
}

#[test]
fn a_read_always_has_room_also_where_a_challenge_was_held() {
    let mut session = challenged();
    session.client.transmit_failed();
    assert_eq!(session.pump(), Wants::Read);
    assert!(!session.client.read_buf().is_empty());
    hear(&mut session, b"421 bye\r\n");
    assert_eq!(session.pump(), Wants::Nothing);
    assert_eq!(session.end(), Some(End::ServiceClosing(Phase::Idle)));
    assert_eq!(session.client.authentication(), Authentication::None);
}

#[test]
fn nothing_is_said_to_a_transport_that_takes_nothing() {
    let mut session = Session::open(plain_config(), "");
    session.client.transmit_failed();
    assert_eq!(session.client.quit(), Err(Misuse::NotOpen));

    let script = "C: MAIL FROM:<alice@example.org>\nC: RCPT TO:<bob@example.net>\nC: DATA
                  S: 250 a\nS: 250 b\nS: 354 go";
    let mut session = Session::open(plain_config(), "PIPELINING").then(script);
    session.client.begin(&envelope(ALICE, &BOB)).unwrap();
    assert_eq!(session.pump(), Wants::Content);
    session.client.transmit_failed();
    assert_eq!(session.client.content(b"x"), Err(Refusal::Misuse(Misuse::NotWanted)));
    assert_eq!(session.client.finish(), Err(Refusal::Misuse(Misuse::NotWanted)));
    assert_eq!(session.client.begin(&envelope(ALICE, &BOB)), Err(Misuse::NotOpen.into()));
    assert_eq!(session.client.transmit(), b"");
}

#[test]
fn nothing_leaves_while_an_answer_is_unread() {
    let mut session = Session::open(plain_config(), "PIPELINING");
    session.client.inquire(Inquiry::Rset).unwrap();
    session.client.transmitted(b"RSET\r\n".len()).unwrap();
    hear(&mut session, b"250 ok\r\n");
    session.client.quit().unwrap();
    assert_eq!(session.client.transmit(), b"");
    session.peer.extend("C: QUIT\nS: 221 bye");
    assert_eq!(session.pump(), Wants::Nothing);
    assert!(session.peer.is_done());
}

/// A client that may authenticate by PLAIN in the clear, for as long as `then` takes; what is left in the buffer that
/// it sends from, of so many octets.
fn left_to_transmit(room: usize, then: impl FnOnce(&mut Client<&mut [u8]>)) -> String {
    let mut storage = [const { [0_u8; 128] }; 4];
    let [receive, transmit, in_flight, capabilities] = &mut storage;
    let buffers = Buffers {
        receive: &mut receive[..],
        transmit: &mut transmit[..room],
        in_flight: &mut in_flight[..],
        capabilities: &mut capabilities[..],
        recipients: &mut [],
    };
    let mut client = Client::with_buffers(plain_config().with_plaintext_auth(true), buffers);
    for said in ["220 mx\r\n", "250-mx\r\n250 AUTH PLAIN\r\n"] {
        client.read_buf()[..said.len()].copy_from_slice(said.as_bytes());
        client.received(said.len()).unwrap();
        while client.poll_event().unwrap().is_some() {}
        let n = client.transmit().len();
        client.transmitted(n).unwrap();
    }
    then(&mut client);
    drop(client);
    String::from_utf8_lossy(transmit).into_owned()
}

#[test]
fn a_secret_that_has_not_left_goes_with_its_client() {
    let left = left_to_transmit(128, |client| {
        client.authenticate(&mut Plain::new("user", "pass")).unwrap();
        assert!(client.transmit().ends_with(b"AHVzZXIAcGFzcw==\r\n"));
    });
    assert!(!left.contains("AHVzZXIA") && !left.contains("cGFzcw"), "{left:?}");
}

#[test]
fn an_answer_that_does_not_fit_leaves_no_secret_behind() {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let password = "s3cret-".repeat(10);
    let answer = STANDARD.encode(format!("\0secret-user\0{password}"));
    // Room for a part of the answer, and for all of it but not for the end of its line.
    for room in [40, "AUTH PLAIN ".len() + answer.len()] {
        let left = left_to_transmit(room, |client| {
            assert!(client.authenticate(&mut Plain::new("secret-user", &password)).is_err());
            assert_eq!(client.transmit(), b"");
        });
        // The first octet is overwritten by the line that left.
        assert!(!left.contains(&answer[1..12]), "{room}: {left:?}");
    }
}

#[test]
fn last_words_are_those_of_the_phase_that_ended() {
    let mut session = Session::new(plain_config(), "S: 220 mx\nC: EHLO client.example\nS: 250 mx");
    let mut journal = Journal::new();
    let mut begun = false;
    loop {
        match session.client.wants() {
            Wants::Event => {
                while let Ok(Some(event)) = session.client.poll_event() {
                    journal.record(&event);
                }
            }
            Wants::Command if !begun => {
                begun = true;
                session.peer.extend("C: MAIL FROM:<alice@example.org>\nS: 250 a\nC: RCPT TO:<bob@example.net>\nS: 250 b\nC: DATA\nS: 250 what");
                let transaction = session.client.begin(&envelope(ALICE, &BOB)).unwrap();
                journal.begin(transaction, 1);
            }
            Wants::Nothing => break,
            _ => session.pump_once(),
        }
    }
    let end = session.end().unwrap();
    assert_eq!(end.phase(), Phase::Data);
    let words = journal.last_words(end).map(|reply| reply.as_reply().to_string());
    assert_eq!(words.as_deref(), Some("250 what"));
}

#[test]
fn an_answer_of_no_sense_is_no_verdict_on_a_recipient() {
    let mut session = Session::open(plain_config(), "");
    let mut journal = Journal::new();
    session.peer.extend(
        "C: MAIL FROM:<alice@example.org>\nS: 250 a\nC: RCPT TO:<bob@example.net>\nS: 354 what",
    );
    journal.begin(session.client.begin(&envelope(ALICE, &BOB)).unwrap(), 1);
    loop {
        match session.client.wants() {
            Wants::Event => {
                while let Ok(Some(event)) = session.client.poll_event() {
                    journal.record(&event);
                }
            }
            Wants::Nothing => break,
            _ => session.pump_once(),
        }
    }
    let outcome = journal.take_outcome(session.end()).unwrap();
    assert_eq!(outcome.recipient(0).unwrap().status(), Status::NotAttempted);
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
fn a_refused_lone_dot_is_followed_by_rset_as_any_refused_content() {
    let group = "C: MAIL FROM:<alice@example.org>\nC: RCPT TO:<bob@example.net>\nC: DATA\n";
    let script = format!(
        "{group}S: 250 a\nS: 550 b\nS: 354 go\nC: .\nS: 554 nobody\nC: RSET\n{group}S: 250 r\nS: 250 a\nS: 550 b\nS: 554 no"
    );
    let mut session = Session::open(plain_config(), "PIPELINING").then(&script);
    assert_eq!(session.send(&envelope(ALICE, &BOB), b""), Wants::Command);
    assert_eq!(session.send(&envelope(ALICE, &BOB), b""), Wants::Command);
    assert!(session.peer.is_done());
}

#[test]
fn everybody_refused_one_by_one_saves_data_in_the_smallest_queue_too() {
    for in_flight in 1..4 {
        let client =
            Client::with_sizes(plain_config(), BufferSizes::SMALL.with_in_flight(in_flight));
        let script = "S: 220 mx\nC: EHLO client.example\nS: 250 mx
            C: MAIL FROM:<alice@example.org>\nS: 250 a
            C: RCPT TO:<bob@example.net>\nS: 550 b
            C: RCPT TO:<carol@example.net>\nS: 450 c";
        let mut session = Session::with_client(client, script);
        session.pump();
        let to = ["bob@example.net", "carol@example.net"];
        assert_eq!(session.send(&envelope(ALICE, &to), b"x"), Wants::Command, "{in_flight}");
        assert_eq!(session.events.last().unwrap(), "ended[0] Refused", "{in_flight}");
    }
}

#[test]
fn a_refused_sender_ends_an_envelope_that_is_not_queued_whole() {
    for in_flight in 1..4 {
        let sizes = BufferSizes::SMALL.with_in_flight(in_flight);
        let client = Client::with_sizes(plain_config(), sizes);
        let mut session =
            Session::open_with(client, "").then("C: MAIL FROM:<alice@example.org>\nS: 550 no");
        let to = ["bob@example.net", "carol@example.net", "dave@example.net"];
        assert_eq!(session.send(&envelope(ALICE, &to), b"x"), Wants::Command, "{in_flight}");
        session.expect_events(&["mail[0] 550", "ended[0] Refused"]);
    }
}

#[test]
fn running_ahead_without_pipelining_costs_no_rset() {
    let message = "C: MAIL FROM:<alice@example.org>\nS: 250 a\nC: RCPT TO:<bob@example.net>\nS: 250 b\nC: DATA\nS: 354 go\nC: x\nC: .\nS: 250 ok\n";
    let config = plain_config().with_run_ahead(true);
    let mut session = Session::open(config, "").then(&format!("{message}{message}"));
    let envelope = envelope(ALICE, &BOB);
    for _ in 0..2 {
        session.client.begin(&envelope).unwrap();
        session.hand_over(&envelope, b"x");
    }
    assert_eq!(session.pump(), Wants::Command);
    assert!(session.peer.is_done());
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

#[test]
fn a_session_with_something_unread_is_not_reusable() {
    let mut half = Session::open(plain_config(), "");
    assert!(half.client.is_reusable());
    hear(&mut half, b"42");
    assert!(!half.client.is_reusable());

    let mut whole = Session::open(plain_config(), "");
    hear(&mut whole, b"421 bye\r\n");
    assert!(!whole.client.is_reusable());

    let mut ended = Session::open(plain_config(), "");
    ended.client.received(0).unwrap();
    assert!(!ended.client.is_reusable());
}

#[test]
fn an_unasked_421_is_understood_in_every_cut() {
    let words = b"421 idle too long\r\n";
    for cut in 1..words.len() {
        let mut session = Session::open(plain_config(), "");
        hear(&mut session, &words[..cut]);
        session.client.begin(&envelope(ALICE, &BOB)).unwrap();
        assert_eq!(session.pump(), Wants::Read, "{cut}");
        hear(&mut session, &words[cut..]);
        assert_eq!(session.pump(), Wants::Nothing, "{cut}");
        assert_eq!(session.end(), Some(End::ServiceClosing(Phase::Idle)), "{cut}");
        session.expect_events(&["closing idle 421", "ended[0] NotReached"]);
        assert_eq!(session.peer.heard, b"EHLO client.example\r\n");
    }
}

#[test]
fn content_given_up_at_a_dot_ends_once() {
    let sizes = BufferSizes::SMALL.with_transmit(128);
    for fill in 100..128 {
        let script = "S: 220 mx\nC: EHLO client.example\nS: 250-mx\nS: 250 PIPELINING
            C: MAIL FROM:<alice@example.org>\nC: RCPT TO:<bob@example.net>\nC: DATA
            S: 250 a\nS: 250 b\nS: 354 go";
        let mut session = Session::with_client(Client::with_sizes(plain_config(), sizes), script);
        session.pump();
        session.client.begin(&envelope(ALICE, &BOB)).unwrap();
        assert_eq!(session.pump(), Wants::Content);
        let content = format!("{}\r\n.dot\r\n", "x".repeat(fill));
        let mut rest = content.as_bytes();
        let mut wire = Vec::new();
        let mut is_ended = false;
        while !is_ended || session.client.wants() == Wants::Write {
            if rest.is_empty() && !is_ended {
                session.client.finish().unwrap();
                is_ended = true;
            } else if !is_ended {
                rest = &rest[session.client.content(rest).unwrap()..];
            }
            let octets = session.client.transmit().to_vec();
            session.client.transmitted(octets.len()).unwrap();
            wire.extend(octets);
        }
        let text = String::from_utf8(wire).unwrap();
        assert_eq!(text.find("\r\n.\r\n"), Some(text.len() - 5), "{fill}: {text:?}");
    }
}
