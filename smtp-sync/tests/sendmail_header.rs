//! The example program with `-t`: what it reads in a header, and what leaves.
#![cfg(feature = "tls")]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

mod support;

use smtp_sync::server::{Message, Server, Store};
use support::program::{Ran, run, sendmail};

/// Sends the message to a server of its own; returns what the program said, and what the server received.
fn send(args: &[&str], message: &[u8]) -> (Ran, Vec<Message>) {
    let store = Store::new();
    let server = Server::bind(Server::builder(), store.clone()).expect("a port");
    let address = server.address().to_string();
    let ran = run(sendmail(&["--server", &address]).args(args), message);
    drop(server);
    (ran, store.take())
}

/// Sends the message with `-t`; returns sender, recipients and content as they arrived.
fn leaves(args: &[&str], message: &[u8]) -> (String, Vec<String>, String) {
    let (ran, mut received) = send(&[&["-t"], args].concat(), message);
    assert_eq!((ran.status, received.len()), (Some(0), 1), "{}", ran.shown);
    let Message { from, recipients, content, .. } = received.remove(0);
    (from, recipients, String::from_utf8_lossy(&content).into_owned())
}

macro_rules! trial {
    ($name:literal) => {
        include_bytes!(concat!("trials/", $name))
    };
}

const HEADER: &str = "From: a@example.org\r\nTo: b@example.net\r\nSubject: s\r\n\r\nx\r\n";

#[test]
fn small_messages_leave_as_they_should() {
    let without_from = "To: b@example.net\r\nSubject: s\r\n\r\nx\r\n";
    let obsolete = "From: a@example.org\r\n\
        To: Mary <@node.test:mary@example.net>, jdoe@test . example\r\nSubject: s\r\n\r\nx\r\n";
    let resent = "From: a@example.org\r\nResent-From: r@example.org\r\n\
        Resent-To: new@example.net\r\nTo: old@example.net\r\nSubject: s\r\n\r\nx\r\n";
    let no_separator = "From: a@example.org\r\nTo: b@example.net\r\nSubject: s\r\n\r\n\
        Hello there, this is the body\r\nTo: other@example.com\r\nBcc: gone@example.com\r\n\r\nend\r\n";
    let (a, b, hidden) = ("a@example.org", "b@example.net", "hidden@example.net");
    for (message, args, from, recipients, content) in [
        (&trial!("bcc-bare-cr.eml")[..], &[][..], a, &[b, hidden][..], HEADER),
        (trial!("bom-before-bcc.eml"), &["-f", a], a, &[hidden, b], without_from),
        (trial!("mbox-from-line.eml"), &[], a, &[b], HEADER),
        (trial!("no-separator.eml"), &[], a, &[b], no_separator),
        (
            trial!("obsolete-addresses.eml"),
            &[],
            a,
            &["mary@example.net", "jdoe@test.example"],
            obsolete,
        ),
        (trial!("resent.eml"), &[], "r@example.org", &["new@example.net", hidden], resent),
        (trial!("resent.eml"), &["-f", a], a, &["new@example.net", hidden], resent),
    ] {
        let (sender, to, left) = leaves(args, message);
        assert_eq!((&*sender, &*left), (from, content));
        assert_eq!(to, recipients, "{content}");
    }
}

#[test]
fn cr_cr_lf_is_one_end_of_a_line() {
    let (_, to, left) = leaves(&[], trial!("cr-cr-lf.eml"));
    assert_eq!((to, &*left), (vec!["b@example.net".to_owned()], HEADER));
}

#[test]
fn a_name_without_a_domain_stops_the_message_and_the_field_is_named() {
    for (args, field) in [(&["-t"][..], "From: "), (&["-t", "-f", "a@example.org"], "To: ")] {
        let (ran, received) = send(args, trial!("unqualified.eml"));
        assert_eq!((ran.status, received.len()), (Some(64), 0), "{}", ran.shown);
        assert!(ran.problem().starts_with(field), "{}", ran.shown);
    }
}

#[test]
fn the_first_block_of_resent_fields_counts() {
    let last = "Resent-From: r@example.org\nResent-To: b@example.net\nResent-To: c@example.net\n";
    let earlier = "Resent-Date: x\nResent-From: s@example.org\nResent-To: old@example.net\n";
    let original = "From: a@example.org\nTo: old@example.net\n\nx\n";
    for between in ["", "Received: x\n", "Return-Path: <s@example.org>\nX-Other: y\n"] {
        let message = format!("{last}{between}{earlier}{original}");
        let (from, to, left) = leaves(&[], message.as_bytes());
        assert_eq!((&*from, &*to.join(" ")), ("r@example.org", "b@example.net c@example.net"));
        assert_eq!(left, message.replace('\n', "\r\n"));
    }
}

#[test]
fn the_sender_is_whoever_sent_it_last() {
    let to = "To: b@example.net\nResent-To: b@example.net\n\nx\n";
    for (fields, sender) in [
        ("From: A <a@example.org>, c@example.org\n", "a@example.org"),
        ("From: a@example.org, c@example.org\nSender: c@example.org\n", "c@example.org"),
        ("Sender: c@example.org\nResent-From: r@example.org\n", "r@example.org"),
        ("Resent-From: r@example.org\nResent-Sender: s@example.org\n", "s@example.org"),
        ("Resent-Date: x\nfrom : a@example.org\n", "a@example.org"),
    ] {
        assert_eq!(leaves(&[], format!("{fields}{to}").as_bytes()).0, sender, "{fields}");
        let args = ["-f", "f@example.org"];
        assert_eq!(leaves(&args, format!("{fields}{to}").as_bytes()).0, args[1], "{fields}");
    }
    for fields in ["", "From: nobody:;\n", "From: nobody\n", "From: a@example.org, nobody\n"] {
        let (ran, received) = send(&["-t"], format!("{fields}{to}").as_bytes());
        assert_eq!((ran.status, received.len()), (Some(64), 0), "{fields}: {}", ran.shown);
    }
}

#[test]
fn an_address_that_is_named_twice_gets_the_message_once() {
    let message = b"To: b@example.net, c@example.net\nCc: b@example.net, B@example.net\n\nx\n";
    let (_, to, _) = leaves(&["-f", "a@example.org", "c@example.net"], message);
    assert_eq!(to, ["c@example.net", "b@example.net", "B@example.net"]);
}

#[test]
fn without_t_nothing_but_what_stands_before_the_header_is_taken_out() {
    let header = "Bcc: c@example.net\r\nno field\r\n\r\nx\r\n";
    let args = ["-f", "a@example.org", "b@example.net"];
    for before in ["", "\u{feff}", "From a Mon Sep 17 00:00:00 2001\n", "\u{feff}From a b c\r\n"] {
        let (ran, received) = send(&args, format!("{before}{header}").as_bytes());
        assert_eq!(ran.status, Some(0), "{}", ran.shown);
        assert_eq!(received[0].recipients, ["b@example.net"]);
        assert_eq!(String::from_utf8_lossy(&received[0].content), header);
    }
}

#[test]
fn bare_newlines_of_fields_that_are_not_sent_on_are_refused_too() {
    let args = ["-t", "--newlines", "reject", "-f", "a@example.org"];
    for (message, status) in [
        (&b"To: b@example.net\r\nBcc: c@example.net\r\n\r\nx\r\n"[..], 0),
        (b"To: b@example.net\r\nBcc: c@example.net\n\r\nx\r\n", 64),
        (b"To: b@example.net\rBcc: c@example.net\r\n\r\nx\r\n", 64),
    ] {
        let (ran, received) = send(&args, message);
        assert_eq!((ran.status, received.is_empty()), (Some(status), status != 0), "{}", ran.shown);
    }
}

/// The end of a message that hides a Bcc.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fate {
    /// It goes to hidden@example.net too.
    Sent,
    /// Nothing leaves.
    Refused,
    /// It goes to b@example.net, whom the command line names, alone.
    Other,
}
use Fate::{Other, Refused, Sent};

/// Each goes to b@example.net by the command line too, so that nothing depends on the header.
#[rustfmt::skip]
const HIDDEN: &[(&[u8], Fate)] = &[
    // Ends of lines.
    (b"To: b@example.net\rBcc: hidden@example.net\n\nx\n", Sent),
    (b"To: b@example.net\rBcc: hidden@example.net\r\rx\r", Sent),
    (b"To: b@example.net\r\r\nBcc: hidden@example.net\r\r\n\r\r\nx\r\r\n", Sent),
    (b"To: b@example.net\r\r\r\r\nBcc: hidden@example.net\r\n\r\nx\r\n", Sent),
    (b"To: b@example.net\n\rBcc: hidden@example.net\n\r\n\rx\n\r", Refused),
    (b"To: b@example.net\r\rBcc: hidden@example.net\n\nx\n", Refused),
    (b"To: b@example.net\r\rSubject: s\nBcc: hidden@example.net\n\nx\n", Refused),
    (b"To: b@example.net\n \t\nBcc: hidden@example.net\n\nx\n", Sent),
    (b"To: b@example.net\nBcc: hidden@example.net", Sent),
    (b"Bcc: hidden@example.net", Sent),
    (b"Bcc: hidden@example.net\r", Sent),
    // Lines that look empty and are not.
    (b"To: b@example.net\n\x0C\nBcc: hidden@example.net\n\nx\n", Refused),
    (b"To: b@example.net\n\xC2\xA0\nBcc: hidden@example.net\n\nx\n", Refused),
    (b"To: b@example.net\n\xEF\xBB\xBF\nTo: b@example.net\nBcc: hidden@example.net\n\nx\n", Refused),
    // Before the header.
    (b"\xEF\xBB\xBFBcc: hidden@example.net\n\nx\n", Sent),
    (b"\xEF\xBB\xBF\xEF\xBB\xBFBcc: hidden@example.net\n\nx\n", Sent),
    (b"\xEF\xBB\xBFFrom a Mon Sep 17 00:00:00 2001\nBcc: hidden@example.net\n\nx\n", Sent),
    (b"From a Mon Sep 17 00:00:00 2001\rBcc: hidden@example.net\n\nx\n", Sent),
    (b"From a Mon Sep 17 00:00:00 2001\n\xEF\xBB\xBFBcc: hidden@example.net\n\nx\n", Sent),
    (b" Bcc: hidden@example.net\n\nx\n", Refused),
    (b"\0Bcc: hidden@example.net\n\nx\n", Refused),
    // The name.
    (b"bCC: hidden@example.net\nBCC: hidden@example.net\n\nx\n", Sent),
    (b"Bcc \t: hidden@example.net\n\nx\n", Sent),
    (b"Bcc\n : hidden@example.net\n\nx\n", Sent),
    (b"Bcc\r\n\t:\r\n\thidden@example.net\r\n\r\nx\r\n", Sent),
    (b"Bcc\x0B: hidden@example.net\n\nx\n", Refused),
    (b"Bcc\0: hidden@example.net\n\nx\n", Refused),
    (b"B\0cc: hidden@example.net\n\nx\n", Refused),
    (b"To: b@example.net\n\xC2\xA0Bcc: hidden@example.net\n\nx\n", Refused),
    (b"Bcc\xEF\xBC\x9A hidden@example.net\n\nx\n", Refused),
    (b"Bcc\xC2\xA0: hidden@example.net\n\nx\n", Refused),
    (b"B\xE2\x80\x8Bcc: hidden@example.net\n\nx\n", Refused),
    (b"Bcc (x): hidden@example.net\n\nx\n", Refused),
    (b"Bcc (x)\n : hidden@example.net\n\nx\n", Refused),
    (b"(x) Bcc: hidden@example.net\n\nx\n", Refused),
    (b"(x)Bcc: hidden@example.net\n\nx\n", Refused),
    (b"Bcc(x): hidden@example.net\n\nx\n", Refused),
    (b"\"Bcc\": hidden@example.net\n\nx\n", Refused),
    (b"B.c.c: hidden@example.net\n\nx\n", Refused),
    (b": Bcc: hidden@example.net\n\nx\n", Refused),
    (b":Bcc: hidden@example.net\n\nx\n", Refused),
    (b"Bcc hidden@example.net\n\nx\n", Refused),
    (b"Resent Bcc hidden@example.net\n\nx\n", Refused),
    // Where it stands.
    (b"To: b@example.net\nBcc: hidden@example.net\nCc: b@example.net\nBcc: hidden@example.net\n\nx\n", Sent),
    (b"Resent-To: b@example.net\nResent-Bcc: hidden@example.net\n\nx\n", Sent),
    (b"Resent-To: b@example.net\nreSENT-bcc : hidden@example.net\nResent-Bcc:\n\nx\n", Sent),
    (b"Resent-From: b@example.net\nBcc: hidden@example.net\n\nx\n", Other),
    (b"Resent-From: b@example.net\nReceived: x\nResent-Bcc: hidden@example.net\n\nx\n", Other),
    (b"Resent-From: b@example.net\nResent-From: c@example.net\nResent-Bcc: hidden@example.net\n\nx\n", Other),
    // The value.
    (b"Bcc: =?utf-8?Q?Bcc=3A?= <hidden@example.net>,, (x@y, \\) z) \"a, b\"\n <hidden@example.net>\n\nx\n", Sent),
    (b"Bcc: team: hidden@example.net;, undisclosed:;\n\nx\n", Sent),
    (b"Bcc: hidden@example.net\0\n\nx\n", Refused),
    (b"Bcc: hidden@example.net\xFF\n\nx\n", Refused),
    (b"Bcc:\n\nx\n", Other),
    (b"Bcc: ,\n (x)\n\nx\n", Other),
    // No header at all.
    (b"", Other),
    (b"\n", Other),
    (b"Hello.\n", Other),
];

fn check_hidden(message: &[u8], fate: Fate) {
    let shown = String::from_utf8_lossy(message.get(..99).unwrap_or(message));
    let (ran, received) = send(&["-t", "-f", "a@example.org", "b@example.net"], message);
    if fate == Refused {
        assert_eq!((ran.status, received), (Some(64), vec![]), "{shown:?}");
        return;
    }
    assert_eq!((ran.status, received.len()), (Some(0), 1), "{shown:?}: {}", ran.shown);
    let Message { recipients, content, .. } = &received[0];
    let expected = ["b@example.net", "hidden@example.net"];
    assert_eq!(recipients, if fate == Sent { &expected[..] } else { &expected[..1] }, "{shown:?}");
    let content = String::from_utf8_lossy(content).to_lowercase();
    assert!(!content.contains("hidden@") && !content.contains("bcc"), "{shown:?}: {content:?}");
}

#[test]
fn no_bcc_and_no_address_of_one_leaves() {
    for (message, fate) in HIDDEN {
        check_hidden(message, *fate);
    }
}

#[test]
fn no_bcc_is_hidden_by_a_long_header() {
    let long = "X-Long: 0123456789012345678901234567890123456789\n".repeat(2000);
    let folded = format!("X-Long: {}\n", "0123456789\n ".repeat(9000));
    let many = "hidden@example.net,\n ".repeat(4000);
    for before in [&long, &folded] {
        let message = format!("{before}Bcc: {many} hidden@example.net\n{before}\nx\n");
        check_hidden(message.as_bytes(), Sent);
    }
}
