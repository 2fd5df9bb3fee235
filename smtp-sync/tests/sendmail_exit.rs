//! The example program's exit status and report, over all messages of a run.
#![cfg(all(feature = "tls", feature = "scram", feature = "cram-md5"))]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

mod support;

use std::{fs, path::PathBuf};

use serde_json::Value;
use smtp_sync::{
    proto::{
        hello::{EhloName, Extensions},
        server::{Config, Limits},
    },
    server::{Server, Store},
};
use support::{
    opening, peer,
    program::{Ran, run, sendmail},
};

const QUIT: &str = "C: QUIT\nS: 221 bye\n";
const FROM_TO: [&str; 3] = ["-f", "a@example.org", "b@example.net"];
const LOGIN: [&str; 5] = ["--user", "u", "--allow-plaintext-auth", "--auth", "PLAIN"];
const OK: &str =
    "C? MAIL\nS: 250 ok\nC? RCPT\nS: 250 ok\nC: DATA\nS: 354 go\nCONTENT\nS: 250 queued\n";

/// Files of messages, gone when the test is over.
struct Files(Vec<PathBuf>);

impl Files {
    fn new(test: &str, contents: &[&[u8]]) -> Self {
        let base = std::env::temp_dir().join(format!("smtp-sync-{}-{test}", std::process::id()));
        let write = |(index, content): (usize, &&[u8])| {
            let path = base.with_extension(index.to_string());
            fs::write(&path, content).expect("a file");
            path
        };
        Self(contents.iter().enumerate().map(write).collect())
    }

    fn args(&self) -> Vec<&str> {
        let names = self.0.iter().map(|path| path.to_str().expect("UTF-8"));
        ["--message"].into_iter().chain(names).collect()
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        self.0.iter().for_each(|path| drop(fs::remove_file(path)));
    }
}

fn run_at(port: u16, args: &[&str], message: &[u8]) -> Ran {
    let address = format!("127.0.0.1:{port}");
    let mut command = sendmail(&["--server", &address]);
    run(command.args(args).env("SMTP_PASSWORD", "s3cret"), message)
}

fn run_script(script: &str, args: &[&str], message: &[u8]) -> Ran {
    let peer = peer(script);
    let ran = run_at(peer.port, args, message);
    peer.join();
    ran
}

/// Status, error kind, outcome of the last action.
fn told(ran: &Ran) -> (Option<i32>, &str, &str) {
    let actions = ran.json["actions"].as_array().expect("actions");
    let outcome = actions.last().and_then(|action| action["outcome"].as_str());
    (ran.status, ran.json["error"]["kind"].as_str().unwrap_or(""), outcome.unwrap_or(""))
}

fn column<'a>(action: &'a Value, name: &str) -> Vec<&'a str> {
    let rows = action["recipients"].as_array().expect("recipients");
    rows.iter().map(|row| row[name].as_str().unwrap_or("")).collect()
}

#[test]
fn the_exit_status_is_that_of_the_first_row_that_fits() {
    let auth = "C? AUTH PLAIN\nS: 535 5.7.8 no\n";
    let tls = ["--tls", "required"];
    let mail = |reply: &str| format!("{}C? MAIL\nS: {reply}\n{QUIT}", opening(&[]));
    let plain = [opening(&["AUTH PLAIN"]), auth.to_owned(), QUIT.to_owned()].concat();
    for (script, args, expected) in [
        (
            format!("{}{QUIT}", opening(&["SIZE 3"])),
            &[][..],
            (64, "message_too_large", "refused_locally"),
        ),
        (plain, &LOGIN, (77, "auth_refused", "failed")),
        (format!("{}{QUIT}", opening(&[])), &LOGIN, (77, "no_usable_mechanism", "failed")),
        (
            format!("{}{QUIT}", opening(&["AUTH PLAIN"])),
            &["--user", "u"],
            (77, "plaintext_refused", "failed"),
        ),
        (format!("{}{QUIT}", opening(&[])), &tls, (77, "tls_required_unavailable", "failed")),
        (
            format!("{}C: STARTTLS\nS: 454 4.7.0 no\n{QUIT}", opening(&["STARTTLS"])),
            &tls,
            (77, "tls_required_unavailable", "failed"),
        ),
        (
            format!("{}C: STARTTLS\nS: 421 4.7.0 no\n", opening(&["STARTTLS"])),
            &tls,
            (77, "tls_required_unavailable", "failed"),
        ),
        ("S: hello\n".to_owned(), &[], (76, "malformed_reply", "failed")),
        (format!("{}C? MAIL\nS: hello\n", opening(&[])), &[], (76, "malformed_reply", "failed")),
        (String::new(), &[], (74, "connection_lost", "failed")),
        (format!("{}C? MAIL\n", opening(&[])), &[], (74, "connection_lost", "failed")),
        ("S: 421 4.3.2 later\n".to_owned(), &[], (75, "service_closing", "failed")),
        (format!("S: 554 5.7.1 no\n{QUIT}"), &[], (75, "refused", "failed")),
        (mail("450 4.2.0 later"), &[], (75, "", "deferred")),
        (mail("550 5.7.1 no"), &[], (69, "", "rejected")),
        (format!("{}{OK}{QUIT}", opening(&[])), &[], (0, "", "delivered")),
    ] {
        let ran = run_script(&script, &[args, &FROM_TO].concat(), b"Subject: s\n\nx\n");
        let (status, kind, outcome) = expected;
        assert_eq!(told(&ran), (Some(status), kind, outcome), "{script}: {}", ran.shown);
        let last = ran.json["actions"].as_array().and_then(|all| all.last()).expect("an action");
        let has_retry = last["recipients"][0]["retry"].is_string();
        assert_eq!(has_retry, status != 0, "{script}: {}", ran.shown);
    }
}

#[test]
fn an_action_without_a_message_says_how_it_was_refused() {
    let auth = "C? AUTH PLAIN\nS: 535 5.7.8 no\n";
    for (command, reply, action, status) in [
        ("VRFY b", "550 no", "vrfy:b", 69),
        ("VRFY b", "450 no", "vrfy:b", 75),
        ("EXPN b", "550 no", "expn:b", 69),
        ("NOOP", "500 no", "noop", 69),
        ("NOOP", "250 ok", "noop", 0),
    ] {
        let script = format!("{}C: {command}\nS: {reply}\n{QUIT}", opening(&[]));
        let ran = run_script(&script, &["--action", action], b"");
        assert_eq!(ran.status, Some(status), "{action}: {}", ran.shown);
    }
    let script = format!("{}{auth}{QUIT}", opening(&["AUTH PLAIN"]));
    let ran = run_script(&script, &[&LOGIN[..], &["--action", "auth"]].concat(), b"");
    assert_eq!(told(&ran), (Some(77), "auth_refused", "rejected"), "{}", ran.shown);
    let script = format!("{}{QUIT}", opening(&[]));
    let ran = run_script(&script, &[&LOGIN[..], &["--action", "auth"]].concat(), b"");
    assert_eq!(told(&ran), (Some(77), "no_usable_mechanism", "refused_locally"), "{}", ran.shown);
}

#[test]
fn a_message_that_cannot_be_sent_does_not_stop_the_others() {
    for (bad, option, kind) in [
        (&b"a\0b\n"[..], &["--size"][..], "bad_content"),
        (b"a\rb\n", &["--newlines", "reject"], "bad_content"),
        (b"caf\xE9\r\n", &["--size"], "eightbit_not_offered"),
        (b"Subject: much too long\r\n", &["--size"], "message_too_large"),
    ] {
        let files = Files::new("bad", &[bad, b"x\r\n", b"y\r\n"]);
        let script = format!("{}{OK}{OK}{QUIT}", opening(&["SIZE 10"]));
        let ran = run_script(&script, &[option, &FROM_TO, &files.args()].concat(), b"");
        assert_eq!(told(&ran), (Some(69), kind, "delivered"), "{}", ran.shown);
        let actions = &ran.json["actions"];
        assert_eq!(actions[1]["outcome"], "refused_locally");
        assert_eq!(column(&actions[1], "status"), ["not_attempted"]);
        assert_eq!(column(&actions[1], "retry"), ["never"]);
        assert_eq!(actions[2]["outcome"], "delivered");
    }
}

#[test]
fn every_message_behind_the_one_that_ended_the_session_is_told() {
    for (end, status, kind, first, others) in [
        ("S: 421 4.3.2 closing\n", 75, "service_closing", "later", "new_connection_now"),
        ("", 74, "connection_lost", "later", "new_connection_now"),
        ("S: junk\n", 76, "malformed_reply", "later", "new_connection_now"),
    ] {
        let files = Files::new("ended", &[b"x\n", b"y\n", b"z\n"]);
        let script = format!("{}C? MAIL\nS: 250 ok\nC? RCPT\n{end}", opening(&[]));
        let ran = run_script(&script, &[&FROM_TO[..], &files.args()].concat(), b"");
        assert_eq!(told(&ran), (Some(status), kind, "failed"), "{}", ran.shown);
        assert_eq!(ran.json["error"]["retry"], first, "{}", ran.shown);
        let actions = ran.json["actions"].as_array().expect("actions");
        assert_eq!(actions.len(), 4, "{}", ran.shown);
        for (action, retry) in actions[1..].iter().zip([first, others, others]) {
            assert_eq!(column(action, "status"), ["not_attempted"], "{}", ran.shown);
            assert_eq!(column(action, "retry"), [retry], "{}", ran.shown);
            let row = &action["recipients"][0];
            if kind == "service_closing" {
                assert_eq!((&row["code"], &row["enhanced"]), (&421.into(), &"4.3.2".into()));
                assert_eq!((&row["text"][0], &row["phase"]), (&"closing".into(), &"rcpt".into()));
            }
        }
    }
}

#[test]
fn a_session_lost_at_the_final_dot_leaves_the_recipients_unknown() {
    let unanswered = OK.strip_suffix("S: 250 queued\n").expect("a suffix");
    let script = format!("{}{unanswered}", opening(&[]));
    let ran = run_script(&script, &FROM_TO, b"x\n");
    assert_eq!(told(&ran), (Some(75), "connection_lost", "unknown"), "{}", ran.shown);
    assert_eq!(ran.json["error"]["retry"], "may_duplicate");
    assert_eq!(column(&ran.json["actions"][1], "retry"), ["may_duplicate"]);
}

#[test]
fn what_comes_behind_the_verdict_does_not_change_it() {
    let script = format!("{}{OK}S: 421 bye\n", opening(&[]));
    let ran = run_script(&script, &FROM_TO, b"x\n");
    assert_eq!((ran.status, &ran.json["actions"][1]["outcome"]), (Some(0), &"delivered".into()));
    assert_eq!(column(&ran.json["actions"][1], "retry"), [""]);
    assert_eq!(ran.json["error"]["retry"], Value::Null, "{}", ran.shown);
}

#[test]
fn the_reply_of_a_message_is_the_one_that_decided() {
    let script = format!(
        "{}C? MAIL\nS: 250 ok\nC? RCPT\nS: 250 ok\nC? RCPT\nS: 450 4.2.0 later\nC: DATA\nS: 354 go\n\
         CONTENT\nS: 250 2.0.0 queued\n{QUIT}",
        opening(&[])
    );
    let ran = run_script(&script, &[&FROM_TO[..], &["c@example.net"]].concat(), b"x\n");
    assert_eq!(told(&ran), (Some(75), "", "partial"), "{}", ran.shown);
    let action = &ran.json["actions"][1];
    assert_eq!(action["reply"]["text"][0], "queued");
    assert_eq!(column(action, "retry"), ["", "later"]);
}

#[test]
fn a_recipient_too_many_goes_in_a_transaction_of_its_own() {
    let too_many = "C? MAIL\nS: 250 ok\nC? RCPT\nS: 250 ok\nC? RCPT\nS: 452 4.5.3 too many\n\
         C: DATA\nS: 354 go\nCONTENT\nS: 250 first\n";
    let script = format!("{}{too_many}{OK}{QUIT}", opening(&[]));
    let ran = run_script(&script, &[&FROM_TO[..], &["c@example.net"]].concat(), b"x\n");
    assert_eq!(told(&ran), (Some(0), "", "delivered"), "{}", ran.shown);
    let action = &ran.json["actions"][1];
    assert_eq!((&action["transactions"], &action["hint"]), (&2.into(), &Value::Null));
    assert_eq!(action["reply"]["text"][0], "queued");
}

#[test]
fn recipients_beyond_the_limit_go_in_transactions_of_their_own() {
    let names: Vec<String> = (0..150).map(|number| format!("r{number}@example.net")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for extensions in [Extensions::ALL, Extensions::EMPTY] {
        let config = Config::new(EhloName::LOCALHOST)
            .with_extensions(extensions)
            .with_limits(Limits::DEFAULT.with_recipients(100));
        let store = Store::new();
        let server =
            Server::bind(Server::builder().with_config(config), store.clone()).expect("a port");
        let args = [&["-f", "a@example.org"], &names[..]].concat();
        let ran = run_at(server.address().port(), &args, b"x\n");
        assert_eq!(told(&ran), (Some(0), "", "delivered"), "{}", ran.shown);
        let action = &ran.json["actions"][1];
        assert_eq!((&action["transactions"], &action["reply"]["code"]), (&2.into(), &250.into()));
        assert!(column(action, "status").iter().all(|status| *status == "accepted"));
        assert_eq!(column(action, "address"), names);
        let got: Vec<_> = store.messages().iter().map(|message| message.recipients.len()).collect();
        assert_eq!(got, [100, 50]);
    }
}

/// C87: a reply that is none to what was asked.
#[test]
fn a_second_greeting_to_rset_is_no_success() {
    let script = format!("{} C: RSET\nS: 220 mx\n", opening(&[]));
    let ran = run_script(&script, &["--action", "connect", "--action", "rset"], b"");
    assert_eq!(
        (ran.status, &ran.json["actions"][1]["outcome"]),
        (Some(76), &"failed".into()),
        "{}",
        ran.shown
    );
}
