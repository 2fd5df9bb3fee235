//! The user name of an exchange.

use core::str;

/// The longest name: that of a mailbox, a path of 256 octets without its brackets (RFC 5321 4.5.3.1.3).
const MAX: usize = 254;

/// A user name in storage of fixed size, empty at first.
#[derive(Clone, Copy)]
pub(super) struct User {
    octets: [u8; MAX],
    length: usize,
}

impl User {
    pub(super) const NOBODY: Self = Self { octets: [0; MAX], length: 0 };

    /// Stores these characters. Returns `None` if they do not fit.
    pub(super) fn new(name: impl IntoIterator<Item = char>) -> Option<Self> {
        let mut user = Self::NOBODY;
        for character in name {
            let space = user.octets.get_mut(user.length..user.length + character.len_utf8())?;
            user.length += character.encode_utf8(space).len();
        }
        Some(user)
    }

    pub(super) fn as_str(&self) -> &str {
        str::from_utf8(&self.octets[..self.length]).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX, User};

    #[test]
    fn names_are_bounded() {
        let longest = core::iter::repeat_n('\u{e9}', MAX / 2);
        assert_eq!(User::new(longest.clone()).map(|user| user.as_str().len()), Some(MAX));
        assert!(User::new(longest.chain(['x'])).is_none());
    }
}
