//! One message to many through a pool: in as many transactions as the server takes, and over as many connections.
#![cfg(feature = "pool")]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use smtp_async::{
    Connector, Delivery, Envelope, Error, Status, TlsPolicy, Verdict,
    pool::{Pool, PoolBuilder},
    proto::{client::RecipientOutcome, hello::ServerLimits},
    server::{Faults, Server, Store},
};

/// A server, what it has stored, and how many sessions it had.
struct Served {
    server: Server,
    store: Store,
    sessions: Arc<AtomicUsize>,
}

impl Served {
    async fn new(faults: Faults) -> Self {
        let (store, sessions) = (Store::new(), Arc::new(AtomicUsize::new(0)));
        let count = Arc::clone(&sessions);
        let builder = Server::builder().with_faults(faults).with_transcript(move |_, line| {
            count.fetch_add(usize::from(line.starts_with("C: EHLO")), Ordering::Relaxed);
        });
        let server = Server::bind(builder, store.clone()).await.expect("a port");
        Self { server, store, sessions }
    }

    fn pool(&self) -> PoolBuilder {
        let port = self.server.address().port();
        Pool::builder(move || Connector::new("127.0.0.1", port).with_tls(TlsPolicy::None))
    }

    /// How many recipients each message had that was stored, and how many sessions there were.
    fn seen(&self) -> (Vec<usize>, usize) {
        let sizes = self.store.take().iter().map(|message| message.recipients.len()).collect();
        (sizes, self.sessions.load(Ordering::Relaxed))
    }
}

fn limited(faults: Faults, recipients: usize) -> Faults {
    faults.with_keyword(&format!("LIMITS RCPTMAX={recipients}"))
}

fn delivery(recipients: usize) -> Delivery {
    let mut envelope = Envelope::new("a@example.org").expect("an address");
    for number in 0..recipients {
        envelope.push(&format!("r{number}@example.net")).expect("an address");
    }
    Delivery::new(&envelope, ServerLimits::default())
}

async fn deliver(pool: &Pool, delivery: &mut Delivery) -> Result<(), Error> {
    pool.deliver(delivery, || &b"hi\r\n"[..]).await
}

#[tokio::test]
async fn a_message_is_split_by_what_the_server_announces_and_else_at_100() {
    for (faults, expected) in
        [(limited(Faults::new(), 60), &[60, 60, 30][..]), (Faults::new(), &[100, 50])]
    {
        let served = Served::new(faults).await;
        let pool = served.pool().build();
        let mut delivery = delivery(150);
        deliver(&pool, &mut delivery).await.expect("no error");
        assert_eq!((delivery.verdict(), served.seen()), (Verdict::Delivered, (expected.into(), 1)));
        pool.close().await;
    }
}

#[tokio::test]
async fn what_is_left_goes_over_the_next_connection() {
    // One has messages enough, the other server closes before its second.
    let closes = Faults::new().with_close(("MAIL", 2));
    for (faults, messages) in [(Faults::new(), 1), (closes, 100)] {
        let served = Served::new(limited(faults, 2)).await;
        let pool = served.pool().with_messages(messages).build();
        let mut delivery = delivery(5);
        deliver(&pool, &mut delivery).await.expect("no error");
        let expected = (Verdict::Delivered, (vec![2, 2, 1], 3));
        assert_eq!((delivery.verdict(), served.seen()), expected, "{messages}");
        pool.close().await;
    }
}

#[tokio::test]
async fn what_was_said_before_an_error_stays() {
    let served = Served::new(limited(Faults::new().with_close(("MAIL", 2)), 2)).await;
    let pool = served.pool().build();
    let closing = pool.clone();
    let mut delivery = delivery(3);
    // The pool is closed while the first part is sent: the second finds no connection.
    let content = || {
        let pool = closing.clone();
        tokio::spawn(async move { pool.close().await });
        &b"hi\r\n"[..]
    };
    let error = pool.deliver(&mut delivery, content).await.expect_err("no connection");
    assert!(matches!(error, Error::Closed), "{error}");
    let of = |recipient: Option<RecipientOutcome<'_>>| recipient.map(|to| to.status());
    let statuses: Vec<_> = delivery.recipients().map(of).collect();
    assert_eq!(statuses, [Some(Status::Accepted), Some(Status::Accepted), None]);
    assert_eq!((delivery.positions(), served.seen()), (Some(&[2][..]), (vec![2], 1)));
}

#[tokio::test]
async fn a_451_to_mail_on_an_idle_connection_may_be_a_timeout() {
    let timeout = "451 4.7.0 Timeout waiting for client input";
    let served = Served::new(Faults::new().with_reply(("MAIL", 2), timeout)).await;
    let pool = served.pool().build();
    for _ in 0..2 {
        deliver(&pool, &mut delivery(1)).await.expect("no error");
    }
    let envelope = Envelope::new("").and_then(|e| e.to("b@example.net")).expect("addresses");
    let outcome = pool.send(&envelope, || &b"hi\r\n"[..]).await.expect("an outcome");
    assert!(outcome.is_delivered(), "{outcome:?}");
    assert_eq!(served.seen(), (vec![1, 1, 1], 3));
}

#[tokio::test]
async fn a_451_to_mail_on_a_fresh_connection_is_its_answer() {
    let served = Served::new(Faults::new().with_reply("MAIL", "451 no")).await;
    let mut delivery = delivery(1);
    deliver(&served.pool().build(), &mut delivery).await.expect("no error");
    assert_eq!((delivery.verdict(), served.seen()), (Verdict::Deferred, (vec![], 1)));
}
