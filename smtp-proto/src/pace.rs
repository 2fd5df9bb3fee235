//! The time a peer has, where what it does takes the longer the more octets there are.

use core::time::Duration;

/// Octets a second that a peer has to take or give, averaged beyond its grace time; Postfix asks for the same
/// (`smtp_min_data_rate`). The slowest mobile networks bring several times that.
pub const LEAST_RATE: u32 = 500;

/// The time that a peer has left: waiting uses it up, and each octet that moves gives some back.
///
/// A limit on each read or write lets a peer that moves one octet just before each limit hold a session as long as
/// there are octets. A limit on the whole would end a large message over a slow line. This one lets a peer stand still
/// for the grace time, and asks for a least rate on average.
///
/// It has no clock: whoever waits says for how long it was.
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
    /// A peer that has this grace time, and has to move so many octets a second beyond it. With a rate of 0 each octet
    /// that moves gives the whole grace time back.
    #[must_use]
    pub const fn new(grace: Duration, rate: u32) -> Self {
        Self { grace, rate, left: grace }
    }

    /// The time that the peer has left; none when it is too slow.
    #[must_use]
    pub const fn left(&self) -> Duration {
        self.left
    }

    /// Takes note that the peer was waited for, and how many octets have moved meanwhile.
    pub fn moved(&mut self, waited: Duration, octets: usize) {
        let left = self.left.saturating_sub(waited);
        self.left = left.saturating_add(self.worth(octets)).min(self.grace);
    }

    /// Gives the whole grace time back: what comes next is something new.
    pub const fn restart(&mut self) {
        self.left = self.grace;
    }

    /// The time in which so many octets move at the least rate.
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
    use super::Pace;
    use core::time::Duration;

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
        // Whoever waits does so for the time left.
        while pace.left() >= SECOND {
            pace.moved(SECOND, 499);
            seconds += 1;
        }
        // Two milliseconds are lacking in each, and the last second does not suffice.
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
