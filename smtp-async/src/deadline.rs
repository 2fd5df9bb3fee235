//! One time limit for each wait that the core names, and one timer for all of them.

use core::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::{Context, Poll},
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
    /// When it is over; `None` before the first.
    end: Option<Instant>,
    /// Never due later than that. It may be due earlier and is put off then: to do so at once, for each wait, would
    /// cost a wake-up of the runtime's driver.
    timer: Option<Pin<Box<Sleep>>>,
}

/// Where a limit is beyond what the clock can tell: a century.
const FOREVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

impl Deadline {
    pub(crate) const fn new(limits: Timeouts) -> Self {
        Self { limits, wait: None, end: None, timer: None }
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
        self.end.is_none_or(|end| Instant::now() < end)
    }

    /// What is waited for next is something else, even if the core has not counted it.
    pub(crate) const fn restart(&mut self) {
        self.wait = None;
    }

    fn start(&mut self, limit: Duration) {
        let end = Instant::now() + limit.min(FOREVER);
        self.end = Some(end);
        match &mut self.timer {
            Some(timer) if timer.deadline() <= end => {}
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
            self.poll_end(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
        })
        .await
    }

    /// Ready when the wait at hand is over.
    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let (Some(timer), Some(end)) = (&mut self.timer, self.end) else { return Poll::Pending };
        while timer.as_mut().poll(context).is_ready() {
            if timer.deadline() >= end {
                return Poll::Ready(());
            }
            timer.as_mut().reset(end);
        }
        Poll::Pending
    }
}
