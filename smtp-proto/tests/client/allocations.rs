//! What the core takes: nothing per message nor for anything a peer says, and 16 KiB for an idle client. Counted on the thread of the test: the
//! test runner allocates on its own when it likes.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use smtp_proto::{
    address::{Address, ForwardPath, ReversePath},
    client::{Client, Config, Event, Journal, TlsPolicy, TransactionEnd, Wants},
    command::{Mail, Recipient},
    hello::EhloName,
    reply::Reply,
    server::{self, Server},
};

struct Counting;

thread_local! {
    static CALLS: Cell<usize> = const { Cell::new(0) };
    static OCTETS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: passes every call on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.set(CALLS.get() + 1);
        OCTETS.set(OCTETS.get() + layout.size());
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

type Owned = Client<Box<[u8]>>;

/// Carries out what the client wants; each read gives it the next of `replies`.
fn pump(client: &mut Owned, replies: &[&[u8]]) -> Wants {
    let mut replies = replies.iter();
    loop {
        match client.wants() {
            Wants::Event => while client.poll_event().unwrap().is_some() {},
            Wants::Write => {
                let n = client.transmit().len();
                client.transmitted(n).unwrap();
            }
            Wants::Flush => client.flushed(),
            Wants::Read => {
                let reply = replies.next().expect("the client waits for more than was said");
                client.read_buf()[..reply.len()].copy_from_slice(reply);
                client.received(reply.len()).unwrap();
            }
            wants => return wants,
        }
    }
}

fn begin(client: &mut Owned) {
    let mail = Mail::new(ReversePath::from(Address::parse("alice@example.org").unwrap()));
    let bob = Recipient::new(ForwardPath::from(Address::parse("bob@example.net").unwrap()));
    client.begin(&(mail, &[bob, bob][..])).unwrap();
}

fn send(client: &mut Owned, run_ahead: bool) {
    begin(client);
    let envelope: &[u8] = b"250 ok\r\n250 2.1.5 ok\r\n550 5.1.1 no\r\n354 go\r\n";
    let before: &[u8] = b"250 queued\r\n250 reset\r\n";
    let wants =
        if run_ahead { pump(client, &[before, envelope]) } else { pump(client, &[envelope]) };
    assert_eq!(wants, Wants::Content);
    let content = b"Subject: x\r\n\r\n.dots\r\nand lines\n";
    assert_eq!(client.content(content).unwrap(), content.len());
    client.finish().unwrap();
}

fn open(run_ahead: bool) -> Owned {
    let config =
        Config::new(EhloName::LOCALHOST).with_tls(TlsPolicy::None).with_run_ahead(run_ahead);
    let mut client = Client::new(config);
    let wants =
        pump(&mut client, &[b"220 hi\r\n", b"250-mx\r\n250-PIPELINING\r\n250 8BITMIME\r\n"]);
    assert_eq!(wants, Wants::Command);
    client
}

#[test]
fn a_message_allocates_nothing_and_an_idle_client_holds_16_kib() {
    let before = OCTETS.get();
    let idle = Client::new(Config::new(EhloName::LOCALHOST));
    let held = OCTETS.get() - before + size_of_val(&idle);
    println!("an idle client holds {held} octets, {} of them inline", size_of_val(&idle));
    assert!(held <= 16 * 1024, "{held}");

    let mut client = open(false);
    let mut ahead = open(true);
    send(&mut ahead, false);
    let before = CALLS.get();
    for _ in 0..1000 {
        send(&mut client, false);
        assert_eq!(pump(&mut client, &[b"250 2.0.0 queued as 1\r\n"]), Wants::Command);
        send(&mut ahead, true);
    }
    assert_eq!(CALLS.get() - before, 0, "allocations of 2,000 messages");
}

/// As much as a peer says without an end, where the session does not end before.
const ENDLESS: usize = 1 << 20;

/// Says `before`, then `again` for ever, to a client that sends a message as soon as it may.
fn bother_client(client: &mut Owned, before: &[u8], again: &[u8]) {
    let mut octets = before.iter().chain(again.iter().cycle()).copied().take(ENDLESS);
    loop {
        match client.wants() {
            Wants::Event => while let Ok(Some(_)) = client.poll_event() {},
            Wants::Write => client.transmitted(client.transmit().len()).unwrap(),
            Wants::Flush => client.flushed(),
            Wants::Command => begin(client),
            Wants::Content => client.finish().unwrap(),
            Wants::Read => {
                let n = client.read_buf().iter_mut().zip(&mut octets).map(|(o, said)| *o = said);
                let n = n.count();
                client.received(n).unwrap();
            }
            wants => return assert_eq!(wants, Wants::Nothing),
        }
    }
}

/// Says `again` for ever to a server that agrees to all.
fn bother_server(server: &mut Server<Box<[u8]>>, again: &[u8]) {
    let mut octets = b"EHLO c\r\n".iter().chain(again.iter().cycle()).copied().take(ENDLESS);
    loop {
        match server.wants() {
            server::Wants::Event => while let Ok(Some(_)) = server.poll_event() {},
            server::Wants::Answer => server.accept().unwrap(),
            server::Wants::Write => server.transmitted(server.transmit().len()).unwrap(),
            server::Wants::Flush => server.flushed(),
            server::Wants::Read => {
                let n = server.read_buf().iter_mut().zip(&mut octets).map(|(o, said)| *o = said);
                let n = n.count();
                server.received(n).unwrap();
            }
            wants => return assert_eq!(wants, server::Wants::Nothing),
        }
    }
}

#[test]
fn whatever_a_peer_says_without_an_end_the_core_takes_nothing_for_it() {
    let hello = b"220 mx\r\n250-mx\r\n250-X\r\n";
    let replies: [(&[u8], &[u8]); 8] = [
        (b"", b"x"),
        (b"", b"\0"),
        (b"220 ", b"x"),
        (b"", b"220-x\r\n"),
        (b"", b"220-\n"),
        (hello, b"250-AUTH PLAIN\r\n"),
        (b"220 mx\r\n", b"250 ok\r\n"),
        (b"220 mx\r\n250 mx\r\n", b"354 go\r\n250 ok\r\n"),
    ];
    for (before, again) in replies {
        let mut client = Client::new(Config::new(EhloName::LOCALHOST).with_tls(TlsPolicy::None));
        let calls = CALLS.get();
        bother_client(&mut client, before, again);
        assert_eq!(CALLS.get() - calls, 0, "{}", again.escape_ascii());
    }
    let commands: [&[u8]; 7] = [
        b"x",
        b"\r",
        b"NOOP\r\n",
        b"MAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\n",
        b"AUTH LOGIN\r\nx",
        b"MAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\n..\r\n",
        b"MAIL FROM:<>\r\nRCPT TO:<a@b>\r\nBDAT 9\r\n",
    ];
    for again in commands {
        let config = server::Config::new(EhloName::LOCALHOST)
            .with_extensions(server::Config::SUPPORTED)
            .with_auth(server::AuthPolicy::Offered);
        let mut server = Server::new(config);
        let calls = CALLS.get();
        bother_server(&mut server, again);
        assert_eq!(CALLS.get() - calls, 0, "{}", again.escape_ascii());
    }
}

/// D36: 10,000 recipients refused at length once took 94 MiB.
#[test]
fn what_is_kept_of_refusals_is_bounded_for_each_and_in_all() {
    const RECIPIENTS: u32 = 10_000;
    let text = format!("550-5.1.1 {0}\r\n550 5.1.1 {0}\r\n", "x".repeat(2000));
    let refusal = Reply::parse(text.as_bytes()).unwrap().unwrap().0;
    let mut client = open(false);
    let to = [Recipient::new(ForwardPath::parse("b@example.net").unwrap())];
    let transaction = client.begin(&(Mail::new(ReversePath::Null), &to[..])).unwrap();
    let before = OCTETS.get();
    let mut journal = Journal::new();
    journal.begin(transaction, RECIPIENTS as usize);
    for index in 0..RECIPIENTS {
        journal.record(&Event::Recipient { transaction, index, reply: refusal });
    }
    journal.record(&Event::Ended { transaction, end: TransactionEnd::Refused });
    let outcome = journal.take_outcome(None).unwrap();
    // Every allocation counts, those that are given back too.
    let taken = OCTETS.get() - before;
    assert!(taken <= 3 * 1024 * 1024, "{taken}");
    for (index, longest) in [(0, 1026), (9_999, 50)] {
        let reply = outcome.recipient(index).unwrap().reply.unwrap();
        assert_eq!(
            (reply.code().value(), reply.enhanced().unwrap().to_string()),
            (550, "5.1.1".into())
        );
        assert_eq!(reply.octets().len(), longest, "{index}");
    }
}
