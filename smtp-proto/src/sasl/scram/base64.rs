//! Base64 inside a message, piece by piece, without a copy of the whole.

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroize;

use crate::sasl::text::Sink;

/// Encodes the octets that `write` emits, in any pieces, as base64.
pub(crate) fn push_base64(write: impl FnOnce(&mut Sink<'_>), sink: &mut Sink<'_>) {
    let (mut group, mut held) = ([0; 3], 0);
    let mut encode = |octets: &[u8]| {
        let mut text = [0; 4];
        if let Ok(length) = STANDARD.encode_slice(octets, &mut text) {
            sink(&text[..length]);
        }
    };
    write(&mut |octets| {
        for &octet in octets {
            group[held] = octet;
            held += 1;
            if held == group.len() {
                encode(&group);
                held = 0;
            }
        }
    });
    encode(&group[..held]);
    group.zeroize();
}

/// Decodes `text` from base64 into `sink`. Returns the length of the decoded octets, or `None` if it is not base64.
pub(crate) fn read_base64(text: &str, sink: &mut Sink<'_>) -> Option<usize> {
    const STEP: usize = 64;
    let (mut decoded, mut total) = ([0; STEP / 4 * 3], 0);
    let mut pieces = text.as_bytes().chunks(STEP).peekable();
    while let Some(piece) = pieces.next() {
        let length = STANDARD.decode_slice(piece, &mut decoded).ok()?;
        // Padding is allowed only at the very end.
        if pieces.peek().is_some() && length < decoded.len() {
            return None;
        }
        sink(&decoded[..length]);
        total += length;
    }
    Some(total)
}

#[cfg(test)]
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
