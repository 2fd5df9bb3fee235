//! Transactions: order, groups, refusals, and what becomes of each recipient.

use smtp_proto::client::{BufferSizes, Client, End, Inquiry, Misuse, Phase, SpanKind, Wants};
use smtp_test_support::session::{Session, envelope, plain_config};

const TWO: [&str; 2] = ["bob@example.net", "carol@example.net"];

#[test]
fn without_pipelining_each_command_waits_for_its_reply() {
    let mut session = Session::open(plain_config(), "").then(
        "C: MAIL FROM:<alice@example.org>
         S: 250 ok
         C: RCPT TO:<bob@example.net>
         S: 250 ok
         C: RCPT TO:<carol@example.net>
         S: 250 ok
         C: DATA
         S: 354 go
         C: hi
         C: .
         S: 250 queued",
    );
    assert_eq!(session.send(&envelope("alice@example.org", &TWO), b"hi\r\n"), Wants::Command);
    assert!(session.peer.is_done());
    assert_eq!(session.round_trips, 5);
    session.expect_events(&[
        "mail[0] 250",
        "rcpt[0.0] 250",
        "rcpt[0.1] 250",
        "data[0] 354",
        "final[0] 250",
        "ended[0] Answered",
    ]);
}

#[test]
fn with_pipelining_a_message_takes_two_round_trips_and_two_writes() {
    let mut session = Session::open(plain_config(), "PIPELINING").then(
        "C: MAIL FROM:<alice@example.org>
         C: RCPT TO:<bob@example.net>
         C: RCPT TO:<carol@example.net>
         C: DATA
         S: 250 ok
         S: 250 ok
         S: 250 ok
         S: 354 go
         C: hi
         C: .
         S: 250 queued",
    );
    session.send(&envelope("alice@example.org", &TWO), b"hi\r\n");
    assert!(session.peer.is_done());
    assert_eq!(session.round_trips, 2);
    assert_eq!(session.writes.len(), 2, "the envelope in one write, content and dot in one");
    assert!(session.writes[1].ends_with(b"hi\r\n.\r\n"));
}

fn large() -> Session {
    let client = Client::with_sizes(plain_config(), BufferSizes::LARGE);
    Session::open_with(client, "PIPELINING")
}

#[test]
fn an_envelope_is_not_gone_on_with_when_the_session_is_over() {
    let mut session = Session::open(plain_config(), "");
    session.peer.deaf = true;
    session.inquire(Inquiry::Noop);
    let envelope = envelope("a@b", &["c@d"]);
    session.client.begin(&envelope).unwrap();
    assert_eq!(session.hear(b"250 ok\r\n250 unasked\r\n"), Wants::Nothing);
    assert_eq!(session.client.continue_envelope(&envelope), Err(Misuse::NotWanted));
    assert!(session.client.transmit().is_empty());
}

fn recipients(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("r{index:04}@example.net")).collect()
}

#[test]
fn a_thousand_recipients_leave_in_one_write_and_take_two_round_trips() {
    let names = recipients(1000);
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let said = names.join(">\nC: RCPT TO:<");
    let answered = "S: 250 ok\n".repeat(1001);
    let mut session = large().then(&format!(
        "C: MAIL FROM:<a@b>\nC: RCPT TO:<{said}>\nC: DATA\n{answered}S: 354 go\nC: hi\nC: .\nS: 250 queued"
    ));
    session.send(&envelope("a@b", &names), b"hi\r\n");
    assert!(session.peer.is_done());
    assert_eq!((session.round_trips, session.writes.len()), (2, 2));
}

#[test]
fn behind_more_than_128_unanswered_commands_no_more_leave() {
    let names = recipients(2000);
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let mut session = large();
    session.peer.deaf = true;
    let envelope = envelope("a@b", &names);
    session.client.begin(&envelope).unwrap();
    session.hand_over(&envelope, b"hi\r\n");
    let said = |session: &Session| session.peer.heard.len();
    let before = said(&session);
    assert_eq!(session.hear(&b"250 ok\r\n".repeat(1024 - 129)), Wants::Read);
    assert_eq!(said(&session), before, "129 are unanswered");
    assert_eq!(session.hear(b"250 ok\r\n"), Wants::Envelope);
}

/// Two messages; the script decides whether the second may run ahead.
fn two_messages(run_ahead: bool, script: &str) -> Session {
    let config = plain_config().with_run_ahead(run_ahead);
    let mut session = Session::open(config, "PIPELINING").then(script);
    let envelope = envelope("alice@example.org", &TWO[..1]);
    session.client.begin(&envelope).unwrap();
    session.hand_over(&envelope, b"one\r\n");
    session.client.begin(&envelope).unwrap();
    session.hand_over(&envelope, b"two\r\n");
    assert_eq!(session.pump(), Wants::Command);
    assert!(session.peer.is_done());
    session
}

const ENVELOPE: &str = "C: MAIL FROM:<alice@example.org>
    C: RCPT TO:<bob@example.net>
    C: DATA
    ";
const GO: &str = "S: 250 ok\nS: 250 ok\nS: 354 go\n";

#[test]
fn nothing_follows_the_final_dot_before_its_reply() {
    let script = format!(
        "{ENVELOPE}{GO}C: one\nC: .\nS: 250 first\n{ENVELOPE}{GO}C: two\nC: .\nS: 250 second"
    );
    let session = two_messages(false, &script);
    assert_eq!(session.round_trips, 4);
}

#[test]
fn running_ahead_the_next_envelope_leaves_with_the_dot_in_one_write() {
    let script = format!(
        "{ENVELOPE}{GO}C: one\nC: .\nC: RSET\n{ENVELOPE}S: 250 first\nS: 250 reset\n{GO}C: two\nC: .\nS: 250 second"
    );
    let mut session = two_messages(true, &script);
    assert_eq!(session.round_trips, 3, "one for each message, and one to begin with");
    assert_eq!(session.writes.len(), 3);
    session.expect_events(&[
        "mail[0] 250",
        "rcpt[0.0] 250",
        "data[0] 354",
        "final[0] 250",
        "ended[0] Answered",
        "rset 250",
        "mail[1] 250",
        "rcpt[1.0] 250",
        "data[1] 354",
        "final[1] 250",
        "ended[1] Answered",
    ]);
}

#[test]
fn one_refused_recipient_does_not_stop_the_others() {
    let mut session = Session::open(plain_config(), "PIPELINING").then(
        "C: MAIL FROM:<alice@example.org>
         C: RCPT TO:<bob@example.net>
         C: RCPT TO:<carol@example.net>
         C: DATA
         S: 250 ok
         S: 550 5.1.1 nobody
         S: 252 maybe
         S: 354 go
         C: hi
         C: .
         S: 250 queued",
    );
    session.send(&envelope("alice@example.org", &TWO), b"hi\r\n");
    session.expect_events(&[
        "mail[0] 250",
        "rcpt[0.0] 550",
        "rcpt[0.1] 252",
        "data[0] 354",
        "final[0] 250",
        "ended[0] Answered",
    ]);
}

#[test]
fn all_recipients_refused_and_a_go_ahead_gets_the_lone_dot() {
    let mut session = Session::open(plain_config(), "PIPELINING").then(
        "C: MAIL FROM:<alice@example.org>
         C: RCPT TO:<bob@example.net>
         C: DATA
         S: 250 ok
         S: 550 5.1.1 nobody
         S: 354 go
         C: .
         S: 554 no valid recipients",
    );
    let wants = session.send(&envelope("alice@example.org", &TWO[..1]), b"secret\r\n");
    assert_eq!(wants, Wants::Command);
    assert!(session.peer.is_done());
    session.expect_events(&[
        "mail[0] 250",
        "rcpt[0.0] 550",
        "data[0] 354",
        "ended[0] Refused",
        "final 554",
    ]);
    assert!(session.client.is_reusable());
}

#[test]
fn all_recipients_refused_one_by_one_never_get_data_and_rset_comes_before_the_next() {
    let mut session = Session::open(plain_config(), "").then(
        "C: MAIL FROM:<alice@example.org>
         S: 250 ok
         C: RCPT TO:<bob@example.net>
         S: 550 nobody
         C: RSET
         S: 250 ok
         C: MAIL FROM:<alice@example.org>
         S: 250 ok
         C: RCPT TO:<bob@example.net>
         S: 450 later",
    );
    let envelope = envelope("alice@example.org", &TWO[..1]);
    assert_eq!(session.send(&envelope, b"hi\r\n"), Wants::Command);
    session.expect_events(&["mail[0] 250", "rcpt[0.0] 550", "ended[0] Refused"]);
    assert_eq!(session.send(&envelope, b"hi\r\n"), Wants::Command);
    session.expect_events(&["rset 250", "mail[1] 250", "rcpt[1.0] 450", "ended[1] Refused"]);
    assert!(session.peer.is_done());
}

#[test]
fn refused_sender_with_the_group_in_flight_reads_every_reply() {
    let mut session = Session::open(plain_config(), "PIPELINING").then(
        "C: MAIL FROM:<alice@example.org>
         C: RCPT TO:<bob@example.net>
         C: DATA
         S: 550 not you
         S: 503 no mail
         S: 503 no rcpt
         C: NOOP
         S: 250 ok",
    );
    assert_eq!(session.send(&envelope("alice@example.org", &TWO[..1]), b"x"), Wants::Command);
    session.expect_events(&["mail[0] 550", "rcpt[0.0] 503", "data[0] 503", "ended[0] Refused"]);
    session.inquire(Inquiry::Noop);
    session.expect_events(&["noop 250"]);
    assert!(session.client.is_reusable());
}

#[test]
fn refused_sender_and_a_go_ahead_closes_the_connection() {
    let mut session = Session::open(plain_config(), "PIPELINING").then(
        "C: MAIL FROM:<alice@example.org>
         C: RCPT TO:<bob@example.net>
         C: DATA
         S: 550 not you
         S: 250 ok
         S: 354 go",
    );
    assert_eq!(session.send(&envelope("alice@example.org", &TWO[..1]), b"x"), Wants::Nothing);
    session.expect_events(&[
        "mail[0] 550",
        "rcpt[0.0] 250",
        "data[0] 354",
        "ended[0] Refused",
        "error GoAheadAfterRefusal",
    ]);
    assert!(session.peer.is_done(), "nothing is sent, not even the lone dot");
}

#[test]
fn refused_sender_without_pipelining_sends_nothing_more() {
    let mut session = Session::open(plain_config(), "").then(
        "C: MAIL FROM:<alice@example.org>
         S: 550 not you",
    );
    assert_eq!(session.send(&envelope("alice@example.org", &TWO), b"x"), Wants::Command);
    session.expect_events(&["mail[0] 550", "ended[0] Refused"]);
    assert!(session.peer.is_done());
}

/// Nothing is in a group with what was asked before: whether RSET is due is known when it is answered.
#[test]
fn an_envelope_behind_a_question_waits_for_the_answer_and_needs_no_rset() {
    for (inquiry, line) in [(Inquiry::Rset, "RSET"), (Inquiry::Noop, "NOOP")] {
        let script = format!("C: {line}\nS: 250 ok\n{ENVELOPE}{GO}C: x\nC: .\nS: 250 ok");
        let mut session = Session::open(plain_config(), "PIPELINING").then(&script);
        let envelope = envelope("alice@example.org", &TWO[..1]);
        session.client.inquire(inquiry).unwrap();
        session.client.begin(&envelope).unwrap();
        session.hand_over(&envelope, b"x");
        assert_eq!(session.pump(), Wants::Command, "{line}");
        assert!(session.peer.is_done(), "{line}");
    }
}

#[test]
fn octets_on_their_way_are_told_apart() {
    let mut session = Session::open(plain_config(), "PIPELINING").then(&format!("{ENVELOPE}{GO}"));
    session.client.begin(&envelope("alice@example.org", &TWO[..1])).unwrap();
    assert_eq!(session.pump(), Wants::Content);
    session.client.content(b"x").unwrap();
    session.client.finish().unwrap();
    let spans = session.client.transmit_spans(usize::MAX);
    let spans: Vec<_> = spans.map(|span| (span.kind, span.octets, span.complete)).collect();
    let (content, end) = (SpanKind::Content, SpanKind::EndOfContent);
    assert_eq!(spans, [(content, &b"x"[..], true), (end, b"\r\n.\r\n", true)]);
}

#[test]
fn crs_at_the_end_of_content_are_lines_however_small_the_buffer() {
    for (transmit, write_size) in [(100, 1), (100, 7), (128, 1000), (4096, 1000)] {
        let lines = "C:\n".repeat(699);
        let script = format!("{ENVELOPE}{GO}C: x\n{lines}C: .\nS: 250 ok");
        let sizes = BufferSizes::SMALL.with_transmit(transmit);
        let client = Client::with_sizes(plain_config(), sizes);
        let mut session = Session::open_with(client, "PIPELINING").then(&script);
        session.write_size = write_size;
        let content = [&b"x"[..], &[b'\r'; 700]].concat();
        session.send(&envelope("alice@example.org", &TWO[..1]), &content);
        assert!(session.peer.is_done(), "{transmit} {write_size}");
        assert_eq!(session.events.last().map(String::as_str), Some("ended[0] Answered"));
    }
}

#[test]
fn the_offers_and_replies_of_large_servers_fit_large_buffers() {
    let client = Client::with_sizes(plain_config(), BufferSizes::LARGE);
    let keywords: Vec<_> = (0..200).map(|index| format!("X-{index:04}")).collect();
    let mut session = Session::open_with(client, &keywords.join(" "));
    assert_eq!(session.client.capabilities().lines().count(), keywords.len());
    let replies = 1001 * b"250 2.1.5 Ok\r\n".len();
    assert!(session.client.read_buf().len() >= replies, "in one read");
}

#[test]
fn refused_data_is_followed_by_rset() {
    let mut session = Session::open(plain_config(), "PIPELINING").then(
        "C: MAIL FROM:<alice@example.org>
         C: RCPT TO:<bob@example.net>
         C: DATA
         S: 250 ok
         S: 250 ok
         S: 451 later
         C: RSET
         C: MAIL FROM:<alice@example.org>
         C: RCPT TO:<bob@example.net>
         C: DATA
         S: 250 reset
         S: 250 ok
         S: 250 ok
         S: 354 go
         C: x
         C: .
         S: 250 queued",
    );
    let envelope = envelope("alice@example.org", &TWO[..1]);
    session.send(&envelope, b"x");
    session.expect_events(&["mail[0] 250", "rcpt[0.0] 250", "data[0] 451", "ended[0] Refused"]);
    assert_eq!(session.send(&envelope, b"x"), Wants::Command);
    assert!(session.peer.is_done());
}

#[test]
fn refused_content_is_followed_by_rset_for_some_servers_keep_the_transaction() {
    let script = format!(
        "{ENVELOPE}{GO}C: x\nC: .\nS: 550 no\nC: RSET\n{ENVELOPE}S: 250 reset\n{GO}C: x\nC: .\nS: 250 ok"
    );
    let mut session = Session::open(plain_config(), "PIPELINING").then(&script);
    let envelope = envelope("alice@example.org", &TWO[..1]);
    session.client.begin(&envelope).unwrap();
    session.hand_over(&envelope, b"x");
    // Begun before the verdict: the envelope waits for it and knows it.
    session.client.begin(&envelope).unwrap();
    session.hand_over(&envelope, b"x");
    assert_eq!(session.pump(), Wants::Command);
    assert!(session.peer.is_done());
}

#[test]
fn data_answered_250_never_gets_content() {
    let mut session = Session::open(plain_config(), "").then(
        "C: MAIL FROM:<alice@example.org>
         S: 250 ok
         C: RCPT TO:<bob@example.net>
         S: 250 ok
         C: DATA
         S: 250 ok",
    );
    assert_eq!(session.send(&envelope("alice@example.org", &TWO[..1]), b"x"), Wants::Nothing);
    session.expect_events(&[
        "mail[0] 250",
        "rcpt[0.0] 250",
        "data[0] 250",
        "ended[0] NotSent",
        "error UnexpectedCode { phase: Data, code: Code(250) }",
    ]);
    assert!(session.peer.is_done());
}

#[test]
fn a_stream_that_ends_behind_the_dot_leaves_the_outcome_unknown() {
    let mut session = Session::open(plain_config(), "PIPELINING").then(
        "C: MAIL FROM:<alice@example.org>
         C: RCPT TO:<bob@example.net>
         C: DATA
         S: 250 ok
         S: 250 ok
         S: 354 go
         C: x
         C: .
         S+ 250 que
         CLOSE",
    );
    assert_eq!(session.send(&envelope("alice@example.org", &TWO[..1]), b"x"), Wants::Nothing);
    session.expect_events(&["mail[0] 250", "rcpt[0.0] 250", "data[0] 354", "ended[0] Unknown"]);
    assert_eq!(session.end(), Some(End::Lost(Phase::Final)));
    assert_eq!(session.client.unfinished_reply(), b"250 que");
}

#[test]
fn a_stream_that_ends_before_the_dot_leaves_the_message_not_sent() {
    let mut session = Session::open(plain_config(), "PIPELINING").then(
        "C: MAIL FROM:<alice@example.org>
         C: RCPT TO:<bob@example.net>
         C: DATA
         S: 250 ok
         CLOSE",
    );
    assert_eq!(session.send(&envelope("alice@example.org", &TWO[..1]), b"x"), Wants::Nothing);
    session.expect_events(&["mail[0] 250", "ended[0] NotSent"]);
    assert_eq!(session.end(), Some(End::Lost(Phase::Rcpt)));
}

#[test]
fn an_early_refusal_in_the_middle_of_content_is_its_verdict() {
    let mut session = Session::open(plain_config(), "PIPELINING").then(
        "C: MAIL FROM:<alice@example.org>
         C: RCPT TO:<bob@example.net>
         C: DATA
         S: 250 ok
         S: 250 ok
         S: 354 go
         C: x
         S: 552 too big",
    );
    let envelope = envelope("alice@example.org", &TWO[..1]);
    session.client.begin(&envelope).unwrap();
    assert_eq!(session.pump(), Wants::Content);
    session.client.content(b"x\r\n").unwrap();
    let octets = session.client.transmit().len();
    assert_eq!(octets, 3);
    session.client.transmitted(octets).unwrap();
    session.client.transmit_failed();
    session.peer.heard.clear();
    session.peer.extend("");
    let refusal = b"552 too big\r\n";
    session.client.read_buf()[..refusal.len()].copy_from_slice(refusal);
    session.client.received(refusal.len()).unwrap();
    assert_eq!(session.pump(), Wants::Nothing);
    assert_eq!(session.events[3..], ["content[0] 552", "ended[0] Answered"]);
}

#[test]
fn a_421_to_one_recipient_ends_the_session_and_is_no_verdict() {
    let mut session = Session::open(plain_config(), "PIPELINING").then(
        "C: MAIL FROM:<alice@example.org>
         C: RCPT TO:<bob@example.net>
         C: RCPT TO:<carol@example.net>
         C: DATA
         S: 250 ok
         S: 250 ok
         S: 421 4.3.2 shutting down",
    );
    assert_eq!(session.send(&envelope("alice@example.org", &TWO), b"x"), Wants::Nothing);
    session.expect_events(&[
        "mail[0] 250",
        "rcpt[0.0] 250",
        "closing rcpt 421",
        "ended[0] NotSent",
    ]);
    assert_eq!(session.end(), Some(End::ServiceClosing(Phase::Rcpt)));
}

#[test]
fn an_unasked_421_is_understood_and_anything_else_unasked_is_an_attack() {
    let mut closing = Session::open(plain_config(), "").then("S: 421 idle too long");
    assert_eq!(closing.hear_unasked(), Wants::Nothing);
    closing.expect_events(&["closing idle 421"]);

    let mut talking = Session::open(plain_config(), "").then("S: 250 surprise");
    assert_eq!(talking.hear_unasked(), Wants::Nothing);
    assert!(matches!(talking.end(), Some(End::Peer(_))));
    assert_eq!(talking.client.poll_event(), Err(smtp_proto::client::PeerError::Unsolicited));
}

#[test]
fn a_lost_connection_behind_a_run_ahead_envelope_tells_both_fates() {
    let script = format!("{ENVELOPE}{GO}C: one\nC: .\nC: RSET\n{ENVELOPE}CLOSE");
    let config = plain_config().with_run_ahead(true);
    let mut session = Session::open(config, "PIPELINING").then(&script);
    let envelope = envelope("alice@example.org", &TWO[..1]);
    session.client.begin(&envelope).unwrap();
    session.hand_over(&envelope, b"one\r\n");
    session.client.begin(&envelope).unwrap();
    assert_eq!(session.pump(), Wants::Nothing);
    assert_eq!(session.events[3..], ["ended[0] Unknown", "ended[1] NotReached"]);
}

#[test]
fn quit_is_said_after_all_is_answered_and_any_answer_closes() {
    for answer in ["S: 221 bye", "S: 500 what?", "S+ xyz\\r\\n", "CLOSE"] {
        let mut session = Session::open(plain_config(), "").then(&format!("C: QUIT\n{answer}"));
        assert_eq!(session.quit(), Wants::Nothing);
        assert_eq!(session.end(), Some(End::Quit), "{answer}");
    }
}

#[test]
fn content_of_any_length_ends_right_in_a_small_transmit_buffer() {
    use smtp_proto::client::{BufferSizes, Client};
    for transmit in [64, 65, 66, 67] {
        for length in 0..200 {
            let sizes = BufferSizes::SMALL.with_transmit(transmit);
            let client = Client::with_sizes(plain_config(), sizes);
            // Lone LFs make the content longer than it was, so that something is owed at any place.
            let content: Vec<u8> =
                (0..length).map(|at| if at % 3 == 0 { b'\n' } else { b'.' }).collect();
            let mut wire = String::from_utf8(content.clone()).unwrap().replace('\n', "\r\n");
            if !wire.is_empty() && !wire.ends_with("\r\n") {
                wire += "\r\n";
            }
            let lines = wire.split_terminator("\r\n");
            let stuffed = lines.map(|line| {
                if line.starts_with('.') { format!("C: .{line}\n") } else { format!("C: {line}\n") }
            });
            let script = format!(
                "S: 220 hi\nC: EHLO client.example\nS: 250 mx\nC: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<b@example.net>\nS: 250 ok\nC: DATA\nS: 354 go\n{}C: .\nS: 250 ok",
                stuffed.collect::<String>()
            );
            let mut session = Session::with_client(client, &script);
            session.write_size = 5;
            assert_eq!(session.pump(), Wants::Command);
            assert_eq!(session.send(&envelope("", &["b@example.net"]), &content), Wants::Command);
            assert!(session.peer.is_done(), "{transmit} {length}");
        }
    }
}

#[test]
fn a_refused_lone_dot_is_followed_by_rset_as_any_refused_content() {
    let group = "C: MAIL FROM:<alice@example.org>\nC: RCPT TO:<bob@example.net>\nC: DATA\n";
    let script = format!(
        "{group}S: 250 a\nS: 550 b\nS: 354 go\nC: .\nS: 554 nobody\nC: RSET\n{group}S: 250 r\nS: 250 a\nS: 550 b\nS: 554 no"
    );
    let mut session = Session::open(plain_config(), "PIPELINING").then(&script);
    assert_eq!(
        session.send(&envelope("alice@example.org", &["bob@example.net"]), b""),
        Wants::Command
    );
    assert_eq!(
        session.send(&envelope("alice@example.org", &["bob@example.net"]), b""),
        Wants::Command
    );
    assert!(session.peer.is_done());
}

#[test]
fn running_ahead_without_pipelining_costs_no_rset() {
    let message = "C: MAIL FROM:<alice@example.org>\nS: 250 a\nC: RCPT TO:<bob@example.net>\nS: 250 b\nC: DATA\nS: 354 go\nC: x\nC: .\nS: 250 ok\n";
    let config = plain_config().with_run_ahead(true);
    let mut session = Session::open(config, "").then(&format!("{message}{message}"));
    let envelope = envelope("alice@example.org", &["bob@example.net"]);
    for _ in 0..2 {
        session.client.begin(&envelope).unwrap();
        session.hand_over(&envelope, b"x");
    }
    assert_eq!(session.pump(), Wants::Command);
    assert!(session.peer.is_done());
}
