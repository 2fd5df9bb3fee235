//! What a client takes: nothing per message, and 16 KiB when idle. Counted on the thread of the test: the
//! test runner allocates on its own when it likes.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use smtp_proto::{
    address::{Address, ForwardPath, ReversePath},
    client::{Client, Config, TlsPolicy, Wants},
    command::{Mail, Recipient},
    hello::EhloName,
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

fn send(client: &mut Owned, run_ahead: bool) {
    let mail = Mail::new(ReversePath::from(Address::parse("alice@example.org").unwrap()));
    let bob = Recipient::new(ForwardPath::from(Address::parse("bob@example.net").unwrap()));
    client.begin(&(mail, &[bob, bob][..])).unwrap();
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
