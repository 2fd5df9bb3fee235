//! Credentials that have left, kept for as long as a server may repeat them (see [`echo`](crate::sasl::echo)).

use core::ops::Range;

use zeroize::Zeroize;

use crate::sasl::decode_in_place;

/// The responses of AUTH dialogues, inside the transmit buffer's storage.
///
/// A line of AUTH gets its reply before anything else is written, so a response has the storage to
/// itself. When it has left, it is decoded and moves to the end of the storage, behind the responses
/// that left before it. It stays there until the room is needed, a message begins or the session ends.
#[derive(Clone, Debug)]
pub(super) struct Secret {
    /// A response in base64 that has not left whole.
    said: Range<usize>,
    /// Octets at the end of the storage: decoded responses that have left, a NUL before each.
    kept: usize,
}

impl Secret {
    pub(super) const NONE: Secret = Secret { said: 0..0, kept: 0 };

    pub(super) fn is_none(&self) -> bool {
        self.said.is_empty() && self.kept == 0
    }

    /// Takes note of a response that was just written.
    pub(super) const fn say(&mut self, place: Range<usize>) {
        self.said = place;
    }

    /// The place of a response that has not left whole, among the octets from index `start` of the storage on.
    pub(super) fn place(&self, start: usize) -> Range<usize> {
        self.said.start.saturating_sub(start)..self.said.end.saturating_sub(start)
    }

    /// Takes note that nothing from `end` on will leave; the caller has wiped it.
    pub(super) fn cut(&mut self, end: usize) {
        self.said.end = self.said.end.min(end).max(self.said.start);
    }

    /// Forgets everything if the first `written` octets of the storage reach into it.
    pub(super) fn make_room(&mut self, storage: &mut [u8], written: usize) {
        let start = storage.len() - self.kept;
        if written > start {
            storage[written..].zeroize();
            self.kept = 0;
        }
    }

    /// Moves the response to those that have left.
    pub(super) fn keep(&mut self, storage: &mut [u8]) {
        if self.said.is_empty() {
            return;
        }
        let start = self.said.start;
        let text = &mut storage[core::mem::replace(&mut self.said, 0..0)];
        // A line may have left in part: only whole groups can be decoded.
        let groups = text.len() / 4 * 4;
        let length = decode_in_place(&mut text[..groups]).unwrap_or(0);
        text[length..].zeroize();
        if length > 0 {
            // The octet behind the text is a NUL: base64 is longer than what it stands for.
            text[..=length].rotate_right(1);
            storage[start..].rotate_left(length + 1);
            self.kept += length + 1;
        }
    }

    /// The responses that have left.
    pub(super) fn kept<'s>(&self, storage: &'s [u8]) -> &'s [u8] {
        &storage[storage.len() - self.kept..]
    }

    pub(super) fn forget(&mut self, storage: &mut [u8]) {
        storage[self.said.clone()].zeroize();
        let kept = storage.len() - self.kept;
        storage[kept..].zeroize();
        *self = Self::NONE;
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    /// Says a text in base64 at the start of the storage.
    fn say(secret: &mut Secret, storage: &mut [u8], text: &[u8]) {
        secret.make_room(storage, text.len());
        storage[..text.len()].copy_from_slice(text);
        secret.say(0..text.len());
    }

    #[test]
    fn responses_gather_at_the_end_in_their_order() {
        let (mut secret, mut storage) = (Secret::NONE, [0; 24]);
        for (text, kept) in [
            (&b"YWxpY2U="[..], &b"\0alice"[..]),
            (b"", b"\0alice"),
            (b"czNjcmV0", b"\0alice\0s3cret"),
            (b"AQ==", b"\0alice\0s3cret\0\x01"),
        ] {
            say(&mut secret, &mut storage, text);
            secret.keep(&mut storage);
            assert_eq!(secret.kept(&storage), kept);
            assert!(storage[..24 - kept.len()].iter().all(|&octet| octet == 0), "{storage:?}");
        }
        secret.forget(&mut storage);
        assert_eq!((secret.is_none(), storage), (true, [0; 24]));
    }

    #[test]
    fn what_needs_the_room_gets_it() {
        let (mut secret, mut storage) = (Secret::NONE, [0; 16]);
        say(&mut secret, &mut storage, b"YWxpY2U=");
        secret.keep(&mut storage);
        secret.make_room(&mut storage, 10);
        assert_eq!(secret.kept(&storage), b"\0alice");
        // Not all of a response that needs the room of the one before it.
        say(&mut secret, &mut storage, b"czNjcmV0czNj");
        assert_eq!(secret.kept(&storage), b"");
        assert_eq!(storage[12..], [0; 4]);
        secret.keep(&mut storage);
        assert_eq!(secret.kept(&storage), b"\0s3crets3c");
    }

    #[test]
    fn of_what_was_cut_whole_groups_are_kept() {
        for (left, kept) in
            [(0, &b""[..]), (3, b""), (4, b"\0s3c"), (7, b"\0s3c"), (8, b"\0s3cret")]
        {
            let (mut secret, mut storage) = (Secret::NONE, [0; 16]);
            say(&mut secret, &mut storage, b"czNjcmV0");
            storage[left..].fill(0);
            secret.cut(left);
            secret.keep(&mut storage);
            assert_eq!(secret.kept(&storage), kept, "{left}");
            assert_eq!(storage.iter().filter(|&&octet| octet > 0).count(), kept.len().max(1) - 1);
        }
    }
}
