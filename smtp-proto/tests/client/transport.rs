//! Reads without room, reads nobody waits for, and a transport that takes nothing more.

use smtp_proto::client::{End, Event, Inquiry, Misuse, Phase, Refusal, Wants};
use smtp_test_support::session::{Session, envelope, plain_config};

#[test]
fn a_read_into_no_room_is_not_the_end_of_the_stream() {
    let mut session = Session::open(plain_config(), "").then("C: NOOP\nS: 250 ok");
    session.client.inquire(Inquiry::Noop).unwrap();
    session.pump();
    session.client.inquire(Inquiry::Noop).unwrap();
    let n = session.client.transmit().len();
    session.client.transmitted(n).unwrap();
    session.arrive(b"250 ok\r\n");
    assert!(matches!(session.client.poll_event(), Ok(Some(Event::Answer { .. }))));
    assert!(session.client.read_buf().is_empty());
    session.client.received(0).unwrap();
    assert_eq!(session.pump(), Wants::Command);
    assert_eq!(session.end(), None);
}

#[test]
fn nothing_is_said_to_a_transport_that_takes_nothing() {
    let mut session = Session::open(plain_config(), "");
    session.client.transmit_failed();
    assert_eq!(session.client.quit(), Err(Misuse::NotOpen));

    let script = "C: MAIL FROM:<alice@example.org>\nC: RCPT TO:<bob@example.net>\nC: DATA
                  S: 250 a\nS: 250 b\nS: 354 go";
    let mut session = Session::open(plain_config(), "PIPELINING").then(script);
    session.client.begin(&envelope("alice@example.org", &["bob@example.net"])).unwrap();
    assert_eq!(session.pump(), Wants::Content);
    session.client.transmit_failed();
    assert_eq!(session.client.content(b"x"), Err(Refusal::Misuse(Misuse::NotWanted)));
    assert_eq!(session.client.finish(), Err(Refusal::Misuse(Misuse::NotWanted)));
    assert_eq!(
        session.client.begin(&envelope("alice@example.org", &["bob@example.net"])),
        Err(Misuse::NotOpen.into())
    );
    assert_eq!(session.client.transmit(), b"");
}

#[test]
fn nothing_leaves_while_an_answer_is_unread() {
    let mut session = Session::open(plain_config(), "PIPELINING");
    session.client.inquire(Inquiry::Rset).unwrap();
    session.client.transmitted(b"RSET\r\n".len()).unwrap();
    session.arrive(b"250 ok\r\n");
    session.client.quit().unwrap();
    assert_eq!(session.client.transmit(), b"");
    session.peer.extend("C: QUIT\nS: 221 bye");
    assert_eq!(session.pump(), Wants::Nothing);
    assert!(session.peer.is_done());
}

#[test]
fn a_session_with_something_unread_is_not_reusable() {
    let mut half = Session::open(plain_config(), "");
    assert!(half.client.is_reusable());
    half.arrive(b"42");
    assert!(!half.client.is_reusable());

    let mut whole = Session::open(plain_config(), "");
    whole.arrive(b"421 bye\r\n");
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
        session.arrive(&words[..cut]);
        session.client.begin(&envelope("alice@example.org", &["bob@example.net"])).unwrap();
        assert_eq!(session.pump(), Wants::Read, "{cut}");
        session.arrive(&words[cut..]);
        assert_eq!(session.pump(), Wants::Nothing, "{cut}");
        assert_eq!(session.end(), Some(End::ServiceClosing(Phase::Idle)), "{cut}");
        session.expect_events(&["closing idle 421", "ended[0] NotReached"]);
        assert_eq!(session.peer.heard, b"EHLO client.example\r\n");
    }
}
