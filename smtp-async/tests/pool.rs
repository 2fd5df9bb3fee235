//! Connections kept for further messages.
#![cfg(feature = "pool")]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

mod support;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use smtp_async::{
    Connector, Envelope, Error, Outcome, Status, Timeouts, TlsPolicy, Verdict,
    pool::{Pool, PoolBuilder},
    proto::{
        hello::EhloName,
        server::{AuthPolicy, Config},
    },
    server::{Faults, Server, ServerBuilder, Store},
};
use support::Reserved;
use tokio::task::JoinSet;

fn envelope() -> Envelope {
    Envelope::new("a@example.org").and_then(|e| e.to("b@example.net")).expect("addresses")
}

fn pool(port: u16) -> PoolBuilder {
    Pool::builder(move || {
        Connector::new("127.0.0.1", port)
            .with_tls(TlsPolicy::None)
            .configure(|config| config.with_plaintext_auth(true))
            .with_timeouts(Timeouts::uniform(Duration::from_secs(20)))
    })
}

async fn send(pool: &Pool, text: &str) -> Result<Outcome, Error> {
    pool.send(&envelope(), || text.as_bytes()).await
}

async fn delivered(pool: &Pool, text: &str) {
    assert!(send(pool, text).await.expect("an outcome").is_delivered());
}

/// Counts what clients say.
#[derive(Clone, Default)]
struct Heard {
    sessions: Arc<AtomicUsize>,
    quits: Arc<AtomicUsize>,
    noops: Arc<AtomicUsize>,
}

impl Heard {
    fn by(&self, builder: ServerBuilder) -> ServerBuilder {
        let heard = self.clone();
        builder.with_transcript(move |_, line| match line {
            "C: QUIT" => _ = heard.quits.fetch_add(1, Ordering::Relaxed),
            "C: NOOP" | "C: RSET" => _ = heard.noops.fetch_add(1, Ordering::Relaxed),
            line if line.starts_with("C: EHLO") => {
                heard.sessions.fetch_add(1, Ordering::Relaxed);
            }
            _ => {}
        })
    }

    fn sessions(&self) -> usize {
        self.sessions.load(Ordering::Relaxed)
    }

    fn quits(&self) -> usize {
        self.quits.load(Ordering::Relaxed)
    }
}

async fn serve(heard: &Heard, faults: Faults) -> (Server, Store) {
    let store = Store::new().with_user("alice", "s3cret");
    let config =
        Config::new(EhloName::LOCALHOST).with_auth(AuthPolicy::Offered).with_plaintext_auth(true);
    let builder = heard.by(Server::builder().with_config(config).with_faults(faults));
    (Server::bind(builder, store.clone()).await.expect("a port"), store)
}

/// Waits until what was spawned is done.
async fn until(condition: impl Fn() -> bool) {
    for _ in 0..2000 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it never came to be");
}

#[tokio::test]
async fn messages_share_a_connection_without_a_word_in_between() {
    let heard = Heard::default();
    let (server, store) = serve(&heard, Faults::new()).await;
    let pool = pool(server.address().port()).build();
    for number in 0..5 {
        delivered(&pool, &format!("{number}\r\n")).await;
    }
    assert_eq!((heard.sessions(), heard.noops.load(Ordering::Relaxed)), (1, 0));
    assert_eq!(store.take().len(), 5);
    pool.close().await;
    assert_eq!(heard.quits(), 1);
    assert!(matches!(send(&pool, "x\r\n").await, Err(Error::Closed)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_are_never_more_connections_than_allowed() {
    let heard = Heard::default();
    let (server, store) = serve(&heard, Faults::new()).await;
    let pool = pool(server.address().port()).with_max_size(3).build();
    let mut tasks = JoinSet::new();
    for number in 0..60 {
        let pool = pool.clone();
        tasks.spawn(async move { delivered(&pool, &format!("{number}\r\n")).await });
    }
    while let Some(done) = tasks.join_next().await {
        done.expect("a delivery");
        assert!(server.connections() <= 3);
    }
    assert!(heard.sessions() <= 3, "{}", heard.sessions());
    assert_eq!(store.take().len(), 60);
}

#[tokio::test]
async fn a_connection_serves_so_many_messages_and_says_quit() {
    let heard = Heard::default();
    let (server, _store) = serve(&heard, Faults::new()).await;
    let pool = pool(server.address().port()).with_messages(2).build();
    for _ in 0..5 {
        delivered(&pool, "x\r\n").await;
    }
    assert_eq!(heard.sessions(), 3);
    until(|| heard.quits() == 2).await;
}

#[tokio::test]
async fn a_connection_that_was_idle_for_too_long_is_not_used_again() {
    let heard = Heard::default();
    let (server, _store) = serve(&heard, Faults::new()).await;
    let pool = pool(server.address().port()).with_idle(Duration::ZERO).build();
    delivered(&pool, "x\r\n").await;
    delivered(&pool, "x\r\n").await;
    assert_eq!(heard.sessions(), 2);
    until(|| heard.quits() == 1).await;
}

#[tokio::test]
async fn each_connection_is_authenticated_once() {
    let heard = Heard::default();
    let (server, store) = serve(&heard, Faults::new()).await;
    let wrong = pool(server.address().port()).with_login("alice", "wrong").build();
    assert!(matches!(send(&wrong, "x\r\n").await, Err(Error::Authentication { .. })));
    let pool = pool(server.address().port()).with_login("alice", "s3cret").build();
    delivered(&pool, "x\r\n").await;
    delivered(&pool, "x\r\n").await;
    assert!(store.take().iter().all(|message| message.user.as_deref() == Some("alice")));
    assert!(!format!("{pool:?} {wrong:?}").contains("s3cret"));
}

#[tokio::test]
async fn what_an_idle_server_has_said_is_noticed() {
    for faults in [
        // 421 and the end, right behind the verdict.
        Faults::new().with_octets_behind(".", "421 4.4.2 idle\r\n").with_connections(1),
        Faults::new().with_octets_behind(".", "250 what is this?\r\n").with_connections(1),
    ] {
        let heard = Heard::default();
        let (server, store) = serve(&heard, faults).await;
        let pool = pool(server.address().port()).build();
        delivered(&pool, "1\r\n").await;
        delivered(&pool, "2\r\n").await;
        assert_eq!(heard.sessions(), 2);
        assert_eq!(store.take().len(), 2);
    }
}

#[tokio::test]
async fn a_session_that_is_closed_at_mail_is_replaced_once() {
    // The second MAIL of the first connection finds it closed.
    let faults = Faults::new().with_close(("MAIL", 2)).with_connections(1);
    let heard = Heard::default();
    let (server, store) = serve(&heard, faults).await;
    let pool = pool(server.address().port()).build();
    delivered(&pool, "1\r\n").await;
    delivered(&pool, "2\r\n").await;
    assert_eq!((heard.sessions(), store.take().len()), (2, 2));
}

/// Says so many verdicts on each connection, then closes at the next MAIL; never answers QUIT.
async fn mute_at_quit(listener: tokio::net::TcpListener) {
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    loop {
        let (stream, _) = listener.accept().await.expect("a client");
        tokio::spawn(async move {
            let (reader, mut writer) = stream.into_split();
            let mut lines = BufReader::new(reader).lines();
            writer.write_all(b"220 mx\r\n").await.ok();
            let mut mails = 0;
            while let Ok(Some(line)) = lines.next_line().await {
                mails += usize::from(line.starts_with("MAIL"));
                let reply: &[u8] = match line.as_str() {
                    _ if mails > 1 => return,
                    "QUIT" | "x" => continue,
                    "DATA" => b"354 go\r\n",
                    _ => b"250 ok\r\n",
                };
                writer.write_all(reply).await.ok();
            }
        });
    }
}

#[tokio::test]
async fn a_send_that_was_given_up_closes_its_connection_at_once() {
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let pool = pool(listener.local_addr().expect("an address").port()).build();
    let sending = tokio::spawn({
        let pool = pool.clone();
        async move { send(&pool, "x\r\n").await }
    });
    let (stream, _) = listener.accept().await.expect("a client");
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    writer.write_all(b"220 mx\r\n").await.expect("a greeting");
    while let Some(line) = lines.next_line().await.expect("a line") {
        if line == "DATA" {
            sending.abort();
            break;
        }
        writer.write_all(b"250 ok\r\n").await.expect("a reply");
    }
    let end = tokio::time::timeout(Duration::from_secs(60), lines.next_line()).await;
    assert!(matches!(end, Ok(Ok(None) | Err(_))), "it is kept: {end:?}");
}

#[tokio::test]
async fn nobody_waits_for_the_farewell_of_what_is_thrown_away() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(mute_at_quit(listener));
    let forever = Timeouts::uniform(Duration::from_secs(24 * 60 * 60));
    let pool = Pool::builder(move || {
        Connector::new("127.0.0.1", port).with_tls(TlsPolicy::None).with_timeouts(forever)
    })
    .build();
    // Two idle connections: one will be stale, the other goes with it and does not answer QUIT.
    tokio::join!(delivered(&pool, "x\r\n"), delivered(&pool, "x\r\n"));
    assert_eq!(pool.connections(), 2);
    let sent = tokio::time::timeout(Duration::from_secs(60), delivered(&pool, "x\r\n")).await;
    assert!(sent.is_ok(), "it hangs");
}

#[tokio::test]
async fn a_fresh_connection_that_is_closed_is_not_replaced() {
    let heard = Heard::default();
    let (server, _store) = serve(&heard, Faults::new().with_close("MAIL")).await;
    let pool = pool(server.address().port()).build();
    let outcome = send(&pool, "x\r\n").await.expect("an outcome");
    assert_eq!(outcome.recipient(0).expect("one").status(), Status::NotAttempted);
    assert_eq!(heard.sessions(), 1);
}

#[tokio::test]
async fn an_unknown_outcome_is_not_sent_again() {
    let heard = Heard::default();
    let faults = Faults::new().with_drop((".", 2)).with_connections(1);
    let (server, store) = serve(&heard, faults).await;
    let pool = pool(server.address().port()).build();
    delivered(&pool, "1\r\n").await;
    let outcome = send(&pool, "2\r\n").await.expect("an outcome");
    assert_eq!(outcome.verdict(), Verdict::Unknown);
    delivered(&pool, "3\r\n").await;
    assert_eq!(heard.sessions(), 2);
    assert_eq!(store.take().iter().filter(|message| message.content == b"3\r\n").count(), 1);
}

#[tokio::test]
async fn a_send_that_was_given_up_leaves_nothing_behind() {
    let heard = Heard::default();
    let (server, store) =
        serve(&heard, Faults::new().with_delay("DATA", Duration::from_millis(300))).await;
    let pool = pool(server.address().port()).with_max_size(1).build();
    let given_up = tokio::time::timeout(Duration::from_millis(50), send(&pool, "lost\r\n")).await;
    assert!(given_up.is_err());
    delivered(&pool, "kept\r\n").await;
    let contents: Vec<_> = store.take().into_iter().map(|message| message.content).collect();
    assert_eq!(contents, [b"kept\r\n"]);
}

/// Once the server before it has let go of its address, which takes it a moment.
async fn restarted(reserved: &Reserved, store: &Store) -> Server {
    for _ in 0..2000 {
        let builder = Server::builder().with_address(reserved.address);
        match Server::bind(builder, store.clone()).await {
            Ok(server) => return server,
            Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
    panic!("the address does not become free");
}

/// Each message is delivered once, or reported so that it may be sent again, or unknown.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_in_the_middle_of_a_run_loses_and_duplicates_nothing() {
    let (reserved, store) = (Reserved::new(), Store::new());
    let mut server = restarted(&reserved, &store).await;
    let pool = pool(reserved.address.port()).with_max_size(4).build();
    let mut tasks = JoinSet::new();
    for number in 0..200 {
        if number % 50 == 25 {
            drop(server);
            server = restarted(&reserved, &store).await;
        }
        let pool = pool.clone();
        tasks.spawn(async move {
            let text = format!("{number}\r\n");
            (text.clone(), send(&pool, &text).await)
        });
        if number % 10 == 0 {
            tokio::task::yield_now().await;
        }
    }
    let mut stored = BTreeMap::new();
    let mut outcomes = Vec::new();
    while let Some(outcome) = tasks.join_next().await {
        outcomes.push(outcome.expect("an end"));
    }
    for message in store.take() {
        *stored.entry(message.content).or_insert(0) += 1;
    }
    for (text, outcome) in outcomes {
        let times = stored.get(text.as_bytes()).copied().unwrap_or(0);
        let status = outcome.as_ref().map(|outcome| outcome.recipient(0).expect("one").status());
        match status {
            Ok(Status::Accepted) => assert_eq!(times, 1, "{text}"),
            Ok(Status::Unknown) => assert!(times <= 1, "{text}"),
            Ok(_) | Err(_) => assert_eq!(times, 0, "{text}: {outcome:?}"),
        }
    }
}
