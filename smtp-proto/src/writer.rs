//! Output into a slice of fixed size.

use zeroize::Zeroize;

/// The number of digits of the greatest `u64`.
const DECIMAL: usize = 20;

/// The value of `at` after an overflow. It lies beyond the end of every slice, so nothing fits from then on.
const OVERFLOWN: usize = usize::MAX;

/// Writes octets into a slice: all of them, or none count.
///
/// After an overflow, later calls are harmless and write nothing; [`finish`](Self::finish) reports it.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    out: &'a mut [u8],
    at: usize,
}

impl<'a> Writer<'a> {
    #[inline]
    pub(crate) const fn new(out: &'a mut [u8]) -> Self {
        Self { out, at: 0 }
    }

    /// Appends `octets`.
    #[inline]
    pub(crate) fn push(&mut self, octets: &[u8]) {
        let end = self.at.saturating_add(octets.len());
        match self.out.get_mut(self.at..end) {
            Some(space) => {
                space.copy_from_slice(octets);
                self.at = end;
            }
            None => self.at = OVERFLOWN,
        }
    }

    /// Appends `number` in decimal, without leading zeros.
    pub(crate) fn push_decimal(&mut self, mut number: u64) {
        let mut digits = [0; DECIMAL];
        let mut start = DECIMAL;
        loop {
            start -= 1;
            digits[start] = digit(number % 10);
            number /= 10;
            if number == 0 {
                return self.push(&digits[start..]);
            }
        }
    }

    /// Returns the number of octets written, or `None` if something did not fit.
    #[inline]
    pub(crate) fn finish(self) -> Option<usize> {
        (self.at != OVERFLOWN).then_some(self.at)
    }

    /// Finishes, but wipes the output if something did not fit: the caller does not know how much was written, so it
    /// cannot wipe a secret.
    pub(crate) fn finish_or_wipe(self) -> Option<usize> {
        if self.at == OVERFLOWN {
            self.out.zeroize();
        }
        self.finish()
    }
}

fn digit(value: u64) -> u8 {
    b"0123456789".get(usize::try_from(value).unwrap_or(0)).copied().unwrap_or(b'0')
}

#[cfg(test)]
mod tests {
    use super::Writer;

    #[test]
    fn output_is_what_was_pushed() {
        let mut out = [0; 16];
        let mut writer = Writer::new(&mut out);
        writer.push(b"SIZE=");
        writer.push_decimal(120);
        writer.push(b"");
        assert_eq!(writer.finish(), Some(8));
        assert_eq!(&out[..8], b"SIZE=120");
    }

    #[test]
    fn decimals_have_their_extremes() {
        for (number, text) in [(0, "0"), (9, "9"), (10, "10"), (u64::MAX, "18446744073709551615")] {
            let mut out = [0; 20];
            let mut writer = Writer::new(&mut out);
            writer.push_decimal(number);
            assert_eq!(writer.finish(), Some(text.len()));
            assert_eq!(&out[..text.len()], text.as_bytes());
        }
    }

    #[test]
    fn nothing_counts_once_something_did_not_fit() {
        let mut out = [0; 4];
        let mut writer = Writer::new(&mut out);
        writer.push(b"abc");
        writer.push(b"de");
        writer.push(b"");
        writer.push(b"f");
        assert_eq!(writer.finish(), None);
        assert_eq!(Writer::new(&mut []).finish(), Some(0));
    }

    #[test]
    fn an_exact_fit_fits() {
        let mut out = [0; 3];
        let mut writer = Writer::new(&mut out);
        writer.push(b"abc");
        assert_eq!(writer.finish(), Some(3));
    }
}
