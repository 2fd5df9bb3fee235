//! Limits that a server announces in its `EHLO` reply: `LIMITS` (RFC 9422), `DELIVERBY` (RFC 2852 3) and
//! `FUTURERELEASE` (RFC 4865 3).

use crate::{octets::nine_digits, time::Timestamp};

use super::Capabilities;

/// The limits of a session that a server announces with the extension `LIMITS` (RFC 9422 4).
///
/// [`Delivery`](crate::envelope::Delivery) splits a message by them. A limit that is missing, zero or malformed is
/// `None`.
///
/// ```text
/// limits-param     = limit-name-value 0*[SP limit-name-value]
/// limit-name-value = limit-name "=" limit-value    ; known here: 1 to 6 digits, the first not zero
/// ```
///
/// If one name is present several times, the first counts.
///
/// ```
/// use smtp_proto::hello::Capabilities;
///
/// let limits = Capabilities::new(b"LIMITS MAILMAX=10 RCPTMAX=100 X=y").limits();
/// assert_eq!((limits.mails(), limits.recipients()), (Some(10), Some(100)));
/// assert_eq!(limits.recipient_domains(), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ServerLimits {
    mails: Option<u32>,
    recipients: Option<u32>,
    recipient_domains: Option<u32>,
}

impl ServerLimits {
    /// Parses the text after `LIMITS`.
    fn parse(parameters: &[u8]) -> Self {
        let mut limits = Self::default();
        for word in words(parameters) {
            limits.read(word);
        }
        limits
    }

    /// `MAILMAX`: the greatest number of transactions in a session.
    #[must_use]
    pub const fn mails(self) -> Option<u32> {
        self.mails
    }

    /// `RCPTMAX`: the greatest number of recipients in a transaction.
    #[must_use]
    pub const fn recipients(self) -> Option<u32> {
        self.recipients
    }

    /// `RCPTDOMAINMAX`: the greatest number of different recipient domains in a transaction.
    #[must_use]
    pub const fn recipient_domains(self) -> Option<u32> {
        self.recipient_domains
    }

    fn read(&mut self, word: &str) {
        let Some((name, value)) = word.split_once('=') else { return };
        let place = if name.eq_ignore_ascii_case("MAILMAX") {
            &mut self.mails
        } else if name.eq_ignore_ascii_case("RCPTMAX") {
            &mut self.recipients
        } else if name.eq_ignore_ascii_case("RCPTDOMAINMAX") {
            &mut self.recipient_domains
        } else {
            return;
        };
        *place = place.or_else(|| limit(value));
    }
}

/// The longest time for which a server keeps a message back (`FUTURERELEASE`, RFC 4865 3).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct HoldLimits {
    /// The longest time in seconds. `None` if the server announced none.
    pub seconds: Option<u32>,
    /// The latest point in time. `None` if the server announced none.
    pub until: Option<Timestamp>,
}

impl Capabilities<'_> {
    /// The limits that the server announced with `LIMITS`.
    ///
    /// Only lines that were kept count. A client keeps as many as fit its
    /// [`capabilities`](crate::client::Buffers::capabilities) buffer.
    #[must_use]
    pub fn limits(&self) -> ServerLimits {
        self.parameters("LIMITS").map(ServerLimits::parse).unwrap_or_default()
    }

    /// The shortest time in seconds for `BY` with the mode "return": `min-by-time` of `DELIVERBY`.
    #[must_use]
    pub fn min_deliver_by(&self) -> Option<u32> {
        words(self.parameters("DELIVERBY")?).next().and_then(nine_digits)
    }

    /// The longest time for which the server keeps a message back: `max-future-release-interval` and
    /// `max-future-release-date-time` of `FUTURERELEASE`.
    #[must_use]
    pub fn hold_limits(&self) -> HoldLimits {
        let mut words = words(self.parameters("FUTURERELEASE").unwrap_or_default());
        HoldLimits {
            seconds: words.next().and_then(nine_digits),
            until: words.next().and_then(Timestamp::parse),
        }
    }
}

/// Parses `%x31-39 0*5DIGIT`.
fn limit(value: &str) -> Option<u32> {
    let valid = value.len() <= 6 && !value.starts_with('0');
    nine_digits(value).filter(|_| valid)
}

/// The words between spaces. A word that is not UTF-8 becomes the empty word, which is no limit.
fn words(parameters: &[u8]) -> impl Iterator<Item = &str> {
    parameters
        .split(|octet| matches!(octet, b' ' | b'\t'))
        .filter(|word| !word.is_empty())
        .map(|word| core::str::from_utf8(word).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use crate::{hello::Extension, time::Timestamp};

    use super::{Capabilities, HoldLimits, ServerLimits};

    fn recipients(line: &[u8]) -> Option<u32> {
        Capabilities::new(line).limits().recipients()
    }

    #[test]
    fn what_is_no_limit_is_ignored() {
        for (line, limit) in [
            (&b"LIMITS RCPTMAX=1"[..], Some(1)),
            (b"limits  MAILMAX=2\trcptmax=999999 ", Some(999_999)),
            (b"LIMITS RCPTMAX=0 RCPTMAX=x RCPTMAX=3 RCPTMAX=4", Some(3)),
            (b"LIMITS RCPTMAX=1000000", None),
            (b"LIMITS RCPTMAX=01", None),
            (b"LIMITS RCPTMAX=+1", None),
            (b"LIMITS RCPTMAX=-1", None),
            (b"LIMITS RCPTMAX=", None),
            (b"LIMITS RCPTMAX", None),
            (b"LIMITS RCPTMAX=1=1", None),
            (b"LIMITS XRCPTMAX=1", None),
            (b"LIMITS RCPTMAX=\xff1 =\xff", None),
            (b"LIMITS", None),
            (b"SIZE", None),
        ] {
            assert_eq!(recipients(line), limit, "{}", line.escape_ascii());
        }
    }

    #[test]
    fn limits_are_told_apart() {
        let limits = Capabilities::new(b"LIMITS RCPTMAX=1 MAILMAX=2 RCPTDOMAINMAX=3").limits();
        let (mails, recipients, domains) = (Some(2), Some(1), Some(3));
        assert_eq!(limits, ServerLimits { mails, recipients, recipient_domains: domains });
    }

    #[test]
    fn times_are_read_as_far_as_they_make_sense() {
        let by = |line: &'static [u8]| Capabilities::new(line).min_deliver_by();
        assert_eq!(
            (by(b"DELIVERBY 30"), by(b"DELIVERBY"), by(b"DELIVERBY -1")),
            (Some(30), None, None)
        );
        let hold = |line: &'static [u8]| Capabilities::new(line).hold_limits();
        let until = Timestamp::parse("2030-01-01T00:00:00Z");
        let limits = HoldLimits { seconds: Some(3600), until };
        assert_eq!(hold(b"FUTURERELEASE 3600 2030-01-01T00:00:00Z"), limits);
        let late = HoldLimits { seconds: None, until };
        assert_eq!(hold(b"FUTURERELEASE x 2030-01-01T00:00:00Z"), late);
        assert_eq!(hold(b"FUTURERELEASE"), HoldLimits::default());
    }

    #[test]
    fn a_masked_offer_has_no_limits() {
        let lines = b"LIMITS RCPTMAX=1";
        let mut offered = Capabilities::new(lines).offered();
        offered.apply_mask(Extension::Limits.into());
        assert_eq!(Capabilities::with_offered(lines, offered).limits(), ServerLimits::default());
    }
}
