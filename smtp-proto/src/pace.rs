//! A time limit that grows with the number of octets that move.

use core::time::Duration;

/// The least average rate, in octets per second, that a peer has to keep beyond its grace time. Postfix has the same
/// default (`smtp_min_data_rate`). The slowest mobile networks are several times faster.
pub const LEAST_RATE: u32 = 500;

/// The time left for a slow peer: waiting uses it up, and each octet that moves gives some back.
///
/// Use one value for a transfer whose length is not known, as the content of a message or a long reply. A driver
/// waits at most [`left`](Self::left), then calls [`moved`](Self::moved); it gives up if no time is left.
///
/// A limit on each read or write would let a peer that moves one octet just before each limit hold a session for as
/// long as there are octets. A limit on the whole would cut off a large message on a slow line. This limit lets a
/// peer pause for the grace time, and requires a least rate on average.
///
/// It reads no clock: the caller says how long it waited.
///
/// ```
/// use core::time::Duration;
/// use smtp_proto::pace::Pace;
///
/// let mut pace = Pace::new(Duration::from_secs(180), 500);
/// pace.moved(Duration::from_secs(100), 5000);
/// assert_eq!(pace.left(), Duration::from_secs(90));
/// pace.moved(Duration::from_secs(90), 0);
/// assert_eq!(pace.left(), Duration::ZERO);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pace {
    grace: Duration,
    rate: u32,
    left: Duration,
}

impl Pace {
    /// Creates a limit with this grace time, and this least rate in octets per second beyond it. With a rate of 0,
    /// each octet that moves gives the whole grace time back.
    #[must_use]
    pub const fn new(grace: Duration, rate: u32) -> Self {
        Self { grace, rate, left: grace }
    }

    /// The time that is left. Zero if the peer was too slow.
    #[must_use]
    pub const fn left(&self) -> Duration {
        self.left
    }

    /// Records that the caller waited for this time, and that so many octets moved meanwhile.
    pub fn moved(&mut self, waited: Duration, octets: usize) {
        let left = self.left.saturating_sub(waited);
        self.left = left.saturating_add(self.worth(octets)).min(self.grace);
    }

    /// Gives the whole grace time back, for the next command or message.
    pub const fn restart(&mut self) {
        self.left = self.grace;
    }

    /// The time that `octets` take at the least rate.
    fn worth(&self, octets: usize) -> Duration {
        match (octets, self.rate) {
            (0, _) => Duration::ZERO,
            (_, 0) => self.grace,
            (octets, rate) => {
                let octets = u32::try_from(octets).unwrap_or(u32::MAX);
                Duration::from_secs(octets.into()) / rate
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::Pace;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_peer_that_keeps_the_rate_has_time_for_ever() {
        let mut pace = Pace::new(10 * SECOND, 500);
        for _ in 0..1000 {
            pace.moved(9 * SECOND, 4500);
            assert_eq!(pace.left(), 10 * SECOND);
        }
    }

    #[test]
    fn a_peer_that_is_slower_has_an_end() {
        let mut pace = Pace::new(10 * SECOND, 500);
        let mut seconds = 0;
        // The caller waits no longer than the time left.
        while pace.left() >= SECOND {
            pace.moved(SECOND, 499);
            seconds += 1;
        }
        // Each second lacks two milliseconds, so the last one is not whole.
        assert_eq!(seconds, 4501);
    }

    #[test]
    fn no_more_than_the_grace_time_is_saved_up() {
        let mut pace = Pace::new(10 * SECOND, 500);
        pace.moved(Duration::ZERO, usize::MAX);
        assert_eq!(pace.left(), 10 * SECOND);
        pace.moved(11 * SECOND, 500);
        assert_eq!(pace.left(), SECOND);
        pace.restart();
        assert_eq!(pace.left(), 10 * SECOND);
    }

    #[test]
    fn without_a_rate_every_octet_gives_the_whole_time() {
        let mut pace = Pace::new(10 * SECOND, 0);
        pace.moved(9 * SECOND, 1);
        assert_eq!(pace.left(), 10 * SECOND);
        pace.moved(9 * SECOND, 0);
        assert_eq!(pace.left(), SECOND);
    }

    #[test]
    fn a_time_beyond_all_clocks_stays_so() {
        let mut pace = Pace::new(Duration::MAX, 1);
        pace.moved(SECOND, 5);
        assert_eq!(pace.left(), Duration::MAX);
    }
}
