//! Any cut of reads and writes gives the same events and the same octets.

use proptest::prelude::*;
use smtp_proto::{
    client::Wants,
    hello::EhloName,
    sasl::{Login, Mechanism, Plain},
};
use smtp_test_support::session::{Session, envelope, plain_config};

const SCRIPT: &str = "S+ 220-mx.example hello\\r\\n220\\r\\n
    C: EHLO client.example
    S+ 250-mx.example\\r\\n250-SIZE 100000\\n250-PIPELINING\\r\\n250 AUTH PLAIN LOGIN\\r\\n
    C: AUTH PLAIN AHUAcA==
    S: 504 not that one
    C: AUTH LOGIN
    S: 334 VXNlcm5hbWU6
    C: dQ==
    S: 334
    C: cA==
    S: 235 2.7.0 welcome
    C: MAIL FROM:<alice@example.org>
    C: RCPT TO:<bob@example.net>
    C: RCPT TO:<nobody@example.net>
    C: DATA
    S+ 250 2.1.0 ok\\r\\n250 2.1.5 ok\\r\\n550-5.1.1 no\\r\\n550 5.1.1 such\\r\\n354\\r\\n
    C: ..first
    C: second
    C: ..
    C: .
    C: RSET
    C: MAIL FROM:<>
    C: RCPT TO:<bob@example.net>
    C: DATA
    S+ 250 2.0.0 queued as A\\r\\n250 ok\\r\\n250 ok\\r\\n450 later\\r\\n354 go\\r\\n
    C: .
    S: 554 no valid recipients
    C: QUIT
    S+ 221 bye\\r\\n
    CLOSE";

/// Plays the session with reads and writes cut to these sizes; what happened and what was sent.
fn play(read_size: usize, write_size: usize, content_size: usize) -> (Vec<String>, Vec<u8>) {
    let config = plain_config().with_plaintext_auth(true).with_run_ahead(true);
    let mut session = Session::new(config, SCRIPT);
    (session.read_size, session.write_size) = (read_size, write_size);
    assert_eq!(session.pump(), Wants::Command);
    let (mut plain, mut login) = (Plain::new("u", "p"), Login::new("u", "p"));
    let mut both: [&mut dyn Mechanism; 2] = [&mut plain, &mut login];
    assert_eq!(session.authenticate(&mut both[..]), Wants::Command);
    let first = envelope("alice@example.org", &["bob@example.net", "nobody@example.net"]);
    session.client.begin(&first).unwrap();
    let mut content = &b".first\nsecond\r\n."[..];
    while session.pump() == Wants::Content {
        let piece = &content[..content.len().min(content_size)];
        if piece.is_empty() {
            session.client.finish().unwrap();
            break;
        }
        content = &content[session.client.content(piece).unwrap()..];
    }
    let second = envelope("", &["bob@example.net"]);
    session.client.begin(&second).unwrap();
    assert_eq!(session.pump(), Wants::Command);
    assert_eq!(session.quit(), Wants::Nothing);
    assert!(session.peer.is_done());
    (session.events, session.peer.heard)
}

#[test]
fn d07_every_small_size_of_reads_and_writes_gives_the_same() {
    let whole = play(usize::MAX, usize::MAX, usize::MAX);
    assert!(whole.0.contains(&"rcpt[0.1] 550".to_string()), "{:?}", whole.0);
    for read in 1..40 {
        assert_eq!(play(read, usize::MAX, usize::MAX), whole);
    }
    for write in 1..40 {
        assert_eq!(play(usize::MAX, write, 1 + write % 3), whole);
    }
}

proptest! {
    #[test]
    fn random_sizes_give_the_same(read in 1usize..200, write in 1usize..200, content in 1usize..20) {
        prop_assert_eq!(play(read, write, content), play(usize::MAX, usize::MAX, usize::MAX));
    }

    /// Octets of any kind, in any cut: no panic, no endless loop, the same end.
    #[test]
    fn d01_any_octets_in_any_cut_end_the_same(
        octets in proptest::collection::vec(
            prop_oneof![
                Just(b'2'), Just(b'5'), Just(b'0'), Just(b'3'), Just(b'4'), Just(b' '), Just(b'-'),
                Just(b'\r'), Just(b'\n'), any::<u8>()
            ],
            0..200,
        ),
        cut in 1usize..50,
    ) {
        let feed = |size: usize| {
            let config = smtp_proto::client::Config::new(EhloName::LOCALHOST)
                .with_tls(smtp_proto::client::TlsPolicy::None);
            let mut client = smtp_proto::client::Client::new(config);
            let mut events = Vec::new();
            // The peer speaks only when it is asked: what it says is cut at the line ends that
            // complete a reply, and again at `size`.
            for line in octets.split_inclusive(|&octet| octet == b'\n') {
                for piece in line.chunks(size) {
                    if client.wants() != Wants::Read { return (events, client.end()); }
                    client.read_buf()[..piece.len()].copy_from_slice(piece);
                    client.received(piece.len()).unwrap();
                    loop {
                        match client.wants() {
                            Wants::Event => match client.poll_event() {
                                Ok(Some(event)) => events.push(smtp_test_support::stand::describe(&event)),
                                Ok(None) => {}
                                Err(error) => { events.push(error.to_string()); return (events, client.end()) }
                            },
                            Wants::Write => { let n = client.transmit().len(); client.transmitted(n).unwrap(); }
                            Wants::Flush => client.flushed(),
                            _ => break,
                        }
                    }
                }
            }
            (events, client.end())
        };
        prop_assert_eq!(feed(cut), feed(usize::MAX));
    }
}
