//! A server that errs on purpose, seen by a raw client and by the crate's own.

extern crate alloc;

use core::time::Duration;
use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Instant,
};

use smtp_sync::{
    Connector, Envelope, TlsPolicy,
    proto::{hello::EhloName, server::Config},
    server::{Faults, Server, Store},
};

const MAIL: &str = "EHLO c.example\r\nMAIL FROM:<a@c.example>\r\n";
const OPENED: &str = "220 mx.example ESMTP ready\r\n250 mx.example\r\n250 Sender OK\r\n";

fn server(faults: Faults, store: &Store) -> Server {
    let config = Config::new(EhloName::parse("mx.example").expect("a name"))
        .with_extensions([].into_iter().collect());
    let builder = Server::builder().with_config(config).with_faults(faults);
    Server::bind(builder, store.clone()).expect("a port")
}

/// Everything the server says to this, until it closes or nothing more can come.
fn dialogue(server: &Server, said: &str) -> String {
    let mut client = TcpStream::connect(server.address()).expect("a listener");
    client.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket");
    // A server that drops the connection may be quicker than its client.
    client.write_all(said.as_bytes()).ok();
    client.shutdown(std::net::Shutdown::Write).ok();
    let mut heard = Vec::new();
    let _ = client.read_to_end(&mut heard);
    String::from_utf8(heard).expect("ASCII")
}

fn told(faults: Faults, said: &str) -> String {
    dialogue(&server(faults, &Store::new()), said)
}

#[test]
fn a_recipient_that_is_refused_by_a_fault_is_not_delivered_to() {
    let store = Store::new();
    let server = server(Faults::new().with_reply(("rcpt", 2), "450-One\r\n450 two"), &store);
    let heard = dialogue(
        &server,
        &format!(
            "{MAIL}RCPT TO:<b@x>\r\nRCPT TO:<c@x>\r\nRCPT TO:<d@x>\r\nDATA\r\nx\r\n.\r\nQUIT\r\n"
        ),
    );
    let replies = "250 Recipient OK\r\n450-One\r\n450 two\r\n250 Recipient OK\r\n\
                   354 End with <CRLF>.<CRLF>\r\n250 OK\r\n221 Bye\r\n";
    assert_eq!(heard, format!("{OPENED}{replies}"));
    assert_eq!(store.messages()[0].recipients, ["b@x", "d@x"]);
}

#[test]
fn a_reply_may_depend_on_the_number_of_the_line() {
    let heard = told(Faults::new().with_reply(2, "299 odd"), &format!("{MAIL}NOOP\r\nQUIT\r\n"));
    assert!(heard.ends_with("250 mx.example\r\n299 odd\r\n250 OK\r\n221 Bye\r\n"), "{heard}");
}

#[test]
fn an_empty_reply_is_silence() {
    let heard = told(Faults::new().with_reply("NOOP", ""), "NOOP\r\nQUIT\r\n");
    assert_eq!(heard, "220 mx.example ESMTP ready\r\n221 Bye\r\n");
}

#[test]
fn content_may_be_refused_in_any_words() {
    let store = Store::new();
    for end in ["DATA\r\nx\r\n.\r\n", "BDAT 1 LAST\r\nx"] {
        let config = Config::new(EhloName::LOCALHOST).with_extensions(Config::SUPPORTED);
        let server = Server::bind(
            Server::builder()
                .with_config(config)
                .with_faults(Faults::new().with_reply(".", "523 odd")),
            store.clone(),
        )
        .expect("a port");
        let heard = dialogue(&server, &format!("{MAIL}RCPT TO:<b@x>\r\n{end}QUIT\r\n"));
        assert!(heard.ends_with("523 odd\r\n221 2.0.0 Bye\r\n"), "{heard}");
    }
    assert!(store.messages().is_empty());
}

#[test]
fn a_chunk_may_be_refused() {
    let config = Config::new(EhloName::LOCALHOST).with_extensions(Config::SUPPORTED);
    let server = Server::bind(
        Server::builder()
            .with_config(config)
            .with_faults(Faults::new().with_reply(("BDAT", 2), "452 full")),
        Store::new(),
    )
    .expect("a port");
    let chunks = "BDAT 6\r\nQUIT\r\nBDAT 6\r\nRSET\r\nRSET\r\n";
    let heard = dialogue(&server, &format!("{MAIL}RCPT TO:<b@x>\r\n{chunks}QUIT\r\n"));
    let end = "250 2.0.0 6 octets received\r\n452 full\r\n250 2.0.0 OK\r\n221 2.0.0 Bye\r\n";
    assert!(heard.ends_with(end), "{heard}");
}

#[test]
fn a_421_closes_wherever_it_comes() {
    for (at, last) in [("CONNECT", 0), ("EHLO", 1), ("MAIL", 2), ("QUIT", 3)] {
        let heard = told(Faults::new().with_close(at), &format!("{MAIL}QUIT\r\n"));
        assert!(heard.ends_with("421 4.3.2 Service not available, closing\r\n"), "{at}: {heard}");
        assert_eq!(heard.lines().count(), last + 1, "{at}: {heard}");
    }
}

#[test]
fn a_421_to_a_chunk_is_the_last_reply() {
    let heard = told(Faults::new().with_close("BDAT"), "BDAT 4\r\n1234NOOP\r\nNOOP\r\n");
    assert_eq!(heard.lines().count(), 2, "{heard}");
    assert!(heard.ends_with("421 4.3.2 Service not available, closing\r\n"), "{heard}");
}

#[test]
fn a_dropped_connection_has_said_what_came_before() {
    for (at, heard) in [("QUIT", OPENED), ("CONNECT", "")] {
        assert_eq!(told(Faults::new().with_drop(at), &format!("{MAIL}QUIT\r\n")), heard, "{at}");
    }
}

#[test]
fn a_connection_may_end_after_any_octet() {
    let store = Store::new();
    let said = format!("{MAIL}RCPT TO:<b@x>\r\nDATA\r\nx\r\n.\r\n");
    for octets in 0..said.len() {
        let faults = Faults::new().with_drop_after(octets as u64);
        dialogue(&server(faults, &store), &said);
    }
    assert!(store.messages().is_empty());
}

#[test]
fn a_reply_may_be_late() {
    let delay = Duration::from_millis(150);
    let begun = Instant::now();
    told(Faults::new().with_delay("NOOP", delay), "NOOP\r\nQUIT\r\n");
    assert!(begun.elapsed() >= delay);
}

#[test]
fn keywords_come_and_go_verbatim() {
    let faults = Faults::new()
        .without_keyword("size")
        .without_keyword("ENHANCEDSTATUSCODES")
        .with_keyword("SIZE -1")
        .with_keyword("AUTH=LOGIN");
    let server = Server::bind(Server::builder().with_faults(faults), Store::new()).expect("a port");
    let heard = dialogue(&server, "EHLO c.example\r\nQUIT\r\n");
    let offers =
        "250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-SIZE -1\r\n250 AUTH=LOGIN\r\n";
    assert!(heard.contains(offers), "{heard}");
}

#[test]
fn the_greeting_may_be_anything() {
    let faults = Faults::new().with_greeting("220-half\r\n220");
    assert_eq!(told(faults, "QUIT\r\n"), "220-half\r\n220221 Bye\r\n");
}

#[test]
fn octets_may_stand_behind_a_reply() {
    let faults = Faults::new().with_octets_behind(("NOOP", 1), "250 forged\r\n");
    let heard = told(faults, "NOOP\r\nNOOP\r\nQUIT\r\n");
    assert!(heard.ends_with("\r\n250 OK\r\n250 forged\r\n250 OK\r\n221 Bye\r\n"), "{heard}");
}

#[test]
fn later_connections_can_be_spared() {
    let server = server(Faults::new().with_close("CONNECT").with_connections(1), &Store::new());
    assert!(dialogue(&server, "QUIT\r\n").starts_with("421 "));
    assert!(dialogue(&server, "QUIT\r\n").starts_with("220 "));
}

/// The example: a client that has to cope.
#[test]
fn the_client_tells_apart_what_was_refused() {
    let store = Store::new();
    let server = server(Faults::new().with_reply(("RCPT", 1), "550 5.1.1 No"), &store);
    let mut client = Connector::new("127.0.0.1", server.address().port())
        .with_tls(TlsPolicy::None)
        .connect()
        .expect("a server");
    let envelope = Envelope::new("a@example.org").expect("an address");
    let envelope =
        envelope.to("b@x.example").expect("an address").to("c@x.example").expect("an address");
    let outcome = client.send(&envelope, &b"x\r\n"[..]).expect("a session");
    assert!(!outcome.is_delivered());
    assert_eq!(store.messages()[0].recipients, ["c@x.example"]);
}

#[cfg(feature = "tls")]
mod tls {
    use alloc::sync::Arc;

    use rustls::{ServerConfig, crypto::ring, pki_types::PrivatePkcs8KeyDer};
    use smtp_sync::proto::server;

    use super::*;

    fn tls() -> Arc<ServerConfig> {
        let made = rcgen::generate_simple_self_signed(["mx.example".to_owned()]).expect("a name");
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.into());
        Arc::new(config.expect("a key"))
    }

    fn server(faults: Faults) -> Server {
        let config = Config::new(EhloName::LOCALHOST).with_tls(server::TlsPolicy::Offered);
        let builder = Server::builder().with_config(config).with_tls(tls()).with_faults(faults);
        Server::bind(builder, Store::new()).expect("a port")
    }

    #[test]
    fn starttls_that_is_refused_leaves_the_session_in_the_clear() {
        let server = server(Faults::new().with_reply("STARTTLS", "454 4.7.0 Not now"));
        let heard = dialogue(&server, "EHLO c.example\r\nSTARTTLS\r\nQUIT\r\n");
        assert!(heard.ends_with("454 4.7.0 Not now\r\n221 2.0.0 Bye\r\n"), "{heard}");
    }

    #[test]
    fn the_client_refuses_plaintext_behind_the_go_ahead() {
        let server = server(Faults::new().with_octets_behind("STARTTLS", "250 forged\r\n"));
        let connected = Connector::new("127.0.0.1", server.address().port())
            .with_tls(TlsPolicy::Required)
            .connect();
        assert!(connected.is_err_and(|error| error.to_string().contains("STARTTLS")));
    }
}
