//! Transactions in queues and buffers as small as they may be.

use smtp_proto::client::{BufferSizes, Client, End, PeerError, Phase, Wants};
use smtp_test_support::session::{Session, envelope, plain_config};

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
        assert_eq!(
            session.send(&envelope("alice@example.org", &to), b"x"),
            Wants::Command,
            "{in_flight}"
        );
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
        assert_eq!(
            session.send(&envelope("alice@example.org", &to), b"x"),
            Wants::Command,
            "{in_flight}"
        );
        session.expect_events(&["mail[0] 550", "ended[0] Refused"]);
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
        session.client.begin(&envelope("alice@example.org", &["bob@example.net"])).unwrap();
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
