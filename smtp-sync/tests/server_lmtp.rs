//! The loopback server as an LMTP server, also on a Unix socket.
#![cfg(unix)]

mod support;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown, TcpStream},
    os::unix::net::UnixStream,
    sync::{Arc, Mutex},
};

use smtp_sync::{
    proto::{
        hello::EhloName,
        server::{Answer, Config, Protocol},
    },
    server::{Server, ServerBuilder, Store},
};

const SESSION: &str = "LHLO c.example\r\nMAIL FROM:<a@c.example>\r\nRCPT TO:<b@x>\r\n\
    RCPT TO:<full@x>\r\nRCPT TO:<c@x>\r\nBDAT 3\r\none";
const END: &str = "BDAT 3 LAST\r\ntwoQUIT\r\n";

fn lmtp() -> ServerBuilder {
    let config = Config::new(EhloName::parse("mx.example").expect("a name"))
        .with_extensions(Config::SUPPORTED)
        .with_protocol(Protocol::Lmtp);
    Server::builder().with_config(config)
}

fn store() -> Store {
    Store::new().with_verdict_for("full@x", Answer::MAILBOX_BUSY)
}

fn final_codes(stream: impl Read) -> Vec<String> {
    let lines = BufReader::new(stream).lines().map(|line| line.expect("a line"));
    lines.filter(|line| line.as_bytes()[3] == b' ').map(|line| line[..3].to_owned()).collect()
}

#[test]
fn each_recipient_has_its_verdict_and_the_message_those_that_took_it() {
    let store = store();
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&lines);
    let server = Server::bind(
        lmtp().with_transcript(move |_, line| sink.lock().expect("no panic").push(line.to_owned())),
        store.clone(),
    )
    .expect("a port");
    let mut client = TcpStream::connect(server.address()).expect("a listener");
    client.write_all(format!("{SESSION}{END}").as_bytes()).expect("a connection");
    let codes = final_codes(client);
    let expected = ["220", "250", "250", "250", "250", "250", "250", "250", "450", "250", "221"];
    assert_eq!(codes, expected);
    let messages = store.messages();
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].recipients, ["b@x", "c@x"]);
    assert_eq!(messages[0].content, b"onetwo");
    drop(server);
    let lines = lines.lock().expect("no panic");
    let content = lines.iter().filter(|line| line.ends_with("(3 octets of content)")).count();
    assert_eq!((content, lines.iter().any(|line| line == "C: .")), (2, false), "{lines:?}");
}

#[test]
fn a_unix_socket_serves_and_goes() {
    let folder = support::Folder::new();
    let path = folder.path().join("socket");
    let store = store();
    let server = Server::bind_unix(lmtp(), &path, store.clone()).expect("a free name");
    assert_eq!(server.path(), Some(path.as_path()));
    assert_eq!(server.address().port(), 0);
    assert!(Server::bind_unix(lmtp(), &path, store.clone()).is_err(), "the name is taken");
    let mut client = UnixStream::connect(&path).expect("a listener");
    client.write_all(format!("{SESSION}{END}").as_bytes()).expect("a connection");
    assert_eq!(final_codes(client).len(), 11);
    assert_eq!(store.messages().len(), 1);
    let waiting = UnixStream::connect(&path).expect("a listener");
    drop(server);
    assert!(!path.exists());
    assert!(BufReader::new(waiting).lines().count() <= 1);
}

#[test]
fn a_connection_lost_between_chunks_stores_nothing() {
    let store = store();
    let server = Server::bind(lmtp(), store.clone()).expect("a port");
    let mut client = TcpStream::connect(server.address()).expect("a listener");
    client.write_all(SESSION.as_bytes()).expect("a connection");
    client.shutdown(Shutdown::Write).ok();
    client.read_to_end(&mut Vec::new()).expect("an end");
    drop(server);
    assert!(store.messages().is_empty());
}
