//! A secret in no text: no `Debug`, `Display`, error or transcript has it, in any form.

use core::fmt::{self, Write as _};
use std::sync::LazyLock;

use arbitrary::Arbitrary;
use base64::{Engine, engine::general_purpose::STANDARD};
use smtp_proto::{
    client::{BufferSizes, Client, Config, TlsPolicy, Wants},
    hello::EhloName,
    sasl::{Mechanism, server::MECHANISMS},
    transcript::Transcript,
};

use crate::login::{self, Credentials, Which};

/// Who is on the other side.
#[derive(Arbitrary, Debug)]
pub enum Case<'a> {
    /// A server that says this, one after the other, behind its EHLO reply.
    Hostile(Which, BufferSizes, Vec<&'a [u8]>),
    /// Ours.
    Honest(Which, &'a [u8]),
}

const CANARY: &str = "c4nary-Secret-0f-96-bits";
const USER: &str = "alice";

/// The canary as it is, in hexadecimal, and in base64 at every offset.
static FORMS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let digits =
        |octet: u8| [octet >> 4, octet & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)]);
    let hex: String = CANARY.bytes().flat_map(digits).map(char::from).collect();
    let shifted = (0..3).map(|offset| {
        let text = STANDARD.encode([&b"xx"[..offset], CANARY.as_bytes()].concat());
        // What stands before and behind the canary changes the octets at its ends.
        text[4..text.len() - 4].to_owned()
    });
    [CANARY.to_owned(), hex.to_uppercase(), hex].into_iter().chain(shifted).collect()
});

/// Authenticates, and looks at all that can be shown on the way.
///
/// # Panics
/// When the secret can be seen.
pub fn check(case: &Case<'_>) {
    match case {
        Case::Hostile(which, sizes, replies) => {
            // The fuzzer may come upon it by comparing, and cut it between two replies.
            if !is_shown(&String::from_utf8_lossy(&replies.concat())) {
                hostile(*which, *sizes, replies);
            }
        }
        Case::Honest(which, sizes) => honest(*which, sizes),
    }
}

fn is_shown(text: &str) -> bool {
    FORMS.iter().any(|form| text.contains(form))
}

fn with_canary(which: Which, run: &mut dyn FnMut(&mut (dyn Mechanism + '_))) {
    let channel = CANARY.as_bytes();
    let credentials = Credentials { user: USER, password: CANARY, nonce: [3; 18], channel };
    credentials.with_mechanism(which, run);
}

fn honest(which: Which, sizes: &[u8]) {
    let mut pair = login::open(&login::Case::of(which, USER, CANARY, sizes));
    pair.shown = Some(String::new());
    with_canary(which, &mut |mechanism| {
        pair.authenticate(mechanism);
    });
    let shown = pair.shown.take().unwrap_or_default() + &pair.application.lines;
    assert!(!shown.is_empty() && !is_shown(&shown), "{shown}");
}

fn hostile(which: Which, sizes: BufferSizes, replies: &[&[u8]]) {
    let config = Config::new(EhloName::LOCALHOST).with_tls(TlsPolicy::Implicit);
    let mut client = Client::with_sizes(config, sizes);
    _ = client.tls_established();
    let mechanisms = MECHANISMS.join(" ");
    let opening = [b"220 mx\r\n".to_vec(), format!("250-mx\r\n250 AUTH {mechanisms}\r\n").into()];
    let mut replies = opening.iter().map(Vec::as_slice).chain(replies.iter().copied());
    let mut seen = Seen::default();
    with_canary(which, &mut |mechanism| while seen.step(&mut client, mechanism, &mut replies) {});
    assert!(!is_shown(&seen.text), "{}", seen.text);
}

/// All that can be shown.
#[derive(Default)]
struct Seen {
    text: String,
    transcript: Transcript,
}

impl Seen {
    /// One step of the driver and its caller; `false` when it is over.
    fn step(
        &mut self,
        client: &mut Client<Box<[u8]>>,
        mechanism: &mut dyn Mechanism,
        replies: &mut dyn Iterator<Item = &'_ [u8]>,
    ) -> bool {
        self.show(format_args!("{client:?}{:?}{:?}", client.end(), client.authentication()));
        match client.wants() {
            Wants::Event => self.take_event(client),
            Wants::Write => self.write(client),
            Wants::Flush => client.flushed(),
            Wants::Read => read(client, replies.next().unwrap_or_default()),
            Wants::Command | Wants::Credentials => {
                let list: &mut [&mut dyn Mechanism] = &mut [mechanism];
                if let Err(refusal) = client.authenticate(list) {
                    self.show(format_args!("{refusal:?}{refusal}"));
                    return false;
                }
            }
            _ => return false,
        }
        true
    }

    fn show(&mut self, what: fmt::Arguments<'_>) {
        self.text.write_fmt(what).expect("a string");
    }

    fn take_event(&mut self, client: &mut Client<Box<[u8]>>) {
        match client.poll_event() {
            Ok(None) => {}
            Ok(Some(event)) => {
                self.show(format_args!("{event:?}"));
                if let Some(reply) = event.reply() {
                    self.transcript.received(&mut self.text, reply).expect("a string");
                }
            }
            Err(error) => self.show(format_args!("{error:?}{error}")),
        }
    }

    fn write(&mut self, client: &mut Client<Box<[u8]>>) {
        let n = client.transmit().len();
        for span in client.transmit_spans(n) {
            self.show(format_args!("{span:?}"));
            self.transcript.sent(&mut self.text, span).expect("a string");
        }
        client.transmitted(n).expect("in bounds");
    }
}

/// As much as there is room for; nothing more to say is the end of the stream.
fn read(client: &mut Client<Box<[u8]>>, octets: &[u8]) {
    let space = client.read_buf();
    let n = octets.len().min(space.len());
    space[..n].copy_from_slice(&octets[..n]);
    client.received(n).expect("in bounds");
}
