//! Both adapters in the same dialogues: the same octets leave, the same is shown, the same is said of
//! it. And their code, which differs in what waits.
#![cfg(feature = "tls")]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

#[path = "parity/dialogues.rs"]
mod dialogues;
mod support;

use std::time::Duration;

use dialogues::{Act, Dialogue};
use smtp_async::{Envelope, Inquiry, Timeouts, proto::command::Argument};
use support::{Lines, peer, tls::trusting};

/// What can be seen of a session.
#[derive(Default, PartialEq, Eq, Debug)]
struct Seen {
    /// What the server has heard.
    heard: String,
    transcript: String,
    /// What each call came to, with all that its result holds.
    results: Vec<String>,
    usable: bool,
}

/// Does what the dialogue says with a connector of one of the adapters; the last tokens wait.
macro_rules! perform {
    ($connector:expr, $dialogue:expr, $seen:expr, $($wait:tt)*) => {{
        let lines = Lines::default();
        let connector = $connector
            .with_name("client.example".parse().expect("a name"))
            .with_tls($dialogue.tls)
            .with_tls_config(trusting())
            .with_timeouts(Timeouts::uniform(Duration::from_secs(20)))
            .configure($dialogue.configure)
            .with_transcript(lines.sink());
        let mut client = connector.dial()$($wait)*.expect("a peer");
        for act in $dialogue.acts {
            let result = match *act {
                Act::Open => format!("{:?}", client.open()$($wait)*),
                Act::Login => format!("{:?}", client.login("user", "s3cret")$($wait)*),
                Act::Token => format!("{:?}", client.login_with_token("user", "t0ken")$($wait)*),
                Act::Send(recipients, content) => {
                    let envelope = envelope(recipients);
                    format!("{:?}", client.send(&envelope, content)$($wait)*)
                }
                Act::SendLarge(octets) => {
                    let content = b"0123456789\n.\n".repeat(octets / 13);
                    format!("{:?}", client.send(&envelope(&["b"]), &content[..])$($wait)*)
                }
                Act::SendSized(size) => {
                    let envelope = envelope(&["b"]).with_size(Some(size));
                    format!("{:?}", client.send(&envelope, &b"x"[..])$($wait)*)
                }
                Act::SendAll(number) => {
                    let messages = vec![(envelope(&["b"]), &b"x\r\n"[..]); number];
                    format!("{:?}", client.send_all(messages)$($wait)*)
                }
                Act::Noop => format!("{:?}", client.inquire(Inquiry::Noop)$($wait)*),
                Act::Vrfy(who) => {
                    let who = Inquiry::Vrfy(Argument::new(who).expect("a name"));
                    format!("{:?}", client.inquire(who)$($wait)*)
                }
                Act::Watch => format!("{:?}", client.watch(Duration::from_millis(50))$($wait)*),
            };
            $seen.results.push(result);
        }
        $seen.results.push(format!("{:?} {:?}", client.failure(), client.last_answer()));
        $seen.results.push(format!("{:?} {:?}", client.capabilities(), client.is_secure()));
        $seen.usable = client.is_reusable();
        if $dialogue.quits {
            $seen.results.push(format!("{:?}", client.quit()$($wait)*));
        }
        $seen.transcript = lines.text();
    }};
}

fn envelope(recipients: &[&str]) -> Envelope {
    let empty = Envelope::new("a@example.org").expect("an address");
    recipients
        .iter()
        .fold(empty, |envelope, to| envelope.to(&format!("{to}@example.net")).expect("an address"))
}

fn blocking(dialogue: &Dialogue) -> Seen {
    let mut seen = Seen::default();
    let peer = peer(&dialogue.script);
    perform!(smtp_sync::Connector::new("localhost", peer.port), dialogue, seen,);
    seen.heard = peer.join();
    seen
}

async fn waiting(dialogue: &Dialogue) -> Seen {
    let mut seen = Seen::default();
    let peer = peer(&dialogue.script);
    perform!(smtp_async::Connector::new("localhost", peer.port), dialogue, seen, .await);
    seen.heard = peer.join();
    seen
}

#[tokio::test]
async fn both_adapters_do_and_say_the_same() {
    let dialogues = dialogues::all();
    assert!(dialogues.len() >= 20);
    for dialogue in &dialogues {
        let (one, other) = (blocking(dialogue), waiting(dialogue).await);
        assert_eq!(one.results, other.results, "{}", dialogue.name);
        assert_eq!(one.usable, other.usable, "{}", dialogue.name);
        if dialogue.timeless {
            assert_eq!(one.heard, other.heard, "{}", dialogue.name);
            assert_eq!(one.transcript, other.transcript, "{}", dialogue.name);
        }
        if let Some(known) = dialogue.known {
            let shown = one.results.iter().any(|result| result.contains(known));
            assert!(shown, "{}: {one:#?}", dialogue.name);
        }
    }
    println!("{} dialogues are the same through both adapters", dialogues.len());
}

// --- the code ---

/// The lines of a file, as the blocking adapter would have them.
fn blocking_lines(text: &str) -> Vec<String> {
    let lines = text.lines().map(|line| {
        let line =
            line.replace("async ", "").replace(".await", "").replace("smtp_async", "smtp_sync");
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    });
    lines.filter(|line| !line.is_empty()).collect()
}

/// How many lines of the one and of the other are not part of what both have, in this order.
fn differing(one: &[String], other: &[String]) -> (usize, usize) {
    let mut common = vec![vec![0; other.len() + 1]; one.len() + 1];
    for (i, line) in one.iter().enumerate() {
        for (j, twin) in other.iter().enumerate() {
            common[i + 1][j + 1] = if line == twin {
                common[i][j] + 1
            } else {
                common[i][j + 1].max(common[i + 1][j])
            };
        }
    }
    let same = common[one.len()][other.len()];
    (one.len() - same, other.len() - same)
}

#[test]
fn the_adapters_differ_in_little_but_their_awaits() {
    let (mut all, mut different) = (0, 0);
    for (name, blocking, waiting) in [
        (
            "client.rs",
            include_str!("../../smtp-sync/src/client.rs"),
            include_str!("../src/client.rs"),
        ),
        (
            "driver.rs",
            include_str!("../../smtp-sync/src/driver.rs"),
            include_str!("../src/driver.rs"),
        ),
        ("body.rs", include_str!("../../smtp-sync/src/body.rs"), include_str!("../src/body.rs")),
    ] {
        let (blocking, waiting) = (blocking_lines(blocking), blocking_lines(waiting));
        let (less, more) = differing(&blocking, &waiting);
        println!("{name}: {more} of {} lines differ from {less} of the twin's", waiting.len());
        all += waiting.len();
        different += more;
    }
    println!("in all: {different} of {all}");
    // A fifth; what is more belongs into the core, or into what both share.
    assert!(different * 5 < all, "{different} of {all} lines differ");
}
