//! Time limits: one for each wait that the core names, the pace of what leaves, and the caller's deadline for all of
//! it. Few changes of the socket's own limit.

use core::time::Duration;
use std::{io, time::Instant};

use smtp_proto::{
    client::{Phase, Timeouts},
    pace::Pace,
};

use crate::stream::{Stream, Told};

/// The current wait and when it is over.
#[derive(Debug)]
pub(crate) struct Deadline {
    limits: Timeouts,
    /// The time by which every call has to end.
    until: Option<Instant>,
    /// The core's number of the wait.
    wait: Option<u64>,
    /// The start of the wait; octets that leave move it forward.
    begun: Instant,
    /// The end of the wait; `None` if it is beyond the range of the clock.
    end: Option<Instant>,
    /// The time that the server has for what leaves.
    pace: Pace,
    /// The current wait counts against the pace.
    is_paced: bool,
    told: Told,
}

impl Deadline {
    pub(crate) fn new(limits: Timeouts, until: Option<Instant>) -> Self {
        Self {
            limits,
            until,
            wait: None,
            begun: Instant::now(),
            end: None,
            pace: limits.pace(),
            is_paced: false,
            told: Told::NOTHING,
        }
    }

    /// Sets when every call has to be over.
    pub(crate) const fn set_until(&mut self, until: Option<Instant>) {
        self.until = until;
    }

    /// Starts anew when the wait is another one; says whether there is time left. The pace counts for what is sent, and
    /// for all that is waited for within the content, such as replies to chunks.
    pub(crate) fn arm<S: Stream>(
        &mut self,
        (phase, wait): (Phase, u64),
        sends: bool,
        stream: &mut S,
    ) -> io::Result<bool> {
        if self.wait != Some(wait) {
            self.wait = Some(wait);
            self.is_paced = sends || phase == Phase::Content;
            let limit = self.limits.limit(phase);
            self.start(if self.is_paced { limit.min(self.pace.left()) } else { limit });
        }
        self.tell(stream)
    }

    /// Waits at most this long, whatever the core's limit for it is.
    pub(crate) fn idle(&mut self, limit: Duration) {
        self.restart();
        self.is_paced = false;
        self.start(limit);
    }

    fn start(&mut self, limit: Duration) {
        self.begun = Instant::now();
        self.end = self.begun.checked_add(limit);
    }

    /// Takes note that so many octets have left, or that something was read.
    pub(crate) fn moved(&mut self, octets: usize) {
        if self.is_paced {
            let now = Instant::now();
            self.pace.moved(now.saturating_duration_since(self.begun), octets);
            self.begun = now;
        }
    }

    /// Tells the stream how long it may wait; says whether that is any time at all.
    pub(crate) fn tell<S: Stream>(&mut self, stream: &mut S) -> io::Result<bool> {
        let left = self.left();
        self.told.tell(stream, left)?;
        Ok(!left.is_zero())
    }

    /// Returns whether the caller's deadline has passed.
    pub(crate) fn is_over(&self) -> bool {
        self.until.is_some_and(|until| until <= Instant::now())
    }

    fn left(&self) -> Duration {
        let now = Instant::now();
        let ends = [self.end, self.until].into_iter().flatten();
        let left = ends.map(|end| end.saturating_duration_since(now)).min();
        left.unwrap_or(Duration::MAX)
    }

    /// Makes the next wait a new one, even if the core has not counted it.
    pub(crate) const fn restart(&mut self) {
        self.wait = None;
    }

    /// The content of another message is about to leave, with the whole time that it has.
    pub(crate) const fn begin_content(&mut self) {
        self.pace.restart();
    }
}
