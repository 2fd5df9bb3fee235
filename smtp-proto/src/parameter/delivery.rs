//! Parameters of `MAIL` about the time of delivery: `BY` (RFC 2852), `HOLDFOR` and `HOLDUNTIL` (RFC 4865),
//! `MT-PRIORITY` (RFC 6710).

use crate::{hello::Extension, octets::nine_digits, writer::Writer};

use super::Timestamp;

/// The longest time in seconds that has nine digits.
const MAX_SECONDS: u32 = 999_999_999;

/// The action of a server that cannot deliver a message in time (`BY`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ByMode {
    /// `N`: it notifies the sender of the delay.
    Notify,
    /// `R`: it returns the message as undeliverable.
    Return,
}

/// The parameter `BY`: the time until which a server has to deliver a message, and its action if it cannot (RFC 2852
/// 4).
///
/// ```text
/// by-value = by-time ";" by-mode [by-trace]
/// by-time  = ["-" / "+"] 1*9DIGIT              ; positive for mode R
/// by-mode  = "N" / "R"
/// by-trace = "T"
/// ```
///
/// ```
/// use smtp_proto::parameter::DeliverBy;
///
/// let by = DeliverBy::or_return(120).unwrap().with_trace();
/// assert_eq!(DeliverBy::from_value("120;RT"), Some(by));
/// assert_eq!(DeliverBy::or_return(0), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct DeliverBy {
    seconds: i32,
    mode: ByMode,
    trace: bool,
}

impl DeliverBy {
    /// The extension that a server has to offer for this parameter.
    pub const EXTENSION: Extension = Extension::DeliverBy;

    /// The longest time in seconds, in the future or in the past.
    pub const MAX: i32 = 999_999_999;

    /// The greatest length in octets of a value.
    pub(crate) const LENGTH: usize = "-999999999;NT".len();

    /// Deliver within `seconds`, or return the message. Returns `None` unless `seconds` is 1 to 999,999,999.
    #[must_use]
    pub const fn or_return(seconds: i32) -> Option<Self> {
        Self::new(seconds, ByMode::Return)
    }

    /// Deliver within `seconds`, or notify the sender. Returns `None` unless `seconds` is -999,999,999 to
    /// 999,999,999. A negative time has passed already: each relay subtracts the time that it took.
    #[must_use]
    pub const fn or_notify(seconds: i32) -> Option<Self> {
        Self::new(seconds, ByMode::Notify)
    }

    const fn new(seconds: i32, mode: ByMode) -> Option<Self> {
        let min = if matches!(mode, ByMode::Return) { 1 } else { -Self::MAX };
        if seconds < min || seconds > Self::MAX {
            return None;
        }
        Some(Self { seconds, mode, trace: false })
    }

    /// Asks for a notification if the message is relayed to a server without this extension.
    #[must_use]
    pub const fn with_trace(self) -> Self {
        Self { trace: true, ..self }
    }

    /// The time in seconds.
    #[must_use]
    pub const fn seconds(self) -> i32 {
        self.seconds
    }

    /// The action when the time has passed.
    #[must_use]
    pub const fn mode(self) -> ByMode {
        self.mode
    }

    /// Returns whether a notification is sent if the message is relayed to a server without this extension.
    #[must_use]
    pub const fn trace(self) -> bool {
        self.trace
    }

    /// Parses a value of `BY`. Returns `None` if it is malformed.
    #[must_use]
    pub fn from_value(value: &str) -> Option<Self> {
        let (time, mode) = value.split_once(';')?;
        let (digits, sign) = match time.strip_prefix('-') {
            Some(digits) => (digits, -1),
            None => (time.strip_prefix('+').unwrap_or(time), 1),
        };
        let seconds = sign * i32::try_from(nine_digits(digits)?).ok()?;
        let (mode, trace) = match mode.as_bytes() {
            [mode] => (mode, false),
            [mode, b'T' | b't'] => (mode, true),
            _ => return None,
        };
        let mode = match mode {
            b'N' | b'n' => ByMode::Notify,
            b'R' | b'r' => ByMode::Return,
            _ => return None,
        };
        Some(Self { trace, ..Self::new(seconds, mode)? })
    }

    pub(crate) fn write(self, out: &mut Writer<'_>) {
        push_signed(i64::from(self.seconds), out);
        out.push(match self.mode {
            ByMode::Notify => b";N",
            ByMode::Return => b";R",
        });
        out.push(if self.trace { b"T" } else { b"" });
    }
}

/// The parameter `MT-PRIORITY`: the priority of a message in the queues, from -9 to 9 (RFC 6710 4.1).
///
/// ```text
/// priority-value = ["-"] NZDIGIT / "0"
/// ```
///
/// ```
/// use smtp_proto::parameter::Priority;
///
/// assert_eq!(Priority::from_value("-9"), Priority::new(-9));
/// assert_eq!(Priority::new(10), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Priority(i8);

impl Priority {
    /// The extension that a server has to offer for this parameter.
    pub const EXTENSION: Extension = Extension::MtPriority;

    /// A priority from -9 to 9. Returns `None` for other values.
    #[must_use]
    pub const fn new(value: i8) -> Option<Self> {
        if value < -9 || value > 9 { None } else { Some(Self(value)) }
    }

    /// The number.
    #[must_use]
    pub const fn value(self) -> i8 {
        self.0
    }

    /// Parses a value of `MT-PRIORITY`. Returns `None` if it is malformed.
    #[must_use]
    pub fn from_value(value: &str) -> Option<Self> {
        match value.as_bytes() {
            [b'0'..=b'9'] | [b'-', b'1'..=b'9'] => value.parse().ok().map(Self),
            _ => None,
        }
    }

    pub(crate) fn write(self, out: &mut Writer<'_>) {
        push_signed(i64::from(self.0), out);
    }
}

/// The parameter `HOLDFOR` or `HOLDUNTIL`: the time for which a submission server keeps a message back (RFC 4865 4).
///
/// ```text
/// hold-param = "HOLDFOR=" 1*9DIGIT / "HOLDUNTIL=" date-time
/// ```
///
/// ```
/// use smtp_proto::parameter::{Hold, Timestamp};
///
/// assert_eq!(Hold::seconds(86_400).unwrap(), Hold::from_parameter("HOLDFOR", "86400").unwrap());
/// let noon = Timestamp::parse("2030-01-01T12:00:00Z").unwrap();
/// assert_eq!(Hold::until(noon).end(), Some(noon));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Hold(Period);

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Period {
    For(u32),
    Until(Timestamp),
}

impl Hold {
    /// The extension that a server has to offer for this parameter.
    pub const EXTENSION: Extension = Extension::FutureRelease;

    /// Keeps the message back for this many seconds. Returns `None` for more than 999,999,999.
    #[must_use]
    pub const fn seconds(seconds: u32) -> Option<Self> {
        if seconds > MAX_SECONDS { None } else { Some(Self(Period::For(seconds))) }
    }

    /// Keeps the message back until this time.
    #[must_use]
    pub const fn until(time: Timestamp) -> Self {
        Self(Period::Until(time))
    }

    /// The time in seconds of `HOLDFOR`. `None` for `HOLDUNTIL`.
    #[must_use]
    pub const fn length(self) -> Option<u32> {
        match self.0 {
            Period::For(seconds) => Some(seconds),
            Period::Until(_) => None,
        }
    }

    /// The point in time of `HOLDUNTIL`. `None` for `HOLDFOR`.
    #[must_use]
    pub const fn end(self) -> Option<Timestamp> {
        match self.0 {
            Period::Until(time) => Some(time),
            Period::For(_) => None,
        }
    }

    /// Parses a parameter, with its keyword in any case. Returns `None` if the keyword is another or the value is
    /// malformed.
    #[must_use]
    pub fn from_parameter(keyword: &str, value: &str) -> Option<Self> {
        if keyword.eq_ignore_ascii_case("HOLDFOR") {
            nine_digits(value).and_then(Self::seconds)
        } else if keyword.eq_ignore_ascii_case("HOLDUNTIL") {
            Timestamp::parse(value).map(Self::until)
        } else {
            None
        }
    }

    pub(crate) const fn encoded_len(self) -> usize {
        match self.0 {
            Period::For(_) => "HOLDFOR=999999999".len(),
            Period::Until(_) => "HOLDUNTIL=".len() + Timestamp::LENGTH,
        }
    }

    /// Writes keyword and value.
    pub(crate) fn write(self, out: &mut Writer<'_>) {
        match self.0 {
            Period::For(seconds) => {
                out.push(b"HOLDFOR=");
                out.push_decimal(u64::from(seconds));
            }
            Period::Until(time) => {
                out.push(b"HOLDUNTIL=");
                time.write(out);
            }
        }
    }
}

fn push_signed(number: i64, out: &mut Writer<'_>) {
    out.push(if number < 0 { b"-" } else { b"" });
    out.push_decimal(number.unsigned_abs());
}

#[cfg(test)]
mod tests {
    use super::{ByMode, DeliverBy, Hold, Priority};

    #[test]
    fn times_to_deliver_by_have_a_range() {
        let by =
            |value| DeliverBy::from_value(value).map(|by| (by.seconds(), by.mode(), by.trace()));
        assert_eq!(by("-999999999;N"), Some((-999_999_999, ByMode::Notify, false)));
        assert_eq!(by("+10;rt"), Some((10, ByMode::Return, true)));
        for bad in [
            "0;R",
            "-1;R",
            "1000000000;N",
            "1",
            "1;",
            "1;T",
            "1;RR",
            "1;RTT",
            ";R",
            "--1;N",
            "+-1;N",
        ] {
            assert_eq!(by(bad), None, "{bad}");
        }
        assert_eq!(DeliverBy::or_notify(i32::MIN), None);
    }

    #[test]
    fn priorities_have_one_digit_and_no_plus() {
        assert!((-9..=9).all(|value| Priority::new(value).is_some()));
        for bad in ["", "-", "+5", "-0", "00", "10", "-10", "x"] {
            assert_eq!(Priority::from_value(bad), None, "{bad}");
        }
    }

    #[test]
    fn holds_are_of_one_kind() {
        assert!(Hold::from_parameter("holdfor", "999999999").is_some());
        for (keyword, value) in [
            ("HOLDFOR", "1000000000"),
            ("HOLDFOR", "0000000001"),
            ("HOLDFOR", "+1"),
            ("HOLDFOR", "2030-01-01T12:00:00Z"),
            ("HOLDUNTIL", "1"),
            ("HOLD", "1"),
        ] {
            assert_eq!(Hold::from_parameter(keyword, value), None, "{keyword}={value}");
        }
    }
}
