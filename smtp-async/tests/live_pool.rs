//! A pool whose server, Postfix or aiosmtpd, ends in the middle and comes back. They are started by the
//! scripts of the blocking adapter's tests, see their `live/README.md`. Where one is not installed its
//! tests say `SKIPPED` and pass, unless the environment variable CI is set.
#![cfg(all(unix, feature = "pool", feature = "tls"))]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

#[allow(dead_code, reason = "shared with the other live tests")]
#[path = "../../smtp-sync/tests/live/envelope.rs"]
mod envelope;
#[allow(dead_code, reason = "shared with the other live tests")]
#[path = "../../smtp-sync/tests/live/message.rs"]
mod message;
#[allow(dead_code, reason = "shared with the other live tests")]
#[path = "../../smtp-sync/tests/live/server.rs"]
mod server;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use envelope::envelope;
use message::Message;
use server::{Kind, Server};
use smtp_async::{Connector, Status, Timeouts, TlsPolicy, pool::Pool};
use tokio::task::{JoinSet, spawn_blocking};

const USER: &str = "u100";
const CONNECTIONS: usize = 4;
/// Those who send at the same time: some have to wait for a connection.
const SENDERS: usize = 2 * CONNECTIONS;
/// How many messages are taken before the server ends, and are sent when it is back.
const BEFORE: usize = 30;
const AFTER: usize = 40;

fn pool(server: &Server) -> Pool {
    let (port, trust) = (server.port("plain"), server.trust());
    let connector = move || {
        Connector::new("127.0.0.1", port)
            .with_timeouts(Timeouts::uniform(Duration::from_secs(120)))
            .with_tls(TlsPolicy::Required)
            .with_tls_config(trust.clone())
    };
    Pool::builder(connector).with_max_size(CONNECTIONS).build()
}

/// The messages of a run, numbered through, and how many were taken.
#[derive(Clone)]
struct Run {
    pool: Pool,
    next: Arc<AtomicUsize>,
    accepted: Arc<AtomicUsize>,
}

/// A message and what the pool said of it; none where there was an error.
type Sent = (Message, Option<Status>);

impl Run {
    fn new(pool: Pool) -> Self {
        Self { pool, next: Arc::default(), accepted: Arc::default() }
    }

    /// Sends the next message.
    async fn send(&self) -> Sent {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let subject = format!("number {number} of a run");
        // So that an end falls into the content, too.
        let large = number % 3 == 0;
        let message =
            if large { Message::large(&subject, 100_000) } else { Message::small(&subject) };
        let content = message.careless();
        let result = self.pool.send(&envelope("alice", &[USER]), || &content[..]).await;
        let status = result.ok().map(|outcome| outcome.recipient(0).expect("one").status());
        let taken = status == Some(Status::Accepted);
        self.accepted.fetch_add(usize::from(taken), Ordering::Relaxed);
        (message, status)
    }

    /// Sends one message after the other until one is not taken.
    async fn send_until_the_end(self) -> Vec<Sent> {
        let mut sent = Vec::new();
        while sent.last().is_none_or(|(_, status)| *status == Some(Status::Accepted)) {
            sent.push(self.send().await);
        }
        sent
    }

    async fn send_so_many(self, messages: usize) -> Vec<Sent> {
        let mut sent = Vec::new();
        for _ in 0..messages {
            sent.push(self.send().await);
        }
        sent
    }
}

/// How often the server has each message.
fn assert_each_is_there_as_often_as_was_said(server: &Server, kind: Kind, sent: &[Sent]) {
    let mut stored = server.stored(USER);
    if kind == Kind::Postfix {
        // Its own trace tells one taken twice from one that it put twice into the mailbox because it
        // ended before it had noted the first time: that one is the same file twice.
        stored.sort();
        stored.dedup();
    }
    let mut known = 0;
    for (message, status) in sent {
        let wanted = message.with_newlines(kind.newline());
        let copies = stored.iter().filter(|stored| stored.ends_with(&wanted)).count();
        known += copies;
        let allowed = match status {
            Some(Status::Accepted) => 1..=1,
            Some(Status::Unknown) => 0..=1,
            _ => 0..=0,
        };
        let subject = wanted.split(|&octet| octet == b'\n').nth(2).expect("a field");
        let subject = subject.escape_ascii();
        assert!(allowed.contains(&copies), "{kind:?}: {subject}, {status:?}: {copies} times");
    }
    assert_eq!(stored.len(), known, "{kind:?}: nothing else, and nothing in part");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_pool_says_of_each_message_is_true_when_the_server_ends_and_comes_back() {
    for kind in Kind::ALL {
        let Some(mut server) = kind.start() else { continue };
        let run = Run::new(pool(&server));
        let mut senders = JoinSet::new();
        let mut sent = Vec::new();
        for _ in 0..SENDERS {
            senders.spawn(run.clone().send_until_the_end());
        }
        while run.accepted.load(Ordering::Relaxed) < BEFORE {
            assert!(!senders.is_empty() && run.next.load(Ordering::Relaxed) < 100 * BEFORE);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let stop = spawn_blocking(move || {
            server.stop();
            server
        });
        let mut server = stop.await.expect("an end");
        // Each of them has met the end, however busy the server was.
        while let Some(ended) = senders.join_next().await {
            sent.extend(ended.expect("no panic"));
        }
        assert!(sent.len() > BEFORE, "{kind:?}: {}", sent.len());
        let refused = run.clone().send_so_many(SENDERS).await;
        assert!(refused.iter().all(|(_, status)| status.is_none()), "nobody is there");
        sent.extend(refused);

        let start = spawn_blocking(move || {
            server.start_again();
            server
        });
        let server = start.await.expect("a start");
        for _ in 0..SENDERS {
            senders.spawn(run.clone().send_so_many(AFTER / SENDERS));
        }
        while let Some(ended) = senders.join_next().await {
            let after = ended.expect("no panic");
            assert!(after.iter().all(|(_, status)| *status == Some(Status::Accepted)), "{kind:?}");
            sent.extend(after);
        }
        assert!(run.pool.connections() <= CONNECTIONS);
        run.pool.close().await;
        assert_each_is_there_as_often_as_was_said(&server, kind, &sent);
    }
}
