//! No more connections than the caller allows, at any time: what the server counts. The clock is tokio's, and stands
//! still unless everybody waits.
#![cfg(feature = "pool")]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

mod support;

use std::{
    mem::MaybeUninit,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use smtp_async::{
    Connector, Error, Status, Timeouts, TlsPolicy,
    pool::{Pool, PoolBuilder, Pools},
};
use socket2::SockRef;
use support::{envelope, full_listener};
use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinSet, yield_now},
    time::{Instant, sleep},
};

/// What is said to this command; `None` is nothing.
type Reply = fn(&str) -> Option<&'static str>;

/// A server that counts its connections.
#[derive(Clone, Default)]
struct Counter {
    port: u16,
    open: Arc<Mutex<Vec<Arc<TcpStream>>>>,
    most: Arc<AtomicUsize>,
    all: Arc<AtomicUsize>,
}

impl Counter {
    async fn start(reply: Reply) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let counter = Self { port, ..Self::default() };
        let counting = counter.clone();
        tokio::spawn(async move {
            loop {
                let stream = Arc::new(listener.accept().await.expect("a client").0);
                counting.count(&stream);
                tokio::spawn(serve(stream, reply));
            }
        });
        counter
    }

    fn count(&self, stream: &Arc<TcpStream>) {
        self.open.lock().expect("no panic").push(Arc::clone(stream));
        self.most.fetch_max(self.open(), Ordering::Relaxed);
        self.all.fetch_add(1, Ordering::Relaxed);
    }

    /// How many are open now: a connection that is closed reads as its end, whether its task knows or not.
    fn open(&self) -> usize {
        let mut open = self.open.lock().expect("no panic");
        let mut space = [MaybeUninit::uninit()];
        open.retain(|stream| !matches!(SockRef::from(&**stream).peek(&mut space), Ok(0)));
        open.len()
    }

    fn most(&self) -> usize {
        self.most.load(Ordering::Relaxed)
    }

    fn all(&self) -> usize {
        self.all.load(Ordering::Relaxed)
    }
}

async fn serve(stream: Arc<TcpStream>, reply: Reply) {
    let (mut heard, mut next) = (String::new(), Some("220 mx\r\n"));
    loop {
        if let Some(next) = next {
            stream.writable().await.expect("a client");
            stream.try_write(next.as_bytes()).ok();
        }
        while !heard.contains("\r\n") {
            let mut space = [0; 1024];
            stream.readable().await.expect("a client");
            match stream.try_read(&mut space) {
                Ok(0) => return,
                Ok(n) => heard.push_str(std::str::from_utf8(&space[..n]).expect("ASCII")),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
        }
        let (line, rest) = heard.split_once("\r\n").expect("a line");
        next = match line {
            // Of the content.
            "x" => None,
            line => reply(line),
        };
        heard = rest.to_owned();
    }
}

/// Answers everything but QUIT.
fn without_farewell(command: &str) -> Option<&'static str> {
    match command {
        "QUIT" => None,
        "DATA" => Some("354 go\r\n"),
        _ => Some("250 ok\r\n"),
    }
}

fn polite(command: &str) -> Option<&'static str> {
    if command == "QUIT" { Some("221 bye\r\n") } else { without_farewell(command) }
}

/// Answers nothing behind DATA.
fn stuck(command: &str) -> Option<&'static str> {
    if command == "DATA" { None } else { polite(command) }
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A connector without time limits to speak of.
fn connector(port: u16) -> Connector {
    Connector::new("127.0.0.1", port)
        .with_tls(TlsPolicy::None)
        .with_timeouts(Timeouts::uniform(DAY))
}

fn pool(port: u16) -> PoolBuilder {
    Pool::builder(move || connector(port))
}

async fn delivered(pool: &Pool) {
    let outcome = pool.send(&envelope(&["b@example.net"]), || &b"x\r\n"[..]).await;
    assert!(outcome.expect("an outcome").is_delivered());
}

#[tokio::test(start_paused = true)]
async fn sessions_that_say_goodbye_keep_their_places() {
    for (reply, size) in [(without_farewell as Reply, 2), (polite, 2), (polite, 1)] {
        let server = Counter::start(reply).await;
        // Each message has a session of its own.
        let pool = pool(server.port).with_max_size(size).with_messages(1).build();
        let mut tasks = JoinSet::new();
        for _ in 0..20 {
            let pool = pool.clone();
            tasks.spawn(async move { delivered(&pool).await });
        }
        while let Some(done) = tasks.join_next().await {
            done.expect("a delivery");
            assert!(pool.connections() <= size);
        }
        assert_eq!((server.most(), server.all()), (size, 20));
    }
}

#[tokio::test(start_paused = true)]
async fn a_farewell_that_is_not_answered_ends_after_two_seconds() {
    let server = Counter::start(without_farewell).await;
    let pool = pool(server.port).with_max_size(1).with_messages(1).build();
    delivered(&pool).await;
    let start = Instant::now();
    for _ in 0..5 {
        delivered(&pool).await;
    }
    let seconds = start.elapsed().as_secs();
    assert!((8..=10).contains(&seconds), "{seconds}");
}

#[tokio::test(start_paused = true)]
async fn closing_waits_two_seconds_at_most_and_leaves_nothing_open() {
    let server = Counter::start(without_farewell).await;
    let pool = pool(server.port).build();
    tokio::join!(delivered(&pool), delivered(&pool), delivered(&pool));
    assert_eq!((pool.connections(), server.open()), (3, 3));
    let start = Instant::now();
    pool.close().await;
    assert!(start.elapsed() <= Duration::from_millis(2010), "{:?}", start.elapsed());
    // What is over is closed when its task has run.
    while pool.connections() > 0 {
        yield_now().await;
    }
    assert_eq!(server.open(), 0);
}

#[tokio::test(start_paused = true)]
async fn all_pools_close_at_once() {
    let server = Counter::start(without_farewell).await;
    let pools = Pools::new();
    for name in ["a.example", "b.example", "c.example"] {
        let name = name.parse().expect("a name");
        let port = server.port;
        delivered(&pools.pool(Pool::builder(move || connector(port).with_name(name)))).await;
    }
    let start = Instant::now();
    pools.close().await;
    assert!(start.elapsed() <= Duration::from_millis(2010), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_pool_that_was_let_go_and_comes_back_has_no_second_set_of_places() {
    let (here, there) = (Counter::start(without_farewell).await, Counter::start(polite).await);
    let pools = Pools::with_limit(1);
    let near = || pools.pool(pool(here.port).with_max_size(1));
    for _ in 0..5 {
        // Each takes the place of the other, whose session says goodbye.
        delivered(&near()).await;
        delivered(&pools.pool(pool(there.port))).await;
    }
    assert_eq!((here.most(), here.all()), (1, 5));
    // One that somebody still holds is the same.
    let held = near();
    delivered(&pools.pool(pool(there.port))).await;
    delivered(&held).await;
    delivered(&near()).await;
    assert_eq!((here.most(), here.all()), (1, 6));
}

#[tokio::test(start_paused = true)]
async fn pools_beyond_the_limit_are_one_for_each_destination_as_well() {
    let server = Counter::start(polite).await;
    let pools = Pools::with_limit(0);
    let there = || pools.pool(pool(server.port).with_max_size(1));
    let (one, other) = (there(), there());
    delivered(&one).await;
    delivered(&other).await;
    assert_eq!((one.connections(), server.most(), server.all()), (1, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_send_that_was_given_up_leaves_its_place() {
    let server = Counter::start(stuck).await;
    let pool = pool(server.port).with_max_size(1).build();
    for times in 1..5 {
        let (envelope, patience) = (envelope(&["b@example.net"]), Duration::from_secs(5));
        let sending = pool.send(&envelope, || &b"x\r\n"[..]);
        tokio::time::timeout(patience, sending).await.expect_err("no reply to DATA");
        assert_eq!((pool.connections(), server.open()), (0, 0));
        assert_eq!((server.most(), server.all()), (1, times));
    }
}

#[tokio::test(start_paused = true)]
async fn a_send_limit_is_one_for_waiting_connecting_and_sending() {
    const LIMIT: Duration = Duration::from_secs(100);
    let server = Counter::start(stuck).await;
    let pool = pool(server.port).with_max_size(1).with_send_limit(LIMIT).build();
    let send = |after: u64| {
        let pool = pool.clone();
        async move {
            sleep(Duration::from_secs(after)).await;
            let (start, envelope) = (Instant::now(), envelope(&["b@example.net"]));
            let result = pool.send(&envelope, || &b"x\r\n"[..]).await;
            let over = start.elapsed().checked_sub(LIMIT).expect("not before its time");
            assert!(over < Duration::from_millis(10), "{over:?} too late");
            result
        }
    };
    // The first has the place; the second waits for it, and gets its last ten seconds.
    let (first, second) = tokio::join!(send(0), send(10));
    for sent in [first, second] {
        let outcome = sent.expect("an outcome");
        assert_eq!(outcome.recipient(0).expect("one").status(), Status::NotAttempted);
    }
    assert_eq!((server.most(), server.all()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_send_limit_holds_while_nothing_was_connected_to() {
    const LIMIT: Duration = Duration::from_secs(100);
    let full = full_listener();
    let pool = pool(full.address.port()).with_max_size(1).with_send_limit(LIMIT).build();
    let (start, envelope) = (Instant::now(), envelope(&["b@example.net"]));
    let send = || pool.send(&envelope, || &b"x\r\n"[..]);
    // One connects, the other waits for its place.
    let (one, other) = tokio::join!(send(), send());
    for sent in [one, other] {
        let Err(Error::Connect(reason)) = sent else { panic!("{sent:?}") };
        assert_eq!(reason.kind(), std::io::ErrorKind::TimedOut);
    }
    assert!(start.elapsed() <= LIMIT + Duration::from_millis(10), "{:?}", start.elapsed());
}

/// One that its user still holds is closed as well, and what is under way takes the place of a pool that comes after.
#[tokio::test(start_paused = true)]
async fn closing_all_pools_closes_those_in_other_hands_and_forgets_no_place() {
    let (here, there) = (Counter::start(polite).await, Counter::start(polite).await);
    let pools = Pools::with_limit(1);
    let held = pools.pool(pool(here.port));
    delivered(&held).await;
    delivered(&pools.pool(pool(there.port))).await;
    pools.close().await;
    let sent = held.send(&envelope(&["b@example.net"]), || &b"x\r\n"[..]).await;
    assert!(matches!(sent, Err(Error::Closed)), "{sent:?}");

    let busy = Counter::start(stuck).await;
    let near = || pools.pool(pool(busy.port).with_max_size(1).with_send_limit(DAY));
    let sending = tokio::spawn({
        let pool = near();
        async move { pool.send(&envelope(&["b@example.net"]), || &b"x\r\n"[..]).await }
    });
    sleep(Duration::from_secs(5)).await;
    pools.close().await;
    let to = envelope(&["b@example.net"]);
    let after = near();
    let waiting = after.send(&to, || &b"x\r\n"[..]);
    tokio::time::timeout(Duration::from_secs(5), waiting).await.expect_err("no place");
    assert_eq!((busy.most(), busy.all()), (1, 1));
    sending.abort();
}
