//! The example program where nobody reads what it prints, where files are odd, and where an argument is a password.
#![cfg(all(feature = "tls", feature = "scram", feature = "cram-md5"))]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

mod support;

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command},
};

use smtp_sync::{
    proto::{
        hello::{EhloName, Extensions},
        sasl::server::MECHANISMS,
        server::{Answer, AuthPolicy, Config},
    },
    server::{Server, Store},
};
use support::{
    opening, peer,
    program::{self, Ran, run, sendmail},
};

const MESSAGE: &[u8] = b"Subject: s\n\nx\n";
const FROM_TO: [&str; 3] = ["-f", "a@example.org", "b@example.net"];

/// A server that takes alice's password and her token, and refuses nobody@example.net.
fn server(store: &Store) -> Server {
    let config = Config::new(EhloName::LOCALHOST)
        .with_extensions(Extensions::ALL)
        .with_auth(AuthPolicy::Offered)
        .with_plaintext_auth(true)
        .with_mechanisms(MECHANISMS);
    Server::bind(Server::builder().with_config(config), store.clone()).expect("a port")
}

fn store() -> Store {
    Store::new()
        .with_user("alice", "s3cret")
        .with_token("alice", "s3cret")
        .with_refusal("nobody@example.net", Answer::NO_SUCH_MAILBOX)
}

/// A directory that is gone when the test is over.
struct Directory(PathBuf);

impl Directory {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("smtp-sync-{}-{test}", std::process::id()));
        fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }

    fn file(&self, name: &str, content: &[u8]) -> String {
        let path = self.0.join(name);
        fs::write(&path, content).expect("a file");
        path.to_str().expect("a path in UTF-8").to_owned()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

/// What is run where nobody reads: arguments, exit status, messages that arrive.
const UNREAD: [(&[&str], i32, usize); 7] = [
    (&["-f", "a@example.org", "b@example.net"], 0, 1),
    (&["-v", "-f", "a@example.org", "b@example.net"], 0, 1),
    (&["--json", "-v", "-f", "a@example.org", "b@example.net"], 0, 1),
    (&["-v", "-f", "a@example.org", "b@example.net", "nobody@example.net"], 69, 1),
    (&["-f", "a@example.org", "b@"], 64, 0),
    (&["--no-such-option"], 64, 0),
    (&["--help"], 0, 0),
];

/// Runs the program with a server and without one, which prints what its own has received.
fn run_unread(prepare: impl Fn(&mut Command), start: impl Fn(&mut Child)) {
    for (args, status, arrive) in UNREAD {
        let store = store();
        let server = server(&store);
        let address = server.address().to_string();
        for args in [&[&["--server", &*address], args].concat(), args] {
            let mut command = program::command();
            command.args(args);
            prepare(&mut command);
            let mut child = command.spawn().expect("the example, built");
            start(&mut child);
            child.stdin.take().expect("a pipe").write_all(MESSAGE).ok();
            let ended = child.wait().expect("an end");
            assert_eq!(ended.code(), Some(status), "{args:?}");
        }
        assert_eq!(store.messages().len(), arrive, "{args:?}");
    }
}

#[test]
fn a_closed_pipe_changes_neither_session_nor_exit_status() {
    run_unread(
        |_| {},
        |child| {
            child.stdout.take();
            child.stderr.take();
        },
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_device_changes_neither_session_nor_exit_status() {
    let full = || fs::File::options().write(true).open("/dev/full").expect("a device");
    run_unread(
        |command| {
            command.stdout(full()).stderr(full());
        },
        |_| {},
    );
}

#[test]
fn what_may_be_a_password_is_refused_and_not_repeated() {
    let store = store();
    let server = server(&store);
    let address = server.address();
    let secret = &format!("alice:s3cret@{address}");
    let url = &format!("smtp://{secret}");
    for args in [
        &["--server", secret][..],
        &["--server", "alice:s3cret@localhost"],
        &["--server", "s3cret@localhost:25"],
        &["--server", "alice:s3cret"],
        &["--server", "s3cret"],
        &["--server", "smtp:alice:s3cret@localhost"],
        &["--server", "http://alice:s3cret@localhost"],
        &["--mx", "--dns", secret],
        &["--mx", "--mx-port", secret],
        &["--mx", "--server", secret],
        &["--tls", secret],
        &["--tls", url],
        &["--protocol", secret],
        &["--newlines", secret],
        &["--timeout", secret],
        &["--chunk-size", secret],
        &["--initial-response", secret],
        &["--hello", secret],
        &["--ca", secret],
        &["--message", secret],
        &["--envelope", secret],
        &["--action", secret],
        &["--action", &format!("send:{secret}")],
        &["--action", &format!("wait:{secret}")],
        &["--user", "alice", "--password-file", "s3cret"],
        &["--user", "alice", "--token-file", "s3cret"],
        &["--user", "alice", "--password", "s3cret"],
        &["--password=s3cret"],
        &[&format!("--json={secret}")],
        &[&format!("--{secret}")],
        &["-N", secret],
        &["-R", secret],
        &["-f", secret],
        &[secret],
        &[url],
    ] {
        let ran = run(&mut sendmail(&[args, &FROM_TO[2..]].concat()), MESSAGE);
        assert_eq!(ran.status, Some(64), "{args:?}: {}", ran.shown);
        assert!(!ran.shown.contains("s3cret"), "{args:?}: {}", ran.shown);
    }
    for secret in [secret, "alice:s3cret@localhost", "http://alice:s3cret@localhost"] {
        let ran = run(sendmail(&FROM_TO).env("SMTP_SERVER", secret), MESSAGE);
        assert_eq!(ran.status, Some(64), "{secret}: {}", ran.shown);
        assert!(!ran.shown.contains("s3cret"), "{secret}: {}", ran.shown);
        assert!(ran.problem().starts_with("$SMTP_SERVER: "), "{}", ran.shown);
    }
    assert!(store.messages().is_empty());
}

#[cfg(unix)]
#[test]
fn an_environment_that_is_not_utf_8_is_not_taken_for_none() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    for name in ["SMTP_SERVER", "SMTP_PASSWORD"] {
        let value = OsStr::from_bytes(b"s3cret\xFF");
        let ran = run(sendmail(&FROM_TO).env(name, value), MESSAGE);
        assert_eq!((ran.status, ran.problem()), (Some(64), &*format!("${name} is not UTF-8")));
        assert!(!ran.shown.contains("s3cret"), "{}", ran.shown);
    }
}

fn log_in(option: &str, file: &str) -> Ran {
    let server = server(&store());
    let address = server.address().to_string();
    let login = ["--server", &address, "--user", "alice", "--allow-plaintext-auth", option, file];
    run(sendmail(&login).args(["-v", "--action", "auth"]), b"")
}

#[test]
fn a_password_is_the_first_line_of_its_file() {
    let directory = Directory::new("passwords");
    for option in ["--password-file", "--token-file"] {
        for (content, status) in [
            (&b"s3cret"[..], 0),
            (b"s3cret\n", 0),
            (b"s3cret\r\n", 0),
            (b"s3cret\r", 0),
            (b"s3cret\n\xFF", 0),
            (b"s3cret\r\nmore\r\n", 0),
            (b"\xEF\xBB\xBFs3cret\r\n", 0),
            (b" s3cret\n", 77),
            // Empty: nothing leaves, and nobody is to blame but the file.
            (b"\ns3cret\n", 77),
            (b"s3cret\xFF\n", 64),
            (b"s3cret\0\n", 64),
            (b"\xFF\xFEs\x003\0c\0r\0e\0t\0", 64),
            (b"s\x003\0c\0r\0e\0t\0", 64),
        ] {
            let ran = log_in(option, &directory.file("secret", content));
            assert_eq!(ran.status, Some(status), "{content:?}: {}", ran.shown);
            let shows = ["s3cret", "czNjcmV0"].iter().any(|secret| ran.shown.contains(secret));
            assert!(!shows, "{content:?}: {}", ran.shown);
        }
        let missing = directory.0.join("missing");
        let ran = log_in(option, missing.to_str().expect("a path in UTF-8"));
        assert_eq!(ran.status, Some(64), "{}", ran.shown);
        assert!(ran.problem().starts_with(option), "{}", ran.shown);
    }
}

#[test]
fn actions_that_send_nothing_need_neither_recipients_nor_a_message() {
    let store = store();
    let server = server(&store);
    let address = server.address().to_string();
    let nowhere = Path::new("no such file").to_str().expect("UTF-8");
    for args in [
        &[][..],
        &["-t"],
        &["--message", nowhere],
        &["--message", nowhere, "--envelope", nowhere],
        &["-f", "a@example.org"],
        &["b@example.net"],
    ] {
        let actions = ["--server", &address, "--action", "noop", "quit"];
        let mut command = sendmail(args);
        let mut child = command.args(actions).spawn().expect("the example, built");
        // Standard input stays open: nobody reads it.
        let input = child.stdin.take();
        assert_eq!(child.wait().expect("an end").code(), Some(0), "{args:?}");
        drop(input);
    }
    let ran = run(&mut sendmail(&["--server", &address, "--action", "send:0"]), MESSAGE);
    assert_eq!((ran.status, ran.problem()), (Some(64), "no recipients"));
}

#[test]
fn an_envelope_for_nobody_is_wrong_before_anybody_is_asked() {
    let directory = Directory::new("nobody");
    let text = directory.file("text", b"Subject: s\n\nx\n");
    let envelope = directory.file("envelope", br#"[{"from": "a@example.org", "to": []}]"#);
    for way in [&["--mx", "--dns", "127.0.0.1:1"][..], &["--server", "127.0.0.1:1"]] {
        let files = ["--message", &*text, "--envelope", &*envelope];
        let ran = run(sendmail(way).args(files), b"");
        assert_eq!((ran.status, ran.problem()), (Some(64), "no recipients"), "{}", ran.shown);
    }
    let ran = run(sendmail(&["--server", ":25"]).args(FROM_TO), MESSAGE);
    assert_eq!(ran.status, Some(64), "{}", ran.shown);
}

#[test]
fn the_envelope_file_says_what_the_content_is() {
    let directory = Directory::new("envelopes");
    let binary = directory.file("binary", b"Subject: s\n\n\0\x01\r\xFF\r\n.\n");
    let text = directory.file("text", b"Subject: s\n\nx\n");
    for (message, params, mail) in [
        (&binary, r#""BODY=BINARYMIME""#, "SIZE=20 BODY=BINARYMIME"),
        (&binary, r#""BODY=BINARYMIME", "SIZE=20""#, "SIZE=20 BODY=BINARYMIME"),
        (&text, r#""BODY=BINARYMIME""#, "SIZE=14 BODY=BINARYMIME"),
        (&text, r#""BODY=8BITMIME""#, "SIZE=17 BODY=8BITMIME"),
        (&text, r#""SIZE=16""#, "SIZE=16"),
        (&text, "", "SIZE=17"),
    ] {
        let store = store();
        let server = server(&store);
        let address = server.address().to_string();
        let envelope =
            format!(r#"[{{"from": "", "to": ["b@example.net"], "params": [{params}]}}]"#);
        let envelope = directory.file("envelope", envelope.as_bytes());
        let files = ["--message", message, "--envelope", &envelope];
        let ran = run(sendmail(&["-v", "--chunking", "--server", &address]).args(files), b"");
        assert_eq!(ran.status, Some(0), "{params}: {}", ran.shown);
        assert!(ran.shown.contains(&format!("C: MAIL FROM:<> {mail}")), "{params}: {}", ran.shown);
        if mail.contains("BINARY") {
            assert_eq!(store.messages()[0].content, fs::read(message).expect("the file"));
        }
    }
}

#[test]
fn a_refusal_that_repeats_the_token_does_not_show_it() {
    let directory = Directory::new("token");
    let file = directory.file("token", b"s3cret\n");
    // {"status":"400","token":"s3cret"}
    let json = "eyJzdGF0dXMiOiI0MDAiLCJ0b2tlbiI6InMzY3JldCJ9";
    let xoauth2 = "C: AUTH XOAUTH2 dXNlcj1hbGljZQFhdXRoPUJlYXJlciBzM2NyZXQBAQ==\n";
    let peer = peer(&format!(
        "{}{xoauth2}S: 334 {json}\nC+ \\r\\n\nS: 535 5.7.8 no\nC: QUIT\nS: 221 bye\n",
        opening(&["AUTH XOAUTH2"])
    ));
    let address = format!("127.0.0.1:{}", peer.port);
    let login = ["--user", "alice", "--token-file", &file, "--auth", "XOAUTH2"];
    let login = [&login[..], &["--allow-plaintext-auth", "--server", &address]].concat();
    let ran = run(sendmail(&login).args(FROM_TO), MESSAGE);
    assert!(ran.problem().starts_with(r#"{"status":"400","token":"*"#), "{}", ran.shown);
    assert!(!ran.shown.contains("s3cret"), "{}", ran.shown);
    peer.join();
}

/// What PLAIN, LOGIN and the OAuth mechanisms make of alice and her password.
const SECRETS: [&str; 4] = ["s3cret", "czNjcmV0", "AGFsaWNlAHMzY3JldA", "dXNlcj1hbGljZQFhdXRo"];

#[test]
fn a_server_that_repeats_the_password_does_not_make_the_program_show_it() {
    let directory = Directory::new("echo");
    let file = directory.file("secret", b"s3cret\n");
    let plain = "AGFsaWNlAHMzY3JldA==";
    let token = "dXNlcj1hbGljZQFhdXRoPUJlYXJlciBzM2NyZXQBAQ==";
    let login =
        "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: YWxpY2U=\nS: 334 UGFzc3dvcmQ6\nC: czNjcmV0\n";
    let (plain_command, token_command) =
        (format!("C: AUTH PLAIN {plain}\n"), format!("C: AUTH XOAUTH2 {token}\n"));
    for (mechanism, option, command, echo) in [
        ("PLAIN", "--password-file", &*plain_command, format!("AUTH PLAIN {plain}")),
        ("PLAIN", "--password-file", &plain_command, "alice s3cret".to_owned()),
        ("LOGIN", "--password-file", login, "czNjcmV0".to_owned()),
        ("LOGIN", "--password-file", login, "password s3cret?".to_owned()),
        ("XOAUTH2", "--token-file", &token_command, format!("AUTH XOAUTH2 {token}")),
        ("XOAUTH2", "--token-file", &token_command, "token s3cret?".to_owned()),
    ] {
        for form in [&["--json", "-v"][..], &["-v"], &[]] {
            let opening = opening(&["AUTH PLAIN LOGIN XOAUTH2"]);
            let reply = format!("S: 500-5.5.1 unrecognised: {echo}\nS: 500 5.5.1 {echo}\n");
            let peer = peer(&format!("{opening}{command}{reply}C: QUIT\nS: 221 bye\n"));
            let address = format!("127.0.0.1:{}", peer.port);
            let login = ["--user", "alice", option, &file, "--auth", mechanism];
            let mut program = program::command();
            program.args(["--allow-plaintext-auth", "--server", &address]).args(login);
            let ran = run(program.args(form).args(FROM_TO), MESSAGE);
            assert_eq!(ran.status, Some(77), "{mechanism}: {}", ran.shown);
            let shows = SECRETS.iter().any(|secret| ran.shown.contains(secret));
            assert!(!shows, "{mechanism} {form:?}: {}", ran.shown);
            peer.join();
        }
    }
}
