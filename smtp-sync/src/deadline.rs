//! One time limit for each wait that the core names, and few changes of the socket's.

use core::time::Duration;
use std::{io, time::Instant};

use smtp_proto::client::{Phase, Timeouts};

use crate::stream::Stream;

/// The wait at hand and when it is over.
#[derive(Debug)]
pub(crate) struct Deadline {
    limits: Timeouts,
    /// The core's number of the wait.
    wait: Option<u64>,
    /// When it is over; `None` if beyond what the clock can tell.
    end: Option<Instant>,
    /// What the stream was told last.
    told: Option<Duration>,
}

/// No socket takes a limit of zero.
const SHORTEST: Duration = Duration::from_millis(1);

impl Deadline {
    pub(crate) const fn new(limits: Timeouts) -> Self {
        Self { limits, wait: None, end: None, told: None }
    }

    /// Starts anew when the wait is another one; says whether there is time left.
    pub(crate) fn arm<S: Stream>(
        &mut self,
        (phase, wait): (Phase, u64),
        stream: &mut S,
    ) -> io::Result<bool> {
        if self.wait != Some(wait) {
            self.wait = Some(wait);
            self.end = Instant::now().checked_add(self.limits.limit(phase));
        }
        self.tell(stream)
    }

    /// Waits at most this long, whatever the core's limit for it is.
    pub(crate) fn idle(&mut self, limit: Duration) {
        self.wait = None;
        self.end = Instant::now().checked_add(limit);
    }

    /// Tells the stream how long it may wait; says whether that is any time at all.
    ///
    /// What it was told before stays while it is neither too long nor far too short: a call that
    /// comes back early costs less than two system calls for each of them.
    pub(crate) fn tell<S: Stream>(&mut self, stream: &mut S) -> io::Result<bool> {
        let left =
            self.end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
        if !self.told.is_some_and(|told| told <= left && told >= left / 8) {
            let told = left.max(SHORTEST);
            stream.set_timeout(told)?;
            self.told = Some(told);
        }
        Ok(!left.is_zero())
    }

    /// What is waited for next is something else, even if the core has not counted it.
    pub(crate) const fn restart(&mut self) {
        self.wait = None;
    }
}
