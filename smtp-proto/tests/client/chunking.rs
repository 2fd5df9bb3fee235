//! BDAT: declared sizes, nothing stuffed, and no chunk for nobody.

use smtp_proto::{
    address::{ForwardPath, ReversePath},
    client::{
        AsEnvelope, BufferSizes, Chunking, Client, Config, End, Journal, Misuse, PeerError, Phase,
        Refusal, Retry, Status, Wants,
    },
    command::{Mail, Recipient},
    hello::{Extension, Extensions},
    parameter::Body,
    reply::Code,
    stuffing::Newlines,
};
use smtp_test_support::session::{Session, envelope, plain_config};

fn config(chunking: Chunking) -> Config {
    plain_config().with_chunking(chunking)
}

const OFFERS: &str = "PIPELINING CHUNKING BINARYMIME 8BITMIME";
const MAIL: &str = "C: MAIL FROM:<a@example.org> BODY=8BITMIME\n";
const BOB: &str = "C: RCPT TO:<b@example.net>\n";

fn bob() -> smtp_proto::envelope::Envelope {
    envelope("a@example.org", &["b@example.net"])
}

#[test]
fn a_message_takes_one_chunk_behind_the_replies_to_rcpt() {
    let script =
        format!("{MAIL}{BOB}S: 250 ok\nS: 250 ok\nC: BDAT 8 LAST\nC: .hi\nC: .\nS: 250 queued");
    let mut session = Session::open(config(Chunking::AfterRecipients), OFFERS).then(&script);
    assert_eq!(session.send(&bob(), b".hi\n."), Wants::Command);
    assert!(session.peer.is_done());
    assert_eq!(session.round_trips, 2);
    assert_eq!(session.writes.len(), 2);
    session.expect_events(&["mail[0] 250", "rcpt[0.0] 250", "final[0] 250", "ended[0] Answered"]);
}

#[test]
fn without_the_offer_content_leaves_by_data() {
    let script = "C: MAIL FROM:<a@example.org>\nS: 250 ok\nC: RCPT TO:<b@example.net>\nS: 250 ok\nC: DATA\nS: 354 go\nC: hi\nC: .\nS: 250 ok";
    let mut session = Session::open(config(Chunking::InFlight), "").then(script);
    assert_eq!(session.send(&bob(), b"hi"), Wants::Command);
    assert!(session.peer.is_done());
}

#[test]
fn no_chunk_is_sent_when_every_recipient_is_refused() {
    let script = format!(
        "{MAIL}{BOB}S: 250 ok\nS: 550 no\nC: RSET\n{MAIL}{BOB}S: 250 ok\nS: 250 ok\nS: 550 no"
    );
    let mut session = Session::open(config(Chunking::AfterRecipients), OFFERS).then(&script);
    assert_eq!(session.send(&bob(), b"hi"), Wants::Command);
    session.expect_events(&["mail[0] 250", "rcpt[0.0] 550", "ended[0] Refused"]);
    assert_eq!(session.send(&bob(), b"hi"), Wants::Command);
    assert!(session.peer.is_done());
}

#[test]
fn an_empty_message_is_an_empty_last_chunk() {
    let script = format!("{MAIL}{BOB}S: 250 ok\nS: 250 ok\nC: BDAT 0 LAST\nS: 250 queued");
    let mut session = Session::open(config(Chunking::AfterRecipients), OFFERS).then(&script);
    assert_eq!(session.send(&bob(), b""), Wants::Command);
    assert!(session.peer.is_done());
}

#[test]
fn whoever_is_accepted_gets_the_message_in_whatever_order_the_others_are_refused() {
    let (alice, two) = ("a@example.org", ["b@example.net", "c@example.net"]);
    for (first, second) in [("550 no", "250 ok"), ("250 ok", "550 no")] {
        let script = format!(
            "{MAIL}{BOB}C: RCPT TO:<c@example.net>\nS: 250 ok\nS: {first}\nS: {second}\nC: BDAT 4 LAST\nC: hi\nS: 250 queued"
        );
        let mut session = Session::open(config(Chunking::AfterRecipients), OFFERS).then(&script);
        assert_eq!(session.send(&envelope(alice, &two), b"hi"), Wants::Command);
        assert!(session.peer.is_done());
        assert_eq!(session.events.last().unwrap(), "ended[0] Answered", "{first}");
    }
}

#[test]
fn without_pipelining_no_content_is_asked_for_before_the_recipients_are_answered() {
    let script = "C: MAIL FROM:<a@example.org>\nS: 250 ok\nC: RCPT TO:<b@example.net>\nS: 550 no";
    let mut session = Session::open(config(Chunking::InFlight), "CHUNKING").then(script);
    session.client.begin(&bob()).unwrap();
    assert_eq!(session.client.wants(), Wants::Write);
    assert_eq!(session.pump(), Wants::Command, "nobody is to get it");
    assert_eq!(session.events.last().unwrap(), "ended[0] Refused");
}

#[test]
fn content_that_cannot_end_so_is_said_by_the_call_that_ends_it() {
    let config = config(Chunking::AfterRecipients).with_newlines(Newlines::Reject);
    let script = format!("{MAIL}{BOB}S: 250 ok\nS: 250 ok");
    let mut session = Session::open(config, OFFERS).then(&script);
    session.client.begin(&bob()).unwrap();
    assert_eq!(session.pump(), Wants::Content);
    session.client.content(b"line\r\nCR at the end\r").unwrap();
    assert!(matches!(session.client.finish(), Err(Refusal::Content(_))));
    assert!(matches!(session.end(), Some(End::BadContent(_))));
    assert_eq!(session.client.transmit(), b"QUIT\r\n", "and not the last chunk");
}

#[test]
fn the_last_line_ends_whatever_room_is_left_in_the_buffer() {
    for room in 0..64 {
        let sizes = BufferSizes::SMALL.with_transmit(128);
        let client = Client::with_sizes(config(Chunking::AfterRecipients), sizes);
        let mut session = Session::open_with(client, "CHUNKING")
            .then("C: MAIL FROM:<a@example.org>\nS: 250 ok\nC: RCPT TO:<b@example.net>\nS: 250 ok");
        session.client.begin(&bob()).unwrap();
        assert_eq!(session.pump(), Wants::Content);
        let content = vec![b'x'; 42 + room];
        // In one piece, as much as there is room for.
        let taken = session.client.content(&content).unwrap();
        if taken == content.len() {
            session.client.finish().unwrap();
        }
        let sent = swallow_from(&mut session, &content[taken..]);
        assert_eq!(sent, [&content[..], b"\r\n"].concat(), "{room}");
    }
}

#[test]
fn no_chunk_in_the_middle_is_empty() {
    let sizes = BufferSizes::SMALL.with_transmit(128);
    let client = Client::with_sizes(config(Chunking::AfterRecipients), sizes);
    let x = "x".repeat(60);
    let mut session = Session::open_with(client, "CHUNKING").then(&format!(
        "C: MAIL FROM:<a@example.org>\nS: 250 ok\nC: RCPT TO:<b@example.net>\nS: 250 ok
         C: BDAT 60\nC+ {x}\nS: 250 ok\nC: BDAT 2 LAST\nC+ \\r\\n\nS: 250 ok"
    ));
    session.client.begin(&bob()).unwrap();
    assert_eq!(session.pump(), Wants::Content);
    assert_eq!(session.client.content(x.as_bytes()), Ok(60));
    assert_eq!(session.client.content(b""), Ok(0));
    session.hand_over(&bob(), b"");
    assert_eq!(session.pump(), Wants::Command);
    assert!(session.peer.is_done());
}

#[test]
fn a_last_chunk_that_has_not_left_is_not_handed_over_though_it_is_empty() {
    let script = format!("{MAIL}{BOB}");
    let mut session = Session::open(config(Chunking::InFlight), OFFERS).then(&script);
    session.client.begin(&bob()).unwrap();
    session.client.finish().unwrap();
    session.client.received(0).unwrap();
    assert_eq!(session.pump(), Wants::Nothing);
    session.expect_events(&["ended[0] NotReached"]);
}

#[test]
fn a_message_refused_while_it_is_handed_over_is_handed_over_no_further() {
    for (answers, events) in [
        ("550 no\r\n503 no\r\n", ["mail[0] 550", "rcpt[0.0] 503", "ended[0] Refused"]),
        ("250 ok\r\n550 no\r\n", ["mail[0] 250", "rcpt[0.0] 550", "ended[0] Refused"]),
    ] {
        let mut session = Session::open(config(Chunking::InFlight), OFFERS);
        session.client.begin(&bob()).unwrap();
        assert_eq!(session.pump(), Wants::Content);
        assert_eq!(session.client.content(b"not to be sent\r\n"), Ok(16));
        let commands = session.client.transmit().len();
        session.client.transmitted(commands).unwrap();
        assert_eq!(session.hear(answers.as_bytes()), Wants::Command, "{answers}");
        session.expect_events(&events);
        assert_eq!(session.client.transmit(), b"");
    }
}

#[test]
fn an_envelope_behind_the_window_waits_for_the_first_verdict() {
    let client = Client::new(config(Chunking::InFlight).with_window(2));
    let group = format!("{ONE}C: RSET\n{ONE}{OK}S: 250 reset\n");
    let mut session = Session::open_with(client, "PIPELINING CHUNKING").then(&group);
    for _ in 0..2 {
        session.client.begin(&bob()).unwrap();
        session.hand_over(&bob(), b"hi");
    }
    session.client.begin(&bob()).unwrap();
    assert_eq!(session.client.wants(), Wants::Write);
    session.peer.extend(&format!("C: RSET\n{ONE}{OK}S: 250 reset\n{OK}"));
    session.hand_over(&bob(), b"hi");
    assert_eq!(session.pump(), Wants::Command);
    assert!(session.peer.is_done());
}

#[test]
fn large_content_leaves_in_chunks_of_the_size_asked_for() {
    let mut session =
        Session::open(config(Chunking::AfterRecipients).with_chunk_size(4), OFFERS).then(&format!(
            "{MAIL}{BOB}S: 250 ok\nS: 250 ok\nC: BDAT 4\nC+ abcd\nC: BDAT 4\nC+ e\\r\\nf\nC: BDAT 3 LAST\nC+ g\\r\\n\nS: 250 4\nS: 250 4\nS: 250 queued"
        ));
    assert_eq!(session.send(&bob(), b"abcde\r\nfg"), Wants::Command);
    assert!(session.peer.is_done());
    assert_eq!(session.round_trips, 2, "chunks do not wait for each other");
    let shown = "C: BDAT 4\nC: (4 octets of content)\nC: BDAT 4\nC: (4 octets of content)\nC: BDAT 3 LAST\nC: (3 octets of content)\nS: 250 4\n";
    assert!(session.text.contains(shown), "{}", session.text);
}

#[test]
fn without_pipelining_each_chunk_waits_for_its_reply() {
    let script = format!(
        "C: MAIL FROM:<a@example.org>\nS: 250 ok\n{BOB}S: 250 ok\nC: BDAT 4\nC+ abcd\nS: 250 4\nC: BDAT 3 LAST\nC: e\nS: 250 ok"
    );
    let config = config(Chunking::InFlight).with_chunk_size(4);
    let mut session = Session::open(config, "CHUNKING").then(&script);
    assert_eq!(session.send(&bob(), b"abcde"), Wants::Command);
    assert!(session.peer.is_done());
}

#[test]
fn a_refused_chunk_is_the_verdict_and_the_end_of_the_connection() {
    let script = format!(
        "C: MAIL FROM:<a@example.org>\nS: 250 ok\n{BOB}S: 250 ok\nC: BDAT 4\nC+ abcd\nS: 552 too big"
    );
    let config = config(Chunking::AfterRecipients).with_chunk_size(4);
    let mut session = Session::open(config, "CHUNKING").then(&script);
    assert_eq!(session.send(&bob(), b"abcdefgh"), Wants::Nothing);
    assert!(session.peer.is_done(), "no new chunk starts");
    session.expect_events(&["mail[0] 250", "rcpt[0.0] 250", "content[0] 552", "ended[0] Answered"]);
    assert!(matches!(session.end(), Some(End::ContentRefused(_))));
}

#[test]
fn a_refused_last_chunk_is_the_verdict_and_rset_comes_before_the_next() {
    let script = format!(
        "{MAIL}{BOB}S: 250 ok\nS: 250 ok\nC: BDAT 4 LAST\nC: hi\nS: 554 spam\nC: RSET\n{MAIL}{BOB}S: 250 ok\nS: 250 ok\nS: 250 ok\nC: BDAT 4 LAST\nC: hi\nS: 250 ok"
    );
    let mut session = Session::open(config(Chunking::AfterRecipients), OFFERS).then(&script);
    assert_eq!(session.send(&bob(), b"hi"), Wants::Command);
    assert_eq!(session.send(&bob(), b"hi"), Wants::Command);
    assert!(session.peer.is_done());
}

#[test]
fn a_positive_reply_before_the_chunk_is_sent_is_no_verdict() {
    let script = format!("{MAIL}{BOB}S: 250 ok\nS: 250 ok\nC+ BDAT 14 LAST\\r\\n\nS: 250 early");
    let mut session = Session::open(config(Chunking::AfterRecipients), OFFERS).then(&script);
    session.client.begin(&bob()).unwrap();
    assert_eq!(session.pump(), Wants::Content);
    session.client.content(b"hello world\n").unwrap();
    session.client.finish().unwrap();
    let command = b"BDAT 13 LAST\r\n".len();
    session.client.transmitted(command).unwrap();
    let reply = b"250 early\r\n";
    session.client.read_buf()[..reply.len()].copy_from_slice(reply);
    session.client.received(reply.len()).unwrap();
    while let Ok(Some(event)) = session.client.poll_event() {
        session.events.push(smtp_test_support::stand::describe(&event));
    }
    assert_eq!(session.events.last().unwrap(), "ended[0] NotSent");
}

/// Ten messages in flight: the first group, and what the peer answers.
fn in_flight(messages: usize, script: &str) -> Session {
    in_flight_with(config(Chunking::InFlight), messages, script)
}

fn in_flight_with(config: Config, messages: usize, script: &str) -> Session {
    let client = Client::with_sizes(config.with_window(32), BufferSizes::LARGE);
    let opening =
        "S: 220 mx\nC: EHLO client.example\nS+ 250-mx\\r\\n250-PIPELINING\\r\\n250 CHUNKING\\r\\n";
    let mut session = Session::with_client(client, opening).then(script);
    assert_eq!(session.pump(), Wants::Command);
    session.events.clear();
    session.round_trips = 0;
    for _ in 0..messages {
        session.client.begin(&bob()).unwrap();
        assert_eq!(session.client.wants(), Wants::Content);
        assert_eq!(session.client.content(b"hi\r\n").unwrap(), 4);
        session.client.finish().unwrap();
    }
    session
}

/// The same with a server that is known to swallow chunks that it has no use for.
fn swallowed(messages: usize, script: &str) -> Session {
    in_flight_with(config(Chunking::InFlight).with_swallowed_chunks(true), messages, script)
}

/// An envelope for two that loses its second recipient behind the client's back, as soon as it has looked.
#[derive(Default)]
struct Shrinking(std::cell::Cell<bool>, std::cell::Cell<bool>);

impl AsEnvelope for Shrinking {
    fn mail(&self) -> Mail<'_> {
        Mail::new(ReversePath::parse("a@example.org").unwrap())
    }

    fn recipient(&self, index: usize) -> Option<Recipient<'_>> {
        let to = ["b@example.net", "c@example.net"].get(index)?;
        // The check looks at the last recipient first.
        let is_gone = self.0.get() && index == 1 && self.1.replace(true);
        (!is_gone).then(|| Recipient::new(ForwardPath::parse(to).unwrap()))
    }
}

const ONE: &str =
    "C: MAIL FROM:<a@example.org>\nC: RCPT TO:<b@example.net>\nC: BDAT 4 LAST\nC: hi\n";
const OK: &str = "S: 250 ok\nS: 250 ok\nS: 250 queued\n";

#[test]
fn ten_messages_leave_in_one_write_and_take_one_round_trip() {
    let group = format!("{ONE}{}", format!("C: RSET\n{ONE}").repeat(9));
    let replies = format!("{OK}{}", format!("S: 250 reset\n{OK}").repeat(9));
    let mut session = in_flight(10, &format!("{group}{replies}"));
    let writes = session.writes.len();
    assert_eq!(session.pump(), Wants::Command);
    assert!(session.peer.is_done());
    assert_eq!((session.round_trips, session.writes.len() - writes), (1, 1));
    let delivered = session.events.iter().filter(|event| event.ends_with("Answered")).count();
    assert_eq!(delivered, 10);
}

#[test]
fn more_messages_than_can_be_told_apart_at_once_leave_in_several_writes() {
    let group = format!("{ONE}{}", format!("C: RSET\n{ONE}").repeat(19));
    let replies = format!("{OK}{}", format!("S: 250 reset\n{OK}").repeat(19));
    let mut session = in_flight(0, &format!("{group}{replies}"));
    for _ in 0..20 {
        session.client.begin(&bob()).unwrap();
        session.hand_over(&bob(), b"hi\r\n");
    }
    assert_eq!(session.pump(), Wants::Command);
    assert!(session.peer.is_done());
    let delivered = session.events.iter().filter(|event| event.ends_with("Answered")).count();
    assert_eq!((delivered, session.round_trips), (20, 1));
}

#[test]
fn a_refused_envelope_among_those_in_flight_is_refused_alone() {
    let group = format!("{ONE}C: RSET\n{ONE}C: RSET\n{ONE}");
    let refused = "S: 250 reset\nS: 250 ok\nS: 550 no\nS: 503 nobody\n";
    let mut session = swallowed(3, &format!("{group}{OK}{refused}S: 250 reset\n{OK}"));
    assert_eq!(session.pump(), Wants::Command);
    assert!(session.peer.is_done());
    let ended: Vec<&String> = session.events.iter().filter(|e| e.starts_with("ended")).collect();
    assert_eq!(ended, ["ended[0] Answered", "ended[1] Refused", "ended[2] Answered"]);
    assert!(session.events.contains(&"data[1] 503".to_string()));
}

#[test]
fn a_refused_message_does_not_take_the_next_with_it() {
    let refused = "S: 550 no\nS: 503 no\nS: 503 no\n";
    let script = format!("{ONE}{refused}C: RSET\n{ONE}S: 250 reset\n{OK}");
    let config = config(Chunking::InFlight).with_window(1).with_swallowed_chunks(true);
    let client = Client::new(config);
    let mut session = Session::open_with(client, "PIPELINING CHUNKING").then(&script);
    for _ in 0..2 {
        session.client.begin(&bob()).unwrap();
        session.hand_over(&bob(), b"hi");
    }
    assert_eq!(session.pump(), Wants::Command);
    assert!(session.peer.is_done());
    let ended: Vec<&String> = session.events.iter().filter(|e| e.starts_with("ended")).collect();
    assert_eq!(ended, ["ended[0] Refused", "ended[1] Answered"]);
}

#[test]
fn a_full_chunk_that_waits_is_dropped_when_nothing_can_be_written() {
    let sizes = BufferSizes::SMALL.with_in_flight(2);
    let client = Client::with_sizes(config(Chunking::InFlight).with_chunk_size(4), sizes);
    let script = "C: MAIL FROM:<a@example.org>\nC: RCPT TO:<b@example.net>";
    let mut session = Session::open_with(client, "PIPELINING CHUNKING").then(script);
    session.client.begin(&bob()).unwrap();
    assert_eq!(session.client.content(b"full"), Ok(4));
    assert_eq!(session.pump(), Wants::Read);
    session.client.transmit_failed();
    session.peer.extend("S: 250 ok\nCLOSE");
    assert_eq!(session.pump(), Wants::Nothing);
    session.expect_events(&["mail[0] 250", "ended[0] NotSent"]);
}

#[test]
fn the_last_chunk_for_nobody_may_be_answered_with_a_close_but_not_with_a_go_ahead() {
    for (answer, closes) in [("S: 421 bye", true), ("S: 354 go", false)] {
        let mut session = swallowed(1, &format!("{ONE}S: 250 ok\nS: 550 no\n{answer}"));
        assert_eq!(session.pump(), Wants::Nothing, "{answer}");
        let closed = session.end() == Some(End::ServiceClosing(Phase::Final));
        assert_eq!(closed, closes, "{:?}", session.end());
        assert_eq!(session.end().unwrap().phase(), Phase::Final);
        assert!(session.events.iter().any(|event| event.starts_with("ended[0]")));
    }
}

#[test]
fn an_answer_that_makes_no_sense_leaves_unknown_what_is_in_flight_behind_it() {
    let mut session = in_flight(2, &format!("{ONE}C: RSET\n{ONE}S: 354 go"));
    assert_eq!(session.pump(), Wants::Nothing);
    assert_eq!(session.events[..3], ["mail[0] 354", "ended[0] Unknown", "ended[1] Unknown"]);
}

#[test]
fn a_lost_connection_tells_for_each_in_flight_whether_it_was_handed_over() {
    let mut session = in_flight(3, "");
    let first_two = format!("{ONE}C: RSET\n{ONE}").replace("C: ", "").replace('\n', "\r\n").len();
    session.client.transmitted(first_two).unwrap();
    session.client.received(0).unwrap();
    while let Ok(Some(event)) = session.client.poll_event() {
        session.events.push(smtp_test_support::stand::describe(&event));
    }
    session.expect_events(&["ended[0] Unknown", "ended[1] Unknown", "ended[2] NotReached"]);
}

#[test]
fn binary_content_leaves_octet_for_octet() {
    let script = "C: MAIL FROM:<a@example.org> BODY=BINARYMIME\nC: RCPT TO:<b@example.net>\nS: 250 ok\nS: 250 ok\nC: BDAT 5 LAST\nC+ a\\n\0\\r.\nS: 250 ok";
    let mut session = Session::open(config(Chunking::AfterRecipients), OFFERS).then(script);
    let binary = bob().with_body(Body::BinaryMime);
    assert_eq!(session.send(&binary, b"a\n\0\r."), Wants::Command);
    assert!(session.peer.is_done());

    let mut data = Session::open(config(Chunking::Off), OFFERS);
    assert!(data.client.begin(&binary).is_err());
}

#[test]
fn d21_any_size_of_buffers_reads_and_writes_adds_up() {
    let lines: Vec<u8> = (0..3000u32).map(|at| if at % 61 == 0 { b'\n' } else { b'.' }).collect();
    for (crs, chunk_size) in [(0, usize::MAX), (1, 64), (700, usize::MAX), (700, 1), (700, 64)] {
        for (transmit, write_size) in product(&[100, 128, 200, 1000, 5000], &[1, 7, usize::MAX]) {
            let content = [&lines[..], &vec![b'\r'; crs]].concat();
            let text = String::from_utf8(lines.clone()).unwrap().replace('\n', "\r\n");
            let canonical = text + &"\r\n".repeat(crs.max(1));
            let sizes = BufferSizes::SMALL.with_transmit(transmit).with_in_flight(3);
            let config = config(Chunking::AfterRecipients).with_chunk_size(chunk_size);
            let client = Client::with_sizes(config, sizes);
            let opening = "S: 220 mx\nC: EHLO client.example\nS+ 250-mx\\r\\n250 CHUNKING\\r\\n\nC: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<b@example.net>\nS: 250 ok";
            let mut session = Session::with_client(client, opening);
            session.write_size = write_size;
            assert_eq!(session.pump(), Wants::Command);
            let envelope = envelope("", &["b@example.net"]);
            session.client.begin(&envelope).unwrap();
            let sent = swallow(&mut session, &content);
            assert!(sent == canonical.as_bytes(), "{crs} {chunk_size} {transmit} {write_size}");
        }
    }
}

#[test]
fn not_very_many_chunks_of_lines_are_unanswered() {
    let sizes = BufferSizes::LARGE.with_transmit(128).with_in_flight(1000);
    let config = config(Chunking::InFlight).with_chunk_size(1);
    let mut session = Session::open_with(Client::with_sizes(config, sizes), OFFERS);
    session.peer.deaf = true;
    session.client.begin(&bob()).unwrap();
    session.hand_over(&bob(), &[b'\r'; 3000]);
    assert_eq!(session.pump(), Wants::Read);
    let chunks = session.peer.heard.windows(5).filter(|five| five == b"BDAT ").count();
    assert!((100..200).contains(&chunks), "{chunks}");
}

/// Each with each.
fn product(xs: &[usize], ys: &[usize]) -> Vec<(usize, usize)> {
    xs.iter().flat_map(|&x| ys.iter().map(move |&y| (x, y))).collect()
}

/// Plays a server that answers each chunk; what it has got.
fn swallow(session: &mut Session, content: &[u8]) -> Vec<u8> {
    assert_eq!(session.pump(), Wants::Content);
    swallow_from(session, content)
}

/// The same from the middle of the content on; it may have been finished before.
fn swallow_from(session: &mut Session, mut content: &[u8]) -> Vec<u8> {
    let (mut got, mut done) = (Vec::new(), false);
    session.peer.deaf = true;
    let mut from = session.peer.heard.len();
    for _ in 0..100_000 {
        match session.pump() {
            Wants::Content if content.is_empty() => session.client.finish().unwrap(),
            Wants::Content => content = &content[session.client.content(content).unwrap()..],
            Wants::Command if done => return got,
            Wants::Read => {
                let heard = &session.peer.heard[from..];
                let end = heard.windows(2).position(|two| two == b"\r\n").expect("a command");
                let line = core::str::from_utf8(&heard[..end]).unwrap();
                let mut words = line.strip_prefix("BDAT ").expect("BDAT").split(' ');
                let size: usize = words.next().unwrap().parse().unwrap();
                done = words.next() == Some("LAST");
                got.extend_from_slice(&heard[end + 2..end + 2 + size]);
                assert_eq!(heard.len(), end + 2 + size, "one chunk at a time");
                from += end + 2 + size;
                session.peer.extend("S: 250 ok");
            }
            wants => panic!("{wants:?}"),
        }
    }
    panic!("no end");
}

#[test]
fn content_waits_while_as_many_chunks_as_may_be_are_in_flight() {
    let config = plain_config().with_chunking(Chunking::AfterRecipients).with_chunk_size(1);
    let sizes = BufferSizes::SMALL.with_in_flight(8);
    let client = Client::with_sizes(config, sizes);
    let mut script = String::from("C: MAIL FROM:<>\nC: RCPT TO:<a@b>\nS: 250 ok\nS: 250 ok\n");
    for group in ["abcdefgh", "ijklmnop", "qrstuvwx"] {
        script.extend(group.chars().map(|octet| format!("C+ BDAT 1\\r\\n{octet}\n")));
        script += &"S: 250 ok\n".repeat(8);
    }
    script += "C: BDAT 2 LAST\nC:\nS: 250 taken";
    let mut session = Session::open_with(client, "PIPELINING CHUNKING").then(&script);
    let wants = session.send(&envelope("", &["a@b"]), b"abcdefghijklmnopqrstuvwx");
    assert_eq!(wants, Wants::Command);
    assert!(session.peer.is_done(), "{:?}", session.peer);
}

/// What became of each recipient of a message that has left whole before anything was answered.
fn fates_in_flight(to: &[&str], then: &str) -> Vec<(Status, Option<Retry>)> {
    let recipients: Vec<_> = to.iter().map(|to| format!("C: RCPT TO:<{to}>")).collect();
    let recipients = recipients.join("\n");
    let script =
        format!("C: MAIL FROM:<a@example.org>\n{recipients}\nC: BDAT 4 LAST\nC: hi\n{then}");
    let mut session =
        Session::open(config(Chunking::InFlight), "PIPELINING CHUNKING").then(&script);
    let envelope = envelope("a@example.org", to);
    let mut journal = Journal::new();
    journal.begin(session.client.begin(&envelope).unwrap(), to.len());
    session.journal = Some(journal);
    session.hand_over(&envelope, b"hi");
    assert_eq!(session.pump(), Wants::Nothing);
    let outcome = session.journal.take().unwrap().take_outcome(session.end()).unwrap();
    outcome.recipients().map(|recipient| (recipient.status(), recipient.retry())).collect()
}

#[test]
fn what_became_of_a_message_that_left_whole_is_unknown_however_little_was_answered() {
    let unknown = (Status::Unknown, Some(Retry::MayDuplicate));
    for answered in ["", "S: 250 ok\n", "S: 250 ok\nS: 250 ok\n", "S: 250 ok\nS: what\n"] {
        let fates = fates_in_flight(&["b@c", "d@c"], &format!("{answered}CLOSE"));
        assert_eq!(fates, [unknown; 2], "{answered:?}");
    }
    let fates = fates_in_flight(&["b@c", "d@c"], "S: 250 ok\nS: 550 no\nCLOSE");
    assert_eq!(fates, [(Status::Rejected, Some(Retry::Never)), unknown]);
}

/// C79, property 10: a server was seen to store what had left whole before it closed.
#[test]
fn what_left_whole_before_a_421_is_unknown_whatever_the_421_answers() {
    let unknown = (Status::Unknown, Some(Retry::MayDuplicate));
    for closing in ["S: 421 bye", "S: 250 ok\nS: 421 bye", "S: 250 ok\nS: 250 ok\nS: 421 bye"] {
        assert_eq!(fates_in_flight(&["b@c", "d@c"], closing), [unknown; 2], "{closing}");
    }
    let fates = fates_in_flight(&["b@c", "d@c"], "S: 250 ok\nS: 550 no\nS: 421 bye");
    assert_eq!(fates, [(Status::Rejected, Some(Retry::Never)), unknown]);
}

/// C79: the verdict of one message is no word about those behind it.
#[test]
fn messages_in_flight_behind_a_421_to_the_last_chunk_are_unknown() {
    let mut session = in_flight(3, "");
    let first_two = format!("{ONE}C: RSET\n{ONE}").replace("C: ", "").replace('\n', "\r\n").len();
    session.client.transmitted(first_two).unwrap();
    session.peer.deaf = true;
    session.hear(b"250 ok\r\n250 ok\r\n421 bye\r\n");
    assert_eq!(session.end(), Some(End::ServiceClosing(Phase::Final)));
    let ended: Vec<_> = session.events.iter().filter(|event| event.starts_with("ended")).collect();
    assert_eq!(ended, ["ended[0] Answered", "ended[1] Unknown", "ended[2] NotReached"]);
}

/// C80: go-smtp runs the chunk as commands, and its replies to those would be verdicts on the message behind.
#[test]
fn a_message_refused_with_its_content_in_flight_ends_the_session() {
    for refused in ["S: 550 no\n", "S: 250 ok\nS: 550 no\n"] {
        let behind = "S: 250 ok\nS: 250 ok\nS: 250 taken";
        let script = format!("{ONE}C: RSET\n{ONE}{refused}{behind}");
        let mut session = in_flight(2, &script);
        assert_eq!(session.pump(), Wants::Nothing);
        let phase = if refused.len() > 12 { Phase::Rcpt } else { Phase::Mail };
        let code = Code::MAILBOX_UNAVAILABLE;
        assert_eq!(session.end(), Some(End::RefusedInFlight { phase, code }));
        let ended: Vec<_> = session.events.iter().filter(|e| e.starts_with("ended")).collect();
        assert_eq!(ended, ["ended[0] Refused", "ended[1] Unknown"], "{refused}");
    }
}

/// A chunk refused as a command may not have been read either.
#[test]
fn a_last_chunk_refused_as_a_command_ends_the_session_too() {
    for (code, goes_on) in [("503", false), ("552", true), ("554", true), ("451", true)] {
        let script =
            format!("{ONE}C: RSET\n{ONE}S: 250 ok\nS: 250 ok\nS: {code} no\nS: 250 reset\n{OK}");
        let mut session = in_flight(2, &script);
        let wants = session.pump();
        assert_eq!(wants == Wants::Command, goes_on, "{code}");
        let ended: Vec<_> = session.events.iter().filter(|e| e.starts_with("ended")).collect();
        let behind = if goes_on { "ended[1] Answered" } else { "ended[1] Unknown" };
        assert_eq!(ended, ["ended[0] Answered", behind], "{code}");
    }
}

/// The NUL is the second message's; the first left whole before it, and is waited for.
#[test]
fn a_content_that_cannot_be_sent_does_not_hide_the_verdict_on_the_one_before_it() {
    let script = format!(
        "{ONE}C: RSET\nC: MAIL FROM:<a@example.org>\nC: RCPT TO:<b@example.net>\nC: QUIT\n{OK}S: 250 reset\nS: 250 ok\nS: 250 ok\nS: 221 bye"
    );
    let mut session = in_flight(1, &script);
    session.client.begin(&bob()).unwrap();
    assert!(matches!(session.client.content(b"a\0"), Ok(1)));
    assert!(matches!(session.client.content(b"\0"), Err(Refusal::Content(_))));
    assert_eq!(session.pump(), Wants::Nothing);
    assert!(session.peer.is_done(), "{:?}", session.peer);
    assert!(matches!(session.end(), Some(End::BadContent(_))), "{:?}", session.end());
    let ended: Vec<_> = session.events.iter().filter(|e| e.starts_with("ended")).collect();
    assert_eq!(ended, ["ended[0] Answered", "ended[1] NotSent"]);
}

#[test]
fn a_go_ahead_to_a_chunk_ends_the_session() {
    let script = format!(
        "C: MAIL FROM:<a@example.org>\nS: 250 ok\n{BOB}S: 250 ok\nC: BDAT 4\nC+ abcd\nS: 354 go"
    );
    let config = config(Chunking::AfterRecipients).with_chunk_size(4);
    let mut session = Session::open(config, "CHUNKING").then(&script);
    session.journal = Some(Journal::new());
    assert_eq!(session.send(&bob(), b"abcdefgh"), Wants::Nothing);
    let (phase, code) = (Phase::Content, Code::START_CONTENT);
    let end = End::Peer(PeerError::UnexpectedCode { phase, code });
    assert_eq!(session.end(), Some(end));
    let words = session.journal.as_ref().unwrap().last_words(end).unwrap();
    assert_eq!(words.as_reply().to_string(), "354 go");
}

#[test]
fn answers_to_chunks_that_do_not_end_the_session_are_the_message_s_own() {
    let taken =
        "S: 250 ok\nS: 250 ok\nC: BDAT 4\nC+ abcd\nC: BDAT 3 LAST\nC: e\nS: 250 4\nS: 250 ok";
    let config = config(Chunking::AfterRecipients).with_chunk_size(4);
    let script = format!("{MAIL}{BOB}{taken}");
    let mut session = Session::open(config, OFFERS).then(&script);
    session.journal = Some(Journal::new());
    assert_eq!(session.send(&bob(), b"abcde"), Wants::Command);
    assert_eq!(session.journal.unwrap().last_answer(), None);
    // A last chunk for nobody, which a server may take all the same.
    let mut session = swallowed(1, &format!("{ONE}S: 250 ok\nS: 550 no\nS: 250 ok"));
    session.journal = Some(Journal::new());
    assert_eq!(session.pump(), Wants::Command);
    assert_eq!(session.journal.unwrap().last_answer(), None);
}

/// Only an envelope that changes on the way gets there; the session goes on all the same.
#[test]
fn an_envelope_that_ends_when_all_are_refused_already_is_refused() {
    for chunking in [Chunking::Off, Chunking::AfterRecipients] {
        let sizes = BufferSizes::SMALL.with_in_flight(1);
        let mut session =
            Session::open_with(Client::with_sizes(config(chunking), sizes), "CHUNKING").then(
                "C: MAIL FROM:<a@example.org>\nS: 250 ok\nC: RCPT TO:<b@example.net>\nS: 550 no",
            );
        let both = Shrinking::default();
        session.client.begin(&both).unwrap();
        while session.events.last().is_none_or(|event| event != "rcpt[0.0] 550") {
            session.client.continue_envelope(&both).unwrap();
            assert_eq!(session.pump(), Wants::Envelope);
        }
        both.0.set(true);
        session.client.continue_envelope(&both).unwrap();
        assert_eq!(session.pump(), Wants::Command);
        assert_eq!(session.events.last().unwrap(), "ended[0] Refused", "{chunking:?}");
        assert!(session.client.is_reusable(), "{chunking:?}");
    }
}

#[test]
fn chunking_is_in_use_where_content_leaves_by_it() {
    let used = |chunking, offers| Session::open(config(chunking), offers).client.used();
    let (chunks, pipelining) =
        (Extension::Chunking.into(), Extensions::from(Extension::Pipelining));
    assert_eq!(used(Chunking::AfterRecipients, "CHUNKING"), chunks);
    assert_eq!(used(Chunking::InFlight, "CHUNKING PIPELINING"), pipelining.union(chunks));
    assert_eq!(used(Chunking::Off, "CHUNKING PIPELINING"), pipelining);
    assert_eq!(used(Chunking::InFlight, ""), Extensions::EMPTY);
}

#[test]
fn no_content_is_taken_into_a_chunk_while_there_is_no_room_for_one() {
    let sizes = BufferSizes::SMALL.with_transmit(64);
    let client = Client::with_sizes(config(Chunking::AfterRecipients).with_chunk_size(16), sizes);
    let mut session = Session::open_with(client, "CHUNKING").then(
        "C: MAIL FROM:<a@example.org>\nS: 250 ok\nC: RCPT TO:<b@example.net>\nS: 250 ok
         C: BDAT 16\nC+ 0123456789abcdef\nS: 250 ok\nC: BDAT 16\nC+ 0123456789abcdef\nS: 250 ok
         C: BDAT 4\nC+ more\nS: 250 ok\nC: BDAT 2 LAST\nC+ \\r\\n\nS: 250 ok",
    );
    session.client.begin(&bob()).unwrap();
    assert_eq!(session.pump(), Wants::Content);
    assert_eq!(session.client.content(b"0123456789abcdef"), Ok(16));
    assert_eq!(session.client.content(b"0123456789abcdef"), Ok(16));
    assert_eq!(session.client.content(b"more"), Ok(0));
    // Ignored, that would have been a cut message.
    assert_eq!(session.client.finish(), Err(Refusal::Misuse(Misuse::ContentLeft)));
    session.hand_over(&bob(), b"more");
    assert_eq!(session.pump(), Wants::Command);
    assert!(session.peer.is_done());
}
