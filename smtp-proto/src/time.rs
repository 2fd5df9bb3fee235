//! Points in time (RFC 3339 5.6), without a clock.

use core::fmt;

use crate::writer::Writer;

/// A point in time in UTC, in whole seconds, from the year 0000 to 9999.
///
/// The delivery extensions use it: `HOLDUNTIL` (RFC 4865) and `RRVS` (RFC 7293).
///
/// ```text
/// date-time = YYYY "-" MM "-" DD "T" hh ":" mm ":" ss ["." 1*DIGIT] ( "Z" / ( "+" / "-" ) hh ":" mm )
/// ```
///
/// The value is the point in time, not its notation. [`parse`](Self::parse) converts to UTC, drops fractions of a
/// second and counts a leap second as the second after it.
///
/// ```
/// use smtp_proto::parameter::Timestamp;
///
/// let time = Timestamp::parse("2026-03-01T00:30:00.5+01:00").unwrap();
/// assert_eq!(time.to_string(), "2026-02-28T23:30:00Z");
/// assert_eq!(Timestamp::from_unix(time.unix()), Some(time));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Timestamp(i64);

const DAY: i64 = 86_400;

impl Timestamp {
    /// The first second of the year 0000.
    pub const MIN: Self = Self(-62_167_219_200);
    /// The last second of the year 9999.
    pub const MAX: Self = Self(253_402_300_799);

    /// The length in octets of a formatted time.
    pub(crate) const LENGTH: usize = 20;

    /// The time `seconds` after 1970-01-01T00:00:00Z, leap seconds not counted. Returns `None` outside
    /// [`MIN`](Self::MIN) to [`MAX`](Self::MAX).
    #[must_use]
    pub const fn from_unix(seconds: i64) -> Option<Self> {
        if seconds < Self::MIN.0 || seconds > Self::MAX.0 { None } else { Some(Self(seconds)) }
    }

    /// The seconds since 1970-01-01T00:00:00Z, leap seconds not counted.
    #[must_use]
    pub const fn unix(self) -> i64 {
        self.0
    }

    /// Parses a `date-time` (RFC 3339 5.6). Returns `None` if the text is not one, or the year is out of range.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (fixed, rest) = text.as_bytes().split_at_checked(19)?;
        let (date, time) = (fixed.get(..10)?, fixed.get(11..)?);
        let separated = fixed[10].eq_ignore_ascii_case(&b'T');
        let [year, month, day] = fields(date, b'-', [4, 2, 2])?;
        let [hour, minute, second] = fields(time, b':', [2, 2, 2])?;
        let in_range = (1..=12).contains(&month)
            && (1..=days_of(year, month)).contains(&day)
            && hour < 24
            && minute < 60
            && second <= 60;
        let seconds = days_until(year, month, day) * DAY + (hour * 60 + minute) * 60 + second;
        let offset = offset(without_fraction(rest)?)?;
        if separated && in_range { Self::from_unix(seconds - offset) } else { None }
    }

    pub(crate) fn write(self, out: &mut Writer<'_>) {
        out.push(&self.text());
    }

    fn text(self) -> [u8; Self::LENGTH] {
        let (year, month, day) = civil(self.0.div_euclid(DAY));
        let second = self.0.rem_euclid(DAY);
        let (hour, minute) = (second / 3600, second / 60 % 60);
        let mut text = *b"0000-00-00T00:00:00Z";
        put(&mut text[..4], year);
        for (at, number) in [(5, month), (8, day), (11, hour), (14, minute), (17, second % 60)] {
            put(&mut text[at..at + 2], number);
        }
        text
    }
}

impl fmt::Display for Timestamp {
    /// Formats as `YYYY-MM-DDThh:mm:ssZ`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(core::str::from_utf8(&self.text()).unwrap_or_default())
    }
}

/// Writes `number` into all of `place`, with leading zeros.
fn put(place: &mut [u8], mut number: i64) {
    for digit in place.iter_mut().rev() {
        *digit += u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
    }
}

/// Parses numbers of the given widths, with `separator` between them.
fn fields<const N: usize>(text: &[u8], separator: u8, widths: [usize; N]) -> Option<[i64; N]> {
    let mut numbers = [0; N];
    let mut parts = text.split(|&octet| octet == separator);
    for (number, width) in numbers.iter_mut().zip(widths) {
        *number = digits(parts.next().filter(|part| part.len() == width)?)?;
    }
    parts.next().is_none().then_some(numbers)
}

fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |number, &octet| {
        octet.is_ascii_digit().then(|| number * 10 + i64::from(octet - b'0'))
    })
}

fn without_fraction(rest: &[u8]) -> Option<&[u8]> {
    let Some(fraction) = rest.strip_prefix(b".") else { return Some(rest) };
    let length = fraction.iter().take_while(|octet| octet.is_ascii_digit()).count();
    (length > 0).then(|| &fraction[length..])
}

/// Parses a zone offset. Returns the seconds by which local time is ahead of UTC.
fn offset(text: &[u8]) -> Option<i64> {
    let (sign, text) = match text {
        [b'Z' | b'z'] => return Some(0),
        [b'+', text @ ..] => (1, text),
        [b'-', text @ ..] => (-1, text),
        _ => return None,
    };
    let [hour, minute] = fields(text, b':', [2, 2])?;
    (hour < 24 && minute < 60).then_some(sign * (hour * 60 + minute) * 60)
}

const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01. A year is counted from March, so that the leap day is its last day.
const fn days_until(year: i64, month: i64, day: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date `days` days after 1970-01-01.
const fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + (month <= 2) as i64, month, day)
}

#[cfg(test)]
mod tests {
    use super::{DAY, Timestamp, civil, days_of, days_until};

    #[test]
    fn known_points_are_where_they_are() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2014-04-03T23:01:00Z", 1_396_566_060),
            ("0000-01-01T00:00:00Z", Timestamp::MIN.0),
            ("9999-12-31T23:59:59Z", Timestamp::MAX.0),
        ] {
            assert_eq!(Timestamp::parse(text), Some(Timestamp(seconds)), "{text}");
            assert_eq!(&Timestamp(seconds).text(), text.as_bytes());
        }
        let leap = Timestamp::parse("1990-12-31T15:59:60-08:00");
        assert_eq!(leap, Timestamp::parse("1991-01-01T00:00:00Z"));
        let ahead = Timestamp::parse("1991-01-01T05:30:00.75+05:30");
        assert_eq!(ahead, leap, "ahead of UTC, and with a fraction");
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut next = Timestamp::MIN.0 / DAY;
        for year in 0..=9999 {
            for month in 1..=12 {
                for day in 1..=days_of(year, month) {
                    assert_eq!(
                        (days_until(year, month, day), civil(next)),
                        (next, (year, month, day))
                    );
                    next += 1;
                }
            }
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for bad in [
            "",
            "2026-01-01",
            "2026-01-01T00:00:00",
            "2026-01-01 00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:61Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00+0100",
            "2026-01-01T00:00:00+24:00",
            "2026-01-01T00:00:00+01:60",
            "2026-01-01T00:00:00ZZ",
            "+026-01-01T00:00:00Z",
            "0000-01-01T00:00:00+00:01",
        ] {
            assert_eq!(Timestamp::parse(bad), None, "{bad}");
        }
    }
}
