//! Base64 of secrets, piece by piece, without a copy of the whole.

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroize;

use super::text::Sink;

/// The number of characters that are decoded at a time, a multiple of 4.
const CHARACTERS: usize = 64;
/// The number of octets that [`CHARACTERS`] encode.
const OCTETS: usize = CHARACTERS / 4 * 3;

/// Encodes octets that arrive in pieces of any length.
pub(super) struct Encoder {
    /// Octets that do not fill a group of three yet.
    group: [u8; 3],
    held: usize,
}

impl Encoder {
    pub(super) const fn new() -> Self {
        Self { group: [0; 3], held: 0 }
    }

    /// Encodes all whole groups of three octets. Keeps the rest for the next call.
    pub(super) fn push(&mut self, octets: &[u8], sink: &mut Sink<'_>) {
        for &octet in octets {
            self.group[self.held] = octet;
            self.held += 1;
            if self.held == self.group.len() {
                self.encode(sink);
            }
        }
    }

    /// Encodes the rest, with padding.
    pub(super) fn finish(mut self, sink: &mut Sink<'_>) {
        self.encode(sink);
    }

    fn encode(&mut self, sink: &mut Sink<'_>) {
        let mut text = [0; 4];
        if let Ok(length) = STANDARD.encode_slice(&self.group[..self.held], &mut text) {
            sink(&text[..length]);
        }
        text.zeroize();
        self.held = 0;
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        self.group.zeroize();
    }
}

/// Encodes the octets that `write` emits, in any pieces, as base64.
#[cfg(feature = "scram")]
pub(super) fn push_base64(write: impl FnOnce(&mut Sink<'_>), sink: &mut Sink<'_>) {
    let mut encoder = Encoder::new();
    write(&mut |octets| encoder.push(octets, sink));
    encoder.finish(sink);
}

/// Decodes `text` from base64 into `sink`. Returns the length of the decoded octets, or `None` if it is not base64.
#[cfg(feature = "scram")]
pub(super) fn read_base64(text: &str, sink: &mut Sink<'_>) -> Option<usize> {
    let mut total = 0;
    for start in (0..text.len()).step_by(CHARACTERS) {
        let mut decoded = [0; OCTETS];
        let length = decode(text.as_bytes(), start, &mut decoded)?;
        sink(&decoded[..length]);
        total += length;
    }
    Some(total)
}

/// Decodes base64 in place. Returns the length of the decoded octets, or `None` if `text` is not base64.
pub(crate) fn decode_in_place(text: &mut [u8]) -> Option<usize> {
    let mut total = 0;
    for start in (0..text.len()).step_by(CHARACTERS) {
        let mut decoded = [0; OCTETS];
        let length = decode(text, start, &mut decoded)?;
        text[total..total + length].copy_from_slice(&decoded[..length]);
        total += length;
    }
    Some(total)
}

/// Decodes the piece of `text` that begins at `start`.
fn decode(text: &[u8], start: usize, decoded: &mut [u8; OCTETS]) -> Option<usize> {
    let end = text.len().min(start + CHARACTERS);
    let length = STANDARD.decode_slice(&text[start..end], decoded).ok()?;
    // Padding is allowed only at the very end.
    (end == text.len() || length == OCTETS).then_some(length)
}

#[cfg(all(test, feature = "scram"))]
mod tests {
    extern crate alloc;

    use alloc::{vec, vec::Vec};

    use super::{Sink, push_base64, read_base64};

    #[test]
    fn base64_does_not_depend_on_the_pieces() {
        for cut in 0..=5 {
            let mut text = Vec::new();
            let write = |sink: &mut Sink<'_>| {
                sink(&b"hello"[..cut]);
                sink(&b"hello"[cut..]);
            };
            push_base64(write, &mut |piece| text.extend_from_slice(piece));
            assert_eq!(text, b"aGVsbG8=");
        }
    }

    #[test]
    fn any_length_comes_back_and_padding_stands_at_the_end_only() {
        for length in [0, 1, 2, 3, 47, 48, 49, 96, 200] {
            let octets = vec![0xA5; length];
            let (mut text, mut read) = (Vec::new(), Vec::new());
            push_base64(|sink| sink(&octets), &mut |piece| text.extend_from_slice(piece));
            let text = core::str::from_utf8(&text).unwrap();
            let count = read_base64(text, &mut |piece| read.extend_from_slice(piece));
            assert_eq!((count, read), (Some(length), octets));
        }
        let inside = alloc::format!("{}QQ=={}", "A".repeat(60), "A".repeat(8));
        for text in ["Q", "QQ", "QQ=", "Q Q=", "QR==", inside.as_str()] {
            assert_eq!(read_base64(text, &mut |_| ()), None, "{text}");
        }
    }
}
