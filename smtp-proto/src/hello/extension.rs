//! Service extensions and their `EHLO` keywords (RFC 5321 4.1.1.1, and the IANA registry of mail parameters).

use core::fmt;

/// An extension that this crate knows.
///
/// The lines of other extensions are in [`Capabilities`](super::Capabilities).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[repr(u8)]
#[non_exhaustive]
pub enum Extension {
    /// `PIPELINING`: commands need not wait for the reply to the one before (RFC 2920).
    Pipelining,
    /// `SIZE`: the server limits the size of messages, and `MAIL` can declare it (RFC 1870).
    Size,
    /// `8BITMIME`: the content may hold octets above 127 (RFC 6152).
    EightBitMime,
    /// `SMTPUTF8`: addresses and headers may be UTF-8 (RFC 6531).
    SmtpUtf8,
    /// `ENHANCEDSTATUSCODES`: replies begin with a code like `5.1.1` (RFC 2034).
    EnhancedStatusCodes,
    /// `STARTTLS`: the session can continue with TLS (RFC 3207).
    StartTls,
    /// `AUTH`: SASL authentication (RFC 4954), also in the form `AUTH=` of older servers.
    Auth,
    /// `CHUNKING`: content in chunks, with `BDAT` in place of `DATA` (RFC 3030).
    Chunking,
    /// `BINARYMIME`: content of any octets; needs `CHUNKING` (RFC 3030).
    BinaryMime,
    /// `DSN`: control over delivery status notifications (RFC 3461).
    Dsn,
    /// `REQUIRETLS`: a message can require TLS on every hop (RFC 8689).
    RequireTls,
    /// `DELIVERBY`: a message can have a time until which to deliver it (RFC 2852).
    DeliverBy,
    /// `MT-PRIORITY`: a message can have a priority (RFC 6710).
    MtPriority,
    /// `FUTURERELEASE`: the server can keep a message back for a time (RFC 4865).
    FutureRelease,
    /// `LIMITS`: the server announces limits of a session (RFC 9422).
    Limits,
    /// `RRVS`: deliver only if the mailbox has had the same owner since a time (RFC 7293).
    Rrvs,
    /// `VRFY`: the command that asks whether a mailbox exists (RFC 5321 4.1.1.6).
    Vrfy,
    /// `EXPN`: the command that asks for the members of a list (RFC 5321 4.1.1.7).
    Expn,
    /// `HELP`: the command that asks for a text for people (RFC 5321 4.1.1.8).
    Help,
    /// `ETRN`: the command that asks the server to send its queue for a domain (RFC 1985).
    Etrn,
    /// `XCLIENT`: a trusted client can replace its address, name and so on (Postfix).
    XClient,
    /// `XFORWARD`: a trusted client can give the original client's address, name and so on for the log (Postfix).
    XForward,
}

use Extension as E;

/// All extensions with their keywords. The index of each is its value as a `u8`.
const ALL: [(Extension, &str); 22] = [
    (E::Pipelining, "PIPELINING"),
    (E::Size, "SIZE"),
    (E::EightBitMime, "8BITMIME"),
    (E::SmtpUtf8, "SMTPUTF8"),
    (E::EnhancedStatusCodes, "ENHANCEDSTATUSCODES"),
    (E::StartTls, "STARTTLS"),
    (E::Auth, "AUTH"),
    (E::Chunking, "CHUNKING"),
    (E::BinaryMime, "BINARYMIME"),
    (E::Dsn, "DSN"),
    (E::RequireTls, "REQUIRETLS"),
    (E::DeliverBy, "DELIVERBY"),
    (E::MtPriority, "MT-PRIORITY"),
    (E::FutureRelease, "FUTURERELEASE"),
    (E::Limits, "LIMITS"),
    (E::Rrvs, "RRVS"),
    (E::Vrfy, "VRFY"),
    (E::Expn, "EXPN"),
    (E::Help, "HELP"),
    (E::Etrn, "ETRN"),
    (E::XClient, "XCLIENT"),
    (E::XForward, "XFORWARD"),
];

impl Extension {
    /// The keyword, in the spelling of the registry.
    #[must_use]
    pub const fn keyword(self) -> &'static str {
        ALL[self as usize].1
    }

    /// Returns the extension with this keyword, in any case.
    ///
    /// ```
    /// use smtp_proto::hello::Extension;
    ///
    /// assert_eq!(Extension::from_keyword(b"StartTLS"), Some(Extension::StartTls));
    /// assert_eq!(Extension::from_keyword(b"STARTTLSX"), None);
    /// ```
    #[must_use]
    #[inline]
    pub fn from_keyword(keyword: &[u8]) -> Option<Self> {
        leading(keyword).filter(|(_, rest)| rest.is_empty()).map(|(extension, _)| extension)
    }

    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

impl fmt::Display for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.keyword())
    }
}

/// Finds the extension whose keyword `line` begins with. Returns it and the rest of the line.
#[inline]
pub(super) fn leading(line: &[u8]) -> Option<(Extension, &[u8])> {
    let &[first, second, ..] = line else { return None };
    let index = SLOTS[slot(first, second)];
    let &(extension, keyword) = ALL.get(usize::from(index))?;
    let (start, rest) = line.split_at_checked(keyword.len())?;
    is_keyword(start, keyword.as_bytes()).then_some((extension, rest))
}

/// Maps the hash of the first two letters to the index of a keyword. No two keywords share a slot.
static SLOTS: [u8; 64] = slots();

const fn slots() -> [u8; 64] {
    let mut slots = [u8::MAX; 64];
    let mut index = 0;
    while index < ALL.len() {
        let keyword = ALL[index].1.as_bytes();
        let slot = slot(keyword[0], keyword[1]);
        assert!(slots[slot] == u8::MAX, "two keywords share a slot");
        #[allow(clippy::cast_possible_truncation, reason = "there are 22 keywords")]
        let entry = index as u8;
        slots[slot] = entry;
        index += 1;
    }
    slots
}

/// A perfect hash of two letters in any case. The factor was found by trial.
const fn slot(first: u8, second: u8) -> usize {
    let letters = u16::from_le_bytes([first | 0x20, second | 0x20]);
    (letters.wrapping_mul(FACTOR) >> 10) as usize
}

const FACTOR: u16 = 0x0149;

/// Compares without a branch for each octet. Both slices have the same length.
#[inline]
fn is_keyword(octets: &[u8], keyword: &[u8]) -> bool {
    let pairs = octets.iter().zip(keyword);
    pairs.fold(0, |difference, (octet, letter)| difference | (octet.to_ascii_uppercase() ^ letter))
        == 0
}

/// A set of [`Extension`]s.
///
/// ```
/// use smtp_proto::hello::{Extension, Extensions};
///
/// let mut set: Extensions = [Extension::Size, Extension::Chunking].into_iter().collect();
/// set.remove(Extension::Chunking);
/// assert!(set.contains(Extension::Size));
/// assert_eq!(format!("{set:?}"), "{Size}");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Extensions(u32);

impl Extensions {
    /// The empty set.
    pub const EMPTY: Self = Self(0);

    /// All extensions that this crate knows.
    pub const ALL: Self = Self((1 << ALL.len()) - 1);

    /// Adds an extension.
    pub const fn insert(&mut self, extension: Extension) {
        self.0 |= extension.bit();
    }

    /// Removes an extension.
    pub const fn remove(&mut self, extension: Extension) {
        self.0 &= !extension.bit();
    }

    /// Returns whether the extension is in the set.
    #[must_use]
    pub const fn contains(self, extension: Extension) -> bool {
        self.0 & extension.bit() != 0
    }

    /// The extensions that are in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The extensions of this set that are not in `other`.
    #[must_use]
    pub const fn difference(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Returns whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Iterates over the extensions in the set, in the order of [`Extension`].
    #[must_use]
    pub const fn iter(self) -> Iter {
        Iter(self)
    }
}

impl FromIterator<Extension> for Extensions {
    fn from_iter<I: IntoIterator<Item = Extension>>(extensions: I) -> Self {
        extensions.into_iter().fold(Self::EMPTY, |set, extension| Self(set.0 | extension.bit()))
    }
}

impl From<Extension> for Extensions {
    fn from(extension: Extension) -> Self {
        Self(extension.bit())
    }
}

impl IntoIterator for Extensions {
    type Item = Extension;
    type IntoIter = Iter;

    fn into_iter(self) -> Iter {
        self.iter()
    }
}

impl fmt::Debug for Extensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// Iterates over the extensions in a set. [`Extensions::iter`] returns it.
#[derive(Clone, Debug)]
pub struct Iter(Extensions);

impl Iterator for Iter {
    type Item = Extension;

    fn next(&mut self) -> Option<Extension> {
        let index = self.0.0.trailing_zeros();
        let &(extension, _) = ALL.get(usize::try_from(index).ok()?)?;
        self.0.remove(extension);
        Some(extension)
    }
}

#[cfg(test)]
mod tests {
    use super::{ALL, Extension, Extensions};

    #[test]
    fn every_keyword_leads_back_to_its_extension() {
        for (index, (extension, keyword)) in ALL.into_iter().enumerate() {
            assert_eq!(extension as usize, index);
            assert_eq!(extension.keyword(), keyword);
            let mut octets = [0; 20];
            let octets = &mut octets[..keyword.len()];
            octets.copy_from_slice(keyword.as_bytes());
            assert_eq!(Extension::from_keyword(octets), Some(extension));
            octets.make_ascii_lowercase();
            assert_eq!(Extension::from_keyword(octets), Some(extension));
        }
    }

    #[test]
    fn a_keyword_with_one_octet_changed_is_another() {
        for (extension, keyword) in ALL {
            for at in 0..keyword.len() {
                for octet in 0..=u8::MAX {
                    let mut octets = [0; 20];
                    let octets = &mut octets[..keyword.len()];
                    octets.copy_from_slice(keyword.as_bytes());
                    octets[at] = octet;
                    let same = octet.eq_ignore_ascii_case(&keyword.as_bytes()[at]);
                    assert_eq!(Extension::from_keyword(octets) == Some(extension), same);
                }
            }
        }
    }

    #[test]
    fn prefixes_and_longer_words_are_unknown() {
        for unknown in ["", "S", "SIZ", "SIZEE", "STARTTL", "XXXXXXXA", "AUTH\u{1}", "STASUTLS"] {
            assert_eq!(Extension::from_keyword(unknown.as_bytes()), None);
        }
    }

    #[test]
    fn sets_hold_what_was_put_in() {
        assert_eq!(Extensions::ALL.iter().count(), ALL.len());
        assert!(Extensions::ALL.into_iter().eq(ALL.into_iter().map(|(extension, _)| extension)));
        assert!(Extensions::EMPTY.is_empty() && !Extensions::ALL.is_empty());
        let mut set = Extensions::from(Extension::Dsn);
        set.insert(Extension::Pipelining);
        assert!(set.iter().eq([Extension::Pipelining, Extension::Dsn]));
        assert_eq!(set.union(Extensions::EMPTY), set);
        assert_eq!(set.union(Extensions::ALL), Extensions::ALL);
        assert_eq!(set.difference(Extension::Dsn.into()), Extension::Pipelining.into());
        set.remove(Extension::Pipelining);
        assert!(!set.contains(Extension::Pipelining) && set.contains(Extension::Dsn));
    }
}
