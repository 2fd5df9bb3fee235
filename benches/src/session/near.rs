//! The near limit: copies, memmem, and the near limit of replies; whatever is said is checked for its code alone.

use memchr::memmem::Finder;

use super::{END, ENVELOPE};
use crate::{
    commands::{RECIPIENT, SENDER},
    replies::NearFramer,
};

pub(super) struct Session {
    output: Vec<u8>,
    input: [u8; 1024],
    finder: Finder<'static>,
}

impl Session {
    pub(super) fn new() -> Self {
        Self { output: Vec::with_capacity(4096), input: [0; 1024], finder: Finder::new(b"\r\n.") }
    }

    /// Sends a message; returns how many octets were written.
    pub(super) fn send(&mut self, message: &[u8]) -> usize {
        self.envelope();
        let written = self.write();
        self.read(ENVELOPE, [*b"250", *b"250", *b"354"]);
        self.content(message);
        let written = written + self.write();
        self.read(END, [*b"250"]);
        written
    }

    fn envelope(&mut self) {
        let parts =
            ["MAIL FROM:<", SENDER, "> BODY=8BITMIME\r\nRCPT TO:<", RECIPIENT, ">\r\nDATA\r\n"];
        for part in parts {
            self.output.extend_from_slice(part.as_bytes());
        }
    }

    fn content(&mut self, message: &[u8]) {
        if message.first() == Some(&b'.') {
            self.output.push(b'.');
        }
        let mut rest = message;
        while let Some(at) = self.finder.find(rest) {
            self.output.extend_from_slice(&rest[..at + 2]);
            self.output.push(b'.');
            rest = &rest[at + 2..];
        }
        self.output.extend_from_slice(rest);
        self.output.extend_from_slice(b".\r\n");
    }

    fn write(&mut self) -> usize {
        let written = core::hint::black_box(&self.output).len();
        self.output.clear();
        written
    }

    fn read<const N: usize>(&mut self, octets: &[u8], codes: [[u8; 3]; N]) {
        self.input[..octets.len()].copy_from_slice(core::hint::black_box(octets));
        let mut rest = &self.input[..octets.len()];
        for code in codes {
            let reply = NearFramer::default().reply(rest).expect("whole");
            assert_eq!(reply.code, code);
            rest = &rest[reply.len()..];
        }
    }
}
