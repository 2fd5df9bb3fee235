//! What a review of the client has found: each test is a case that once went wrong.

mod support;

use smtp_proto::client::{BufferSizes, Client, End, PeerError, Phase, Wants};
use support::{Session, plain_config};

#[test]
fn a_continuation_line_that_fills_the_receive_buffer_is_a_reply_too_long() {
    let sizes = BufferSizes::SMALL.with_receive(64);
    let line = format!("250-{}\\r\\n", "x".repeat(58));
    let script = format!("S: 220 mx\nC: EHLO client.example\nS- {line}");
    let mut session = Session::with_client(Client::with_sizes(plain_config(), sizes), &script);
    assert_eq!(session.pump(), Wants::Nothing, "a read into nothing is no end of the stream");
    let Some(End::Peer(PeerError::Malformed { phase: Phase::Hello, error })) = session.end() else {
        panic!("{:?}", session.end());
    };
    assert_eq!(error.offset(), 64);
}
