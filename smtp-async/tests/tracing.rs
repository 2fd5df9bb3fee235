//! What `tracing` shows, and what it does not.
#![cfg(feature = "tracing")]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

use std::{
    io,
    sync::{Arc, Mutex},
};

use smtp_async::{
    Connector, Envelope, Error, TlsPolicy,
    proto::{
        hello::EhloName,
        server::{AuthPolicy, Config},
    },
    server::{Faults, Server, Store},
};
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Shown(Arc<Mutex<Vec<u8>>>);

impl io::Write for Shown {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("a lock").extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Shown {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// Logs in and sends one message to a server with these faults; gives what is shown.
async fn shown(level: &str, faults: Faults) -> String {
    let (text, done) = shown_until(level, faults).await;
    done.expect("a message sent");
    text
}

/// The same, as far as it comes.
async fn shown_until(level: &str, faults: Faults) -> (String, Result<(), Error>) {
    let shown = Shown::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(shown.clone())
        .with_max_level(level.parse::<tracing_subscriber::filter::LevelFilter>().expect("a level"))
        .with_ansi(false)
        .without_time()
        .finish();
    let guard = tracing_subscriber::util::SubscriberInitExt::set_default(subscriber);
    let config =
        Config::new(EhloName::LOCALHOST).with_auth(AuthPolicy::Offered).with_plaintext_auth(true);
    let store = Store::new().with_user("alice", "s3cret");
    let builder = Server::builder().with_config(config).with_faults(faults);
    let server = Server::bind(builder, store).await.expect("a port");
    let done = log_in_and_send(server.address().port()).await;
    drop(guard);
    let octets = shown.0.lock().expect("a lock").clone();
    (String::from_utf8(octets).expect("UTF-8"), done)
}

async fn log_in_and_send(port: u16) -> Result<(), Error> {
    let mut client = Connector::new("127.0.0.1", port)
        .with_tls(TlsPolicy::None)
        .configure(|config| config.with_plaintext_auth(true))
        .connect()
        .await?;
    client.login("alice", "s3cret").await?;
    let envelope = Envelope::new("a@b").and_then(|e| e.to("c@d")).expect("addresses");
    let _ = client.send(&envelope, &b"Subject: private\r\n\r\nwords\r\n"[..]).await?;
    client.quit().await.ok();
    Ok(())
}

#[tokio::test]
async fn a_message_and_what_became_of_it_is_an_event_in_its_span() {
    let text = shown("info", Faults::new()).await;
    assert!(text.contains("smtp.send{recipients=1}"), "{text}");
    assert!(text.contains("sent verdict=Delivered accepted=1 reply=250 2.0.0 OK"), "{text}");
    assert!(!text.contains("C: "), "{text}");
}

#[tokio::test]
async fn what_the_server_says_is_escaped() {
    let text = shown("info", Faults::new().with_reply("RCPT", "550 \u{1b}[31mno")).await;
    assert!(text.contains("WARN smtp.send"), "{text}");
    assert!(text.contains("verdict=Rejected"), "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[tokio::test]
async fn the_dialogue_is_shown_at_trace_level_without_secrets_and_content() {
    let text = shown("trace", Faults::new()).await;
    assert!(text.contains("TRACE smtp.send{recipients=1}: smtp::dialogue: C: DATA"), "{text}");
    assert!(text.contains("C: AUTH PLAIN ***"), "{text}");
    for secret in ["s3cret", "AGFsaWNlAHMzY3JldA", "private", "words"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}

#[tokio::test]
async fn a_session_that_is_over_before_its_time_is_an_event() {
    for faults in [Faults::new().with_close("AUTH"), Faults::new().with_reply("AUTH", "421 \u{1b}")]
    {
        let (text, done) = shown_until("info", faults).await;
        assert!(matches!(done, Err(Error::Ended { .. })), "{done:?}");
        assert!(text.contains("WARN"), "{text}");
        assert_eq!(text.matches("the session is over").count(), 1, "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }
    let (text, _) = shown_until("info", Faults::new()).await;
    assert!(!text.contains("the session is over"), "QUIT is in time: {text}");
}
