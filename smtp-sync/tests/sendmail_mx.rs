//! The example program with `--mx`, and with servers given as URLs.
#![cfg(feature = "tls")]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

#[path = "../../smtp-async/tests/mx_support/dns.rs"]
#[allow(dead_code, unreachable_pub, reason = "each test uses a part of it")]
#[allow(clippy::cast_possible_truncation, reason = "what is written there is small")]
mod dns;

use std::{
    io::Write,
    net::IpAddr,
    process::{Command, Stdio},
};

use dns::Zone;
use serde_json::Value;
use smtp_sync::{
    proto::{
        hello::EhloName,
        server::{Answer, AuthPolicy, Config, TlsPolicy},
    },
    server::{Faults, Server, Store},
};

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

struct Ran {
    status: Option<i32>,
    json: Value,
    text: String,
}

/// Cargo builds the examples for `cargo test`, beside the directory of the tests.
fn sendmail(args: &[&str]) -> Ran {
    let test = std::env::current_exe().expect("a path");
    let profile = test.parent().and_then(|deps| deps.parent()).expect("a profile's directory");
    let name = format!("sendmail{}", std::env::consts::EXE_SUFFIX);
    let mut child = Command::new(profile.join("examples").join(name))
        .args(["--json", "-v", "--timeout", "20", "-f", "a@example.org"])
        .args(args)
        .env_remove("SMTP_PASSWORD")
        .env_remove("SMTP_SERVER")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the example, built");
    child.stdin.take().expect("a pipe").write_all(b"Subject: Hi\n\nHello.\n").ok();
    let output = child.wait_with_output().expect("an end");
    let shown = [output.stdout.clone(), output.stderr].concat();
    Ran {
        status: output.status.code(),
        json: serde_json::from_slice(&output.stdout).unwrap_or_default(),
        text: String::from_utf8_lossy(&shown).into_owned(),
    }
}

fn by_mx(zone: Zone, port: u16, recipients: &[&str]) -> Ran {
    let (dns, port) = (zone.serve().to_string(), port.to_string());
    let options = ["--mx", "--dns", &dns, "--mx-port", &port, "--allow-loopback"];
    sendmail(&[&options[..], recipients].concat())
}

fn server_tls(key: &rcgen::CertifiedKey<rcgen::KeyPair>) -> rustls::ServerConfig {
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let private = rustls::pki_types::PrivateKeyDer::try_from(key.signing_key.serialize_der());
    rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![key.cert.der().clone()], private.expect("a key"))
        .expect("a certificate")
}

fn server(store: &Store) -> Server {
    Server::bind(Server::builder(), store.clone()).expect("a port")
}

#[test]
fn a_message_goes_to_the_hosts_that_the_dns_names() {
    let store = Store::new().with_refusal("nobody@example.net", Answer::NO_SUCH_MAILBOX);
    let server = server(&store);
    let zone = Zone::new()
        .mx("example.net", 10, "mx.example.net")
        .address("mx.example.net", HERE)
        .mx("example.com", 0, ".");
    let recipients = ["b@example.net", "nobody@example.net", "c@example.com"];
    let ran = by_mx(zone, server.address().port(), &recipients);
    assert_eq!(ran.status, Some(69), "{}", ran.text);
    assert_eq!(ran.json["actions"][0]["action"], "send:0");
    assert_eq!(ran.json["actions"][0]["outcome"], "partial");
    let told = &ran.json["actions"][0]["recipients"];
    assert_eq!((&told[0]["status"], &told[0]["code"]), (&"accepted".into(), &250.into()));
    assert_eq!(told[0]["host"], "mx.example.net");
    // Nobody was asked about the third: nothing is said of a session.
    assert_eq!((&told[0]["tls"], &told[2]["tls"]), (&false.into(), &Value::Null));
    assert_eq!(ran.json["connection"]["tls"], false);
    assert_eq!((&told[1]["status"], &told[1]["code"]), (&"rejected".into(), &550.into()));
    assert_eq!((&told[2]["status"], &told[2]["kind"]), (&"rejected".into(), &"null_mx".into()));
    assert_eq!(ran.json["error"]["enhanced"], "5.1.10");
    assert!(ran.text.contains("C: QUIT"), "{}", ran.text);
    assert_eq!(store.messages()[0].content, b"Subject: Hi\r\n\r\nHello.\r\n");
}

#[test]
fn whether_there_was_tls_is_told_of_each_recipient() {
    let key = rcgen::generate_simple_self_signed(vec!["mx.example.net".into()]).expect("a key");
    let server = Server::bind(
        Server::builder()
            .with_config(Config::new(EhloName::LOCALHOST).with_tls(TlsPolicy::Offered))
            .with_tls(server_tls(&key).into()),
        Store::new(),
    )
    .expect("a port");
    let zone = Zone::new().address("example.net", HERE);
    let ran = by_mx(zone, server.address().port(), &["b@example.net"]);
    assert_eq!((ran.status, &ran.json["connection"]["tls"]), (Some(0), &true.into()));
    // What may go in the clear may go to anybody.
    let told = &ran.json["actions"][0]["recipients"][0];
    assert_eq!((&told["tls"], &told["verified"]), (&true.into(), &false.into()), "{}", ran.text);
}

#[test]
fn the_exit_status_says_what_became_of_it() {
    let store = Store::new();
    let server = server(&store);
    let port = server.address().port();
    let zone = || Zone::new().address("example.net", HERE);
    let ran = by_mx(zone(), port, &["b@example.net"]);
    assert_eq!((ran.status, &ran.json["error"]), (Some(0), &Value::Null));
    let ran = by_mx(zone().servfail("example.com"), port, &["b@example.com"]);
    assert_eq!((ran.status, &ran.json["error"]["retry"]), (Some(75), &"later".into()));
    assert_eq!(ran.json["actions"][0]["outcome"], "deferred");
    let ran = by_mx(zone(), port, &["b@gone.example"]);
    let kind = &ran.json["error"]["kind"];
    assert_eq!((ran.status, kind), (Some(69), &"no_such_domain".into()));
    // Nobody listens there.
    let ran = by_mx(zone(), 1, &["b@example.net"]);
    assert_eq!((ran.status, &ran.json["error"]["kind"]), (Some(74), &"connect_failed".into()));
    let ran = by_mx(zone(), 1, &["b@example.net", "b@gone.example"]);
    assert_eq!((ran.status, &ran.json["error"]["kind"]), (Some(75), &"connect_failed".into()));
    let busy = Faults::new().with_greeting("450 4.3.2 Not now\r\n");
    let busy = Server::bind(Server::builder().with_faults(busy), Store::new()).expect("a port");
    let ran = by_mx(zone(), busy.address().port(), &["b@example.net"]);
    assert_eq!((ran.status, &ran.json["error"]["phase"]), (Some(75), &"greeting".into()));
}

#[test]
fn content_that_cannot_be_sent_is_named() {
    let (server, zone) = (server(&Store::new()), Zone::new().address("example.net", HERE));
    let file = std::env::temp_dir().join(format!("sendmail-mx-nul-{}", std::process::id()));
    std::fs::write(&file, b"Subject: s\r\n\r\na\0b\r\n").expect("a folder");
    let message = ["b@example.net", "--message", file.to_str().expect("UTF-8")];
    let ran = by_mx(zone, server.address().port(), &message);
    std::fs::remove_file(&file).ok();
    let told = &ran.json["actions"][0]["recipients"][0];
    assert_eq!((&told["status"], &told["retry"]), (&"not_attempted".into(), &"never".into()));
    assert_eq!(
        (&told["kind"], &ran.json["error"]["kind"]),
        (&"bad_content".into(), &"bad_content".into())
    );
    assert_eq!(ran.status, Some(69), "{}", ran.text);
}

#[test]
fn a_host_on_this_machine_gets_nothing_unless_it_is_allowed() {
    let store = Store::new();
    let (server, zone) = (server(&store), Zone::new().address("example.net", HERE));
    let (dns, port) = (zone.serve().to_string(), server.address().port().to_string());
    let ran = sendmail(&["--mx", "--dns", &dns, "--mx-port", &port, "b@example.net"]);
    assert_eq!((ran.status, &ran.json["error"]["kind"]), (Some(69), &"local_address".into()));
    assert_eq!(ran.json["actions"][0]["recipients"][0]["status"], "rejected");
    assert!(store.messages().is_empty());
    assert_eq!(sendmail(&["--allow-loopback", "b@example.net"]).status, Some(64));
}

#[test]
fn mx_and_a_server_exclude_each_other() {
    assert_eq!(sendmail(&["--mx", "--server", "127.0.0.1:25", "b@example.net"]).status, Some(64));
    assert_eq!(sendmail(&["--dns", "127.0.0.1:53", "b@example.net"]).status, Some(64));
}

#[test]
fn a_url_holds_server_and_credentials() {
    let store = Store::new().with_user("alice@example.org", "s3cret");
    let config =
        Config::new(EhloName::LOCALHOST).with_auth(AuthPolicy::Required).with_plaintext_auth(true);
    let server =
        Server::bind(Server::builder().with_config(config), store.clone()).expect("a port");
    let url = |password| {
        let address = server.address();
        format!("smtp://alice%40example.org:{password}@{address}/client.example?tls=none")
    };
    let run = |password| {
        sendmail(&["--allow-plaintext-auth", "--server", &url(password), "b@example.net"])
    };
    let ran = run("s3cret");
    assert_eq!(ran.status, Some(0), "{}", ran.text);
    assert!(!ran.text.contains("s3cret"), "{}", ran.text);
    let message = &store.messages()[0];
    assert_eq!(message.user.as_deref(), Some("alice@example.org"));
    assert_eq!(message.hello, "client.example");
    assert_eq!(run("wrong").status, Some(77));
}

#[test]
fn a_url_that_is_none_is_refused_and_not_shown() {
    let ran = sendmail(&["--server", "smtp://alice:s3cret@", "b@example.net"]);
    assert_eq!((ran.status, &ran.json["error"]["kind"]), (Some(64), &"invalid_argument".into()));
    assert!(!ran.text.contains("s3cret"), "{}", ran.text);
}
