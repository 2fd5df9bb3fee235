//! The example program, run as a program. `cargo test` builds it; before `--test sendmail` alone, `cargo build --examples`.
#![cfg(all(feature = "tls", feature = "scram", feature = "cram-md5"))]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

mod support;

use std::{
    io::Write,
    process::{Command, Stdio},
};

use serde_json::Value;
use smtp_sync::{
    proto::{
        hello::EhloName,
        sasl::server::MECHANISMS,
        server::{AuthPolicy, Config},
    },
    server::{Server, Store},
};
use support::{opening, peer, program};

struct Ran {
    status: Option<i32>,
    json: Value,
    dialogue: String,
}

fn sendmail(port: u16, args: &[&str], message: &str) -> Ran {
    let mut child = Command::new(program::path())
        .args(["--json", "--hello", "client.example", "--timeout", "20"])
        .args(["--server", &format!("127.0.0.1:{port}")])
        .args(args)
        .env("SMTP_PASSWORD", "s3cret")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the example, built");
    // One that refuses its arguments does not read.
    child.stdin.take().expect("a pipe").write_all(message.as_bytes()).ok();
    let output = child.wait_with_output().expect("an end");
    Ran {
        status: output.status.code(),
        json: serde_json::from_slice(&output.stdout).unwrap_or_default(),
        dialogue: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

fn message(recipients: &str) -> String {
    format!(
        "C? MAIL\n S: 250 ok\n {recipients} C: DATA\n S: 354 go\n CONTENT\n S: 250 2.0.0 queued as 1\n"
    )
}

const QUIT: &str = "C: QUIT\n S: 221 bye\n";

#[test]
fn a_message_from_standard_input_is_sent_and_told() {
    let recipient = "C: RCPT TO:<b@example.net>\n S: 250 ok\n";
    let peer = peer(&format!("{}{}{QUIT}", opening(&["SIZE 1000"]), message(recipient)));
    let args = ["-oi", "-v", "-f", "a@example.org", "b@example.net"];
    let ran = sendmail(peer.port, &args, "Subject: Hi\n\n.\nBye\n");
    assert_eq!(ran.status, Some(0), "{}", ran.dialogue);
    assert_eq!(ran.json["actions"][0]["action"], "connect");
    assert_eq!(ran.json["actions"][1]["outcome"], "delivered");
    assert_eq!(ran.json["actions"][1]["reply"]["text"][0], "queued as 1");
    assert_eq!(ran.json["connection"]["size_limit"], 1000);
    assert_eq!(ran.json["connection"]["closed"], true);
    assert_eq!(ran.json["error"], Value::Null);
    assert!(ran.dialogue.contains("C: QUIT\nS: 221 bye\n"), "{}", ran.dialogue);
    let heard = peer.join();
    assert!(heard.contains("MAIL FROM:<a@example.org> SIZE=23\r\n"), "{heard}");
    assert!(heard.contains("Subject: Hi\r\n\r\n..\r\nBye\r\n.\r\n"), "{heard}");
}

#[test]
fn recipients_are_read_from_the_header_and_bcc_is_removed() {
    let rcpt = |local: char| format!("C: RCPT TO:<{local}@example.net>\n S: 250 ok\n");
    let script: Vec<String> = "bcefd".chars().map(rcpt).collect();
    let peer = peer(&format!("{}{}{QUIT}", opening(&[]), message(&script.concat())));
    let header = "From: A <a@example.org>\nTo: \"Last, First\" <b@example.net>,\n =?utf-8?Q?C=2C?= \
        <c@example.net> (not <x@example.net>)\nBcc: e@example.net,\n\tf@example.net\n\
        Cc: some: d@example.net;\nSubject: Bcc: no\n\nBcc: stays\n";
    let ran = sendmail(peer.port, &["-t"], header);
    assert_eq!(ran.status, Some(0), "{} {}", ran.json, ran.dialogue);
    let heard = peer.join();
    assert!(
        heard.contains("(not <x@example.net>)\r\nCc: some: d@example.net;\r\nSubject:"),
        "{heard}"
    );
    assert!(heard.contains("\r\n\r\nBcc: stays\r\n"), "{heard}");
}

#[test]
fn quoted_local_parts_stay_quoted() {
    let recipient = "C: RCPT TO:<\"b c\"@example.net>\n S: 250 ok\n";
    let peer = peer(&format!("{}{}{QUIT}", opening(&[]), message(recipient)));
    let header = "From: a@example.org\nTo: \"b c\"@example.net, undisclosed:;\n\nx\n";
    let ran = sendmail(peer.port, &["-t"], header);
    assert_eq!(ran.status, Some(0), "{}", ran.json);
    peer.join();
}

#[test]
fn what_is_no_address_in_a_header_is_refused() {
    for to in ["b@c, nobody", "B b@c", "B <b@c", "(b@c", "\"b@c", "<b@c> <d@e>", "b@c d@e", "b:;"] {
        let ran = sendmail(1, &["-t"], &format!("From: a@example.org\nTo: {to}\n\nx\n"));
        assert_eq!(ran.status, Some(64), "{to}: {}", ran.json);
    }
}

#[test]
fn each_refused_recipient_is_told() {
    let recipients =
        "C: RCPT TO:<b@example.net>\n S: 250 ok\n C: RCPT TO:<c@example.net>\n S: 550 5.1.1 no\n";
    let peer = peer(&format!("{}{}{QUIT}", opening(&[]), message(recipients)));
    let args = ["-f", "", "b@example.net", "c@example.net"];
    let ran = sendmail(peer.port, &args, "x\n");
    assert_eq!((ran.status, &ran.json["actions"][1]["outcome"]), (Some(69), &"partial".into()));
    let refused = &ran.json["actions"][1]["recipients"][1];
    assert_eq!(refused["status"], "rejected");
    assert_eq!((&refused["phase"], &refused["enhanced"]), (&"rcpt".into(), &"5.1.1".into()));
    peer.join();
}

#[test]
fn a_bad_address_is_refused_before_connecting() {
    let ran = sendmail(1, &["-f", "a@example.org", "b@example.net>"], "x\n");
    assert_eq!(ran.status, Some(64));
    assert_eq!(ran.json["actions"][0]["outcome"], "refused_locally");
    assert_eq!(ran.json["error"]["kind"], "invalid_argument");
}

#[test]
fn refused_credentials_end_it_and_are_not_shown() {
    let auth = "C: AUTH LOGIN\n S: 334\n C: dXNlcg==\n S: 334\n C: czNjcmV0\n S: 535 5.7.8 no\n";
    let peer = peer(&format!("{}{auth}{QUIT}", opening(&["AUTH PLAIN LOGIN"])));
    let args = ["-v", "--allow-plaintext-auth", "--user", "user", "--auth", "LOGIN"];
    let ran = sendmail(peer.port, &[&args[..], &["-f", "a@b", "c@d"]].concat(), "x\n");
    assert_eq!(ran.status, Some(77));
    assert_eq!(ran.json["error"]["kind"], "auth_refused");
    assert_eq!(ran.json["actions"][1]["outcome"], "rejected");
    assert!(!format!("{}{}", ran.json, ran.dialogue).contains("czNjcmV0"));
    peer.join();
}

#[test]
fn actions_are_done_in_their_order() {
    let peer =
        peer(&format!("{}C: NOOP\n S: 250 ok\n C: VRFY b\n S: 550 no\n{QUIT}", opening(&[])));
    let ran = sendmail(peer.port, &["--action", "noop", "wait:10", "vrfy:b", "quit"], "");
    let outcome = |index: usize| ran.json["actions"][index]["outcome"].as_str().unwrap_or_default();
    assert_eq!([outcome(0), outcome(1), outcome(2), outcome(3)], ["ok", "ok", "rejected", "ok"]);
    assert_eq!(ran.status, Some(69));
    peer.join();
}

#[test]
fn a_lost_connection_is_told_apart_from_an_unknown_outcome() {
    for (script, status, retry) in
        [("", 74, "later"), ("C: DATA\n S: 354 go\n CONTENT\n", 75, "may_duplicate")]
    {
        let envelope = "C? MAIL\n S: 250 ok\n C? RCPT\n S: 250 ok\n";
        let peer = peer(&format!("{}{envelope}{script}", opening(&[])));
        let ran = sendmail(peer.port, &["-f", "a@example.org", "b@example.net"], "x\n");
        assert_eq!(ran.status, Some(status), "{}", ran.json);
        assert_eq!(ran.json["error"]["retry"], retry, "{}", ran.json);
        peer.join();
    }
}

#[test]
fn notifications_are_asked_for_where_they_are_offered() {
    let recipient = "C: RCPT TO:<b@example.net> NOTIFY=SUCCESS,DELAY\n S: 250 ok\n";
    let peer = peer(&format!("{}{}{QUIT}", opening(&["DSN"]), message(recipient)));
    let dsn = ["-N", "success,delay", "-R", "hdrs", "-V", "order=7"];
    let to = ["-f", "a@example.org", "b@example.net"];
    let ran = sendmail(peer.port, &[&dsn[..], &to].concat(), "x\n");
    assert_eq!(ran.status, Some(0), "{}", ran.json);
    let heard = peer.join();
    assert!(heard.contains("MAIL FROM:<a@example.org> RET=HDRS ENVID=order+3D7\r\n"), "{heard}");

    for bad in [["-N", "always"], ["-N", "never,delay"], ["-R", "half"], ["-V", "a\u{e9}"]] {
        let ran = sendmail(1, &[&bad[..], &to].concat(), "x\n");
        assert_eq!(ran.status, Some(64), "{bad:?}: {}", ran.json);
        assert_eq!(ran.json["error"]["kind"], "invalid_argument");
    }
}

#[test]
fn notifications_that_are_not_offered_are_refused_locally() {
    let peer = peer(&format!("{}{QUIT}", opening(&["SIZE"])));
    let ran = sendmail(peer.port, &["-N", "never", "-f", "a@example.org", "b@example.net"], "x\n");
    assert_eq!(ran.status, Some(64), "{}", ran.json);
    assert_eq!(ran.json["error"]["kind"], "extension_not_offered");
    assert_eq!(ran.json["actions"][1]["outcome"], "refused_locally");
    assert!(!peer.join().contains("MAIL"));
}

fn file(name: &str, content: &str) -> String {
    let path = std::env::temp_dir().join(format!("smtp-sync-{}-{name}", std::process::id()));
    std::fs::write(&path, content).expect("a file");
    path.to_str().expect("a path in UTF-8").to_owned()
}

#[test]
fn an_envelope_file_says_all_there_is_to_say() {
    let recipients = "C: RCPT TO:<b@example.net> NOTIFY=FAILURE ORCPT=rfc822;b+2Bc@example.net X=1\n \
         S: 250 ok\n C: RCPT TO:<d@example.net> NOTIFY=NEVER\n S: 250 ok\n";
    let peer = peer(&format!("{}{}{QUIT}", opening(&["DSN", "AUTH PLAIN"]), message(recipients)));
    let envelope = file(
        "envelope.json",
        r#"[{"from": "a@example.org", "ret": "full", "envid": "a b", "auth": "e=mc2@example.com",
             "params": ["X-OWN=1"],
             "to": [{"address": "b@example.net", "notify": ["failure"],
                     "orcpt": "rfc822;b+c@example.net", "params": ["X=1"]},
                    {"address": "d@example.net", "params": ["notify=never"]}]}]"#,
    );
    let content = file("message", "x\n");
    let ran = sendmail(peer.port, &["--envelope", &envelope, "--message", &content], "");
    assert_eq!(ran.status, Some(0), "{} {}", ran.json, ran.dialogue);
    let heard = peer.join();
    let mail =
        "MAIL FROM:<a@example.org> RET=FULL ENVID=a+20b AUTH=e+3Dmc2@example.com X-OWN=1\r\n";
    assert!(heard.contains(mail), "{heard}");
    std::fs::remove_file(envelope).ok();
    std::fs::remove_file(content).ok();
}

#[test]
fn hints_stand_beside_what_failed() {
    let refused = "C? MAIL\n S: 530 5.7.0 Authentication required\n";
    let refusing = peer(&format!("{}{refused}{QUIT}", opening(&[])));
    let args = ["-f", "a@example.org", "b@example.net", "c@example.net"];
    let ran = sendmail(refusing.port, &args, "x\n");
    assert_eq!(ran.status, Some(69), "{}", ran.json);
    assert_eq!(ran.json["actions"][1]["hint"], "authentication_required", "{}", ran.json);
    refusing.join();
    let closing = peer("S: 530 5.7.0 Must issue a STARTTLS command first\n");
    let ran = sendmail(closing.port, &["-f", "a@example.org", "b@example.net"], "x\n");
    assert_eq!(ran.json["error"]["hint"], "tls_required", "{}", ran.json);
    closing.join();
}

/// A server that takes alice's password and her token.
fn server_with(mechanisms: &'static [&'static str]) -> Server {
    let config = Config::new(EhloName::LOCALHOST)
        .with_auth(AuthPolicy::Required)
        .with_plaintext_auth(true)
        .with_mechanisms(mechanisms);
    let store = Store::new().with_user("alice", "s3cret").with_token("alice", "t0ken");
    Server::bind(Server::builder().with_config(config), store).expect("a port")
}

const ALICE: [&str; 3] = ["--user", "alice", "--allow-plaintext-auth"];

fn authenticated(offered: &'static [&'static str], args: &[&str]) -> Ran {
    let server = server_with(offered);
    let action = ["-v", "--action", "connect", "auth", "quit"];
    sendmail(server.address().port(), &[&ALICE, args, &action].concat(), "")
}

#[test]
fn the_strongest_mechanism_is_the_default() {
    for (offered, expected) in [
        (MECHANISMS, "SCRAM-SHA-256"),
        (&["LOGIN", "PLAIN", "CRAM-MD5"][..], "CRAM-MD5"),
        (&["LOGIN", "PLAIN"], "PLAIN"),
        (&["LOGIN"], "LOGIN"),
    ] {
        let ran = authenticated(offered, &[]);
        assert_eq!(ran.json["connection"]["auth"], expected, "{}", ran.dialogue);
        assert_eq!(ran.status, Some(0));
    }
}

#[test]
fn mechanisms_are_tried_in_the_order_given() {
    for (list, expected) in [
        ("LOGIN,PLAIN", "LOGIN"),
        ("scram-sha-1", "SCRAM-SHA-1"),
        ("GSSAPI,CRAM-MD5,PLAIN", "CRAM-MD5"),
    ] {
        let ran = authenticated(MECHANISMS, &["--auth", list]);
        assert_eq!(ran.json["connection"]["auth"], expected, "{list}: {}", ran.dialogue);
    }
    let ran = authenticated(MECHANISMS, &["--auth", "GSSAPI"]);
    assert_eq!(ran.json["error"]["kind"], "no_usable_mechanism");
    assert_eq!(ran.status, Some(77));
}

#[test]
fn a_token_is_read_from_its_file_and_a_refusal_of_it_explained() {
    let directory = std::env::temp_dir().join(format!("smtp-sendmail-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory");
    for (token, auth, status) in
        [("t0ken\n", "OAUTHBEARER", 0), ("wrong\n", "XOAUTH2", 77), ("t0ken", "XOAUTH2", 0)]
    {
        let file = directory.join("token");
        std::fs::write(&file, token).expect("a file");
        let file = file.to_str().expect("a path");
        let ran = authenticated(MECHANISMS, &["--token-file", file, "--auth", auth]);
        assert_eq!(ran.status, Some(status), "{}", ran.dialogue);
        assert!(!ran.dialogue.contains(token.trim()), "{}", ran.dialogue);
        if status != 0 {
            assert_eq!(ran.json["error"]["kind"], "auth_refused");
            let text = ran.json["error"]["text"].as_str().unwrap_or_default();
            assert!(text.contains("\"status\""), "{text}");
        }
    }
    std::fs::remove_dir_all(directory).ok();
}
