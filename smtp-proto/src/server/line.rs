//! Framing of command lines: resumable and bounded.

use memchr::memchr;

/// The state of the input's front.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Found {
    /// The start of a line.
    Incomplete,
    /// This much of a line that is too long already.
    Excess(usize),
    /// A whole line with its LF.
    Line(usize),
    /// The end of a line that is too long.
    EndOfExcess(usize),
}

/// Finds the ends of lines and looks at no octet twice.
///
/// A line ends at LF, so that a client that forgets the CR is answered; that the CR is there is for
/// the syntax to check. A line longer than the limit is dropped as it comes, in whatever cut.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LineFramer {
    scanned: usize,
    overlong: bool,
}

impl LineFramer {
    /// Looks at `input`, which begins where the last whole line, or excess, ended.
    pub(super) fn frame(&mut self, input: &[u8], limit: usize) -> Found {
        if self.overlong {
            return self.excess(input);
        }
        let window = &input[..input.len().min(limit)];
        if let Some(at) = memchr(b'\n', &window[self.scanned..]) {
            let length = self.scanned + at + 1;
            self.scanned = 0;
            return Found::Line(length);
        }
        self.scanned = window.len();
        if window.len() < limit {
            return Found::Incomplete;
        }
        *self = Self { scanned: 0, overlong: true };
        self.excess(input)
    }

    fn excess(&mut self, input: &[u8]) -> Found {
        match memchr(b'\n', input) {
            Some(at) => {
                self.overlong = false;
                Found::EndOfExcess(at + 1)
            }
            None => Found::Excess(input.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Found, LineFramer};

    #[test]
    fn a_line_of_the_limit_is_a_line() {
        let mut framer = LineFramer::default();
        assert_eq!(framer.frame(b"NOO", 6), Found::Incomplete);
        assert_eq!(framer.frame(b"NOOP\r\nQ", 6), Found::Line(6));
        assert_eq!(framer.frame(b"QUIT\r\n", 6), Found::Line(6));
    }

    #[test]
    fn no_octet_is_looked_at_twice() {
        let mut framer = LineFramer::default();
        assert_eq!(framer.frame(b"NOOP\r", 99), Found::Incomplete);
        // Would end the line, were it looked at again.
        assert_eq!(framer.frame(b"\nOOP\r\n", 99), Found::Line(6));
    }

    #[test]
    fn a_longer_one_is_dropped_to_its_end() {
        let mut framer = LineFramer::default();
        assert_eq!(framer.frame(b"NOOP X\r\n", 6), Found::EndOfExcess(8));
        assert_eq!(framer.frame(b"NOOP X", 6), Found::Excess(6));
        assert_eq!(framer.frame(b" and so", 6), Found::Excess(7));
        assert_eq!(framer.frame(b" on\nQUIT\r\n", 6), Found::EndOfExcess(4));
        assert_eq!(framer.frame(b"QUIT\r\n", 6), Found::Line(6));
    }
}
