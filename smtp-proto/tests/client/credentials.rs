//! Challenges and responses in a session that ends, and secrets in buffers.

use smtp_proto::{
    client::{Authentication, Buffers, Client, End, Misuse, Phase, Refusal, Slot, Wants},
    sasl::{Login, Plain},
};
use smtp_test_support::session::{Session, plain_config};

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
    session.arrive(b"421 bye\r\n");
    assert_eq!(session.pump(), Wants::Nothing);
    assert_eq!(session.end(), Some(End::ServiceClosing(Phase::Idle)));
    assert_eq!(session.client.authentication(), Authentication::None);
}

#[test]
fn a_read_always_has_room_also_where_a_challenge_or_a_yes_comes_after_the_transport_has_failed() {
    for reply in [&b"334 a\r\n"[..], b"235 yes\r\n"] {
        let config = plain_config().with_plaintext_auth(true);
        let mut session = Session::open(config, "AUTH_PLAIN");
        session.client.authenticate(&mut Plain::new("user", "pass")).unwrap();
        let octets = session.client.transmit().len();
        session.client.transmitted(octets).unwrap();
        session.client.transmit_failed();
        session.arrive(reply);
        assert_eq!(session.pump(), Wants::Read);
        assert!(!session.client.read_buf().is_empty());
        session.arrive(b"421 bye\r\n");
        assert_eq!(session.pump(), Wants::Nothing);
        assert_eq!(session.end(), Some(End::ServiceClosing(Phase::Idle)));
    }
}

/// A client that may authenticate by PLAIN in the clear, for as long as `then` takes; what is left in the buffer that
/// it sends from, of so many octets.
fn left_to_transmit(room: usize, then: impl FnOnce(&mut Client<&mut [u8]>)) -> String {
    let mut storage = [const { [0_u8; 128] }; 3];
    let [receive, transmit, capabilities] = &mut storage;
    let mut in_flight = [Slot::EMPTY; 8];
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
