//! The modules of the example program that read a header, without the program around them.
#![cfg(feature = "tls")]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

#[path = "../examples/sendmail/addresses.rs"]
mod addresses;
#[path = "../examples/sendmail/header.rs"]
mod header;

use header::{Header, without_preamble};
use smtp_sync::proto::address::Address;

#[test]
fn addresses_are_read_whole() {
    for (value, expected) in [
        ("", &[][..]),
        (" , ,", &[]),
        ("(nobody)", &[]),
        ("undisclosed-recipients:;", &[]),
        (" a@b.example", &["a@b.example"]),
        ("<a@b>, C <c@d> , e@f", &["a@b", "c@d", "e@f"]),
        ("A<a@b>", &["a@b"]),
        ("\"a, b\" <c@d>, \"e@f\" <g@h>, \"\\\"<x@y>\" <i@j>", &["c@d", "g@h", "i@j"]),
        ("John Q. Public <j@x>, Dr. . M <m@x>", &["j@x", "m@x"]),
        ("Mary\u{fffd} M\u{fc}ller <m@x>", &["m@x"]),
        ("a@b <a@b>, a@b", &["a@b", "a@b"]),
        // Encoded words are names, whatever they decode to.
        ("=?utf-8?Q?x=40y=2C_z?= <a@b>", &["a@b"]),
        ("=?utf-8?B?eEB5LCA8cUByPg==?= <a@b>", &["a@b"]),
        ("=?utf-8?q?a?=b@c", &["=?utf-8?q?a?=b@c"]),
        ("<=?utf-8?q?a?=b@c>", &["=?utf-8?q?a?=b@c"]),
        // Local parts and domains that are more than a word.
        ("\"b c\"@x, <\"d,e>\"@x>", &["\"b c\"@x", "\"d,e>\"@x"]),
        ("\"\\\"(\\\\\"@x", &["\"\\\"(\\\\\"@x"]),
        ("a@[192.0.2.1], <b@[IPv6:2001:db8::1]>", &["a@[192.0.2.1]", "b@[IPv6:2001:db8::1]"]),
        ("!#$%&'*+-/=?^_`{|}~@x", &["!#$%&'*+-/=?^_`{|}~@x"]),
        ("jos\u{e9}@b\u{fc}cher.example", &["jos\u{e9}@b\u{fc}cher.example"]),
        // Comments, blanks and routes.
        ("(a) b (c) @ (d(e)\\)) f . (g) h (i)", &["b@f.h"]),
        ("a . b @ c . d, <\te @ f >", &["a.b@c.d", "e@f"]),
        ("M <@node.test:m@x>, <,@a,,@[IPv6:::1] , @b:c@d>", &["m@x", "c@d"]),
        // Groups, and semicolons for commas.
        ("friends: a@b, C <c@d>;, e@f", &["a@b", "c@d", "e@f"]),
        ("none:;, \"a:b\": c@d; e@f", &["c@d", "e@f"]),
        ("a@b; c@d;", &["a@b", "c@d"]),
    ] {
        let read = addresses::read(value.as_bytes());
        let read = read.unwrap_or_else(|problem| panic!("{value:?}: {problem}"));
        assert_eq!(read, expected, "{value:?}");
        assert!(read.iter().all(|address| Address::parse(address).is_ok()));
    }
}

#[test]
fn what_is_no_list_of_addresses_is_refused() {
    for value in [
        &b"root"[..],
        b"a@b, nobody",
        b"nobody, a@b",
        b"B b@c",
        b"b@c d",
        b"b@c d@e",
        b"b@c <d@e>",
        b"<b@c> <d@e>",
        b"<b@c> <root>",
        b"<b@c> d",
        b"<b@c>d",
        b"<b@c>.d",
        b"<>",
        b"a@b, <>",
        b"< (x) >",
        b"B <b@c",
        b"b@c>",
        b"<b@c, d@e>",
        b"<b@c; d@e>",
        b"<<b@c>>",
        b"(b@c",
        b"\"b@c",
        b"b@[c",
        b"\"b\" c@d",
        b"\"b\"c@d",
        b"b(x)c@d",
        b"b@c(x)d",
        b"@c",
        b"b@",
        b"b..c@d",
        b"b@c.",
        b"b@c@d",
        b"<b c@d>",
        b"<b:c@d>",
        b"b:c@d",
        b"group: b@c",
        b"group: a@b, c: d@e;",
        b"nobody, group: b@c;",
        b"group: b@c; nobody",
        b"group: nobody, b@c;",
        b"b@c: d@e;",
        b"<@a:>",
        b"<@a>",
        b"<@a b:c@d>",
        b"<a@b:c@d>",
        b"<@a:@b:c@d>",
        b"b\\@c",
        b"b\xFF@c",
        b"b\xEF\xBF\xBD@c",
        b"b\0@c",
        // What stands for an at sign and for a blank in what mail-parser is shown.
        "b\u{f0040}c".as_bytes(),
        "\u{f0020} <b@c>".as_bytes(),
    ] {
        let read = addresses::read(value);
        assert!(read.is_err(), "{:?}: {read:?}", String::from_utf8_lossy(value));
    }
}

#[test]
fn other_ends_of_lines_are_found_in_fields_that_go_too() {
    for (message, is_fit) in [
        (&b"To: a@b\r\nBcc: c@d\r\n\r\nx\n"[..], true),
        (b"To: a@b\r\nBcc: c@d", true),
        (b"To: a@b\r\nBcc: c@d\n\r\nx\r\n", false),
        (b"To: a@b\rBcc: c@d\r\n\r\nx\r\n", false),
        (b"To: a@b\r\n\nx\r\n", false),
        (b"To: a@b\r\r\n\r\nx\r\n", false),
        (b"To: a@b,\n c@d\r\n\r\nx\r\n", false),
    ] {
        assert_eq!(Header::read(message).check_newlines().is_ok(), is_fit, "{message:?}");
    }
}

/// Numbers that are the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).expect("it was one")
    }

    fn pick<T: Copy>(&mut self, among: &[T]) -> T {
        among[self.below(among.len())]
    }
}

/// The header as any reader has it that ends lines where the core does: up to the empty line, unfolded.
fn as_received(message: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(message).into_owned();
    let mut fields: Vec<String> = Vec::new();
    for line in text.split_terminator("\r\n").take_while(|line| !line.is_empty()) {
        match fields.last_mut() {
            Some(field) if line.starts_with([' ', '\t']) => field.push_str(line),
            _ => fields.push(line.to_owned()),
        }
    }
    fields
}

fn sender(header: &Header<'_>) -> Vec<String> {
    header.sender().unwrap_or_default().into_iter().collect()
}

#[test]
fn whatever_a_message_is_made_of_no_bcc_is_in_the_header_that_leaves() {
    #[rustfmt::skip]
    let parts: [&[u8]; 26] = [
        b"\r", b"\n", b"\r\n", b"\r\r\n", b"\n", b"\n\n", b"Bcc", b"bcc: h@x", b"Resent-Bcc: h@x", b":", b": ", b" ",
        b"\t", b"To: b@x", b"Resent-From: a@x", b"From ", b"From: a@x", b"Subject: s", b"\0", b"\xFF", b"\xEF\xBB\xBF",
        b"(x)", b"\x0B", b"text", b"h@x", b"-",
    ];
    let mut random = Random(0x5eed);
    let mut sent = 0;
    for _ in 0..20_000 {
        let count = 1 + random.below(12);
        let message: Vec<u8> = (0..count).flat_map(|_| random.pick(&parts)).copied().collect();
        let header = Header::read(without_preamble(&message));
        let addresses = [header.recipients().unwrap_or_default(), sender(&header)].concat();
        assert!(addresses.iter().all(|address| Address::parse(address).is_ok()), "{addresses:?}");
        let Ok(left) = header.without_bcc() else { continue };
        sent += 1;
        for field in as_received(&left) {
            let name = field.split(':').next().unwrap_or_default().trim_end().to_lowercase();
            let shown = String::from_utf8_lossy(&message);
            assert!(name != "bcc" && name != "resent-bcc", "{shown:?}: {field:?}");
        }
        // What leaves is read as it was: nothing has grown together.
        let again = Header::read(&left).without_bcc();
        assert_eq!(again, Ok(left));
    }
    assert!(sent > 10_000, "{sent}");
}

#[test]
fn a_list_is_read_whole_whatever_its_mailboxes_look_like() {
    let words = ["a", "B.", "\"c, d\"", "\"e@f\"", "(g <h@i>)", "=?utf-8?Q?x=40y?=", "\u{e9}"];
    let blanks = ["", " ", "\t ", " (x, y@z) "];
    let locals = ["a", "a.b", "\"a b\"", "=?x?q?y?=z", "\"@,\\\"\"", "\u{e9}"];
    let domains = ["x", "x.example", "[192.0.2.1]", "[IPv6:::1]"];
    let mut random = Random(7);
    for _ in 0..20_000 {
        let (mut value, mut expected) = (String::new(), Vec::new());
        for _ in 0..=random.below(4) {
            let (local, domain) = (random.pick(&locals), random.pick(&domains));
            let address = format!("{local}@{domain}");
            let mut blank = || random.pick(&blanks);
            let mailbox = format!("{}{local}{}@{}{domain}{}", blank(), blank(), blank(), blank());
            let (name, route) = (random.pick(&words), random.pick(&["", "@r.example,@s:"]));
            let mailbox = match random.below(4) {
                0 => format!("{mailbox},"),
                1 => format!("<{route}{mailbox}>,"),
                2 => format!("{name} {} <{route}{mailbox}>,", random.pick(&words)),
                _ => format!("{name}: ,<{mailbox}>,;,"),
            };
            value.push_str(&mailbox);
            expected.push(address);
        }
        assert_eq!(addresses::read(value.as_bytes()), Ok(expected), "{value:?}");
    }
}
