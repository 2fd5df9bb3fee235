//! One time limit for each wait that the core names, and one timer for all of them.

use core::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::Poll,
    time::Duration,
};
use std::io;

use smtp_proto::client::{Phase, Timeouts};
use tokio::time::{Instant, Sleep, sleep_until};

/// The wait at hand and when it is over.
#[derive(Debug)]
pub(crate) struct Deadline {
    limits: Timeouts,
    /// The core's number of the wait.
    wait: Option<u64>,
    timer: Option<Pin<Box<Sleep>>>,
}

/// Where a limit is beyond what the clock can tell: a century.
const FOREVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

impl Deadline {
    pub(crate) const fn new(limits: Timeouts) -> Self {
        Self { limits, wait: None, timer: None }
    }

    /// Starts anew when the wait is another one; says whether there is time left.
    pub(crate) fn arm(&mut self, (phase, wait): (Phase, u64)) -> bool {
        if self.wait != Some(wait) {
            self.wait = Some(wait);
            self.start(self.limits.limit(phase));
        }
        self.has_time()
    }

    /// Waits at most this long, whatever the core's limit for it is.
    pub(crate) fn idle(&mut self, limit: Duration) {
        self.wait = None;
        self.start(limit);
    }

    pub(crate) fn has_time(&self) -> bool {
        self.timer.as_ref().is_none_or(|timer| Instant::now() < timer.deadline())
    }

    /// What is waited for next is something else, even if the core has not counted it.
    pub(crate) const fn restart(&mut self) {
        self.wait = None;
    }

    fn start(&mut self, limit: Duration) {
        let end = Instant::now() + limit.min(FOREVER);
        match &mut self.timer {
            Some(timer) => timer.as_mut().reset(end),
            None => self.timer = Some(Box::pin(sleep_until(end))),
        }
    }

    /// Waits for `io` until the wait at hand is over: [`io::ErrorKind::TimedOut`] then.
    pub(crate) async fn within<T>(
        &mut self,
        io: impl Future<Output = io::Result<T>>,
    ) -> io::Result<T> {
        let mut io = pin!(io);
        poll_fn(|context| {
            if let Poll::Ready(done) = io.as_mut().poll(context) {
                return Poll::Ready(done);
            }
            match self.timer.as_mut().map(|timer| timer.as_mut().poll(context)) {
                Some(Poll::Ready(())) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
                _ => Poll::Pending,
            }
        })
        .await
    }
}
