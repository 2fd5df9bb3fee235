//! Futures that are dropped at each of their awaits, and what the client does afterwards.
//!
//! It goes on, with exactly its own replies, or says that the session is over. The server's words
//! differ from message to message, so that whoever gets another's reply is found out.
#![cfg(feature = "tls")]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

mod memory;
mod support;

use std::{cell::RefCell, rc::Rc, time::Duration};

use memory::{
    Halting, Slow,
    far::{Far, Message},
    finished, polled,
};
use smtp_async::{
    Client, Connector, Envelope, Error, Inquiry, Outcome, Status, TlsPolicy, Verdict,
    proto::{
        client::{self, Chunking, Misuse, Refusal},
        command::Argument,
        hello::{EhloName, Extension},
        reply::OwnedReply,
        server::{self, AuthPolicy},
    },
};
use support::tls::{server_config, trusting};

/// A client, a server, and how many octets move at once.
struct Case {
    client: fn(client::Config) -> client::Config,
    server: fn(server::Config) -> server::Config,
    tls: TlsPolicy,
    size: usize,
    /// The session is open before anything is dropped.
    open: bool,
}

const CASE: Case = Case {
    client: |config| config,
    server: |config| config,
    tls: TlsPolicy::None,
    size: 20,
    open: true,
};

/// For timers, which are never due: nobody drives it.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime")
}

impl Case {
    fn start(&self) -> (Client<Halting>, Rc<RefCell<Far>>) {
        let name = EhloName::parse("mx.example").expect("a name");
        let config = (self.server)(server::Config::new(name));
        let far = Rc::new(RefCell::new(Far::new(config, server_config())));
        let connector = Connector::new("localhost", 0)
            .with_tls(self.tls)
            .with_tls_config(trusting())
            .configure(self.client);
        let mut client = connector.over(Halting::new(&far, self.size));
        if self.open {
            finished(client.open()).expect("a session");
        }
        (client, far)
    }

    /// Does `act`, at first without a poll, then with one more each time until it is done. The server
    /// stores each message of `sent` whole and once or not at all, and nothing else but `next`.
    #[allow(clippy::needless_pass_by_value, reason = "a closure is written where it is used")]
    fn cut_everywhere(&self, sent: &[Message], act: impl AsyncFn(&mut Client<Halting>)) -> Ends {
        let runtime = runtime();
        let _guard = runtime.enter();
        let mut ends = Ends::default();
        for polls in 0.. {
            let (mut client, far) = self.start();
            let done = polled(act(&mut client), polls).is_some();
            let survived = check(&mut client, &far, polls);
            let far = far.borrow();
            for message in &far.stored {
                let known = sent.iter().any(|sent| sent == message) || *message == next();
                assert!(known, "after {polls} polls: {:?}", message.from);
            }
            for message in sent {
                let copies = far.stored.iter().filter(|stored| *stored == message).count();
                assert!(copies <= 1, "after {polls} polls: {copies} of {:?}", message.from);
                assert!(copies == 1 || !done, "{:?} was not stored", message.from);
            }
            if done {
                assert!(survived, "nothing was dropped");
                println!("{ends:?}");
                return ends;
            }
            *if survived { &mut ends.survived } else { &mut ends.over } += 1;
        }
        unreachable!("there are numbers enough")
    }
}

/// How often the session went on after a drop, and how often not.
#[derive(Default, PartialEq, Eq, Debug)]
struct Ends {
    survived: usize,
    over: usize,
}

fn envelope(from: &str, recipients: &[&str]) -> Envelope {
    let empty = Envelope::new(&format!("{from}@example.org")).expect("an address");
    recipients
        .iter()
        .fold(empty, |envelope, to| envelope.to(&format!("{to}@example.net")).expect("an address"))
}

/// What the server has to store of such a message.
fn message(from: &str, recipients: &[&str], content: &[u8]) -> Message {
    let to = recipients.iter().map(|to| format!("<{to}@example.net>")).collect();
    Message { from: format!("<{from}@example.org>"), to, content: content.to_vec() }
}

const SMALL: &[u8] = b"Subject: x\r\n\r\n.x\r\n";

fn next() -> Message {
    message("next", &["n"], SMALL)
}

fn text(reply: Option<&OwnedReply>) -> String {
    reply.map(OwnedReply::text).unwrap_or_default().concat()
}

/// It is delivered to everybody, and the server's words are for it.
fn assert_delivered(outcome: &Outcome, from: &str) {
    assert_eq!(outcome.verdict(), Verdict::Delivered, "{outcome:?}");
    assert_eq!(
        outcome.reply().expect("a reply").text().concat(),
        format!("stored <{from}@example.org>")
    );
}

/// Goes on with a client that was interrupted: another message, a question. Whether it was usable;
/// if not, it says so every time, and nothing came of the message.
fn check(client: &mut Client<Halting>, far: &RefCell<Far>, polls: usize) -> bool {
    let delivered = |far: &RefCell<Far>| far.borrow().stored.contains(&next());
    match finished(client.send(&envelope("next", &["n"]), SMALL)) {
        Ok(outcome) => {
            assert_delivered(&outcome, "next");
            assert!(delivered(far), "after {polls} polls");
            assert!(client.is_reusable());
            let who = Argument::new("somebody").expect("a name");
            let reply = finished(client.inquire(Inquiry::Vrfy(who))).expect("an answer");
            assert_eq!(text(Some(&reply)), "about somebody", "after {polls} polls");
            assert_known(client, far, polls);
            true
        }
        Err(error) => {
            assert!(!delivered(far), "after {polls} polls: {error}");
            assert!(!client.is_reusable());
            let again = finished(client.inquire(Inquiry::Noop)).expect_err("no session");
            assert_eq!(again.to_string(), error.to_string(), "after {polls} polls");
            assert_eq!(client.failure().map(ToString::to_string), Some(error.to_string()));
            false
        }
    }
}

/// Client and server agree on whether somebody is logged in: that can be done once.
fn assert_known(client: &mut Client<Halting>, far: &RefCell<Far>, polls: usize) {
    if !client.capabilities().offers(Extension::Auth) {
        return;
    }
    let known = far.borrow().is_authenticated();
    match finished(client.login("user", "s3cret")) {
        Ok(()) => assert!(!known, "after {polls} polls"),
        Err(Error::Refused(Refusal::Misuse(Misuse::AlreadyAuthenticated))) => {
            assert!(known, "after {polls} polls");
        }
        Err(error) => panic!("after {polls} polls: {error}"),
    }
}

#[test]
fn an_opening_that_was_interrupted_goes_on() {
    let case = Case { open: false, size: 7, ..CASE };
    let ends = case.cut_everywhere(&[], async |client| client.open().await.expect("a session"));
    assert!(ends.survived > 20 && ends.over == 0, "{ends:?}");
}

#[test]
fn starttls_goes_on_and_a_handshake_does_not() {
    let case = Case {
        open: false,
        size: 20,
        tls: TlsPolicy::Required,
        server: |config| config.with_tls(server::TlsPolicy::Required),
        ..CASE
    };
    let ends = case.cut_everywhere(&[], async |client| client.open().await.expect("a session"));
    assert!(ends.survived > 10 && ends.over > 10, "{ends:?}");
}

#[test]
fn a_session_that_was_cut_in_the_handshake_is_given_up() {
    let runtime = runtime();
    let _guard = runtime.enter();
    let case = Case {
        open: false,
        size: 20,
        tls: TlsPolicy::Implicit,
        server: |config| config.with_tls(server::TlsPolicy::Implicit),
        ..CASE
    };
    let (mut client, _far) = case.start();
    assert!(polled(client.open(), 3).is_none());
    let error = finished(client.open()).expect_err("no session");
    assert_eq!(error.to_string(), "tls: given up");
}

fn with_auth(config: server::Config, mechanisms: &'static [&'static str]) -> server::Config {
    config.with_auth(AuthPolicy::Offered).with_plaintext_auth(true).with_mechanisms(mechanisms)
}

const PLAIN: Case = Case {
    client: |config| config.with_plaintext_auth(true),
    server: |config| with_auth(config, &["PLAIN"]),
    ..CASE
};
const LOGIN: Case = Case { server: |config| with_auth(config, &["LOGIN"]), ..PLAIN };

async fn login(client: &mut Client<Halting>) {
    client.login("user", "s3cret").await.expect("to be let in");
}

/// What the server says has to be shown to the mechanism, and that is gone.
#[test]
fn a_login_that_was_interrupted_ends_the_session() {
    for case in [PLAIN, LOGIN] {
        let ends = case.cut_everywhere(&[], login);
        // The one is before anything was said.
        assert!(ends.survived == 1 && ends.over > 3, "{ends:?}");
    }
}

async fn send(client: &mut Client<Halting>) {
    let outcome = client.send(&envelope("first", &["a"]), SMALL).await.expect("an outcome");
    assert_delivered(&outcome, "first");
}

fn first() -> [Message; 1] {
    [message("first", &["a"], SMALL)]
}

#[test]
fn a_message_is_sent_whole_or_not_at_all() {
    let ends = CASE.cut_everywhere(&first(), send);
    assert!(ends.survived > 2 && ends.over > 2, "{ends:?}");
}

#[test]
fn a_message_is_sent_whole_or_not_at_all_without_pipelining() {
    let mask =
        |config: client::Config| config.with_mask([Extension::Pipelining].into_iter().collect());
    let ends = Case { client: mask, ..CASE }.cut_everywhere(&first(), send);
    assert!(ends.survived > 2 && ends.over > 2, "{ends:?}");
}

#[test]
fn inside_tls_too() {
    let case = Case {
        tls: TlsPolicy::Implicit,
        server: |config| config.with_tls(server::TlsPolicy::Implicit),
        size: 10,
        ..CASE
    };
    let ends = case.cut_everywhere(&first(), send);
    assert!(ends.survived > 2 && ends.over > 2, "{ends:?}");
}

#[test]
fn a_refused_recipient_stays_one_of_its_own_message() {
    let sent = [message("first", &["a", "b"], SMALL)];
    let ends = CASE.cut_everywhere(&sent, async |client| {
        let envelope = envelope("first", &["a", "nobody", "b"]);
        let outcome = client.send(&envelope, SMALL).await.expect("an outcome");
        let statuses: Vec<_> = outcome.recipients().map(|to| to.status()).collect();
        assert_eq!(statuses, [Status::Accepted, Status::Rejected, Status::Accepted]);
    });
    assert!(ends.survived > 2 && ends.over > 2, "{ends:?}");
}

#[test]
fn a_message_that_nobody_gets_leaves_the_session_usable() {
    let ends = CASE.cut_everywhere(&[], async |client| {
        let outcome = client.send(&envelope("first", &["nobody"]), SMALL).await;
        assert_eq!(outcome.expect("an outcome").verdict(), Verdict::Rejected);
    });
    assert!(ends.survived > 5, "{ends:?}");
}

fn large() -> Vec<u8> {
    b"0123456789\r\n.\r\n".repeat(4000)
}

const LARGE: Case = Case { size: 3000, ..CASE };

async fn send_large(client: &mut Client<Halting>) {
    let content = large();
    let envelope = envelope("first", &["a", "b"]);
    let outcome = client.send(&envelope, Slow::new(&content, 1000)).await.expect("an outcome");
    assert_delivered(&outcome, "first");
}

#[test]
fn content_that_was_interrupted_is_never_completed() {
    let sent = [message("first", &["a", "b"], &large())];
    let ends = LARGE.cut_everywhere(&sent, send_large);
    assert!(ends.survived > 2 && ends.over > 20, "{ends:?}");
}

#[test]
fn nor_are_chunks() {
    let sent = [message("first", &["a", "b"], &large())];
    for client in [
        (|config| config.with_chunking(Chunking::AfterRecipients)) as fn(client::Config) -> _,
        |config| config.with_chunking(Chunking::InFlight),
        |config| config.with_chunking(Chunking::InFlight).with_chunk_size(700),
    ] {
        let server = |config: server::Config| config.with_extensions(server::Config::SUPPORTED);
        let ends = Case { client, server, ..LARGE }.cut_everywhere(&sent, send_large);
        assert!(ends.survived > 2 && ends.over > 20, "{ends:?}");
    }
}

const MANY: [&str; 3] = ["one", "two", "three"];

/// Each has its own outcome, and a small reply of its own.
async fn send_all(client: &mut Client<Halting>) {
    let outcomes = client.send_all(MANY.map(|from| (envelope(from, &["a"]), SMALL))).await;
    for (outcome, from) in outcomes.iter().zip(MANY) {
        assert_delivered(outcome.as_ref().expect("an outcome"), from);
    }
    assert_eq!(outcomes.len(), MANY.len());
}

#[test]
fn many_messages_are_each_sent_whole_or_not_at_all() {
    let sent = MANY.map(|from| message(from, &["a"], SMALL));
    for client in [
        (|config| config) as fn(client::Config) -> _,
        |config| config.with_run_ahead(true),
        |config| config.with_chunking(Chunking::AfterRecipients),
        |config| config.with_chunking(Chunking::InFlight),
    ] {
        let server = |config: server::Config| config.with_extensions(server::Config::SUPPORTED);
        let ends = Case { client, server, ..CASE }.cut_everywhere(&sent, send_all);
        assert!(ends.survived > 2, "{ends:?}");
    }
}

#[test]
fn the_answer_to_a_question_that_was_dropped_is_not_taken_for_that_to_the_next() {
    let ends = CASE.cut_everywhere(&[], async |client| {
        let who = Argument::new("one that is dropped").expect("a name");
        let reply = client.inquire(Inquiry::Vrfy(who)).await.expect("an answer");
        assert_eq!(text(Some(&reply)), "about one that is dropped");
    });
    assert!(ends.survived > 3 && ends.over == 0, "{ends:?}");
}

#[test]
fn a_watch_that_was_dropped_leaves_nothing_behind() {
    let ends = CASE.cut_everywhere(&[], async |client| {
        client.inquire(Inquiry::Noop).await.expect("an answer");
        client.watch(Duration::ZERO).await.expect("a session");
    });
    assert!(ends.survived > 3 && ends.over == 0, "{ends:?}");
}

#[test]
fn a_quit_that_was_dropped_is_said_once_or_not() {
    let runtime = runtime();
    let _guard = runtime.enter();
    let (mut said, mut unsaid) = (0, 0);
    for polls in 0.. {
        let (client, far) = CASE.start();
        let done = polled(client.quit(), polls);
        let quits = far.borrow().lines.iter().filter(|line| *line == "QUIT").count();
        assert!(quits <= 1);
        *if quits == 1 { &mut said } else { &mut unsaid } += 1;
        if let Some(answer) = done {
            assert_eq!(answer.expect("an end").map(|reply| reply.code().value()), Some(221));
            break;
        }
    }
    assert!(said > 1 && unsaid > 1, "{said}, {unsaid}");
}
