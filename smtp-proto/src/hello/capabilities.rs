//! The extensions of a server, with their parameters.

use super::{Extension, Offered, offered::split};

/// The greatest number of mechanism names that are considered. Servers send a handful; the longest list seen has 64.
const MAX_MECHANISMS: usize = 256;

/// The `EHLO` reply of a server: its extensions and their parameters.
///
/// Use it to look up more than the fact that an extension is offered: SASL mechanisms, limits, or extensions that
/// this crate does not know. [`Offered`] is the part that needs no lines.
///
/// It is a view of lines that stay in the client's buffer, octet for octet, without the first line, which names the
/// server. A masked extension counts as not offered, although its line is still there.
///
/// ```
/// use smtp_proto::hello::{Capabilities, Extension};
///
/// let offers = Capabilities::new(b"SIZE 1000\nAUTH PLAIN\nAUTH=PLAIN LOGIN\nLIMITS RCPTMAX=9");
/// assert_eq!(offers.size_limit(), Some(1000));
/// assert!(offers.offers(Extension::Limits));
/// assert_eq!(offers.parameters("limits"), Some(&b"RCPTMAX=9"[..]));
/// assert!(offers.mechanisms().eq(["PLAIN", "LOGIN"]));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Capabilities<'a> {
    lines: &'a [u8],
    offered: Offered,
}

impl<'a> Capabilities<'a> {
    /// Parses `lines`: the lines of an `EHLO` reply after the first, without their code, joined by LF.
    #[must_use]
    pub fn new(lines: &'a [u8]) -> Self {
        let mut offered = Offered::default();
        Lines(lines).for_each(|line| offered.observe(line));
        Self { lines, offered }
    }

    /// Combines `lines` with the summary that the session made while the reply arrived, after masking.
    #[must_use]
    pub const fn with_offered(lines: &'a [u8], offered: Offered) -> Self {
        Self { lines, offered }
    }

    /// The lines as the server sent them, without blank ones.
    #[must_use]
    pub const fn lines(&self) -> Lines<'a> {
        Lines(self.lines)
    }

    /// The extensions and the size limit, without the lines.
    #[must_use]
    pub const fn offered(&self) -> Offered {
        self.offered
    }

    /// Returns whether the server offers `extension`.
    #[must_use]
    pub const fn offers(&self, extension: Extension) -> bool {
        self.offered.offers(extension)
    }

    /// The size limit for a message in octets; see [`Offered::size_limit`].
    #[must_use]
    pub const fn size_limit(&self) -> Option<u64> {
        self.offered.size_limit()
    }

    /// The text after `keyword`, in any case, on the first line that begins with it. Empty if nothing follows. `None`
    /// if there is no such line, or the extension is masked.
    #[must_use]
    pub fn parameters(&self, keyword: &str) -> Option<&'a [u8]> {
        self.all_parameters(keyword).next()
    }

    /// The SASL mechanisms of all `AUTH` and `AUTH=` lines, each once, in the order and the spelling of the server. A
    /// word that is not printable ASCII is no name. Words after the first 256 are ignored.
    #[must_use]
    pub fn mechanisms(&self) -> Mechanisms<'a> {
        Mechanisms { capabilities: *self, next: 0 }
    }

    /// Returns whether `name`, in any case, is one of the [`mechanisms`](Self::mechanisms).
    #[must_use]
    pub fn offers_mechanism(&self, name: &str) -> bool {
        self.words().any(|word| word.eq_ignore_ascii_case(name))
    }

    fn words(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.all_parameters(Extension::Auth.keyword())
            .flat_map(|line| line.split(|octet| matches!(octet, b' ' | b'\t')))
            .filter_map(mechanism)
            .take(MAX_MECHANISMS)
    }

    fn all_parameters<'k>(&self, keyword: &'k str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'k> {
        let masked = Extension::from_keyword(keyword.as_bytes()).is_some_and(|e| !self.offers(e));
        let lines = if masked { Lines(&[]) } else { self.lines() };
        lines
            .map(split)
            .filter(|(found, _)| found.eq_ignore_ascii_case(keyword.as_bytes()))
            .map(|(_, parameters)| parameters.trim_ascii())
    }
}

/// Iterates over the lines of an `EHLO` reply. [`Capabilities::lines`] returns it.
#[derive(Clone, Debug)]
pub struct Lines<'a>(&'a [u8]);

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while !self.0.is_empty() {
            let end = memchr::memchr(b'\n', self.0).unwrap_or(self.0.len());
            let (line, rest) = self.0.split_at(end);
            self.0 = rest.get(1..).unwrap_or_default();
            if !line.trim_ascii().is_empty() {
                return Some(line);
            }
        }
        None
    }
}

/// Iterates over names of SASL mechanisms. [`Capabilities::mechanisms`] returns it.
///
/// It has no memory for the names that it returned, so it looks for each name among the words before it.
#[derive(Clone, Debug)]
pub struct Mechanisms<'a> {
    capabilities: Capabilities<'a>,
    /// The number of words that were considered.
    next: usize,
}

impl<'a> Iterator for Mechanisms<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        for word in self.capabilities.words().skip(self.next) {
            let mut before = self.capabilities.words().take(self.next);
            self.next += 1;
            if !before.any(|earlier| earlier.eq_ignore_ascii_case(word)) {
                return Some(word);
            }
        }
        None
    }
}

fn mechanism(word: &[u8]) -> Option<&str> {
    let graphic = !word.is_empty() && word.iter().all(u8::is_ascii_graphic);
    core::str::from_utf8(word).ok().filter(|_| graphic)
}

#[cfg(test)]
mod tests {
    use super::{Capabilities, Extension};

    #[test]
    fn mechanisms_are_merged_without_duplicates() {
        let offers = Capabilities::new(b"AUTH LOGIN PLAIN\nSIZE\nauth=plain\tX_1  login\nAUTH");
        assert!(offers.mechanisms().eq(["LOGIN", "PLAIN", "X_1"]));
        assert!(Capabilities::new(b"AUTH").mechanisms().next().is_none());
        assert!(Capabilities::new(b"AUTH").offers(Extension::Auth));
    }

    #[test]
    fn mechanisms_are_whole_words() {
        let offers = Capabilities::new(b"AUTH PLAIN2 DPLAIN SASLPLAIN PLAIN\x01 Login");
        assert!(!offers.offers_mechanism("PLAIN"));
        assert!(offers.offers_mechanism("LOGIN") && offers.offers_mechanism("plain2"));
        assert!(offers.mechanisms().eq(["PLAIN2", "DPLAIN", "SASLPLAIN", "Login"]));
    }

    #[test]
    fn masked_offers_have_no_parameters() {
        let lines = b"AUTH PLAIN\nX-OWN 1";
        let mut offered = Capabilities::new(lines).offered();
        offered.apply_mask(Extension::Auth.into());
        let offers = Capabilities::with_offered(lines, offered);
        assert_eq!(offers.parameters("AUTH"), None);
        assert!(offers.mechanisms().next().is_none() && !offers.offers_mechanism("PLAIN"));
        assert_eq!(offers.parameters("x-own"), Some(&b"1"[..]));
        assert_eq!(offers.lines().count(), 2);
    }

    #[test]
    fn blank_lines_are_left_out() {
        let offers = Capabilities::new(b"\n \nHELP\n\n  8bitmime\n");
        assert!(offers.lines().eq([&b"HELP"[..], b"  8bitmime"]));
        assert!(offers.offers(Extension::EightBitMime));
        assert_eq!(offers.parameters("HELP"), Some(&b""[..]));
        assert_eq!(offers.parameters("SIZE"), None);
        assert_eq!(Capabilities::new(b"").lines().count(), 0);
    }
}
